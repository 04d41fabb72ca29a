//! Writing the records of a plan, in order, many under way at once.
//!
//! Invariant: nothing more is taken after the first failure. What is written is then a
//! beginning of the input, or nearly so, and the statuses say which.

use super::{Board, Cluster, blocking, status_of};
use crate::cluster::produce::{Digest, Kept};
use crate::cluster::settings;
use crate::domain::plan::{Plan, Severity, Step, StepStatus, Warning};
use crate::domain::produce::{NewRecord, Produce, Written};
use crate::domain::{Failure, FailureKind, Offset, PartitionId, TopicName, WriteGrant, show};
use crate::kafka::produce::Producer;
use futures::StreamExt as _;
use futures::stream::FuturesOrdered;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// Records handed over and not yet acknowledged.
const UNDER_WAY: usize = 1_000;
/// As many are handed over together, where they are there.
const TOGETHER: usize = 64;
/// Their bytes; a single record may have more.
const BYTES_UNDER_WAY: usize = 32 << 20;

/// What became of the records.
pub(super) struct Sent {
    pub(super) written: Vec<Written>,
    pub(super) notes: Vec<Warning>,
}

/// What the producer said of one record: its place in the input, its size, where it is.
type Answer = (usize, usize, Result<(PartitionId, Option<Offset>), Failure>);

/// What is known so far.
#[derive(Default)]
struct Tally {
    /// By step and partition.
    written: BTreeMap<(usize, PartitionId), Written>,
    records: u64,
    failure: Option<Failure>,
    digest: Digest,
}

impl Cluster {
    pub(super) async fn write_records(
        &self,
        plan: &Plan,
        produce: &Produce,
        grant: &WriteGrant,
        board: &mut Board,
    ) -> Sent {
        let mut tally = Tally::default();
        let is_each = plan.steps.len() > 1 || plan.steps.first().is_some_and(is_one);
        match self.begin_writing(plan, produce).await {
            Ok((producer, kept)) => self.write_all(&producer, kept, produce, grant, is_each, board, &mut tally).await,
            Err(failure) => {
                board.settle(vec![(0, StepStatus::Failed(failure.clone()))]).await;
                tally.failure = Some(failure);
            }
        }
        if !is_each {
            board.settle(vec![(0, of_all(&tally))]).await;
        }
        let mut notes = Vec::new();
        if !is_each && tally.records > 0 {
            let written = show::plural(tally.records, "record");
            let digest = std::mem::take(&mut tally.digest).finish();
            let text = match &tally.failure {
                None => format!("{written} written; SHA-256 of what was sent: {digest}"),
                Some(_) => format!("{written} written"),
            };
            notes.push(Warning::new(Severity::Fine, text));
        }
        let written: Vec<Written> = tally.written.into_values().collect();
        if !written.is_empty() {
            notes.push(Warning::new(Severity::Fine, places(&produce.topic, &written)));
            notes.push(self.read_back_records(produce, &written).await);
        }
        Sent { written, notes }
    }

    async fn begin_writing(&self, plan: &Plan, produce: &Produce) -> Result<(Producer, Kept), Failure> {
        let kept = self.take_records_of(&plan.id).ok_or_else(|| {
            Failure::new(FailureKind::Conflict, "write records", "they are not kept any more")
                .on(produce.topic.as_str())
        })?;
        let options = settings::wire_options(self.profile())?;
        let (topic, delivery, most) = (produce.topic.clone(), produce.delivery, kept.most);
        let producer = blocking(move || Producer::new(&options, topic, &delivery, most)).await?;
        Ok((producer, kept))
    }

    #[expect(clippy::too_many_arguments, reason = "what one loop over records needs")]
    async fn write_all(
        &self,
        producer: &Producer,
        kept: Kept,
        produce: &Produce,
        grant: &WriteGrant,
        is_each: bool,
        board: &mut Board,
        tally: &mut Tally,
    ) {
        let mut source = kept.source;
        let mut first = std::mem::take(&mut source.first).into_iter();
        let mut under_way = FuturesOrdered::new();
        let (mut bytes, mut place) = (0, 0);
        let mut pace = produce.rate.map(Pace::of);
        while tally.failure.is_none() {
            // What is acknowledged meanwhile is taken in; waited for only where there is no room.
            let has_room = under_way.len() < UNDER_WAY && bytes < BYTES_UNDER_WAY;
            if !has_room {
                let answer = under_way.next().await;
                take_in(answer, is_each, &mut bytes, board, tally).await;
                continue;
            }
            let next = async {
                if let Some(pace) = &mut pace {
                    pace.wait().await;
                }
                let most = if produce.rate.is_some() { 1 } else { TOGETHER };
                let mut records: Vec<_> = first.by_ref().take(most).map(Ok).collect();
                if let Some(rest) = source.rest.as_mut().filter(|_| records.is_empty()) {
                    rest.recv_many(&mut records, most).await;
                }
                records
            };
            let records: Vec<Result<NewRecord, Failure>> = tokio::select! {
                biased;
                () = source.stop.cancelled() => {
                    // A stream without an end is ended in this way; of a number there are fewer.
                    tally.failure = source.count.map(|_| {
                        Failure::new(FailureKind::Cancelled, "write records", "interrupted").on(produce.topic.as_str())
                    });
                    break;
                }
                answer = under_way.next(), if !under_way.is_empty() => {
                    take_in(answer, is_each, &mut bytes, board, tally).await;
                    continue;
                }
                records = next => records,
            };
            if records.is_empty() {
                break;
            }
            let (mut taken, mut sizes) = (Vec::with_capacity(records.len()), Vec::with_capacity(records.len()));
            for record in records {
                match record {
                    Ok(record) => {
                        sizes.push(record.size());
                        if !is_each {
                            tally.digest.add(&record);
                        }
                        taken.push(record);
                    }
                    Err(failure) => tally.failure = Some(failure),
                }
            }
            let (deliveries, refused) = producer.queue(grant, taken).await;
            for (delivery, size) in deliveries.into_iter().zip(sizes) {
                let here = place;
                place += 1;
                bytes += size;
                under_way.push_back(async move { (here, size, delivery.await) });
            }
            if let Some(failure) = refused {
                take_in(Some((place, 0, Err(failure))), is_each, &mut bytes, board, tally).await;
            }
        }
        while let Some(answer) = under_way.next().await {
            take_in(Some(answer), is_each, &mut bytes, board, tally).await;
        }
    }

