//! Who is in a group: joining, syncing, heartbeats, leaving, and rebalances.
//!
//! Owns the state machine of classic groups. Waiting members hold a one-shot
//! channel; whoever completes the rebalance answers all of them. Deadlines are
//! timers: nothing is polled.
//! Invariant: a group without members is `Empty`, and every change of members
//! begins a new generation.

use super::group::{Group, Joined, Kind, Member, Phase, Refusal};
use super::state::{Cluster, MAX_GROUPS, State};
use super::work::Work;
use super::{assigning, commits};
use crate::domain::GroupId;
use bytes::Bytes;
use kafka_protocol::ResponseError as E;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

/// How long the first member of a group waits for others.
const FIRST_DELAY: Duration = Duration::from_millis(200);
/// What a member may ask for as its session timeout, as Kafka has it.
const SESSION: std::ops::RangeInclusive<i32> = 6_000..=1_800_000;
const MAX_MEMBERS: usize = 2_000;
/// Member ids given out whose owners have not come back yet.
const MAX_PENDING: usize = 1_000;

/// One member's wish to join.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) group: GroupId,
    pub(super) member_id: String,
    pub(super) instance_id: Option<String>,
    pub(super) client_id: String,
    pub(super) host: String,
    pub(super) protocol_type: String,
    pub(super) protocols: Vec<(String, Bytes)>,
    pub(super) session_ms: i32,
    pub(super) rebalance_ms: i32,
    /// Must a new member first come back with the id it is given?
    pub(super) needs_known_id: bool,
}

/// A refused join, with the member id to come back with.
pub(super) type JoinRefusal = (Refusal, String);

fn refuse<T>(error: E) -> Result<T, Refusal> {
    Err(error.code())
}

pub(super) async fn join(cluster: &Arc<Cluster>, wish: Wish) -> Result<(Joined, String), JoinRefusal> {
    let given = wish.member_id.clone();
    let waiting = {
        let mut state = cluster.lock();
        enter(&mut state, cluster, wish)?
    };
    match waiting {
        Entered::Now(joined, id) => Ok((joined, id)),
        Entered::Waits(answer, id) => match answer.await {
            Ok(Ok(joined)) => Ok((joined, id)),
            Ok(Err(refusal)) => Err((refusal, id)),
            Err(_) => Err((E::UnknownMemberId.code(), given)),
        },
    }
}

enum Entered {
    Now(Joined, String),
    Waits(oneshot::Receiver<Result<Joined, Refusal>>, String),
}

