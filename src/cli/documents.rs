//! Which document each command prints with `--output json`, and its version.
//!
//! A contract with scripts: a version is raised when a member goes or changes its
//! type or meaning; a new member alone does not raise it. The schemas are in
//! `docs/json/`, and the tests hold everything that is printed against them.

use clap::ArgMatches;

/// One kind of document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its schema is `docs/json/NAME.schema.json`.
    pub name: &'static str,
    /// What the member `version` says; lines of a stream have none.
    pub version: Option<u32>,
    /// The commands that print it, without `klamm`.
    pub commands: &'static [&'static str],
}

const fn document(name: &'static str, version: u32, commands: &'static [&'static str]) -> Document {
    Document { name, version: Some(version), commands }
}

const fn lines(name: &'static str, commands: &'static [&'static str]) -> Document {
    Document { name, version: None, commands }
}

const DOCUMENTS: &[Document] = &[
    lines("demo", &["demo"]),
    lines("exporter", &["exporter"]),
    document("profiles-list", 1, &["profiles list"]),
    document("profiles-show", 1, &["profiles show"]),
    document("profiles-test", 2, &["profiles test"]),
    document("profiles-change", 1, &["profiles add", "profiles edit", "profiles duplicate", "profiles delete"]),
    document("config-path", 1, &["config path"]),
    document("config-explain", 1, &["config explain"]),
    document("topics-list", 1, &["topics list"]),
    document("topics-describe", 1, &["topics describe"]),
    document("topics-plan-partitions", 1, &["topics plan-partitions"]),
    document("groups-list", 1, &["groups list"]),
    document("groups-describe", 1, &["groups describe"]),
    document("groups-lag", 1, &["groups lag"]),
    document("groups-verdict", 1, &["groups verdict"]),
    document("groups-configs", 1, &["groups configs"]),
    document("groups-export", 1, &["groups export"]),
    lines("groups-peek", &["groups peek"]),
    lines("record", &["records tail", "records get", "records export"]),
    lines("records-search", &["records search"]),
    document("records-stats", 1, &["records stats"]),
    document("records-compression", 1, &["records compression"]),
    document("dead-letters-list", 1, &["dead-letters list"]),
    lines("dead-letter", &["dead-letters show"]),
    document("journal-list", 1, &["journal list"]),
    document(
        "plan",
        3,
        &[
            "records produce",
            "topics create",
            "topics delete",
            "topics add-partitions",
            "groups reset",
            "groups configure",
            "groups copy",
            "groups import",
            "groups delete",
            "groups delete-offsets",
            "groups remove-members",
            "records import",
            "records resend",
            "dead-letters redrive",
            "journal show",
            "journal undo",
            "journal finish",
            "journal settle",
        ],
    ),
];

/// The version of the document that stands where a stream has no answer.
const FAILED_STREAM: u32 = 1;

/// Every kind of document, for those who hold the program to it.
pub fn documents() -> &'static [Document] {
    DOCUMENTS
}

/// What `topics list` prints.
pub(super) fn of(command: &str) -> Option<&'static Document> {
    DOCUMENTS.iter().find(|document| document.commands.contains(&command))
}

/// The version of what this run prints.
pub(super) fn version(matches: &ArgMatches) -> u32 {
    let mut words = Vec::new();
    let mut at = matches;
    while let Some((word, inner)) = at.subcommand() {
        words.push(word);
        at = inner;
    }
    of(&words.join(" ")).and_then(|document| document.version).unwrap_or(FAILED_STREAM)
}

#[cfg(test)]
mod tests {
    use super::super::arguments::Arguments;
    use super::*;
    use clap::{Command, CommandFactory};

    fn leaves(command: &Command, name: &str) -> Vec<String> {
        let verbs: Vec<&Command> = command.get_subcommands().collect();
        if verbs.is_empty() {
            return vec![name.trim().to_owned()];
        }
        verbs.iter().flat_map(|verb| leaves(verb, &format!("{name} {}", verb.get_name()))).collect()
    }

    #[test]
    fn every_command_has_exactly_one_document() {
        let mut commands = leaves(&Arguments::command(), "");
        let documented = DOCUMENTS.iter().flat_map(|document| document.commands).copied();
        // Those print a script, a page, and a schema.
        let mut known: Vec<&str> = documented.chain(["completions", "man", "config schema"]).collect();
        commands.sort_unstable();
        known.sort_unstable();
        assert_eq!(known, commands, "a new command needs its row, and a schema in docs/json/");
    }

    #[test]
    fn a_run_knows_its_version() {
        let matches = |line: &str| Arguments::command().try_get_matches_from(line.split_whitespace()).unwrap();
        assert_eq!(version(&matches("klamm topics list -o json")), 1);
        assert_eq!(version(&matches("klamm records tail orders")), FAILED_STREAM);
        assert_eq!(version(&matches("klamm")), FAILED_STREAM);
    }
}
