//! How groups are doing: by the log of commits, or by samples where that may not be read.

use super::commits::{Judged, whole};
use super::groups::GroupDetail;
use super::produced::LastHour;
use super::{Cluster, lock};
use crate::domain::group::{GroupListing, GroupPartition, GroupType};
use crate::domain::standing::Standing;
use crate::domain::verdict::Reason;
use crate::domain::{Fact, Failure, FailureKind, GroupId, Partial, PartitionMap};
use crate::kafka::admin::groups::Rights;
use std::sync::Arc;

/// Why such a group is judged by samples.
const SHARE: &str = "a share group commits nothing to the log of commits";

impl Cluster {
    /// Groups with how they are doing, by their last commits; `None` asks for all. Where
    /// the log of commits may not be read, by a look at them, which counts with those before.
    pub async fn judged_groups(&self, only: Option<&[GroupId]>) -> Result<Partial<Vec<GroupDetail>>, Failure> {
        let (read, lags) = tokio::join!(self.read_commits(only), self.lags(only));
        let mut groups = lags?;
        match read {
            Ok(()) => {
                let judged = self.judge(&rows_of(&groups.value)).await?;
                for (group, judged) in groups.value.iter_mut().zip(judged) {
                    group.judged = Fact::Known(match group.description.listing.kind {
                        GroupType::Share => self.judged_by_windows(group, SHARE.into()),
                        _ => judged,
                    });
                }
                groups.failures.extend(self.not_understood());
            }
            Err(failure) if failure.kind == FailureKind::Denied => self.judge_by_samples(&mut groups, &failure).await?,
            Err(failure) => return Err(failure),
        }
        Ok(groups)
    }

    /// Takes a look at groups and judges them by it and those before, of this run or an
    /// earlier one. Who is in a group has to be known for it.
    async fn judge_by_samples(&self, groups: &mut Partial<Vec<GroupDetail>>, why: &Failure) -> Result<(), Failure> {
        let listings: Vec<GroupListing> = groups.value.iter().map(|group| group.description.listing.clone()).collect();
        let mut described = self.describe_all(&listings, Rights::Leave).await;
        let metadata = self.known_metadata().await?;
        self.restore_windows().await;
        let now = self.now();
        for group in &mut groups.value {
            let id = group.description.listing.id.clone();
            let Some(description) = described.value.remove(&id) else {
                group.judged = Fact::unknown("the group could not be described");
                continue;
            };
            let owners = description.members.iter().enumerate();
            let owners: PartitionMap<usize> = owners
                .flat_map(|(index, member)| member.assignment.iter().map(move |at| (at.clone(), index)))
                .collect();
            for row in &mut group.partitions {
                row.member = owners.get(&row.partition).copied();
            }
            let state = description.listing.state;
            lock(&self.inner.lags).sample(&id, state, &group.partitions, |here| metadata.has(here), now);
            group.judged = Fact::Known(self.judged_by_windows(group, why.to_string()));
            group.description = description;
        }
        groups.failures.extend(described.failures);
        Ok(())
    }

    /// How a group is doing by the looks at it so far.
    fn judged_by_windows(&self, group: &GroupDetail, why: String) -> Judged {
        let (id, rules) = (&group.description.listing.id, &self.profile().rules);
        let judged = lock(&self.inner.lags).windows().judging(self.now(), rules).of(id, &group.partitions);
        Judged { why_sampled: Some(why), ..Judged::of(&group.partitions, judged) }
    }

    /// One group, whole, with how it is doing (by samples where the log of commits cannot
    /// be read) and what becomes of its lag.
    pub async fn judged_group(&self, group: &GroupId, last_hour: LastHour) -> Result<Arc<GroupDetail>, Failure> {
        let (group, read) = tokio::join!(self.group(group), self.read_commits(Some(std::slice::from_ref(group))));
        let mut group = group?;
        let judge = async {
            read?;
            if group.description.listing.kind == GroupType::Share {
                return Err(Failure::new(FailureKind::Unsupported, "judge group", SHARE));
            }
            self.judge(&rows_of(std::slice::from_ref(&group))).await
        };
        let produced = async {
            match last_hour {
                LastHour::Ask => self.produced_for(&group.description.listing.id, &group.partitions).await,
                LastHour::Leave => Fact::unknown("nobody asked for it"),
            }
        };
        let (judged, produced) = tokio::join!(judge, produced);
        group.produced = produced;
        let (now, id) = (self.now(), group.description.listing.id.clone());
        group.judged = Fact::Known(match judged.map(|mut judged| judged.pop().unwrap_or_default()) {
            Ok(judged) => judged,
            Err(failure) => {
                let is_share = group.description.listing.kind == GroupType::Share;
                self.judged_by_windows(&group, if is_share { failure.message } else { failure.to_string() })
            }
        });
        match self.look_ahead(&mut group).await {
            Ok(()) => amend(&mut group),
            Err(failure) => group.outlook = Fact::unknown(failure.to_string()),
        }
        if let Some(judged) = group.judged.known().filter(|judged| judged.why_sampled.is_none()) {
            let standing = Standing::of(&group.partitions, &judged.partitions);
            lock(&self.inner.lags).judged_by_commits(&id, standing, now);
        }
        Ok(Arc::new(group))
    }
}

/// What a look into the logs explains is no fault of the group's: nothing is left that
/// it could read, or a transaction holds it back.
fn amend(group: &mut GroupDetail) {
    let (Fact::Known(judged), Fact::Known(outlook)) = (&mut group.judged, &group.outlook) else { return };
    let rows = group.partitions.iter().zip(&outlook.partitions).zip(&mut judged.partitions);
    for ((row, outlook), judgement) in rows {
        let Some(judgement) = judgement else { continue };
        let reason = match &outlook.held {
            Some(held) => Reason::Held { producer_id: held.producer_id.get(), since: held.since },
            None if row.nothing_left => Reason::CaughtUp { lag: 0, allowed: 0 },
            None => continue,
        };
        (judgement.verdict, judgement.reason) = (reason.verdict(), reason);
    }
    judged.group = whole(&group.partitions, &judged.partitions);
}

fn rows_of(groups: &[GroupDetail]) -> Vec<(&GroupId, &[GroupPartition])> {
    groups.iter().map(|group| (&group.description.listing.id, group.partitions.as_slice())).collect()
}
