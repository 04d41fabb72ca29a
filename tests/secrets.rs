//! Secrets that are known, servers that are told them and repeat them, and a
//! look for any trace of them.

use crate::pki::{PASSPHRASE, Pki};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::{Buf as _, Bytes, BytesMut};
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::{
    ApiKey, ApiVersionsResponse, SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeResponse,
};
use kafka_protocol::protocol::{Decodable as _, Encodable, StrBytes};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const PLAIN: &str = "pl4in-Zq7-password";
const SCRAM: &str = "scr4m-Zq7-password";
const TOKEN: &str = "t0ken.Zq7.signature";
const REGISTRY: &str = "r3gistry-Zq7-password";
const IN_URL: &str = "1n-url-Zq7-password";
/// Never in the file: it is typed.
pub const ASKED: &str = "4sked-Zq7-password";
const WRONG_KEY: &str = "wr0ng-Zq7-passphrase";
const USER: &str = "oncall";

const ALL: &[&str] = &[PLAIN, SCRAM, TOKEN, REGISTRY, IN_URL, ASKED, WRONG_KEY, PASSPHRASE];

/// Profiles that nobody gets in with.
pub const REJECTED: &[&str] = &["plain", "scram", "token", "key", "wrong-key"];
/// Profiles of an open cluster, whose registry lets nobody in.
pub const OPEN: &[&str] = &["open", "in-url"];

/// A file with a profile for each secret, and the servers they lead to.
pub struct Trap {
    dir: TempDir,
}

impl Trap {
    /// `open` is the address of a cluster that lets everybody in.
    pub fn set(open: &str) -> Self {
        let dir = TempDir::new().expect("a directory");
        let pki = Pki::create(dir.path()).expect("certificates");
        let (broker, registry) = (serve(answer_kafka), serve(answer_http));
        std::fs::write(dir.path().join("scram"), format!("{SCRAM}\n")).expect("written");
        let tls = |passphrase: &str| {
            format!(
                "[profiles.{{}}.tls]\nca = {:?}\ncertificate = {:?}\nkey = {:?}\npassphrase = {passphrase}\n",
                pki.authority, pki.client, pki.client_key_encrypted
            )
        };
        let file = [
            format!("version = 1\n[profiles.open]\nbootstrap = {open:?}\n"),
            format!(
                "[profiles.open.registry]\nurl = \"http://{registry}\"\nuser = {USER:?}\npassword = {{ env = \"TRAP_REGISTRY\" }}\n"
            ),
            sasl("plain", &broker, "PLAIN", &format!("password = {PLAIN:?}")),
            sasl("scram", &broker, "SCRAM-SHA-256", "password = { file = \"scram\" }"),
            sasl("token", &broker, "OAUTHBEARER", &format!("token = {{ command = [\"echo\", {TOKEN:?}] }}")),
            format!("[profiles.key]\nbootstrap = {broker:?}\n{}", tls(&format!("{PASSPHRASE:?}")).replace("{}", "key")),
            format!(
                "[profiles.wrong-key]\nbootstrap = {broker:?}\n{}",
                tls(&format!("{WRONG_KEY:?}")).replace("{}", "wrong-key")
            ),
            format!("[profiles.in-url]\nbootstrap = {open:?}\nregistry = \"http://{USER}:{IN_URL}@{registry}\"\n"),
            // The last one, where a list is left by one key.
            sasl("asked", &broker, "PLAIN", "password = { prompt = true }"),
        ];
        std::fs::write(dir.path().join("config.toml"), file.concat()).expect("written");
        Self { dir }
    }

    pub fn file(&self) -> PathBuf {
        self.dir.path().join("config.toml")
    }

    /// What a run needs beside the file, `KLAMM_LOG` turned up to everything.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("KLAMM_CONFIG", self.file().display().to_string()),
            ("KLAMM_LOG", "trace".to_owned()),
            ("TRAP_REGISTRY", REGISTRY.to_owned()),
        ]
    }
}

fn sasl(name: &str, broker: &str, mechanism: &str, secret: &str) -> String {
    format!(
        "[profiles.{name}]\nbootstrap = {broker:?}\n[profiles.{name}.sasl]\nmechanism = {mechanism:?}\nuser = {USER:?}\n{secret}\n"
    )
}

/// The secret that `bytes` hold, as it is or as it is sent and dumped.
pub fn told(bytes: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(bytes);
    ALL.iter().copied().find(|secret| forms(secret).iter().any(|form| text.contains(form.as_str())))
}

