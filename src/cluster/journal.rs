//! The journal: every change, written down before it is sent.
//!
//! Owns the file: append-only JSON lines under an exclusive lock, synced to disk
//! before `begin` returns, one file per cluster id. A line that this version
//! cannot read is shown and never undone. A demo cluster's journal lives in
//! memory, since its cluster is gone when it ends.

use crate::domain::plan::{Change, Outcome, Plan, StepStatus};
use crate::domain::{Failure, FailureKind, Time};
use crate::profile::paths;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The version of a line that this code writes. It reads and undoes the older ones
/// too: in version 1 no step named a group of its own, and notes were bare sentences; in
/// version 2 groups and members stayed.
const VERSION: u32 = 3;
/// A journal longer than this is read from its end only.
const MAX_READ: u64 = 64 << 20;

/// One change as the journal remembers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalEntry {
    pub plan: Plan,
    pub began: Time,
    /// `None`: it began and no result was written; what happened must be looked up.
    pub outcome: Option<Outcome>,
    /// The plan that took this one back.
    pub undone_by: Option<String>,
    /// The plan that did what was left of it.
    pub finished_by: Option<String>,
    /// Why it cannot be undone, as far as the journal knows.
    pub undo: Result<(), String>,
}

impl JournalEntry {
    /// It began, and what became of it was never written.
    pub fn is_unfinished(&self) -> bool {
        self.outcome.is_none() && self.undone_by.is_none() && self.finished_by.is_none()
    }

    /// It can be finished: it began and no more is known, or it sent records and was
    /// stopped, which leaves positions to go on from.
    pub fn has_rest(&self) -> bool {
        let is_stopped = matches!(self.plan.change, Change::Resend(_))
            && self.finished_by.is_none()
            && self.outcome.as_ref().is_some_and(|outcome| !outcome.is_complete());
        self.is_unfinished() || is_stopped
    }
}

impl JournalView {
    /// Changes whose end is not known, newest first.
    pub fn unfinished(&self) -> impl Iterator<Item = &JournalEntry> {
        self.entries.iter().filter(|entry| entry.is_unfinished())
    }
}

/// Everything a journal holds, and what of it could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalView {
    /// Newest first.
    pub entries: Vec<JournalEntry>,
    /// Sentences about lines that this version cannot read.
    pub unreadable: Vec<String>,
}

#[derive(Serialize)]
struct LineOut<'a> {
    v: u32,
    at: Time,
    #[serde(flatten)]
    event: EventOut<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case", tag = "event")]