    /// Every partition must end behind what was written to it.
    async fn read_back_records(&self, produce: &Produce, written: &[Written]) -> Warning {
        let ends = self.ends_of(&produce.topic, written.iter().map(|written| written.partition)).await;
        let end = |id: PartitionId| ends.iter().find(|(other, _)| *other == id).map(|(_, end)| *end);
        let mut silent = 0;
        for written in written {
            match (end(written.partition), written.last) {
                (Some(end), Some(last)) if end <= last => {
                    let text = format!("read back: partition {} ends at {end}, before {last}", written.partition);
                    return Warning::new(Severity::Warning, text);
                }
                (Some(_), Some(_)) => {}
                (None, _) | (_, None) => silent += 1,
            }
        }
        if silent > 0 {
            return Warning::new(Severity::Warning, "not every place could be read back");
        }
        Warning::new(Severity::Fine, "read back: the partitions end behind what was written")
    }
}

/// A sentence about where the records are, each in the words that other commands take.
fn places(topic: &TopicName, written: &[Written]) -> String {
    let place = |written: &Written| match (written.first, written.last) {
        (Some(first), Some(last)) if first != last => format!("{topic}/{}@{first} to {last}", written.partition),
        (Some(first), _) => format!("{topic}/{}@{first}", written.partition),
        (None, _) => format!("{topic}/{}, nobody said where", written.partition),
    };
    let some: Vec<String> = written.iter().take(PLACES).map(place).collect();
    let more = written.len().saturating_sub(PLACES);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("written: {}{rest}", some.join(", "))
}

/// Places that a sentence names.
const PLACES: usize = 4;

fn is_one(step: &Step) -> bool {
    matches!(step, Step::Produce(batch) if batch.digest.is_some())
}

async fn take_in(answer: Option<Answer>, is_each: bool, bytes: &mut usize, board: &mut Board, tally: &mut Tally) {
    let Some((place, size, result)) = answer else { return };
    *bytes = bytes.saturating_sub(size);
    let step = if is_each { place } else { 0 };
    if let Ok((partition, offset)) = &result {
        let new = Written { step, partition: *partition, records: 0, first: *offset, last: *offset };
        let row = tally.written.entry((step, *partition)).or_insert(new);
        row.records += 1;
        row.first = row.first.min(*offset);
        row.last = row.last.max(*offset);
        tally.records += 1;
    }
    if let Err(failure) = &result
        && tally.failure.is_none()
    {
        tally.failure = Some(failure.clone());
    }
    if is_each {
        board.settle(vec![(place, status_of(result.map(|_| ())))]).await;
    }
}

/// One status for a stream.
fn of_all(tally: &Tally) -> StepStatus {
    match (&tally.failure, tally.records) {
        (None, _) => StepStatus::Done,
        (Some(failure), 0) => status_of(Err(failure.clone())),
        (Some(failure), records) => {
            let mut failure = failure.clone();
            let written = show::plural(records, "record");
            failure.message = format!("{} ({written} written before it)", failure.message);
            StepStatus::Unknown(failure)
        }
    }
}

/// A time for each record.
struct Pace {
    next: Instant,
    step: Duration,
}

impl Pace {
    fn of(rate: u32) -> Self {
        Self { next: Instant::now(), step: Duration::from_secs(1) / rate.max(1) }
    }

    /// Waits for the next record's turn. What was missed is not caught up.
    async fn wait(&mut self) {
        tokio::time::sleep_until(self.next).await;
        self.next = self.next.max(Instant::now().checked_sub(self.step).unwrap_or(self.next)) + self.step;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(partition: PartitionId, first: Option<Offset>, last: Option<Offset>) -> Written {
        Written { step: 0, partition, records: 1, first, last }
    }

    #[test]
    fn where_records_are_is_said_in_words_that_can_be_pasted() {
        let some = [written(2, Some(17), Some(17)), written(0, Some(3), Some(5002)), written(1, None, None)];
        let said = places(&"orders".into(), &some);
        assert_eq!(said, "written: orders/2@17, orders/0@3 to 5002, orders/1, nobody said where");
        let many = vec![written(0, Some(1), Some(1)); 6];
        assert!(places(&"orders".into(), &many).ends_with(" and 2 more"));
    }

    #[test]
    fn a_stream_that_broke_off_says_how_much_of_it_is_there() {
        let failure = Failure::new(FailureKind::Invalid, "read a record from", "it is no JSON");
        let tally = |records| Tally { records, failure: Some(failure.clone()), ..Tally::default() };
        assert!(matches!(of_all(&tally(0)), StepStatus::Failed(_)));
        let StepStatus::Unknown(said) = of_all(&tally(3)) else { panic!("it was written in part") };
        assert!(said.message.contains("3 records written before it"), "{said}");
    }
}
