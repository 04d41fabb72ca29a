//! Records sent again from the records on screen: one of them, or all that are looked for.

use super::super::copy;
use super::super::dialogs::plan::Elsewhere;
use super::super::dialogs::{Dialog, Form, FormPurpose};
use super::super::effect::{Effect, Request};
use super::super::state::State;
use super::plans;
use super::records::{ALL, MARKED};
use crate::cluster::ResendRequest;
use crate::domain::query::Query;
use crate::domain::record::{StartAt, TieredRead};
use crate::domain::resend::{Headers, Placing, Stamp};
use crate::domain::text::shorten_end;
use crate::domain::{Offset, PartitionId, TopicName, command_line, dead_letter, show};

const THIS: &str = "this";
/// Characters of the list of profiles in a hint.
const NAMED: usize = 40;

/// What is sent, and to which other profile's cluster, if to one.
pub struct Sending {
    pub request: ResendRequest,
    pub to: Option<String>,
}

/// The lines of the form.
const TO: usize = 0;
const PROFILE: usize = 1;
const WHICH: usize = 2;
const PARTITION: usize = 3;
const RATE: usize = 4;
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
    let to = if is_letter { "a topic; empty: where the letter failed, once each" } else { "a topic" };
    let marked = records.marks().len();
    let which = if marked > 0 { MARKED } else { THIS };
    let fields = vec![
        Form::field("to", "", to),
        Form::field("profile", "", format!("of a saved profile's cluster: {}; empty: this one", profiles(state))),
        Form::field("which", which, format!("{THIS}, {MARKED}: {marked}, or {ALL}: {all}")),
        Form::field("partition", KEPT, format!("{KEPT}, or {HASHED}: by the key")),
        Form::field("rate", "", "records a second; empty: no limit"),
    ];
    let title = match marked {
        0 => format!("Send {}:{} {} again", reading.topic, record.partition(), record.offset()),
        _ => format!("Send {} of {} again", show::plural(marked, "marked record"), reading.topic),
    };
    state.dialogs.push(Dialog::Form(Box::new(Form::new(purpose, title, fields))));
}

/// What the form asks for.
pub fn read(
    state: &State,
    form: &Form,
    topic: &TopicName,
    place: (PartitionId, Offset),
    is_letter: bool,
) -> Result<Sending, String> {
    let to = match form.text(TO) {
        "" if is_letter => None,
        "" => return Err("to which topic?".into()),
        to => Some(TopicName::from(to)),
    };
    let profile = other_profile(state, form.text(PROFILE))?;
    if profile.is_some() && to.is_none() {
        return Err("to: letters go back to topics of this cluster; name a topic of the other".into());
    }
    let records = &state.views.records;
    let (is_all, places) = match form.text(WHICH) {
        "" | THIS => (false, vec![(topic.clone(), place.0, place.1)]),
        MARKED if records.marks().is_empty() => return Err("no record is marked".into()),
        MARKED => (false, records.marked_places().map(|(topic, p, at)| (topic.clone(), p, at)).collect()),
        ALL => (true, Vec::new()),
        other => return Err(format!("which: ‘{other}’: {THIS}, {MARKED} or {ALL}")),
    };
    let partition = match form.text(PARTITION) {
        "" | KEPT => Placing::Kept,
        HASHED => Placing::Hashed,
        other => return Err(format!("partition: ‘{other}’: {KEPT} or {HASHED}")),
    };
    let rate = match form.text(RATE).replace([',', '_'], "").as_str() {
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
    let target = (to.as_ref(), profile.as_deref());
    let line = words(topic, &places, target, query.as_ref().filter(|_| is_all), partition, rate);
    // The plan is the other cluster's, and so the line says whose records they are.
    let command_line = match profile {
        None => command_line::join(std::iter::once("klamm").chain(line.iter().map(String::as_str))),
        Some(_) => copy::command_line(state, &line.iter().map(String::as_str).collect::<Vec<_>>()),
    };
    let request = ResendRequest {
        topics: vec![topic.clone()],
        places,
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
    };
    Ok(Sending { request, to: profile })
}

fn words(
    topic: &TopicName,
    places: &[(TopicName, PartitionId, Offset)],
    (to, profile): (Option<&TopicName>, Option<&str>),
    query: Option<&Query>,
    placing: Placing,
    rate: Option<u64>,
) -> Vec<String> {
    let mut words = match to {
        None => ["dead-letters", "redrive", topic.as_str()].map(String::from).to_vec(),
        Some(_) => ["records", "resend"].map(String::from).to_vec(),
    };
    if places.is_empty() && to.is_some() {
        words.push(topic.to_string());
    }
    for (topic, partition, offset) in places {
        let at = format!("{partition}@{offset}");
        words.extend(["--at".into(), if to.is_some() { format!("{topic}/{at}") } else { at }]);
    }
    let options = [
        ("--to", to.map(ToString::to_string)),
        ("--to-profile", profile.map(ToOwned::to_owned)),
        ("--where", query.map(Query::to_string)),
        ("--partition", (placing == Placing::Hashed).then(|| HASHED.to_owned())),
        ("--rate", rate.map(|rate| rate.to_string())),
    ];
    for (flag, value) in options {
        words.extend(value.into_iter().flat_map(|value| [flag.to_owned(), value]));
    }
    words
}

/// A saved profile that is not the one that is open.
fn other_profile(state: &State, name: &str) -> Result<Option<String>, String> {
    let is_open = state.link.session().is_some_and(|session| session.card.name == name);
    if name.is_empty() || is_open {
        return Ok(None);
    }
    match state.views.profiles.cards.iter().any(|card| card.name == name) {
        true => Ok(Some(name.to_owned())),
        false => Err(format!("profile: none is called ‘{name}’")),
    }
}

/// The names of the others, as far as there is room.
fn profiles(state: &State) -> String {
    let open = state.link.session().map(|session| &session.card.name);
    let names: Vec<&str> = state
        .views
        .profiles
        .cards
        .iter()
        .map(|card| &card.name)
        .filter(|name| Some(*name) != open)
        .map(String::as_str)
        .collect();
    match names.is_empty() {
        true => "none is saved".into(),
        false => shorten_end(&names.join(", "), NAMED).into_owned(),
    }
}

pub fn show(state: &mut State, sending: Sending, effects: &mut Vec<Effect>) {
    let Sending { request, to } = sending;
    let what = match &request.to {
        Some(to) => format!("records sent to {to}"),
        None => "letters brought back".to_owned(),
    };
    let card = to.as_ref().and_then(|to| state.views.profiles.cards.iter().find(|card| card.name == *to));
    let elsewhere = card.map(|card| Elsewhere {
        profile: card.name.clone(),
        colour: card.colour.clone(),
        is_read_only: card.is_read_only,
        is_production: card.is_production,
    });
    plans::show(state, what, Request::PlanResend { request: Box::new(request), to }, effects);
    if let Some(Dialog::Plan(dialog)) = state.dialogs.last_mut() {
        dialog.elsewhere = elsewhere;
    }
}
