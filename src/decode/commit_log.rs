//! Records of `__consumer_offsets`: who committed what, where and when.
//!
//! Layouts: `OffsetCommitKey.json` and `OffsetCommitValue.json` of Apache Kafka.

use crate::domain::{GroupId, Offset, Time, TopicPartition};
use bytes::Buf;

/// What a record of the log of commits says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommitEntry {
    Committed {
        group: GroupId,
        partition: TopicPartition,
        offset: Offset,
        at: Time,
    },
    /// The group is gone, or has nobody in it and nothing committed.
    GroupGone(GroupId),
    /// A classic group as its coordinator noted it: since when nobody is in it, where
    /// nobody is and that is told.
    Classic {
        group: GroupId,
        empty_since: Option<Time>,
    },
    /// Members, assignments, offsets that expired: not a commit.
    Other,
}

const GROUP_METADATA: [i16; 4] = [2, 3, 11, 17];
const CLASSIC: i16 = 2;
const NEWEST_VALUE: i16 = 4;
/// From this version on, strings are compact.
const COMPACT_FROM: i16 = 4;
/// From this version on, a group tells since when it is in its state.
const STATE_TIME_FROM: i16 = 2;

/// Reads one record. An error says what is not as it should be; versions that are
/// not known yet are errors too.
pub fn commit_entry(mut key: &[u8], value: Option<&[u8]>) -> Result<CommitEntry, String> {
    let kind = key.try_get_i16().map_err(cut)?;
    match kind {
        0 | 1 => {
            let group = GroupId::from(string(&mut key)?.as_str());
            let topic = string(&mut key)?;
            let partition = key.try_get_i32().map_err(cut)?;
            let Some(value) = value else { return Ok(CommitEntry::Other) };
            let (offset, at) = committed(value)?;
            let partition = TopicPartition::new(topic.as_str().into(), partition);
            Ok(CommitEntry::Committed { group, partition, offset, at })
        }
        kind if GROUP_METADATA.contains(&kind) && value.is_none() => {
            Ok(CommitEntry::GroupGone(GroupId::from(string(&mut key)?.as_str())))
        }
        CLASSIC => {
            let group = GroupId::from(string(&mut key)?.as_str());
            Ok(CommitEntry::Classic { group, empty_since: empty_since(value.unwrap_or_default())? })
        }
        _ => Ok(CommitEntry::Other),
    }
}

/// Of a classic group (`GroupMetadataValue.json`): when the last member left it.
fn empty_since(mut value: &[u8]) -> Result<Option<Time>, String> {
    let version = value.try_get_i16().map_err(cut)?;
    if !(0..=NEWEST_VALUE).contains(&version) {
        return Ok(None);
    }
    // The type of its protocol, its generation, its protocol and its leader.
    skip_text(&mut value, version)?;
    value.try_get_i32().map_err(cut)?;
    skip_text(&mut value, version)?;
    skip_text(&mut value, version)?;
    let since = if version >= STATE_TIME_FROM { Some(Time(value.try_get_i64().map_err(cut)?)) } else { None };
    let members = match version >= COMPACT_FROM {
        true => compact_length(&mut value)?,
        false => usize::try_from(value.try_get_i32().map_err(cut)?).unwrap_or(0),
    };
    Ok(since.filter(|since| members == 0 && since.millis() > 0))
}

fn skip_text(value: &mut &[u8], version: i16) -> Result<(), String> {
    let length = if version >= COMPACT_FROM { compact_length(value)? } else { length(value)? };
    if value.remaining() < length {
        return Err(cut(()));
    }
    value.advance(length);
    Ok(())
}

fn committed(mut value: &[u8]) -> Result<(Offset, Time), String> {
    let version = value.try_get_i16().map_err(cut)?;
    if !(0..=NEWEST_VALUE).contains(&version) {
        return Err(format!("a commit of version {version}, which is not known"));
    }
    let offset = value.try_get_i64().map_err(cut)?;
    if version >= 3 {
        value.try_get_i32().map_err(cut)?;
    }
    skip_text(&mut value, version)?;
    Ok((offset, Time(value.try_get_i64().map_err(cut)?)))
}

