//! Rows as comma-separated values with a header line (RFC 4180, lines end in LF).
//!
//! A value that is not known is an empty field; its reason stands in the column
//! `…_reason` behind it, which is there whether it is needed or not.

use super::{Look, Table};
use crate::domain::csv;
use std::io::{self, Write};

pub(super) fn write(to: &mut dyn Write, table: &Table, with_header: bool, look: &Look) -> io::Result<()> {
    let mut header = Vec::new();
    for column in table.columns {
        header.push(column.name.to_owned());
        if column.has_reason {
            header.push(format!("{}_reason", column.name));
        }
    }
    if with_header {
        writeln!(to, "{}", csv::record(&header))?;
    }
    let mut fields = Vec::with_capacity(header.len());
    for row in &table.rows {
        fields.clear();
        for (column, cell) in table.columns.iter().zip(row) {
            fields.push(look.safe(&cell.plain()).into_owned());
            if column.has_reason {
                fields.push(cell.reason().map(|reason| look.safe(&reason).into_owned()).unwrap_or_default());
            }
        }
        writeln!(to, "{}", csv::record(&fields))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::memory::written;
    use super::super::{Cell, Column, Format, Report, fact, text};
    use super::*;

    const COLUMNS: &[Column] = &[text("topic", "TOPIC"), fact("lag", "LAG"), text("replicas", "REPLICAS")];

    #[test]
    fn every_row_has_every_column() {
        let rows = Table::of(
            COLUMNS,
            [
                vec![Cell::text("a,\"b\""), Cell::Count(1_200), Cell::ids([1, 2])],
                vec![Cell::text("c"), Cell::Unknown("no answer".into()), Cell::ids([])],
            ],
        );
        assert_eq!(
            written(Format::Csv, false, &Report::list(rows, vec![])),
            "topic,lag,lag_reason,replicas\n\"a,\"\"b\"\"\",1200,,1 2\nc,,no answer,\n"
        );
    }
}
