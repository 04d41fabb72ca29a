//! Records into a file, told as it goes.

use super::tasks::{Reply, Resources};
use crate::cluster::{Cluster, ExportForm, RecordWriter, SearchUpdate, create_file};
use crate::domain::{Failure, FailureKind, TopicName};
use crate::tui::app::Answer;
use crate::tui::app::dialogs::export::{ExportProgress, Exported};
use crate::tui::app::effect::ExportWish;
use std::path::Path;
use std::time::Duration;
use tokio::sync::watch;

/// So long what is being written may take before it is left where it is.
const ENDS_WITHIN: Duration = Duration::from_secs(2);

pub async fn export(
    resources: &Resources,
    cluster: &Cluster,
    wish: ExportWish,
    reply: &Reply,
) -> Result<Exported, Failure> {
    if wish.form == ExportForm::Raw && !wish.unmasked {
        cluster.refuse_masked(wish.search.topics.iter().map(TopicName::as_str))?;
    }
    let stop = resources.begin_export();
    let path = wish.path.clone();
    let made = tokio::task::spawn_blocking(move || create_file(&path, false));
    let cut = |error: tokio::task::JoinError| Failure::new(FailureKind::Cancelled, "write to", error.to_string());
    let file = made.await.map_err(cut)??;
    let mut writer = RecordWriter::new(Box::new(file), wish.form, wish.columns);
    writer.begin().await.map_err(|error| crate::cluster::ExportError::Io(error).on(&wish.path))?;
    let (sender, mut so_far) = watch::channel(ExportProgress::default());
    let mut failures: Vec<Failure> = Vec::new();
    let told = |update: &SearchUpdate, records: u64, bytes: u64| {
        failures
            .extend(update.failures.iter().filter(|failure| !failures.contains(failure)).cloned().collect::<Vec<_>>());
        let searched = update.counts().progress(update.elapsed);
        sender.send_replace(ExportProgress { records, bytes, searched });
        !stop.is_cancelled()
    };
    let ended = {
        let mut work = std::pin::pin!(cluster.export(&wish.search, &mut writer, told));
        loop {
            tokio::select! {
                ended = &mut work => break Some(ended),
                () = stop.cancelled() => break tokio::time::timeout(ENDS_WITHIN, &mut work).await.ok(),
                Ok(()) = so_far.changed() => {
                    let progress = so_far.borrow_and_update().clone();
                    reply.send(Answer::ExportedSoFar(progress)).await;
                }
            }
        }
    };
    let last = ended.transpose().map_err(|error| error.on(&wish.path))?.unwrap_or_default();
    let searched = so_far.borrow().searched.clone();
    let progress = ExportProgress { records: writer.records, bytes: writer.bytes, searched };
    let tiered = last.tiered.as_ref().map(|(_, part)| *part);
    if tiered.is_some() && progress.records == 0 {
        drop(writer);
        remove(&wish.path).await?;
    }
    let is_stopped = !last.finished;
    let notes = if is_stopped { Vec::new() } else { covered(&last, &failures) };
    Ok(Exported { progress, is_stopped, notes, failures, tiered })
}

/// What was covered, and what that took for granted.
fn covered(last: &SearchUpdate, failures: &[Failure]) -> Vec<String> {
    let mut notes = Vec::new();
    for searched in &last.topics {
        notes.push(searched.coverage(failures, last.is_limited));
        notes.extend(searched.notes.iter().cloned());
    }
    notes
}

/// The file that was made for nothing.
async fn remove(path: &Path) -> Result<(), Failure> {
    let removed = tokio::fs::remove_file(path).await;
    removed
        .map_err(|error| Failure::new(FailureKind::Storage, "remove", error.to_string()).on(path.display().to_string()))
}
