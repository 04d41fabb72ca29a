//! From a wish to a plan, and from a confirmed plan to its application.
//!
//! Invariant: [`apply`] is reached only through [`confirm`], a typed name, or
//! a wait that was confirmed; the plan that is sent is the one that was shown.

use super::super::dialogs::plan::Stage;
use super::super::dialogs::reset::{Chosen, Scope};
use super::super::dialogs::{
    CompressionDialog, Dialog, Form, FormPurpose, PartitionsDialog, PlanDialog, ResetDialog, TypeName, TypeNamePurpose,
};
use super::super::effect::{Effect, Request};
use super::super::notes::Tone;
use super::super::screens::topic::TopicTab;
use super::super::session::Link;
use super::super::slot::Slot;
use super::super::state::{Screen, State};
use super::start;
use crate::cluster::{Groups, NewTopic, ResetRequest, ResetScope, ResetWish};
use crate::domain::mirror::with_checkpoints;
use crate::domain::offsets_csv::OffsetRow;
use crate::domain::partition_plan::{CommitZero, PartitionWish};
use crate::domain::plan::{Confirm, Plan, name_of};
use crate::domain::{Failure, GroupId, Offset, PartitionId, Time, TopicName, show};
use std::sync::Arc;
use std::time::Duration;

/// How long `w` waits for a group to empty.
const WAIT: Duration = Duration::from_secs(600);
/// Groups offered under a field.
const OFFERED: usize = 6;

pub fn show(state: &mut State, what: String, request: Request, effects: &mut Vec<Effect>) {
    state.dialogs.push(Dialog::Plan(Box::new(PlanDialog::new(what, request.clone()))));
    start(state, Slot::Plan, request, effects);
}

/// `R` on a group, or on a topic, where the group is the selected one of its
/// groups or has to be named first.
pub fn open_reset(state: &mut State) {
    let groups = super::groups::chosen(state);
    if !groups.is_empty() {
        open_reset_of(state, groups, None);
        return;
    }
    let Some(topic) = state.topic_on_screen() else { return };
    let detail = &state.views.topics.detail;
    let row = detail.groups.value().and_then(|groups| groups.value.get(detail.group.cursor()));
    match (detail.tab, row.map(|row| row.listing.id.clone())) {
        (TopicTab::Groups, Some(group)) => open_reset_of(state, vec![group], Some(topic)),
        _ => {
            let title = format!("Which group's offsets in {topic}?");
            ask_for_group(state, FormPurpose::ResetGroupOfTopic(topic), title);
        }
    }
}

pub fn open_reset_of(state: &mut State, groups: Vec<GroupId>, topic: Option<TopicName>) {
    let mut scopes = Vec::new();
    let view = &state.views.group;
    if state.screen == Screen::Group {
        if !view.selection.marks.is_empty() {
            scopes.push(Scope::Partitions(view.selection.marks.iter().cloned().collect()));
        }
        scopes.extend([Scope::AllCommitted, Scope::Lagging]);
        if let Some(row) = view.selection.key() {
            scopes.push(Scope::Partitions(vec![row.clone()]));
            scopes.push(Scope::Topic(row.topic.clone()));
        }
    } else {
        scopes.extend(topic.map(Scope::Topic));
        scopes.extend([Scope::AllCommitted, Scope::Lagging]);
    }
    let mirrors = state
        .data
        .metadata
        .value()
        .map(|metadata| with_checkpoints(&metadata.topics).map(|mirror| mirror.alias.to_owned()).collect());
    state.dialogs.push(Dialog::Reset(Box::new(ResetDialog::new(groups, scopes, mirrors))));
}

/// `enter` in the picker.
pub fn choose_target(state: &mut State, effects: &mut Vec<Effect>) {
    let (now, zone) = (state.now, state.zone().clone());
    let Some(Dialog::Reset(dialog)) = state.dialogs.last_mut() else { return };
    match dialog.choose(now, &zone) {
        Err(error) => dialog.error = Some(error),
        Ok(Chosen::Plan(request)) => show_reset(state, request, effects),
        Ok(Chosen::ReadFile(path)) => start(state, Slot::ReadFile, Request::ReadOffsets(path), effects),
    }
}

fn show_reset(state: &mut State, request: ResetRequest, effects: &mut Vec<Effect>) {
    show(state, format!("reset of {}", name_of(&request.groups)), Request::PlanReset(request), effects);
}

