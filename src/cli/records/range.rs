//! `--from`, `--to` and `--until`: their texts, whose meaning is the domain's.

use crate::cli::exit::Stop;
use crate::cli::output::complain;
use crate::domain::Time;
use crate::domain::query::Query;
use crate::domain::range::{Place, place};
use crate::domain::record::StartAt;
use jiff::tz::TimeZone;

/// The place that a flag names; what a clock change did to a time is said.
pub(super) fn at(flag: &str, text: &str, now: Time, zone: Option<&TimeZone>) -> Result<Place, Stop> {
    let place = place(text, now, zone).map_err(|reason| Stop::usage(format!("{flag}: {reason}")))?;
    if let Some(note) = &place.note {
        complain(note);
    }
    Ok(place)
}

/// Where a search begins, and what that asks of records.
pub(super) fn from(text: &str, now: Time, zone: Option<&TimeZone>) -> Result<(StartAt, Option<Query>), Stop> {
    at("--from", text, now, zone)?.begins().map_err(|reason| Stop::usage(format!("--from {text}: {reason}")))
}

/// Where it ends, as `flag` says it; what stands there is not searched.
pub(super) fn to(flag: &str, text: &str, now: Time, zone: Option<&TimeZone>) -> Result<Query, Stop> {
    at(flag, text, now, zone)?.ends().map_err(|reason| Stop::usage(format!("{flag} {text}: {reason}")))
}
