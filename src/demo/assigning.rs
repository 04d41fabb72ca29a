//! Groups in which the broker assigns: of consumers, share groups and streams groups.
//!
//! Owns joining, leaving, who shall hold what, and when a member takes it over. The wire is
//! in `api/heartbeats`, how shares are made in `work`.
//! Invariant: outside share groups a piece is held by one member at a time, so what another
//! still holds comes to its next member when that one has let go of it; and the epoch of a
//! member is the group's once it may hold what it shall.

use super::commits;
use super::group::{Commit, Group, Kind, Member, Phase, Refusal};
use super::internal;
use super::settings::{self, Scope};
use super::state::{Cluster, MAX_GROUPS, State, Topic};
use super::work::{self, Holding, Piece, Process, Work};
use crate::domain::{GroupId, Time, TopicName};
use crate::protocol::{Subtopology, TopicInfo, Topology};
use kafka_protocol::ResponseError as E;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// Epochs by which a member says that it comes, that it goes, and that it will be back.
const JOIN: i32 = 0;
const LEAVE: i32 = -1;
const AWAY: i32 = -2;
const MAX_MEMBERS: usize = 1_000;

/// A member's sign of life. What is `None` is as it was.
#[derive(Debug)]
pub(super) struct Beat {
    pub(super) kind: Kind,
    pub(super) group: GroupId,
    pub(super) member_id: String,
    pub(super) epoch: i32,
    pub(super) instance_id: Option<String>,
    pub(super) client_id: String,
    pub(super) host: String,
    pub(super) rebalance_ms: i32,
    pub(super) rack: Option<String>,
    pub(super) topics: Option<Vec<String>>,
    pub(super) pattern: Option<String>,
    /// The partitions or active tasks that it holds.
    pub(super) owned: Option<BTreeSet<Piece>>,
    pub(super) topology: Option<Topology>,
    pub(super) process: Option<Process>,
}

/// What it is told.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) member_id: String,
    pub(super) epoch: i32,
    pub(super) heartbeat_ms: i32,
    /// `None`: as before.
    pub(super) holding: Option<Holding>,
    /// Topics that a streams application reads and that are not there.
    pub(super) missing: Vec<String>,
}

pub(super) fn beat(cluster: &Cluster, beat: Beat) -> Result<Told, Refusal> {
    let mut state = cluster.lock();
    if beat.group.as_str().is_empty() {
        return Err(E::InvalidRequest.code());
    }
    let id = beat.group.clone();
    let (member, epoch, may_be_new) = match beat.epoch {
        LEAVE | AWAY => return leave(&mut state, cluster, &beat),
        JOIN => (join(&mut state, cluster, beat)?, JOIN, true),
        epoch => {
            let says = beat.owned.is_some();
            (stay(&mut state, cluster, beat)?, epoch, says)
        }
    };
    let heartbeat_ms = setting(&state, &id, "heartbeat.interval.ms");
    let missing = missing_topics(&state, &id);
    let Some(group) = state.groups.get_mut(&id) else { return Err(E::GroupIdNotFound.code()) };
    let before = group.phase;
    let has_changed = take_over(group, &member);
    settle(group, !missing.is_empty());
    let is_at_rest = matches!(group.phase, Phase::Stable | Phase::Empty);
    let work = group.members.get(&member).map(|member| &member.work);
    let told = Told {
        epoch: work.map_or(epoch, |work| work.epoch),
        holding: work.filter(|_| has_changed || may_be_new).map(|work| work.held.clone()),
        member_id: member,
        heartbeat_ms: i32::try_from(heartbeat_ms).unwrap_or(i32::MAX),
        missing,
    };
    if is_at_rest && before != group.phase {
        commits::note_group(&mut state, &id, cluster.now());
    }
    cluster.members_changed.notify_one();
    Ok(told)
}

