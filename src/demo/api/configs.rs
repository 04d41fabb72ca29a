//! DescribeConfigs, AlterConfigs and IncrementalAlterConfigs.

use super::{Call, Code, code, text};
use crate::demo::settings::{self, Change, Definition, Kind, Scope};
use crate::demo::state::{MAX_GROUPS, Node, State};
use crate::domain::BrokerId;
use kafka_protocol::ResponseError as E;
use kafka_protocol::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResult, DescribeConfigsSynonym,
};
use kafka_protocol::messages::{
    AlterConfigsRequest, AlterConfigsResponse, DescribeConfigsRequest, DescribeConfigsResponse,
    IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, alter_configs_response,
    incremental_alter_configs_response,
};
use kafka_protocol::protocol::StrBytes;
use std::collections::BTreeMap;

/// The protocol's numbers for kinds of resource.
const TOPIC: i8 = 2;
const BROKER: i8 = 4;
const GROUP: i8 = 32;
/// And for where a value comes from.
const FROM_TOPIC: i8 = 1;
const FROM_BROKER: i8 = 2;
const FROM_DEFAULT_BROKER: i8 = 3;
const FROM_STATIC_BROKER: i8 = 4;
const FROM_DEFAULT: i8 = 5;
const FROM_GROUP: i8 = 8;
/// What is set for all brokers is kept under this number.
const ALL_BROKERS: i32 = -1;

type Refused = (Code, String);

fn broker_of(state: &State, name: &str) -> Result<i32, Refused> {
    if name.is_empty() {
        return Ok(ALL_BROKERS);
    }
    let id = name.parse().ok().filter(|id| state.node(BrokerId(*id)).is_some());
    id.ok_or_else(|| (code(E::InvalidRequest), format!("Unexpected broker id: {name}")))
}

fn no_such_topic() -> Refused {
    (code(E::UnknownTopicOrPartition), "This server does not host this topic-partition.".to_owned())
}

fn not_a_resource(kind: i8) -> Refused {
    (code(E::InvalidRequest), format!("Unsupported resource type: {kind}"))
}

/// A value with where it comes from, strongest first.
type Layers = Vec<(String, String, i8)>;

pub(super) fn describe(call: &Call, request: DescribeConfigsRequest) -> DescribeConfigsResponse {
    let state = call.cluster.lock();
    let results = request.resources.into_iter().map(|resource| {
        let name = resource.resource_name.to_string();
        let result = DescribeConfigsResult::default()
            .with_resource_type(resource.resource_type)
            .with_resource_name(resource.resource_name);
        let is_wanted = |name: &str| {
            resource.configuration_keys.as_ref().is_none_or(|keys| keys.iter().any(|key| key.as_str() == name))
        };
        let found = match resource.resource_type {
            TOPIC => topic_layers(&state, &name),
            BROKER => broker_layers(&state, call, &name),
            GROUP => Ok(group_layers(&state, &name)),
            other => Err(not_a_resource(other)),
        };
        match found {
            Err((error, message)) => result.with_error_code(error).with_error_message(Some(text(message))),
            Ok(entries) => {
                let entries = entries.into_iter().filter(|(definition, _)| is_wanted(definition.name));
                let entries = entries.map(|(definition, layers)| {
                    line(call.version, definition, layers, request.include_synonyms, request.include_documentation)
                });
                result.with_configs(entries.collect())
            }
        }
    });
    DescribeConfigsResponse::default().with_results(results.collect())
}

