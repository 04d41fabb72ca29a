//! Answers from a cluster that is not there, for tests.
//!
//! Invariant: fixed times and numbers; the same screen at each run.

mod desk;
mod groups;

pub use desk::{Desk, text_of};
use groups::lag;
pub use groups::{group, groups, groups_without_a_coordinator, listing};

use crate::cluster::*;
use crate::domain::broker::Broker;
use crate::domain::compression::{CompressionReport, ProducerUse, Trial};
use crate::domain::config::{ConfigEntry, ConfigSource};
use crate::domain::group::*;
use crate::domain::origin::GroupRole;
use crate::domain::partition_plan::{self, KeySample, PartitionInputs, PartitionReport, PartitionWish, Reader};
use crate::domain::plan::*;
use crate::domain::produce::{Batch, Delivery, Produce, Written};
use crate::domain::record::*;
use crate::domain::topic::{Partition, PartitionLog, Rate, Topic};
use crate::domain::value::{Logical, Value};
use crate::domain::writing::{SchemaChoice, Which};
use crate::domain::*;
use crate::tui::app::session::ProfileCard;
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
        id: BrokerId(id),
        broker: Some(broker(id)),
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
/// A record to write, and what came of it.
pub fn produced() -> (Arc<Plan>, Outcome) {
    let batch = Batch {
        partition: Some(2),
        records: Some(1),
        bytes: Some(13),
        digest: None,
        key: Some("customer-88".into()),
        value: Some("{}".into()),
        headers: 0,
        timestamp: None,
    };
    let produce = Produce {
        topic: "orders.v1".into(),
        topic_id: None,
        delivery: Delivery::default(),
        rate: None,
        ends: vec![(2, 990_412)],
    };
    let plan = Plan {
        title: "Write 1 record to orders.v1".into(),
        summary: vec!["1 record, 13 B of keys, values and headers".into()],
        warnings: Vec::new(),
        confirm: Confirm::Yes,
        not_undoable: Some("Kafka does not take back a record that was written".into()),
        change: Change::Produce(Box::new(produce)),
        steps: vec![Step::Produce(Box::new(batch))],
        ..(*plan(true, 0, Confirm::Yes)).clone()
    };
    let written = Written { step: 0, partition: 2, records: 1, first: Some(990_412), last: Some(990_412) };
    let outcome = Outcome {
        plan_id: plan.id.clone(),
        at: NOW,
        steps: vec![StepStatus::Done],
        notes: Vec::new(),
        written: vec![written],
        reached: Vec::new(),
    };
    (Arc::new(plan), outcome)
}

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
        base_offset: offset - 3,
        leader_epoch: 4,
        is_transactional: false,
        is_append_time: false,
    };
    let key = Decoded {
        value: Value::Text(called("customer-12").as_str().into()),
        format: Format::Text,
        schema: None,
        written: None,
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
            written: Some(SchemaChoice::of(Which::Id(41))),
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
        is_saved: true,
        brokers: format!("kafka-1.{name}:9092, kafka-2.{name}:9092"),
        registry: Some(called(&format!("https://registry.{name}"))),
        registry_context: (name == "prod-eu").then(|| called(".shop")),
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
