//! What becomes of a group's lag: how long records wait, when they will have been
//! read, when retention deletes them, and what holds a reader back.

use super::groups::{GroupDetail, listed_offset};
use super::{Cluster, lock};
use crate::domain::config::ConfigEntry;
use crate::domain::drain::{Drain, Rates};
use crate::domain::group::{GroupPartition, LagTotal};
use crate::domain::headroom::{Headroom, Position, Retention};
use crate::domain::lag_time::NextRecord;
use crate::domain::{Fact, Failure, Offset, PartitionMap, Time, TopicId, TopicName, TopicPartition};
use crate::kafka::admin::configs::{self, Documentation};
use crate::kafka::admin::offsets::OffsetAt;
use crate::kafka::admin::producers;
use crate::kafka::fetch;
use std::collections::HashMap;

/// Partitions that are looked into at once, those with most lag first.
const MOST: usize = 2_000;
/// First records that are remembered: those of groups that stand still.
const MOST_KNOWN: usize = 20_000;
/// Settings of topics are asked for this seldom, in milliseconds.
const SETTINGS_FOR: i64 = 60_000;

/// What was found out and holds for a while.
#[derive(Debug, Default)]
pub(super) struct Outlooks {
    /// The record that is first from an offset on stays what it is.
    next: foldhash::HashMap<(TopicPartition, Offset), (Option<TopicId>, NextRecord)>,
    retention: HashMap<TopicName, (Time, Fact<Retention>)>,
}

/// A reader of committed records stands before a transaction that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub producer_id: Fact<i64>,
    /// When the transaction's first record here was written.
    pub since: Option<Time>,
}

/// What becomes of the lag in one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionOutlook {
    /// Milliseconds that the next record has been waiting.
    pub waiting: Fact<u64>,
    pub headroom: Fact<Headroom>,
    pub drain: Fact<Drain>,
    pub held: Option<Held>,
}

/// What becomes of a group's lag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// In the order of the group's partitions.
    pub partitions: Vec<PartitionOutlook>,
    /// The longest wait.
    pub waiting: Fact<u64>,
    pub drain: Fact<Drain>,
    /// The least headroom, with the index of its partition.
    pub headroom: Option<(usize, Headroom)>,
}

impl Outlook {
    /// That of the whole group.
    pub fn of(partitions: Vec<PartitionOutlook>) -> Self {
        let longest = partitions.iter().map(|partition| &partition.waiting).reduce(longer);
        let least = partitions.iter().enumerate();
        let least = least.filter_map(|(index, partition)| Some((index, partition.headroom.get()?)));
        Self {
            waiting: longest.cloned().unwrap_or(Fact::Known(0)),
            drain: Drain::of_all(partitions.iter().map(|partition| &partition.drain)),
            headroom: least.min_by_key(|(_, headroom)| headroom.urgency()),
            partitions,
        }
    }
}

/// What waits longer; of what is not known the reason, where nothing is known to wait.
fn longer<'a>(a: &'a Fact<u64>, b: &'a Fact<u64>) -> &'a Fact<u64> {
    match (a, b) {
        (Fact::Known(a_millis), Fact::Known(b_millis)) => {
            if a_millis >= b_millis {
                a
            } else {
                b
            }
        }
        (Fact::Known(0), Fact::Unknown(_)) => b,
        (Fact::Known(_), Fact::Unknown(_)) | (Fact::Unknown(_), Fact::Known(0)) => a,
        (Fact::Unknown(_), Fact::Known(_)) => b,
        (Fact::Unknown(_), Fact::Unknown(_)) => a,
    }
}

