//! Configuration of topics, brokers and groups.

use super::{explained, left_out, text};
use crate::domain::config::{ConfigEntry, ConfigSource};
use crate::domain::{BrokerId, Failure, FailureKind, GroupId, Partial, TopicName, WriteGrant};
use crate::kafka::wire::{Api as _, Client, Lane, Route};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_configs_response::{DescribeConfigsResourceResult, DescribeConfigsResult};
use kafka_protocol::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::{
    DescribeConfigsRequest, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
};
use std::collections::HashMap;

/// Topics in one request: each brings some forty entries, maybe with their documentation.
const BATCH: usize = 100;
const TOPIC: i8 = 2;
const BROKER: i8 = 4;
const GROUP: i8 = 32;
/// Operations of an alteration.
const SET: i8 = 0;
const DELETE: i8 = 1;
/// The first version that can bring documentation.
const DOCUMENTATION_FROM: i16 = 3;

/// Whether each entry brings what it is for, which is most of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Documentation {
    With,
    Without,
}

/// The configuration of `topics`; one that could not be described is missing and
/// named in the failures.
pub async fn describe_topics(
    client: &Client,
    topics: &[TopicName],
    documentation: Documentation,
) -> Partial<HashMap<TopicName, Vec<ConfigEntry>>> {
    let mut asked: FuturesUnordered<_> = topics
        .chunks(BATCH)
        .map(|batch| async move {
            let names: Vec<&str> = batch.iter().map(TopicName::as_str).collect();
            let build = |version| request(version, TOPIC, &names, documentation);
            (batch, client.call_with(Route::Any, Lane::Bulk, build).await)
        })
        .collect();
    let mut found = Partial::whole(HashMap::with_capacity(topics.len()));
    while let Some((batch, answer)) = asked.next().await {
        let response = match answer {
            Ok(response) => response,
            Err(failure) => {
                found.failures.push(match batch {
                    [only] => failure.about("of", only),
                    _ => failure.about("of", format_args!("{} topics", batch.len())),
                });
                continue;
            }
        };
        let results: HashMap<&str, _> =
            response.results.iter().map(|result| (result.resource_name.as_str(), result)).collect();
        for topic in batch {
            match results.get(topic.as_str()).copied().map_or_else(|| Err(missing()), read) {
                Ok(entries) => {
                    found.value.insert(topic.clone(), entries);
                }
                Err(failure) => found.failures.push(failure.about("of", topic)),
            }
        }
    }
    found
}

/// The configuration of a broker, asked of itself: others know only its dynamic part.
pub async fn describe_broker(
    client: &Client,
    broker: BrokerId,
    documentation: Documentation,
) -> Result<Vec<ConfigEntry>, Failure> {
    let name = broker.to_string();
    let build = |version| request(version, BROKER, &[&name], documentation);
    let response = client.call_with(Route::Broker(broker), Lane::Control, build).await?;
    response.results.first().map_or_else(|| Err(missing()), read).map_err(|failure| failure.at_broker(name))
}

/// One entry of a broker's configuration; `None` where it has no such entry.
pub async fn describe_broker_entry(
    client: &Client,
    broker: BrokerId,
    entry: &str,
) -> Result<Option<ConfigEntry>, Failure> {
    let name = broker.to_string();
    let build = |version| {
        let mut request = request(version, BROKER, &[&name], Documentation::Without);
        for resource in &mut request.resources {
            resource.configuration_keys = Some(vec![text(entry)]);
        }
        request
    };
    let response = client.call_with(Route::Broker(broker), Lane::Control, build).await?;
    let found = response.results.first().map_or_else(|| Err(missing()), read);
    found
        .map(|entries| entries.into_iter().find(|found| found.name == entry))
        .map_err(|failure| failure.at_broker(name))
}

/// What the cluster keeps for a group, set or not; it need not be there.
pub async fn describe_group(client: &Client, group: &GroupId) -> Result<Vec<ConfigEntry>, Failure> {
    let build = |version| request(version, GROUP, &[group.as_str()], Documentation::Without);
    let response = client.call_with(Route::Any, Lane::Control, build).await?;
    let result = response.results.first().ok_or_else(missing)?;
    if is_unsupported(result.error_code) {
        return Err(no_group_settings(group));
    }
    read(result).map_err(|failure| failure.about("of group", group))
}

