//! Groups that were looked at every ten seconds, and what is told of them.

use super::looks::end_at;
use super::*;
use crate::domain::verdict::{Commit, Judgement, Reason, Rules, Verdict, reason};
use proptest::prelude::*;

const PACE: i64 = 10_000;

fn here() -> TopicPartition {
    TopicPartition::new("orders".into(), 0)
}

/// One partition, at one look: committed, end, whether a member was assigned.
type Look = (Offset, Offset, bool);

fn seen(looks: &[Look]) -> (GroupSamples, Logs) {
    let (mut group, mut ends, partition) = (GroupSamples::default(), Logs::default(), here());
    for ((committed, end, has_member), number) in looks.iter().zip(0..) {
        let now = Time(number * PACE);
        ends.look(now, &[(0, *end)], &mut Together::default());
        let seen = Seen { partition: &partition, committed: *committed, has_member: *has_member };
        group.look(now, [seen], &mut Together::default());
    }
    (group, ends)
}

fn first(group: &GroupSamples) -> Track<'_> {
    group.all().next().unwrap().1
}

fn judge(group: &GroupSamples, ends: Option<&Logs>, lag: u64, now: i64) -> Judgement {
    let rules = Rules::default();
    let mut judge = Judge::new(Time(now), &rules);
    judge.turn_to(group);
    judge.of(first(group), ends.and_then(|ends| ends.of(0)), lag)
}

/// As it is told two seconds after the last look.
fn judged(looks: &[Look]) -> Judgement {
    let (group, ends) = seen(looks);
    let lag = looks.last().map_or(0, |(committed, end, _)| (end - committed).max(0).cast_unsigned());
    judge(&group, Some(&ends), lag, (looks.len() as i64 - 1) * PACE + 2_000)
}

fn told(looks: &[Look]) -> Option<Verdict> {
    let judgement = judged(looks);
    judgement.is_sure().then_some(judgement.verdict)
}

fn looks(count: i64, look: impl Fn(i64) -> Look) -> Vec<Look> {
    (0..count).map(look).collect()
}

#[test]
fn nothing_is_told_before_the_window_is_full() {
    for count in 1..10 {
        assert_eq!(told(&looks(count, |_| (5, 5, true))), None, "at its end, {count} looks");
        assert_eq!(told(&looks(count, |n| (5, 50 + n, false))), None, "nobody reads, {count} looks");
    }
    assert_eq!(judged(&looks(3, |_| (5, 5, true))).commits, 3);
    assert_eq!(told(&looks(10, |_| (5, 5, true))), Some(Verdict::Ok));
}

#[test]
fn a_member_that_stands_still_behind_the_end_stalls_and_nobody_at_all_has_stopped() {
    let stall = judged(&looks(12, |n| (5, 50 + n, true)));
    assert_eq!((stall.is_sure(), stall.verdict), (true, Verdict::Stall));
    assert_eq!(stall.reason.told(|at| at.millis().to_string()), "has a member and stands at 5 since 0");
    let stop = judged(&looks(12, |n| (5, 50 + n, false)));
    assert_eq!((stop.is_sure(), stop.verdict), (true, Verdict::Stop));
    assert_eq!(stop.reason, Reason::Unattended { offset: 5, since: Time(0) });
}

#[test]
fn a_member_that_leaves_has_stopped_after_a_while_and_one_that_restarts_has_not() {
    let leaves = |n: i64| (n.min(9) * 10, n * 12 + 100, n < 10);
    assert_eq!(told(&looks(13, leaves)), None, "it may come back: three looks without it");
    assert_eq!(told(&looks(16, leaves)), Some(Verdict::Stop));
    let restarts = |n: i64| (n.min(9) * 10 + (n - 12).max(0) * 30, n * 12 + 100, !(10..12).contains(&n));
    assert_ne!(told(&looks(24, restarts)), Some(Verdict::Stop));
    assert_eq!(told(&looks(14, restarts)), None, "and until its window is full again, nothing is told");
}

#[test]
fn the_rules_of_commits_hold_for_looks() {
    assert_eq!(told(&looks(12, |n| (n * 10, n * 15 + 20, true))), Some(Verdict::Warn), "it falls behind");
    assert_eq!(told(&looks(12, |n| (n * 15, n * 10 + 900, true))), Some(Verdict::Ok), "it catches up");
    assert_eq!(told(&looks(12, |n| (n * 10 - n % 2, n * 10, true))), Some(Verdict::Ok), "at its end now and then");
    let rewinds = |n: i64| (if n < 6 { n * 10 } else { n }, n * 15 + 20, true);
    assert_eq!(told(&looks(12, rewinds)), Some(Verdict::Rewind));
}

