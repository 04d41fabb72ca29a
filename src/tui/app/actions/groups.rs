//! What is done to groups as a whole: the plans that delete, and those that take
//! members out.

use super::super::dialogs::reset::by_topic;
use super::super::dialogs::{Dialog, Form, FormPurpose};
use super::super::effect::{Effect, Request};
use super::super::notes::Tone;
use super::super::screens::group::GroupTab;
use super::super::state::{Screen, State};
use super::plans;
use super::plans::show as open_plan;
use super::records::file_name;
use crate::domain::group_config;
use crate::domain::group_plan::Leavers;
use crate::domain::offsets_csv::{self, OffsetRow};
use crate::domain::plan::name_of;
use crate::domain::{GroupId, TopicPartition, show};
use std::path::PathBuf;

/// `D`: the marked groups of the list, else the one on screen.
pub fn delete(state: &mut State, effects: &mut Vec<Effect>) {
    let groups = chosen(state);
    if !groups.is_empty() {
        let what = format!("deletion of {}", name_of(&groups));
        open_plan(state, what, Request::PlanDeleteGroups(groups), effects);
    }
}

/// The marked groups of the list, else the one on screen.
pub fn chosen(state: &State) -> Vec<GroupId> {
    let marks = &state.views.groups.selection.marks;
    if state.screen == Screen::Groups && !marks.is_empty() {
        return marks.iter().cloned().collect();
    }
    state.group_on_screen().into_iter().collect()
}

/// `C`: which group gets the offsets of the one on screen.
pub fn ask_copy(state: &mut State) {
    if let Some(group) = state.group_on_screen() {
        let title = format!("Copy the offsets of {group} to which group?");
        plans::ask_for_group(state, FormPurpose::CopyGroup(group), title);
    }
}

pub fn copy(state: &mut State, from: GroupId, to: GroupId, effects: &mut Vec<Effect>) {
    open_plan(state, format!("copy of {from} to {to}"), Request::PlanCopy { from, to }, effects);
}

/// `I`: which file to take the offsets of groups from.
pub fn ask_import(state: &mut State) {
    let hint = "group,topic,partition,offset in each line, or what export wrote as JSON";
    let fields = vec![Form::field("file", "", hint)];
    let title = "Commit the offsets of which file?";
    state.dialogs.push(Dialog::Form(Box::new(Form::new(FormPurpose::ImportOffsets, title, fields))));
}

pub fn import(state: &mut State, path: PathBuf, effects: &mut Vec<Effect>) {
    open_plan(state, format!("import of {}", path.display()), Request::PlanImport(path), effects);
}

/// `e`: what the cluster keeps for the group.
pub fn ask_configure(state: &mut State) {
    let Some(group) = state.group_on_screen() else { return };
    let fields = vec![
        Form::field("set", "", "consumer.session.timeout.ms=50000, several separated by spaces"),
        Form::field("unset", "", "names that go back to the cluster's default"),
    ];
    let title = format!("What should the cluster keep for {group}?");
    state.dialogs.push(Dialog::Form(Box::new(Form::new(FormPurpose::ConfigureGroup(group), title, fields))));
}

pub fn read_settings(form: &Form) -> Result<Vec<group_config::Wish>, String> {
    let set = form.text(0).split_whitespace().map(|pair| {
        let (name, value) = pair.split_once('=').ok_or_else(|| format!("‘{pair}’: write name=value"))?;
        Ok((name.to_owned(), Some(value.to_owned())))
    });
    let unset = form.text(1).split_whitespace().map(|name| Ok((name.to_owned(), None)));
    let wishes = set.chain(unset).collect::<Result<Vec<_>, String>>()?;
    if wishes.is_empty() { Err("which setting?".into()) } else { Ok(wishes) }
}

pub fn configure(state: &mut State, group: GroupId, wishes: Vec<group_config::Wish>, effects: &mut Vec<Effect>) {
    open_plan(state, format!("settings of {group}"), Request::PlanConfigureGroup { group, wishes }, effects);
}

/// `E`: the committed offsets of the group on screen, as a file that import takes.
pub fn ask_export(state: &mut State) {
    let Some(detail) = state.views.group.detail.value() else {
        state.say(Tone::Info, "its offsets are not known yet");
        return;
    };
    let group = &detail.description.listing.id;
    let rows: Vec<OffsetRow> = detail
        .partitions
        .iter()
        .filter_map(|row| {
            Some(OffsetRow {
                group: None,
                topic: row.partition.topic.clone(),
                partition: row.partition.partition,
                offset: row.committed.known()?.as_ref()?.offset,
                metadata: String::new(),
            })
        })
        .collect();
    if rows.is_empty() {
        state.say(Tone::Info, "it has nothing committed");
        return;
    }
    let unknown = detail.partitions.iter().filter(|row| row.committed.known().is_none()).count();
    let title = match unknown {
        0 => format!("Save the offsets of {group}"),
        unknown => format!("Save the offsets of {group}, {} unknown", show::plural(unknown, "partition")),
    };
    let path = format!("{}-offsets.csv", file_name(group.as_str()));
    let fields = vec![Form::field("file", &path, "topic,partition,offset; an existing file is not overwritten")];
    let purpose = FormPurpose::SaveText { text: offsets_csv::write(&rows) };
    state.dialogs.push(Dialog::Form(Box::new(Form::new(purpose, title, fields))));
}

/// `X`: the commits of the marked partitions, else of the selected one.
pub fn delete_offsets(state: &mut State, effects: &mut Vec<Effect>) {
    let view = &state.views.group;
    let Some(group) = view.id.clone() else { return };
    let rows: Vec<TopicPartition> = if view.selection.marks.is_empty() {
        view.selection.key().cloned().into_iter().collect()
    } else {
        view.selection.marks.iter().cloned().collect()
    };
    if rows.is_empty() {
        state.say(Tone::Info, "it has no partitions here");
        return;
    }
    let what = format!("deletion of offsets of {group}");
    open_plan(state, what, Request::PlanDeleteOffsets { group, scope: by_topic(&rows) }, effects);
}

/// `M`: the selected member, or all of them where no member is selected.
pub fn remove_members(state: &mut State, effects: &mut Vec<Effect>) {
    let view = &state.views.group;
    let Some(group) = view.id.clone() else { return };
    let members = view.detail.value().map_or(&[][..], |detail| &detail.description.members);
    let leavers = match (view.tab, members.get(view.member_cursor.min(members.len().saturating_sub(1)))) {
        (_, None) => {
            state.say(Tone::Info, "the group has no members");
            return;
        }
        (GroupTab::Partitions | GroupTab::Topology | GroupTab::Timeline, Some(_)) => Leavers::All,
        (GroupTab::Members, Some(member)) => {
            Leavers::Named { members: vec![member.member_id.clone()], instances: Vec::new() }
        }
    };
    let what = format!("removal of members of {group}");
    open_plan(state, what, Request::PlanRemoveMembers { group, leavers }, effects);
}
