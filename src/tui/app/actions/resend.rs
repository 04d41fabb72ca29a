//! Records sent again from the records on screen: one of them, or all that are looked for.

use super::super::dialogs::{Dialog, Form, FormPurpose};
use super::super::effect::{Effect, Request};
use super::super::state::State;
use super::plans;
use crate::cluster::ResendRequest;
use crate::domain::query::Query;
use crate::domain::record::{StartAt, TieredRead};
use crate::domain::resend::{Headers, Placing, Stamp};
use crate::domain::{Offset, PartitionId, TopicName, command_line, dead_letter};

const THIS: &str = "this";
const ALL: &str = "all";
const KEPT: &str = "kept";
const HASHED: &str = "hashed";

/// `S` on a record.
pub fn ask(state: &mut State) {
    let records = &state.views.records;
    let (Some(record), Some(reading)) = (records.selected_ref(), &records.reading) else { return };
    let is_letter = records.selected().is_some_and(|record| dead_letter::read(&record.record.headers).is_some());
    let purpose = FormPurpose::SendAgain {
        topic: reading.topic.clone(),
        partition: record.partition(),
        offset: record.offset(),
        is_letter,
    };
    let all = if reading.query.is_some() { "those of the topic that meet the query" } else { "those of the topic" };
    let to = if is_letter { "a topic; empty: where the letter failed, once each" } else { "a topic of this cluster" };
    let fields = vec![
        Form::field("to", "", to),
        Form::field("which", THIS, format!("{THIS}, or {ALL}: {all}")),
        Form::field("partition", KEPT, format!("{KEPT}, or {HASHED}: by the key")),
        Form::field("rate", "", "records a second; empty: no limit"),
    ];
    let title = format!("Send {}:{} {} again", reading.topic, record.partition(), record.offset());
    state.dialogs.push(Dialog::Form(Box::new(Form::new(purpose, title, fields))));
}

/// What the form asks for.
pub fn read(
    state: &State,
    form: &Form,
    topic: &TopicName,
    place: (PartitionId, Offset),
    is_letter: bool,
) -> Result<ResendRequest, String> {
    let to = match form.text(0) {
        "" if is_letter => None,
        "" => return Err("to which topic?".into()),
        to => Some(TopicName::from(to)),
    };
    let is_all = match form.text(1) {
        "" | THIS => false,
        ALL => true,
        other => return Err(format!("which: ‘{other}’: {THIS} or {ALL}")),
    };
    let partition = match form.text(2) {
        "" | KEPT => Placing::Kept,
        HASHED => Placing::Hashed,
        other => return Err(format!("partition: ‘{other}’: {KEPT} or {HASHED}")),
    };
    let rate = match form.text(3).replace([',', '_'], "").as_str() {
        "" => None,
        text => {
            let rate = text.parse::<u64>().ok().filter(|rate| *rate > 0);
            Some(rate.ok_or_else(|| format!("rate: ‘{text}’ is not a number above 0"))?)
        }
    };
    let reading = state.views.records.reading.as_ref().filter(|_| is_all);
    let query = reading.and_then(|reading| reading.query.clone());
    let partitions = reading.and_then(|reading| reading.partitions.clone());
    // A screen that follows begins near the end; what is asked for is all of the topic.
    let start = reading.filter(|reading| reading.covers).map_or(StartAt::Earliest, |reading| reading.start);
    let command_line = words(topic, place, to.as_ref(), query.as_ref().filter(|_| is_all), is_all, partition, rate);
    Ok(ResendRequest {
        topics: vec![topic.clone()],
        places: if is_all { Vec::new() } else { vec![(topic.clone(), place.0, place.1)] },
        query,
        partitions,
        start,
        slack_ms: None,
        view: reading.map(|reading| reading.view),
        tiered: TieredRead::Ask,
        headers: if to.is_none() { Headers::WithoutErrors } else { Headers::Kept },
        timestamp: if to.is_none() { Stamp::Now } else { Stamp::Kept },
        to,
        partition,
        rate,
        limit: None,
        at_least_once: false,
        again: false,
        unmasked: false,
        count: false,
        command_line,
    })
}

fn words(
    topic: &TopicName,
    (partition, offset): (PartitionId, Offset),
    to: Option<&TopicName>,
    query: Option<&Query>,
    is_all: bool,
    placing: Placing,
    rate: Option<u64>,
) -> String {
    let mut words = match to {
        None => ["klamm", "dead-letters", "redrive", topic.as_str()].map(String::from).to_vec(),
        Some(_) => ["klamm", "records", "resend"].map(String::from).to_vec(),
    };
    match (is_all, to) {
        (true, Some(_)) => words.push(topic.to_string()),
        (true, None) => {}
        (false, Some(_)) => words.extend(["--at".into(), format!("{topic}/{partition}@{offset}")]),
        (false, None) => words.extend(["--at".into(), format!("{partition}@{offset}")]),
    }
    let options = [
        ("--to", to.map(ToString::to_string)),
        ("--where", query.map(Query::to_string)),
        ("--partition", (placing == Placing::Hashed).then(|| HASHED.to_owned())),
        ("--rate", rate.map(|rate| rate.to_string())),
    ];
    for (flag, value) in options {
        words.extend(value.into_iter().flat_map(|value| [flag.to_owned(), value]));
    }
    command_line::join(words.iter().map(String::as_str))
}

pub fn show(state: &mut State, request: ResendRequest, effects: &mut Vec<Effect>) {
    let what = match &request.to {
        Some(to) => format!("records sent to {to}"),
        None => "letters brought back".to_owned(),
    };
    plans::show(state, what, Request::PlanResend(Box::new(request)), effects);
}
