//! The table of cases that Burrow tests itself with, and what must always hold.

use super::*;
use proptest::prelude::*;
use rstest::rstest;

fn window(offsets: &[Offset], times: &[i64], lags: &[Option<u64>]) -> Window {
    let mut window = Window::default();
    let rules = Rules { intervals: offsets.len(), ..Rules::default() };
    for (order, ((offset, at), lag)) in offsets.iter().zip(times).zip(lags).enumerate() {
        window.add(Commit { offset: *offset, at: Time(*at), order: order as i64, lag: *lag }, &rules);
    }
    window
}

fn known(lags: &[u64]) -> Vec<Option<u64>> {
    lags.iter().copied().map(Some).collect()
}

/// Commits 100 s apart, the first at 100 s.
fn judged(offsets: &[Offset], lags: &[u64], ends: &[Offset], lag: u64, now: i64, allowed_lag: u64) -> Verdict {
    let times: Vec<i64> = (1..=offsets.len() as i64).map(|number| number * 100_000).collect();
    let rules = Rules { allowed_lag, ..Rules::default() };
    let judgement = window(offsets, &times, &known(lags)).judge(ends, lag, Time(now * 1_000), &rules);
    judgement.unwrap().verdict
}

const MOVING: &[Offset] = &[1000, 2000, 3000, 4000, 5000];
const STANDING: &[Offset] = &[1000; 5];
const BACK: &[Offset] = &[1000, 2000, 3000, 2000, 4000];

#[rstest]
#[case::was_at_the_end(MOVING, &[0, 50, 100, 150, 200], &[5200], 200, 600, 0, Verdict::Ok)]
#[case::quiet_as_long_as_its_window(MOVING, &[0, 50, 100, 150, 200], &[5200], 200, 900, 0, Verdict::Ok)]
#[case::quiet_for_longer(MOVING, &[0, 50, 100, 150, 200], &[5200], 200, 1000, 0, Verdict::Stop)]
#[case::stopped_behind(MOVING, &[50, 100, 150, 200, 250], &[5250], 250, 1000, 0, Verdict::Stop)]
#[case::stands_since_it_was_at_the_end(STANDING, &[0, 50, 100, 150, 200], &[1200], 200, 600, 0, Verdict::Ok)]
#[case::stands(STANDING, &[100, 150, 200, 250, 300], &[1300], 300, 600, 0, Verdict::Stall)]
#[case::stands_with_equal_lag(STANDING, &[100; 5], &[1100], 100, 600, 0, Verdict::Stall)]
#[case::went_back_and_came_forward(BACK, &[100, 150, 200, 1250, 300], &[4300], 300, 600, 0, Verdict::Ok)]
#[case::nothing_left(MOVING, &[50, 100, 150, 200, 250], &[5250], 0, 1000, 0, Verdict::Ok)]
#[case::allowed(&[1000, 2000, 2000], &[2, 1, 1], &[2001], 1, 550, 1, Verdict::Ok)]
#[case::stands_beyond_what_is_allowed(STANDING, &[100, 150, 200, 250, 300], &[1300], 300, 600, 99, Verdict::Stall)]
#[case::came_forward_with_allowance(BACK, &[100, 150, 200, 1250, 300], &[4300], 300, 600, 99, Verdict::Ok)]
#[case::went_back(&[1000, 2000, 3000, 2000, 2500], &[100, 150, 200, 1250, 300], &[4300], 300, 600, 0, Verdict::Rewind)]
#[case::only_grows(MOVING, &[50, 100, 150, 200, 250], &[5250], 250, 600, 0, Verdict::Warn)]
fn the_table(
    #[case] offsets: &[Offset],
    #[case] lags: &[u64],
    #[case] ends: &[Offset],
    #[case] lag: u64,
    #[case] now: i64,
    #[case] allowed: u64,
    #[case] expected: Verdict,
) {
    assert_eq!(judged(offsets, lags, ends, lag, now, allowed), expected);
}

/// Fifteen commits about a second apart, all at the end of what there was.
fn at_the_end() -> Window {
    let times = [
        618356, 619362, 620366, 621370, 622375, 623377, 624379, 625383, 626385, 627387, 628389, 629391, 630393, 631395,
        632397,
    ];
    let times = times.map(|millis: i64| 1_512_224_000_000 + millis);
    let offsets: Vec<Offset> = (792_748_079..=792_748_093).collect();
    window(&offsets, &times, &[Some(0); 15])
}

