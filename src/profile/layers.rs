//! The layers of settings: defaults < file < environment < flags.
//!
//! Owns: which cluster a run is about when several layers speak. Addresses and
//! a profile's name answer the same question, so a stronger layer that gives
//! one of them silences both of the weaker.

use super::console::{ConsoleSettings, Placed};
use super::file;
use super::paths;
use super::registry_url;
use super::saved::{ConfigWarning, SavedProfile};
use super::secret::Ask;
use super::settings::{Profile, RegistrySettings};
use crate::domain::registry_context::RegistryContext;
use crate::domain::{Failure, FailureKind, text};
use jiff::tz::TimeZone;
use std::fmt;
use std::path::PathBuf;

/// What one layer above the file says.
#[derive(Clone, Default, PartialEq)]
pub struct Layer {
    pub profile: Option<String>,
    /// `host:port`, several separated by commas.
    pub bootstrap: Option<String>,
    /// May hold credentials.
    pub registry: Option<String>,
    pub registry_context: Option<RegistryContext>,
    /// Can only be turned on: no layer opens a profile that is read-only.
    pub read_only: bool,
    pub zone: Option<TimeZone>,
}

impl fmt::Debug for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layer")
            .field("profile", &self.profile)
            .field("bootstrap", &self.bootstrap)
            .field("registry", &self.registry.as_deref().map(|url| registry_url::split(url).0))
            .field("registry_context", &self.registry_context)
            .field("read_only", &self.read_only)
            .field("zone", &self.zone)
            .finish()
    }
}

impl Layer {
    /// The variables that klamm reads. A zone or a boolean that cannot be read
    /// is an error: to ignore `KLAMM_READ_ONLY=yess` would be dangerous.
    pub fn from_environment(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let get = |name: &str| variable(name).filter(|value| !value.is_empty());
        let bad = |name: &str, value: &str, wanted: &str| {
            let message = format!("{name} is \u{201c}{}\u{201d}, which is not {wanted}", text::sanitize(value));
            Failure::new(FailureKind::Invalid, "read the environment", message)
        };
        let read_only = match get("KLAMM_READ_ONLY").as_deref() {
            None | Some("0" | "false" | "no" | "off") => false,
            Some("1" | "true" | "yes" | "on") => true,
            Some(other) => return Err(bad("KLAMM_READ_ONLY", other, "true or false")),
        };
        let zone = match get("KLAMM_TZ") {
            None => None,
            Some(name) => Some(TimeZone::get(&name).map_err(|_| bad("KLAMM_TZ", &name, "a time zone"))?),
        };
        let registry_context = match get("KLAMM_REGISTRY_CONTEXT") {
            None => None,
            Some(name) => {
                let context = RegistryContext::parse(&name);
                Some(context.map_err(|_| bad("KLAMM_REGISTRY_CONTEXT", &name, "a context of a registry"))?)
            }
        };
        Ok(Self {
            profile: get("KLAMM_PROFILE"),
            bootstrap: get("KLAMM_BOOTSTRAP"),
            registry: get("KLAMM_REGISTRY"),
            registry_context,
            read_only,
            zone,
        })
    }

    /// This layer on top of a weaker one.
    #[must_use]
    pub fn over(self, weaker: Self) -> Self {
        let says_which = self.profile.is_some() || self.bootstrap.is_some();
        let (profile, bootstrap) =
            if says_which { (self.profile, self.bootstrap) } else { (weaker.profile, weaker.bootstrap) };
        Self {
            profile,
            bootstrap,
            // A context is one of its own layer's registry, if that names one.
            registry_context: self.registry_context.or(weaker.registry_context.filter(|_| self.registry.is_none())),
            registry: self.registry.or(weaker.registry),
            read_only: self.read_only || weaker.read_only,
            zone: self.zone.or(weaker.zone),
        }
    }
}

/// What the configuration file gave.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// In the order of the file.
    pub profiles: Vec<SavedProfile>,
    /// The profile to use when none is named; one of `profiles`.
    pub default: Option<String>,
    pub warnings: Vec<ConfigWarning>,
    /// Where it was read from, or would be written to.
    pub file: Option<PathBuf>,
    pub state_dir: Option<PathBuf>,
    pub console: ConsoleSettings,
}

/// Reads the file: `explicit`, or the platform's own, which may be missing.
/// A file that was named and cannot be read is a failure.
pub fn load(explicit: Option<PathBuf>) -> Result<Loaded, Failure> {
    let is_explicit = explicit.is_some();
    let state_dir = paths::state_dir();
    let Some(path) = explicit.or_else(paths::config_file) else {
        return Ok(Loaded {
            profiles: vec![],
            default: None,
            warnings: vec![],
            file: None,
            state_dir,
            console: ConsoleSettings::default(),
        });
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !is_explicit => String::new(),
        Err(error) if is_explicit => {
            return Err(Failure::new(FailureKind::Storage, "read configuration", error.to_string())
                .on(path.display().to_string()));
        }
        Err(error) => {
            let warning =
                ConfigWarning { file: path.clone(), line: 0, column: 0, text: format!("cannot be read: {error}") };
            return Ok(Loaded {
                profiles: vec![],
                default: None,
                warnings: vec![warning],
                file: Some(path),
                state_dir,
                console: ConsoleSettings::default(),
            });
        }
    };
    Ok(of_text(&text, path))
}

