//! What the last frame showed, for paging, clicking and confirming.
//!
//! Drawing cannot change state, so it hands this back, and the runtime passes
//! it to `update` as a message.

use super::splits::Line;
use crate::tui::command::Command;
use ratatui::layout::Rect;
use std::collections::BTreeMap;

/// Something that scrolls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pane {
    Health,
    Brokers,
    Leaders,
    BusiestTopics,
    WorstGroups,
    Changes,
    Topics,
    TopicPartitions,
    TopicGroups,
    TopicConfigs,
    Groups,
    GroupPartitions,
    GroupMembers,
    GroupTopology,
    GroupTimeline,
    Records,
    RecordValue,
    RecordFacts,
    Journal,
    Profiles,
    Messages,
    Plan,
    Partitions,
    Help,
    Palette,
    Menu,
    Probe,
    Compression,
    Export,
}

/// The part of a list that is in view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Viewport {
    pub first: usize,
    pub height: usize,
    /// Rows there are in all.
    pub len: usize,
}

impl Viewport {
    pub fn rows(self) -> std::ops::Range<usize> {
        self.first..self.first.saturating_add(self.height).min(self.len)
    }

    pub fn shows_end(self) -> bool {
        self.first + self.height >= self.len
    }
}

/// What a click means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Click {
    Command(Command),
    /// Rows of a pane, the first of which is `first`.
    Rows {
        pane: Pane,
        first: usize,
    },
}

/// A frame's account of itself.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Drawn {
    pub viewports: BTreeMap<Pane, Viewport>,
    /// Later ones lie on top.
    pub targets: Vec<(Rect, Click)>,
    /// The lines between panes that can be moved.
    pub lines: Vec<Line>,
    /// The id of the plan whose last row and checks are in this frame.
    pub plan_end: Option<String>,
}

impl Drawn {
    pub fn viewport(&self, pane: Pane) -> Viewport {
        self.viewports.get(&pane).copied().unwrap_or_default()
    }

    pub fn target_at(&self, x: u16, y: u16) -> Option<(Rect, Click)> {
        self.targets.iter().rev().find(|(area, _)| area.contains((x, y).into())).copied()
    }
}
