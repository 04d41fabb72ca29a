//! What became of the transaction of single records: their leaders are asked.
//!
//! A fetch that is read-committed names the aborted transactions that reach beyond the
//! offset it begins at, and where the first open one begins. One request a leader; of
//! the records that come with it, none is looked at.

use super::request::{OPERATION, of_topic};
use crate::domain::topic::Topic;
use crate::domain::transaction::Fate;
use crate::domain::{BrokerId, Failure, Offset, TopicId, TopicPartition};
use crate::kafka::admin::{Leaders, left_out};
use crate::kafka::wire::{Client, Lane, Route, failure_of_code};
use futures::future::join_all;
use kafka_protocol::messages::fetch_request::FetchPartition;
use kafka_protocol::messages::fetch_response::PartitionData;
use kafka_protocol::messages::{FetchRequest, FetchResponse};
use std::sync::Arc;

/// Bytes of records that come along.
const ROOM: i32 = 1;
const COMMITTED: i8 = 1;

/// A transactional record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub partition: TopicPartition,
    pub offset: Offset,
    pub producer_id: i64,
}

/// What became of each of `wanted`, in their order; of a partition at most one.
pub async fn fates(client: &Client, wanted: &[Written], topics: &[Arc<Topic>]) -> Vec<Result<Fate, Failure>> {
    let leaders = Leaders::of(topics);
    let asked = wanted.iter().map(|written| (written.clone(), leaders.topic_id(written.partition.topic.as_str())));
    let (by_leader, without) = leaders.group(asked, |(written, _)| &written.partition, OPERATION);
    let mut found: Vec<(TopicPartition, Result<Fate, Failure>)> =
        without.into_iter().map(|((written, _), failure)| (written.partition, Err(failure))).collect();
    let answers = by_leader.into_iter().map(|(leader, written)| ask_leader(client, leader, written));
    join_all(answers).await.into_iter().for_each(|answers| found.extend(answers));
    let of = |written: &Written| {
        let found = found.iter().find(|(partition, _)| *partition == written.partition);
        found.map_or_else(|| Err(left_out(OPERATION).about("of", &written.partition)), |(_, fate)| fate.clone())
    };
    wanted.iter().map(of).collect()
}

async fn ask_leader(
    client: &Client,
    leader: BrokerId,
    mut written: Vec<(Written, Option<TopicId>)>,
) -> Vec<(TopicPartition, Result<Fate, Failure>)> {
    written.sort_unstable_by(|(a, _), (b, _)| a.partition.cmp(&b.partition));
    let build = |version| request(version, &written);
    match client.call_with(Route::Broker(leader), Lane::Bulk, build).await {
        Ok(response) => written.iter().map(|asked| (asked.0.partition.clone(), fate_in(&response, asked))).collect(),
        Err(failure) => written
            .into_iter()
            .map(|(written, _)| {
                let failure = failure.clone().about("of", &written.partition);
                (written.partition, Err(failure))
            })
            .collect(),
    }
}

/// `written` of one topic stand together.
fn request(version: i16, written: &[(Written, Option<TopicId>)]) -> FetchRequest {
    let partition = |(written, _): &(Written, Option<TopicId>)| {
        FetchPartition::default()
            .with_partition(written.partition.partition)
            .with_fetch_offset(written.offset)
            .with_partition_max_bytes(ROOM)
    };
    let topics = written.chunk_by(|(a, _), (b, _)| a.partition.topic == b.partition.topic).filter_map(|of_one| {
        let (first, id) = of_one.first()?;
        Some(of_topic(version, &first.partition.topic, *id, of_one.iter().map(partition).collect()))
    });
    FetchRequest::default()
        .with_max_wait_ms(0)
        .with_min_bytes(0)
        .with_max_bytes(ROOM)
        .with_isolation_level(COMMITTED)
        .with_topics(topics.collect())
}

fn fate_in(response: &FetchResponse, (written, id): &(Written, Option<TopicId>)) -> Result<Fate, Failure> {
    if response.error_code != 0 {
        return Err(failure_of_code(response.error_code, OPERATION));
    }
    let of_topic = response.responses.iter().filter(|topic| match topic.topic.is_empty() {
        true => *id == Some(TopicId(topic.topic_id.as_u128())),
        false => topic.topic.as_str() == written.partition.topic.as_str(),
    });
    let answer = of_topic
        .flat_map(|topic| &topic.partitions)
        .find(|answer| answer.partition_index == written.partition.partition)
        .ok_or_else(|| left_out(OPERATION).about("of", &written.partition))?;
    if answer.error_code != 0 {
        return Err(failure_of_code(answer.error_code, OPERATION).about("of", &written.partition));
    }
    Ok(fate(answer, written))
}

fn fate(answer: &PartitionData, written: &Written) -> Fate {
    if answer.last_stable_offset >= 0 && written.offset >= answer.last_stable_offset {
        return Fate::Open;
    }
    // Those that are named end behind the offset; the one that began before it holds it.
    let is_aborted = answer
        .aborted_transactions
        .iter()
        .flatten()
        .any(|aborted| *aborted.producer_id == written.producer_id && aborted.first_offset <= written.offset);
    if is_aborted { Fate::Aborted } else { Fate::Committed }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kafka_protocol::messages::fetch_response::AbortedTransaction;

    #[test]
    fn an_answer_tells_what_became_of_a_record() {
        let aborted = |producer: i64, first| {
            AbortedTransaction::default().with_producer_id(producer.into()).with_first_offset(first)
        };
        let answer = PartitionData::default()
            .with_last_stable_offset(100)
            .with_aborted_transactions(Some(vec![aborted(7, 40), aborted(8, 60)]));
        let of = |producer_id, offset| {
            fate(&answer, &Written { partition: TopicPartition::new("t".into(), 0), offset, producer_id })
        };
        assert_eq!(of(7, 50), Fate::Aborted);
        assert_eq!(of(8, 50), Fate::Committed, "that one began later");
        assert_eq!(of(9, 50), Fate::Committed);
        assert_eq!(of(9, 100), Fate::Open, "nobody may read it yet");
    }
}