#[test]
fn one_that_was_at_the_end_until_just_now_has_not_stopped() {
    let now = Time(1_512_224_650_000);
    let ends = [792_749_024, 792_749_000, 792_748_800, 792_748_600, 792_748_500];
    assert_eq!(at_the_end().judge(&ends, 931, now, &Rules::default()).unwrap().verdict, Verdict::Stop);
    let ends = [792_748_094, 792_748_093, 792_748_093, 792_748_093];
    assert_eq!(at_the_end().judge(&ends, 1, now, &Rules::default()).unwrap().verdict, Verdict::Ok);
}

#[test]
fn unknown_lags_are_left_out() {
    let offsets: Vec<Offset> = (0..10).map(|number| 1000 + 500 * number).collect();
    let times: Vec<i64> = (0..10).map(|number| 100_000 + 50_000 * number).collect();
    let lags: Vec<Option<u64>> = (0..10).map(|number| (number % 2 == 0).then_some(number * 25)).collect();
    let judge = |window: &Window| window.judge(&[5700], 200, Time(600_000), &Rules::default()).unwrap();
    assert_eq!(judge(&window(&offsets, &times, &lags)).verdict, Verdict::Ok);
    let blind = judge(&window(&offsets, &times, &[None; 10]));
    assert_eq!((blind.verdict, blind.reason), (Verdict::Warn, Reason::Growing { before: None, after: None }));
}

#[test]
fn a_window_that_is_not_full_says_what_is_wrong_but_not_that_all_is_well() {
    let rules = Rules::default();
    let full = |count: usize| {
        let offsets: Vec<Offset> = (0..count as i64).map(|number| 1000 + 100 * number).collect();
        let times: Vec<i64> = (0..count as i64).map(|number| 10_000 * number).collect();
        window(&offsets, &times, &vec![Some(5_000); count])
    };
    let (half, whole) = (full(5), full(10));
    assert_eq!((half.complete(&rules), whole.complete(&rules)), (0.5, 1.0));
    let stopped = half.judge(&[4321], 2921, Time(100_000), &rules).unwrap();
    assert_eq!((stopped.verdict, stopped.verdict.status(), stopped.is_sure()), (Verdict::Stop, "ERR", true));
    let moving = half.judge(&[4321], 2921, Time(41_000), &rules).unwrap();
    assert_eq!((moving.verdict, moving.is_sure()), (Verdict::Warn, false));
    assert!(whole.judge(&[4321], 2421, Time(91_000), &rules).unwrap().is_sure());
    let strict = Rules { minimum_complete: 0.6, ..rules };
    assert_eq!(half.judge(&[4321], 2921, Time(100_000), &strict).unwrap().verdict, Verdict::Ok);
    assert_eq!(Window::default().judge(&[4321], 2921, Time(0), &rules), None);
}

#[test]
fn commits_find_their_place() {
    let rules = Rules { intervals: 3, min_distance: 1_000, ..Rules::default() };
    let commit = |order: i64, at: i64| Commit { offset: order * 10, at: Time(at), order, lag: Some(1) };
    let mut window = Window::default();
    for (order, at) in [(1, 0), (5, 5_000), (6, 5_500)] {
        window.add(commit(order, at), &rules);
    }
    let kept = |window: &Window| window.commits().map(|commit| (commit.order, commit.at.0)).collect::<Vec<_>>();
    assert_eq!(kept(&window), [(1, 0), (6, 5_000)], "the sooner one is replaced and keeps the older time");
    window.add(commit(6, 9_000), &rules);
    assert_eq!(kept(&window), [(1, 0), (6, 5_000)], "it is there already");
    window.add(commit(3, 3_000), &rules);
    assert_eq!(kept(&window), [(1, 0), (3, 3_000), (6, 5_000)], "a late one stands in its place");
    assert_eq!(window.commits().map(|commit| commit.lag).collect::<Vec<_>>(), [Some(1), None, Some(1)]);
    window.add(commit(0, 0), &rules);
    assert_eq!(kept(&window), [(1, 0), (3, 3_000), (6, 5_000)], "older than a full window");
    window.add(commit(9, 9_000), &rules);
    assert_eq!(kept(&window), [(3, 3_000), (6, 5_000), (9, 9_000)]);
    window.learn_lag(|commit| (commit.order == 3).then_some(7));
    assert_eq!(window.commits().map(|commit| commit.lag).collect::<Vec<_>>(), [Some(7), Some(1), Some(1)]);
}

