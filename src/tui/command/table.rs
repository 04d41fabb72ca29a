//! The table of all commands.
//!
//! Owns: each command's id, words, keys, places, condition and risk. Dispatch,
//! footer, help, palette and the generated key sheet read it; nothing repeats it.
//! Invariant: one row per command, ids unique, no chord twice in one place
//! (tests hold both).

mod conditions;
mod places;

use super::ctx::{Ctx, Enabled, Place};
use conditions::{
    always, both, can_apply, can_plan, can_quit, can_unlock, can_wait, has_rest, may_write, unfinished, unless,
    with_cluster, with_cluster_soon, with_plan, with_reading, with_selection, with_tabs, with_topic,
};
use places::{FILTERED, LISTS, ON_GROUP, ON_RECORD, ON_TOPIC, SORTED, TABBED, WITH_COPIES, WITH_GROUPS, WITH_HISTORY};

/// What is wanted. The names are the ids in camel case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Command {
    Quit,
    QuitNow,
    Help,
    Palette,
    Back,
    Suspend,
    Refresh,
    HistoryBack,
    HistoryForward,
    LastPlace,
    ChooseTheme,
    Unlock,
    DemoSwitchBroker,
    ViewOverview,
    ViewTopics,
    ViewGroups,
    ViewRecords,
    ViewJournal,
    ViewProfiles,
    ViewMessages,
    Down,
    Up,
    Top,
    Bottom,
    HalfDown,
    HalfUp,
    PageDown,
    PageUp,
    Open,
    NextPane,
    PreviousPane,
    NextTab,
    PreviousTab,
    Filter,
    Mark,
    Copy,
    SortName,
    SortPartitions,
    SortRecords,
    SortSize,
    SortRate,
    SortVerdict,
    SortLag,
    SortState,
    TopicTail,
    TopicPlanPartitions,
    TopicCompression,
    TopicCreate,
    TopicProduce,
    TopicDelete,
    GroupReset,
    GroupConfigure,
    GroupImport,
    GroupCopy,
    GroupExport,
    GroupDelete,
    GroupDeleteOffsets,
    GroupRemoveMembers,
    GroupUndo,
    RecordNext,
    RecordPrevious,
    RecordsFollow,
    RecordsOlder,
    RecordsOn,
    RecordsFrom,
    RecordsSearch,
    RecordsViewAs,
    RecordsKeyAs,
    RecordsIsolation,
    RecordsTiered,
    RecordsWrap,
    RecordsSizes,
    RecordsViews,
    RecordsSave,
    RecordsSource,
    RecordsWriteCopy,
    RecordFormEdit,
    RecordsResetHere,
    RecordsSendAgain,
    RecordsExport,
    JournalUndo,
    JournalFinish,
    JournalSettle,
    ProfileUse,
    ProfileDemo,
    ProfileNew,
    ProfileEdit,
    ProfileDuplicate,
    ProfileDelete,
    ProfileTest,
    ProfileFormTest,
    ProfileFormSave,
    PlanApply,
    PlanLeave,
    PlanChange,
    PlanWait,
    PlanCopy,
    PlanUndo,
    PlanShowWritten,
    PartitionsAdd,
    PartitionsZero,
    PartitionsNewTopic,
    PartitionsWish,
    FieldNext,
    FieldPrevious,
    Accept,
    ListNext,
    ListPrevious,
    HelpFilter,
    HelpAll,
}

/// Headings of help and palette.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    General,
    Views,
    Moving,
    Lists,
    Topics,
    Groups,
    Records,
    Journal,
    Profiles,
    Plans,
    Dialogs,
}

impl Group {
    pub fn title(self) -> &'static str {
        match self {
            Self::General => "General",
            Self::Views => "Views",
            Self::Moving => "Moving",
            Self::Lists => "Lists",
            Self::Topics => "Topics",
            Self::Groups => "Groups",
            Self::Records => "Records",
            Self::Journal => "Journal",
            Self::Profiles => "Profiles",
            Self::Plans => "Plans",
            Self::Dialogs => "Dialogs",
        }
    }
}

/// What a command may do to the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Risk {
    /// Changes nothing.
    Safe,
    /// Opens a plan that is confirmed by `y`.
    Confirm,
    /// Opens a plan that is confirmed by typing a name.
    TypeName,
}

