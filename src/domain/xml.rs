//! Whether a text is XML, and the same with a line for each element.
//!
//! Tags, comments, CDATA and declarations are told apart and tags must match;
//! entities and namespaces are not looked at. Nothing outside of the text is ever
//! read.

/// An element deeper than this stands no further to the right.
const DEEPEST_INDENT: usize = 20;

/// Why a text is not XML, and at which byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at byte {at}")]
pub struct NotXml {
    pub reason: &'static str,
    pub at: usize,
}

/// One element, with nothing but declarations, comments and white space around it.
pub fn check(text: &str) -> Result<(), NotXml> {
    walk(text, |_, _| {})
}

/// A line for each tag and text, indented; an element that holds only text stays on
/// its line. For reading: white space between tags is not that of the text.
pub fn indented(text: &str) -> Result<String, NotXml> {
    let mut out = String::with_capacity(text.len().saturating_mul(2));
    // Whether the line ends with a start tag, or with a text behind one.
    let (mut after_start, mut in_line) = (false, false);
    walk(text, |depth, part| {
        let piece = part.text().trim();
        let stays = match part {
            Part::Text(_) | Part::Data(_) if piece.is_empty() => return,
            Part::Text(_) | Part::Data(_) => after_start,
            Part::End(_) => after_start || in_line,
            Part::Start(_) | Part::Empty(_) | Part::Other(_) => false,
        };
        if !stays && !out.is_empty() {
            out.push('\n');
            out.extend(std::iter::repeat_n("  ", depth.min(DEEPEST_INDENT)));
        }
        out.push_str(piece);
        in_line = stays && after_start && matches!(part, Part::Text(_) | Part::Data(_));
        after_start = matches!(part, Part::Start(_));
    })?;
    Ok(out)
}

