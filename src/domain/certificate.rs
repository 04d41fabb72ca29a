//! What a server shows of itself in a TLS handshake.

use crate::domain::Time;

/// The certificate of the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerCertificate {
    /// As in RFC 2253: the most specific part first.
    pub subject: String,
    pub issuer: String,
    /// The names and addresses it is for.
    pub names: Vec<String>,
    pub not_before: Time,
    pub not_after: Time,
    /// "TLSv1.3"
    pub protocol: String,
}
