//! Where each value of the profile in use comes from.
//!
//! Invariant: it judges by the rules of [`layers`](super::layers), so what it says
//! is what a run would use; of a secret it knows only where it is kept.

use super::edit::{self, Entry};
use super::field::{FIELDS, Field};
use super::layers::{Layer, Loaded};
use super::registry_url;
use crate::domain::when::zone_name;
use crate::domain::{Failure, FailureKind};
use std::collections::BTreeMap;
use toml_edit::Document;

/// The layer that a value comes from, weakest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Default,
    /// Line and column of the configuration file; 0 where the line is not known.
    File {
        line: usize,
        column: usize,
    },
    /// The variable's name.
    Environment(&'static str),
    /// The flag with its dashes.
    Flag(&'static str),
}

/// One value with its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    pub key: String,
    pub value: String,
    pub origin: Origin,
}

impl Loaded {
    /// Every value that a run with these layers would use. Nothing but the choice of
    /// the cluster where nothing says which.
    pub fn explain(&self, flags: &Layer, environment: &Layer) -> Result<Vec<Explained>, Failure> {
        let text = self.text()?;
        let mut told = Told::default();
        let layers = [(flags, true), (environment, false)];
        // Addresses and a name answer the same question: the stronger layer silences the weaker.
        let choosing = layers.iter().find(|(layer, _)| layer.profile.is_some() || layer.bootstrap.is_some());
        let saved = match choosing {
            Some((layer, is_flag)) => {
                if let Some(name) = &layer.profile {
                    told.say("profile", name, origin(*is_flag, "--profile", "KLAMM_PROFILE"));
                }
                layer.profile.clone()
            }
            None => match (&self.default, self.profiles.as_slice()) {
                (Some(name), _) => {
                    told.say("profile", name, top_place(&text, "default"));
                    Some(name.clone())
                }
                (None, [only]) => {
                    told.say("profile", &only.name, Origin::Default);
                    Some(only.name.clone())
                }
                (None, _) => return Ok(told.0),
            },
        };
        let profile = match &saved {
            None => None,
            Some(name) => Some(self.profile(name).ok_or_else(|| self.no_such_profile(name))?),
        };
        let entries = saved.as_deref().map_or_else(BTreeMap::new, |name| edit::entries(&text, name));
        for row in FIELDS {
            let key = row.field.key();
            if let Some((value, origin)) = overridden(row.field, layers, &entries) {
                told.say(&key, &value, origin);
                continue;
            }
            let (line, column) =
                profile.and_then(|profile| profile.places.get(&row.field).copied()).unwrap_or_default();
            match entries.get(&row.field) {
                Some(Entry::Text(text)) => told.say(&key, text, Origin::File { line, column }),
                Some(Entry::Secret(source)) => told.say(&key, &source.describe(), Origin::File { line, column }),
                Some(Entry::Clear) | None => told.say(&key, row.default, Origin::Default),
            }
        }
        let state_dir = self.state_dir.as_ref().map_or_else(String::new, |dir| dir.display().to_string());
        told.say("state_dir", &state_dir, top_place(&text, "state_dir"));
        Ok(told.0)
    }

