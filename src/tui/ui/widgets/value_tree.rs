//! A decoded value as lines: fields below each other, types beside.
//!
//! Invariant: bounded, however large or deep the value is; what is left out is
//! counted.

use super::text::Line;
use crate::domain::show;
use crate::domain::text::{display_width, sanitize};
use crate::domain::value::Value;
use crate::tui::ui::canvas::span;
use crate::tui::ui::theme::Role;

/// Lines made of one value at most.
const MOST_LINES: usize = 2_000;
/// Characters of one text shown at most.
const MOST_TEXT: usize = 4_000;
const DEEPEST: usize = 32;
/// Bytes in a line of hex, where there is room for them.
const HEX_LINE: usize = 16;

/// The lines of `value`, wrapped to `width` if wished.
pub fn lines(value: &Value, width: usize, wraps: bool) -> Vec<Line<'static>> {
    let mut tree = Tree { lines: Vec::new(), width, wraps, left_out: 0 };
    match value {
        Value::Bytes(bytes) => tree.dump(bytes),
        value => tree.add(None, value, 0),
    }
    if tree.left_out > 0 {
        tree.lines.push(vec![span(format!("… {} more", tree.left_out), Role::Muted)]);
    }
    tree.lines
}

struct Tree {
    lines: Vec<Line<'static>>,
    width: usize,
    wraps: bool,
    left_out: usize,
}

impl Tree {
    fn add(&mut self, name: Option<&str>, value: &Value, depth: usize) {
        if self.lines.len() >= MOST_LINES {
            self.left_out += 1;
            return;
        }
        let mut line: Line<'static> = vec![span("  ".repeat(depth.min(DEEPEST)), Role::Text)];
        if let Some(name) = name {
            line.push(span(format!("{name}: "), Role::SyntaxName));
        }
        match value {
            Value::Record(fields) if fields.is_empty() => self.end(line, "{}".into(), Role::Muted, None),
            Value::List(items) if items.is_empty() => self.end(line, "[]".into(), Role::Muted, None),
            Value::Record(_) | Value::List(_) if depth >= DEEPEST => {
                self.end(line, value.preview(200), Role::Muted, None);
            }
            Value::Record(fields) => {
                line.push(span("{", Role::Muted));
                self.lines.push(line);
                for (name, value) in fields {
                    self.add(Some(name), value, depth + 1);
                }
                self.close(depth, "}");
            }
            Value::List(items) => {
                line.push(span(format!("[  {}", items.len()), Role::Muted));
                self.lines.push(line);
                for item in items {
                    self.add(None, item, depth + 1);
                }
                self.close(depth, "]");
            }
            Value::Null => self.end(line, "null".into(), Role::SyntaxNull, None),
            Value::Bool(value) => self.end(line, value.to_string(), Role::SyntaxNumber, None),
            Value::Number(digits) => self.end(line, digits.to_string(), Role::SyntaxNumber, None),
            Value::Text(text) => self.text(line, text, Role::SyntaxText),
            Value::Bytes(bytes) => {
                let hex = show::hex(bytes.get(..64).unwrap_or(bytes), " ");
                let label = format!("{} bytes", bytes.len());
                self.end(line, hex, Role::SyntaxNumber, Some(label));
            }
            Value::Typed { text, logical } => {
                self.end(line, text.to_string(), Role::SyntaxText, Some(logical.label()));
            }
        }
    }

