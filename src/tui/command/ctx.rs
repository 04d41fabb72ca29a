//! What commands may ask before they say whether they apply.
//!
//! Owns: places and the snapshot of facts. Must not know how they came about.

/// Where the keyboard goes: a view's pane, or the topmost dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    Overview,
    Topics,
    /// The detail of the selected topic.
    Topic,
    Groups,
    Group,
    Records,
    /// One record, as large as the screen.
    Record,
    Journal,
    Profiles,
    Messages,
    /// The line under which a list is being filtered.
    Filter,
    /// A plan that waits for yes or no.
    Plan,
    /// A plan that is being applied, or was.
    PlanResult,
    /// A question answered by typing a name.
    TypeName,
    /// The picker of a reset's target.
    Reset,
    Partitions,
    /// A form of one or more text fields.
    Form,
    /// The form of a record to write.
    RecordForm,
    Help,
    Palette,
    /// A few choices below each other.
    Menu,
    /// The form of a profile.
    ProfileForm,
    /// The test of a profile.
    Probe,
    /// How a topic's batches are compressed.
    Compression,
    /// Records on their way into a file.
    Export,
    /// A secret that is typed unseen.
    Secret,
}

impl Place {
    /// The views and their panes: everything that is not a dialog or a line being typed.
    pub const VIEWS: &[Place] = &[
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
    ];

    /// All of them, for what works everywhere.
    pub const ALL: &[Place] = &[
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
        Place::Filter,
        Place::Plan,
        Place::PlanResult,
        Place::TypeName,
        Place::Reset,
        Place::Partitions,
        Place::Form,
        Place::RecordForm,
        Place::Help,
        Place::Palette,
        Place::Menu,
        Place::ProfileForm,
        Place::Probe,
        Place::Compression,
        Place::Export,
        Place::Secret,
    ];

    /// Characters go into a text field here before they can be commands.
    pub fn takes_text(self) -> bool {
        matches!(
            self,
            Self::Filter
                | Self::TypeName
                | Self::Reset
                | Self::Form
                | Self::RecordForm
                | Self::Palette
                | Self::ProfileForm
                | Self::Secret
        )
    }
}

/// May this profile change the cluster?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Right {
    #[default]
    Write,
    ReadOnly,
    /// Unlocked for a while.
    Unlocked,
    /// The profile forbids unlocking.
    ReadOnlyForGood,
    /// It is another profile's cluster that would be changed, and that one is read-only.
    ReadOnlyElsewhere,
}

/// The facts that decide whether a command applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ctx {
    pub place: Place,
    pub right: Right,
    /// A profile is open.
    pub has_cluster: bool,
    /// A profile is being opened: its views may be chosen already.
    pub is_opening: bool,
    /// A row is selected, so there is something to act on.
    pub has_selection: bool,
    /// Nothing is open above the first view: there is no way out.
    pub at_top: bool,
    /// A topic's records are open.
    pub has_reading: bool,
    /// There is a plan on screen, whatever became of it.
    pub has_plan: bool,
    /// It waits for yes or no.
    pub plan_is_ready: bool,
    /// The plan on screen was drawn to its end.
    pub plan_was_shown: bool,
    /// A check of the plan on screen failed.
    pub plan_is_blocked: bool,
    /// A plan is being applied.
    pub is_applying: bool,
    /// The plan on screen came from a choice that one can go back to.
    pub has_picker: bool,
    /// The group on screen has members.
    pub group_is_active: bool,
    /// The records to be read lie in remote storage, and it was not said that they shall be.
    pub asks_tiered: bool,
    /// The plan on screen has written a record whose place is known.
    pub has_written: bool,
    /// The selected record is a dead letter that says where it was first.
    pub has_source: bool,
    /// Why nothing before the list of records can be read, and nothing behind it.
    pub no_older: Option<&'static str>,
    pub no_further: Option<&'static str>,
    /// Why what was just applied cannot be taken back, if it cannot.
    pub plan_stays: Option<&'static str>,
    /// The same of the selected change of the journal.
    pub change_stays: Option<&'static str>,
    /// The selected change of the journal has no result.
    pub is_unfinished: bool,
    /// The selected change of the journal has a rest that can be done.
    pub has_rest: bool,
    /// The way back and forth through views has somewhere to go.
    pub has_back: bool,
    pub has_forward: bool,
    /// There is a place where one was last.
    pub has_last: bool,
    /// The pane with the keyboard has tabs.
    pub has_tabs: bool,
    /// The cluster that is open is the embedded one.
    pub is_demo: bool,
}

/// Whether a command can be used, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enabled {
    Yes,
    /// Shown dim, with this reason.
    No(&'static str),
}

impl Enabled {
    pub fn is_yes(self) -> bool {
        self == Self::Yes
    }
}
