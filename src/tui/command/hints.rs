//! The footer: what can be done here, as far as it fits.
//!
//! Owns: choice and order of the hints. Must not know how they are drawn.
//! Invariant: a hint is shown whole or not at all.

use super::ctx::{Ctx, Enabled};
use super::keymap::KeyMap;
use super::table::{Command, Row, TABLE};
use crate::domain::text::display_width;

/// One hint: the key, the word, and why it does not work now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    pub key: String,
    pub title: &'static str,
    pub disabled: Option<&'static str>,
}

impl Hint {
    fn width(&self) -> usize {
        display_width(&self.key) + 1 + display_width(self.title)
    }
}

/// Columns between two hints.
pub const GAP: usize = 2;

/// The hints for `ctx` that fit into `width`, the most useful ones first.
pub fn hints(keymap: &KeyMap, ctx: &Ctx, width: usize) -> Vec<Hint> {
    let mut rows: Vec<&Row> = TABLE.iter().filter(|row| row.hint > 0 && row.places.contains(&ctx.place)).collect();
    rows.sort_by_key(|row| row.hint);
    let mut chosen: Vec<(u8, Hint)> = Vec::new();
    let mut used = 0;
    // Help leads to all the rest: it is placed first, and drawn last.
    let is_way_out = |row: &&Row| row.hint == 95;
    for row in rows.iter().filter(|row| is_way_out(row)).rev().chain(rows.iter().filter(|row| !is_way_out(row))) {
        let Some(keys) = keymap.shown(row.command) else { continue };
        let disabled = match (row.enabled)(ctx) {
            Enabled::Yes => None,
            Enabled::No(reason) => Some(reason),
        };
        // What the profile forbids is shown with its reason; what merely does not
        // apply now only takes room. `y` stays, so that one sees why it does nothing.
        if disabled.is_some_and(|reason| !reason.starts_with("read-only")) && row.command != Command::PlanApply {
            continue;
        }
        let hint = Hint { key: keys.to_string(), title: row.title, disabled };
        let needed = hint.width() + if chosen.is_empty() { 0 } else { GAP };
        if used + needed <= width {
            used += needed;
            chosen.push((row.hint, hint));
        }
    }
    // Where nothing can be done but to leave, that is said.
    if let (true, Some(keys), Some(row)) = (rows.is_empty(), keymap.shown(Command::Back), Command::Back.row()) {
        let hint = Hint { key: keys.to_string(), title: row.title, disabled: None };
        chosen.extend((hint.width() <= width).then_some((0, hint)));
    }
    chosen.sort_by_key(|(rank, _)| *rank);
    chosen.into_iter().map(|(_, hint)| hint).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::command::{Place, Right};

    pub fn ctx(place: Place) -> Ctx {
        Ctx {
            place,
            right: Right::Write,
            has_cluster: true,
            is_opening: false,
            has_selection: true,
            at_top: true,
            has_reading: true,
            has_plan: true,
            plan_is_ready: true,
            plan_was_shown: true,
            plan_is_blocked: false,
            is_applying: false,
            has_picker: true,
            group_is_active: false,
            asks_tiered: false,
            has_written: false,
            no_older: None,
            no_further: None,
            plan_stays: None,
            change_stays: None,
            has_source: false,
            is_unfinished: false,
            has_rest: false,
            has_back: false,
            has_forward: false,
            has_last: false,
            has_tabs: true,
            is_demo: false,
        }
    }

    #[test]
    fn a_hint_that_does_not_fit_is_dropped_whole() {
        let map = KeyMap::default();
        for place in Place::ALL {
            for width in 0..140 {
                let found = hints(&map, &ctx(*place), width);
                let used: usize = found.iter().map(Hint::width).sum::<usize>() + found.len().saturating_sub(1) * GAP;
                assert!(used <= width, "{place:?} at {width}");
            }
        }
    }

    #[test]
    fn help_stays_on_the_narrowest_screen() {
        let found = hints(&KeyMap::default(), &ctx(Place::Topics), 40);
        assert!(found.iter().any(|hint| hint.title == "help"), "{found:?}");
        assert_eq!(found.first().map(|hint| hint.title), Some("open"), "{found:?}");
    }

    #[test]
    fn what_a_read_only_profile_cannot_do_says_so() {
        let ctx = Ctx { right: Right::ReadOnly, ..ctx(Place::Topics) };
        let found = hints(&KeyMap::default(), &ctx, 200);
        let delete = found.iter().find(|hint| hint.title == "delete").unwrap();
        assert_eq!(delete.disabled, Some("read-only: :unlock"));
    }
}
