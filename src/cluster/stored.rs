//! Records as they are stored, for files and not for eyes.

use super::{Cluster, RecordRef};
use crate::domain::record::Record;

impl Cluster {
    /// The record's own bytes, without the profile's masks: whoever asks has looked at
    /// those, or was told to go without.
    pub fn stored(&self, reference: &RecordRef) -> Option<Record> {
        reference.record()
    }
}
