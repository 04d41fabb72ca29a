//! `klamm records stats`: what the records of topics say together.

use super::follow::Following;
use super::scope::{Asked, Scope};
use crate::cli::exit::{Exit, Stop};
use crate::cli::output::{Bar, Cell, Column, Report, Section, Table, bars, number, text};
use crate::cli::session::Session;
use crate::cluster::{Counting, Keep, SearchRequest, Stats, StatsWish, TopicSearched};
use crate::domain::query::{Field, read_field};
use crate::domain::sizes::Sizes;
use crate::domain::views::{Counted, KeySpread, LatestOfKeys, OverTime};
use crate::domain::{Failure, TopicName, show};
use clap::Args;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

#[derive(Debug, Args)]
pub(crate) struct StatsArguments {
    #[command(flatten)]
    scope: Scope,
    /// How many records have each value of a field, such as value.state or key
    #[arg(long, value_name = "FIELD")]
    by: Option<String>,
    /// How many values of --by, and how many keys, are shown
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    top: u32,
    /// How many records there are in each stretch of time
    #[arg(long)]
    over_time: bool,
    /// How keys spread over partitions, and how many lie off their partitioner's place
    #[arg(long)]
    keys: bool,
    /// How many records there are of each size of key and value
    #[arg(long)]
    sizes: bool,
    /// The latest record of each key
    #[arg(long)]
    latest_per_key: bool,
}

/// One row of a view.
const ROWS: &[Column] = &[
    text("topic", "TOPIC"),
    text("view", "VIEW"),
    text("name", "NAME"),
    number("records", "RECORDS"),
    number("share", "SHARE"),
];
pub(super) async fn run(session: &mut Session, arguments: StatsArguments) -> Result<Exit, Stop> {
    let by = arguments.by.as_deref().map(|text| field("--by", text)).transpose()?;
    let mut wish = StatsWish {
        by,
        over_time: arguments.over_time,
        keys: arguments.keys,
        sizes: arguments.sizes,
        latest: arguments.latest_per_key,
        causes: false,
    };
    if wish == StatsWish::default() {
        (wish.over_time, wish.keys, wish.sizes) = (true, true, true);
    }
    let (_, asked) = arguments.scope.read(session, true).await?;
    let cluster = session.connect().await?;
    let counting = Counting::new(wish.clone());
    let request = SearchRequest { counting: Some(counting.clone()), ..asked.request };
    let mut following = Following::begin(session, &cluster, Asked { request, ..asked }, Keep::Counts);
    while following.next().await?.is_some() {
        following.show();
    }
    let exit = following.end()?;
    let mut stats = counting.counted();
    for searched in &following.last.topics {
        let topic = &searched.topic;
        stats.entry(topic.clone()).or_insert_with(|| Stats::new(&wish, 0));
    }
    let top = usize::try_from(arguments.top).unwrap_or(usize::MAX);
    let report = report(&following.last.topics, &stats, top, following.failures, session);
    session.output.report(&report)?;
    Ok(exit)
}

fn field(flag: &str, text: &str) -> Result<Field, Stop> {
    read_field(text).map_err(|error| Stop::usage(format!("{flag} {text}: {error}")))
}

