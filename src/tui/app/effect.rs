//! What `update` asks the runtime to do. Data only.

use super::find::Haystack;
use super::slot::{Generation, Slot};
use crate::cluster::{
    ExportForm, Groups, Metadata, NewTopic, RecordRef, RecordsRequest, ResendRequest, ResetRequest, SearchRequest,
    StatsWish, Tally, TopicLogs,
};
use crate::domain::group_config;
use crate::domain::group_plan::Leavers;
use crate::domain::partition_plan::{CommitZero, PartitionWish};
use crate::domain::plan::Plan;
use crate::domain::query::Field as QueryField;
use crate::domain::recipe::Recipe;
use crate::domain::record::ReadAs;
use crate::domain::{BrokerId, GroupId, Offset, PartitionId, TopicName};
use crate::profile::{Action, Field, Question};
use crate::tui::app::screens::groups::GroupSort;
use crate::tui::app::screens::topics::{Sort, TopicSort};
use secrecy::SecretString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone, Debug)]
pub enum Effect {
    /// Runs `request` after a pause; whatever ran in the slot before is cancelled.
    Start {
        slot: Slot,
        generation: Generation,
        after: Duration,
        request: Request,
    },
    Cancel(Slot),
    /// Ends records being sent again behind those that are there.
    StopSending,
    /// Ends the export behind what is being written.
    StopExport,
    /// To the clipboard of the terminal.
    Copy(String),
    /// Gives the shell back until klamm is resumed.
    Suspend,
    /// Lets the person change a text in the editor; the terminal is the editor's meanwhile.
    Edit(EditText),
    /// The theme of this name.
    ShowTheme(String),
    Quit,
}

/// Which records are written where, and how.
#[derive(Clone, Debug)]
pub struct ExportWish {
    pub search: SearchRequest,
    pub form: ExportForm,
    /// Of a CSV, by name.
    pub columns: Vec<(String, QueryField)>,
    pub path: PathBuf,
    /// Bytes as they are, also of what the profile masks.
    pub unmasked: bool,
    /// The same as a command line.
    pub command_line: String,
}

/// A text to be changed in an editor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditText {
    pub text: String,
    /// Of the file, by which editors know what it is.
    pub extension: &'static str,
}

#[derive(Clone, Debug)]
pub enum Request {
    /// By the profile's name.
    Connect(String),
    /// The same, asking again for secrets that were typed before.
    ConnectAnew(String),
    /// Keeps what was typed for the run, then goes on.
    WithSecret {
        question: Question,
        secret: SecretString,
        then: Box<Request>,
    },
    /// What the file says of a profile.
    ReadProfile(String),
    /// Whether these files are there.
    CheckFiles(Vec<(Field, String)>),
    ChangeProfile(Action),
    /// Walks the way into a saved profile's cluster.
    TestProfile(String),
    /// The same with the profile as it would be after a change of the file.
    TestDraft(Action),
    OpenDemo,
    Metadata,
    /// Of all topics, those in sight first.
    TopicLogs {
        in_sight: Vec<TopicName>,
    },
    Brokers,
    /// All of them, those in sight first.
    Groups {
        in_sight: Vec<GroupId>,
    },
    TopicConfigs(TopicName),
    /// What is set for these topics and for all brokers.
    Overrides(Vec<TopicName>),
    TopicGroups(TopicName),
    Group(GroupId),
    OrderTopics {
        metadata: Arc<Metadata>,
        logs: Option<Arc<TopicLogs>>,
        filter: String,
        sort: Sort<TopicSort>,
    },
    OrderGroups {
        groups: Arc<Groups>,
        filter: String,
        sort: Sort<GroupSort>,
    },
    /// For the palette, in a large cluster.
    Find {
        typed: String,
        haystack: Haystack,
    },
    Records(Box<RecordsRequest>),
    Search(Box<SearchRequest>),
    Export(Box<ExportWish>),
    Decode {
        records: Vec<RecordRef>,
        view: ReadAs,
    },
    /// What these records say together.
    Stats {
        /// What was counted before, if it goes on from that.
        before: Option<Tally>,
        come: Vec<RecordRef>,
        gone: Vec<(PartitionId, Offset)>,
        wish: StatsWish,
        view: ReadAs,
        /// How many had arrived by then.
        as_of: u64,
    },
    PlanReset(ResetRequest),
    /// The offsets of a group, to one that need not be there.
    PlanCopy {
        from: GroupId,
        to: GroupId,
    },
    /// Of the groups that a file names.
    PlanImport(PathBuf),
    PlanAddPartitions {
        topic: TopicName,
        to: i32,
        commit_zero: CommitZero,
    },
    PlanCreateTopic(NewTopic),
    PlanProduce(Box<Recipe>),
    /// Of the registry.
    Subjects,
    PlanDeleteTopic(TopicName),
    /// Records of the cluster, to a topic of it.
    PlanResend {
        request: Box<ResendRequest>,
        /// The saved profile of another cluster that is written to.
        to: Option<String>,
    },
    PlanDeleteGroups(Vec<GroupId>),
    PlanDeleteOffsets {
        group: GroupId,
        /// Topics, whole or only some partitions of them.
        scope: Vec<(TopicName, Option<Vec<PartitionId>>)>,
    },
    PlanConfigureGroup {
        group: GroupId,
        wishes: Vec<group_config::Wish>,
    },
    PlanRemoveMembers {
        group: GroupId,
        leavers: Leavers,
    },
    PlanUndo(String),
    /// The newest change that can be undone, of this group or of all.
    PlanUndoLast(Option<GroupId>),
    PartitionReport {
        topic: TopicName,
        wish: PartitionWish,
    },
    Compression {
        topic: TopicName,
        /// The newest records that are looked at.
        sample: u64,
    },
    Apply(Arc<Plan>),
    /// To the cluster that the plan was made for, which is not the one that is open.
    ApplyElsewhere(Arc<Plan>),
    LookAgain(Arc<Plan>),
    WaitEmpty {
        groups: Vec<GroupId>,
        deadline: Duration,
    },
    Journal,
    /// What the cluster shows of the change with this id.
    LookInto(String),
    Settle(String),
    PlanFinish(String),
    Unlock(String),
    /// Stops a broker of the demo, or starts it again.
    SwitchBroker(BrokerId),
    /// Offsets for a reset, as CSV.
    ReadOffsets(PathBuf),
    SaveFile {
        path: PathBuf,
        text: String,
    },
    /// Nothing but the pause.
    Rest,
}
