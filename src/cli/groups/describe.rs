//! `klamm groups describe`: everything about a few groups.

use super::lag::lag_cells;
use super::role_word;
use crate::cli::exit::{Exit, Stop};
use crate::cli::output::{Cell, Column, Report, Section, Table, fact, hidden, number, objects, text, word_fact};
use crate::cli::session::Session;
use crate::cluster::{GroupDetail, LastHour, Outlook, PartitionOutlook};
use crate::domain::drain::Drain;
use crate::domain::group::{GroupType, MemberDetail, StreamsDetail, Subtopology, Task, Topology, TopologyNode};
use crate::domain::headroom::Headroom;
use crate::domain::produced::{Produced, STEP};
use crate::domain::{Fact, GroupId, TopicName, show};
use clap::Args;
use serde_json::{Value as Json, json};

#[derive(Debug, Args)]
pub(crate) struct DescribeArguments {
    #[arg(value_name = "GROUP", required = true)]
    groups: Vec<String>,
    /// What was written in the last hour where they read, in steps of five minutes
    #[arg(long)]
    written: bool,
}

/// What is known of a group in a partition; types of groups differ in what they keep.
const fn partitions(start: Column, committed: Column, held: Column) -> [Column; 19] {
    [
        text("group", "GROUP"),
        text("topic", "TOPIC"),
        number("partition", "P"),
        start,
        committed,
        number("share_start_offset", "START OFFSET"),
        fact("end_offset", "END"),
        fact("lag", "LAG"),
        fact("lag_ms", "BEHIND"),
        word_fact("drain", "DRAIN"),
        number("drain_ms", "DRAINED IN"),
        number("growing_per_second", "GROWING/s"),
        hidden("headroom"),
        number("headroom_ms", "HEADROOM"),
        number("lost", "LOST"),
        held,
        text("member_id", "MEMBER"),
        text("client_id", "CLIENT"),
        text("host", "HOST"),
    ]
}

const PARTITIONS: &[Column] = &partitions(
    fact("start_offset", "START"),
    fact("committed", "COMMITTED"),
    number("held_by_producer", "HELD BY PRODUCER"),
);

/// For people: a share group commits nothing, and where it begins is not where the log does.
const SHARE_PARTITIONS: &[Column] =
    &partitions(fact("start_offset", "LOG START"), hidden("committed"), hidden("held_by_producer"));

const MEMBERS: &[Column] = &[
    text("member_id", "MEMBER"),
    text("instance_id", "INSTANCE"),
    text("client_id", "CLIENT"),
    text("host", "HOST"),
    number("member_epoch", "EPOCH"),
    text("rack", "RACK"),
    hidden("subscription"),
    text("subscription_pattern", "PATTERN"),
    hidden("is_classic"),
    text("process_id", "PROCESS"),
    text("endpoint", "ENDPOINT"),
    text("client_tags", "TAGS"),
    hidden("topology_epoch"),
    text("active_tasks", "ACTIVE"),
    text("standby_tasks", "STANDBY"),
    text("warmup_tasks", "WARM-UP"),
    hidden("target_active_tasks"),
    hidden("target_standby_tasks"),
    hidden("target_warmup_tasks"),
    hidden("target"),
    text("partitions", "PARTITIONS"),
];

pub(super) async fn run(session: &mut Session, arguments: &DescribeArguments) -> Result<Exit, Stop> {
    let cluster = session.connect().await?;
    let last_hour = if arguments.written { LastHour::Ask } else { LastHour::Leave };
    let mut report = Report { rows: Table::new(PARTITIONS), items: Some(Vec::new()), ..Report::default() };
    for group in &arguments.groups {
        match cluster.judged_group(&GroupId::from(group.as_str()), last_hour).await {
            Ok(group) => describe(&group, arguments.written, &mut report),
            Err(failure) => report.failures.push(failure),
        }
    }
    let exit = Exit::of_answer(report.items.as_ref().map_or(0, Vec::len), &report.failures);
    session.output.report(&report)?;
    Ok(exit)
}

