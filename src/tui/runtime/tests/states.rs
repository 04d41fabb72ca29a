//! Every place in every state that it can be in: the table that screens are held to.
//!
//! A place that the keyboard can go to must say here which panes it has and which
//! states each of them knows; what it says must have a scene, and each scene must lead
//! where it says. So a new screen or dialog does not compile, or fails, until its
//! states can be seen. `fits` looks at the scenes at every size.

use super::canned::{self, Desk};
use crate::cluster::{
    Access, BrokerRow, GroupDetail, Groups, JournalEntry, JournalView, Metadata, RecordCounts, RecordRef,
    RecordsUpdate, TopicLogs,
};
use crate::domain::group::GroupState;
use crate::domain::plan::{Confirm, Outcome, Plan, Severity, StepStatus, Warning};
use crate::domain::record::TieredPart;
use crate::domain::{Failure, FailureKind, Partial};
use crate::profile::{Field, Question};
use crate::tui::app::dialogs::{FormPurpose, MenuPurpose};
use crate::tui::app::screens::group::GroupTab;
use crate::tui::app::screens::overview::{BrokersTab, OverviewPane};
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
            FORMS.iter().map(|purpose| (*purpose, vec![Filled])).chain([("topic", vec![Failed, Partial])]).collect()
        }
        Place::Help => vec![("keys", vec![Empty, ReadOnly, Filled])],
        Place::Palette => vec![("hits", vec![Loading, Empty, ReadOnly, Filled])],
        Place::Menu => vec![("theme", vec![Filled]), ("copy", vec![Filled])],
        Place::ProfileForm => vec![("form", vec![Failed, Partial, Filled])],
        Place::Probe => vec![("test", vec![Loading, Failed, Filled])],
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
    "group here",
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
        FormPurpose::ResetGroupHere { .. } => "group here",
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
        (Place::Records, _) if views.records.shows_sizes => Some("sizes"),
        (Place::Records, _) => Some(records_pane(views.records.pane)),
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
    let (mut logs, mut groups) = ((*canned::logs()).clone(), (*canned::groups()).clone());
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

fn overview_scenes(all: &mut Scenes) {
    let panes = [
        ("health", "1"),
        ("brokers", "1 tab"),
        ("leaders", "1 tab l"),
        ("busiest", "1 tab tab"),
        ("worst", "1 tab tab tab"),
    ];
    for (pane, keys) in panes {
        all.add(Place::Overview, pane, Loading, "asking for", move || asked(keys));
        all.add(Place::Overview, pane, Failed, "list topics", move || all_failed(asked(keys)));
        all.add(Place::Overview, pane, Stale, "as of 14:03:07", move || all_failed(filled(keys)));
        let says = match pane {
            "health" => "offline partitions",
            "brokers" => "HOST",
            "leaders" => "TOPIC",
            "busiest" => "RECORDS/s",
            _ => "GROUP",
        };
        all.add(Place::Overview, pane, Filled, says, move || filled(keys));
    }
    all.add(Place::Overview, "leaders", Empty, "this cluster has no topics you may see", || empty_cluster("1 tab l"));
    all.add(Place::Overview, "busiest", Empty, "there are no topics", || empty_cluster("1 tab tab"));
    all.add(Place::Overview, "worst", Empty, "there are no groups", || empty_cluster("1 tab tab tab"));
    all.add(Place::Overview, "health", Condition::Partial, "?", || in_part(filled("1")));
    all.add(Place::Overview, "brokers", Condition::Partial, "URP", || {
        let mut desk = filled("1 tab");
        let rows: Vec<BrokerRow> = (*canned::brokers()).clone();
        let rows =
            rows.into_iter().map(|row| BrokerRow { disk_used: crate::domain::Fact::unknown("not authorised"), ..row });
        later(&mut desk, Slot::Brokers, Answer::Brokers(Ok(Arc::new(rows.collect()))));
        desk
    });
    all.add(Place::Overview, "busiest", Condition::Partial, "in part:", || in_part(filled("1 tab tab")));
    all.add(Place::Overview, "worst", Condition::Partial, "in part:", || in_part(filled("1 tab tab tab")));
    all.add(Place::Overview, "health", ReadOnly, "READ-ONLY", || looking("1"));
    all.add(Place::Overview, "changes", Empty, "nothing so far", || filled("1 shift-tab"));
    all.add(Place::Overview, "changes", Filled, "14:03", || {
        let mut desk = filled("1 shift-tab");
        let mut metadata = (*canned::metadata()).clone();
        metadata.version = 2;
        metadata.topics.insert(1, canned::topic("aaa", 1, 3, None));
        desk.answer(Slot::Metadata, Answer::Metadata(Ok(Arc::new(metadata))));
        desk
    });
}

