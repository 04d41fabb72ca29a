//! A position in new partitions for groups that nobody is in.
//!
//! A client that starts at `latest` skips what reaches a new partition before it
//! sees it, and the broker does not know which client does. Offset 0 committed
//! there in time keeps everything. Only a group without members can be given one.

use super::Reader;
use crate::domain::group::GroupState;
use crate::domain::origin::GroupRole;
use crate::domain::{Failure, FailureKind, GroupId, TopicName};

/// For which groups offset 0 is committed in the new partitions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CommitZero {
    #[default]
    No,
    /// Every group to which it can be offered.
    Offered,
    /// These; refused where it cannot be done.
    Only(Vec<GroupId>),
}

/// What can be offered, and to whom it cannot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ZeroOffer {
    pub groups: Vec<GroupId>,
    /// The others, each with the reason as a clause.
    pub others: Vec<(GroupId, String)>,
}

impl ZeroOffer {
    pub(super) fn of(readers: &[Reader]) -> Self {
        let mut offer = Self::default();
        for reader in readers {
            match hindrance(reader) {
                None => offer.groups.push(reader.group.id.clone()),
                Some(reason) => offer.others.push((reader.group.id.clone(), reason)),
            }
        }
        offer
    }

    /// The groups that `wish` names, or why one of them must be left alone.
    pub(super) fn chosen(&self, wish: &CommitZero, topic: &TopicName) -> Result<Vec<GroupId>, Failure> {
        let wanted = match wish {
            CommitZero::No => return Ok(Vec::new()),
            CommitZero::Offered => return Ok(self.groups.clone()),
            CommitZero::Only(wanted) => wanted,
        };
        if let Some(group) = wanted.iter().find(|group| !self.groups.contains(group)) {
            let reason = self.others.iter().find(|(other, _)| other == group).map(|(_, reason)| reason.clone());
            let message = reason.unwrap_or_else(|| format!("it has committed nothing in {topic}"));
            return Err(Failure::new(FailureKind::Refused, "commit offset 0 for group", message).on(group.as_str()));
        }
        Ok(self.groups.iter().filter(|group| wanted.contains(group)).cloned().collect())
    }
}

/// Why a group cannot be given offset 0; `None` when it can.
fn hindrance(reader: &Reader) -> Option<String> {
    let by_role = match &reader.role {
        GroupRole::Plain | GroupRole::Simple => None,
        GroupRole::ConnectSink { connector } => Some(format!("the connector {connector} commits for it")),
        GroupRole::ConnectWorkers | GroupRole::MirrorMaker { .. } => {
            Some("it coordinates Connect workers and reads nothing".into())
        }
        GroupRole::Streams => Some("a Streams application stops on another count whatever is committed".into()),
        GroupRole::MirrorSynced => Some("a mirror commits for it".into()),
    };
    match reader.group.state {
        GroupState::Empty => by_role,
        GroupState::Other(_) | GroupState::Unknown => Some("whether it has members is not known".into()),
        state => Some(format!("it is {}: Kafka takes no commit for a group with members", state.word())),
    }
}