#[test]
fn one_that_commits_without_joining_is_read_while_its_offset_moves() {
    assert_eq!(told(&looks(14, |n| (n * 10, n * 15 + 20, false))), Some(Verdict::Warn));
    let ends = |n: i64| (n.min(10) * 10, n * 15 + 20, false);
    assert_eq!(told(&looks(26, ends)), Some(Verdict::Stop));
}

#[test]
fn one_that_commits_every_two_minutes_does_not_stall() {
    let seldom = |n: i64| (n / 12 * 1_000, n * 90 + 100, true);
    for count in 26..60 {
        assert_ne!(told(&looks(count, seldom)), Some(Verdict::Stall), "{count} looks");
    }
    let stalls = |n: i64| (n.min(24) / 12 * 1_000, n * 90 + 100, true);
    assert_eq!(told(&looks(40, stalls)), Some(Verdict::Stall), "it stands longer than before");
}

#[test]
fn a_topic_that_was_created_anew_is_judged_anew() {
    let anew = |n: i64| if n < 12 { (900, 1_000 + n, true) } else { (900, n, true) };
    let (group, ends) = seen(&looks(15, anew));
    let judgement = judge(&group, Some(&ends), 0, 142_000);
    assert_eq!((judgement.is_sure(), judgement.commits), (false, 3), "three looks at the new one");
}

#[test]
fn an_end_between_two_looks_is_estimated_and_one_far_from_any_is_not_known() {
    let at = |at: i64| end_at(Time(at), Some((Time(10_000), 100)), Some((Time(20_000), 200)));
    assert_eq!([at(10_000), at(15_000), at(19_990)], [Some(100), Some(150), Some(199)]);
    assert_eq!(end_at(Time(15_000), Some((Time(0), 100)), Some((Time(90_000), 200))), None);
    assert_eq!(end_at(Time(1_000), Some((Time(0), 100)), None), Some(100));
    assert_eq!(end_at(Time(9_000), Some((Time(0), 100)), None), None);
    let wide = end_at(Time(5), Some((Time(0), i64::MIN)), Some((Time(9), i64::MAX)));
    assert!(wide.is_some(), "whatever a broker says");
    // A group whose partitions nobody could look at, but for its commits.
    let (group, _) = seen(&looks(12, |n| (n * 10, n * 15 + 20, true)));
    let unknown = judge(&group, None, 80, 112_000);
    assert!(!unknown.is_sure(), "{unknown:?}");
}

#[test]
fn looks_in_between_and_from_before_the_clock_was_set_back_do_not_count() {
    let (mut group, partition) = (GroupSamples::default(), here());
    let mut look = |at| {
        let seen = Seen { partition: &partition, committed: at, has_member: true };
        group.look(Time(at), [seen], &mut Together::default());
        group.commits(first(&group)).map(|(at, _)| at.millis()).collect::<Vec<_>>()
    };
    assert_eq!(look(50_000), [50_000]);
    assert_eq!(look(55_000), [50_000]);
    assert_eq!(look(60_000), [50_000, 60_000]);
    assert_eq!(look(10_000), [10_000]);
}

#[test]
fn after_a_long_pause_the_window_is_filled_anew_but_since_when_it_stands_is_kept() {
    let (mut group, mut ends) = seen(&looks(12, |n| (5, 50 + n, false)));
    let partition = here();
    let judged = |group: &GroupSamples, ends: &Logs, now| judge(group, Some(ends), 70, now);
    for number in 0..10 {
        assert!(number == 0 || !judged(&group, &ends, PAUSE * 2 + number * PACE).is_sure(), "{number} looks since");
        let now = Time(PAUSE * 2 + number * PACE);
        ends.look(now, &[(0, 75)], &mut Together::default());
        let seen = Seen { partition: &partition, committed: 5, has_member: false };
        group.look(now, [seen], &mut Together::default());
    }
    let judgement = judged(&group, &ends, PAUSE * 2 + 92_000);
    assert_eq!((judgement.is_sure(), judgement.reason), (true, Reason::Unattended { offset: 5, since: Time(0) }));
}

#[test]
fn partitions_come_and_go() {
    let at = |partition| TopicPartition::new("orders".into(), partition);
    let (mut group, names) = (GroupSamples::default(), [at(0), at(1), at(2)]);
    let seen = |index: usize| Seen { partition: &names[index], committed: 7, has_member: true };
    group.look(Time(0), [seen(0), seen(2)], &mut Together::default());
    group.look(Time(PACE), [seen(1), seen(2)], &mut Together::default());
    let lengths = |group: &GroupSamples| -> Vec<(i32, usize)> {
        group.all().map(|(_, track)| (track.partition(), group.commits(track).count())).collect()
    };
    assert_eq!(lengths(&group), [(1, 1), (2, 2)]);
    let of = |partition, hint| group.of_topic(&names[0].topic).of(partition, hint).map(Track::partition);
    assert_eq!((of(2, 0), of(2, 1), of(0, 0)), (Some(2), Some(2), None), "a wrong hint, and a right one");
    assert!(group.of_topic(&"other".into()).is_empty());
}

