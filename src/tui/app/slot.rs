//! Where requests run, one at a time each.
//!
//! Invariant: an answer counts only if its generation is the slot's; starting
//! or cancelling a slot makes every earlier answer late.

use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Slot {
    Connect,
    Metadata,
    TopicLogs,
    Brokers,
    Groups,
    TopicConfigs,
    /// What is set for topics and brokers, in the background.
    Overrides,
    TopicGroups,
    Group,
    TopicOrder,
    GroupOrder,
    Find,
    Records,
    Decode,
    /// Counts what is kept of records.
    Stats,
    Plan,
    /// Names of schemas that a record may be written by.
    Subjects,
    PartitionReport,
    Compression,
    Apply,
    /// Writes records to a file.
    Export,
    LookAgain,
    WaitEmpty,
    Journal,
    /// What the cluster shows of an unfinished change.
    LookInto,
    Settle,
    Unlock,
    SwitchBroker,
    ReadFile,
    SaveFile,
    /// Reading and changing the file with the profiles.
    ProfileFile,
    /// Whether the files that a form names are there.
    ProfileCheck,
    ProfileTest,
    /// Takes the oldest toast away.
    Toast,
    /// Looks whether an answer is overdue.
    Overdue,
}

impl Slot {
    pub const ALL: [Slot; 35] = [
        Slot::Connect,
        Slot::Metadata,
        Slot::TopicLogs,
        Slot::Brokers,
        Slot::Groups,
        Slot::TopicConfigs,
        Slot::Overrides,
        Slot::TopicGroups,
        Slot::Group,
        Slot::TopicOrder,
        Slot::GroupOrder,
        Slot::Find,
        Slot::Records,
        Slot::Decode,
        Slot::Stats,
        Slot::Plan,
        Slot::Subjects,
        Slot::PartitionReport,
        Slot::Compression,
        Slot::Apply,
        Slot::Export,
        Slot::LookAgain,
        Slot::WaitEmpty,
        Slot::Journal,
        Slot::LookInto,
        Slot::Settle,
        Slot::Unlock,
        Slot::SwitchBroker,
        Slot::ReadFile,
        Slot::SaveFile,
        Slot::ProfileFile,
        Slot::ProfileCheck,
        Slot::ProfileTest,
        Slot::Toast,
        Slot::Overdue,
    ];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Generation(u64);

#[derive(Debug, Default)]
pub struct Slots {
    generations: BTreeMap<Slot, (Generation, bool)>,
}

impl Slots {
    /// A new generation; whatever ran before is late from now on.
    pub fn start(&mut self, slot: Slot) -> Generation {
        let entry = self.generations.entry(slot).or_default();
        entry.0.0 += 1;
        entry.1 = true;
        entry.0
    }

    /// Returns whether something was running.
    pub fn cancel(&mut self, slot: Slot) -> bool {
        let entry = self.generations.entry(slot).or_default();
        entry.0.0 += 1;
        std::mem::take(&mut entry.1)
    }

    /// The running request has answered for the last time.
    pub fn finish(&mut self, slot: Slot) {
        if let Some(entry) = self.generations.get_mut(&slot) {
            entry.1 = false;
        }
    }

    pub fn is_current(&self, slot: Slot, generation: Generation) -> bool {
        self.generations.get(&slot) == Some(&(generation, true))
    }

    pub fn is_running(&self, slot: Slot) -> bool {
        self.generations.get(&slot).is_some_and(|(_, running)| *running)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restart_makes_the_earlier_answer_late_in_every_slot() {
        for slot in Slot::ALL {
            let mut slots = Slots::default();
            let first = slots.start(slot);
            assert!(slots.is_current(slot, first));
            let second = slots.start(slot);
            assert!(!slots.is_current(slot, first) && slots.is_current(slot, second), "{slot:?}");
            assert!(slots.cancel(slot));
            assert!(!slots.is_current(slot, second) && !slots.is_running(slot), "{slot:?}");
        }
    }
}
