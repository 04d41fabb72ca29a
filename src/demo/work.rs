//! What members hold where the broker assigns: partitions of topics, or tasks.

use std::collections::BTreeSet;

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