fn list_scenes(all: &mut Scenes) {
    for (place, keys, what) in [(Place::Topics, "2", "topics"), (Place::Groups, "3", "groups")] {
        let loading = if what == "topics" { "asking for topics…" } else { "asking for groups…" };
        all.add(place, "list", Loading, loading, move || asked(keys));
        let says = if what == "topics" {
            "this cluster has no topics you may see"
        } else {
            "this cluster has no groups you may see"
        };
        all.add(place, "list", Empty, says, move || empty_cluster(keys));
        all.add(place, "list", Failed, "list topics", move || all_failed(asked(keys)));
        all.add(place, "list", Condition::Partial, "in part:", move || in_part(filled(keys)));
        all.add(place, "list", Stale, "as of 14:03:07", move || all_failed(filled(keys)));
        all.add(place, "list", ReadOnly, "READ-ONLY", move || looking(keys));
        let says = if what == "topics" { "NAME" } else { "GROUP" };
        all.add(place, "list", Filled, says, move || {
            let mut desk = filled(keys);
            desk.press("space j space");
            desk
        });
        let (no, some) = if what == "topics" { ("2 / 'xyz'", "2 / 'o'") } else { ("3 / 'xyz'", "3 / 'o'") };
        let says = if what == "topics" { "no topics match ‘xyz’" } else { "no groups match ‘xyz’" };
        let pane = if what == "topics" { "topics" } else { "groups" };
        all.add(Place::Filter, pane, Empty, says, move || filled(no));
        all.add(Place::Filter, pane, Filled, "by", move || filled(some));
    }
}

fn topic_scenes(all: &mut Scenes) {
    let orders = "2 j j j j j enter";
    all.add(Place::Topic, "partitions", Filled, "LEADER", move || filled(orders));
    all.add(Place::Topic, "partitions", ReadOnly, "READ-ONLY", move || looking(orders));
    all.add(Place::Topic, "partitions", Empty, "the topic is gone", move || {
        let mut metadata = (*canned::metadata()).clone();
        metadata.version = 2;
        metadata.topics.remove(5);
        let mut desk = filled(orders);
        later(&mut desk, Slot::Metadata, Answer::Metadata(Ok(Arc::new(metadata))));
        desk
    });
    all.add(Place::Topic, "partitions", Condition::Partial, "?", move || {
        let mut logs = (*canned::logs()).clone();
        logs.version = 2;
        for (_, log) in &mut logs.topics {
            let mut unknown = (**log).clone();
            for partition in unknown.partitions.iter_mut().skip(1).step_by(2) {
                partition.end = crate::domain::Fact::unknown("broker 2 did not answer");
                partition.size = crate::domain::Fact::unknown("broker 2 did not answer");
            }
            *log = Arc::new(unknown);
        }
        let mut desk = filled(orders);
        later(&mut desk, Slot::TopicLogs, Answer::TopicLogs(Ok(Arc::new(logs))));
        desk
    });
    let groups = || filled("2 j j j j j enter l");
    let answer = |answer| with(filled("2 j j j j j enter l"), Slot::TopicGroups, Answer::TopicGroups(answer));
    all.add(Place::Topic, "groups", Loading, "asking for groups that read it…", groups);
    let empty = |failures| Ok(Arc::new(Partial { value: Vec::new(), failures }));
    all.add(Place::Topic, "groups", Empty, "no group has offsets or members in this topic", move || {
        answer(empty(Vec::new()))
    });
    all.add(Place::Topic, "groups", Failed, "no answer within 5 s", move || answer(Err(canned::failure())));
    all.add(Place::Topic, "groups", Unsupported, "this cluster does not know the request", move || {
        answer(Err(unsupported()))
    });
    all.add(Place::Topic, "groups", Condition::Partial, "in part:", move || answer(empty(vec![canned::failure()])));
    all.add(Place::Topic, "groups", Filled, "GROUP", move || answer(Ok(canned::topic_groups())));
    all.add(Place::Topic, "groups", Stale, "as of 14:03:07", move || {
        let mut desk = answer(Ok(canned::topic_groups()));
        later(&mut desk, Slot::TopicGroups, Answer::TopicGroups(Err(canned::failure())));
        desk
    });
    let configs = || filled("2 j j j j j enter l l");
    let answer = |answer| with(filled("2 j j j j j enter l l"), Slot::TopicConfigs, Answer::TopicConfigs(answer));
    all.add(Place::Topic, "configs", Loading, "asking for its configuration…", configs);
    all.add(Place::Topic, "configs", Failed, "no answer within 5 s", move || answer(Err(canned::failure())));
    all.add(Place::Topic, "configs", Unsupported, "this cluster does not know the request", move || {
        answer(Err(unsupported()))
    });
    all.add(Place::Topic, "configs", Filled, "VALUE", move || answer(Ok(canned::configs())));
    all.add(Place::Topic, "configs", Stale, "as of 14:03:07", move || {
        let mut desk = answer(Ok(canned::configs()));
        later(&mut desk, Slot::TopicConfigs, Answer::TopicConfigs(Err(canned::failure())));
        desk
    });
}

