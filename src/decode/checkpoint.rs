//! Checkpoints of MirrorMaker 2: where a group would be in the mirrored topics.
//!
//! Layouts: `Checkpoint.java` of Apache Kafka's `connect-mirror-client`; numbers are
//! big-endian, a string is its length in 16 bits and its bytes.

use super::commit_log::{cut, string};
use crate::domain::{GroupId, Offset, TopicPartition};
use bytes::Buf;

/// What a checkpoint says; `None` for one that was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub group: GroupId,
    /// In the cluster that holds the mirror.
    pub partition: TopicPartition,
    pub downstream: Option<Downstream>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Downstream {
    pub offset: Offset,
    pub metadata: String,
}

/// Reads one record. An error says what is not as it should be.
pub fn checkpoint(mut key: &[u8], value: Option<&[u8]>) -> Result<Checkpoint, String> {
    let group = GroupId::from(string(&mut key)?.as_str());
    let topic = string(&mut key)?;
    let partition = TopicPartition::new(topic.as_str().into(), key.try_get_i32().map_err(cut)?);
    let downstream = match value {
        None => None,
        Some(mut value) => {
            let version = value.try_get_i16().map_err(cut)?;
            if version != 0 {
                return Err(format!("a checkpoint of version {version}, which is not known"));
            }
            // Where the group is in the cluster that is mirrored.
            value.try_get_i64().map_err(cut)?;
            let offset = value.try_get_i64().map_err(cut)?;
            let metadata = string(&mut value)?;
            // A negative one says that it could not be translated.
            (offset >= 0).then_some(Downstream { offset, metadata })
        }
    };
    Ok(Checkpoint { group, partition, downstream })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: &[u8] = b"\0\x02g1\0\x08A.orders\0\0\0\x02";
    /// Upstream 1,200, downstream 1,101, no metadata.
    const VALUE: &[u8] = b"\0\0\0\0\0\0\0\0\x04\xb0\0\0\0\0\0\0\x04\x4d\0\0";

    #[test]
    fn a_checkpoint_says_where_a_group_would_be_in_the_mirror() {
        let read = checkpoint(KEY, Some(VALUE)).unwrap();
        assert_eq!((read.group.as_str(), read.partition.to_string().as_str()), ("g1", "A.orders:2"));
        assert_eq!(read.downstream, Some(Downstream { offset: 1_101, metadata: String::new() }));
        assert_eq!(checkpoint(KEY, None).unwrap().downstream, None, "it was taken back");
        let untold = [&VALUE[..10], &(-1_i64).to_be_bytes(), b"\0\0"].concat();
        assert_eq!(checkpoint(KEY, Some(&untold)).unwrap().downstream, None, "it could not be translated");
        let unknown = checkpoint(KEY, Some(b"\0\x01")).unwrap_err();
        assert_eq!(unknown, "a checkpoint of version 1, which is not known");
        assert_eq!(checkpoint(&KEY[..9], Some(VALUE)).unwrap_err(), "it ends too early");
        assert_eq!(checkpoint(KEY, Some(&VALUE[..12])).unwrap_err(), "it ends too early");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(key: Vec<u8>, value: Vec<u8>) {
            let _ = checkpoint(&key, Some(&value));
            let _ = checkpoint(KEY, Some(&[&[0, 0][..], &value].concat()));
        }
    }
}
