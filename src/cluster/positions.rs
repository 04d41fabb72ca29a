//! Where groups stand: what they committed, or where share groups begin.
//!
//! Owns: which of the two questions a group is asked, by its type.

use super::Cluster;
use super::groups::Commits;
use crate::domain::group::{GroupDescription, GroupType};
use crate::domain::{Fact, Failure, GroupId, Partial, PartitionMap};
use crate::kafka::admin;
use crate::kafka::admin::offsets::ShareOffsets;
use std::collections::HashMap;

/// Where one group stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Positions {
    /// Of a share group: the offsets where it begins.
    pub(super) commits: Commits,
    /// The lags of a share group, as the cluster tells them.
    pub(super) lags: Option<PartitionMap<Fact<u64>>>,
}

impl From<Commits> for Positions {
    fn from(commits: Commits) -> Self {
        Self { commits, lags: None }
    }
}

impl From<ShareOffsets> for Positions {
    fn from(offsets: ShareOffsets) -> Self {
        let lags = offsets.iter().map(|(here, row)| (here.clone(), row.lag.clone())).collect();
        let commits = offsets.into_iter().map(|(here, row)| (here, row.start)).collect();
        Self { commits, lags: Some(lags) }
    }
}

impl Cluster {
    /// Where groups stand. One that could not be asked is missing and named in the failures.
    pub(super) async fn positions<'a>(
        &self,
        groups: impl IntoIterator<Item = (&'a GroupId, GroupType)>,
    ) -> Partial<HashMap<GroupId, Positions>> {
        let (mut share, mut others) = (Vec::new(), Vec::new());
        for (group, kind) in groups {
            if kind == GroupType::Share { &mut share } else { &mut others }.push(group.clone());
        }
        let (committed, begun) = tokio::join!(
            admin::offsets::committed(self.client(), &others),
            admin::offsets::share_offsets(self.client(), &share),
        );
        let mut failures = committed.failures;
        failures.extend(begun.failures);
        let committed = committed.value.into_iter().map(|(group, commits)| (group, Positions::from(commits)));
        let begun = begun.value.into_iter().map(|(group, offsets)| (group, Positions::from(offsets)));
        Partial { value: committed.chain(begun).collect(), failures }
    }

    /// A group's state and members, `Dead` when it does not exist, and where it stands.
    pub(super) async fn described(
        &self,
        group: &GroupId,
    ) -> Result<(GroupDescription, Result<Positions, Failure>), Failure> {
        let (description, commits) = tokio::join!(self.describe_one(group), self.commits_of(group));
        let description = description?;
        // That it is a share group is known only now.
        let positions = match description.listing.kind {
            GroupType::Share => self.position(group, GroupType::Share).await,
            _ => commits.map(Positions::from),
        };
        Ok((description, positions))
    }

    /// What a group of any type committed, or where it begins.
    pub(super) async fn stands_at(&self, group: &GroupId) -> Result<Commits, Failure> {
        let (_, positions) = self.described(group).await?;
        positions.map(|positions| positions.commits)
    }

    /// What one group committed; empty when it never did, and of a share group.
    async fn commits_of(&self, group: &GroupId) -> Result<Commits, Failure> {
        self.position(group, GroupType::Classic).await.map(|positions| positions.commits)
    }

    async fn position(&self, group: &GroupId, kind: GroupType) -> Result<Positions, Failure> {
        let mut answer = self.positions([(group, kind)]).await;
        match (answer.value.remove(group), answer.failures.into_iter().next()) {
            (_, Some(failure)) => Err(failure),
            (positions, None) => Ok(positions.unwrap_or_default()),
        }
    }
}
