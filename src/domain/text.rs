//! Making strings from the cluster safe to show, and fitting them into a width.
//!
//! Owns: what may reach a terminal cell. Names, keys, values and error texts
//! come from others: they may hold escape sequences, direction overrides or
//! characters that cannot be seen.
//! Invariant: what [`sanitize`] returns holds no control character, no
//! direction override and no invisible character, and every replaced character
//! left a visible mark in its place.

use std::borrow::Cow;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

const MARK: char = '\u{FFFD}';
const ZERO_WIDTH_JOINER: char = '\u{200D}';
const ELLIPSIS: &str = "…";

/// `text` with everything that could steer a terminal or deceive a reader
/// replaced by something visible. Emoji, CJK and combining marks stay.
pub fn sanitize(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (0x20..0x7F).contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let mut out: Option<String> = None;
    let mut previous = None;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        match replacement(character, previous, next) {
            None => {
                if let Some(out) = &mut out {
                    out.push(character);
                }
            }
            Some(visible) => {
                let out = out.get_or_insert_with(|| text.get(..at).unwrap_or_default().to_owned());
                out.push(visible);
            }
        }
        previous = Some(character);
    }
    out.map_or(Cow::Borrowed(text), Cow::Owned)
}

/// What stands for `character`, or `None` when it may be shown as it is.
fn replacement(character: char, previous: Option<char>, next: Option<char>) -> Option<char> {
    match character {
        '\t' => Some('⇥'),
        '\n' | '\u{2028}' | '\u{2029}' | '\u{85}' => Some('⏎'),
        // The control pictures lie in the order of the control characters.
        '\0'..='\u{1F}' => char::from_u32(0x2400 + u32::from(character)),
        '\u{7F}' => Some('␡'),
        // C1 controls: U+009B alone starts an escape sequence on some terminals.
        '\u{80}'..='\u{9F}' => Some(MARK),
        // Joins emoji into one; anywhere else it only makes two names look alike.
        ZERO_WIDTH_JOINER => {
            let joins = previous.is_some_and(is_pictograph) && next.is_some_and(is_pictograph);
            (!joins).then_some(MARK)
        }
        _ if is_direction_mark(character) || is_invisible(character) => Some(MARK),
        _ => None,
    }
}

fn is_direction_mark(character: char) -> bool {
    matches!(character, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{206F}')
}

/// Characters without a shape: soft hyphen, zero-width spaces, fillers, tags,
/// the variation selectors that carry hidden text.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{AD}'
            | '\u{034F}'
            | '\u{115F}'
            | '\u{1160}'
            | '\u{17B4}'
            | '\u{17B5}'
            | '\u{180B}'..='\u{180E}'
            | '\u{200B}'
            | '\u{200C}'
            | '\u{2060}'..='\u{2065}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0D}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}'
            | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

fn is_pictograph(character: char) -> bool {
    matches!(character, '\u{2190}'..='\u{2BFF}' | '\u{FE0F}' | '\u{1F000}'..='\u{1FAFF}')
}

/// Columns that `text` takes on a terminal.
pub fn display_width(text: &str) -> usize {
    text.width()
}

/// `text` in at most `width` columns, cut at the end: `payments-retr…`.
pub fn shorten_end(text: &str, width: usize) -> Cow<'_, str> {
    if display_width(text) <= width {
        return Cow::Borrowed(text);
    }
    let Some(room) = width.checked_sub(1) else { return Cow::Borrowed("") };
    Cow::Owned(format!("{}{ELLIPSIS}", head(text, room)))
}

/// `text` in at most `width` columns, cut in the middle: names differ most at
/// their ends, so both stay: `orders-KST…-repartition`.
pub fn shorten_middle(text: &str, width: usize) -> Cow<'_, str> {
    if display_width(text) <= width {
        return Cow::Borrowed(text);
    }
    let Some(room) = width.checked_sub(1) else { return Cow::Borrowed("") };
    let back = room / 2;
    Cow::Owned(format!("{}{ELLIPSIS}{}", head(text, room - back), tail(text, back)))
}

/// The longest beginning of whole graphemes within `width` columns.
fn head(text: &str, width: usize) -> &str {
    let mut end = 0;
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += display_width(grapheme);
        if used > width {
            break;
        }
        end = at + grapheme.len();
    }
    text.get(..end).unwrap_or_default()
}

/// The longest end of whole graphemes within `width` columns.
fn tail(text: &str, width: usize) -> &str {
    let mut start = text.len();
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true).rev() {
        used += display_width(grapheme);
        if used > width {
            break;
        }
        start = at;
    }
    text.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain("orders.v1", "orders.v1")]
    #[case::cjk_and_emoji("주문 👩‍🚀 ✔️ é", "주문 👩‍🚀 ✔️ é")]
    #[case::colour("\x1b[31mred\x1b[0m", "␛[31mred␛[0m")]
    #[case::clipboard("\x1b]52;c;aGk=\x07", "␛]52;c;aGk=␇")]
    #[case::lone_c1("a\u{9b}31mb", "a\u{FFFD}31mb")]
    #[case::overwriting_line("safe\rEVIL", "safe␍EVIL")]
    #[case::lines_and_tabs("a\tb\nc", "a⇥b⏎c")]
    #[case::right_to_left_override("txt\u{202E}gpj", "txt\u{FFFD}gpj")]
    #[case::zero_width_space("or\u{200B}ders", "or\u{FFFD}ders")]
    #[case::joiner_between_letters("or\u{200D}ders", "or\u{FFFD}ders")]
    #[case::hidden_tags("a\u{E0041}\u{E0042}", "a\u{FFFD}\u{FFFD}")]
    #[case::nothing("", "")]
    fn hostile_text_is_made_visible(#[case] text: &str, #[case] shown: &str) {
        assert_eq!(sanitize(text), shown);
    }

    #[rstest]
    #[case("orders", 6, "orders")]
    #[case("orders-KSTREAM-AGGREGATE-0001-repartition", 21, "orders-KST…epartition")]
    #[case("주문주문주문", 5, "주…문")]
    #[case("ab", 1, "…")]
    #[case("ab", 0, "")]
    fn names_are_cut_in_the_middle(#[case] text: &str, #[case] width: usize, #[case] shown: &str) {
        assert_eq!(shorten_middle(text, width), shown);
    }

    #[test]
    fn prose_is_cut_at_the_end_between_graphemes() {
        assert_eq!(shorten_end("payments", 5), "paym…");
        assert_eq!(shorten_end("ae\u{301}bc", 3), "ae\u{301}…");
    }

    proptest! {
        #[test]
        fn nothing_sanitised_can_steer_a_terminal(text in any::<String>()) {
            for character in sanitize(&text).chars() {
                prop_assert!(!character.is_control());
                prop_assert!(!is_direction_mark(character) && !is_invisible(character));
            }
        }

        #[test]
        fn sanitising_twice_changes_nothing(text in any::<String>()) {
            let once = sanitize(&text).into_owned();
            prop_assert_eq!(sanitize(&once), once.as_str());
        }

        #[test]
        fn shortened_text_fits(text in any::<String>(), width in 0usize..60) {
            let text = sanitize(&text);
            prop_assert!(display_width(&shorten_end(&text, width)) <= width);
            prop_assert!(display_width(&shorten_middle(&text, width)) <= width);
        }
    }
}
