//! The table of everything that a profile may say.
//!
//! Owns: each setting's key, kind and words. The reader's known keys, the flags of
//! `klamm profiles add`, the console's form, `klamm config explain` and the JSON
//! Schema are made from it; nothing repeats it.

use super::file;
use crate::domain::naming::Naming;
use crate::domain::registry_context::RegistryContext;
use crate::domain::rules::{Rule, Rules};
use crate::domain::topic_formats::TopicFormat;
use crate::domain::{mask, throughput, when};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    Bootstrap,
    Tls,
    Ca,
    Certificate,
    Key,
    Pkcs12,
    Passphrase,
    VerifyHostname,
    Mechanism,
    User,
    Password,
    Token,
    Registry,
    RegistryContext,
    RegistryUser,
    RegistryPassword,
    RegistryCa,
    Colour,
    ReadOnly,
    ForbidUnlock,
    Production,
    TimeZone,
    ReadBudget,
    Rack,
    RefreshMetadata,
    RefreshLag,
    Judge(Rule),
    Formats,
    Masks,
    Naming,
    Notes,
}

/// What a value may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One or more `host:port`.
    Addresses,
    Flag,
    /// A file, from the folder of the configuration on.
    Path,
    Words(&'static [&'static str]),
    Colour,
    Zone,
    ByteRate,
    /// Of a second to an hour.
    Duration,
    /// A regular expression.
    Expression,
    Url,
    /// A context of a schema registry.
    Context,
    Text,
    /// Where a secret is kept.
    Secret,
    /// Patterns of topics with a format each.
    Formats,
    /// What is masked, by topic.
    Masks,
    /// By what groups are judged.
    Rule(Rule),
}

/// One setting.
#[derive(Debug)]
pub struct FieldRow {
    pub field: Field,
    /// Its keys below the profile.
    pub path: &'static [&'static str],
    pub kind: Kind,
    /// The flag that sets it, without the dashes.
    pub flag: &'static str,
    /// One line, for help, form and schema.
    pub doc: &'static str,
    /// What holds when nothing says it.
    pub default: &'static str,
}

pub const MECHANISMS: &[&str] = &["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"];
pub const COLOURS: &[&str] = &["red", "yellow", "green", "blue", "magenta", "cyan"];

const fn row(
    field: Field,
    path: &'static [&'static str],
    kind: Kind,
    flag: &'static str,
    default: &'static str,
    doc: &'static str,
) -> FieldRow {
    FieldRow { field, path, kind, flag, doc, default }
}

use Field as F;
use Kind as K;