impl Cluster {
    /// Looks into the partitions in which `group` is behind. Where there turns out to be
    /// nothing left to read, its lag becomes zero.
    pub(super) async fn look_ahead(&self, group: &mut GroupDetail) -> Result<(), Failure> {
        let behind = most_behind(&group.partitions);
        let topics = topics_of(&group.partitions, &behind);
        let here: Vec<TopicPartition> = behind.iter().map(|(partition, _)| partition.clone()).collect();
        let (next, stable_ends, ()) = tokio::join!(
            self.next_records(&behind),
            self.offsets_at(&here, OffsetAt::LastStable),
            self.learn_retention(&topics)
        );
        let (next, stable_ends) = (next?, stable_ends?);
        for row in &mut group.partitions {
            row.nothing_left = next.get(&row.partition).is_some_and(|next| *next == Ok(NextRecord::None));
        }
        group.lag = LagTotal::of(&group.partitions);
        let stable_end = |row: &GroupPartition| listed_offset(&stable_ends, &row.partition).get();
        let is_held = |row: &GroupPartition| {
            let (Some(stable), Some(committed), Some(end)) = (stable_end(row), row.position(), row.end.get()) else {
                return false;
            };
            !row.nothing_left && stable < end && committed >= stable
        };
        let held: Vec<TopicPartition> =
            group.partitions.iter().filter(|row| is_held(row)).map(|row| row.partition.clone()).collect();
        let metadata = self.known_metadata().await?;
        let open = match held.as_slice() {
            [] => producers::OpenTransactions::default(),
            held => producers::open_transactions(self.client(), held, &metadata.topics).await,
        };
        let logs = {
            let outlooks = lock(&self.inner.outlooks);
            let is_by_size = |topic: &TopicName| {
                let retention = outlooks.retention.get(topic).and_then(|(_, retention)| retention.get());
                retention.is_some_and(|retention| retention.deletes && retention.bytes.is_some())
            };
            topics.iter().filter(|topic| is_by_size(topic)).cloned().collect::<Vec<_>>()
        };
        let logs = if logs.is_empty() { None } else { Some(self.logs_of(&logs).await?) };
        let now = group.taken;
        let outlooks = lock(&self.inner.outlooks);
        let rates = |index: usize| match &group.judged {
            Fact::Known(judged) => judged.rates.get(index).cloned().unwrap_or(Fact::unknown("not measured")),
            Fact::Unknown(reason) => Fact::Unknown(reason.clone()),
        };
        let look = |(index, row): (usize, &GroupPartition)| {
            let next = match next.get(&row.partition) {
                Some(Ok(next)) => Fact::Known(*next),
                Some(Err(failure)) => Fact::unknown(failure.to_string()),
                None => match row.lag() {
                    Fact::Known(0) => Fact::Known(NextRecord::None),
                    Fact::Known(_) => {
                        Fact::unknown(format!("only the {MOST} partitions with most lag are looked into"))
                    }
                    Fact::Unknown(reason) => Fact::Unknown(reason),
                },
            };
            let rates = rates(index);
            let retention = outlooks.retention.get(&row.partition.topic).map(|(_, retention)| retention.clone());
            let log = logs.as_ref().and_then(|logs| logs.topic(row.partition.topic.as_str()));
            let log = log.and_then(|log| log.partitions.get(usize::try_from(row.partition.partition).ok()?));
            PartitionOutlook {
                waiting: next.clone().and_then(|next| next.waiting(now)),
                headroom: headroom(row, &next, retention, log.map(|log| &log.size), &rates, now),
                drain: row.lag().and_then(|lag| match (lag, rates) {
                    (0, _) => Fact::Known(Drain::Drained),
                    (lag, rates) => rates.map(|rates| Drain::of(lag, rates)),
                }),
                held: is_held(row).then(|| Held {
                    producer_id: match open.get(&row.partition) {
                        Some(Ok(open)) => open.first().map_or_else(
                            || Fact::unknown("it has ended meanwhile"),
                            |open| Fact::Known(open.producer_id),
                        ),
                        Some(Err(failure)) => Fact::unknown(failure.to_string()),
                        None => Fact::unknown("not asked"),
                    },
                    since: match next {
                        Fact::Known(NextRecord::At { offset, time }) if Some(offset) == stable_end(row) => Some(time),
                        _ => None,
                    },
                }),
            }
        };
        let partitions = group.partitions.iter().enumerate().map(look).collect();
        group.outlook = Fact::Known(Outlook::of(partitions));
        Ok(())
    }

    /// What is read first from an offset on, where that was found out before.
    pub(super) fn known_next(&self, place: &(TopicPartition, Offset)) -> Option<NextRecord> {
        lock(&self.inner.outlooks).next.get(place).map(|(_, next)| *next)
    }