fn enter(state: &mut State, cluster: &Arc<Cluster>, wish: Wish) -> Result<Entered, JoinRefusal> {
    let refused = |error: E| (error.code(), wish.member_id.clone());
    if wish.group.as_str().is_empty() {
        return Err(refused(E::InvalidGroupId));
    }
    if !SESSION.contains(&wish.session_ms) {
        return Err(refused(E::InvalidSessionTimeout));
    }
    if wish.protocols.is_empty() || wish.protocol_type.is_empty() {
        return Err(refused(E::InconsistentGroupProtocol));
    }
    if !state.groups.contains_key(&wish.group) && state.groups.len() >= MAX_GROUPS {
        return Err(refused(E::PolicyViolation));
    }
    let mut bits = state.unique(cluster.seed);
    let mut new_id = |prefix: &str| format!("{prefix}-{}", bits.uuid());
    let group = state.groups.entry(wish.group.clone()).or_default();
    match group.kind {
        Kind::Classic => {}
        // Whoever speaks the classic protocol takes the group back to it.
        Kind::Consumer if group.members.values().all(|member| member.is_simulated) => group.kind = Kind::Classic,
        Kind::Consumer => return Err(refused(E::InconsistentGroupProtocol)),
        Kind::Share | Kind::Streams => return Err(refused(E::InconsistentGroupProtocol)),
    }
    let has_others = group.members.values().any(|member| !member.is_simulated);
    if has_others && group.protocol_type != wish.protocol_type {
        return Err(refused(E::InconsistentGroupProtocol));
    }
    let holder = wish.instance_id.as_ref().and_then(|instance| {
        let holder = group.members.iter().find(|(_, member)| member.instance_id.as_ref() == Some(instance));
        holder.map(|(id, _)| id.clone())
    });
    let id = match (&wish.instance_id, holder, wish.member_id.is_empty()) {
        (Some(instance), Some(old), true) => {
            let id = new_id(instance);
            if let Some(member) = group.members.remove(&old) {
                if group.leader == old {
                    group.leader.clone_from(&id);
                }
                group.members.insert(id.clone(), member);
            }
            id
        }
        (Some(_), Some(old), false) if old != wish.member_id => return Err(refused(E::FencedInstanceId)),
        (Some(instance), None, true) => new_id(instance),
        (None, _, true) => {
            let id = new_id(&wish.client_id);
            if wish.needs_known_id {
                if group.pending.len() >= MAX_PENDING {
                    group.pending.pop_first();
                }
                group.pending.insert(id.clone());
                return Err((E::MemberIdRequired.code(), id));
            }
            id
        }
        (_, _, false) => {
            let is_known = group.members.contains_key(&wish.member_id) || group.pending.remove(&wish.member_id);
            if !is_known {
                return Err(refused(E::UnknownMemberId));
            }
            wish.member_id.clone()
        }
    };
    if group.members.len() >= MAX_MEMBERS && !group.members.contains_key(&id) {
        return Err(refused(E::GroupMaxSizeReached));
    }
    let settled = matches!(group.phase, Phase::Stable | Phase::CompletingRebalance);
    if let Some(member) = group.members.get_mut(&id)
        && settled
        && !member.is_simulated
        && member.protocols == wish.protocols
        && (group.leader != id || wish.member_id.is_empty())
    {
        // Nothing changed for the others: a follower that asks again, or a
        // static member that was restarted.
        member.seen = Instant::now();
        return Ok(Entered::Now(joined(group), id));
    }
    let (answer, waiting) = oneshot::channel();
    let rebalance_ms = if wish.rebalance_ms > 0 { wish.rebalance_ms } else { wish.session_ms };
    let assignment = group.members.get(&id).map(|member| member.assignment.clone()).unwrap_or_default();
    let member = Member {
        instance_id: wish.instance_id,
        client_id: wish.client_id,
        host: wish.host,
        session: millis(wish.session_ms),
        rebalance: millis(rebalance_ms),
        protocols: wish.protocols,
        assignment,
        work: Work::default(),
        seen: Instant::now(),
        is_simulated: false,
        joining: Some(answer),
        syncing: None,
    };
    group.protocol_type = wish.protocol_type;
    group.members.insert(id.clone(), member);
    rebalance(state, cluster, &wish.group);
    cluster.members_changed.notify_one();
    Ok(Entered::Waits(waiting, id))
}

fn millis(value: i32) -> Duration {
    Duration::from_millis(u64::try_from(value).unwrap_or(0))
}

/// Begins a rebalance, or completes it when everyone is there.
fn rebalance(state: &mut State, cluster: &Arc<Cluster>, id: &GroupId) {
    let Some(group) = state.groups.get_mut(id) else { return };
    let was = group.phase;
    if was != Phase::PreparingRebalance {
        group.phase = Phase::PreparingRebalance;
        for member in group.members.values_mut() {
            if let Some(waiting) = member.syncing.take() {
                let _ = waiting.send(refuse(E::RebalanceInProgress));
            }
        }
    }
    // The demo's own members give way to real ones.
    group.members.retain(|_, member| !member.is_simulated);
    let is_first = was == Phase::Empty || (was == Phase::PreparingRebalance && group.is_gathering);
    if is_first && !group.members.is_empty() {
        group.is_gathering = true;
    } else if group.members.values().all(|member| member.joining.is_some()) {
        complete(state, cluster, id);
        return;
    }
    if was == Phase::PreparingRebalance {
        return;
    }
    let longest = group.members.values().map(|member| member.rebalance).max().unwrap_or_default();
    let limit = if is_first { FIRST_DELAY } else { longest };
    let (cluster, id, generation) = (Arc::clone(cluster), id.clone(), group.generation);
    tokio::spawn(async move {
        sleep(limit).await;
        let mut state = cluster.lock();
        let Some(group) = state.groups.get_mut(&id) else { return };
        if group.phase == Phase::PreparingRebalance && group.generation == generation {
            group.members.retain(|_, member| member.joining.is_some() || member.instance_id.is_some());
            complete(&mut state, &cluster, &id);
        }
    });
}

