//! What can go wrong between us and a broker, and how that is said.
//!
//! Invariant: every variant becomes a [`Failure`] with a cause in plain words and,
//! where the user can do something, what to do.

use super::code::failure_of_code;
use crate::domain::{Failure, FailureKind};
use std::time::Duration;
use thiserror::Error;

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum WireError {
    #[error("the name ‘{host}’ does not resolve ({detail})")]
    Resolve { host: String, detail: String },
    #[error("the broker advertises ‘{host}’, a name that does not resolve here ({detail})")]
    Advertised {
        host: String,
        detail: String,
        /// Where it was learnt: the listener that the profile goes to.
        listener: String,
    },
    #[error("the connection was refused")]
    Refused,
    #[error("{0}")]
    Io(String),
    #[error("no connection within {0:?}")]
    ConnectTimeout(Duration),
    #[error("connected, but no answer to the first request within {0:?}")]
    Silent(Duration),
    #[error("no answer within {0:?}")]
    Deadline(Duration),
    #[error("the connection was closed before anything was answered")]
    ClosedAtOnce,
    #[error("the connection was closed on the first request after the versions were agreed")]
    ClosedAfterVersions,
    #[error("the connection was closed")]
    Closed {
        /// Whether the request may have reached the broker.
        sent: bool,
    },
    #[error("an HTTP server answered, not a Kafka broker")]
    Http,
    #[error("the port speaks TLS, and this profile connects without")]
    TlsWanted,
    #[error("the answer is not Kafka's: it claims a frame of {0} bytes")]
    Oversized(u32),
    #[error("the answer cannot be read: {0}")]
    Malformed(String),
    #[error("TLS failed: {0}")]
    Tls(#[from] TlsError),
    #[error("the broker does not offer {wanted}; it offers {offered}")]
    MechanismNotOffered { wanted: &'static str, offered: String },
    #[error("the broker rejected the credentials{}", detail(.0))]
    Rejected(String),
    #[error("the port does not ask for credentials")]
    NoSasl,
    #[error("the broker could not prove that it knows the password")]
    ServerNotProven,
    #[error("the broker does not support this{}", range(.0))]
    Unsupported(Option<(i16, i16)>),
    #[error("the request does not fit version {version}: {detail}")]
    Encode { version: i16, detail: String },
    #[error("this would change the cluster, and the profile is read-only")]
    NotGranted,
    #[error("the cluster has no broker {0}")]
    NoSuchBroker(i32),
    #[error("error {0}")]
    Code(i16),
    #[error("the cluster was left")]
    Shut,
    #[error("{0}")]
    Settings(String),
}

/// The reasons for which a TLS handshake fails, as far as a user can tell them apart.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum TlsError {
    #[error("the broker's certificate is not signed by a trusted authority ({0})")]
    Untrusted(String),
    #[error("the broker's certificate is not for ‘{host}’{}", listed(.names))]
    WrongName { host: String, names: Vec<String> },
    #[error("the broker's certificate has expired or is not yet valid ({0})")]
    Expired(String),
    #[error("the port does not speak TLS")]
    NotTls,
    #[error("no answer to the TLS handshake within {0:?}")]
    Silent(Duration),
    #[error("the broker refused our certificate or wants one ({0})")]
    CertificateWanted(String),
    #[error("{0}")]
    Other(String),
}

fn detail(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": {text}") }
}

fn range(range: &Option<(i16, i16)>) -> String {
    range.map_or_else(String::new, |(low, high)| format!(" in a version that klamm speaks (it has {low} to {high})"))
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!(", it is for {}", names.join(", ")) }
}

impl WireError {
    /// May another attempt, over a fresh connection, succeed? Never for credentials:
    /// accounts lock.
    pub(super) fn is_worth_a_retry(&self) -> bool {
        matches!(
            self,
            Self::Refused
                | Self::Io(_)
                | Self::Closed { .. }
                | Self::ClosedAtOnce
                | Self::ClosedAfterVersions
                | Self::NoSuchBroker(_)
        )
    }

    /// Is it certain that the broker did not act on the request?
    pub(super) fn was_not_sent(&self) -> bool {
        !matches!(
            self,
            Self::Closed { sent: true }
                | Self::ClosedAfterVersions
                | Self::Io(_)
                | Self::Deadline(_)
                | Self::Malformed(_)
                | Self::Oversized(_)
        )
    }

    /// Will every address of the cluster answer the same?
    pub(super) fn is_final(&self) -> bool {
        matches!(self.kind(), FailureKind::Auth | FailureKind::Invalid | FailureKind::Refused | FailureKind::Cancelled)
    }

