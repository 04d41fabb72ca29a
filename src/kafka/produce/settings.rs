//! The one table from a connection's settings to librdkafka's, so that what
//! writes is protected in the same way as what reads.

use crate::domain::produce::Delivery;
use crate::kafka::wire::{CaSource, Endpoint, Identity, Options, Sasl, Security, Tls};
use openssl::pkcs12::Pkcs12;
use secrecy::{ExposeSecret as _, SecretString};

type Settings = Vec<(&'static str, String)>;

/// How long a record may take to be written.
const MESSAGE_TIMEOUT_MS: &str = "30000";

pub(super) fn of(options: &Options) -> Result<Settings, String> {
    let bootstrap: Vec<String> = options.bootstrap.iter().map(Endpoint::to_string).collect();
    let mut settings = vec![
        ("bootstrap.servers", bootstrap.join(",")),
        ("client.id", options.client_id.clone()),
        ("allow.auto.create.topics", "false".into()),
        ("message.timeout.ms", MESSAGE_TIMEOUT_MS.into()),
        // A record is written because somebody waits for it.
        ("linger.ms", "0".into()),
        ("log.connection.close", "false".into()),
    ];
    settings.extend(protection(&options.security)?);
    Ok(settings)
}

/// The settings of one way to hand records over. `most` is what the topic takes as one
/// batch, in bytes.
pub(super) fn of_delivery(delivery: &Delivery, most: Option<u64>) -> Settings {
    let mut settings = vec![
        ("enable.idempotence", delivery.is_idempotent.to_string()),
        ("partitioner", delivery.spread.word().into()),
        ("acks", delivery.acks.word().into()),
        ("compression.codec", delivery.compression.word().into()),
        // Whether a record is too large is the broker's to say: it weighs what is compressed.
        ("message.max.bytes", "1000000000".into()),
        ("batch.size", most.map_or(USUAL_BATCH, |most| most.clamp(1, USUAL_BATCH)).to_string()),
    ];
    if !delivery.is_idempotent {
        // One that is sent again would come behind those after it.
        settings.push(("max.in.flight.requests.per.connection", "1".into()));
    }
    settings
}

/// librdkafka's own, in bytes.
const USUAL_BATCH: u64 = 1_000_000;

fn protection(security: &Security) -> Result<Settings, String> {
    let protocol = match (&security.tls, &security.sasl) {
        (None, None) => "plaintext",
        (Some(_), None) => "ssl",
        (None, Some(_)) => "sasl_plaintext",
        (Some(_), Some(_)) => "sasl_ssl",
    };
    let mut settings = vec![("security.protocol", protocol.to_owned())];
    if let Some(tls) = &security.tls {
        settings.extend(encryption(tls)?);
    }
    if let Some(sasl) = &security.sasl {
        settings.push(("sasl.mechanism", sasl.mechanism().to_owned()));
        match sasl {
            Sasl::Plain { user, password } | Sasl::Scram { user, password, .. } => {
                settings.push(("sasl.username", user.clone()));
                settings.push(("sasl.password", password.expose_secret().to_owned()));
            }
            // The token is handed over by callback.
            Sasl::OAuthBearer { .. } => {}
        }
    }
    Ok(settings)
}

fn encryption(tls: &Tls) -> Result<Settings, String> {
    let check = if tls.verify_hostname { "https" } else { "none" };
    let mut settings = vec![("ssl.endpoint.identification.algorithm", check.to_owned())];
    match &tls.ca {
        Some(CaSource::Pem(pem)) => settings.push(("ssl.ca.pem", text(pem, "the CA certificate")?)),
        None => {
            // A vendored OpenSSL does not know where the system keeps its roots.
            let found = openssl_probe::probe().cert_file;
            let location = found.map_or_else(|| "probe".to_owned(), |file| file.to_string_lossy().into_owned());
            settings.push(("ssl.ca.location", location));
        }
    }
    match &tls.identity {
        None => {}
        Some(Identity::Pem { certificate, key, passphrase }) => {
            settings.push(("ssl.certificate.pem", text(certificate, "the client certificate")?));
            settings.push(("ssl.key.pem", text(key, "the client key")?));
            if let Some(passphrase) = passphrase {
                settings.push(("ssl.key.password", passphrase.expose_secret().to_owned()));
            }
        }
        Some(Identity::Pkcs12 { bundle, passphrase }) => settings.extend(unpacked(bundle, passphrase.as_ref())?),
    }
    Ok(settings)
}

fn text(pem: &[u8], what: &str) -> Result<String, String> {
    String::from_utf8(pem.to_vec()).map_err(|_| format!("{what} is not PEM"))
}

/// librdkafka takes a PKCS#12 bundle only from a file; it gets its parts.
fn unpacked(bundle: &[u8], passphrase: Option<&SecretString>) -> Result<Settings, String> {
    let unreadable = |error: openssl::error::ErrorStack| format!("the PKCS#12 bundle cannot be read: {error}");
    let passphrase = passphrase.map_or("", |passphrase| passphrase.expose_secret());
    let parts = Pkcs12::from_der(bundle).and_then(|bundle| bundle.parse2(passphrase)).map_err(unreadable)?;
    let (Some(certificate), Some(key)) = (parts.cert, parts.pkey) else {
        return Err("the PKCS#12 bundle lacks a certificate or a key".into());
    };
    let mut chain = certificate.to_pem().map_err(unreadable)?;
    for above in parts.ca.into_iter().flatten() {
        chain.extend(above.to_pem().map_err(unreadable)?);
    }
    let key = key.private_key_to_pem_pkcs8().map_err(unreadable)?;
    Ok(vec![
        ("ssl.certificate.pem", text(&chain, "the client certificate")?),
        ("ssl.key.pem", text(&key, "the client key")?),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::wire::ScramHash;
    use openssl::asn1::Asn1Time;
    use openssl::hash::MessageDigest;
    use openssl::pkey::{PKey, Private};
    use openssl::rsa::Rsa;
    use openssl::x509::{X509, X509NameBuilder};
    use rstest::rstest;
    use std::time::Duration;

    fn tls(ca: Option<&str>, verify_hostname: bool) -> Option<Tls> {
        Some(Tls { ca: ca.map(|pem| CaSource::Pem(pem.into())), identity: None, verify_hostname })
    }

    fn plain() -> Option<Sasl> {
        Some(Sasl::Plain { user: "ann".into(), password: "pw".into() })
    }

    fn scram(hash: ScramHash) -> Option<Sasl> {
        Some(Sasl::Scram { hash, user: "ann".into(), password: "pw".into() })
    }

    #[rstest]
    #[case::plaintext(None, None, &["security.protocol=plaintext"])]
    #[case::own_ca(tls(Some("CA"), true), None, &[
        "security.protocol=ssl", "ssl.endpoint.identification.algorithm=https", "ssl.ca.pem=CA"])]
    #[case::any_host(tls(Some("CA"), false), None, &[
        "security.protocol=ssl", "ssl.endpoint.identification.algorithm=none", "ssl.ca.pem=CA"])]
    #[case::password(None, plain(), &[
        "security.protocol=sasl_plaintext", "sasl.mechanism=PLAIN", "sasl.username=ann", "sasl.password=pw"])]
    #[case::scram_256(None, scram(ScramHash::Sha256), &[
        "security.protocol=sasl_plaintext", "sasl.mechanism=SCRAM-SHA-256", "sasl.username=ann", "sasl.password=pw"])]
    #[case::scram_512_over_tls(tls(Some("CA"), true), scram(ScramHash::Sha512), &[
        "security.protocol=sasl_ssl", "ssl.endpoint.identification.algorithm=https", "ssl.ca.pem=CA",
        "sasl.mechanism=SCRAM-SHA-512", "sasl.username=ann", "sasl.password=pw"])]
    #[case::token(None, Some(Sasl::OAuthBearer { token: "t".into() }), &[
        "security.protocol=sasl_plaintext", "sasl.mechanism=OAUTHBEARER"])]
    fn a_row_of_the_table(#[case] tls: Option<Tls>, #[case] sasl: Option<Sasl>, #[case] expected: &[&str]) {
        let settings = protection(&Security { tls, sasl }).unwrap();
        let lines: Vec<String> = settings.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn without_a_ca_the_systems_roots_are_named() {
        let settings = protection(&Security { tls: tls(None, true), sasl: None }).unwrap();
        let (_, location) = settings.iter().find(|(name, _)| *name == "ssl.ca.location").unwrap();
        assert!(location == "probe" || std::path::Path::new(location).exists(), "{location}");
    }

    fn identity(identity: Identity) -> Result<Settings, String> {
        encryption(&Tls { ca: Some(CaSource::Pem("CA".into())), identity: Some(identity), verify_hostname: true })
    }

    #[test]
    fn a_client_certificate_in_pem_is_passed_as_it_is() {
        let given =
            Identity::Pem { certificate: b"cert".to_vec(), key: b"key".to_vec(), passphrase: Some("secret".into()) };
        let settings = identity(given).unwrap();
        let expected = [("ssl.certificate.pem", "cert"), ("ssl.key.pem", "key"), ("ssl.key.password", "secret")];
        for (name, value) in expected {
            assert!(settings.contains(&(name, value.to_owned())), "{name}");
        }
    }

    fn self_signed() -> (X509, PKey<Private>) {
        let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
        let mut name = X509NameBuilder::new().unwrap();
        name.append_entry_by_text("CN", "ann").unwrap();
        let name = name.build();
        let mut certificate = X509::builder().unwrap();
        certificate.set_subject_name(&name).unwrap();
        certificate.set_issuer_name(&name).unwrap();
        certificate.set_pubkey(&key).unwrap();
        certificate.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
        certificate.set_not_after(&Asn1Time::days_from_now(1).unwrap()).unwrap();
        certificate.sign(&key, MessageDigest::sha256()).unwrap();
        (certificate.build(), key)
    }

    #[test]
    fn a_bundle_is_unpacked() {
        let (certificate, key) = self_signed();
        let mut bundle = Pkcs12::builder();
        let bundle = bundle.pkey(&key).cert(&certificate).build2("pass").unwrap().to_der().unwrap();
        let given = |passphrase: &str| Identity::Pkcs12 {
            bundle: bundle.clone(),
            passphrase: Some(passphrase.to_owned().into()),
        };
        let settings = identity(given("pass")).unwrap();
        let pem = String::from_utf8(certificate.to_pem().unwrap()).unwrap();
        assert!(settings.contains(&("ssl.certificate.pem", pem)));
        assert!(settings.iter().any(|(name, key)| *name == "ssl.key.pem" && key.contains("PRIVATE KEY")));
        assert!(identity(given("wrong")).unwrap_err().contains("PKCS#12"));
    }

    #[test]
    fn nothing_is_created_and_keys_go_where_java_sends_them() {
        let options = Options {
            bootstrap: vec![Endpoint::new("a", 1), Endpoint::new("::1", 2)],
            security: Security::default(),
            client_id: "klamm/1".into(),
            connect_timeout: Duration::from_secs(1),
            request_timeout: Duration::from_secs(1),
        };
        let mut settings = of(&options).unwrap();
        settings.extend(of_delivery(&Delivery::default(), Some(500)));
        let expected = [
            ("bootstrap.servers", "a:1,[::1]:2"),
            ("allow.auto.create.topics", "false"),
            ("enable.idempotence", "true"),
            ("partitioner", "murmur2_random"),
            ("acks", "all"),
            ("batch.size", "500"),
        ];
        for (name, value) in expected {
            assert!(settings.contains(&(name, value.to_owned())), "{name}");
        }
    }
}