fn in_group(access: Access, answer: Result<Arc<GroupDetail>, Failure>) -> Desk {
    let mut desk = Desk::filled(access);
    desk.press("3 enter");
    with(desk, Slot::Group, Answer::Group(answer))
}

fn group_scenes(all: &mut Scenes) {
    let write = Access::ReadWrite;
    all.add(Place::Group, "partitions", Loading, "asking for the group…", || filled("3 enter"));
    all.add(Place::Group, "partitions", Failed, "no answer within 5 s", move || {
        in_group(write, Err(canned::failure()))
    });
    all.add(Place::Group, "partitions", Unsupported, "this cluster does not know the request", move || {
        in_group(write, Err(unsupported()))
    });
    all.add(Place::Group, "partitions", Filled, "TOPIC", move || in_group(write, Ok(canned::group(GroupState::Empty))));
    all.add(Place::Group, "partitions", ReadOnly, "READ-ONLY", move || {
        in_group(Access::ReadOnly, Ok(canned::group(GroupState::Stable)))
    });
    let bare = || {
        let mut detail = (*canned::group(GroupState::Empty)).clone();
        detail.partitions.clear();
        detail.history.clear();
        detail
    };
    all.add(Place::Group, "partitions", Empty, "nothing is committed and nothing assigned", move || {
        in_group(write, Ok(Arc::new(bare())))
    });
    all.add(Place::Group, "partitions", Condition::Partial, "in part:", move || {
        let mut detail = (*canned::group(GroupState::Stable)).clone();
        detail.failures = vec![canned::failure()];
        detail.judged = crate::domain::Fact::unknown("the log of commits may not be read");
        in_group(write, Ok(Arc::new(detail)))
    });
    all.add(Place::Group, "partitions", Stale, "as of 14:03:07", move || {
        let mut desk = in_group(write, Ok(canned::group(GroupState::Stable)));
        later(&mut desk, Slot::Group, Answer::Group(Err(canned::failure())));
        desk
    });
    all.add(Place::Group, "members", Empty, "the group has no members", move || {
        let mut desk = in_group(write, Ok(canned::group(GroupState::Empty)));
        desk.press("l");
        desk
    });
    all.add(Place::Group, "timeline", Empty, "nothing happened since klamm looks", move || {
        let mut detail = (*canned::group(GroupState::Empty)).clone();
        detail.events.clear();
        let mut desk = in_group(write, Ok(Arc::new(detail)));
        desk.press("l l");
        desk
    });
    all.add(Place::Group, "timeline", Filled, "SEEN AT", move || {
        let mut desk = in_group(write, Ok(canned::group(GroupState::Stable)));
        desk.press("l l");
        desk
    });
    all.add(Place::Group, "members", Filled, "CLIENT", move || {
        let mut desk = in_group(write, Ok(canned::group(GroupState::Stable)));
        desk.press("l");
        desk
    });
}

fn update() -> RecordsUpdate {
    let times: Vec<i64> = (0..40).map(|n| canned::NOW.0 - 9_000 + n * 211).collect();
    let records = RecordRef::of_times(&canned::called("orders.v1").as_str().into(), 2, 990_400, &times);
    let counts = RecordCounts { seen: 3_204, matched: 3_204, dropped: 0, undecodable: 0, bytes: 400_000 };
    RecordsUpdate { records, counts, ..RecordsUpdate::default() }
}