    /// What is read first from each offset on, asked of the log where it is not known.
    /// Each partition is wanted once.
    pub(super) async fn next_records(
        &self,
        wanted: &[(TopicPartition, Offset)],
    ) -> Result<PartitionMap<Result<NextRecord, Box<Failure>>>, Failure> {
        let metadata = self.known_metadata().await?;
        let id = |partition: &TopicPartition| metadata.topic(partition.topic.as_str()).and_then(|topic| topic.id);
        let (mut found, mut missing) = (PartitionMap::default(), Vec::new());
        {
            let outlooks = lock(&self.inner.outlooks);
            for place in wanted {
                match outlooks.next.get(place) {
                    Some((topic, next)) if *topic == id(&place.0) => {
                        found.insert(place.0.clone(), Ok(*next));
                    }
                    _ => missing.push(place.clone()),
                }
            }
        }
        if missing.is_empty() {
            return Ok(found);
        }
        let firsts = fetch::first_records(self.client(), &missing, &metadata.topics).await;
        let mut outlooks = lock(&self.inner.outlooks);
        if outlooks.next.len() + firsts.len() > MOST_KNOWN {
            outlooks.next.clear();
        }
        for place in missing {
            // Where nothing is left something may come.
            if let Some(Ok(next @ NextRecord::At { .. })) = firsts.get(&place.0) {
                let topic = id(&place.0);
                outlooks.next.insert(place, (topic, *next));
            }
        }
        found.extend(firsts);
        Ok(found)
    }

    /// Asks what the settings of `topics` say about deletion, unless that is known.
    async fn learn_retention(&self, topics: &[TopicName]) {
        let now = self.now();
        let unknown: Vec<TopicName> = {
            let outlooks = lock(&self.inner.outlooks);
            let is_known = |topic: &TopicName| {
                outlooks.retention.get(topic).is_some_and(|(asked, _)| now.since(*asked).abs() < SETTINGS_FOR)
            };
            topics.iter().filter(|topic| !is_known(topic)).cloned().collect()
        };
        if unknown.is_empty() {
            return;
        }
        let mut described = configs::describe_topics(self.client(), &unknown, Documentation::Without).await;
        let mut outlooks = lock(&self.inner.outlooks);
        for topic in unknown {
            let retention = match described.value.remove(&topic) {
                Some(entries) => retention_of(&entries),
                None => {
                    let failure = described.failures.iter().find(|failure| failure.target == topic.as_str());
                    let failure = failure.or(described.failures.first());
                    Fact::unknown(failure.map_or_else(|| "the broker did not answer".into(), Failure::to_string))
                }
            };
            outlooks.retention.insert(topic, (now, retention));
        }
    }
}

/// Where a group is behind, and at which offset: those with most lag, at most [`MOST`].
fn most_behind(rows: &[GroupPartition]) -> Vec<(TopicPartition, Offset)> {
    let mut behind: Vec<(u64, &GroupPartition, Offset)> =
        rows.iter().filter_map(|row| Some((row.lag().get().filter(|lag| *lag > 0)?, row, row.position()?))).collect();
    behind.sort_unstable_by_key(|(lag, ..)| std::cmp::Reverse(*lag));
    behind.into_iter().take(MOST).map(|(_, row, offset)| (row.partition.clone(), offset)).collect()
}

fn topics_of(rows: &[GroupPartition], behind: &[(TopicPartition, Offset)]) -> Vec<TopicName> {
    let lost = rows.iter().filter(|row| row.position() != row.committed_offset()).map(|row| &row.partition.topic);
    let mut topics: Vec<TopicName> =
        behind.iter().map(|(partition, _)| &partition.topic).chain(lost).cloned().collect();
    topics.sort_unstable();
    topics.dedup();
    topics
}

