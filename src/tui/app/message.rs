//! What happened. Every message carries its time, so that `update` needs no clock.

use super::dialogs::export::{ExportProgress, Exported};
use super::dialogs::plan::Sent;
use super::drawn::Drawn;
use super::effect::Request;
use super::find::Hit;
use super::session::{ProfilesNow, Session};
use super::slot::{Generation, Slot};
use crate::cluster::{
    Access, BrokerRow, GroupDetail, Groups, JournalView, Metadata, Misfit, Overrides, ProbeStep, RecordsUpdate,
    SearchUpdate, Tally, TopicGroup, TopicLogs,
};
use crate::domain::compression::CompressionReport;
use crate::domain::config::ConfigEntry;
use crate::domain::offsets_csv::OffsetRow;
use crate::domain::partition_plan::PartitionReport;
use crate::domain::plan::{Outcome, Plan, StepStatus, Warning};
use crate::domain::record::DecodedRecord;
use crate::domain::{BrokerId, Failure, Partial, Time};
use crate::profile::{Entry, Field, Question};
use crate::tui::command::Chord;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

#[derive(Debug)]
pub enum Message {
    /// A key, and when it was read from the terminal.
    Pressed {
        chord: Chord,
        at: Time,
    },
    Pasted {
        text: String,
        at: Time,
    },
    Clicked {
        x: u16,
        y: u16,
        at: Time,
    },
    /// The mouse was moved with its button down.
    Dragged {
        x: u16,
        y: u16,
        at: Time,
    },
    Released {
        at: Time,
    },
    Wheeled {
        x: u16,
        y: u16,
        lines: i32,
        at: Time,
    },
    /// The terminal has another size.
    Resized {
        at: Time,
    },
    Drawn {
        drawn: Drawn,
        at: Time,
    },
    Answered(Answered),
    /// The editor is closed: the text, or why it is not taken.
    Edited {
        text: Result<String, String>,
        at: Time,
    },
    /// Someone ends the process from outside.
    Terminated {
        at: Time,
    },
}

/// An answer to a request of a slot.
#[derive(Debug)]
pub struct Answered {
    pub slot: Slot,
    pub generation: Generation,
    pub at: Time,
    /// How long the request ran.
    pub took: Duration,
    /// What the profile may do now.
    pub access: Option<Access>,
    pub answer: Answer,
}

#[derive(Debug)]
pub enum Answer {
    Connected(Result<Box<Session>, Failure>),
    /// A secret must be typed before `then` can go on.
    SecretWanted {
        question: Question,
        then: Box<Request>,
    },
    ProfileRead(Result<(String, BTreeMap<Field, Entry>), Failure>),
    /// Those that are not there, each with why.
    FilesChecked(Vec<(Field, String)>),
    ProfilesChanged(Result<Box<ProfilesNow>, Failure>),
    /// One of many: a stage of the test.
    Probed(Box<ProbeStep>),
    ProbeEnded(Result<(), Failure>),
    Metadata(Result<Arc<Metadata>, Failure>),
    /// One of many: what is known in the middle of a round.
    TopicLogsSoFar(Arc<TopicLogs>),
    TopicLogs(Result<Arc<TopicLogs>, Failure>),
    Brokers(Result<Arc<Vec<BrokerRow>>, Failure>),
    /// One of many: what is known in the middle of a round.
    GroupsSoFar(Arc<Groups>),
    Groups(Result<Arc<Groups>, Failure>),
    TopicConfigs(Result<Arc<Vec<ConfigEntry>>, Failure>),
    Overrides(Result<Overrides, Failure>),
    TopicGroups(Result<Arc<Partial<Vec<TopicGroup>>>, Failure>),
    Group(Result<Arc<GroupDetail>, Failure>),
    TopicsOrdered(Arc<Vec<u32>>),
    GroupsOrdered(Arc<Vec<u32>>),
    Found {
        typed: String,
        hits: Vec<Hit>,
    },
    /// One of many.
    Records(RecordsUpdate),
    /// One of many.
    Searched(SearchUpdate),
    /// No more records will come.
    RecordsEnded,
    Decoded(Vec<Arc<DecodedRecord>>),
    /// One of many.
    ExportedSoFar(ExportProgress),
    Exported(Result<Exported, Failure>),
    /// And of how many records that had arrived.
    Stats(Tally, u64),
    Planned(Result<Arc<Plan>, Failure>),
    /// What was to be written is not what it should be.
    Unfit(Misfit),
    Subjects(Result<Vec<String>, Failure>),
    PartitionReport(Result<Arc<PartitionReport>, Failure>),
    Compression(Result<Arc<Partial<CompressionReport>>, Failure>),
    /// One of many: what became of some steps.
    Progress(Vec<(usize, StepStatus)>),
    /// One of many: how far records that are sent again have come.
    Sent(Sent),
    Applied(Result<Outcome, Failure>),
    LookedAgain(Result<Vec<Warning>, Failure>),
    GroupIsEmpty(Result<(), Failure>),
    Journal(Result<Arc<JournalView>, Failure>),
    LookedInto(Result<Arc<Outcome>, Failure>),
    Settled(Result<Outcome, Failure>),
    Unlocked(Result<Time, Failure>),
    /// Which broker, and whether it runs now.
    BrokerSwitched(Result<(BrokerId, bool), Failure>),
    OffsetsRead(Result<Vec<OffsetRow>, Failure>),
    Saved(Result<PathBuf, Failure>),
    Rested,
}

impl Answer {
    /// More answers of the same request follow.
    pub fn is_one_of_many(&self) -> bool {
        matches!(
            self,
            Self::Records(_)
                | Self::Searched(_)
                | Self::Progress(..)
                | Self::Sent(_)
                | Self::ExportedSoFar(_)
                | Self::Probed(_)
                | Self::TopicLogsSoFar(_)
                | Self::GroupsSoFar(_)
        )
    }
}
