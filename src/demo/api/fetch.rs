//! Fetch, with its long poll.
//!
//! Batches are chosen under the lock and made without it, a budget at a time.

use super::{Call, Code, code};
use crate::demo::log::Part;
use crate::domain::{Offset, Time};
use bytes::{Bytes, BytesMut};
use kafka_protocol::ResponseError as E;
use kafka_protocol::messages::fetch_request::FetchPartition;
use kafka_protocol::messages::fetch_response::{AbortedTransaction, FetchableTopicResponse, PartitionData};
use kafka_protocol::messages::{FetchRequest, FetchResponse};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

/// What one answer holds at most, whatever was asked for.
const MAX_ANSWER: usize = 16 << 20;
/// The isolation level that sees nothing of open and aborted transactions.
pub(super) const READ_COMMITTED: i8 = 1;
/// Batches chosen at once per partition.
const AT_ONCE: usize = 64;
/// A long poll looks again no sooner than this: records come in clusters.
const MIN_WAIT: i64 = 10;

pub(super) async fn fetch(call: &Call, request: FetchRequest) -> FetchResponse {
    let patience = Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or(0));
    let deadline = Instant::now() + patience;
    let min_bytes = usize::try_from(request.min_bytes).unwrap_or(0);
    let mut moves = call.cluster.clock.moves();
    loop {
        let changed = call.cluster.changed.notified();
        tokio::pin!(changed);
        changed.as_mut().enable();
        let round = round(call, &request).await;
        if round.bytes >= min_bytes || round.has_errors || Instant::now() >= deadline {
            return round.response;
        }
        // Simulated records appear by the clock, all others with a notice.
        let grows = async {
            match round.grows_at {
                Some(at) => {
                    let soonest = call.cluster.now().plus_millis(MIN_WAIT);
                    call.cluster.clock.wait_until(at.max(soonest), &mut moves).await;
                }
                None => {
                    let _ = moves.changed().await;
                }
            }
        };
        tokio::select! {
            () = &mut changed => {}
            () = grows => {}
            () = sleep_until(deadline) => {}
        }
    }
}

struct Round {
    response: FetchResponse,
    bytes: usize,
    has_errors: bool,
    /// When the first of the partitions asked for grows by itself.
    grows_at: Option<Time>,
}

async fn round(call: &Call, request: &FetchRequest) -> Round {
    let budget = usize::try_from(request.max_bytes).unwrap_or(0).min(MAX_ANSWER);
    let now = call.cluster.now();
    let is_committed_only = request.isolation_level == READ_COMMITTED;
    let (mut bytes, mut has_errors, mut grows_at) = (0usize, false, None::<Time>);
    let mut responses = Vec::with_capacity(request.topics.len());
    for topic in &request.topics {
        let mut partitions = Vec::with_capacity(topic.partitions.len());
        for asked in &topic.partitions {
            let data = PartitionData::default().with_partition_index(asked.partition);
            let view = match look(call, topic.topic.as_str(), topic.topic_id, asked, is_committed_only, now) {
                Ok(view) => view,
                Err(error) => {
                    has_errors = true;
                    partitions
                        .push(data.with_error_code(error).with_high_watermark(-1).with_records(Some(Bytes::new())));
                    continue;
                }
            };
            if let Some(at) = view.grows_at {
                grows_at = Some(grows_at.map_or(at, |known| known.min(at)));
            }
            let room = usize::try_from(asked.partition_max_bytes).unwrap_or(0).min(budget.saturating_sub(bytes));
            let records = gather(view.parts, room, bytes == 0);
            bytes += records.len();
            partitions.push(
                data.with_high_watermark(view.end)
                    .with_last_stable_offset(view.stable_end)
                    .with_aborted_transactions(view.aborted)
                    .with_log_start_offset(if call.version >= 5 { view.start } else { -1 })
                    .with_preferred_read_replica((-1).into())
                    .with_records(Some(records)),
            );
            // Making batches is work: others get their turn in between.
            tokio::task::yield_now().await;
        }
        responses.push(
            FetchableTopicResponse::default()
                .with_topic(topic.topic.clone())
                .with_topic_id(topic.topic_id)
                .with_partitions(partitions),
        );
    }
    Round { response: FetchResponse::default().with_responses(responses), bytes, has_errors, grows_at }
}

struct View {
    parts: Vec<Part>,
    start: Offset,
    end: Offset,
    stable_end: Offset,
    /// Told only to those who want what is committed.
    aborted: Option<Vec<AbortedTransaction>>,
    grows_at: Option<Time>,
}

fn look(
    call: &Call,
    name: &str,
    id: Uuid,
    asked: &FetchPartition,
    is_committed_only: bool,
    now: Time,
) -> Result<View, Code> {
    let state = call.cluster.lock();
    let (_, topic) = super::find_topic(&state, name, id)?;
    let partition = super::led_by(call.node, topic.partition(asked.partition))?;
    if asked.current_leader_epoch > partition.epoch {
        return Err(code(E::UnknownLeaderEpoch));
    }
    if asked.current_leader_epoch >= 0 && asked.current_leader_epoch < partition.epoch {
        return Err(code(E::FencedLeaderEpoch));
    }
    let (start, end) = (partition.log.start(), partition.log.end(now));
    if !(start..=end).contains(&asked.fetch_offset) {
        return Err(code(E::OffsetOutOfRange));
    }
    let stable_end = partition.stable_end(now);
    let upto = if is_committed_only { stable_end } else { end };
    let parts = partition.log.read(asked.fetch_offset, upto, AT_ONCE, now);
    let aborted = is_committed_only.then(|| {
        let read_to = parts.last().map_or(asked.fetch_offset, Part::end);
        let aborted = partition.producers.aborted_in(asked.fetch_offset, read_to).into_iter().map(|aborted| {
            AbortedTransaction::default().with_producer_id(aborted.producer_id.into()).with_first_offset(aborted.first)
        });
        aborted.collect()
    });
    Ok(View { parts, start, end, stable_end, aborted, grows_at: partition.log.grows_at(now) })
}

/// As many batches as fit; one in any case for the first partition, so that a
/// batch larger than the reader's budget does not stop it for ever.
fn gather(parts: Vec<Part>, room: usize, must_progress: bool) -> Bytes {
    let (mut out, mut last) = (BytesMut::new(), 0);
    for part in parts {
        // Neighbours are of a size: one that will not fit is not made in vain.
        if out.len() + last > room && !(must_progress && out.is_empty()) {
            break;
        }
        let bytes = part.into_bytes();
        last = bytes.len();
        if out.len() + last > room && !(must_progress && out.is_empty()) {
            break;
        }
        out.extend_from_slice(&bytes);
    }
    out.freeze()
}
