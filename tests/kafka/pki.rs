//! Certificates of one test run: an authority, a broker, two clients, and a
//! second authority that signed none of them.

use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::extension::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509NameBuilder};
use std::fs;
use std::path::{Path, PathBuf};

/// What opens `client.p12` and `client-encrypted.key`.
pub const PASSPHRASE: &str = "open sesame";

#[derive(Clone, Debug)]
pub struct Pki {
    pub authority: PathBuf,
    /// Another authority: trusting only this one must fail.
    pub stranger: PathBuf,
    /// Key and chain for the brokers, as they want it: PKCS#8 first.
    pub broker: PathBuf,
    /// `CN=client`, a principal without any rights.
    pub client: PathBuf,
    pub client_key: PathBuf,
    pub client_key_encrypted: PathBuf,
    pub client_p12: PathBuf,
}

struct Identity {
    certificate: X509,
    key: PKey<Private>,
}

impl Pki {
    pub fn create(dir: &Path) -> Result<Self, String> {
        fs::create_dir_all(dir).map_err(|error| format!("cannot write certificates: {error}"))?;
        Self::write(dir).map_err(|error| format!("cannot make certificates: {error}"))
    }

    fn write(dir: &Path) -> Result<Self, Box<dyn std::error::Error>> {
        let authority = issue("klamm test authority", None)?;
        let stranger = issue("another authority", None)?;
        let broker = issue("broker", Some(&authority))?;
        let client = issue("client", Some(&authority))?;

        let save = |name: &str, parts: &[Vec<u8>]| -> std::io::Result<PathBuf> {
            let path = dir.join(name);
            fs::write(&path, parts.concat())?;
            Ok(path)
        };
        let p12 = Pkcs12::builder().name("client").pkey(&client.key).cert(&client.certificate).build2(PASSPHRASE)?;
        let cipher = openssl::symm::Cipher::aes_256_cbc();
        Ok(Self {
            authority: save("ca.crt", &[authority.certificate.to_pem()?])?,
            stranger: save("stranger.crt", &[stranger.certificate.to_pem()?])?,
            broker: save(
                "broker.pem",
                &[
                    broker.key.private_key_to_pem_pkcs8()?,
                    broker.certificate.to_pem()?,
                    authority.certificate.to_pem()?,
                ],
            )?,
            client: save("client.crt", &[client.certificate.to_pem()?])?,
            client_key: save("client.key", &[client.key.private_key_to_pem_pkcs8()?])?,
            client_key_encrypted: save(
                "client-encrypted.key",
                &[client.key.private_key_to_pem_pkcs8_passphrase(cipher, PASSPHRASE.as_bytes())?],
            )?,
            client_p12: save("client.p12", &[p12.to_der()?])?,
        })
    }
}

/// A certificate signed by `issuer`, or an authority that signs itself.
fn issue(name: &str, issuer: Option<&Identity>) -> Result<Identity, ErrorStack> {
    let key = PKey::from_rsa(Rsa::generate(2048)?)?;
    let mut subject = X509NameBuilder::new()?;
    subject.append_entry_by_nid(Nid::COMMONNAME, name)?;
    let subject = subject.build();
    let mut serial = BigNum::new()?;
    serial.rand(159, MsbOption::MAYBE_ZERO, false)?;

    let mut builder = X509Builder::new()?;
    builder.set_version(2)?;
    let serial = serial.to_asn1_integer()?;
    builder.set_serial_number(&serial)?;
    builder.set_subject_name(&subject)?;
    builder.set_pubkey(&key)?;
    let (today, in_two_days) = (Asn1Time::days_from_now(0)?, Asn1Time::days_from_now(2)?);
    builder.set_not_before(&today)?;
    builder.set_not_after(&in_two_days)?;
    match issuer {
        Some(issuer) => {
            builder.set_issuer_name(issuer.certificate.subject_name())?;
            let names = SubjectAlternativeName::new()
                .dns("localhost")
                .ip("127.0.0.1")
                .build(&builder.x509v3_context(Some(&issuer.certificate), None))?;
            builder.append_extension(names)?;
            builder.append_extension(ExtendedKeyUsage::new().server_auth().client_auth().build()?)?;
            builder.sign(&issuer.key, MessageDigest::sha256())?;
        }
        None => {
            builder.set_issuer_name(&subject)?;
            builder.append_extension(BasicConstraints::new().critical().ca().build()?)?;
            builder.append_extension(KeyUsage::new().critical().key_cert_sign().crl_sign().build()?)?;
            builder.sign(&key, MessageDigest::sha256())?;
        }
    }
    Ok(Identity { certificate: builder.build(), key })
}