/// One command.
pub struct Row {
    pub command: Command,
    pub id: &'static str,
    /// A word or two, for the footer.
    pub title: &'static str,
    /// One line, for help and palette.
    pub doc: &'static str,
    pub group: Group,
    pub places: &'static [Place],
    /// Default keys, the first is the one shown.
    pub keys: &'static [&'static str],
    /// Words that mean it when typed whole after `:`.
    pub words: &'static [&'static str],
    /// Rank in the footer, 1 first; 0 stays out of it.
    pub hint: u8,
    pub risk: Risk,
    pub enabled: fn(&Ctx) -> Enabled,
}

impl Command {
    pub fn row(self) -> Option<&'static Row> {
        TABLE.iter().find(|row| row.command == self)
    }
}

/// A row with the fields that seldom differ filled in.
const fn row(
    command: Command,
    id: &'static str,
    keys: &'static [&'static str],
    group: Group,
    title: &'static str,
    doc: &'static str,
) -> Row {
    Row {
        command,
        id,
        title,
        doc,
        group,
        places: Place::VIEWS,
        keys,
        words: &[],
        hint: 0,
        risk: Risk::Safe,
        enabled: always,
    }
}

impl Row {
    const fn at(mut self, places: &'static [Place]) -> Self {
        self.places = places;
        self
    }

    const fn hint(mut self, rank: u8) -> Self {
        self.hint = rank;
        self
    }

    const fn when(mut self, enabled: fn(&Ctx) -> Enabled) -> Self {
        self.enabled = enabled;
        self
    }

    const fn words(mut self, words: &'static [&'static str]) -> Self {
        self.words = words;
        self
    }

    const fn risk(mut self, risk: Risk) -> Self {
        self.risk = risk;
        self
    }
}

use Command as C;
use Group as G;

