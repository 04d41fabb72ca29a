//! The shapes of requests, walked before anything is decoded.
//!
//! The codec allocates for as many elements as an array's length claims. This
//! walk follows each request field by field and refuses claims that the rest of
//! the frame cannot hold, so that a few hostile bytes cannot take the process's
//! memory.
//! Invariant: what passes holds at most [`MAX_ELEMENTS`] elements in all its
//! arrays together, each with at least one byte in the frame.

use kafka_protocol::messages::ApiKey;

/// Elements in all arrays of one request.
const MAX_ELEMENTS: u64 = 1_000_000;
/// The flexible version of a request that has none.
const NEVER: i16 = i16::MAX;

/// One field's form on the wire.
#[derive(Clone, Copy)]
enum Form {
    Fixed(usize),
    Text,
    Bytes,
    Texts,
    Numbers(usize),
    Array(&'static [Field]),
    /// No array comes after this: the decoder may go on alone.
    Rest,
}
use Form::{Array, Bytes, Fixed, Numbers, Rest, Text, Texts};

/// A form with the versions that have it.
struct Field {
    from: i16,
    to: i16,
    form: Form,
}

const fn all(form: Form) -> Field {
    between(0, i16::MAX, form)
}

const fn since(from: i16, form: Form) -> Field {
    between(from, i16::MAX, form)
}

const fn until(to: i16, form: Form) -> Field {
    between(0, to, form)
}

const fn between(from: i16, to: i16, form: Form) -> Field {
    Field { from, to, form }
}

/// Does every array of this request fit in its frame? The frame begins with the
/// request header.
pub(super) fn is_bounded(api: ApiKey, version: i16, frame: &[u8]) -> bool {
    let Some((_, flexible_from, fields)) = SHAPES.iter().find(|(known, ..)| *known == api) else { return false };
    let mut walk = Walk { rest: frame, version, is_flexible: version >= *flexible_from, elements: 0 };
    walk.header(api.request_header_version(version)).and_then(|()| walk.fields(fields)).is_some()
}

struct Walk<'a> {
    rest: &'a [u8],
    version: i16,
    is_flexible: bool,
    elements: u64,
}

impl Walk<'_> {
    fn skip(&mut self, count: u64) -> Option<()> {
        self.rest = self.rest.get(usize::try_from(count).ok()?..)?;
        Some(())
    }

    fn number<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (number, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*number)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..35).step_by(7) {
            let [byte] = self.number()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// Key, version, correlation id, client id, and tags from header version 2 on.
    fn header(&mut self, header_version: i16) -> Option<()> {
        self.skip(8)?;
        if header_version >= 1 {
            self.short_text()?;
        }
        if header_version >= 2 { self.tags() } else { Some(()) }
    }

    fn short_text(&mut self) -> Option<()> {
        let length = i16::from_be_bytes(self.number()?);
        self.skip(u64::try_from(length).unwrap_or(0))
    }

    fn tags(&mut self) -> Option<()> {
        for _ in 0..self.varint()? {
            self.varint()?;
            let length = self.varint()?;
            self.skip(length)?;
        }
        Some(())
    }

    /// The number of elements an array claims, if there can be that many.
    fn count(&mut self) -> Option<u64> {
        let count = if self.is_flexible {
            self.varint()?.saturating_sub(1)
        } else {
            u64::try_from(i32::from_be_bytes(self.number()?)).unwrap_or(0)
        };
        self.elements += count;
        (count <= self.rest.len() as u64 && self.elements <= MAX_ELEMENTS).then_some(count)
    }

    fn fields(&mut self, fields: &[Field]) -> Option<()> {
        let version = self.version;
        for field in fields.iter().filter(|field| (field.from..=field.to).contains(&version)) {
            match field.form {
                Rest => return Some(()),
                form => self.form(form)?,
            }
        }
        if self.is_flexible { self.tags() } else { Some(()) }
    }

    fn form(&mut self, form: Form) -> Option<()> {
        match form {
            Fixed(size) => self.skip(size as u64),
            Text if !self.is_flexible => self.short_text(),
            Bytes if !self.is_flexible => {
                let length = i32::from_be_bytes(self.number()?);
                self.skip(u64::try_from(length).unwrap_or(0))
            }
            Text | Bytes => {
                let length = self.varint()?.saturating_sub(1);
                self.skip(length)
            }
            Numbers(size) => {
                let count = self.count()?;
                self.skip(count * size as u64)
            }
            Texts => {
                for _ in 0..self.count()? {
                    self.form(Text)?;
                }
                Some(())
            }
            Array(fields) => {
                for _ in 0..self.count()? {
                    self.fields(fields)?;
                }
                Some(())
            }
            Rest => Some(()),
        }
    }
}

