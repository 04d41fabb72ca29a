//! How many partitions a topic should have.

use crate::domain::TopicName;
use crate::domain::partition_plan::{PartitionReport, PartitionWish};
use crate::tui::app::remote::Remote;

#[derive(Debug)]
pub struct PartitionsDialog {
    pub topic: TopicName,
    pub wish: PartitionWish,
    pub report: Remote<PartitionReport>,
    /// The choice under the cursor.
    pub cursor: usize,
    /// Offset 0 shall be committed in the new partitions for groups without members.
    pub wants_zero: bool,
}

impl PartitionsDialog {
    pub fn new(topic: TopicName, wish: PartitionWish) -> Self {
        let mut report = Remote::default();
        report.begin();
        Self { topic, wish, report, cursor: 0, wants_zero: false }
    }

    /// The choice to look at first.
    pub fn recommended(&self) -> usize {
        self.report.value().and_then(|report| report.recommended).unwrap_or(0)
    }

    pub fn choices(&self) -> usize {
        self.report.value().map_or(0, |report| report.choices.len())
    }

    /// Groups that can be given offset 0.
    pub fn zero_groups(&self) -> usize {
        self.report.value().map_or(0, |report| report.zero.groups.len())
    }

    /// It is wanted, and there is a group to do it for.
    pub fn commits_zero(&self) -> bool {
        self.wants_zero && self.zero_groups() > 0
    }

    /// The count under the cursor.
    pub fn chosen(&self) -> Option<i32> {
        self.report.value()?.choices.get(self.cursor).map(|choice| choice.partitions)
    }
}
