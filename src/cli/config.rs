//! `klamm config …`: where the configuration is, where each value comes from, and
//! the schema by which editors complete it.

use super::exit::{Exit, Stop};
use super::output::{Cell, Column, Report, Section, Table, Tone, hidden, text};
use super::session::Session;
use crate::profile::{Explained, Origin, schema};
use clap::Subcommand;
use std::path::Path;

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Every value of the profile in use, and which layer it comes from
    Explain,
    /// The configuration file
    Path,
    /// Print the JSON Schema of the file
    Schema,
}

pub(crate) fn run(session: &mut Session, verb: &Verb) -> Result<Exit, Stop> {
    match verb {
        Verb::Explain => explain(session),
        Verb::Path => path(session),
        Verb::Schema => {
            for line in schema().lines() {
                session.output.line(line)?;
            }
            session.output.flush()?;
            Ok(Exit::Done)
        }
    }
}

const PATH: &[Column] = &[text("path", "PATH"), text("exists", "EXISTS")];

fn path(session: &mut Session) -> Result<Exit, Stop> {
    let path = session.config_file()?;
    let shown = path.display().to_string();
    let rows = Table::of(PATH, [vec![Cell::text(shown.as_str()), Cell::Flag(path.exists())]]);
    // Alone on its line, for a script.
    let sections = vec![Section::Line(shown)];
    session.output.report(&Report { rows, sections, ..Report::default() })?;
    Ok(Exit::Done)
}

const EXPLAINED: &[Column] = &[
    text("setting", "SETTING"),
    text("value", "VALUE"),
    text("origin", "ORIGIN"),
    text("place", "PLACE"),
    hidden("line"),
    hidden("column"),
];

fn explain(session: &mut Session) -> Result<Exit, Stop> {
    let loaded = session.saved()?;
    let (flags, environment) = session.layers()?;
    let told = loaded.explain(&flags, &environment)?;
    if told.is_empty() {
        return Err(super::connection::none_chosen(&loaded));
    }
    let file = loaded.file.as_deref();
    let rows = Table::of(EXPLAINED, told.iter().map(|told| cells(told, file)));
    session.output.report(&Report::list(rows, vec![]))?;
    Ok(Exit::Done)
}

fn cells(told: &Explained, file: Option<&Path>) -> Vec<Cell> {
    let (origin, place, at) = match told.origin {
        Origin::Default => (Cell::word("default"), Cell::Absent, None),
        Origin::File { line: 0, .. } => (Cell::Word("file", Tone::Good), file_name(file), None),
        Origin::File { line, column } => {
            let place = file.map_or(Cell::Absent, |file| Cell::text(format!("{}:{line}:{column}", file.display())));
            (Cell::Word("file", Tone::Good), place, Some((line, column)))
        }
        Origin::Environment(name) => (Cell::Word("environment", Tone::Look), Cell::text(name), None),
        Origin::Flag(name) => (Cell::Word("flag", Tone::Look), Cell::text(name), None),
    };
    let number = |number: Option<usize>| number.map_or(Cell::Absent, Cell::count);
    vec![
        Cell::text(told.key.as_str()),
        Cell::text(told.value.as_str()),
        origin,
        place,
        number(at.map(|(line, _)| line)),
        number(at.map(|(_, column)| column)),
    ]
}

fn file_name(file: Option<&Path>) -> Cell {
    file.map_or(Cell::Absent, |file| Cell::text(file.display().to_string()))
}
