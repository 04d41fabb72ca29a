//! The JSON document: `{"version":1,"items":[…],"failures":[…]}`.
//!
//! Rows are written straight from their cells: fifty thousand of them are not
//! turned into a tree first. Each item stands on its own line, so that two
//! documents can be compared by `diff`.

use super::{Cell, Column, Look, Report, Table};
use crate::domain::Failure;
use crate::domain::text::sanitize;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value as Json;
use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::mpsc;

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

fn write_rows(to: &mut dyn Write, table: &Table, look: &Look) -> io::Result<()> {
    let writer = RowWriter::new(table.columns, look)?;
    let mut lines = Vec::new();
    table.rows.iter().try_for_each(|cells| writer.add(&mut lines, cells))?;
    end_lines(to, &lines)
}

fn write_items<T: Serialize>(to: &mut dyn Write, items: impl IntoIterator<Item = T>, look: &Look) -> io::Result<()> {
    let mut lines = Vec::new();
    for item in items {
        lines.push(b'\n');
        lines.extend_from_slice(encoded(&item, look)?.as_bytes());
        lines.push(b',');
    }
    end_lines(to, &lines)
}

/// The last lines: behind the last item stands no comma.
fn end_lines(to: &mut dyn Write, lines: &[u8]) -> io::Result<()> {
    match lines.strip_suffix(b",") {
        Some(lines) => to.write_all(lines).and_then(|()| to.write_all(b"\n")),
        None => Ok(()),
    }
}

/// Threads that make rows; writing them is a matter of one.
const MAKERS: usize = 2;
/// Parts that are made at a time, and such that wait to be written, of each thread.
const PARTS: usize = 16;
const WAITING: usize = 4;

/// A whole document whose rows come in `parts`: they are made and encoded on several
/// threads while earlier ones are written, and none is kept.
pub(super) fn write_parts(
    to: &mut dyn Write,
    columns: &'static [Column],
    parts: usize,
    rows_of: &(dyn Fn(usize) -> Vec<Vec<Cell>> + Sync),
    failures: &[Failure],
    version: u32,
    look: &Look,
) -> io::Result<()> {
    write!(to, "{{\"version\":{version},\"items\":[")?;
    let writer = RowWriter::new(columns, look)?;
    let make = &|from: usize| {
        let mut lines = Vec::new();
        for part in from..parts.min(from + PARTS) {
            rows_of(part).iter().try_for_each(|cells| writer.add(&mut lines, cells))?;
        }
        Ok::<_, io::Error>(lines)
    };
    let turns = parts.div_ceil(PARTS);
    let last = std::thread::scope(|scope| {
        let start = |maker: usize| {
            let (made, taken) = mpsc::sync_channel(WAITING);
            let mut mine = (maker * PARTS..parts).step_by(MAKERS * PARTS);
            // Where nobody takes them any more, writing failed.
            scope.spawn(move || mine.all(|from| made.send(make(from)).is_ok()));
            taken
        };
        let makers: Vec<_> = (0..MAKERS.min(turns)).map(start).collect();
        let mut last: Vec<u8> = Vec::new();
        for (_, maker) in (0..turns).zip(makers.iter().cycle()) {
            // One that ends early panicked, and the scope says so.
            let Ok(lines) = maker.recv() else { break };
            let lines = lines?;
            if !lines.is_empty() {
                to.write_all(&std::mem::replace(&mut last, lines))?;
            }
        }
        Ok::<_, io::Error>(last)
    })?;
    end_lines(to, &last)?;
    writeln!(to, "],\"failures\":{}}}", encoded(failures, look)?)
}

/// Writes rows as objects; the names of members are encoded once.
struct RowWriter<'a> {
    /// Each with its quotes and colon, and the same for its reason.
    names: Vec<[String; 2]>,
    look: &'a Look,
}

impl<'a> RowWriter<'a> {
    fn new(columns: &[Column], look: &'a Look) -> io::Result<Self> {
        let name = |name: &str| Ok::<_, io::Error>(encoded(name, look)? + ":");
        let names = columns.iter().map(|column| Ok([name(column.name)?, name(&format!("{}_reason", column.name))?]));
        Ok(Self { names: names.collect::<io::Result<_>>()?, look })
    }

    /// A line break, the row, a comma.
    fn add(&self, lines: &mut Vec<u8>, cells: &[Cell]) -> io::Result<()> {
        lines.extend_from_slice(b"\n{");
        for (index, ([name, reason_name], cell)) in self.names.iter().zip(cells).enumerate() {
            if index > 0 {
                lines.push(b',');
            }
            lines.extend_from_slice(name.as_bytes());
            match cell.reason() {
                None => self.encode(lines, cell)?,
                Some(reason) => {
                    lines.extend_from_slice(b"null,");
                    lines.extend_from_slice(reason_name.as_bytes());
                    self.encode(lines, &*reason)?;
                }
            }
        }
        lines.extend_from_slice(b"},");
        Ok(())
    }

    fn encode<T: Serialize + ?Sized>(&self, lines: &mut Vec<u8>, value: &T) -> io::Result<()> {
        if self.look.is_terminal {
            lines.extend_from_slice(encoded(value, self.look)?.as_bytes());
            Ok(())
        } else {
            Ok(serde_json::to_writer(lines, value)?)
        }
    }
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
    use super::super::memory::{look, written};
    use super::super::{Format, fact, number, text};
    use super::*;
    use crate::domain::{FailureKind, Time};

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
    fn rows_in_parts_are_the_same_document_in_the_same_order() {
        let row = |number: usize| vec![Cell::count(number)];
        for parts in [0, 1, PARTS, PARTS * 7 + 1] {
            let rows_of = |part: usize| (0..part % 3).map(|_| row(part)).collect::<Vec<_>>();
            let mut streamed = Vec::new();
            write_parts(&mut streamed, &COLUMNS[2..3], parts, &rows_of, &[], 1, &look(false)).unwrap();
            let report = Report::list(Table::of(&COLUMNS[2..3], (0..parts).flat_map(rows_of)), vec![]);
            assert_eq!(String::from_utf8(streamed).unwrap(), written(Format::Json, false, &report), "{parts}");
        }
    }

    #[test]
    fn parts_end_where_nobody_reads_them() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut to = io::BufWriter::with_capacity(64, Closed);
        let rows_of = |_| vec![vec![Cell::count(7)]];
        let written = write_parts(&mut to, &COLUMNS[2..3], 100_000, &rows_of, &[], 1, &look(false));
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn every_row_stands_on_its_own_line() {
        let rows = (0..5).map(|number| vec![Cell::Count(number)]);
        let document = written(Format::Json, false, &Report::list(Table::of(&COLUMNS[2..3], rows), vec![]));
        let read: Json = serde_json::from_str(&document).unwrap();
        let lags: Vec<u64> =
            read["items"].as_array().unwrap().iter().map(|item| item["lag"].as_u64().unwrap()).collect();
        assert_eq!(lags, (0..5).collect::<Vec<_>>());
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
