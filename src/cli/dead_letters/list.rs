//! `klamm dead-letters list`.

use super::{class_of, first_line};
use crate::cli::exit::{Exit, Stop};
use crate::cli::output::{Bar, Cell, Column, Report, Section, Table, bars, hidden, number, objects, text};
use crate::cli::session::Session;
use crate::cluster::DeadLetterTopic;
use crate::domain::dead_letter;
use crate::domain::views::{Bucket, Cause, CauseKey, Causes, Stretches};
use crate::domain::{Failure, Partial, TopicName, show};
use clap::Args;
use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};

#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// Only these topics; without any, all whose name says that they hold dead letters
    #[arg(value_name = "TOPIC")]
    topics: Vec<String>,
    /// Records of each topic that are looked at, the newest
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    newest: u64,
    /// Also topics with another name whose records have headers of dead letters: reads of every topic
    #[arg(long, conflicts_with = "topics")]
    look_inside: bool,
    /// How many letters of each cause there are in each stretch of time
    #[arg(long)]
    over_time: bool,
}

const CAUSES: &[Column] = &[
    text("topic", "TOPIC"),
    number("letters", "LETTERS"),
    text("exception", "EXCEPTION"),
    text("source_topic", "FROM"),
    text("reader", "READER"),
    text("stage", "STAGE"),
    text("first", "FIRST"),
    text("last", "LAST"),
    text("message", "MESSAGE"),
];

const OF_TOPIC: &[Column] = &[
    text("exception", "EXCEPTION"),
    text("source_topic", "FROM"),
    text("reader", "READER"),
    hidden("stage"),
    number("letters", "LETTERS"),
    text("first", "FIRST"),
    text("last", "LAST"),
    text("message", "MESSAGE"),
];

pub(super) async fn run(session: &mut Session, arguments: ListArguments) -> Result<Exit, Stop> {
    let cluster = session.connect().await?;
    let topics: Vec<TopicName> = arguments.topics.iter().map(|topic| TopicName::from(topic.as_str())).collect();
    let found = cluster.dead_letter_topics(&topics, arguments.newest, arguments.look_inside).await?;
    let exit = Exit::of_look_up(found.value.len(), &found.failures);
    let zone = arguments.over_time.then(|| session.output.look.zone.clone());
    session.output.report(&shown(found, zone.as_ref()))?;
    Ok(exit)
}

/// With a zone, causes are drawn over time.
fn shown(found: Partial<Vec<DeadLetterTopic>>, zone: Option<&TimeZone>) -> Report {
    let mut rows = Table::new(CAUSES);
    let mut pictures = Vec::new();
    let mut items = Vec::new();
    for topic in &found.value {
        let mut causes = Causes::default();
        for letter in &topic.letters {
            causes.add(letter.record.record.timestamp, letter.said.as_ref());
        }
        let stretches = causes.span();
        let causes = causes.by_letters();
        for (key, cause) in &causes {
            rows.push(row(topic, key, cause));
        }
        let explained: u64 = causes.iter().map(|(_, cause)| cause.letters).sum();
        let unexplained = (topic.letters.len() as u64).saturating_sub(explained);
        if unexplained > 0 || topic.letters.is_empty() {
            rows.push(unexplained_row(topic, unexplained));
        }
        if let (Some(zone), Some(stretches)) = (zone, stretches) {
            pictures.extend(causes.iter().flat_map(|cause| picture(&topic.topic, *cause, stretches, zone)));
        }
        items.push(item(topic, &causes, stretches, unexplained));
    }
    let failures: Vec<Failure> = found.failures;
    let came_back = found.value.iter().map(|topic| (topic, returned(topic))).filter(|(_, count)| *count > 0);
    let said = came_back.map(|(topic, count)| {
        let letters = show::plural(count, "letter");
        Section::Line(format!("{}: {letters} had been brought back and failed again", topic.topic))
    });
    let said: Vec<Section> = said.collect();
    // Without such the rows stand alone.
    let rows_first = (!said.is_empty() || !pictures.is_empty()).then(|| Section::Rows(rows.clone()));
    let sections = rows_first.into_iter().chain(said).chain(pictures).collect();
    Report { rows, items: Some(items), sections, failures, ..Report::default() }
}