/// Gives the id of the member.
fn join(state: &mut State, cluster: &Cluster, beat: Beat) -> Result<String, Refusal> {
    let is_new = !state.groups.contains_key(&beat.group);
    if is_new && state.groups.len() >= MAX_GROUPS {
        return Err(E::PolicyViolation.code());
    }
    let session = Duration::from_millis(setting_of(state, &beat.group, beat.kind, "session.timeout.ms").unsigned_abs());
    let given = if beat.member_id.is_empty() { state.unique(cluster.seed).uuid().to_string() } else { beat.member_id };
    let group = state.groups.entry(beat.group.clone()).or_default();
    group.members.retain(|_, member| !member.is_simulated);
    // One that only kept offsets becomes what its first member is.
    let gives_way = group.kind == Kind::Classic && group.members.is_empty() && (is_new || beat.kind != Kind::Share);
    if group.kind != beat.kind && !gives_way {
        return Err(E::GroupIdNotFound.code());
    }
    let holder = beat.instance_id.as_ref().and_then(|instance| {
        let holder = group.members.iter().find(|(_, member)| member.instance_id.as_ref() == Some(instance));
        holder.filter(|(id, _)| **id != given).map(|(id, member)| (id.clone(), member.work.epoch))
    });
    let mut work = match holder {
        // Whoever comes back has the place of the one that said it would.
        Some((old, AWAY)) => group.members.remove(&old).map(|member| member.work).unwrap_or_default(),
        Some(_) => return Err(E::UnreleasedInstanceId.code()),
        None => group.members.remove(&given).map(|member| member.work).unwrap_or_default(),
    };
    if group.members.len() >= MAX_MEMBERS {
        return Err(E::GroupMaxSizeReached.code());
    }
    (group.kind, group.protocol, group.protocol_type) = match beat.kind {
        Kind::Classic | Kind::Consumer => (Kind::Consumer, "uniform".into(), "consumer".into()),
        Kind::Share => (Kind::Share, "simple".into(), "share".into()),
        Kind::Streams => (Kind::Streams, "sticky".into(), "streams".into()),
    };
    if beat.topology.is_some() {
        (group.topology, group.nodes) = (beat.topology, None);
    }
    work.epoch = JOIN;
    work.rack = beat.rack;
    work.topics = beat.topics.unwrap_or_default();
    work.pattern = beat.pattern.filter(|pattern| !pattern.is_empty());
    work.owned = beat.owned.unwrap_or_default();
    work.process = beat.process.unwrap_or_default();
    let member = Member {
        instance_id: beat.instance_id,
        client_id: beat.client_id,
        host: beat.host,
        session,
        rebalance: Duration::from_millis(u64::try_from(beat.rebalance_ms).unwrap_or(0)),
        protocols: Vec::new(),
        assignment: bytes::Bytes::new(),
        work,
        seen: Instant::now(),
        is_simulated: false,
        joining: None,
        syncing: None,
    };
    group.members.insert(given.clone(), member);
    assign(state, cluster, &beat.group);
    Ok(given)
}

/// A member that is there: what it says anew is taken over.
fn stay(state: &mut State, cluster: &Cluster, beat: Beat) -> Result<String, Refusal> {
    let group = state.groups.get_mut(&beat.group).filter(|group| group.kind == beat.kind);
    let Some(group) = group else { return Err(E::GroupIdNotFound.code()) };
    let Some(member) = group.members.get_mut(&beat.member_id).filter(|member| !member.is_simulated) else {
        return Err(E::UnknownMemberId.code());
    };
    if member.work.epoch != beat.epoch {
        return Err(E::FencedMemberEpoch.code());
    }
    member.seen = Instant::now();
    let work = &mut member.work;
    let before = (work.topics.clone(), work.pattern.clone());
    work.topics = beat.topics.unwrap_or_else(|| before.0.clone());
    work.pattern = beat.pattern.or_else(|| before.1.clone()).filter(|pattern| !pattern.is_empty());
    work.rack = beat.rack.or_else(|| work.rack.take());
    let is_other = (&work.topics, &work.pattern) != (&before.0, &before.1);
    if let Some(owned) = beat.owned {
        work.owned = owned;
    }
    // Topics come, and get partitions.
    let dealt = group.dealt;
    if is_other || pieces(state, &beat.group).len() != dealt {
        assign(state, cluster, &beat.group);
    }
    Ok(beat.member_id)
}