fn describe(group: &GroupDetail, with_written: bool, report: &mut Report) {
    let (partitions, members) = (partition_rows(group), member_rows(group));
    let listing = &group.description.listing;
    let lag = group.lag.fact();
    report.sections.push(Section::Heading(format!(
        "{}: {}, {}, {}, lag {}",
        listing.id,
        listing.state.shown(),
        listing.type_shown(),
        show::plural(group.description.members.len(), "member"),
        lag.known().map_or("?".into(), |lag| show::count(*lag)),
    )));
    report.sections.extend(sentences(group).into_iter().map(Section::Line));
    report.sections.extend(group.role.explanation().map(|sentence| Section::Line(format!("▲ {sentence}"))));
    if with_written {
        report.sections.push(Section::Line(match &group.produced {
            Fact::Known(produced) => {
                let steps: Vec<String> = produced.records.iter().map(|records| show::count(*records)).collect();
                format!("written in the last hour, every five minutes: {}", steps.join("  "))
            }
            Fact::Unknown(reason) => format!("written in the last hour: ? {reason}"),
        }));
    }
    if let Some(topology) = &group.description.topology {
        report.sections.extend(topology_lines(topology).into_iter().map(Section::Line));
    }
    report.sections.push(Section::Rows(match listing.kind {
        GroupType::Share => Table { columns: SHARE_PARTITIONS, ..partitions.clone() },
        GroupType::Classic | GroupType::Consumer | GroupType::Streams | GroupType::Other(_) | GroupType::Unknown => {
            partitions.clone()
        }
    }));
    if !members.rows.is_empty() {
        report.sections.push(Section::Rows(members.clone()));
    }
    let mut item = json!({
        "group": listing.id,
        "state": listing.state.shown(),
        "type": listing.kind.shown(),
        "protocol_type": listing.protocol_type,
        "assignor": group.description.assignor,
        "coordinator": group.description.coordinator,
        "epoch": group.description.epoch,
        "assignment_epoch": group.description.assignment_epoch,
        "topology": group.description.topology.as_deref().map(topology_json),
        "role": role_word(&group.role),
    });
    if let Json::Object(item) = &mut item {
        if listing.kind == GroupType::Share {
            put(item, "delivery_state", Fact::unknown(DELIVERY_NOT_TOLD));
        }
        put(item, "lag", lag.map(Json::from));
        put(item, "lag_ms", of_outlook(group, |outlook| outlook.waiting.clone()).map(Json::from));
        let drain = of_outlook(group, |outlook| outlook.drain.clone());
        item.insert("drain_ms".into(), drain.get().and_then(drain_millis).into());
        put(item, "drain", drain.map(|drain| drain_word(drain).into()));
        if with_written {
            put(item, "written_last_hour", group.produced.clone().map(|produced| written(&produced)));
        }
        item.insert("partitions_unknown".into(), group.lag.unknown.into());
        item.insert("members".into(), objects(&members));
        item.insert("partitions".into(), objects(&partitions));
    }
    report.items.get_or_insert_default().push(item);
    report.rows.rows.extend(partitions.rows);
    report.failures.extend(group.failures.iter().cloned());
}

/// Of records that were delivered and are neither acknowledged nor given up.
const DELIVERY_NOT_TOLD: &str = "the protocol tells where a share group begins and how much is left to it, \
                                 not which records are being delivered";

fn topology_json(topology: &Topology) -> Json {
    let subtopology = |one: &Subtopology| {
        json!({
            "id": one.id,
            "sources": one.sources,
            "repartition_sources": one.repartition_sources,
            "repartition_sinks": one.repartition_sinks,
            "changelogs": one.changelogs,
        })
    };
    let subtopologies = topology.subtopologies.as_ref();
    let mut told = serde_json::Map::from_iter([("epoch".to_owned(), topology.epoch.into())]);
    put(
        &mut told,
        "subtopologies",
        match subtopologies {
            Some(all) => Fact::Known(all.iter().map(subtopology).collect()),
            None => Fact::unknown(NOT_SET_UP),
        },
    );
    put(&mut told, "nodes", topology.nodes.clone().map(|nodes| nodes.iter().map(node_json).collect()));
    told.into()
}

fn node_json(node: &TopologyNode) -> Json {
    json!({
        "subtopology": node.subtopology,
        "name": node.name,
        "kind": node.work.word().trim_end_matches(" node"),
        "topics": node.work.topics(),
        "stores": node.work.stores(),
        "successors": node.successors,
    })
}

const NOT_SET_UP: &str = "it is not set up: source topics are missing, or their counts of partitions do not fit";