/// Every setting there is. The order is that of form, help and explanation.
#[rustfmt::skip]
pub static FIELDS: &[FieldRow; 35] = &[
    row(F::Bootstrap, &["bootstrap"], K::Addresses, "bootstrap", "", "Addresses of some brokers, host:port; the port is 9092 without one"),
    row(F::Tls, &["tls"], K::Flag, "tls", "false", "Connect by TLS"),
    row(F::Ca, &["tls", "ca"], K::Path, "ca", "the system's authorities", "Certificate of the authority that signed the brokers' (PEM)"),
    row(F::Certificate, &["tls", "certificate"], K::Path, "certificate", "none", "Client certificate (PEM)"),
    row(F::Key, &["tls", "key"], K::Path, "key", "in the certificate's file", "Key of the client certificate (PEM)"),
    row(F::Pkcs12, &["tls", "pkcs12"], K::Path, "pkcs12", "none", "Client certificate and key in one PKCS#12 file"),
    row(F::Passphrase, &["tls", "passphrase"], K::Secret, "passphrase", "none", "Passphrase of the key or of the PKCS#12 file"),
    row(F::VerifyHostname, &["tls", "verify_hostname"], K::Flag, "verify-hostname", "true", "Refuse a certificate for another host name"),
    row(F::Mechanism, &["sasl", "mechanism"], K::Words(MECHANISMS), "sasl-mechanism", "none", "How to authenticate"),
    row(F::User, &["sasl", "user"], K::Text, "user", "none", "User of PLAIN and SCRAM"),
    row(F::Password, &["sasl", "password"], K::Secret, "password", "none", "Password of PLAIN and SCRAM"),
    row(F::Token, &["sasl", "token"], K::Secret, "token", "none", "Token of OAUTHBEARER"),
    row(F::Registry, &["registry", "url"], K::Url, "registry", "none", "Address of the schema registry, http:// or https://"),
    row(F::RegistryContext, &["registry", "context"], K::Context, "registry-context", "the default one", "The registry's context that ids and subjects are of, such as .staging"),
    row(F::RegistryUser, &["registry", "user"], K::Text, "registry-user", "none", "User of the registry"),
    row(F::RegistryPassword, &["registry", "password"], K::Secret, "registry-password", "none", "Password of the registry"),
    row(F::RegistryCa, &["registry", "ca"], K::Path, "registry-ca", "the system's authorities", "Certificate of the authority that signed the registry's (PEM)"),
    row(F::Colour, &["colour"], K::Colour, "colour", "none", "Colour of the frame: red, yellow, green, blue, magenta, cyan, #rrggbb"),
    row(F::ReadOnly, &["read_only"], K::Flag, "read-only", "false", "Refuse every change until :unlock"),
    row(F::ForbidUnlock, &["forbid_unlock"], K::Flag, "forbid-unlock", "false", "Refuse :unlock too"),
    row(F::Production, &["production"], K::Flag, "production", "false", "Skipping unread records asks for the group's name"),
    row(F::TimeZone, &["time_zone"], K::Zone, "time-zone", "the system's", "Zone in which times are shown and read, such as Europe/Berlin"),
    row(F::ReadBudget, &["read_budget"], K::ByteRate, "read-budget", "50MB/s", "What reading records may take per broker, such as 20MB/s; or unlimited"),
    row(F::Rack, &["rack"], K::Text, "rack", "none", "Where klamm runs, as broker.rack calls it: records are read from there"),
    row(F::RefreshMetadata, &["refresh", "metadata"], K::Duration, "refresh-metadata", "10s", "How often brokers, topics and configs are asked for"),
    row(F::RefreshLag, &["refresh", "lag"], K::Duration, "refresh-lag", "5s", "How often groups, offsets and sizes are asked for"),
    row(F::Judge(Rule::Intervals), &["verdict", "intervals"], K::Rule(Rule::Intervals), "verdict-intervals", "10", "Commits of a group by which it is judged"),
    row(F::Judge(Rule::MinDistance), &["verdict", "min_distance"], K::Rule(Rule::MinDistance), "verdict-min-distance", "0s", "A commit that follows sooner takes the place of the one before, such as 1s"),
    row(F::Judge(Rule::AllowedLag), &["verdict", "allowed_lag"], K::Rule(Rule::AllowedLag), "verdict-allowed-lag", "0", "Records that count as no lag"),
    row(F::Judge(Rule::MinimumComplete), &["verdict", "minimum_complete"], K::Rule(Rule::MinimumComplete), "verdict-minimum-complete", "0", "Share of its commits below which a group counts as OK, unjudged"),
    row(F::Judge(Rule::Expire), &["verdict", "expire"], K::Rule(Rule::Expire), "verdict-expire", "7d", "Older commits do not count"),
    row(F::Formats, &["formats"], K::Formats, "formats", "auto", "How keys and values are read by topic, such as orders.*=int64 avro:order.avsc, *.log=text"),
    row(F::Masks, &["masks"], K::Masks, "masks", "none", "What of records nobody may see by topic, such as orders.*=value.email headers.token, *=/[0-9]{16}/"),
    row(F::Naming, &["naming"], K::Expression, "naming", "none", "Regular expression that topics' names must match"),
    row(F::Notes, &["notes"], K::Text, "notes", "none", "What to know about this cluster"),
];

impl Field {
    pub fn row(self) -> &'static FieldRow {
        let [first, ..] = FIELDS;
        // Every field has a row: a test holds that.
        FIELDS.iter().find(|row| row.field == self).unwrap_or(first)
    }

    /// "tls.ca"
    pub fn key(self) -> String {
        self.row().path.join(".")
    }

    pub fn by_key(key: &str) -> Option<Self> {
        FIELDS.iter().find(|row| row.path.join(".") == key).map(|row| row.field)
    }

    /// What is wrong with `text` as this setting's value. Looks at no file.
    pub fn check(self, text: &str) -> Result<(), String> {
        match self.row().kind {
            Kind::Addresses => file::addresses(text).map(|_| ()),
            Kind::Flag => flag(text).map(|_| ()).ok_or_else(|| "write true or false".to_owned()),
            Kind::Words(words) if words.contains(&text.to_ascii_uppercase().as_str()) => Ok(()),
            Kind::Words(words) => Err(format!("it is one of {}", words.join(", "))),
            Kind::Colour => colour(text),
            Kind::Zone => jiff::tz::TimeZone::get(text)
                .map(|_| ())
                .map_err(|_| format!("\u{201c}{text}\u{201d} is no time zone; write Europe/Berlin or UTC")),
            Kind::ByteRate if text == "unlimited" || throughput::parse(text).is_some() => Ok(()),
            Kind::ByteRate => Err("write 50MB/s or unlimited".into()),
            Kind::Duration => pace(text).map(|_| ()),
            Kind::Expression => Naming::parse(text).map(|_| ()),
            Kind::Url if text.starts_with("http://") || text.starts_with("https://") => Ok(()),
            Kind::Url => Err("it begins with http:// or https://".into()),
            Kind::Context => RegistryContext::parse(text).map(|_| ()),
            Kind::Formats => formats(text).map(|_| ()),
            Kind::Masks => mask::parse(text).map(|_| ()),
            Kind::Rule(rule) => Rules::default().set(rule, text),
            Kind::Path | Kind::Text | Kind::Secret => Ok(()),
        }
    }
}

