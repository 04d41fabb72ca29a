//! What a streams application does, as its group knows it: each topic of each subtopology, and
//! the nodes of the graph where brokers tell them.

use crate::cluster::GroupDetail;
use crate::domain::group::{GroupType, TopologyRow};
use crate::domain::show;
use crate::tui::app::State;
use crate::tui::app::drawn::Pane;
use crate::tui::ui::canvas::Canvas;
use crate::tui::ui::theme::Role;
use crate::tui::ui::widgets::states;
use crate::tui::ui::widgets::table::{self, Column, Table, Width, cell, name, nothing_marked};
use ratatui::layout::Rect;

pub(super) const NOT_SET_UP: &str =
    "its topology is not set up: source topics are missing, or their counts of partitions do not fit";

pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State, detail: &GroupDetail, focus: bool) {
    let topology = match (&detail.description.topology, detail.description.listing.kind) {
        (Some(topology), _) => topology,
        (None, GroupType::Streams) => {
            return states::say(canvas, area, "its broker tells no topology", Role::Muted);
        }
        (None, _) => return states::say(canvas, area, "only streams groups have a topology", Role::Muted),
    };
    if topology.subtopologies.is_none() {
        return states::say(canvas, area, NOT_SET_UP, Role::Warning);
    }
    let rows: Vec<_> = topology.rows().collect();
    if rows.is_empty() {
        return states::say(canvas, area, "its topology has no topics", Role::Muted);
    }
    let columns = [
        Column::text("SUBTOPOLOGY", Width::Fixed(11)),
        Column::text("IS", Width::Fixed(20)),
        Column::text("TOPIC", Width::Fill(20)),
        Column::number("PARTITIONS", 10).gives_way(2),
        Column::number("TASKS", 7).gives_way(1),
    ];
    let table = Table {
        pane: Pane::GroupTopology,
        columns: &columns,
        len: rows.len(),
        cursor: Some(state.views.group.topology_cursor.min(rows.len() - 1)),
        has_focus: focus,
        first: state.viewport(Pane::GroupTopology).first,
        is_marked: &nothing_marked,
    };
    let metadata = state.data.metadata.value();
    table::draw(canvas, area, &table, |row, column| {
        let (subtopology, part, topic) = match rows.get(row) {
            Some(TopologyRow::Topic(subtopology, part, topic)) => (subtopology, part, topic),
            Some(TopologyRow::Node(node)) => {
                return match column {
                    0 => name(node.subtopology.as_deref().unwrap_or("everywhere"), Role::Muted),
                    1 => cell(node.work.word(), Role::Muted),
                    2 => name(node.told(), Role::Text),
                    _ => cell("", Role::Text),
                };
            }
            None => return cell("", Role::Text),
        };
        // Of the rows of one subtopology the first says what holds of all.
        let is_first = row.checked_sub(1).and_then(|row| rows.get(row)).is_none_or(|before| match before {
            TopologyRow::Topic(before, ..) => before.id != subtopology.id,
            TopologyRow::Node(_) => true,
        });
        match column {
            0 => name(subtopology.id.as_str(), if is_first { Role::Text } else { Role::Muted }),
            1 => cell(part.word(), Role::Muted),
            2 => name(topic.as_str(), Role::Text),
            3 => match metadata.map(|metadata| metadata.topic(topic.as_str())) {
                Some(Some(topic)) => cell(show::count(topic.partitions.len() as u64), Role::Muted),
                Some(None) => cell("missing", Role::Warning),
                None => cell("?", Role::Muted),
            },
            _ if is_first => {
                let running = detail.description.running_tasks(&subtopology.id);
                cell(show::count(running as u64), if running == 0 { Role::Warning } else { Role::Text })
            }
            _ => cell("", Role::Text),
        }
    });
}
