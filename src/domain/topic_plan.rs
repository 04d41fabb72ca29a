//! Creating and deleting topics: what exactly would change.

use super::naming::Naming;
use super::origin::origin_of;
use super::plan::{Change, Check, Confirm, Plan, Severity, Step, Warning};
use super::topic::{Topic, TopicOrigin};
use super::{Failure, FailureKind, GroupId, Time, TopicName, command_line, show, topic_name};
use std::sync::Arc;

/// A topic as it is wished for; `None` leaves the choice to the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTopic {
    pub name: TopicName,
    pub partitions: Option<i32>,
    pub replication_factor: Option<i16>,
    pub configs: Vec<(String, String)>,
    /// It may be called otherwise than the profile's naming asks.
    pub ignores_naming: bool,
}

/// The plan that creates a topic, or why the cluster would refuse it.
pub fn plan_create(
    id: String,
    now: Time,
    topic: &NewTopic,
    existing: &[Arc<Topic>],
    naming: Option<&Naming>,
) -> Result<Plan, Failure> {
    let name = topic.name.as_str();
    let fail = |kind, message: String| Failure::new(kind, "create topic", message).on(name);
    topic_name::validate(name).map_err(|reason| fail(FailureKind::Invalid, reason))?;
    if topic.partitions.is_some_and(|partitions| partitions < 1) {
        return Err(fail(FailureKind::Invalid, "a topic has at least one partition".into()));
    }
    if topic.replication_factor.is_some_and(|factor| factor < 1) {
        return Err(fail(FailureKind::Invalid, "a partition has at least one replica".into()));
    }
    if existing.iter().any(|other| other.name == topic.name) {
        return Err(fail(FailureKind::Conflict, "a topic of this name exists".into()));
    }
    if let Some(other) = topic_name::collision(name, existing.iter().map(|other| &other.name)) {
        let reason = format!("the name collides with {other}: Kafka treats . and _ as equal in metric names");
        return Err(fail(FailureKind::Conflict, reason));
    }
    let mut words: Vec<String> = ["klamm", "topics", "create", name].map(String::from).to_vec();
    let default = || "the cluster's default".to_owned();
    if let Some(partitions) = topic.partitions {
        words.extend(["--partitions".into(), partitions.to_string()]);
    }
    if let Some(factor) = topic.replication_factor {
        words.extend(["--replication-factor".into(), factor.to_string()]);
    }
    for (key, value) in &topic.configs {
        words.extend(["--set".into(), format!("{key}={value}")]);
    }
    let mut summary = vec![format!(
        "partitions: {} · replicas: {}",
        topic.partitions.map_or_else(default, |n| n.to_string()),
        topic.replication_factor.map_or_else(default, |n| n.to_string()),
    )];
    summary.extend(topic.configs.iter().map(|(key, value)| format!("{key} = {value}")));
    let mut warnings = Vec::new();
    if topic.replication_factor == Some(1) {
        let text = "one replica: the topic is unavailable while its broker is down, and lost with its disk";
        warnings.push(Warning::new(Severity::Warning, text));
    }
    let mut checks = vec![Check::new(Some(true), "no topic of this name, none that collides")];
    let mut confirm = Confirm::Yes;
    if let Some(naming) = naming {
        let follows = naming.allows(name);
        let text = format!("the name follows the profile's naming {}", naming.wanted());
        let is_wanted = !follows && topic.ignores_naming;
        checks.push(if is_wanted { Check::advice(Some(false), text) } else { Check::new(Some(follows), text) });
        if is_wanted {
            let text = "the profile says what topics are called, and this is called otherwise, as you wish";
            warnings.push(Warning::new(Severity::Warning, text));
            words.push("--ignore-naming".into());
            confirm = Confirm::TypeName(name.to_owned());
        } else if !follows {
            let text = "the profile says what topics are called, and this is called otherwise: choose another name, \
                        say that naming is to be ignored, or change it in the profile";
            warnings.push(Warning::new(Severity::Danger, text));
        }
    }
    Ok(Plan {
        id,
        title: format!("Create topic {name}"),
        summary,
        steps: vec![Step::CreateTopic {
            topic: topic.name.clone(),
            partitions: topic.partitions,
            replication_factor: topic.replication_factor,
            configs: topic.configs.clone(),
        }],
        checks,
        warnings,
        confirm,
        not_undoable: Some(format!(
            "to take it back, delete it: {}",
            command_line::join(["klamm", "topics", "delete", name])
        )),
        command_line: command_line::join(words.iter().map(String::as_str)),
        made_at: now,
        finishes: None,
        change: Change::CreateTopic { topic: topic.name.clone() },
    })
}

/// The plan that deletes a topic with its records. `readers` are the groups
/// with offsets in it, which the cluster deletes as well.
pub fn plan_delete(
    id: String,
    now: Time,
    topic: &Topic,
    records: Option<u64>,
    readers: &[GroupId],
) -> Result<Plan, Failure> {
    let name = topic.name.as_str();
    let origin = origin_of(topic);
    if origin == TopicOrigin::Internal {
        return Err(Failure::new(
            FailureKind::Refused,
            "delete topic",
            "it is Kafka's own and holds the cluster's state",
        )
        .on(name));
    }
    let mut warnings = Vec::new();
    if let Some(text) = owner_loss(origin) {
        warnings.push(Warning::new(Severity::Danger, text));
    }
    if !readers.is_empty() {
        let names: Vec<&str> = readers.iter().take(4).map(GroupId::as_str).collect();
        let more = readers.len() - names.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let text = format!("its committed offsets go with it: {}{more}", names.join(", "));
        warnings.push(Warning::new(Severity::Warning, text));
    }
    let count = topic.partitions.len();
    let holds = records
        .map_or_else(|| "an unknown number of records".into(), |n| format!("at most {} records", show::count(n)));
    Ok(Plan {
        id,
        title: format!("Delete topic {name}"),
        summary: vec![format!("{} with {holds}", show::plural(count, "partition"))],
        steps: vec![Step::DeleteTopic {
            topic: topic.name.clone(),
            topic_id: topic.id,
            partitions: i32::try_from(count).unwrap_or(i32::MAX),
            records,
        }],
        checks: vec![Check::new(topic.id.map(|_| true), "the same topic id")],
        warnings,
        confirm: Confirm::TypeName(name.to_owned()),
        not_undoable: Some("a deleted topic is gone with its records and offsets".into()),
        command_line: command_line::join(["klamm", "topics", "delete", name]),
        made_at: now,
        finishes: None,
        change: Change::DeleteTopic { topic: topic.name.clone() },
    })
}