    /// `00000010  4f 72 64 65 72 …  Order…`
    fn dump(&mut self, bytes: &[u8]) {
        // Beside the offset, a byte takes three columns in hex and one as text.
        let per_line = if self.width >= 11 + HEX_LINE * 4 { HEX_LINE } else { HEX_LINE / 2 };
        let readable = |byte: &u8| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '·' };
        for (index, row) in bytes.chunks(per_line).enumerate().take(MOST_LINES) {
            let hex = show::hex(row, " ");
            self.lines.push(vec![
                span(format!("{:08x}  ", index * per_line), Role::Muted),
                span(format!("{hex:<0$}", per_line * 3), Role::SyntaxNumber),
                span(format!(" {}", row.iter().map(readable).collect::<String>()), Role::SyntaxText),
            ]);
        }
        self.left_out = bytes.len().div_ceil(per_line).saturating_sub(MOST_LINES);
        if bytes.is_empty() {
            self.lines.push(vec![span("no bytes", Role::Muted)]);
        }
    }

    fn close(&mut self, depth: usize, bracket: &'static str) {
        if self.lines.len() < MOST_LINES {
            self.lines.push(vec![span("  ".repeat(depth), Role::Text), span(bracket, Role::Muted)]);
        }
    }

    fn end(&mut self, mut line: Line<'static>, text: String, role: Role, label: Option<String>) {
        line.push(span(text, role));
        if let Some(label) = label {
            line.push(span(format!("   {label}"), Role::SyntaxType));
        }
        self.lines.push(line);
    }

    /// A text keeps its line breaks; long lines are wrapped, or cut by the pane.
    fn text(&mut self, mut line: Line<'static>, text: &str, role: Role) {
        let indent: usize = line.iter().map(|span| display_width(&span.text)).sum();
        let room = self.width.saturating_sub(indent).max(8);
        let shown: String = text.chars().take(MOST_TEXT).collect();
        let rest = text.len().saturating_sub(shown.len());
        let mut first = true;
        for row in shown.split('\n') {
            for piece in pieces(row, room, self.wraps) {
                if self.lines.len() >= MOST_LINES {
                    self.left_out += 1;
                    return;
                }
                if first {
                    line.push(span(piece, role));
                    self.lines.push(std::mem::take(&mut line));
                    first = false;
                } else {
                    self.lines.push(vec![span(" ".repeat(indent), Role::Text), span(piece, role)]);
                }
            }
        }
        if rest > 0 {
            self.lines.push(vec![span(format!("… {rest} bytes more; ctrl-s saves all of it"), Role::Muted)]);
        }
    }
}

/// A line in pieces of at most `width` columns.
fn pieces(row: &str, width: usize, wraps: bool) -> Vec<String> {
    let clean = sanitize(row.trim_end_matches('\r'));
    if !wraps || display_width(&clean) <= width {
        return vec![clean.into_owned()];
    }
    let mut pieces = vec![String::new()];
    let mut used = 0;
    for character in clean.chars() {
        let wide = display_width(character.encode_utf8(&mut [0; 4]));
        if used + wide > width {
            pieces.push(String::new());
            used = 0;
        }
        used += wide;
        if let Some(piece) = pieces.last_mut() {
            piece.push(character);
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(lines: &[Line<'_>]) -> Vec<String> {
        lines.iter().map(|line| line.iter().map(|span| span.text.as_ref()).collect()).collect()
    }

    #[test]
    fn fields_stand_below_each_other_with_types_beside() {
        use crate::domain::value::Logical;
        let value = Value::Record(vec![
            ("id".into(), Value::Number("881171".into())),
            (
                "amount".into(),
                Value::Typed { text: "99.90".into(), logical: Logical::Decimal { precision: 12, scale: 2 } },
            ),
            ("tags".into(), Value::List(vec![Value::Text("a\u{1b}[2J".into())])),
        ]);
        let lines = text_of(&lines(&value, 60, true));
        assert_eq!(lines.first().map(String::as_str), Some("{"));
        assert!(lines.contains(&"  amount: 99.90   decimal(12,2)".to_owned()), "{lines:?}");
        assert!(lines.iter().all(|line| !line.contains('\u{1b}')));
    }

    #[test]
    fn bytes_are_dumped_and_what_does_not_fit_is_counted() {
        let shown = text_of(&lines(&Value::Bytes(bytes::Bytes::from_static(b"\x00\x00\x00\x00\x29Order-1")), 40, true));
        assert_eq!(shown, ["00000000  00 00 00 00 29 4f 72 64  ····)Ord", "00000008  65 72 2d 31              er-1"]);
        let many = lines(&Value::Bytes(bytes::Bytes::from(vec![7; 5 << 20])), 80, true);
        assert_eq!(text_of(&many).last().map(String::as_str), Some("… 325680 more"));
    }

    #[test]
    fn a_hostile_value_costs_a_bounded_number_of_lines() {
        let mut deep = Value::Null;
        for _ in 0..200 {
            deep = Value::List(vec![deep]);
        }
        assert!(lines(&deep, 80, true).len() < 100);
        let wide = Value::List(vec![Value::Null; 100_000]);
        assert!(lines(&wide, 80, true).len() < MOST_LINES + 3);
        assert!(lines(&Value::Text("x".repeat(5 << 20).into()), 80, true).len() < 100);
    }
}