fn leave(state: &mut State, cluster: &Cluster, beat: &Beat) -> Result<Told, Refusal> {
    let group = state.groups.get_mut(&beat.group).filter(|group| group.kind == beat.kind);
    let Some(group) = group else { return Err(E::GroupIdNotFound.code()) };
    let Some(member) = group.members.get_mut(&beat.member_id) else { return Err(E::UnknownMemberId.code()) };
    if beat.epoch == AWAY && member.instance_id.is_some() {
        member.work.epoch = AWAY;
        member.seen = Instant::now();
    } else {
        group.members.remove(&beat.member_id);
        group.sessions.retain(|(member, _), _| *member != beat.member_id);
        group.deliveries.values_mut().for_each(|deliveries| deliveries.release(&beat.member_id));
        after_leaving(state, cluster, &beat.group);
    }
    let member_id = beat.member_id.clone();
    Ok(Told { member_id, epoch: beat.epoch, heartbeat_ms: 0, holding: None, missing: Vec::new() })
}

/// Members are gone: the others share what they held.
pub(super) fn after_leaving(state: &mut State, cluster: &Cluster, id: &GroupId) {
    assign(state, cluster, id);
    let missing = missing_topics(state, id);
    let Some(group) = state.groups.get_mut(id) else { return };
    settle(group, !missing.is_empty());
    if group.phase == Phase::Empty {
        commits::note_group(state, id, cluster.now());
    }
}

/// In which state the group is.
fn settle(group: &mut Group, misses_topics: bool) {
    let is_settled = |member: &Member| {
        let work = &member.work;
        work.epoch == AWAY || (work.epoch == group.generation && work.held == work.target)
    };
    group.phase = if group.members.is_empty() {
        Phase::Empty
    } else if misses_topics {
        Phase::NotReady
    } else if group.members.values().all(is_settled) {
        Phase::Stable
    } else {
        Phase::Reconciling
    };
}

/// Everybody's share anew, in a new epoch.
fn assign(state: &mut State, cluster: &Cluster, id: &GroupId) {
    make_internal_topics(state, cluster.seed, id);
    let pieces = pieces(state, id);
    let copies = setting(state, id, "num.standby.replicas");
    let topics: Vec<String> = state.topics.keys().map(ToString::to_string).collect();
    let Some(group) = state.groups.get_mut(id) else { return };
    group.generation = group.generation.wrapping_add(1).max(1);
    group.dealt = pieces.len();
    let subscribed: BTreeMap<&str, BTreeSet<&str>> =
        group.members.iter().map(|(id, member)| (id.as_str(), subscribed(&member.work, &topics))).collect();
    let had = group.members.iter().map(|(id, member)| (id.as_str(), &member.work.target.active)).collect();
    let is_streams = group.kind == Kind::Streams;
    let may = |id: &str, piece: &Piece| {
        is_streams || subscribed.get(id).is_some_and(|topics| topics.contains(piece.0.as_str()))
    };
    let mut dealt = work::deal(&pieces, &had, may);
    if group.kind == Kind::Share {
        // More members than partitions read together.
        let all: Vec<&Piece> = pieces.iter().collect();
        for (number, (id, share)) in dealt.iter_mut().enumerate() {
            let ours: Vec<&&Piece> = all.iter().filter(|piece| may(id, piece)).collect();
            if share.is_empty() && !ours.is_empty() {
                share.extend(ours.get(number % ours.len()).map(|piece| (**piece).clone()));
            }
        }
    }
    let kept = group.topology.iter().flat_map(|topology| topology.subtopologies.iter().flatten());
    let kept: BTreeSet<&str> =
        kept.filter(|one| !one.state_changelog_topics.is_empty()).map(|one| one.id.as_str()).collect();
    let stores: BTreeSet<Piece> = pieces.iter().filter(|piece| kept.contains(piece.0.as_str())).cloned().collect();
    let copies = if is_streams { usize::try_from(copies).unwrap_or(0) } else { 0 };
    let processes: BTreeMap<&str, &str> =
        group.members.iter().map(|(id, member)| (id.as_str(), member.work.process.id.as_str())).collect();
    let standby = work::copies(&stores, &dealt, &processes, copies);
    let targets: Vec<(String, Holding)> = dealt
        .iter()
        .map(|(id, active)| {
            let standby = standby.get(id).cloned().unwrap_or_default();
            ((*id).to_owned(), Holding { active: active.clone(), standby, ..Holding::default() })
        })
        .collect();
    for (id, target) in targets {
        if let Some(member) = group.members.get_mut(&id) {
            member.work.target = target;
        }
    }
    if group.kind == Kind::Share {
        begin(state, id, &pieces, cluster.now());
    }
}

