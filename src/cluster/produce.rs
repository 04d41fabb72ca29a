//! Planning records to write, and keeping them until the plan is applied.
//!
//! Owns: the payloads of the last few plans. The plan itself has none: it is written
//! down, and what is written down holds a digest and a masked beginning.

mod others;

use super::groups::listed_offset;
use super::{Cluster, Encoders, Unwritable, lock, now};
use crate::domain::mask::MASK;
use crate::domain::plan::{Plan, Severity, Warning};
use crate::domain::produce::{Batch, Delivery, Draft, NewRecord, ProduceInputs, Spread, plan};
use crate::domain::recipe::{Prepared, Recipe};
use crate::domain::{Failure, FailureKind, Offset, PartitionId, TopicName, TopicPartition, show};
use crate::kafka::admin::{self, offsets::OffsetAt};
use std::collections::VecDeque;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Plans whose records are kept; an older one must be made again.
const MAX_DRAFTS: usize = 4;
/// As many records are shown one by one, with where each went.
pub(crate) const SHOWN: usize = 100;
/// Records between whoever makes them and the producer.
const AHEAD: usize = 256;
/// Bytes of a key or value that a plan shows.
const PREVIEW_BYTES: usize = 160;

/// Records to write, of which the first are known.
#[derive(Debug, Default)]
pub struct RecordSource {
    pub first: Vec<NewRecord>,
    /// Those behind the first, as they come; a failure ends it.
    pub rest: Option<mpsc::Receiver<Result<NewRecord, Failure>>>,
    /// How many there are in all, where that is known before they are read.
    pub count: Option<u64>,
    /// Bytes of keys, values and headers in all, where that is known.
    pub bytes: Option<u64>,
    /// Ends it early: what is under way is waited for.
    pub stop: CancellationToken,
    /// What a plan says about the first, beside how they are written.
    pub said: Vec<String>,
}

impl RecordSource {
    pub fn of(records: Vec<NewRecord>) -> Self {
        Self { count: Some(records.len() as u64), first: records, ..Self::default() }
    }

    /// The records of a recipe: all at once where they are few, else as they are asked for.
    pub fn made(recipe: &Recipe, encoders: Encoders) -> Result<Self, Unwritable> {
        let prepared = prepared(recipe)
            .map_err(|reason| Failure::new(FailureKind::Invalid, "produce to", reason).on(recipe.topic.as_str()))?;
        let count = recipe.count();
        let encoders = encoders.anew();
        let written = encoders.clone();
        let said = || written.filled().into_iter().collect();
        let make = move |sequence| encoders.encode(prepared.record(sequence, now()));
        if count <= SHOWN as u64 {
            let all = Self::of((1..=count).map(make).collect::<Result<_, _>>()?);
            return Ok(Self { said: said(), ..all });
        }
        let first = vec![make(1)?];
        let said = said();
        let (feed, rest) = mpsc::channel(AHEAD);
        tokio::spawn(async move {
            for sequence in 2..=count {
                let record = make(sequence).map_err(Failure::from);
                let is_last = record.is_err();
                // Where it cannot be given, nobody writes any more.
                if feed.send(record).await.is_err() || is_last {
                    return;
                }
            }
        });
        Ok(Self { first, rest: Some(rest), count: Some(count), said, ..Self::default() })
    }
}

/// Ready to make records, with a seed of its own.
pub fn prepared(recipe: &Recipe) -> Result<Prepared, String> {
    recipe.prepare(RandomState::new().build_hasher().finish())
}

/// What is to be written, and how.
#[derive(Debug)]
pub struct ProduceRequest {
    pub topic: TopicName,
    pub source: RecordSource,
    pub delivery: Delivery,
    /// Records a second at most.
    pub rate: Option<u32>,
    /// How keys and values are written.
    pub said: Vec<String>,
    /// The words of the same on the command line.
    pub command_line: Vec<String>,
}

/// The records of a plan that was not applied yet.
#[derive(Debug)]
pub(super) struct Kept {
    plan_id: String,
    pub(super) source: RecordSource,
    /// What the topic takes as one batch, in bytes, where that is known.
    pub(super) most: Option<u64>,
}