/// Who stands to lose more than records.
fn owner_loss(origin: TopicOrigin) -> Option<&'static str> {
    match origin {
        TopicOrigin::Registry => Some("it holds every schema of the registry: without it no Avro record can be read"),
        TopicOrigin::Connect => Some("it holds Kafka Connect's state: connectors lose their settings or positions"),
        TopicOrigin::Mirror => Some("it holds MirrorMaker's state: mirroring starts again or stops"),
        TopicOrigin::StreamsChangelog => Some("it backs a Streams store: the state is lost at the next restore"),
        TopicOrigin::StreamsRepartition => Some("a Streams application reads and writes it and stops without it"),
        TopicOrigin::Plain | TopicOrigin::DeadLetter | TopicOrigin::Internal => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TopicId;
    use rstest::rstest;

    fn wish(name: &str) -> NewTopic {
        NewTopic {
            name: name.into(),
            partitions: Some(12),
            replication_factor: Some(3),
            configs: vec![],
            ignores_naming: false,
        }
    }

    fn topic(name: &str) -> Arc<Topic> {
        Arc::new(Topic { name: name.into(), id: Some(TopicId(1)), is_internal: false, partitions: vec![] })
    }

    #[test]
    fn creating_says_what_and_how() {
        let mut wish = wish("orders");
        wish.configs.push(("retention.ms".into(), "1000".into()));
        let plan = plan_create("p".into(), Time(0), &wish, &[], None).unwrap();
        assert_eq!(
            plan.command_line,
            "klamm topics create orders --partitions 12 --replication-factor 3 --set retention.ms=1000"
        );
        assert_eq!(plan.summary, ["partitions: 12 · replicas: 3", "retention.ms = 1000"]);
        let defaults = NewTopic { partitions: None, replication_factor: None, ..wish };
        let plan = plan_create("p".into(), Time(0), &defaults, &[], None).unwrap();
        assert!(plan.summary[0].contains("the cluster's default"));
    }

    #[rstest]
    #[case::bad_name(wish("a b"), FailureKind::Invalid)]
    #[case::exists(wish("orders.v1"), FailureKind::Conflict)]
    #[case::collides(wish("orders_v1"), FailureKind::Conflict)]
    #[case::no_partitions(NewTopic { partitions: Some(0), ..wish("x") }, FailureKind::Invalid)]
    #[case::no_replicas(NewTopic { replication_factor: Some(-1), ..wish("x") }, FailureKind::Invalid)]
    fn what_the_cluster_would_refuse_is_refused_here(#[case] wish: NewTopic, #[case] kind: FailureKind) {
        assert_eq!(plan_create("p".into(), Time(0), &wish, &[topic("orders.v1")], None).unwrap_err().kind, kind);
    }

    #[test]
    fn deleting_is_confirmed_by_name_and_says_what_is_lost() {
        let plan =
            plan_delete("p".into(), Time(0), &topic("app-store-changelog"), Some(1_200), &["billing".into()]).unwrap();
        assert_eq!(plan.confirm, Confirm::TypeName("app-store-changelog".into()));
        assert!(plan.not_undoable.is_some());
        assert!(plan.summary[0].contains("at most 1,200 records"));
        assert_eq!(plan.warnings.len(), 2);
        let internal = plan_delete("p".into(), Time(0), &topic("__consumer_offsets"), None, &[]);
        assert_eq!(internal.unwrap_err().kind, FailureKind::Refused);
    }

    #[test]
    fn a_name_that_the_profile_does_not_allow_is_refused() {
        let naming = Naming::parse("[a-z]+\\.v[0-9]+").unwrap();
        let wish = |name: &str| NewTopic {
            name: name.into(),
            partitions: None,
            replication_factor: None,
            configs: vec![("cleanup.policy".into(), "compact".into())],
            ignores_naming: false,
        };
        let plan_of = |wish: &NewTopic| plan_create("p".into(), Time(0), wish, &[], Some(&naming)).unwrap();
        let plan = |name: &str| plan_of(&wish(name));
        assert!(plan("orders.v1").failed_check().is_none());
        let refused = plan("Orders");
        assert!(refused.failed_check().is_some_and(|check| check.text.contains("[a-z]+")), "{:?}", refused.checks);
        assert_eq!(refused.warnings.len(), 1);

        let wished = plan_of(&NewTopic { ignores_naming: true, ..wish("Orders") });
        assert!(wished.failed_check().is_none() && wished.warnings.len() == 1, "{wished:?}");
        assert_eq!(wished.confirm, Confirm::TypeName("Orders".into()), "it takes more than a key");
        let line = "klamm topics create Orders --set cleanup.policy=compact --ignore-naming";
        assert_eq!(wished.command_line, line);
        let needless = plan_of(&NewTopic { ignores_naming: true, ..wish("orders.v1") });
        assert_eq!(needless, plan("orders.v1"), "a name that follows it needs no wish");
    }
}
