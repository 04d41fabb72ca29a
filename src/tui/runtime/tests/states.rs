//! Every place in every state that it can be in: the table that screens are held to.
//!
//! A place that the keyboard can go to must say here which panes it has and which
//! states each of them knows; what it says must have a scene, and each scene must lead
//! where it says. So a new screen or dialog does not compile, or fails, until its
//! states can be seen. `fits` looks at the scenes at every size.

mod dialogs;
pub mod places;

pub use places::{decode, entries, in_group, looked_into};

use super::canned::{self, Desk};
use crate::cluster::{
    Access, BrokerRow, GroupDetail, Groups, JournalEntry, JournalView, Metadata, RecordCounts, RecordRef,
    RecordsUpdate, SearchCounts, SearchUpdate, TopicLogs, TopicSearched,
};
use crate::domain::group::GroupState;
use crate::domain::plan::{Confirm, Outcome, Plan, Severity, StepStatus, Warning};
use crate::domain::record::TieredPart;
use crate::domain::{Failure, FailureKind, Partial, TopicName};
use crate::profile::{Field, Question};
use crate::tui::app::dialogs::{FormPurpose, MenuPurpose};
use crate::tui::app::screens::group::GroupTab;
use crate::tui::app::screens::overview::{BrokersTab, OverviewPane};
use crate::tui::app::screens::records::Chart;
use crate::tui::app::screens::records::RecordsPane;
use crate::tui::app::screens::topic::TopicTab;
use crate::tui::app::session::Link;
use crate::tui::app::slot::Slot;
use crate::tui::app::{Answer, Request};
use crate::tui::command::Place;
use std::sync::Arc;

/// What a pane can be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Condition {
    /// Asked, and nothing is there yet.
    Loading,
    /// Answered: there is nothing.
    Empty,
    /// Asked, and not answered.
    Failed,
    /// The cluster, or the one who asks, has no way to it.
    Unsupported,
    /// Some of it is not known.
    Partial,
    /// It was known, and the last answer failed.
    Stale,
    /// It cannot be used to change anything.
    ReadOnly,
    Filled,
}

use Condition::{Empty, Failed, Filled, Loading, ReadOnly, Stale, Unsupported};

pub struct Scene {
    pub place: Place,
    pub pane: &'static str,
    pub condition: Condition,
    /// Words that are in sight at every size, one after the other.
    pub says: &'static str,
    pub desk: Box<dyn Fn() -> Desk>,
}

impl Scene {
    pub fn name(&self) -> String {
        format!("{:?} {} {:?}", self.place, self.pane, self.condition)
    }
}

