//! How a connection is protected: what the user chose, before any of it is used.
//!
//! Secrets are `SecretString`s, whose `Debug` shows nothing.

use secrecy::SecretString;

/// The default is a plaintext connection without authentication.
#[derive(Clone, Debug, Default)]
pub struct Security {
    pub tls: Option<Tls>,
    pub sasl: Option<Sasl>,
}

#[derive(Clone, Debug)]
pub struct Tls {
    /// `None` trusts the system's roots.
    pub ca: Option<CaSource>,
    pub identity: Option<Identity>,
    /// Whether the certificate must be for the host that was dialled.
    pub verify_hostname: bool,
}

impl Default for Tls {
    fn default() -> Self {
        Self { ca: None, identity: None, verify_hostname: true }
    }
}

/// Whom to trust.
#[derive(Clone, Debug)]
pub enum CaSource {
    /// One or more certificates in PEM.
    Pem(Vec<u8>),
}

/// Who we are, for brokers that ask for a client certificate.
#[derive(Clone)]
pub enum Identity {
    Pem { certificate: Vec<u8>, key: Vec<u8>, passphrase: Option<SecretString> },
    Pkcs12 { bundle: Vec<u8>, passphrase: Option<SecretString> },
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Pem { .. } => "Pem(***)",
            Self::Pkcs12 { .. } => "Pkcs12(***)",
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScramHash {
    Sha256,
    Sha512,
}

#[derive(Clone, Debug)]
pub enum Sasl {
    Plain { user: String, password: SecretString },
    Scram { hash: ScramHash, user: String, password: SecretString },
    OAuthBearer { token: SecretString },
}

impl Sasl {
    /// The mechanism's name on the wire.
    pub fn mechanism(&self) -> &'static str {
        match self {
            Self::Plain { .. } => "PLAIN",
            Self::Scram { hash: ScramHash::Sha256, .. } => "SCRAM-SHA-256",
            Self::Scram { hash: ScramHash::Sha512, .. } => "SCRAM-SHA-512",
            Self::OAuthBearer { .. } => "OAUTHBEARER",
        }
    }

    pub(super) fn secret(&self) -> &SecretString {
        match self {
            Self::Plain { password, .. } | Self::Scram { password, .. } => password,
            Self::OAuthBearer { token } => token,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let security = Security {
            tls: Some(Tls {
                identity: Some(Identity::Pem {
                    certificate: b"hush".to_vec(),
                    key: b"hush".to_vec(),
                    passphrase: Some("hush".into()),
                }),
                ..Tls::default()
            }),
            sasl: Some(Sasl::Plain { user: "ann".into(), password: "hush".into() }),
        };
        let shown = format!("{security:?}");
        assert!(shown.contains("ann") && !shown.contains("hush") && !shown.contains("104, 117"), "{shown}");
    }
}
