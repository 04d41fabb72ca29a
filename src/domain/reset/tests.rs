use super::*;
use crate::domain::group::{GroupListing, GroupType, Member};
use crate::domain::plan::{Adjusted, NextRecord, Outcome, StepStatus};
use proptest::prelude::*;
use rstest::rstest;

const NOW: Time = Time(1_795_269_787_000); // 2026-11-21T14:03:07Z

fn group(state: GroupState) -> GroupDescription {
    GroupDescription::of_listing(GroupListing {
        id: "fraud scoring".into(),
        state,
        kind: GroupType::Classic,
        protocol_type: "consumer".into(),
    })
}

fn commit(offset: Offset) -> CommittedOffset {
    CommittedOffset { offset, leader_epoch: 3, metadata: "m".into() }
}

fn facts(partition: i32, committed: Option<Offset>, start: Offset, end: Offset) -> PartitionFacts {
    PartitionFacts {
        partition: TopicPartition::new("payments".into(), partition),
        topic_id: Some(TopicId(7)),
        exists: true,
        committed: committed.map(commit),
        start: Fact::Known(start),
        end: Fact::Known(end),
        by_time: None,
        is_ahead: false,
        given: None,
    }
}

fn inputs(target: ResetTarget, partitions: Vec<PartitionFacts>) -> ResetInputs {
    ResetInputs {
        id: "p1".into(),
        now: NOW,
        zone: TimeZone::get("Europe/Berlin").unwrap(),
        group: group(GroupState::Empty),
        role: GroupRole::Plain,
        creates_group: false,
        production: false,
        commits_without_joining: false,
        all_topics: false,
        whole_topics: BTreeSet::from(["payments".into()]),
        target,
        partitions,
    }
}

fn only(plan: &Plan) -> &OffsetMove {
    plan.moves().next().unwrap()
}

#[test]
fn a_share_group_is_reset_without_a_way_back() {
    let mut inputs = inputs(ResetTarget::Earliest, vec![facts(0, Some(500), 100, 900), facts(1, None, 0, 50)]);
    inputs.group.listing.kind = GroupType::Share;
    let plan = plan_reset(inputs).unwrap();
    let group = GroupId::from("fraud scoring");
    assert_eq!(plan.change, Change::ResetShareGroup { group });
    assert_eq!(plan.confirm, Confirm::TypeName("fraud scoring".into()));
    assert!(plan.not_undoable.as_ref().is_some_and(|why| why.contains("acknowledged")), "{plan:?}");
    assert!(plan.warnings[0].text.contains("delivered again"), "{:?}", plan.warnings);
    assert!(plan.checks.iter().all(|check| !check.text.contains("undo")), "{:?}", plan.checks);
    assert_eq!(plan.moves().map(|step| step.target).collect::<Vec<_>>(), [Some(100), Some(0)]);
}

#[rstest]
#[case::earliest(ResetTarget::Earliest, 100, None)]
#[case::latest(ResetTarget::Latest, 900, None)]
#[case::current(ResetTarget::Current, 500, None)]
#[case::inside(ResetTarget::Offset(300), 300, None)]
#[case::below(ResetTarget::Offset(7), 100, Some(Adjusted::RaisedToStart { wish: 7 }))]
#[case::beyond(ResetTarget::Offset(901), 900, Some(Adjusted::LoweredToEnd { wish: 901 }))]
#[case::at_the_end(ResetTarget::Offset(900), 900, None)]
#[case::back(ResetTarget::Shift(-50), 450, None)]
#[case::far_back(ResetTarget::Shift(i64::MIN), 100, Some(Adjusted::RaisedToStart { wish: 500 + i64::MIN }))]
#[case::far_on(ResetTarget::Shift(i64::MAX), 900, Some(Adjusted::LoweredToEnd { wish: i64::MAX }))]
fn targets(#[case] target: ResetTarget, #[case] offset: Offset, #[case] adjusted: Option<Adjusted>) {
    let plan = plan_reset(inputs(target, vec![facts(0, Some(500), 100, 900)])).unwrap();
    assert_eq!((only(&plan).target, only(&plan).adjusted.clone()), (Some(offset), adjusted));
    // A reset writes no metadata and no epoch, and keeps both of the old commit.
    assert_eq!((only(&plan).metadata.as_str(), only(&plan).leader_epoch), ("", -1));
    assert_eq!(only(&plan).before, Some(commit(500)));
}

