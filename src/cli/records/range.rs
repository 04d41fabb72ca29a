//! `--from` and `--to` of a search: a place in each log, or a time.

use crate::cli::exit::Stop;
use crate::cli::output::complain;
use crate::domain::Time;
use crate::domain::query::{Comparison, Field, Literal, Query};
use crate::domain::record::StartAt;
use crate::domain::when::{parse_duration, parse_time};
use jiff::tz::TimeZone;

/// Where a search begins, and what that asks of records.
pub(super) fn from(text: &str, now: Time, zone: Option<&TimeZone>) -> Result<(StartAt, Option<Query>), Stop> {
    if text == "earliest" {
        return Ok((StartAt::Earliest, None));
    }
    if let Some(newest) = text.strip_prefix('-').and_then(|rest| rest.parse().ok()) {
        return Ok((StartAt::Latest(newest), None));
    }
    let query = bound("--from", text, Comparison::GreaterOrEqual, now, zone)?;
    Ok((StartAt::Earliest, Some(query)))
}

/// Where it ends; what stands there is not searched.
pub(super) fn to(text: &str, now: Time, zone: Option<&TimeZone>) -> Result<Query, Stop> {
    bound("--to", text, Comparison::Less, now, zone)
}

/// The same where another flag says it.
pub(super) fn until(text: &str, now: Time, zone: Option<&TimeZone>) -> Result<Query, Stop> {
    bound("--until", text, Comparison::Less, now, zone)
}

fn bound(flag: &str, text: &str, comparison: Comparison, now: Time, zone: Option<&TimeZone>) -> Result<Query, Stop> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let offset: i64 = text.parse().map_err(|_| Stop::usage(format!("{flag} {text}: an offset is too large")))?;
        return Ok(Query::compare(Field::Offset, comparison, Literal::Number(offset.into())));
    }
    if let Ok(ago) = parse_duration(text.strip_prefix('-').unwrap_or(text)) {
        let time = Literal::Time(now.plus_millis(ago.saturating_neg()));
        return Ok(Query::compare(Field::Timestamp, comparison, time));
    }
    if !text.contains(['-', ':']) {
        let start = if comparison == Comparison::Less { "" } else { "earliest, -N, " };
        return Err(Stop::usage(format!("{flag} {text}: write {start}an offset, a time, or how long ago (15m)")));
    }
    let instant = parse_time(text, now, zone).map_err(|reason| Stop::usage(format!("{flag}: {reason}")))?;
    if let Some(note) = instant.note {
        complain(&note);
    }
    Ok(Query::compare(Field::Timestamp, comparison, Literal::Time(instant.time)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const NOW: Time = Time(1_700_000_000_000);

    #[rstest]
    #[case::an_offset("120", "offset >= 120")]
    #[case::so_long_ago("15m", "timestamp >= 2023-11-14T21:58:20.000Z")]
    #[case::with_a_dash("-15m", "timestamp >= 2023-11-14T21:58:20.000Z")]
    #[case::an_instant("2023-11-14T22:13:20Z", "timestamp >= 2023-11-14T22:13:20.000Z")]
    fn where_it_begins(#[case] text: &str, #[case] asks: &str) {
        let (start, query) = from(text, NOW, None).unwrap();
        assert_eq!((start, query.unwrap().to_string()), (StartAt::Earliest, asks.to_owned()));
    }

    #[test]
    fn places_that_ask_nothing_of_a_record() {
        assert_eq!(from("earliest", NOW, None).unwrap(), (StartAt::Earliest, None));
        assert_eq!(from("-500", NOW, None).unwrap(), (StartAt::Latest(500), None));
        assert_eq!(to("9", NOW, None).unwrap().to_string(), "offset < 9");
    }

    #[rstest]
    #[case("2023-11-14 22:13:20")]
    #[case("later")]
    #[case("")]
    #[case("99999999999999999999")]
    fn what_is_no_place(#[case] text: &str) {
        assert!(matches!(to(text, NOW, None), Err(Stop::Usage(_))));
    }
}
