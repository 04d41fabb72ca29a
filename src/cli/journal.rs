//! `klamm journal …`: every change made to this cluster from here, and undoing it.

use super::change::carry_out;
use super::confirm::Consent;
use super::exit::{Exit, Stop};
use super::output::{Cell, Column, Report, Table, Tone, complain, hidden, number, text};
use super::plan;
use super::session::Session;
use crate::cluster::{JournalEntry, JournalView};
use crate::domain::plan::StepStatus;
use crate::domain::{Failure, FailureKind};
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// All changes, the newest first
    List(ListArguments),
    /// One change, step by step
    Show(ShowArguments),
    /// Take a change back
    Undo(UndoArguments),
    /// Do the rest of a change that began and was cut short
    Finish(UndoArguments),
    /// Write down what the cluster shows of a change that has no result
    Settle(ShowArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// At most this many
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    #[arg(value_name = "ID")]
    id: String,
}

#[derive(Debug, Args)]
pub(crate) struct UndoArguments {
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    consent: Consent,
}

pub(crate) async fn run(session: &mut Session, verb: Verb) -> Result<Exit, Stop> {
    match verb {
        Verb::List(arguments) => list(session, &arguments).await,
        Verb::Show(arguments) => show(session, &arguments.id).await,
        Verb::Undo(arguments) => {
            let cluster = session.connect().await?;
            let plan = cluster.plan_undo(&arguments.id).await?;
            carry_out(session, &cluster, &plan, arguments.consent, None).await
        }
        Verb::Finish(arguments) => {
            let cluster = session.connect().await?;
            let plan = cluster.plan_finish(&arguments.id).await?;
            carry_out(session, &cluster, &plan, arguments.consent, None).await
        }
        Verb::Settle(arguments) => settle(session, &arguments.id).await,
    }
}

const LIST: &[Column] = &[
    text("id", "ID"),
    text("time", "TIME"),
    hidden("kind"),
    text("target", "TARGET"),
    text("title", "CHANGE"),
    number("steps", "STEPS"),
    number("done", "DONE"),
    text("status", "STATUS"),
    text("undone_by", "UNDONE BY"),
    text("finished_by", "FINISHED BY"),
    text("can_undo", "CAN UNDO"),
    hidden("cannot_undo_because"),
];

async fn list(session: &mut Session, arguments: &ListArguments) -> Result<Exit, Stop> {
    let cluster = session.connect().await?;
    let journal = cluster.journal().await?;
    let entries = journal.entries.iter().take(arguments.limit.unwrap_or(usize::MAX));
    let rows = Table::of(LIST, entries.map(cells));
    let unreadable = journal.unreadable.iter();
    let failures =
        unreadable.map(|line| Failure::new(FailureKind::Malformed, "read all of the journal", line.as_str()));
    session.output.report(&Report::list(rows, failures.collect()))?;
    say_unfinished(&journal);
    Ok(if journal.unreadable.is_empty() { Exit::Done } else { Exit::Partial })
}

fn cells(entry: &JournalEntry) -> Vec<Cell> {
    vec![
        Cell::text(entry.plan.id.as_str()),
        Cell::Time(entry.began),
        Cell::word(plan::kind(&entry.plan.change)),
        Cell::text(&*entry.plan.change.target()),
        Cell::text(entry.plan.title.as_str()),
        Cell::count(entry.plan.steps.len()),
        Cell::or_absent(entry.outcome.as_ref(), |outcome| Cell::count(outcome.done())),
        status(entry),
        Cell::or_absent(entry.undone_by.as_deref(), Cell::text),
        Cell::or_absent(entry.finished_by.as_deref(), Cell::text),
        Cell::Flag(entry.undo.is_ok()),
        Cell::or_absent(entry.undo.as_ref().err().map(String::as_str), Cell::text),
    ]
}

/// What became of the whole change, in a word.
fn status(entry: &JournalEntry) -> Cell {
    let Some(outcome) = &entry.outcome else {
        if entry.finished_by.is_some() {
            return Cell::Word("finished", Tone::Good);
        }
        // It began and no result was written: what happened must be looked up.
        return Cell::Word("unknown", Tone::Look);
    };
    if outcome.is_complete() {
        Cell::Word("done", Tone::Good)
    } else if outcome.steps.iter().any(|step| matches!(step, StepStatus::Unknown(_))) {
        Cell::Word("unknown", Tone::Look)
    } else if outcome.done() > 0 {
        Cell::Word("partial", Tone::Look)
    } else {
        Cell::Word("failed", Tone::Bad)
    }
}

async fn show(session: &mut Session, id: &str) -> Result<Exit, Stop> {
    let cluster = session.connect().await?;
    let journal = cluster.journal().await?;
    let entry = journal.entries.iter().find(|entry| entry.plan.id == id).ok_or_else(|| {
        Failure::new(FailureKind::NotFound, "show the change", "the journal of this cluster has no such change").on(id)
    })?;
    say_unfinished(&journal);
    if entry.is_unfinished() {
        let found = cluster.look_into(id).await?;
        session.output.report(&plan::found_report(&entry.plan, &found))?;
        let is_known = !found.steps.iter().any(|step| matches!(step, StepStatus::Unknown(_)));
        return Ok(if is_known { Exit::Done } else { Exit::Partial });
    }
    session.output.report(&plan::report(&entry.plan, entry.outcome.as_ref(), None))?;
    Ok(Exit::Done)
}

async fn settle(session: &mut Session, id: &str) -> Result<Exit, Stop> {
    let cluster = session.connect().await?;
    let journal = cluster.journal().await?;
    let outcome = cluster.settle(id).await?;
    let entry = journal.entries.iter().find(|entry| entry.plan.id == id);
    if let Some(entry) = entry {
        session.output.report(&plan::report(&entry.plan, Some(&outcome), None))?;
    }
    Ok(Exit::of_outcome(&outcome))
}

/// Changes whose end nobody wrote down are said whatever was asked.
fn say_unfinished(journal: &JournalView) {
    for entry in journal.unfinished() {
        let (title, id) = (&entry.plan.title, &entry.plan.id);
        complain(&format!(
            "“{title}” began and its result was never written: klamm journal show {id} says what the cluster shows now"
        ));
    }
}