fn reading(access: Access, update: Option<RecordsUpdate>) -> Desk {
    let mut desk = Desk::filled(access);
    desk.press("2 j j j j j t");
    if let Some(update) = update {
        desk.answer(Slot::Records, Answer::Records(update));
    }
    desk
}

/// Answers what the records view wants decoded, however many are in sight.
pub fn decode(desk: &mut Desk) {
    while let Some((generation, Request::Decode { records, .. })) = desk.open.remove(&Slot::Decode) {
        let decoded = records.iter().map(|record| canned::record(record.offset())).collect();
        desk.late(Slot::Decode, generation, Answer::Decoded(decoded));
    }
}

fn decoded(access: Access, keys: &str) -> Desk {
    let mut desk = reading(access, Some(update()));
    for size in [(80, 24), (200, 50)] {
        desk.draw(size.0, size.1);
        decode(&mut desk);
    }
    if !keys.is_empty() {
        desk.press(keys);
    }
    desk
}

fn records_scenes(all: &mut Scenes) {
    let write = Access::ReadWrite;
    all.add(Place::Records, "nothing", Empty, "no topic is open", || filled("4"));
    all.add(Place::Records, "list", Loading, "reading…", move || reading(write, None));
    let caught = || RecordsUpdate { caught_up: true, ..RecordsUpdate::default() };
    all.add(Place::Records, "list", Empty, "nothing there yet: waiting for what is written from now on", move || {
        reading(write, Some(caught()))
    });
    all.add(Place::Records, "list", Failed, "waiting:", move || {
        reading(write, Some(RecordsUpdate { waiting: vec![canned::failure()], ..RecordsUpdate::default() }))
    });
    all.add(Place::Records, "list", Unsupported, "lie in remote storage", move || {
        let tiered = Some(TieredPart { records: 1_200_000, partitions: 12 });
        reading(write, Some(RecordsUpdate { tiered, ..RecordsUpdate::default() }))
    });
    all.add(Place::Records, "list", Condition::Partial, "in part:", move || {
        reading(write, Some(RecordsUpdate { failures: vec![canned::failure()], ..update() }))
    });
    all.add(Place::Records, "list", Stale, "paused", move || decoded(write, "k k"));
    all.add(Place::Records, "list", ReadOnly, "READ-ONLY", || decoded(Access::ReadOnly, ""));
    all.add(Place::Records, "list", Filled, "VALUE", move || decoded(write, ""));
    all.add(Place::Records, "value", Loading, "Value", move || {
        let mut desk = reading(write, Some(update()));
        desk.press("tab");
        desk
    });
    all.add(Place::Records, "value", Filled, "Avro", move || decoded(write, "k tab"));
    all.add(Place::Records, "facts", Loading, "Record", move || {
        let mut desk = reading(write, Some(update()));
        desk.press("tab tab");
        desk
    });
    all.add(Place::Records, "facts", Filled, "time", move || decoded(write, "k tab tab"));
    all.add(Place::Records, "sizes", Empty, "no record is kept yet", move || {
        let mut desk = reading(write, None);
        desk.press("z");
        desk
    });
    all.add(Place::Records, "sizes", Filled, "Sizes of 40 records", move || decoded(write, "k tab tab z"));
}

/// A change that is done, and one whose result was never written.
pub fn entries() -> Vec<JournalEntry> {
    let plan = (*canned::plan(true, 3, Confirm::Yes)).clone();
    let outcome =
        Outcome { plan_id: plan.id.clone(), at: canned::NOW, steps: vec![StepStatus::Done; 3], notes: Vec::new() };
    let done = JournalEntry {
        plan: plan.clone(),
        began: canned::NOW,
        outcome: Some(outcome),
        undone_by: None,
        finished_by: None,
        undo: Ok(()),
    };
    let open = JournalEntry {
        plan: Plan { id: "19f-0".into(), ..plan },
        outcome: None,
        undo: Err("what happened is not known".into()),
        ..done.clone()
    };
    vec![done, open]
}

fn journal(access: Access, answer: Result<JournalView, Failure>) -> Desk {
    let mut desk = Desk::filled(access);
    desk.press("9");
    with(desk, Slot::Journal, Answer::Journal(answer.map(Arc::new)))
}