pub fn offsets_read(state: &mut State, result: Result<Vec<OffsetRow>, Failure>, effects: &mut Vec<Effect>) {
    state.is_dirty = true;
    let Some(Dialog::Reset(dialog)) = state.dialogs.last_mut() else { return };
    match result {
        Ok(rows) if !rows.iter().any(|row| dialog.groups.iter().any(|group| row.is_of(group))) => {
            dialog.error = Some(format!("no line of the file is for {}", name_of(&dialog.groups)));
        }
        Ok(rows) => {
            let request = dialog.request(ResetWish::File(rows));
            show_reset(state, request, effects);
        }
        Err(failure) => dialog.error = Some(failure.to_string()),
    }
}

/// `R` on a record.
pub fn reset_here(state: &mut State) {
    let records = &state.views.records;
    let (Some(record), Some(reading)) = (records.selected_ref(), &records.reading) else { return };
    let purpose = FormPurpose::ResetGroupHere {
        topic: reading.topic.clone(),
        partition: record.partition(),
        offset: record.offset(),
    };
    let title = format!("Which group reads {}:{} from {} on?", reading.topic, record.partition(), record.offset());
    ask_for_group(state, purpose, title);
}

pub fn ask_for_group(state: &mut State, purpose: FormPurpose, title: String) {
    let mut form = Form::new(purpose, title, vec![Form::field("group", "", "its id")]);
    if let Some(groups) = state.data.groups.value() {
        offer_groups(&mut form, groups);
    }
    state.dialogs.push(Dialog::Form(Box::new(form)));
}

/// The groups whose id contains what is typed.
pub fn offer_groups(form: &mut Form, groups: &Groups) {
    let typed = form.text(0).to_lowercase();
    let ids = groups.rows.iter().map(|row| &row.listing.id);
    form.choices = ids.filter(|id| id.as_str().to_lowercase().contains(&typed)).take(OFFERED).cloned().collect();
}

pub fn reset_to_offset(
    state: &mut State,
    group: GroupId,
    topic: TopicName,
    partition: PartitionId,
    offset: Offset,
    effects: &mut Vec<Effect>,
) {
    let scope = ResetScope::Partitions(vec![(topic, Some(vec![partition]))]);
    let target = ResetWish::Offset(offset);
    let request = ResetRequest { groups: vec![group], scope, only_lagging: false, target, create_group: false };
    show_reset(state, request, effects);
}

/// What is typed where a name need not follow the profile's naming.
pub const IGNORE: &str = "ignore";

pub fn ask_for_topic(state: &mut State) {
    let brokers = state.data.metadata.value().map_or(0, |metadata| metadata.brokers.len());
    let mut fields = vec![
        Form::field("name", "", "letters, digits, . _ -"),
        Form::field("partitions", "", "empty: the cluster's default"),
        Form::field("replicas", "", format!("empty: the cluster's default; there are {brokers} brokers")),
        Form::field("configs", "", "name=value, separated by spaces"),
    ];
    let naming = state.link.session().and_then(|session| session.naming.as_ref());
    fields.extend(naming.map(|naming| {
        let hint = format!("the profile asks for {}; “{IGNORE}” takes any name", naming.wanted());
        Form::field("naming", "", hint)
    }));
    state.dialogs.push(Dialog::Form(Box::new(Form::new(FormPurpose::CreateTopic, "New topic", fields))));
}

pub fn create_topic(state: &mut State, topic: NewTopic, effects: &mut Vec<Effect>) {
    show(state, format!("topic {}", topic.name), Request::PlanCreateTopic(topic), effects);
}

pub fn delete_topic(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(topic) = state.topic_on_screen() {
        show(state, format!("deletion of {topic}"), Request::PlanDeleteTopic(topic), effects);
    }
}

pub fn open_partitions(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(topic) = state.topic_on_screen() {
        ask_report(state, topic, PartitionWish::default(), effects);
    }
}

/// Records whose batches are looked at.
const COMPRESSION_SAMPLE: u64 = 100_000;

pub fn open_compression(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(topic) = state.topic_on_screen() {
        state.dialogs.push(Dialog::Compression(Box::new(CompressionDialog::new(topic.clone()))));
        let request = Request::Compression { topic, sample: COMPRESSION_SAMPLE };
        start(state, Slot::Compression, request, effects);
    }
}

/// Shows the partition dialog, or fills the open one anew.
pub fn ask_report(state: &mut State, topic: TopicName, wish: PartitionWish, effects: &mut Vec<Effect>) {
    let mut dialog = PartitionsDialog::new(topic.clone(), wish.clone());
    match state.dialogs.last_mut() {
        Some(Dialog::Partitions(open)) => {
            dialog.wants_zero = open.wants_zero;
            **open = dialog;
        }
        _ => state.dialogs.push(Dialog::Partitions(Box::new(dialog))),
    }
    start(state, Slot::PartitionReport, Request::PartitionReport { topic, wish }, effects);
}

