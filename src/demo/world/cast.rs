//! The groups of the seeded world, and how each behaves over time.
//!
//! Owns which applications read what, and how far behind they are when. What
//! they commit goes through `commits` like every commit. A group that a real
//! client joins, or whose members someone removed, is left alone from then on.

use crate::demo::commits;
use crate::demo::group::{Commit, Group, Kind, Member, Phase};
use crate::demo::log::Log;
use crate::demo::random::{self, Random};
use crate::demo::state::State;
use crate::demo::subscription;
use crate::demo::work::{Holding, Piece, Process, Work};
use crate::domain::{GroupId, Offset, PartitionId, Time, TopicName};
use crate::protocol::{Subtopology, SubtopologyNodes, TopicInfo, Topology, TopologyDescription, TopologyNode};
use bytes::Bytes;
use kafka_protocol::protocol::StrBytes;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
/// How often a consumer commits.
const COMMIT_EVERY: i64 = 5 * SECOND;
/// What is played before anybody looks: a window of commits, and some more.
const PLAYED_BEFORE: i64 = 6 * MINUTE;
/// Steps that are played when the clock jumps: what is before is skipped.
const REMEMBERED: i64 = HOUR;

/// How a group behaves.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// Reads what is written, a little later.
    Follows { behind: i64 },
    /// Falls behind for two thirds of a period, then recovers.
    Waves { period: i64, deepest: i64 },
    /// Stopped some time ago, and nobody noticed.
    Stuck { behind: i64 },
    /// Its members are there, commit where they are, and do not get past it.
    Stalls { behind: i64 },
    /// Reads everything since `back` again, once a period.
    Rewinds { period: i64, back: i64 },
    /// Finished: caught up, nobody in it.
    Rests,
    /// Commits what it has read without ever joining.
    Commits { behind: i64 },
    /// Never comes to rest: members leave and join all the time.
    Rebalances { period: i64 },
    /// A job that runs for the first part of each period.
    Visits { period: i64, stays: i64 },
    /// Keeps up everywhere but on its busiest partition.
    Limps { behind: i64 },
}

/// The one part of each streams application.
const SUBTOPOLOGY: &str = "0";

/// One group.
#[derive(Debug)]
struct Role {
    group: &'static str,
    topics: &'static [&'static str],
    protocol_type: &'static str,
    assignor: &'static str,
    /// The client id of each member but for its number, and how many there are.
    client: &'static str,
    members: usize,
    is_static: bool,
    kind: Kind,
    act: Act,
    /// Where a streams group keeps its one store.
    changelog: Option<&'static str>,
}

