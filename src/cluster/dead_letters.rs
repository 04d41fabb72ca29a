//! Topics of dead letters, and what their newest letters say.
//!
//! Only read, and bounded: the newest records of a topic, within a deadline.

use super::{Cluster, RecordRef};
use crate::domain::dead_letter::{self, DeadLetter};
use crate::domain::origin::origin_of;
use crate::domain::record::{DecodedRecord, Isolation};
use crate::domain::topic::TopicOrigin;
use crate::domain::{Failure, Partial, TopicName};
use futures::StreamExt as _;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Topics that are read at once.
const AT_ONCE: usize = 8;

/// A record with what its headers say of its failure.
#[derive(Clone, Debug)]
pub struct Letter {
    pub record: Arc<DecodedRecord>,
    /// `None`: its headers say nothing; in Connect they are off unless asked for.
    pub said: Option<DeadLetter>,
}

/// The newest records of a topic that holds dead letters.
#[derive(Clone, Debug)]
pub struct DeadLetterTopic {
    pub topic: TopicName,
    /// Its name says so; otherwise the headers of its records do.
    pub is_named_so: bool,
    /// In order of time.
    pub letters: Vec<Letter>,
}

impl Cluster {
    /// Topics whose names say that they hold dead letters, with the newest `newest`
    /// records of each; with `look_inside`, those too whose records say so. Where topics
    /// are named, these alone, whatever they hold.
    pub async fn dead_letter_topics(
        &self,
        only: &[TopicName],
        newest: u64,
        look_inside: bool,
    ) -> Result<Partial<Vec<DeadLetterTopic>>, Failure> {
        let metadata = self.metadata().await?;
        for name in only {
            metadata.find_topic("read dead letters of", name.as_str())?;
        }
        let wanted = metadata.topics.iter().filter_map(|topic| {
            let origin = origin_of(topic);
            let is_named_so = origin == TopicOrigin::DeadLetter;
            let is_wanted = if only.is_empty() {
                is_named_so || look_inside && origin == TopicOrigin::Plain
            } else {
                only.contains(&topic.name)
            };
            is_wanted.then(|| (topic.name.clone(), is_named_so))
        });
        let wanted: Vec<(TopicName, bool)> = wanted.collect();
        let read = wanted.into_iter().map(async |(topic, is_named_so)| {
            let letters = self.newest_letters(&topic, newest).await;
            (topic, is_named_so, letters)
        });
        let mut read = std::pin::pin!(futures::stream::iter(read).buffered(AT_ONCE));
        let (mut topics, mut failures) = (Vec::new(), Vec::new());
        while let Some((topic, is_named_so, letters)) = read.next().await {
            match letters {
                Ok(part) => {
                    failures.extend(part.failures);
                    if is_named_so || !only.is_empty() || part.value.iter().any(|letter| letter.said.is_some()) {
                        topics.push(DeadLetterTopic { topic, is_named_so, letters: part.value });
                    }
                }
                Err(failure) => failures.push(failure),
            }
        }
        Ok(Partial { value: topics, failures })
    }

    /// The newest records of `topic` with what their headers say, in order of time.
    pub async fn newest_letters(&self, topic: &TopicName, newest: u64) -> Result<Partial<Vec<Letter>>, Failure> {
        let view = self.profile().formats.of(topic.as_str());
        let mut records = Vec::new();
        let take = |more: Vec<RecordRef>| {
            records.extend(more);
            ControlFlow::Continue(())
        };
        let failures = self.newest_records(topic, newest, Isolation::Committed, "read dead letters of", take).await;
        let letter = |record: Arc<DecodedRecord>| {
            let said = dead_letter::read(&record.record.headers);
            Letter { record, said }
        };
        let mut letters: Vec<Letter> = self.decode(&records, view).await.into_iter().map(letter).collect();
        match failures.first() {
            Some(failure) if letters.is_empty() => Err(failure.clone()),
            _ => {
                letters.sort_by_key(|letter| letter.record.record.timestamp);
                Ok(Partial { value: letters, failures })
            }
        }
    }
}
