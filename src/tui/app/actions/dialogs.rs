//! Fields, choices and "go on" in dialogs.

use super::super::copy;
use super::super::dialogs::{Dialog, Form, FormPurpose, Menu, MenuPurpose, TypeNamePurpose};
use super::super::effect::{Effect, ExportWish, Request};
use super::super::list::Motion;
use super::super::notes::Tone;
use super::super::screens::records::{Chart, Reading, parse_partitions};
use super::super::slot::Slot;
use super::super::state::{Screen, State};
use super::resend::Sending;
use super::{export, groups, lists, palette, plans, produce, profiles, record_views, records, resend, start};
use crate::cluster::NewTopic;
use crate::domain::group_config;
use crate::domain::partition_plan::PartitionWish;
use crate::domain::query::Part;
use crate::domain::query::{self, Field as QueryField, Moment, Query};
use crate::domain::range::place;
use crate::domain::recipe::Recipe;
use crate::domain::record::{Isolation, StartAt, TieredRead};
use crate::domain::{BrokerId, GroupId, Time, TopicName, topic_name};
use crate::profile::Action;
use std::path::PathBuf;

pub fn next_field(state: &mut State, by: isize) {
    if by > 0 && record_views::complete(state) {
        return;
    }
    match state.dialogs.last_mut() {
        Some(Dialog::Form(form)) if form.fields.len() == 1 => state.say(Tone::Info, "there is only this field"),
        Some(Dialog::Form(form)) => {
            form.move_focus(by);
            record_views::offer(state);
        }
        Some(Dialog::Profile(form)) => form.move_focus(by),
        Some(Dialog::Reset(reset)) if reset.scopes.len() < 2 => {
            state.say(Tone::Info, "there are no other partitions to choose");
        }
        Some(Dialog::Reset(reset)) => reset.next_scope(),
        Some(
            Dialog::Plan(_)
            | Dialog::Partitions(_)
            | Dialog::TypeName(_)
            | Dialog::Help(_)
            | Dialog::Palette(_)
            | Dialog::Menu(_)
            | Dialog::Probe(_)
            | Dialog::Compression(_)
            | Dialog::Export(_)
            | Dialog::Secret(_),
        )
        | None => {}
    }
}

/// `/` in the help.
pub fn filter_help(state: &mut State) {
    if let Some(Dialog::Help(help)) = state.dialogs.last_mut() {
        help.filter.is_editing = true;
        help.scroll = 0;
    }
}

/// All keys, or only those that work where one is.
pub fn all_help(state: &mut State) {
    if let Some(Dialog::Help(help)) = state.dialogs.last_mut() {
        help.shows_all = !help.shows_all;
        help.scroll = 0;
    }
}

/// The themes, the one in use under the cursor.
pub fn choose_theme(state: &mut State) {
    let cursor = state.look.themes.iter().position(|name| *name == state.look.kept).unwrap_or(0);
    state.dialogs.push(Dialog::Menu(Menu { purpose: MenuPurpose::Theme, title: "Theme".into(), cursor }));
}

fn choose(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(Dialog::Menu(menu)) = state.dialogs.pop() else { return };
    match menu.purpose {
        MenuPurpose::Theme => {
            let Some(name) = state.look.themes.get(menu.cursor).cloned() else { return };
            let file = state.views.profiles.file.clone();
            state.say(Tone::Good, format!("theme = \"{name}\" in {file} keeps it beyond this run"));
            state.look.kept = name;
        }
        MenuPurpose::View => records::set_view(state, menu.cursor, &[Part::Key, Part::Value]),
        MenuPurpose::KeyView => records::set_view(state, menu.cursor, &[Part::Key]),
        MenuPurpose::RecordViews => record_views::chosen(state, menu.cursor),
        MenuPurpose::Copy(choices) => {
            if let Some(choice) = choices.get(menu.cursor) {
                copy::take(state, choice, effects);
            }
        }
    }
}