#[test]
fn a_time_takes_the_first_record_or_the_end() {
    let time = Time(NOW.0 - 3_600_000);
    let found = |fact| PartitionFacts { by_time: Some(fact), ..facts(0, Some(500), 100, 900) };
    let plan = |fact| plan_reset(inputs(ResetTarget::Time(time), vec![found(fact)]));
    assert_eq!(only(&plan(Fact::Known(Some((321, time)))).unwrap()).target, Some(321));
    let none = plan(Fact::Known(None)).unwrap();
    assert_eq!(only(&none).adjusted, Some(Adjusted::NoRecordAfterTime));
    assert!(none.warnings[0].text.contains("without a record at or after 2026-11-21 14:03:07 Europe/Berlin"));
    let unknown = plan(Fact::unknown("broker 2 did not answer")).unwrap_err();
    assert!(unknown.to_string().contains("broker 2 did not answer"), "{unknown}");
    let future = plan(Fact::Known(Some((321, Time(NOW.0 + 86_400_000))))).unwrap();
    assert!(future.warnings[0].text.contains("from the future"), "{:?}", future.warnings);
    let ahead = PartitionFacts { is_ahead: true, ..found(Fact::Known(Some((321, time)))) };
    let ahead = plan_reset(inputs(ResetTarget::Time(time), vec![ahead])).unwrap();
    assert!(ahead.warnings[0].text.contains("the clock of this machine or of their producers"), "{:?}", ahead.warnings);
}

#[test]
fn unknown_bounds_leave_a_partition_out_and_never_send_zero() {
    let mut dark = facts(1, Some(5), 0, 9);
    dark.end = Fact::unknown("the partition has no leader");
    let gone = PartitionFacts { exists: false, ..facts(2, Some(5), 0, 9) };
    let plan = plan_reset(inputs(ResetTarget::Earliest, vec![facts(0, Some(5), 0, 9), dark.clone(), gone])).unwrap();
    assert_eq!(plan.moves().map(|step| step.partition).collect::<Vec<_>>(), [0]);
    let texts: Vec<&str> = plan.warnings.iter().map(|warning| warning.text.as_str()).collect();
    assert!(texts.iter().any(|t| t.contains("has no leader") && t.contains("payments:1")), "{texts:?}");
    assert!(texts.iter().any(|t| t.contains("no such partition") && t.contains("payments:2")), "{texts:?}");
    let failure = plan_reset(inputs(ResetTarget::Earliest, vec![dark])).unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound);
}

#[test]
fn a_shift_without_a_commit_shifts_nothing() {
    let failure =
        plan_reset(inputs(ResetTarget::Shift(1), vec![facts(0, Some(5), 0, 9), facts(1, None, 0, 9)])).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Invalid);
    assert!(failure.message.contains("payments:1"), "{failure}");
}

#[test]
fn current_falls_back_to_the_end_and_is_not_clamped() {
    let plan = plan_reset(inputs(ResetTarget::Current, vec![facts(0, Some(5), 10, 90), facts(1, None, 0, 9)])).unwrap();
    let targets: Vec<_> = plan.moves().map(|step| (step.target, step.adjusted.clone())).collect();
    assert_eq!(targets, [(Some(5), None), (Some(9), Some(Adjusted::NothingCommitted))]);
}

#[test]
fn the_plan_reads_like_the_screen() {
    let time = Time(1_795_254_300_000); // 2026-11-21T09:45:00Z
    let at = |partition, committed, start, end, offset| PartitionFacts {
        by_time: Some(Fact::Known(Some((offset, time)))),
        ..facts(partition, Some(committed), start, end)
    };
    let plan = plan_reset(inputs(
        ResetTarget::Time(time),
        vec![
            at(3, 880_004, 0, 964_410, 880_160),
            at(0, 990_412, 0, 990_412, 981_004),
            at(9, 120, 2_004, 402_118, 2_004),
        ],
    ))
    .unwrap();
    assert_eq!(plan.title, "Reset fraud scoring to 2026-11-21 10:45:00 Europe/Berlin");
    assert_eq!(
        plan.summary,
        [
            "3 partitions of payments · 10:45:00 = 2026-11-21 09:45:00 UTC · ~9,408 read again · ~156 skipped · ~1,884 lost"
        ]
    );
    assert_eq!(
        plan.command_line,
        "klamm groups reset 'fraud scoring' --topic payments --to-datetime 2026-11-21T10:45:00+01:00"
    );
    assert_eq!(plan.moves().map(|step| step.partition).collect::<Vec<_>>(), [0, 3, 9]);
    assert_eq!(plan.confirm, Confirm::Yes);
    assert_eq!(plan.failed_check(), None);
}