/// What must be seen of a place: its panes and forms, each with its states.
fn wanted(place: Place) -> Vec<(&'static str, Vec<Condition>)> {
    use Condition::Partial;
    let list = || vec![Loading, Empty, Failed, Partial, Stale, ReadOnly, Filled];
    match place {
        Place::Overview => vec![
            (
                overview(OverviewPane::Health, BrokersTab::Brokers),
                vec![Loading, Failed, Partial, Stale, ReadOnly, Filled],
            ),
            (overview(OverviewPane::Brokers, BrokersTab::Brokers), vec![Loading, Failed, Partial, Stale, Filled]),
            (overview(OverviewPane::Brokers, BrokersTab::Leaders), vec![Loading, Empty, Failed, Stale, Filled]),
            (overview(OverviewPane::Topics, BrokersTab::Brokers), vec![Loading, Empty, Failed, Partial, Stale, Filled]),
            (overview(OverviewPane::Groups, BrokersTab::Brokers), vec![Loading, Empty, Failed, Partial, Stale, Filled]),
            (overview(OverviewPane::Changes, BrokersTab::Brokers), vec![Empty, Filled]),
        ],
        Place::Topics => vec![("list", list())],
        Place::Topic => vec![
            (topic_tab(TopicTab::Partitions), vec![Partial, ReadOnly, Filled, Empty]),
            (topic_tab(TopicTab::Groups), vec![Loading, Empty, Failed, Unsupported, Partial, Stale, Filled]),
            (topic_tab(TopicTab::Configs), vec![Loading, Failed, Unsupported, Stale, Filled]),
        ],
        Place::Groups => vec![("list", list())],
        Place::Group => vec![
            (
                group_tab(GroupTab::Partitions),
                vec![Loading, Empty, Failed, Unsupported, Partial, Stale, ReadOnly, Filled],
            ),
            (group_tab(GroupTab::Members), vec![Empty, Filled]),
            (group_tab(GroupTab::Topology), vec![Unsupported, Partial, Filled]),
            (group_tab(GroupTab::Timeline), vec![Empty, Filled]),
        ],
        Place::Records => vec![
            ("nothing", vec![Empty]),
            (
                records_pane(RecordsPane::List),
                vec![Loading, Empty, Failed, Unsupported, Partial, Stale, ReadOnly, Filled],
            ),
            (records_pane(RecordsPane::Value), vec![Loading, Filled]),
            (records_pane(RecordsPane::Facts), vec![Loading, Filled]),
            ("sizes", vec![Empty, Filled]),
            ("counts", vec![Loading, Filled]),
            ("latest", vec![Filled]),
            ("over time", vec![Empty, Filled]),
            ("keys", vec![Filled]),
            ("causes", vec![Empty, Filled]),
        ],
        Place::Record => vec![
            (records_pane(RecordsPane::Value), vec![Loading, ReadOnly, Filled]),
            (records_pane(RecordsPane::Facts), vec![Filled]),
        ],
        Place::Journal => vec![("list", vec![Loading, Empty, Failed, Partial, Stale, ReadOnly, Filled])],
        Place::Profiles => vec![("list", vec![Loading, Empty, Failed, Partial, Filled])],
        Place::Messages => vec![("list", vec![Empty, Filled])],
        Place::Filter => vec![("topics", vec![Empty, Filled]), ("groups", vec![Empty, Filled])],
        Place::Plan => vec![("plan", vec![Loading, Empty, Failed, Unsupported, ReadOnly, Partial, Filled])],
        Place::PlanResult => vec![("plan", vec![Loading, Failed, Partial, Filled])],
        Place::TypeName => vec![("apply", vec![Filled]), ("unlock", vec![Filled]), ("profile", vec![Filled])],
        Place::Reset => vec![("target", vec![Failed, ReadOnly, Filled])],
        Place::Partitions => vec![("report", vec![Loading, Failed, ReadOnly, Filled])],
        Place::Form => {
            let more = [("topic", vec![Failed, Partial])];
            FORMS.iter().map(|purpose| (*purpose, vec![Filled])).chain(more).collect()
        }
        Place::RecordForm => vec![("record", vec![Loading, Failed, Unsupported, Partial, Filled])],
        Place::Help => vec![("keys", vec![Empty, ReadOnly, Filled])],
        Place::Palette => vec![("hits", vec![Loading, Empty, ReadOnly, Filled])],
        Place::Menu => ["theme", "copy", "record views", "view", "key view"].map(|menu| (menu, vec![Filled])).to_vec(),
        Place::ProfileForm => vec![("form", vec![Failed, Partial, Filled])],
        Place::Probe => vec![("test", vec![Loading, Failed, Filled])],
        Place::Compression => vec![("report", vec![Loading, Empty, Failed, Partial, Filled])],
        Place::Export => vec![("export", vec![Loading, Empty, Failed, Unsupported, Partial, Filled])],
        Place::Secret => vec![("secret", vec![Filled])],
    }
}

fn overview(pane: OverviewPane, tab: BrokersTab) -> &'static str {
    match (pane, tab) {
        (OverviewPane::Health, _) => "health",
        (OverviewPane::Brokers, BrokersTab::Brokers) => "brokers",
        (OverviewPane::Brokers, BrokersTab::Leaders) => "leaders",
        (OverviewPane::Topics, _) => "busiest",
        (OverviewPane::Groups, _) => "worst",
        (OverviewPane::Changes, _) => "changes",
    }
}

fn topic_tab(tab: TopicTab) -> &'static str {
    match tab {
        TopicTab::Partitions => "partitions",
        TopicTab::Groups => "groups",
        TopicTab::Configs => "configs",
    }
}

fn group_tab(tab: GroupTab) -> &'static str {
    match tab {
        GroupTab::Partitions => "partitions",
        GroupTab::Members => "members",
        GroupTab::Topology => "topology",
        GroupTab::Timeline => "timeline",
    }
}

