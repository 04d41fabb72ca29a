//! The choices for each kind of thing: its name, its row, its JSON, and the two
//! command lines that show the same.
//!
//! JSON has the names of the command line's: `klamm … --output json`.

use super::kafka_tools::Tools;
use super::{CopyChoice, Part, What};
use crate::cluster::{GroupRow, JournalEntry};
use crate::domain::command_line::join;
use crate::domain::group::{GroupPartition, GroupType, Member, TopologyRow};
use crate::domain::plan::Plan;
use crate::domain::record::{DecodedRecord, Format};
use crate::domain::value::Value;
use crate::domain::{Fact, GroupId, TopicName, show};
use crate::tui::app::screens::group::GroupTab;
use crate::tui::app::screens::overview::{self, BrokersTab, OverviewPane};
use crate::tui::app::screens::topic::TopicTab;
use crate::tui::app::session::ProfileCard;
use crate::tui::app::state::{Screen, State};
use serde::Serialize;
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;

/// Characters of a record that the menu shows.
const SHOWN: usize = 120;

/// What is selected, in a word, and the choices.
pub fn choices(state: &State) -> (String, Vec<CopyChoice>) {
    let nothing = || (String::new(), Vec::new());
    match state.screen {
        Screen::Overview => match state.views.overview.pane {
            OverviewPane::Topics => overview::selected_topic(state).map_or_else(nothing, |name| topic(state, &name)),
            OverviewPane::Groups => overview::selected_group(state).map_or_else(nothing, |id| group(state, &id)),
            OverviewPane::Brokers => match state.views.overview.brokers_tab {
                BrokersTab::Brokers => broker(state).unwrap_or_else(nothing),
                BrokersTab::Leaders => {
                    overview::selected_uneven(state).map_or_else(nothing, |name| topic(state, &name))
                }
            },
            OverviewPane::Health => {
                overview::health_lines(state).get(state.views.overview.health_cursor).map_or_else(nothing, |line| {
                    let count = line.count.map_or(String::new(), |count| format!("{count} "));
                    ("the line".into(), vec![CopyChoice::text("text", format!("{count}{}", line.text))])
                })
            }
            OverviewPane::Changes => overview::selected_change(state).map_or_else(nothing, |change| {
                let at = change.at.show(state.zone());
                let row = format!("{at}\t{}", change.text);
                ("the change".into(), vec![CopyChoice::text("text", &change.text), CopyChoice::text("row", row)])
            }),
        },
        Screen::Topics => match state.topic_on_screen() {
            None => nothing(),
            Some(name) if !state.views.topics.in_detail => topic(state, &name),
            Some(name) => in_topic(state, &name),
        },
        Screen::Groups => state.group_on_screen().map_or_else(nothing, |id| group(state, &id)),
        Screen::Group => in_group(state),
        Screen::Records if !state.views.records.marks().is_empty() => marked(state),
        Screen::Records => state.views.records.selected().map_or_else(nothing, |record| self::record(state, record)),
        Screen::Journal => {
            let view = &state.views.journal;
            let entry = view.view.value().and_then(|journal| journal.entries.get(view.selection.cursor()));
            entry.map_or_else(nothing, |entry| journal(state, entry))
        }
        Screen::Profiles => profile(state),
        Screen::Messages => {
            let note = state.notes.newest_first().nth(state.views.messages.cursor);
            note.map_or_else(nothing, |note| {
                let row = format!("{}\t{}", note.at.show(state.zone()), note.text);
                ("the message".into(), vec![CopyChoice::text("text", &note.text), CopyChoice::text("row", row)])
            })
        }
    }
}

fn broker(state: &State) -> Option<(String, Vec<CopyChoice>)> {
    let row = state.data.brokers.value()?.get(state.views.overview.brokers_cursor)?;
    let id = row.id.to_string();
    let mut choices = vec![CopyChoice::text("id", &id)];
    if let Some(broker) = &row.broker {
        let address = broker.address();
        let line = [id.as_str(), &address, broker.rack.as_deref().unwrap_or_default()].join("\t");
        choices.insert(0, CopyChoice::text("address", address));
        choices.push(CopyChoice::text("row", line));
    }
    Some((format!("broker {id}"), choices))
}

/// `klamm …` for the open profile.
pub(super) fn klamm(state: &State, words: &[&str]) -> String {
    let Some(session) = state.link.session() else { return join(["klamm"].iter().chain(words).copied()) };
    let saved = state.views.profiles.cards.iter().find(|card| card.is_saved && card.name == session.card.name);
    klamm_on(saved.unwrap_or(&session.card), words)
}