/// A group's partitions, and those of topics, in whatever order they come and go.
#[test]
fn neighbours_do_not_disturb_each_other() {
    let (mut group, mut logs, topics) = (GroupSamples::default(), [Logs::default(), Logs::default()], ["a", "b"]);
    let places: Vec<(usize, PartitionId)> = [0, 1, 31, 32, 33, 95].map(|id| [(0, id), (1, id)]).concat();
    let mut places: Vec<_> = places.into_iter().collect();
    places.sort_unstable();
    let names: Vec<_> = places.iter().map(|(topic, id)| TopicPartition::new(topics[*topic].into(), *id)).collect();
    let committed = |place: usize, look: i64| place as i64 * 1_000 + look * (place as i64 % 4) * 300;
    for look in 0..40 {
        let is_there = |place: usize| (place as i64 + look) % 7 != 0 || look > 35;
        let seen = (0..places.len()).filter(|place| is_there(*place)).map(|place| Seen {
            partition: &names[place],
            committed: committed(place, look),
            has_member: place % 2 == 0,
        });
        let (now, mut together) = (Time(look * PACE), Together::default());
        for (topic, logs) in logs.iter_mut().enumerate() {
            let of_topic = |place: &usize| places[*place].0 == topic && is_there(*place);
            let ends: Vec<_> =
                (0..places.len()).filter(of_topic).map(|place| (places[place].1, committed(place, look) + 5)).collect();
            logs.look(now, &ends, &mut together);
        }
        group.look(now, seen, &mut together);
    }
    for (place, (topic, id)) in places.iter().enumerate() {
        let track = group.of_topic(&names[place].topic).of(*id, 0).unwrap();
        assert!(group.commits(track).all(|(at, offset)| offset == committed(place, at.millis() / PACE)), "{id}");
        let ends: Vec<_> = logs[*topic].of(*id).unwrap().ends().collect();
        assert!(ends.iter().all(|(at, end)| *end == committed(place, at.millis() / PACE) + 5), "{ends:?}");
        assert_eq!(ends.len(), MOST, "the looks that were, not those that were not");
    }
    logs[0].look(Time(100 * PACE), &[(32, 1_000_000)], &mut Together::default());
    logs[0].keep_since(Time(50 * PACE));
    assert_eq!(logs[0].iter().map(|(id, ends)| (id, ends.last_end())).collect::<Vec<_>>(), [(32, 1_000_000)]);
    logs[0].keep_since(Time(100 * PACE));
    assert!(logs[0].is_empty());
}

#[test]
fn the_window_is_small() {
    let (group, ends) = seen(&looks(200, |n| (n * 800_000, n * 900_000, true)));
    assert_eq!((group.commits(first(&group)).count(), ends.of(0).unwrap().ends().count()), (MOST, MOST));
    assert!(group.memory() < 400 && ends.memory() < 400, "{} and {}", group.memory(), ends.memory());
}

proptest! {
    /// Where every look is a commit, the samples are judged as the log of commits would be:
    /// but for the words, and for one that stood as long before.
    #[test]
    fn a_look_a_commit_gives_the_verdict_of_commits(
        steps in prop::collection::vec((prop_oneof![Just(0_i64), -40..90_i64], 0..60_i64), 10..20)
    ) {
        let (mut committed, mut end) = (1_000_i64, 2_000_i64);
        let looks: Vec<Look> = steps.iter().map(|(read, written)| {
            committed += read;
            end += written;
            (committed, end, true)
        }).collect();
        let recent = &looks[looks.len() - 10..];
        let commits: Vec<Commit> = recent.iter().zip(0..).map(|((offset, end, _), order)| {
            let lag = Some((end - offset).max(0).cast_unsigned());
            Commit { offset: *offset, at: Time(order * PACE), order, lag }
        }).collect();
        let ends: Vec<Offset> = recent.iter().map(|(_, end, _)| *end).collect();
        let (last_committed, last_end, _) = looks[looks.len() - 1];
        let lag = (last_end - last_committed).max(0).cast_unsigned();
        let rules = Rules::default();
        let by_commits = match lag {
            0 => Verdict::Ok,
            _ => reason(&commits, &ends, lag, Time(9 * PACE), &rules).unwrap().verdict(),
        };
        let (by_looks, stands) = (judged(&looks), steps.iter().rev().take_while(|(read, _)| *read == 0).count());
        if by_commits != Verdict::Stall {
            prop_assert_eq!(by_looks.verdict, by_commits);
        } else if stands == steps.len() {
            prop_assert_eq!(by_looks.verdict, Verdict::Stall);
        }
    }
}
