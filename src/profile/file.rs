//! Reading the configuration file.
//!
//! Owns: its grammar, and saying where it is wrong. A profile with a wrong
//! value is not loaded: to read `read_only = "yes"` as no would be dangerous.
//! An unknown key only warns, so that an older klamm reads a newer file.

mod section;

use super::console::{ConsoleSettings, KeySetting, Placed};
use super::field::{self, FIELDS, Field, keys_of};
use super::registry_url;
use super::saved::{ConfigWarning, SavedCertificate, SavedProfile, SavedRegistry, SavedSasl, SavedTls};
use super::secret::SecretSource;
use super::settings::{Mechanism, Pem, Refresh};
use crate::domain::mask::{self, Masks};
use crate::domain::naming::Naming;
use crate::domain::registry_context::RegistryContext;
use crate::domain::rules::{Rule, Rules};
use crate::domain::topic_formats::{TopicFormat, TopicFormats};
use section::{Bad, Section};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml_edit::{Document, Item, TableLike};

/// The version of the file's shape that this klamm knows.
const VERSION: i64 = 1;

/// What a file holds.
pub(super) struct Read {
    pub profiles: Vec<SavedProfile>,
    pub default: Option<String>,
    pub state_dir: Option<PathBuf>,
    pub console: ConsoleSettings,
    pub warnings: Vec<ConfigWarning>,
}

/// Reads `text`; what is wrong becomes a warning with its place.
pub(super) fn parse(text: &str, file: &Path) -> Read {
    let mut reader = Reader { text, file, warnings: Vec::new() };
    let mut read = Read {
        profiles: Vec::new(),
        default: None,
        state_dir: None,
        console: ConsoleSettings::default(),
        warnings: Vec::new(),
    };
    match Document::parse(text) {
        Ok(document) => reader.document(document.as_table(), &mut read),
        Err(_) => {
            // One bad line must not cost the other profiles.
            for part in parts(text) {
                match Document::parse(part.as_str()) {
                    Ok(document) => reader.document(document.as_table(), &mut read),
                    Err(error) => reader.warn(error.span(), error.message().trim_end().replace('\n', ", ")),
                }
            }
        }
    }
    if let Some(name) = read.default.take_if(|name| !read.profiles.iter().any(|profile| profile.name == *name)) {
        reader.warn(None, format!("the default profile {name} is not there"));
    }
    read.warnings = reader.warnings;
    read
}

/// How a secret is named instead of written down.
const SOURCES: &str =
    r#"{ env = "NAME" }, { file = "…" }, { command = ["…"] }, { keyring = "NAME" } or { prompt = true }"#;

/// Said of a secret that stands in the file.
fn advice(what: &str) -> String {
    format!("{what} stands in the file for anyone who reads it; write {SOURCES}")
}

/// `host:port` several, separated by commas; a host alone gets Kafka's port.
pub(super) fn addresses(text: &str) -> Result<Vec<String>, String> {
    let list: Vec<&str> = text.split(',').map(str::trim).filter(|address| !address.is_empty()).collect();
    if list.is_empty() {
        return Err("no address is given".into());
    }
    list.into_iter().map(address).collect()
}

fn address(text: &str) -> Result<String, String> {
    let shown = crate::domain::text::sanitize(text);
    if text.contains("://") || text.contains(char::is_whitespace) {
        return Err(format!("\u{201c}{shown}\u{201d} is not host:port"));
    }
    // An IPv6 address without brackets is all colons: it has no port.
    let is_bare_v6 = text.matches(':').count() > 1 && !text.starts_with('[');
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !is_bare_v6 && !text.ends_with(']') => (host, port),
        _ => (text, "9092"),
    };
    let port: u16 = port
        .parse()
        .ok()
        .filter(|port| *port > 0)
        .ok_or_else(|| format!("\u{201c}{shown}\u{201d} has no port between 1 and 65535"))?;
    match host {
        "" => Err(format!("\u{201c}{shown}\u{201d} has no host")),
        host if is_bare_v6 => Ok(format!("[{host}]:{port}")),
        host => Ok(format!("{host}:{port}")),
    }
}

