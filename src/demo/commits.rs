//! Group commits as records of `__consumer_offsets`, as Kafka keeps them.
//!
//! Owns the layouts of those records and the cleaning of that topic. What a
//! group committed is both in the group and in the topic, written together here
//! and nowhere else.

use super::batch::{self, Content, Entry, Envelope, Head};
use super::codec::Codec;
use super::group::{Commit, Group};
use super::log::Log;
use super::state::{OFFSETS_TOPIC, State, offsets_partition};
use crate::domain::{GroupId, PartitionId, Time, TopicName};
use bytes::{BufMut, Bytes, BytesMut};
use std::collections::{BTreeMap, HashMap};

/// Records in a batch that the cleaner writes.
const CLEANED_BATCH: usize = 100;

/// Notes commits of one group, making the group if it is new.
pub(super) fn commit(state: &mut State, id: &GroupId, commits: Vec<(TopicName, PartitionId, Commit)>, now: Time) {
    if commits.is_empty() {
        return;
    }
    let records = commits
        .iter()
        .map(|(topic, partition, commit)| (commit_key(id, topic, *partition), Some(commit_value(commit))))
        .collect();
    let group = state.groups.entry(id.clone()).or_default();
    group.offsets.extend(commits.into_iter().map(|(topic, partition, commit)| ((topic, partition), commit)));
    write(state, id, records, now);
}

/// Removes commits of one group.
pub(super) fn forget(state: &mut State, id: &GroupId, gone: &[(TopicName, PartitionId)], now: Time) {
    let Some(group) = state.groups.get_mut(id) else { return };
    let removed: Vec<_> = gone.iter().filter(|key| group.offsets.remove(*key).is_some()).collect();
    let records = removed.iter().map(|(topic, partition)| (commit_key(id, topic, *partition), None)).collect();
    write(state, id, records, now);
}

/// Removes a group and all it committed.
pub(super) fn remove_group(state: &mut State, id: &GroupId, now: Time) {
    let Some(group) = state.groups.remove(id) else { return };
    let mut records: Vec<_> =
        group.offsets.keys().map(|(topic, partition)| (commit_key(id, topic, *partition), None)).collect();
    records.push((group_key(id), None));
    write(state, id, records, now);
}

/// Notes the group's members and generation, as a coordinator does after each rebalance.
pub(super) fn note_group(state: &mut State, id: &GroupId, now: Time) {
    let Some(group) = state.groups.get(id) else { return };
    let value = group_value(group, now);
    write(state, id, vec![(group_key(id), Some(value))], now);
}

fn write(state: &mut State, id: &GroupId, records: Vec<(Bytes, Option<Bytes>)>, now: Time) {
    let partition = state.topics.get_mut(OFFSETS_TOPIC).and_then(|t| t.partition_mut(offsets_partition(id.as_str())));
    let Some(partition) = partition.filter(|_| !records.is_empty()) else { return };
    let entries: Vec<Entry> = (0..)
        .zip(records)
        .map(|(delta, (key, value))| Entry {
            delta,
            timestamp: now.millis(),
            content: Content { key: Some(key), value, headers: Vec::new() },
        })
        .collect();
    let last = i32::try_from(entries.len()).unwrap_or(1) - 1;
    let bytes = batch::encode(&Envelope::plain(0, last, partition.epoch, Codec::None), &entries);
    if let Some(head) = Head::parse(&bytes) {
        partition.log.append(&bytes, &head, partition.epoch, now);
    }
    if partition.log.wants_cleaning() {
        clean(&mut partition.log, partition.epoch);
    }
}

/// Keeps the newest record of each key, at its offset.
fn clean(log: &mut Log, leader_epoch: i32) {
    let mut all: BTreeMap<i64, Entry> = BTreeMap::new();
    let mut newest: HashMap<Bytes, i64> = HashMap::new();
    for stored in log.stored() {
        for entry in batch::records(&stored.bytes).unwrap_or_default() {
            let offset = stored.base + i64::from(entry.delta);
            let key = entry.content.key.clone().unwrap_or_default();
            if let Some(older) = newest.insert(key, offset) {
                all.remove(&older);
            }
            all.insert(offset, entry);
        }
    }
    let kept: Vec<(i64, Entry)> = all.into_iter().collect();
    let batches = kept.chunks(CLEANED_BATCH).filter_map(|chunk| {
        let base = chunk.first()?.0;
        let delta = |offset: i64| i32::try_from(offset - base).ok();
        let last = delta(chunk.last()?.0)?;
        let entries: Option<Vec<Entry>> =
            chunk.iter().map(|(offset, entry)| Some(Entry { delta: delta(*offset)?, ..entry.clone() })).collect();
        Some(batch::encode(&Envelope::plain(base, last, leader_epoch, Codec::None), &entries?))
    });
    log.rewrite(batches.collect());
}

