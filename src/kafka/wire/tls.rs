//! TLS towards brokers, through OpenSSL.
//!
//! Invariants: a certificate is always verified against the given or the system's
//! authorities; only the host name check can be turned off. A failed handshake is
//! told apart by its cause, because each cause has another remedy.

use super::error::{TlsError, WireError};
use super::lock;
use super::security::{CaSource, Identity, Tls};
use crate::domain::Time;
use crate::domain::certificate::PeerCertificate;
use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::error::ErrorStack;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{SslConnector, SslConnectorBuilder, SslMethod, SslVerifyMode};
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::{X509, X509NameRef, X509Ref, X509StoreContextRef};
use secrecy::{ExposeSecret as _, SecretString};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

/// `X509_V_ERR_…` of OpenSSL.
const NOT_YET_VALID: i32 = 9;
const HAS_EXPIRED: i32 = 10;
const HOST_MISMATCH: i32 = 62;
const ADDRESS_MISMATCH: i32 = 64;

pub(super) struct TlsOpener {
    connector: SslConnector,
    verify_hostname: bool,
}

fn bad(what: &str) -> impl Fn(ErrorStack) -> WireError + '_ {
    move |error| WireError::Settings(format!("{what} cannot be read: {}", reason(&error)))
}

/// The words of the first error that has any.
fn reason(stack: &ErrorStack) -> String {
    let first = stack.errors().iter().find_map(|error| error.reason());
    first.map_or_else(|| stack.to_string(), str::to_owned)
}

impl TlsOpener {
    pub(super) fn new(tls: &Tls) -> Result<Self, WireError> {
        let mut builder = SslConnector::builder(SslMethod::tls_client()).map_err(bad("the TLS library"))?;
        match &tls.ca {
            Some(CaSource::Pem(pem)) => trust(&mut builder, pem)?,
            None => trust_system(&mut builder)?,
        }
        if let Some(identity) = &tls.identity {
            identify(&mut builder, identity)?;
        }
        Ok(Self { connector: builder.build(), verify_hostname: tls.verify_hostname })
    }

    pub(super) async fn wrap(&self, socket: TcpStream, host: &str) -> Result<SslStream<TcpStream>, WireError> {
        let inside = |error: ErrorStack| WireError::Tls(TlsError::Other(reason(&error)));
        let mut configuration = self.connector.configure().map_err(inside)?;
        configuration.set_verify_hostname(self.verify_hostname);
        let refused = Arc::new(Mutex::new(None));
        let seen = Arc::clone(&refused);
        configuration.set_verify_callback(SslVerifyMode::PEER, move |is_good, context| {
            if !is_good {
                lock(&seen).get_or_insert_with(|| Refused::of(context));
            }
            is_good
        });
        let ssl = configuration.into_ssl(host).map_err(inside)?;
        let mut stream = SslStream::new(ssl, socket).map_err(inside)?;
        let result = Pin::new(&mut stream).connect().await;
        match result {
            Ok(()) => Ok(stream),
            Err(error) => {
                let refused = lock(&refused).take();
                Err(WireError::Tls(refused.map_or_else(|| of_handshake(&error), |refused| refused.error(host))))
            }
        }
    }
}

fn trust(builder: &mut SslConnectorBuilder, pem: &[u8]) -> Result<(), WireError> {
    let authorities = X509::stack_from_pem(pem).map_err(bad("the CA certificate"))?;
    if authorities.is_empty() {
        return Err(WireError::Settings("the CA file holds no PEM certificate".into()));
    }
    let mut store = X509StoreBuilder::new().map_err(bad("the CA certificate"))?;
    for authority in authorities {
        store.add_cert(authority).map_err(bad("the CA certificate"))?;
    }
    // Replaces the system's roots: who names an authority wants that one only.
    builder.set_cert_store(store.build());
    Ok(())
}

