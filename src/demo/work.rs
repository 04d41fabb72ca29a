//! What members hold where the broker assigns, partitions of topics or tasks, and how it is
//! dealt.
//!
//! Owns who shall hold what. When a member takes it over is in `assigning`; this knows
//! neither time nor wire.

use std::collections::{BTreeMap, BTreeSet};

/// A partition of a topic; in a streams group that of a subtopology, which is a task.
pub(super) type Piece = (String, i32);

/// What a member holds, or shall hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Holding {
    pub(super) active: BTreeSet<Piece>,
    /// Of streams groups, as the next: copies of stores that are kept ready.
    pub(super) standby: BTreeSet<Piece>,
    /// Copies that are being built where their task will move.
    pub(super) warmup: BTreeSet<Piece>,
}

/// A member as the broker that assigns to it knows it.
#[derive(Clone, Debug, Default)]
pub(super) struct Work {
    /// The epoch of the assignment it has taken over.
    pub(super) epoch: i32,
    pub(super) rack: Option<String>,
    pub(super) topics: Vec<String>,
    pub(super) pattern: Option<String>,
    /// What it was told to hold.
    pub(super) held: Holding,
    /// The partitions or active tasks that it says it holds.
    pub(super) owned: BTreeSet<Piece>,
    pub(super) target: Holding,
    /// Of a member of a streams group.
    pub(super) process: Process,
}

/// The process that a member of a streams group is part of.
#[derive(Clone, Debug, Default)]
pub(super) struct Process {
    pub(super) id: String,
    pub(super) endpoint: Option<(String, u16)>,
    pub(super) tags: Vec<(String, String)>,
    pub(super) topology_epoch: i32,
}

/// The pieces by topic or subtopology, in order.
pub(super) fn by_name(pieces: &BTreeSet<Piece>) -> Vec<(&str, Vec<i32>)> {
    let mut all: Vec<(&str, Vec<i32>)> = Vec::new();
    for (name, partition) in pieces {
        match all.last_mut() {
            Some((last, partitions)) if *last == name => partitions.push(*partition),
            _ => all.push((name, vec![*partition])),
        }
    }
    all
}

/// Everybody's share of `pieces`, as even as can be, where each may be `held` by one of
/// those that `may` hold it. What a member has already it keeps while its share allows.
pub(super) fn deal<'a>(
    pieces: &BTreeSet<Piece>,
    members: &BTreeMap<&'a str, &BTreeSet<Piece>>,
    may: impl Fn(&str, &Piece) -> bool,
) -> BTreeMap<&'a str, BTreeSet<Piece>> {
    let mut dealt: BTreeMap<&str, BTreeSet<Piece>> = members.keys().map(|id| (*id, BTreeSet::new())).collect();
    let count = members.len().max(1);
    let (each, mut more) = (pieces.len() / count, pieces.len() % count);
    let mut left = pieces.clone();
    for (id, has) in members {
        let keeps: Vec<&Piece> = has.iter().filter(|piece| left.contains(*piece) && may(id, piece)).collect();
        let room = each + usize::from(more > 0 && keeps.len() > each);
        more -= room - each;
        let keeps: BTreeSet<Piece> = keeps.into_iter().take(room).cloned().collect();
        left.retain(|piece| !keeps.contains(piece));
        dealt.insert(id, keeps);
    }
    for piece in left {
        let poorest = dealt.iter_mut().filter(|(id, _)| may(id, &piece)).min_by_key(|(_, has)| has.len());
        if let Some((_, has)) = poorest {
            has.insert(piece);
        }
    }
    dealt
}

/// Who keeps copies of which stores: for each as many members as are asked for, of other
/// processes than the one that runs its task, those first that keep least.
pub(super) fn copies<'a>(
    stores: &BTreeSet<Piece>,
    active: &BTreeMap<&'a str, BTreeSet<Piece>>,
    processes: &BTreeMap<&'a str, &str>,
    count: usize,
) -> BTreeMap<&'a str, BTreeSet<Piece>> {
    let mut kept: BTreeMap<&str, BTreeSet<Piece>> = active.keys().map(|id| (*id, BTreeSet::new())).collect();
    for store in stores {
        let runs = active.iter().find(|(_, has)| has.contains(store)).map(|(id, _)| *id);
        let mut taken: BTreeSet<Option<&&str>> = runs.map(|id| processes.get(id)).into_iter().collect();
        for _ in 0..count {
            let free = kept.iter_mut().filter(|(id, _)| !taken.contains(&processes.get(*id)));
            let Some((id, has)) = free.min_by_key(|(_, has)| has.len()) else { break };
            has.insert(store.clone());
            taken.insert(processes.get(id));
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(range: std::ops::Range<i32>) -> BTreeSet<Piece> {
        range.map(|partition| ("t".to_owned(), partition)).collect()
    }

    #[test]
    fn shares_are_even_and_what_one_has_stays() {
        let (none, all) = (BTreeSet::new(), pieces(0..5));
        let members = BTreeMap::from([("a", &all), ("b", &none)]);
        let dealt = deal(&all, &members, |_, _| true);
        assert_eq!((dealt["a"].clone(), dealt["b"].clone()), (pieces(0..3), pieces(3..5)));
        let members = BTreeMap::from([("a", &dealt["a"]), ("b", &dealt["b"]), ("c", &none)]);
        let again = deal(&all, &members, |_, _| true);
        let kept = |id: &str| again[id].is_subset(&dealt[id]);
        assert!(kept("a") && kept("b"), "{again:?}");
        let mut sizes: Vec<usize> = again.values().map(BTreeSet::len).collect();
        sizes.sort_unstable();
        assert_eq!(sizes, [1, 2, 2]);
        let alone = deal(&all, &members, |id, _| id == "c");
        assert_eq!((alone["a"].len(), alone["c"].len()), (0, 5), "only who may hold it");
        assert_eq!(by_name(&pieces(1..3)), [("t", vec![1, 2])]);
    }

    #[test]
    fn copies_are_kept_by_other_processes_only() {
        let (one, two) = (pieces(0..2), pieces(2..4));
        let active = BTreeMap::from([("a", one.clone()), ("b", two.clone()), ("c", BTreeSet::new())]);
        let processes = BTreeMap::from([("a", "p"), ("b", "q"), ("c", "q")]);
        let kept = copies(&pieces(0..4), &active, &processes, 1);
        assert_eq!(kept["a"], two, "of what another process runs");
        assert_eq!((kept["b"].len(), kept["c"].len()), (1, 1));
        let many = copies(&pieces(0..4), &active, &processes, 9);
        assert_eq!(many.values().map(BTreeSet::len).sum::<usize>(), 4, "as many as there are other processes");
        assert!(copies(&pieces(0..4), &active, &processes, 0).values().all(BTreeSet::is_empty));
    }
}
