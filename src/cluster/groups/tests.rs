//! What is remembered of groups between two looks.

use super::*;
use crate::domain::group::Member;
use crate::kafka::admin::offsets::ListedOffset;

fn committed(offset: Offset) -> CommittedOffset {
    CommittedOffset { offset, leader_epoch: -1, metadata: String::new() }
}

fn at(partition: i32) -> TopicPartition {
    TopicPartition::new("t".into(), partition)
}

fn ends(rows: &[(i32, Offset)]) -> Listed {
    rows.iter()
        .map(|&(partition, offset)| {
            (at(partition), Ok(Some(ListedOffset { offset, timestamp: Time(-1), leader_epoch: 0 })))
        })
        .collect()
}

fn one(offset: Offset, end: Offset) -> Vec<GroupPartition> {
    let commits = Ok(Commits::from_iter([(at(0), committed(offset))]).into());
    partitions_of(None, &commits, &Listed::default(), &ends(&[(0, end)]))
}

#[test]
fn lag_is_unknown_where_the_end_is_and_counted_where_it_is_not() {
    let commits = Ok(Commits::from_iter([(at(0), committed(10)), (at(1), committed(5))]).into());
    let rows = partitions_of(None, &commits, &Listed::default(), &ends(&[(0, 25)]));
    let total = LagTotal::of(&rows);
    assert_eq!((total.lag, total.known, total.unknown), (15, 1, 1));
}

#[test]
fn the_lag_of_a_share_group_is_what_the_cluster_tells() {
    let lags = [(at(0), Fact::Known(3)), (at(1), Fact::unknown("not told"))];
    let commits = Commits::from_iter([(at(0), committed(10)), (at(1), committed(5))]);
    let positions = Ok(Positions { commits, lags: Some(lags.into_iter().collect()) });
    let member = Member { assignment: vec![at(2)], ..Member::default() };
    let listing = GroupListing {
        id: "g".into(),
        state: GroupState::Stable,
        kind: crate::domain::group::GroupType::Share,
        protocol_type: "share".into(),
    };
    let description = GroupDescription { members: vec![member], ..GroupDescription::of_listing(listing) };
    let ends = ends(&[(0, 25), (1, 25), (2, 25)]);
    let rows = partitions_of(Some(&description), &positions, &Listed::default(), &ends);
    let lags: Vec<Option<u64>> = rows.iter().map(|row| row.lag().get()).collect();
    assert_eq!(lags, [Some(3), None, None], "not what lies between start and end");
    assert!(rows[2].lag().reason().is_some_and(|why| why.contains("not begun")));
}

#[test]
fn a_commit_beyond_the_end_is_no_negative_lag() {
    assert_eq!(one(30, 20)[0].lag(), Fact::Known(0));
}

#[test]
fn commits_that_move_while_nobody_is_in_the_group_are_noticed() {
    let (group, mut sampler) = (GroupId::from("g"), LagSampler::default());
    sampler.sample(&group, GroupState::Empty, &one(10, 100), |_| true, Time(0));
    assert!(!sampler.commits_without_joining(&group));
    sampler.sample(&group, GroupState::Empty, &one(20, 100), |_| true, Time(1));
    assert!(sampler.commits_without_joining(&group));
    sampler.sample(&group, GroupState::Stable, &one(20, 100), |_| true, Time(2));
    assert!(!sampler.commits_without_joining(&group));
}

#[test]
fn our_own_reset_is_not_taken_for_a_commit() {
    let (group, mut sampler) = (GroupId::from("g"), LagSampler::default());
    let look = |sampler: &mut LagSampler, offset, at| {
        sampler.sample(&group, GroupState::Empty, &one(offset, 100), |_| true, Time(at));
        sampler.commits_without_joining(&group)
    };
    assert!(!look(&mut sampler, 10, 0));
    sampler.our_change_begins(&group);
    assert!(!look(&mut sampler, 30, 5), "it is seen half done");
    sampler.our_change_ends(&group, true, Time(10));
    // A round that began before it is noted after it.
    assert!(!look(&mut sampler, 10, 20));
    assert!(!look(&mut sampler, 50, 1_000));
    assert!(!look(&mut sampler, 50, 40_000));
    assert!(look(&mut sampler, 51, 41_000), "that was somebody else");
}

#[test]
fn a_reset_that_arrives_late_is_not_taken_for_a_commit() {
    let (group, mut sampler) = (GroupId::from("g"), LagSampler::default());
    sampler.our_change_begins(&group);
    sampler.our_change_ends(&group, false, Time(0));
    for (offset, at) in [(10, 1_000), (10, 60_000), (50, 120_000), (50, 400_000)] {
        sampler.sample(&group, GroupState::Empty, &one(offset, 100), |_| true, Time(at));
        assert!(!sampler.commits_without_joining(&group), "{at}");
    }
}