/// Everyone who comes is there: a new generation.
fn complete(state: &mut State, cluster: &Cluster, id: &GroupId) {
    let Some(group) = state.groups.get_mut(id) else { return };
    group.generation = group.generation.wrapping_add(1).max(1);
    group.is_gathering = false;
    if !group.members.contains_key(&group.leader) {
        group.leader = group.members.keys().next().cloned().unwrap_or_default();
    }
    let Some(protocol) = common_protocol(group) else {
        let members = std::mem::take(&mut group.members);
        for waiting in members.into_values().filter_map(|member| member.joining) {
            let _ = waiting.send(refuse(E::InconsistentGroupProtocol));
        }
        group.phase = Phase::Empty;
        group.protocol.clear();
        group.leader.clear();
        commits::note_group(state, id, cluster.now());
        return;
    };
    group.protocol = protocol;
    group.phase = Phase::CompletingRebalance;
    let joined = joined(group);
    for member in group.members.values_mut() {
        member.seen = Instant::now();
        if let Some(waiting) = member.joining.take() {
            let _ = waiting.send(Ok(joined.clone()));
        }
    }
    cluster.members_changed.notify_one();
}

/// The leader's first protocol that all members speak; `None` without members.
fn common_protocol(group: &Group) -> Option<String> {
    let is_common =
        |name: &str| group.members.values().all(|member| member.protocols.iter().any(|(known, _)| known == name));
    let leader = group.members.get(&group.leader)?;
    leader.protocols.iter().map(|(name, _)| name).find(|name| is_common(name)).cloned()
}

fn joined(group: &Group) -> Joined {
    let members = group
        .members
        .iter()
        .map(|(id, member)| (id.clone(), member.instance_id.clone(), member.metadata(&group.protocol)));
    Joined {
        generation: group.generation,
        protocol: group.protocol.clone(),
        leader: group.leader.clone(),
        members: members.collect(),
    }
}

/// Is this a member of the current generation? Counts as a sign of life.
pub(super) fn check(group: &mut Group, member: &str, instance: Option<&str>, generation: i32) -> Result<(), Refusal> {
    if let Some(instance) = instance {
        let holder = group.members.iter().find(|(_, known)| known.instance_id.as_deref() == Some(instance));
        if holder.is_some_and(|(id, _)| id != member) {
            return refuse(E::FencedInstanceId);
        }
    }
    let Some(known) = group.members.get_mut(member) else { return refuse(E::UnknownMemberId) };
    known.seen = Instant::now();
    if group.kind != Kind::Classic && !known.is_simulated {
        return if generation == known.work.epoch { Ok(()) } else { refuse(E::StaleMemberEpoch) };
    }
    if generation == group.generation { Ok(()) } else { refuse(E::IllegalGeneration) }
}

/// One member's place in a group, as it claims.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) group: &'a str,
    pub(super) member: &'a str,
    pub(super) instance: Option<&'a str>,
    pub(super) generation: i32,
}

/// The assignment with the group's protocol type and protocol.
pub(super) type Synced = (Bytes, String, String);

pub(super) async fn sync(
    cluster: &Cluster,
    place: Place<'_>,
    assignments: BTreeMap<String, Bytes>,
) -> Result<Synced, Refusal> {
    let (waiting, names) = {
        let mut state = cluster.lock();
        let Some(group) = state.groups.get_mut(place.group) else { return refuse(E::UnknownMemberId) };
        check(group, place.member, place.instance, place.generation)?;
        let names = (group.protocol_type.clone(), group.protocol.clone());
        let leads = group.leader == place.member;
        let Some(member) = group.members.get_mut(place.member) else { return refuse(E::UnknownMemberId) };
        match group.phase {
            Phase::Stable => return Ok((member.assignment.clone(), names.0, names.1)),
            Phase::CompletingRebalance => {}
            Phase::Empty | Phase::PreparingRebalance | Phase::Reconciling | Phase::NotReady => {
                return refuse(E::RebalanceInProgress);
            }
        }
        let (answer, waiting) = oneshot::channel();
        member.syncing = Some(answer);
        if leads {
            settle(group, assignments);
            commits::note_group(&mut state, &GroupId::from(place.group), cluster.now());
        }
        (waiting, names)
    };
    let assignment = waiting.await.unwrap_or_else(|_| refuse(E::RebalanceInProgress))?;
    Ok((assignment, names.0, names.1))
}

