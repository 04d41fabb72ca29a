//! Answers from the cluster, from files, and from pauses.

use crate::cluster::{Groups, RecordsUpdate, TopicLogs};
use crate::domain::plan::{Outcome, Severity, StepStatus, Warning};
use crate::domain::{Failure, FailureKind, Time, show};
use crate::tui::app::actions::{self, lists, plans};
use crate::tui::app::changes;
use crate::tui::app::dialogs::plan::Stage;
use crate::tui::app::dialogs::{Dialog, PlanDialog};
use crate::tui::app::effect::{Effect, Request};
use crate::tui::app::message::{Answer, Answered};
use crate::tui::app::notes::Tone;
use crate::tui::app::screens::overview;
use crate::tui::app::session::Link;
use crate::tui::app::slot::Slot;
use crate::tui::app::state::State;
use crate::tui::app::watch;
use std::sync::Arc;
use std::time::Duration;

/// When to look whether an applied reset was overwritten.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

pub fn take(state: &mut State, answered: Answered, effects: &mut Vec<Effect>) {
    let Answered { slot, generation, at, took, access, answer } = answered;
    if !state.slots.is_current(slot, generation) {
        return;
    }
    if !answer.is_one_of_many() {
        state.slots.finish(slot);
    }
    if let (Some(access), Link::Open(session)) = (access, &mut state.link)
        && session.access != access
    {
        session.access = access;
        state.is_dirty = true;
    }
    match answer {
        Answer::SecretWanted { question, then } => actions::profiles::ask_secret(state, question, *then),
        Answer::ProfileRead(result) => actions::profiles::read(state, result, effects),
        Answer::FilesChecked(missing) => actions::profiles::files_checked(state, missing),
        Answer::ProfilesChanged(result) => actions::profiles::changed(state, result),
        Answer::Probed(step) => actions::profiles::probed(state, *step),
        Answer::ProbeEnded(result) => actions::profiles::probe_ended(state, result),
        Answer::Connected(result) => actions::session::connected(state, result, effects),
        Answer::Metadata(result) => {
            let failure = result.as_ref().err().cloned();
            let older = state.data.metadata.value().cloned();
            let was_failing = state.data.metadata.failure().is_some();
            let is_new = state.data.metadata.settle(result, at);
            if is_new {
                if let (Some(older), Some(newer)) = (older, state.data.metadata.value()) {
                    let seen = changes::between_metadata(&older, newer);
                    state.views.overview.changes.add(at, seen);
                }
                if was_failing && failure.is_none() {
                    state.say(Tone::Good, "the cluster answers again");
                }
                lists::arrange(state, effects);
                overview::rank_topics(state);
                overview::rank_leaders(state);
            }
            settled(state, slot, is_new, failure, state.data.metadata.failures_in_a_row(), took, effects);
        }
        Answer::TopicLogsSoFar(logs) => {
            state.is_dirty |= take_logs(state, Ok(logs), at, effects);
            watch::told(state, slot);
        }
        Answer::TopicLogs(result) => {
            let failure = result.as_ref().err().cloned();
            let is_new = take_logs(state, result, at, effects);
            settled(state, slot, is_new, failure, state.data.logs.failures_in_a_row(), took, effects);
        }
        Answer::Brokers(result) => {
            let failure = result.as_ref().err().cloned();
            let is_new = state.data.brokers.settle(result, at);
            settled(state, slot, is_new, failure, state.data.brokers.failures_in_a_row(), took, effects);
        }
        Answer::GroupsSoFar(groups) => {
            state.is_dirty |= take_groups(state, Ok(groups), at, effects);
            watch::told(state, slot);
        }
        Answer::Groups(result) => {
            let failure = result.as_ref().err().cloned();
            let is_new = take_groups(state, result, at, effects);
            settled(state, slot, is_new, failure, state.data.groups.failures_in_a_row(), took, effects);
        }
        Answer::TopicConfigs(result) => {
            let failure = result.as_ref().err().cloned();
            let detail = &mut state.views.topics.detail;
            let is_new = detail.configs.settle(result, at);
            let failures = detail.configs.failures_in_a_row();
            if let (true, Some(topic), Some(entries)) = (is_new, &detail.of, detail.configs.value()) {
                let seen = state.views.overview.settings.take_topic(topic, entries);
                state.views.overview.changes.add(at, seen);
            }
            settled(state, slot, is_new, failure, failures, took, effects);
        }
        Answer::Overrides(result) => {
            let (mut is_new, mut failure) = (false, None);
            match (result, state.data.metadata.value()) {
                (Ok(read), Some(metadata)) => {
                    let seen = state.views.overview.settings.take(&read, metadata);
                    is_new = !seen.is_empty();
                    state.views.overview.changes.add(at, seen);
                }
                (Ok(_), None) => {}
                (Err(error), _) => failure = Some(error),
            }
            settled(state, slot, is_new, failure, 1, took, effects);
        }
        Answer::TopicGroups(result) => {
            let failure = result.as_ref().err().cloned();
            let detail = &mut state.views.topics.detail;
            let is_new = detail.groups.settle(result, at);
            let failures = detail.groups.failures_in_a_row();
            settled(state, slot, is_new, failure, failures, took, effects);
        }
        Answer::Group(result) => {
            let failure = result.as_ref().err().cloned();
            let is_new = state.views.group.detail.settle(result, at);
            state.views.group.arrange();
            settled(state, slot, is_new, failure, state.views.group.detail.failures_in_a_row(), took, effects);
        }
        Answer::Journal(result) => {
            let failure = result.as_ref().err().cloned();
            let is_new = state.views.journal.view.settle(result, at);
            state.views.journal.arrange();
            announce_unfinished(state);
            settled(state, slot, is_new, failure, state.views.journal.view.failures_in_a_row(), took, effects);
        }
        Answer::LookedInto(result) => {
            let failure = result.as_ref().err().cloned();
            let Some((_, found)) = &mut state.views.journal.look else { return };
            let is_new = found.settle(result, at);
            let failures = found.failures_in_a_row();
            settled(state, slot, is_new, failure, failures, took, effects);
        }
        Answer::Settled(result) => {
            match result {
                Ok(outcome) if outcome.is_complete() => state.say(Tone::Good, "written down: all of it was done"),
                Ok(outcome) => {
                    let (done, all) = (outcome.done(), show::plural(outcome.steps.len(), "step"));
                    state.say(Tone::Warning, format!("written down: {done} of {all} done"));
                }
                Err(failure) => state.say(Tone::Bad, failure.to_string()),
            }
            watch::refresh(state, effects);
        }
        Answer::TopicsOrdered(order) => {
            state.is_dirty = true;
            lists::take_topic_order(state, order);
        }
        Answer::GroupsOrdered(order) => {
            state.is_dirty = true;
            lists::take_group_order(state, order);
        }
        Answer::Found { typed, hits } => actions::palette::found(state, typed, hits),
        Answer::Records(update) => take_records(state, update),
        Answer::Searched(update) => {
            state.is_dirty = true;
            let now = state.now;
            state.views.records.take_search(update, now);
            actions::records::say_page(state);
        }
        Answer::RecordsEnded => {
            state.is_dirty |= !state.views.records.is_finished;
            state.views.records.is_finished = true;
        }
        Answer::Decoded(records) => {
            state.is_dirty = true;
            state.views.records.take_decoded(records);
        }
        Answer::Stats(tally, as_of) => {
            state.is_dirty = true;
            state.views.records.take_tally(tally, as_of);
        }
        Answer::Planned(result) => planned(state, result, effects),
        Answer::Unfit(misfit) => actions::produce::unfit(state, &misfit),
        Answer::Subjects(result) => actions::produce::subjects(state, result),
        Answer::PartitionReport(result) => {
            state.is_dirty = true;
            if let Some(Dialog::Partitions(dialog)) =
                state.dialogs.iter_mut().find(|dialog| matches!(dialog, Dialog::Partitions(_)))
            {
                dialog.report.settle(result, at);
                dialog.cursor = dialog.recommended();
            }
        }
        Answer::Compression(result) => {
            state.is_dirty = true;
            if let Some(Dialog::Compression(dialog)) =
                state.dialogs.iter_mut().find(|dialog| matches!(dialog, Dialog::Compression(_)))
            {
                dialog.report.settle(result, at);
            }
        }
        Answer::Progress(known) => progress(state, known),
        Answer::Sent(sent) => {
            state.is_dirty = true;
            if let Some(dialog) = plan_dialog(state) {
                dialog.sent = Some(sent);
            }
        }
        Answer::ExportedSoFar(progress) => actions::export::came(state, progress),
        Answer::Exported(result) => actions::export::ended(state, result),
        Answer::Applied(result) => applied(state, result, effects),
        Answer::LookedAgain(result) => looked_again(state, result),
        Answer::GroupIsEmpty(result) => group_is_empty(state, result, effects),
        Answer::Unlocked(result) => match result {
            Ok(until) => {
                let clock = until.clock_seconds(state.zone());
                state.say(Tone::Warning, format!("changes are allowed until {clock}"));
            }
            Err(failure) => state.say(Tone::Bad, failure.to_string()),
        },
        Answer::BrokerSwitched(result) => actions::session::broker_switched(state, result, effects),
        Answer::OffsetsRead(result) => plans::offsets_read(state, result, effects),
        Answer::Saved(result) => match result {
            Ok(path) => state.say(Tone::Good, format!("saved to {}", path.display())),
            Err(failure) => state.say(Tone::Bad, failure.to_string()),
        },
        Answer::Rested if watch::begins_with_rest(slot) => watch::rested(state, slot, effects),
        Answer::Rested if slot == Slot::Overdue => watch::look_for_overdue(state),
        Answer::Rested => {
            state.is_dirty = true;
            if slot == Slot::Toast && state.notes.fade() {
                actions::fade_later(state, effects);
            }
        }
    }
}