#[derive(Debug, Default)]
pub(super) struct Drafts(VecDeque<Kept>);

impl Cluster {
    /// The plan that writes what a recipe says.
    pub async fn plan_recipe(&self, mut recipe: Recipe) -> Result<Plan, Unwritable> {
        let encoders = self.encoders(&recipe).await?;
        encoders.unname(&mut recipe.record);
        let said = encoders.said();
        let source = RecordSource::made(&recipe, encoders)?;
        let command_line = recipe.words(self.profile().masks.touch(recipe.topic.as_str()));
        let Recipe { topic, delivery, rate, .. } = recipe;
        Ok(self.plan_produce(ProduceRequest { topic, source, delivery, rate, said, command_line }).await?)
    }

    /// The plan that writes records. They are kept until it is applied, or until some
    /// more plans were made.
    pub async fn plan_produce(&self, request: ProduceRequest) -> Result<Plan, Failure> {
        let name = &request.topic;
        let metadata = self.metadata().await?;
        let topic = metadata.topic(name.as_str()).ok_or_else(|| {
            let missing = Failure::no_such_topic("produce to", name.as_str());
            let create = "Create it with klamm topics create; to see one takes DESCRIBE on the topic.";
            metadata.or_meant(missing.hint(create))
        })?;
        let partitions = topic.partitions.iter().map(|partition| partition.id);
        let (configs, ends, others, may_write) = tokio::join!(
            self.topic_configs(name),
            self.ends_of(name, partitions),
            self.written_otherwise(name, &request.source.first),
            admin::topics::may_write(self.client(), name),
        );
        let others = others.into_iter().chain(alike(&request.source.first)).collect();
        let is_masked = self.profile().masks.touch(name.as_str());
        if is_masked && request.source.first.iter().any(holds_mask) {
            let message = format!("it holds {MASK}, which stands for what the profile hides");
            let failure = Failure::new(FailureKind::Invalid, "produce to", message).on(name.as_str());
            return Err(failure.hint("A copy of a masked record would write the mask and not what is hidden."));
        }
        let count = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
        let drafts = drafts(&request, count, is_masked);
        let most = configs.as_ref().ok().and_then(|configs| {
            configs.iter().find(|entry| entry.name == "max.message.bytes")?.value.as_deref()?.parse().ok()
        });
        let plan = plan(ProduceInputs {
            id: self.next_plan_id(),
            now: self.now(),
            topic,
            configs: configs.as_ref().map(|configs| configs.as_slice()),
            ends,
            drafts,
            delivery: request.delivery,
            rate: request.rate,
            may_write,
            others,
            said: request.said.into_iter().chain(request.source.said.iter().cloned()).collect(),
            production: self.profile().production,
            command_line: request.command_line,
        })?;
        let mut kept = lock(&self.inner.drafts);
        kept.0.push_back(Kept { plan_id: plan.id.clone(), source: request.source, most });
        if kept.0.len() > MAX_DRAFTS {
            kept.0.pop_front();
        }
        drop(kept);
        Ok(plan)
    }

    pub(super) fn has_records_of(&self, plan_id: &str) -> bool {
        lock(&self.inner.drafts).0.iter().any(|kept| kept.plan_id == plan_id)
    }

    /// Takes the records of a plan: they are written once.
    pub(super) fn take_records_of(&self, plan_id: &str) -> Option<Kept> {
        let mut drafts = lock(&self.inner.drafts);
        let place = drafts.0.iter().position(|kept| kept.plan_id == plan_id)?;
        drafts.0.remove(place)
    }

    /// Where partitions end; those that do not answer are missing.
    pub(super) async fn ends_of(
        &self,
        topic: &TopicName,
        partitions: impl Iterator<Item = PartitionId>,
    ) -> Vec<(PartitionId, Offset)> {
        let partitions: Vec<TopicPartition> = partitions.map(|id| TopicPartition::new(topic.clone(), id)).collect();
        let Ok(ends) = self.offsets_at(&partitions, OffsetAt::Latest).await else { return Vec::new() };
        partitions.iter().filter_map(|here| Some((here.partition, listed_offset(&ends, here).get()?))).collect()
    }
}