/// What a streams application does, a line for each part of it.
fn topology_lines(topology: &Topology) -> Vec<String> {
    let Some(subtopologies) = &topology.subtopologies else {
        return vec![format!("topology of epoch {}: {NOT_SET_UP}", topology.epoch)];
    };
    let line = |one: &Subtopology| {
        let parts = [
            ("reads", &one.sources),
            ("its repartition topics", &one.repartition_sources),
            ("repartitions to", &one.repartition_sinks),
            ("keeps", &one.changelogs),
        ];
        let parts = parts.into_iter().filter(|(_, topics)| !topics.is_empty());
        let parts: Vec<String> = parts.map(|(what, topics)| format!("{what} {}", names(topics))).collect();
        format!("subtopology {}: {}", one.id, parts.join("; "))
    };
    let node = |node: &TopologyNode| match &node.subtopology {
        Some(part) => format!("  {part}  {}", node.told()),
        None => format!("  everywhere  {}", node.told()),
    };
    let nodes = topology.nodes.known().into_iter().flatten().map(node);
    subtopologies.iter().map(line).chain(nodes).collect()
}

/// By the records' own times.
fn written(produced: &Produced) -> Json {
    json!({
        "from": produced.from.rfc3339(),
        "step_ms": STEP,
        "records": produced.records,
        "partitions": produced.partitions,
        "partitions_unknown": produced.unknown,
    })
}

fn partition_rows(group: &GroupDetail) -> Table {
    let look = |index: usize| match &group.outlook {
        Fact::Known(outlook) => outlook.partitions.get(index).ok_or("not looked into"),
        Fact::Unknown(reason) => Err(&**reason),
    };
    let rows = group.partitions.iter().enumerate().map(|(index, partition)| {
        let member = partition.member.and_then(|index| group.description.members.get(index));
        let mut row = lag_cells(&group.description.listing, partition);
        row.extend(outlook_cells(look(index)));
        row.extend([
            Cell::or_absent(member, |member| Cell::text(member.member_id.as_str())),
            Cell::or_absent(member, |member| Cell::text(member.client_id.as_str())),
            Cell::or_absent(member, |member| Cell::text(member.host.as_str())),
        ]);
        row
    });
    Table::of(PARTITIONS, rows)
}

/// From `lag_ms` to `held_by_producer`.
fn outlook_cells(outlook: Result<&PartitionOutlook, &str>) -> [Cell; 8] {
    let outlook = match outlook {
        Ok(outlook) => outlook,
        Err(reason) => {
            let unknown = || Cell::Unknown(reason.into());
            return [
                unknown(),
                unknown(),
                Cell::Absent,
                Cell::Absent,
                unknown(),
                Cell::Absent,
                Cell::Absent,
                Cell::Absent,
            ];
        }
    };
    let drain = outlook.drain.get();
    let headroom = outlook.headroom.get();
    [
        Cell::of(&outlook.waiting, Cell::Millis),
        Cell::of(&outlook.drain, |drain| Cell::word(drain_word(drain))),
        Cell::or_absent(drain.and_then(drain_millis), Cell::Millis),
        match drain {
            Some(Drain::Growing(rate)) => Cell::Rate(rate),
            _ => Cell::Absent,
        },
        Cell::of(&outlook.headroom, |headroom| Cell::word(headroom_word(headroom))),
        match headroom {
            Some(Headroom::Left { millis, .. }) => Cell::Millis(millis),
            _ => Cell::Absent,
        },
        match headroom {
            Some(Headroom::Lost(records)) => Cell::Count(records),
            _ => Cell::Absent,
        },
        match &outlook.held {
            Some(held) => Cell::of(&held.producer_id, Cell::Id),
            None => Cell::Absent,
        },
    ]
}

fn of_outlook<T>(group: &GroupDetail, fact: impl FnOnce(&Outlook) -> Fact<T>) -> Fact<T> {
    match &group.outlook {
        Fact::Known(outlook) => fact(outlook),
        Fact::Unknown(reason) => Fact::Unknown(reason.clone()),
    }
}

/// A value, or null with its reason beside it.
fn put(item: &mut serde_json::Map<String, Json>, name: &str, fact: Fact<Json>) {
    if let Some(reason) = fact.reason() {
        item.insert(format!("{name}_reason"), reason.into());
    }
    item.insert(name.into(), fact.known().cloned().unwrap_or_default());
}

