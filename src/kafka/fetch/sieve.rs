//! Leaving out on the way what is not wanted, where the bytes are still warm.
//!
//! A sieve is asked on the threads that unpack answers, from the cheapest look to the
//! dearest: a batch by its header, a block of records by its bytes, a record, and at last
//! the batch that is left. Invariant: in a partition its questions come by offset.

use super::Batch;
use crate::domain::{Offset, PartitionId};
use std::fmt::Debug;
use std::sync::Arc;

/// Says which records are wanted.
pub trait Sieve: Debug + Send + Sync {
    /// May records of this batch be wanted? Asked before it is decompressed.
    fn wants(&self, outline: &Outline) -> bool;
    /// May these bytes, which are those of one record or of many, hold what is wanted?
    fn may_be_in(&self, block: &[u8]) -> bool;
    /// Where they do not: may this record be wanted nevertheless, since its bytes do not
    /// say what they mean? `headers` are as they were written, with their count.
    fn is_opaque(&self, key: Option<&[u8]>, value: Option<&[u8]>, headers: &[u8]) -> bool;
    /// What is wanted of a batch: of the records that may be by their bytes, or of all where
    /// it [is of a version before](Batch::is_legacy). It may wait for something.
    fn sift(&self, batch: &Arc<Batch>) -> Option<Arc<Batch>>;
    /// A part of an answer is done with.
    fn passed(&self, passed: &Passed);
}

/// A batch's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outline {
    pub partition: PartitionId,
    pub last_offset: Offset,
    /// The latest of its records' times in milliseconds; −1 where they have none.
    pub max_timestamp: i64,
}

/// What was read of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passed {
    pub partition: PartitionId,
    /// Where reading goes on.
    pub next_offset: Offset,
    /// Records that were looked at.
    pub seen: u64,
    /// Records of batches that were not wanted.
    pub skipped: u64,
    /// As they came off the wire.
    pub bytes: u64,
}
