//! The metadata of a cluster, topic by topic.
//!
//! Decoded as a whole, that of a large cluster takes five times the room of its
//! bytes. Invariant: a topic is let go of before the next is decoded.

use super::guard;
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use kafka_protocol::messages::MetadataResponse;
use kafka_protocol::messages::metadata_response::{MetadataResponseBroker, MetadataResponseTopic};

/// From this version on lengths are compact.
const COMPACT_FROM: i16 = 9;
/// An array without elements: a compact length is one higher.
const NO_TOPICS: u8 = 1;

/// Hands each topic of an answer to `take`; gives back the answer without them.
pub(crate) fn read(
    body: &Bytes,
    version: i16,
    mut take: impl FnMut(MetadataResponseTopic),
) -> Result<MetadataResponse, String> {
    if version < COMPACT_FROM {
        let mut response: MetadataResponse = guard::decode(body, version)?;
        std::mem::take(&mut response.topics).into_iter().for_each(take);
        return Ok(response);
    }
    let mut rest = body.clone();
    // How long requests are throttled.
    skip(&mut rest, 4)?;
    for _ in 1..length(&mut rest)? {
        guard::next::<MetadataResponseBroker>(&mut rest, version)?;
    }
    let cluster_id = length(&mut rest)?.saturating_sub(1);
    skip(&mut rest, cluster_id)?;
    // The controller.
    skip(&mut rest, 4)?;
    let before = body.slice(..body.len() - rest.len());
    for _ in 1..length(&mut rest)? {
        take(guard::next(&mut rest, version)?);
    }
    let mut without = BytesMut::with_capacity(before.len() + 1 + rest.len());
    without.put(before);
    without.put_u8(NO_TOPICS);
    without.put(rest);
    guard::decode(&without.freeze(), version)
}

fn skip(rest: &mut Bytes, count: usize) -> Result<(), String> {
    if rest.len() < count {
        return Err(short());
    }
    rest.advance(count);
    Ok(())
}

/// A compact length: an unsigned varint.
fn length(rest: &mut Bytes) -> Result<usize, String> {
    let mut value = 0u32;
    for shift in [0, 7, 14, 21, 28] {
        let byte = rest.try_get_u8().map_err(|_| short())?;
        value |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return usize::try_from(value).map_err(|error| error.to_string());
        }
    }
    Err("a length of more than five bytes".to_owned())
}

fn short() -> String {
    "the answer ends too early".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kafka_protocol::messages::metadata_response::MetadataResponsePartition;
    use kafka_protocol::messages::{BrokerId, TopicName};
    use kafka_protocol::protocol::{Encodable as _, Message as _, StrBytes};
    use proptest::prelude::*;

    fn answer(topics: usize, version: i16) -> MetadataResponse {
        let topic = |number: usize| {
            // The epoch is too large for a length, and none.
            let partition = MetadataResponsePartition::default()
                .with_leader_id(BrokerId(3))
                .with_leader_epoch(if version >= 7 { i32::MAX } else { -1 })
                .with_replica_nodes(vec![BrokerId(3), BrokerId(1)]);
            let name = TopicName(StrBytes::from_string(format!("topic-{number}")));
            MetadataResponseTopic::default().with_name(Some(name)).with_partitions(vec![partition; number % 3])
        };
        let broker = MetadataResponseBroker::default().with_node_id(BrokerId(1)).with_host("h".into()).with_port(9092);
        let answer =
            MetadataResponse::default().with_brokers(vec![broker; 3]).with_topics((0..topics).map(topic).collect());
        let answer = if version >= 1 { answer.with_controller_id(BrokerId(2)) } else { answer };
        let answer = if version >= 2 { answer.with_cluster_id(Some("c".into())) } else { answer };
        if (8..=10).contains(&version) { answer.with_cluster_authorized_operations(0x7fff_fff0) } else { answer }
    }

    fn encoded(answer: &MetadataResponse, version: i16) -> Bytes {
        let mut bytes = BytesMut::new();
        answer.encode(&mut bytes, version).unwrap();
        bytes.freeze()
    }

    #[test]
    fn it_is_the_same_as_decoded_at_once_in_every_version() {
        for version in MetadataResponse::VERSIONS.min..=MetadataResponse::VERSIONS.max {
            for topics in [0, 1, 200] {
                let bytes = encoded(&answer(topics, version), version);
                let mut taken = Vec::new();
                let rest = read(&bytes, version, |topic| taken.push(topic)).unwrap();
                let whole: MetadataResponse = guard::decode(&bytes, version).unwrap();
                assert_eq!(rest.with_topics(taken), whole, "{topics} topics, version {version}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_broken_answer_is_an_error_wherever_it_breaks(cut in 0usize..900, version in 9i16..=12) {
            let bytes = encoded(&answer(20, version), version);
            prop_assert!(cut >= bytes.len() || read(&bytes.slice(..cut), version, drop).is_err());
        }

        #[test]
        fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), version in 0i16..=13) {
            let _ = read(&Bytes::from(bytes), version, drop);
        }
    }
}
