//! Reading the pinned ranges of a plan, or the file in their place.
//!
//! Invariant: what is given is what a read-committed consumer sees and the query wants, in
//! the order of each partition; nothing is lost when the future is dropped.

use super::{OPERATION, file, query_of};
use crate::cluster::Cluster;
use crate::cluster::search::SearchRequest;
use crate::cluster::search::sifting::Sifting;
use crate::domain::plan::{Severity, Warning};
use crate::domain::query::Query;
use crate::domain::record::{Isolation, Record, TieredRead};
use crate::domain::resend::{Resend, SourceRange};
use crate::domain::{Failure, FailureKind, Offset, PartitionId, TopicName, show};
use crate::kafka::fetch::{self, ReadEvent, ReadRange, ReadRequest, Reading};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Some records of one partition, and what is passed with them.
pub(super) struct Read {
    pub(super) step: usize,
    pub(super) records: Vec<Record>,
    /// Steps with the offsets that they have come to, once the records are sent.
    pub(super) passed: Vec<(usize, Offset)>,
}

/// Reads the ranges of a plan, one topic after the other.
pub(super) struct Reader<'a> {
    source: &'a Cluster,
    resend: &'a Resend,
    query: Option<Query>,
    /// Topics still to be read, each with its steps.
    topics: VecDeque<(TopicName, Vec<(usize, SourceRange)>)>,
    current: Option<Current>,
    pending: VecDeque<ReadEvent>,
    undecodable: u64,
    /// In the place of topics.
    file: Option<mpsc::Receiver<Result<Read, Failure>>>,
    /// Steps with their ends, for when the file has come to its own.
    ends: Vec<(usize, Offset)>,
}

struct Current {
    reading: Reading,
    sifting: Option<Arc<Sifting>>,
    steps: HashMap<PartitionId, usize>,
    ends: Vec<(usize, Offset)>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a Cluster, resend: &'a Resend, ranges: &[SourceRange]) -> Result<Self, Failure> {
        if let Some(file) = &resend.file {
            let ends = ranges.iter().enumerate().map(|(step, range)| (step, range.to)).collect();
            return Ok(Self {
                source,
                resend,
                query: None,
                topics: VecDeque::new(),
                current: None,
                pending: VecDeque::new(),
                undecodable: 0,
                file: Some(file::read(file.clone(), ranges.to_vec())),
                ends,
            });
        }
        let mut topics: BTreeMap<TopicName, Vec<(usize, SourceRange)>> = BTreeMap::new();
        for (index, range) in ranges.iter().enumerate().filter(|(_, range)| range.from < range.to) {
            topics.entry(range.topic.clone()).or_default().push((index, range.clone()));
        }
        Ok(Self {
            source,
            resend,
            query: query_of(resend)?,
            topics: topics.into_iter().collect(),
            current: None,
            pending: VecDeque::new(),
            undecodable: 0,
            file: None,
            ends: Vec::new(),
        })
    }

    /// The next records; `None` at the end of all. A failure is of what comes next.
    /// Nothing is lost when the future is dropped.
    pub(super) async fn next(&mut self) -> Result<Option<Read>, Failure> {
        if let Some(file) = &mut self.file {
            return match file.recv().await {
                Some(read) => read.map(Some),
                None => {
                    self.file = None;
                    let passed = std::mem::take(&mut self.ends);
                    Ok(Some(Read { step: usize::MAX, records: Vec::new(), passed }))
                }
            };
        }
        loop {
            while let Some(event) = self.pending.pop_front() {
                match event {
                    ReadEvent::Batch(batch) => {
                        let step = self.current.as_ref().and_then(|current| current.steps.get(&batch.partition()));
                        let Some(step) = step.copied() else { continue };
                        let records =
                            (0..batch.len()).map(|index| batch.record(index)).collect::<Option<Vec<Record>>>();
                        let records = records.ok_or_else(|| {
                            let at = format!("{}:{} behind {:?}", batch.topic(), batch.partition(), batch.offset(0));
                            Failure::new(FailureKind::Malformed, OPERATION, "a record cannot be read").on(at)
                        })?;
                        let next = records.last().map(|record| record.offset.saturating_add(1));
                        return Ok(Some(Read {
                            step,
                            records,
                            passed: next.map(|next| (step, next)).into_iter().collect(),
                        }));
                    }
                    ReadEvent::Failed(failure) => return Err(failure),
                    ReadEvent::Waiting { .. }
                    | ReadEvent::Settled(_)
                    | ReadEvent::TransactionEnded(..)
                    | ReadEvent::CaughtUp
                    | ReadEvent::Passed(..)
                    | ReadEvent::Skipped { .. } => {}
                }
            }
            if self.current.is_none() {
                let Some((topic, steps)) = self.topics.pop_front() else { return Ok(None) };
                self.current = Some(self.open(&topic, &steps));
            }
            let Some(current) = &mut self.current else { return Ok(None) };
            match current.reading.next().await {
                Some(events) => self.pending.extend(events),
                None => {
                    let ended = self.current.take();
                    let Some(Current { sifting, ends, .. }) = ended else { return Ok(None) };
                    self.undecodable += sifting.map_or(0, |sifting| sifting.counts().undecodable);
                    return Ok(Some(Read { step: usize::MAX, records: Vec::new(), passed: ends }));
                }
            }
        }
    }

    fn open(&self, topic: &TopicName, steps: &[(usize, SourceRange)]) -> Current {
        let ranges: Vec<ReadRange> = steps
            .iter()
            .map(|(_, range)| ReadRange { partition: range.partition, from: range.from, to: Some(range.to) })
            .collect();
        let profile = self.source.profile();
        let sifting = self.query.as_ref().map(|query| {
            let request = SearchRequest {
                view: self.resend.view,
                isolation: Isolation::Committed,
                tiered: TieredRead::Allowed,
                ..SearchRequest::of(vec![topic.clone()], query.clone())
            };
            let view = self.resend.view.unwrap_or_else(|| profile.formats.of(topic.as_str()));
            let schemas = Arc::clone(&self.source.inner.schemas);
            Arc::new(Sifting::new(&request, topic, view, schemas, &profile.masks, None, &ranges))
        });
        let reading = fetch::read(
            self.source.client(),
            ReadRequest {
                topic: topic.clone(),
                ranges,
                max_bytes_per_second: profile.read_budget_bytes_per_second,
                newest_only: false,
                isolation: Isolation::Committed,
                rack: profile.rack.clone(),
                sieve: sifting.clone().map(|sifting| sifting as Arc<dyn fetch::Sieve>),
                lane: self.source.next_read(),
            },
        );
        Current {
            reading,
            sifting,
            steps: steps.iter().map(|(index, range)| (range.partition, *index)).collect(),
            ends: steps.iter().map(|(index, range)| (*index, range.to)).collect(),
        }
    }

    /// What was not understood.
    pub(super) fn said(&self) -> Option<Warning> {
        (self.undecodable > 0).then(|| {
            let text = format!(
                "{} not sent: they cannot be decoded, so whether they meet the query is not known",
                show::count(self.undecodable)
            );
            Warning::new(Severity::Warning, text)
        })
    }
}