/// An OpenSSL that was built along with klamm does not know where this system keeps
/// its roots.
fn trust_system(builder: &mut SslConnectorBuilder) -> Result<(), WireError> {
    let found = openssl_probe::probe();
    let directory = found.cert_dir.first();
    if found.cert_file.is_some() || directory.is_some() {
        builder
            .load_verify_locations(found.cert_file.as_deref(), directory.map(|path| path.as_path()))
            .map_err(bad("the system's CA certificates"))?;
    }
    Ok(())
}

fn identify(builder: &mut SslConnectorBuilder, identity: &Identity) -> Result<(), WireError> {
    let certificate_fails = bad("the client certificate");
    let (certificate, chain, key) = match identity {
        Identity::Pem { certificate, key, passphrase } => {
            let mut certificates = X509::stack_from_pem(certificate).map_err(&certificate_fails)?.into_iter();
            let Some(leaf) = certificates.next() else {
                return Err(WireError::Settings("the client certificate file holds no PEM certificate".into()));
            };
            (leaf, certificates.collect::<Vec<_>>(), read_key(key, passphrase.as_ref())?)
        }
        Identity::Pkcs12 { bundle, passphrase } => open_bundle(bundle, passphrase.as_ref())?,
    };
    builder.set_certificate(&certificate).map_err(&certificate_fails)?;
    for link in chain {
        builder.add_extra_chain_cert(link).map_err(&certificate_fails)?;
    }
    let matches = builder.set_private_key(&key).and_then(|()| builder.check_private_key());
    matches.map_err(|_| WireError::Settings("the client key does not belong to the client certificate".into()))
}

fn read_key(pem: &[u8], passphrase: Option<&SecretString>) -> Result<PKey<Private>, WireError> {
    let is_encrypted = pem.windows(9).any(|window| window == b"ENCRYPTED");
    let Some(passphrase) = passphrase.filter(|_| is_encrypted) else {
        if is_encrypted {
            return Err(WireError::Settings("the client key is encrypted; give its passphrase".into()));
        }
        // Never ask on the terminal, which the library does by itself otherwise.
        return PKey::private_key_from_pem_callback(pem, |_| Ok(0)).map_err(bad("the client key"));
    };
    PKey::private_key_from_pem_passphrase(pem, passphrase.expose_secret().as_bytes())
        .map_err(|_| WireError::Settings("the client key cannot be opened with this passphrase".into()))
}

fn open_bundle(
    bundle: &[u8],
    passphrase: Option<&SecretString>,
) -> Result<(X509, Vec<X509>, PKey<Private>), WireError> {
    let parsed = Pkcs12::from_der(bundle).map_err(bad("the PKCS#12 bundle"))?;
    let opened = parsed.parse2(passphrase.map_or("", |passphrase| passphrase.expose_secret()));
    let opened = opened.map_err(|error| {
        let reason = reason(&error);
        let advice = if reason.contains("unsupported") {
            "; it uses an old cipher: export it again with a current tool"
        } else {
            "; check its passphrase"
        };
        WireError::Settings(format!("the PKCS#12 bundle cannot be opened: {reason}{advice}"))
    })?;
    let (Some(certificate), Some(key)) = (opened.cert, opened.pkey) else {
        return Err(WireError::Settings("the PKCS#12 bundle lacks a certificate or its key".into()));
    };
    let chain = opened.ca.map(|stack| stack.iter().map(|link| link.to_owned()).collect());
    Ok((certificate, chain.unwrap_or_default(), key))
}

/// The certificate of the other side; `None` where it cannot be read.
pub(super) fn peer(stream: &SslStream<TcpStream>) -> Option<PeerCertificate> {
    let certificate = stream.ssl().peer_certificate()?;
    Some(PeerCertificate {
        subject: distinguished(certificate.subject_name()),
        issuer: distinguished(certificate.issuer_name()),
        names: names(&certificate),
        not_before: time(certificate.not_before())?,
        not_after: time(certificate.not_after())?,
        protocol: stream.ssl().version_str().to_owned(),
    })
}