type Entries = Vec<(&'static Definition, Layers)>;

fn topic_layers(state: &State, name: &str) -> Result<Entries, Refused> {
    let topic = state.topics.get(name).ok_or_else(no_such_topic)?;
    let shared = state.broker_configs.get(&ALL_BROKERS);
    let layers = settings::of(Scope::Topic).map(|definition| {
        let name = definition.name;
        let mut layers = Layers::new();
        layers.extend(topic.configs.get(name).map(|value| (name.to_owned(), value.clone(), FROM_TOPIC)));
        let synonym = definition.fallback;
        let of_brokers = synonym.and_then(|synonym| Some((synonym, shared?.get(synonym)?)));
        layers.extend(of_brokers.map(|(name, value)| (name.to_owned(), value.clone(), FROM_DEFAULT_BROKER)));
        let default = synonym.unwrap_or(name).to_owned();
        layers.push((default, definition.default.to_owned(), FROM_DEFAULT));
        (definition, layers)
    });
    Ok(layers.collect())
}

fn group_layers(state: &State, name: &str) -> Entries {
    let set = state.group_configs.get(name);
    let layers = settings::of(Scope::Group).map(|definition| {
        let of_group = set.and_then(|set| set.get(definition.name));
        let mut layers = Layers::new();
        layers.extend(of_group.map(|value| (definition.name.to_owned(), value.clone(), FROM_GROUP)));
        layers.push((definition.name.to_owned(), definition.default.to_owned(), FROM_DEFAULT));
        (definition, layers)
    });
    layers.collect()
}

fn broker_layers(state: &State, call: &Call, name: &str) -> Result<Entries, Refused> {
    let id = broker_of(state, name)?;
    let node = state.node(BrokerId(id));
    let set = |id: i32, name: &str| state.broker_configs.get(&id)?.get(name).cloned();
    let layers = settings::of(Scope::Broker).map(|definition| {
        let name = definition.name;
        let mut layers = Layers::new();
        if id != ALL_BROKERS {
            layers.extend(set(id, name).map(|value| (name.to_owned(), value, FROM_BROKER)));
        }
        layers.extend(set(ALL_BROKERS, name).map(|value| (name.to_owned(), value, FROM_DEFAULT_BROKER)));
        if let Some(value) = node.and_then(|node| of_this_broker(node, call, name)) {
            layers.push((name.to_owned(), value, FROM_STATIC_BROKER));
        }
        if id != ALL_BROKERS {
            layers.push((name.to_owned(), definition.default.to_owned(), FROM_DEFAULT));
        }
        (definition, layers)
    });
    // For all brokers together Kafka shows only what was set.
    Ok(layers.filter(|(_, layers)| !layers.is_empty()).collect())
}

/// What stands in this broker's own properties file, so to say.
fn of_this_broker(node: &Node, call: &Call, name: &str) -> Option<String> {
    Some(match name {
        "advertised.listeners" => format!("PLAINTEXT://{}:{}", call.local, node.address.port()),
        "broker.rack" => node.rack.clone(),
        "log.dirs" => super::log_dirs::path(node.id),
        "node.id" => node.id.to_string(),
        _ => return None,
    })
}

fn line(
    version: i16,
    definition: &Definition,
    layers: Layers,
    with_synonyms: bool,
    with_documentation: bool,
) -> DescribeConfigsResourceResult {
    let is_sensitive = definition.kind == Kind::Password;
    let shown = |value: &str| (!is_sensitive).then(|| text(value));
    let (value, source) =
        layers.first().map_or((definition.default, FROM_DEFAULT), |(_, value, source)| (value.as_str(), *source));
    let line = DescribeConfigsResourceResult::default()
        .with_name(text(definition.name))
        .with_value(shown(value))
        .with_config_source(source)
        .with_is_sensitive(is_sensitive)
        .with_read_only(definition.is_read_only);
    let synonyms = layers.iter().filter(|_| with_synonyms).map(|(name, value, source)| {
        DescribeConfigsSynonym::default().with_name(text(name.as_str())).with_value(shown(value)).with_source(*source)
    });
    let line = line.with_synonyms(synonyms.collect());
    if version < 3 {
        return line;
    }
    let documentation = with_documentation.then(|| text(definition.documentation));
    line.with_config_type(definition.kind as i8).with_documentation(documentation)
}

pub(super) fn incremental(call: &Call, request: IncrementalAlterConfigsRequest) -> IncrementalAlterConfigsResponse {
    use incremental_alter_configs_response::AlterConfigsResourceResponse as Line;
    let mut state = call.cluster.lock();
    let responses = request.resources.into_iter().map(|resource| {
        let changes: Result<Vec<_>, Refused> = resource
            .configs
            .iter()
            .map(|config| {
                let value = || config.value.as_ref().map(ToString::to_string).unwrap_or_default();
                let change = match config.config_operation {
                    0 => Change::Set(value()),
                    1 => Change::Delete,
                    2 => Change::Append(value()),
                    3 => Change::Subtract(value()),
                    other => return Err((code(E::InvalidRequest), format!("Unknown operation {other}"))),
                };
                Ok((config.name.clone(), change))
            })
            .collect();
        let name = resource.resource_name.as_str();
        let done = changes
            .and_then(|changes| alter(&mut state, resource.resource_type, name, changes, false, request.validate_only));
        let line =
            Line::default().with_resource_type(resource.resource_type).with_resource_name(resource.resource_name);
        match done {
            Ok(()) => line.with_error_message(None),
            Err((error, message)) => line.with_error_code(error).with_error_message(Some(text(message))),
        }
    });
    IncrementalAlterConfigsResponse::default().with_responses(responses.collect())
}

pub(super) fn replace(call: &Call, request: AlterConfigsRequest) -> AlterConfigsResponse {
    use alter_configs_response::AlterConfigsResourceResponse as Line;
    let mut state = call.cluster.lock();
    let responses = request.resources.into_iter().map(|resource| {
        let changes = resource.configs.iter().map(|config| {
            let change = config.value.as_ref().map_or(Change::Delete, |value| Change::Set(value.to_string()));
            (config.name.clone(), change)
        });
        let name = resource.resource_name.as_str();
        let changes = changes.collect();
        let done = alter(&mut state, resource.resource_type, name, changes, true, request.validate_only);
        let line =
            Line::default().with_resource_type(resource.resource_type).with_resource_name(resource.resource_name);
        match done {
            Ok(()) => line.with_error_message(None),
            Err((error, message)) => line.with_error_code(error).with_error_message(Some(text(message))),
        }
    });
    AlterConfigsResponse::default().with_responses(responses.collect())
}

/// Applies all changes of one resource, or none.
fn alter(
    state: &mut State,
    kind: i8,
    name: &str,
    changes: Vec<(StrBytes, Change)>,
    replaces: bool,
    validate_only: bool,
) -> Result<(), Refused> {
    let broker = if kind == BROKER { Some(broker_of(state, name)?) } else { None };
    let (scope, set) = match (kind, broker) {
        (TOPIC, _) => (Scope::Topic, &mut state.topics.get_mut(name).ok_or_else(no_such_topic)?.configs),
        (BROKER, Some(id)) => (Scope::Broker, state.broker_configs.entry(id).or_default()),
        (GROUP, _) if !state.group_configs.contains_key(name) && state.group_configs.len() >= MAX_GROUPS => {
            return Err((code(E::PolicyViolation), "There are too many groups with settings.".to_owned()));
        }
        (GROUP, _) => (Scope::Group, state.group_configs.entry(name.to_owned()).or_default()),
        _ => return Err(not_a_resource(kind)),
    };
    let mut next: BTreeMap<String, String> = if replaces { BTreeMap::new() } else { set.clone() };
    for (name, change) in changes {
        let invalid = |message: String| (code(E::InvalidConfig), message);
        let unknown = || invalid(format!("Unknown config name: {}", name.as_str()));
        let definition = settings::find(scope, name.as_str()).ok_or_else(unknown)?;
        if definition.is_read_only {
            let message = format!("Cannot update these configs dynamically: {{{}}}", definition.name);
            return Err((code(E::InvalidRequest), message));
        }
        settings::change(definition, &mut next, change).map_err(invalid)?;
    }
    if !validate_only {
        *set = next;
    }
    Ok(())
}
