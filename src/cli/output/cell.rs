//! One value in a row, written three ways.
//!
//! Invariant: `Absent` is known to be nothing, `Without` too and says why, `Unknown` is
//! not known and says why; none is ever written as a number.

use crate::domain::{Fact, Offset, Time, show};
use jiff::tz::TimeZone;
use serde::{Serialize, Serializer};
use std::sync::Arc;

/// How a word in a table is coloured where there are colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Good,
    Look,
    Bad,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    /// There is none: null in JSON, nothing in CSV.
    Absent,
    /// Null in JSON with the reason beside it.
    Unknown(Arc<str>),
    /// There is none, and why: null in JSON with the reason beside it.
    Without(Arc<str>),
    Text(Arc<str>),
    /// A word from a fixed list, with its colour.
    Word(&'static str, Tone),
    Flag(bool),
    /// An id: digits are not grouped.
    Id(i64),
    Count(u64),
    Offset(Offset),
    /// Shown with its sign.
    Difference(i64),
    /// Bytes.
    Size(u64),
    /// Bytes per second.
    ByteRate(f64),
    /// Milliseconds of time.
    Millis(u64),
    /// Things a second.
    Rate(f64),
    /// Of one.
    Share(f64),
    /// Of two numbers, or a few of something.
    Ratio(f64),
    Time(Time),
    List(Vec<Cell>),
}

impl Cell {
    pub(crate) fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn word(word: &'static str) -> Self {
        Self::Word(word, Tone::Plain)
    }

    pub(crate) fn count(number: usize) -> Self {
        Self::Count(number as u64)
    }

    pub(crate) fn of<T: Clone>(fact: &Fact<T>, cell: impl FnOnce(T) -> Cell) -> Self {
        match fact {
            Fact::Known(value) => cell(value.clone()),
            Fact::Unknown(reason) => Self::Unknown(Arc::clone(reason)),
        }
    }

    pub(crate) fn or_absent<T>(value: Option<T>, cell: impl FnOnce(T) -> Cell) -> Self {
        value.map_or(Self::Absent, cell)
    }

    pub(crate) fn ids(ids: impl IntoIterator<Item = i32>) -> Self {
        Self::List(ids.into_iter().map(|id| Self::Id(id.into())).collect())
    }

    pub(crate) fn texts<T: ToString>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::List(texts.into_iter().map(|text| Self::text(text.to_string())).collect())
    }

    /// Why this is null in JSON: although there is something, or because there is none.
    pub(crate) fn reason(&self) -> Option<Arc<str>> {
        match self {
            Self::Unknown(reason) | Self::Without(reason) => Some(Arc::clone(reason)),
            Self::Time(time) if time.rfc3339().is_none() => {
                Some(format!("{} ms lies outside the calendar", time.millis()).into())
            }
            Self::ByteRate(number) | Self::Rate(number) | Self::Share(number) | Self::Ratio(number)
                if !number.is_finite() =>
            {
                Some("not a number".into())
            }
            _ => None,
        }
    }

    pub(crate) fn tone(&self) -> Tone {
        match self {
            Self::Word(_, tone) => *tone,
            Self::Unknown(_) => Tone::Look,
            _ => Tone::Plain,
        }
    }

    /// For people. Not yet sanitised.
    pub(crate) fn shown(&self, zone: &TimeZone) -> String {
        match self {
            Self::Absent | Self::Without(_) => "–".into(),
            Self::Unknown(_) => "?".into(),
            Self::Text(text) => text.to_string(),
            Self::Word(word, _) => (*word).into(),
            Self::Flag(flag) => if *flag { "yes" } else { "no" }.into(),
            Self::Id(id) => id.to_string(),
            Self::Count(number) => show::count(*number),
            Self::Offset(offset) => show::offset(*offset),
            Self::Difference(number) => show::difference(*number),
            Self::Size(bytes) => show::size(*bytes),
            Self::ByteRate(rate) => show::byte_rate(*rate),
            Self::Millis(millis) => show::duration(*millis),
            Self::Rate(rate) => show::rate(*rate),
            Self::Share(share) => show::share(*share),
            Self::Ratio(ratio) => format!("{ratio:.1}"),
            Self::Time(time) => time.show(zone),
            Self::List(cells) if cells.is_empty() => "–".into(),
            Self::List(cells) => joined(cells, |cell| cell.shown(zone)),
        }
    }

    /// For CSV: as in JSON, lists separated by spaces, nothing for null.
    pub(crate) fn plain(&self) -> String {
        match self {
            Self::Absent | Self::Unknown(_) | Self::Without(_) => String::new(),
            Self::Text(text) => text.to_string(),
            Self::Word(word, _) => (*word).into(),
            Self::Flag(flag) => flag.to_string(),
            Self::Id(number) | Self::Offset(number) | Self::Difference(number) => number.to_string(),
            Self::Count(number) | Self::Size(number) | Self::Millis(number) => number.to_string(),
            Self::ByteRate(number) | Self::Rate(number) | Self::Share(number) | Self::Ratio(number)
                if !number.is_finite() =>
            {
                String::new()
            }
            Self::ByteRate(number) | Self::Rate(number) | Self::Share(number) | Self::Ratio(number) => {
                number.to_string()
            }
            Self::Time(time) => time.rfc3339().unwrap_or_default(),
            Self::List(cells) => joined(cells, Self::plain),
        }
    }
}

fn joined(cells: &[Cell], written: impl Fn(&Cell) -> String) -> String {
    cells.iter().map(written).collect::<Vec<_>>().join(" ")
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent | Self::Unknown(_) | Self::Without(_) => to.serialize_none(),
            Self::Text(text) => to.serialize_str(text),
            Self::Word(word, _) => to.serialize_str(word),
            Self::Flag(flag) => to.serialize_bool(*flag),
            Self::Id(number) | Self::Offset(number) | Self::Difference(number) => to.serialize_i64(*number),
            Self::Count(number) | Self::Size(number) | Self::Millis(number) => to.serialize_u64(*number),
            Self::ByteRate(number) | Self::Rate(number) | Self::Share(number) | Self::Ratio(number) => {
                to.serialize_f64(*number)
            }
            Self::Time(time) => time.rfc3339().serialize(to),
            Self::List(cells) => to.collect_seq(cells),
        }
    }
}