impl Role {
    const fn of(group: &'static str, topics: &'static [&'static str], members: usize, act: Act) -> Self {
        let (client, assignor) = (group, "range");
        let (protocol_type, kind) = ("consumer", Kind::Classic);
        Self { group, topics, protocol_type, assignor, client, members, is_static: false, kind, act, changelog: None }
    }

    const fn client(mut self, client: &'static str) -> Self {
        self.client = client;
        self
    }

    const fn assignor(mut self, assignor: &'static str) -> Self {
        self.assignor = assignor;
        self
    }

    const fn with_instances(mut self) -> Self {
        self.is_static = true;
        self
    }

    const fn of_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    const fn keeps(mut self, changelog: &'static str) -> Self {
        self.changelog = Some(changelog);
        self
    }

    /// What it does as a streams application: one part, which reads all its topics.
    fn topology(&self) -> Option<Topology> {
        let text = StrBytes::from_static_str;
        let changelog =
            |name| TopicInfo { name: text(name), partitions: 0, replication_factor: 0, configs: Vec::new() };
        let subtopology = Subtopology {
            id: text(SUBTOPOLOGY),
            source_topics: self.topics.iter().map(|name| text(name)).collect(),
            repartition_sink_topics: Vec::new(),
            state_changelog_topics: self.changelog.into_iter().map(changelog).collect(),
            repartition_source_topics: Vec::new(),
        };
        (self.kind == Kind::Streams).then(|| Topology { epoch: 0, subtopologies: Some(vec![subtopology]) })
    }

    /// Its nodes: one that reads, and one that keeps what it found.
    fn nodes(&self) -> Option<TopologyDescription> {
        let changelog = self.changelog?;
        let text = StrBytes::from_static_str;
        let store = changelog.strip_prefix(self.group).and_then(|name| name.strip_suffix("-changelog"));
        let (reads, keeps) = ("KSTREAM-SOURCE-0000000000", "KSTREAM-AGGREGATE-0000000001");
        let node = |name, node_type, successors| TopologyNode {
            name: text(name),
            node_type,
            source_topics: Vec::new(),
            sink_topic: None,
            stores: Vec::new(),
            successors,
        };
        let source_topics = self.topics.iter().map(|name| text(name)).collect();
        let stores = store.map(|name| text(name.trim_start_matches('-'))).into_iter().collect();
        let nodes = vec![
            TopologyNode { source_topics, ..node(reads, 1, vec![text(keeps)]) },
            TopologyNode { stores, ..node(keeps, 2, Vec::new()) },
        ];
        let subtopologies = vec![SubtopologyNodes { subtopology_id: text(SUBTOPOLOGY), nodes }];
        Some(TopologyDescription { subtopologies, global_stores: Vec::new() })
    }

    const fn of_type(mut self, protocol_type: &'static str) -> Self {
        self.protocol_type = protocol_type;
        self
    }
}

#[rustfmt::skip]
const ROLES: &[Role] = &[
    Role::of("order-processor", &["orders.v1", "orders.v1-retry-30000"], 4, Act::Follows { behind: 800 }).assignor("cooperative-sticky"),
    Role::of("payments-settlement", &["payments"], 6, Act::Follows { behind: 1_500 }),
    Role::of("clickstream-analytics", &["clickstream.v2"], 12, Act::Waves { period: 24 * MINUTE, deepest: 9 * MINUTE }).assignor("cooperative-sticky"),
    Role::of("customer-360", &["customers", "orders.v1", "support.chat-messages"], 2, Act::Follows { behind: 40 * SECOND }),
    Role::of("email-sender", &["email.outbound"], 3, Act::Waves { period: 7 * MINUTE, deepest: 100 * SECOND }),
    Role::of("invoice-export-nightly", &["orders.v1", "payments"], 0, Act::Stuck { behind: 41 * HOUR }),
    Role::of("search-indexer", &["search.index-updates", "catalog.products"], 2, Act::Rewinds { period: 45 * SECOND, back: 20 * MINUTE }),
    Role::of("billing-archive-2025", &["billing.invoices.2025"], 0, Act::Rests),
    Role::of("recommendations-trainer", &["clickstream.sessions"], 3, Act::Rebalances { period: 40 * SECOND }),
    Role::of("inventory-sync", &["inventory.stock-levels", "inventory.reservations"], 3, Act::Follows { behind: 3 * SECOND }).with_instances(),
    Role::of("warehouse-batch-loader", &["shipping.tracking"], 2, Act::Visits { period: 4 * MINUTE, stays: 90 * SECOND }),
    Role::of("tenant-billing", &["tenants.usage-events"], 4, Act::Limps { behind: 5 * HOUR }),
    Role::of("fraud-detector", &["payments", "fraud-detector-payments-by-customer-repartition"], 2, Act::Follows { behind: 600 }).assignor("stream").client("fraud-detector-StreamThread"),
    Role::of("connect-payments-elasticsearch-sink", &["payments"], 2, Act::Stalls { behind: 50 * MINUTE }).client("connector-consumer-payments-elasticsearch-sink"),
    Role::of("connect-orders-s3-sink", &["orders.v1"], 1, Act::Follows { behind: 25 * SECOND }).client("connector-consumer-orders-s3-sink"),
    Role::of("connect-cluster", &[], 2, Act::Rests).of_type("connect").assignor("sessioned").client("connect"),
    Role::of("price-cache", &["pricing.changes"], 2, Act::Follows { behind: 1_200 }).of_kind(Kind::Consumer).assignor("uniform"),
    Role::of("push-senders", &["notifications.push"], 3, Act::Follows { behind: 4 * SECOND }).of_kind(Kind::Share).of_type("share").assignor("simple"),
    Role::of("label-printers", &["shipping.labels"], 0, Act::Stuck { behind: 3 * HOUR }).of_kind(Kind::Share).of_type("share").assignor("simple"),
    Role::of("sensor-averages", &["iot.sensor-readings"], 2, Act::Follows { behind: 2 * SECOND }).of_kind(Kind::Streams).of_type("streams").assignor("sticky").keeps("sensor-averages-minutes-changelog"),
    Role::of("sensor-alerts", &["iot.sensor-readings"], 0, Act::Stuck { behind: 25 * MINUTE }).of_kind(Kind::Streams).of_type("streams").assignor("sticky"),
    Role::of("refunds-audit", &["payments.refunds"], 0, Act::Commits { behind: 8 * SECOND }).of_type(""),
];

/// All simulated groups, with when each acts next.
#[derive(Debug, Default)]
pub(in crate::demo) struct Troupe {
    players: Vec<Player>,
    seed: u64,
}

#[derive(Debug)]
struct Player {
    role: &'static Role,
    id: GroupId,
    next: Time,
    /// Are its members in the group, as far as the play goes?
    is_on: bool,
    /// The partitions that its members share.
    dealt: usize,
    /// Someone else has taken over.
    is_over: bool,
}

impl Troupe {
    /// Puts all groups on the stage, with what they have committed by now and in the last
    /// minutes: who opens the demo sees how each is doing.
    pub(super) fn enter(state: &mut State, seed: u64, now: Time) -> Self {
        let mut players = Vec::with_capacity(ROLES.len());
        let began = now.plus_millis(-PLAYED_BEFORE);
        for (number, role) in (0..).zip(ROLES) {
            let id = GroupId::from(role.group);
            let next = began.plus_millis(COMMIT_EVERY * (number + 1) / 16);
            let mut player = Player { role, id, next, is_on: false, dealt: 0, is_over: false };
            player.enter(state, seed, began);
            players.push(player);
        }
        let mut troupe = Self { players, seed };
        troupe.play(state, now);
        for (number, player) in (0..).zip(&mut troupe.players) {
            player.next = now.plus_millis(COMMIT_EVERY * (number + 1) / 16);
            player.enter(state, seed, now);
        }
        troupe
    }