pub(super) fn string(from: &mut &[u8]) -> Result<String, String> {
    let length = length(from)?;
    let bytes = from.get(..length).ok_or_else(|| cut(()))?;
    let text = String::from_utf8_lossy(bytes).into_owned();
    from.advance(length);
    Ok(text)
}

fn length(from: &mut &[u8]) -> Result<usize, String> {
    let length = from.try_get_i16().map_err(cut)?;
    Ok(usize::try_from(length).unwrap_or(0))
}

/// An unsigned varint, one more than the length.
fn compact_length(from: &mut &[u8]) -> Result<usize, String> {
    let mut value = 0_u32;
    for shift in [0, 7, 14, 21, 28] {
        let byte = from.try_get_u8().map_err(cut)?;
        value |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value.saturating_sub(1) as usize);
        }
    }
    Err("a length without an end".into())
}

pub(super) fn cut<E>(_: E) -> String {
    "it ends too early".into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(hex: &str) -> Vec<u8> {
        hex.as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    const KEY: &str = "00010002673100066f726465727300000002";

    #[test]
    fn commits_of_every_version_are_read() {
        for value in [
            "0000000000000000002a00000000018bcfe56800",
            "0001000000000000002a00000000018bcfe56800ffffffffffffffff",
            "0003000000000000002a0000000500000000018bcfe56800",
            "0004000000000000002a00000005056d6574610000018bcfe5680000",
        ] {
            let entry = commit_entry(&bytes(KEY), Some(&bytes(value))).unwrap();
            let expected = CommitEntry::Committed {
                group: "g1".into(),
                partition: TopicPartition::new("orders".into(), 2),
                offset: 42,
                at: Time(1_700_000_000_000),
            };
            assert_eq!(entry, expected, "{value}");
        }
    }

    #[test]
    fn what_is_no_commit_is_told_apart() {
        assert_eq!(commit_entry(&bytes(KEY), None), Ok(CommitEntry::Other), "an offset that expired");
        assert_eq!(commit_entry(&bytes("000200026731"), None), Ok(CommitEntry::GroupGone("g1".into())));
        assert_eq!(commit_entry(&bytes("000300026731"), Some(&bytes("00000000000900"))), Ok(CommitEntry::Other));
        assert_eq!(commit_entry(&bytes("00630001"), Some(&[])), Ok(CommitEntry::Other), "a type of the future");
        let unknown = commit_entry(&bytes(KEY), Some(&bytes("0009"))).unwrap_err();
        assert_eq!(unknown, "a commit of version 9, which is not known");
        assert_eq!(commit_entry(&[0], None).unwrap_err(), "it ends too early");
    }

    #[test]
    fn a_classic_group_tells_since_when_nobody_is_in_it() {
        let read = |value: &str| match commit_entry(&bytes("000200026731"), Some(&bytes(value))) {
            Ok(CommitEntry::Classic { group, empty_since }) if group.as_str() == "g1" => Ok(empty_since),
            Ok(other) => panic!("{other:?}"),
            Err(why) => Err(why),
        };
        // Type "consumer", generation 7, protocol and leader null, a time, no members.
        let empty = "0008636f6e73756d657200000007ffffffff0000018bcfe5680000000000";
        for version in ["0002", "0003"] {
            assert_eq!(read(&format!("{version}{empty}")), Ok(Some(Time(1_700_000_000_000))));
        }
        let compact = "000409636f6e73756d65720000000700000000018bcfe568000100";
        assert_eq!(read(compact), Ok(Some(Time(1_700_000_000_000))));
        assert_eq!(read("00010008636f6e73756d657200000007ffffffff00000000"), Ok(None), "older ones do not tell");
        let member = "00030008636f6e73756d657200000007000572616e676500026d310000018bcfe568000000000100026d31ffff";
        assert_eq!(read(member), Ok(None), "somebody is in it");
        assert_eq!(read("0003000863"), Err("it ends too early".into()));
        assert_eq!(read("0009"), Ok(None), "nor do versions that are not known yet");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(
            kind in 0..4_i16, key in any::<Vec<u8>>(), version in -1..6_i16, value in any::<Vec<u8>>(),
        ) {
            let key = [&kind.to_be_bytes()[..], &key].concat();
            let value = [&version.to_be_bytes()[..], &value].concat();
            let _ = commit_entry(&key, Some(&value));
        }
    }
}