/// What is not saved, such as a demo, is named by its addresses.
fn klamm_on(card: &ProfileCard, words: &[&str]) -> String {
    let brokers = card.brokers.replace(", ", ",");
    let mut line = vec!["klamm"];
    if card.is_saved {
        line.extend(["--profile", &card.name]);
    } else {
        line.extend(["--bootstrap", &brokers]);
        line.extend(card.registry.iter().flat_map(|registry| ["--registry", registry]));
        line.extend(card.registry_context.iter().flat_map(|context| ["--registry-context", context]));
    }
    line.extend(words);
    join(line)
}

fn tools(state: &State) -> Tools {
    let card = state.link.session().map(|session| &session.card);
    Tools::new(card.map_or("", |card| &card.brokers), card.map_or("plaintext", |card| &card.security))
}

/// A known value as it is; `null` and its reason otherwise.
fn put<T: Serialize>(object: &mut Map<String, Json>, name: &str, fact: Option<&Fact<T>>) {
    match fact {
        Some(Fact::Known(value)) => {
            object.insert(name.into(), json!(value));
        }
        Some(Fact::Unknown(reason)) => {
            object.insert(name.into(), Json::Null);
            object.insert(format!("{name}_reason"), json!(reason.to_string()));
        }
        None => {
            object.insert(name.into(), Json::Null);
            object.insert(format!("{name}_reason"), json!("not asked yet"));
        }
    }
}

fn object(parts: Json) -> Map<String, Json> {
    match parts {
        Json::Object(object) => object,
        _ => Map::new(),
    }
}

