//! What can be asked of a cluster and changed in it, one file per noun.
//!
//! Owns: how a question about topics, groups or offsets becomes requests, grouped
//! by the broker that answers, and how the answers become types of `domain`.
//! Must not know: connections, profiles, the screen.
//! Invariant: what a broker did not answer is in the failures, never left out.

pub mod configs;
mod coordinated;
pub mod groups;
mod leaders;
pub mod log_dirs;
pub mod offsets;
pub mod producers;
#[cfg(test)]
pub(crate) mod tests;
pub mod topics;
pub mod transactions;

pub(super) use leaders::Leaders;

use crate::domain::{Failure, FailureKind, TopicName, TopicPartition};
use crate::kafka::wire::failure_of_code;
use kafka_protocol::protocol::StrBytes;

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

/// The failure for something that was asked for and is not in the answer.
pub(super) fn left_out(operation: &str) -> Failure {
    Failure::new(FailureKind::Malformed, operation, "the broker left it out of its answer")
}

/// The failure for an error code, with what the broker says about it.
fn explained(code: i16, said: Option<&StrBytes>, operation: &str) -> Failure {
    let mut failure = failure_of_code(code, operation);
    if let Some(said) = said.filter(|said| !said.is_empty()) {
        failure.message = format!("{} ({})", failure.message, said.trim_end_matches('.'));
    }
    failure
}

/// One shared allocation per name within one answer: topics repeat for every group.
#[derive(Default)]
struct TopicNames(foldhash::HashSet<TopicName>);

impl TopicNames {
    fn get(&mut self, name: &str) -> TopicName {
        if let Some(known) = self.0.get(name) {
            return known.clone();
        }
        let name = TopicName::from(name);
        self.0.insert(name.clone());
        name
    }

    fn partition(&mut self, name: &str, partition: i32) -> TopicPartition {
        TopicPartition::new(self.get(name), partition)
    }
}