/// Returns whether there is something new to show.
fn take_logs(state: &mut State, result: Result<Arc<TopicLogs>, Failure>, at: Time, effects: &mut Vec<Effect>) -> bool {
    let is_new = state.data.logs.settle(result, at);
    if is_new {
        if state.views.topics.sort.by.needs_logs() {
            lists::arrange_topics(state, effects);
        }
        overview::rank_topics(state);
    }
    is_new
}

fn take_groups(state: &mut State, result: Result<Arc<Groups>, Failure>, at: Time, effects: &mut Vec<Effect>) -> bool {
    let older = state.data.groups.value().cloned();
    let is_new = state.data.groups.settle(result, at);
    if is_new {
        let said = older.as_ref().map_or(0, |older| older.remarks.len());
        let remarks = state.data.groups.value().map(|groups| groups.remarks.clone()).unwrap_or_default();
        for remark in remarks.into_iter().skip(said) {
            state.notes.say(at, Tone::Info, remark);
        }
        if let (Some(older), Some(newer)) = (older, state.data.groups.value()) {
            let seen = changes::between_groups(&older, newer);
            state.views.overview.changes.add(at, seen);
        }
        lists::arrange_groups(state, effects);
        overview::rank_groups(state);
    }
    is_new
}

/// Once for each cluster that is opened: changes whose end was never written.
fn announce_unfinished(state: &mut State) {
    let journal = &mut state.views.journal;
    if journal.has_announced || journal.view.value().is_none() {
        return;
    }
    journal.has_announced = true;
    let text = match journal.unfinished() {
        0 => return,
        1 => "a change began and its result was never written: see the Journal".to_owned(),
        many => format!("{many} changes began and their results were never written: see the Journal"),
    };
    state.say(Tone::Warning, text);
}

