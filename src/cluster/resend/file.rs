//! Records of a file, sent as those of a topic are.
//!
//! A file is read twice: whole, for the plan, and again when it is sent. In between it
//! must not change.

use super::{Cluster, OPERATION, reader};
use crate::domain::archive::{Archive, Torn};
use crate::domain::plan::{Check, Plan, Severity, Warning};
use crate::domain::resend::{
    Delivery, Destination, GROUP_PREFIX, Headers, Placing, Resend, ResendInputs, SourceRange, Stamp, StoredFile,
    plan_resend,
};
use crate::domain::{Failure, FailureKind, GroupId, Offset, PartitionId, TopicName, show};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;

/// Records that are handed on at once, at most, and their bytes.
const AT_ONCE: usize = 1_000;
const BYTES_AT_ONCE: usize = 1 << 20;
/// Such parts that wait to be sent.
const QUEUE: usize = 2;
/// Partitions that one file may hold records of.
const MOST_PARTITIONS: usize = 100_000;

/// A file to restore records from.
#[derive(Clone, Debug)]
pub struct ImportRequest {
    pub file: PathBuf,
    /// `None`: to the topics that it names.
    pub to: Option<TopicName>,
    pub partition: Placing,
    pub timestamp: Stamp,
    pub rate: Option<u64>,
    pub at_least_once: bool,
    /// Of a file that is torn, what stands before that.
    pub beginning: bool,
    pub command_line: String,
}

/// What a file holds.
struct Contents {
    /// By topic and partition: the first offset, and what stands behind the last.
    ranges: BTreeMap<(TopicName, PartitionId), (Offset, Offset)>,
    records: u64,
    append_times: u64,
    /// Bytes that can be read, and their checksum.
    bytes: u64,
    checksum: u32,
    torn: Option<Torn>,
}

impl Cluster {
    /// The plan that restores a file's records.
    pub async fn plan_import_records(&self, request: ImportRequest) -> Result<Plan, Failure> {
        let path = request.file.clone();
        let contents = crate::cluster::apply::blocking(move || inspect(&path)).await?;
        let metadata = self.metadata().await?;
        let id = self.next_plan_id();
        let positions = GroupId::from(format!("{GROUP_PREFIX}{id}").as_str());
        let mut checks = Vec::new();
        let mut warnings = Vec::new();
        if let Some(torn) = &contents.torn {
            let text = format!("the file is whole ({torn})");
            let held = format!("{} stand before that", show::plural(contents.records, "record"));
            checks.push(match request.beginning {
                true => Check::advice(Some(false), format!("{text}: {held}")),
                false => Check::new(Some(false), format!("{text}: {held}, --beginning imports them")),
            });
        } else {
            checks.push(Check::new(Some(true), "the file is whole"));
        }
        if contents.append_times > 0 && request.timestamp == Stamp::Kept {
            let text = format!(
                "{} had the broker's time, which a topic keeps only as the producer's",
                show::count(contents.append_times)
            );
            warnings.push(Warning::new(Severity::Note, text));
        }
        let mut topics: Vec<TopicName> = contents.ranges.keys().map(|(topic, _)| topic.clone()).collect();
        topics.dedup();
        let to = match &request.to {
            Some(topic) => {
                let found = metadata.find_topic("import records to", topic.as_str())?;
                Destination::Topic { topic: topic.clone(), topic_id: found.id }
            }
            None => {
                if let Some(missing) = topics.iter().find(|topic| metadata.topic(topic.as_str()).is_none()) {
                    let failure = Failure::no_such_topic("import records to", missing.as_str());
                    return Err(failure.hint("Create it first, or name another topic with --to."));
                }
                Destination::Same
            }
        };
        if request.partition == Placing::Kept {
            let misfit = contents.ranges.keys().find(|(topic, partition)| {
                let topic = request.to.as_ref().unwrap_or(topic);
                metadata.topic(topic.as_str()).is_none_or(|topic| topic.partition(*partition).is_none())
            });
            let text = "the topics have the partitions that records are kept in";
            checks.push(match misfit {
                None => Check::new(Some(true), text),
                Some((topic, partition)) => Check::new(
                    Some(false),
                    format!("{text}: records of {topic}:{partition} have no such place; --partition hashed places them by key"),
                ),
            });
        }
        let ranges: Vec<SourceRange> = contents
            .ranges
            .into_iter()
            .map(|((topic, partition), (from, to))| SourceRange {
                topic,
                topic_id: None,
                partition,
                from,
                to,
                sent_before: 0,
            })
            .collect();
        let carrier = request.to.as_ref().or_else(|| topics.first());
        let delivery = match carrier {
            None => Delivery::AtLeastOnce { because: "the file holds no record".into() },
            Some(topic) => {
                self.delivery(request.at_least_once, &positions, Some(topic), ranges.len(), &metadata).await?
            }
        };
        let resend = Resend {
            registries: None,
            from: None,
            file: Some(StoredFile {
                path: std::path::absolute(&request.file).unwrap_or(request.file).display().to_string(),
                bytes: contents.bytes,
                checksum: contents.checksum,
            }),
            query: None,
            view: None,
            to,
            partition: request.partition,
            timestamp: request.timestamp,
            headers: Headers::Kept,
            rate: request.rate,
            limit: None,
            delivery,
            positions,
        };
        Ok(plan_resend(ResendInputs {
            id,
            now: self.now(),
            resend,
            ranges,
            counted: Some(contents.records),
            notes: Vec::new(),
            left_out: Vec::new(),
            checks,
            warnings,
            production: self.profile().production,
            command_line: request.command_line,
            resumes: None,
        }))
    }
}