/// What becomes of its lag, for people: when it is read, what is lost, what holds it.
fn sentences(group: &GroupDetail) -> Vec<String> {
    let Fact::Known(outlook) = &group.outlook else { return Vec::new() };
    let mut first = Vec::new();
    first.extend(
        outlook.waiting.get().filter(|millis| *millis > 0).map(|millis| format!("behind {}", show::duration(millis))),
    );
    first.extend(outlook.drain.get().filter(|drain| *drain != Drain::Drained).map(Drain::told));
    let mut lines = Vec::new();
    if !first.is_empty() {
        lines.push(first.join(", "));
    }
    if let Some((index, headroom)) = outlook.headroom.filter(|(_, headroom)| headroom.is_short())
        && let Some(row) = group.partitions.get(index)
    {
        lines.push(format!("▲ {}: {}", row.partition, headroom.told()));
    }
    lines
}

fn drain_millis(drain: Drain) -> Option<u64> {
    match drain {
        Drain::In(millis) => Some(millis),
        Drain::Drained => Some(0),
        Drain::Never | Drain::Growing(_) => None,
    }
}

fn drain_word(drain: Drain) -> &'static str {
    match drain {
        Drain::Drained => "drained",
        Drain::In(_) => "draining",
        Drain::Never => "never",
        Drain::Growing(_) => "growing",
    }
}

fn headroom_word(headroom: Headroom) -> &'static str {
    match headroom {
        Headroom::NothingUnread => "nothing_unread",
        Headroom::Forever => "forever",
        Headroom::Left { .. } => "left",
        Headroom::Lost(_) => "lost",
    }
}

fn member_rows(group: &GroupDetail) -> Table {
    let rows = group.description.members.iter().map(|member| {
        let mut row = vec![
            Cell::text(member.member_id.as_str()),
            Cell::or_absent(member.instance_id.as_deref(), Cell::text),
            Cell::text(member.client_id.as_str()),
            Cell::text(member.host.as_str()),
        ];
        row.extend(detail_cells(member.detail.as_deref()));
        row.push(Cell::texts(&member.assignment));
        row
    });
    Table::of(MEMBERS, rows)
}

fn names(topics: &[TopicName]) -> String {
    topics.iter().map(TopicName::as_str).collect::<Vec<_>>().join(", ")
}

/// From `member_epoch` to `target`; all of them absent for a member of a classic group.
fn detail_cells(detail: Option<&MemberDetail>) -> [Cell; 16] {
    let streams = detail.and_then(|detail| detail.streams.as_ref());
    let tasks = |of: fn(&StreamsDetail) -> &Vec<Task>| Cell::or_absent(streams, |streams| Cell::texts(of(streams)));
    let tag = |(name, value): &(String, String)| format!("{name}={value}");
    [
        Cell::or_absent(detail, |detail| Cell::Id(detail.epoch.into())),
        Cell::or_absent(detail.and_then(|detail| detail.rack.as_deref()), Cell::text),
        Cell::or_absent(detail.filter(|_| streams.is_none()), |detail| Cell::texts(&detail.subscription)),
        Cell::or_absent(detail.and_then(|detail| detail.pattern.as_deref()), Cell::text),
        Cell::or_absent(detail.and_then(|detail| detail.is_classic), Cell::Flag),
        Cell::or_absent(streams, |streams| Cell::text(streams.process_id.as_str())),
        Cell::or_absent(streams.and_then(|streams| streams.endpoint.as_deref()), Cell::text),
        Cell::or_absent(streams.filter(|streams| !streams.tags.is_empty()), |streams| {
            Cell::texts(streams.tags.iter().map(tag))
        }),
        Cell::or_absent(streams, |streams| Cell::Id(streams.topology_epoch.into())),
        tasks(|streams| &streams.tasks.active),
        tasks(|streams| &streams.tasks.standby),
        tasks(|streams| &streams.tasks.warmup),
        tasks(|streams| &streams.target.active),
        tasks(|streams| &streams.target.standby),
        tasks(|streams| &streams.target.warmup),
        Cell::or_absent(detail.and_then(|detail| detail.target.as_ref()), Cell::texts),
    ]
}
