use super::*;
use crate::domain::Fact;
use crate::domain::group::{GroupState, GroupType};
use crate::domain::partitioner::partition_for;
use crate::domain::topic::Partition;
use proptest::prelude::*;
use rstest::rstest;

fn topic(name: &str, partitions: i32) -> Arc<Topic> {
    let partition = |id| Partition {
        id,
        leader: Some(BrokerId(id % 3)),
        leader_epoch: 0,
        replicas: (0..3).map(|shift| BrokerId((id + shift) % 3)).collect(),
        isr: [].into(),
    };
    Arc::new(Topic {
        name: name.into(),
        id: None,
        is_internal: false,
        partitions: (0..partitions).map(partition).collect(),
    })
}

fn brokers() -> Vec<Broker> {
    (0..3).map(|id| Broker { id: BrokerId(id), host: "b".into(), port: 9092, rack: None }).collect()
}

fn sample(partitions: i32, partitioner: Partitioner, keys: i32) -> KeySample {
    let mut sample = KeySample::default();
    for key in 0..keys {
        let key = format!("customer-{key}");
        let partition = partition_for(key.as_bytes(), partitions, partitioner).unwrap();
        sample.add(partition, Some(key.as_bytes()), Time(key_time(partition)));
    }
    sample
}

fn key_time(partition: i32) -> i64 {
    1_700_000_000_000 + i64::from(partition)
}

fn inputs(partitions: i32, keys: KeySample) -> PartitionInputs {
    PartitionInputs {
        topic: topic("orders.v1", partitions),
        mirrored_from: None,
        logs: vec![],
        brokers: brokers(),
        replicas_per_broker: (0..3).map(|id| (BrokerId(id), 9_120)).collect(),
        keys,
        sample_failure: None,
        is_compacted: Some(false),
        readers: vec![],
    }
}

fn reader(id: &str, state: GroupState, role: GroupRole) -> Reader {
    let group = GroupListing { id: id.into(), state, kind: GroupType::Classic, protocol_type: "consumer".into() };
    Reader { group, members: Some(0), role }
}

#[test]
fn the_formula_stands_with_its_numbers() {
    let wish = PartitionWish {
        target_rate: Some(50e6),
        in_rate: Some(6.1e6),
        read_rate: Some(4e6),
        consumers: Some(6),
        ..PartitionWish::default()
    };
    let report = report(&inputs(12, KeySample::default()), &wish);
    let needs = report.needs.unwrap();
    assert_eq!((needs.minimum, needs.suggested), (13, 18));
    assert_eq!(
        needs.lines,
        [
            "target 50 MB/s · one partition takes 6.1 MB/s in (you said) · a consumer reads 4.0 MB/s (you said) · 6 consumers",
            "max(50/6.1, 50/4, 6) = 13 → 18 divides evenly over 3 brokers and 6 consumers",
        ]
    );
    assert_eq!(report.choices.iter().map(|choice| choice.partitions).collect::<Vec<_>>(), [13, 18, 24]);
    assert_eq!(report.recommended, Some(1));
    let eighteen = &report.choices[1];
    assert_eq!(eighteen.replicas_per_broker, 9_126);
    assert!(eighteen.is_over_limit && eighteen.divides_evenly);
    assert!((eighteen.rate_each.unwrap() - 50e6 / 18.0).abs() < 1.0);
}

#[rstest]
#[case(3, 6, 0.50)]
#[case(6, 9, 0.67)]
#[case(10, 12, 0.83)]
#[case(12, 13, 0.92)]
fn the_share_that_moves(#[case] from: i32, #[case] to: i32, #[case] share: f64) {
    assert!((choice::expected_moved(from, to) - share).abs() < 0.005);
    let wish = PartitionWish { partitions: Some(to), ..PartitionWish::default() };
    let report = report(&inputs(from, sample(from, Partitioner::Java, 3_000)), &wish);
    let chosen = report.choices.iter().find(|choice| choice.partitions == to).unwrap();
    for (partitioner, moved) in &chosen.moved {
        assert!((moved - share).abs() < 0.05, "{partitioner:?}: {moved}");
    }
}

#[rstest]
#[case(Partitioner::Java)]
#[case(Partitioner::Librdkafka)]
#[case(Partitioner::Sarama)]
fn the_partitioner_in_use_is_recognised(#[case] used: Partitioner) {
    let report = report(&inputs(12, sample(12, used, 500)), &PartitionWish::default());
    assert_eq!(report.partitioner, Some(used));
    assert!(report.explained.contains(&(used, 1.0)));
    assert_eq!(report.distinct_keys, 500);
    assert_eq!(report.skew.iter().sum::<u64>(), 500);
    for choice in &report.choices {
        assert_eq!(choice.skew.iter().sum::<u64>(), 500);
        assert_eq!(choice.skew.len(), usize::try_from(choice.partitions).unwrap());
    }
}

