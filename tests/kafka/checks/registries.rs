//! Records between clusters whose registries count schemas differently.

use crate::klamm::{DONE, Klamm, Ran};
use crate::registry::{self, Referred};
use crate::target::Target;
use crate::witness::{Seed, Seen, Witness};
use serde_json::json;

const KEY: &str = r#"{"type":"record","name":"check.Key","fields":[{"name":"id","type":"long"}]}"#;
const FEW: &str = r#"{"type":"enum","name":"check.Currency","symbols":["EUR"]}"#;
const CURRENCY: &str = r#"{"type":"enum","name":"check.Currency","symbols":["EUR","USD"]}"#;
const MONEY: &str = r#"{"type":"record","name":"check.Money","fields":[
  {"name":"cents","type":"long"},{"name":"currency","type":"check.Currency"}]}"#;
const ORDER: &str = r#"{"type":"record","name":"check.Order","fields":[
  {"name":"id","type":"long"},{"name":"price","type":"check.Money"}]}"#;
const PROTO_MONEY: &str = r#"syntax = "proto3"; package check; message Money { int64 cents = 1; }"#;
const PROTO_ORDER: &str = r#"syntax = "proto3"; package check; import "check/money.proto";
  message Unused { string x = 1; }
  message Order { int64 id = 1; check.Money price = 2; }"#;
const JSON_MONEY: &str = r#"{"type":"object","properties":{"cents":{"type":"integer"}}}"#;
const JSON_ORDER: &str = r#"{"type":"object","properties":{"price":{"$ref":"money.json"}}}"#;

/// Id 21, 250 cents, the second currency; by hand, from Avro's specification.
const AVRO_BODY: &[u8] = &[42, 0xf4, 3, 2];
/// Id 21 and 250 cents.
const PROTO_BODY: &[u8] = &[8, 21, 0x12, 3, 8, 0xfa, 1];
const JSON_BODY: &[u8] = br#"{"price":{"cents":250}}"#;

/// The ids of one registry.
struct Ids {
    key: u32,
    avro: u32,
    proto: u32,
    json: u32,
}

/// The same schemas in each registry, under other ids and, of the deepest, another version.
fn registered(url: &str, topic: &str, is_other: bool) -> Ids {
    let as_is = |subject: &str, kind: &str, text: &str, referred: &[Referred<'_>]| {
        registry::register_with(url, subject, kind, text, referred)
    };
    let of = |name: &str| format!("{topic}.{name}");
    if is_other {
        for index in 0..7 {
            let filler = KEY.replace("\"id\"", &format!("\"n{index}\""));
            as_is(&of(&format!("filler-{index}")), "AVRO", &filler, &[]);
        }
        as_is(&of("currency"), "AVRO", FEW, &[]);
    }
    let key = as_is(&format!("{topic}-key"), "AVRO", KEY, &[]);
    as_is(&of("currency"), "AVRO", CURRENCY, &[]);
    let version = if is_other { 2 } else { 1 };
    as_is(&of("money"), "AVRO", MONEY, &[("check.Currency", &of("currency"), version)]);
    let avro = as_is(&format!("{topic}-value"), "AVRO", ORDER, &[("check.Money", &of("money"), 1)]);
    as_is(&of("money.proto"), "PROTOBUF", PROTO_MONEY, &[]);
    let proto = as_is(&of("proto-value"), "PROTOBUF", PROTO_ORDER, &[("check/money.proto", &of("money.proto"), 1)]);
    as_is(&of("money.json"), "JSON", JSON_MONEY, &[]);
    let json = as_is(&of("json-value"), "JSON", JSON_ORDER, &[("money.json", &of("money.json"), 1)]);
    Ids { key, avro, proto, json }
}

/// A magic byte, the id, and what follows.
fn named(id: u32, rest: &[u8]) -> Vec<u8> {
    [&[0][..], &id.to_be_bytes(), rest].concat()
}

