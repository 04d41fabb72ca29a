//! `klamm profiles …`: saved clusters, and whether they answer.

use super::connection::none_chosen;
use super::exit::{Exit, Stop};
use super::output::{Cell, Column, Report, Section, Table, Tone, hidden, number, text};
use super::session::Session;
use crate::cluster::Cluster;
use crate::domain::when::zone_name;
use crate::domain::{Failure, FailureKind};
use crate::profile::{Mechanism, Pem, SavedCertificate, SavedProfile};
use clap::{Args, Subcommand};
use serde_json::{Value as Json, json};
use std::time::Instant;

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// All saved profiles
    List,
    /// One saved profile: everything but its secrets
    Show(NameArguments),
    /// Connect and say what answers
    Test(TestArguments),
}

#[derive(Debug, Args)]
pub(crate) struct NameArguments {
    #[arg(value_name = "NAME")]
    name: String,
}

#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    /// Without it the cluster that --profile, --bootstrap or the file names
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

pub(crate) async fn run(session: &mut Session, verb: Verb) -> Result<Exit, Stop> {
    match verb {
        Verb::List => list(session),
        Verb::Show(arguments) => show(session, &arguments.name),
        Verb::Test(arguments) => test(session, arguments.name).await,
    }
}

const LIST: &[Column] = &[
    text("profile", "PROFILE"),
    text("bootstrap", "BOOTSTRAP"),
    text("security", "SECURITY"),
    text("registry", "REGISTRY"),
    text("read_only", "READ-ONLY"),
    text("production", "PRODUCTION"),
    text("default", "DEFAULT"),
    hidden("colour"),
    text("notes", "NOTES"),
];

fn list(session: &mut Session) -> Result<Exit, Stop> {
    let loaded = session.saved()?;
    let rows = loaded.profiles.iter().map(|profile| {
        vec![
            Cell::text(profile.name.as_str()),
            Cell::texts(&profile.bootstrap),
            Cell::word(security(profile)),
            Cell::or_absent(profile.registry.as_ref(), |registry| Cell::text(registry.url.as_str())),
            Cell::Flag(profile.read_only),
            Cell::Flag(profile.production),
            Cell::Flag(loaded.default.as_ref() == Some(&profile.name)),
            Cell::or_absent(profile.colour.as_deref(), Cell::text),
            Cell::or_absent(profile.notes.as_deref(), Cell::text),
        ]
    });
    let rows = Table::of(LIST, rows);
    // What is wrong with the file was said on standard error; a program gets it here.
    let warnings = loaded.warnings.iter().map(
        |warning| json!({"file": warning.file, "line": warning.line, "column": warning.column, "text": warning.text}),
    );
    let members = vec![("warnings", Json::Array(warnings.collect()))];
    session.output.report(&Report { rows, members, ..Report::default() })?;
    Ok(Exit::Done)
}

/// The name Kafka's own clients give it.
fn security(profile: &SavedProfile) -> &'static str {
    match (&profile.tls, &profile.sasl) {
        (None, None) => "PLAINTEXT",
        (Some(_), None) => "SSL",
        (None, Some(_)) => "SASL_PLAINTEXT",
        (Some(_), Some(_)) => "SASL_SSL",
    }
}

fn mechanism(mechanism: Mechanism) -> &'static str {
    match mechanism {
        Mechanism::Plain => "PLAIN",
        Mechanism::ScramSha256 => "SCRAM-SHA-256",
        Mechanism::ScramSha512 => "SCRAM-SHA-512",
        Mechanism::OAuthBearer => "OAUTHBEARER",
    }
}

const SETTINGS: &[Column] = &[text("setting", "SETTING"), text("value", "VALUE")];

fn show(session: &mut Session, name: &str) -> Result<Exit, Stop> {
    let loaded = session.saved()?;
    let Some(profile) = loaded.profile(name) else {
        return Err(Failure::new(FailureKind::NotFound, "show profile", "there is no such profile")
            .on(name)
            .hint("See klamm profiles list.")
            .into());
    };
    let item = described(profile);
    let rows = Table::of(SETTINGS, settings("", &item));
    let sections = vec![Section::Rows(rows.clone())];
    session.output.report(&Report { rows, items: Some(vec![item]), sections, ..Report::default() })?;
    Ok(Exit::Done)
}

