//! How a whole group is doing, as a list shows it.
//!
//! Owns: what is said while that cannot be told. Invariant: a group is well only where
//! every partition in which it committed could be judged, and was.

use super::group::GroupPartition;
use super::verdict::{GroupVerdict, Judgement, Reason, Source, Verdict};
use super::{Fact, TopicPartition, show};
use std::sync::Arc;

/// Nothing in it changes while the group is as it was, so that lists can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Why, as a clause.
    Unknown(Arc<str>),
    /// So many looks or commits of those that make a window.
    TooEarly {
        seen: usize,
        of: usize,
        source: Source,
    },
    Told(Arc<Told>),
}

/// The verdict over a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub verdict: Verdict,
    pub source: Source,
    /// The partition that is worst.
    pub worst: TopicPartition,
    pub reason: Reason,
}

impl Standing {
    /// The judgements are in the order of the partitions.
    pub fn of(partitions: &[GroupPartition], judged: &[Option<Judgement>]) -> Self {
        let rows = partitions.iter().zip(judged.iter().chain(std::iter::repeat(&None)));
        let verdict = GroupVerdict::of(rows.clone().map(|(row, judged)| (&row.partition, judged.as_ref())));
        let has_commit = |row: &GroupPartition| matches!(row.committed, Fact::Known(Some(_)) | Fact::Unknown(_));
        let Some(GroupVerdict { worst, judgement, .. }) = verdict else {
            let lag = partitions.iter().filter(|row| has_commit(row)).find_map(|row| match row.lag() {
                Fact::Unknown(reason) => Some(reason),
                Fact::Known(_) => None,
            });
            return match lag {
                Some(reason) => Self::Unknown(reason),
                None if partitions.iter().any(has_commit) => Self::Unknown(NOT_SEEN.into()),
                None => Self::Unknown(NOTHING_COMMITTED.into()),
            };
        };
        if !judgement.is_sure() {
            return Self::TooEarly { seen: judgement.commits, of: judgement.of, source: judgement.source };
        }
        let mut missing = rows.filter(|(row, judged)| judged.is_none() && has_commit(row));
        if let (Verdict::Ok, Some((first, _))) = (judgement.verdict, missing.next()) {
            let reason = first.lag().reason().unwrap_or(NOT_SEEN).to_owned();
            let others = match missing.count() {
                0 => String::new(),
                count => format!(" and {} more", show::plural(count, "partition")),
            };
            return Self::Unknown(format!("{}{others} could not be judged: {reason}", first.partition).into());
        }
        Self::Told(Arc::new(Told {
            verdict: judgement.verdict,
            source: judgement.source,
            worst,
            reason: judgement.reason,
        }))
    }

    pub fn told(&self) -> Option<&Told> {
        match self {
            Self::Told(told) => Some(told),
            Self::Unknown(_) | Self::TooEarly { .. } => None,
        }
    }

    pub fn verdict(&self) -> Option<Verdict> {
        self.told().map(|told| told.verdict)
    }

    /// What is worse stands higher: what is broken, what to look at, what cannot be
    /// told, what is well.
    pub fn rank(&self) -> u8 {
        match self.verdict() {
            Some(Verdict::Stop | Verdict::Stall | Verdict::Rewind) => 3,
            Some(Verdict::Warn) => 2,
            None => 1,
            Some(Verdict::Ok) => 0,
        }
    }

    /// Why there is no verdict, as a clause.
    pub fn why_not(&self) -> Option<String> {
        match self {
            Self::Unknown(reason) => Some(reason.to_string()),
            Self::TooEarly { seen, of, source } => Some(format!("cannot tell yet, {seen} of {of} {}", source.plural())),
            Self::Told(_) => None,
        }
    }
}

/// Nothing was committed that could be judged.
pub const NOTHING_COMMITTED: &str = "nothing is committed";
const NOT_SEEN: &str = "its commits were not seen";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Time;
    use crate::domain::group::CommittedOffset;

    fn row(partition: i32, committed: i64, end: Fact<i64>) -> GroupPartition {
        let committed = CommittedOffset { offset: committed, leader_epoch: -1, metadata: String::new() };
        GroupPartition {
            partition: TopicPartition::new("t".into(), partition),
            committed: Fact::Known(Some(committed)),
            start: Fact::Known(0),
            end,
            nothing_left: false,
            told_lag: None,
            member: None,
        }
    }

    fn judged(reason: Reason, commits: usize) -> Option<Judgement> {
        let (verdict, source) = (reason.verdict(), Source::Sampled);
        Some(Judgement { verdict, reason, source, commits, of: 10, last_commit: Time(0) })
    }

    #[test]
    fn a_group_is_well_only_where_all_of_it_is_known() {
        let rows = [row(0, 5, Fact::Known(5)), row(1, 5, Fact::unknown("broker 2 did not answer"))];
        let well = judged(Reason::CaughtUp { lag: 0, allowed: 0 }, 10);
        let standing = Standing::of(&rows, &[well.clone(), None]);
        let why = standing.why_not();
        assert_eq!(why.as_deref(), Some("t:1 could not be judged: broker 2 did not answer"));
        assert_eq!(standing.rank(), 1);
        assert_eq!(Standing::of(&rows[..1], std::slice::from_ref(&well)).verdict(), Some(Verdict::Ok));
        let stalls = judged(Reason::StoodStill { offset: 5, since: Time(0) }, 10);
        assert_eq!(Standing::of(&rows, &[stalls, None]).verdict(), Some(Verdict::Stall), "one is enough to be bad");
        let early = Standing::of(&rows[..1], &[judged(Reason::TooFew { commits: 3 }, 3)]);
        assert_eq!(early.why_not().as_deref(), Some("cannot tell yet, 3 of 10 looks"));
    }

    #[test]
    fn without_a_verdict_it_is_said_why() {
        let why = |rows: &[GroupPartition]| Standing::of(rows, &[]).why_not();
        assert_eq!(why(&[]).as_deref(), Some(NOTHING_COMMITTED));
        assert_eq!(why(&[row(0, 5, Fact::unknown("it has no leader"))]).as_deref(), Some("it has no leader"));
        assert_eq!(why(&[row(0, 5, Fact::Known(9))]).as_deref(), Some(NOT_SEEN));
    }
}
