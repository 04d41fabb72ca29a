//! Finding a command by a few of its letters.
//!
//! Owns: the ranking of commands. Must not know how it is drawn.

use super::table::{Group, Row, TABLE};
use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// The commands that match `typed` with their scores, best first; all of them
/// for an empty line.
pub fn search(typed: &str) -> Vec<(&'static Row, u32)> {
    let typed = typed.trim();
    let pattern = Pattern::parse(typed, CaseMatching::Ignore, Normalization::Smart);
    // Sentences hold the letters of nearly anything: there they must stand together.
    let together = Pattern::new(typed, CaseMatching::Ignore, Normalization::Smart, AtomKind::Substring);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut buffer = Vec::new();
    let mut found: Vec<(&Row, u32)> = TABLE
        .iter()
        .filter(|row| is_offered(row) || row.words.contains(&typed))
        .filter_map(|row| {
            // A word that means it, typed whole.
            if row.words.contains(&typed) {
                return Some((row, u32::MAX));
            }
            let mut score =
                |text: &str, pattern: &Pattern| pattern.score(Utf32Str::new(text, &mut buffer), &mut matcher);
            // Names count most, so that `:unlock` finds unlocking before anything
            // that mentions it, and `:journal` the view before its commands.
            let title = if row.group == Group::Views { score(row.title, &pattern) } else { None };
            let name = score(row.id, &pattern).max(title).map(|score| score.saturating_mul(2));
            let words = format!("{} {}", row.title, row.doc);
            name.max(score(&words, &together)).map(|score| (row, score))
        })
        .collect();
    found.sort_by_key(|(_, score)| std::cmp::Reverse(*score));
    found
}

/// Moving the cursor and the keys of dialogs are not chosen from a list.
fn is_offered(row: &Row) -> bool {
    !matches!(row.group, Group::Moving | Group::Dialogs | Group::Plans)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(typed: &str) -> Vec<&'static str> {
        search(typed).into_iter().map(|(row, _)| row.id).collect()
    }

    #[test]
    fn a_few_letters_find_the_command() {
        for (typed, id) in [
            ("unlock", "app.unlock"),
            ("topics", "view.topics"),
            ("grp reset", "group.reset"),
            ("jour", "view.journal"),
            ("q", "app.quit-now"),
            ("ctx", "view.profiles"),
            ("theme", "app.theme"),
        ] {
            assert_eq!(ids(typed).first(), Some(&id), "{typed}");
        }
    }

    #[test]
    fn nothing_typed_shows_all_and_nonsense_nothing() {
        assert!(ids("").len() > 30);
        assert!(ids("zzqqxx").is_empty());
    }
}
