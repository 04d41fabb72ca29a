//! The demo cluster, driven over real sockets by a client that knows only the codec.

mod assigned;
mod client;
mod faults;
mod groups;
mod hostile;
mod records;
mod sweep;
mod transactions;
mod world;

use super::*;
use crate::domain::Time;

/// A Saturday noon; any would do.
pub(super) const NOON: Time = Time(1_795_262_400_000);

pub(super) async fn start(world: World, traffic: bool) -> Demo {
    let options = Options { world, traffic, seed: 7, clock: Clock::Stopped(NOON), ..Options::default() };
    Demo::start(options).await.unwrap()
}