/// Ids in keys, values and headers become those of the other registry, also where schemas
/// refer to others; what has no meaning there stops the copy. GUIDs stay, where registries
/// have them.
pub fn mapped(source: &Target, target: &Target, has_guids: bool) {
    let (from, to) = (Witness::new(source), Witness::new(target));
    let (topic, copy) = ("check.registries", "check.registries.copy");
    from.create_topic(topic, 1, 1, &[]);
    to.create_topic(copy, 1, 1, &[]);
    let url = |target: &Target| target.registry.clone().expect("the target has a registry");
    let (here_url, there_url) = (url(source), url(target));
    let here = registered(&here_url, topic, false);
    let there = registered(&there_url, topic, true);
    for (here, there) in [(here.key, there.key), (here.avro, there.avro), (here.proto, there.proto)] {
        assert_ne!(here, there, "else nothing is proven");
    }

    // The second message of the file.
    let which = &[2, 2][..];
    let key = named(here.key, &[42]);
    let (avro, proto) = (named(here.avro, AVRO_BODY), named(here.proto, &[which, PROTO_BODY].concat()));
    let json_value = named(here.json, JSON_BODY);
    let (key_header, avro_header) = (named(here.key, &[]), named(here.avro, &[]));
    let proto_header = named(here.proto, which);
    let seed = |key: &'static [u8], value| Seed { key: Some(key), value: Some(value), ..Seed::default() };
    from.produce(
        topic,
        &[
            Seed { key: Some(&key), value: Some(&avro), ..Seed::default() },
            Seed {
                headers: vec![("__key_schema_id", Some(&key_header)), ("__value_schema_id", Some(&avro_header))],
                ..seed(&[42], AVRO_BODY)
            },
            seed(b"k", &proto),
            Seed { headers: vec![("__value_schema_id", Some(&proto_header))], ..seed(b"k", PROTO_BODY) },
            seed(b"k", &json_value),
        ],
    );
    let klamm = Klamm::on(source);
    let profile =
        format!("version = 1\n[profiles.other]\nbootstrap = \"{}\"\nregistry = \"{there_url}\"\n", target.bootstrap);
    let config = klamm.write("config.toml", &profile).display().to_string();
    let resend = |topic: &str, more: &[&str]| -> Ran {
        let words = ["--config", &config, "records", "resend", topic, "--to", copy, "--to-profile", "other", "--yes"];
        klamm.run(&[&words[..], more].concat())
    };
    resend(topic, &[]).ended_with(DONE);

    let seen = to.read(copy, 0, 0, 5);
    let value = |index: usize| seen[index].value.clone().expect("a value");
    assert_eq!(seen[0].key.as_deref(), Some(&named(there.key, &[42])[..]));
    assert_eq!(value(0), named(there.avro, AVRO_BODY));
    assert_eq!((seen[1].key.as_deref(), value(1)), (Some(&[42][..]), AVRO_BODY.to_vec()), "bare beside headers");
    assert_eq!(value(2), named(there.proto, &[which, PROTO_BODY].concat()), "which message it is stays");
    assert_eq!(value(3), PROTO_BODY);
    assert_eq!(value(4), named(there.json, JSON_BODY));
    // What a reader there makes of it, with its registry alone.
    let read = Klamm::on(target).records(&["records", "tail", copy, "--from", "earliest", "--no-follow"]);
    let order = json!({"id": 21, "price": {"cents": 250, "currency": "USD"}});
    for index in [0, 1] {
        assert_eq!((&read[index]["key"], &read[index]["value"]), (&json!({"id": 21}), &order), "{}", read[index]);
        assert_eq!(read[index]["value_schema_id"], json!(there.avro), "{}", read[index]);
    }
    for index in [2, 3] {
        assert_eq!(read[index]["value"], json!({"id": 21, "price": {"cents": 250}}), "{}", read[index]);
        assert_eq!(read[index]["value_format"], json!("protobuf"));
    }
    assert_eq!(read[4]["value"], json!({"price": {"cents": 250}}));

    // One that refers to what only the source has.
    let lonely = "check.registries.lonely";
    from.create_topic(lonely, 1, 1, &[]);
    registry::register(&here_url, "check.registries.only-here", CURRENCY);
    let referred: &[Referred<'_>] = &[("check.Currency", "check.registries.only-here", 1)];
    let id = registry::register_with(&here_url, &format!("{lonely}-value"), "AVRO", MONEY, referred);
    from.produce(lonely, &[seed(b"k", &named(id, &[0xf4, 3, 2]))]);
    stopped(&resend(lonely, &[]), "has not the same as check.registries.only-here v1 (check.Currency)");
    assert_eq!(to.ends(copy, 0).1, end_of(&seen), "nothing of it was sent");

    by_guid(&from, &to, &here_url, has_guids, &resend);
}

/// The copy ended with a reason.
fn stopped(ran: &Ran, why: &str) {
    assert_ne!(ran.code, DONE);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains(why), "{said}");
}

fn end_of(seen: &[Seen]) -> i64 {
    // Behind the last record stands the end of its transaction.
    seen.last().expect("a record").offset + 2
}

/// What a GUID names, where registries have them.
fn by_guid(from: &Witness, to: &Witness, url: &str, has_guids: bool, resend: &dyn Fn(&str, &[&str]) -> Ran) {
    let guid = |subject: &str| -> Option<Vec<u8>> {
        let found = registry::get(url, &format!("/subjects/{subject}/versions/latest"));
        let guid = uuid::Uuid::parse_str(found["guid"].as_str()?).expect("a GUID");
        Some([&[1], &guid.as_bytes()[..]].concat())
    };
    let named = guid("check.registries-key");
    assert_eq!(named.is_some(), has_guids, "what this registry is known for");
    let Some(named) = named else { return };
    let topic = "check.registries.guids";
    from.create_topic(topic, 1, 1, &[]);
    let framed = [&named[..], &[42]].concat();
    from.produce(
        topic,
        &[
            Seed { headers: vec![("__value_schema_id", Some(&named))], value: Some(&[42]), ..Seed::default() },
            Seed { value: Some(&framed), ..Seed::default() },
        ],
    );
    let begins = to.ends("check.registries.copy", 0).1;
    resend(topic, &[]).ended_with(DONE);
    let seen = to.read("check.registries.copy", 0, begins, 2);
    let values: Vec<_> = seen.into_iter().map(|seen| seen.value.expect("a value")).collect();
    assert_eq!(values, [vec![42], framed]);
    let unknown = guid("check.registries.lonely-value").expect("a GUID");
    let lonely = "check.registries.lonely-guid";
    from.create_topic(lonely, 1, 1, &[]);
    from.produce(lonely, &[Seed { value: Some(&unknown), ..Seed::default() }]);
    stopped(&resend(lonely, &[]), "does not know the schema of GUID");
}
