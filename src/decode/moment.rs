//! Dates, times and spans as people and JSON write them.
//!
//! Invariant: every number has a text; what no calendar reaches is shown as
//! the number it is.

use jiff::Timestamp;
use jiff::tz::TimeZone;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Millis,
    Micros,
    Nanos,
}

impl Unit {
    fn instant(self, number: i64) -> Option<Timestamp> {
        match self {
            Self::Millis => Timestamp::from_millisecond(number),
            Self::Micros => Timestamp::from_microsecond(number),
            Self::Nanos => Timestamp::from_nanosecond(number.into()),
        }
        .ok()
    }

    fn per_second(self) -> i64 {
        match self {
            Self::Millis => 1_000,
            Self::Micros => 1_000_000,
            Self::Nanos => 1_000_000_000,
        }
    }

    fn digits(self) -> usize {
        match self {
            Self::Millis => 3,
            Self::Micros => 6,
            Self::Nanos => 9,
        }
    }
}

pub(super) fn timestamp(number: i64, unit: Unit) -> String {
    match unit.instant(number) {
        Some(instant) => format!("{instant:.width$}", width = unit.digits()),
        None => number.to_string(),
    }
}

/// Seconds since 1970 and nanoseconds within one. `None` where no calendar reaches.
pub(super) fn instant(seconds: i64, nanos: u32) -> Option<String> {
    let nanos = i32::try_from(nanos).ok().filter(|nanos| *nanos < 1_000_000_000)?;
    let whole = Timestamp::from_second(seconds).ok()?;
    whole.checked_add(jiff::SignedDuration::from_nanos(nanos.into())).ok().map(|instant| instant.to_string())
}

/// The same without a zone.
pub(super) fn local_timestamp(number: i64, unit: Unit) -> String {
    let mut text = timestamp(number, unit);
    if text.ends_with('Z') {
        text.pop();
    }
    text
}

/// Days since 1970-01-01.
pub(super) fn date(days: i32) -> String {
    match Timestamp::from_second(i64::from(days) * 86_400) {
        Ok(midnight) => midnight.to_zoned(TimeZone::UTC).date().to_string(),
        Err(_) => days.to_string(),
    }
}

/// Since midnight; a number outside of a day is shown as it is.
pub(super) fn time_of_day(number: i64, unit: Unit) -> String {
    let second = number.div_euclid(unit.per_second());
    if !(0..86_400).contains(&second) {
        return number.to_string();
    }
    let fraction = number.rem_euclid(unit.per_second());
    let width = unit.digits();
    format!("{:02}:{:02}:{:02}.{fraction:0width$}", second / 3_600, second / 60 % 60, second % 60)
}

/// Months, days and milliseconds, each a little-endian number, in the notation
/// of ISO 8601.
pub(super) fn duration(fixed: [u8; 12]) -> String {
    let [m0, m1, m2, m3, d0, d1, d2, d3, t0, t1, t2, t3] = fixed;
    let months = u32::from_le_bytes([m0, m1, m2, m3]);
    let days = u32::from_le_bytes([d0, d1, d2, d3]);
    let millis = u32::from_le_bytes([t0, t1, t2, t3]);
    format!("P{months}M{days}DT{}.{:03}S", millis / 1_000, millis % 1_000)
}

/// A number as it stands where no calendar reached; what is written here is read by all below.
fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// Days since 1970-01-01 of `2026-11-21`, or as a number.
pub(super) fn days(text: &str) -> Option<i32> {
    if let Some(days) = number(text) {
        return Some(days);
    }
    let date: jiff::civil::Date = text.parse().ok().filter(|date: &jiff::civil::Date| date.to_string() == text)?;
    let midnight = date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second();
    i32::try_from(midnight.div_euclid(86_400)).ok()
}