/// Sets what the cluster keeps for a group; `None` goes back to the default. All of it
/// or nothing.
pub async fn alter_group(
    client: &Client,
    grant: &WriteGrant,
    group: &GroupId,
    changes: &[(String, Option<String>)],
) -> Result<(), Failure> {
    let request = alteration(group, changes, false);
    let response = client.change(grant, Route::Controller, Lane::Control, &request).await?;
    altered(&response, group)
}

/// Asks the cluster what it would say to it.
pub async fn validate_group(
    client: &Client,
    group: &GroupId,
    changes: &[(String, Option<String>)],
) -> Result<(), Failure> {
    let request = alteration(group, changes, true);
    let response = client.call(Route::Controller, Lane::Control, &request).await?;
    altered(&response, group)
}

fn alteration(
    group: &GroupId,
    changes: &[(String, Option<String>)],
    validate_only: bool,
) -> IncrementalAlterConfigsRequest {
    let configs = changes.iter().map(|(name, value)| {
        AlterableConfig::default()
            .with_name(text(name))
            .with_config_operation(if value.is_some() { SET } else { DELETE })
            .with_value(value.as_deref().map(text))
    });
    let resource = AlterConfigsResource::default()
        .with_resource_type(GROUP)
        .with_resource_name(text(group.as_str()))
        .with_configs(configs.collect());
    IncrementalAlterConfigsRequest::default().with_resources(vec![resource]).with_validate_only(validate_only)
}

fn altered(response: &IncrementalAlterConfigsResponse, group: &GroupId) -> Result<(), Failure> {
    const OPERATION: &str = IncrementalAlterConfigsRequest::OPERATION;
    let result = response.responses.first().ok_or_else(|| left_out(OPERATION))?;
    match result.error_code {
        0 => Ok(()),
        code => Err(explained(code, result.error_message.as_ref(), OPERATION).about("of group", group)),
    }
}

/// How clusters say that they know no such kind of resource.
fn is_unsupported(code: i16) -> bool {
    code == ResponseError::InvalidRequest.code() || code == ResponseError::UnsupportedVersion.code()
}

fn no_group_settings(group: &GroupId) -> Failure {
    let message = "the cluster keeps no settings of groups: Kafka 4.0 and later do";
    Failure::new(FailureKind::Unsupported, DescribeConfigsRequest::OPERATION, message).about("of group", group)
}

fn request(version: i16, kind: i8, names: &[&str], documentation: Documentation) -> DescribeConfigsRequest {
    let resource = |name: &&str| {
        // No list of keys means all of them.
        DescribeConfigsResource::default()
            .with_resource_type(kind)
            .with_resource_name(text(name))
            .with_configuration_keys(None)
    };
    let request = DescribeConfigsRequest::default().with_resources(names.iter().map(resource).collect());
    let is_documented = documentation == Documentation::With && version >= DOCUMENTATION_FROM;
    if is_documented { request.with_include_documentation(true) } else { request }
}

fn missing() -> Failure {
    left_out(DescribeConfigsRequest::OPERATION)
}

fn read(result: &DescribeConfigsResult) -> Result<Vec<ConfigEntry>, Failure> {
    if result.error_code != 0 {
        return Err(explained(result.error_code, result.error_message.as_ref(), DescribeConfigsRequest::OPERATION));
    }
    let entry = |entry: &DescribeConfigsResourceResult| ConfigEntry {
        name: entry.name.to_string(),
        value: entry.value.as_ref().filter(|_| !entry.is_sensitive).map(ToString::to_string),
        source: source(entry.config_source),
        is_sensitive: entry.is_sensitive,
        is_read_only: entry.read_only,
        documentation: entry.documentation.as_ref().map(ToString::to_string),
    };
    Ok(result.configs.iter().map(entry).collect())
}

fn source(code: i8) -> ConfigSource {
    match code {
        1 => ConfigSource::Topic,
        2 => ConfigSource::DynamicBroker,
        3 => ConfigSource::DynamicDefault,
        4 => ConfigSource::StaticBroker,
        5 => ConfigSource::Default,
        7 => ConfigSource::ClientMetrics,
        8 => ConfigSource::Group,
        _ => ConfigSource::Unknown,
    }
}