/// `true`, `yes`, `on` and their opposites.
pub(super) fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

pub(super) fn colour(text: &str) -> Result<(), String> {
    let is_hex = text.strip_prefix('#').is_some_and(|hex| hex.len() == 6 && hex.chars().all(|c| c.is_ascii_hexdigit()));
    if is_hex || COLOURS.contains(&text) {
        return Ok(());
    }
    Err(format!("\u{201c}{text}\u{201d} is no colour; write {} or #rrggbb", COLOURS.join(", ")))
}

/// Faster would load the cluster for nothing, slower would be as good as never.
pub(super) fn pace(text: &str) -> Result<Duration, String> {
    let wrong = || format!("\u{201c}{text}\u{201d} is no pace; write a duration of 1s to 1h, such as 10s");
    let millis = when::parse_duration(text).map_err(|_| wrong())?;
    match u64::try_from(millis) {
        Ok(millis @ 1_000..=3_600_000) => Ok(Duration::from_millis(millis)),
        _ => Err(wrong()),
    }
}

/// `orders.*=int64 avro, *.log=text`
pub(super) fn formats(text: &str) -> Result<Vec<(String, String)>, String> {
    let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (pattern, word) = pair.split_once('=').ok_or_else(|| format!("{pair}: write PATTERN=FORMAT"))?;
            let (pattern, word) = (pattern.trim(), word.trim());
            TopicFormat::parse(word)?;
            Ok((pattern.to_owned(), word.to_owned()))
        })
        .collect()
}

/// The keys of a section of the profile; of the profile itself without one.
pub(super) fn keys_of(section: Option<&str>) -> Vec<&'static str> {
    let mut keys: Vec<&'static str> = Vec::new();
    for row in FIELDS {
        let key = match (section, row.path) {
            (None, [first, ..]) => *first,
            (Some(section), [first, second]) if *first == section => *second,
            _ => continue,
        };
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// A path as the file's reader understands it: `~/` is the home directory, and a
/// relative one starts at the folder of the file.
pub fn path_from(text: &str, folder: Option<&std::path::Path>) -> PathBuf {
    if let (Some(rest), Some(home)) = (text.strip_prefix("~/"), dirs::home_dir()) {
        return home.join(rest);
    }
    folder.map_or_else(|| PathBuf::from(text), |folder| folder.join(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::collections::HashSet;

    #[test]
    fn every_field_has_one_row_and_no_two_share_key_or_flag() {
        let fields: HashSet<Field> = FIELDS.iter().map(|row| row.field).collect();
        let keys: HashSet<String> = FIELDS.iter().map(|row| row.field.key()).collect();
        let flags: HashSet<&str> = FIELDS.iter().map(|row| row.flag).collect();
        assert_eq!((fields.len(), keys.len(), flags.len()), (FIELDS.len(), FIELDS.len(), FIELDS.len()));
        let rules = FIELDS.iter().filter(|row| matches!(row.field, Field::Judge(_)));
        assert!(rules.map(|row| row.path[1]).eq(Rule::ALL.map(Rule::key)), "every rule is in the table");
        assert!(FIELDS.iter().all(|row| Field::by_key(&row.field.key()) == Some(row.field)));
    }

    #[rstest]
    #[case(Field::Bootstrap, "a:9092, b", true)]
    #[case(Field::Bootstrap, "a:x", false)]
    #[case(Field::ReadOnly, "yes", true)]
    #[case(Field::ReadOnly, "maybe", false)]
    #[case(Field::Mechanism, "scram-sha-512", true)]
    #[case(Field::Mechanism, "GSSAPI", false)]
    #[case(Field::Colour, "#12aBef", true)]
    #[case(Field::Colour, "mauve", false)]
    #[case(Field::TimeZone, "Europe/Berlin", true)]
    #[case(Field::TimeZone, "Mars/Olympus", false)]
    #[case(Field::ReadBudget, "unlimited", true)]
    #[case(Field::ReadBudget, "fast", false)]
    #[case(Field::RefreshLag, "30s", true)]
    #[case(Field::RefreshLag, "0s", false)]
    #[case(Field::RefreshLag, "2h", false)]
    #[case(Field::Naming, "[a-z.]+", true)]
    #[case(Field::Naming, "[a-z", false)]
    #[case(Field::Registry, "https://r", true)]
    #[case(Field::Registry, "r:8081", false)]
    #[case(Field::RegistryContext, ".staging", true)]
    #[case(Field::RegistryContext, "a/b", false)]
    #[case(Field::Formats, "orders.*=avro, x=hex", true)]
    #[case(Field::Formats, "orders.*=yaml", false)]
    #[case(Field::Masks, "orders.*=value.email headers.token, *=/[0-9]{2,4}/", true)]
    #[case(Field::Masks, "orders.*=body", false)]
    fn values_are_judged_as_they_are_typed(#[case] field: Field, #[case] text: &str, #[case] is_good: bool) {
        assert_eq!(field.check(text).is_ok(), is_good, "{:?}", field.check(text));
    }
}