/// The file cut into the part before the first profile and one part for each
/// profile, all other lines blank, so that places stay right.
fn parts(text: &str) -> Vec<String> {
    let mut owners: Vec<String> = vec![String::new()];
    let mut lines: Vec<(usize, &str)> = Vec::new();
    let mut owner = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with('[') {
            let name = profile_of_header(line.trim()).unwrap_or_default();
            owner = match owners.iter().position(|known| *known == name) {
                Some(known) => known,
                None => {
                    owners.push(name);
                    owners.len() - 1
                }
            };
        }
        lines.push((owner, line));
    }
    let part = |wanted: usize| {
        let line = |(owner, line): &(usize, &str)| {
            if *owner == wanted { (*line).to_owned() } else { blank(line) }
        };
        lines.iter().map(line).collect()
    };
    (0..owners.len()).map(part).collect()
}

/// As many bytes, so that spans still point at the right place.
fn blank(line: &str) -> String {
    line.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect()
}

/// `prod` of `[profiles.prod]`, `[profiles."prod".tls]`, and of a header that
/// lacks its end.
fn profile_of_header(header: &str) -> Option<String> {
    let rest = header.trim_start_matches('[').trim_start().strip_prefix("profiles")?.trim_start().strip_prefix('.')?;
    let rest = rest.trim_start();
    let name = match rest.chars().next()? {
        quote @ ('"' | '\'') => rest.get(1..)?.split(quote).next()?,
        _ => rest.split(['.', ']', ' ', '#']).next()?,
    };
    Some(name.to_owned())
}

struct Reader<'a> {
    text: &'a str,
    file: &'a Path,
    warnings: Vec<ConfigWarning>,
}

