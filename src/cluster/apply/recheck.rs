//! Does a plan still hold? Looked at right before anything is sent.

use super::{Cluster, moves_of, partition_of, refused};
use crate::cluster::Metadata;
use crate::cluster::groups::listed_offset;
use crate::cluster::resend::range_of;
use crate::domain::group::{GroupDescription, GroupState};
use crate::domain::group_config;
use crate::domain::plan::{Change, OffsetMove, Plan, Step};
use crate::domain::produce::Produce;
use crate::domain::resend::{Destination, Resend};
use crate::domain::{Fact, Failure, GroupId, TopicId, TopicName, TopicPartition};
use crate::kafka::admin;

const LOOK_AGAIN: &str = "Nothing was changed; look at the new preview.";

impl Cluster {
    /// Refuses a plan whose ground has moved since it was shown.
    pub(super) async fn recheck(&self, plan: &Plan, source: &Cluster) -> Result<(), Failure> {
        match &plan.change {
            Change::AddPartitions { topic } | Change::DeleteTopic { topic } => self.recheck_topic(plan, topic).await?,
            // The cluster itself refuses a topic that exists by now.
            Change::CreateTopic { .. }
            | Change::ResetOffsets { .. }
            | Change::ResetGroups { .. }
            | Change::ResetShareGroup { .. }
            | Change::DeleteGroups { .. }
            | Change::DeleteOffsets { .. }
            | Change::DeleteShareOffsets { .. }
            | Change::ConfigureGroup { .. }
            | Change::Undo { .. } => {}
            Change::RemoveMembers { group } => self.recheck_members(plan, group).await?,
            Change::Produce(produce) => self.recheck_produce(plan, produce).await?,
            Change::Resend(resend) => self.recheck_resend(plan, resend, source).await?,
        }
        self.recheck_settings(plan).await?;
        futures::future::try_join_all(plan.groups().into_iter().map(|group| self.recheck_moves(plan, group))).await?;
        Ok(())
    }

    async fn recheck_moves(&self, plan: &Plan, group: &GroupId) -> Result<(), Failure> {
        let moves: Vec<&OffsetMove> = moves_of(plan, group).map(|(_, step)| step).collect();
        let mut topics: Vec<TopicName> = moves.iter().map(|step| step.topic.clone()).collect();
        topics.sort();
        topics.dedup();
        let (described, metadata) =
            tokio::join!(self.described(group), admin::topics::metadata(self.client(), Some(&topics)));
        let (description, positions) = described?;
        let may_be_absent = match &plan.change {
            Change::ResetOffsets { creates_group, .. } => *creates_group,
            Change::ResetGroups { creates, .. } => creates.contains(group),
            Change::Undo { .. } => true,
            Change::AddPartitions { .. }
            | Change::CreateTopic { .. }
            | Change::DeleteTopic { .. }
            | Change::ResetShareGroup { .. }
            | Change::DeleteGroups { .. }
            | Change::DeleteOffsets { .. }
            | Change::DeleteShareOffsets { .. }
            | Change::ConfigureGroup { .. }
            | Change::Produce(_)
            | Change::Resend(_)
            | Change::RemoveMembers { .. } => false,
        };
        match description.listing.state {
            GroupState::Empty => {}
            GroupState::Dead if may_be_absent => {}
            GroupState::Dead => return Err(refused(plan, format!("group {group} does not exist any more"))),
            // Its members may stay as long as they do not read what is deleted.
            _ if matches!(plan.change, Change::DeleteOffsets { .. }) => {
                if let Some(reader) = description
                    .members
                    .iter()
                    .find(|member| member.assignment.iter().any(|here| topics.binary_search(&here.topic).is_ok()))
                {
                    let message = format!("{} at {} reads what is to be deleted", reader.client_id, reader.host);
                    return Err(refused(plan, message).hint("Stop it first."));
                }
            }
            state => {
                let message = format!("group {group} is {} with {}", state.shown(), members(&description));
                return Err(refused(plan, message).hint("Stop its consumers, or press w to wait until they have left."));
            }
        }
        let (commits, metadata) = (positions?.commits, metadata?);
        // A partition that the plan adds has no log yet; it begins at 0.
        let existing = moves.iter().filter(|step| step.target.is_some() && !plan.adds(step));
        let partitions: Vec<TopicPartition> = existing.map(|step| partition_of(step)).collect();
        let (starts, ends) = self.log_bounds(&partitions).await?;
        if plan.deletes(group)
            && let Some(new) = commits.keys().find(|here| !moves.iter().any(|step| partition_of(step) == **here))
        {
            return Err(refused(plan, format!("{group} has committed in {new} since the preview")).hint(LOOK_AGAIN));
        }
        for step in moves {
            let here = partition_of(step);
            if commits.get(&here) != step.before.as_ref() {
                let found = commits.get(&here).map_or("nothing".into(), |commit| commit.offset.to_string());
                return Err(refused(plan, format!("{here} has {found} committed since the preview")).hint(LOOK_AGAIN));
            }
            let Some(target) = step.target else { continue };
            match metadata.topics.iter().find(|topic| topic.name == step.topic) {
                None => return Err(refused(plan, format!("topic {} is gone", step.topic))),
                Some(topic) if topic.id != step.topic_id => {
                    return Err(refused(plan, format!("topic {} was recreated since the preview", step.topic)));
                }
                Some(_) => {}
            }
            if plan.adds(step) {
                continue;
            }
            match (listed_offset(&starts, &here), listed_offset(&ends, &here)) {
                (Fact::Known(start), Fact::Known(end)) if (start..=end).contains(&target) => {}
                (Fact::Known(start), Fact::Known(end)) => {
                    let message = format!("the log of {here} now holds {start}–{end}, which leaves out {target}");
                    return Err(refused(plan, message).hint(LOOK_AGAIN));
                }
                (Fact::Unknown(reason), _) | (_, Fact::Unknown(reason)) => {
                    return Err(refused(plan, format!("the log of {here} cannot be checked: {reason}")));
                }
            }
        }
        Ok(())
    }