fn settled(
    state: &mut State,
    slot: Slot,
    is_new: bool,
    failure: Option<Failure>,
    failures: u32,
    took: Duration,
    effects: &mut Vec<Effect>,
) {
    state.is_dirty |= is_new;
    watch::answered(state, slot, failure.as_ref(), failures, took, effects);
}

fn take_records(state: &mut State, update: RecordsUpdate) {
    let now = state.now;
    let news = !update.records.is_empty()
        || update.finished
        || !update.failures.is_empty()
        || update.waiting != state.views.records.waiting;
    let counted = update.counts.seen != state.views.records.counts.seen;
    state.views.records.take(update, now);
    actions::records::say_page(state);
    state.is_dirty |= news || counted;
}

fn plan_dialog(state: &mut State) -> Option<&mut PlanDialog> {
    state.dialogs.iter_mut().rev().find_map(|dialog| match dialog {
        Dialog::Plan(plan) => Some(&mut **plan),
        _ => None,
    })
}

fn planned(state: &mut State, result: Result<Arc<crate::domain::plan::Plan>, Failure>, effects: &mut Vec<Effect>) {
    state.is_dirty = true;
    let Some(dialog) = plan_dialog(state) else { return };
    match result {
        Err(failure) => dialog.stage = Stage::Failed(failure),
        Ok(plan) => {
            let confirmed = dialog.confirmed.take();
            dialog.show(Arc::clone(&plan));
            // The user said yes before the wait; that holds as long as the same would be written.
            match confirmed {
                Some(before)
                    if super::super::dialogs::plan::same_targets(&before, &plan) && plan.failed_check().is_none() =>
                {
                    plans::apply(state, plan, effects);
                }
                Some(_) => state.say(Tone::Warning, "the targets changed while waiting: look again, then y"),
                None => {}
            }
        }
    }
}

