//! What is done to groups as a whole: the plans that delete, and those that take
//! members out.

use super::super::dialogs::reset::by_topic;
use super::super::effect::{Effect, Request};
use super::super::notes::Tone;
use super::super::screens::group::GroupTab;
use super::super::state::{Screen, State};
use super::plans::show;
use crate::domain::group_plan::Leavers;
use crate::domain::plan::name_of;
use crate::domain::{GroupId, TopicPartition};

/// `D`: the marked groups of the list, else the one on screen.
pub fn delete(state: &mut State, effects: &mut Vec<Effect>) {
    let groups = chosen(state);
    if !groups.is_empty() {
        let what = format!("deletion of {}", name_of(&groups));
        show(state, what, Request::PlanDeleteGroups(groups), effects);
    }
}

/// The marked groups of the list, else the one on screen.
fn chosen(state: &State) -> Vec<GroupId> {
    let marks = &state.views.groups.selection.marks;
    if state.screen == Screen::Groups && !marks.is_empty() {
        return marks.iter().cloned().collect();
    }
    state.group_on_screen().into_iter().collect()
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
    show(state, what, Request::PlanDeleteOffsets { group, scope: by_topic(&rows) }, effects);
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
        (GroupTab::Partitions, Some(_)) => Leavers::All,
        (GroupTab::Members, Some(member)) => {
            Leavers::Named { members: vec![member.member_id.clone()], instances: Vec::new() }
        }
    };
    let what = format!("removal of members of {group}");
    show(state, what, Request::PlanRemoveMembers { group, leavers }, effects);
}