#[test]
fn old_commits_do_not_count() {
    let rules = Rules { expire: 10_000, ..Rules::default() };
    let window = window(&[1, 2], &[0, 1_000], &[Some(9), Some(9)]);
    assert_eq!(window.judge(&[50], 48, Time(9_000), &rules).unwrap().commits, 2);
    assert_eq!(window.judge(&[50], 48, Time(10_500), &rules).unwrap().commits, 1);
    assert_eq!(window.judge(&[50], 48, Time(60_000), &rules), None);
}

fn commits() -> impl Strategy<Value = Vec<(i64, i64, Option<u64>)>> {
    proptest::collection::vec((0..200_i64, 0..60_000_i64, proptest::option::of(0..300_u64)), 1..12)
}

proptest! {
    #[test]
    fn the_verdict_is_the_same_at_another_time_of_day(
        commits in commits(), lag in 0..400_u64, wait in 0..400_000_i64, shift in -1_000_000_000_i64..1_000_000_000,
    ) {
        let mut offsets = Vec::new();
        let mut times = Vec::new();
        let mut lags = Vec::new();
        let mut at = 0;
        for (offset, after, lag) in commits {
            at += after;
            offsets.push(offset);
            times.push(at);
            lags.push(lag);
        }
        let later: Vec<i64> = times.iter().map(|time| time + shift).collect();
        let ends = [lag as i64];
        let verdict = |times: &[i64], now: i64| {
            window(&offsets, times, &lags).judge(&ends, lag, Time(now), &Rules::default()).map(|found| found.verdict)
        };
        prop_assert_eq!(verdict(&times, at + wait), verdict(&later, at + wait + shift));
        if lag == 0 {
            prop_assert_eq!(verdict(&times, at + wait), Some(Verdict::Ok));
        }
    }
}

#[test]
fn a_group_is_as_its_worst_partition() {
    let at = |partition: i32| TopicPartition::new("orders".into(), partition);
    let judgement = |reason: Reason, commits| Judgement {
        verdict: reason.verdict(),
        reason,
        source: Source::Commits,
        commits,
        of: 10,
        last_commit: Time(0),
    };
    let well = judgement(Reason::CaughtUp { lag: 0, allowed: 0 }, 10);
    let warn = judgement(Reason::Growing { before: Some(5), after: Some(9) }, 4);
    let stop = judgement(Reason::Stopped { at: Time(0), span: 0, quiet: 9_000 }, 1);
    let stopped = judgement(Reason::Stopped { at: Time(0), span: 9_000, quiet: 9_001 }, 3);
    let (zero, one, two, three) = (at(0), at(1), at(2), at(3));
    let rows = [(&zero, Some(&well)), (&one, Some(&stop)), (&two, Some(&stopped)), (&three, None)];
    let group = GroupVerdict::of(rows).unwrap();
    assert_eq!((&group.worst, group.complete, group.partitions), (&two, 1, 4), "the sure one of two");
    let told = group.judgement.reason.told(|_| "12:00".into());
    assert_eq!(told, "no commit since 12:00, longer than the 9.0 s of its last commits");
    let unsure = GroupVerdict::of([(&zero, Some(&well)), (&one, Some(&warn))]).unwrap();
    assert_eq!(
        (unsure.worst, unsure.judgement.is_sure()),
        (one.clone(), false),
        "it is not well while one cannot be told"
    );
    assert_eq!(GroupVerdict::of([(&one, Some(&warn)), (&two, Some(&stopped))]).unwrap().worst, two);
    let long_ago = judgement(Reason::Stopped { at: Time(0), span: 0, quiet: LONG_QUIET }, 1);
    assert_eq!((stop.is_sure(), long_ago.is_sure()), (false, true), "one commit tells once it is long ago");
    assert_eq!(GroupVerdict::of([(&zero, None)]), None);
}
