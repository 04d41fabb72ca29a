//! From where and up to where records are read, as people type it.
//!
//! One grammar for console and command line: `earliest`, `latest`, `-500` (the newest
//! 500), an offset, a time, or how long ago (`15m`). Digits alone are an offset, however
//! many: a time has a dash or a colon.

use super::Time;
use super::query::{Comparison, Field, Literal, Query};
use super::record::StartAt;
use super::when::{parse_duration, parse_time};
use jiff::tz::TimeZone;

/// A place that was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub at: StartAt,
    /// What a clock change did to a time.
    pub note: Option<String>,
}

/// Reads it; without a zone a time must say its own.
pub fn place(text: &str, now: Time, zone: Option<&TimeZone>) -> Result<Place, String> {
    let text = text.trim();
    let at = |at: StartAt| Ok(Place { at, note: None });
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let too_large = |_| format!("\u{201c}{text}\u{201d} is too large");
    let behind_dash = text.strip_prefix('-');
    match text {
        "earliest" | "beginning" => return at(StartAt::Earliest),
        "latest" | "end" | "live" => return at(StartAt::End),
        _ => {}
    }
    if let Some(newest) = behind_dash.filter(|rest| is_number(rest)) {
        return newest.parse().map_err(too_large).and_then(|newest| at(StartAt::Latest(newest)));
    }
    if is_number(text) {
        return text.parse().map_err(too_large).and_then(|offset| at(StartAt::Offset(offset)));
    }
    if let Ok(ago) = parse_duration(behind_dash.unwrap_or(text)) {
        return at(StartAt::Time(now.plus_millis(ago.saturating_neg())));
    }
    if !text.contains(['-', ':']) {
        let shown = super::text::sanitize(text);
        return Err(format!("\u{201c}{shown}\u{201d}: write earliest, -500, an offset, a time, or how long ago (15m)"));
    }
    let instant = parse_time(text, now, zone)?;
    Ok(Place { at: StartAt::Time(instant.time), note: instant.note })
}

impl Place {
    /// Where a search from here begins, and what that asks of records: times and offsets
    /// narrow it.
    pub fn begins(&self) -> Result<(StartAt, Option<Query>), String> {
        match self.at {
            StartAt::End => Err("there is nothing behind the end".into()),
            StartAt::Earliest | StartAt::Latest(_) => Ok((self.at, None)),
            StartAt::Offset(_) | StartAt::Time(_) => Ok((StartAt::Earliest, self.bound(Comparison::GreaterOrEqual))),
        }
    }

    /// What a search up to here asks of records; what stands here is not searched.
    pub fn ends(&self) -> Result<Query, String> {
        self.bound(Comparison::Less).ok_or_else(|| "write an offset, a time, or how long ago (15m)".into())
    }

    fn bound(&self, comparison: Comparison) -> Option<Query> {
        match self.at {
            StartAt::Offset(offset) => Some(Query::compare(Field::Offset, comparison, Literal::Number(offset.into()))),
            StartAt::Time(time) => Some(Query::compare(Field::Timestamp, comparison, Literal::Time(time))),
            StartAt::Earliest | StartAt::End | StartAt::Latest(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const NOW: Time = Time(1_700_000_000_000);

    #[rstest]
    #[case("earliest", StartAt::Earliest)]
    #[case(" latest ", StartAt::End)]
    #[case("-500", StartAt::Latest(500))]
    #[case("884112", StartAt::Offset(884_112))]
    #[case::a_long_offset_is_no_time("1700000000000", StartAt::Offset(1_700_000_000_000))]
    #[case("15m", StartAt::Time(Time(1_699_999_100_000)))]
    #[case("-15m", StartAt::Time(Time(1_699_999_100_000)))]
    #[case("2023-11-14T22:13:20.118Z", StartAt::Time(Time(1_700_000_000_118)))]
    fn a_place_may_be_written_in_many_ways(#[case] text: &str, #[case] wanted: StartAt) {
        assert_eq!(place(text, NOW, None), Ok(Place { at: wanted, note: None }));
    }

    #[rstest]
    #[case("2023-11-14 22:13:20", "has no time zone")]
    #[case("yesterdayish", "write earliest, -500")]
    #[case("", "write earliest, -500")]
    #[case("-", "is not a time")]
    #[case("99999999999999999999", "is too large")]
    #[case("-99999999999999999999", "is too large")]
    fn what_is_no_place_says_what_is(#[case] text: &str, #[case] says: &str) {
        let said = place(text, NOW, None).unwrap_err();
        assert!(said.contains(says), "{said}");
    }

    #[test]
    fn a_bare_time_is_read_in_the_zone_and_a_clock_change_is_said() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let bare = place("2023-11-14 23:13:20.118", NOW, Some(&zone));
        assert_eq!(bare.unwrap().at, StartAt::Time(Time(1_700_000_000_118)));
        assert!(place("2026-10-25 02:30", NOW, Some(&zone)).unwrap().note.is_some());
    }

    #[rstest]
    #[case("120", "offset >= 120", "offset < 120")]
    #[case("15m", "timestamp >= 2023-11-14T21:58:20.000Z", "timestamp < 2023-11-14T21:58:20.000Z")]
    fn a_search_is_narrowed_by_it(#[case] text: &str, #[case] begins: &str, #[case] ends: &str) {
        let place = place(text, NOW, None).unwrap();
        let (start, query) = place.begins().unwrap();
        assert_eq!((start, query.unwrap().to_string()), (StartAt::Earliest, begins.to_owned()));
        assert_eq!(place.ends().unwrap().to_string(), ends);
    }

    #[test]
    fn some_places_ask_nothing_of_a_record() {
        let place = |text| place(text, NOW, None).unwrap();
        assert_eq!(place("earliest").begins(), Ok((StartAt::Earliest, None)));
        assert_eq!(place("-5").begins(), Ok((StartAt::Latest(5), None)));
        assert!(place("latest").begins().is_err());
        assert!(["earliest", "latest", "-5"].into_iter().all(|text| place(text).ends().is_err()));
    }
}