fn records_pane(pane: RecordsPane) -> &'static str {
    match pane {
        RecordsPane::List => "list",
        RecordsPane::Value => "value",
        RecordsPane::Facts => "facts",
    }
}

const FORMS: &[&str] = &[
    "topic",
    "from",
    "contains",
    "columns",
    "by field",
    "group here",
    "send again",
    "export",
    "group of topic",
    "wish",
    "broker",
    "save",
    "copy of profile",
    "copy of group",
    "settings of group",
    "import",
];

fn form(purpose: &FormPurpose) -> &'static str {
    match purpose {
        FormPurpose::CreateTopic => "topic",
        FormPurpose::RecordsFrom(_) => "from",
        FormPurpose::RecordsContains => "contains",
        FormPurpose::RecordsColumns => "columns",
        FormPurpose::RecordsByField => "by field",
        FormPurpose::Produce(_) => "record",
        FormPurpose::ResetGroupHere { .. } => "group here",
        FormPurpose::SendAgain { .. } => "send again",
        FormPurpose::ExportRecords => "export",
        FormPurpose::ResetGroupOfTopic(_) => "group of topic",
        FormPurpose::PartitionWish(_) => "wish",
        FormPurpose::SwitchBroker => "broker",
        FormPurpose::SaveText { .. } => "save",
        FormPurpose::CopyGroup(_) => "copy of group",
        FormPurpose::ConfigureGroup(_) => "settings of group",
        FormPurpose::ImportOffsets => "import",
        FormPurpose::DuplicateProfile(_) => "copy of profile",
    }
}

fn menu(purpose: &MenuPurpose) -> &'static str {
    match purpose {
        MenuPurpose::Theme => "theme",
        MenuPurpose::Copy(_) => "copy",
        MenuPurpose::RecordViews => "record views",
        MenuPurpose::View => "view",
        MenuPurpose::KeyView => "key view",
    }
}

fn chart(chart: &Chart) -> &'static str {
    match chart {
        Chart::Sizes => "sizes",
        Chart::ByField(_) => "counts",
        Chart::Latest => "latest",
        Chart::OverTime => "over time",
        Chart::Keys => "keys",
        Chart::Causes => "causes",
    }
}

/// The pane that a desk shows, where its state can tell.
fn pane_of(desk: &Desk) -> Option<&'static str> {
    use crate::tui::app::dialogs::Dialog;
    let views = &desk.state.views;
    match (desk.state.place(), desk.state.dialogs.last()) {
        (Place::Overview, _) => Some(overview(views.overview.pane, views.overview.brokers_tab)),
        (Place::Topic, _) => Some(topic_tab(views.topics.detail.tab)),
        (Place::Group, _) => Some(group_tab(views.group.tab)),
        (Place::Records, _) if views.records.reading.is_none() => Some("nothing"),
        (Place::Records, _) if views.records.chart.is_some() => views.records.chart.as_ref().map(chart),
        (Place::Records | Place::Record, _) => Some(records_pane(views.records.pane)),
        (_, Some(Dialog::Form(dialog))) => Some(form(&dialog.purpose)),
        (_, Some(Dialog::Menu(dialog))) => Some(menu(&dialog.purpose)),
        _ => None,
    }
}

#[derive(Default)]
struct Scenes(Vec<Scene>);

impl Scenes {
    fn add(
        &mut self,
        place: Place,
        pane: &'static str,
        condition: Condition,
        says: &'static str,
        desk: impl Fn() -> Desk + 'static,
    ) {
        self.0.push(Scene { place, pane, condition, says, desk: Box::new(desk) });
    }
}

fn filled(keys: &str) -> Desk {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press(keys);
    desk
}

fn looking(keys: &str) -> Desk {
    let mut desk = Desk::filled(Access::ReadOnly);
    desk.press(keys);
    desk
}

/// Nothing was answered yet.
fn asked(keys: &str) -> Desk {
    let mut desk = Desk::connected(Access::ReadWrite);
    desk.press(keys);
    desk
}

fn with(mut desk: Desk, slot: Slot, answer: Answer) -> Desk {
    desk.answer(slot, answer);
    desk
}

