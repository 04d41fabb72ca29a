//! Instants as Kafka stores them.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z. Any `i64` is accepted: a record may
/// claim to be from the year 290,000,000, and that must not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(pub i64);

impl Time {
    pub fn millis(self) -> i64 {
        self.0
    }

    /// Milliseconds from `earlier` to `self`, negative when it is later.
    pub fn since(self, earlier: Time) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    #[must_use]
    pub fn plus_millis(self, millis: i64) -> Time {
        Time(self.0.saturating_add(millis))
    }

    /// RFC 3339 in UTC with milliseconds, or `None` outside the calendar's range.
    pub fn rfc3339(self) -> Option<String> {
        let zoned = Timestamp::from_millisecond(self.0).ok()?.to_zoned(TimeZone::UTC);
        Some(zoned.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
    }

    /// `2026-11-21 14:03:07.118` in `zone`; the bare number of milliseconds when
    /// the calendar does not reach that far.
    pub fn show(self, zone: &TimeZone) -> String {
        self.format(zone, "%Y-%m-%d %H:%M:%S%.3f")
    }

    /// `14:03:07.118` in `zone`.
    pub fn clock(self, zone: &TimeZone) -> String {
        self.format(zone, "%H:%M:%S%.3f")
    }

    /// `14:03:07` in `zone`.
    pub fn clock_seconds(self, zone: &TimeZone) -> String {
        self.format(zone, "%H:%M:%S")
    }

    fn format(self, zone: &TimeZone, format: &str) -> String {
        match Timestamp::from_millisecond(self.0) {
            Ok(stamp) => stamp.to_zoned(zone.clone()).strftime(format).to_string(),
            Err(_) => format!("{} ms", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_timestamps_are_shown_as_numbers() {
        assert_eq!(Time(i64::MAX).show(&TimeZone::UTC), "9223372036854775807 ms");
        assert_eq!(Time(i64::MIN).rfc3339(), None);
        assert_eq!(Time(0).rfc3339().as_deref(), Some("1970-01-01T00:00:00.000Z"));
        assert_eq!(Time(1_700_000_000_118).clock(&TimeZone::UTC), "22:13:20.118");
    }
}