/// Was it copied from what a profile hides?
fn holds_mask(record: &NewRecord) -> bool {
    let holds = |bytes: &Option<Vec<u8>>| {
        bytes.as_deref().is_some_and(|bytes| {
            let is_all = !bytes.is_empty() && bytes.iter().all(|byte| *byte == b'*');
            is_all || bytes.windows(MASK.len()).any(|part| part == MASK.as_bytes())
        })
    };
    holds(&record.key) || holds(&record.value) || record.headers.iter().any(|(_, value)| holds(value))
}

/// A repeat that was meant to differ is seen before it is written.
fn alike(first: &[NewRecord]) -> Option<Warning> {
    let [one, others @ ..] = first else { return None };
    (!others.is_empty() && others.iter().all(|other| other == one)).then(|| {
        let count = show::count(first.len() as u64);
        let text =
            format!("the first {count} are the same record: {{{{seq}}}} or {{{{uuid}}}} in it would make them differ");
        Warning::new(Severity::Note, text)
    })
}

/// One for each record where they are few and all known; else one for all.
fn drafts(request: &ProduceRequest, partitions: i32, is_masked: bool) -> Vec<Draft> {
    let source = &request.source;
    let spread = request.delivery.spread;
    let each = source.first.iter().map(|record| draft(record, spread, partitions, is_masked));
    if source.rest.is_none() && source.first.len() <= SHOWN {
        return each.collect();
    }
    let mut each = each;
    let Some(mut all) = each.next() else { return Vec::new() };
    let same = source.first.iter().all(|record| record.partition == all.batch.partition);
    let mut bytes = all.batch.bytes;
    for draft in each {
        all.largest = all.largest.max(draft.largest);
        all.has_key &= draft.has_key;
        all.is_tombstone |= draft.is_tombstone;
        bytes = bytes.zip(draft.batch.bytes).map(|(one, other)| one + other);
    }
    let batch = Batch {
        partition: all.batch.partition.filter(|_| same),
        records: source.count,
        bytes: if source.rest.is_none() { source.bytes.or(bytes) } else { None },
        digest: None,
        ..all.batch
    };
    vec![Draft { batch, by_key: None, ..all }]
}

fn draft(record: &NewRecord, spread: Spread, partitions: i32, is_masked: bool) -> Draft {
    let size = record.size() as u64;
    let by_key = spread.partition(record.key.as_deref(), partitions);
    let shown = |bytes: &[u8]| if is_masked { MASK.to_owned() } else { preview(bytes) };
    Draft {
        largest: size,
        has_key: record.key.is_some(),
        is_tombstone: record.value.is_none(),
        by_key: Spread::Murmur2.partition(record.key.as_deref(), partitions),
        batch: Batch {
            partition: record.partition.or(by_key),
            records: Some(1),
            bytes: Some(size),
            digest: Some(digest(record)),
            key: record.key.as_deref().map(shown),
            value: record.value.as_deref().map(shown),
            headers: record.headers.len(),
            timestamp: record.timestamp,
        },
    }
}

/// Text as it is, its beginning; else how many bytes there are, and the first of them.
fn preview(bytes: &[u8]) -> String {
    let begin = bytes.get(..bytes.len().min(PREVIEW_BYTES)).unwrap_or_default();
    match std::str::from_utf8(begin) {
        Ok(text) => text.to_owned(),
        // A cut may fall into a character.
        Err(error) if begin.len() < bytes.len() && error.error_len().is_none() => {
            String::from_utf8_lossy(begin.get(..error.valid_up_to()).unwrap_or_default()).into_owned()
        }
        Err(_) => {
            let begin = bytes.get(..16).unwrap_or(bytes);
            format!("{} bytes: {}", bytes.len(), show::hex(begin, " "))
        }
    }
}

/// SHA-256 over the parts of a record, each with its length, in hexadecimal.
fn digest(record: &NewRecord) -> String {
    let mut sum = Digest::default();
    sum.add(record);
    sum.finish()
}