#[test]
fn partitions_that_come_and_go_are_no_commits() {
    let (group, mut sampler) = (GroupId::from("g"), LagSampler::default());
    let row = |partition, offset| {
        let commits = Ok(Commits::from_iter([(at(partition), committed(offset))]).into());
        partitions_of(None, &commits, &Listed::default(), &ends(&[(partition, 100)])).remove(0)
    };
    let mut look = |rows: &[GroupPartition]| {
        sampler.sample(&group, GroupState::Empty, rows, |_| true, Time(0));
        sampler.commits_without_joining(&group)
    };
    let hidden = GroupPartition { end: Fact::unknown("it has no leader"), ..row(1, 20) };
    assert!(!look(&[row(0, 10), row(1, 20)]));
    assert!(!look(&[row(0, 10), hidden.clone()]), "its leader is away");
    assert!(!look(&[row(0, 10), row(1, 20)]), "and back");
    assert!(!look(&[row(0, 10)]), "its topic was deleted, or what was committed has expired");
    assert!(look(&[row(0, 10), row(1, 20)]), "somebody committed there");
}

#[test]
fn a_total_of_which_a_part_is_not_known_now_does_not_dip() {
    let (group, mut sampler) = (GroupId::from("g"), LagSampler::default());
    let look = |sampler: &mut LagSampler, known: &[(i32, Offset)], there: i32, now| {
        let commits = Ok(Commits::from_iter([(at(0), committed(10)), (at(1), committed(50))]).into());
        let rows = partitions_of(None, &commits, &Listed::default(), &ends(known));
        let is_there = |here: &TopicPartition| here.partition < there;
        sampler.sample(&group, GroupState::Stable, &rows, is_there, Time(now));
    };
    look(&mut sampler, &[(0, 20), (1, 80)], 2, 0);
    look(&mut sampler, &[(0, 25)], 2, 10_000);
    look(&mut sampler, &[(0, 30), (1, 90)], 2, 20_000);
    // The topic of the other is deleted, and the commit in it is still there.
    look(&mut sampler, &[(0, 35)], 1, 30_000);
    let points = sampler.history(&group);
    let seen: Vec<_> = points.iter().map(|point| (point.lag, point.end, point.partitions)).collect();
    assert_eq!(seen, [(40, 100, 2), (45, 105, 2), (60, 120, 2), (25, 35, 1)]);
}

#[test]
fn an_unchanged_list_is_as_fresh_as_the_last_look() {
    let mut sampler = LagSampler::default();
    assert!(sampler.fresh(10, Time(0)).is_none(), "nothing was asked yet");
    let first = sampler.next(Vec::new(), Vec::new(), Time(0));
    assert!(sampler.fresh(10, Time(11)).is_none());
    let second = sampler.next(Vec::new(), Vec::new(), Time(20));
    assert!(Arc::ptr_eq(&first, &second));
    assert!(sampler.fresh(10, Time(30)).is_some());
    assert!(sampler.fresh(10, Time(19)).is_none(), "a clock that was set back makes nothing fresh");
}

#[test]
fn in_the_middle_of_a_round_the_other_groups_are_as_they_were() {
    let row = |id: &str, lag| GroupRow {
        listing: GroupListing {
            id: id.into(),
            state: GroupState::Empty,
            kind: crate::domain::group::GroupType::Classic,
            protocol_type: String::new(),
        },
        members: Fact::Known(0),
        topics: Vec::new(),
        lag: LagTotal { lag, known: 1, ..LagTotal::default() },
        standing: Standing::Unknown("nobody looked".into()),
        behind: Behind::Unknown,
        drain: Fact::unknown("nobody looked"),
        flaps: None,
        unseen: None,
        trend: Vec::new(),
        role: GroupRole::Plain,
    };
    let lags = |groups: &Groups| groups.rows.iter().map(|row| row.lag.lag).collect::<Vec<_>>();
    let failure = Failure::new(crate::domain::FailureKind::Timeout, "list groups", "no answer").at_broker("2");
    let mut sampler = LagSampler::default();
    assert!(sampler.so_far(&[], &[], Time(0)).is_none(), "a list with most groups missing is none");
    let rows = sampler.take(vec![row("b", 2), row("a", 1)]);
    let first = sampler.next(rows, vec![failure], Time(0));
    let rows = sampler.take(vec![row("b", 7)]);
    let so_far = sampler.so_far(&rows, &[], Time(20)).unwrap();
    assert_eq!((lags(&so_far), so_far.failures.len()), (vec![1, 7], 1));
    assert!(Arc::ptr_eq(&so_far.rows[0], &first.rows[0]));
    assert!(sampler.fresh(10, Time(20)).is_none(), "all of them were asked long ago");
    let rows = [rows, sampler.take(vec![row("a", 1)])].concat();
    let whole = sampler.next(rows, Vec::new(), Time(30));
    assert_eq!((lags(&whole), whole.failures.len()), (vec![1, 7], 0));
}
