//! The schemas of `docs/json/`: each is of something that is printed, none has
//! a hole, and none takes what is wrong.
//!
//! Every other document that a test here reads is held against them as well.

use crate::cli::{WORLD, bare, code, done, json, klamm, text, topic_with};
use crate::contract::{broken, document_of, holds, path};
use klamm::cli::documents;
use rstest::rstest;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;

fn schema(name: &str) -> Json {
    let text = std::fs::read_to_string(path(name)).expect("a schema");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn each_schema_is_of_a_document_and_names_its_version() {
    let folder = path("common");
    let files = std::fs::read_dir(folder.parent().expect("a folder")).expect("the folder is readable");
    let names = files.map(|file| file.expect("a file").file_name().to_string_lossy().into_owned());
    let there: BTreeSet<String> =
        names.filter_map(|name| Some(name.strip_suffix(".schema.json")?.to_owned())).collect();
    let known = documents().iter().map(|document| document.name).chain(["common"]).map(str::to_owned);
    assert_eq!(there, known.collect());
    for document in documents() {
        if let Some(version) = document.version {
            assert_eq!(schema(document.name)["properties"]["version"], json!({"const": version}), "{}", document.name);
        }
    }
}

#[test]
fn no_object_has_room_for_what_is_not_documented() {
    for name in documents().iter().map(|document| document.name).chain(["common"]) {
        let mut objects = 0;
        each(&schema(name), &mut |object| {
            if object["type"] == "object" || object["type"][0] == "object" {
                objects += 1;
                assert_eq!(object["additionalProperties"], false, "{name}: {object}");
            }
        });
        assert!(objects > 0, "{name}");
    }
}

#[test]
fn every_line_that_holds_a_record_says_of_it_what_a_tail_says() {
    let record = schema("record");
    let record = record["oneOf"][0]["properties"].as_object().expect("members");
    for name in ["groups-peek", "dead-letter"] {
        let line = &schema(name)["oneOf"][0]["properties"];
        for (member, said) in record {
            assert_eq!(&line[member], said, "{name}: {member}");
        }
    }
}

fn each(json: &Json, look: &mut impl FnMut(&Json)) {
    look(json);
    match json {
        Json::Object(members) => members.values().for_each(|value| each(value, look)),
        Json::Array(values) => values.iter().for_each(|value| each(value, look)),
        _ => {}
    }
}

/// Runs each command at least once, so that no schema stands there unproven.
#[test]
fn every_kind_of_document_is_printed_and_is_what_its_schema_says() {
    topic_with("cli-schemas", 2, 3);
    done("groups reset cli-schemed --topic cli-schemas --to-offset 1 --create-group --yes");
    let mut printed = BTreeSet::new();
    let mut see = |line: &str, json: &Json| {
        holds(line, json);
        assert!(json["items"] != json!([]), "{line} shows nothing: {json}");
        printed.insert(document_of(line).name);
    };
    for line in [
        "topics list",
        "topics describe cli-schemas --defaults",
        "topics plan-partitions cli-schemas --target-rate 50MB/s --consumers 6 --measure 0s",
        "topics create cli-schemas-new --partitions 2 --set retention.ms=1000 --dry-run",
        "topics add-partitions cli-schemas --to 4 --dry-run",
        "topics delete cli-schemas --dry-run",
        "groups list",
        "groups describe cli-schemed invoice-export-nightly order-processor --written",
        "groups lag --all",
        "groups verdict --all",
        "groups reset cli-schemed --all-topics --to-earliest --dry-run",
        "groups configs cli-schemed",
        "groups configure cli-schemed --set consumer.session.timeout.ms=50000 --dry-run",
        "groups export cli-schemed",
        "groups copy cli-schemed cli-schemed-new --create-group --dry-run",
        "groups delete cli-schemed --dry-run",
        "groups delete-offsets cli-schemed --topic cli-schemas:0 --dry-run",
        "groups remove-members order-processor --all --dry-run",
        "journal list",
        "profiles test",
        "config explain",
        "config path",
        "records search cli-schemas --where offset>=0 --count",
        "records stats cli-schemas --by key --over-time --keys --sizes --latest-per-key",
        "records produce cli-schemas --key k --value v --dry-run",
        "records resend cli-schemas --to cli-schemas --dry-run",
        "records compression catalog.products",
        "dead-letters list",
    ] {
        see(line, &done(line));
    }
    let id = done("journal list --limit 1")["items"][0]["id"].as_str().expect("an id").to_owned();
    see("journal show", &done(&format!("journal show {id}")));
    let tail = klamm("records tail catalog.products --from -5 --no-follow -o json").output().expect("it runs");
    for line in text(&tail.stdout).lines() {
        see("records tail", &serde_json::from_str(line).expect("an object"));
    }
    let letters = klamm("dead-letters show orders.v1-dlt --newest 5 -o json").output().expect("it runs");
    for line in text(&letters.stdout).lines() {
        see("dead-letters show", &serde_json::from_str(line).expect("an object"));
    }
    let search = klamm("records search cli-schemas --where offset>=0 --columns offset,value -o json").output();
    for line in text(&search.expect("it runs").stdout).lines() {
        see("records search", &serde_json::from_str(line).expect("a list"));
    }
    let batches =
        klamm("records tail accounting.postings --from earliest --no-follow --show-batch --show-control -o json")
            .output();
    for line in text(&batches.expect("it runs").stdout).lines() {
        see("records tail", &serde_json::from_str(line).expect("an object"));
    }
    let peek = klamm("groups peek cli-schemed -o json").output().expect("it runs");
    for line in text(&peek.stdout).lines() {
        see("groups peek", &serde_json::from_str(line).expect("an object"));
    }
    let mut watch = std::process::Command::new(env!("CARGO_BIN_EXE_klamm"));
    watch.args(["--bootstrap", &WORLD.bootstrap, "groups", "lag", "--all", "--watch=100ms", "-o", "json"]);
    let mut watching = watch.env("HOME", WORLD.home.path()).stdout(Stdio::piped()).spawn().expect("it runs");
    let mut line = String::new();
    let read = BufReader::new(watching.stdout.take().expect("a pipe")).read_line(&mut line);
    watching.kill().and_then(|()| watching.wait()).expect("it ends");
    read.expect("a line");
    see("groups lag", &serde_json::from_str(&line).expect("a document"));
    let mut exporter = std::process::Command::new(env!("CARGO_BIN_EXE_klamm"));
    exporter.args(["--bootstrap", &WORLD.bootstrap, "exporter", "--listen", "127.0.0.1:0"]);
    let mut serving = exporter.env("HOME", WORLD.home.path()).stdout(Stdio::piped()).spawn().expect("it runs");
    let mut line = String::new();
    let read = BufReader::new(serving.stdout.take().expect("a pipe")).read_line(&mut line);
    serving.kill().and_then(|()| serving.wait()).expect("it ends");
    read.expect("a line");
    see("exporter", &serde_json::from_str(&line).expect("an object"));
    let stats = bare().args(["demo", "--stats"]).output().expect("it runs");
    see("demo --stats", &serde_json::from_slice(&stats.stdout).expect("an object"));
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.example.toml");
    for line in ["profiles list", "profiles show prod-eu", "profiles show staging"] {
        let mut command = bare();
        let output = command.env("KLAMM_CONFIG", &example).args(line.split(' ')).args(["-o", "json"]).output();
        let output = output.expect("it runs");
        assert_eq!(code(&output), 0, "{}", text(&output.stderr));
        see(line, &serde_json::from_slice(&output.stdout).expect("a document"));
    }
    let mut add = bare();
    let add = add.args("profiles add p --bootstrap h:1 --dry-run -o json".split(' ')).output().expect("it runs");
    see("profiles add", &serde_json::from_slice(&add.stdout).expect("a document"));
    assert_eq!(printed, documents().iter().map(|document| document.name).collect());
}

#[test]
fn where_there_is_no_answer_the_failure_fits_too() {
    let everything = documents().iter().flat_map(|document| document.commands);
    let needs_no_cluster = |command: &str| {
        matches!(
            command,
            "demo" | "exporter" | "profiles list" | "profiles show" | "profiles add" | "config path" | "config explain"
        )
    };
    for command in everything.filter(|command| !needs_no_cluster(command)) {
        let line = match *command {
            "topics list" | "groups list" | "journal list" | "profiles test" => (*command).to_owned(),
            "groups lag" => "groups lag --all".to_owned(),
            "groups verdict" => "groups verdict --all".to_owned(),
            "topics add-partitions" => "topics add-partitions x --to 3 --yes".to_owned(),
            "groups configure" => "groups configure x --unset y --yes".to_owned(),
            "groups copy" => "groups copy x y --yes".to_owned(),
            "groups import" => format!("groups import {} --yes", offsets_file().display()),
            "groups delete" => "groups delete x --yes".to_owned(),
            "groups delete-offsets" => "groups delete-offsets x --topic t --yes".to_owned(),
            "groups remove-members" => "groups remove-members x --all --yes".to_owned(),
            "groups reset" => "groups reset x --all-topics --to-earliest --yes".to_owned(),
            "records search" => "records search x --where y".to_owned(),
            "records get" => "records get x/0@1".to_owned(),
            "records produce" => "records produce x --value v --yes".to_owned(),
            "records resend" => "records resend x --to y --yes".to_owned(),
            "profiles edit" => "profiles edit x --default".to_owned(),
            "profiles duplicate" => "profiles duplicate x y".to_owned(),
            other => format!("{other} x"),
        };
        let (document, code) = json(&format!("{line} --bootstrap 127.0.0.1:9"));
        assert_eq!((code, document["failures"].as_array().map(Vec::len)), (1, Some(1)), "{line}: {document}");
    }
}

/// A file of one offset.
fn offsets_file() -> std::path::PathBuf {
    let path = std::env::temp_dir().join(format!("klamm-schemas-{}.csv", std::process::id()));
    std::fs::write(&path, "g,t,0,1\n").expect("a file");
    path
}

#[rstest]
#[case::a_member_too_many(|document: &mut Json| document["items"][0]["colour"] = json!("red"))]
#[case::a_member_too_few(|document: &mut Json| {
    document["items"][0].as_object_mut().expect("an item").remove("partitions");
})]
#[case::another_version(|document: &mut Json| document["version"] = json!(2))]
#[case::a_number_as_words(|document: &mut Json| document["items"][0]["partitions"] = json!("12"))]
#[case::an_unknown_word(|document: &mut Json| document["items"][0]["origin"] = json!("elsewhere"))]
#[case::null_without_its_reason(|document: &mut Json| document["items"][0]["records"] = Json::Null)]
#[case::a_reason_beside_what_is_known(|document: &mut Json| document["items"][0]["records_reason"] = json!("why"))]
#[case::a_failure_without_its_cause(|document: &mut Json| document["failures"] = json!([{"kind": "timeout"}]))]
fn what_is_wrong_is_refused(#[case] spoil: fn(&mut Json)) {
    let mut document = done("topics list --filter orders.v1");
    assert_eq!(broken("topics-list", &document), None);
    spoil(&mut document);
    assert!(broken("topics-list", &document).is_some(), "{document}");
}
