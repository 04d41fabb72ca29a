//! Who is in a group: what each member holds, shall hold, and runs.

use crate::cluster::GroupDetail;
use crate::domain::group::{Member, StreamsDetail, Task};
use crate::domain::{TopicName, show};
use crate::tui::app::State;
use crate::tui::app::drawn::Pane;
use crate::tui::ui::canvas::Canvas;
use crate::tui::ui::theme::Role;
use crate::tui::ui::widgets::states;
use crate::tui::ui::widgets::table::{self, Cell, Column, Table, Width, cell, name, nothing_marked};
use ratatui::layout::Rect;

pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State, detail: &GroupDetail, focus: bool) {
    let members = &detail.description.members;
    if members.is_empty() {
        states::say(canvas, area, "the group has no members: its offsets may be changed", Role::Muted);
        return;
    }
    let mut columns = vec![Column::text("CLIENT", Width::Name(12)), Column::text("HOST", Width::Fixed(20))];
    if members.iter().any(|member| member.instance_id.is_some()) {
        columns.push(Column::text("INSTANCE", Width::Fixed(18)).gives_way(2));
    }
    let (has_detail, has_tasks) = (
        members.iter().any(|member| member.detail.is_some()),
        members.iter().any(|member| member.detail.as_ref().is_some_and(|detail| detail.streams.is_some())),
    );
    if has_detail {
        columns.push(Column::number("EPOCH", 6).gives_way(3));
    }
    if has_tasks {
        columns.push(Column::text("ACTIVE", Width::Name(8)));
        columns.push(Column::text("STANDBY", Width::Name(7)).gives_way(2));
        columns.push(Column::text("WARM-UP", Width::Name(7)).gives_way(2));
        columns.push(Column::text("PROCESS", Width::Fixed(12)).gives_way(4));
    }
    columns.push(Column::number("PARTITIONS", 10));
    if members.iter().any(|member| changes_over(member).is_some()) {
        columns.push(Column::number("TARGET", 8));
    }
    if members.iter().any(|member| !subscribes_to(member).is_empty()) {
        columns.push(Column::text("SUBSCRIBES TO", Width::Name(13)).gives_way(3));
    }
    // Who runs tasks is known by them.
    let member = Column::text("MEMBER", Width::Fill(16));
    columns.push(member.gives_way(if has_tasks { 3 } else { 1 }));
    let table = Table {
        pane: Pane::GroupMembers,
        columns: &columns,
        len: members.len(),
        cursor: Some(state.views.group.member_cursor.min(members.len() - 1)),
        has_focus: focus,
        first: state.viewport(Pane::GroupMembers).first,
        is_marked: &nothing_marked,
    };
    table::draw(canvas, area, &table, |row, column| {
        let (Some(member), Some(title)) = (members.get(row), columns.get(column).map(|column| column.title)) else {
            return cell("", Role::Text);
        };
        match title {
            "CLIENT" => name(member.client_id.as_str(), Role::Text),
            "HOST" => name(member.host.as_str(), Role::Text),
            "INSTANCE" => cell(member.instance_id.clone().unwrap_or_default(), Role::Text),
            "PARTITIONS" => cell(show::count(member.assignment.len() as u64), Role::Text),
            "EPOCH" => epoch(member, detail.description.epoch),
            "TARGET" => match changes_over(member) {
                Some(target) => cell(show::count(target as u64), Role::Warning),
                None => cell("–", Role::Muted),
            },
            "SUBSCRIBES TO" => name(subscribes_to(member), Role::Muted),
            "ACTIVE" => tasks(member, |streams| &streams.tasks.active),
            "STANDBY" => tasks(member, |streams| &streams.tasks.standby),
            "WARM-UP" => tasks(member, |streams| &streams.tasks.warmup),
            "PROCESS" => name(streams_of(member).map_or("", |streams| streams.process_id.as_str()), Role::Muted),
            _ => name(member.member_id.as_str(), Role::Muted),
        }
    });
}

/// How much a member is to hold, where that is not what it holds.
fn changes_over(member: &Member) -> Option<usize> {
    let detail = member.detail.as_deref()?;
    match (&detail.target, &detail.streams) {
        (Some(target), _) => (*target != member.assignment).then_some(target.len()),
        (None, Some(streams)) => (streams.target != streams.tasks).then_some(streams.target.active.len()),
        (None, None) => None,
    }
}

/// The pattern by which it subscribes, else the topics.
fn subscribes_to(member: &Member) -> String {
    let Some(detail) = member.detail.as_deref() else { return String::new() };
    match &detail.pattern {
        Some(pattern) => format!("/{pattern}/"),
        None => detail.subscription.iter().map(TopicName::as_str).collect::<Vec<_>>().join(", "),
    }
}

fn streams_of(member: &Member) -> Option<&StreamsDetail> {
    member.detail.as_deref()?.streams.as_ref()
}

/// "0_1, 0_4–9"
fn tasks<'a>(member: &Member, of: impl Fn(&StreamsDetail) -> &Vec<Task>) -> Cell<'a> {
    match streams_of(member).map(|streams| of(streams).as_slice()) {
        None | Some([]) => cell("–", Role::Muted),
        Some(tasks) => name(Task::shown(tasks), Role::Text),
    }
}

/// Behind the group's while the member changes over.
fn epoch<'a>(member: &Member, of_group: Option<i32>) -> Cell<'a> {
    match &member.detail {
        Some(detail) if of_group.is_some_and(|epoch| detail.epoch < epoch) => {
            cell(detail.epoch.to_string(), Role::Warning)
        }
        Some(detail) => cell(detail.epoch.to_string(), Role::Muted),
        None => cell("–", Role::Muted),
    }
}