fn failed(path: &Path, message: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Storage, "read", message).on(path.display().to_string())
}

/// Reads a whole file.
fn inspect(path: &Path) -> Result<Contents, Failure> {
    let unread = |error: io::Error| failed(path, error.to_string());
    let mut contents =
        Contents { ranges: BTreeMap::new(), records: 0, append_times: 0, bytes: 0, checksum: 0, torn: None };
    let mut archive = match Archive::open(BufReader::new(File::open(path).map_err(unread)?)).map_err(unread)? {
        Ok(archive) => archive,
        Err(torn) => {
            return Err(Failure::new(FailureKind::Malformed, "read", torn.reason).on(path.display().to_string()));
        }
    };
    while let Some(read) = archive.read().map_err(unread)? {
        let record = match read {
            Ok(record) => record,
            Err(torn) => {
                contents.torn = Some(torn);
                break;
            }
        };
        let at = archive.at();
        let refuse =
            |message: String| Failure::new(FailureKind::Malformed, "read", message).on(path.display().to_string());
        let place = (record.topic.clone(), record.partition);
        let next = record.offset.saturating_add(1);
        let bounds = contents.ranges.entry(place).or_insert((record.offset, record.offset));
        if record.offset < bounds.1 || record.offset < 0 {
            return Err(refuse(format!(
                "before byte {at}: offsets of {}:{} do not rise",
                record.topic, record.partition
            )));
        }
        bounds.1 = next;
        contents.records += 1;
        contents.append_times += u64::from(record.batch.is_append_time);
        if contents.ranges.len() > MOST_PARTITIONS {
            return Err(refuse(format!(
                "before byte {at}: it holds records of more than {MOST_PARTITIONS} partitions"
            )));
        }
    }
    contents.bytes = archive.at();
    contents.checksum = checksum(path, contents.bytes).map_err(unread)?;
    Ok(contents)
}

/// Over the beginning of a file.
fn checksum(path: &Path, bytes: u64) -> io::Result<u32> {
    let mut input = BufReader::new(File::open(path)?.take(bytes));
    let (mut sum, mut buffer) = (0, vec![0; 64 << 10]);
    loop {
        match input.read(&mut buffer)? {
            0 => return Ok(sum),
            count => sum = crc32c::crc32c_append(sum, buffer.get(..count).unwrap_or_default()),
        }
    }
}

/// Reads the file's records in parts, beside whoever sends them.
pub(super) fn read(file: StoredFile, steps: Vec<SourceRange>) -> mpsc::Receiver<Result<reader::Read, Failure>> {
    let (sender, parts) = mpsc::channel(QUEUE);
    tokio::task::spawn_blocking(move || {
        if let Err(failure) = hand_on(&file, &steps, &sender) {
            // Nobody listens any more: nothing is lost.
            let _ = sender.blocking_send(Err(failure));
        }
    });
    parts
}