    /// When somebody acts next.
    pub(in crate::demo) fn next(&self) -> Option<Time> {
        self.players.iter().filter(|player| !player.is_over).map(|player| player.next).min()
    }

    /// Plays everything that is due by `now`. Was there anything?
    pub(in crate::demo) fn play(&mut self, state: &mut State, now: Time) -> bool {
        let mut has_played = false;
        for player in &mut self.players {
            player.next = player.next.max(now.plus_millis(-REMEMBERED));
            while player.next <= now && !player.is_over {
                player.step(state, self.seed);
                has_played = true;
            }
        }
        has_played
    }
}

impl Player {
    /// Commits where the group is at a time, whatever it committed before.
    fn enter(&mut self, state: &mut State, seed: u64, at: Time) {
        let commits = self.commits(state, at, true);
        let group = state.groups.entry(self.id.clone()).or_default();
        (group.kind, group.protocol_type) = (self.role.kind, self.role.protocol_type.to_owned());
        (group.topology, group.nodes) = (self.role.topology(), self.role.nodes());
        commits::commit(state, &self.id, commits, at);
        self.play_members(state, seed, at);
        if !self.is_on {
            commits::note_group(state, &self.id, self.noted(at));
        }
    }

    /// When the coordinator heard of it: who stopped long ago has said nothing since.
    fn noted(&self, at: Time) -> Time {
        match self.role.act {
            Act::Stuck { behind } => at.plus_millis(-behind),
            _ => at,
        }
    }

    fn step(&mut self, state: &mut State, seed: u64) {
        let at = self.next;
        self.next = at.plus_millis(match self.role.act {
            Act::Rebalances { .. } => 2 * SECOND,
            _ => COMMIT_EVERY,
        });
        let Some(group) = state.groups.get(&self.id) else {
            self.is_over = true;
            return;
        };
        let was_emptied = self.is_on && group.members.is_empty();
        if was_emptied || group.members.values().any(|member| !member.is_simulated) {
            self.is_over = true;
            return;
        }
        self.play_members(state, seed, at);
        if self.is_on || matches!(self.role.act, Act::Commits { .. }) {
            let commits = self.commits(state, at, false);
            commits::commit(state, &self.id, commits, at);
        }
    }

