//! How the batches of a topic are compressed.

use crate::domain::compression::CompressionReport;
use crate::domain::{Partial, TopicName};
use crate::tui::app::remote::Remote;

#[derive(Debug)]
pub struct CompressionDialog {
    pub topic: TopicName,
    pub report: Remote<Partial<CompressionReport>>,
    pub scroll: usize,
}

impl CompressionDialog {
    pub fn new(topic: TopicName) -> Self {
        let mut report = Remote::default();
        report.begin();
        Self { topic, report, scroll: 0 }
    }
}