#[test]
fn the_name_is_typed_where_more_can_go_wrong() {
    let confirm = |change: fn(&mut ResetInputs)| {
        let mut inputs = inputs(ResetTarget::Latest, vec![facts(0, Some(5), 0, 9)]);
        change(&mut inputs);
        plan_reset(inputs).unwrap().confirm
    };
    let typed = Confirm::TypeName("fraud scoring".into());
    assert_eq!(confirm(|_| ()), Confirm::Yes);
    assert_eq!(confirm(|i| i.production = true), typed);
    assert_eq!(confirm(|i| i.role = GroupRole::Streams), typed);
    let created = |i: &mut ResetInputs| {
        i.creates_group = true;
        i.group = group(GroupState::Dead);
    };
    assert_eq!(confirm(created), typed);
    assert_eq!(confirm(|i| i.commits_without_joining = true), typed);
    // Going back in production skips nothing.
    let back = |i: &mut ResetInputs| {
        i.production = true;
        i.target = ResetTarget::Earliest;
    };
    assert_eq!(confirm(back), Confirm::Yes);
}

#[test]
fn a_group_with_members_fails_the_check_and_names_them() {
    let mut inputs = inputs(ResetTarget::Latest, vec![facts(0, Some(5), 0, 9)]);
    inputs.group = group(GroupState::Stable);
    inputs.group.members.push(Member {
        member_id: "m".into(),
        client_id: "scorer".into(),
        host: "/10.0.0.7".into(),
        ..Default::default()
    });
    let plan = plan_reset(inputs).unwrap();
    let failed = plan.failed_check().unwrap();
    assert_eq!(failed.text, "the group is empty (it is Stable: scorer at 10.0.0.7)");
}

#[test]
fn timestamps_out_of_order_are_found_in_the_records_read_next() {
    let wish = Time(NOW.0 - 3_600_000);
    let mut plan = plan_reset(inputs(ResetTarget::Offset(5), vec![facts(0, Some(5), 0, 9)])).unwrap();
    let mut with = |timestamp: Time, earliest_after: Option<Time>| {
        plan.warnings.clear();
        if let Some(Step::MoveOffset(step)) = plan.steps.first_mut() {
            step.next = Some(NextRecord { offset: 5, timestamp, preview: String::new(), earliest_after });
        }
        judge_next(&mut plan, Some(wish));
        plan.warnings.len()
    };
    let late = wish.plus_millis(120_000);
    assert_eq!(with(late, Some(wish)), 1);
    // A quiet topic: late, but in order.
    assert_eq!(with(late, Some(late)), 0);
    assert_eq!(with(late, None), 0);
    assert_eq!(with(wish, Some(Time(wish.0 - 1))), 0);
}

fn touched(role: GroupRole) -> TouchedGroup {
    TouchedGroup { description: group(GroupState::Empty), role, commits_without_joining: false }
}

fn undo_of(plan: &Plan, outcome: Option<&Outcome>, change: impl Fn(&mut UndoPartition)) -> Result<Plan, Failure> {
    careful_undo_of(plan, outcome, change, touched(GroupRole::Plain), false)
}

fn careful_undo_of(
    plan: &Plan,
    outcome: Option<&Outcome>,
    change: impl Fn(&mut UndoPartition),
    touched: TouchedGroup,
    production: bool,
) -> Result<Plan, Failure> {
    let partitions = plan.moves().map(|step| {
        let mut now = UndoPartition {
            group: plan.group_of(step).unwrap().clone(),
            partition: TopicPartition::new(step.topic.clone(), step.partition),
            topic_id: step.topic_id,
            exists: true,
            committed: step.target.map(|offset| CommittedOffset { offset, leader_epoch: -1, metadata: String::new() }),
            start: Fact::Known(step.log_start.unwrap()),
            end: Fact::Known(step.log_end.unwrap()),
            epoch_end: step.log_end,
        };
        change(&mut now);
        now
    });
    let partitions = partitions.collect();
    plan_undo(UndoInputs {
        id: "u1".into(),
        now: NOW,
        undone: plan,
        outcome,
        groups: vec![touched],
        production,
        partitions,
    })
}

