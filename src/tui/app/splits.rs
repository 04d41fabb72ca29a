//! Where the lines between panes are, as far as a hand moved them.
//!
//! Kept for the session: another day, another screen. Invariant: however far one
//! pulls, both panes keep some room.

use ratatui::layout::Rect;
use std::collections::BTreeMap;

/// A line between two panes that can be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Split {
    /// Health and brokers, on the overview.
    Health,
    /// Topics and groups below them.
    Busiest,
    Topics,
    /// The list of records, and the two panes below it.
    Records,
    RecordValue,
    Journal,
}

/// Which way the panes lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Beside,
    Below,
}

/// A line that the last frame showed, with the area of both panes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    pub split: Split,
    pub area: Rect,
    pub way: Way,
    /// Cells of the first pane.
    pub first: u16,
}

/// Cells that a pane keeps, in each direction.
const LEAST_WIDTH: u16 = 24;
const LEAST_HEIGHT: u16 = 5;
const WHOLE: u32 = 1_000;

#[derive(Debug, Default)]
pub struct Splits {
    /// Thousandths that the first pane gets.
    moved: BTreeMap<Split, u16>,
    /// The line that is being pulled.
    held: Option<Line>,
}

impl Line {
    /// The borders of both panes are what one can take hold of.
    fn is_at(&self, x: u16, y: u16) -> bool {
        let (at, begin) = match self.way {
            Way::Beside => (x, self.area.x),
            Way::Below => (y, self.area.y),
        };
        let edge = begin.saturating_add(self.first);
        self.area.contains((x, y).into()) && (edge.saturating_sub(1)..=edge).contains(&at)
    }
}

fn least(way: Way) -> u16 {
    match way {
        Way::Beside => LEAST_WIDTH,
        Way::Below => LEAST_HEIGHT,
    }
}

impl Splits {
    /// Cells of `whole` that the first pane gets, `usual` if nobody moved the line.
    pub fn first(&self, split: Split, way: Way, whole: u16, usual: u16) -> u16 {
        let Some(share) = self.moved.get(&split) else { return usual };
        let cells = (u32::from(whole) * u32::from(*share) + WHOLE / 2) / WHOLE;
        let most = whole.saturating_sub(least(way));
        u16::try_from(cells).unwrap_or(whole).max(least(way).min(most)).min(most)
    }

    /// Takes hold of the line at this place, if there is one.
    pub fn hold(&mut self, lines: &[Line], x: u16, y: u16) -> bool {
        self.held = lines.iter().find(|line| line.is_at(x, y)).copied();
        self.held.is_some()
    }

    /// Pulls the line that is held.
    pub fn pull(&mut self, x: u16, y: u16) {
        let Some(line) = self.held else { return };
        let (at, whole) = match line.way {
            Way::Beside => (x.saturating_sub(line.area.x), line.area.width),
            Way::Below => (y.saturating_sub(line.area.y), line.area.height),
        };
        let cells = at.max(least(line.way)).min(whole.saturating_sub(least(line.way)));
        let share = (u32::from(cells) * WHOLE).div_ceil(u32::from(whole.max(1)));
        self.moved.insert(line.split, u16::try_from(share).unwrap_or(u16::MAX));
    }

    pub fn let_go(&mut self) {
        self.held = None;
    }
}
