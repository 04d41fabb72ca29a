//! Group commits as records of `__consumer_offsets`, as Kafka keeps them.
//!
//! Owns the layouts of those records. What a group committed is both in the group
//! and in the topic, written together here and nowhere else; what it commits in a
//! transaction is in the topic at once and in the group when that is committed.

use super::group::{Commit, Group, Kind};
use super::internal::{self, Record, put_string};
use super::state::{OFFSETS_TOPIC, State, keyed_partition};
use crate::domain::{GroupId, PartitionId, Time, TopicName};
use bytes::{BufMut, Bytes, BytesMut};

/// Notes commits of one group, making the group if it is new. Those of a share group are
/// where it begins, of which no record is written.
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
    if group.kind != Kind::Share {
        write(state, id, records, now);
    }
}

/// Notes commits that count when the transaction of `producer` (its id and epoch)
/// is committed.
pub(super) fn commit_later(
    state: &mut State,
    id: &GroupId,
    producer: (i64, i16),
    commits: &[(TopicName, PartitionId, Commit)],
    now: Time,
) {
    let records = commits
        .iter()
        .map(|(topic, partition, commit)| (commit_key(id, topic, *partition), Some(commit_value(commit))))
        .collect();
    write_as(state, id, records, Some(producer), now);
}

/// Removes commits of one group.
pub(super) fn forget(state: &mut State, id: &GroupId, gone: &[(TopicName, PartitionId)], now: Time) {
    state.transactions.forget_commits(id, |key| gone.contains(key));
    let Some(group) = state.groups.get_mut(id) else { return };
    let removed: Vec<_> = gone.iter().filter(|key| group.offsets.remove(*key).is_some()).collect();
    let records = removed.iter().map(|(topic, partition)| (commit_key(id, topic, *partition), None)).collect();
    write(state, id, records, now);
}

/// Removes a group and all it committed.
pub(super) fn remove_group(state: &mut State, id: &GroupId, now: Time) {
    state.transactions.forget_commits(id, |_| true);
    let Some(group) = state.groups.remove(id).filter(|group| group.kind != Kind::Share) else { return };
    let mut records: Vec<_> =
        group.offsets.keys().map(|(topic, partition)| (commit_key(id, topic, *partition), None)).collect();
    records.push((group_key(id), None));
    write(state, id, records, now);
}

/// Notes the group's members and generation, as a coordinator does after each rebalance.
pub(super) fn note_group(state: &mut State, id: &GroupId, now: Time) {
    let Some(group) = state.groups.get(id).filter(|group| group.kind != Kind::Share) else { return };
    let value = group_value(group, now);
    write(state, id, vec![(group_key(id), Some(value))], now);
}

fn write(state: &mut State, id: &GroupId, records: Vec<Record>, now: Time) {
    write_as(state, id, records, None, now);
}

fn write_as(state: &mut State, id: &GroupId, records: Vec<Record>, producer: Option<(i64, i16)>, now: Time) {
    let partition = state.topics.get_mut(OFFSETS_TOPIC).and_then(|t| t.partition_mut(keyed_partition(id.as_str())));
    if let Some(partition) = partition {
        internal::append(partition, records, producer, now);
    }
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
    use crate::demo::state::Node;
    use crate::demo::{batch, transactions};
    use crate::domain::BrokerId;
    use std::collections::BTreeMap;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn state() -> State {
        let mut state = State::default();
        let address = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
        state.nodes.push(Node { id: BrokerId(1), address, rack: String::new(), is_up: true });
        internal::create_offsets_topic(&mut state, 1);
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
        let log = &state.topics[OFFSETS_TOPIC].partition(keyed_partition("g1")).unwrap().log;
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

    #[test]
    fn cleaning_forgets_what_was_aborted_and_leaves_what_is_open_alone() {
        let mut state = state();
        internal::create_transactions_topic(&mut state, 1);
        let id = GroupId::from("g1");
        let index = keyed_partition("g1");
        let producer = transactions::init(&mut state, "w", 60_000, None, Time(1)).unwrap();
        let in_transaction = |state: &mut State, offset| {
            transactions::add(state, "w", producer, [(OFFSETS_TOPIC.into(), index)], Time(1)).unwrap();
            let commits = vec![("orders".into(), 0, commit_of(offset))];
            transactions::add_commits(state, "w", producer, &id, commits, Time(1)).unwrap();
        };
        for (offset, is_commit) in [(1, true), (2, false)] {
            in_transaction(&mut state, offset);
            transactions::end(&mut state, "w", producer, is_commit, Time(1)).unwrap();
        }
        in_transaction(&mut state, 3);
        for offset in 0..1_000 {
            commit(&mut state, &id, vec![("orders".into(), 1, commit_of(offset))], Time(2));
        }
        let partition = state.topics[OFFSETS_TOPIC].partition(index).unwrap();
        let first: Vec<_> = partition.log.stored().take(2).map(|stored| (stored.base, stored.last)).collect();
        assert_eq!(first, [(0, 0), (4, 4)], "the committed one, then the open one and what follows");
        let kept = batch::records(&partition.log.stored().next().unwrap().bytes).unwrap().remove(0);
        assert_eq!(kept.content.value, Some(commit_value(&commit_of(1))));
        assert_eq!(partition.log.stored().count(), 2 + 1_000, "nothing behind an open transaction is cleaned");
        transactions::end(&mut state, "w", producer, true, Time(3)).unwrap();
        for offset in 1_000..4_000 {
            commit(&mut state, &id, vec![("orders".into(), 1, commit_of(offset))], Time(4));
        }
        let partition = state.topics[OFFSETS_TOPIC].partition(index).unwrap();
        assert!(partition.log.stored().count() < 1_000);
        assert_eq!(state.groups[&id].offsets[&("orders".into(), 0)].offset, 3);
    }
}