#[rstest]
#[case::plain(GroupRole::Plain, false, false, false)]
#[case::production_skips(GroupRole::Plain, false, true, true)]
#[case::streams(GroupRole::Streams, false, false, true)]
#[case::connect(GroupRole::ConnectSink { connector: "c".into() }, false, false, true)]
#[case::mirror(GroupRole::MirrorSynced, false, false, true)]
#[case::commits_without_joining(GroupRole::Plain, true, false, true)]
fn undo_asks_as_strictly_as_a_reset(
    #[case] role: GroupRole,
    #[case] commits_without_joining: bool,
    #[case] production: bool,
    #[case] asks_for_the_name: bool,
) {
    let expected = if asks_for_the_name { Confirm::TypeName("fraud scoring".into()) } else { Confirm::Yes };
    // Back to the start: its undo goes forward again and skips what is unread.
    let back = plan_reset(inputs(ResetTarget::Earliest, vec![facts(0, Some(500), 100, 900)])).unwrap();
    let group = TouchedGroup { commits_without_joining, ..touched(role.clone()) };
    let undo = careful_undo_of(&back, None, |_| (), group, production).unwrap();
    assert!(only(&undo).skipped() > 0);
    assert_eq!(undo.confirm, expected);
    let wish = ResetInputs {
        role,
        commits_without_joining,
        production,
        ..inputs(ResetTarget::Latest, vec![facts(0, Some(500), 100, 900)])
    };
    assert_eq!(plan_reset(wish).unwrap().confirm, expected);
}

#[test]
fn undo_in_production_that_skips_nothing_is_a_plain_yes() {
    let on = plan_reset(inputs(ResetTarget::Latest, vec![facts(0, Some(500), 100, 900)])).unwrap();
    let undo = careful_undo_of(&on, None, |_| (), touched(GroupRole::Plain), true).unwrap();
    assert_eq!(undo.confirm, Confirm::Yes);
}

#[rstest]
#[case::granted(Some(true))]
#[case::denied(Some(false))]
#[case::not_told(None)]
fn the_right_that_undo_needs_is_shown_and_blocks_nothing(#[case] may_delete: Option<bool>) {
    let mut wish = inputs(ResetTarget::Earliest, vec![facts(0, None, 0, 9)]);
    wish.group.may_delete = may_delete;
    let plan = plan_reset(wish).unwrap();
    let right: Vec<_> = plan.checks.iter().filter(|check| check.is_advice).collect();
    assert_eq!(right.iter().map(|check| check.passed).collect::<Vec<_>>(), [may_delete]);
    assert!(right[0].text.contains("DELETE"), "{}", right[0].text);
    assert_eq!(plan.failed_check(), None);
    // Where something was committed, undo commits again: no other right is needed.
    let plan = plan_reset(inputs(ResetTarget::Earliest, vec![facts(0, Some(5), 0, 9)])).unwrap();
    assert!(plan.checks.iter().all(|check| !check.is_advice));
}

#[test]
fn undo_of_added_partitions_takes_the_commits_back_and_says_that_partitions_stay() {
    let moved = plan_reset(inputs(ResetTarget::Offset(0), vec![facts(7, None, 0, 0)])).unwrap();
    let step = OffsetMove { group: Some("fraud scoring".into()), ..only(&moved).clone() };
    let change = Change::AddPartitions { topic: "payments".into() };
    let added = Plan { change, steps: vec![Step::MoveOffset(step)], ..moved };
    let undo = undo_of(&added, None, |_| ()).unwrap();
    assert_eq!(undo.title, "Undo: take the commits at the new partitions of payments back");
    assert!(undo.summary.iter().any(|line| line.contains("stay")), "{:?}", undo.summary);
    assert_eq!(undo.change, Change::Undo { of: "p1".into(), group: None });
    let step = only(&undo);
    assert_eq!((undo.group_of(step).unwrap().as_str(), step.target), ("fraud scoring", None));
}