pub fn ask_partition_wish(state: &mut State) {
    let Some(Dialog::Partitions(dialog)) = state.dialogs.last() else { return };
    let wish = &dialog.wish;
    let rate = |rate: Option<f64>| rate.map_or(String::new(), show::byte_rate);
    let count = |count: Option<u32>| count.map_or(String::new(), |count| count.to_string());
    let partitions = wish.partitions.map_or(String::new(), |count| count.to_string());
    let fields = vec![
        Form::field("target rate", &rate(wish.target_rate), "50MB/s, written to the whole topic; empty: as it is now"),
        Form::field("read rate", &rate(wish.read_rate), "4MB/s, what one consumer reads from one partition"),
        Form::field("consumers", &count(wish.consumers), "how many should work in parallel in one group"),
        Form::field("partitions", &partitions, "a number to look at beside the others"),
    ];
    let purpose = FormPurpose::PartitionWish(dialog.topic.clone());
    let title = format!("What should {} take?", dialog.topic);
    state.dialogs.push(Dialog::Form(Box::new(Form::new(purpose, title, fields))));
}

/// What the form says about the wish.
pub fn read_wish(form: &Form) -> Result<PartitionWish, String> {
    let rate = |text: &str| match text {
        "" => Ok(None),
        text => {
            parse_byte_rate(text).map(Some).ok_or_else(|| format!("‘{text}’ is not a rate: write 50MB/s or 800kB/s"))
        }
    };
    let number = |text: &str| match text {
        "" => Ok(None),
        text => text
            .parse::<u32>()
            .ok()
            .filter(|n| *n > 0)
            .map(Some)
            .ok_or_else(|| format!("‘{text}’ is not a number above 0")),
    };
    Ok(PartitionWish {
        target_rate: rate(form.text(0))?,
        read_rate: rate(form.text(1))?,
        consumers: number(form.text(2))?,
        partitions: number(form.text(3))?.and_then(|count| i32::try_from(count).ok()),
        ..PartitionWish::default()
    })
}

fn parse_byte_rate(text: &str) -> Option<f64> {
    let text = text.trim().trim_end_matches("/s").trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let factor = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "kib" => 1024.0,
        "mib" => 1_048_576.0,
        "gib" => 1_073_741_824.0,
        _ => return None,
    };
    number.parse::<f64>().ok().map(|number| number * factor).filter(|rate| *rate > 0.0)
}

/// `enter` on a choice: the plan that adds these partitions.
pub fn add_partitions(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(Dialog::Partitions(dialog)) = state.dialogs.last() else { return };
    match dialog.chosen() {
        Some(to) => {
            let topic = dialog.topic.clone();
            let commit_zero = if dialog.commits_zero() { CommitZero::Offered } else { CommitZero::No };
            let what = format!("{to} partitions for {topic}");
            show(state, what, Request::PlanAddPartitions { topic, to, commit_zero }, effects);
        }
        None => state.say(Tone::Info, "there is no choice to add"),
    }
}

/// `z`: whether the plan commits offset 0 in the new partitions.
pub fn toggle_zero(state: &mut State) {
    let Some(Dialog::Partitions(dialog)) = state.dialogs.last_mut() else { return };
    if dialog.zero_groups() == 0 {
        state.say(Tone::Info, "no group can be given offset 0: see below why");
    } else {
        dialog.wants_zero = !dialog.wants_zero;
    }
}

pub fn new_topic_instead(state: &mut State) {
    let Some(Dialog::Partitions(dialog)) = state.dialogs.last() else { return };
    let (name, count) = (format!("{}.new", dialog.topic), dialog.chosen());
    ask_for_topic(state);
    if let Some(Dialog::Form(form)) = state.dialogs.last_mut() {
        for (field, text) in form.fields.iter_mut().zip([name, count.map_or(String::new(), |count| count.to_string())])
        {
            field.input = crate::tui::app::input::TextInput::with(&text);
        }
    }
}

pub fn undo_last(state: &mut State, effects: &mut Vec<Effect>) {
    let group = if state.screen == Screen::Group { state.views.group.id.clone() } else { None };
    show(state, "undo of the last change".into(), Request::PlanUndoLast(group), effects);
}

pub fn undo_selected(state: &mut State, effects: &mut Vec<Effect>) {
    let view = &state.views.journal;
    let Some(entry) = view.view.value().and_then(|journal| journal.entries.get(view.selection.cursor())) else {
        return;
    };
    let (id, title) = (entry.plan.id.clone(), entry.plan.title.clone());
    show(state, format!("undo of “{title}”"), Request::PlanUndo(id), effects);
}

