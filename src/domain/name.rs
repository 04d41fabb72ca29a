//! Names and numbers that identify things in a cluster.

use serde::{Deserialize, Serialize};
use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// A partition's number within its topic, from 0.
pub type PartitionId = i32;
/// A record's position within its partition, from 0.
pub type Offset = i64;

/// The longest topic name Kafka accepts, in bytes.
pub const MAX_TOPIC_NAME: usize = 249;

macro_rules! shared_name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            pub fn new(name: impl Into<Arc<str>>) -> Self {
                Self(name.into())
            }
            pub fn as_str(&self) -> &str {
                &self.0
            }
            /// Both are one text in memory. Two that are equal may still be two.
            pub fn is_same(&self, other: &Self) -> bool {
                Arc::ptr_eq(&self.0, &other.0)
            }
        }
        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self(name.into())
            }
        }
        impl From<&$name> for Arc<str> {
            fn from(name: &$name) -> Self {
                Arc::clone(&name.0)
            }
        }
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }
    };
}

shared_name!(
    /// A topic's name. Cheap to clone. May hold hostile bytes until shown through `domain::text`.
    TopicName
);
shared_name!(
    /// A group's id. Cheap to clone. May hold hostile bytes until shown through `domain::text`.
    GroupId
);

/// A broker's node id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BrokerId(pub i32);

impl fmt::Display for BrokerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The id a cluster gives a topic at creation; it changes when the topic is recreated.
/// Serialises as Kafka's own tools write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TopicId(pub u128);

impl From<TopicId> for String {
    fn from(id: TopicId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for TopicId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        use base64::Engine as _;
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(&text).ok();
        let bytes = bytes.and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
        bytes.map(|bytes| Self(u128::from_be_bytes(bytes))).ok_or_else(|| format!("not a topic id: {text}"))
    }
}

impl fmt::Display for TopicId {
    /// URL-safe base64 without padding, as Kafka's own tools write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use base64::Engine as _;
        f.write_str(&base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(self.0.to_be_bytes()))
    }
}

/// One partition of one topic.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TopicPartition {
    pub topic: TopicName,
    pub partition: PartitionId,
}

/// A map by partition. Tables of a hundred thousand of them are made at each
/// refresh, and half of that would be the standard library's hash; this one is
/// seeded at random too, so that nobody can choose names that collide.
pub type PartitionMap<T> = foldhash::HashMap<TopicPartition, T>;

impl TopicPartition {
    pub fn new(topic: TopicName, partition: PartitionId) -> Self {
        Self { topic, partition }
    }

    /// It is in one of the topics: a topic without ids is meant whole.
    pub fn is_in(&self, scope: &[(TopicName, Option<Vec<PartitionId>>)]) -> bool {
        let holds = |(topic, ids): &(TopicName, Option<Vec<PartitionId>>)| {
            *topic == self.topic && ids.as_ref().is_none_or(|ids| ids.contains(&self.partition))
        };
        scope.iter().any(holds)
    }
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.topic, self.partition)
    }
}
