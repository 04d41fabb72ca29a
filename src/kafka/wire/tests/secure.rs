//! TLS and SASL against a scripted broker with certificates made here.

use super::super::scripted::{Reply, Script, Scripted};
use super::super::{CaSource, Client, Endpoint, Identity, Lane, Probe, Route, Sasl, ScramHash, Security, Tls};
use crate::domain::{Failure, FailureKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kafka_protocol::messages::*;
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;
use openssl::ssl::{SslAcceptor, SslMethod, SslVerifyMode};
use openssl::symm::Cipher;
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509NameBuilder};
use std::sync::Mutex;
use std::time::Duration;

struct Certified {
    certificate: X509,
    key: PKey<Private>,
}

impl Certified {
    /// A certificate for the DNS name `name`, signed by `by` or, without one, an
    /// authority of its own. `days` may be negative: then it has expired.
    fn new(name: &str, by: Option<&Certified>, days: i64) -> Self {
        let curve = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = PKey::from_ec_key(EcKey::generate(&curve).unwrap()).unwrap();
        let mut subject = X509NameBuilder::new().unwrap();
        subject.append_entry_by_nid(Nid::COMMONNAME, name).unwrap();
        let subject = subject.build();
        let mut builder = X509::builder().unwrap();
        builder.set_version(2).unwrap();
        let mut serial = BigNum::new().unwrap();
        serial.rand(64, openssl::bn::MsbOption::MAYBE_ZERO, false).unwrap();
        builder.set_serial_number(&serial.to_asn1_integer().unwrap()).unwrap();
        builder.set_subject_name(&subject).unwrap();
        builder.set_issuer_name(by.map_or(&subject, |by| by.certificate.subject_name())).unwrap();
        let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
        builder.set_not_before(&Asn1Time::from_unix(now - 100 * 86_400).unwrap()).unwrap();
        builder.set_not_after(&Asn1Time::from_unix(now + days * 86_400).unwrap()).unwrap();
        builder.set_pubkey(&key).unwrap();
        if by.is_none() {
            builder.append_extension(BasicConstraints::new().critical().ca().build().unwrap()).unwrap();
        } else {
            let mut names = SubjectAlternativeName::new();
            let names = names.dns(name).build(&builder.x509v3_context(None, None)).unwrap();
            builder.append_extension(names).unwrap();
        }
        builder.sign(by.map_or(&key, |by| &by.key), MessageDigest::sha256()).unwrap();
        Self { certificate: builder.build(), key }
    }

    fn pem(&self) -> Vec<u8> {
        self.certificate.to_pem().unwrap()
    }

    fn acceptor(&self, clients_of: Option<&Certified>) -> SslAcceptor {
        let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
        builder.set_certificate(&self.certificate).unwrap();
        builder.set_private_key(&self.key).unwrap();
        if let Some(authority) = clients_of {
            builder.cert_store_mut().add_cert(authority.certificate.clone()).unwrap();
            builder.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
        }
        builder.build()
    }
}

fn trusting(authority: &Certified) -> Tls {
    Tls { ca: Some(CaSource::Pem(authority.pem())), ..Tls::default() }
}

async fn connect(broker: &Scripted, host: &str, security: Security) -> Result<(), Failure> {
    let mut options = broker.options();
    options.bootstrap = vec![Endpoint::new(host, broker.port)];
    options.security = security;
    options.connect_timeout = Duration::from_secs(5);
    Client::new(options)?.refresh().await
}

async fn over_tls(broker: &Scripted, host: &str, tls: Tls) -> Result<(), Failure> {
    connect(broker, host, Security { tls: Some(tls), sasl: None }).await
}

#[tokio::test]
async fn a_broker_with_a_good_certificate_is_trusted() {
    let authority = Certified::new("authority", None, 10);
    let leaf = Certified::new("localhost", Some(&authority), 10);
    let broker = Script::new().tls(leaf.acceptor(None)).start().await;
    over_tls(&broker, "localhost", trusting(&authority)).await.unwrap();
}