fn hand_on(
    file: &StoredFile,
    steps: &[SourceRange],
    sender: &mpsc::Sender<Result<reader::Read, Failure>>,
) -> Result<(), Failure> {
    let path = Path::new(&file.path);
    let unread = |error: io::Error| failed(path, error.to_string());
    if checksum(path, file.bytes).map_err(unread)? != file.checksum {
        let failure = Failure::new(FailureKind::Conflict, OPERATION, "the file has changed since the preview");
        return Err(failure.on(path.display().to_string()));
    }
    let places: BTreeMap<(&TopicName, PartitionId), usize> =
        steps.iter().enumerate().map(|(step, range)| ((&range.topic, range.partition), step)).collect();
    let input = File::open(path).map_err(unread)?.take(file.bytes);
    let torn = |torn: Torn| failed(path, torn.to_string());
    let mut archive = Archive::open(BufReader::new(input)).map_err(unread)?.map_err(torn)?;
    let (mut step, mut records, mut bytes) = (usize::MAX, Vec::new(), 0);
    loop {
        let next = archive.read().map_err(unread)?.transpose().map_err(torn)?;
        let of = next.as_ref().and_then(|record| places.get(&(&record.topic, record.partition)).copied());
        let is_full = records.len() >= AT_ONCE || bytes >= BYTES_AT_ONCE;
        if (of != Some(step) || is_full || next.is_none()) && !records.is_empty() {
            bytes = 0;
            let read = reader::Read { step, records: std::mem::take(&mut records), passed: Vec::new() };
            if sender.blocking_send(Ok(read)).is_err() {
                return Ok(());
            }
        }
        let Some(record) = next else { break };
        let Some(of) = of else { continue };
        step = of;
        bytes += record.key.as_ref().map_or(0, bytes::Bytes::len) + record.value.as_ref().map_or(0, bytes::Bytes::len);
        records.push(record);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::archive::{MAGIC, frame};
    use crate::domain::record::Record;
    use bytes::Bytes;
    use std::io::Write as _;

    fn file(offsets: &[Offset], more: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(MAGIC).unwrap();
        for offset in offsets {
            let record = Record { offset: *offset, ..Record::bare("t", Bytes::new(), Bytes::from_static(b"v")) };
            file.write_all(&frame(&record).unwrap()).unwrap();
        }
        file.write_all(more).unwrap();
        file
    }

    #[test]
    fn a_file_is_known_by_what_can_be_read_of_it() {
        let whole = inspect(file(&[3, 9], b"").path()).unwrap();
        assert_eq!((whole.records, whole.torn, whole.ranges[&("t".into(), 0)]), (2, None, (3, 10)));
        let torn = inspect(file(&[3, 9], b"more").path()).unwrap();
        assert_eq!((torn.records, torn.bytes), (2, whole.bytes));
        assert_eq!(torn.checksum, whole.checksum, "of what can be read");
        assert_eq!(torn.torn.unwrap().at, whole.bytes);
        let Err(failure) = inspect(file(&[9, 3], b"").path()) else { panic!("offsets must rise") };
        assert!(failure.to_string().contains("do not rise"), "{failure}");
    }

    #[tokio::test]
    async fn a_file_that_changed_is_not_read() {
        let file = file(&[3, 9], b"");
        let contents = inspect(file.path()).unwrap();
        let path = file.path().display().to_string();
        let stored = StoredFile { path, bytes: contents.bytes, checksum: contents.checksum };
        let step = SourceRange { topic: "t".into(), topic_id: None, partition: 0, from: 3, to: 10, sent_before: 0 };
        let mut parts = read(stored.clone(), vec![step.clone()]);
        let part = parts.recv().await.unwrap().unwrap();
        assert_eq!((part.step, part.records.len()), (0, 2));
        assert!(parts.recv().await.is_none());
        let mut parts = read(StoredFile { checksum: contents.checksum ^ 1, ..stored }, vec![step]);
        assert_eq!(parts.recv().await.unwrap().err().map(|failure| failure.kind), Some(FailureKind::Conflict));
    }
}