pub fn move_choice(state: &mut State, by: isize, effects: &mut Vec<Effect>) {
    match state.dialogs.last_mut() {
        Some(Dialog::Palette(_)) => palette::move_choice(state, by, effects),
        Some(Dialog::Reset(reset)) => reset.move_kind(by),
        Some(Dialog::Form(form)) => {
            form.move_focus(by);
            record_views::offer(state);
        }
        Some(Dialog::Profile(form)) => form.move_focus(by),
        Some(Dialog::Plan(_) | Dialog::Partitions(_) | Dialog::TypeName(_) | Dialog::Menu(_) | Dialog::Secret(_)) => {}
        Some(Dialog::Help(_) | Dialog::Probe(_) | Dialog::Compression(_) | Dialog::Export(_)) | None => {
            lists::motion(state, if by > 0 { Motion::Down } else { Motion::Up })
        }
    }
}

pub fn accept(state: &mut State, read_at: Time, effects: &mut Vec<Effect>) {
    match state.dialogs.last() {
        None => {
            state.views.topics.filter.is_editing = false;
            state.views.groups.filter.is_editing = false;
            if state.screen == Screen::Topics && state.views.topics.order.is_empty() {
                state.views.topics.filter.is_editing = true;
                state.say(Tone::Info, "no topic has these letters");
            }
        }
        Some(Dialog::Palette(_)) => palette::accept(state, read_at, effects),
        Some(Dialog::Menu(_)) => choose(state, effects),
        Some(Dialog::Help(_)) => {
            if let Some(Dialog::Help(help)) = state.dialogs.last_mut() {
                help.filter.is_editing = false;
            }
        }
        Some(Dialog::Reset(_)) => plans::choose_target(state, effects),
        Some(Dialog::TypeName(_)) => accept_name(state, effects),
        Some(Dialog::Form(_)) => accept_form(state, effects),
        Some(Dialog::Secret(_)) => profiles::secret_typed(state, effects),
        Some(
            Dialog::Plan(_)
            | Dialog::Partitions(_)
            | Dialog::Compression(_)
            | Dialog::Export(_)
            | Dialog::Profile(_)
            | Dialog::Probe(_),
        ) => {}
    }
}

fn accept_name(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(Dialog::TypeName(question)) = state.dialogs.last_mut() else { return };
    if !question.is_right() {
        question.error = Some(if question.was_pasted {
            "pasted: it counts only when it is typed; clear the line first".into()
        } else {
            "that is not the name".into()
        });
        return;
    }
    let (purpose, typed) = (question.purpose, question.input.text().to_owned());
    state.dialogs.pop();
    match purpose {
        TypeNamePurpose::DeleteProfile => profiles::change(state, Action::Delete { name: typed }, effects),
        TypeNamePurpose::Unlock => start(state, Slot::Unlock, Request::Unlock(typed), effects),
        TypeNamePurpose::Apply => plans::apply_shown(state, effects),
        TypeNamePurpose::WaitThenApply => plans::wait_confirmed(state, effects),
    }
}

fn accept_form(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(Dialog::Form(form)) = state.dialogs.last() else { return };
    let error_at = match form.purpose {
        FormPurpose::RecordsContains => query::parse(form.line(0), &moment(state)).err().map(|error| error.at),
        _ => None,
    };
    if let Err(error) = read_form(state, form).map(|action| carry_out(state, action, effects))
        && let Some(Dialog::Form(form)) = state.dialogs.last_mut()
    {
        (form.error, form.error_at) = (Some(error), error_at);
    }
}

/// Times in a query are of the profile's zone.
fn moment(state: &State) -> Moment {
    Moment { now: state.now, zone: Some(state.zone().clone()) }
}

