//! Groups whose members come and go.
//!
//! Owns: what two looks at a group's members say about what happened between them, and
//! when that is too often. A look shows states and members as they are then: what came
//! and went between two looks is not seen, but where the cluster counts a group's epochs.
//! Must not know how looks are made. Invariant: bounded; the newest stay.

use super::Time;
use super::group::{GroupDescription, GroupState};
use super::show;
use std::collections::VecDeque;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;

/// Events kept of a group.
const MOST: usize = 60;
/// Milliseconds within which rebalances are counted.
pub const WITHIN: i64 = 600_000;
/// So many within that time are too many: one deployment of a few members stays below.
pub const TOO_MANY: u32 = 5;
/// Members that are named.
const NAMED: usize = 3;

/// Something that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When it was seen; it happened since the look before.
    pub at: Time,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    State {
        from: GroupState,
        to: GroupState,
    },
    Members {
        /// Some of those that joined.
        named: Vec<Arc<str>>,
        joined: usize,
        left: usize,
        now: usize,
    },
    /// The cluster counts each change of a group; these are more than were seen.
    Epochs {
        from: i32,
        to: i32,
    },
}

impl What {
    /// In words.
    pub fn told(&self) -> String {
        match self {
            Self::State { from, to } => format!("{} → {}", from.shown(), to.shown()),
            Self::Members { named, joined, left, now } => {
                let mut parts = Vec::new();
                if *joined > 0 {
                    let more = joined - named.len().min(*joined);
                    let names = named.join(", ");
                    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                    parts.push(format!("{joined} joined: {names}{more}"));
                }
                if *left > 0 {
                    parts.push(format!("{left} left"));
                }
                format!("{}; {} now", parts.join(", "), show::plural(*now, "member"))
            }
            Self::Epochs { from, to } => format!("epoch {from} → {to}"),
        }
    }
}

/// How a group was at its last look, and what was seen of it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Churn {
    last: Option<Last>,
    /// Oldest first.
    events: VecDeque<Event>,
    /// When it was rebalanced, as often as it was.
    rebalances: VecDeque<(Time, u32)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Last {
    state: GroupState,
    epoch: Option<i32>,
    /// Of their ids, in order.
    members: Box<[u64]>,
}

fn is_rebalancing(state: GroupState) -> bool {
    use GroupState as S;
    matches!(state, S::PreparingRebalance | S::CompletingRebalance | S::Assigning | S::Reconciling)
}

impl Churn {
    /// Takes a look in.
    pub fn look(&mut self, group: &GroupDescription, now: Time) {
        let mut members: Vec<u64> = group.members.iter().map(|member| hashed(&member.member_id)).collect();
        members.sort_unstable();
        let next = Last { state: group.listing.state, epoch: group.epoch, members: members.into() };
        let Some(last) = self.last.replace(next.clone()) else { return };
        let mut rebalances = 0;
        if last.members != next.members {
            let is_new = |hash: &u64| last.members.binary_search(hash).is_err();
            let joined = next.members.iter().filter(|hash| is_new(hash)).count();
            let left = last.members.len() + joined - next.members.len();
            let new = group.members.iter().filter(|member| is_new(&hashed(&member.member_id)));
            let named = new.take(NAMED).map(|member| format!("{} {}", member.client_id, member.host).into()).collect();
            self.push(now, What::Members { named, joined, left, now: next.members.len() });
            rebalances = 1;
        }
        if last.state != next.state {
            self.push(now, What::State { from: last.state, to: next.state });
            if is_rebalancing(next.state) {
                rebalances = 1;
            }
        }
        if let (Some(from), Some(to)) = (last.epoch, next.epoch)
            && to > from
        {
            let changes = to.abs_diff(from);
            if changes > rebalances {
                self.push(now, What::Epochs { from, to });
            }
            rebalances = rebalances.max(changes);
        }
        if rebalances > 0 {
            self.rebalances.push_back((now, rebalances));
        }
        while self.rebalances.len() > MOST || self.rebalances.front().is_some_and(|(at, _)| now.since(*at) >= WITHIN) {
            self.rebalances.pop_front();
        }
    }