    /// What the group has to commit at `at`: only what has changed.
    fn commits(&self, state: &State, at: Time, is_first: bool) -> Vec<(TopicName, PartitionId, Commit)> {
        let is_busy = |group: &Group| group.phase != Phase::Stable && self.role.members > 0;
        if !is_first && state.groups.get(&self.id).is_some_and(is_busy) {
            return Vec::new();
        }
        let held = state.groups.get(&self.id).map(|group| &group.offsets);
        let mut commits = Vec::new();
        for name in self.role.topics {
            let Some((name, topic)) = state.topics.get_key_value(*name) else { continue };
            let busiest = topic.partitions.iter().map(|p| p.log.end(at) - p.log.start()).max().unwrap_or(0);
            for (index, partition) in (0..).zip(&topic.partitions) {
                let is_busiest = partition.log.end(at) - partition.log.start() == busiest;
                let committed = held.and_then(|held| held.get(&(name.clone(), index))).map(|commit| commit.offset);
                // A consumer that does not get past a record commits it again and again.
                let stalled = committed.filter(|_| matches!(self.role.act, Act::Stalls { .. }));
                let wanted = stalled.unwrap_or_else(|| self.role.act.position(&partition.log, at, index, is_busiest));
                // Only a group that rewinds goes back; one that was reset stays
                // where it is until the play has caught up with it.
                let goes_back = matches!(self.role.act, Act::Rewinds { .. });
                let is_news = stalled.is_some()
                    || committed.is_none_or(|committed| wanted > committed || (goes_back && wanted < committed));
                if is_news {
                    let metadata =
                        if self.role.assignor == "stream" { "AgAAAZrGx2gA".to_owned() } else { String::new() };
                    let at = self.noted(at);
                    let commit = Commit { offset: wanted, leader_epoch: partition.epoch, metadata, at };
                    commits.push((name.clone(), index, commit));
                }
            }
        }
        commits
    }

    /// Lets members come and go as the act says.
    fn play_members(&mut self, state: &mut State, seed: u64, at: Time) {
        let (is_on, phase, generation) = self.role.act.presence(at);
        let is_on = is_on && self.role.members > 0;
        // Members share anew when they come, and when partitions were added.
        let topics = self.role.topics.iter().filter_map(|name| state.topics.get(*name));
        let partitions = topics.map(|topic| topic.partitions.len()).sum();
        let is_new_deal = is_on && (!self.is_on || self.dealt != partitions);
        let mut members = if is_new_deal { self.members(state, seed) } else { BTreeMap::new() };
        let Some(group) = state.groups.get_mut(&self.id) else { return };
        let before = (group.phase, group.generation);
        if is_on {
            if self.is_on && is_new_deal {
                members.retain(|id, _| group.members.contains_key(id));
                group.generation += 1;
            }
            self.dealt = partitions;
            group.members.extend(members);
            group.protocol = self.role.assignor.to_owned();
            group.leader = group.members.keys().next().cloned().unwrap_or_default();
            group.phase = phase;
            group.generation = group.generation.max(generation);
        } else {
            group.members.clear();
            group.phase = Phase::Empty;
        }
        self.is_on = is_on;
        let settled = matches!(group.phase, Phase::Stable | Phase::Empty);
        if before != (group.phase, group.generation) && settled {
            commits::note_group(state, &self.id, at);
        }
    }

    fn members(&self, state: &State, seed: u64) -> BTreeMap<String, Member> {
        let role = self.role;
        let mut random = Random::of(&[seed, random::bits(role.group), 23]);
        let subnet = random.below(200) + 10;
        let member = |number: usize| {
            let client_id = format!("{}-{}", role.client, number + 1);
            let instance_id = role.is_static.then(|| format!("{}-{number}", role.group));
            let prefix = instance_id.as_deref().unwrap_or(&client_id);
            let id = format!("{prefix}-{}", random.uuid());
            let (metadata, assignment) = if role.protocol_type != "connect" {
                (subscription::subscription(role.topics), self.assignment(state, number))
            } else {
                (Bytes::from_static(b"\0\x01\0\x1dhttp://connect-1.shop.internal"), Bytes::from_static(&[0, 1, 0, 0]))
            };
            let member = Member {
                instance_id,
                client_id,
                host: format!("/10.20.{subnet}.{}", 11 + number),
                session: Duration::from_secs(45),
                rebalance: Duration::from_secs(300),
                protocols: vec![(role.assignor.to_owned(), metadata)],
                assignment,
                work: if role.kind == Kind::Classic { Work::default() } else { self.work(state, number) },
                seen: Instant::now(),
                is_simulated: true,
                joining: None,
                syncing: None,
            };
            (id, member)
        };
        (0..role.members).map(member).collect()
    }

