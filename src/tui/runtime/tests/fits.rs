//! What holds on every screen, in every state, at every size, whatever things are
//! called: nothing is cut unseen, nothing covers anything, the state is said.

use super::canned::{self, Desk};
use super::states::{self, Condition, Scene};
use crate::tui::app::session::Link;
use crate::tui::command::Place;
use crate::tui::ui::theme::{Depth, Role, Theme};
use ratatui::buffer::Buffer;
use std::collections::{BTreeMap, HashSet};

const SIZES: [(u16, u16); 5] = [(40, 12), (60, 15), (80, 24), (120, 40), (200, 50)];

/// Its own toasts lie over a pane and are no part of it.
fn settled(scene: &Scene) -> Desk {
    let mut desk = (scene.desk)();
    while desk.state.notes.toasts().next().is_some() {
        desk.state.notes.fade();
    }
    desk
}

/// Lines that are the same are told once: what is left is what one reads.
fn folded(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut same = 0;
    for line in text.lines().chain([""]) {
        if lines.last().is_some_and(|last| last == line) {
            same += 1;
            continue;
        }
        match same {
            0 => {}
            1 => lines.push(lines.last().cloned().unwrap_or_default()),
            _ => lines.push(format!("    … {same} more")),
        }
        same = 0;
        lines.push(line.to_owned());
    }
    lines.join("\n")
}

/// One file a place, to be read from top to bottom.
#[test]
fn every_state_looks_as_it_did() {
    let mut by_place: BTreeMap<Place, String> = BTreeMap::new();
    let mut seen = HashSet::new();
    for scene in states::scenes() {
        // The panes of the overview are all on one screen.
        let is_alone = matches!(scene.pane, "leaders" | "changes");
        if scene.place == Place::Overview && !is_alone && !seen.insert(scene.condition) {
            continue;
        }
        let mut desk = settled(&scene);
        // Where there is nothing but a sentence, more room changes nothing.
        let has_rows = matches!(scene.condition, Condition::Filled | Condition::Partial | Condition::Empty);
        let sizes: &[(u16, u16)] = if has_rows { &[(80, 24), (120, 40)] } else { &[(80, 24)] };
        for (width, height) in sizes.iter().copied() {
            let text = folded(&desk.draw(width, height));
            let title = format!("== {}: {:?}, {width}x{height}", scene.pane, scene.condition);
            by_place.entry(scene.place).or_default().push_str(&format!("{title}\n{text}\n"));
        }
    }
    for (place, text) in by_place {
        insta::assert_snapshot!(format!("{place:?}").to_lowercase(), text);
    }
}

