//! What the windows of samples cost: memory and the time of verdicts.
//!
//! Without a cluster: 10,000 groups with ten partitions each, which fall behind in each
//! of them, looked at until every window is full. Ten groups read the same topic; the
//! memory is counted for groups with topics of their own as well.

use super::{Line, line, median, rest, shown};
use crate::stage::Stage;
use klamm::cluster::judge_all;
use klamm::domain::group::{CommittedOffset, GroupPartition};
use klamm::domain::verdict::{Judgement, Rules, Verdict};
use klamm::domain::windows::Windows;
use klamm::domain::{Fact, GroupId, Time, TopicName, TopicPartition};
use std::time::Instant;

const GROUPS: i64 = 10_000;
const PARTITIONS: i32 = 10;
const LOOKS: i64 = 31;
const ROUNDS: usize = 20;

pub fn measure(_: &Stage) -> Vec<Line> {
    let resident = || rest::resident(std::process::id()).unwrap_or(0);
    let groups = groups(10);
    let before = resident();
    let mut windows = Windows::default();
    let mut looks = Vec::new();
    for look in 0..LOOKS {
        let rows: Vec<Vec<GroupPartition>> = groups.iter().map(|(_, topic)| rows(topic, look)).collect();
        let began = Instant::now();
        for ((group, _), rows) in groups.iter().zip(&rows) {
            windows.look(group, rows, Time(look * 10_000));
        }
        looks.push(began.elapsed());
    }
    let (counted, taken) = (windows.memory(), resident().saturating_sub(before));
    let rows: Vec<Vec<GroupPartition>> = groups.iter().map(|(_, topic)| rows(topic, LOOKS - 1)).collect();
    let (now, rules) = (Time((LOOKS - 1) * 10_000 + 2_000), Rules::default());
    let read: Vec<_> = groups.iter().map(|(group, _)| group).zip(&rows).collect();
    let verdicts = (0..ROUNDS).map(|_| {
        let began = Instant::now();
        let are_worse = judge_all(&windows, &read, now, &rules, |judging, (group, rows)| {
            let is_worse = |judged: &Judgement| judged.is_sure() && judged.verdict == Verdict::Warn;
            judging.of(group, rows).iter().all(|judged| judged.as_ref().is_some_and(is_worse))
        });
        let took = began.elapsed();
        assert!(are_worse.into_iter().all(|is_worse| is_worse));
        took
    });
    let mut distinct = Windows::default();
    let alone = self::groups(1);
    for look in 0..LOOKS {
        for (group, topic) in &alone {
            distinct.look(group, &self::rows(topic, look), Time(look * 10_000));
        }
    }
    let distinct = distinct.memory() as u64;
    let began = Instant::now();
    let encoded = windows.encode();
    let encoding = began.elapsed();
    let began = Instant::now();
    assert!(Windows::decode(&encoded).is_some_and(|read| read == windows), "what is written is read");
    let decoding = began.elapsed();
    vec![
        line("30 looks at 10,000 groups × 10 partitions: memory", megabytes(counted as u64), "≤ 30 MB"),
        line("  the same where each reads a topic of its own", megabytes(distinct), "≤ 30 MB"),
        line("  what the process grew by meanwhile", format!("{taken} MB"), "beside it"),
        line("  one look at all of them", shown(median(looks)), "not promised"),
        line("  verdicts over all 100,000, each behind", shown(median(verdicts.collect())), "≤ 20 ms"),
        line("  as bytes for the next start", megabytes(encoded.len() as u64), "not promised"),
        line("  putting them together, once a minute", shown(encoding), "not promised"),
        line("  reading them back and comparing, once", shown(decoding), "not promised"),
    ]
}

/// So many of them read the same topic.
fn groups(of_a_topic: i64) -> Vec<(GroupId, TopicName)> {
    let group = |number: i64| {
        let topic = format!("load.topic-{:05}", number / of_a_topic);
        (GroupId::from(format!("load-group-{number:05}").as_str()), TopicName::from(topic.as_str()))
    };
    (0..GROUPS).map(group).collect()
}

/// Each partition falls behind at a pace of its own.
fn rows(topic: &TopicName, look: i64) -> Vec<GroupPartition> {
    (0..PARTITIONS)
        .map(|partition| {
            let pace = i64::from(partition) * 7_919 + 1_000;
            let committed =
                CommittedOffset { offset: 5_000_000_000 + look * pace, leader_epoch: 1, metadata: String::new() };
            GroupPartition {
                partition: TopicPartition::new(topic.clone(), partition),
                committed: Fact::Known(Some(committed)),
                start: Fact::Known(0),
                end: Fact::Known(5_000_000_100 + look * (pace + 500)),
                nothing_left: false,
                told_lag: None,
                member: Some(0),
            }
        })
        .collect()
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