/// What a form says, once it can be read.
enum FormAction {
    CreateTopic(NewTopic),
    Produce(Box<Recipe>),
    Read(Reading),
    /// From where everything is searched, if it is not the live records that are filtered.
    Where(Option<Query>, Option<StartAt>),
    /// These fields in the place of the value.
    Columns(Vec<QueryField>),
    ByField(QueryField),
    ResetHere {
        group: GroupId,
        topic: TopicName,
        partition: i32,
        offset: i64,
    },
    ResetTopic {
        group: GroupId,
        topic: TopicName,
    },
    Copy {
        from: GroupId,
        to: GroupId,
    },
    Import(PathBuf),
    Configure {
        group: GroupId,
        wishes: Vec<group_config::Wish>,
    },
    Wish {
        topic: TopicName,
        wish: PartitionWish,
    },
    Save {
        path: PathBuf,
        text: String,
    },
    SwitchBroker(BrokerId),
    SendAgain(Box<Sending>),
    Export(Box<ExportWish>),
    Duplicate {
        from: String,
        name: String,
    },
}

fn read_form(state: &State, form: &Form) -> Result<FormAction, String> {
    let optional = |text: &str, what: &str| -> Result<Option<i32>, String> {
        if text.is_empty() {
            return Ok(None);
        }
        let number = text.replace([',', '_'], "").parse::<i32>().ok().filter(|number| *number > 0);
        number.map(Some).ok_or_else(|| format!("{what}: ‘{text}’ is not a number above 0"))
    };
    Ok(match &form.purpose {
        FormPurpose::CreateTopic => {
            let name = form.text(0);
            topic_name::validate(name)?;
            let replication = optional(form.text(2), "replicas")?.map(i16::try_from).transpose();
            let configs = form.text(3).split_whitespace().map(|pair| {
                let (key, value) = pair.split_once('=').ok_or_else(|| format!("‘{pair}’: write name=value"))?;
                Ok((key.to_owned(), value.to_owned()))
            });
            let ignores_naming = match form.text(4) {
                "" => false,
                text if text.eq_ignore_ascii_case(plans::IGNORE) => true,
                text => return Err(format!("naming: ‘{text}’: empty, or {}", plans::IGNORE)),
            };
            FormAction::CreateTopic(NewTopic {
                name: name.into(),
                partitions: optional(form.text(1), "partitions")?,
                replication_factor: replication.map_err(|_| "replicas: that is too many".to_owned())?,
                configs: configs.collect::<Result<Vec<_>, String>>()?,
                ignores_naming,
            })
        }
        FormPurpose::RecordsFrom(_) => {
            let topic = form.text(0);
            if topic.is_empty() {
                return Err("which topic?".into());
            }
            let before = state.views.records.reading.as_ref().filter(|reading| reading.topic.as_str() == topic);
            FormAction::Read(Reading {
                topic: topic.into(),
                start: match form.text(1) {
                    "" => StartAt::End,
                    text => place(text, state.now, Some(state.zone()))?.at,
                },
                partitions: parse_partitions(form.text(2))?,
                covers: false,
                query: before.and_then(|reading| reading.query.clone()),
                view: before.map_or_else(|| state.usual_view(topic), |reading| reading.view),
                isolation: before.map_or(Isolation::default(), |reading| reading.isolation),
                // Another place in the log: it is asked anew.
                tiered: TieredRead::Ask,
                position: None,
            })
        }
        FormPurpose::RecordsContains => {
            let query = query::parse(form.line(0), &moment(state)).map_err(|error| error.message)?;
            let start = match form.text(1) {
                "" => None,
                _ if query.is_none() => return Err("what shall be searched for?".into()),
                text => Some(place(text, state.now, Some(state.zone()))?.at),
            };
            FormAction::Where(query, start)
        }
        FormPurpose::RecordsColumns => FormAction::Columns(record_views::read_columns(form.text(0))?),
        FormPurpose::RecordsByField => match record_views::read_columns(form.text(0))?.as_slice() {
            [field] => FormAction::ByField(field.clone()),
            [] => return Err("which field?".into()),
            _ => return Err("only one field".into()),
        },
        FormPurpose::Produce(draft) => FormAction::Produce(Box::new(produce::read(state, form, draft)?)),
        FormPurpose::ResetGroupHere { topic, partition, offset } => FormAction::ResetHere {
            group: group_of(form)?,
            topic: topic.clone(),
            partition: *partition,
            offset: *offset,
        },
        FormPurpose::SendAgain { topic, partition, offset, is_letter } => {
            let sending = resend::read(state, form, topic, (*partition, *offset), *is_letter)?;
            FormAction::SendAgain(Box::new(sending))
        }
        FormPurpose::ExportRecords => FormAction::Export(Box::new(export::read(state, form)?)),
        FormPurpose::ResetGroupOfTopic(topic) => {
            FormAction::ResetTopic { group: group_of(form)?, topic: topic.clone() }
        }
        FormPurpose::ImportOffsets => match form.text(0) {
            "" => return Err("which file?".into()),
            path => FormAction::Import(PathBuf::from(path)),
        },
        FormPurpose::ConfigureGroup(group) => {
            FormAction::Configure { group: group.clone(), wishes: groups::read_settings(form)? }
        }
        FormPurpose::CopyGroup(from) => FormAction::Copy { from: from.clone(), to: group_of(form)? },
        FormPurpose::PartitionWish(topic) => FormAction::Wish { topic: topic.clone(), wish: plans::read_wish(form)? },
        FormPurpose::SwitchBroker => {
            let id = form.text(0).parse().map_err(|_| format!("‘{}’ is not a broker's number", form.text(0)))?;
            FormAction::SwitchBroker(BrokerId(id))
        }
        FormPurpose::SaveText { text } => {
            if form.text(0).is_empty() {
                return Err("which file?".into());
            }
            FormAction::Save { path: PathBuf::from(form.text(0)), text: text.clone() }
        }
        FormPurpose::DuplicateProfile(from) => {
            let name = form.text(0).to_owned();
            if name.is_empty() {
                return Err("which name?".into());
            }
            if state.views.profiles.cards.iter().any(|card| card.name == name) {
                return Err("this name is taken".into());
            }
            FormAction::Duplicate { from: from.clone(), name }
        }
    })
}