    fn text(&self) -> Result<String, Failure> {
        let Some(file) = &self.file else { return Ok(String::new()) };
        match std::fs::read_to_string(file) {
            Ok(text) => Ok(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(Failure::new(FailureKind::Storage, "read configuration", error.to_string())
                .on(file.display().to_string())),
        }
    }
}

#[derive(Default)]
struct Told(Vec<Explained>);

impl Told {
    fn say(&mut self, key: &str, value: &str, origin: Origin) {
        self.0.push(Explained { key: key.to_owned(), value: value.to_owned(), origin });
    }
}

fn origin(is_flag: bool, flag: &'static str, variable: &'static str) -> Origin {
    if is_flag { Origin::Flag(flag) } else { Origin::Environment(variable) }
}

/// What a layer above the file says of a setting.
fn overridden(field: Field, layers: [(&Layer, bool); 2], entries: &BTreeMap<Field, Entry>) -> Option<(String, Origin)> {
    let is_saved = !entries.is_empty();
    match field {
        Field::Bootstrap if !is_saved => layers.into_iter().find_map(|(layer, is_flag)| {
            Some((layer.bootstrap.clone()?, origin(is_flag, "--bootstrap", "KLAMM_BOOTSTRAP")))
        }),
        Field::Registry => layers.into_iter().find_map(|(layer, is_flag)| {
            let (url, _) = registry_url::split(layer.registry.as_deref()?);
            Some((url, origin(is_flag, "--registry", "KLAMM_REGISTRY")))
        }),
        // A context is one of its own layer's registry, if that names one.
        Field::RegistryContext => {
            let says = |(layer, _): &(&Layer, bool)| layer.registry_context.is_some() || layer.registry.is_some();
            let named = layers.into_iter().find(says).and_then(|(layer, is_flag)| {
                let context = layer.registry_context.as_ref()?.to_string();
                Some((context, origin(is_flag, "--registry-context", "KLAMM_REGISTRY_CONTEXT")))
            });
            named.or_else(|| of_another_registry(field, layers, entries))
        }
        // The password of one registry is not sent to another.
        Field::RegistryUser | Field::RegistryPassword | Field::RegistryCa => {
            of_another_registry(field, layers, entries)
        }
        // A profile that is read-only says so itself: no layer opens it.
        Field::ReadOnly if !matches!(entries.get(&field), Some(Entry::Text(text)) if text == "true") => {
            let (_, is_flag) = layers.into_iter().find(|(layer, _)| layer.read_only)?;
            Some(("true".into(), origin(is_flag, "--read-only", "KLAMM_READ_ONLY")))
        }
        Field::TimeZone => layers
            .into_iter()
            .find_map(|(layer, is_flag)| Some((zone_name(layer.zone.as_ref()?), origin(is_flag, "--tz", "KLAMM_TZ")))),
        _ => None,
    }
}

/// What holds of a setting of the saved registry where another one is named.
fn of_another_registry(
    field: Field,
    layers: [(&Layer, bool); 2],
    entries: &BTreeMap<Field, Entry>,
) -> Option<(String, Origin)> {
    let (url, origin) = overridden(Field::Registry, layers, entries)?;
    let is_other = !matches!(entries.get(&Field::Registry), Some(Entry::Text(saved)) if *saved == url);
    let instead = if field == Field::RegistryContext { field.row().default } else { "none" };
    is_other.then(|| (format!("{instead}: the registry is another one"), origin))
}

/// Where a key of the file's first part stands; the default where it is not there.
fn top_place(text: &str, key: &str) -> Origin {
    let found = Document::parse(text).ok().and_then(|document| document.as_table().get(key)?.span());
    let Some(before) = found.and_then(|span| text.get(..span.start)) else { return Origin::Default };
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Origin::File { line, column }
}

#[cfg(test)]
mod tests {
    use crate::domain::registry_context::RegistryContext;
    use crate::profile::*;
    use std::io::Write as _;

    const FILE: &str = "default = \"a\"\n[profiles.a]\nbootstrap = \"h\"\nregistry = \"http://u:hush@r\"\n\
        [profiles.a.sasl]\nmechanism = \"PLAIN\"\nuser = \"u\"\npassword = \"hush\"\n";

    fn explained(flags: &Layer, environment: &Layer) -> Vec<String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(FILE.as_bytes()).unwrap();
        let told = load(Some(file.path().to_owned())).unwrap().explain(flags, environment).unwrap();
        assert!(!format!("{told:?}").contains("hush"), "{told:?}");
        told.iter().map(|told| format!("{}={} {:?}", told.key, told.value, told.origin)).collect()
    }

    #[test]
    fn each_value_names_its_layer() {
        let context = RegistryContext::parse("shop").ok();
        let environment = Layer {
            zone: Some(jiff::tz::TimeZone::UTC),
            read_only: true,
            registry_context: context,
            ..Layer::default()
        };
        let flags = Layer { registry: Some("http://x:hush@other".into()), ..Layer::default() };
        let told = explained(&flags, &environment);
        for line in [
            "profile=a File { line: 1, column: 11 }",
            "bootstrap=h File { line: 3, column: 13 }",
            "sasl.password=in the configuration file File { line: 8, column: 12 }",
            "registry.url=http://other Flag(\"--registry\")",
            "registry.password=none: the registry is another one Flag(\"--registry\")",
            "registry.context=the default one: the registry is another one Flag(\"--registry\")",
            "read_only=true Environment(\"KLAMM_READ_ONLY\")",
            "time_zone=UTC Environment(\"KLAMM_TZ\")",
            "refresh.lag=5s Default",
        ] {
            assert!(told.iter().any(|told| told == line), "{line} in {told:#?}");
        }
        let told = explained(&Layer::default(), &environment);
        let context = "registry.context=.shop Environment(\"KLAMM_REGISTRY_CONTEXT\")".to_owned();
        assert!(told.contains(&context), "{told:#?}");
    }

    #[test]
    fn addresses_silence_the_file() {
        let flags = Layer { bootstrap: Some("x:1".into()), ..Layer::default() };
        let told = explained(&flags, &Layer { profile: Some("a".into()), ..Layer::default() });
        assert!(told.contains(&"bootstrap=x:1 Flag(\"--bootstrap\")".to_owned()), "{told:#?}");
        assert!(!told.iter().any(|told| told.starts_with("profile=")), "{told:#?}");
        assert!(told.contains(&"sasl.user=none Default".to_owned()), "{told:#?}");
    }
}
