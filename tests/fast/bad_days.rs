//! Addresses that are not a Kafka broker's: each gets a sentence that says what
//! failed, on what, why and what to do, and none hangs or crashes.

use rstest::rstest;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, Output};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longer than any deadline inside; shorter than anybody's patience.
const LIMIT: Duration = Duration::from_secs(60);

fn topics_of(address: &str) -> Output {
    let home = TempDir::new().expect("a home");
    let mut command = Command::new(env!("CARGO_BIN_EXE_klamm"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KLAMM_") || name.starts_with("XDG_")) {
        command.env_remove(name);
    }
    let began = Instant::now();
    let output = command
        .env("HOME", home.path())
        .args(["--bootstrap", address, "topics", "list", "--output", "json"])
        .output()
        .expect("the binary runs");
    assert!(began.elapsed() < LIMIT, "it took {:?}", began.elapsed());
    output
}

fn assert_explained(address: &str, output: &Output, why: &str, advice: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(address), "on what: {said}");
    assert!(said.contains(why), "why: {said}");
    assert!(said.contains(advice), "what to do: {said}");
    assert!(!said.contains("panicked"), "{said}");
}

/// What a stranger does with whoever connects.
enum Stranger {
    /// Accepts and never says a word.
    Silent,
    /// Reads a request and closes.
    Closes,
    /// Reads a request and says these bytes.
    Says(&'static [u8]),
}

/// A stranger on a port of its own, for as long as the test runs.
fn open(stranger: Stranger) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { break };
            match stranger {
                Stranger::Silent => kept.push(stream),
                Stranger::Closes => {
                    let _ = stream.read(&mut [0; 512]);
                }
                Stranger::Says(bytes) => {
                    let _ = stream.read(&mut [0; 512]);
                    let _ = stream.write_all(bytes);
                    kept.push(stream);
                }
            }
        }
    });
    address
}

/// A web server that has one page for everything; its address.
pub fn open_page() -> String {
    const PAGE: &[u8] =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 41\r\nConnection: close\r\n\r\n\
        <html><body>Please log in.</body></html>\n";
    format!("http://{}", open(Stranger::Says(PAGE)))
}

#[rstest]
#[case::silent(Stranger::Silent, "no answer", "without speaking Kafka")]
#[case::closing(Stranger::Closes, "closed", "TLS or SASL")]
#[case::http(Stranger::Says(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"), "HTTP server", "broker's port")]
#[case::tls(Stranger::Says(&[0x15, 3, 3, 0, 2, 2, 10]), "speaks TLS", "Turn TLS on")]
#[case::two_gigabytes(Stranger::Says(&[0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]), "claims a frame", "Kafka broker's")]
#[case::negative_frame(Stranger::Says(&[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]), "claims a frame", "Kafka broker's")]
fn a_stranger_is_named(#[case] stranger: Stranger, #[case] why: &str, #[case] advice: &str) {
    let address = open(stranger);
    assert_explained(&address, &topics_of(&address), why, advice);
}

#[test]
fn a_closed_port_is_named() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    drop(listener);
    assert_explained(&address, &topics_of(&address), "refused", "the broker runs");
}

#[test]
fn a_wrong_host_is_named() {
    let address = "no-such-host.invalid:9092";
    assert_explained(address, &topics_of(address), "no-such-host.invalid", "DNS");
}