fn journal_scenes(all: &mut Scenes) {
    let write = Access::ReadWrite;
    let whole = || JournalView { entries: entries(), unreadable: Vec::new() };
    all.add(Place::Journal, "list", Loading, "asking for the journal…", || filled("9"));
    all.add(Place::Journal, "list", Empty, "klamm has not changed anything on this cluster", move || {
        journal(write, Ok(JournalView::default()))
    });
    let failure =
        || Failure::new(FailureKind::Storage, "read the journal", "no right to read the file").on("/var/klamm");
    all.add(Place::Journal, "list", Failed, "no right to read the file", move || journal(write, Err(failure())));
    all.add(Place::Journal, "list", Condition::Partial, "line 7 was written by", move || {
        journal(write, Ok(JournalView { unreadable: vec!["line 7 was written by a newer klamm".into()], ..whole() }))
    });
    all.add(Place::Journal, "list", Stale, "as of 14:03:07", move || {
        let mut desk = journal(write, Ok(whole()));
        later(&mut desk, Slot::Journal, Answer::Journal(Err(failure())));
        desk
    });
    all.add(Place::Journal, "list", ReadOnly, "READ-ONLY", move || journal(Access::ReadOnly, Ok(whole())));
    all.add(Place::Journal, "list", Filled, "unknown: verify", move || {
        let mut desk = journal(write, Ok(whole()));
        desk.press("j");
        let now =
            StepStatus::Unknown(Failure::new(FailureKind::Conflict, "tell what became of it", "7 is committed there"));
        let steps = vec![StepStatus::Done, StepStatus::NotDone, now];
        let notes = vec![crate::domain::finish::found(&steps)];
        let found = Outcome { plan_id: "19f-0".into(), at: canned::NOW, steps, notes };
        with(desk, Slot::LookInto, Answer::LookedInto(Ok(Arc::new(found))))
    });
    all.add(Place::Messages, "list", Empty, "nothing was said so far", || filled("m"));
    all.add(Place::Messages, "list", Filled, "TIME", || {
        let mut desk = filled("2 : 'zz' enter");
        desk.press("esc m");
        desk
    });
}

fn profile_scenes(all: &mut Scenes) {
    let refused = || Failure::new(FailureKind::Storage, "read CA certificate", "no such file").on("/etc/kafka/ca.pem");
    all.add(Place::Profiles, "list", Empty, "adds your cluster", Desk::welcome);
    all.add(Place::Profiles, "list", Filled, "BROKERS", || filled("0"));
    all.add(Place::Profiles, "list", Loading, "opening", || asked("0 enter"));
    all.add(Place::Profiles, "list", Failed, "no such file", move || {
        with(asked("0 enter"), Slot::Connect, Answer::Connected(Err(refused())))
    });
    all.add(Place::Profiles, "list", Condition::Partial, "‘bootstap’ is not known", || {
        let mut desk = asked("0");
        desk.state.views.profiles.warnings =
            vec!["/home/sam/.config/klamm/config.toml:7:3: ‘bootstap’ is not known".into()];
        desk
    });
    all.add(Place::ProfileForm, "form", Failed, "which name?", || asked("0 n"));
    let named = "0 n 'prod' tab 'kafka-1:9093' tab right tab '/certs/ca.pem'";
    all.add(Place::ProfileForm, "form", Condition::Partial, "No such file", move || {
        let mut desk = asked(named);
        let answer = Answer::FilesChecked(vec![(Field::Ca, "/certs/ca.pem: No such file".into())]);
        desk.answer(Slot::ProfileCheck, answer);
        desk
    });
    all.add(Place::ProfileForm, "form", Filled, "nothing is wrong", || {
        let mut desk = asked("0 n 'prod' tab 'kafka-1:9093'");
        desk.answer_files();
        desk
    });
    let probing = |steps: usize| {
        let mut desk = asked("0 t");
        for step in canned::probe_steps().into_iter().take(steps) {
            desk.answer(Slot::ProfileTest, Answer::Probed(Box::new(step)));
        }
        desk
    };
    all.add(Place::Probe, "test", Loading, "testing…", move || probing(2));
    all.add(Place::Probe, "test", Failed, "Test of", move || {
        with(probing(2), Slot::ProfileTest, Answer::ProbeEnded(Err(canned::failure())))
    });
    all.add(Place::Probe, "test", Filled, "Test of", move || {
        with(probing(7), Slot::ProfileTest, Answer::ProbeEnded(Ok(())))
    });
    all.add(Place::Secret, "secret", Filled, "written nowhere.", || {
        let question = Question { profile: "dev".into(), field: Field::Password };
        let then = Box::new(Request::TestProfile("dev".into()));
        let mut desk = with(asked("0 t"), Slot::ProfileTest, Answer::SecretWanted { question, then });
        desk.press("'hush'");
        desk
    });
}

