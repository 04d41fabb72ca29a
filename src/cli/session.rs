//! One run of the command line: what was asked for everywhere, and where the
//! answer goes.

use super::arguments::Globals;
use super::connection::{self, Flags};
use super::documents;
use super::exit::Stop;
use super::interrupt::Applying;
use super::output::{Look, Output, complain};
use crate::cluster::{self, Cluster};
use crate::domain::{Failure, FailureKind, Time};
use crate::profile::{Layer, Loaded, Profile, paths};
use clap::ArgMatches;
use jiff::tz::TimeZone;
use std::path::PathBuf;

pub(crate) struct Session {
    pub(crate) globals: Globals,
    pub(crate) output: Output,
    pub(crate) applying: Applying,
    flags: Flags,
}

impl Session {
    pub(crate) fn new(globals: Globals, matches: &ArgMatches) -> Self {
        let mut look = Look::of_stdout();
        if let Some(zone) = &globals.tz {
            look.zone = zone.0.clone();
        }
        let output = Output::stdout(globals.output, look, documents::version(matches));
        Self { globals, flags: Flags::of(matches), output, applying: Applying::default() }
    }

    pub(crate) fn now(&self) -> Time {
        cluster::now()
    }

    /// The zone that was named for this run. Not the profile's: a script must not
    /// mean another instant on another machine.
    pub(crate) fn zone_asked_for(&self) -> Option<&TimeZone> {
        self.globals.tz.as_ref().map(|zone| &zone.0)
    }

    /// As if `--profile` had been given.
    pub(crate) fn name_profile(&mut self, name: String) {
        self.globals.profile = Some(name);
        self.flags = self.flags.naming_a_profile();
    }

    /// The layers above the file: flags and environment.
    pub(crate) fn layers(&self) -> Result<(Layer, Layer), Failure> {
        Ok((connection::flag_layer(&self.globals, self.flags), connection::environment_layer()?))
    }

    /// The configuration file of this run, which need not be there.
    pub(crate) fn config_file(&self) -> Result<PathBuf, Failure> {
        self.globals.config.clone().or_else(paths::config_file).ok_or_else(|| {
            Failure::new(FailureKind::NotFound, "find the configuration", "this platform names no home")
                .hint("Name the file with --config.")
        })
    }

    /// The saved profiles; what is wrong with their file is said once.
    pub(crate) fn saved(&self) -> Result<Loaded, Stop> {
        let loaded = connection::saved(&self.globals)?;
        for warning in &loaded.warnings {
            complain(&warning.to_string());
        }
        Ok(loaded)
    }

    /// The profile of this run and the file it may come from.
    pub(crate) async fn profile(&self) -> Result<(Loaded, Option<Profile>), Stop> {
        self.select(self.saved()?).await
    }

    /// The same from profiles that were read already.
    pub(crate) async fn select(&self, loaded: Loaded) -> Result<(Loaded, Option<Profile>), Stop> {
        let (globals, flags) = (self.globals.clone(), self.flags);
        blocking("open the profile", move || {
            let profile = connection::select(&loaded, &globals, flags)?;
            Ok((loaded, profile))
        })
        .await
    }

    /// The cluster this run is about. Times in tables are in its zone from here on.
    pub(crate) async fn connect(&mut self) -> Result<Cluster, Stop> {
        self.connect_with(|_| {}).await
    }

    /// The same, with what this command's flags change of the profile.
    pub(crate) async fn connect_with(&mut self, change: impl FnOnce(&mut Profile)) -> Result<Cluster, Stop> {
        let (loaded, profile) = self.profile().await?;
        let mut profile = profile.ok_or_else(|| connection::none_chosen(&loaded))?;
        change(&mut profile);
        self.output.look.zone = profile.zone.clone();
        Ok(Cluster::connect(profile)?)
    }

    /// The cluster of another saved profile, beside the one that this run is about.
    pub(crate) async fn connect_other(&self, name: &str) -> Result<Cluster, Stop> {
        let globals = Globals {
            profile: Some(name.to_owned()),
            bootstrap: None,
            registry: None,
            registry_context: None,
            ..self.globals.clone()
        };
        let (loaded, flags) = (self.saved()?, self.flags.naming_only_a_profile());
        blocking("open the profile", move || {
            let profile = connection::select(&loaded, &globals, flags)?;
            let profile = profile.ok_or_else(|| connection::none_chosen(&loaded))?;
            Ok(Cluster::connect(profile)?)
        })
        .await
    }
}

/// Work that waits for a file, a program or a terminal, off the threads that
/// hear an interrupt.
pub(crate) async fn blocking<T: Send + 'static>(
    operation: &'static str,
    work: impl FnOnce() -> Result<T, Stop> + Send + 'static,
) -> Result<T, Stop> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Failure::new(FailureKind::Cancelled, operation, error.to_string()).into()),
    }
}
