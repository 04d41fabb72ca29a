//! What a share group was given of a partition, and what became of it.
//!
//! Owns which records are with whom. Must not know logs, members and the wire.
//! Invariant: no more than [`MAX_IN_FLIGHT`] records are remembered, and none of them lies
//! before where the group begins.

use crate::domain::{Offset, Time};
use std::collections::BTreeMap;

/// As in Kafka (`group.share.partition.max.record.locks`).
const MAX_IN_FLIGHT: i64 = 2_000;
/// How long a record is with a member that says nothing of it, in milliseconds.
pub(super) const LOCK_MS: i32 = 30_000;

/// What a member says of a record; the numbers are the protocol's.
const RELEASE: i8 = 2;

/// Records that a member was given together: the first, the last, and how often they were
/// given by now.
pub(super) type Acquired = (Offset, Offset, i16);

#[derive(Debug)]
enum Fate {
    With {
        member: String,
        until: Time,
    },
    /// It was given back: somebody else gets it.
    Free,
    /// Acknowledged, rejected, or no record at all.
    Done,
}

/// The records of one partition from where the group begins up to the last that was given.
#[derive(Debug, Default)]
pub(super) struct Deliveries {
    records: BTreeMap<Offset, (Fate, i16)>,
}

impl Deliveries {
    /// The first offset from `start` on that nobody has.
    pub(super) fn next(&mut self, start: Offset, now: Time) -> Offset {
        self.records = self.records.split_off(&start);
        for (fate, _) in self.records.values_mut() {
            if matches!(fate, Fate::With { until, .. } if *until <= now) {
                *fate = Fate::Free;
            }
        }
        let free = self.records.iter().find(|(_, (fate, _))| matches!(fate, Fate::Free));
        match (free, self.records.last_key_value()) {
            (Some((offset, _)), _) => *offset,
            (None, Some((last, _))) => last + 1,
            (None, None) => start,
        }
    }

    /// Gives a member what nobody has of the records from `first` up to but not with `end`.
    pub(super) fn acquire(&mut self, member: &str, (first, end): (Offset, Offset), now: Time) -> Vec<Acquired> {
        let start = self.records.first_key_value().map_or(first, |(start, _)| *start);
        let mut given: Vec<Acquired> = Vec::new();
        for offset in first..end.min(start.saturating_add(MAX_IN_FLIGHT)) {
            let (fate, count) = self.records.entry(offset).or_insert((Fate::Free, 0));
            if !matches!(fate, Fate::Free) {
                continue;
            }
            *count = count.saturating_add(1);
            *fate = Fate::With { member: member.to_owned(), until: now.plus_millis(LOCK_MS.into()) };
            match given.last_mut() {
                Some((_, last, times)) if *last + 1 == offset && times == count => *last = offset,
                _ => given.push((offset, offset, *count)),
            }
        }
        given
    }

    /// Takes what a member says of the records `first` to `last`: of all the same, or of each.
    /// False where they are not with it.
    pub(super) fn acknowledge(&mut self, member: &str, (first, last): (Offset, Offset), says: &[i8]) -> bool {
        let is_with = |fate: &Fate| matches!(fate, Fate::With { member: holder, .. } if holder == member);
        let count = last.saturating_sub(first).saturating_add(1);
        let all = usize::try_from(count).unwrap_or(0);
        let theirs = self.records.range(first..=last.max(first)).filter(|(_, (fate, _))| is_with(fate)).count();
        if all == 0 || theirs != all || !(says.len() == 1 || says.len() == all) {
            return false;
        }
        let words = says.iter().cycle().take(all);
        for ((_, (fate, _)), word) in self.records.range_mut(first..=last).zip(words) {
            *fate = if *word == RELEASE { Fate::Free } else { Fate::Done };
        }
        true
    }

    /// What a member has it gives back.
    pub(super) fn release(&mut self, member: &str) {
        for (fate, _) in self.records.values_mut() {
            if matches!(fate, Fate::With { member: holder, .. } if holder == member) {
                *fate = Fate::Free;
            }
        }
    }

    /// Where the group begins now, if it began at `start`.
    pub(super) fn begins(&mut self, mut start: Offset) -> Offset {
        while let Some(entry) = self.records.first_entry() {
            if *entry.key() != start || !matches!(entry.get().0, Fate::Done) {
                break;
            }
            entry.remove();
            start += 1;
        }
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time(1_000_000);

    #[test]
    fn what_is_acknowledged_in_order_moves_the_beginning() {
        let mut all = Deliveries::default();
        assert_eq!(all.acquire("a", (5, 9), NOW), [(5, 8, 1)]);
        assert_eq!((all.next(5, NOW), all.begins(5)), (9, 5));
        assert!(all.acknowledge("a", (6, 7), &[1]));
        assert_eq!(all.begins(5), 5, "the first is still with somebody");
        assert!(all.acknowledge("a", (5, 5), &[3]));
        assert_eq!(all.begins(5), 8);
        assert!(!all.acknowledge("b", (8, 8), &[1]), "it is with another");
        assert!(!all.acknowledge("a", (8, 9), &[1]), "one of them was never given");
        assert!(!all.acknowledge("a", (9, 8), &[1]) && !all.acknowledge("a", (i64::MIN, i64::MAX), &[1]));
    }

    #[test]
    fn what_is_given_back_or_forgotten_is_given_again() {
        let mut all = Deliveries::default();
        all.acquire("a", (0, 3), NOW);
        assert!(all.acknowledge("a", (0, 2), &[1, 2, 1]));
        let start = all.begins(0);
        assert_eq!((start, all.next(start, NOW)), (1, 1));
        assert_eq!(all.acquire("b", (1, 5), NOW), [(1, 1, 2), (3, 4, 1)]);
        all.release("b");
        assert_eq!(all.acquire("c", (1, 5), NOW), [(1, 1, 3), (3, 4, 2)]);
        let later = NOW.plus_millis(i64::from(LOCK_MS));
        assert_eq!((all.next(1, NOW), all.next(1, later)), (5, 1), "its time is over");
        assert_eq!(all.next(7, later), 7, "nothing is remembered before the beginning");
    }

    #[test]
    fn a_window_is_bounded() {
        let mut all = Deliveries::default();
        assert_eq!(all.acquire("a", (0, i64::MAX), NOW), [(0, MAX_IN_FLIGHT - 1, 1)]);
        assert!(all.acquire("a", (MAX_IN_FLIGHT, MAX_IN_FLIGHT + 5), NOW).is_empty());
    }
}
