//! The JSON document: `{"version":1,"items":[…],"failures":[…]}`.
//!
//! Rows are written straight from their cells: fifty thousand of them are not
//! turned into a tree first. Each item stands on its own line, so that two
//! documents can be compared by `diff`.

use super::{Cell, Column, Look, Report, Table};
use crate::domain::text::sanitize;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value as Json;
use std::borrow::Cow;
use std::io::{self, Write};

/// Further members of a document, in order.
pub(crate) type Members = Vec<(&'static str, Json)>;

struct Row<'a> {
    columns: &'static [Column],
    cells: &'a [Cell],
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        for (column, cell) in self.columns.iter().zip(self.cells) {
            match cell.reason() {
                None => map.serialize_entry(column.name, cell)?,
                Some(reason) => {
                    map.serialize_entry(column.name, &())?;
                    map.serialize_entry(&format!("{}_reason", column.name), &*reason)?;
                }
            }
        }
        map.end()
    }
}

/// The rows of a table as objects, to stand inside a larger item.
pub(crate) fn objects(table: &Table) -> Json {
    let rows = table.rows.iter().map(|cells| Row { columns: table.columns, cells });
    // Cells always serialise: their maps have string keys and their floats are finite or null.
    Json::Array(rows.map(|row| serde_json::to_value(row).unwrap_or_default()).collect())
}

pub(super) fn write(to: &mut dyn Write, report: &Report, version: u32, look: &Look) -> io::Result<()> {
    write!(to, "{{\"version\":{version}")?;
    for (name, value) in &report.members {
        write!(to, ",{}:{}", encoded(name, look)?, encoded(value, look)?)?;
    }
    write!(to, ",\"items\":[")?;
    match &report.items {
        Some(items) => write_items(to, items, look)?,
        None => write_rows(to, &report.rows, look)?,
    }
    writeln!(to, "],\"failures\":{}}}", encoded(&report.failures, look)?)
}

/// So many rows are worth a second thread.
const MANY_ROWS: usize = 4_096;

fn write_rows(to: &mut dyn Write, table: &Table, look: &Look) -> io::Result<()> {
    let lines = |rows: &[Vec<Cell>]| lines(rows.iter().map(|cells| Row { columns: table.columns, cells }), look);
    let halves = table.rows.split_at(table.rows.len() / 2);
    let (first, second) = if table.rows.len() < MANY_ROWS {
        (lines(&table.rows)?, Vec::new())
    } else {
        std::thread::scope(|scope| {
            let second = scope.spawn(|| lines(halves.1));
            let first = lines(halves.0)?;
            // What that thread died of, this one dies of.
            let second = second.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            Ok::<_, io::Error>((first, second))
        })?
    };
    write_all(to, [first, second])
}

fn write_items<T: Serialize>(to: &mut dyn Write, items: impl IntoIterator<Item = T>, look: &Look) -> io::Result<()> {
    write_all(to, [lines(items, look)?])
}

/// The items, each behind a line break and with a comma behind it.
fn lines<T: Serialize>(items: impl IntoIterator<Item = T>, look: &Look) -> io::Result<Vec<u8>> {
    let mut lines = Vec::new();
    for item in items {
        lines.push(b'\n');
        if look.is_terminal {
            lines.extend_from_slice(encoded(&item, look)?.as_bytes());
        } else {
            serde_json::to_writer(&mut lines, &item)?;
        }
        lines.push(b',');
    }
    Ok(lines)
}

/// All lines; behind the last item stands no comma.
fn write_all<const PARTS: usize>(to: &mut dyn Write, parts: [Vec<u8>; PARTS]) -> io::Result<()> {
    let last = parts.iter().rposition(|part| !part.is_empty());
    for (index, part) in parts.iter().enumerate() {
        let is_last = Some(index) == last;
        to.write_all(part.strip_suffix(b",").filter(|_| is_last).unwrap_or(part))?;
    }
    if last.is_some() { to.write_all(b"\n") } else { Ok(()) }
}

fn encoded<T: Serialize + ?Sized>(value: &T, look: &Look) -> io::Result<String> {
    let text = serde_json::to_string(value)?;
    Ok(if look.is_terminal { escaped(&text) } else { text })
}

/// The same JSON with everything that could steer a terminal written as `\u…`.
pub(crate) fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        let is_safe = matches!(sanitize(character.encode_utf8(&mut [0; 4])), Cow::Borrowed(_));
        if is_safe {
            out.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::memory::written;
    use super::super::{Format, fact, number, text};
    use super::*;
    use crate::domain::{Failure, FailureKind, Time};

    const COLUMNS: &[Column] =
        &[text("topic", "TOPIC"), number("partition", "P"), fact("lag", "LAG"), text("timestamp", "TIME")];

    fn report() -> Report {
        let row = |topic: &str, lag, time| vec![Cell::text(topic), Cell::Id(0), lag, Cell::Time(Time(time))];
        let rows = Table::of(
            COLUMNS,
            [row("orders", Cell::Count(12), 1_700_000_000_118), row("x", Cell::Unknown("no answer".into()), i64::MAX)],
        );
        let failure = Failure::new(FailureKind::Timeout, "list offsets", "no answer").at_broker("2");
        Report::list(rows, vec![failure])
    }

    #[test]
    fn the_document_has_numbers_as_numbers_and_a_reason_beside_each_null() {
        insta::assert_snapshot!(written(Format::Json, false, &report()), @r#"
        {"version":1,"items":[
        {"topic":"orders","partition":0,"lag":12,"timestamp":"2023-11-14T22:13:20.118Z"},
        {"topic":"x","partition":0,"lag":null,"lag_reason":"no answer","timestamp":null,"timestamp_reason":"9223372036854775807 ms lies outside the calendar"}
        ],"failures":[{"kind":"timeout","operation":"list offsets","target":"","broker":"2","message":"no answer","hint":null}]}
        "#);
    }

    #[test]
    fn many_rows_are_the_same_document_in_the_same_order() {
        let rows = (0..MANY_ROWS as u64 + 3).map(|number| vec![Cell::Count(number)]);
        let document = written(Format::Json, false, &Report::list(Table::of(&COLUMNS[2..3], rows), vec![]));
        let read: Json = serde_json::from_str(&document).unwrap();
        let lags: Vec<u64> =
            read["items"].as_array().unwrap().iter().map(|item| item["lag"].as_u64().unwrap()).collect();
        assert_eq!(lags, (0..MANY_ROWS as u64 + 3).collect::<Vec<_>>());
        assert_eq!(document.lines().count(), lags.len() + 2, "each on its own line");
    }

    #[test]
    fn an_empty_answer_is_the_same_document() {
        let empty = Report::list(Table::new(COLUMNS), vec![]);
        assert_eq!(written(Format::Json, false, &empty), "{\"version\":1,\"items\":[],\"failures\":[]}\n");
    }

    #[test]
    fn on_a_terminal_the_document_stays_json_and_steers_nothing() {
        let hostile = "a\u{9b}31m\u{202e}b\u{7f}";
        let rows = Table::of(&COLUMNS[..1], [vec![Cell::text(hostile)]]);
        let shown = written(Format::Json, true, &Report::list(rows, vec![]));
        assert!(!shown.contains(['\u{9b}', '\u{202e}', '\u{7f}']), "{shown:?}");
        let read: Json = serde_json::from_str(&shown).unwrap();
        assert_eq!(read["items"][0]["topic"], hostile);
    }
}