/// `f` on a change that was cut short: the plan for the rest.
pub fn finish_selected(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(entry) = state.views.journal.selected_with_rest() else { return };
    let (id, title) = (entry.plan.id.clone(), entry.plan.title.clone());
    show(state, format!("rest of “{title}”"), Request::PlanFinish(id), effects);
}

/// `v`: what was found of it is written down, and it is closed by that.
pub fn settle_selected(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(entry) = state.views.journal.selected_unfinished() {
        let id = entry.plan.id.clone();
        start(state, Slot::Settle, Request::Settle(id), effects);
    }
}

/// `u` on a plan that was just applied.
pub fn undo_shown(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(Dialog::Plan(dialog)) = state.dialogs.last() else { return };
    let Some(plan) = dialog.plan().cloned() else { return };
    state.dialogs.pop();
    show(state, format!("undo of “{}”", plan.title), Request::PlanUndo(plan.id.clone()), effects);
}

/// `e`: back to what the plan was made from.
pub fn change_target(state: &mut State, effects: &mut Vec<Effect>) {
    super::stop(state, Slot::Plan, effects);
    state.dialogs.pop();
}

/// Was the key read after the frame that showed the plan's end?
fn saw_the_end(dialog: &PlanDialog, read_at: Time) -> bool {
    dialog.end_drawn.is_some_and(|drawn| read_at >= drawn)
}

/// `y`: applies, or asks for the name first.
pub fn confirm(state: &mut State, read_at: Time, effects: &mut Vec<Effect>) {
    let Some(Dialog::Plan(dialog)) = state.dialogs.last() else { return };
    let (Stage::Shown(plan), true) = (&dialog.stage, saw_the_end(dialog, read_at)) else {
        state.say(Tone::Info, "that key came before the plan was on screen: press it again");
        return;
    };
    match &plan.confirm {
        Confirm::Yes => apply_shown(state, effects),
        Confirm::TypeName(name) => {
            let question = TypeName::new(TypeNamePurpose::Apply, name.clone());
            state.dialogs.push(Dialog::TypeName(question));
        }
    }
}

/// Applies the plan on top, which the user confirmed.
pub fn apply_shown(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(Dialog::Plan(dialog)) = state.dialogs.last() else { return };
    if let Stage::Shown(plan) = &dialog.stage {
        let plan = Arc::clone(plan);
        apply(state, plan, effects);
    }
}

pub fn apply(state: &mut State, plan: Arc<Plan>, effects: &mut Vec<Effect>) {
    if matches!(state.link, Link::Opening(_)) {
        // When it is open, nothing of this one may still run.
        state.say(Tone::Warning, "another cluster is being opened: nothing is applied to this one any more");
        return;
    }
    let Some(Dialog::Plan(dialog)) = state.dialogs.last_mut() else { return };
    dialog.stage = Stage::Applying { plan: Arc::clone(&plan), steps: vec![None; plan.steps.len()] };
    dialog.scroll = 0;
    let request = match dialog.elsewhere {
        None => Request::Apply(plan),
        Some(_) => Request::ApplyElsewhere(plan),
    };
    start(state, Slot::Apply, request, effects);
}

/// `w`: waits until the groups have no members; with the confirmation that `y` would need.
pub fn wait(state: &mut State, read_at: Time, effects: &mut Vec<Effect>) {
    let Some(Dialog::Plan(dialog)) = state.dialogs.last() else { return };
    let (Stage::Shown(plan), true) = (&dialog.stage, saw_the_end(dialog, read_at)) else {
        state.say(Tone::Info, "scroll to the end first");
        return;
    };
    match &plan.confirm {
        Confirm::Yes => wait_confirmed(state, effects),
        Confirm::TypeName(name) => {
            let question = TypeName::new(TypeNamePurpose::WaitThenApply, name.clone());
            state.dialogs.push(Dialog::TypeName(question));
        }
    }
}

pub fn wait_confirmed(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(Dialog::Plan(dialog)) = state.dialogs.last_mut() else { return };
    let Stage::Shown(plan) = &dialog.stage else { return };
    let plan = Arc::clone(plan);
    let groups = plan.waits_for().to_vec();
    dialog.stage = Stage::Waiting(plan);
    start(state, Slot::WaitEmpty, Request::WaitEmpty { groups, deadline: WAIT }, effects);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_in_decimal_and_binary_units() {
        assert_eq!(parse_byte_rate("50MB/s"), Some(5e7));
        assert_eq!(parse_byte_rate("800 kB/s"), Some(8e5));
        assert_eq!(parse_byte_rate("1MiB"), Some(1_048_576.0));
        assert_eq!(parse_byte_rate("fast"), None);
        assert_eq!(parse_byte_rate("0"), None);
    }
}
