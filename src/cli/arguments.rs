//! The command line: nouns, verbs, and what every command takes.
//!
//! A contract with scripts: a name given here never changes its meaning. Owns
//! reading words; must not know what is done with them.

use super::output::Format;
use super::{config, dead_letters, demo, exporter, groups, journal, profiles, records, shell, topics};

use crate::domain::registry_context::RegistryContext;
use crate::domain::when::zone_name;
use clap::builder::FalseyValueParser;
use clap::{Args, Parser, Subcommand};
use jiff::tz::TimeZone;
use std::path::PathBuf;

/// A terminal console for Apache Kafka. Without a noun it opens the console.
#[derive(Debug, Parser)]
#[command(name = "klamm", version, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_help = "Exit codes: 0 done, 1 failed, 2 usage, 3 partly done or partly known, \
4 refused, 5 condition not met, 130 interrupted.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) globals: Globals,
    /// Print where the console logs to
    #[arg(long)]
    pub(crate) print_log_path: bool,
    #[command(subcommand)]
    pub(crate) noun: Option<Noun>,
}

/// What every command takes. A flag is stronger than its environment variable.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Connection and output")]
pub(crate) struct Globals {
    /// The saved profile to use
    #[arg(long, global = true, env = "KLAMM_PROFILE", value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Connect to these addresses instead of a saved profile
    #[arg(long, global = true, env = "KLAMM_BOOTSTRAP", value_name = "HOST:PORT,…")]
    pub(crate) bootstrap: Option<String>,
    /// The schema registry's address
    #[arg(long, global = true, env = "KLAMM_REGISTRY", hide_env_values = true, value_name = "URL")]
    pub(crate) registry: Option<String>,
    /// The registry's context that ids and subjects are of
    #[arg(long, global = true, env = "KLAMM_REGISTRY_CONTEXT", value_name = "CONTEXT", value_parser = RegistryContext::parse)]
    pub(crate) registry_context: Option<RegistryContext>,
    /// The file with the profiles
    #[arg(long, global = true, env = "KLAMM_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Refuse every change, whatever the profile says
    #[arg(long, global = true, env = "KLAMM_READ_ONLY", value_parser = FalseyValueParser::new())]
    pub(crate) read_only: bool,
    /// How answers are written
    #[arg(long, short = 'o', global = true, env = "KLAMM_OUTPUT", value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output: Format,
    /// The zone of times given without one, and of times in tables
    #[arg(long, global = true, env = "KLAMM_TZ", value_name = "ZONE", value_parser = zone)]
    pub(crate) tz: Option<Zone>,
}

/// A time zone that was asked for by name.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Zone(pub(crate) TimeZone);

impl std::fmt::Debug for Zone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&zone_name(&self.0))
    }
}

fn zone(name: &str) -> Result<Zone, String> {
    TimeZone::get(name).map(Zone).map_err(|_| "it is no time zone; write Europe/Berlin or UTC".to_owned())
}

#[derive(Debug, Subcommand)]
pub(crate) enum Noun {
    /// An embedded cluster with a living world in it; needs nothing installed
    Demo(demo::DemoArguments),
    /// Saved clusters
    #[command(subcommand)]
    Profiles(profiles::Verb),
    /// The configuration: where it is, and where each value comes from
    #[command(subcommand)]
    Config(config::Verb),
    /// Topics and their partitions
    #[command(subcommand)]
    Topics(topics::Verb),
    /// Consumer groups: lag and offsets
    #[command(subcommand)]
    Groups(groups::Verb),
    /// Reading and writing records
    #[command(subcommand)]
    Records(records::Verb),
    /// Records that could not be processed, and why
    #[command(subcommand)]
    DeadLetters(dead_letters::Verb),
    /// Serve lag, time lag, drain time and verdict of every group to Prometheus
    Exporter(exporter::ExporterArguments),
    /// Every change that was made from here, and undoing it
    #[command(subcommand)]
    Journal(journal::Verb),
    /// Print completions for bash, zsh, fish, powershell or elvish
    Completions(shell::CompletionsArguments),
    /// Print klamm's manual page
    Man(shell::ManArguments),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use clap::error::ErrorKind;
    use rstest::rstest;

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_table_of_arguments_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn no_noun_is_the_console() {
        assert!(parse("klamm").unwrap().noun.is_none());
    }

    #[rstest]
    #[case::before_the_noun("klamm --bootstrap h:9092 --output json topics list")]
    #[case::behind_the_verb("klamm topics list --bootstrap h:9092 -o json")]
    fn global_flags_stand_anywhere(#[case] line: &str) {
        let globals = parse(line).unwrap().globals;
        assert_eq!((globals.bootstrap.as_deref(), globals.output), (Some("h:9092"), Format::Json));
    }

