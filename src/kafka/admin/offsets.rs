//! Offsets: where logs begin and end, what groups committed, and changing that.

mod change;
mod committed;
mod epochs;
mod listed;
mod share;

pub use change::{BATCH, CommitRow, commit, delete};
pub use committed::{Offsets, committed};
pub use epochs::{EpochEnd, epoch_end};
pub use listed::{Listed, ListedOffset, OffsetAt, list};
pub use share::{ShareOffset, ShareOffsets, delete_starts, set_starts, share_offsets};