fn put_string(out: &mut BytesMut, text: &str) {
    out.put_i16(i16::try_from(text.len()).unwrap_or(i16::MAX));
    out.extend_from_slice(text.as_bytes().get(..text.len().min(32_767)).unwrap_or_default());
}

fn put_optional(out: &mut BytesMut, text: Option<&str>) {
    match text {
        Some(text) => put_string(out, text),
        None => out.put_i16(-1),
    }
}

fn put_bytes(out: &mut BytesMut, bytes: &[u8]) {
    out.put_i32(i32::try_from(bytes.len()).unwrap_or(0));
    out.extend_from_slice(bytes);
}

fn commit_key(group: &GroupId, topic: &TopicName, partition: PartitionId) -> Bytes {
    let mut out = BytesMut::new();
    out.put_i16(1);
    put_string(&mut out, group.as_str());
    put_string(&mut out, topic.as_str());
    out.put_i32(partition);
    out.freeze()
}

fn commit_value(commit: &Commit) -> Bytes {
    let mut out = BytesMut::new();
    out.put_i16(3);
    out.put_i64(commit.offset);
    out.put_i32(commit.leader_epoch);
    put_string(&mut out, &commit.metadata);
    out.put_i64(commit.at.millis());
    out.freeze()
}

fn group_key(group: &GroupId) -> Bytes {
    let mut out = BytesMut::new();
    out.put_i16(2);
    put_string(&mut out, group.as_str());
    out.freeze()
}

fn group_value(group: &Group, now: Time) -> Bytes {
    let has_members = !group.members.is_empty();
    let mut out = BytesMut::new();
    out.put_i16(3);
    put_string(&mut out, &group.protocol_type);
    out.put_i32(group.generation);
    put_optional(&mut out, has_members.then_some(group.protocol.as_str()));
    put_optional(&mut out, has_members.then_some(group.leader.as_str()));
    out.put_i64(now.millis());
    out.put_i32(i32::try_from(group.members.len()).unwrap_or(0));
    for (id, member) in &group.members {
        put_string(&mut out, id);
        put_optional(&mut out, member.instance_id.as_deref());
        put_string(&mut out, &member.client_id);
        put_string(&mut out, &member.host);
        out.put_i32(i32::try_from(member.rebalance.as_millis()).unwrap_or(i32::MAX));
        out.put_i32(i32::try_from(member.session.as_millis()).unwrap_or(i32::MAX));
        put_bytes(&mut out, &member.metadata(&group.protocol));
        put_bytes(&mut out, &member.assignment);
    }
    out.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::state::{Partition, Topic};
    use uuid::Uuid;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn state() -> State {
        let mut state = State::default();
        let partitions = (0..50).map(|_| Partition::new(vec![], Log::default())).collect();
        let topic = Topic { id: Uuid::nil(), is_internal: true, partitions, configs: BTreeMap::new() };
        state.insert_topic(OFFSETS_TOPIC.into(), topic);
        state
    }

    fn commit_of(offset: i64) -> Commit {
        Commit { offset, leader_epoch: 5, metadata: String::new(), at: Time(1_700_000_000_000) }
    }

    #[test]
    fn commits_have_the_layout_kafka_reads() {
        assert_eq!(hex(&commit_key(&"g1".into(), &"orders".into(), 2)), "00010002673100066f726465727300000002");
        assert_eq!(hex(&commit_value(&commit_of(42))), "0003000000000000002a0000000500000000018bcfe56800");
        assert_eq!(hex(&group_key(&"g1".into())), "000200026731");
    }

    #[test]
    fn cleaning_keeps_the_newest_commit_of_each_key_at_its_offset() {
        let mut state = state();
        let id = GroupId::from("g1");
        for offset in 0..2_000 {
            let partition = PartitionId::try_from(offset % 3).unwrap();
            commit(&mut state, &id, vec![("orders".into(), partition, commit_of(offset))], Time(1));
        }
        forget(&mut state, &id, &[("orders".into(), 1)], Time(2));
        let log = &state.topics[OFFSETS_TOPIC].partition(offsets_partition("g1")).unwrap().log;
        assert_eq!(log.end(Time(3)), 2_001, "offsets are never given twice");
        assert!(log.stored().count() < 600, "{}", log.stored().count());
        let mut newest = BTreeMap::new();
        for stored in log.stored() {
            for entry in batch::records(&stored.bytes).unwrap() {
                newest.insert(entry.content.key, (stored.base + i64::from(entry.delta), entry.content.value));
            }
        }
        let key = |partition| Some(commit_key(&id, &"orders".into(), partition));
        assert_eq!(newest[&key(0)], (1_998, Some(commit_value(&commit_of(1_998)))));
        assert_eq!(newest[&key(1)], (2_000, None));
        assert_eq!(state.groups[&id].offsets.len(), 2);
    }
}
