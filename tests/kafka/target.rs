//! A cluster as a check sees it: addresses and credentials, nothing of how it
//! was started. The demo and every real cluster come down to one of these.

use crate::pki::PASSPHRASE;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use klamm::profile::{self, ClientCertificate, Pem, Profile, SaslSettings, TlsSettings};
use rdkafka::ClientConfig;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    Plain,
    ScramSha256,
    ScramSha512,
    /// An unsecured token: the brokers' default validator takes it.
    OAuthBearer,
}

impl Mechanism {
    pub fn word(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
            Self::OAuthBearer => "OAUTHBEARER",
        }
    }
}

/// How a client proves who it is by certificate.
#[derive(Clone, Debug)]
pub enum Certificate {
    Pem { chain: PathBuf, key: PathBuf, encrypted: bool },
    Pkcs12(PathBuf),
}

#[derive(Clone, Debug, Default)]
pub struct Security {
    /// TLS, trusting this authority.
    pub authority: Option<PathBuf>,
    pub certificate: Option<Certificate>,
    pub sasl: Option<Sasl>,
}

#[derive(Clone, Debug)]
pub struct Sasl {
    pub mechanism: Mechanism,
    pub user: String,
    pub password: String,
}

#[derive(Clone, Debug)]
pub struct Target {
    pub bootstrap: String,
    pub security: Security,
    pub registry: Option<String>,
}

impl Target {
    /// The same cluster for the library itself.
    pub fn profile(&self) -> Profile {
        let mut profile = Profile::plain("it", self.bootstrap.split(',').map(str::to_owned).collect());
        profile.tls = self.security.authority.as_ref().map(|authority| TlsSettings {
            ca: Some(Pem::File(authority.clone())),
            certificate: self.security.certificate.as_ref().map(|certificate| match certificate {
                Certificate::Pem { chain, key, encrypted } => ClientCertificate::Pem {
                    certificate: chain.clone(),
                    key: key.clone(),
                    passphrase: encrypted.then(|| PASSPHRASE.into()),
                },
                Certificate::Pkcs12(bundle) => {
                    ClientCertificate::Pkcs12 { bundle: bundle.clone(), passphrase: Some(PASSPHRASE.into()) }
                }
            }),
            verify_hostname: true,
        });
        profile.sasl = self.security.sasl.as_ref().map(|sasl| SaslSettings {
            mechanism: match sasl.mechanism {
                Mechanism::Plain => profile::Mechanism::Plain,
                Mechanism::ScramSha256 => profile::Mechanism::ScramSha256,
                Mechanism::ScramSha512 => profile::Mechanism::ScramSha512,
                Mechanism::OAuthBearer => profile::Mechanism::OAuthBearer,
            },
            user: sasl.user.clone(),
            secret: match sasl.mechanism {
                Mechanism::OAuthBearer => unsecured_token(&sasl.user).into(),
                _ => sasl.password.clone().into(),
            },
        });
        profile
    }

    /// The same cluster for the independent witness.
    pub fn witness_config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        let protocol = match (self.security.sasl.is_some(), self.security.authority.is_some()) {
            (false, false) => "PLAINTEXT",
            (false, true) => "SSL",
            (true, false) => "SASL_PLAINTEXT",
            (true, true) => "SASL_SSL",
        };
        config
            .set("bootstrap.servers", &self.bootstrap)
            .set("security.protocol", protocol)
            .set("allow.auto.create.topics", "false")
            .set("broker.address.family", "v4");
        if let Some(authority) = &self.security.authority {
            config.set("ssl.ca.location", authority.to_string_lossy());
        }
        match &self.security.certificate {
            None => {}
            Some(Certificate::Pem { chain, key, encrypted }) => {
                config.set("ssl.certificate.location", chain.to_string_lossy());
                config.set("ssl.key.location", key.to_string_lossy());
                if *encrypted {
                    config.set("ssl.key.password", PASSPHRASE);
                }
            }
            Some(Certificate::Pkcs12(path)) => {
                config.set("ssl.keystore.location", path.to_string_lossy());
                config.set("ssl.keystore.password", PASSPHRASE);
            }
        }
        if let Some(sasl) = &self.security.sasl {
            config.set("sasl.mechanism", sasl.mechanism.word());
            if sasl.mechanism == Mechanism::OAuthBearer {
                config.set("enable.sasl.oauthbearer.unsecure.jwt", "true");
                config.set("sasl.oauthbearer.config", format!("principal={}", sasl.user));
            } else {
                config.set("sasl.username", &sasl.user).set("sasl.password", &sasl.password);
            }
        }
        config
    }
}

/// A token without a signature, good for an hour: the brokers' default validator
/// takes it, which no broker outside a test should.
fn unsecured_token(user: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let claims = serde_json::json!({ "sub": user, "iat": now, "exp": now + 3600 }).to_string();
    format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode(claims))
}
