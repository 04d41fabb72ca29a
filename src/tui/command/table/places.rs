//! Where commands are, for those that are in more places than a row holds.

use crate::tui::command::ctx::Place;

pub(super) const LISTS: &[Place] = &[
    Place::Overview,
    Place::Topics,
    Place::Topic,
    Place::Groups,
    Place::Group,
    Place::Records,
    Place::Record,
    Place::Journal,
    Place::Profiles,
    Place::Messages,
    Place::Plan,
    Place::PlanResult,
    Place::Partitions,
    Place::Help,
    Place::Menu,
    Place::Probe,
    Place::Compression,
    Place::Export,
];
pub(super) const WITH_COPIES: &[Place] = &[
    Place::Overview,
    Place::Topics,
    Place::Topic,
    Place::Groups,
    Place::Group,
    Place::Records,
    Place::Record,
    Place::Journal,
    Place::Profiles,
    Place::Messages,
    Place::Menu,
    Place::Export,
];
pub(super) const TABBED: &[Place] = &[Place::Overview, Place::Topic, Place::Group];
pub(super) const SORTED: &[Place] = &[Place::Topics, Place::Groups];
pub(super) const FILTERED: &[Place] = &[Place::Topics, Place::Groups];
pub(super) const ON_TOPIC: &[Place] = &[Place::Topics, Place::Topic];
pub(super) const ON_GROUP: &[Place] = &[Place::Groups, Place::Group];
/// On the list of records, and on one of them.
pub(super) const ON_RECORD: &[Place] = &[Place::Records, Place::Record];
/// Where the keys of history mean that; on a record they lead to the next one.
pub(super) const WITH_HISTORY: &[Place] = &[
    Place::Overview,
    Place::Topics,
    Place::Topic,
    Place::Groups,
    Place::Group,
    Place::Records,
    Place::Journal,
    Place::Profiles,
    Place::Messages,
];
pub(super) const WITH_GROUPS: &[Place] = &[Place::Groups, Place::Group, Place::Topic];
