//! `docs/commands.md`, made from the table of arguments.

use super::arguments::Arguments;
use super::documents::{self, Document};
use clap::builder::StyledStr;
use clap::{Arg, ArgAction, Command, CommandFactory};

/// The command reference as Markdown. The same on every machine: no environment,
/// no terminal, no version.
pub fn reference() -> String {
    let mut root = Arguments::command();
    root.build();
    let mut out = String::from(
        "# Commands\n\nMade from the program by its tests; do not edit. \
         `KLAMM_WRITE_DOCS=1 cargo test --test fast command_reference` writes it anew.\n",
    );
    out.push_str("\nWithout a noun `klamm` opens the console.\n\n## Everywhere\n\n");
    let globals: Vec<&Arg> = root.get_arguments().filter(|arg| arg.is_global_set()).collect();
    options(&mut out, &globals);
    if let Some(text) = root.get_after_help() {
        out.push_str(&format!("\n{}\n", one_line(text)));
    }
    for noun in root.get_subcommands() {
        describe(&mut out, noun, &format!("klamm {}", noun.get_name()), 2);
    }
    out
}

fn describe(out: &mut String, command: &Command, name: &str, level: usize) {
    out.push_str(&format!("\n{} {name}\n\n", "#".repeat(level)));
    if let Some(about) = command.get_about() {
        out.push_str(&format!("{}.\n", one_line(about)));
    }
    let verbs: Vec<&Command> = command.get_subcommands().collect();
    if verbs.is_empty() {
        let own: Vec<&Arg> = command.get_arguments().filter(|arg| !arg.is_global_set() && !is_help(arg)).collect();
        out.push_str(&format!("\n```\n{}\n```\n", usage(name, &own)));
        if own.iter().any(|arg| !arg.is_positional()) {
            out.push('\n');
            options(out, &own);
        }
        let document = name.strip_prefix("klamm ").and_then(documents::of);
        out.extend(document.map(|Document { name, version, .. }| {
            let version = version.map_or_else(String::new, |version| format!(", version {version}"));
            format!("\nJSON: [{name}](json/{name}.schema.json){version}.\n")
        }));
    }
    for verb in verbs {
        describe(out, verb, &format!("{name} {}", verb.get_name()), level + 1);
    }
}

fn usage(name: &str, arguments: &[&Arg]) -> String {
    let mut line = name.to_owned();
    for arg in arguments.iter().filter(|arg| arg.is_positional()) {
        let value = value_name(arg);
        let many = if matches!(arg.get_action(), ArgAction::Append) { "…" } else { "" };
        line.push_str(&if arg.is_required_set() { format!(" {value}{many}") } else { format!(" [{value}{many}]") });
    }
    if arguments.iter().any(|arg| !arg.is_positional()) {
        line.push_str(" [OPTIONS]");
    }
    line
}

fn options(out: &mut String, arguments: &[&Arg]) {
    out.push_str("| option | meaning |\n|---|---|\n");
    for arg in arguments.iter().filter(|arg| !arg.is_positional() && !is_help(arg)) {
        let mut name = arg.get_long().map(|long| format!("--{long}")).unwrap_or_default();
        if let Some(short) = arg.get_short() {
            name = format!("-{short}, {name}");
        }
        for alias in arg.get_visible_aliases().unwrap_or_default() {
            name.push_str(&format!(", --{alias}"));
        }
        if arg.get_action().takes_values() {
            let value = value_name(arg);
            name.push_str(&if arg.is_require_equals_set() { format!("[={value}]") } else { format!(" {value}") });
        }
        let mut meaning = arg.get_help().map(one_line).unwrap_or_default();
        let values: Vec<String> = arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
        if !values.is_empty() && arg.get_action().takes_values() {
            meaning.push_str(&format!("; {}", values.join(", ")));
        }
        if let Some(default) = arg.get_default_values().first().filter(|_| arg.get_action().takes_values()) {
            meaning.push_str(&format!(" (default {})", default.to_string_lossy()));
        }
        if arg.is_required_set() {
            meaning.push_str(" (required)");
        }
        if let Some(variable) = arg.get_env() {
            meaning.push_str(&format!(" (`{}`)", variable.to_string_lossy()));
        }
        out.push_str(&format!("| `{name}` | {} |\n", meaning.replace('|', "\\|")));
    }
}

fn value_name(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    names.first().map_or_else(|| arg.get_id().to_string().to_uppercase(), ToString::to_string)
}

fn is_help(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version)
}

fn one_line(text: &StyledStr) -> String {
    text.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}
