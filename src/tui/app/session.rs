//! The profile that is open, as far as the screen needs it.

use crate::cluster::Access;
use crate::domain::naming::Naming;
use crate::domain::topic_formats::TopicFormats;
use crate::domain::{Failure, Time};
use crate::profile::Refresh;
use crate::tui::command::Right;
use jiff::tz::TimeZone;

/// A profile as a list shows it. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileCard {
    pub name: String,
    /// It stands in the file; else it is of this run, and its addresses name it elsewhere.
    pub is_saved: bool,
    /// Bootstrap addresses.
    pub brokers: String,
    pub registry: Option<String>,
    /// Of the registry, where it is not the default one.
    pub registry_context: Option<String>,
    /// "SASL_SSL, SCRAM-SHA-512"
    pub security: String,
    /// The colour's name or `#rrggbb`, for the header.
    pub colour: Option<String>,
    pub is_read_only: bool,
    pub is_production: bool,
    pub notes: Option<String>,
}

/// The saved profiles after a change of their file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfilesNow {
    /// "prod: added in /home/…"
    pub said: String,
    pub cards: Vec<ProfileCard>,
    /// What is wrong with the file.
    pub warnings: Vec<String>,
    /// The profile to select.
    pub select: Option<String>,
}

/// The connection to a profile's cluster.
#[derive(Debug, Clone)]
pub enum Link {
    /// Nothing is open.
    None,
    /// The settings are being read.
    Opening(String),
    Open(Session),
    /// The settings cannot be used.
    Refused {
        name: String,
        failure: Failure,
    },
}

#[derive(Debug, Clone)]
pub struct Session {
    pub card: ProfileCard,
    pub access: Access,
    pub zone: TimeZone,
    pub since: Time,
    /// The embedded cluster, whose brokers can be stopped.
    pub is_demo: bool,
    /// How often data is asked for.
    pub refresh: Refresh,
    /// How records are read when nobody says otherwise.
    pub formats: TopicFormats,
    /// What the names of topics should match.
    pub naming: Option<Naming>,
}

impl Link {
    pub fn session(&self) -> Option<&Session> {
        match self {
            Self::Open(session) => Some(session),
            Self::None | Self::Opening(_) | Self::Refused { .. } => None,
        }
    }

    pub fn right(&self) -> Right {
        match self.session().map(|session| session.access) {
            Some(Access::ReadOnly) => Right::ReadOnly,
            Some(Access::Unlocked { .. }) => Right::Unlocked,
            Some(Access::ReadOnlyForGood) => Right::ReadOnlyForGood,
            Some(Access::ReadWrite) | None => Right::Write,
        }
    }
}