fn forms(secret: &str) -> Vec<String> {
    let listed = |bytes: &[u8]| format!("{bytes:?}").trim_matches(['[', ']']).to_owned();
    let sent =
        [secret.to_owned(), format!("{USER}:{secret}"), format!("\0{USER}\0{secret}"), format!("auth=Bearer {secret}")];
    let encoded = sent.iter().flat_map(|sent| [STANDARD.encode(sent), URL_SAFE_NO_PAD.encode(sent)]);
    let hex = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    encoded.chain([secret.to_owned(), secret.replace('-', "%2D"), hex, listed(secret.as_bytes())]).collect()
}

/// Fails when a file below `folder` holds a secret; returns how many it looked at.
pub fn search(folder: &Path) -> usize {
    let mut seen = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the folder is readable") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = std::fs::read(&path).expect("the file is readable");
                assert_eq!(told(&bytes), None, "{} holds it", path.display());
                seen += 1;
            }
        }
    }
    seen
}

/// A server on a port of its own, for as long as the test runs.
fn serve(answer: fn(TcpStream) -> io::Result<()>) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Whoever hangs up has heard enough.
            std::thread::spawn(move || answer(stream));
        }
    });
    address
}

/// A broker that asks for credentials, rejects them all, and says what it was told.
fn answer_kafka(mut stream: TcpStream) -> io::Result<()> {
    loop {
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length) as usize;
        if length > 1 << 20 {
            // A TLS handshake.
            return Ok(());
        }
        let mut frame = vec![0; length];
        stream.read_exact(&mut frame)?;
        let mut frame = Bytes::from(frame);
        let (key, version, correlation) = (frame.try_get_i16()?, frame.try_get_i16()?, frame.try_get_i32()?);
        let client = frame.try_get_i16()?;
        frame.advance(usize::try_from(client).unwrap_or(0));
        let mut answer = BytesMut::new();
        let encoded = match ApiKey::try_from(key) {
            Ok(ApiKey::ApiVersions) => encode(&versions(), version.min(3), &mut answer),
            Ok(ApiKey::SaslHandshake) => {
                let mechanisms = ["PLAIN", "SCRAM-SHA-256", "OAUTHBEARER"].map(StrBytes::from_static_str).to_vec();
                encode(&SaslHandshakeResponse::default().with_mechanisms(mechanisms), version, &mut answer)
            }
            Ok(ApiKey::SaslAuthenticate) => {
                let request = SaslAuthenticateRequest::decode(&mut frame, version).map_err(io::Error::other)?;
                encode(&judged(&request.auth_bytes), version, &mut answer)
            }
            _ => return Ok(()),
        };
        encoded?;
        stream.write_all(&(answer.len() as u32 + 4).to_be_bytes())?;
        stream.write_all(&correlation.to_be_bytes())?;
        stream.write_all(&answer)?;
    }
}

fn encode(response: &impl Encodable, version: i16, to: &mut BytesMut) -> io::Result<()> {
    response.encode(to, version).map_err(io::Error::other)
}

fn versions() -> ApiVersionsResponse {
    let offered =
        [(ApiKey::ApiVersions, 3), (ApiKey::SaslHandshake, 1), (ApiKey::SaslAuthenticate, 1), (ApiKey::Metadata, 9)];
    let keys = offered.map(|(key, max)| ApiVersion::default().with_api_key(key as i16).with_max_version(max));
    ApiVersionsResponse::default().with_api_keys(keys.to_vec())
}

fn judged(told: &Bytes) -> SaslAuthenticateResponse {
    let text = String::from_utf8_lossy(told);
    // The first message of SCRAM is answered, so that the second, made from the password, is sent.
    if let Some((_, nonce)) = text.split_once(",r=").filter(|_| text.starts_with("n,,n=")) {
        let challenge = format!("r={nonce}Zq,s={},i=4096", STANDARD.encode("salt"));
        return SaslAuthenticateResponse::default().with_auth_bytes(challenge.into_bytes().into());
    }
    let message = format!("no entry for {text}");
    SaslAuthenticateResponse::default().with_error_code(58).with_error_message(Some(message.into()))
}

/// A registry that rejects everybody and says what it was told.
fn answer_http(mut stream: TcpStream) -> io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let mut heard = String::new();
    while let Some(line) = lines.next().transpose()?.filter(|line| !line.is_empty()) {
        heard.push_str(&line);
    }
    let body = format!("{{\"error_code\":401,\"message\":{heard:?}}}");
    write!(stream, "HTTP/1.1 401 Unauthorized\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}