fn planning(access: Access, answer: Result<Arc<Plan>, Failure>) -> Desk {
    let mut desk = in_group(access, Ok(canned::group(GroupState::Empty)));
    desk.press("R enter");
    desk.answer(Slot::Plan, Answer::Planned(answer));
    desk
}

fn applied(answer: Answer) -> Desk {
    let mut desk = planning(Access::ReadWrite, Ok(canned::plan(true, 6, Confirm::Yes)));
    desk.draw(120, 60);
    desk.press("y");
    with(desk, Slot::Apply, answer)
}

fn outcome(failed: bool) -> Answer {
    let status = |n| if failed && n == 2 { StepStatus::Failed(canned::failure()) } else { StepStatus::Done };
    let notes = vec![Warning::new(Severity::Warning, "payments:3 moved meanwhile")];
    Answer::Applied(Ok(Outcome {
        plan_id: "19f-1".into(),
        at: canned::NOW,
        steps: (0..6).map(status).collect(),
        notes,
    }))
}

fn plan_scenes(all: &mut Scenes) {
    let write = Access::ReadWrite;
    all.add(Place::Plan, "plan", Loading, "working out what would change; nothing is changed by that…", || {
        let mut desk = in_group(Access::ReadWrite, Ok(canned::group(GroupState::Empty)));
        desk.press("R enter");
        desk
    });
    all.add(Place::Plan, "plan", Empty, "nothing would change", move || {
        planning(write, Ok(canned::plan(true, 0, Confirm::Yes)))
    });
    all.add(Place::Plan, "plan", Failed, "no answer within 5 s", move || planning(write, Err(canned::failure())));
    all.add(Place::Plan, "plan", Unsupported, "this cluster does not know the request", move || {
        planning(write, Err(unsupported()))
    });
    all.add(Place::Plan, "plan", ReadOnly, "READ-ONLY", || {
        planning(Access::ReadOnly, Ok(canned::plan(true, 60, Confirm::Yes)))
    });
    all.add(Place::Plan, "plan", Condition::Partial, "COMMITTED", move || {
        planning(write, Ok(canned::plan(false, 3, Confirm::TypeName(canned::called("fraud-scoring")))))
    });
    all.add(Place::Plan, "plan", Filled, "COMMITTED", move || planning(write, Ok(canned::plan(true, 6, Confirm::Yes))));
    let lost = StepStatus::Unknown(canned::failure());
    let progress = vec![(0, StepStatus::Done), (1, StepStatus::Done), (2, lost)];
    all.add(Place::PlanResult, "plan", Loading, "applying: 3 of 6 steps", move || {
        applied(Answer::Progress(progress.clone()))
    });
    all.add(Place::PlanResult, "plan", Failed, "no answer within 5 s. not applied, or not known", || {
        applied(Answer::Applied(Err(canned::failure())))
    });
    all.add(Place::PlanResult, "plan", Condition::Partial, "payments:3 moved meanwhile 5 of 6 done", || {
        applied(outcome(true))
    });
    all.add(Place::PlanResult, "plan", Filled, "done and read back", || applied(outcome(false)));
    all.add(Place::TypeName, "apply", Filled, "name", || {
        let confirm = Confirm::TypeName(canned::called("fraud-scoring"));
        let mut desk = planning(Access::ReadWrite, Ok(canned::plan(true, 3, confirm)));
        desk.draw(120, 60);
        desk.press("y 'fraud'");
        desk
    });
    all.add(Place::TypeName, "unlock", Filled, "Type the profile's name to go on.", || looking(": 'unlock' enter"));
    all.add(Place::TypeName, "profile", Filled, "What the cluster holds stays.", || filled("0 D"));
    let target = |access| in_group(access, Ok(canned::group(GroupState::Empty)));
    let pick = move |access, keys: &str| {
        let mut desk = target(access);
        desk.press(keys);
        desk
    };
    all.add(Place::Reset, "target", Filled, "earliest", move || pick(write, "R"));
    all.add(Place::Reset, "target", ReadOnly, "READ-ONLY", move || pick(Access::ReadOnly, "R"));
    all.add(Place::Reset, "target", Failed, "✖", move || pick(write, "R down down 'tomorrow' enter"));
    let report = |access, answer: Result<_, Failure>| {
        let mut desk = Desk::filled(access);
        desk.press("2 p");
        with(desk, Slot::PartitionReport, Answer::PartitionReport(answer.map(Arc::new)))
    };
    all.add(Place::Partitions, "report", Loading, "asking for rates, and a sample of recent keys…", || filled("2 p"));
    all.add(Place::Partitions, "report", Failed, "no answer within 5 s", move || report(write, Err(canned::failure())));
    all.add(Place::Partitions, "report", ReadOnly, "READ-ONLY", move || {
        report(Access::ReadOnly, Ok(canned::partition_report()))
    });
    all.add(Place::Partitions, "report", Filled, "1 now", move || report(write, Ok(canned::partition_report())));
    all.add(Place::Form, "wish", Filled, "target", move || {
        let mut desk = report(write, Ok(canned::partition_report()));
        desk.press("e");
        desk
    });
}