/// Since midnight, of `12:34:56.789`; `None` where the unit is too coarse for it.
pub(super) fn since_midnight(text: &str, unit: Unit) -> Option<i64> {
    if let Some(count) = number(text) {
        return Some(count);
    }
    let time: jiff::civil::Time = text.parse().ok()?;
    let seconds = i64::from(time.hour()) * 3_600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    let step = i32::try_from(1_000_000_000 / unit.per_second()).ok()?;
    let fraction = time.subsec_nanosecond();
    (fraction % step == 0).then_some(seconds * unit.per_second() + i64::from(fraction / step))
}

/// Since 1970, of an instant, or of a time without a zone; `None` where the unit is too
/// coarse or too fine for it.
pub(super) fn since_epoch(text: &str, unit: Unit, is_local: bool) -> Option<i64> {
    if let Some(count) = number(text) {
        return Some(count);
    }
    let instant = if is_local {
        let civil: jiff::civil::DateTime = text.parse().ok()?;
        civil.to_zoned(TimeZone::UTC).ok()?.timestamp()
    } else {
        text.parse::<Timestamp>().ok()?
    };
    let step = i128::from(1_000_000_000 / unit.per_second());
    let nanos = instant.as_nanosecond();
    (nanos % step == 0).then(|| i64::try_from(nanos / step).ok()).flatten()
}

/// Months, days and milliseconds of `P2M3DT1.500S`, each a little-endian number.
pub(super) fn months_days_millis(text: &str) -> Option<[u8; 12]> {
    let (months, rest) = text.strip_prefix('P')?.split_once('M')?;
    let (days, time) = rest.split_once("DT")?;
    let (seconds, millis) = time.strip_suffix('S')?.split_once('.')?;
    if millis.len() != 3 {
        return None;
    }
    let millis: u32 = seconds.parse::<u32>().ok()?.checked_mul(1_000)?.checked_add(millis.parse().ok()?)?;
    let mut fixed = [0; 12];
    let parts = [months.parse::<u32>().ok()?, days.parse().ok()?, millis];
    for (place, part) in fixed.chunks_exact_mut(4).zip(parts) {
        place.copy_from_slice(&part.to_le_bytes());
    }
    Some(fixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_iso_8601() {
        assert_eq!(timestamp(1_700_000_000_118, Unit::Millis), "2023-11-14T22:13:20.118Z");
        assert_eq!(timestamp(-1, Unit::Micros), "1969-12-31T23:59:59.999999Z");
        assert_eq!(timestamp(1, Unit::Nanos), "1970-01-01T00:00:00.000000001Z");
        assert_eq!(local_timestamp(0, Unit::Millis), "1970-01-01T00:00:00.000");
        assert_eq!(date(19_675), "2023-11-14");
        assert_eq!(date(-1), "1969-12-31");
        assert_eq!(date(-719_529), "-000001-12-31");
        assert_eq!(time_of_day(45_296_789, Unit::Millis), "12:34:56.789");
        assert_eq!(time_of_day(1, Unit::Micros), "00:00:00.000001");
        assert_eq!(duration([2, 0, 0, 0, 3, 0, 0, 0, 0xdc, 5, 0, 0]), "P2M3DT1.500S");
    }

    #[test]
    fn instants_have_the_digits_they_need() {
        assert_eq!(instant(1_700_000_000, 118_000_000).as_deref(), Some("2023-11-14T22:13:20.118Z"));
        assert_eq!(instant(-1, 0).as_deref(), Some("1969-12-31T23:59:59Z"));
        assert_eq!(instant(-1, 999_999_999).as_deref(), Some("1969-12-31T23:59:59.999999999Z"));
        assert_eq!(instant(0, 1_000_000_000), None);
        assert_eq!(instant(i64::MAX, 0), None);
    }

    #[test]
    fn what_no_calendar_reaches_is_a_number() {
        assert_eq!(timestamp(i64::MAX, Unit::Millis), "9223372036854775807");
        assert_eq!(date(i32::MIN), "-2147483648");
        assert_eq!(time_of_day(86_400_000, Unit::Millis), "86400000");
        assert_eq!(time_of_day(-5, Unit::Millis), "-5");
    }
}
