//! A large cluster on a terminal that is not there, to measure what frames cost.
//!
//! Invariant: the state is made by the messages that a console gets, and drawn as a
//! console draws it; only the cluster behind it is made up.

use crate::cluster::{Access, GroupRow, Groups, Health, Metadata, TopicLog, TopicLogs};
use crate::domain::broker::Broker;
use crate::domain::group::{GroupListing, GroupState, GroupType, LagTotal};
use crate::domain::origin::GroupRole;
use crate::domain::pace::Behind;
use crate::domain::standing::{Standing, Told};
use crate::domain::topic::{Partition, PartitionLog, Rate, Topic};
use crate::domain::verdict::{Reason, Source};
use crate::domain::{BrokerId, Fact, Time, TopicPartition};
use crate::profile::Refresh;
use crate::tui::app::actions::session;
use crate::tui::app::screens::groups;
use crate::tui::app::screens::topics::{self, Sort, TopicSort};
use crate::tui::app::session::{ProfileCard, Session};
use crate::tui::app::slot::{Generation, Slot};
use crate::tui::app::{Answer, Answered, Effect, Message, Request, State, update};
use crate::tui::command::{Chord, KeyMap};
use crate::tui::ui;
use crate::tui::ui::theme::{Catalogue, Depth, Theme};
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

const AT: Time = Time(1_795_269_787_000);

pub struct Rehearsal {
    state: State,
    terminal: Terminal<TestBackend>,
    theme: Theme,
    /// The newest request of each slot.
    asked: HashMap<Slot, Generation>,
}

impl Rehearsal {
    /// A console that is connected to so many topics of one partition, and so many groups.
    pub fn new(topics: u32, groups: u32, (width, height): (u16, u16)) -> Self {
        let state = State::new(AT, Arc::new(KeyMap::default()), TimeZone::UTC);
        // Its backend cannot fail.
        let Ok(terminal) = Terminal::new(TestBackend::new(width, height));
        let theme = Catalogue::default().theme("dark", Depth::True).map(|(theme, _)| theme).unwrap_or_default();
        let mut rehearsal = Self { state, terminal, theme, asked: HashMap::new() };
        let mut effects = Vec::new();
        session::connect(&mut rehearsal.state, "large".into(), &mut effects);
        rehearsal.perform(effects);
        rehearsal.answer(Slot::Connect, Answer::Connected(Ok(Box::new(opened()))));
        let metadata = metadata(topics);
        let logs = logs(&metadata);
        rehearsal.answer(Slot::Metadata, Answer::Metadata(Ok(metadata)));
        rehearsal.answer(Slot::TopicLogs, Answer::TopicLogs(Ok(logs)));
        rehearsal.answer(Slot::Groups, Answer::Groups(Ok(all_groups(groups))));
        rehearsal
    }

    /// Presses a key by its name, such as `ctrl-d`.
    pub fn press(&mut self, key: &str) {
        if let Ok(chord) = Chord::parse(key) {
            self.send(Message::Pressed { chord, at: AT });
        }
    }

    /// Draws a frame.
    pub fn draw(&mut self) {
        let (state, theme, mut drawn) = (&self.state, &self.theme, None);
        let Ok(_) = self.terminal.draw(|frame| drawn = Some(ui::draw(frame, state, theme)));
        if let Some(drawn) = drawn {
            self.send(Message::Drawn { drawn, at: AT });
        }
    }

    /// What is on the screen.
    pub fn screen(&self) -> String {
        self.terminal.backend().to_string()
    }

    /// Filters and sorts all topics, as a task beside the loop does; how many are left.
    /// The column is named as on the screen.
    pub fn order(&self, filter: &str, column: &str) -> usize {
        let Some(metadata) = self.state.data.metadata.value() else { return 0 };
        let columns = [TopicSort::Name, TopicSort::Partitions, TopicSort::Records, TopicSort::Size, TopicSort::Rate];
        let by = columns.into_iter().find(|by| by.word() == column).unwrap_or_default();
        let logs = self.state.data.logs.value().map(Arc::as_ref);
        topics::order(metadata, logs, filter, Sort { by, is_reversed: false }).len()
    }

    fn send(&mut self, message: Message) {
        let effects = update(&mut self.state, message);
        self.perform(effects);
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            let Effect::Start { slot, generation, request, .. } = effect else { continue };
            self.asked.insert(slot, generation);
            match request {
                Request::OrderTopics { metadata, logs, filter, sort } => {
                    let order = topics::order(&metadata, logs.as_deref(), &filter, sort);
                    self.answer(slot, Answer::TopicsOrdered(Arc::new(order)));
                }
                Request::OrderGroups { groups, filter, sort } => {
                    let order = groups::order(&groups, &filter, sort);
                    self.answer(slot, Answer::GroupsOrdered(Arc::new(order)));
                }
                _ => {}
            }
        }
    }

    fn answer(&mut self, slot: Slot, answer: Answer) {
        let Some(generation) = self.asked.get(&slot).copied() else { return };
        let took = Duration::from_millis(1);
        self.send(Message::Answered(Answered { slot, generation, at: AT, took, access: None, answer }));
    }
}