fn progress(state: &mut State, known: Vec<(usize, StepStatus)>) {
    state.is_dirty = true;
    let Some(Stage::Applying { steps, .. }) = plan_dialog(state).map(|dialog| &mut dialog.stage) else { return };
    for (index, status) in known {
        if let Some(step) = steps.get_mut(index) {
            *step = Some(status);
        }
    }
}

fn applied(state: &mut State, result: Result<Outcome, Failure>, effects: &mut Vec<Effect>) {
    state.is_dirty = true;
    let Some(dialog) = plan_dialog(state) else { return };
    let Some(plan) = dialog.plan().cloned() else { return };
    match result {
        Ok(outcome) => {
            let (done, all) = (outcome.done(), outcome.steps.len());
            let is_complete = outcome.is_complete();
            dialog.stage = Stage::Done { plan: Arc::clone(&plan), outcome };
            dialog.scroll = 0;
            // The dialog shows it; the list of messages keeps it.
            let (tone, text) = if is_complete {
                (Tone::Good, format!("{}: done and read back", plan.title))
            } else {
                (Tone::Bad, format!("{}: {done} of {} done", plan.title, show::plural(all, "step")))
            };
            state.notes.keep(state.now, tone, text);
            if plan.moves().next().is_some() && done > 0 {
                let generation = state.slots.start(Slot::LookAgain);
                let request = Request::LookAgain(plan);
                effects.push(Effect::Start { slot: Slot::LookAgain, generation, after: LOOK_AGAIN, request });
            }
        }
        Err(failure) => {
            state.notes.keep(state.now, Tone::Bad, failure.to_string());
            if let Some(dialog) = plan_dialog(state) {
                dialog.stage = Stage::Broken { plan, failure };
                dialog.scroll = 0;
            }
        }
    }
    watch::refresh(state, effects);
    if state.is_quitting {
        effects.push(Effect::Quit);
    }
}

fn looked_again(state: &mut State, result: Result<Vec<Warning>, Failure>) {
    state.is_dirty = true;
    let found = result.unwrap_or_else(|failure| vec![Warning::new(Severity::Warning, failure.to_string())]);
    for note in &found {
        let tone = match note.severity {
            // The dialog shows it, if it is open still; it calls nobody.
            Severity::Fine => continue,
            Severity::Note => Tone::Info,
            Severity::Warning => Tone::Warning,
            Severity::Danger => Tone::Bad,
        };
        state.say(tone, note.text.clone());
    }
    if let Some(dialog) = plan_dialog(state) {
        dialog.afterwards = found;
    }
}

fn group_is_empty(state: &mut State, result: Result<(), Failure>, effects: &mut Vec<Effect>) {
    state.is_dirty = true;
    let Some(dialog) = plan_dialog(state) else { return };
    let Stage::Waiting(plan) = &dialog.stage else { return };
    let plan = Arc::clone(plan);
    match result {
        Ok(()) => {
            dialog.confirmed = Some(plan);
            dialog.stage = Stage::Loading;
            let request = dialog.request.clone();
            let generation = state.slots.start(Slot::Plan);
            effects.push(Effect::Start { slot: Slot::Plan, generation, after: Duration::ZERO, request });
        }
        Err(failure) => {
            dialog.show(plan);
            let tone = if failure.kind == FailureKind::Timeout { Tone::Warning } else { Tone::Bad };
            state.say(tone, failure.to_string());
        }
    }
}
