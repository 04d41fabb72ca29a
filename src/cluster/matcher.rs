//! Whether a record meets a query, as cheaply as that can be known.
//!
//! Invariant: a record is decoded only when its bytes do not say that it cannot meet
//! the query; the schemas that it names were asked for beforehand.

use super::schemas::Schemas;
use crate::decode;
use crate::domain::query::{Condition, Field, Literal, Need, Part, Query, Subject, Truth, truth};
use crate::domain::record::{Decoded, Header, Record, ViewAs};
use crate::domain::{Offset, PartitionId, Time};
use crate::kafka::fetch::Batch;
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

pub(super) struct Matcher {
    query: Query,
    need: Need,
    /// The query asks for what only a decoded value has.
    looks_inside: bool,
    view: ViewAs,
    schemas: Arc<Schemas>,
}

impl fmt::Debug for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Matcher({})", self.query)
    }
}

impl Matcher {
    pub(super) fn new(query: Query, view: ViewAs, schemas: Arc<Schemas>) -> Self {
        let looks_inside = query.tests().into_iter().any(|test| {
            let asks_number = |literals: &[Literal]| literals.iter().any(|one| matches!(one, Literal::Number(_)));
            match (&test.field, &test.condition) {
                (Field::Key(path) | Field::Value(path), _) if !path.0.is_empty() => true,
                (Field::Key(_) | Field::Value(_), Condition::Compare(_, literal)) => {
                    asks_number(std::slice::from_ref(literal))
                }
                (Field::Key(_) | Field::Value(_), Condition::In(literals)) => asks_number(literals),
                _ => false,
            }
        });
        Self { need: Need::of(&query), query, looks_inside, view, schemas }
    }

    /// May these bytes, of one record or of many, hold one that meets the query, as far
    /// as bytes say what they mean?
    pub(super) fn may_be_in(&self, bytes: &[u8]) -> bool {
        self.need.may_be_in(bytes)
    }

    /// Do these bytes not say what they mean?
    pub(super) fn is_opaque(&self, key: Option<&[u8]>, value: Option<&[u8]>) -> bool {
        let is_opaque = |bytes| match self.looks_inside {
            true => decode::is_opaque(bytes, self.view),
            false => decode::reads_differently(bytes, self.view),
        };
        key.is_some_and(is_opaque) || value.is_some_and(is_opaque)
    }

    /// Does the record's own bytes leave it open whether it meets the query?
    pub(super) fn may_meet(&self, batch: &Batch, index: usize) -> bool {
        self.need == Need::Nothing
            || batch.bytes(index).is_some_and(|bytes| self.may_be_in(bytes))
            || self.is_opaque(batch.key(index).flatten(), batch.value(index).flatten())
    }

    /// The schemas that a record which may meet the query names.
    pub(super) fn ids(&self, batch: &Batch, index: usize) -> impl Iterator<Item = i32> {
        [batch.key(index), batch.value(index)].into_iter().flatten().flatten().filter_map(decode::schema_id)
    }

    pub(super) fn lacks(&self, ids: &BTreeSet<i32>) -> bool {
        !ids.is_empty() && self.schemas.lacks(ids)
    }

    pub(super) async fn resolve(&self, ids: BTreeSet<i32>) {
        self.schemas.resolve(ids).await;
    }

    pub(super) fn truth(&self, batch: &Batch, index: usize) -> Truth {
        let at = Looked {
            matcher: self,
            batch,
            index,
            record: OnceCell::new(),
            key: OnceCell::new(),
            value: OnceCell::new(),
        };
        truth(&self.query, &at)
    }
}

/// A record that is looked at.
struct Looked<'a> {
    matcher: &'a Matcher,
    batch: &'a Batch,
    index: usize,
    record: OnceCell<Option<Record>>,
    key: OnceCell<Decoded>,
    value: OnceCell<Decoded>,
}

impl Looked<'_> {
    fn record(&self) -> Option<&Record> {
        self.record.get_or_init(|| self.batch.record(self.index)).as_ref()
    }
}

impl Subject for Looked<'_> {
    fn topic(&self) -> &str {
        self.batch.topic().as_str()
    }

    fn partition(&self) -> PartitionId {
        self.batch.partition()
    }

    fn offset(&self) -> Offset {
        self.batch.offset(self.index).unwrap_or(-1)
    }

    fn timestamp(&self) -> Time {
        self.batch.timestamp(self.index).unwrap_or_default()
    }

    fn bytes(&self, part: Part) -> Option<&[u8]> {
        match part {
            Part::Key => self.batch.key(self.index).flatten(),
            Part::Value => self.batch.value(self.index).flatten(),
        }
    }

    fn is_plain(&self, part: Part) -> bool {
        self.bytes(part).is_none_or(|bytes| decode::is_plain(bytes, self.matcher.view))
    }

    fn decoded(&self, part: Part) -> &Decoded {
        let Matcher { view, schemas, .. } = self.matcher;
        match part {
            Part::Key => self.key.get_or_init(|| {
                let key = self.record().and_then(|record| record.key.as_ref());
                decode::decode(key, *view, &**schemas)
            }),
            Part::Value => self.value.get_or_init(|| {
                let value = self.record().and_then(|record| record.value.as_ref());
                decode::decode(value, *view, &**schemas)
            }),
        }
    }

    fn headers(&self) -> &[Header] {
        if !self.batch.has_headers(self.index) {
            return &[];
        }
        self.record().map_or(&[], |record| &record.headers)
    }
}
