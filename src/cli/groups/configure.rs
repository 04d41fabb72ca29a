//! `klamm groups configs` and `configure`: what the cluster keeps for a group, which
//! its members follow.

use crate::cli::change::carry_out;
use crate::cli::confirm::Consent;
use crate::cli::exit::{Exit, Stop};
use crate::cli::output::{Cell, Column, Report, Table, text};
use crate::cli::session::Session;
use crate::domain::config::ConfigSource;
use crate::domain::{GroupId, group_config};
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct ConfigsArguments {
    #[arg(value_name = "GROUP")]
    group: String,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigureArguments {
    #[arg(value_name = "GROUP")]
    group: String,
    /// A setting and its value; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair, required_unless_present = "unset")]
    set: Vec<(String, String)>,
    /// A setting that goes back to the cluster's default; may be repeated
    #[arg(long, value_name = "NAME")]
    unset: Vec<String>,
    #[command(flatten)]
    consent: Consent,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

const SETTINGS: &[Column] =
    &[text("group", "GROUP"), text("name", "SETTING"), text("value", "VALUE"), text("is_set", "SET FOR THE GROUP")];

pub(super) async fn list(session: &mut Session, arguments: &ConfigsArguments) -> Result<Exit, Stop> {
    let cluster = session.connect().await?;
    let group = GroupId::from(arguments.group.as_str());
    let entries = cluster.group_configs(&group).await?;
    let rows = entries.iter().map(|entry| {
        vec![
            Cell::text(group.as_str()),
            Cell::text(entry.name.as_str()),
            Cell::or_absent(entry.value.as_deref(), Cell::text),
            Cell::Flag(entry.source == ConfigSource::Group),
        ]
    });
    session.output.report(&Report::list(Table::of(SETTINGS, rows), Vec::new()))?;
    Ok(Exit::Done)
}

pub(super) async fn change(session: &mut Session, arguments: ConfigureArguments) -> Result<Exit, Stop> {
    let set = arguments.set.into_iter().map(|(name, value)| (name, Some(value)));
    let wishes: Vec<group_config::Wish> = set.chain(arguments.unset.into_iter().map(|name| (name, None))).collect();
    let cluster = session.connect().await?;
    let plan = cluster.plan_configure_group(&arguments.group.as_str().into(), &wishes).await?;
    carry_out(session, &cluster, &plan, arguments.consent, None).await
}
