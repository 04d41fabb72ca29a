//! Changing saved profiles: add, edit, duplicate, delete.

use super::settings::Settings;
use crate::cli::confirm::Consent;
use crate::cli::exit::{Exit, Stop};
use crate::cli::output::{Cell, Column, Report, Section, Table, complain, hidden, text};
use crate::cli::session::{Session, blocking};
use crate::domain::plan::Confirm;
use crate::profile::{Action, Entry, Field, FileChange};
use clap::Args;
use serde_json::{Value as Json, json};

#[derive(Debug, Args)]
pub(crate) struct AddArguments {
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    settings: Settings,
    /// Use it when no profile is named
    #[arg(long)]
    default: bool,
    /// Show how the file would change, and do nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct EditArguments {
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    settings: Settings,
    /// Take a setting out, by its key in the file such as notes or tls.ca; may be repeated
    #[arg(long, value_name = "KEY", value_parser = key)]
    unset: Vec<Field>,
    /// Give it another name
    #[arg(long, value_name = "NEW")]
    rename: Option<String>,
    /// Use it when no profile is named
    #[arg(long)]
    default: bool,
    /// Show how the file would change, and do nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DuplicateArguments {
    #[arg(value_name = "NAME")]
    from: String,
    #[arg(value_name = "NEW")]
    name: String,
    /// Show how the file would change, and do nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DeleteArguments {
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    consent: Consent,
}

fn key(text: &str) -> Result<Field, String> {
    Field::by_key(text).ok_or_else(|| "a profile has no such key; klamm config explain shows them".to_owned())
}

/// The settings that every command takes, when they were given as flags.
fn global_settings(session: &Session) -> Result<Vec<(Field, Entry)>, Stop> {
    let (flags, _) = session.layers()?;
    let texts = [
        (Field::Bootstrap, flags.bootstrap),
        (Field::Registry, flags.registry),
        (Field::RegistryContext, flags.registry_context.map(|context| context.to_string())),
        (Field::ReadOnly, flags.read_only.then(|| "true".to_owned())),
    ];
    let mut settings = Vec::new();
    for (field, text) in texts {
        let Some(text) = text else { continue };
        field.check(&text).map_err(|reason| Stop::usage(format!("--{}: {reason}", field.row().flag)))?;
        if field == Field::Registry && text.contains('@') {
            return Err(Stop::usage(
                "--registry holds a password, which would be written down; give --registry-user and --registry-password-…",
            ));
        }
        settings.push((field, Entry::Text(text)));
    }
    Ok(settings)
}

pub(super) fn add(session: &mut Session, arguments: AddArguments) -> Result<Exit, Stop> {
    let mut settings = global_settings(session)?;
    if !settings.iter().any(|(field, _)| *field == Field::Bootstrap) {
        return Err(Stop::usage("which brokers? Give --bootstrap HOST:PORT"));
    }
    settings.extend(arguments.settings.0);
    let action = Action::Add { name: arguments.name, settings, as_default: arguments.default };
    carry_out(session, &action, arguments.dry_run)
}

pub(super) fn edit(session: &mut Session, arguments: EditArguments) -> Result<Exit, Stop> {
    let mut settings: Vec<(Field, Entry)> = arguments.unset.iter().map(|field| (*field, Entry::Clear)).collect();
    settings.extend(global_settings(session)?);
    settings.extend(arguments.settings.0);
    if settings.is_empty() && arguments.rename.is_none() && !arguments.default {
        return Err(Stop::usage("what shall change? Give a setting, --unset, --rename or --default"));
    }
    let EditArguments { name, rename, default, dry_run, .. } = arguments;
    carry_out(session, &Action::Edit { name, rename, settings, as_default: default }, dry_run)
}

pub(super) fn duplicate(session: &mut Session, arguments: DuplicateArguments) -> Result<Exit, Stop> {
    let DuplicateArguments { from, name, dry_run } = arguments;
    carry_out(session, &Action::Duplicate { from, name }, dry_run)
}

pub(super) async fn delete(session: &mut Session, arguments: DeleteArguments) -> Result<Exit, Stop> {
    let DeleteArguments { name, consent } = arguments;
    let action = Action::Delete { name: name.clone() };
    // What is not there needs no consent.
    let change = FileChange::of(&session.config_file()?, &action)?;
    if consent.dry_run {
        return report(session, &action, &change, false);
    }
    blocking("ask", move || Ok(consent.obtain("delete profile", &name, &Confirm::TypeName(name.clone()))?)).await?;
    change.save()?;
    report(session, &action, &change, true)
}

fn carry_out(session: &mut Session, action: &Action, dry_run: bool) -> Result<Exit, Stop> {
    let change = FileChange::of(&session.config_file()?, action)?;
    if !dry_run {
        change.save()?;
    }
    report(session, action, &change, !dry_run)
}

const CHANGE: &[Column] = &[
    text("profile", "PROFILE"),
    text("change", "CHANGE"),
    text("applied", "APPLIED"),
    text("file", "FILE"),
    hidden("diff"),
];

fn report(session: &mut Session, action: &Action, change: &FileChange, is_applied: bool) -> Result<Exit, Stop> {
    let diff = change.diff();
    let name = match action {
        Action::Delete { name } => name.as_str(),
        other => other.result().unwrap_or_default(),
    };
    let file = change.file.display().to_string();
    let rows = Table::of(
        CHANGE,
        [vec![
            Cell::text(name),
            Cell::word(action.done()),
            Cell::Flag(is_applied),
            Cell::text(file.as_str()),
            Cell::text(diff.as_str()),
        ]],
    );
    let said = match (is_applied, change.changes_something()) {
        (_, false) => format!("{name}: nothing changes in {file}"),
        (true, true) => format!("{name}: {} in {file}", action.done()),
        (false, true) => format!("{name}: would be {} in {file}", action.done()),
    };
    let mut sections = vec![Section::Line(said)];
    sections.extend(diff.lines().map(|line| Section::Line(line.to_owned())));
    for warning in &change.warnings {
        complain(&warning.to_string());
    }
    let warnings = change.warnings.iter().map(
        |warning| json!({"file": warning.file, "line": warning.line, "column": warning.column, "text": warning.text}),
    );
    let members = vec![("warnings", Json::Array(warnings.collect()))];
    session.output.report(&Report { rows, members, sections, ..Report::default() })?;
    Ok(Exit::Done)
}