#[tokio::test]
async fn the_stages_of_a_connection_can_be_walked_one_at_a_time() {
    let authority = Certified::new("authority", None, 10);
    let leaf = Certified::new("localhost", Some(&authority), 10);
    let broker = Script::new().tls(leaf.acceptor(None)).start().await;
    let endpoint = Endpoint::new("localhost", broker.port);
    let mut options = broker.options();
    options.security.tls = Some(trusting(&authority));
    let probe = Probe::new(&options).unwrap();
    let addresses = probe.resolve(&endpoint).await.unwrap();
    let socket = probe.dial(&endpoint, &addresses).await.unwrap();
    let (line, shown) = probe.secure(&endpoint, socket).await.unwrap();
    let shown = shown.unwrap();
    assert_eq!((shown.subject.as_str(), shown.issuer.as_str()), ("CN=localhost", "CN=authority"));
    assert_eq!(shown.names, ["localhost"]);
    let lifetime = shown.not_after.millis() - shown.not_before.millis();
    assert_eq!(lifetime, 110 * 86_400_000);
    let answering = probe.greet(&endpoint, line).await.unwrap();
    assert!(answering.apis() > 0 && answering.release().is_some());
    probe.authenticate(&endpoint, &answering).await.unwrap();
    let members = probe.members(&endpoint, &answering).await.unwrap();
    assert!(!members.brokers.is_empty(), "{members:?}");
    let nowhere = Endpoint::new("no-such-host.invalid", 9092);
    let failure = probe.resolve(&nowhere).await.unwrap_err();
    assert!(failure.message.contains("does not resolve") && failure.hint.is_some(), "{failure}");
}

#[tokio::test]
async fn each_bad_certificate_has_its_own_words() {
    let authority = Certified::new("authority", None, 10);
    let stranger = Certified::new("stranger", None, 10);
    let elsewhere = Certified::new("elsewhere.example", Some(&authority), 10);
    let expired = Certified::new("localhost", Some(&authority), -1);
    let good = Certified::new("localhost", Some(&authority), 10);

    let broker = Script::new().tls(good.acceptor(None)).start().await;
    let failure = over_tls(&broker, "localhost", trusting(&stranger)).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Auth);
    assert!(failure.message.contains("not signed by a trusted authority"), "{failure}");
    let failure = over_tls(&broker, "localhost", Tls::default()).await.unwrap_err();
    assert!(failure.message.contains("not signed by a trusted authority"), "system roots: {failure}");

    let broker = Script::new().tls(elsewhere.acceptor(None)).start().await;
    let failure = over_tls(&broker, "localhost", trusting(&authority)).await.unwrap_err();
    assert!(failure.message.contains("not for ‘localhost’, it is for elsewhere.example"), "{failure}");
    let unchecked = Tls { verify_hostname: false, ..trusting(&authority) };
    over_tls(&broker, "localhost", unchecked).await.unwrap();
    let unchecked = Tls { verify_hostname: false, ..trusting(&stranger) };
    assert!(over_tls(&broker, "localhost", unchecked).await.is_err(), "the authority is always checked");

    let broker = Script::new().tls(expired.acceptor(None)).start().await;
    let failure = over_tls(&broker, "localhost", trusting(&authority)).await.unwrap_err();
    assert!(failure.message.contains("expired"), "{failure}");
}

#[tokio::test]
async fn tls_and_plaintext_that_meet_are_told_apart() {
    let authority = Certified::new("authority", None, 10);
    let leaf = Certified::new("localhost", Some(&authority), 10);
    let plain = Script::new().start().await;
    let failure = over_tls(&plain, "localhost", trusting(&authority)).await.unwrap_err();
    assert_eq!(failure.message, "TLS failed: the port does not speak TLS");
    let silent = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let mut options = plain.options();
    options.bootstrap = vec![Endpoint::new("127.0.0.1", silent.local_addr().unwrap().port())];
    options.security.tls = Some(trusting(&authority));
    options.connect_timeout = Duration::from_millis(200);
    let failure = Client::new(options).unwrap().refresh().await.unwrap_err();
    assert_eq!(failure.message, "TLS failed: no answer to the TLS handshake within 200ms");
    let encrypted = Script::new().tls(leaf.acceptor(None)).start().await;
    let failure = connect(&encrypted, "localhost", Security::default()).await.unwrap_err();
    assert!(failure.hint.clone().unwrap().contains("TLS"), "{failure}");
}