#[test]
fn hot_keys_say_where_they_go() {
    let mut keys = KeySample::default();
    for _ in 0..3 {
        keys.add(8, Some(b"user-1"), Time(1));
    }
    keys.add(0, Some(b"21"), Time(2));
    keys.add(5, None, Time(3));
    let wish = PartitionWish { partitions: Some(50), ..PartitionWish::default() };
    let report = report(&inputs(12, keys), &wish);
    let hottest = &report.choices.last().unwrap().hottest;
    assert_eq!(hottest[0], HotKey { key: "user-1".into(), share: 0.6, from: 8, to: Some(28) });
    assert_eq!((report.sampled, report.keyless, report.sampled_span), (5, 1, Some((Time(1), Time(3)))));
}

#[test]
fn the_newest_place_of_a_key_counts() {
    let mut keys = KeySample::default();
    keys.add(8, Some(b"user-1"), Time(10));
    keys.add(3, Some(b"user-1"), Time(5));
    assert_eq!(keys.hottest(1)[0].1.partition, 8);
}

#[test]
fn keys_without_a_known_partitioner_are_said_to_be_so() {
    let mut keys = KeySample::default();
    for key in 0..200 {
        keys.add(0, Some(format!("key-{key}").as_bytes()), Time(0));
    }
    let report = report(&inputs(12, keys), &PartitionWish::default());
    assert_eq!(report.partitioner, None);
    assert!(report.warnings.iter().any(|w| w.text.contains("no default partitioner explains")));
    assert!(report.choices.iter().all(|choice| choice.hottest.iter().all(|key| key.to.is_none())));
}

#[test]
fn rates_are_measured_from_records_and_sizes() {
    let log = |rate: f64| PartitionLog {
        start: Fact::Known(0),
        end: Fact::Known(1_000),
        size: Fact::Known(500_000),
        rate: Fact::Known(rate.into()),
    };
    let mut inputs = inputs(2, KeySample::default());
    inputs.logs = vec![log(4_000.0), log(2_000.0)];
    let wish = PartitionWish { target_rate: Some(10e6), ..PartitionWish::default() };
    let measured = report(&inputs, &wish);
    assert_eq!((measured.rate, measured.busiest, measured.size), (Some(3e6), Some(2e6), Some(1_000_000)));
    assert_eq!(measured.needs.as_ref().unwrap().takes, Figure { per_second: 2e6, source: Source::Measured });
    assert_eq!(measured.needs.unwrap().minimum, 5);
    // One unknown partition makes the whole unknown, and a quiet topic measures nothing.
    inputs.logs[1].rate = Fact::unknown("first sample");
    inputs.logs[0] = log(10.0);
    let unknown = report(&inputs, &wish);
    assert_eq!(unknown.rate, None);
    assert_eq!(unknown.needs.unwrap().takes.source, Source::Assumed);
}

#[test]
fn what_breaks_is_said() {
    let mut inputs = inputs(12, KeySample::default());
    inputs.keys.is_transactional = true;
    inputs.is_compacted = Some(true);
    inputs.readers = vec![
        reader("search-app", GroupState::Stable, GroupRole::Streams),
        reader("billing", GroupState::Empty, GroupRole::Plain),
        reader("audit", GroupState::Stable, GroupRole::Plain),
    ];
    let report = report(&inputs, &PartitionWish::default());
    let has = |part: &str| report.warnings.iter().any(|warning| warning.text.contains(part));
    assert!(has("compacted"));
    assert!(has("in transactions"));
    assert!(has("search-app (Streams) will stop at its next rebalance: its internal topics have 12 partitions"));
    assert!(has("2 groups may skip"));
    assert!(has("producers learn"));
    assert_eq!(report.zero.groups, ["billing".into()]);
    let others: Vec<_> = report.zero.others.iter().map(|(group, reason)| (group.as_str(), reason.as_str())).collect();
    assert_eq!(others[1], ("audit", "it is Stable: Kafka takes no commit for a group with members"));
    assert_eq!(others[0].0, "search-app");
}

fn described(id: &str, may_delete: Option<bool>) -> GroupDescription {
    let group = reader(id, GroupState::Empty, GroupRole::Plain).group;
    GroupDescription { may_delete, ..GroupDescription::of_listing(group) }
}

fn add(topic: Arc<Topic>, to: i32) -> AddInputs {
    AddInputs {
        id: "p".into(),
        now: Time(0),
        topic,
        mirrored_from: None,
        brokers: brokers(),
        replicas_per_broker: HashMap::new(),
        readers: vec![
            reader("billing", GroupState::Empty, GroupRole::Plain),
            reader("audit", GroupState::Stable, GroupRole::Plain),
        ],
        described: vec![described("billing", Some(false))],
        commit_zero: CommitZero::No,
        to,
    }
}