impl Reader<'_> {
    fn warn(&mut self, span: Option<Range<usize>>, text: impl Into<String>) {
        let (line, column) = span.map_or((0, 0), |span| self.place(span.start));
        self.warnings.push(ConfigWarning { file: self.file.to_owned(), line, column, text: text.into() });
    }

    fn place(&self, offset: usize) -> (usize, usize) {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = self.text.get(..end).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }

    fn document(&mut self, table: &dyn TableLike, read: &mut Read) {
        let section = Section::new(table, "the file");
        let known = ["version", "default", "state_dir", "profiles", "theme", "keymap", "ascii", "keys"];
        for (key, span) in section.unknown(&known) {
            self.warn(span, key);
        }
        match section.integer("version") {
            Ok(None | Some(VERSION)) => {}
            Ok(Some(version)) => {
                let text =
                    format!("version {version} is newer than this klamm knows ({VERSION}); what it knows is read");
                self.warn(section.span("version"), text);
            }
            Err(bad) => self.warn(bad.span, bad.text),
        }
        match section.string("default") {
            Ok(default) => read.default = default.or(read.default.take()),
            Err(bad) => self.warn(bad.span, bad.text),
        }
        match section.string("state_dir") {
            Ok(dir) => read.state_dir = dir.map(|dir| self.path(&dir)).or(read.state_dir.take()),
            Err(bad) => self.warn(bad.span, bad.text),
        }
        self.console(&section, &mut read.console);
        let Some(item) = section.item("profiles") else { return };
        let Some(profiles) = item.as_table_like() else {
            self.warn(item.span(), "profiles must be tables: [profiles.NAME]");
            return;
        };
        for (name, item) in profiles.iter() {
            match self.profile(name, item) {
                Ok(profile) => read.profiles.push(profile),
                Err(bad) => {
                    let name = crate::domain::text::sanitize(name).into_owned();
                    self.warn(bad.span, format!("profile {name} is not loaded: {}", bad.text));
                }
            }
        }
    }

    fn console(&mut self, section: &Section<'_>, console: &mut ConsoleSettings) {
        for (key, place) in [("theme", &mut console.theme), ("keymap", &mut console.keymap)] {
            match section.string(key) {
                Ok(Some(value)) => *place = Some(self.placed(value, section.span(key))),
                Ok(None) => {}
                Err(bad) => self.warn(bad.span, bad.text),
            }
        }
        match section.boolean("ascii") {
            Ok(ascii) => console.ascii = ascii.or(console.ascii),
            Err(bad) => self.warn(bad.span, bad.text),
        }
        match section.section("keys") {
            Ok(Some(keys)) => self.keys("", &keys, &mut console.keys),
            Ok(None) => {}
            Err(bad) => self.warn(bad.span, bad.text),
        }
    }

    /// Lines such as `"topic.tail" = ["t"]`; without the quotes TOML reads the
    /// dot as a table, and it means the same.
    fn keys(&mut self, prefix: &str, section: &Section<'_>, found: &mut Vec<KeySetting>) {
        for (name, span, item) in section.entries() {
            let id = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
            if let Some(table) = item.as_table_like() {
                self.keys(&id, &Section::new(table, "keys"), found);
                continue;
            }
            let command = self.placed(id, span.clone().or_else(|| item.span()));
            let list = match item {
                Item::Value(toml_edit::Value::Array(list)) => list.iter().collect(),
                Item::Value(one) => vec![one],
                _ => Vec::new(),
            };
            let mut keys = Vec::new();
            let mut is_text = true;
            for value in list {
                match value.as_str() {
                    Some(text) => keys.push(self.placed(text.to_owned(), value.span())),
                    None => is_text = false,
                }
            }
            if is_text {
                found.push(KeySetting { command, keys });
            } else {
                let text = format!("keys: {} must be a list of texts such as [\"ctrl-t\", \"s n\"]", command.value);
                self.warn(item.span().or(span), text);
            }
        }
    }

    fn placed<T>(&self, value: T, span: Option<Range<usize>>) -> Placed<T> {
        let (line, column) = span.map_or((0, 0), |span| self.place(span.start));
        Placed { value, line, column }
    }

    fn profile(&mut self, name: &str, item: &Item) -> Result<SavedProfile, Bad> {
        if name.trim().is_empty() {
            return Err(Bad::at(item.span(), "a profile needs a name"));
        }
        let table = item.as_table_like().ok_or_else(|| Bad::at(item.span(), "it must be a table"))?;
        let section = Section::new(table, "a profile");
        self.warn_unknown(&section, &keys_of(None));
        let zone = match section.string("time_zone")? {
            None => None,
            Some(zone) => Some(jiff::tz::TimeZone::get(&zone).map_err(|_| {
                Bad::at(
                    section.span("time_zone"),
                    format!("\u{201c}{zone}\u{201d} is no time zone; write Europe/Berlin or UTC"),
                )
            })?),
        };
        Ok(SavedProfile {
            name: name.to_owned(),
            bootstrap: self.bootstrap(&section, item)?,
            tls: self.tls(&section)?,
            sasl: self.sasl(&section)?,
            registry: self.registry(&section)?,
            colour: self.colour(&section)?,
            read_only: section.boolean("read_only")?.unwrap_or(false),
            forbid_unlock: section.boolean("forbid_unlock")?.unwrap_or(false),
            production: section.boolean("production")?.unwrap_or(false),
            zone,
            read_budget: section.byte_rate("read_budget")?,
            rack: section.string("rack")?,
            refresh: self.refresh(&section)?,
            rules: self.rules(&section)?,
            formats: self.formats(&section)?,
            masks: self.masks(&section)?,
            naming: self.naming(&section)?,
            notes: section.string("notes")?,
            places: self.places(table),
        })
    }

    /// A colour that is none costs nothing but itself.
    fn colour(&mut self, section: &Section<'_>) -> Result<Option<String>, Bad> {
        let colour = section.string("colour")?;
        if let Some(Err(reason)) = colour.as_deref().map(field::colour) {
            self.warn(section.span("colour"), reason);
        }
        Ok(colour)
    }

    fn refresh(&mut self, profile: &Section<'_>) -> Result<Refresh, Bad> {
        let mut refresh = Refresh::default();
        let Some(section) = profile.section("refresh")? else { return Ok(refresh) };
        self.warn_unknown(&section, &keys_of(Some("refresh")));
        for (key, pace) in [("metadata", &mut refresh.metadata), ("lag", &mut refresh.lag)] {
            if let Some(text) = section.string(key)? {
                *pace = field::pace(&text).map_err(|reason| Bad::at(section.span(key), reason))?;
            }
        }
        Ok(refresh)
    }

    fn rules(&mut self, profile: &Section<'_>) -> Result<Rules, Bad> {
        let mut rules = Rules::default();
        let Some(section) = profile.section("verdict")? else { return Ok(rules) };
        self.warn_unknown(&section, &keys_of(Some("verdict")));
        for rule in Rule::ALL {
            let Some(item) = section.item(rule.key()) else { continue };
            let text = match item {
                Item::Value(toml_edit::Value::Integer(number)) => number.value().to_string(),
                Item::Value(toml_edit::Value::Float(number)) => number.value().to_string(),
                other => other.as_str().unwrap_or_default().to_owned(),
            };
            let bad = |reason| Bad::at(section.span(rule.key()), format!("verdict.{}: {reason}", rule.key()));
            rules.set(rule, &text).map_err(bad)?;
        }
        Ok(rules)
    }

    fn formats(&mut self, profile: &Section<'_>) -> Result<TopicFormats, Bad> {
        let Some(section) = profile.section("formats")? else { return Ok(TopicFormats::default()) };
        let mut formats = Vec::new();
        for (pattern, span, item) in section.entries() {
            let word = item.as_str().ok_or_else(|| Bad::at(span.clone(), "a format must be a text in quotes"))?;
            let mut format = TopicFormat::parse(word).map_err(|reason| Bad::at(item.span().or(span), reason))?;
            for file in [&mut format.key.schema, &mut format.value.schema].into_iter().flatten() {
                file.path = self.path(&file.path.to_string_lossy());
            }
            formats.push((pattern.to_owned(), format));
        }
        Ok(TopicFormats(formats))
    }

    /// A mask that cannot be read is never left out: what it would hide would be seen.
    fn masks(&mut self, profile: &Section<'_>) -> Result<Masks, Bad> {
        let Some(section) = profile.section("masks")? else { return Ok(Masks::default()) };
        let mut masks = Vec::new();
        for (topics, span, item) in section.entries() {
            let rules =
                item.as_str().ok_or_else(|| Bad::at(span.clone(), "what is masked must be a text in quotes"))?;
            masks.extend(mask::parse_rules(topics, rules).map_err(|reason| Bad::at(item.span().or(span), reason))?);
        }
        Ok(Masks(masks))
    }

    fn naming(&mut self, section: &Section<'_>) -> Result<Option<Naming>, Bad> {
        let Some(text) = section.string("naming")? else { return Ok(None) };
        Naming::parse(&text).map(Some).map_err(|reason| Bad::at(section.span("naming"), format!("naming: {reason}")))
    }

    /// Where each setting stands.
    fn places(&self, profile: &dyn TableLike) -> BTreeMap<Field, (usize, usize)> {
        let placed = FIELDS.iter().filter_map(|row| {
            let (first, second) = match row.path {
                [first] => (*first, None),
                [first, second] => (*first, Some(*second)),
                _ => return None,
            };
            let (key, item) = profile.get_key_value(first)?;
            let span = match (second, item.as_table_like()) {
                // `registry = "http://…"` says the address.
                (Some("url"), None) | (None, _) => item.span().or_else(|| key.span())?,
                (Some(second), Some(table)) => {
                    let (key, item) = table.get_key_value(second)?;
                    item.span().or_else(|| key.span())?
                }
                (Some(_), None) => return None,
            };
            Some((row.field, self.place(span.start)))
        });
        placed.collect()
    }

    fn warn_unknown(&mut self, section: &Section<'_>, known: &[&'static str]) {
        for (text, span) in section.unknown(known) {
            self.warn(span, text);
        }
    }

    fn bootstrap(&self, section: &Section<'_>, profile: &Item) -> Result<Vec<String>, Bad> {
        let Some(texts) = section.strings("bootstrap")? else {
            return Err(Bad::at(profile.span(), "bootstrap is missing: bootstrap = [\"host:9092\"]"));
        };
        addresses(&texts.join(",")).map_err(|reason| Bad::at(section.span("bootstrap"), reason))
    }

    fn tls(&mut self, profile: &Section<'_>) -> Result<Option<SavedTls>, Bad> {
        if let Some(Item::Value(toml_edit::Value::Boolean(enabled))) = profile.item("tls") {
            let plain = SavedTls { ca: None, certificate: None, verify_hostname: true };
            return Ok(enabled.value().then_some(plain));
        }
        let Some(section) = profile.section("tls")? else { return Ok(None) };
        self.warn_unknown(&section, &[keys_of(Some("tls")).as_slice(), &["ca_pem"]].concat());
        let passphrase = self.secret(&section, "passphrase")?;
        let certificate = match (section.string("certificate")?, section.string("key")?, section.string("pkcs12")?) {
            (None, None, None) => None,
            (Some(certificate), key, None) => {
                let certificate = self.path(&certificate);
                // One file may hold both.
                let key = key.map_or_else(|| certificate.clone(), |key| self.path(&key));
                Some(SavedCertificate::Pem { certificate, key, passphrase })
            }
            (None, None, Some(bundle)) => Some(SavedCertificate::Pkcs12 { bundle: self.path(&bundle), passphrase }),
            (None, Some(_), None) => return Err(Bad::at(section.span("key"), "a key needs its certificate")),
            (_, _, Some(_)) => {
                return Err(Bad::at(section.span("pkcs12"), "pkcs12 holds certificate and key: give one or the other"));
            }
        };
        let verify_hostname = section.boolean("verify_hostname")?.unwrap_or(true);
        Ok(Some(SavedTls { ca: self.ca(&section)?, certificate, verify_hostname }))
    }

    fn ca(&self, section: &Section<'_>) -> Result<Option<Pem>, Bad> {
        match (section.string("ca")?, section.string("ca_pem")?) {
            (Some(_), Some(_)) => Err(Bad::at(section.span("ca_pem"), "ca and ca_pem say the same: give one of them")),
            (Some(path), None) => Ok(Some(Pem::File(self.path(&path)))),
            (None, Some(text)) => Ok(Some(Pem::Text(text))),
            (None, None) => Ok(None),
        }
    }

    fn sasl(&mut self, profile: &Section<'_>) -> Result<Option<SavedSasl>, Bad> {
        let Some(section) = profile.section("sasl")? else { return Ok(None) };
        self.warn_unknown(&section, &keys_of(Some("sasl")));
        let mechanism = section.string("mechanism")?.unwrap_or_default();
        let mechanism = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => Mechanism::Plain,
            "SCRAM-SHA-256" => Mechanism::ScramSha256,
            "SCRAM-SHA-512" => Mechanism::ScramSha512,
            "OAUTHBEARER" => Mechanism::OAuthBearer,
            _ => {
                let text = "mechanism must be PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER";
                return Err(Bad::at(section.span("mechanism").or(profile.span("sasl")), text));
            }
        };
        let is_token = mechanism == Mechanism::OAuthBearer;
        let key = if is_token { "token" } else { "password" };
        let missing = |key: &str| Bad::at(profile.span("sasl"), format!("sasl.{key} is missing"));
        let user = section.string("user")?;
        let user = if is_token { user.unwrap_or_default() } else { user.ok_or_else(|| missing("user"))? };
        let secret = self.secret(&section, key)?.ok_or_else(|| missing(key))?;
        Ok(Some(SavedSasl { mechanism, user, secret }))
    }

    fn registry(&mut self, profile: &Section<'_>) -> Result<Option<SavedRegistry>, Bad> {
        let check = |url: &str, span| {
            if url.starts_with("http://") || url.starts_with("https://") {
                Ok(())
            } else {
                Err(Bad::at(span, "the registry's url must begin with http:// or https://"))
            }
        };
        if let Some(url) = profile.item("registry").and_then(Item::as_str) {
            check(url, profile.span("registry"))?;
            let (url, basic) = self.without_credentials(url, profile.span("registry"));
            return Ok(Some(SavedRegistry { url, context: RegistryContext::default(), basic, ca: None }));
        }
        let Some(section) = profile.section("registry")? else { return Ok(None) };
        self.warn_unknown(&section, &[keys_of(Some("registry")).as_slice(), &["ca_pem"]].concat());
        let url = section.string("url")?.ok_or_else(|| Bad::at(profile.span("registry"), "registry.url is missing"))?;
        check(&url, section.span("url"))?;
        let (url, in_url) = self.without_credentials(&url, section.span("url"));
        let basic = match (section.string("user")?, self.secret(&section, "password")?) {
            (None, None) => in_url,
            (Some(user), Some(password)) => Some((user, password)),
            _ => return Err(Bad::at(profile.span("registry"), "registry.user and registry.password belong together")),
        };
        let context = section.string("context")?.map(|text| RegistryContext::parse(&text)).transpose();
        let context =
            context.map_err(|reason| Bad::at(section.span("context"), format!("registry.context: {reason}")))?;
        Ok(Some(SavedRegistry { url, context: context.unwrap_or_default(), basic, ca: self.ca(&section)? }))
    }

    /// The address alone, and the credentials that stood in it.
    fn without_credentials(
        &mut self,
        url: &str,
        span: Option<Range<usize>>,
    ) -> (String, Option<(String, SecretSource)>) {
        let (url, basic) = registry_url::split(url);
        if basic.is_some() {
            self.warn(span, advice("the password in the registry's url"));
        }
        (url, basic.map(|(user, password)| (user, SecretSource::Literal(password))))
    }

    /// `{ env = "X" }`, `{ file = "…" }`, `{ command = ["…"] }` or the text itself.
    fn secret(&mut self, section: &Section<'_>, key: &str) -> Result<Option<SecretSource>, Bad> {
        let Some(item) = section.item(key) else { return Ok(None) };
        if let Some(text) = item.as_str() {
            self.warn(section.span(key), advice(key));
            return Ok(Some(SecretSource::Literal(text.into())));
        }
        let wrong = || Bad::at(section.span(key), format!("{key} must be {SOURCES}"));
        let table = item.as_table_like().filter(|table| table.len() == 1).ok_or_else(wrong)?;
        let source = Section::new(table, "a secret");
        if let Some(name) = source.string("env")? {
            return Ok(Some(SecretSource::Env(name)));
        }
        if let Some(path) = source.string("file")? {
            return Ok(Some(SecretSource::File(self.path(&path))));
        }
        if let Some(name) = source.string("keyring")? {
            return Ok(Some(SecretSource::Keyring(name)));
        }
        if source.boolean("prompt")? == Some(true) {
            return Ok(Some(SecretSource::Prompt));
        }
        match source.strings("command")? {
            Some(words) if !words.is_empty() => Ok(Some(SecretSource::Command(words))),
            _ => Err(wrong()),
        }
    }

    fn path(&self, text: &str) -> PathBuf {
        field::path_from(text, self.file.parent())
    }
}
