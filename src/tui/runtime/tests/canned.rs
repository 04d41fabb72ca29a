//! Answers from a cluster that is not there, for tests.
//!
//! Invariant: fixed times and numbers; the same screen at each run.

use crate::cluster::*;
use crate::domain::broker::Broker;
use crate::domain::churn::{Event, What};
use crate::domain::compression::{CompressionReport, ProducerUse, Trial};
use crate::domain::config::{ConfigEntry, ConfigSource};
use crate::domain::drain::{Drain, Rates};
use crate::domain::group::*;
use crate::domain::headroom::Headroom;
use crate::domain::origin::GroupRole;
use crate::domain::pace::Behind;
use crate::domain::partition_plan::{self, KeySample, PartitionInputs, PartitionReport, PartitionWish, Reader};
use crate::domain::plan::*;
use crate::domain::produced::Produced;
use crate::domain::record::*;
use crate::domain::standing::{Standing, Told};
use crate::domain::topic::{Partition, PartitionLog, Rate, Topic};
use crate::domain::value::{Logical, Value};
use crate::domain::verdict::{GroupVerdict, Judgement, Reason, Source};
use crate::domain::*;
use crate::tui::app::drawn::Drawn;
use crate::tui::app::look::Look;
use crate::tui::app::session::{ProfileCard, Session};
use crate::tui::app::slot::{Generation, Slot};
use crate::tui::app::{Answer, Answered, Effect, Message, Request, State, update};
use crate::tui::command::{Chord, KeyMap};
use crate::tui::ui;
use crate::tui::ui::theme::{Catalogue, Depth, Theme};
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// 2026-11-21 14:03:07 UTC
pub const NOW: Time = Time(1_795_269_787_000);