enum EventOut<'a> {
    Intent { profile: &'a str, plan: &'a Plan },
    Result { outcome: &'a Outcome },
    Unlocked { profile: &'a str, until: Time },
}

#[derive(Deserialize)]
struct Versioned {
    v: u32,
}

#[derive(Deserialize)]
struct LineIn {
    at: Time,
    #[serde(flatten)]
    event: EventIn,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
enum EventIn {
    Intent { plan: Box<Plan> },
    Result { outcome: Outcome },
    Unlocked {},
}

/// Where lines go.
#[derive(Clone, Debug)]
pub(super) enum Journal {
    File(PathBuf),
    Memory(Arc<Mutex<Vec<u8>>>),
}

impl Journal {
    /// The journal of one cluster below `state_dir`; in memory without one.
    pub(super) fn of(state_dir: Option<&Path>, cluster_id: &str) -> Self {
        match state_dir {
            Some(dir) => Self::File(dir.join("journal").join(format!("{}.jsonl", file_stem(cluster_id)))),
            None => Self::Memory(Arc::default()),
        }
    }

    /// Writes that `plan` is about to be applied. Nothing may be sent before this returns.
    pub(super) fn begin(&self, profile: &str, plan: &Plan, at: Time) -> Result<(), Failure> {
        self.append(&LineOut { v: VERSION, at, event: EventOut::Intent { profile, plan } })
    }

    /// Writes what became of it. The change is made: a failure says how to write it later.
    pub(super) fn finish(&self, outcome: &Outcome) -> Result<(), Failure> {
        let id = &outcome.plan_id;
        let hint = format!("Its intent is there: once there is room, klamm journal settle {id} writes down the rest.");
        self.append(&LineOut { v: VERSION, at: outcome.at, event: EventOut::Result { outcome } })
            .map_err(|failure| failure.hint(hint))
    }

    pub(super) fn unlocked(&self, profile: &str, until: Time, at: Time) -> Result<(), Failure> {
        self.append(&LineOut { v: VERSION, at, event: EventOut::Unlocked { profile, until } })
    }

    fn append(&self, line: &LineOut<'_>) -> Result<(), Failure> {
        let mut bytes =
            serde_json::to_vec(line).map_err(|error| self.failure("write to the journal", &error.into()))?;
        bytes.push(b'\n');
        match self {
            Self::Memory(lines) => {
                lines.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&bytes);
                Ok(())
            }
            Self::File(path) => {
                append_synced(path, &bytes).map_err(|error| self.failure("write to the journal", &error))
            }
        }
    }

    /// Reads the whole journal. A journal that was never written is empty.
    pub(super) fn read(&self) -> Result<JournalView, Failure> {
        match self {
            Self::Memory(lines) => {
                let bytes = lines.lock().unwrap_or_else(PoisonError::into_inner).clone();
                Ok(view_of(&bytes[..]))
            }
            Self::File(path) => match open_tail(path) {
                Ok(file) => Ok(view_of(file)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(JournalView::default()),
                Err(error) => Err(self.failure("read the journal", &error)),
            },
        }
    }

    fn failure(&self, operation: &str, error: &std::io::Error) -> Failure {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        let failure = Failure::new(FailureKind::Storage, operation, error.to_string());
        let cure = match error.kind() {
            StorageFull | QuotaExceeded | FileTooLarge => "make room on that disk",
            _ => "make the file writable",
        };
        match self {
            Self::File(path) => failure
                .on(path.display().to_string())
                .hint(format!("Nothing is changed without a journal: {cure} or set KLAMM_STATE_DIR.")),
            Self::Memory(_) => failure,
        }
    }
}

/// A cluster id comes off the wire: only what a file name may safely hold stays.
pub(super) fn file_stem(cluster_id: &str) -> String {
    let stem: String = cluster_id
        .chars()
        .take(64)
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' })
        .collect();
    if stem.is_empty() { "unknown".into() } else { stem }
}

fn append_synced(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir)?;
    }
    let mut file = paths::private(OpenOptions::new().create(true).append(true).read(true)).open(path)?;
    file.lock()?;
    end_with_newline(&mut file)?;
    let length = file.seek(SeekFrom::End(0))?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a line helps nobody; where this fails too, reading says that one is broken.
        let _ = file.set_len(length);
    }
    written
}

/// A crash may have cut the last line: the next one starts on a line of its own.
fn end_with_newline(file: &mut File) -> std::io::Result<()> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(());
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    if last != *b"\n" {
        file.write_all(b"\n")?;
    }
    Ok(())
}

fn open_tail(path: &Path) -> std::io::Result<BufReader<File>> {
    let mut file = File::open(path)?;
    // Waits for a line that is being written: half a line is no line.
    file.lock_shared()?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(MAX_READ)))?;
    Ok(BufReader::new(file))
}

fn view_of(reader: impl BufRead) -> JournalView {
    let mut view = JournalView::default();
    for (number, line) in reader.lines().enumerate() {
        let line = match line {
            Ok(line) if line.is_empty() => continue,
            Ok(line) => line,
            Err(error) => {
                view.unreadable.push(format!("line {}: {error}", number + 1));
                continue;
            }
        };
        match serde_json::from_str::<Versioned>(&line) {
            Ok(Versioned { v }) if !(1..=VERSION).contains(&v) => {
                view.unreadable.push(format!("line {}: written by another klamm (version {v})", number + 1));
            }
            Ok(_) => match serde_json::from_str::<LineIn>(&line) {
                Ok(line) => take_in(&mut view.entries, line),
                Err(error) => view.unreadable.push(format!("line {}: {error}", number + 1)),
            },
            Err(error) => view.unreadable.push(format!("line {}: {error}", number + 1)),
        }
    }
    for entry in &mut view.entries {
        entry.undo = undo_state(entry);
    }
    view.entries.reverse();
    view
}