/// Lets a member have of its target what is free. Has it something else than before?
fn take_over(group: &mut Group, id: &str) -> bool {
    let others: BTreeSet<Piece> = if group.kind == Kind::Share {
        BTreeSet::new()
    } else {
        let others = group.members.iter().filter(|(other, _)| *other != id).map(|(_, member)| &member.work);
        others.flat_map(|work| work.held.active.union(&work.owned)).cloned().collect()
    };
    let (generation, is_shared) = (group.generation, group.kind == Kind::Share);
    let Some(work) = group.members.get_mut(id).map(|member| &mut member.work) else { return false };
    let before = work.held.clone();
    let keeps: BTreeSet<Piece> = before.active.intersection(&work.target.active).cloned().collect();
    if !is_shared && keeps.len() < before.active.len() {
        // First it lets go; it has until its next sign of life.
        work.held.active = keeps;
    } else if is_shared || work.owned.is_subset(&work.held.active) {
        work.held = work.target.clone();
        work.held.active.retain(|piece| !others.contains(piece));
        work.epoch = generation;
    }
    work.held != before
}

/// The topics that a member reads.
fn subscribed<'a>(work: &'a Work, topics: &'a [String]) -> BTreeSet<&'a str> {
    let pattern = work.pattern.as_ref().and_then(|pattern| regex::Regex::new(&format!("^(?:{pattern})$")).ok());
    let matching = topics.iter().filter(|topic| pattern.as_ref().is_some_and(|pattern| pattern.is_match(topic)));
    matching.chain(&work.topics).map(String::as_str).collect()
}

fn partitions(state: &State, name: &str) -> Option<i32> {
    state.topics.get(name).and_then(|topic| i32::try_from(topic.partitions.len()).ok())
}

/// All that there is to be shared.
fn pieces(state: &State, id: &GroupId) -> BTreeSet<Piece> {
    let Some(group) = state.groups.get(id) else { return BTreeSet::new() };
    let all = |name: &str, count: i32| (0..count).map(|partition| (name.to_owned(), partition)).collect::<Vec<_>>();
    if group.kind == Kind::Streams {
        if !missing_topics(state, id).is_empty() {
            return BTreeSet::new();
        }
        let subtopologies = group.topology.iter().flat_map(|topology| topology.subtopologies.iter().flatten());
        return subtopologies.flat_map(|one| all(one.id.as_str(), tasks_of(state, one))).collect();
    }
    let topics: Vec<String> = state.topics.keys().map(ToString::to_string).collect();
    let read = group.members.values().flat_map(|member| subscribed(&member.work, &topics));
    read.collect::<BTreeSet<_>>().into_iter().flat_map(|name| all(name, partitions(state, name).unwrap_or(0))).collect()
}