thread_local! {
    static HOSTILE: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// From here on, on this thread, everything in the cluster has a name as long as
/// Kafka allows, of letters that are wide, joined, or run the other way.
pub fn be_hostile(is_hostile: bool) {
    HOSTILE.set(is_hostile);
}

/// What this is called: by that name, or by a much longer one that begins so.
pub fn called(name: &str) -> String {
    if !HOSTILE.get() {
        return name.into();
    }
    let letters = "長い名前e\u{301}\u{202e}ش\u{200d}👩\u{200d}🚀";
    let mut long = format!("{name}-{}", letters.repeat(12));
    long.push_str(&"x".repeat(249_usize.saturating_sub(long.chars().count())));
    long
}

pub fn broker(id: i32) -> Broker {
    let rack = ["a", "b", "c"][(id as usize - 1) % 3];
    Broker { id: BrokerId(id), host: called(&format!("kafka-{id}.prod")), port: 9092, rack: Some(rack.into()) }
}

pub fn topic(name: &str, partitions: i32, replicas: i32, missing: Option<i32>) -> Arc<Topic> {
    let partitions = (0..partitions)
        .map(|id| {
            let all: Vec<BrokerId> = (0..replicas).map(|r| BrokerId((id + r) % 3 + 1)).collect();
            let isr = all.iter().copied().filter(|id| Some(id.0) != missing).collect::<Vec<_>>();
            Partition { id, leader: isr.first().copied(), leader_epoch: 4, replicas: all.into(), isr: isr.into() }
        })
        .collect();
    Arc::new(Topic { name: called(name).as_str().into(), id: None, is_internal: name.starts_with("__"), partitions })
}

pub fn metadata() -> Arc<Metadata> {
    let topics = vec![
        topic("__consumer_offsets", 50, 3, None),
        topic("audit.v1", 1, 1, None),
        topic("clickstream.v2", 24, 3, None),
        topic("fraud-scoring-app-KSTREAM-AGGREGATE-STATE-STORE-0000000003-repartition", 96, 3, None),
        topic("orders-returns", 12, 3, None),
        topic("orders.v1", 12, 3, None),
        topic("orders.v1.DLT", 3, 3, Some(2)),
        topic("payments", 24, 3, None),
        topic("zombie\u{1b}[31m\u{202e}name", 1, 3, None),
    ];
    Arc::new(Metadata {
        version: 1,
        taken: NOW,
        cluster_id: Some("k1".into()),
        controller: Some(BrokerId(1)),
        brokers: vec![broker(1), broker(2), broker(3)],
        partitions: topics.iter().map(|topic| topic.partitions.len()).sum(),
        topics,
        health: Health {
            offline: 0,
            under_replicated: 3,
            missing_brokers: vec![BrokerId(2)],
            single_replica_topics: 1,
            first_offline: None,
            first_under_replicated: Some(TopicPartition::new(called("orders.v1.DLT").as_str().into(), 0)),
        },
        failures: Vec::new(),
        may_describe_cluster: Some(true),
    })
}

pub fn logs() -> Arc<TopicLogs> {
    let metadata = metadata();
    let topics = metadata
        .topics
        .iter()
        .zip(1i64..)
        .map(|(topic, seed)| {
            let partitions: Vec<PartitionLog> = (0..topic.partitions.len() as i64)
                .map(|id| PartitionLog {
                    start: Fact::Known(seed * 1_000 + id),
                    end: Fact::Known(seed * 74_011 + id * 1_013),
                    size: Fact::Known((seed * 13_000_000 + id * 99_000) as u64),
                    rate: Fact::Known(Rate::from((seed * 31 + id * 7) as f64 * if seed == 4 { 0.0 } else { 1.0 })),
                })
                .collect();
            let rate: f64 = partitions.iter().map(|p| f64::from(p.rate.get().unwrap())).sum();
            let log = TopicLog {
                records: if seed == 5 {
                    Fact::unknown("broker 2 did not answer")
                } else {
                    Fact::Known(partitions.iter().map(|p| p.records().get().unwrap()).sum())
                },
                size: Fact::Known(partitions.iter().map(|p| p.size.get().unwrap()).sum()),
                rate: Fact::Known(Rate::from(rate)),
                rates: (0..12).map(|n| (rate as f32) * (1.0 + ((n * seed as usize) % 5) as f32)).collect(),
                partitions,
            };
            (topic.name.clone(), Arc::new(log))
        })
        .collect();
    Arc::new(TopicLogs { version: 1, taken: NOW, topics, failures: Vec::new() })
}

pub fn brokers() -> Arc<Vec<BrokerRow>> {
    let row = |id: i32, used: Fact<u64>| BrokerRow {
        broker: broker(id),
        is_controller: id == 1,
        leaders: 3_030 + id as usize,
        replicas: 9_100,
        under_replicated: if id == 2 { 3 } else { 0 },
        disk_used: used,
        disk_total: Fact::Known(230 << 30),
    };
    Arc::new(vec![
        row(1, Fact::Known(209 << 30)),
        row(2, Fact::Known(138 << 30)),
        row(3, Fact::unknown("not authorised")),
    ])
}

pub fn listing(id: &str, state: GroupState) -> GroupListing {
    GroupListing { id: called(id).as_str().into(), state, kind: GroupType::Classic, protocol_type: "consumer".into() }
}

fn lag(lag: u64) -> LagTotal {
    LagTotal { lag, known: 12, unknown: 0, first_reason: None }
}

/// By samples, and one by the log of commits.
fn standing(id: &str) -> Standing {
    let (source, reason) = match id {
        "billing-export" => (Source::Sampled, Reason::Growing { before: Some(90_112), after: Some(96_020) }),
        "connect-jdbc-sink" => (Source::Sampled, Reason::CaughtUp { lag: 0, allowed: 0 }),
        "fraud-scoring" => {
            (Source::Commits, Reason::Stopped { at: NOW.plus_millis(-11_280_000), span: 45_000, quiet: 11_280_000 })
        }
        "search-indexer" => return Standing::TooEarly { seen: 3, of: 10, source: Source::Sampled },
        _ => return Standing::Unknown("not authorised".into()),
    };
    let worst = TopicPartition::new("payments".into(), 7);
    Standing::Told(Arc::new(Told { verdict: reason.verdict(), source, worst, reason }))
}

pub fn groups() -> Arc<Groups> {
    let row = |id: &str, state, members, total: LagTotal, role| GroupRow {
        listing: listing(id, state),
        members,
        topics: vec![called("payments").as_str().into()],
        trend: (0..14).map(|n| total.lag / 14 * n).collect(),
        standing: standing(id),
        behind: match (total.fact().get(), id) {
            (None, _) => Behind::Unknown,
            (Some(0), _) => Behind::Nothing,
            (_, "fraud-scoring") => Behind::Since(NOW.plus_millis(-11_520_000)),
            (_, "billing-export") => Behind::Before(NOW.plus_millis(-290_000)),
            _ => Behind::About(NOW.plus_millis(-2_100)),
        },
        drain: match (total.fact().get(), id) {
            (None, _) => Fact::unknown("its lag is not known"),
            (Some(0), _) => Fact::Known(Drain::Drained),
            (_, "fraud-scoring") => Fact::Known(Drain::Growing(96.0)),
            (_, "billing-export") => Fact::Known(Drain::In(2_460_000)),
            _ => Fact::Known(Drain::Never),
        },
        flaps: (id == "billing-export").then_some(9),
        unseen: None,
        lag: total,
        role,
    };
    let rows = vec![
        row("billing-export", GroupState::Stable, Fact::Known(3), lag(96_020), GroupRole::Plain),
        row(
            "connect-jdbc-sink",
            GroupState::Stable,
            Fact::Known(1),
            lag(0),
            GroupRole::ConnectSink { connector: "jdbc-sink".into() },
        ),
        row("fraud-scoring", GroupState::Empty, Fact::Known(0), lag(1_104_822), GroupRole::Plain),
        row(
            "search-indexer",
            GroupState::PreparingRebalance,
            Fact::unknown("not authorised"),
            lag(4_410),
            GroupRole::Plain,
        ),
        row(
            "shadow",
            GroupState::Unknown,
            Fact::unknown("not authorised"),
            LagTotal { lag: 0, known: 0, unknown: 3, first_reason: Some("not authorised".into()) },
            GroupRole::Plain,
        ),
    ];
    let rows = rows.into_iter().map(Arc::new).collect();
    Arc::new(Groups { version: 1, taken: NOW, rows, failures: Vec::new(), remarks: Vec::new() })
}

/// The same while broker 2, which coordinates the first of them, does not answer.
pub fn groups_without_a_coordinator() -> Arc<Groups> {
    let why = "broker 2, its coordinator, does not answer";
    let mut groups = (*groups()).clone();
    groups.version = 2;
    groups.failures = vec![failure()];
    if let Some(row) = groups.rows.first_mut() {
        let unseen = Unseen {
            coordinator: Some(BrokerId(2)),
            why: why.into(),
            state: row.listing.state,
            lag: row.lag.fact().get(),
        };
        *row = Arc::new(GroupRow {
            listing: GroupListing { state: GroupState::Unknown, ..row.listing.clone() },
            members: Fact::unknown(why),
            lag: LagTotal { lag: 0, known: 0, unknown: 3, first_reason: Some(why.into()) },
            standing: Standing::Unknown(why.into()),
            behind: Behind::Unknown,
            drain: Fact::unknown(why),
            flaps: None,
            unseen: Some(Arc::new(unseen)),
            ..(**row).clone()
        });
    }
    Arc::new(groups)
}

pub fn group(state: GroupState) -> Arc<GroupDetail> {
    let members = if state == GroupState::Empty {
        Vec::new()
    } else {
        vec![Member {
            member_id: called("fraud-1-7a6e"),
            instance_id: Some(called("fraud-1")),
            client_id: called("fraud"),
            host: called("/10.0.3.7"),
            assignment: vec![TopicPartition::new(called("payments").as_str().into(), 0)],
            detail: None,
        }]
    };
    let partitions: Vec<GroupPartition> = (0..12)
        .map(|id: i64| GroupPartition {
            partition: TopicPartition::new(called("payments").as_str().into(), id as i32),
            committed: match id {
                5 => Fact::Known(None),
                6 => Fact::unknown("broker 2 did not answer"),
                _ => Fact::Known(Some(CommittedOffset {
                    offset: 880_000 + id * 113,
                    leader_epoch: 3,
                    metadata: String::new(),
                })),
            },
            start: Fact::Known(120_000 + id),
            end: Fact::Known(880_000 + id * 113 + if id == 7 { 957_108 } else { id * 400 }),
            member: if id == 0 && !members.is_empty() { Some(0) } else { None },
            nothing_left: false,
            told_lag: None,
        })
        .collect();
    let judged = judged(&partitions);
    let outlook = outlook(&partitions);
    Arc::new(GroupDetail {
        taken: NOW,
        lag: LagTotal::of(&partitions),
        partitions,
        history: (0..60)
            .map(|n| LagPoint {
                at: NOW.plus_millis((n - 60) * 60_000),
                lag: 20_000 * n as u64,
                committed: 5_000,
                end: 5_000 + n * 5_760,
                partitions: 12,
            })
            .collect(),
        description: GroupDescription {
            listing: listing("fraud-scoring", state),
            coordinator: Some(BrokerId(3)),
            assignor: "range".into(),
            members,
            epoch: None,
            assignment_epoch: None,
            topology: None,
            may_delete: None,
        },
        role: GroupRole::Plain,
        judged: Fact::Known(judged),
        outlook: Fact::Known(outlook),
        produced: Fact::Known(Arc::new(produced())),
        events: events(),
        rebalances: 6,
        failures: Vec::new(),
    })
}

/// Retention comes near where the group has stopped.
fn outlook(partitions: &[GroupPartition]) -> Outlook {
    let (hour, minute) = (3_600_000, 60_000);
    let left = |millis, is_short| Headroom::Left { millis, is_short };
    let look = |row: &GroupPartition| {
        let (waiting, headroom, drain) = match (row.lag(), row.partition.partition) {
            (Fact::Unknown(reason), _) => {
                return PartitionOutlook {
                    waiting: Fact::Unknown(reason.clone()),
                    headroom: Fact::Unknown(reason.clone()),
                    drain: Fact::Unknown(reason),
                    held: None,
                };
            }
            (Fact::Known(0), _) => (0, Headroom::NothingUnread, Drain::Drained),
            (_, 7) => (3 * hour + 12 * minute, left(2 * hour + 10 * minute, true), Drain::Growing(96.0)),
            (_, 2) => (40_000, Headroom::Lost(1_884), Drain::In(9 * minute)),
            (_, 3) => (14 * minute, Headroom::Forever, Drain::Never),
            (_, id) => (4_100 * u64::from(id.unsigned_abs()), left(54 * hour, false), Drain::In(41_000)),
        };
        PartitionOutlook {
            waiting: Fact::Known(waiting),
            headroom: Fact::Known(headroom),
            drain: Fact::Known(drain),
            held: (row.partition.partition == 4)
                .then_some(Held { producer_id: Fact::Known(4_711), since: Some(NOW.plus_millis(-400_000)) }),
        }
    };
    Outlook::of(partitions.iter().map(look).collect())
}

/// A consumer that takes too long, is put out and comes back.
fn events() -> Vec<Event> {
    let member = |joined, left, now| What::Members { named: vec!["fraud /10.0.3.7".into()], joined, left, now };
    let state = |from, to| What::State { from, to };
    let all = [
        state(GroupState::CompletingRebalance, GroupState::Stable),
        state(GroupState::PreparingRebalance, GroupState::CompletingRebalance),
        member(1, 1, 1),
        state(GroupState::Stable, GroupState::PreparingRebalance),
    ];
    let event = |(what, number): (What, i64)| Event { at: NOW.plus_millis(-20_000 - number * 45_000), what };
    all.into_iter().zip(0..).map(event).collect()
}

/// More and more.
fn produced() -> Produced {
    let records = std::array::from_fn(|step| 900 + step as u64 * step as u64 * 40);
    Produced { records, partitions: 11, unknown: 1, ..Produced::none(NOW) }
}

/// One partition has stopped, one is at its end, of one too little is known.
fn judged(partitions: &[GroupPartition]) -> Judged {
    let judgement = |row: &GroupPartition| {
        let last_commit = NOW.plus_millis(-3 * 3_600_000 - 480_000);
        let (reason, commits) = match row.partition.partition {
            7 => (Reason::Stopped { at: last_commit, span: 45_000, quiet: 11_280_000 }, 10),
            0 => (Reason::CaughtUp { lag: 0, allowed: 0 }, 2),
            11 => (Reason::Growing { before: Some(4_100), after: Some(4_400) }, 3),
            _ => return None,
        };
        let verdict = reason.verdict();
        Some(Judgement { verdict, reason, source: Source::Commits, commits, of: 10, last_commit })
    };
    let judged: Vec<Option<Judgement>> = partitions.iter().map(judgement).collect();
    let rows = partitions.iter().zip(&judged);
    let group = GroupVerdict::of(rows.map(|(row, judged)| (&row.partition, judged.as_ref())));
    let rates = partitions.iter().map(|_| Fact::Known(Rates { read: 0.0, written: 96.0 })).collect();
    Judged { partitions: judged, rates, group, why_sampled: None }
}

pub fn configs() -> Arc<Vec<ConfigEntry>> {
    let entry = |name: &str, value: Option<&str>, source| ConfigEntry {
        name: called(name).as_str().into(),
        value: value.map(|value| if HOSTILE.get() { called(value).as_str().into() } else { value.into() }),
        source,
        is_sensitive: false,
        is_read_only: false,
        documentation: Some(format!("What {name} does, in the broker's own words.")),
    };
    Arc::new(vec![
        entry("cleanup.policy", Some("delete"), ConfigSource::Default),
        entry("min.insync.replicas", Some("2"), ConfigSource::Topic),
        entry("retention.ms", Some("604800000"), ConfigSource::Topic),
        entry("compression.type", Some("producer"), ConfigSource::StaticBroker),
        ConfigEntry { is_sensitive: true, ..entry("some.secret", None, ConfigSource::Topic) },
    ])
}

pub fn topic_groups() -> Arc<Partial<Vec<TopicGroup>>> {
    Arc::new(Partial::whole(vec![
        TopicGroup {
            listing: listing("billing-export", GroupState::Stable),
            members: Fact::Known(3),
            lag: lag(96_020),
        },
        TopicGroup {
            listing: listing("fraud-scoring", GroupState::Empty),
            members: Fact::Known(0),
            lag: lag(1_104_822),
        },
    ]))
}

pub fn failure() -> Failure {
    let failure = Failure::new(FailureKind::Timeout, "list topics", "no answer within 5 s").at_broker("2");
    failure.hint(if HOSTILE.get() { called("Is the broker up?") } else { "Is the broker up?".into() })
}

/// A reset of some partitions; the group is empty if `is_empty`.
pub fn plan(is_empty: bool, partitions: i32, confirm: Confirm) -> Arc<Plan> {
    let steps = (0..partitions)
        .map(|partition| {
            let before = 884_112 + i64::from(partition) * 97;
            let target = if partition == 3 { before + 156 } else { before - 9_408 };
            Step::MoveOffset(OffsetMove {
                group: None,
                topic: called("payments").as_str().into(),
                topic_id: None,
                partition,
                before: (partition != 4).then(|| CommittedOffset {
                    offset: before,
                    leader_epoch: 3,
                    metadata: String::new(),
                }),
                target: Some(target),
                metadata: String::new(),
                leader_epoch: -1,
                log_start: Some(if partition == 2 { target } else { 120_000 }),
                log_end: Some(1_841_220),
                adjusted: (partition == 2).then_some(Adjusted::RaisedToStart { wish: 7 }),
                next: Some(NextRecord {
                    offset: target,
                    timestamp: NOW.plus_millis(-3_600_000),
                    earliest_after: None,
                    preview: format!(
                        "{{\"id\":{target},\"amount\":\"12.00\",\"currency\":\"EUR\",\"state\":\"declined\"}}"
                    ),
                }),
            })
        })
        .collect();
    Arc::new(Plan {
        id: "19f-1".into(),
        change: Change::ResetOffsets { group: called("fraud-scoring").as_str().into(), creates_group: false },
        title: format!("Reset {} to 2026-11-21 10:45:00 Europe/Berlin", called("fraud-scoring")),
        summary: vec![format!(
            "{partitions} partitions of {} · 10:45:00 = 09:45:00 UTC · ~41,906 read again · 156 skipped",
            called("payments")
        )],
        steps,
        checks: vec![
            Check::new(Some(is_empty), "the group is empty"),
            Check::new(Some(true), "unchanged since 14:03:07"),
            Check::new(Some(true), "same topic ids"),
            Check::advice(None, "right to delete the group"),
        ],
        warnings: vec![Warning::new(Severity::Warning, "a consumer that never joins could overwrite it")],
        confirm,
        not_undoable: None,
        command_line: "klamm groups reset fraud-scoring --topic payments --to-datetime 2026-11-21T10:45:00+01:00"
            .into(),
        made_at: NOW,
        finishes: None,
    })
}

/// A report with one choice, and a group that could be given offset 0.
pub fn partition_report() -> PartitionReport {
    let topic = topic("audit.v1", 1, 1, None);
    let inputs = PartitionInputs {
        topic,
        mirrored_from: None,
        logs: Vec::new(),
        brokers: vec![broker(1), broker(2), broker(3)],
        replicas_per_broker: std::collections::HashMap::new(),
        keys: KeySample::default(),
        sample_failure: None,
        is_compacted: Some(false),
        readers: vec![Reader {
            group: listing("billing-export", GroupState::Empty),
            members: Some(0),
            role: GroupRole::Plain,
        }],
    };
    partition_plan::report(&inputs, &PartitionWish { partitions: Some(3), ..PartitionWish::default() })
}

pub fn record(offset: Offset) -> Arc<DecodedRecord> {
    let value = Value::Record(vec![
        ("id".into(), Value::Number(offset.to_string().into())),
        ("amount".into(), Value::Typed { text: "99.90".into(), logical: Logical::Decimal { precision: 12, scale: 2 } }),
        ("state".into(), Value::Text("declined".into())),
        (
            "customer".into(),
            Value::Record(vec![
                ("id".into(), Value::Text("customer-12\u{1b}[31m".into())),
                ("since".into(), Value::Typed { text: "2019-04-01".into(), logical: Logical::Date }),
            ]),
        ),
    ]);
    let header = |name: &str, value: &'static str| Header { name: name.into(), value: Some(value.into()) };
    let batch = BatchFacts {
        codec: Codec::Zstd,
        records: 41,
        wire_bytes: 400,
        plain_bytes: 2_840,
        producer_id: 4711,
        producer_epoch: 0,
        base_sequence: 990,
        is_transactional: false,
        is_append_time: false,
    };
    let key = Decoded {
        value: Value::Text(called("customer-12").as_str().into()),
        format: Format::Text,
        schema: None,
        packed: Vec::new(),
        attempts: Vec::new(),
    };
    Arc::new(DecodedRecord {
        record: Record {
            topic: called("orders.v1").as_str().into(),
            partition: 2,
            offset,
            timestamp: NOW.plus_millis(offset - 990_420),
            key: Some(called("customer-12").into()),
            value: Some(vec![0; 184].into()),
            headers: vec![header("trace-id", "4bf92f3577b34da6"), header("retry", "1"), header("retry", "2")],
            batch,
        },
        key,
        value: Decoded {
            value,
            format: Format::Avro { schema_id: Some(41) },
            schema: Some(called("orders.v1-value v3").as_str().into()),
            packed: Vec::new(),
            attempts: Vec::new(),
        },
    })
}

/// Small batches in lz4, one producer without an id.
pub fn compression() -> CompressionReport {
    let plain_bytes = 16 << 20;
    let trial = |codec, level, gathered: Option<u32>, packed_bytes: u64, tenths: u64| Trial {
        codec,
        level,
        gathered,
        plain_bytes,
        packed_bytes,
        pack_nanos: plain_bytes * tenths / 10,
        unpack_nanos: plain_bytes * tenths / 40,
    };
    let ways = |gathered, part: u64| {
        [
            trial(Codec::Snappy, None, gathered, 9_900_000 * part / 10, 22),
            trial(Codec::Lz4, None, gathered, 9_500_000 * part / 10, 51),
            trial(Codec::Gzip, Some(6), gathered, 7_000_000 * part / 10, 233),
            trial(Codec::Zstd, Some(3), gathered, 7_100_000 * part / 10, 56),
        ]
    };
    let used = |producer_id, codec, batches, wire_bytes| ProducerUse {
        producer_id,
        codec,
        is_transactional: false,
        batches,
        records: batches * 100,
        wire_bytes,
        plain_bytes: wire_bytes * 2,
    };
    CompressionReport {
        batches: 672,
        records: 67_047,
        wire_bytes: 9_500_000,
        plain_bytes,
        topic_codec: Some("producer".into()),
        producers: vec![used(Some(4711), Codec::Lz4, 600, 8_000_000), used(None, Codec::None, 72, 1_500_000)],
        trials: [ways(None, 10), ways(Some(65_536), 8)].concat(),
    }
}

/// An order that could not be processed.
pub fn letter(offset: Offset) -> Arc<DecodedRecord> {
    let mut letter = (*record(offset)).clone();
    let header = |name: &str, value: &[u8]| Header { name: name.into(), value: Some(value.to_vec().into()) };
    let class = called("java.net.SocketTimeoutException");
    letter.record.headers.extend([
        header("kafka_dlt-original-topic", called("orders.v1").as_bytes()),
        header("kafka_dlt-original-partition", &7_i32.to_be_bytes()),
        header("kafka_dlt-original-offset", &884_990_i64.to_be_bytes()),
        header("kafka_dlt-original-consumer-group", called("order-processor").as_bytes()),
        header("kafka_dlt-exception-cause-fqcn", class.as_bytes()),
        header("kafka_dlt-exception-message", called("Read timed out").as_bytes()),
    ]);
    Arc::new(letter)
}

pub fn card(name: &str, is_read_only: bool) -> ProfileCard {
    ProfileCard {
        name: called(name),
        brokers: format!("kafka-1.{name}:9092, kafka-2.{name}:9092"),
        registry: Some(called(&format!("https://registry.{name}"))),
        security: "TLS, SCRAM-SHA-512".into(),
        colour: is_read_only.then(|| "red".into()),
        is_read_only,
        is_production: is_read_only,
        notes: is_read_only.then(|| called("On call: #kafka. Changes only after 18:00.")),
    }
}

/// A walk that ends at the credentials.
pub fn probe_steps() -> Vec<ProbeStep> {
    let step = |stage, ending, millis| ProbeStep {
        stage,
        target: "kafka-1:9093".into(),
        ending,
        certificate: None,
        took: Duration::from_millis(millis),
    };
    let rejected = Failure::new(FailureKind::Auth, "authenticate", "the broker rejected the credentials")
        .at_broker("kafka-1:9093")
        .hint("Check user and password; klamm does not try again by itself.");
    let ends = Ending::Look {
        found: "TLSv1.3: CN=kafka-1 for kafka-1, kafka-1.prod, issued by CN=prod-ca, until 2026-12-03".into(),
        hint: "The broker's certificate ends in 11 days: renew it.".into(),
    };
    vec![
        step(Stage::Resolve, Ending::Ok("10.0.3.7".into()), 3),
        step(Stage::Tcp, Ending::Ok("connected".into()), 12),
        step(Stage::Tls, ends, 31),
        step(Stage::ApiVersions, Ending::Ok("61 APIs, as Kafka 4.0 or newer speaks them".into()), 8),
        step(Stage::Sasl, Ending::Failed(rejected), 140),
        ProbeStep {
            target: String::new(),
            ..step(Stage::Metadata, Ending::Skipped("the credentials were not accepted".into()), 0)
        },
        step(Stage::Registry, Ending::Skipped("the profile has no registry".into()), 0),
    ]
}

/// What is on a screen, without the blanks at the ends of its lines.
pub fn text_of(screen: &Buffer) -> String {
    let mut lines = Vec::new();
    for y in 0..screen.area.height {
        let (mut line, mut x) = (String::new(), 0);
        while x < screen.area.width {
            let symbol = screen[(x, y)].symbol();
            line.push_str(symbol);
            // The second half of a wide letter is a cell of its own.
            x += text::display_width(symbol).max(1) as u16;
        }
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n")
}

/// A console whose requests are answered by hand.
pub struct Desk {
    pub state: State,
    /// Requests that wait for their answer.
    pub open: BTreeMap<Slot, (Generation, Request)>,
    pub effects: Vec<Effect>,
    pub now: Time,
}

impl Desk {
    /// Nothing is open.
    pub fn welcome() -> Self {
        let mut state = State::new(NOW, Arc::new(KeyMap::default()), TimeZone::UTC);
        state.views.profiles.file = "/home/sam/.config/klamm/config.toml".into();
        state.screen = crate::tui::app::Screen::Profiles;
        state.look = Look::new(Catalogue::default().names(), "dark".into());
        Self { state, open: BTreeMap::new(), effects: Vec::new(), now: NOW }
    }

    /// A profile is open and nothing has been answered.
    pub fn connected(access: Access) -> Self {
        let mut desk = Self::welcome();
        let is_read_only = access != Access::ReadWrite;
        desk.state.views.profiles.cards = vec![card("dev", false), card("prod-eu", true)];
        desk.state.views.profiles.arrange();
        let generation = desk.state.slots.start(Slot::Connect);
        desk.open.insert(Slot::Connect, (generation, Request::Connect("prod-eu".into())));
        let session = Session {
            card: card("prod-eu", is_read_only),
            access,
            zone: TimeZone::UTC,
            since: NOW.plus_millis(-2_400_000),
            is_demo: false,
            refresh: crate::profile::Refresh::default(),
            formats: crate::domain::topic_formats::TopicFormats::default(),
            naming: None,
        };
        desk.answer(Slot::Connect, Answer::Connected(Ok(Box::new(session))));
        desk
    }

    /// The common snapshots are there.
    pub fn filled(access: Access) -> Self {
        let mut desk = Self::connected(access);
        desk.answer(Slot::Metadata, Answer::Metadata(Ok(metadata())));
        desk.answer(Slot::TopicLogs, Answer::TopicLogs(Ok(logs())));
        desk.answer(Slot::Brokers, Answer::Brokers(Ok(brokers())));
        desk.answer(Slot::Groups, Answer::Groups(Ok(groups())));
        desk
    }

    pub fn send(&mut self, message: Message) {
        for effect in update(&mut self.state, message) {
            match &effect {
                Effect::Start { slot, generation, request, .. } => {
                    self.open.insert(*slot, (*generation, request.clone()));
                }
                Effect::Cancel(slot) => {
                    self.open.remove(slot);
                }
                Effect::Copy(_) | Effect::Suspend | Effect::ShowTheme(_) | Effect::Quit => {}
            }
            self.effects.push(effect);
        }
    }

    /// Answers the request that waits in `slot`.
    pub fn answer(&mut self, slot: Slot, answer: Answer) {
        let (generation, _) = *self.open.get(&slot).as_ref().unwrap_or_else(|| panic!("nothing was asked in {slot:?}"));
        let generation = *generation;
        self.late(slot, generation, answer);
    }

    /// All files that a form names are there.
    pub fn answer_files(&mut self) {
        if self.open.contains_key(&Slot::ProfileCheck) {
            let generation = self.state.slots.start(Slot::ProfileCheck);
            self.late(Slot::ProfileCheck, generation, Answer::FilesChecked(Vec::new()));
        }
    }

    /// An answer of any generation.
    pub fn late(&mut self, slot: Slot, generation: Generation, answer: Answer) {
        let took = Duration::from_millis(10);
        self.send(Message::Answered(Answered { slot, generation, at: self.now, took, access: None, answer }));
    }

    /// Presses keys written like `2 j enter`; `'text'` types text.
    pub fn press(&mut self, keys: &str) {
        for word in keys.split(' ') {
            let chords: Vec<Chord> = match word.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
                Some(text) => text.chars().map(|c| Chord::parse(&c.to_string()).unwrap()).collect(),
                None => vec![Chord::parse(word).unwrap()],
            };
            for chord in chords {
                self.now = self.now.plus_millis(1);
                let at = self.now;
                self.send(Message::Pressed { chord, at });
            }
        }
    }

    /// Draws a frame and passes its account back, as the runtime does.
    pub fn draw(&mut self, width: u16, height: u16) -> String {
        self.draw_with(width, height, &Theme::built_in("dark", Depth::True)).0
    }

    pub fn draw_with(&mut self, width: u16, height: u16, theme: &Theme) -> (String, Drawn) {
        let (backend, account) = self.frame(width, height, theme);
        (text_of(backend.buffer()), account)
    }

    /// A frame with its colours, and its account.
    pub fn frame(&mut self, width: u16, height: u16, theme: &Theme) -> (TestBackend, Drawn) {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let mut account = Drawn::default();
        // The second frame knows the heights that the first one told.
        for _ in 0..2 {
            let mut drawn = None;
            self.now = self.now.plus_millis(1);
            let at = self.now;
            let state = &self.state;
            terminal.draw(|frame| drawn = Some(ui::draw(frame, state, theme))).unwrap();
            account = drawn.unwrap();
            self.send(Message::Drawn { drawn: account.clone(), at });
        }
        (terminal.backend().clone(), account)
    }
}