/// Each request with the first version that is flexible, and its fields in order.
/// What has no row here is refused.
#[rustfmt::skip]
const SHAPES: &[(ApiKey, i16, &[Field])] = &[
    (ApiKey::Produce, 9, &[all(Text), all(Fixed(2)), all(Fixed(4)), all(Array(&[until(12, Text), since(13, Fixed(16)), all(Array(&[all(Fixed(4)), all(Bytes)]))]))]),
    (ApiKey::Fetch, 12, &[until(14, Fixed(4)), all(Fixed(4)), all(Fixed(4)), all(Fixed(4)), all(Fixed(1)), since(7, Fixed(4)), since(7, Fixed(4)), all(Array(&[until(12, Text), since(13, Fixed(16)), all(Array(&[all(Fixed(4)), since(9, Fixed(4)), all(Fixed(8)), since(12, Fixed(4)), since(5, Fixed(8)), all(Fixed(4))]))])), since(7, Array(&[between(7, 12, Text), since(13, Fixed(16)), since(7, Numbers(4))])), since(11, Text)]),
    (ApiKey::ListOffsets, 6, &[all(Fixed(4)), since(2, Fixed(1)), all(Array(&[all(Text), all(Array(&[all(Fixed(4)), since(4, Fixed(4)), all(Fixed(8))]))])), since(10, Fixed(4))]),
    (ApiKey::Metadata, 9, &[all(Array(&[since(10, Fixed(16)), all(Text)])), since(4, Fixed(1)), between(8, 10, Fixed(1)), since(8, Fixed(1))]),
    (ApiKey::OffsetCommit, 8, &[all(Text), all(Fixed(4)), all(Text), since(7, Text), until(4, Fixed(8)), all(Array(&[all(Text), all(Array(&[all(Fixed(4)), all(Fixed(8)), since(6, Fixed(4)), all(Text)]))]))]),
    (ApiKey::OffsetFetch, 6, &[until(7, Text), until(7, Array(&[until(7, Text), until(7, Numbers(4))])), since(8, Array(&[since(8, Text), since(9, Text), since(9, Fixed(4)), since(8, Array(&[since(8, Text), since(8, Numbers(4))]))])), since(7, Fixed(1))]),
    (ApiKey::FindCoordinator, 3, &[until(3, Text), since(1, Fixed(1)), since(4, Texts)]),
    (ApiKey::JoinGroup, 6, &[all(Text), all(Fixed(4)), since(1, Fixed(4)), all(Text), since(5, Text), all(Text), all(Array(&[all(Text), all(Bytes)])), since(8, Text)]),
    (ApiKey::Heartbeat, 4, &[all(Text), all(Fixed(4)), all(Text), since(3, Text)]),
    (ApiKey::LeaveGroup, 4, &[all(Text), until(2, Text), since(3, Array(&[since(3, Text), since(3, Text), since(5, Text)]))]),
    (ApiKey::SyncGroup, 4, &[all(Text), all(Fixed(4)), all(Text), since(3, Text), since(5, Text), since(5, Text), all(Array(&[all(Text), all(Bytes)]))]),
    (ApiKey::DescribeGroups, 5, &[all(Texts), since(3, Fixed(1))]),
    (ApiKey::ConsumerGroupHeartbeat, 0, &[all(Text), all(Text), all(Fixed(4)), all(Text), all(Text), all(Fixed(4)), all(Texts), since(1, Text), all(Text), all(Array(&[all(Fixed(16)), all(Numbers(4))]))]),
    (ApiKey::ShareGroupHeartbeat, 0, &[all(Text), all(Text), all(Fixed(4)), all(Text), all(Texts)]),
    (ApiKey::ShareFetch, 0, &[all(Text), all(Text), all(Fixed(4)), all(Fixed(4)), all(Fixed(4)), all(Fixed(4)), all(Fixed(4)), all(Fixed(4)), all(Array(&[all(Fixed(16)), all(Array(&[all(Fixed(4)), all(Array(&[all(Fixed(8)), all(Fixed(8)), all(Numbers(1))]))]))])), all(Array(&[all(Fixed(16)), all(Numbers(4))]))]),
    (ApiKey::ShareAcknowledge, 0, &[all(Text), all(Text), all(Fixed(4)), all(Array(&[all(Fixed(16)), all(Array(&[all(Fixed(4)), all(Array(&[all(Fixed(8)), all(Fixed(8)), all(Numbers(1))]))]))]))]),
    (ApiKey::ConsumerGroupDescribe, 0, &[all(Texts), all(Fixed(1))]),
    (ApiKey::ShareGroupDescribe, 0, &[all(Texts), all(Fixed(1))]),
    (ApiKey::AlterShareGroupOffsets, 0, &[all(Text), all(Array(&[all(Text), all(Array(&[all(Fixed(4)), all(Fixed(8))]))]))]),
    (ApiKey::DeleteShareGroupOffsets, 0, &[all(Text), all(Array(&[all(Text)]))]),
    (ApiKey::ListGroups, 3, &[since(4, Texts), since(5, Texts)]),
    (ApiKey::ApiVersions, 3, &[since(3, Text), since(3, Text)]),
    (ApiKey::CreateTopics, 5, &[all(Array(&[all(Text), all(Fixed(4)), all(Fixed(2)), all(Array(&[all(Fixed(4)), all(Numbers(4))])), all(Array(&[all(Text), all(Text)]))])), all(Fixed(4)), all(Fixed(1))]),
    (ApiKey::DeleteTopics, 4, &[since(6, Array(&[since(6, Text), since(6, Fixed(16))])), until(5, Texts), all(Fixed(4))]),
    (ApiKey::DeleteRecords, 2, &[all(Array(&[all(Text), all(Array(&[all(Fixed(4)), all(Fixed(8))]))])), all(Fixed(4))]),
    (ApiKey::InitProducerId, 2, &[all(Text), all(Fixed(4)), since(3, Fixed(8)), since(3, Fixed(2))]),
    (ApiKey::OffsetForLeaderEpoch, 4, &[since(3, Fixed(4)), all(Array(&[all(Text), all(Array(&[all(Fixed(4)), all(Fixed(4)), all(Fixed(4))]))]))]),
    (ApiKey::DescribeConfigs, 4, &[all(Array(&[all(Fixed(1)), all(Text), all(Texts)])), all(Fixed(1)), since(3, Fixed(1))]),
    (ApiKey::AlterConfigs, 2, &[all(Array(&[all(Fixed(1)), all(Text), all(Array(&[all(Text), all(Text)]))])), all(Fixed(1))]),
    (ApiKey::DescribeLogDirs, 2, &[all(Array(&[all(Text), all(Numbers(4))]))]),
    (ApiKey::CreatePartitions, 2, &[all(Array(&[all(Text), all(Fixed(4)), all(Array(&[all(Numbers(4))]))])), all(Fixed(4)), all(Fixed(1))]),
    (ApiKey::DeleteGroups, 2, &[all(Texts)]),
    (ApiKey::ElectLeaders, 2, &[since(1, Fixed(1)), all(Array(&[all(Text), all(Numbers(4))])), all(Fixed(4))]),
    (ApiKey::IncrementalAlterConfigs, 1, &[all(Array(&[all(Fixed(1)), all(Text), all(Array(&[all(Text), all(Fixed(1)), all(Text)]))])), all(Fixed(1))]),
    (ApiKey::AlterPartitionReassignments, 0, &[all(Fixed(4)), since(1, Fixed(1)), all(Array(&[all(Text), all(Array(&[all(Fixed(4)), all(Numbers(4))]))]))]),
    (ApiKey::ListPartitionReassignments, 0, &[all(Fixed(4)), all(Array(&[all(Text), all(Numbers(4))]))]),
    (ApiKey::OffsetDelete, NEVER, &[all(Text), all(Array(&[all(Text), all(Array(&[all(Fixed(4))]))]))]),
    (ApiKey::DescribeCluster, 0, &[all(Fixed(1)), since(1, Fixed(1)), since(2, Fixed(1))]),
    (ApiKey::DescribeProducers, 0, &[all(Array(&[all(Text), all(Numbers(4))]))]),
    (ApiKey::DescribeTopicPartitions, 0, &[all(Array(&[all(Text)])), all(Fixed(4)), all(Rest)]),
    (ApiKey::AddPartitionsToTxn, 3, &[since(4, Array(&[since(4, Text), since(4, Fixed(8)), since(4, Fixed(2)), since(4, Fixed(1)), since(4, Array(&[all(Text), all(Numbers(4))]))])), until(3, Text), until(3, Fixed(8)), until(3, Fixed(2)), until(3, Array(&[all(Text), all(Numbers(4))]))]),
    (ApiKey::AddOffsetsToTxn, 3, &[all(Text), all(Fixed(8)), all(Fixed(2)), all(Text)]),
    (ApiKey::EndTxn, 3, &[all(Text), all(Fixed(8)), all(Fixed(2)), all(Fixed(1))]),
    (ApiKey::WriteTxnMarkers, 1, &[all(Array(&[all(Fixed(8)), all(Fixed(2)), all(Fixed(1)), all(Array(&[all(Text), all(Numbers(4))])), all(Fixed(4))]))]),
    (ApiKey::TxnOffsetCommit, 3, &[all(Text), all(Text), all(Fixed(8)), all(Fixed(2)), since(3, Fixed(4)), since(3, Text), since(3, Text), all(Array(&[all(Text), all(Array(&[all(Fixed(4)), all(Fixed(8)), since(2, Fixed(4)), all(Text)]))]))]),
    (ApiKey::DescribeTransactions, 0, &[all(Texts)]),
    (ApiKey::ListTransactions, 0, &[all(Texts), all(Numbers(8)), since(1, Fixed(8)), since(2, Text)]),
    (ApiKey::ListConfigResources, 0, &[since(1, Numbers(1))]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::api;
    use bytes::{BufMut, BytesMut};
    use kafka_protocol::messages::{self as m, RequestHeader, RequestKind};
    use kafka_protocol::protocol::{Encodable, StrBytes};

    fn frame(api: ApiKey, version: i16, request: &RequestKind) -> Option<BytesMut> {
        let mut out = BytesMut::new();
        let header = RequestHeader::default()
            .with_request_api_key(api as i16)
            .with_request_api_version(version)
            .with_client_id(Some(StrBytes::from_static_str("test")));
        header.encode(&mut out, api.request_header_version(version)).unwrap();
        request.encode(&mut out, version).ok().map(|()| out)
    }

    #[test]
    fn every_served_request_has_a_shape_that_ends_where_the_request_ends() {
        for api in api::SERVED {
            let range = api::versions(*api);
            for version in range.min..=range.max {
                // An absent array is one byte or four; zeros are absent everything.
                let (_, flexible_from, fields) = SHAPES.iter().find(|(known, ..)| known == api).unwrap();
                let zeros = [0u8; 256];
                let mut walk = Walk { rest: &zeros, version, is_flexible: version >= *flexible_from, elements: 0 };
                assert!(walk.fields(fields).is_some(), "{api:?} v{version}");
                let used = zeros.len() - walk.rest.len();
                let mut body = bytes::Bytes::copy_from_slice(&zeros[..used]);
                let decoded = RequestKind::decode(*api, &mut body, version);
                // The codec knows arrays that may not be absent; what it took must be all.
                assert!(decoded.is_err() || body.is_empty(), "{api:?} v{version}: {} left", body.len());
            }
        }
    }

    #[test]
    fn nested_arrays_are_followed() {
        let topic = m::offset_commit_request::OffsetCommitRequestTopic::default()
            .with_name(m::TopicName(StrBytes::from_static_str("orders")))
            .with_partitions(vec![Default::default(), Default::default()]);
        let request = m::OffsetCommitRequest::default()
            .with_group_id(m::GroupId(StrBytes::from_static_str("g")))
            .with_topics(vec![topic.clone(), topic]);
        for version in 2..=9 {
            let whole = frame(ApiKey::OffsetCommit, version, &RequestKind::OffsetCommit(request.clone())).unwrap();
            assert!(is_bounded(ApiKey::OffsetCommit, version, &whole), "v{version}");
            for cut in 0..whole.len() {
                assert!(!is_bounded(ApiKey::OffsetCommit, version, &whole[..cut]), "v{version} cut at {cut}");
            }
        }
    }

    #[test]
    fn an_array_that_claims_two_gigabytes_is_refused() {
        let mut metadata = BytesMut::new();
        metadata.put_slice(&[0, 3, 0, 1, 0, 0, 0, 7, 0xff, 0xff]);
        metadata.put_i32(i32::MAX);
        assert!(!is_bounded(ApiKey::Metadata, 1, &metadata));
        let mut compact = BytesMut::new();
        compact.put_slice(&[0, 3, 0, 9, 0, 0, 0, 7, 0xff, 0xff, 0]);
        compact.put_slice(&[0xff, 0xff, 0xff, 0xff, 0x0f]);
        assert!(!is_bounded(ApiKey::Metadata, 9, &compact));
        let mut small = metadata.clone();
        small.truncate(10);
        small.put_i32(0);
        assert!(is_bounded(ApiKey::Metadata, 1, &small));
    }
}