fn group_of(form: &Form) -> Result<GroupId, String> {
    let typed = form.text(0);
    if typed.is_empty() { Err("which group?".into()) } else { Ok(typed.into()) }
}

fn carry_out(state: &mut State, action: FormAction, effects: &mut Vec<Effect>) {
    // The form of a record lies below its plan: what does not fit is said there.
    if !matches!(action, FormAction::Produce(_)) {
        state.dialogs.pop();
    }
    match action {
        FormAction::Produce(recipe) => produce::plan(state, *recipe, effects),
        FormAction::CreateTopic(topic) => plans::create_topic(state, topic, effects),
        FormAction::Read(reading) => {
            if state.screen == Screen::Records {
                records::begin(state, reading, effects);
            } else {
                records::open(state, reading, effects);
            }
        }
        FormAction::Where(query, start) => {
            if let Some(mut reading) = state.views.records.reading.clone() {
                (reading.query, reading.covers) = (query, start.is_some());
                reading.start = start.unwrap_or(reading.start);
                records::begin(state, reading, effects);
            }
        }
        FormAction::Columns(columns) => state.views.records.columns = columns,
        FormAction::ByField(field) => record_views::show(state, Some(Chart::ByField(field))),
        FormAction::ResetHere { group, topic, partition, offset } => {
            plans::reset_to_offset(state, group, topic, partition, offset, effects);
        }
        FormAction::SendAgain(sending) => resend::show(state, *sending, effects),
        FormAction::Export(wish) => export::begin(state, *wish, effects),
        FormAction::ResetTopic { group, topic } => plans::open_reset_of(state, vec![group], Some(topic)),
        FormAction::Configure { group, wishes } => groups::configure(state, group, wishes, effects),
        FormAction::Import(path) => groups::import(state, path, effects),
        FormAction::Copy { from, to } => groups::copy(state, from, to, effects),
        FormAction::Wish { topic, wish } => plans::ask_report(state, topic, wish, effects),
        FormAction::SwitchBroker(id) => start(state, Slot::SwitchBroker, Request::SwitchBroker(id), effects),
        FormAction::Duplicate { from, name } => profiles::change(state, Action::Duplicate { from, name }, effects),
        FormAction::Save { path, text } => start(state, Slot::SaveFile, Request::SaveFile { path, text }, effects),
    }
}