#[tokio::test]
async fn a_client_certificate_is_shown_in_pem_and_in_pkcs12() {
    let authority = Certified::new("authority", None, 10);
    let broker_side = Certified::new("localhost", Some(&authority), 10);
    let client_side = Certified::new("klamm", Some(&authority), 10);
    let broker = Script::new().tls(broker_side.acceptor(Some(&authority))).start().await;

    let failure = over_tls(&broker, "localhost", trusting(&authority)).await.unwrap_err();
    assert!(failure.message.contains("certificate"), "{failure}");
    assert_eq!(failure.kind, FailureKind::Auth);

    let plain_key = client_side.key.private_key_to_pem_pkcs8().unwrap();
    let locked_key =
        client_side.key.private_key_to_pem_pkcs8_passphrase(Cipher::aes_256_cbc(), b"open sesame").unwrap();
    let bundle = Pkcs12::builder()
        .name("klamm")
        .pkey(&client_side.key)
        .cert(&client_side.certificate)
        .build2("open sesame")
        .unwrap()
        .to_der()
        .unwrap();
    for identity in [
        Identity::Pem { certificate: client_side.pem(), key: plain_key.clone(), passphrase: None },
        Identity::Pem { certificate: client_side.pem(), key: locked_key, passphrase: Some("open sesame".into()) },
        Identity::Pkcs12 { bundle, passphrase: Some("open sesame".into()) },
    ] {
        let tls = Tls { identity: Some(identity), ..trusting(&authority) };
        over_tls(&broker, "localhost", tls).await.unwrap();
    }
}

#[test]
fn what_cannot_be_used_fails_before_anything_is_dialled() {
    let authority = Certified::new("authority", None, 10);
    let other = Certified::new("other", None, 10);
    let key = other.key.private_key_to_pem_pkcs8().unwrap();
    let locked = other.key.private_key_to_pem_pkcs8_passphrase(Cipher::aes_256_cbc(), b"x").unwrap();
    let bundle = Pkcs12::builder().pkey(&other.key).cert(&other.certificate).build2("x").unwrap().to_der().unwrap();
    let pem = |key: &[u8], passphrase: Option<&str>| {
        let passphrase = passphrase.map(Into::into);
        Some(Identity::Pem { certificate: authority.pem(), key: key.to_vec(), passphrase })
    };
    let with_ca = |pem: &[u8]| Tls { ca: Some(CaSource::Pem(pem.to_vec())), ..Tls::default() };
    let with = |identity| Tls { identity, ..Tls::default() };
    for (tls, words) in [
        (with_ca(b"no certificate"), "holds no PEM certificate"),
        (with_ca(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "CA certificate cannot be read"),
        (with(pem(&key, None)), "does not belong"),
        (with(pem(&locked, None)), "give its passphrase"),
        (with(pem(&locked, Some("y"))), "cannot be opened with this passphrase"),
        (with(Some(Identity::Pkcs12 { bundle: bundle.clone(), passphrase: Some("y".into()) })), "check its passphrase"),
        (with(Some(Identity::Pkcs12 { bundle: b"junk".to_vec(), passphrase: None })), "PKCS#12 bundle cannot be read"),
    ] {
        let options = super::super::Options {
            bootstrap: vec![Endpoint::new("localhost", 1)],
            security: Security { tls: Some(tls), sasl: None },
            client_id: "klamm-test".into(),
            connect_timeout: Duration::from_secs(1),
            request_timeout: Duration::from_secs(1),
        };
        let failure = Client::new(options).err().unwrap();
        assert_eq!(failure.kind, FailureKind::Invalid);
        assert!(failure.message.contains(words), "{words}: {failure}");
    }
}

async fn with_sasl(broker: &Scripted, sasl: Sasl) -> Result<(), Failure> {
    connect(broker, "127.0.0.1", Security { tls: None, sasl: Some(sasl) }).await
}

fn offers(script: Script, mechanisms: &'static [&'static str]) -> Script {
    script.answer::<SaslHandshakeRequest>(move |request, _| {
        let is_offered = mechanisms.contains(&request.mechanism.as_str());
        let offered = mechanisms.iter().map(|name| (*name).into()).collect();
        SaslHandshakeResponse::default().with_error_code(if is_offered { 0 } else { 33 }).with_mechanisms(offered)
    })
}

