//! Which cluster a run is about.
//!
//! Owns how flags become the layer above the environment; the layers themselves
//! are `profile`'s.

use super::arguments::Globals;
use super::exit::Stop;
use crate::demo::Demo;
use crate::domain::{Failure, FailureKind};
use crate::profile::{Layer, Loaded, Profile, Question, RegistrySettings, load, nobody_to_ask};
use clap::ArgMatches;
use clap::parser::ValueSource;
use secrecy::SecretString;
use std::io::IsTerminal as _;

/// The names of those arguments that were given as flags. What came from a
/// variable is read again by `profile`, whose rules about variables hold.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Flags {
    profile: bool,
    bootstrap: bool,
    registry: bool,
    registry_context: bool,
    read_only: bool,
    zone: bool,
    /// They are not of the cluster that this run is about.
    is_other: bool,
}

impl Flags {
    /// The same run with a profile named as well; nothing else names the cluster then.
    pub(crate) fn naming_a_profile(self) -> Self {
        Self { profile: true, bootstrap: false, ..self }
    }

    /// The same for another cluster than the one that this run's flags and variables
    /// describe: their registry is not that one's.
    pub(crate) fn naming_only_a_profile(self) -> Self {
        Self { profile: true, bootstrap: false, registry: false, registry_context: false, is_other: true, ..self }
    }

    pub(crate) fn of(matches: &ArgMatches) -> Self {
        let is_flag = |name: &str| matches.value_source(name) == Some(ValueSource::CommandLine);
        Self {
            profile: is_flag("profile"),
            bootstrap: is_flag("bootstrap"),
            registry: is_flag("registry"),
            registry_context: is_flag("registry_context"),
            read_only: is_flag("read_only"),
            zone: is_flag("tz"),
            is_other: false,
        }
    }
}

/// What the flags say.
pub(crate) fn flag_layer(globals: &Globals, flags: Flags) -> Layer {
    let given = |value: &Option<String>, is_flag: bool| value.clone().filter(|_| is_flag);
    Layer {
        profile: given(&globals.profile, flags.profile),
        bootstrap: given(&globals.bootstrap, flags.bootstrap),
        registry: given(&globals.registry, flags.registry),
        registry_context: globals.registry_context.clone().filter(|_| flags.registry_context),
        read_only: globals.read_only && flags.read_only,
        zone: globals.tz.as_ref().filter(|_| flags.zone).map(|zone| zone.0.clone()),
    }
}

/// What the environment says.
pub(crate) fn environment_layer() -> Result<Layer, Failure> {
    Layer::from_environment(&|name| std::env::var(name).ok())
}

/// Both, the flags above.
fn layer(globals: &Globals, flags: Flags) -> Result<Layer, Failure> {
    let mut environment = environment_layer()?;
    if flags.is_other {
        (environment.registry, environment.registry_context) = (None, None);
    }
    Ok(flag_layer(globals, flags).over(environment))
}

/// Asks for a secret where somebody is there to be asked.
pub(crate) fn ask(question: &Question) -> Result<SecretString, Failure> {
    if std::io::stderr().is_terminal() {
        crate::tui::ask_secret(&question.to_string())
    } else {
        nobody_to_ask(question)
    }
}

/// The saved profiles. What is wrong with their file is in the warnings.
pub(crate) fn saved(globals: &Globals) -> Result<Loaded, Failure> {
    load(globals.config.clone())
}

/// The profile of this run; `None` when nothing says which. May wait for a
/// program that prints a secret.
pub(crate) fn select(loaded: &Loaded, globals: &Globals, flags: Flags) -> Result<Option<Profile>, Stop> {
    let selected = layer(globals, flags).and_then(|layer| loaded.select(&layer, &ask));
    let selected = selected.map_err(|failure| match failure.kind {
        // A name or an address that is none is a wrong argument.
        FailureKind::Invalid | FailureKind::NotFound => Stop::Usage(failure.to_string()),
        _ => Stop::Failed(failure),
    })?;
    if flags.registry_context && selected.as_ref().is_some_and(|profile| profile.registry.is_none()) {
        return Err(Stop::usage("--registry-context names a context of no registry; give --registry too"));
    }
    Ok(selected)
}

/// Said where a command needs a cluster and there is none.
pub(crate) fn none_chosen(loaded: &Loaded) -> Stop {
    let saved = match (loaded.profiles.is_empty(), &loaded.file) {
        (false, _) => "--profile NAME for a saved one".to_owned(),
        (true, Some(file)) => format!("save a profile in {}", file.display()),
        (true, None) => "save a profile".to_owned(),
    };
    Stop::usage(format!("which cluster? Give --bootstrap HOST:PORT, or {saved}; klamm demo needs none"))
}

/// A demo cluster is a profile like any other.
pub(crate) fn of_demo(demo: &Demo, globals: &Globals) -> Profile {
    let addresses = demo.bootstrap().split(',').map(str::to_owned).collect();
    let mut profile = Profile::plain("demo", addresses);
    profile.is_demo = true;
    let context = globals.registry_context.clone().unwrap_or_default();
    profile.registry = Some(RegistrySettings { url: demo.registry_url(), context, basic: None, ca: None });
    profile.read_only = globals.read_only;
    if let Some(zone) = &globals.tz {
        profile.zone = zone.0.clone();
    }
    profile
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::ConsoleSettings;

    fn globals(profile: Option<&str>, bootstrap: Option<&str>) -> Globals {
        Globals { profile: profile.map(Into::into), bootstrap: bootstrap.map(Into::into), ..Globals::default() }
    }

    fn nothing_saved() -> Loaded {
        Loaded {
            profiles: vec![],
            default: None,
            warnings: vec![],
            file: Some("/etc/k.toml".into()),
            state_dir: None,
            console: ConsoleSettings::default(),
        }
    }

    #[test]
    fn only_flags_make_the_upper_layer() {
        let both = globals(Some("prod"), Some("h:1"));
        let upper = layer(&both, Flags { bootstrap: true, ..Flags::default() }).unwrap();
        assert_eq!((upper.profile, upper.bootstrap.as_deref()), (None, Some("h:1")));
    }

    #[test]
    fn addresses_are_a_profile() {
        let mut given = globals(None, Some("a:1, b:2"));
        given.read_only = true;
        let flags = Flags { bootstrap: true, read_only: true, ..Flags::default() };
        let profile = select(&nothing_saved(), &given, flags).unwrap().unwrap();
        assert_eq!(profile.bootstrap, ["a:1", "b:2"]);
        assert!(profile.read_only);
    }

    #[test]
    fn a_wrong_name_is_a_usage_error() {
        let flags = Flags { profile: true, ..Flags::default() };
        let result = select(&nothing_saved(), &globals(Some("prod"), None), flags);
        assert!(matches!(result, Err(Stop::Usage(_))), "{result:?}");
    }

    #[test]
    fn without_a_cluster_it_says_how_to_name_one() {
        assert!(matches!(select(&nothing_saved(), &globals(None, None), Flags::default()), Ok(None)));
        let Stop::Usage(message) = none_chosen(&nothing_saved()) else { panic!("another ending") };
        for part in ["--bootstrap", "/etc/k.toml", "klamm demo"] {
            assert!(message.contains(part), "{message}");
        }
    }
}