fn distinguished(name: &X509NameRef) -> String {
    let mut parts: Vec<String> = name
        .entries()
        .map(|entry| {
            let kind = entry.object().nid().short_name().unwrap_or("?");
            format!("{kind}={}", String::from_utf8_lossy(entry.data().as_slice()))
        })
        .collect();
    parts.reverse();
    parts.join(",")
}

fn time(moment: &Asn1TimeRef) -> Option<Time> {
    let since = Asn1Time::from_unix(0).ok()?.diff(moment).ok()?;
    Some(Time((i64::from(since.days) * 86_400 + i64::from(since.secs)) * 1000))
}

/// What was wrong with the broker's certificate, noted while it was verified:
/// afterwards the certificate is gone.
struct Refused {
    code: i32,
    reason: String,
    issuer: Option<String>,
    names: Vec<String>,
}

impl Refused {
    fn of(context: &X509StoreContextRef) -> Self {
        let error = context.error();
        Self {
            code: error.as_raw(),
            reason: error.error_string().to_owned(),
            issuer: context.current_cert().map(|certificate| distinguished(certificate.issuer_name())),
            names: context.current_cert().map(names).unwrap_or_default(),
        }
    }

    fn error(self, host: &str) -> TlsError {
        match self.code {
            HOST_MISMATCH | ADDRESS_MISMATCH => TlsError::WrongName { host: host.to_owned(), names: self.names },
            NOT_YET_VALID | HAS_EXPIRED => TlsError::Expired(self.reason),
            _ => TlsError::Untrusted(match self.issuer {
                Some(issuer) => format!("{}; issued by {issuer}", self.reason),
                None => self.reason,
            }),
        }
    }
}

/// Whom a certificate is for.
fn names(certificate: &X509Ref) -> Vec<String> {
    let alternatives = certificate.subject_alt_names();
    let mut names: Vec<String> = alternatives
        .iter()
        .flatten()
        .filter_map(|name| name.dnsname().map(str::to_owned).or_else(|| name.ipaddress().and_then(address)))
        .collect();
    if names.is_empty() {
        let common = certificate.subject_name().entries_by_nid(openssl::nid::Nid::COMMONNAME);
        names.extend(common.map(|entry| String::from_utf8_lossy(entry.data().as_slice()).into_owned()));
    }
    names.truncate(5);
    names
}

fn address(bytes: &[u8]) -> Option<String> {
    let v4 = <[u8; 4]>::try_from(bytes).map(|bytes| std::net::IpAddr::from(bytes).to_string());
    let v6 = <[u8; 16]>::try_from(bytes).map(|bytes| std::net::IpAddr::from(bytes).to_string());
    v4.or(v6).ok()
}

fn of_handshake(error: &openssl::ssl::Error) -> TlsError {
    match error.ssl_error() {
        Some(stack) => of_stack(stack),
        // The other side hung up on our first bytes, as a plaintext listener does.
        None => TlsError::NotTls,
    }
}

fn of_stack(stack: &ErrorStack) -> TlsError {
    let reason = reason(stack);
    let has = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    if has(&["wrong version number", "packet length", "unexpected eof", "http request", "unknown protocol"]) {
        TlsError::NotTls
    } else if has(&["alert"]) && has(&["certificate", "unknown ca", "handshake failure"]) {
        TlsError::CertificateWanted(reason)
    } else {
        TlsError::Other(reason)
    }
}

/// With TLS 1.3 a broker says only after the handshake that it wants a certificate.
pub(super) fn of_io(error: &std::io::Error) -> Option<TlsError> {
    let inner = error.get_ref()?.downcast_ref::<openssl::ssl::Error>()?;
    match of_stack(inner.ssl_error()?) {
        TlsError::NotTls => None,
        other => Some(other),
    }
}