/// Everything that may be shown: of a secret only where it is kept.
fn described(profile: &SavedProfile) -> Json {
    let pem = |pem: &Pem| match pem {
        Pem::File(path) => path.display().to_string(),
        Pem::Text(_) => "in the configuration file".to_owned(),
    };
    json!({
        "profile": profile.name,
        "bootstrap": profile.bootstrap,
        "security": security(profile),
        "tls": profile.tls.as_ref().map(|tls| json!({
            "ca": tls.ca.as_ref().map(pem),
            "certificate": tls.certificate.as_ref().map(|certificate| match certificate {
                SavedCertificate::Pem { certificate, .. } => certificate.display().to_string(),
                SavedCertificate::Pkcs12 { bundle, .. } => bundle.display().to_string(),
            }),
            "verify_hostname": tls.verify_hostname,
        })),
        "sasl": profile.sasl.as_ref().map(|sasl| json!({
            "mechanism": mechanism(sasl.mechanism),
            "user": sasl.user,
            "secret_from": sasl.secret.describe(),
        })),
        "registry": profile.registry.as_ref().map(|registry| json!({
            "url": registry.url,
            "user": registry.basic.as_ref().map(|(user, _)| user),
            "secret_from": registry.basic.as_ref().map(|(_, secret)| secret.describe()),
            "ca": registry.ca.as_ref().map(pem),
        })),
        "colour": profile.colour,
        "read_only": profile.read_only,
        "forbid_unlock": profile.forbid_unlock,
        "production": profile.production,
        "time_zone": profile.zone.as_ref().map(zone_name),
        "rack": profile.rack,
        "notes": profile.notes,
    })
}

/// The members of an object as rows, those of inner objects by their path.
fn settings(prefix: &str, value: &Json) -> Vec<Vec<Cell>> {
    let Json::Object(members) = value else { return Vec::new() };
    let rows = members.iter().flat_map(|(name, value)| {
        let name = format!("{prefix}{name}");
        match value {
            Json::Null => Vec::new(),
            Json::Object(_) => settings(&format!("{name}."), value),
            Json::Array(values) => {
                vec![vec![Cell::text(name), Cell::texts(values.iter().filter_map(Json::as_str))]]
            }
            Json::String(text) => vec![vec![Cell::text(name), Cell::text(text.as_str())]],
            other => vec![vec![Cell::text(name), Cell::text(other.to_string())]],
        }
    });
    rows.collect()
}

const CHECKS: &[Column] =
    &[text("check", "CHECK"), text("status", "STATUS"), text("message", "FOUND"), number("duration_ms", "MS")];

async fn test(session: &mut Session, name: Option<String>) -> Result<Exit, Stop> {
    if let Some(name) = name {
        session.name_profile(name);
    }
    let (loaded, profile) = session.profile().await?;
    let profile = profile.ok_or_else(|| none_chosen(&loaded))?;
    let cluster = Cluster::connect(profile)?;
    let mut rows = Table::new(CHECKS);
    let mut failures = Vec::new();
    let mut check = |name: &'static str, began: Instant, found: Result<String, Failure>| {
        let duration = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (status, message) = match found {
            Ok(message) => (Cell::Word("ok", Tone::Good), message),
            Err(failure) => {
                let message = failure.to_string();
                failures.push(failure);
                (Cell::Word("failed", Tone::Bad), message)
            }
        };
        rows.push(vec![Cell::word(name), status, Cell::text(message), Cell::Count(duration)]);
    };
    let began = Instant::now();
    let metadata = cluster.metadata().await;
    let is_reachable = metadata.is_ok();
    let found = metadata.map(|metadata| {
        let seen = match metadata.may_describe_cluster {
            Some(false) => " of what you may see",
            Some(true) | None => "",
        };
        format!(
            "cluster {}: {} brokers, {} topics, {} partitions{seen}",
            metadata.cluster_id.as_deref().unwrap_or("without an id"),
            metadata.brokers.len(),
            metadata.topics.len(),
            metadata.partitions
        )
    });
    check("cluster", began, found);
    if is_reachable {
        let began = Instant::now();
        let found = cluster.groups().await.map(|groups| format!("{} groups", groups.rows.len()));
        check("groups", began, found);
    }
    if let Some(registry) = cluster.registry() {
        let began = Instant::now();
        check("registry", began, registry.ping().await.map(|()| format!("{} answers", registry.url())));
    }
    let works = rows.rows.len() - failures.len();
    let exit = Exit::of_answer(works, &failures);
    session.output.report(&Report::list(rows, failures))?;
    Ok(exit)
}