#[test]
fn undo_puts_back_byte_for_byte() {
    let plan =
        plan_reset(inputs(ResetTarget::Earliest, vec![facts(0, Some(500), 100, 900), facts(1, None, 0, 9)])).unwrap();
    let undo = undo_of(&plan, None, |_| ()).unwrap();
    let moves: Vec<_> = undo.moves().map(|m| (m.target, m.metadata.as_str(), m.leader_epoch)).collect();
    assert_eq!(moves, [(Some(500), "m", 3), (None, "", -1)]);
    assert_eq!(undo.command_line, "klamm journal undo p1");
    let stale = undo_of(&plan, None, |now| now.epoch_end = Some(400)).unwrap();
    assert_eq!(only(&stale).leader_epoch, -1);
    // And the undo itself can be taken back.
    let again = undo_of(&undo, None, |_| ()).unwrap();
    assert_eq!(again.moves().map(|m| m.target).collect::<Vec<_>>(), [Some(100), Some(0)]);
}

#[test]
fn undo_leaves_what_failed_alone() {
    let plan = plan_reset(inputs(ResetTarget::Earliest, vec![facts(0, Some(500), 100, 900), facts(1, Some(5), 0, 9)]))
        .unwrap();
    let failed = StepStatus::Failed(Failure::new(FailureKind::Denied, "commit", "not authorised"));
    let outcome = Outcome::of("p1", NOW, vec![failed, StepStatus::Done]);
    let undo = undo_of(&plan, Some(&outcome), |_| ()).unwrap();
    assert_eq!(undo.moves().map(|step| step.partition).collect::<Vec<_>>(), [1]);
}

#[rstest]
#[case::recreated(|now: &mut UndoPartition| now.topic_id = Some(TopicId(8)), "created again")]
#[case::gone(|now: &mut UndoPartition| now.exists = false, "gone")]
#[case::moved_on(|now: &mut UndoPartition| now.committed = Some(commit(101)), "no longer the one")]
#[case::deleted(|now: &mut UndoPartition| now.committed = None, "no longer the one")]
#[case::undone(|now: &mut UndoPartition| now.committed = Some(commit(500)), "where it was before")]
#[case::expired(|now: &mut UndoPartition| now.start = Fact::Known(501), "lost")]
#[case::truncated(|now: &mut UndoPartition| now.end = Fact::Known(499), "beyond the end")]
#[case::dark(|now: &mut UndoPartition| now.start = Fact::unknown("no leader"), "no leader")]
fn undo_is_refused_with_the_reason(#[case] change: fn(&mut UndoPartition), #[case] reason: &str) {
    let plan = plan_reset(inputs(ResetTarget::Earliest, vec![facts(0, Some(500), 100, 900)])).unwrap();
    let failure = undo_of(&plan, None, change).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Conflict);
    assert!(failure.message.contains(reason), "{failure}");
}

fn any_target() -> impl Strategy<Value = ResetTarget> {
    prop_oneof![
        Just(ResetTarget::Earliest),
        Just(ResetTarget::Latest),
        any::<i64>().prop_map(ResetTarget::Offset),
        any::<i64>().prop_map(|time| ResetTarget::Time(Time(time))),
        any::<i64>().prop_map(ResetTarget::Shift),
        Just(ResetTarget::File),
    ]
}

proptest! {
    #[test]
    fn every_partition_is_moved_inside_its_log_or_named(
        target in any_target(),
        rows in proptest::collection::vec((any::<i64>(), 0..i64::MAX / 2, 0..1_000_000i64, any::<Option<i64>>(), any::<bool>()), 1..20),
    ) {
        let partitions: Vec<PartitionFacts> = rows.iter().enumerate().map(|(index, (committed, start, length, wish, known))| {
            let mut facts = facts(i32::try_from(index).unwrap(), Some(*committed), *start, start + length);
            facts.by_time = Some(Fact::Known(wish.map(|offset| (offset, NOW))));
            facts.given = wish.map(commit);
            if !known { facts.start = Fact::unknown("no leader"); }
            facts
        }).collect();
        let count = partitions.len();
        if let Ok(plan) = plan_reset(inputs(target, partitions)) {
            for step in plan.moves() {
                let target = step.target.unwrap();
                prop_assert!(step.log_start <= Some(target) && Some(target) <= step.log_end);
            }
            let left_out: usize = plan.warnings.iter()
                .filter_map(|w| w.text.split_once(" left out")?.0.split(' ').next()?.parse::<usize>().ok())
                .sum();
            prop_assert_eq!(plan.steps.len() + left_out, count);
        }
    }

    #[test]
    fn undo_of_a_reset_restores_every_offset(
        committed in 0..1_000i64, start in 0..500i64, length in 500..1_000i64, target in 0..2_000i64,
    ) {
        let end = start + length;
        let plan = plan_reset(inputs(ResetTarget::Offset(target), vec![facts(0, Some(committed), start, end)])).unwrap();
        match undo_of(&plan, None, |_| ()) {
            Ok(undo) => prop_assert_eq!(only(&undo).target, Some(committed)),
            Err(_) => prop_assert!(committed < start || committed > end || only(&plan).target == Some(committed)),
        }
    }
}