fn take_in(entries: &mut Vec<JournalEntry>, line: LineIn) {
    match line.event {
        EventIn::Intent { plan } => {
            entries.push(JournalEntry {
                plan: *plan,
                began: line.at,
                outcome: None,
                undone_by: None,
                finished_by: None,
                undo: Ok(()),
            });
        }
        EventIn::Result { outcome } => {
            let has_done = outcome.done() > 0;
            let Some(entry) = entries.iter_mut().rev().find(|entry| entry.plan.id == outcome.plan_id) else { return };
            entry.outcome = Some(outcome);
            if !has_done {
                return;
            }
            let by = entry.plan.id.clone();
            let undone = match &entry.plan.change {
                Change::Undo { of, .. } => Some(of.clone()),
                _ => None,
            };
            let finished = entry.plan.finishes.clone();
            for earlier in entries {
                if undone.as_deref() == Some(earlier.plan.id.as_str()) {
                    earlier.undone_by = Some(by.clone());
                }
                if finished.as_deref() == Some(earlier.plan.id.as_str()) {
                    earlier.finished_by = Some(by.clone());
                }
            }
        }
        EventIn::Unlocked {} => {}
    }
}

fn undo_state(entry: &JournalEntry) -> Result<(), String> {
    if let Some(by) = &entry.undone_by {
        return Err(format!("already undone by {by}"));
    }
    if let Some(reason) = &entry.plan.not_undoable {
        return Err(reason.clone());
    }
    match &entry.outcome {
        // Nothing is known of what happened: undo looks at the cluster itself.
        None => Ok(()),
        Some(outcome) if outcome.steps.iter().all(StepStatus::is_unchanged) => Err("nothing was changed".into()),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TopicId;
    use crate::domain::group::CommittedOffset;
    use crate::domain::plan::{Confirm, OffsetMove, Step};

    fn plan(id: &str, change: Change) -> Plan {
        Plan {
            id: id.into(),
            change,
            title: "Reset".into(),
            summary: vec![],
            steps: vec![],
            checks: vec![],
            warnings: vec![],
            confirm: Confirm::Yes,
            not_undoable: None,
            command_line: String::new(),
            made_at: Time(1),
            finishes: None,
        }
    }

    fn reset(id: &str) -> Plan {
        let step = Step::MoveOffset(OffsetMove {
            group: None,
            topic: "t".into(),
            topic_id: Some(TopicId(u128::MAX - 7)),
            partition: 3,
            before: Some(CommittedOffset { offset: 5, leader_epoch: 2, metadata: "m".into() }),
            target: Some(9),
            metadata: String::new(),
            leader_epoch: -1,
            log_start: Some(0),
            log_end: Some(10),
            adjusted: None,
            next: None,
        });
        let change = Change::ResetOffsets { group: "g".into(), creates_group: false };
        Plan { steps: vec![step], ..plan(id, change) }
    }

    fn done(id: &str) -> Outcome {
        Outcome::of(id, Time(2), vec![StepStatus::Done])
    }

    #[test]
    fn an_intent_without_a_result_survives_and_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::of(Some(dir.path()), "abc/../x");
        journal.begin("dev", &reset("a"), Time(5)).unwrap();
        let view = journal.read().unwrap();
        assert_eq!(view.entries[0].plan, reset("a"));
        assert_eq!(view.entries[0].outcome, None);
        assert_eq!(view.entries[0].undo, Ok(()));
        let Journal::File(path) = &journal else { panic!("a file was asked for") };
        assert_eq!(path.parent().unwrap(), dir.path().join("journal"));
    }

    /// `/dev/full` takes nothing, as a disk without room does.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_refuses_the_change_and_says_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::of(Some(dir.path()), "c");
        let Journal::File(path) = &journal else { panic!("a file was asked for") };
        std::fs::create_dir(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink("/dev/full", path).unwrap();
        let failure = journal.begin("dev", &reset("a"), Time(5)).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Storage);
        assert!(failure.to_string().contains("No space left"), "{failure}");
        let hint = failure.hint.unwrap();
        assert!(hint.contains("make room on that disk") && hint.contains("KLAMM_STATE_DIR"), "{hint}");
    }

    #[test]
    fn an_undo_marks_what_it_took_back() {
        let journal = Journal::of(None, "c");
        journal.begin("dev", &reset("a"), Time(5)).unwrap();
        journal.finish(&done("a")).unwrap();
        journal.begin("dev", &plan("b", Change::Undo { of: "a".into(), group: Some("g".into()) }), Time(6)).unwrap();
        journal.finish(&done("b")).unwrap();
        let view = journal.read().unwrap();
        assert_eq!(view.entries[0].plan.id, "b");
        assert_eq!(view.entries[1].undone_by.as_deref(), Some("b"));
        assert_eq!(view.entries[1].undo, Err("already undone by b".into()));
    }

    #[test]
    fn what_was_finished_by_another_plan_is_no_longer_unfinished() {
        let journal = Journal::of(None, "c");
        journal.begin("dev", &reset("a"), Time(5)).unwrap();
        let unfinished = |journal: &Journal| {
            let view = journal.read().unwrap();
            view.unfinished().map(|entry| entry.plan.id.clone()).collect::<Vec<_>>()
        };
        assert_eq!(unfinished(&journal), ["a"]);
        journal.begin("dev", &Plan { finishes: Some("a".into()), ..reset("b") }, Time(6)).unwrap();
        assert_eq!(unfinished(&journal), ["b", "a"]);
        let nothing = Outcome { steps: vec![StepStatus::NotDone], ..done("b") };
        journal.finish(&nothing).unwrap();
        assert_eq!(unfinished(&journal), ["a"], "what changed nothing finished nothing");
        journal.finish(&done("b")).unwrap();
        assert!(unfinished(&journal).is_empty());
        assert_eq!(journal.read().unwrap().entries[1].finished_by.as_deref(), Some("b"));
    }

    #[test]
    fn a_cut_line_and_a_newer_version_are_reported_and_the_rest_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::of(Some(dir.path()), "c");
        journal.begin("dev", &reset("a"), Time(5)).unwrap();
        let Journal::File(path) = &journal else { panic!("a file was asked for") };
        std::fs::OpenOptions::new()
            .append(true)
            .open(path)
            .unwrap()
            .write_all(b"{\"v\":9,\"event\":\"new\"}\n{\"v\":1,\"ev")
            .unwrap();
        journal.begin("dev", &reset("b"), Time(7)).unwrap();
        let view = journal.read().unwrap();
        assert_eq!(view.entries.iter().map(|entry| &*entry.plan.id).collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(view.unreadable.len(), 2);
        assert!(view.unreadable[0].contains("version 9"));
    }

    /// Lines as the first version wrote them: no step names a group, notes are sentences.
    #[test]
    fn lines_of_the_first_version_are_read_and_can_be_undone() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::of(Some(dir.path()), "c");
        let Journal::File(path) = &journal else { panic!("a file was asked for") };
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let old = concat!(
            r#"{"v":1,"at":5,"event":"intent","profile":"dev","plan":{"id":"a","change":{"kind":"reset_offsets","group":"g","#,
            r#""creates_group":false},"title":"Reset","summary":[],"steps":[{"step":"move_offset","topic":"t","topic_id":null,"#,
            r#""partition":3,"before":{"offset":5,"leader_epoch":2,"metadata":"m"},"target":9,"metadata":"","leader_epoch":-1,"#,
            r#""log_start":0,"log_end":10,"adjusted":null,"next":null}],"checks":[{"passed":true,"text":"empty"}],"warnings":[],"#,
            r#""confirm":"yes","not_undoable":null,"command_line":"","made_at":1}}"#,
            "\n",
            r#"{"v":1,"at":6,"event":"result","outcome":{"plan_id":"a","at":6,"steps":["done"],"notes":["read back"]}}"#,
            "\n",
        );
        std::fs::write(path, old).unwrap();
        let view = journal.read().unwrap();
        assert!(view.unreadable.is_empty(), "{:?}", view.unreadable);
        let entry = &view.entries[0];
        assert_eq!(entry.plan.groups().into_iter().map(|group| group.as_str()).collect::<Vec<_>>(), ["g"]);
        assert_eq!(entry.outcome.as_ref().unwrap().notes[0].text, "read back");
        assert_eq!(entry.undo, Ok(()));
    }

    #[test]
    fn a_step_that_names_its_group_comes_back_with_it() {
        let journal = Journal::of(None, "c");
        let mut added = plan("a", Change::AddPartitions { topic: "t".into() });
        let Step::MoveOffset(step) = reset("x").steps.remove(0) else { panic!("a move") };
        added.steps = vec![Step::MoveOffset(OffsetMove { group: Some("h".into()), ..step })];
        journal.begin("dev", &added, Time(1)).unwrap();
        assert_eq!(journal.read().unwrap().entries[0].plan, added);
    }

    #[test]
    fn a_journal_that_cannot_be_written_is_a_failure_with_a_hint() {
        let dir = tempfile::tempdir().unwrap();
        let blocker = dir.path().join("journal");
        std::fs::write(&blocker, b"a file where the folder should be").unwrap();
        let failure = Journal::of(Some(dir.path()), "c").begin("dev", &reset("a"), Time(0)).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Storage);
        assert!(failure.hint.is_some());
    }
}