/// SHA-256 over records, one behind the other.
#[derive(Default)]
pub(super) struct Digest(openssl::sha::Sha256);

impl Digest {
    pub(super) fn add(&mut self, record: &NewRecord) {
        self.part(record.key.as_deref());
        self.part(record.value.as_deref());
        for (name, value) in &record.headers {
            self.part(Some(name.as_bytes()));
            self.part(value.as_deref());
        }
    }

    /// A length before each part: nothing runs into its neighbour, and null is not empty.
    fn part(&mut self, bytes: Option<&[u8]>) {
        let length = bytes.map_or(-1, |bytes| bytes.len() as i64);
        self.0.update(&length.to_be_bytes());
        self.0.update(bytes.unwrap_or_default());
    }

    pub(super) fn finish(self) -> String {
        show::hex(&self.0.finish(), "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(key: Option<&str>, value: Option<&str>) -> NewRecord {
        let bytes = |text: &str| text.as_bytes().to_vec();
        NewRecord { key: key.map(bytes), value: value.map(bytes), ..NewRecord::default() }
    }

    fn request(source: RecordSource) -> ProduceRequest {
        ProduceRequest {
            topic: "orders".into(),
            source,
            delivery: Delivery::default(),
            rate: None,
            said: Vec::new(),
            command_line: Vec::new(),
        }
    }

    #[test]
    fn few_records_are_a_step_each_and_many_are_one() {
        let of =
            |count: usize| drafts(&request(RecordSource::of(vec![record(Some("21"), Some("v")); count])), 3, false);
        assert_eq!(of(2).len(), 2);
        // murmur2("21") is -973932308; with the sign bit cleared, it is a multiple of 3.
        assert_eq!(of(2)[0].batch.partition, Some(0), "by the key");
        let many = of(SHOWN + 1);
        assert_eq!((many.len(), many[0].batch.records, many[0].batch.bytes), (1, Some(101), Some(303)));
    }

    #[test]
    fn a_repeat_that_does_not_differ_is_said() {
        let (one, other) = (record(None, Some("{seq}")), record(None, Some("2")));
        let said = alike(&[one.clone(), one.clone()]).expect("a warning");
        assert!(said.text.starts_with("the first 2 are the same record: {{seq}}"), "{}", said.text);
        assert_eq!(alike(&[one.clone(), one.clone(), other]), None);
        assert_eq!((alike(&[one]), alike(&[])), (None, None));
    }

    #[test]
    fn a_stream_is_one_step_of_a_count_that_is_not_known() {
        let (_feed, rest) = mpsc::channel(1);
        let source = RecordSource { rest: Some(rest), count: None, ..RecordSource::of(vec![record(None, Some("v"))]) };
        let drafts = drafts(&request(source), 3, false);
        assert_eq!((drafts[0].batch.records, drafts[0].batch.bytes), (None, None));
    }

    #[test]
    fn what_is_masked_is_not_written_down() {
        let source = RecordSource::of(vec![record(Some("secret"), Some("secret"))]);
        let batch = drafts(&request(source), 3, true).remove(0).batch;
        assert_eq!((batch.key.as_deref(), batch.value.as_deref()), (Some(MASK), Some(MASK)));
    }

    #[test]
    fn a_preview_is_short_and_whole_characters() {
        assert_eq!(preview(b"plain"), "plain");
        assert_eq!(preview(&[0, 159, 146]), "3 bytes: 00 9f 92");
        let long = "ä".repeat(200);
        assert_eq!(preview(format!("x{long}").as_bytes()).chars().count(), 80);
    }

    #[test]
    fn a_digest_tells_null_from_empty_and_key_from_value() {
        let some = [
            record(None, Some("")),
            record(None, None),
            record(Some(""), None),
            record(Some("ab"), Some("c")),
            record(Some("a"), Some("bc")),
        ];
        let digests: std::collections::BTreeSet<String> = some.iter().map(digest).collect();
        assert_eq!(digests.len(), some.len());
    }
}
