//! Offsets: where logs begin and end, what groups committed, and changing that.

mod change;
mod committed;
mod epochs;
mod listed;

pub use change::{BATCH, CommitRow, commit, delete};
pub use committed::{Offsets, committed};
pub use epochs::{EpochEnd, epoch_end};
pub use listed::{Listed, ListedOffset, OffsetAt, list};
