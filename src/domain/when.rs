//! Reading times and durations that people type.
//!
//! Owns: the accepted forms and what a clock change makes of them. The zone is
//! an argument; a time without one, where none is given, is an error rather
//! than a guess.

use super::Time;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, SpanRelativeTo, Timestamp, Unit};

/// An instant that was typed, and what there is to say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instant {
    pub time: Time,
    /// What a clock change did to it: a time that does not exist, or exists twice.
    pub note: Option<String>,
}

impl From<Time> for Instant {
    fn from(time: Time) -> Self {
        Self { time, note: None }
    }
}

/// Reads RFC 3339, `2026-11-21 10:45[:00[.123]]`, `2026-11-21`, `10:45[:00]`
/// (of the day of `now`) or milliseconds since 1970.
pub fn parse_time(text: &str, now: Time, zone: Option<&TimeZone>) -> Result<Instant, String> {
    let text = text.trim();
    if let Some(millis) = parse_millis(text) {
        return Ok(Time(millis).into());
    }
    if let Ok(stamp) = text.parse::<Timestamp>() {
        return Ok(Time(stamp.as_millisecond()).into());
    }
    // Kafka's own tool writes offsets as +0100 and +01, too.
    if let Ok(zoned) = jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", text)
        && let Ok(stamp) = zoned.to_timestamp()
    {
        return Ok(Time(stamp.as_millisecond()).into());
    }
    let civil = parse_civil(text, now, zone)?;
    let Some(zone) = zone else {
        return Err(format!(
            "\u{201c}{}\u{201d} has no time zone: add one (10:45+01:00, or Z for UTC)",
            super::text::sanitize(text)
        ));
    };
    in_zone(civil, zone)
}