/// An answer to the round that comes after the first, or before it was asked for.
fn later(desk: &mut Desk, slot: Slot, answer: Answer) {
    let generation = desk.state.slots.start(slot);
    desk.late(slot, generation, answer);
}

/// The cluster has no such request.
fn unsupported() -> Failure {
    Failure::new(FailureKind::Unsupported, "describe group", "this cluster does not know the request")
}

fn nothing() -> Metadata {
    let mut metadata = (*canned::metadata()).clone();
    metadata.version = 2;
    metadata.topics.clear();
    metadata.partitions = 0;
    metadata
}

fn empty_cluster(keys: &str) -> Desk {
    let mut desk = asked(keys);
    let logs = TopicLogs { topics: Default::default(), ..(*canned::logs()).clone() };
    let groups = Groups { rows: Vec::new(), ..(*canned::groups()).clone() };
    later(&mut desk, Slot::Metadata, Answer::Metadata(Ok(Arc::new(nothing()))));
    later(&mut desk, Slot::TopicLogs, Answer::TopicLogs(Ok(Arc::new(logs))));
    later(&mut desk, Slot::Groups, Answer::Groups(Ok(Arc::new(groups))));
    desk
}

fn all_failed(mut desk: Desk) -> Desk {
    let failure = canned::failure;
    for (slot, answer) in [
        (Slot::Metadata, Answer::Metadata(Err(failure()))),
        (Slot::TopicLogs, Answer::TopicLogs(Err(failure()))),
        (Slot::Brokers, Answer::Brokers(Err(failure()))),
        (Slot::Groups, Answer::Groups(Err(failure()))),
    ] {
        later(&mut desk, slot, answer);
    }
    desk
}

fn in_part(mut desk: Desk) -> Desk {
    let mut metadata = (*canned::metadata()).clone();
    (metadata.version, metadata.may_describe_cluster) = (2, Some(false));
    let (mut logs, mut groups) = ((*canned::logs()).clone(), (*canned::groups_without_a_coordinator()).clone());
    (logs.version, logs.failures) = (2, vec![canned::failure()]);
    (groups.version, groups.failures) = (2, vec![canned::failure(), unsupported()]);
    for (slot, answer) in [
        (Slot::Metadata, Answer::Metadata(Ok(Arc::new(metadata)))),
        (Slot::TopicLogs, Answer::TopicLogs(Ok(Arc::new(logs)))),
        (Slot::Groups, Answer::Groups(Ok(Arc::new(groups)))),
    ] {
        later(&mut desk, slot, answer);
    }
    desk
}

/// All that is to be seen.
pub fn scenes() -> Vec<Scene> {
    let mut all = Scenes::default();
    places::overview_scenes(&mut all);
    places::list_scenes(&mut all);
    places::topic_scenes(&mut all);
    places::group_scenes(&mut all);
    places::records_scenes(&mut all);
    places::journal_scenes(&mut all);
    places::profile_scenes(&mut all);
    dialogs::plan_scenes(&mut all);
    places::causes_scenes(&mut all);
    dialogs::dialog_scenes(&mut all);
    dialogs::export_scenes(&mut all);
    all.0
}

#[test]
fn every_place_has_a_scene_of_each_of_its_states() {
    let scenes = scenes();
    let mut missing: Vec<String> = Vec::new();
    let mut wished: Vec<(Place, &str, Condition)> = Vec::new();
    for place in Place::ALL {
        for (pane, conditions) in wanted(*place) {
            wished.extend(conditions.into_iter().map(|condition| (*place, pane, condition)));
        }
    }
    let there: Vec<_> = scenes.iter().map(|scene| (scene.place, scene.pane, scene.condition)).collect();
    missing.extend(wished.iter().filter(|wish| !there.contains(wish)).map(|wish| format!("no scene: {wish:?}")));
    missing
        .extend(there.iter().filter(|scene| !wished.contains(scene)).map(|scene| format!("not asked for: {scene:?}")));
    for scene in &scenes {
        let desk = (scene.desk)();
        let place = desk.state.place();
        if place != scene.place || pane_of(&desk).is_some_and(|pane| pane != scene.pane) {
            missing.push(format!("{} leads to {place:?} {:?}", scene.name(), pane_of(&desk)));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