/// Those of three groups as one: the second has nothing in the scope, the third is made.
#[test]
fn resets_of_several_groups_are_one_plan_in_which_each_is_named() {
    let plan = |id: &str, creates_group: bool| {
        let mut inputs = inputs(ResetTarget::Earliest, vec![facts(0, (!creates_group).then_some(500), 100, 900)]);
        inputs.group.listing.id = id.into();
        inputs.creates_group = creates_group;
        plan_reset(inputs)
    };
    let idle = Failure::new(FailureKind::NotFound, "reset group", "it has read everything");
    let basis =
        crate::domain::group_plan::PlanBasis { id: "p2".into(), now: NOW, zone: TimeZone::UTC, production: false };
    let groups: Vec<GroupId> = ["a", "b", "c"].map(GroupId::from).to_vec();
    let plans = vec![plan("a", false), Err(idle.clone()), plan("c", true)];
    let scope = ["--topic".to_owned(), "payments".to_owned()];
    let merged = merge(basis.clone(), &ResetTarget::Earliest, &scope, &groups, plans).unwrap();
    let moves: Vec<_> = merged.moves().map(|step| (step.group.clone().unwrap().to_string(), step.target)).collect();
    assert_eq!(moves, [("a".into(), Some(100)), ("c".into(), Some(100))]);
    assert_eq!(merged.title, "Reset 2 groups to the earliest records (creates 1 group)");
    assert_eq!(merged.command_line, "klamm groups reset a b c --topic payments --to-earliest --create-group");
    assert_eq!(merged.confirm, Confirm::TypeName("2 groups".into()));
    assert_eq!(merged.change.target(), "2 groups");
    assert!(merged.checks.iter().all(|check| check.text.starts_with("a: ") || check.text.starts_with("c: ")));
    assert!(merged.warnings.iter().any(|warning| warning.text == "b is left out: it has read everything"));
    let none = merge(basis, &ResetTarget::Earliest, &scope, &groups, vec![Err(idle.clone()), Err(idle.clone())]);
    assert_eq!(none, Err(idle));
}

#[test]
fn what_is_noted_beside_an_offset_goes_with_it_and_not_beyond() {
    let noted = |given, end| {
        let partition = PartitionFacts { given: Some(commit(given)), ..facts(0, None, 100, end) };
        let plan = plan_reset(inputs(ResetTarget::File, vec![partition])).unwrap();
        (only(&plan).target, only(&plan).metadata.clone(), only(&plan).leader_epoch)
    };
    assert_eq!(noted(300, 900), (Some(300), "m".to_owned(), -1), "an epoch may be of another log");
    assert_eq!(noted(300, 200), (Some(200), String::new(), -1), "it was said of another offset");
}

#[test]
fn a_copy_and_an_import_are_called_what_they_are() {
    let mut inputs = inputs(
        ResetTarget::Group("a".into()),
        vec![PartitionFacts { given: Some(commit(300)), ..facts(0, None, 100, 900) }],
    );
    inputs.creates_group = true;
    let plan = plan_reset(inputs).unwrap();
    let copy = as_copy(plan.clone(), &"a".into(), &"b".into());
    assert_eq!(copy.title, "Copy the offsets of a to b (creates the group)");
    assert_eq!(copy.command_line, "klamm groups copy a b --create-group");
    assert_eq!(as_import(plan).command_line, "klamm groups import offsets.csv --create-group");
}
