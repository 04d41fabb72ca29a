//! Records into a file or a pipe: what a search finds is written as it comes.
//!
//! JSON lines and CSV hold what is read of records, with masks; raw holds their bytes, and
//! is the form that an import restores.
//!
//! Invariant: after each update whole records are written, whatever ends it then.

use super::{Cluster, RecordRef, SearchRequest, SearchUpdate};
use crate::domain::query::Field;
use crate::domain::{Failure, FailureKind, archive, csv, record_line};
use crate::profile::paths;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Records that are made readable at once.
const DECODE_AT_ONCE: usize = 256;

/// What is written of each record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExportForm {
    /// A JSON object a line.
    #[default]
    Jsonl,
    /// A line a record, with columns those alone.
    Csv,
    /// The bytes as they are.
    Raw,
}

impl ExportForm {
    pub const ALL: [Self; 3] = [Self::Jsonl, Self::Csv, Self::Raw];

    pub fn word(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Raw => "raw",
        }
    }
}

/// What keeps an export from going on.
#[derive(Debug)]
pub enum ExportError {
    /// Of the file or the pipe.
    Io(io::Error),
    Failed(Failure),
}

impl From<io::Error> for ExportError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl ExportError {
    /// As a failure to write to `path`.
    pub fn on(self, path: &Path) -> Failure {
        match self {
            Self::Failed(failure) => failure,
            Self::Io(error) => unwritten(&error).on(path.display().to_string()),
        }
    }
}

fn unwritten(error: &io::Error) -> Failure {
    Failure::new(FailureKind::Storage, "write to", error.to_string())
}

/// A new file for the owner alone; one that is there is written over only with `force`.
pub fn create_file(path: &Path, force: bool) -> Result<File, Failure> {
    let mut options = OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    paths::private(&mut options).open(path).map_err(|error| unwritten(&error).on(path.display().to_string()))
}

/// Makes a line fit for whoever reads it.
type Safe = Box<dyn Fn(String) -> String + Send>;

/// Where records go, and how.
pub struct RecordWriter {
    /// `None` while a part is being written, and after that was cut short.
    to: Option<BufWriter<Box<dyn Write + Send>>>,
    form: ExportForm,
    /// Of a CSV, by name.
    columns: Vec<(String, Field)>,
    safe: Option<Safe>,
    pub records: u64,
    pub bytes: u64,
}

impl RecordWriter {
    pub fn new(to: Box<dyn Write + Send>, form: ExportForm, columns: Vec<(String, Field)>) -> Self {
        Self { to: Some(BufWriter::new(to)), form, columns, safe: None, records: 0, bytes: 0 }
    }

    /// Lines pass through `safe` first.
    pub fn with(mut self, safe: Safe) -> Self {
        self.safe = Some(safe);
        self
    }

    /// What stands before the first record.
    pub async fn begin(&mut self) -> io::Result<()> {
        let first = match (self.form, self.columns.as_slice()) {
            (ExportForm::Jsonl, _) => Vec::new(),
            (ExportForm::Csv, []) => format!("{}\n", record_line::csv_header(false)).into_bytes(),
            (ExportForm::Csv, columns) => {
                let names: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
                format!("{}\n", csv::record(&names)).into_bytes()
            }
            (ExportForm::Raw, _) => archive::MAGIC.to_vec(),
        };
        self.put(first).await
    }

    /// Writes and flushes, off the threads that wait for the network.
    async fn put(&mut self, part: Vec<u8>) -> io::Result<()> {
        let mut to = self.to.take().ok_or_else(|| io::Error::other("what came before was cut short"))?;
        let length = part.len() as u64;
        let written = tokio::task::spawn_blocking(move || {
            let result = to.write_all(&part).and_then(|()| to.flush());
            (to, result)
        });
        let (to, result) = written.await.map_err(io::Error::other)?;
        self.to = Some(to);
        result?;
        self.bytes += length;
        Ok(())
    }

    /// Writes records of one topic.
    async fn take(
        &mut self,
        cluster: &Cluster,
        request: &SearchRequest,
        records: &[RecordRef],
    ) -> Result<(), ExportError> {
        let mut part = Vec::new();
        if self.form == ExportForm::Raw {
            for reference in records {
                let failure = |message: &str| {
                    let at = format!("{}:{}@{}", reference.topic(), reference.partition(), reference.offset());
                    ExportError::Failed(Failure::new(FailureKind::Malformed, "export the record", message).on(at))
                };
                let record = cluster.stored(reference).ok_or_else(|| failure("it cannot be read"))?;
                let frame = archive::frame(&record).ok_or_else(|| failure("it is too long for a file of records"))?;
                part.extend_from_slice(&frame);
            }
        } else {
            let usual = records.first().map(|record| cluster.profile().formats.of(record.topic().as_str()));
            let view = request.view.or(usual).unwrap_or_default();
            for record in cluster.decode(records, view).await {
                let line = match (self.form, self.columns.as_slice()) {
                    (ExportForm::Csv, []) => record_line::csv(&record, record_line::ALONE),
                    (ExportForm::Csv, columns) => {
                        record_line::picked_csv(&record, columns.iter().map(|(_, field)| field))
                    }
                    (ExportForm::Jsonl | ExportForm::Raw, _) => record_line::json(&record, record_line::ALONE),
                };
                let line = match &self.safe {
                    Some(safe) => safe(line),
                    None => line,
                };
                part.extend_from_slice(line.as_bytes());
                part.push(b'\n');
            }
        }
        self.put(part).await?;
        self.records += records.len() as u64;
        Ok(())
    }
}

impl Cluster {
    /// Bytes as they are hold what the profile masks.
    pub fn refuse_masked<'a>(&self, topics: impl IntoIterator<Item = &'a str>) -> Result<(), Failure> {
        match topics.into_iter().find(|topic| self.profile().masks.touch(topic)) {
            None => Ok(()),
            Some(topic) => {
                Err(Failure::new(FailureKind::Refused, "export", "the profile masks something of its records")
                    .on(topic)
                    .hint("JSON lines and CSV keep the masks; --unmasked writes the bytes as they are."))
            }
        }
    }

    /// Writes what is found, to the update that ends it or asks. `told` hears of each
    /// update, and of each part of it once that is written, with the records and bytes so
    /// far, and may end it.
    pub async fn export(
        &self,
        request: &SearchRequest,
        writer: &mut RecordWriter,
        mut told: impl FnMut(&SearchUpdate, u64, u64) -> bool + Send,
    ) -> Result<SearchUpdate, ExportError> {
        let mut feed = self.search(request.clone());
        let mut last = SearchUpdate::default();
        while let Some(update) = feed.next().await {
            let of_topics = update.records.chunk_by(|one, next| one.topic() == next.topic());
            let mut chunks = of_topics.flat_map(|of_topic| of_topic.chunks(DECODE_AT_ONCE));
            let mut goes_on = told(&update, writer.records, writer.bytes);
            while let Some(chunk) = chunks.next().filter(|_| goes_on) {
                writer.take(self, request, chunk).await?;
                goes_on = told(&update, writer.records, writer.bytes);
            }
            // What was not written was not searched either, for whoever asks.
            let is_cut = !goes_on && chunks.next().is_some();
            let is_over = update.finished || !goes_on;
            last = update;
            if is_over {
                last.finished &= !is_cut;
                break;
            }
        }
        Ok(last)
    }
}