fn dialog_scenes(all: &mut Scenes) {
    all.add(Place::Form, "topic", Filled, "name", || filled("2 n"));
    all.add(Place::Form, "topic", Failed, "✖", || filled("2 n 'bad/name' enter"));
    all.add(Place::Form, "topic", Condition::Partial, "ignore", || {
        let mut desk = filled("2");
        if let Link::Open(session) = &mut desk.state.link {
            session.naming = crate::domain::naming::Naming::parse("[a-z-]+\\.v[0-9]+").ok();
        }
        desk.press("n 'Orders' tab tab tab tab 'ignore'");
        desk
    });
    all.add(Place::Form, "from", Filled, "from", || filled("2 j j j j j t F"));
    all.add(Place::Form, "contains", Filled, "contains", || decoded(Access::ReadWrite, "/"));
    all.add(Place::Form, "group here", Filled, "group", || decoded(Access::ReadWrite, "k R"));
    all.add(Place::Form, "group of topic", Filled, "group", || filled("2 j j j j j enter R"));
    all.add(Place::Form, "save", Filled, "file", || decoded(Access::ReadWrite, "k ctrl-s"));
    all.add(Place::Form, "copy of profile", Filled, "name", || filled("0 a"));
    all.add(Place::Form, "copy of group", Filled, "Copy", || filled("3 C"));
    all.add(Place::Form, "import", Filled, "file", || filled("3 I"));
    all.add(Place::Form, "settings of group", Filled, "set", || {
        let mut desk = in_group(Access::ReadWrite, Ok(canned::group(GroupState::Stable)));
        desk.press("e");
        desk
    });
    all.add(Place::Form, "broker", Filled, "broker", || {
        let mut desk = filled("1");
        if let Link::Open(session) = &mut desk.state.link {
            session.is_demo = true;
        }
        desk.press(": 'demo.stop' enter");
        desk
    });
    all.add(Place::Help, "keys", Filled, "Keys that work here", || filled("2 ?"));
    all.add(Place::Help, "keys", ReadOnly, "Keys that work here", || looking("2 ?"));
    all.add(Place::Help, "keys", Empty, "no key has ‘zzz’", || filled("2 ? / 'zzz' enter"));
    all.add(Place::Palette, "hits", Filled, "Find", || filled("2 : 'ord'"));
    all.add(Place::Palette, "hits", ReadOnly, "Find", || looking("2 :"));
    all.add(Place::Palette, "hits", Loading, "Find", || filled("2 : 'zq'"));
    all.add(Place::Palette, "hits", Empty, "nothing has these letters", || {
        let mut desk = filled("2 : 'zq'");
        if desk.open.contains_key(&Slot::Find) {
            desk.answer(Slot::Find, Answer::Found { typed: "zq".into(), hits: Vec::new() });
        }
        desk
    });
    all.add(Place::Menu, "theme", Filled, "dark", || filled("2 : 'theme' enter"));
    all.add(Place::Menu, "copy", Filled, "name", || filled("2 j j j j j c"));
}

/// All that is to be seen.
pub fn scenes() -> Vec<Scene> {
    let mut all = Scenes::default();
    overview_scenes(&mut all);
    list_scenes(&mut all);
    topic_scenes(&mut all);
    group_scenes(&mut all);
    records_scenes(&mut all);
    journal_scenes(&mut all);
    profile_scenes(&mut all);
    plan_scenes(&mut all);
    dialog_scenes(&mut all);
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