    fn assignment(&self, state: &State, number: usize) -> Bytes {
        subscription::assignment(&self.shares(state, number))
    }

    /// Neighbouring partitions of each topic, as the range assignor deals them.
    fn shares(&self, state: &State, number: usize) -> Vec<(&'static str, Vec<i32>)> {
        let members = self.role.members.max(1);
        let share = |name: &&'static str| {
            let count = state.topics.get(*name).map_or(0, |topic| topic.partitions.len());
            let (each, more) = (count / members, count % members);
            let first = number * each + number.min(more);
            let mine = first..first + each + usize::from(number < more);
            (*name, mine.filter_map(|partition| i32::try_from(partition).ok()).collect())
        };
        self.role.topics.iter().map(share).collect()
    }

    /// What a member holds where the broker assigns. In a streams group with a store the
    /// next member keeps copies, and builds one of the last task, which will move there.
    fn work(&self, state: &State, number: usize) -> Work {
        let pieces = |number: usize| -> BTreeSet<Piece> {
            let named = |name: &str| if self.role.kind == Kind::Streams { SUBTOPOLOGY } else { name }.to_owned();
            let shares = self.shares(state, number);
            shares.into_iter().flat_map(|(name, mine)| mine.into_iter().map(move |here| (named(name), here))).collect()
        };
        let mut held = Holding { active: pieces(number), ..Holding::default() };
        if self.role.changelog.is_some() && self.role.members > 1 {
            held.standby = pieces((number + self.role.members - 1) % self.role.members);
            held.warmup.extend(held.standby.pop_last().filter(|_| number == 1));
        }
        let topics = self.role.topics.iter().map(|name| (*name).to_owned()).collect();
        let id = Random::of(&[random::bits(self.role.group), number as u64, 29]).uuid().to_string();
        Work { topics, target: held.clone(), held, process: Process { id, ..Process::default() }, ..Work::default() }
    }
}

impl Act {
    /// Where a group stands in one partition at `at`.
    fn position(self, log: &Log, at: Time, partition: PartitionId, is_busiest: bool) -> Offset {
        // Partitions are not all read at the same moment.
        let jitter = i64::from(partition) * 37 % 400;
        let behind = match self {
            Self::Follows { behind } | Self::Stuck { behind } | Self::Stalls { behind } | Self::Commits { behind } => {
                behind + jitter
            }
            Self::Waves { period, deepest } => {
                let (now, turn) = (at.millis().rem_euclid(period), period * 2 / 3);
                let depth = if now < turn { deepest * now / turn } else { deepest * (period - now) / (period - turn) };
                depth + jitter
            }
            Self::Rewinds { period, back } => {
                // Two thirds of a period to read it all again, then it follows, not quite
                // caught up: a group that is at the end is well whatever it did before.
                let (now, done) = (at.millis().rem_euclid(period), period * 2 / 3);
                back * (done - now).max(0) / done + 6 * SECOND + jitter
            }
            Self::Rests => 0,
            Self::Rebalances { .. } => 11 * MINUTE + jitter,
            Self::Visits { .. } => jitter,
            Self::Limps { behind } if is_busiest => behind,
            Self::Limps { .. } => 900 + jitter,
        };
        log.position_at(at.plus_millis(-behind), at)
    }

    /// Are members there, in which phase, and in which generation at least?
    fn presence(self, at: Time) -> (bool, Phase, i32) {
        let within = |period: i64| (at.millis().rem_euclid(period), at.millis().div_euclid(period) % 10_000);
        let generation = |round: i64| i32::try_from(round).unwrap_or(1).max(1);
        match self {
            Self::Rebalances { period } => {
                let (now, round) = within(period);
                let phase = match now * 20 / period {
                    0..=10 => Phase::Stable,
                    11..=16 => Phase::PreparingRebalance,
                    _ => Phase::CompletingRebalance,
                };
                (true, phase, generation(round))
            }
            Self::Visits { period, stays } => {
                let (now, round) = within(period);
                (now < stays, Phase::Stable, generation(round))
            }
            Self::Stuck { .. } | Self::Commits { .. } => (false, Phase::Empty, 0),
            _ => (true, Phase::Stable, 7),
        }
    }
}
