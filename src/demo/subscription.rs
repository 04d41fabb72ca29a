//! What consumers tell each other inside group messages.
//!
//! Owns the consumer protocol: the subscription a member sends when joining and
//! the assignment its leader gives it.

use super::group::{Group, Kind};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use std::collections::BTreeSet;

/// Topics a subscription may name before we stop listening.
const MAX_TOPICS: i32 = 10_000;

fn put_string(out: &mut BytesMut, text: &str) {
    out.put_i16(i16::try_from(text.len()).unwrap_or(0));
    out.extend_from_slice(text.as_bytes());
}

/// A subscription to `topics`, version 0.
pub(super) fn subscription(topics: &[&str]) -> Bytes {
    let mut out = BytesMut::new();
    out.put_i16(0);
    out.put_i32(i32::try_from(topics.len()).unwrap_or(0));
    topics.iter().for_each(|topic| put_string(&mut out, topic));
    out.put_i32(-1);
    out.freeze()
}

/// An assignment of partitions by topic, version 0.
pub(super) fn assignment(topics: &[(&str, Vec<i32>)]) -> Bytes {
    let mut out = BytesMut::new();
    out.put_i16(0);
    out.put_i32(i32::try_from(topics.len()).unwrap_or(0));
    for (topic, partitions) in topics {
        put_string(&mut out, topic);
        out.put_i32(i32::try_from(partitions.len()).unwrap_or(0));
        partitions.iter().for_each(|partition| out.put_i32(*partition));
    }
    out.put_i32(-1);
    out.freeze()
}

/// The topics that members of a group of consumers, or of a streams application, read.
pub(super) fn of_group(group: &Group) -> BTreeSet<String> {
    match group.kind {
        Kind::Consumer => {
            let work = group.members.values().map(|member| &member.work);
            work.flat_map(|work| work.topics.iter().chain(work.target.active.iter().map(|(topic, _)| topic)))
                .cloned()
                .collect()
        }
        Kind::Streams if !group.members.is_empty() => {
            let subtopologies = group.topology.iter().flat_map(|topology| topology.subtopologies.iter().flatten());
            subtopologies.flat_map(|one| &one.source_topics).map(ToString::to_string).collect()
        }
        Kind::Classic if group.protocol_type == "consumer" => {
            let all = group.members.values().filter_map(|member| topics(member.metadata(&group.protocol)));
            all.flatten().collect()
        }
        Kind::Classic | Kind::Share | Kind::Streams => BTreeSet::new(),
    }
}

fn topics(mut subscription: Bytes) -> Option<Vec<String>> {
    subscription.try_get_i16().ok()?;
    let count = subscription.try_get_i32().ok()?.min(MAX_TOPICS);
    let mut topics = Vec::new();
    for _ in 0..count {
        let length = usize::try_from(subscription.try_get_i16().ok()?).ok()?;
        if subscription.len() < length {
            return None;
        }
        topics.push(String::from_utf8_lossy(&subscription.split_to(length)).into_owned());
    }
    Some(topics)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscription_names_its_topics_and_nonsense_names_none() {
        assert_eq!(topics(subscription(&["orders", "payments"])), Some(vec!["orders".into(), "payments".into()]));
        assert_eq!(topics(Bytes::from_static(&[0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 9, b'x'])), None);
        let hex: String = assignment(&[("orders", vec![0, 1])]).iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, "00000000000100066f7264657273000000020000000000000001ffffffff");
    }
}