/// Calls `look` for every scene at every size, first as the cluster is, then as it is
/// called in the worst case; tells what it found wrong.
fn walk(sizes: &[(u16, u16)], mut look: impl FnMut(&Scene, &mut Desk, &Buffer) -> Vec<String>) {
    let theme = Theme::built_in("dark", Depth::True);
    let mut wrong = Vec::new();
    for is_hostile in [false, true] {
        canned::be_hostile(is_hostile);
        for scene in states::scenes() {
            let mut desk = settled(&scene);
            for size in sizes {
                let (screen, _) = desk.frame(size.0, size.1, &theme);
                let found = look(&scene, &mut desk, screen.buffer());
                let kind = if is_hostile { ", hostile" } else { "" };
                let name = format!("{} at {}x{}{kind}", scene.name(), size.0, size.1);
                wrong.extend(found.into_iter().map(|what| format!("{name}: {what}")));
            }
        }
    }
    canned::be_hostile(false);
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

const LINES: &str = "│╭╮╰╯─┤";

/// The words of a screen. One that a box lies over touches its line: panes keep a
/// column of air.
fn words(text: &str) -> Vec<&str> {
    let is_line = |c: char| LINES.contains(c);
    let mut found = Vec::new();
    for line in text.lines() {
        for piece in line.split_whitespace() {
            let touches = piece.contains(is_line) && piece.contains(|c: char| !is_line(c));
            if !touches {
                found.push(piece.trim_matches(|c: char| is_line(c) || c.is_ascii_punctuation()));
            }
        }
    }
    found
}

/// The words of what lies below the dialogs, from the uppermost on.
fn words_below(scene: &Scene, sizes: &[(u16, u16)]) -> Vec<String> {
    let mut desk = settled(scene);
    let mut below = Vec::new();
    while desk.state.dialogs.pop().is_some() {
        for (width, height) in sizes {
            below.extend(words(&desk.draw(*width, *height)).into_iter().map(str::to_owned));
        }
    }
    below
}

/// On a screen with room for everything all words are whole: what a small one
/// shows beside them was cut, and must say so.
#[test]
fn no_word_is_cut_without_an_ellipsis() {
    const LARGE: [(u16, u16); 4] = [(300, 120), (160, 100), (300, 12), (300, 20)];
    let mut whole: HashSet<String> = HashSet::new();
    walk(&SIZES, |scene, desk, screen| {
        let (size, text) = ((screen.area.width, screen.area.height), canned::text_of(screen));
        if size == SIZES[0] {
            whole.clear();
            for (width, height) in LARGE {
                whole.extend(words(&desk.draw(width, height)).into_iter().map(str::to_owned));
            }
        }
        let below = words_below(scene, &[size]);
        // A dialog may lie over the half of a wide letter.
        let is_covered = |word: &str| below.iter().any(|whole| whole.starts_with(word) || whole.ends_with(word));
        // A key that fills the screen goes on in the next line.
        let key = desk.state.views.records.selected().map(|record| record.key.value.preview(4_000));
        let key = key.filter(|_| scene.place == Place::Record).unwrap_or_default();
        let key = crate::domain::text::sanitize(&key).into_owned();
        // Pictures and numbers have as many signs as there is room for.
        let is_word = |word: &&str| word.chars().filter(|c| c.is_alphabetic()).count() > 1;
        let lost = words(&text).into_iter().filter(is_word).filter(|word| !word.contains('…'));
        lost.filter(|word| !whole.contains(*word) && !is_covered(word) && !key.contains(*word))
            .map(str::to_owned)
            .collect()
    });
}

#[test]
fn on_every_screen_the_state_is_said_frames_are_closed_and_numbers_are_aligned() {
    let theme = Theme::built_in("dark", Depth::True);
    let mut seen = HashSet::new();
    walk(&SIZES, |scene, desk, screen| {
        let text = canned::text_of(screen);
        let mut wrong = unframed(desk, screen.area.height, &text);
        if !is_said(&text, scene.says) {
            wrong.push(format!("{:?} is not to be read:\n{text}", scene.says));
        }
        // Steps of a change are lines with remarks between them.
        if desk.state.dialogs.is_empty() && scene.place != Place::Journal {
            wrong.extend(misaligned(screen, &theme, &mut seen));
        }
        wrong
    });
    assert_eq!(seen.len(), NUMBERS.len(), "only {seen:?} were seen");
}

/// The words stand there in their order. Lines of two panes are read as one.
fn is_said(text: &str, sentence: &str) -> bool {
    let mut said = text.split(|c: char| c.is_whitespace() || LINES.contains(c)).filter(|word| !word.is_empty());
    sentence.split_whitespace().all(|word| said.any(|other| other.starts_with(word)))
}

/// What is not as it should be about header, views, footer and the lines around panes.
fn unframed(desk: &Desk, height: u16, text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let lines: Vec<&str> = text.lines().collect();
    if lines.len() != usize::from(height) {
        wrong.push(format!("{} lines are drawn, the last is empty", lines.len()));
    }
    let header = lines.first().copied().unwrap_or_default();
    let which = match &desk.state.link {
        Link::None => "no cluster",
        Link::Opening(_) => "opening…",
        Link::Refused { .. } => "cannot be opened",
        Link::Open(_) => "prod-eu",
    };
    if !header.starts_with(" klamm ") || !header.contains(which) {
        wrong.push(format!("the header is {header:?}"));
    }
    if !lines.get(1).is_some_and(|line| line.contains('[') && line.contains(']')) {
        wrong.push("no view is the one that is open".into());
    }
    if lines.last().is_none_or(|line| line.trim().is_empty()) {
        wrong.push("the footer says nothing".into());
    }
    // A dialog covers corners of what it lies over.
    if desk.state.dialogs.is_empty() {
        let count = |sign: char| text.chars().filter(|c| *c == sign).count();
        let corners = ['╭', '╮', '╰', '╯'].map(count);
        if corners.iter().any(|count| *count != corners[0]) || corners[0] == 0 {
            wrong.push(format!("corners are {corners:?}:\n{text}"));
        }
    }
    wrong
}

/// Columns of numbers.
const NUMBERS: [&str; 14] = [
    "PART",
    "RF",
    "RECORDS",
    "SIZE",
    "RATE/s",
    "MEMBERS",
    "TOPICS",
    "LAG",
    "START",
    "END",
    "COMMITTED",
    "LEADERS",
    "URP",
    "PARTITIONS",
];

/// Numbers that do not end where the title of their column ends; notes the titles it saw.
fn misaligned(screen: &Buffer, theme: &Theme, seen: &mut HashSet<&'static str>) -> Vec<String> {
    let sign = |x: u16, y: u16| screen.cell((x, y)).map_or(" ", |cell| cell.symbol());
    let mut wrong = Vec::new();
    for (title, end, y) in titles(screen, theme, &NUMBERS) {
        for row in y + 1..screen.area.height {
            let (last, after) = (sign(end - 1, row), sign(end, row));
            let is_blank = (end - title.len() as u16..end).all(|x| sign(x, row) == " ");
            // The table ends with its pane, or with a line that is empty there.
            if LINES.contains(last) || is_blank {
                break;
            }
            seen.insert(title);
            if last == " " || !(after == " " || LINES.contains(after)) {
                let line: String = (0..screen.area.width).map(|x| sign(x, row)).collect();
                wrong.push(format!("{title}: {line}"));
            }
        }
    }
    wrong
}

/// The titles of columns, each with the column after it and its line.
fn titles<'a>(buffer: &Buffer, theme: &Theme, of: &[&'a str]) -> Vec<(&'a str, u16, u16)> {
    let header = theme.style(Role::Header);
    let mut found = Vec::new();
    for y in 0..buffer.area.height {
        let mut word = String::new();
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            if cell.symbol() != " " && Some(cell.fg) == header.fg && cell.modifier == header.add_modifier {
                word.push_str(cell.symbol());
                continue;
            }
            found.extend(of.iter().find(|title| **title == word).map(|title| (*title, x, y)));
            word.clear();
        }
    }
    found
}

#[test]
fn at_no_size_does_drawing_fail() {
    let sizes = [(1, 1), (200, 1), (1, 60), (5, 3), (20, 5), (21, 6), (40, 3), (30, 200), (300, 6)];
    walk(&sizes, |_, _, _| Vec::new());
}
