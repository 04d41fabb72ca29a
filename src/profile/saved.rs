//! A profile as it stands in the file: secrets are named, not fetched.

use super::field::Field;
use super::secret::{Ask, Question, SecretSource};
use super::settings::{
    ClientCertificate, Mechanism, Pem, Profile, READ_BUDGET, Refresh, RegistrySettings, SaslSettings, TlsSettings,
};
use crate::domain::Failure;
use crate::domain::mask::Masks;
use crate::domain::naming::Naming;
use crate::domain::registry_context::RegistryContext;
use crate::domain::rules::Rules;
use crate::domain::topic_formats::TopicFormats;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// Something in the file that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigWarning {
    pub file: PathBuf,
    /// From 1; 0 when the whole file is meant.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    pub text: String,
}

impl fmt::Display for ConfigWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}", self.text)
    }
}

/// One `[profiles.NAME]`.
#[derive(Clone, Debug)]
pub struct SavedProfile {
    pub name: String,
    pub bootstrap: Vec<String>,
    pub tls: Option<SavedTls>,
    pub sasl: Option<SavedSasl>,
    pub registry: Option<SavedRegistry>,
    pub colour: Option<String>,
    pub read_only: bool,
    pub forbid_unlock: bool,
    pub production: bool,
    pub zone: Option<TimeZone>,
    /// `Some(None)`: no limit.
    pub read_budget: Option<Option<u64>>,
    pub rack: Option<String>,
    pub refresh: Refresh,
    pub rules: Rules,
    pub formats: TopicFormats,
    pub masks: Masks,
    pub naming: Option<Naming>,
    pub notes: Option<String>,
    /// Line and column of each setting that the file gives.
    pub places: BTreeMap<Field, (usize, usize)>,
}

#[derive(Clone, Debug)]
pub struct SavedTls {
    pub ca: Option<Pem>,
    pub certificate: Option<SavedCertificate>,
    pub verify_hostname: bool,
}

#[derive(Clone, Debug)]
pub enum SavedCertificate {
    Pem { certificate: PathBuf, key: PathBuf, passphrase: Option<SecretSource> },
    Pkcs12 { bundle: PathBuf, passphrase: Option<SecretSource> },
}

#[derive(Clone, Debug)]
pub struct SavedSasl {
    pub mechanism: Mechanism,
    pub user: String,
    pub secret: SecretSource,
}

#[derive(Clone, Debug)]
pub struct SavedRegistry {
    pub url: String,
    pub context: RegistryContext,
    pub basic: Option<(String, SecretSource)>,
    pub ca: Option<Pem>,
}

impl SavedProfile {
    /// The profile with its secrets fetched, ready to connect.
    pub(super) fn open(
        &self,
        environment: &dyn Fn(&str) -> Option<String>,
        ask: Ask<'_>,
        state_dir: Option<PathBuf>,
    ) -> Result<Profile, Failure> {
        let secret = |source: &SecretSource, field| {
            let question = Question { profile: self.name.clone(), field };
            source.resolve(environment, &|| ask(&question))
        };
        let optional =
            |source: &Option<SecretSource>| source.as_ref().map(|source| secret(source, Field::Passphrase)).transpose();
        let tls = match &self.tls {
            None => None,
            Some(tls) => Some(TlsSettings {
                ca: tls.ca.clone(),
                verify_hostname: tls.verify_hostname,
                certificate: match &tls.certificate {
                    None => None,
                    Some(SavedCertificate::Pem { certificate, key, passphrase }) => Some(ClientCertificate::Pem {
                        certificate: certificate.clone(),
                        key: key.clone(),
                        passphrase: optional(passphrase)?,
                    }),
                    Some(SavedCertificate::Pkcs12 { bundle, passphrase }) => {
                        Some(ClientCertificate::Pkcs12 { bundle: bundle.clone(), passphrase: optional(passphrase)? })
                    }
                },
            }),
        };
        let sasl = match &self.sasl {
            None => None,
            Some(sasl) => {
                let field = if sasl.mechanism == Mechanism::OAuthBearer { Field::Token } else { Field::Password };
                let secret = secret(&sasl.secret, field)?;
                Some(SaslSettings { mechanism: sasl.mechanism, user: sasl.user.clone(), secret })
            }
        };
        let registry = match &self.registry {
            None => None,
            Some(registry) => Some(RegistrySettings {
                url: registry.url.clone(),
                context: registry.context.clone(),
                ca: registry.ca.clone(),
                basic: match &registry.basic {
                    None => None,
                    Some((user, password)) => Some((user.clone(), secret(password, Field::RegistryPassword)?)),
                },
            }),
        };
        Ok(Profile {
            name: self.name.clone(),
            bootstrap: self.bootstrap.clone(),
            tls,
            sasl,
            registry,
            colour: self.colour.clone(),
            read_only: self.read_only,
            forbid_unlock: self.forbid_unlock,
            production: self.production,
            zone: self.zone.clone().unwrap_or_else(super::zone::system),
            read_budget_bytes_per_second: self.read_budget.unwrap_or(Some(READ_BUDGET)),
            rack: self.rack.clone(),
            refresh: self.refresh,
            rules: self.rules,
            formats: self.formats.clone(),
            masks: self.masks.clone(),
            naming: self.naming.clone(),
            is_demo: false,
            state_dir,
            notes: self.notes.clone(),
        })
    }
}
