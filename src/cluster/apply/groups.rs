//! Groups that go and members that leave: sent, and looked at again.
//!
//! Invariant: a deleted group's offsets are never sent; what became of them is what
//! became of their group, until the look at the end tells.

use super::read_back::LOOKS_MILLIS;
use super::{Board, Cluster, moves_of, status_of};
use crate::cluster::group_plans::settings;
use crate::domain::group::GroupState;
use crate::domain::group_config;
use crate::domain::plan::{Plan, Severity, Step, StepStatus, Warning};
use crate::domain::{GroupId, WriteGrant, show};
use crate::kafka::admin::configs;
use crate::kafka::admin::groups::{self, Leaving};
use std::time::Duration;

impl Cluster {
    pub(super) async fn delete_groups(&self, plan: &Plan, grant: &WriteGrant, board: &mut Board) {
        let (indexes, ids): (Vec<usize>, Vec<GroupId>) =
            plan.deleted_groups().map(|(index, group)| (index, group.clone())).unzip();
        let answers = groups::delete(self.client(), grant, &ids).await;
        let mut known = Vec::new();
        for ((index, group), answer) in indexes.into_iter().zip(&ids).zip(answers) {
            let status = status_of(answer);
            let of_offset = match &status {
                StepStatus::Failed(_) => StepStatus::Skipped,
                other => other.clone(),
            };
            known.extend(moves_of(plan, group).map(|(index, _)| (index, of_offset.clone())));
            known.push((index, status));
        }
        board.settle(known).await;
    }

    pub(super) async fn remove_members(&self, plan: &Plan, group: &GroupId, grant: &WriteGrant, board: &mut Board) {
        let (indexes, leaving): (Vec<usize>, Vec<Leaving>) = leavers(plan)
            .map(|(index, member_id, instance_id)| {
                let leaving = match instance_id {
                    Some(instance) => Leaving::Instance(instance.to_owned()),
                    None => Leaving::Member(member_id.to_owned()),
                };
                (index, leaving)
            })
            .unzip();
        let answers = groups::remove_members(self.client(), grant, group, &leaving).await;
        board.settle(indexes.into_iter().zip(answers.into_iter().map(status_of)).collect()).await;
    }

    /// All settings go in one request, which the cluster takes or refuses whole.
    pub(super) async fn configure_group(&self, plan: &Plan, group: &GroupId, grant: &WriteGrant, board: &mut Board) {
        let status = status_of(configs::alter_group(self.client(), grant, group, &settings(plan)).await);
        board.settle((0..plan.steps.len()).map(|index| (index, status.clone())).collect()).await;
    }

    pub(super) async fn read_back_settings(&self, plan: &Plan, group: &GroupId, board: &mut Board) -> Warning {
        let mut looks = LOOKS_MILLIS.into_iter();
        loop {
            let entries = match self.group_configs(group).await {
                Ok(entries) => entries,
                Err(failure) => {
                    return Warning::new(Severity::Warning, format!("the settings could not be read back: {failure}"));
                }
            };
            let found: Vec<StepStatus> = plan.steps.iter().map(|step| group_config::judge(step, &entries)).collect();
            let done = found.iter().filter(|status| **status == StepStatus::Done).count();
            // Brokers learn of settings from the controller, one after the other.
            if done < found.len()
                && let Some(pause) = looks.next()
            {
                tokio::time::sleep(Duration::from_millis(pause)).await;
                continue;
            }
            let mut corrected = Vec::new();
            for (index, (step, found)) in plan.steps.iter().zip(found).enumerate() {
                let Step::SetGroupConfig { name, .. } = step else { continue };
                match (board.of(index), found) {
                    (Some(StepStatus::Unknown(_)), StepStatus::Done) => corrected.push((index, StepStatus::Done)),
                    (Some(StepStatus::Done), StepStatus::Done) => {}
                    (Some(StepStatus::Done), _) => {
                        let found = group_config::set_value(&entries, name).unwrap_or_else(|| "the default".into());
                        corrected.push((index, StepStatus::Overwritten { found }));
                    }
                    _ => {}
                }
            }
            board.settle(corrected).await;
            let severity = if done == plan.steps.len() { Severity::Fine } else { Severity::Warning };
            let all = show::plural(plan.steps.len(), "setting");
            return Warning::new(severity, format!("read back: {done} of {all} as planned"));
        }
    }

    /// Is each group of the plan gone?
    pub(super) async fn read_back_groups(&self, plan: &Plan, board: &mut Board) -> Vec<Warning> {
        let look = |(index, group)| async move { (index, group, self.describe_one(group).await) };
        let looks = futures::future::join_all(plan.deleted_groups().map(look)).await;
        let mut notes = Vec::with_capacity(looks.len());
        for (index, group, found) in looks {
            let (severity, seen) = match found.map(|found| found.listing.state) {
                Err(failure) => (Severity::Warning, format!("it could not be looked at: {failure}")),
                Ok(GroupState::Dead) => {
                    if matches!(board.of(index), Some(StepStatus::Unknown(_))) {
                        board.settle(vec![(index, StepStatus::Done)]).await;
                    }
                    (Severity::Fine, "it is gone".to_owned())
                }
                Ok(state) => {
                    let found = format!("the group is there, {}", state.shown());
                    if board.of(index) == Some(&StepStatus::Done) {
                        let status = StepStatus::Overwritten { found: found.clone() };
                        board.settle(vec![(index, status)]).await;
                    }
                    (Severity::Warning, found)
                }
            };
            notes.push(Warning::new(severity, format!("read back: {group}: {seen}")));
        }
        notes
    }

    /// Who is still in the group, and who came since.
    pub(super) async fn read_back_members(&self, plan: &Plan, group: &GroupId, board: &mut Board) -> Warning {
        let found = match self.describe_one(group).await {
            Ok(found) => found,
            Err(failure) => {
                return Warning::new(Severity::Warning, format!("the group could not be read back: {failure}"));
            }
        };
        let mut still = 0;
        let mut corrected = Vec::new();
        for (index, member_id, _) in leavers(plan) {
            let is_there = found.members.iter().any(|member| member.member_id == member_id);
            still += usize::from(is_there);
            match (board.of(index), is_there) {
                (Some(StepStatus::Done), true) => {
                    corrected.push((index, StepStatus::Overwritten { found: "it is still in the group".into() }));
                }
                (Some(StepStatus::Unknown(_)), false) => corrected.push((index, StepStatus::Done)),
                _ => {}
            }
        }
        board.settle(corrected).await;
        let now = format!("{} with {}", found.listing.state.shown(), show::plural(found.members.len(), "member"));
        let left = show::plural(leavers(plan).count() - still, "member");
        let severity = if still == 0 { Severity::Fine } else { Severity::Warning };
        Warning::new(severity, format!("read back: {left} out; the group is {now}"))
    }
}

/// The members that a plan takes out: step, member id, instance id.
fn leavers(plan: &Plan) -> impl Iterator<Item = (usize, &str, Option<&str>)> {
    plan.steps.iter().enumerate().filter_map(|(index, step)| match step {
        Step::RemoveMember { member_id, instance_id, .. } => Some((index, &**member_id, instance_id.as_deref())),
        _ => None,
    })
}
