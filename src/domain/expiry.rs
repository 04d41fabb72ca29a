//! When Kafka forgets committed offsets of a group in which nobody is.
//!
//! Source: the group coordinator of Apache Kafka. A classic group that had members
//! loses all its offsets `offsets.retention.minutes` after it became empty, whatever
//! was committed since; a group that never had any, and one of type consumer, loses
//! each so long after its own commit.

use super::group::{GroupDescription, GroupType};
use super::plan::{Severity, Warning};
use super::{Fact, Time, show, when};
use jiff::tz::TimeZone;

/// From when on the time counts after which offsets are forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// Each offset from its own commit.
    FromCommit,
    /// All of them from the time when the last member left.
    FromEmpty,
}

pub fn counts_from(group: &GroupDescription) -> Expiry {
    let listing = &group.listing;
    let is_per_commit = listing.kind == GroupType::Consumer || listing.protocol_type.is_empty();
    if is_per_commit { Expiry::FromCommit } else { Expiry::FromEmpty }
}

/// A sentence about offsets that are committed at `now`, while nobody is in the group.
/// `retention` is in milliseconds.
pub fn of_commit(
    group: &GroupDescription,
    retention: &Fact<i64>,
    empty_since: &Fact<Time>,
    now: Time,
    zone: &TimeZone,
) -> Warning {
    let millis = match retention {
        Fact::Unknown(reason) => {
            let text = format!("when these offsets expire is not known (?): {reason}");
            return Warning::new(Severity::Note, text);
        }
        Fact::Known(millis) => *millis,
    };
    let kept = show::duration(millis.unsigned_abs());
    let (severity, text) = match (counts_from(group), empty_since) {
        (Expiry::FromCommit, _) => {
            let until = when::with_zone(now.plus_millis(millis), zone);
            let text =
                format!("these offsets expire {until}, {kept} from now, unless the group commits or is joined by then");
            (Severity::Note, text)
        }
        (Expiry::FromEmpty, Fact::Known(since)) => {
            let end = since.plus_millis(millis);
            let (until, left) = (when::with_zone(end, zone), end.since(now));
            let text = format!(
                "these offsets expire {until}, {kept} after the group became empty, which this does not put off, \
                 unless it is joined by then"
            );
            // Who resets today wants them to be there tomorrow.
            (if left < A_DAY { Severity::Warning } else { Severity::Note }, text)
        }
        (Expiry::FromEmpty, Fact::Unknown(reason)) => {
            let text = format!(
                "when these offsets expire is not known (?): all go {kept} after the group became empty, which this \
                 does not put off; {reason}"
            );
            (Severity::Note, text)
        }
    };
    Warning::new(severity, text)
}

const A_DAY: i64 = 86_400_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::group::{GroupListing, GroupState};
    use rstest::rstest;

    const DAY: i64 = 86_400_000;

    #[rstest]
    #[case::classic(GroupType::Classic, "consumer", Fact::Known(Time(-2 * DAY)), "expire 1970-01-06 00:00:00")]
    #[case::classic_since_when(GroupType::Classic, "consumer", Fact::unknown("no right"), "put off; no right")]
    #[case::never_joined(GroupType::Classic, "", Fact::unknown("x"), "expire 1970-01-08 00:00:00")]
    #[case::modern(GroupType::Consumer, "consumer", Fact::unknown("x"), "expire 1970-01-08 00:00:00")]
    fn what_a_commit_puts_off(
        #[case] kind: GroupType,
        #[case] protocol_type: &str,
        #[case] empty_since: Fact<Time>,
        #[case] said: &str,
    ) {
        let listing =
            GroupListing { id: "g".into(), state: GroupState::Empty, kind, protocol_type: protocol_type.into() };
        let group = GroupDescription::of_listing(listing);
        let week = Fact::Known(7 * DAY);
        let told = of_commit(&group, &week, &empty_since, Time(0), &TimeZone::UTC);
        assert!(told.text.contains(said) && told.text.contains("7 d"), "{}", told.text);
        let unknown = of_commit(&group, &Fact::unknown("not authorised"), &empty_since, Time(0), &TimeZone::UTC);
        assert_eq!(unknown.text, "when these offsets expire is not known (?): not authorised");
        let soon = Fact::Known(Time(-7 * DAY + 1));
        let told = of_commit(&group, &week, &soon, Time(0), &TimeZone::UTC);
        let is_soon = told.severity == Severity::Warning;
        assert_eq!(is_soon, counts_from(&group) == Expiry::FromEmpty, "{}", told.text);
    }
}