enum Part<'a> {
    Start(&'a str),
    End(&'a str),
    /// `<a/>`
    Empty(&'a str),
    Text(&'a str),
    /// `<![CDATA[…]]>`
    Data(&'a str),
    /// Comments and declarations.
    Other(&'a str),
}

impl<'a> Part<'a> {
    fn text(&self) -> &'a str {
        match self {
            Self::Start(text)
            | Self::End(text)
            | Self::Empty(text)
            | Self::Text(text)
            | Self::Data(text)
            | Self::Other(text) => text,
        }
    }
}

fn walk<'a>(text: &'a str, mut each: impl FnMut(usize, &Part<'a>)) -> Result<(), NotXml> {
    let mut open: Vec<&str> = Vec::new();
    let mut has_root = false;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let fail = |reason| NotXml { reason, at };
        let (part, length) = next(rest).map_err(fail)?;
        match &part {
            Part::Start(tag) | Part::Empty(tag) => {
                if open.is_empty() && has_root {
                    return Err(fail("a second element"));
                }
                has_root = true;
                each(open.len(), &part);
                if matches!(part, Part::Start(_)) {
                    open.push(name(tag.trim_start_matches('<')).ok_or(fail("a tag without a name"))?);
                }
            }
            Part::End(tag) => {
                let closed = name(tag.trim_start_matches("</")).ok_or(fail("a tag without a name"))?;
                if open.pop() != Some(closed) {
                    return Err(fail("an end tag that closes nothing"));
                }
                each(open.len(), &part);
            }
            Part::Text(words) if open.is_empty() => {
                if !words.trim_start_matches('\u{feff}').trim().is_empty() {
                    return Err(fail("text outside of an element"));
                }
            }
            Part::Data(_) if open.is_empty() => return Err(fail("text outside of an element")),
            Part::Text(_) | Part::Data(_) | Part::Other(_) => each(open.len(), &part),
        }
        at += length;
    }
    match (has_root, open.is_empty()) {
        (true, true) => Ok(()),
        (true, false) => Err(NotXml { reason: "an element does not end", at }),
        (false, _) => Err(NotXml { reason: "there is no element", at }),
    }
}

/// The first part of `rest`, which is not empty, and its length.
fn next(rest: &str) -> Result<(Part<'_>, usize), &'static str> {
    let until = |end: &str, what| rest.find(end).map(|found| found + end.len()).ok_or(what);
    let take = |length: usize| rest.get(..length).ok_or("it breaks off");
    if !rest.starts_with('<') {
        let length = rest.find('<').unwrap_or(rest.len());
        return Ok((Part::Text(take(length)?), length));
    }
    if rest.starts_with("<!--") {
        let length = until("-->", "a comment does not end")?;
        return Ok((Part::Other(take(length)?), length));
    }
    if rest.starts_with("<![CDATA[") {
        let length = until("]]>", "a CDATA section does not end")?;
        return Ok((Part::Data(take(length)?), length));
    }
    if rest.starts_with("<?") {
        let length = until("?>", "a declaration does not end")?;
        return Ok((Part::Other(take(length)?), length));
    }
    let length = tag_length(rest).ok_or("a tag does not end")?;
    let tag = take(length)?;
    if tag.starts_with("<!") {
        return Ok((Part::Other(tag), length));
    }
    let part = if tag.starts_with("</") {
        Part::End(tag)
    } else if tag.ends_with("/>") {
        Part::Empty(tag)
    } else {
        Part::Start(tag)
    };
    let named = name(tag.trim_start_matches(['<', '/'])).is_some();
    if named { Ok((part, length)) } else { Err("a tag without a name") }
}

/// To the `>` that stands neither in quotes nor in the brackets of a DOCTYPE.
fn tag_length(rest: &str) -> Option<usize> {
    let mut quote = None;
    let mut brackets = 0_usize;
    for (at, byte) in rest.bytes().enumerate() {
        match (quote, byte) {
            (Some(open), byte) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'[') => brackets += 1,
            (None, b']') => brackets = brackets.saturating_sub(1),
            (None, b'>') if brackets == 0 => return Some(at + 1),
            (None, _) => {}
        }
    }
    None
}

fn name(tag: &str) -> Option<&str> {
    let end = tag.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).unwrap_or(tag.len());
    let first = tag.chars().next()?;
    let begins_a_name = first.is_alphabetic() || matches!(first, '_' | ':');
    tag.get(..end).filter(|_| begins_a_name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[test]
    fn an_element_a_line() {
        let text = "<?xml version=\"1.0\"?><order id=\"a>b\"><!-- new --><line sku='1'/><note>two words</note>\
                    <deep><deeper>x</deeper></deep><none></none><raw><![CDATA[<x>]]></raw></order>\n";
        insta::assert_snapshot!(indented(text).unwrap(), @r#"
        <?xml version="1.0"?>
        <order id="a>b">
          <!-- new -->
          <line sku='1'/>
          <note>two words</note>
          <deep>
            <deeper>x</deeper>
          </deep>
          <none></none>
          <raw><![CDATA[<x>]]></raw>
        </order>
        "#);
    }

    #[rstest]
    #[case("", "there is no element", 0)]
    #[case("<a>", "an element does not end", 3)]
    #[case("<a></b>", "an end tag that closes nothing", 3)]
    #[case("<a/><b/>", "a second element", 4)]
    #[case("<a/>x", "text outside of an element", 4)]
    #[case("<a b=\"c>", "a tag does not end", 0)]
    #[case("<1/>", "a tag without a name", 0)]
    #[case("< a/>", "a tag without a name", 0)]
    #[case("<!-- ", "a comment does not end", 0)]
    fn what_is_not_says_why(#[case] text: &str, #[case] reason: &'static str, #[case] at: usize) {
        assert_eq!(check(text), Err(NotXml { reason, at }));
    }

    #[test]
    fn a_document_type_may_hold_brackets() {
        assert_eq!(check("<!DOCTYPE a [<!ELEMENT a (#PCDATA)>]>\n<a>ü</a>"), Ok(()));
    }

    #[test]
    fn depth_does_not_multiply_the_text() {
        let deep = "<a>".repeat(100_000) + &"</a>".repeat(100_000);
        assert!(indented(&deep).unwrap().len() < deep.len() * 20);
    }

    proptest! {
        #[test]
        fn nothing_breaks_it(text in r#"[<>/!?\-\[\]a "'ü=]{0,40}"#) {
            let checked = check(&text);
            prop_assert_eq!(indented(&text).is_ok(), checked.is_ok());
        }
    }
}