    fn kind(&self) -> FailureKind {
        match self {
            Self::Resolve { .. }
            | Self::Advertised { .. }
            | Self::Refused
            | Self::Io(_)
            | Self::ClosedAtOnce
            | Self::ClosedAfterVersions
            | Self::Closed { .. }
            | Self::TlsWanted
            | Self::NoSuchBroker(_)
            | Self::Tls(TlsError::NotTls | TlsError::Other(_)) => FailureKind::Unreachable,
            Self::ConnectTimeout(_) | Self::Silent(_) | Self::Deadline(_) | Self::Tls(TlsError::Silent(_)) => {
                FailureKind::Timeout
            }
            Self::Http | Self::Oversized(_) | Self::Malformed(_) => FailureKind::Malformed,
            Self::Tls(_)
            | Self::MechanismNotOffered { .. }
            | Self::Rejected(_)
            | Self::NoSasl
            | Self::ServerNotProven => FailureKind::Auth,
            Self::Unsupported(_) => FailureKind::Unsupported,
            Self::Encode { .. } | Self::Settings(_) => FailureKind::Invalid,
            Self::NotGranted => FailureKind::Refused,
            Self::Code(code) => failure_of_code(*code, "").kind,
            Self::Shut => FailureKind::Cancelled,
        }
    }

    /// The same about an address that nobody here wrote: the cluster told it.
    pub(super) fn of_advertised(self, listener: impl FnOnce() -> String) -> Self {
        match self {
            Self::Resolve { host, detail } => Self::Advertised { host, detail, listener: listener() },
            other => other,
        }
    }

    fn hint(&self) -> Option<String> {
        if let Self::Advertised { listener, .. } = self {
            return Some(format!(
                "Clients of the listener at {listener} are sent there: make the name known here (DNS, hosts file, \
                 VPN), or let advertised.listeners give an address that can be reached"
            ));
        }
        self.fixed_hint().map(str::to_owned)
    }

    fn fixed_hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Resolve { .. } => "Check the host name, the VPN and the DNS",
            Self::Refused => "Check the port and that the broker runs",
            Self::Io(_) => return None,
            Self::ConnectTimeout(_) => "Check the address; a firewall may drop the connection",
            Self::Silent(_) => {
                "Something listens there without speaking Kafka, or the port wants TLS: try the profile with TLS"
            }
            Self::Deadline(_) => "The broker may be overloaded or frozen",
            Self::ClosedAtOnce => {
                "The port may want TLS or SASL: check the listener's security protocol and the profile's"
            }
            Self::ClosedAfterVersions => "The port probably wants user and password (SASL): check the profile",
            Self::Closed { .. } => "The broker may be restarting",
            Self::Http => "Give the broker's port, not that of a web console, proxy or registry",
            Self::TlsWanted => "Turn TLS on in the profile, or use the plaintext port",
            Self::Oversized(_) | Self::Malformed(_) => "Check that the address is a Kafka broker's",
            Self::Tls(TlsError::Untrusted(_)) => {
                "Give the profile the CA certificate that signed the broker's (PEM); a company proxy may sit between"
            }
            Self::Tls(TlsError::WrongName { .. }) => {
                "Connect by a name in the certificate; only in a lab turn the hostname check off"
            }
            Self::Tls(TlsError::Expired(_)) => "Renew the broker's certificate, or check this machine's clock",
            Self::Tls(TlsError::NotTls) => "Turn TLS off in the profile, or use the TLS port",
            Self::Tls(TlsError::Silent(_)) => "Check the port; it may not speak TLS",
            Self::Tls(TlsError::CertificateWanted(_)) => {
                "Give the profile a client certificate and key that the broker trusts"
            }
            Self::Tls(TlsError::Other(_)) => return None,
            Self::MechanismNotOffered { .. } => "Choose one of these in the profile",
            Self::Rejected(_) => "Check user and password; klamm does not try again by itself",
            Self::NoSasl => "Remove user and password from the profile, or use the port with SASL",
            Self::ServerNotProven => "Somebody may be impersonating the broker",
            Self::NotGranted => ":unlock the profile to change the cluster",
            Self::NoSuchBroker(_) => "It may have left the cluster",
            Self::Advertised { .. }
            | Self::Unsupported(_)
            | Self::Encode { .. }
            | Self::Code(_)
            | Self::Shut
            | Self::Settings(_) => return None,
        })
    }

    /// The failure at the door.
    pub(super) fn failure(&self, operation: &str, broker: Option<&str>) -> Failure {
        let mut failure = match self {
            Self::Code(code) => failure_of_code(*code, operation),
            _ => Failure::new(self.kind(), operation, self.to_string()),
        };
        failure.hint = failure.hint.or_else(|| self.hint().map(|hint| format!("{hint}.")));
        failure.broker = broker.map(str::to_owned);
        failure
    }
}

impl From<std::io::Error> for WireError {
    fn from(error: std::io::Error) -> Self {
        if let Some(tls) = super::tls::of_io(&error) {
            return Self::Tls(tls);
        }
        match error.kind() {
            std::io::ErrorKind::ConnectionRefused => Self::Refused,
            std::io::ErrorKind::UnexpectedEof
            | std::io::ErrorKind::ConnectionReset
            | std::io::ErrorKind::ConnectionAborted
            | std::io::ErrorKind::BrokenPipe => Self::Closed { sent: true },
            _ => Self::Io(error.to_string()),
        }
    }
}