/// As many as the largest of the topics it reads has partitions.
fn tasks_of(state: &State, one: &Subtopology) -> i32 {
    let made = one.repartition_source_topics.iter().map(|topic| &topic.name);
    one.source_topics.iter().chain(made).filter_map(|name| partitions(state, name.as_str())).max().unwrap_or(0)
}

/// Source topics that are not there.
fn missing_topics(state: &State, id: &GroupId) -> Vec<String> {
    let topology = state.groups.get(id).and_then(|group| group.topology.as_ref());
    let subtopologies = topology.iter().flat_map(|topology| topology.subtopologies.iter().flatten());
    let sources = subtopologies.flat_map(|one| &one.source_topics);
    sources.filter(|name| !state.topics.contains_key(name.as_str())).map(ToString::to_string).collect()
}

/// Makes what a streams application keeps for itself, as brokers do for it.
fn make_internal_topics(state: &mut State, seed: u64, id: &GroupId) {
    let topology = state.groups.get(id).and_then(|group| group.topology.clone());
    let subtopologies = topology.and_then(|topology| topology.subtopologies).unwrap_or_default();
    if !missing_topics(state, id).is_empty() {
        return;
    }
    // What is between two parts has as many partitions as who writes it has tasks.
    for writer in &subtopologies {
        let count = tasks_of(state, writer);
        let made = subtopologies.iter().flat_map(|one| &one.repartition_source_topics);
        for topic in made.filter(|topic| writer.repartition_sink_topics.contains(&topic.name)) {
            make(state, seed, topic, if topic.partitions > 0 { topic.partitions } else { count });
        }
    }
    for one in &subtopologies {
        let count = tasks_of(state, one);
        one.state_changelog_topics.iter().for_each(|topic| make(state, seed, topic, count));
    }
}

fn make(state: &mut State, seed: u64, topic: &TopicInfo, partitions: i32) {
    let known = |name: &str| settings::find(Scope::Topic, name).is_some();
    if partitions > 0 && !state.topics.contains_key(topic.name.as_str()) {
        let configs = topic.configs.iter().map(|one| (one.key.to_string(), one.value.to_string()));
        let configs = configs.filter(|(name, _)| known(name)).collect();
        let replication = usize::try_from(topic.replication_factor).unwrap_or(0);
        internal::create_for_streams(state, topic.name.as_str(), (partitions, replication), configs, seed);
    }
}

/// Where a share group begins in partitions that are new to it.
fn begin(state: &mut State, id: &GroupId, pieces: &BTreeSet<Piece>, now: Time) {
    let reset = state.group_configs.get(id.as_str()).and_then(|set| set.get("share.auto.offset.reset"));
    let from_start = reset.is_some_and(|reset| reset == "earliest");
    let State { groups, topics, .. } = state;
    let Some(group) = groups.get_mut(id) else { return };
    for (name, index) in pieces {
        let found = topics.get(name.as_str()).and_then(|topic: &Topic| topic.partition(*index));
        let Some(partition) = found else { continue };
        let offset = if from_start { partition.log.start() } else { partition.log.end(now) };
        let begins = Commit { offset, leader_epoch: partition.epoch, metadata: String::new(), at: now };
        group.offsets.entry((TopicName::from(name.as_str()), *index)).or_insert(begins);
    }
}

/// A number that holds for a group of its type, by its name behind the type's.
fn setting(state: &State, id: &GroupId, name: &str) -> i64 {
    state.groups.get(id).map_or(0, |group| setting_of(state, id, group.kind, name))
}

fn setting_of(state: &State, id: &GroupId, kind: Kind, name: &str) -> i64 {
    let name = format!("{}.{name}", kind.word());
    let set = state.group_configs.get(id.as_str()).and_then(|set| set.get(&name)).map(String::as_str);
    let value = set.or_else(|| settings::find(Scope::Group, &name).map(|definition| definition.default));
    value.and_then(|value| value.parse().ok()).unwrap_or(0)
}