fn opened() -> Session {
    let card = ProfileCard {
        name: "large".into(),
        is_saved: false,
        brokers: "broker-1:9092".into(),
        registry: None,
        registry_context: None,
        security: "plaintext".into(),
        colour: None,
        is_read_only: false,
        is_production: false,
        notes: None,
    };
    Session {
        card,
        access: Access::ReadWrite,
        zone: TimeZone::UTC,
        since: AT,
        is_demo: false,
        refresh: Refresh::default(),
        formats: Default::default(),
        naming: None,
    }
}

/// Numbers that follow no order.
/// One in thirty is worth a look.
fn standing(number: u32) -> Standing {
    let reason = match scattered(number) % 30 {
        0 => Reason::StoodStill { offset: i64::from(number), since: AT },
        _ => Reason::CaughtUp { lag: 0, allowed: 0 },
    };
    Standing::Told(Arc::new(Told {
        verdict: reason.verdict(),
        source: Source::Sampled,
        worst: TopicPartition::new("load.topic".into(), 0),
        reason,
    }))
}

fn scattered(number: u32) -> u32 {
    number.wrapping_mul(2_654_435_761) >> 8
}

fn metadata(count: u32) -> Arc<Metadata> {
    let brokers: Arc<[BrokerId]> = [1, 2, 3].map(BrokerId).into();
    let topic = |number: u32| {
        let partition = Partition {
            id: 0,
            leader: Some(BrokerId(1)),
            leader_epoch: 0,
            replicas: Arc::clone(&brokers),
            isr: Arc::clone(&brokers),
        };
        let name = format!("team-{:02}.orders-{number:06}.v1", number / 1_000).as_str().into();
        Arc::new(Topic { name, id: None, is_internal: false, partitions: vec![partition] })
    };
    let mut topics: Vec<Arc<Topic>> = (0..count).map(topic).collect();
    topics.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    let broker = |id: BrokerId| Broker { id, host: format!("broker-{id}"), port: 9092, rack: None };
    Arc::new(Metadata {
        version: 1,
        taken: AT,
        cluster_id: Some("large".into()),
        controller: Some(BrokerId(1)),
        brokers: brokers.iter().copied().map(broker).collect(),
        partitions: topics.len(),
        topics,
        health: Health::default(),
        failures: Vec::new(),
        may_describe_cluster: Some(true),
    })
}

fn logs(metadata: &Metadata) -> Arc<TopicLogs> {
    let log = |number: u32| {
        let (records, rate) = (u64::from(scattered(number)), f64::from(scattered(number) % 5_000));
        let partition = PartitionLog {
            start: Fact::Known(0),
            end: Fact::Known(records.cast_signed()),
            size: Fact::Known(records * 100),
            rate: Fact::Known(Rate::from(rate)),
        };
        Arc::new(TopicLog {
            records: Fact::Known(records),
            size: partition.size.clone(),
            rate: partition.rate.clone(),
            rates: (0..12).map(|step| scattered(number + step) as f32).collect(),
            partitions: vec![partition],
        })
    };
    let topics = metadata.topics.iter().zip(0..).map(|(topic, number)| (topic.name.clone(), log(number))).collect();
    Arc::new(TopicLogs { version: 1, taken: AT, topics, failures: Vec::new() })
}

fn all_groups(count: u32) -> Arc<Groups> {
    let row = |number: u32| {
        let listing = GroupListing {
            id: format!("reader-{number:06}").as_str().into(),
            state: GroupState::Stable,
            kind: GroupType::Classic,
            protocol_type: "consumer".into(),
        };
        Arc::new(GroupRow {
            listing,
            members: Fact::Known(3),
            topics: Vec::new(),
            lag: LagTotal { lag: u64::from(scattered(number)), known: 1, ..LagTotal::default() },
            trend: (0..14).map(|step| u64::from(scattered(number + step))).collect(),
            role: GroupRole::Plain,
            standing: standing(number),
            behind: Behind::Unknown,
            drain: Fact::unknown("nobody looked"),
            flaps: None,
            unseen: None,
        })
    };
    Arc::new(Groups {
        version: 1,
        taken: AT,
        rows: (0..count).map(row).collect(),
        failures: Vec::new(),
        remarks: Vec::new(),
    })
}
