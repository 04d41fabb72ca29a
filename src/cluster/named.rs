//! Which schemas records name, so that they can be asked for before anything is decoded.

use crate::decode;
use crate::kafka::fetch::Batch;
use memchr::memmem::Finder;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Stands in the name of each header that names a schema.
static SCHEMA_ID: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"_schema_id"));

/// Names of schemas in records: by a number before the payload, and by a number or a
/// GUID in a header.
#[derive(Debug, Default)]
pub(super) struct Named {
    pub(super) ids: BTreeSet<i32>,
    pub(super) guids: BTreeSet<u128>,
}

impl Named {
    pub(super) fn add(&mut self, batch: &Batch, index: usize) {
        for bytes in [batch.key(index), batch.value(index)].into_iter().flatten().flatten() {
            self.add_frame(bytes);
            decode::unpacked(bytes).iter().for_each(|plain| self.add_frame(plain));
        }
        // Headers are taken apart only where one of them may name a schema.
        if names_a_schema(header_bytes(batch, index))
            && let Some(record) = batch.record(index)
        {
            self.ids.extend(decode::header_schema_ids(&record.headers));
            self.guids.extend(decode::schema_guids(&record.headers));
        }
    }

    /// What stands before a payload.
    fn add_frame(&mut self, bytes: &[u8]) {
        self.ids.extend(decode::schema_id(bytes));
        self.guids.extend(decode::schema_guid(bytes));
    }
}

/// Bytes that hold the record's headers; none where it has none.
pub(super) fn header_bytes(batch: &Batch, index: usize) -> &[u8] {
    if batch.has_headers(index) { batch.bytes(index).unwrap_or_default() } else { &[] }
}

/// May one of these headers, as they were written, name a schema?
pub(super) fn names_a_schema(headers: &[u8]) -> bool {
    !headers.is_empty() && SCHEMA_ID.find(headers).is_some()
}
