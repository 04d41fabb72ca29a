//! The steps of a plan, each with what was there before.

use crate::domain::group::CommittedOffset;
use crate::domain::produce::Batch;
use crate::domain::resend::SourceRange;
use crate::domain::{BrokerId, GroupId, Offset, PartitionId, Time, TopicId, TopicName};
use serde::{Deserialize, Serialize};

/// Why a target is not what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adjusted {
    /// The wish lay below the log start.
    RaisedToStart { wish: Offset },
    /// The wish lay beyond the end.
    LoweredToEnd { wish: Offset },
    /// No record at or after the time: the end is taken.
    NoRecordAfterTime,
    /// To-current on a partition without a commit: the end is taken.
    NothingCommitted,
}

/// The record that would be read next at a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextRecord {
    pub offset: Offset,
    pub timestamp: Time,
    /// The decoded value's beginning, not sanitised.
    pub preview: String,
    /// The smallest timestamp among the few records read right behind it.
    pub earliest_after: Option<Time>,
}

/// One partition's move from one offset to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OffsetMove {
    /// Whose offset it is; `None`: that of the change's group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupId>,
    pub topic: TopicName,
    pub topic_id: Option<TopicId>,
    pub partition: PartitionId,
    /// The whole before-image; `None` means nothing is committed.
    pub before: Option<CommittedOffset>,
    /// `None` deletes the committed offset.
    pub target: Option<Offset>,
    /// Metadata and epoch to write beside the target. A reset writes "" and −1.
    pub metadata: String,
    pub leader_epoch: i32,
    /// `None`: not known. Only a deletion can do without.
    pub log_start: Option<Offset>,
    pub log_end: Option<Offset>,
    pub adjusted: Option<Adjusted>,
    pub next: Option<NextRecord>,
}

impl OffsetMove {
    /// Target minus committed; `None` when either is absent.
    pub fn difference(&self) -> Option<i64> {
        Some(self.target?.saturating_sub(self.before.as_ref()?.offset))
    }

    /// Records that will be read a second time (at most).
    pub fn read_again(&self) -> u64 {
        self.difference().map_or(0, |difference| difference.saturating_neg().max(0).cast_unsigned())
    }

    /// Records that will not be read and still exist (at most).
    pub fn skipped(&self) -> u64 {
        match (&self.before, self.target) {
            (Some(before), Some(target)) => {
                target.saturating_sub(before.offset.max(self.log_start.unwrap_or(before.offset))).max(0).cast_unsigned()
            }
            _ => 0,
        }
    }

    /// Unread records that retention already deleted.
    pub fn lost(&self) -> u64 {
        match (&self.before, self.target) {
            (Some(before), Some(target)) => {
                self.log_start.unwrap_or(before.offset).min(target).saturating_sub(before.offset).max(0).cast_unsigned()
            }
            _ => 0,
        }
    }
}

/// One thing that will be done, with what was there before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "step")]
pub enum Step {
    MoveOffset(OffsetMove),
    AddPartitions {
        topic: TopicName,
        topic_id: Option<TopicId>,
        before: i32,
        after: i32,
        /// Replicas of each new partition, leader first.
        assignments: Vec<Vec<BrokerId>>,
    },
    CreateTopic {
        topic: TopicName,
        /// `None`: the cluster's default.
        partitions: Option<i32>,
        replication_factor: Option<i16>,
        configs: Vec<(String, String)>,
    },
    DeleteTopic {
        topic: TopicName,
        topic_id: Option<TopicId>,
        partitions: i32,
        /// Records that are deleted with it, at most; `None` if not known.
        records: Option<u64>,
    },
    /// Its committed offsets are steps of their own behind it: they go with it.
    DeleteGroup {
        group: GroupId,
    },
    RemoveMember {
        member_id: String,
        /// Of a static member, which is removed by this and not by its member id.
        instance_id: Option<String>,
        client_id: String,
        host: String,
        /// Partitions that are assigned to it.
        partitions: usize,
    },
    SetGroupConfig {
        group: GroupId,
        name: String,
        /// `None`: the cluster's default.
        before: Option<String>,
        after: Option<String>,
    },
    /// A record is written, or a stream of them.
    Produce(Box<Batch>),
    /// A partition's records are read and sent again.
    Resend(SourceRange),
}

impl Step {
    /// It is sent to the controller, before what is about groups.
    pub fn is_of_topic(&self) -> bool {
        match self {
            Self::AddPartitions { .. } | Self::CreateTopic { .. } | Self::DeleteTopic { .. } => true,
            Self::MoveOffset(_)
            | Self::DeleteGroup { .. }
            | Self::RemoveMember { .. }
            | Self::Produce(_)
            | Self::Resend(_)
            | Self::SetGroupConfig { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(before: Offset, target: Offset, start: Offset, end: Offset) -> OffsetMove {
        OffsetMove {
            group: None,
            topic: "t".into(),
            topic_id: None,
            partition: 0,
            before: Some(CommittedOffset { offset: before, leader_epoch: -1, metadata: String::new() }),
            target: Some(target),
            metadata: String::new(),
            leader_epoch: -1,
            log_start: Some(start),
            log_end: Some(end),
            adjusted: None,
            next: None,
        }
    }

    #[test]
    fn what_is_read_again_skipped_and_lost() {
        let back = moved(100, 40, 0, 200);
        assert_eq!((back.read_again(), back.skipped(), back.lost()), (60, 0, 0));
        let forward = moved(100, 140, 0, 200);
        assert_eq!((forward.read_again(), forward.skipped(), forward.lost()), (0, 40, 0));
        let below_start = moved(120, 2004, 2004, 400_000);
        assert_eq!((below_start.read_again(), below_start.skipped(), below_start.lost()), (0, 0, 1884));
    }
}
