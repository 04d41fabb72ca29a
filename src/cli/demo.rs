//! `klamm demo`: the console on an embedded cluster, or the cluster alone.

use super::console;
use super::exit::{Exit, Stop};
use super::interrupt::signal;
use super::logging;
use super::session::Session;
use crate::demo::{Demo, Options, World};
use clap::Args;
use serde_json::json;
use std::net::SocketAddr;

#[derive(Clone, Debug, Args)]
pub(crate) struct DemoArguments {
    /// Only serve: print the addresses as one JSON line, until interrupted
    #[arg(long)]
    serve: bool,
    /// The first broker's address; the others take the ports after it. Free ports on loopback without it
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<SocketAddr>,
    /// How many brokers
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=9))]
    brokers: u8,
    /// Plain topics, this many, instead of the company's: to see how klamm takes a large cluster
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    topics: Option<u32>,
    /// Partitions of each of these topics
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(i32).range(1..), requires = "topics")]
    partitions: i32,
    /// Groups that have read these topics
    #[arg(long, value_name = "N", default_value_t = 0, requires = "topics")]
    groups: u32,
    /// Print what the cluster holds in memory; alone, then end
    #[arg(long)]
    stats: bool,
}

pub(crate) async fn run(session: &mut Session, arguments: &DemoArguments) -> Result<Exit, Stop> {
    if !arguments.serve && !arguments.stats {
        console::refuse_without_terminal()?;
        return console::on_demo(session, start(arguments).await?).await;
    }
    logging::to_stderr();
    let demo = start(arguments).await?;
    if arguments.serve {
        serve(session, arguments, demo).await
    } else {
        session.output.line(&json!(demo.stats()).to_string())?;
        session.output.flush()?;
        demo.shutdown().await;
        Ok(Exit::Done)
    }
}

async fn start(arguments: &DemoArguments) -> Result<Demo, Stop> {
    let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    let world = arguments.topics.map_or(World::Full, |topics| World::Sized {
        topics: count(topics),
        partitions: arguments.partitions,
        groups: count(arguments.groups),
    });
    let brokers = usize::from(arguments.brokers);
    let options = Options { brokers, listen: arguments.listen, world, ..Options::default() };
    Ok(Demo::start(options).await?)
}

/// An interrupt is how serving ends, so it is not a failure.
async fn serve(session: &mut Session, arguments: &DemoArguments, demo: Demo) -> Result<Exit, Stop> {
    let mut line = json!({"bootstrap": demo.bootstrap(), "registry": demo.registry_url()});
    if let (true, Some(members)) = (arguments.stats, line.as_object_mut()) {
        members.insert("stats".into(), json!(demo.stats()));
    }
    session.output.line(&line.to_string())?;
    session.output.flush()?;
    signal().await;
    demo.shutdown().await;
    Ok(Exit::Done)
}
