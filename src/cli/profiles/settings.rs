//! A flag for every setting of a profile, made from the table of settings.
//!
//! No flag takes a secret itself: it would stay in the shell's history.

use crate::domain::command_line;
use crate::profile::{Entry, FIELDS, Field, FieldRow, Kind, SecretSource};
use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Args, Command, Error, FromArgMatches};

/// What the flags say, in the order of the table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings(pub(crate) Vec<(Field, Entry)>);

/// Those that every command takes have their flags there.
fn is_global(field: Field) -> bool {
    matches!(field, Field::Bootstrap | Field::Registry | Field::RegistryContext | Field::ReadOnly)
}

fn own_rows() -> impl Iterator<Item = &'static FieldRow> {
    FIELDS.iter().filter(|row| !is_global(row.field))
}

/// The ways to keep a secret, in the order of [`SECRETS`]: value and help.
const WAYS: [(&str, &str); 5] = [
    ("NAME", "from an environment variable"),
    ("PATH", "the first line of a file"),
    ("COMMAND", "the first line that a command prints"),
    ("NAME", "from the system's keyring, where it is kept for klamm under this name"),
    ("", "asked for once a run"),
];
const PROMPT: usize = 4;

/// The flags of each secret, one for each way.
const SECRETS: &[(Field, [&str; 5])] = &[
    (
        Field::Passphrase,
        ["passphrase-env", "passphrase-file", "passphrase-command", "passphrase-keyring", "passphrase-prompt"],
    ),
    (Field::Password, ["password-env", "password-file", "password-command", "password-keyring", "password-prompt"]),
    (Field::Token, ["token-env", "token-file", "token-command", "token-keyring", "token-prompt"]),
    (
        Field::RegistryPassword,
        [
            "registry-password-env",
            "registry-password-file",
            "registry-password-command",
            "registry-password-keyring",
            "registry-password-prompt",
        ],
    ),
];

fn flags_of(field: Field) -> [&'static str; 5] {
    // Every secret has its row: a test holds that.
    SECRETS.iter().find(|(known, _)| *known == field).map_or([""; 5], |(_, flags)| *flags)
}

impl Args for Settings {
    fn augment_args(mut command: Command) -> Command {
        for row in own_rows() {
            command = match row.kind {
                Kind::Secret => with_secret(command, row),
                _ => command.arg(flag(row)),
            };
        }
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn flag(row: &'static FieldRow) -> Arg {
    let arg = Arg::new(row.flag).long(row.flag).help(row.doc).help_heading("Settings");
    let field = row.field;
    let checked = move |text: &str| field.check(text).map(|()| text.to_owned());
    let arg = arg.value_parser(ValueParser::new(checked));
    match row.kind {
        Kind::Flag => arg.num_args(0..=1).require_equals(true).default_missing_value("true").value_name("BOOL"),
        Kind::Path => arg.value_name("PATH"),
        Kind::Words(_) => arg.value_name("NAME"),
        Kind::Duration => arg.value_name("DURATION"),
        _ => arg.value_name("VALUE"),
    }
}

fn with_secret(mut command: Command, row: &'static FieldRow) -> Command {
    let flags = flags_of(row.field);
    for (index, (name, (value, help))) in flags.into_iter().zip(WAYS).enumerate() {
        let arg = Arg::new(name).long(name).help(format!("{}: {help}", row.doc)).help_heading("Settings");
        let arg = if index == PROMPT { arg.action(ArgAction::SetTrue) } else { arg.value_name(value) };
        command = command.arg(arg);
    }
    command.group(ArgGroup::new(row.flag).args(flags).multiple(false))
}

impl FromArgMatches for Settings {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut settings = Vec::new();
        for row in own_rows() {
            let entry = match row.kind {
                Kind::Secret => secret(matches, row)?.map(Entry::Secret),
                kind => matches
                    .get_one::<String>(row.flag)
                    .map(|text| Entry::Text(if kind == Kind::Path { absolute(text) } else { text.clone() })),
            };
            settings.extend(entry.map(|entry| (row.field, entry)));
        }
        Ok(Self(settings))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn secret(matches: &ArgMatches, row: &FieldRow) -> Result<Option<SecretSource>, Error> {
    let [env, file, command, keyring, prompt] = flags_of(row.field);
    if matches.get_flag(prompt) {
        return Ok(Some(SecretSource::Prompt));
    }
    let given = |flag: &str| matches.get_one::<String>(flag).cloned();
    if let Some(line) = given(command) {
        let words = command_line::split(&line).ok().filter(|words| !words.is_empty());
        let words = words.ok_or_else(|| {
            let text = format!("--{command} is no command: a quote is not closed, or it is empty\n");
            Error::raw(clap::error::ErrorKind::ValueValidation, text)
        })?;
        return Ok(Some(SecretSource::Command(words)));
    }
    let path = |path: String| SecretSource::File(absolute(&path).into());
    Ok(given(env)
        .map(SecretSource::Env)
        .or_else(|| given(file).map(path))
        .or_else(|| given(keyring).map(SecretSource::Keyring)))
}

/// A path typed in a shell begins where the shell is; one in the file begins where
/// the file is.
fn absolute(path: &str) -> String {
    if path.starts_with("~/") {
        return path.to_owned();
    }
    std::path::absolute(path).map_or_else(|_| path.to_owned(), |path| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_secret_has_a_flag_for_each_way() {
        for row in FIELDS.iter().filter(|row| row.kind == Kind::Secret) {
            for flag in flags_of(row.field) {
                assert!(flag.starts_with(&format!("{}-", row.flag)), "{flag} of {}", row.flag);
            }
        }
    }
}