fn parse_millis(text: &str) -> Option<i64> {
    // Fewer digits are seconds, years or a typing error: too easy to mistake.
    let digits = text.strip_prefix('-').unwrap_or(text);
    (digits.len() >= 10 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

fn parse_civil(text: &str, now: Time, zone: Option<&TimeZone>) -> Result<DateTime, String> {
    if let Ok(civil) = text.parse::<DateTime>() {
        return Ok(civil);
    }
    if let Ok(clock) = text.parse::<jiff::civil::Time>() {
        let zone = zone.cloned().unwrap_or(TimeZone::UTC);
        let today = Timestamp::from_millisecond(now.millis()).map_err(|error| error.to_string())?.to_zoned(zone).date();
        return Ok(today.to_datetime(clock));
    }
    Err(format!(
        "\u{201c}{}\u{201d} is not a time: write 2026-11-21 10:45, 10:45:00, 2026-11-21T10:45:00Z or milliseconds",
        super::text::sanitize(text)
    ))
}

fn in_zone(civil: DateTime, zone: &TimeZone) -> Result<Instant, String> {
    let ambiguous = zone.to_ambiguous_timestamp(civil);
    let kind = ambiguous.offset();
    let stamp = ambiguous.compatible().map_err(|error| error.to_string())?;
    let shown = civil.strftime("%Y-%m-%d %H:%M:%S");
    let name = zone_name(zone);
    let note = match kind {
        AmbiguousOffset::Unambiguous { .. } => None,
        AmbiguousOffset::Gap { .. } => {
            let taken = stamp.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string();
            Some(format!("{shown} does not exist in {name}: the clocks skip it; {taken} is taken"))
        }
        AmbiguousOffset::Fold { before, .. } => {
            Some(format!("{shown} happens twice in {name}: the first one (UTC{before}) is taken"))
        }
    };
    Ok(Instant { time: Time(stamp.as_millisecond()), note })
}

/// Reads ISO-8601 (`PT6H30M`, `P1D`) or `6h`, `90m`, `1d12h`, `45s`, `250ms`
/// into milliseconds. Days count 24 hours, months and years are refused.
pub fn parse_duration(text: &str) -> Result<i64, String> {
    let text = text.trim();
    let bad = |why: &str| {
        format!(
            "\u{201c}{}\u{201d} is not a duration: {why}; write 6h, 90m, 1d12h or PT6H",
            super::text::sanitize(text)
        )
    };
    let span: Span = text.parse().map_err(|_| bad("no number with a unit"))?;
    if span.get_years() != 0 || span.get_months() != 0 {
        return Err(bad("months and years differ in length"));
    }
    if span.is_negative() {
        return Err(bad("it must not be negative"));
    }
    let relative = SpanRelativeTo::days_are_24_hours();
    let millis = span.total((Unit::Millisecond, relative)).map_err(|_| bad("it is too long"))?;
    if millis > 1e15 {
        return Err(bad("it is too long"));
    }
    Ok(millis.round() as i64)
}

/// The zone's name as people know it: `Europe/Berlin`, `UTC`.
pub fn zone_name(zone: &TimeZone) -> String {
    match zone.iana_name() {
        Some(name) => name.to_owned(),
        None => zone.to_fixed_offset().map_or_else(|_| "local time".into(), |offset| format!("UTC{offset}")),
    }
}

/// `2026-11-21 10:45:00 Europe/Berlin`, with milliseconds only where there are some.
pub fn with_zone(time: Time, zone: &TimeZone) -> String {
    match Timestamp::from_millisecond(time.millis()) {
        Ok(stamp) => {
            let fraction = if time.millis() % 1_000 == 0 { "" } else { "%.3f" };
            let zoned = stamp.to_zoned(zone.clone());
            format!("{} {}", zoned.strftime(&format!("%Y-%m-%d %H:%M:%S{fraction}")), zone_name(zone))
        }
        Err(_) => format!("{} ms", time.millis()),
    }
}

/// What to say about an instant whose clock time comes twice in this zone.
pub fn repeated_clock_time(time: Time, zone: &TimeZone) -> Option<String> {
    let zoned = Timestamp::from_millisecond(time.millis()).ok()?.to_zoned(zone.clone());
    match zone.to_ambiguous_timestamp(zoned.datetime()).offset() {
        AmbiguousOffset::Fold { before, .. } => {
            let which = if zoned.offset() == before { "first" } else { "second" };
            let clock = zoned.strftime("%H:%M:%S");
            Some(format!("{clock} happens twice on that day in {}: the {which} one is meant", zone_name(zone)))
        }
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Gap { .. } => None,
    }
}

/// A duration as ISO-8601, for a command line: `PT6H`, `PT90M`, `PT0.250S`.
pub fn iso_duration(millis: i64) -> String {
    let (whole, rest) = (millis / 1_000, millis % 1_000);
    if rest != 0 {
        format!("PT{whole}.{rest:03}S")
    } else if whole != 0 && whole % 3_600 == 0 {
        format!("PT{}H", whole / 3_600)
    } else if whole != 0 && whole % 60 == 0 {
        format!("PT{}M", whole / 60)
    } else {
        format!("PT{whole}S")
    }
}

/// RFC 3339 with the zone's offset, exact to the millisecond, for a command line.
pub fn with_offset(time: Time, zone: &TimeZone) -> String {
    match Timestamp::from_millisecond(time.millis()) {
        Ok(stamp) => {
            let zoned = stamp.to_zoned(zone.clone());
            let fraction = if time.millis() % 1_000 == 0 { "" } else { "%.3f" };
            zoned.strftime(&format!("%Y-%m-%dT%H:%M:%S{fraction}%:z")).to_string()
        }
        Err(_) => time.millis().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const NOON: Time = Time(1_795_262_400_000); // 2026-11-21T12:00:00Z

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    #[rstest]
    #[case("2026-11-21T10:45:00Z", "2026-11-21T10:45:00.000Z")]
    #[case("2026-11-21T10:45:00.118+01:00", "2026-11-21T09:45:00.118Z")]
    #[case("2026-11-21T10:45:00.000+0100", "2026-11-21T09:45:00.000Z")]
    #[case("2026-11-21 10:45", "2026-11-21T09:45:00.000Z")]
    #[case("2026-11-21T10:45:30.5", "2026-11-21T09:45:30.500Z")]
    #[case("2026-11-21", "2026-11-20T23:00:00.000Z")]
    #[case("10:45", "2026-11-21T09:45:00.000Z")]
    #[case("10:45:07", "2026-11-21T09:45:07.000Z")]
    #[case("1700000000118", "2023-11-14T22:13:20.118Z")]
    fn times(#[case] text: &str, #[case] utc: &str) {
        let read = parse_time(text, NOON, Some(&berlin())).unwrap();
        assert_eq!(read.time.rfc3339().as_deref(), Some(utc));
        assert_eq!(read.note, None);
    }

    #[rstest]
    #[case("yesterday")]
    #[case("2026-13-01 10:00")]
    #[case("123")]
    #[case("")]
    fn no_times(#[case] text: &str) {
        assert!(parse_time(text, NOON, Some(&berlin())).is_err());
    }

    #[test]
    fn without_a_zone_only_absolute_times_are_read() {
        assert!(parse_time("2026-11-21T10:45:00Z", NOON, None).is_ok());
        assert!(parse_time("2026-11-21 10:45", NOON, None).unwrap_err().contains("no time zone"));
        assert!(parse_time("10:45", NOON, None).unwrap_err().contains("no time zone"));
    }

    #[test]
    fn clock_changes_are_named() {
        let gap = parse_time("2026-03-29 02:30", NOON, Some(&berlin())).unwrap();
        assert!(gap.note.unwrap().contains("does not exist"));
        assert_eq!(gap.time.rfc3339().as_deref(), Some("2026-03-29T01:30:00.000Z"));
        let fold = parse_time("2026-10-25 02:30", NOON, Some(&berlin())).unwrap();
        assert!(fold.note.unwrap().contains("happens twice"));
        assert_eq!(fold.time.rfc3339().as_deref(), Some("2026-10-25T00:30:00.000Z"));
    }

    #[test]
    fn an_instant_in_a_repeated_hour_says_which_it_is() {
        let second = parse_time("2026-10-25T01:30:00Z", NOON, None).unwrap().time;
        assert!(repeated_clock_time(second, &berlin()).unwrap().contains("the second one"));
        assert_eq!(repeated_clock_time(NOON, &berlin()), None);
    }

    #[rstest]
    #[case(21_600_000, "PT6H")]
    #[case(5_400_000, "PT90M")]
    #[case(45_000, "PT45S")]
    #[case(250, "PT0.250S")]
    #[case(0, "PT0S")]
    fn durations_are_written_so_that_they_are_read_back(#[case] millis: i64, #[case] iso: &str) {
        assert_eq!(iso_duration(millis), iso);
        assert_eq!(parse_duration(iso), Ok(millis));
    }

    #[rstest]
    #[case("6h", 6 * 3_600_000)]
    #[case("90m", 90 * 60_000)]
    #[case("1d12h", 36 * 3_600_000)]
    #[case("45s", 45_000)]
    #[case("250ms", 250)]
    #[case("PT6H", 6 * 3_600_000)]
    #[case("P1D", 86_400_000)]
    #[case("PT6H30M", 390 * 60_000)]
    #[case("PT0S", 0)]
    fn durations(#[case] text: &str, #[case] millis: i64) {
        assert_eq!(parse_duration(text), Ok(millis));
    }

    #[rstest]
    #[case("6")]
    #[case("P1M")]
    #[case("-6h")]
    #[case("six hours")]
    #[case("")]
    fn no_durations(#[case] text: &str) {
        assert!(parse_duration(text).is_err());
    }

    #[test]
    fn a_time_is_written_with_its_offset() {
        assert_eq!(with_offset(NOON, &berlin()), "2026-11-21T13:00:00+01:00");
        assert_eq!(with_offset(Time(NOON.0 + 7), &TimeZone::UTC), "2026-11-21T12:00:00.007+00:00");
        assert_eq!(with_zone(NOON, &berlin()), "2026-11-21 13:00:00 Europe/Berlin");
        assert_eq!(with_zone(Time(i64::MAX), &berlin()), "9223372036854775807 ms");
        assert_eq!(zone_name(&TimeZone::UTC), "UTC");
    }
}
