//! When things happen: how many records a partition has by a given time.
//!
//! Owns the daily and minute-to-minute rhythm of simulated traffic, as a count
//! over time that can be turned around. Integer arithmetic only, so that the
//! same seed gives the same records on every machine.
//! Invariant: [`Rhythm::count`] never falls as time grows, and record `i` is
//! counted only at or after [`Rhythm::time`]`(i)`.

use crate::domain::Time;

const DAY: i64 = 86_400_000;
const HOUR: i64 = 3_600_000;
/// An hour is cut into slots of ten seconds, each a little busier or calmer.
const SLOT: i64 = 10_000;
const SLOTS: i64 = HOUR / SLOT;

/// How busy each hour of the day (UTC) is, relative to the others. Whoever starts
/// the demo at night sees a shop that is awake too.
const BY_HOUR: [i64; 24] =
    [13, 12, 11, 11, 12, 13, 15, 16, 17, 19, 20, 20, 21, 20, 19, 19, 20, 21, 22, 21, 19, 17, 15, 14];
const OVER_DAY: i64 = 407;

/// The rhythm of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rhythm {
    /// When record 0 is due.
    from: Time,
    /// Records a day, in millionths: slow rhythms must arrive exactly too.
    rate: i128,
    /// Moves the slots, so that partitions do not all tick at once.
    phase: i64,
    /// Work of the whole time before `from`, in units.
    skipped: i128,
}

impl Rhythm {
    /// `rate` millionths of a record a day since `from`; none at all for 0.
    pub(super) fn at_rate(from: Time, rate: i128, phase: u64) -> Self {
        let phase = i64::try_from(phase % (HOUR as u64)).unwrap_or(0);
        let mut rhythm = Self { from, rate, phase, skipped: 0 };
        rhythm.skipped = rhythm.units(from);
        rhythm
    }

    /// The rhythm since `from` that has made exactly `records` by `until`.
    pub(super) fn reaching(records: i64, from: Time, until: Time, phase: u64) -> Self {
        let unit = Self::at_rate(from, 1, phase);
        let done = (unit.units(until) - unit.skipped).max(1);
        Self::at_rate(from, (i128::from(records.max(0)) * UNITS_PER_RECORD + done - 1) / done, phase)
    }

    /// Millionths of a record a day.
    pub(super) fn rate(&self) -> i128 {
        self.rate
    }

    /// Records due by `now`: those with index `0..count`.
    pub(super) fn count(&self, now: Time) -> i64 {
        if now <= self.from {
            return 0;
        }
        let done = (self.units(now) - self.skipped) / UNITS_PER_RECORD;
        i64::try_from(done).unwrap_or(i64::MAX)
    }

    /// When record `index` happened. Asked of a rhythm without records: its start.
    pub(super) fn time(&self, index: i64) -> Time {
        if self.rate == 0 {
            return self.from;
        }
        let wanted = i128::from(index) * UNITS_PER_RECORD + self.skipped;
        self.turned_around(wanted)
    }

    /// When record `index` is first counted; `None` when it never is.
    pub(super) fn due(&self, index: i64) -> Option<Time> {
        (self.rate > 0).then(|| self.time(index.saturating_add(1)).plus_millis(1))
    }

    /// Work done since the first day of all, in units.
    fn units(&self, at: Time) -> i128 {
        let at = at.millis().saturating_add(self.phase);
        let (days, in_day) = (at.div_euclid(DAY), at.rem_euclid(DAY));
        let (hour, in_hour) = (in_day / HOUR, in_day % HOUR);
        let (slot, in_slot) = (in_hour / SLOT, in_hour % SLOT);
        let earlier: i64 = BY_HOUR.iter().take(usize::try_from(hour).unwrap_or(0)).sum();
        let weight = BY_HOUR.get(usize::try_from(hour).unwrap_or(0)).copied().unwrap_or(1);
        let within = i128::from(before(slot) * SLOT + (before(slot + 1) - before(slot)) * in_slot);
        let whole = i128::from(OVER_DAY) * i128::from(days) + i128::from(earlier);
        self.rate * (whole * OVER_HOUR + i128::from(weight) * within)
    }

    /// The first millisecond at which `wanted` units are done.
    fn turned_around(&self, wanted: i128) -> Time {
        let day_units = self.rate * i128::from(OVER_DAY) * OVER_HOUR;
        let days = wanted.div_euclid(day_units);
        let mut left = wanted.rem_euclid(day_units);
        let mut at = i64::try_from(days).unwrap_or(0).saturating_mul(DAY);
        for weight in BY_HOUR {
            let hour_units = self.rate * i128::from(weight) * OVER_HOUR;
            if left < hour_units {
                let needed = (left + self.rate * i128::from(weight) - 1) / (self.rate * i128::from(weight));
                let low = first_millisecond(i64::try_from(needed).unwrap_or(0));
                return Time(at.saturating_add(low).saturating_sub(self.phase));
            }
            left -= hour_units;
            at = at.saturating_add(HOUR);
        }
        Time(at.saturating_sub(self.phase))
    }
}

