//! The list of groups.

use super::topics::{filter_line, list_title};
use crate::cluster::GroupRow;
use crate::domain::drain::Drain;
use crate::domain::group::{GroupState, LagTotal};
use crate::domain::pace::Behind;
use crate::domain::{Fact, GroupId, Time, show};
use crate::tui::app::State;
use crate::tui::app::drawn::Pane;
use crate::tui::app::screens::topics::Sort;
use crate::tui::app::slot::Slot;
use crate::tui::command::Command;
use crate::tui::ui::canvas::{Canvas, span};
use crate::tui::ui::theme::Role;
use crate::tui::ui::widgets::frame::{self, Titles};
use crate::tui::ui::widgets::table::{self, Cell, Column, Table, Width, cell, name};
use crate::tui::ui::widgets::{facts, spark, states, verdicts};
use ratatui::layout::Rect;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let view = &state.views.groups;
    let marks = canvas.theme.marks;
    let remote = &state.data.groups;
    let all = remote.value().map(|groups| groups.rows.len());
    let Sort { by, is_reversed } = view.sort;
    let marked = view.selection.marks.len();
    let titles = Titles {
        left: list_title("Groups", view.order.len(), all, view.filter.text(), (by.word(), is_reversed), &marks),
        right: if marked > 0 { vec![span(format!("{marked} marked"), Role::Accent)] } else { Vec::new() },
    };
    let focus = state.dialogs.is_empty();
    let inner = frame::draw(canvas, area, &titles, focus);
    if states::instead_of_value(canvas, inner, remote, "groups") {
        return;
    }
    let Some(groups) = remote.value() else { return };
    let inner = states::banner(canvas, inner, remote, &groups.failures, state.zone());
    let inner = filter_line(canvas, inner, &view.filter);
    if view.order.is_empty() {
        let text = if state.slots.is_running(Slot::GroupOrder) {
            "putting them in order…".to_owned()
        } else if view.filter.text().is_empty() {
            "this cluster has no groups you may see".to_owned()
        } else {
            format!("no groups match ‘{}’; esc clears the filter", view.filter.text())
        };
        states::say(canvas, inner, &text, Role::Muted);
        return;
    }
    let columns = [
        Column::text("GROUP", Width::Name(22)).sort(Command::SortName),
        Column::text("VERDICT", Width::Fixed(verdicts::WIDTH)).sort(Command::SortVerdict),
        Column::text("STATE", Width::Fixed(11)).gives_way(1).sort(Command::SortState),
        Column::text("TYPE", Width::Fixed(8)).gives_way(6),
        Column::number("MEMBERS", 7).gives_way(5),
        Column::number("TOPICS", 6).gives_way(7),
        Column::number("LAG", 9).sort(Command::SortLag),
        Column::number("BEHIND", 11).gives_way(2),
        Column::number("DRAINED IN", 10).gives_way(3),
        Column::text("TREND", Width::Fixed(14)).gives_way(4),
    ];
    let id_at =
        |row: usize| -> Option<&GroupId> { groups.rows.get(*view.order.get(row)? as usize).map(|row| &row.listing.id) };
    let table = Table {
        pane: Pane::Groups,
        columns: &columns,
        len: view.order.len(),
        cursor: Some(view.selection.cursor()),
        has_focus: focus,
        first: state.viewport(Pane::Groups).first,
        is_marked: &|row| id_at(row).is_some_and(|id| view.selection.marks.contains(id)),
    };
    table::draw(canvas, inner, &table, |row, column| {
        let group = view.order.get(row).and_then(|index| groups.rows.get(*index as usize));
        let Some(group) = group else { return cell("", Role::Text) };
        match column {
            0 => name(group.listing.id.as_str(), if group.role.is_special() { Role::Info } else { Role::Text }),
            1 => verdicts::standing(&marks, &group.standing),
            2 => state_cell(group),
            3 => cell(group.listing.type_shown().to_owned(), Role::Muted),
            4 => facts::fact(&group.members, Role::Text, |count| show::count(*count as u64)),
            5 => cell(show::count(group.topics.len() as u64), Role::Muted),
            6 => lag_cell(&group.lag),
            7 => behind_cell(&group.behind, state.now),
            8 => drain_cell(&group.drain),
            _ => {
                let trend: Vec<f64> = group.trend.iter().map(|lag| *lag as f64).collect();
                cell(spark::line(&marks, &trend, 14), Role::Info)
            }
        }
    });
}

/// The state in a word; one that needs a look is coloured as well. Who does not answer
/// for it stands in its place.
pub fn state_cell(group: &GroupRow) -> Cell<'static> {
    // It is as it is at this moment, and is not for long.
    if group.flaps.is_some() {
        return cell("Flapping", Role::Warning);
    }
    match group.unseen.as_ref().and_then(|unseen| unseen.coordinator) {
        Some(broker) => cell(format!("? broker {broker}"), Role::Warning),
        None => state_word(group.listing.state, group.lag.lag),
    }
}

/// The state alone.
pub fn state_word(state: GroupState, lag: u64) -> Cell<'static> {
    let (word, role) = match state {
        GroupState::Stable => ("Stable", Role::Success),
        GroupState::Empty if lag > 0 => ("Empty", Role::Warning),
        GroupState::Empty => ("Empty", Role::Muted),
        GroupState::PreparingRebalance | GroupState::CompletingRebalance => ("Rebalancing", Role::Warning),
        GroupState::Assigning => ("Assigning", Role::Warning),
        GroupState::Reconciling => ("Reconciling", Role::Warning),
        GroupState::NotReady => ("NotReady", Role::Warning),
        GroupState::Dead => ("Dead", Role::Muted),
        GroupState::Other(word) => return cell(word.as_str().to_owned(), Role::Warning),
        GroupState::Unknown => ("?", Role::Muted),
    };
    cell(word, role)
}

/// How long its next record has been waiting: `~` between two looks, `>` longer than
/// was looked.
pub fn behind_cell(behind: &Behind, now: Time) -> Cell<'static> {
    let about = if matches!(behind, Behind::About(_)) { "~" } else { "" };
    match (behind, behind.waiting(now)) {
        (Behind::Nothing, _) => cell("–", Role::Muted),
        (Behind::Before(at), _) => {
            cell(format!(">{}", show::duration(now.since(*at).max(0).cast_unsigned())), Role::Text)
        }
        (_, Fact::Known(millis)) => cell(format!("{about}{}", show::duration(millis)), Role::Text),
        (_, Fact::Unknown(_)) => cell("?", Role::Muted),
    }
}

/// When it will have caught up, as it reads now.
pub fn drain_cell(drain: &Fact<Drain>) -> Cell<'static> {
    match drain {
        Fact::Known(Drain::Drained) => cell("–", Role::Muted),
        Fact::Known(Drain::In(millis)) => cell(show::duration(*millis), Role::Text),
        Fact::Known(Drain::Never) => cell("never", Role::Warning),
        Fact::Known(Drain::Growing(_)) => cell("grows", Role::Warning),
        Fact::Unknown(_) => cell("?", Role::Muted),
    }
}

/// The lag, with a `~` when it is not known of every partition.
pub fn lag_cell(lag: &LagTotal) -> Cell<'static> {
    match lag.fact() {
        Fact::Known(total) => {
            let about = if lag.unknown > 0 { "~" } else { "" };
            cell(format!("{about}{}", show::abbreviated(total)), if total > 0 { Role::Text } else { Role::Muted })
        }
        Fact::Unknown(_) => cell("?", Role::Muted),
    }
}
