//! What a profile says, in the terms of the rooms that connect.
//!
//! The one table from security settings to the wire and, through it, to the
//! producer and the registry. Files are read here, when a profile is opened.

use crate::domain::{Failure, FailureKind};
use crate::kafka::wire::{CaSource, Endpoint, Identity, Options, Sasl, ScramHash, Security, Tls};
use crate::profile::{ClientCertificate, Mechanism, Pem, Profile, SaslSettings, TlsSettings};
use crate::services::registry::{self, Basic, Registry};
use std::path::Path;
use std::time::Duration;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
const REGISTRY_TIMEOUT: Duration = Duration::from_secs(10);

/// What brokers see of us in their request logs.
fn client_id() -> String {
    format!("klamm/{}", env!("CARGO_PKG_VERSION"))
}

pub(super) fn wire_options(profile: &Profile) -> Result<Options, Failure> {
    let invalid = |text: &str, reason: String| {
        Failure::new(FailureKind::Invalid, "read the bootstrap address", reason)
            .on(text)
            .hint("Write host:port, or several with commas between.")
    };
    let bootstrap = profile
        .bootstrap
        .iter()
        .map(|text| Endpoint::parse(text).map_err(|reason| invalid(text, reason.to_string())))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Options {
        bootstrap,
        security: Security { tls: profile.tls.as_ref().map(tls).transpose()?, sasl: profile.sasl.as_ref().map(sasl) },
        client_id: client_id(),
        connect_timeout: CONNECT_TIMEOUT,
        request_timeout: REQUEST_TIMEOUT,
    })
}

pub(super) fn registry(profile: &Profile) -> Result<Option<Registry>, Failure> {
    let Some(settings) = &profile.registry else { return Ok(None) };
    let options = registry::Options {
        url: settings.url.clone(),
        context: settings.context.clone(),
        auth: settings.basic.clone().map(|(user, password)| Basic { user, password }),
        extra_ca: settings.ca.as_ref().map(pem).transpose()?,
        timeout: REGISTRY_TIMEOUT,
        user_agent: client_id(),
    };
    Registry::new(options).map(Some)
}

fn tls(settings: &TlsSettings) -> Result<Tls, Failure> {
    let identity = match &settings.certificate {
        None => None,
        Some(ClientCertificate::Pem { certificate, key, passphrase }) => {
            Some(Identity::Pem { certificate: read(certificate)?, key: read(key)?, passphrase: passphrase.clone() })
        }
        Some(ClientCertificate::Pkcs12 { bundle, passphrase }) => {
            Some(Identity::Pkcs12 { bundle: read(bundle)?, passphrase: passphrase.clone() })
        }
    };
    Ok(Tls {
        ca: settings.ca.as_ref().map(pem).transpose()?.map(CaSource::Pem),
        identity,
        verify_hostname: settings.verify_hostname,
    })
}

fn sasl(settings: &SaslSettings) -> Sasl {
    let (user, secret) = (settings.user.clone(), settings.secret.clone());
    match settings.mechanism {
        Mechanism::Plain => Sasl::Plain { user, password: secret },
        Mechanism::ScramSha256 => Sasl::Scram { hash: ScramHash::Sha256, user, password: secret },
        Mechanism::ScramSha512 => Sasl::Scram { hash: ScramHash::Sha512, user, password: secret },
        Mechanism::OAuthBearer => Sasl::OAuthBearer { token: secret },
    }
}

fn pem(pem: &Pem) -> Result<Vec<u8>, Failure> {
    match pem {
        Pem::File(path) => read(path),
        Pem::Text(text) => Ok(text.clone().into_bytes()),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| {
        Failure::new(FailureKind::Storage, "read the file", error.to_string())
            .on(path.display().to_string())
            .hint("The profile names it; check the path and its permissions.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::SecretString;

    fn with_sasl(mechanism: Mechanism) -> Sasl {
        let mut profile = Profile::plain("p", vec!["h:1".into()]);
        profile.sasl = Some(SaslSettings { mechanism, user: "alice".into(), secret: SecretString::from("s3cret") });
        wire_options(&profile).unwrap().security.sasl.unwrap()
    }

    #[test]
    fn each_mechanism_has_its_twin_on_the_wire() {
        assert!(matches!(with_sasl(Mechanism::Plain), Sasl::Plain { .. }));
        assert!(matches!(with_sasl(Mechanism::ScramSha256), Sasl::Scram { hash: ScramHash::Sha256, .. }));
        assert!(matches!(with_sasl(Mechanism::ScramSha512), Sasl::Scram { hash: ScramHash::Sha512, .. }));
        assert!(matches!(with_sasl(Mechanism::OAuthBearer), Sasl::OAuthBearer { .. }));
    }

    #[test]
    fn a_missing_certificate_is_named() {
        let mut profile = Profile::plain("p", vec!["h:1".into()]);
        profile.tls = Some(TlsSettings {
            ca: Some(Pem::File("/no/such/ca.pem".into())),
            certificate: None,
            verify_hostname: true,
        });
        let failure = wire_options(&profile).err().unwrap();
        assert_eq!((failure.kind, failure.target.as_str()), (FailureKind::Storage, "/no/such/ca.pem"));
    }

    #[test]
    fn an_address_that_is_none_is_refused_before_anything_is_dialled() {
        let failure = wire_options(&Profile::plain("p", vec!["no port".into()])).err().unwrap();
        assert_eq!(failure.kind, FailureKind::Invalid);
    }
}
