//! What a command says on standard output: a table, one JSON document, or CSV.
//!
//! Owns the three formats and what a terminal may be sent. Must not know where
//! rows come from.
//! Invariant: data goes to standard output and everything else to standard
//! error. JSON and CSV hold numbers as numbers and instants in UTC; only tables
//! are formatted for people. A terminal never gets a control character that came
//! from a cluster; a pipe gets every byte as it is.

mod bars;
mod cell;
mod csv;
mod json;
mod table;

pub(crate) use crate::domain::csv::record as csv_record;
pub(crate) use bars::{Bar, bars};
pub(crate) use cell::{Cell, Tone};
pub(crate) use json::{Members, escaped, objects};
pub(crate) use table::{Column, Table, fact, hidden, number, text, toned, word_fact};

use crate::domain::{Failure, text::sanitize};
use clap::ValueEnum;
use jiff::tz::TimeZone;
use serde_json::Value as Json;
use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

/// How answers are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people: aligned, grouped digits, times in the zone of the profile.
    #[default]
    Table,
    /// For programs: one document, or one object a line for records.
    Json,
    /// For spreadsheets: a header line, then one line for each row.
    Csv,
}

/// What the receiver of the output can take.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    pub(crate) is_terminal: bool,
    pub(crate) has_colours: bool,
    /// The zone of times in tables.
    pub(crate) zone: TimeZone,
}

impl Look {
    /// As standard output is. `NO_COLOR` counts when it is not empty.
    pub(crate) fn of_stdout() -> Self {
        let is_terminal = io::stdout().is_terminal();
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        Self { is_terminal, has_colours: is_terminal && !no_color && !is_dumb, zone: TimeZone::UTC }
    }

    /// `text` as this receiver may get it.
    pub(crate) fn safe<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.is_terminal { sanitize(text) } else { Cow::Borrowed(text) }
    }
}

/// Everything a command answers: a list of rows, or things described at length.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// The rows of CSV, and the items of JSON unless `items` says otherwise.
    pub(crate) rows: Table,
    /// The items of JSON, where they are more than the rows.
    pub(crate) items: Option<Vec<Json>>,
    /// Members of the JSON document beside `items`.
    pub(crate) members: Members,
    /// What a table shows, in order; empty means the rows.
    pub(crate) sections: Vec<Section>,
    pub(crate) failures: Vec<Failure>,
}

/// A part of a table for people.
#[derive(Debug)]
pub(crate) enum Section {
    /// A line in bold.
    Heading(String),
    /// A line as it is, not yet sanitised.
    Line(String),
    Rows(Table),
}

impl Report {
    /// A plain list.
    pub(crate) fn list(rows: Table, failures: Vec<Failure>) -> Self {
        Self { rows, failures, ..Self::default() }
    }
}

/// Standard output, in one format.
pub(crate) struct Output {
    pub(crate) format: Format,
    pub(crate) look: Look,
    /// Of this command's JSON document.
    version: u32,
    to: Box<dyn Write + Send>,
}

impl Output {
    pub(crate) fn new(format: Format, look: Look, to: Box<dyn Write + Send>) -> Self {
        Self { format, look, version: 1, to }
    }

    /// Buffered standard output; [`Output::flush`] sends it.
    pub(crate) fn stdout(format: Format, look: Look, version: u32) -> Self {
        let to = io::BufWriter::with_capacity(1 << 16, io::stdout());
        Self { version, ..Self::new(format, look, Box::new(to)) }
    }

    /// Writes a whole answer. Failures go to standard error as well, so that they
    /// are seen whatever happens to the document.
    pub(crate) fn report(&mut self, report: &Report) -> io::Result<()> {
        match self.format {
            Format::Table => table::write(&mut self.to, report, &self.look)?,
            Format::Json => json::write(&mut self.to, report, self.version, &self.look)?,
            Format::Csv => csv::write(&mut self.to, &report.rows, true, &self.look)?,
        }
        self.end(&report.failures)
    }

    /// Writes one answer of many: a table follows the one before, JSON is one document a
    /// line, and CSV has one header.
    pub(crate) fn report_again(&mut self, report: &Report, is_first: bool) -> io::Result<()> {
        match self.format {
            Format::Table => {
                if !is_first {
                    self.line("")?;
                }
                table::write(&mut self.to, report, &self.look)?;
            }
            Format::Json => {
                let mut document = Vec::new();
                json::write(&mut document, report, self.version, &self.look)?;
                // Within a value a line's end is escaped.
                document.retain(|byte| *byte != b'\n');
                document.push(b'\n');
                self.to.write_all(&document)?;
            }
            Format::Csv => csv::write(&mut self.to, &report.rows, is_first, &self.look)?,
        }
        self.end(&report.failures)
    }

    /// Writes a list of very many rows, which come in `parts` and are kept by nobody
    /// where the format allows it.
    pub(crate) fn list_in_parts(
        &mut self,
        columns: &'static [Column],
        parts: usize,
        rows_of: &(dyn Fn(usize) -> Vec<Vec<Cell>> + Sync),
        failures: Vec<Failure>,
    ) -> io::Result<()> {
        if self.format != Format::Json {
            let rows = Table::of(columns, (0..parts).flat_map(rows_of));
            return self.report(&Report::list(rows, failures));
        }
        json::write_parts(&mut self.to, columns, parts, rows_of, &failures, self.version, &self.look)?;
        self.end(&failures)
    }

    fn end(&mut self, failures: &[Failure]) -> io::Result<()> {
        self.flush()?;
        for failure in failures {
            complain(&failure.to_string());
        }
        Ok(())
    }

    /// Writes one line of a stream, as it is: the caller made it safe.
    pub(crate) fn line(&mut self, line: &str) -> io::Result<()> {
        self.to.write_all(line.as_bytes())?;
        self.to.write_all(b"\n")
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Says something that is no data: one line on standard error.
pub(crate) fn complain(sentence: &str) {
    say(&format!("klamm: {sentence}"));
}

/// One line on standard error. Nobody can be told when that fails.
pub(crate) fn say(line: &str) {
    let mut stderr = io::stderr().lock();
    let line = if stderr.is_terminal() { sanitize(line) } else { Cow::Borrowed(line) };
    let _ = writeln!(stderr, "{line}");
}

#[cfg(test)]
pub(crate) mod memory {
    //! An output that tests can read back.

    use super::{Format, Look, Output, Report};
    use jiff::tz::TimeZone;
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    pub(crate) struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Memory {
        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    pub(crate) fn look(is_terminal: bool) -> Look {
        Look { is_terminal, has_colours: false, zone: TimeZone::UTC }
    }

    pub(crate) fn written(format: Format, is_terminal: bool, report: &Report) -> String {
        let memory = Memory::default();
        Output::new(format, look(is_terminal), Box::new(memory.clone())).report(report).unwrap();
        memory.text()
    }
}
