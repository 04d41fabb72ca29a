//! The few signs that carry meaning, and their ASCII twins.
//!
//! Owns: what stands for what where a terminal shows ASCII only.

use crate::domain::text::display_width;
use std::borrow::Cow;
use unicode_segmentation::UnicodeSegmentation as _;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    pub fine: &'static str,
    pub look: &'static str,
    pub broken: &'static str,
    pub unknown: &'static str,
    pub leads: &'static str,
    pub marked: &'static str,
    pub selected: &'static str,
    pub following: &'static str,
    pub paused: &'static str,
    pub descending: &'static str,
    pub ascending: &'static str,
    /// Eight heights, lowest first.
    pub bars: [&'static str; 8],
    /// Corners and lines: top left, top right, bottom left, bottom right, horizontal, vertical.
    pub frame: [&'static str; 6],
}

impl Marks {
    pub const UNICODE: Self = Self {
        fine: "✔",
        look: "▲",
        broken: "✖",
        unknown: "?",
        leads: "›",
        marked: "●",
        selected: "▸",
        following: "▶",
        paused: "‖",
        descending: "▾",
        ascending: "▴",
        bars: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
        frame: ["╭", "╮", "╰", "╯", "─", "│"],
    };

    pub const ASCII: Self = Self {
        fine: "+",
        look: "!",
        broken: "X",
        unknown: "?",
        leads: ">",
        marked: "*",
        selected: ">",
        following: ">",
        paused: "=",
        descending: "v",
        ascending: "^",
        bars: [".", ".", "-", "-", "=", "=", "#", "#"],
        frame: ["+", "+", "+", "+", "-", "|"],
    };
}

/// `text` in ASCII alone, in as many columns: what klamm draws with has a twin,
/// anything else becomes `?`.
pub fn ascii(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for grapheme in text.graphemes(true) {
        let mut characters = grapheme.chars();
        match (characters.next(), characters.next()) {
            (Some(character), None) if character.is_ascii() => out.push(character),
            (Some(character), None) if twin(character).is_some() => out.extend(twin(character)),
            _ => out.push_str(&"?".repeat(display_width(grapheme))),
        }
    }
    Cow::Owned(out)
}

/// The ASCII twin of a character that klamm draws with.
fn twin(character: char) -> Option<char> {
    Some(match character {
        '…' => '~',
        '·' | '▪' => '-',
        '–' | '−' | '─' => '-',
        '→' | '›' | '▸' | '▶' => '>',
        '‘' | '’' => '\'',
        '“' | '”' => '"',
        '×' => 'x',
        '│' | '┤' | '‖' => '|',
        '▌' | '▐' => '|',
        '⏎' => '/',
        '⇥' => ' ',
        '▾' => 'v',
        '▴' => '^',
        // A cell of a chart: where its dots lie.
        '\u{2800}'..='\u{28FF}' => dots(u32::from(character) as u8),
        _ => return None,
    })
}

/// The dots of a braille cell, seen from afar.
fn dots(bits: u8) -> char {
    let (upper, lower) = (bits & 0b0001_1011 != 0, bits & 0b1110_0100 != 0);
    match (upper, lower) {
        (true, true) => ':',
        (true, false) => '\'',
        (false, true) => '.',
        (false, false) => ' ',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_twin_is_ascii_and_as_wide() {
        for text in ["plain", "‘a’ → b · 3–4 …", "⣀⠤⠒⠉", "주문 é ✔️", "klamm ▌READ-ONLY▐"]
        {
            let twin = ascii(text);
            assert!(twin.is_ascii(), "{twin}");
            assert_eq!(display_width(&twin), display_width(text), "{twin}");
        }
        assert_eq!(ascii("⣀⠤⠒⠉"), "..''", "a rising line still rises");
        assert_eq!(ascii("paym…"), "paym~");
    }

    #[test]
    fn every_sign_has_an_ascii_twin_of_its_width() {
        let signs = |marks: &Marks| {
            let own = [
                marks.fine,
                marks.look,
                marks.broken,
                marks.unknown,
                marks.leads,
                marks.marked,
                marks.selected,
                marks.following,
                marks.paused,
                marks.descending,
                marks.ascending,
            ];
            own.into_iter().chain(marks.bars).chain(marks.frame).collect::<Vec<_>>()
        };
        for (sign, twin) in signs(&Marks::UNICODE).into_iter().zip(signs(&Marks::ASCII)) {
            assert!(twin.is_ascii() && display_width(sign) == 1 && twin.len() == 1, "{sign} {twin}");
        }
    }
}
