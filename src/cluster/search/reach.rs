//! What of a topic has to be read for a query, and what that takes for granted.

use super::{SearchRequest, keys, no_partition};
use crate::cluster::Cluster;
use crate::cluster::records::RecordsRequest;
use crate::domain::query::Narrowed;
use crate::domain::record::StartAt;
use crate::domain::topic::Topic;
use crate::domain::{Failure, Offset, PartitionId, Time, TopicName, TopicPartition, show};
use crate::kafka::admin::offsets::OffsetAt;
use crate::kafka::fetch::ReadRange;
use jiff::tz::TimeZone;
use std::sync::Arc;

const SHORTEST_SLACK: i64 = 1_000;
const LONGEST_SLACK: i64 = 300_000;

/// What is read of a topic.
pub(in crate::cluster) struct Reach {
    pub(in crate::cluster) ranges: Vec<ReadRange>,
    /// Partitions that cannot be read.
    pub(in crate::cluster) left_out: Vec<Failure>,
    pub(in crate::cluster) notes: Vec<String>,
}

impl Cluster {
    pub(in crate::cluster) async fn reach(
        &self,
        request: &SearchRequest,
        topic: &TopicName,
        narrowed: &Narrowed,
    ) -> Result<Reach, Failure> {
        let known = self.searched_topic(topic).await?;
        if let Some(missing) = request.partitions.iter().flatten().find(|id| known.partition(**id).is_none()) {
            return Err(no_partition(topic, *missing));
        }
        let mut reach = Reach { ranges: Vec::new(), left_out: Vec::new(), notes: Vec::new() };
        let is_other_topic = narrowed.topics.as_ref().is_some_and(|topics| !topics.contains(topic));
        if narrowed.is_nothing() || is_other_topic {
            reach.notes.push("no record can meet the query: nothing was read".into());
            return Ok(reach);
        }
        let is_asked = |id: PartitionId| {
            request.partitions.as_ref().is_none_or(|wanted| wanted.contains(&id))
                && narrowed.partitions.as_ref().is_none_or(|wanted| wanted.contains(&id))
        };
        let partitions: Vec<PartitionId> =
            known.partitions.iter().map(|partition| partition.id).filter(|id| is_asked(*id)).collect();
        if partitions.is_empty() {
            reach.notes.push("the topic has none of the partitions that the query names: nothing was read".into());
            return Ok(reach);
        }
        let (ranges, left_out) = self
            .ranges(&RecordsRequest {
                partitions: Some(partitions),
                isolation: request.isolation,
                within: request.within.clone(),
                ..RecordsRequest::of(topic.clone(), request.start)
            })
            .await?;
        (reach.ranges, reach.left_out) = (ranges, left_out);
        cut(&mut reach, narrowed, request.start);
        self.seek(request, narrowed, topic, &mut reach).await?;
        if let Some(wanted) = &narrowed.keys {
            keys::narrow(self, &known, wanted, request.view, &mut reach).await;
        }
        Ok(reach)
    }

    async fn searched_topic(&self, topic: &TopicName) -> Result<Arc<Topic>, Failure> {
        let metadata = self.metadata().await?;
        metadata.find_topic("search topic", topic.as_str()).cloned()
    }

    /// Leaves out what lies before the first record of the wanted time, which is told by
    /// the brokers' index, and what lies behind the last, as far as times are in order.
    async fn seek(
        &self,
        request: &SearchRequest,
        narrowed: &Narrowed,
        topic: &TopicName,
        reach: &mut Reach,
    ) -> Result<(), Failure> {
        // What is before 1970 means something else to a broker.
        let (from, to) = (narrowed.times.from.filter(|from| *from > 0), narrowed.times.to.filter(|to| *to > 0));
        let partitions: Vec<TopicPartition> =
            reach.ranges.iter().map(|range| TopicPartition::new(topic.clone(), range.partition)).collect();
        if let Some(from) = from {
            let found = self.offsets_at(&partitions, OffsetAt::Time(Time(from))).await?;
            for range in &mut reach.ranges {
                match found.get(&TopicPartition::new(topic.clone(), range.partition)) {
                    // All that stands before it is older.
                    Some(Ok(Some(first))) => range.from = range.from.max(first.offset),
                    // Nothing is that young.
                    Some(Ok(None)) => range.from = range.to.unwrap_or(range.from),
                    // Who does not say is read from the start.
                    Some(Err(_)) | None => {}
                }
            }
        }
        if let Some(to) = to {
            let usual = from.map_or(LONGEST_SLACK, |from| to.saturating_sub(from).clamp(SHORTEST_SLACK, LONGEST_SLACK));
            let slack = request.slack_ms.unwrap_or(usual);
            let end = Time(to).plus_millis(slack.max(0));
            let found = self.offsets_at(&partitions, OffsetAt::Time(end)).await?;
            let mut is_cut = false;
            for range in &mut reach.ranges {
                if let Some(Ok(Some(later))) = found.get(&TopicPartition::new(topic.clone(), range.partition)) {
                    let end = range.to.map_or(later.offset, |to| to.min(later.offset));
                    is_cut |= range.to != Some(end);
                    range.to = Some(end);
                }
            }
            if is_cut {
                reach.notes.push(format!(
                    "each partition was read to its first record of {} ({} beyond the range): older times behind it \
                     were not looked for",
                    end.show(&TimeZone::UTC),
                    show::duration(slack.unsigned_abs()),
                ));
            }
        }
        drop_empty(reach);
        Ok(())
    }
}

/// Leaves out offsets that the query does not want.
fn cut(reach: &mut Reach, narrowed: &Narrowed, start: StartAt) {
    let mut gone = 0_u64;
    for range in &mut reach.ranges {
        if let Some(from) = narrowed.offsets.from {
            if start == StartAt::Earliest && from >= 0 {
                gone += u64::try_from(range.from.saturating_sub(from)).unwrap_or(0);
            }
            range.from = range.from.max(from);
        }
        if let Some(to) = narrowed.offsets.to {
            range.to = Some(range.to.map_or(to, |end| end.min(to)));
        }
    }
    if gone > 0 {
        reach.notes.push(format!("{} of the offsets asked for lie before the log's start", show::count(gone)));
    }
    drop_empty(reach);
}

fn drop_empty(reach: &mut Reach) {
    let is_there = |range: &ReadRange| range.to.is_none_or(|to: Offset| range.from < to);
    reach.ranges.retain(is_there);
}
