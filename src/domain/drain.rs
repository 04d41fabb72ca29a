//! When a group will have caught up, by the rates at which it reads and others write.

use super::{Fact, Offset, Time, show};
use serde::{Deserialize, Serialize};

/// Records a second in one partition.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    pub read: f64,
    pub written: f64,
}

impl Eq for Rates {}

/// Records a second between two positions; `None` where no time lies between them,
/// or the positions go back.
pub fn rate(from: (Time, Offset), to: (Time, Offset)) -> Option<f64> {
    let millis = to.0.since(from.0);
    let records = to.1.saturating_sub(from.1);
    (millis > 0 && records >= 0).then(|| records as f64 * 1_000.0 / millis as f64)
}

/// When nothing will be left to read.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Drain {
    /// Nothing is left now.
    Drained,
    /// In so many milliseconds, if both go on as they do.
    In(u64),
    /// It reads as fast as is written, or neither happens.
    Never,
    /// More is written than read: so many records a second.
    Growing(f64),
}

impl Eq for Drain {}

impl Drain {
    /// `lag` in records.
    pub fn of(lag: u64, rates: Rates) -> Self {
        let gain = rates.read - rates.written;
        // A difference that would take an hour to show as one record is none.
        const STILL: f64 = 1.0 / 3_600.0;
        // What is read between two commits is always unread: who reads it in a few seconds,
        // and does not fall far behind, keeps up.
        const A_MOMENT: f64 = 15.0;
        const NOT_FAR: f64 = 1.5;
        if lag == 0 {
            Self::Drained
        } else if lag as f64 <= rates.read * A_MOMENT && rates.written <= rates.read * NOT_FAR {
            Self::In((lag as f64 / rates.read * 1_000.0) as u64)
        } else if gain > STILL {
            // A float beyond the range becomes its end.
            Self::In((lag as f64 / gain * 1_000.0) as u64)
        } else if gain < -STILL {
            Self::Growing(-gain)
        } else {
            Self::Never
        }
    }

    /// The drain of a whole: that of its slowest part. What is not known of one part is
    /// not known of the whole, unless another never drains at all.
    pub fn of_all<'a>(parts: impl IntoIterator<Item = &'a Fact<Self>>) -> Fact<Self> {
        let (mut worst, mut unknown) = (Self::Drained, None);
        for part in parts {
            match part {
                Fact::Known(drain) => worst = worst.worse(*drain),
                Fact::Unknown(reason) => unknown = unknown.or(Some(reason)),
            }
        }
        match (worst, unknown) {
            (Self::Drained | Self::In(_), Some(reason)) => Fact::Unknown(reason.clone()),
            (worst, _) => Fact::Known(worst),
        }
    }

    fn worse(self, other: Self) -> Self {
        match (self, other) {
            (Self::Drained, drain) | (drain, Self::Drained) => drain,
            (Self::In(a), Self::In(b)) => Self::In(a.max(b)),
            (Self::Growing(a), Self::Growing(b)) => Self::Growing(a + b),
            (Self::Growing(rate), _) | (_, Self::Growing(rate)) => Self::Growing(rate),
            (Self::Never, _) | (_, Self::Never) => Self::Never,
        }
    }

    /// In words that stand alone.
    pub fn told(self) -> String {
        match self {
            Self::Drained => "nothing left to read".into(),
            Self::In(millis) => format!("drained in ~{}", show::duration(millis)),
            Self::Never => "never drained at this rate".into(),
            Self::Growing(rate) => format!("growing by {}/s", show::rate(rate)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::nothing_left(0, 0.0, 50.0, Drain::Drained)]
    #[case::catches_up(9_000, 100.0, 10.0, Drain::In(100_000))]
    #[case::keeps_pace(900, 10.0, 10.0, Drain::Never)]
    #[case::nothing_happens(900, 0.0, 0.0, Drain::Never)]
    #[case::keeps_up(30, 10.0, 12.0, Drain::In(3_000))]
    #[case::has_just_begun_to_fall_behind(30, 10.0, 50.0, Drain::Growing(40.0))]
    #[case::falls_behind(900, 10.0, 14.0, Drain::Growing(4.0))]
    fn what_becomes_of_a_lag(#[case] lag: u64, #[case] read: f64, #[case] written: f64, #[case] expected: Drain) {
        assert_eq!(Drain::of(lag, Rates { read, written }), expected);
    }

    #[rstest]
    #[case::the_slowest_counts(vec![Fact::Known(Drain::In(5)), Fact::Known(Drain::In(9))], Fact::Known(Drain::In(9)))]
    #[case::one_that_never_does(vec![Fact::Known(Drain::In(5)), Fact::Known(Drain::Never)], Fact::Known(Drain::Never))]
    #[case::growth_adds_up(vec![Fact::Known(Drain::Growing(2.0)), Fact::Known(Drain::Growing(1.0))], Fact::Known(Drain::Growing(3.0)))]
    #[case::one_is_not_known(vec![Fact::Known(Drain::In(5)), Fact::unknown("why")], Fact::unknown("why"))]
    #[case::known_all_the_same(vec![Fact::unknown("why"), Fact::Known(Drain::Never)], Fact::Known(Drain::Never))]
    #[case::none(vec![], Fact::Known(Drain::Drained))]
    fn a_group_is_as_slow_as_its_slowest(#[case] parts: Vec<Fact<Drain>>, #[case] expected: Fact<Drain>) {
        assert_eq!(Drain::of_all(&parts), expected);
    }

    #[test]
    fn a_rate_needs_time_and_a_way_forward() {
        assert_eq!(rate((Time(0), 10), (Time(2_000), 30)), Some(10.0));
        assert_eq!(rate((Time(0), 10), (Time(0), 30)), None);
        assert_eq!(rate((Time(0), 30), (Time(1), 10)), None);
    }

    proptest! {
        #[test]
        fn drained_stays_drained(read in 0.0f64..1e6, written in 0.0f64..1e6) {
            prop_assert_eq!(Drain::of(0, Rates { read, written }), Drain::Drained);
        }

        #[test]
        fn reading_faster_never_takes_longer(lag in 1u64..1_000_000, read in 0.0f64..1e4, more in 0.0f64..1e4, written in 0.0f64..1e4) {
            let millis = |read| match Drain::of(lag, Rates { read, written }) {
                Drain::In(millis) => millis,
                Drain::Drained => 0,
                Drain::Never | Drain::Growing(_) => u64::MAX,
            };
            prop_assert!(millis(read + more) <= millis(read));
        }
    }
}
