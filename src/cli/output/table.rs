//! Rows and their columns, and the table that people read.

use super::{Cell, Look, Report, Section, Tone};
use crate::domain::text::display_width;
use std::io::{self, Write};

const GAP: &str = "  ";

/// One column: its name in JSON and CSV, its title in tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    /// `None`: not shown to people.
    pub(crate) title: Option<&'static str>,
    is_right: bool,
    /// Values may be unknown: CSV has a `…_reason` column beside it.
    pub(crate) has_reason: bool,
}

pub(crate) const fn text(name: &'static str, title: &'static str) -> Column {
    Column { name, title: Some(title), is_right: false, has_reason: false }
}

pub(crate) const fn number(name: &'static str, title: &'static str) -> Column {
    Column { name, title: Some(title), is_right: true, has_reason: false }
}

/// A number that may be unknown.
pub(crate) const fn fact(name: &'static str, title: &'static str) -> Column {
    Column { name, title: Some(title), is_right: true, has_reason: true }
}

/// A word that may be unknown.
pub(crate) const fn word_fact(name: &'static str, title: &'static str) -> Column {
    Column { name, title: Some(title), is_right: false, has_reason: true }
}

/// Only for programs.
pub(crate) const fn hidden(name: &'static str) -> Column {
    Column { name, title: None, is_right: false, has_reason: false }
}

/// Rows of the same columns.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub(crate) columns: &'static [Column],
    pub(crate) rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(crate) fn new(columns: &'static [Column]) -> Self {
        Self { columns, rows: Vec::new() }
    }

    pub(crate) fn of(columns: &'static [Column], rows: impl IntoIterator<Item = Vec<Cell>>) -> Self {
        Self { columns, rows: rows.into_iter().collect() }
    }

    pub(crate) fn push(&mut self, row: Vec<Cell>) {
        debug_assert_eq!(row.len(), self.columns.len(), "a cell for each column");
        self.rows.push(row);
    }
}

pub(super) fn write(to: &mut dyn Write, report: &Report, look: &Look) -> io::Result<()> {
    if report.sections.is_empty() {
        return write_rows(to, &report.rows, look);
    }
    for (index, section) in report.sections.iter().enumerate() {
        match section {
            Section::Heading(line) => {
                if index > 0 {
                    writeln!(to)?;
                }
                writeln!(to, "{}", painted(&look.safe(line), BOLD, look))?;
            }
            Section::Line(line) => writeln!(to, "{}", look.safe(line))?,
            Section::Rows(table) => write_rows(to, table, look)?,
        }
    }
    Ok(())
}

fn write_rows(to: &mut dyn Write, table: &Table, look: &Look) -> io::Result<()> {
    // A column that is empty everywhere only takes width from the others.
    let has_something = |index: usize| {
        table.rows.is_empty()
            || table
                .rows
                .iter()
                .any(|row| row.get(index).is_some_and(|cell| !matches!(cell, Cell::Absent | Cell::Without(_))))
    };
    let visible: Vec<(usize, &'static str, bool)> = table
        .columns
        .iter()
        .enumerate()
        .filter(|(index, _)| has_something(*index))
        .filter_map(|(index, column)| Some((index, column.title?, column.is_right)))
        .collect();
    let cell_of = |row: &[Cell], index: usize| -> (String, Tone) {
        let cell = row.get(index).unwrap_or(&Cell::Absent);
        (look.safe(&cell.shown(&look.zone)).into_owned(), cell.tone())
    };
    let shown: Vec<Vec<(String, Tone)>> =
        table.rows.iter().map(|row| visible.iter().map(|(index, ..)| cell_of(row, *index)).collect()).collect();
    let widths: Vec<usize> = visible
        .iter()
        .enumerate()
        .map(|(at, (_, title, _))| {
            let cells = shown.iter().filter_map(|row| row.get(at)).map(|(text, _)| display_width(text));
            cells.fold(display_width(title), usize::max)
        })
        .collect();
    let line = |cells: &mut dyn Iterator<Item = (&str, Option<&str>)>| -> String {
        let mut out = String::new();
        for (at, ((text, paint), (width, (.., is_right)))) in cells.zip(widths.iter().zip(&visible)).enumerate() {
            if at > 0 {
                out.push_str(GAP);
            }
            let padding = " ".repeat(width.saturating_sub(display_width(text)));
            let text = paint.map_or_else(|| text.to_owned(), |paint| painted(text, paint, look));
            if *is_right {
                out.push_str(&padding);
                out.push_str(&text);
            } else {
                out.push_str(&text);
                // Nothing after the last column, so that lines do not wrap for nothing.
                if at + 1 < widths.len() {
                    out.push_str(&padding);
                }
            }
        }
        out
    };
    writeln!(to, "{}", line(&mut visible.iter().map(|(_, title, _)| (*title, Some(BOLD)))))?;
    for row in &shown {
        writeln!(to, "{}", line(&mut row.iter().map(|(text, tone)| (text.as_str(), paint_of(*tone)))))?;
    }
    Ok(())
}

const BOLD: &str = "1";

fn paint_of(tone: Tone) -> Option<&'static str> {
    match tone {
        Tone::Plain => None,
        Tone::Good => Some("32"),
        Tone::Look => Some("33"),
        Tone::Bad => Some("31"),
    }
}

/// A word of ours in the colour of its tone.
pub(crate) fn toned(text: &str, tone: Tone, look: &Look) -> String {
    paint_of(tone).map_or_else(|| text.to_owned(), |paint| painted(text, paint, look))
}

fn painted(text: &str, paint: &str, look: &Look) -> String {
    if look.has_colours { format!("\u{1b}[{paint}m{text}\u{1b}[0m") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::memory::{Memory, look, written};
    use super::super::{Format, Output};
    use super::*;

    const COLUMNS: &[Column] = &[text("topic", "TOPIC"), hidden("topic_id"), fact("lag", "LAG")];

    fn report(name: &str) -> Report {
        let mut rows = Table::new(COLUMNS);
        rows.push(vec![Cell::text(name), Cell::Absent, Cell::Count(1_234_567)]);
        rows.push(vec![Cell::text("b"), Cell::Absent, Cell::Unknown("broker 2 did not answer".into())]);
        Report::list(rows, vec![])
    }

    #[test]
    fn a_table_aligns_numbers_right_and_hides_what_is_for_programs() {
        assert_eq!(
            written(Format::Table, false, &report("orders.v1")),
            "TOPIC            LAG\norders.v1  1,234,567\nb                  ?\n"
        );
    }

    #[test]
    fn a_terminal_never_gets_an_escape_sequence_and_a_pipe_gets_the_bytes() {
        let hostile = "a\u{1b}]52;c;AAAA\u{7}b";
        let terminal = written(Format::Table, true, &report(hostile));
        assert!(!terminal.contains('\u{1b}') && !terminal.contains('\u{7}'), "{terminal:?}");
        assert!(written(Format::Table, false, &report(hostile)).contains(hostile));
    }

    #[test]
    fn wide_characters_take_their_width() {
        let text = written(Format::Table, false, &report("注文"));
        let lines: Vec<usize> = text.lines().map(display_width).collect();
        assert_eq!(lines, [16, 16, 16]);
    }

    #[test]
    fn colours_only_where_there_are_colours() {
        let memory = Memory::default();
        let look = Look { has_colours: true, ..look(true) };
        Output::new(Format::Table, look, Box::new(memory.clone())).report(&report("t")).unwrap();
        assert!(memory.text().starts_with("\u{1b}[1mTOPIC\u{1b}[0m"), "{:?}", memory.text());
    }
}