fn plain(password: &str) -> Sasl {
    Sasl::Plain { user: "ann".into(), password: password.into() }
}

fn checks_plain() -> Script {
    offers(Script::new(), &["PLAIN", "SCRAM-SHA-512"]).answer::<SaslAuthenticateRequest>(|request, _| {
        if request.auth_bytes.as_ref() == b"\0ann\0right" {
            return SaslAuthenticateResponse::default();
        }
        SaslAuthenticateResponse::default().with_error_code(58).with_error_message(Some("Invalid password".into()))
    })
}

#[tokio::test]
async fn a_wrong_password_is_tried_once() {
    let broker = checks_plain().start().await;
    with_sasl(&broker, plain("right")).await.unwrap();
    let failure = with_sasl(&broker, plain("wrong")).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Auth);
    assert!(failure.message.contains("Invalid password") && !failure.to_string().contains("wrong\0"), "{failure}");
    assert_eq!(broker.asked::<SaslAuthenticateRequest>().len(), 2);
}

#[tokio::test]
async fn credentials_are_not_tried_at_every_address() {
    let (one, two) = (checks_plain().start().await, checks_plain().start().await);
    let mut options = one.options();
    options.bootstrap = vec![one.endpoint(), two.endpoint()];
    options.security.sasl = Some(plain("wrong"));
    assert_eq!(Client::new(options).unwrap().refresh().await.unwrap_err().kind, FailureKind::Auth);
    assert_eq!(two.accepted(), 0);
}

#[tokio::test]
async fn a_mechanism_that_is_not_offered_brings_those_that_are() {
    let broker = checks_plain().start().await;
    let sasl = Sasl::Scram { hash: ScramHash::Sha256, user: "ann".into(), password: "right".into() };
    let failure = with_sasl(&broker, sasl).await.unwrap_err();
    assert_eq!(failure.message, "the broker does not offer SCRAM-SHA-256; it offers PLAIN, SCRAM-SHA-512");
}

#[tokio::test]
async fn a_port_without_sasl_says_so() {
    let broker = Script::new()
        .answer::<SaslHandshakeRequest>(|_, _| SaslHandshakeResponse::default().with_error_code(34))
        .start()
        .await;
    let failure = with_sasl(&broker, plain("right")).await.unwrap_err();
    assert_eq!(failure.message, "the port does not ask for credentials");
}

#[tokio::test]
async fn a_broker_that_hangs_up_on_requests_may_want_credentials() {
    let broker = Script::new().on::<MetadataRequest>(|_| Reply::Close).start().await;
    let failure = connect(&broker, "127.0.0.1", Security::default()).await.unwrap_err();
    assert!(failure.hint.clone().unwrap().contains("SASL"), "{failure}");
}

