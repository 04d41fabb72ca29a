//! Verdicts over groups and their partitions: a mark, a word and a colour.

use super::table::{Cell, cell};
use crate::domain::standing::Standing;
use crate::domain::verdict::{Judgement, Source, Verdict};
use crate::tui::ui::theme::{Marks, Role};

/// Columns for a mark, the sign of an estimate and the longest word.
pub const WIDTH: u16 = 9;

pub fn role(verdict: Verdict) -> Role {
    match verdict {
        Verdict::Ok => Role::Success,
        Verdict::Warn => Role::Warning,
        Verdict::Stop | Verdict::Stall | Verdict::Rewind => Role::Danger,
    }
}

pub fn mark(marks: &Marks, verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => marks.fine,
        Verdict::Warn => marks.look,
        Verdict::Stop | Verdict::Stall | Verdict::Rewind => marks.broken,
    }
}

/// "~STALL": estimated from samples.
pub fn word(verdict: Verdict, source: Source) -> String {
    format!("{}{}", source.mark(), verdict.word())
}

/// How a whole group is doing.
pub fn standing<'a>(marks: &Marks, standing: &Standing) -> Cell<'a> {
    match standing {
        Standing::Told(told) => {
            let mark = mark(marks, told.verdict);
            cell(format!("{mark} {}", word(told.verdict, told.source)), role(told.verdict))
        }
        Standing::TooEarly { seen, of, .. } => so_far(*seen, *of),
        Standing::Unknown(_) => cell("?", Role::Muted),
    }
}

/// How a group is doing in one partition.
pub fn judgement<'a>(judgement: Option<&Judgement>) -> Cell<'a> {
    match judgement {
        Some(judgement) if judgement.is_sure() => {
            cell(word(judgement.verdict, judgement.source), role(judgement.verdict))
        }
        Some(judgement) => so_far(judgement.commits, judgement.of),
        None => cell("?", Role::Muted),
    }
}

/// As far as a window is from telling.
fn so_far<'a>(seen: usize, of: usize) -> Cell<'a> {
    cell(format!("{seen} of {of}"), Role::Muted)
}