    #[rstest]
    #[case::demo("klamm demo --serve --listen 127.0.0.1:19092 --brokers 3 --stats")]
    #[case::a_large_demo("klamm demo --topics 20000 --partitions 5 --groups 10000 --serve")]
    #[case::exporter("klamm exporter --listen 127.0.0.1:0 --every 60 --partitions")]
    #[case::profiles("klamm profiles list")]
    #[case::show_a_profile("klamm profiles show prod")]
    #[case::test_a_profile("klamm profiles test prod")]
    #[case::add_a_profile(
        "klamm profiles add prod --bootstrap h:9093 --tls --ca ca.pem --sasl-mechanism SCRAM-SHA-512 --user u --password-env P --production --colour red --refresh-lag 30s --dry-run"
    )]
    #[case::edit_a_profile("klamm profiles edit prod --tls=false --unset notes --rename live --default")]
    #[case::duplicate_a_profile("klamm profiles duplicate prod staging")]
    #[case::delete_a_profile("klamm profiles delete prod --yes")]
    #[case::explain("klamm config explain")]
    #[case::where_the_file_is("klamm config path")]
    #[case::schema_of_the_file("klamm config schema")]
    #[case::topics("klamm topics list --filter ord --plain")]
    #[case::several_topics("klamm topics describe a b --defaults")]
    #[case::create(
        "klamm topics create t --partitions 6 --replication-factor 3 --set cleanup.policy=compact --dry-run"
    )]
    #[case::delete("klamm topics delete t --yes")]
    #[case::plan_partitions("klamm topics plan-partitions t --target-rate 50MB/s --partitions 18 --sample 2000")]
    #[case::add_partitions("klamm topics add-partitions t --to 18 -y")]
    #[case::groups("klamm groups list")]
    #[case::several_groups("klamm groups describe a b")]
    #[case::lag("klamm groups lag a b")]
    #[case::all_lag("klamm groups lag --all")]
    #[case::to_earliest("klamm groups reset g --topic t --to-earliest")]
    #[case::to_latest("klamm groups reset g --topic t:0,3 --topic u --to-latest")]
    #[case::to_current("klamm groups reset g --all-topics --to-current")]
    #[case::to_offset("klamm groups reset g --all-topics --to-offset 0 --create-group")]
    #[case::to_datetime("klamm groups reset g --all-topics --to-datetime 2026-11-21T10:45:00+01:00")]
    #[case::by_duration("klamm groups reset g --all-topics --by-duration PT6H30M")]
    #[case::shift_back("klamm groups reset g --all-topics --shift-by -100")]
    #[case::from_file("klamm groups reset g --from-file offsets.csv --wait 5m")]
    #[case::from_group("klamm groups reset g --all-topics --from-group other --look-again 10s")]
    #[case::tail("klamm records tail t --from -50 --partition 0,2 --limit 10 --no-follow --contains x --as hex")]
    #[case::produce("klamm records produce t --key k --value v --header a=1 --header a=2 --partition 0 --yes")]
    #[case::compression("klamm records compression t --sample 1000")]
    #[case::dead_letters("klamm dead-letters list --newest 50 --look-inside")]
    #[case::a_dead_letter("klamm dead-letters show t --at 3@120")]
    #[case::produce_lines("klamm records produce t --json --dry-run")]
    #[case::journal("klamm journal list --limit 5")]
    #[case::journal_entry("klamm journal show p-1")]
    #[case::undo("klamm journal undo p-1 --dry-run")]
    #[case::completions("klamm completions zsh")]
    #[case::man("klamm man --dir pages")]
    fn the_contract_is_understood(#[case] line: &str) {
        parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    }

    #[rstest]
    #[case::groups_without_topics("klamm demo --groups 5")]
    #[case::no_target("klamm groups reset g --all-topics")]
    #[case::two_targets("klamm groups reset g --all-topics --to-earliest --to-latest")]
    #[case::no_scope("klamm groups reset g --to-earliest")]
    #[case::two_scopes("klamm groups reset g --topic t --all-topics --to-earliest")]
    #[case::a_negative_offset("klamm groups reset g --all-topics --to-offset -1")]
    #[case::a_bad_partition("klamm groups reset g --topic t:x --to-earliest")]
    #[case::a_bad_rate("klamm topics plan-partitions t --target-rate fast")]
    #[case::a_bad_duration("klamm groups reset g --all-topics --by-duration soon")]
    #[case::neither_group_nor_all("klamm groups lag")]
    #[case::group_and_all("klamm groups lag g --all")]
    #[case::yes_to_a_dry_run("klamm topics delete t --yes --dry-run")]
    #[case::no_partitions("klamm topics create t --partitions 0")]
    #[case::an_unknown_format("klamm topics list --output yaml")]
    #[case::an_unknown_zone("klamm --tz Mars/Olympus topics list")]
    #[case::a_value_and_a_tombstone("klamm records produce t --value v --tombstone")]
    #[case::two_places_for_a_secret("klamm profiles add p --bootstrap h --password-env A --password-prompt")]
    #[case::no_such_setting("klamm profiles edit p --unset colours")]
    #[case::no_such_colour("klamm profiles edit p --colour mauve")]
    #[case::no_verb("klamm topics")]
    fn what_is_wrong_is_a_usage_error(#[case] line: &str) {
        let error = parse(line).unwrap_err();
        assert!(error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, "{error:?}");
        assert_eq!(error.exit_code(), 2);
    }

    #[test]
    fn a_zone_is_known_by_its_name() {
        let globals = parse("klamm --tz Europe/Berlin").unwrap().globals;
        assert_eq!(format!("{:?}", globals.tz.unwrap()), "Europe/Berlin");
    }
}
