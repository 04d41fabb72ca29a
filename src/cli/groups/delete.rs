//! `klamm groups delete`, `delete-offsets` and `remove-members`.

use super::reset::{duration, group_ids, topic_scope};
use crate::cli::change::{carry_out, wait_until_empty};
use crate::cli::confirm::Consent;
use crate::cli::exit::{Exit, Stop};
use crate::cli::session::Session;
use crate::domain::group_plan::Leavers;
use crate::domain::{PartitionId, TopicName};
use clap::Args;
use std::time::Duration;

#[derive(Debug, Args)]
pub(crate) struct DeleteArguments {
    #[arg(value_name = "GROUP", required = true)]
    groups: Vec<String>,
    /// Wait this long for the groups to become empty
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    wait: Option<Duration>,
    #[command(flatten)]
    consent: Consent,
}

#[derive(Debug, Args)]
pub(crate) struct DeleteOffsetsArguments {
    #[arg(value_name = "GROUP")]
    group: String,
    /// A topic, or some of its partitions; may be repeated
    #[arg(long = "topic", value_name = "TOPIC[:P,…]", value_parser = topic_scope, required = true)]
    topics: Vec<(TopicName, Option<Vec<PartitionId>>)>,
    #[command(flatten)]
    consent: Consent,
}

#[derive(Debug, Args)]
pub(crate) struct RemoveMembersArguments {
    #[arg(value_name = "GROUP")]
    group: String,
    /// Everybody who is in the group
    #[arg(long, conflicts_with_all = ["members", "instances"], required_unless_present_any = ["members", "instances"])]
    all: bool,
    /// A member by its member id; may be repeated
    #[arg(long = "member", value_name = "ID")]
    members: Vec<String>,
    /// A static member by its instance id; may be repeated
    #[arg(long = "instance", value_name = "ID")]
    instances: Vec<String>,
    #[command(flatten)]
    consent: Consent,
}

pub(super) async fn delete(session: &mut Session, arguments: DeleteArguments) -> Result<Exit, Stop> {
    let groups = group_ids(&arguments.groups);
    let cluster = session.connect().await?;
    wait_until_empty(&cluster, &groups, arguments.wait, arguments.consent).await?;
    let plan = cluster.plan_delete_groups(&groups).await?;
    carry_out(session, &cluster, &plan, arguments.consent, None).await
}

pub(super) async fn delete_offsets(session: &mut Session, arguments: DeleteOffsetsArguments) -> Result<Exit, Stop> {
    let cluster = session.connect().await?;
    let plan = cluster.plan_delete_offsets(&arguments.group.as_str().into(), &arguments.topics).await?;
    carry_out(session, &cluster, &plan, arguments.consent, None).await
}

pub(super) async fn remove_members(session: &mut Session, arguments: RemoveMembersArguments) -> Result<Exit, Stop> {
    let leavers = if arguments.all {
        Leavers::All
    } else {
        Leavers::Named { members: arguments.members, instances: arguments.instances }
    };
    let cluster = session.connect().await?;
    let plan = cluster.plan_remove_members(&arguments.group.as_str().into(), &leavers).await?;
    carry_out(session, &cluster, &plan, arguments.consent, None).await
}
