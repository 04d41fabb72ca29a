//! Chosen fields of records instead of whole ones.

use crate::cli::exit::Stop;
use crate::cli::output::{Format, Look, csv_record, escaped};
use crate::domain::query::{Field, pick, read_field};
use crate::domain::record::DecodedRecord;
use crate::domain::record_line;
use crate::domain::value::Value;
use serde_json::value::RawValue;

/// What is shown of each record, in this order.
#[derive(Debug)]
pub(super) struct Columns(Vec<(String, Field)>);

impl Columns {
    pub(super) fn read(words: Vec<String>) -> Result<Option<Self>, Stop> {
        if words.is_empty() {
            return Ok(None);
        }
        let column = |word: String| match read_field(&word) {
            Ok(field) => Ok((word, field)),
            Err(error) => Err(Stop::usage(format!("--columns {word}: {error}"))),
        };
        words.into_iter().map(column).collect::<Result<Vec<_>, _>>().map(|columns| Some(Self(columns)))
    }

    /// By name.
    pub(super) fn named(self) -> Vec<(String, Field)> {
        self.0
    }

    /// The first line, where the format has one.
    pub(super) fn header(&self, format: Format) -> Option<String> {
        let names: Vec<String> = self.0.iter().map(|(name, _)| name.clone()).collect();
        match format {
            Format::Json => None,
            Format::Csv => Some(csv_record(&names)),
            Format::Table => Some(names.join("\t")),
        }
    }

    /// A record as one line: a list in JSON, fields between tabs for people.
    pub(super) fn write(&self, record: &DecodedRecord, format: Format, look: &Look) -> String {
        let values = self.0.iter().map(|(_, field)| pick(field, record));
        match format {
            Format::Json => {
                let cells: Vec<Box<RawValue>> =
                    values.map(|value| record_line::raw(&value.unwrap_or(Value::Null))).collect();
                // Every cell is JSON.
                let line = serde_json::to_string(&cells).unwrap_or_default();
                if look.is_terminal { escaped(&line) } else { line }
            }
            Format::Csv => {
                let line = record_line::picked_csv(record, self.0.iter().map(|(_, field)| field));
                look.safe(&line).into_owned()
            }
            Format::Table => {
                // A tab or a line break within a value would be taken for one between.
                let cell = |value: Option<Value>| match value {
                    None => "–".to_owned(),
                    Some(value) => record_line::in_a_cell(&value).replace(['\t', '\n', '\r'], " "),
                };
                let cells: Vec<String> = values.map(cell).collect();
                cells.iter().map(|cell| look.safe(cell)).collect::<Vec<_>>().join("\t")
            }
        }
    }
}
