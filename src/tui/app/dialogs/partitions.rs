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
}

impl PartitionsDialog {
    pub fn new(topic: TopicName, wish: PartitionWish) -> Self {
        let mut report = Remote::default();
        report.begin();
        Self { topic, wish, report, cursor: 0 }
    }
}

impl PartitionsDialog {
    /// The choice to look at first.
    pub fn recommended(&self) -> usize {
        self.report.value().and_then(|report| report.recommended).unwrap_or(0)
    }

    pub fn choices(&self) -> usize {
        self.report.value().map_or(0, |report| report.choices.len())
    }

    /// The count under the cursor.
    pub fn chosen(&self) -> Option<i32> {
        self.report.value()?.choices.get(self.cursor).map(|choice| choice.partitions)
    }
}