#[test]
fn the_plan_places_replicas_and_cannot_be_undone() {
    let plan = plan_add_partitions(add(topic("orders.v1", 12), 14)).unwrap();
    assert_eq!(plan.title, "Add 2 partitions to orders.v1: 12 → 14");
    assert_eq!(plan.confirm, Confirm::TypeName("orders.v1".into()));
    assert!(plan.not_undoable.is_some());
    assert_eq!(plan.command_line, "klamm topics add-partitions orders.v1 --to 14");
    let has = |part: &str| plan.warnings.iter().any(|warning| warning.text.contains(part));
    assert!(has("billing could be given offset 0 there in the same change"), "{:?}", plan.warnings);
    assert!(has("audit is not given offset 0: it is Stable"), "{:?}", plan.warnings);
    let [Step::AddPartitions { before: 12, after: 14, assignments, .. }] = plan.steps.as_slice() else {
        panic!("{:?}", plan.steps)
    };
    assert_eq!(assignments.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3]);
}

#[test]
fn offset_0_is_committed_in_each_new_partition_for_each_group_chosen() {
    let mut inputs = add(topic("orders.v1", 12), 14);
    inputs.commit_zero = CommitZero::Offered;
    let plan = plan_add_partitions(inputs.clone()).unwrap();
    assert_eq!(plan.command_line, "klamm topics add-partitions orders.v1 --to 14 --commit-zero");
    assert!(matches!(plan.steps[0], Step::AddPartitions { .. }), "partitions come first");
    let moves: Vec<_> = plan
        .moves()
        .map(|step| (plan.group_of(step).unwrap().as_str(), step.partition, step.before.clone(), step.target))
        .collect();
    assert_eq!(moves, [("billing", 12, None, Some(0)), ("billing", 13, None, Some(0))]);
    assert!(plan.moves().all(|step| plan.adds(step)));
    assert_eq!(plan.not_undoable, None, "undo takes the commits back");
    assert!(plan.summary.iter().any(|line| line.contains("the partitions stay")), "{:?}", plan.summary);
    // The right that undo will need is looked up, and blocks nothing.
    let right = plan.checks.iter().find(|check| check.is_advice).unwrap();
    assert_eq!(right.passed, Some(false));
    assert_eq!(plan.failed_check(), None);
    inputs.commit_zero = CommitZero::Only(vec!["billing".into()]);
    let named = plan_add_partitions(inputs.clone()).unwrap();
    assert_eq!(named.command_line, "klamm topics add-partitions orders.v1 --to 14 --commit-zero=billing");
    for (group, reason) in [("audit", "it is Stable"), ("nobody", "committed nothing in orders.v1")] {
        inputs.commit_zero = CommitZero::Only(vec![group.into()]);
        let failure = plan_add_partitions(inputs.clone()).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Refused);
        assert!(failure.to_string().contains(reason), "{failure}");
    }
}

#[rstest]
#[case::fewer("orders.v1", 11, FailureKind::Invalid)]
#[case::same("orders.v1", 12, FailureKind::Invalid)]
#[case::absurd("orders.v1", i32::MAX, FailureKind::Invalid)]
#[case::internal("__consumer_offsets", 13, FailureKind::Refused)]
#[case::registry("_schemas", 13, FailureKind::Refused)]
#[case::connect("connect-offsets", 13, FailureKind::Refused)]
#[case::mirror("mm2-offsets.eu.internal", 13, FailureKind::Refused)]
#[case::changelog("app-store-changelog", 13, FailureKind::Refused)]
#[case::repartition("app-x-repartition", 13, FailureKind::Refused)]
fn some_topics_are_refused(#[case] name: &str, #[case] to: i32, #[case] kind: FailureKind) {
    assert_eq!(plan_add_partitions(add(topic(name, 12), to)).unwrap_err().kind, kind);
}

#[test]
fn mirrored_topics_are_changed_at_their_source() {
    let mut inputs = add(topic("eu.orders", 12), 13);
    inputs.mirrored_from = Some("eu".into());
    assert_eq!(plan_add_partitions(inputs).unwrap_err().kind, FailureKind::Refused);
}

proptest! {
    #[test]
    fn any_wish_gives_a_finite_report(
        target in proptest::option::of(any::<f64>()), takes in proptest::option::of(any::<f64>()),
        consumers in any::<Option<u32>>(), partitions in any::<Option<i32>>(), current in 0..40i32,
    ) {
        // Placing replicas for absurd counts is slow, not wrong: keep the sizes of a topic.
        let partitions = partitions.map(|count| count % 500);
        let consumers = consumers.map(|count| count % 500);
        let target = target.map(|rate| rate % 1e9);
        let takes = takes.map(|rate| 1e7 + (rate % 1e7).abs());
        let wish = PartitionWish { target_rate: target, in_rate: takes, consumers, partitions, ..PartitionWish::default() };
        let report = report(&inputs(current, KeySample::default()), &wish);
        prop_assert!(report.choices.iter().all(|choice| choice.partitions > current));
        prop_assert!(report.choices.windows(2).all(|pair| pair[0].partitions < pair[1].partitions));
        prop_assert!(report.recommended.is_none_or(|index| index < report.choices.len()));
    }
}
