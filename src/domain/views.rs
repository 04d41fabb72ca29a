//! What many records say together: how many there are of each value, in each time, of
//! each size and key.
//!
//! Invariant: memory is bounded whatever the records hold, and what was not counted
//! apart is said.

mod causes;
mod counted;
mod fields;
mod latest;
mod over_time;
mod spread;

pub use causes::{Cause, CauseKey, Causes, Stretches};
pub use counted::{Counted, MOST_VALUES};
pub use fields::{FieldNames, word_at_end};
pub use latest::{Latest, LatestOfKeys};
pub use over_time::{Bucket, OverTime};
pub use spread::{KeySpread, PartitionKeys};
