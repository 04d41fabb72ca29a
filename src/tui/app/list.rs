//! A place in a list, kept by key.
//!
//! Invariant: a refresh, a sort or a filter never moves the user to another
//! row as long as the row still exists.

use std::collections::BTreeSet;

/// How far a key moves in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    Down,
    Up,
    Top,
    Bottom,
    HalfDown,
    HalfUp,
    PageDown,
    PageUp,
    /// The mouse wheel.
    Wheel(i32),
}

impl Motion {
    /// The new position among `len` rows of which `height` are in view.
    pub fn apply(self, cursor: usize, len: usize, height: usize) -> usize {
        let page = height.max(1);
        let half = (page / 2).max(1);
        let wanted = match self {
            Self::Down => cursor.saturating_add(1),
            Self::Up => cursor.saturating_sub(1),
            Self::Top => 0,
            Self::Bottom => usize::MAX,
            Self::HalfDown => cursor.saturating_add(half),
            Self::HalfUp => cursor.saturating_sub(half),
            Self::PageDown => cursor.saturating_add(page),
            Self::PageUp => cursor.saturating_sub(page),
            Self::Wheel(lines) => cursor.saturating_add_signed(lines as isize),
        };
        wanted.min(len.saturating_sub(1))
    }

    /// The same for a text that scrolls as a whole: the last page stays full.
    pub fn scroll(self, offset: usize, len: usize, height: usize) -> usize {
        self.apply(offset, len.saturating_sub(height).saturating_add(1), height)
    }
}

/// The first row in view, so that `cursor` is visible and no room is wasted.
pub fn first_visible(offset: usize, cursor: usize, len: usize, height: usize) -> usize {
    let highest = len.saturating_sub(height);
    let lowest = (cursor + 1).saturating_sub(height);
    offset.min(highest).min(cursor).max(lowest)
}

/// The selected row, and the marked ones, by key.
#[derive(Clone, Debug)]
pub struct Selection<K> {
    key: Option<K>,
    cursor: usize,
    pub marks: BTreeSet<K>,
}

impl<K> Default for Selection<K> {
    fn default() -> Self {
        Self { key: None, cursor: 0, marks: BTreeSet::new() }
    }
}

impl<K: Clone + Ord> Selection<K> {
    pub fn key(&self) -> Option<&K> {
        self.key.as_ref()
    }

    /// The selected row's number, as of the last [`Selection::settle`].
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Selects `key`; [`Selection::settle`] finds its row.
    pub fn select(&mut self, key: K) {
        self.key = Some(key);
    }

    /// Finds the selected key again after the rows changed.
    pub fn settle<Q>(&mut self, len: usize, key_at: impl Fn(usize) -> Option<Q>)
    where
        Q: std::borrow::Borrow<K>,
    {
        let is_here = |row: usize, key: &K| key_at(row).is_some_and(|found| found.borrow() == key);
        if let Some(key) = &self.key
            && !is_here(self.cursor, key)
            && let Some(row) = (0..len).find(|row| is_here(*row, key))
        {
            self.cursor = row;
        }
        self.cursor = self.cursor.min(len.saturating_sub(1));
        let here = key_at(self.cursor).map(|found| found.borrow().clone());
        if len > 0 {
            self.key = here;
        }
    }

    pub fn go_to<Q>(&mut self, row: usize, len: usize, key_at: impl Fn(usize) -> Option<Q>)
    where
        Q: std::borrow::Borrow<K>,
    {
        if row < len {
            self.cursor = row;
            self.key = key_at(row).map(|found| found.borrow().clone());
        }
    }

    pub fn toggle_mark(&mut self) {
        if let Some(key) = &self.key
            && !self.marks.remove(key)
        {
            self.marks.insert(key.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_selection_follows_its_row_through_a_sort() {
        let rows = ["a", "b", "c"];
        let mut selection = Selection::<String>::default();
        selection.select("c".into());
        selection.settle(3, |row| rows.get(row).map(|r| (*r).to_owned()));
        assert_eq!(selection.cursor(), 2);
        let sorted = ["c", "b", "a"];
        selection.settle(3, |row| sorted.get(row).map(|r| (*r).to_owned()));
        assert_eq!(selection.cursor(), 0);
    }

    #[test]
    fn when_the_row_is_gone_its_place_is_kept() {
        let mut selection = Selection::<u32>::default();
        selection.select(5);
        selection.settle(10, |row| u32::try_from(row).ok());
        selection.settle(3, |row| u32::try_from(row + 20).ok());
        assert_eq!((selection.cursor(), selection.key()), (2, Some(&22)));
    }

    #[test]
    fn an_empty_list_keeps_the_key_for_when_rows_come_back() {
        let mut selection = Selection::<u32>::default();
        selection.select(5);
        selection.settle(0, |_| None::<u32>);
        assert_eq!(selection.key(), Some(&5));
    }

    proptest! {
        #[test]
        fn the_cursor_is_always_in_view(offset in 0usize..500, cursor in 0usize..200, extra in 0usize..200, height in 1usize..60) {
            let len = cursor + 1 + extra;
            let first = first_visible(offset, cursor, len, height);
            prop_assert!(first <= cursor && cursor < first + height);
            prop_assert!(first + height <= len.max(height));
        }
    }
}