/// The first millisecond of an hour at which `needed` units of weight are done.
fn first_millisecond(needed: i64) -> i64 {
    let slot = BEFORE.partition_point(|before| before * SLOT < needed).saturating_sub(1);
    let slot = i64::try_from(slot).unwrap_or(0);
    let weight = (before(slot + 1) - before(slot)).max(1);
    slot * SLOT + (needed - before(slot) * SLOT + weight - 1) / weight
}

fn before(slot: i64) -> i64 {
    BEFORE.get(usize::try_from(slot).unwrap_or(0)).copied().unwrap_or(40 * SLOTS)
}

/// The weight of all slots of an hour before each: a slot weighs 40, and waves of
/// 8, 12 and 60 slots add to that or take away, so that charts move.
const BEFORE: [i64; SLOTS as usize + 1] = {
    let mut all = [0; SLOTS as usize + 1];
    let mut rest: &mut [i64] = &mut all;
    let mut slot = 0;
    while let [first, others @ ..] = rest {
        *first = 40 * slot + wave(slot, 8, 10) + wave(slot, 12, 8) + wave(slot, 60, 6);
        rest = others;
        slot += 1;
    }
    all
};

const fn wave(slot: i64, length: i64, height: i64) -> i64 {
    let in_wave = slot % length;
    height * if in_wave <= length / 2 { in_wave } else { length - in_wave }
}

const MILLION: i128 = 1_000_000;
/// Work of one hour of weight 1, per millionth of a record a day.
const OVER_HOUR: i128 = (40 * SLOTS as i128) * SLOT as i128;
const UNITS_PER_RECORD: i128 = OVER_DAY as i128 * OVER_HOUR * MILLION;

#[cfg(test)]
mod tests {
    use super::*;

    fn per_day(from: Time, records: i64, phase: u64) -> Rhythm {
        Rhythm::at_rate(from, i128::from(records) * MILLION, phase)
    }

    const START: Time = Time(1_760_000_000_123);

    #[test]
    fn a_day_brings_a_days_records() {
        let rhythm = per_day(START, 100_000, 17);
        assert_eq!(rhythm.count(START), 0);
        assert_eq!(rhythm.count(START.plus_millis(DAY)), 100_000);
        assert_eq!(rhythm.count(START.plus_millis(3 * DAY)), 300_000);
        assert_eq!(before(SLOTS), 40 * SLOTS, "the waves of an hour cancel out");
        assert_eq!(BY_HOUR.iter().sum::<i64>(), OVER_DAY);
        assert!((0..SLOTS).all(|slot| before(slot + 1) > before(slot)), "time never runs backwards");
    }

    #[test]
    fn a_record_is_counted_at_its_due_time_and_not_before() {
        for (records, phase) in [(3, 0), (777, 5_000), (86_400, 1), (40_000_000, 3_599_999)] {
            let rhythm = per_day(START, records, phase);
            for index in [0, 1, 2, 99, 1_234, 50_000] {
                let due = rhythm.due(index).unwrap();
                assert!(rhythm.count(due) > index, "{records} {index}");
                assert!(rhythm.count(due.plus_millis(-2)) <= index + records / 20_000, "{records} {index}");
                assert!(rhythm.time(index) <= due);
                assert!(rhythm.time(index) <= rhythm.time(index + 1));
            }
        }
    }

    #[test]
    fn nights_are_calmer_than_afternoons() {
        let midnight = Time(20_000 * DAY);
        let rhythm = per_day(midnight, 240_000, 0);
        let hour =
            |n: i64| rhythm.count(midnight.plus_millis((n + 1) * HOUR)) - rhythm.count(midnight.plus_millis(n * HOUR));
        assert!(2 * hour(18) > 3 * hour(2), "{} {}", hour(18), hour(2));
    }

    #[test]
    fn a_rhythm_can_be_told_where_to_arrive() {
        let until = START.plus_millis(3 * DAY + 7 * HOUR);
        for records in [0, 12, 5_000, 200_000] {
            let reached = Rhythm::reaching(records, START, until, 9).count(until);
            assert_eq!(reached, records);
        }
        assert_eq!(per_day(START, 0, 0).count(until), 0);
        assert_eq!(per_day(START, 0, 0).due(0), None);
    }
}