/// What `text` gives as the contents of the file.
pub(super) fn of_text(text: &str, path: PathBuf) -> Loaded {
    let read = file::parse(text, &path);
    Loaded {
        profiles: read.profiles,
        default: read.default,
        warnings: read.warnings,
        file: Some(path),
        state_dir: read.state_dir.or_else(paths::state_dir),
        console: read.console,
    }
}

impl Loaded {
    /// What is wrong with a value of the file.
    pub fn warning<T>(&self, at: &Placed<T>, text: impl Into<String>) -> ConfigWarning {
        let file = self.file.clone().unwrap_or_default();
        ConfigWarning { file, line: at.line, column: at.column, text: text.into() }
    }

    pub fn profile(&self, name: &str) -> Option<&SavedProfile> {
        self.profiles.iter().find(|profile| profile.name == name)
    }

    /// The named profile with its secrets. May wait for a program that prints
    /// one: not for the event loop.
    pub fn open(&self, name: &str, ask: Ask<'_>) -> Result<Profile, Failure> {
        self.open_with(name, &|variable| std::env::var(variable).ok(), ask)
    }

    fn open_with(
        &self,
        name: &str,
        environment: &dyn Fn(&str) -> Option<String>,
        ask: Ask<'_>,
    ) -> Result<Profile, Failure> {
        let saved = self.profile(name).ok_or_else(|| self.no_such_profile(name))?;
        saved
            .open(environment, ask, self.state_dir.clone())
            .map_err(|failure| Failure { operation: format!("open profile {name}: {}", failure.operation), ..failure })
    }

    /// The cluster that `layer` (flags over environment) means, with what it
    /// changes: its addresses, else its profile, else the default of the file,
    /// else the only profile. `None`: nothing says which.
    pub fn select(&self, layer: &Layer, ask: Ask<'_>) -> Result<Option<Profile>, Failure> {
        self.select_with(layer, &|variable| std::env::var(variable).ok(), ask)
    }

    pub(super) fn select_with(
        &self,
        layer: &Layer,
        environment: &dyn Fn(&str) -> Option<String>,
        ask: Ask<'_>,
    ) -> Result<Option<Profile>, Failure> {
        let only = match self.profiles.as_slice() {
            [only] => Some(&only.name),
            _ => None,
        };
        let mut profile = match (&layer.profile, &layer.bootstrap) {
            (Some(_), Some(_)) => {
                let message = "a profile and addresses both name a cluster";
                return Err(Failure::new(FailureKind::Invalid, "choose a cluster", message).hint("Give one of them."));
            }
            (None, Some(addresses)) => {
                let mut profile = Profile::plain(
                    addresses.clone(),
                    file::addresses(addresses)
                        .map_err(|reason| Failure::new(FailureKind::Invalid, "read addresses", reason))?,
                );
                profile.state_dir = self.state_dir.clone();
                profile
            }
            (Some(name), None) => self.open_with(name, environment, ask)?,
            (None, None) => match self.default.as_ref().or(only) {
                Some(name) => self.open_with(name, environment, ask)?,
                None => return Ok(None),
            },
        };
        profile.read_only |= layer.read_only;
        if let Some(zone) = &layer.zone {
            profile.zone = zone.clone();
        }
        if let Some((url, basic)) = layer.registry.as_deref().map(registry_url::split)
            && (basic.is_some() || profile.registry.as_ref().is_none_or(|registry| registry.url != url))
        {
            // The password of one registry is not sent to another, nor has that its contexts.
            profile.registry = Some(RegistrySettings { url, context: RegistryContext::default(), basic, ca: None });
        }
        if let (Some(context), Some(registry)) = (&layer.registry_context, &mut profile.registry) {
            registry.context = context.clone();
        }
        Ok(Some(profile))
    }

    pub(super) fn no_such_profile(&self, name: &str) -> Failure {
        // What is wrong with the file may be why the profile is not there.
        let broken = self.warnings.iter().find(|warning| warning.text.contains(&format!("profile {name} ")));
        let message = match (broken, self.profiles.is_empty()) {
            (Some(warning), _) => warning.to_string(),
            (None, true) => "no profile is saved".to_owned(),
            (None, false) => {
                let names: Vec<&str> = self.profiles.iter().map(|profile| profile.name.as_str()).collect();
                format!("there is no such profile; saved are {}", names.join(", "))
            }
        };
        let failure = Failure::new(FailureKind::NotFound, "open profile", message).on(name);
        match &self.file {
            Some(file) => failure.hint(format!("Profiles are kept in {}.", file.display())),
            None => failure,
        }
    }
}
