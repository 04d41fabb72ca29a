//! A profile with every layer applied and every secret at hand.

use crate::domain::mask::Masks;
use crate::domain::naming::Naming;
use crate::domain::registry_context::RegistryContext;
use crate::domain::rules::Rules;
use crate::domain::topic_formats::TopicFormats;
use jiff::tz::TimeZone;
use secrecy::SecretString;
use std::path::PathBuf;
use std::time::Duration;

/// One cluster, ready to connect to.
#[derive(Clone, Debug)]
pub struct Profile {
    pub name: String,
    /// `host:port`, several.
    pub bootstrap: Vec<String>,
    /// `None`: plaintext.
    pub tls: Option<TlsSettings>,
    pub sasl: Option<SaslSettings>,
    pub registry: Option<RegistrySettings>,
    /// A colour's name, for the frame.
    pub colour: Option<String>,
    pub read_only: bool,
    /// `:unlock` is refused.
    pub forbid_unlock: bool,
    /// Skipping unread records asks for the name.
    pub production: bool,
    pub zone: TimeZone,
    /// Bytes a second and broker that reading records may take.
    pub read_budget_bytes_per_second: Option<u64>,
    /// Where klamm runs, in the words of `broker.rack`: records are read from there
    /// where the cluster offers it.
    pub rack: Option<String>,
    pub refresh: Refresh,
    /// How groups are judged.
    pub rules: Rules,
    /// How records are read when nobody says otherwise.
    pub formats: TopicFormats,
    /// What of records nobody may see.
    pub masks: Masks,
    /// What the names of new topics must match.
    pub naming: Option<Naming>,
    /// Keeps nothing on disk: the cluster is gone when klamm ends.
    pub is_demo: bool,
    /// Where the journal is kept.
    pub state_dir: Option<PathBuf>,
    pub notes: Option<String>,
}

/// How often the console asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// Brokers, topics, configs.
    pub metadata: Duration,
    /// Groups, offsets, sizes.
    pub lag: Duration,
}

impl Default for Refresh {
    fn default() -> Self {
        Self { metadata: Duration::from_secs(10), lag: Duration::from_secs(5) }
    }
}

/// The usual limit on reading records.
pub const READ_BUDGET: u64 = 50_000_000;

impl Profile {
    /// A profile with nothing but a name and addresses.
    pub fn plain(name: impl Into<String>, bootstrap: Vec<String>) -> Self {
        Self {
            name: name.into(),
            bootstrap,
            tls: None,
            sasl: None,
            registry: None,
            colour: None,
            read_only: false,
            forbid_unlock: false,
            production: false,
            zone: super::zone::system(),
            read_budget_bytes_per_second: Some(READ_BUDGET),
            rack: None,
            refresh: Refresh::default(),
            rules: Rules::default(),
            formats: TopicFormats::default(),
            masks: Masks::default(),
            naming: None,
            is_demo: false,
            state_dir: None,
            notes: None,
        }
    }
}

/// A certificate or key: where it lies, or the text itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pem {
    File(PathBuf),
    Text(String),
}

#[derive(Clone, Debug)]
pub struct TlsSettings {
    /// `None`: the system's roots.
    pub ca: Option<Pem>,
    pub certificate: Option<ClientCertificate>,
    /// Turned off only explicitly.
    pub verify_hostname: bool,
}

#[derive(Clone, Debug)]
pub enum ClientCertificate {
    Pem { certificate: PathBuf, key: PathBuf, passphrase: Option<SecretString> },
    Pkcs12 { bundle: PathBuf, passphrase: Option<SecretString> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    Plain,
    ScramSha256,
    ScramSha512,
    OAuthBearer,
}

impl Mechanism {
    /// Its name on the wire and in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
            Self::OAuthBearer => "OAUTHBEARER",
        }
    }
}

#[derive(Clone, Debug)]
pub struct SaslSettings {
    pub mechanism: Mechanism,
    /// Empty for OAUTHBEARER.
    pub user: String,
    /// The password, or the token.
    pub secret: SecretString,
}

#[derive(Clone, Debug)]
pub struct RegistrySettings {
    pub url: String,
    pub context: RegistryContext,
    pub basic: Option<(String, SecretString)>,
    /// `None`: the system's roots.
    pub ca: Option<Pem>,
}
