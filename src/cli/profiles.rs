//! `klamm profiles …`: saved clusters, and whether they answer.

mod change;
mod settings;
mod test;

use super::exit::{Exit, Stop};
use super::output::{Cell, Column, Report, Section, Table, hidden, text};
use super::session::Session;
use crate::domain::when::zone_name;
use crate::domain::{Failure, FailureKind, show};
use crate::profile::{Pem, SavedCertificate, SavedProfile};
use clap::{Args, Subcommand};
use serde_json::{Value as Json, json};

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// All saved profiles
    List,
    /// One saved profile: everything but its secrets
    Show(NameArguments),
    /// Save a new profile; --bootstrap, --registry and the like are saved with it
    Add(change::AddArguments),
    /// Change settings of a profile; all else in the file stays as it is
    Edit(change::EditArguments),
    /// Save a copy under another name
    Duplicate(change::DuplicateArguments),
    /// Take a profile out of the file
    Delete(change::DeleteArguments),
    /// Walk the way into a cluster step by step, and say where it ends and what to do
    Test(test::TestArguments),
}

#[derive(Debug, Args)]
pub(crate) struct NameArguments {
    #[arg(value_name = "NAME")]
    name: String,
}

pub(crate) async fn run(session: &mut Session, verb: Verb) -> Result<Exit, Stop> {
    match verb {
        Verb::List => list(session),
        Verb::Show(arguments) => show(session, &arguments.name),
        Verb::Add(arguments) => change::add(session, arguments),
        Verb::Edit(arguments) => change::edit(session, arguments),
        Verb::Duplicate(arguments) => change::duplicate(session, arguments),
        Verb::Delete(arguments) => change::delete(session, arguments).await,
        Verb::Test(arguments) => test::run(session, arguments).await,
    }
}

const LIST: &[Column] = &[
    text("profile", "PROFILE"),
    text("bootstrap", "BOOTSTRAP"),
    text("security", "SECURITY"),
    text("registry", "REGISTRY"),
    text("registry_context", "CONTEXT"),
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
            Cell::or_absent(
                profile.registry.as_ref().map(|registry| &registry.context).filter(|context| !context.is_default()),
                |context| Cell::text(context.to_string()),
            ),
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
            "mechanism": sasl.mechanism.name(),
            "user": sasl.user,
            "secret_from": sasl.secret.describe(),
        })),
        "registry": profile.registry.as_ref().map(|registry| json!({
            "url": registry.url,
            "context": registry.context.to_string(),
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
        "refresh": {"metadata": show::duration(millis(profile.refresh.metadata)), "lag": show::duration(millis(profile.refresh.lag))},
        "verdict": {
            "intervals": profile.rules.intervals,
            "min_distance": show::duration(profile.rules.min_distance.unsigned_abs()),
            "allowed_lag": profile.rules.allowed_lag,
            "minimum_complete": profile.rules.minimum_complete,
            "expire": show::duration(profile.rules.expire.unsigned_abs()),
        },
        "formats": profile.formats.0.iter().map(|(pattern, format)| json!({"topics": pattern, "format": format.to_string()})).collect::<Vec<_>>(),
        "masks": profile.masks.0.iter().map(|mask| json!({"topics": mask.topics, "what": mask.rule.to_string()})).collect::<Vec<_>>(),
        "naming": profile.naming.as_ref().map(|naming| naming.wanted()),
        "notes": profile.notes,
    })
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
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
                let shown = values.iter().map(|value| match value {
                    Json::String(text) => text.clone(),
                    Json::Object(members) => members.values().filter_map(Json::as_str).collect::<Vec<_>>().join("="),
                    other => other.to_string(),
                });
                vec![vec![Cell::text(name), Cell::texts(shown)]]
            }
            Json::String(text) => vec![vec![Cell::text(name), Cell::text(text.as_str())]],
            other => vec![vec![Cell::text(name), Cell::text(other.to_string())]],
        }
    });
    rows.collect()
}