/// The leader has assigned: everyone is told, the group is stable.
fn settle(group: &mut Group, mut assignments: BTreeMap<String, Bytes>) {
    group.phase = Phase::Stable;
    for (id, member) in &mut group.members {
        member.assignment = assignments.remove(id).unwrap_or_default();
        if let Some(waiting) = member.syncing.take() {
            let _ = waiting.send(Ok(member.assignment.clone()));
        }
    }
}

pub(super) fn heartbeat(cluster: &Cluster, place: Place<'_>) -> Result<(), Refusal> {
    let mut state = cluster.lock();
    let Some(group) = state.groups.get_mut(place.group) else { return refuse(E::UnknownMemberId) };
    check(group, place.member, place.instance, place.generation)?;
    if group.phase == Phase::PreparingRebalance { refuse(E::RebalanceInProgress) } else { Ok(()) }
}

/// Takes members out, each given by member id or by instance id.
pub(super) fn leave(
    cluster: &Arc<Cluster>,
    id: &GroupId,
    leaving: &[(&str, Option<&str>)],
) -> Vec<Result<(), Refusal>> {
    let mut state = cluster.lock();
    let Some(group) = state.groups.get_mut(id) else {
        return leaving.iter().map(|_| refuse(E::UnknownMemberId)).collect();
    };
    let results: Vec<_> = leaving.iter().map(|(member, instance)| remove(group, member, *instance)).collect();
    if results.iter().any(Result::is_ok) {
        after_leaving(&mut state, cluster, id);
    }
    results
}

fn remove(group: &mut Group, member: &str, instance: Option<&str>) -> Result<(), Refusal> {
    let found = match instance {
        None => group.members.contains_key(member).then(|| member.to_owned()),
        Some(instance) => {
            let holder = group.members.iter().find(|(_, known)| known.instance_id.as_deref() == Some(instance));
            let holder = holder.map(|(id, _)| id.clone());
            if holder.as_deref().is_some_and(|holder| !member.is_empty() && holder != member) {
                return refuse(E::FencedInstanceId);
            }
            holder
        }
    };
    match found.and_then(|id| group.members.remove(&id)) {
        Some(_) => Ok(()),
        None if group.pending.remove(member) => Ok(()),
        None => refuse(E::UnknownMemberId),
    }
}

/// Members are gone. Simulated ones that remain carry on without a rebalance
/// that nobody would answer.
fn after_leaving(state: &mut State, cluster: &Arc<Cluster>, id: &GroupId) {
    let Some(group) = state.groups.get_mut(id) else { return };
    if !group.members.is_empty() && group.members.values().all(|member| member.is_simulated) {
        group.generation += 1;
        return;
    }
    if group.members.is_empty() && group.phase == Phase::Empty {
        return;
    }
    if group.kind != Kind::Classic {
        return assigning::after_leaving(state, cluster, id);
    }
    rebalance(state, cluster, id);
}

/// Takes out members that went silent, at their deadlines, until cancelled.
pub(super) async fn watch_sessions(cluster: Arc<Cluster>, stopped: CancellationToken) {
    loop {
        let changed = cluster.members_changed.notified();
        let next = expire(&cluster);
        let deadline = async {
            match next {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stopped.cancelled() => return,
            () = changed => {}
            () = deadline => {}
        }
    }
}

/// Removes silent members; gives the next deadline there is.
fn expire(cluster: &Arc<Cluster>) -> Option<Instant> {
    let mut state = cluster.lock();
    let now = Instant::now();
    let mut next: Option<Instant> = None;
    let mut shrunk = Vec::new();
    for (id, group) in &mut state.groups {
        let before = group.members.len();
        group.members.retain(|_, member| {
            let deadline = member.seen + member.session;
            let stays = member.is_simulated || member.joining.is_some() || deadline > now;
            if stays && !member.is_simulated {
                let looked_at = deadline.max(now + Duration::from_secs(1));
                next = Some(next.map_or(looked_at, |known| known.min(looked_at)));
            }
            stays
        });
        if group.members.len() != before {
            shrunk.push(id.clone());
        }
    }
    for id in shrunk {
        after_leaving(&mut state, cluster, &id);
    }
    next
}
