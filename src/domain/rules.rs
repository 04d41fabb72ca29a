//! What is kept of a group's commits, and what is allowed, before it is judged.
//!
//! Owns: the rules' names, bounds and how they are written. One table serves the
//! command line and the profiles.

use super::when;

/// What is kept and what is allowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// Commits that make a window.
    pub intervals: usize,
    /// Milliseconds: a commit that follows sooner takes the place of the one before.
    pub min_distance: i64,
    /// Records that count as no lag.
    pub allowed_lag: u64,
    /// From 0 to 1: a window that is less full is not judged, and counts as OK.
    pub minimum_complete: f64,
    /// Milliseconds: older commits do not count.
    pub expire: i64,
}

impl Default for Rules {
    /// Burrow's own.
    fn default() -> Self {
        Self { intervals: 10, min_distance: 0, allowed_lag: 0, minimum_complete: 0.0, expire: 604_800_000 }
    }
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    Intervals,
    MinDistance,
    AllowedLag,
    MinimumComplete,
    Expire,
}

/// The most commits that a window may have: a hundred thousand of them are kept.
pub const MOST_INTERVALS: usize = 100;

impl Rule {
    pub const ALL: [Self; 5] =
        [Self::Intervals, Self::MinDistance, Self::AllowedLag, Self::MinimumComplete, Self::Expire];

    /// As it is called in a profile.
    pub fn key(self) -> &'static str {
        match self {
            Self::Intervals => "intervals",
            Self::MinDistance => "min_distance",
            Self::AllowedLag => "allowed_lag",
            Self::MinimumComplete => "minimum_complete",
            Self::Expire => "expire",
        }
    }

    /// It is written as a number.
    pub fn is_number(self) -> bool {
        matches!(self, Self::Intervals | Self::AllowedLag | Self::MinimumComplete)
    }
}

impl Rules {
    /// Sets a rule as it is written; the reason why it cannot be that.
    pub fn set(&mut self, rule: Rule, text: &str) -> Result<(), String> {
        let text = text.trim();
        let wrong = |wish: &str| format!("\u{201c}{}\u{201d}: write {wish}", super::text::sanitize(text));
        match rule {
            Rule::Intervals => {
                let wish = format!("a whole number from 1 to {MOST_INTERVALS}");
                let number = text.parse().ok().filter(|number| (1..=MOST_INTERVALS).contains(number));
                self.intervals = number.ok_or_else(|| wrong(&wish))?;
            }
            Rule::MinDistance => self.min_distance = when::parse_duration(text)?,
            Rule::AllowedLag => {
                self.allowed_lag = text.parse().map_err(|_| wrong("a number of records, from 0 on"))?;
            }
            Rule::MinimumComplete => {
                let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
                self.minimum_complete = share.ok_or_else(|| wrong("a share from 0 to 1, such as 0.5"))?;
            }
            Rule::Expire => {
                let millis = Some(when::parse_duration(text)?).filter(|millis| *millis > 0);
                self.expire = millis.ok_or_else(|| wrong("a duration that is longer than nothing"))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(Rule::Intervals, "15", true)]
    #[case(Rule::Intervals, "0", false)]
    #[case(Rule::Intervals, "101", false)]
    #[case(Rule::MinDistance, "0s", true)]
    #[case(Rule::MinDistance, "fast", false)]
    #[case(Rule::AllowedLag, "1000", true)]
    #[case(Rule::AllowedLag, "-1", false)]
    #[case(Rule::MinimumComplete, "0.5", true)]
    #[case(Rule::MinimumComplete, "1.1", false)]
    #[case(Rule::MinimumComplete, "NaN", false)]
    #[case(Rule::Expire, "7d", true)]
    #[case(Rule::Expire, "0s", false)]
    fn rules_have_bounds(#[case] rule: Rule, #[case] text: &str, #[case] is_good: bool) {
        let mut rules = Rules::default();
        assert_eq!(rules.set(rule, text).is_ok(), is_good);
        assert!(is_good || rules == Rules::default(), "what is wrong changes nothing");
    }
}