/// The server's part of SCRAM-SHA-256 for the password `pencil`; `knows` is the
/// password that it proves to know.
fn scram_server(knows: &'static str) -> Script {
    let salt = b"0123456789";
    let hmac = |key: &[u8], data: &[u8]| {
        let key = PKey::hmac(key).unwrap();
        Signer::new(MessageDigest::sha256(), &key).unwrap().sign_oneshot_to_vec(data).unwrap()
    };
    let conversation = Mutex::new(String::new());
    let answer = move |request: SaslAuthenticateRequest, _| {
        let said = String::from_utf8(request.auth_bytes.to_vec()).unwrap();
        let mut conversation = conversation.lock().unwrap();
        let reply = match said.strip_prefix("n,,") {
            Some(first) => {
                let nonce = first.split_once("r=").unwrap().1;
                let reply = format!("r={nonce}more,s={},i=4096", STANDARD.encode(salt));
                *conversation = format!("{first},{reply}");
                reply
            }
            None => {
                let (without_proof, _) = said.rsplit_once(",p=").unwrap();
                let mut salted = [0; 32];
                let digest = MessageDigest::sha256();
                openssl::pkcs5::pbkdf2_hmac(knows.as_bytes(), salt, 4096, digest, &mut salted).unwrap();
                let whole = format!("{conversation},{without_proof}");
                format!("v={}", STANDARD.encode(hmac(&hmac(&salted, b"Server Key"), whole.as_bytes())))
            }
        };
        SaslAuthenticateResponse::default().with_auth_bytes(reply.into_bytes().into())
    };
    offers(Script::new(), &["SCRAM-SHA-256"]).answer::<SaslAuthenticateRequest>(answer)
}

#[tokio::test]
async fn a_server_that_does_not_know_the_password_is_not_believed() {
    let scram = || Sasl::Scram { hash: ScramHash::Sha256, user: "user".into(), password: "pencil".into() };
    with_sasl(&scram_server("pencil").start().await, scram()).await.unwrap();
    let failure = with_sasl(&scram_server("guess").start().await, scram()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Auth);
    assert!(failure.message.contains("could not prove"), "{failure}");
}

#[tokio::test]
async fn a_token_is_sent_and_its_rejection_is_shown() {
    let script = offers(Script::new(), &["OAUTHBEARER"]).answer::<SaslAuthenticateRequest>(|request, _| {
        let reply: &'static [u8] = match request.auth_bytes.as_ref() {
            b"n,,\x01auth=Bearer good\x01\x01" => b"",
            _ => br#"{"status":"invalid_token"}"#,
        };
        SaslAuthenticateResponse::default().with_auth_bytes(reply.into())
    });
    let broker = script.start().await;
    with_sasl(&broker, Sasl::OAuthBearer { token: "good".into() }).await.unwrap();
    let failure = with_sasl(&broker, Sasl::OAuthBearer { token: "old".into() }).await.unwrap_err();
    assert!(failure.message.contains("invalid_token"), "{failure}");
}

#[tokio::test]
async fn a_session_that_is_about_to_end_is_followed_by_another() {
    let session = Duration::from_millis(200);
    let broker = offers(Script::new(), &["PLAIN"])
        .answer::<SaslAuthenticateRequest>(move |_, version| {
            let response = SaslAuthenticateResponse::default();
            if version == 0 { response } else { response.with_session_lifetime_ms(200) }
        })
        .answer::<ListGroupsRequest>(|_, _| ListGroupsResponse::default())
        .start()
        .await;
    let mut options = broker.options();
    options.security.sasl = Some(plain("right"));
    let client = Client::new(options).unwrap();
    let request = ListGroupsRequest::default();
    client.call(Route::Any, Lane::Control, &request).await.unwrap();
    client.call(Route::Any, Lane::Control, &request).await.unwrap();
    let before = broker.asked::<SaslAuthenticateRequest>().len();
    let end = tokio::time::Instant::now() + session;
    tokio::time::sleep_until(end).await;
    client.call(Route::Any, Lane::Control, &request).await.unwrap();
    assert!(broker.asked::<SaslAuthenticateRequest>().len() > before);
    assert_eq!(broker.accepted(), broker.asked::<SaslAuthenticateRequest>().len());
}