fn report(
    topics: &[TopicSearched],
    stats: &BTreeMap<TopicName, Stats>,
    top: usize,
    failures: Vec<Failure>,
    session: &Session,
) -> Report {
    let mut report = Report { items: Some(Vec::new()), rows: Table::new(ROWS), failures, ..Report::default() };
    for searched in topics {
        let Some(stats) = stats.get(&searched.topic) else { continue };
        let mut item = json!({
            "topic": searched.topic.as_str(),
            "records": stats.records,
            "seen": searched.counts.seen,
            "undecodable": searched.counts.undecodable,
            "complete": searched.is_complete,
            "notes": searched.notes,
        });
        let mut views: Vec<(&str, View)> = Vec::new();
        if let Some((field, counted)) = &stats.by {
            views.push(("by", by(field, counted, top)));
        }
        if let Some(times) = &stats.over_time {
            views.push(("over_time", over_time(times, session)));
        }
        if let Some(keys) = &stats.keys {
            views.push(("keys", spread(keys)));
        }
        if let Some(sizes) = &stats.sizes {
            views.push(("sizes", of_sizes(sizes)));
        }
        if let Some(keys) = &stats.latest {
            views.push(("latest_per_key", latest(keys, top)));
        }
        for (name, view) in views {
            let heading = format!("{}: {}", searched.topic, view.title);
            report.sections.push(Section::Heading(heading));
            report.sections.extend(bars(&view.rows).into_iter().map(Section::Line));
            report.sections.extend(view.said.into_iter().map(Section::Line));
            for row in view.rows {
                let share = row.share.map_or(Cell::Absent, Cell::Share);
                let cells = vec![
                    Cell::text(searched.topic.as_str()),
                    Cell::text(name),
                    Cell::text(row.name.as_str()),
                    Cell::Count(row.records),
                    share,
                ];
                report.rows.push(cells);
            }
            if let Some(members) = item.as_object_mut() {
                members.insert(name.to_owned(), view.json);
            }
        }
        report.items.get_or_insert_default().push(item);
    }
    report
}

/// One way of looking at the records.
struct View {
    title: String,
    rows: Vec<Bar>,
    /// Sentences below the rows.
    said: Vec<String>,
    json: Json,
}

fn by(field: &Field, counted: &Counted, top: usize) -> View {
    let (total, values) = (counted.total(), counted.top(top));
    let mut rows: Vec<Bar> = values.iter().map(|(value, records)| Bar::of(*value, *records, total)).collect();
    let shown: u64 = values.iter().map(|(_, records)| records).sum();
    let other = total - shown - counted.missing();
    let mut said = Vec::new();
    if other > 0 {
        let count = counted.values().saturating_sub(values.len()) as u64;
        let more = if counted.beyond() > 0 { "more than " } else { "" };
        rows.push(Bar {
            note: format!("{more}{} other values", show::count(count)),
            ..Bar::of("(other)", other, total)
        });
    }
    if counted.missing() > 0 {
        rows.push(Bar::of("(none)", counted.missing(), total));
    }
    if counted.beyond() > 0 {
        said.push(format!(
            "there are more than {} values: {} records of those that came first later were not counted apart, and one \
             of them may be frequent",
            show::count(counted.values() as u64),
            show::count(counted.beyond()),
        ));
    }
    let json = json!({
        "field": field.to_string(),
        "values": values.iter().map(|(value, records)| json!({"value": value, "records": records})).collect::<Vec<_>>(),
        "other": other,
        "missing": counted.missing(),
        "distinct": counted.values(),
        "not_counted_apart": counted.beyond(),
    });
    View { title: format!("records by {field}"), rows, said, json }
}

fn over_time(times: &OverTime, session: &Session) -> View {
    let buckets = times.buckets();
    let total = buckets.iter().map(|bucket| bucket.count).sum::<u64>() + times.without_time();
    let zone = &session.output.look.zone;
    let mut rows: Vec<Bar> =
        buckets.iter().map(|bucket| Bar::of(bucket.from.show(zone), bucket.count, total)).collect();
    if times.without_time() > 0 {
        rows.push(Bar::of("(no time)", times.without_time(), total));
    }
    let items: Vec<Json> = buckets
        .iter()
        .map(|bucket| json!({"from": bucket.from.rfc3339(), "to": bucket.to.rfc3339(), "records": bucket.count}))
        .collect();
    let width = u64::try_from(times.width_ms()).unwrap_or(0);
    View {
        title: format!("records over time, {} each", show::duration(width)),
        rows,
        said: Vec::new(),
        json: json!({"width_ms": width, "buckets": items, "without_time": times.without_time()}),
    }
}