/// Every command there is. The order is the order of help and palette.
#[rustfmt::skip]
pub static TABLE: &[Row] = &[
    // general
    row(C::Help, "app.help", &["?", "f1"], G::General, "help", "Show the keys that work here").hint(95).words(&["h", "help"]),
    row(C::Palette, "app.palette", &[":", "ctrl-p"], G::General, "command", "Find any command by its name").hint(92),
    row(C::Back, "app.back", &["esc"], G::General, "back", "One level out: close, clear the filter, go back")
        .when(|ctx| if ctx.at_top { Enabled::No("this is the top") } else { Enabled::Yes }),
    row(C::Quit, "app.quit", &["q"], G::General, "quit", "Leave from the top level, go back elsewhere").hint(98).when(can_quit),
    row(C::QuitNow, "app.quit-now", &["ctrl-c"], G::General, "quit", "Leave; a change that is being applied is finished first").at(Place::ALL)
        .words(&["q", "q!", "quit", "exit"]),
    row(C::Suspend, "app.suspend", &["ctrl-z"], G::General, "suspend", "Suspend klamm and give the shell back").at(Place::ALL),
    row(C::Refresh, "app.refresh", &["r"], G::General, "refresh", "Ask the cluster again now").when(with_cluster),
    row(C::HistoryBack, "app.history-back", &["["], G::General, "back in history", "To the place before").at(WITH_HISTORY)
        .when(|ctx| if ctx.has_back { Enabled::Yes } else { Enabled::No("this is where you began") }),
    row(C::HistoryForward, "app.history-forward", &["]"], G::General, "on in history", "To the place after").at(WITH_HISTORY)
        .when(|ctx| if ctx.has_forward { Enabled::Yes } else { Enabled::No("there is nothing after this") }),
    row(C::LastPlace, "app.last-place", &["-"], G::General, "last place", "To the place where you were last, and back again")
        .when(|ctx| if ctx.has_last { Enabled::Yes } else { Enabled::No("this is where you began") }),
    row(C::ChooseTheme, "app.theme", &[], G::General, "theme", "Choose the colours, seeing each at once").words(&["theme", "themes", "skin", "skins"]),
    row(C::Unlock, "app.unlock", &[], G::General, "unlock", "Allow changes for 15 minutes in a read-only profile").when(can_unlock),

    // views
    row(C::ViewOverview, "view.overview", &["1"], G::Views, "Overview", "What is wrong, in one glance").when(with_cluster_soon)
        .words(&["overview", "o", "pulse", "pulses"]),
    row(C::ViewTopics, "view.topics", &["2"], G::Views, "Topics", "Topics and their partitions").when(with_cluster_soon)
        .words(&["topics", "topic", "t"]),
    row(C::ViewGroups, "view.groups", &["3"], G::Views, "Groups", "Consumer groups and their lag").when(with_cluster_soon)
        .words(&["groups", "group", "g", "cg"]),
    row(C::ViewRecords, "view.records", &["4"], G::Views, "Records", "The records of a topic").when(with_cluster_soon)
        .words(&["records", "r"]),
    row(C::ViewJournal, "view.journal", &["9"], G::Views, "Journal", "Changes made by klamm, and their undo").when(with_cluster_soon)
        .words(&["journal", "j", "audit"]),
    row(C::ViewProfiles, "view.profiles", &["0"], G::Views, "Profiles", "Saved clusters: switch to another")
        .words(&["profiles", "profile", "p", "ctx", "contexts", "clusters"]),
    row(C::ViewMessages, "view.messages", &["m"], G::Views, "Messages", "What klamm said, the last 200")
        .words(&["messages", "m"]),

    // moving
    row(C::Down, "move.down", &["j", "down"], G::Moving, "down", "Down").at(LISTS),
    row(C::Up, "move.up", &["k", "up"], G::Moving, "up", "Up").at(LISTS),
    row(C::Top, "move.top", &["g", "home"], G::Moving, "top", "To the first row").at(LISTS),
    row(C::Bottom, "move.bottom", &["G", "end"], G::Moving, "bottom", "To the last row").at(LISTS),
    row(C::HalfDown, "move.half-down", &["ctrl-d"], G::Moving, "half page down", "Half a page down").at(LISTS),
    row(C::HalfUp, "move.half-up", &["ctrl-u"], G::Moving, "half page up", "Half a page up").at(LISTS),
    row(C::PageDown, "move.page-down", &["pagedown", "ctrl-f"], G::Moving, "page down", "A page down").at(LISTS),
    row(C::PageUp, "move.page-up", &["pageup", "ctrl-b"], G::Moving, "page up", "A page up").at(LISTS),
    row(C::Open, "move.open", &["enter"], G::Moving, "open", "Into the selected row").hint(1).when(with_selection)
        .at(&[Place::Overview, Place::Topics, Place::Topic, Place::Groups, Place::Group, Place::Records]),
    row(C::NextPane, "move.next-pane", &["tab"], G::Moving, "next pane", "To the next pane")
        .at(&[Place::Overview, Place::Topics, Place::Topic, Place::Records, Place::Record]).hint(60),
    row(C::PreviousPane, "move.previous-pane", &["shift-tab"], G::Moving, "previous pane", "To the pane before")
        .at(&[Place::Overview, Place::Topics, Place::Topic, Place::Records, Place::Record]),
    row(C::NextTab, "move.next-tab", &["right", "l"], G::Moving, "next tab", "To the next tab of the pane")
        .at(TABBED).hint(40).when(with_tabs),
    row(C::PreviousTab, "move.previous-tab", &["left", "h"], G::Moving, "previous tab", "To the tab before")
        .at(TABBED).when(with_tabs),

    // lists
    row(C::Filter, "list.filter", &["/"], G::Lists, "filter", "Show only rows with these letters").at(FILTERED).hint(9),
    row(C::Mark, "list.mark", &["space"], G::Lists, "mark", "Mark the row, or take the mark away")
        .at(&[Place::Topics, Place::Groups, Place::Group, Place::Records, Place::Record]).hint(50).when(with_selection),
    row(C::Copy, "list.copy", &["c"], G::Lists, "copy", "What to copy of what is selected, also over SSH; again: its name").hint(70).when(with_selection).at(WITH_COPIES),
    row(C::SortName, "sort.name", &["s n"], G::Lists, "by name", "Sort by name; again reverses").at(SORTED),
    row(C::SortPartitions, "sort.partitions", &["s p"], G::Lists, "by partitions", "Sort by number of partitions").at(&[Place::Topics]),
    row(C::SortRecords, "sort.records", &["s r"], G::Lists, "by records", "Sort by number of records").at(&[Place::Topics]),
    row(C::SortSize, "sort.size", &["s s"], G::Lists, "by size", "Sort by bytes on disk").at(&[Place::Topics]),
    row(C::SortRate, "sort.rate", &["s a"], G::Lists, "by rate", "Sort by records written a second").at(&[Place::Topics]),
    row(C::SortVerdict, "sort.verdict", &["s v"], G::Lists, "by verdict", "Sort by verdict, the worst first").at(&[Place::Groups]),
    row(C::SortLag, "sort.lag", &["s l"], G::Lists, "by lag", "Sort by lag").at(&[Place::Groups]),
    row(C::SortState, "sort.state", &["s t"], G::Lists, "by state", "Sort by state").at(&[Place::Groups]),

    // topics
    row(C::TopicTail, "topic.tail", &["t"], G::Topics, "tail", "Show the topic's records as they are written").at(ON_TOPIC).hint(2).when(can_plan),
    row(C::TopicPlanPartitions, "topic.plan-partitions", &["p"], G::Topics, "plan partitions", "How many partitions it needs, and which keys would move")
        .at(ON_TOPIC).hint(3).when(can_plan).risk(Risk::Confirm),
    row(C::TopicCompression, "topic.compression", &["z"], G::Topics, "compression", "How its batches are compressed, and what another codec would save")
        .at(ON_TOPIC).hint(94).when(can_plan),
    row(C::TopicCreate, "topic.create", &["n"], G::Topics, "new", "Plan a new topic").at(ON_TOPIC).hint(10)
        .when(|ctx| both(with_cluster(ctx), may_write(ctx))).risk(Risk::Confirm),
    row(C::TopicProduce, "topic.produce", &["P"], G::Topics, "write a record", "Plan a record, or many like it")
        .at(&[Place::Topics, Place::Topic, Place::Records, Place::Record]).when(|ctx| both(with_cluster(ctx), both(with_topic(ctx), may_write(ctx)))).risk(Risk::Confirm),
    row(C::TopicDelete, "topic.delete", &["D"], G::Topics, "delete", "Plan the deletion of the topic").at(ON_TOPIC).hint(12)
        .when(|ctx| both(can_plan(ctx), may_write(ctx))).risk(Risk::TypeName),

    // groups
    row(C::GroupReset, "group.reset", &["R"], G::Groups, "reset offsets", "Plan a reset of committed offsets").at(WITH_GROUPS).hint(4)
        .when(can_plan).risk(Risk::Confirm),
    row(C::GroupConfigure, "group.configure", &["e"], G::Groups, "settings", "Plan a change of what the cluster keeps for the group").at(&[Place::Group]).hint(76)
        .when(can_plan).risk(Risk::Confirm),
    row(C::GroupImport, "group.import", &["I"], G::Groups, "import offsets", "Plan to commit the offsets of a file").at(&[Place::Groups]).hint(78)
        .when(with_cluster).risk(Risk::Confirm),
    row(C::GroupCopy, "group.copy", &["C"], G::Groups, "copy offsets", "Plan a copy of its offsets to another group").at(ON_GROUP).hint(72)
        .when(can_plan).risk(Risk::Confirm),
    row(C::GroupExport, "group.export", &["E"], G::Groups, "export offsets", "Save its offsets to a file that a reset can take").at(&[Place::Group]).hint(74)
        .when(can_plan),
    row(C::GroupDelete, "group.delete", &["D"], G::Groups, "delete", "Plan the deletion of the group, or of those marked").at(ON_GROUP).hint(62)
        .when(can_plan).risk(Risk::Confirm),
    row(C::GroupDeleteOffsets, "group.delete-offsets", &["X"], G::Groups, "delete offsets", "Plan the deletion of commits in the partition, or in those marked")
        .at(&[Place::Group]).hint(64).when(can_plan).risk(Risk::Confirm),
    row(C::GroupRemoveMembers, "group.remove-members", &["M"], G::Groups, "remove members", "Plan to take the selected member out, or all from the partitions")
        .at(&[Place::Group]).hint(66).when(can_plan).risk(Risk::TypeName),
    row(C::GroupUndo, "group.undo", &["u"], G::Groups, "undo last", "Plan the undo of the last change klamm made").at(ON_GROUP).hint(20)
        .when(with_cluster).risk(Risk::Confirm),

    // records
    row(C::RecordNext, "record.next", &["n", "]"], G::Records, "next record", "The record below it in the list").at(&[Place::Record]).hint(1).when(with_selection),
    row(C::RecordPrevious, "record.previous", &["p", "["], G::Records, "the one before", "The record above it in the list").at(&[Place::Record]).hint(2).when(with_selection),
    row(C::RecordsFollow, "records.follow", &["f"], G::Records, "follow / pause", "Follow new records, or stand still").at(&[Place::Records]).hint(2).when(with_reading),
    row(C::RecordsOlder, "records.older", &["<"], G::Records, "older", "Read the records that lie before those of the list").at(&[Place::Records]).hint(8)
        .when(|ctx| unless(ctx.no_older)),
    row(C::RecordsOn, "records.on", &[">"], G::Records, "go on", "Read on from where a read or a search stopped").at(&[Place::Records]).hint(1)
        .when(|ctx| unless(ctx.no_further)),
    row(C::RecordsSearch, "records.search", &["/"], G::Records, "search", "Show only records that meet a query, or search all of them").at(&[Place::Records]).hint(3).when(with_reading),
    row(C::RecordsFrom, "records.from", &["F"], G::Records, "from…", "Choose where to read from").at(&[Place::Records]).hint(4).when(with_cluster),
    row(C::RecordsViewAs, "records.view-as", &["v"], G::Records, "view as…", "Read keys and values as another format").at(ON_RECORD).hint(5).when(with_reading),
    row(C::RecordsKeyAs, "records.key-as", &["V"], G::Records, "keys as…", "Read keys alone as another format").at(ON_RECORD).when(with_reading),
    row(C::RecordsIsolation, "records.isolation", &["i"], G::Records, "isolation", "With or without records of aborted and open transactions").at(&[Place::Records]).hint(34).when(with_reading),
    row(C::RecordsTiered, "records.tiered", &["t"], G::Records, "read remote storage", "Read on although the records lie in remote storage").at(&[Place::Records, Place::Export]).hint(1)
        .when(|ctx| if ctx.asks_tiered { Enabled::Yes } else { Enabled::No("nothing lies in remote storage") }),
    row(C::RecordsWrap, "records.wrap", &["w"], G::Records, "wrap", "Wrap long values").at(ON_RECORD).hint(30),
    row(C::RecordsSizes, "records.sizes", &["z"], G::Records, "sizes", "A histogram of the sizes of the records kept, or the facts again").at(&[Place::Records]).hint(33).when(with_reading),
    row(C::RecordsViews, "records.views", &["a"], G::Records, "look at…", "Columns of fields, counts by field, key and time, and the order").at(&[Place::Records]).hint(7).when(with_reading),
    row(C::RecordsSave, "records.save", &["ctrl-s"], G::Records, "save", "Save the selected record's value to a file").at(ON_RECORD).hint(32).when(with_selection),
    row(C::RecordsSource, "records.source", &["o"], G::Records, "original", "Show the record that this dead letter was, where it was first").at(ON_RECORD).hint(6)
        .when(|ctx| if ctx.has_source { Enabled::Yes } else { Enabled::No("its headers do not say that it was elsewhere before") }),
    row(C::RecordsWriteCopy, "records.write-copy", &["N"], G::Records, "write a copy", "Plan a copy of the selected record").at(ON_RECORD)
        .when(|ctx| both(can_plan(ctx), may_write(ctx))).risk(Risk::Confirm),
    row(C::RecordsResetHere, "records.reset-here", &["R"], G::Records, "reset a group to here", "Plan a reset of a group to the selected record").at(ON_RECORD).hint(20)
        .when(can_plan).risk(Risk::Confirm),
    row(C::RecordsExport, "records.export", &["E"], G::Records, "export", "Write records to a file: all that are looked for, or those marked").at(&[Place::Records]).hint(31).when(with_reading),
    row(C::RecordsSendAgain, "records.send-again", &["S"], G::Records, "send again", "Plan to send this record, those marked, or all to a topic or back").at(ON_RECORD).hint(21)
        .when(can_plan).risk(Risk::Confirm),

    // journal
    row(C::JournalUndo, "journal.undo", &["u"], G::Journal, "undo", "Plan the undo of the selected change").at(&[Place::Journal]).hint(2)
        .when(|ctx| both(can_plan(ctx), unless(ctx.change_stays))).risk(Risk::Confirm),

    row(C::JournalFinish, "journal.finish", &["f"], G::Journal, "finish", "Plan the rest of a change that was cut short").at(&[Place::Journal]).hint(1)
        .when(|ctx| both(has_rest(ctx), can_plan(ctx))).risk(Risk::Confirm),
    row(C::JournalSettle, "journal.settle", &["v"], G::Journal, "settle as found", "Write down what the cluster shows of a change without a result").at(&[Place::Journal]).hint(3)
        .when(unfinished),

    row(C::RecordFormEdit, "record-form.edit", &["ctrl-e"], G::Records, "editor", "Change the value in $VISUAL or $EDITOR").at(&[Place::RecordForm]).hint(3),

    // profiles
    row(C::ProfileUse, "profile.use", &["enter"], G::Profiles, "connect", "Connect with the selected profile").at(&[Place::Profiles]).hint(1).when(with_selection),
    row(C::ProfileDemo, "profile.demo", &["d"], G::Profiles, "demo", "Open the embedded demo cluster").at(&[Place::Profiles]).hint(6),
    row(C::DemoSwitchBroker, "demo.stop-broker", &[], G::General, "stop / start broker", "Stop or start a broker of the demo")
        .when(|ctx| if ctx.is_demo { Enabled::Yes } else { Enabled::No("only in the demo") }),
    row(C::ProfileNew, "profile.new", &["n"], G::Profiles, "new", "Save another cluster as a profile").at(&[Place::Profiles]).hint(2),
    row(C::ProfileEdit, "profile.edit", &["e"], G::Profiles, "edit", "Change the settings of the profile").at(&[Place::Profiles]).hint(3).when(with_selection),
    row(C::ProfileTest, "profile.test", &["t"], G::Profiles, "test", "Walk the way into the cluster step by step").at(&[Place::Profiles]).hint(4).when(with_selection),
    row(C::ProfileDuplicate, "profile.duplicate", &["a"], G::Profiles, "another like it", "Save a copy of the profile under another name").at(&[Place::Profiles]).hint(7).when(with_selection),
    row(C::ProfileDelete, "profile.delete", &["D"], G::Profiles, "delete", "Take the profile out of the file").at(&[Place::Profiles]).hint(12).when(with_selection)
        .risk(Risk::TypeName),
    row(C::ProfileFormTest, "profile-form.test", &["enter"], G::Profiles, "test", "Test what the form says").at(&[Place::ProfileForm]).hint(1),
    row(C::ProfileFormSave, "profile-form.save", &["ctrl-s"], G::Profiles, "save", "Write the profile to the file, tested or not").at(&[Place::ProfileForm]).hint(2),

    // plans
    row(C::PlanApply, "plan.apply", &["y"], G::Plans, "apply", "Do what the plan says").at(&[Place::Plan]).hint(1).when(can_apply).risk(Risk::Confirm),
    row(C::PlanChange, "plan.change", &["e"], G::Plans, "change", "Back to the form, to plan something else").at(&[Place::Plan]).hint(2)
        .when(|ctx| if ctx.has_picker { Enabled::Yes } else { Enabled::No("there was nothing to choose") }),
    row(C::PlanWait, "plan.wait", &["w"], G::Plans, "wait until empty", "Wait until the group has no members, then look again").at(&[Place::Plan]).hint(3).when(can_wait),
    row(C::PlanLeave, "plan.leave", &["n", "esc"], G::Plans, "leave as it is", "Close without changing anything").at(&[Place::Plan]).hint(4),
    row(C::PlanCopy, "plan.copy", &["c"], G::Plans, "copy command", "Copy the same as a command line").at(&[Place::Plan, Place::PlanResult]).hint(5).when(with_plan),
    row(C::PlanShowWritten, "plan.show-written", &["enter"], G::Plans, "show the record", "Show the record that was just written, where it is now").at(&[Place::PlanResult]).hint(1)
        .when(|ctx| if ctx.has_written { Enabled::Yes } else { Enabled::No("it has written no record whose place is known") }),
    row(C::PlanUndo, "plan.undo", &["u"], G::Plans, "undo", "Plan the undo of what was just applied").at(&[Place::PlanResult]).hint(2).risk(Risk::Confirm)
        .when(|ctx| if ctx.is_applying { Enabled::No("it is being applied") } else { unless(ctx.plan_stays) }),
    row(C::PartitionsAdd, "partitions.add", &["enter"], G::Plans, "choose", "Plan this number of partitions").at(&[Place::Partitions]).hint(1).when(may_write).risk(Risk::Confirm),
    row(C::PartitionsWish, "partitions.wish", &["e"], G::Plans, "change wish", "Say the target throughput or the number of partitions").at(&[Place::Partitions]).hint(2),
    row(C::PartitionsZero, "partitions.commit-zero", &["z"], G::Plans, "commit offset 0 there", "Also commit offset 0 in the new partitions for Empty groups").at(&[Place::Partitions]).hint(4),
    row(C::PartitionsNewTopic, "partitions.new-topic", &["t"], G::Plans, "plan a new topic instead", "A new topic keeps the order of keys").at(&[Place::Partitions]).hint(3).when(may_write).risk(Risk::Confirm),

    // dialogs
    row(C::Accept, "dialog.accept", &["enter"], G::Dialogs, "go on", "Take what was typed or chosen")
        .at(&[Place::Filter, Place::TypeName, Place::Reset, Place::Form, Place::RecordForm, Place::Palette, Place::Menu, Place::Secret]).hint(1),
    row(C::FieldNext, "dialog.next-field", &["tab"], G::Dialogs, "next field", "To the next field").at(&[Place::Reset, Place::Form, Place::RecordForm, Place::ProfileForm]).hint(2),
    row(C::FieldPrevious, "dialog.previous-field", &["shift-tab"], G::Dialogs, "previous field", "To the field before").at(&[Place::Reset, Place::Form, Place::RecordForm, Place::ProfileForm]),
    row(C::ListNext, "dialog.next", &["down", "ctrl-n"], G::Dialogs, "next", "To the next choice").at(&[Place::Palette, Place::Reset, Place::Filter, Place::Form, Place::RecordForm, Place::ProfileForm]),
    row(C::HelpFilter, "help.filter", &["/"], G::Dialogs, "filter", "Show only keys with these letters").at(&[Place::Help]).hint(1),
    row(C::HelpAll, "help.all", &["a"], G::Dialogs, "all / here", "All keys, or only those that work here").at(&[Place::Help]).hint(2),
    row(C::ListPrevious, "dialog.previous", &["up", "ctrl-p"], G::Dialogs, "previous", "To the choice before").at(&[Place::Palette, Place::Reset, Place::Filter, Place::Form, Place::RecordForm, Place::ProfileForm]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_command_has_exactly_one_row_and_ids_are_unique() {
        let ids: HashSet<_> = TABLE.iter().map(|row| row.id).collect();
        let commands: HashSet<_> = TABLE.iter().map(|row| row.command).collect();
        assert_eq!(ids.len(), TABLE.len());
        assert_eq!(commands.len(), TABLE.len());
    }

    #[test]
    fn a_word_means_one_command() {
        let words: Vec<_> = TABLE.iter().flat_map(|row| row.words).collect();
        assert_eq!(words.iter().collect::<HashSet<_>>().len(), words.len());
    }

    #[test]
    fn y_and_n_confirm_plans_and_mean_nothing_else_in_a_plan() {
        for row in TABLE.iter().filter(|row| row.keys.contains(&"y")) {
            assert_eq!(row.command, Command::PlanApply);
        }
        let enter = TABLE.iter().filter(|row| row.keys.contains(&"enter") && row.places.contains(&Place::Plan));
        assert_eq!(enter.count(), 0, "enter never applies");
    }

    #[test]
    fn words_are_short_enough_for_a_footer_and_a_line() {
        for row in TABLE {
            assert!(row.title.len() <= 24, "{}", row.id);
            assert!(row.doc.len() <= 72 && !row.doc.ends_with('.'), "{}", row.id);
        }
    }
}