/// The values of an object, separated by tabs.
fn row(object: &Map<String, Json>) -> String {
    let cell = |value: &Json| match value {
        Json::Null => "?".to_owned(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    let cells = object.iter().filter(|(name, _)| !name.ends_with("_reason")).map(|(_, value)| cell(value));
    cells.collect::<Vec<_>>().join("\t")
}

fn of(name: &str, object: Map<String, Json>, klamm: String, tools: String) -> Vec<CopyChoice> {
    vec![
        CopyChoice::text("name", name),
        CopyChoice::text("row", row(&object)),
        CopyChoice::text("JSON", Json::Object(object).to_string()),
        CopyChoice::text("klamm", klamm),
        CopyChoice::text("Kafka's tool", tools),
    ]
}

fn topic(state: &State, name: &TopicName) -> (String, Vec<CopyChoice>) {
    let log = state.data.logs.value().and_then(|logs| logs.topic(name.as_str()));
    let mut parts = object(json!({ "topic": name }));
    if let Some(topic) = state.data.metadata.value().and_then(|metadata| metadata.topic(name.as_str())) {
        parts.insert("partitions".into(), json!(topic.partitions.len()));
        parts.insert("replication_factor".into(), json!(topic.replication_factor()));
        parts.insert("is_internal".into(), json!(topic.is_internal));
    }
    put(&mut parts, "records", log.map(|log| &log.records));
    put(&mut parts, "size_bytes", log.map(|log| &log.size));
    let klamm = klamm(state, &["topics", "describe", name.as_str()]);
    (format!("of {name}"), of(name.as_str(), parts, klamm, tools(state).topic(name)))
}

/// The selected row of a topic's detail.
fn in_topic(state: &State, name: &TopicName) -> (String, Vec<CopyChoice>) {
    let detail = &state.views.topics.detail;
    match detail.tab {
        TopicTab::Partitions => {
            let topic = state.data.metadata.value().and_then(|metadata| metadata.topic(name.as_str()));
            let id = detail.partition.key().copied();
            let Some((topic, partition)) = topic.and_then(|topic| Some((topic, topic.partition(id?)?))) else {
                return self::topic(state, name);
            };
            let log = state.data.logs.value().and_then(|logs| logs.topic(topic.name.as_str()));
            let place = topic.partitions.iter().position(|other| other.id == partition.id);
            let log = log.and_then(|log| log.partitions.get(place?));
            let mut parts = object(json!({
                "topic": name,
                "partition": partition.id,
                "leader": partition.leader,
                "replicas": partition.replicas,
                "isr": partition.isr,
            }));
            put(&mut parts, "start_offset", log.map(|log| &log.start));
            put(&mut parts, "end_offset", log.map(|log| &log.end));
            put(&mut parts, "size_bytes", log.map(|log| &log.size));
            let id = partition.id.to_string();
            let klamm = klamm(state, &["records", "tail", name.as_str(), "--partition", &id]);
            let title = format!("of {name} partition {id}");
            (title, of(&format!("{name}:{id}"), parts, klamm, tools(state).offsets(name, partition.id)))
        }
        TopicTab::Groups => {
            let row = detail.groups.value().and_then(|groups| groups.value.get(detail.group.cursor()));
            match row.map(|row| row.listing.id.clone()) {
                Some(id) => group(state, &id),
                None => self::topic(state, name),
            }
        }
        TopicTab::Configs => {
            let row = detail.configs.value().and_then(|configs| configs.get(detail.config.cursor()));
            let Some(config) = row else { return self::topic(state, name) };
            let parts = object(json!({ "name": config.name, "value": config.value, "source": config.source }));
            let klamm = klamm(state, &["topics", "describe", name.as_str(), "--defaults"]);
            let mut choices = of(&config.name, parts, klamm, tools(state).configs(name));
            if let Some(value) = &config.value {
                choices.insert(1, CopyChoice::text("value", value));
            }
            (format!("of {}", config.name), choices)
        }
    }
}

fn group(state: &State, id: &GroupId) -> (String, Vec<CopyChoice>) {
    let listed = state.data.groups.value().and_then(|groups| groups.rows.iter().find(|row| row.listing.id == *id));
    let mut parts = object(json!({ "group": id }));
    if let Some(GroupRow { listing, members, topics, lag, standing, .. }) = listed.map(Arc::as_ref) {
        parts.insert("state".into(), json!(listing.state.shown()));
        parts.insert("type".into(), json!(listing.kind.shown()));
        put(&mut parts, "members", Some(members));
        parts.insert("topics".into(), json!(topics));
        put(&mut parts, "lag", Some(&lag.fact()));
        let why_not = standing.why_not().unwrap_or_default();
        let verdict = standing.verdict().map_or(Fact::unknown(why_not), |verdict| Fact::Known(verdict.word()));
        put(&mut parts, "verdict", Some(&verdict));
    }
    let kind = listed.map_or(GroupType::Unknown, |row| row.listing.kind);
    let klamm = klamm(state, &["groups", "describe", id.as_str()]);
    (format!("of {id}"), of(id.as_str(), parts, klamm, tools(state).group(id, kind, &[])))
}

fn in_group(state: &State) -> (String, Vec<CopyChoice>) {
    let view = &state.views.group;
    let (Some(id), Some(detail)) = (&view.id, view.detail.value()) else { return (String::new(), Vec::new()) };
    let kind = detail.description.listing.kind;
    match view.tab {
        GroupTab::Partitions => {
            let row = view.order.get(view.selection.cursor()).and_then(|index| detail.partitions.get(*index as usize));
            let Some(row) = row else { return group(state, id) };
            let GroupPartition { partition, committed, end, member, .. } = row;
            let committed = match committed {
                Fact::Known(committed) => Fact::Known(committed.as_ref().map(|committed| committed.offset)),
                Fact::Unknown(reason) => Fact::Unknown(reason.clone()),
            };
            let mut parts = object(json!({
                "group": id,
                "topic": partition.topic,
                "partition": partition.partition,
            }));
            let position = if kind == GroupType::Share { "share_start_offset" } else { "committed" };
            put(&mut parts, position, Some(&committed));
            put(&mut parts, "end_offset", Some(end));
            put(&mut parts, "lag", Some(&row.lag()));
            let member = member.and_then(|member| detail.description.members.get(member));
            parts.insert("member_id".into(), json!(member.map(|member| &member.member_id)));
            let name = format!("{}:{}", partition.topic, partition.partition);
            let klamm = klamm(state, &["groups", "lag", id.as_str()]);
            (format!("of {name}"), of(&name, parts, klamm, tools(state).group(id, kind, &["--offsets"])))
        }
        GroupTab::Topology => {
            let topology = detail.description.topology.as_deref();
            let row = topology.and_then(|topology| topology.rows().nth(view.topology_cursor));
            let (name, parts) = match row {
                Some(TopologyRow::Topic(subtopology, part, topic)) => {
                    (topic.as_str(), json!({"subtopology": subtopology.id, "part": part.word(), "topic": topic}))
                }
                Some(TopologyRow::Node(node)) => (
                    node.name.as_str(),
                    json!({"subtopology": node.subtopology, "part": node.work.word(), "node": node.told()}),
                ),
                None => return group(state, id),
            };
            let mut parts = object(parts);
            parts.insert("group".into(), json!(id));
            let klamm = klamm(state, &["groups", "describe", id.as_str()]);
            (format!("of {name}"), of(name, parts, klamm, tools(state).group(id, kind, &[])))
        }
        GroupTab::Timeline => {
            let Some(event) = detail.events.get(view.event_cursor) else { return group(state, id) };
            let row = format!("{}\t{}", event.at.show(state.zone()), event.what.told());
            ("the event".into(), vec![CopyChoice::text("text", event.what.told()), CopyChoice::text("row", row)])
        }
        GroupTab::Members => {
            let Some(member) = detail.description.members.get(view.member_cursor) else { return group(state, id) };
            let Member { member_id, instance_id, client_id, host, assignment, detail: _ } = member;
            let assigned: Vec<String> =
                assignment.iter().map(|place| format!("{}:{}", place.topic, place.partition)).collect();
            let parts = object(json!({
                "group": id,
                "member_id": member_id,
                "instance_id": instance_id,
                "client_id": client_id,
                "host": host,
                "assignment": assigned,
            }));
            let klamm = klamm(state, &["groups", "describe", id.as_str()]);
            let tools = tools(state).group(id, kind, &["--members", "--verbose"]);
            (format!("of {member_id}"), of(member_id, parts, klamm, tools))
        }
    }
}

/// The marked records together: each a line, as far as they can be read.
fn marked(state: &State) -> (String, Vec<CopyChoice>) {
    let view = &state.views.records;
    let (records, missing) = view.marked();
    let places: Vec<String> =
        view.marked_places().map(|(topic, partition, offset)| format!("{topic}/{partition}@{offset}")).collect();
    let words = ["records", "get"].into_iter().chain(places.iter().map(String::as_str)).collect::<Vec<_>>();
    let count = show::count(records.len() as u64);
    let mut choices = Vec::new();
    if !records.is_empty() {
        let records: Arc<[Arc<DecodedRecord>]> = records.into();
        let first = records.first().map_or(String::new(), |record| record.value.value.preview(SHOWN));
        let shown = |what: &str| format!("{count} {what}: {first}");
        choices.push(CopyChoice {
            label: "JSON lines",
            what: What::Lines { of: Arc::clone(&records), part: Part::Record, shown: shown("records") },
        });
        choices.push(CopyChoice {
            label: "values",
            what: What::Lines { of: Arc::clone(&records), part: Part::Value, shown: shown("values") },
        });
    }
    choices.push(CopyChoice::text("places", places.join("\n")));
    choices.push(CopyChoice::text("klamm", klamm(state, &words)));
    let left_out = match missing {
        0 => String::new(),
        missing => format!(", {} of them no longer in the list or not read yet", show::count(missing as u64)),
    };
    (format!("of {} marked records{left_out}", show::count(view.marks().len() as u64)), choices)
}

fn record(state: &State, decoded: &Arc<DecodedRecord>) -> (String, Vec<CopyChoice>) {
    let record = &decoded.record;
    let (partition, offset) = (record.partition.to_string(), record.offset.to_string());
    let shown = decoded.value.value.preview(SHOWN);
    let key = match &decoded.key.value {
        Value::Text(text) => text.to_string(),
        other => other.to_json(),
    };
    let words =
        ["records", "tail", record.topic.as_str(), "--partition", &partition, "--from", &offset, "--limit", "1"];
    let value = What::Value { of: Arc::clone(decoded), shown: shown.clone() };
    let whole = What::Record { of: Arc::clone(decoded), shown: format!("{{\"offset\":{offset},\"value\":{shown}") };
    let mut choices = vec![CopyChoice { label: "value", what: value }];
    if decoded.key.format != Format::Null {
        choices.push(CopyChoice::text("key", key));
    }
    choices.extend([
        CopyChoice::text("place", format!("{}:{partition}:{offset}", record.topic)),
        CopyChoice { label: "JSON", what: whole },
        CopyChoice::text("klamm", klamm(state, &words)),
        CopyChoice::text("Kafka's tool", tools(state).record(&record.topic, record.partition, record.offset)),
    ]);
    (format!("of record {partition}:{offset}"), choices)
}

fn journal(state: &State, entry: &JournalEntry) -> (String, Vec<CopyChoice>) {
    let mut choices = plan_choices(state, &entry.plan);
    choices.insert(1, CopyChoice::text("id", &entry.plan.id));
    let show = klamm(state, &["journal", "show", &entry.plan.id]);
    choices.push(CopyChoice::text("klamm, shown", show));
    ("the change".into(), choices)
}

pub fn plan_choices(state: &State, plan: &Plan) -> Vec<CopyChoice> {
    let mut choices = vec![
        CopyChoice::text("klamm", &plan.command_line),
        CopyChoice::text("title", &plan.title),
        // A plan's secrets serialise as ***.
        CopyChoice::text("JSON", serde_json::to_string(plan).unwrap_or_default()),
    ];
    if let Some(line) = tools(state).plan(plan) {
        choices.push(CopyChoice::text("Kafka's tool", line));
    }
    choices
}

fn profile(state: &State) -> (String, Vec<CopyChoice>) {
    let view = &state.views.profiles;
    let Some(card) = view.cards.get(view.selection.cursor()) else { return (String::new(), Vec::new()) };
    let choices = vec![
        CopyChoice::text("name", &card.name),
        CopyChoice::text("brokers", &card.brokers),
        CopyChoice::text("klamm", klamm_on(card, &[])),
        CopyChoice::text("Kafka's tool", Tools::new(&card.brokers, &card.security).cluster()),
    ];
    (format!("of {}", card.name), choices)
}