fn spread(keys: &KeySpread) -> View {
    let total = keys.partitions().values().map(|keys| keys.records).sum();
    let mut rows = Vec::new();
    let mut items = Vec::new();
    for (partition, here) in keys.partitions() {
        let mut note = show::plural(here.keys, "key");
        if here.keyless > 0 {
            note.push_str(&format!(", {} without", show::count(here.keyless)));
        }
        rows.push(Bar { note, ..Bar::of(format!("partition {partition}"), here.records, total) });
        items.push(json!({
            "partition": partition, "records": here.records, "keyless": here.keyless, "keys": here.keys,
        }));
    }
    let more = if keys.beyond() > 0 { "more than " } else { "" };
    let mut said = vec![format!("{more}{} different keys", show::count(keys.keys()))];
    if keys.elsewhere() > 0 {
        said.push(format!("{} records lie in another partition than most of their key", show::count(keys.elsewhere())));
    }
    let partitioner = keys.partitioner();
    said.push(match partitioner {
        None => "no record has a key: nothing is to be said of partitioners".into(),
        Some((partitioner, 0)) => format!("every key lies where {} puts it", partitioner.word()),
        Some((partitioner, off)) => format!(
            "{} records lie off their place, as {} would put them; no partitioner known to klamm explains more",
            show::count(off),
            partitioner.word()
        ),
    });
    let json = json!({
        "partitions": items,
        "distinct": keys.keys(),
        "not_told_apart": keys.beyond(),
        "in_another_partition": keys.elsewhere(),
        "partitioner": partitioner.map(|(partitioner, _)| partitioner.word()),
        "off_place": partitioner.map(|(_, off)| off),
    });
    View { title: "keys by partition".into(), rows, said, json }
}

fn of_sizes(sizes: &Sizes) -> View {
    let (classes, total) = (sizes.classes(), sizes.total());
    let rows = classes.iter().map(|class| {
        let name = match (class.from, class.to) {
            (0, 0) => "nothing".to_owned(),
            (from, to) if from == to => show::size(from),
            (from, to) => format!("{} – {}", show::size(from), show::size(to)),
        };
        Bar::of(name, class.count, total)
    });
    let said = sizes.median().map(|median| format!("half are up to {}", show::size(median.to)));
    let item = |class: &crate::domain::sizes::SizeClass| json!({"from_bytes": class.from, "to_bytes": class.to, "records": class.count});
    View {
        title: "sizes of key and value".into(),
        rows: rows.collect(),
        said: said.into_iter().collect(),
        json: json!({
            "classes": classes.iter().map(item).collect::<Vec<_>>(),
            "median_up_to_bytes": sizes.median().map(|median| median.to),
        }),
    }
}

fn latest(keys: &LatestOfKeys<Option<String>>, top: usize) -> View {
    let total = keys.keys().values().map(|latest| latest.records).sum::<u64>() + keys.keyless() + keys.beyond();
    let mut rows = Vec::new();
    let mut items = Vec::new();
    for (key, latest) in keys.keys().iter().take(top) {
        let value = latest.value.as_deref();
        let note = format!("{}@{}  {}", latest.partition, latest.offset, value.unwrap_or("tombstone"));
        rows.push(Bar { note, ..Bar::of(&**key, latest.records, total) });
        items.push(json!({
            "key": key, "records": latest.records, "partition": latest.partition, "offset": latest.offset,
            "timestamp": latest.time.rfc3339(), "value": value, "tombstone": value.is_none(),
        }));
    }
    let mut said = Vec::new();
    if keys.keys().len() > rows.len() {
        said.push(format!("{} more keys; --top shows more", show::count((keys.keys().len() - rows.len()) as u64)));
    }
    if keys.keyless() > 0 {
        said.push(format!("{} records have no key", show::count(keys.keyless())));
    }
    if keys.beyond() > 0 {
        said.push(format!("{} records of further keys were not kept", show::count(keys.beyond())));
    }
    let json = json!({
        "keys": items, "distinct": keys.keys().len(), "keyless": keys.keyless(), "not_kept": keys.beyond(),
    });
    View { title: "the latest record of each key".into(), rows, said, json }
}
