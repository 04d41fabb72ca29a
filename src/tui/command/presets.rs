//! Ready-made key maps.
//!
//! Owns: which keys a command has before a user's own are laid over them.

use super::table::{Command as C, Row};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Preset {
    #[default]
    Klamm,
    /// What fingers know from k9s: `ctrl-d` deletes (opening a plan, as always),
    /// capitals sort, `l` shows what flows, `d` describes.
    K9s,
}

impl Preset {
    pub const ALL: [Preset; 2] = [Preset::Klamm, Preset::K9s];

    /// The name in the configuration file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Klamm => "klamm",
            Self::K9s => "k9s",
        }
    }

    pub fn keys(self, row: &Row) -> Vec<&'static str> {
        match self {
            Self::Klamm => row.keys.to_vec(),
            Self::K9s => k9s(row),
        }
    }
}

fn k9s(row: &Row) -> Vec<&'static str> {
    // Whatever is deleted by a letter is deleted by ctrl-d as well.
    if row.keys.contains(&"D") {
        return vec!["ctrl-d", "D"];
    }
    match row.command {
        C::HalfDown => Vec::new(),
        C::Palette => vec![":", "ctrl-a", "ctrl-p"],
        C::Refresh => vec!["ctrl-r", "r"],
        C::Open => vec!["enter", "d"],
        C::TopicTail => vec!["l", "t"],
        // `P` sorts.
        C::TopicProduce => vec!["ctrl-n"],
        C::NextTab => vec!["right"],
        C::PreviousTab => vec!["left"],
        C::SortName => vec!["N", "s n"],
        C::SortPartitions => vec!["P", "s p"],
        C::SortSize => vec!["S", "s s"],
        C::SortRate => vec!["A", "s a"],
        C::SortVerdict => vec!["V", "s v"],
        C::SortLag => vec!["L", "s l"],
        C::SortState => vec!["S", "s t"],
        C::RecordsFollow => vec!["s", "f"],
        _ => row.keys.to_vec(),
    }
}
