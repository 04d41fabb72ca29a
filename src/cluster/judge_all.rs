//! Judging all groups at once, on all cores: a hundred thousand partitions at each round.

use crate::domain::Time;
use crate::domain::verdict::Rules;
use crate::domain::windows::{Judging, Windows};
use std::thread;

/// Fewer groups are judged sooner than a thread starts.
const MANY: usize = 1_000;

/// What `judge` says of each of these groups by the looks at them, in their order.
pub fn judge_all<G: Sync, J: Send>(
    windows: &Windows,
    groups: &[G],
    now: Time,
    rules: &Rules,
    judge: impl Fn(&mut Judging<'_>, &G) -> J + Sync,
) -> Vec<J> {
    let judge_part = |groups: &[G]| -> Vec<J> {
        let mut judging = windows.judging(now, rules);
        groups.iter().map(|group| judge(&mut judging, group)).collect()
    };
    if groups.len() < MANY {
        return judge_part(groups);
    }
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let mut parts = groups.chunks(groups.len().div_ceil(cores));
        let mine = parts.next().unwrap_or_default();
        let others: Vec<_> = parts.map(|part| scope.spawn(|| judge_part(part))).collect();
        let mut judged = judge_part(mine);
        for other in others {
            judged.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        judged
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::group::{CommittedOffset, GroupPartition};
    use crate::domain::{Fact, GroupId, TopicPartition};

    /// A third of them stands still.
    fn rows(look: i64, group: usize) -> [GroupPartition; 1] {
        let offset = look * i64::try_from(group % 3).unwrap();
        [GroupPartition {
            partition: TopicPartition::new("t".into(), 0),
            committed: Fact::Known(Some(CommittedOffset { offset, leader_epoch: -1, metadata: String::new() })),
            start: Fact::Known(0),
            end: Fact::Known(1_000 + look),
            nothing_left: false,
            told_lag: None,
            member: Some(0),
        }]
    }

    #[test]
    fn many_are_judged_as_each_is_alone() {
        let names: Vec<GroupId> = (0..MANY + 7).map(|number| format!("g{number}").as_str().into()).collect();
        let (mut windows, rules) = (Windows::default(), Rules::default());
        for look in 0..10 {
            for (index, name) in names.iter().enumerate() {
                windows.look(name, &rows(look, index), Time(look * 10_000));
            }
        }
        let (now, numbered) = (Time(92_000), names.iter().enumerate().collect::<Vec<_>>());
        let all =
            judge_all(&windows, &numbered, now, &rules, |judging, (index, name)| judging.of(name, &rows(9, *index)));
        let alone: Vec<_> =
            numbered.iter().map(|(index, name)| windows.judging(now, &rules).of(name, &rows(9, *index))).collect();
        assert!(all == alone && all[0] != all[1]);
    }
}