/// A bar for each stretch of time, under what failed.
fn picture(
    topic: &TopicName,
    (key, cause): (&CauseKey, &Cause),
    stretches: Stretches,
    zone: &TimeZone,
) -> impl Iterator<Item = Section> {
    let place = key.topic.iter().map(|topic| format!(" of {topic}"));
    let reader = key.reader.iter().map(|reader| format!(" in {reader}"));
    let place: String = place.chain(reader).collect();
    let each = show::duration(u64::try_from(stretches.width_ms).unwrap_or(0));
    let heading = format!("{topic}: {}{place}, {each} each", class_of(key.exception.as_deref()));
    let drawn = stretches
        .of(&cause.times)
        .into_iter()
        .map(|bucket| Bar::of(bucket.from.show(zone), bucket.count, cause.letters))
        .collect::<Vec<_>>();
    std::iter::once(Section::Heading(heading)).chain(bars(&drawn).into_iter().map(Section::Line))
}

fn over_time(cause: &Cause, stretches: Option<Stretches>) -> Json {
    let buckets = stretches.map(|stretches| stretches.of(&cause.times)).unwrap_or_default();
    let bucket =
        |bucket: &Bucket| json!({"from": bucket.from.rfc3339(), "to": bucket.to.rfc3339(), "letters": bucket.count});
    json!({
        "width_ms": stretches.map(|stretches| stretches.width_ms),
        "buckets": buckets.iter().map(bucket).collect::<Vec<_>>(),
        "without_time": cause.times.without_time(),
    })
}

fn row(topic: &DeadLetterTopic, key: &CauseKey, cause: &Cause) -> Vec<Cell> {
    vec![
        Cell::text(topic.topic.as_str()),
        Cell::Count(cause.letters),
        Cell::text(class_of(key.exception.as_deref())),
        Cell::or_absent(key.topic.as_ref(), |topic| Cell::text(topic.as_str())),
        Cell::or_absent(key.reader.as_deref(), Cell::text),
        Cell::or_absent(key.stage.as_deref(), Cell::text),
        Cell::Time(cause.first),
        Cell::Time(cause.last),
        Cell::or_absent(cause.message.as_deref(), |message| Cell::text(first_line(message))),
    ]
}

/// Records of such a topic whose headers say nothing.
fn unexplained_row(topic: &DeadLetterTopic, letters: u64) -> Vec<Cell> {
    let times = || topic.letters.iter().filter(|letter| letter.said.is_none());
    let time = |record: Option<&crate::cluster::Letter>| {
        Cell::or_absent(record, |letter| Cell::Time(letter.record.record.timestamp))
    };
    vec![
        Cell::text(topic.topic.as_str()),
        Cell::Count(letters),
        Cell::Absent,
        Cell::Absent,
        Cell::Absent,
        Cell::Absent,
        time(times().next()),
        time(times().next_back()),
        Cell::text(if letters == 0 { "it is empty" } else { "their headers say nothing" }),
    ]
}

/// Letters that were brought back before and are here again.
fn returned(topic: &DeadLetterTopic) -> usize {
    let came_back = |letter: &&crate::cluster::Letter| dead_letter::redriven(&letter.record.record.headers).is_some();
    topic.letters.iter().filter(came_back).count()
}

fn item(
    topic: &DeadLetterTopic,
    causes: &[(&CauseKey, &Cause)],
    stretches: Option<Stretches>,
    unexplained: u64,
) -> Json {
    let rows = causes.iter().map(|(key, cause)| {
        vec![
            Cell::or_absent(key.exception.as_deref(), Cell::text),
            Cell::or_absent(key.topic.as_ref(), |topic| Cell::text(topic.as_str())),
            Cell::or_absent(key.reader.as_deref(), Cell::text),
            Cell::or_absent(key.stage.as_deref(), Cell::text),
            Cell::Count(cause.letters),
            Cell::Time(cause.first),
            Cell::Time(cause.last),
            Cell::or_absent(cause.message.as_deref(), Cell::text),
        ]
    });
    let mut told = objects(&Table::of(OF_TOPIC, rows));
    for (told, (_, cause)) in told.as_array_mut().into_iter().flatten().zip(causes) {
        if let Some(members) = told.as_object_mut() {
            members.insert("over_time".into(), over_time(cause, stretches));
        }
    }
    json!({
        "topic": topic.topic,
        "found_by": if topic.is_named_so { "name" } else { "headers" },
        "letters": topic.letters.len(),
        "unexplained": unexplained,
        "returned": returned(topic),
        "causes": told,
    })
}