fn headroom(
    row: &GroupPartition,
    next: &Fact<NextRecord>,
    retention: Option<Fact<Retention>>,
    size: Option<&Fact<u64>>,
    rates: &Fact<Rates>,
    now: Time,
) -> Fact<Headroom> {
    let known = |fact: &Fact<Offset>| fact.reason().map(Fact::<Headroom>::unknown);
    let (Some(committed), Some(start), Some(end)) = (row.committed_offset(), row.start.get(), row.end.get()) else {
        let unknown = known(&row.start).or_else(|| known(&row.end));
        return unknown.unwrap_or_else(|| Fact::unknown("nothing committed"));
    };
    let position = Position {
        committed,
        start,
        end: if row.nothing_left { committed } else { end },
        next: match next {
            Fact::Known(NextRecord::At { time, .. }) if time.millis() > 0 => Fact::Known(*time),
            Fact::Known(_) => Fact::unknown("the next record carries no time"),
            Fact::Unknown(reason) => Fact::Unknown(reason.clone()),
        },
        size: size.cloned().unwrap_or_else(|| Fact::unknown("its size is not known")),
        written: rates.clone().map(|rates| rates.written),
    };
    match retention {
        Some(Fact::Known(retention)) => Headroom::of(&position, retention, now),
        // What is read or lost needs no settings.
        _ if committed < start || committed >= position.end => {
            Headroom::of(&position, Retention { deletes: true, millis: None, bytes: None }, now)
        }
        Some(Fact::Unknown(reason)) => Fact::Unknown(reason),
        None => Fact::unknown("the topic's settings are not known"),
    }
}

/// What `cleanup.policy`, `retention.ms` and `retention.bytes` say.
fn retention_of(entries: &[ConfigEntry]) -> Fact<Retention> {
    let value = |name: &str| {
        let entry = entries.iter().find(|entry| entry.name == name);
        entry.and_then(|entry| entry.value.as_deref())
    };
    let Some(policy) = value("cleanup.policy") else { return Fact::unknown("the broker does not tell cleanup.policy") };
    // A negative number is no limit.
    let limit = |name: &str| value(name).and_then(|value| value.parse::<u64>().ok());
    Fact::Known(Retention {
        deletes: policy.split(',').any(|policy| policy.trim() == "delete"),
        millis: limit("retention.ms"),
        bytes: limit("retention.bytes"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::config::ConfigSource;

    fn entry(name: &str, value: &str) -> ConfigEntry {
        ConfigEntry::plain(name, value, ConfigSource::Default)
    }

    #[test]
    fn settings_say_what_is_deleted() {
        let settings = |policy, millis, bytes| {
            retention_of(&[
                entry("cleanup.policy", policy),
                entry("retention.ms", millis),
                entry("retention.bytes", bytes),
            ])
        };
        let keeps = |deletes, millis, bytes| Fact::Known(Retention { deletes, millis, bytes });
        assert_eq!(settings("delete", "604800000", "-1"), keeps(true, Some(604_800_000), None));
        assert_eq!(settings("compact", "1", "2"), keeps(false, Some(1), Some(2)));
        assert_eq!(settings("compact,delete", "-1", "1024"), keeps(true, None, Some(1_024)));
        assert!(retention_of(&[]).reason().is_some());
    }

    #[test]
    fn the_longest_wait_is_told_where_one_is_known() {
        let (none, some, unknown) = (Fact::Known(0), Fact::Known(5), Fact::unknown("why"));
        assert_eq!(longer(&none, &some), &some);
        assert_eq!(longer(&unknown, &some), &some);
        assert_eq!(longer(&some, &unknown), &some);
        assert_eq!(longer(&none, &unknown), &unknown);
        assert_eq!(longer(&unknown, &none), &unknown, "it is not said that nothing waits");
    }

    #[test]
    fn the_least_headroom_and_the_slowest_partition_count() {
        let left = |millis| Headroom::Left { millis, is_short: true };
        let outlook = |waiting, headroom, drain| PartitionOutlook {
            waiting: Fact::Known(waiting),
            headroom: Fact::Known(headroom),
            drain: Fact::Known(drain),
            held: None,
        };
        let of = Outlook::of(vec![
            outlook(1, left(900), Drain::In(5)),
            outlook(9, left(100), Drain::In(7)),
            outlook(0, Headroom::NothingUnread, Drain::Drained),
        ]);
        assert_eq!((of.waiting, of.drain), (Fact::Known(9), Fact::Known(Drain::In(7))));
        assert_eq!(of.headroom, Some((1, left(100))));
    }
}
