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

/// A sentence about offsets that are committed at `now`. `retention` is in milliseconds.
pub fn of_commit(group: &GroupDescription, retention: &Fact<i64>, now: Time, zone: &TimeZone) -> Warning {
    let listing = &group.listing;
    let counts_from_commit = listing.kind == GroupType::Consumer || listing.protocol_type.is_empty();
    let text = match retention {
        Fact::Unknown(reason) => format!("when these offsets expire is not known (?): {reason}"),
        Fact::Known(millis) => {
            let kept = show::duration(millis.unsigned_abs());
            if counts_from_commit {
                let until = when::with_zone(now.plus_millis(*millis), zone);
                format!("these offsets expire {until}, {kept} from now, unless the group commits or is joined by then")
            } else {
                format!(
                    "when these offsets expire is not known (?): all go {kept} after the group became empty, \
                     which this does not put off"
                )
            }
        }
    };
    Warning::new(Severity::Note, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::group::{GroupListing, GroupState};
    use rstest::rstest;

    #[rstest]
    #[case::classic(GroupType::Classic, "consumer", "which this does not put off")]
    #[case::never_joined(GroupType::Classic, "", "expire 1970-01-08 00:00:00")]
    #[case::modern(GroupType::Consumer, "consumer", "expire 1970-01-08 00:00:00")]
    fn what_a_commit_puts_off(#[case] kind: GroupType, #[case] protocol_type: &str, #[case] said: &str) {
        let listing =
            GroupListing { id: "g".into(), state: GroupState::Empty, kind, protocol_type: protocol_type.into() };
        let group = GroupDescription::of_listing(listing);
        let week = Fact::Known(7 * 86_400_000);
        let told = of_commit(&group, &week, Time(0), &TimeZone::UTC);
        assert!(told.text.contains(said) && told.text.contains("7 d"), "{}", told.text);
        let unknown = of_commit(&group, &Fact::unknown("not authorised"), Time(0), &TimeZone::UTC);
        assert_eq!(unknown.text, "when these offsets expire is not known (?): not authorised");
    }
}
