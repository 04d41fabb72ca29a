//! Finding a command by a few of its letters.
//!
//! Owns: the palette's ranking. Must not know how it is drawn.

use super::table::{Group, Row, TABLE};
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// The commands that match `typed`, best first; all of them for an empty line.
pub fn search(typed: &str) -> Vec<&'static Row> {
    let pattern = Pattern::parse(typed.trim(), CaseMatching::Ignore, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut buffer = Vec::new();
    let mut found: Vec<(u32, &Row)> = TABLE
        .iter()
        .filter(|row| is_offered(row))
        .filter_map(|row| {
            let mut score = |text: &str| pattern.score(Utf32Str::new(text, &mut buffer), &mut matcher);
            // Names count most, so that `:unlock` finds unlocking before anything
            // that mentions it, and `:journal` the view before its commands.
            let title = if row.group == Group::Views { score(row.title) } else { None };
            let name = score(row.id).max(title).map(|score| score.saturating_mul(2));
            let words = format!("{} {}", row.title, row.doc);
            name.max(score(&words)).map(|score| (score, row))
        })
        .collect();
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found.into_iter().map(|(_, row)| row).collect()
}

/// Moving the cursor and the keys of dialogs are not chosen from a list.
fn is_offered(row: &Row) -> bool {
    !matches!(row.group, Group::Moving | Group::Dialogs | Group::Plans)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_letters_find_the_command() {
        for (typed, id) in [
            ("unlock", "app.unlock"),
            ("topics", "view.topics"),
            ("grp reset", "group.reset"),
            ("jour", "view.journal"),
        ] {
            assert_eq!(search(typed).first().map(|row| row.id), Some(id), "{typed}");
        }
    }

    #[test]
    fn nothing_typed_shows_all_and_nonsense_nothing() {
        assert!(search("").len() > 30);
        assert!(search("zzqqxx").is_empty());
    }
}
