//! Records sent to another cluster, whose registry numbers schemas differently.

use crate::cli::{WORLD, bare, code, text};
use crate::contract::holds;
use base64::Engine as _;
use klamm::demo::{Demo, Options};
use serde_json::{Value as Json, json};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Output;

/// Registers a schema and returns its id.
fn register(registry: &str, subject: &str, schema: &str) -> i32 {
    let address = registry.strip_prefix("http://").expect("an address").trim_end_matches('/');
    let body = json!({ "schema": schema }).to_string();
    let mut stream = TcpStream::connect(address).expect("a registry");
    let head = format!(
        "POST /subjects/{subject}/versions HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: \
         application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).expect("it listens");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let json = answer.split_once("\r\n\r\n").map(|(_, body)| body).expect("a body");
    let begins = json.find('{').expect("a document");
    let ends = json.rfind('}').expect("its end");
    let document: Json =
        serde_json::from_str(json.get(begins..=ends).expect("braces are letters of their own")).expect("a document");
    document["id"].as_i64().and_then(|id| id.try_into().ok()).unwrap_or_else(|| panic!("no id: {document}"))
}

fn schema(name: &str) -> String {
    format!(r#"{{"type":"record","name":"{name}","fields":[{{"name":"n","type":"long"}}]}}"#)
}

/// A record of that schema whose `n` is 1, as its line is read.
fn framed(id: i32) -> String {
    let bytes = [&[0][..], &id.to_be_bytes(), &[2]].concat();
    format!("{}\n", json!({ "value": { "base64": base64::engine::general_purpose::STANDARD.encode(bytes) } }))
}

#[test]
fn schema_ids_become_those_of_the_other_registry_or_it_stops() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let options = Options { traffic: false, ..Options::default() };
    let other = runtime.block_on(Demo::start(options)).expect("the demo starts");
    let profile =
        |demo: &Demo| format!("bootstrap = \"{}\"\nregistry = \"{}\"\n", demo.bootstrap(), demo.registry_url());
    let config = tempfile::NamedTempFile::new().expect("a file");
    let profiles =
        format!("version = 1\n[profiles.here]\n{}[profiles.there]\n{}", profile(&WORLD.demo), profile(&other));
    std::fs::write(config.path(), profiles).expect("a configuration");
    let run = |profile: &str, line: &str, input: &str| -> Output {
        let mut command = bare();
        command.args(["--config", config.path().to_str().expect("a path"), "--profile", profile, "--output", "json"]);
        command.args(line.split_whitespace()).write_stdin(input).output().expect("klamm runs")
    };
    let document = |line: &str, output: &Output| -> Json {
        let json =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{line}: {}", text(&output.stderr)));
        holds(line, &json);
        json
    };

    for (profile, topic) in [("here", "cli-mapped"), ("there", "cli-mapped-there")] {
        let made = run(profile, &format!("topics create {topic} --partitions 2 --replication-factor 1 --yes"), "");
        assert_eq!(code(&made), 0, "{}", text(&made.stderr));
    }
    let (ours, theirs) = (WORLD.demo.registry_url(), other.registry_url());
    let id = register(&ours, "cli-mapped-value", &schema("Mapped"));
    let lonely = register(&ours, "cli-lonely-value", &schema("Lonely"));
    for filler in 0..5 {
        register(&theirs, &format!("filler-{filler}"), &schema(&format!("Filler{filler}")));
    }
    let mapped = register(&theirs, "cli-mapped-value", &schema("Mapped"));
    assert_ne!(id, mapped, "the registries number differently");
    let produce = "records produce cli-mapped --partition 1 --json --yes";
    assert_eq!(code(&run("here", produce, &framed(id))), 0);

    let resend = "records resend cli-mapped --to cli-mapped-there --to-profile there --yes";
    let sent = run("here", resend, "");
    assert_eq!(code(&sent), 0, "{}{}", text(&sent.stdout), text(&sent.stderr));
    let sent = document(resend, &sent);
    let promise = sent["plan"]["warnings"][0]["text"].as_str().unwrap_or_default();
    assert!(promise.starts_with("exactly once"), "{sent}");
    let tail = "records tail cli-mapped-there --from earliest --no-follow";
    let there = document(tail, &run("there", tail, ""));
    assert_eq!((&there["value"], &there["value_schema_id"]), (&json!({ "n": 1 }), &json!(mapped)), "{there}");

    assert_eq!(code(&run("here", produce, &framed(lonely))), 0);
    let stopped = run("here", resend, "");
    assert_ne!(code(&stopped), 0);
    let stopped = document(resend, &stopped);
    let why = stopped["failures"][0].to_string();
    assert!(why.contains("cli-mapped:1@1") && why.contains("cli-lonely-value"), "the record is named: {stopped}");
    // Where it can go on, it goes on from there: nothing is there twice.
    register(&theirs, "cli-lonely-value", &schema("Lonely"));
    let id = stopped["plan"]["id"].as_str().expect("an id");
    let resume = format!("records resend --resume {id} --to-profile there --yes");
    let resumed = run("here", &resume, "");
    assert_eq!(code(&resumed), 0, "{}{}", text(&resumed.stdout), text(&resumed.stderr));
    let count = "records search cli-mapped-there --where partition>=0 --count --isolation read_committed";
    let count = document(count, &run("there", count, ""));
    assert_eq!(count["items"][0]["records"], json!(3), "one, and then both again: {count}");
}
