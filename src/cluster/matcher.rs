//! Whether a record meets a query, as cheaply as that can be known.
//!
//! Invariant: a record is decoded only when its bytes do not say that it cannot meet
//! the query; the schemas that it names were asked for beforehand.

use super::named::{Named, header_bytes, names_a_schema};
use super::schemas::Schemas;
use crate::decode::{self, TopicView};
use crate::domain::mask::Masks;
use crate::domain::query::{AskedParts, Condition, Field, Literal, Need, Part, Query, Subject, Truth, truth};
use crate::domain::record::{Decoded, DecodedRecord, Header, ReadAs, Record, ViewAs};
use crate::domain::{Offset, PartitionId, Time, TopicName};
use crate::kafka::fetch::Batch;
use std::cell::OnceCell;
use std::fmt;
use std::sync::{Arc, LazyLock};

pub(super) struct Matcher {
    query: Query,
    need: Need,
    asked: AskedParts,
    /// The query asks for what only a decoded value has.
    looks_inside: bool,
    view: ReadAs,
    by_bytes: TopicView,
    schemas: Arc<Schemas>,
    /// Something of the topic is masked. What nobody may see is not found either: the
    /// search would tell it.
    masks: Option<Masks>,
}

impl fmt::Debug for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Matcher({})", self.query)
    }
}

impl Matcher {
    pub(super) fn new(query: Query, topic: &TopicName, view: ReadAs, schemas: Arc<Schemas>, masks: &Masks) -> Self {
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
        Self {
            need: Need::of(&query),
            asked: AskedParts::of(&query),
            query,
            looks_inside,
            view,
            by_bytes: TopicView::new(topic.as_str(), view, &*schemas),
            schemas,
            masks: masks.touch(topic.as_str()).then(|| masks.clone()),
        }
    }

    /// May these bytes, of one record or of many, hold one that meets the query, as far
    /// as bytes say what they mean?
    pub(super) fn may_be_in(&self, bytes: &[u8]) -> bool {
        self.masks.is_some() || self.need.may_be_in(bytes)
    }

    /// Do these bytes not say what they mean? Headers, as they were written, may name a
    /// schema, too.
    pub(super) fn is_opaque(&self, key: Option<&[u8]>, value: Option<&[u8]>, headers: &[u8]) -> bool {
        let is_opaque = |part, bytes| match self.looks_inside {
            true => self.by_bytes.part(part).is_opaque(bytes),
            false => self.by_bytes.part(part).reads_differently(bytes),
        };
        key.is_some_and(|key| is_opaque(Part::Key, key))
            || value.is_some_and(|value| is_opaque(Part::Value, value))
            || names_a_schema(headers)
    }

    /// The records of a batch whose own bytes leave it open whether they meet the query.
    pub(super) fn candidates(&self, batch: &Batch) -> Vec<usize> {
        (0..batch.len()).filter(|index| self.may_meet(batch, *index)).collect()
    }

    fn may_meet(&self, batch: &Batch, index: usize) -> bool {
        if self.need == Need::Nothing || self.masks.is_some() {
            return true;
        }
        let headers = header_bytes(batch, index);
        batch.bytes(index).is_some_and(|bytes| self.may_be_in(bytes))
            || self.is_opaque(batch.key(index).flatten(), batch.value(index).flatten(), headers)
    }

    /// The schemas that these records name, where one of them is not known yet.
    pub(super) fn lacks(&self, batch: &Batch, indexes: &[usize]) -> Option<Named> {
        let mut named = Named::default();
        indexes.iter().for_each(|index| named.add(batch, *index));
        Some(named).filter(|named| self.schemas.lacks(named))
    }

    pub(super) async fn resolve(&self, named: Named) {
        self.schemas.resolve(named).await;
    }

    pub(super) fn truth(&self, batch: &Batch, index: usize) -> Truth {
        let at = Looked {
            matcher: self,
            batch,
            index,
            record: OnceCell::new(),
            key: OnceCell::new(),
            value: OnceCell::new(),
            whole: OnceCell::new(),
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
    /// Its parts, as far as the query asks for them.
    key: OnceCell<Option<Decoded>>,
    value: OnceCell<Option<Decoded>>,
    /// As people may see it, where something is masked.
    whole: OnceCell<Option<DecodedRecord>>,
}

/// What a part reads as that is not there.
static NOTHING: LazyLock<Decoded> = LazyLock::new(|| decode::decode(None, ViewAs::Auto, &decode::NoSchemas));

impl Looked<'_> {
    fn record(&self) -> Option<&Record> {
        self.record.get_or_init(|| self.batch.record(self.index)).as_ref()
    }

    fn whole(&self) -> Option<&DecodedRecord> {
        let Matcher { view, schemas, masks, .. } = self.matcher;
        let read = || {
            let mut whole = decode::decode_record(self.record()?.clone(), *view, &**schemas);
            masks.iter().for_each(|masks| masks.apply(&mut whole));
            Some(whole)
        };
        self.whole.get_or_init(read).as_ref()
    }

    /// The record as people may see it, not decoded where nothing is masked.
    fn seen(&self) -> Option<&Record> {
        match self.matcher.masks {
            Some(_) => self.whole().map(|whole| &whole.record),
            None => self.record(),
        }
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
        match (part, &self.matcher.masks) {
            (Part::Key, None) => self.batch.key(self.index).flatten(),
            (Part::Value, None) => self.batch.value(self.index).flatten(),
            (Part::Key, Some(_)) => self.seen()?.key.as_deref(),
            (Part::Value, Some(_)) => self.seen()?.value.as_deref(),
        }
    }

    fn is_plain(&self, part: Part) -> bool {
        self.matcher.masks.is_none()
            && self.bytes(part).is_none_or(|bytes| self.matcher.by_bytes.part(part).is_plain(bytes))
            && !names_a_schema(header_bytes(self.batch, self.index))
    }

    fn decoded(&self, part: Part) -> &Decoded {
        if self.matcher.masks.is_some() {
            return self.whole().map_or(&*NOTHING, |whole| match part {
                Part::Key => &whole.key,
                Part::Value => &whole.value,
            });
        }
        let cell = match part {
            Part::Key => &self.key,
            Part::Value => &self.value,
        };
        let Matcher { view, schemas, asked, .. } = self.matcher;
        cell.get_or_init(|| {
            let record = self.record()?;
            Some(decode::decode_asked(record, part, *view, &**schemas, asked.part(part)))
        })
        .as_ref()
        .unwrap_or(&NOTHING)
    }

    fn headers(&self) -> &[Header] {
        if !self.batch.has_headers(self.index) {
            return &[];
        }
        self.seen().map_or(&[], |record| &record.headers)
    }
}