    fn push(&mut self, at: Time, what: What) {
        if self.events.len() == MOST {
            self.events.pop_front();
        }
        self.events.push_back(Event { at, what });
    }

    /// How often it was rebalanced within the last ten minutes, as far as was seen.
    pub fn rebalances(&self, now: Time) -> u32 {
        let recent = self.rebalances.iter().filter(|(at, _)| now.since(*at) < WITHIN);
        recent.fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// Newest first.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().rev()
    }
}

fn hashed(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::group::{GroupListing, GroupType, Member};

    fn group(state: GroupState, members: &[&str], epoch: Option<i32>) -> GroupDescription {
        let member = |id: &&str| Member {
            member_id: (*id).into(),
            client_id: format!("client-{id}"),
            host: "/10.0.0.7".into(),
            ..Member::default()
        };
        let listing = GroupListing { id: "g".into(), state, kind: GroupType::Classic, protocol_type: String::new() };
        GroupDescription {
            members: members.iter().map(member).collect(),
            epoch,
            ..GroupDescription::of_listing(listing)
        }
    }

    fn told(churn: &Churn) -> Vec<String> {
        churn.events().map(|event| format!("{} {}", event.at.millis(), event.what.told())).collect()
    }

    #[test]
    fn what_happened_between_two_looks_is_told() {
        use GroupState::{Empty, PreparingRebalance, Stable};
        let mut churn = Churn::default();
        churn.look(&group(Stable, &["a", "b"], None), Time(0));
        assert_eq!((told(&churn), churn.rebalances(Time(0))), (vec![], 0), "the first look has nothing to compare");
        churn.look(&group(PreparingRebalance, &["a", "c", "d", "e", "f"], None), Time(10));
        churn.look(&group(Stable, &["a", "c", "d", "e", "f"], None), Time(20));
        churn.look(&group(Empty, &[], None), Time(30));
        let joined =
            "4 joined: client-c /10.0.0.7, client-d /10.0.0.7, client-e /10.0.0.7 and 1 more, 1 left; 5 members now";
        assert_eq!(
            told(&churn),
            [
                "30 Stable → Empty".to_owned(),
                "30 5 left; 0 members now".to_owned(),
                "20 PreparingRebalance → Stable".to_owned(),
                "10 Stable → PreparingRebalance".to_owned(),
                format!("10 {joined}"),
            ]
        );
        assert_eq!(churn.rebalances(Time(30)), 2, "a change of members and its state are one");
        assert_eq!(churn.rebalances(Time(WITHIN + 10)), 1, "the older one is long ago");
    }

    #[test]
    fn epochs_count_what_was_not_seen() {
        let mut churn = Churn::default();
        for (epoch, now) in [(7, 0), (7, 10), (8, 20), (14, 30)] {
            let members: &[&str] = if epoch == 7 { &["a"] } else { &["a", "b"] };
            churn.look(&group(GroupState::Stable, members, Some(epoch)), Time(now));
        }
        assert_eq!(told(&churn)[0], "30 epoch 8 → 14");
        assert_eq!(churn.rebalances(Time(30)), 7);
    }

    #[test]
    fn a_loop_is_seen_and_memory_is_bounded() {
        let mut churn = Churn::default();
        for number in 0..1_000_i64 {
            let id = number.to_string();
            churn.look(&group(GroupState::Stable, &[&id], None), Time(number * 5_000));
            assert!(number < 5 || churn.rebalances(Time(number * 5_000)) >= TOO_MANY);
        }
        assert!(churn.events.len() <= MOST && churn.rebalances.len() <= MOST);
        churn.look(&group(GroupState::Stable, &["999"], None), Time(10_000_000));
        assert_eq!(churn.rebalances(Time(10_000_000)), 0, "it has come to rest");
    }
}