    async fn recheck_settings(&self, plan: &Plan) -> Result<(), Failure> {
        let mut known = None;
        for step in &plan.steps {
            let Step::SetGroupConfig { group, name, before, .. } = step else { continue };
            let entries = match &known {
                Some(entries) => entries,
                None => known.insert(self.group_configs(group).await?),
            };
            let now = group_config::set_value(entries, name);
            if now != *before {
                let now = now.unwrap_or_else(|| "the default".into());
                return Err(refused(plan, format!("{name} is {now} since the preview")).hint(LOOK_AGAIN));
            }
        }
        Ok(())
    }

    async fn recheck_members(&self, plan: &Plan, group: &GroupId) -> Result<(), Failure> {
        let found = self.describe_one(group).await?;
        for step in &plan.steps {
            let Step::RemoveMember { member_id, client_id, host, .. } = step else { continue };
            if !found.members.iter().any(|member| member.member_id == *member_id) {
                let message = format!("{client_id} at {host} is not in {group} any more");
                return Err(refused(plan, message).hint(LOOK_AGAIN));
            }
        }
        Ok(())
    }

    /// The topic is the one that was shown, and the records are still at hand.
    async fn recheck_produce(&self, plan: &Plan, produce: &Produce) -> Result<(), Failure> {
        let name = &produce.topic;
        if !self.has_records_of(&plan.id) {
            return Err(refused(plan, "its records are not kept any more").hint("Make the plan again."));
        }
        let metadata = admin::topics::metadata(self.client(), Some(std::slice::from_ref(name))).await?;
        match metadata.topics.iter().find(|topic| topic.name == *name) {
            None => Err(refused(plan, format!("topic {name} does not exist any more"))),
            Some(found) if found.id != produce.topic_id => {
                Err(refused(plan, format!("topic {name} was recreated since the preview")).hint(LOOK_AGAIN))
            }
            Some(_) => Ok(()),
        }
    }

    /// Both ends are still the same topics, on the clusters that the plan is about.
    async fn recheck_resend(&self, plan: &Plan, resend: &Resend, source: &Cluster) -> Result<(), Failure> {
        let (here, there) = tokio::try_join!(self.metadata(), source.metadata())?;
        let whose = resend.from.as_ref().map(|from| &*from.cluster_id);
        if whose != there.cluster_id.as_deref().filter(|_| here.cluster_id != there.cluster_id) {
            let message = "its records are of another cluster than the one that is read";
            return Err(refused(plan, message)
                .hint("Read with that cluster's profile: klamm records resend --resume ID --to-profile NAME."));
        }
        let same = |metadata: &Metadata, name: &TopicName, id: Option<TopicId>| match metadata.topic(name.as_str()) {
            None => Err(refused(plan, format!("topic {name} is gone"))),
            Some(topic) if topic.id != id => {
                Err(refused(plan, format!("topic {name} was recreated since the preview")).hint(LOOK_AGAIN))
            }
            Some(_) => Ok(()),
        };
        // A file's partitions are not the cluster's; whether it changed is seen when it is read.
        for range in plan.steps.iter().filter_map(range_of).filter(|_| resend.file.is_none()) {
            same(&there, &range.topic, range.topic_id)?;
        }
        match &resend.to {
            Destination::Topic { topic, topic_id } => same(&here, topic, *topic_id),
            Destination::Origin | Destination::Same => Ok(()),
        }
    }

    async fn recheck_topic(&self, plan: &Plan, name: &TopicName) -> Result<(), Failure> {
        let metadata = admin::topics::metadata(self.client(), Some(std::slice::from_ref(name))).await?;
        let found = metadata.topics.iter().find(|topic| topic.name == *name);
        let Some(found) = found else {
            return Err(refused(plan, format!("topic {name} does not exist any more")));
        };
        for step in &plan.steps {
            let (id, partitions) = match step {
                Step::AddPartitions { topic_id, before, .. } => (topic_id, *before),
                Step::DeleteTopic { topic_id, partitions, .. } => (topic_id, *partitions),
                Step::MoveOffset(_)
                | Step::CreateTopic { .. }
                | Step::DeleteGroup { .. }
                | Step::RemoveMember { .. }
                | Step::Produce(_)
                | Step::Resend(_)
                | Step::SetGroupConfig { .. } => continue,
            };
            if found.id != *id {
                return Err(refused(plan, format!("topic {name} was recreated since the preview")).hint(LOOK_AGAIN));
            }
            let now = i32::try_from(found.partitions.len()).unwrap_or(i32::MAX);
            if now != partitions {
                let message = format!("topic {name} has {now} partitions now, not {partitions}");
                return Err(refused(plan, message).hint(LOOK_AGAIN));
            }
        }
        Ok(())
    }
}

fn members(description: &GroupDescription) -> String {
    match description.members.as_slice() {
        [] => "members on their way".into(),
        [one] => format!("1 member ({} on {})", one.client_id, one.host),
        [first, rest @ ..] => {
            format!("{} members ({} on {} and {} more)", rest.len() + 1, first.client_id, first.host, rest.len())
        }
    }
}
