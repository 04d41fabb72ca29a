//! Records between clusters whose registries count schemas differently.

use crate::klamm::{DONE, Klamm, Ran, items};
use crate::registry::{self, Referred};
use crate::target::Target;
use crate::witness::{Seed, Seen, Witness};
use serde_json::json;

const KEY: &str = r#"{"type":"record","name":"check.Key","fields":[{"name":"id","type":"long"}]}"#;
/// What no other check registers: the same schema has the same id everywhere in a context.
const ITEM: &str = r#"{"type":"record","name":"check.Item","fields":[{"name":"id","type":"long"}]}"#;
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
        for index in 0..40 {
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
    // A variable names the source's registry; it is not the other profile's.
    let klamm = Klamm::on(&Target { registry: None, ..source.clone() });
    let profile =
        format!("version = 1\n[profiles.other]\nbootstrap = \"{}\"\nregistry = \"{there_url}\"\n", target.bootstrap);
    let config = klamm.write("config.toml", &profile).display().to_string();
    let resend = |topic: &str, more: &[&str]| -> Ran {
        let words = ["--config", &config, "records", "resend", topic, "--to", copy, "--to-profile", "other", "--yes"];
        klamm.run_with(&[&words[..], more].concat(), &[("KLAMM_REGISTRY", &here_url)])
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
            Seed {
                headers: vec![("__key_schema_id", Some(&named)), ("__value_schema_id", Some(&named))],
                key: Some(&[42]),
                value: Some(&[42]),
                ..Seed::default()
            },
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

/// An id means what its context says, in lists, values, copies and tests of the connection;
/// and a registry without contexts says so.
pub fn in_contexts(target: &Target, has_contexts: bool) {
    let url = target.registry.as_deref().expect("the target has a registry");
    let witness = Witness::new(target);
    let (topic, copy) = ("check.contexts", "check.contexts.copy");
    witness.create_topic(topic, 1, 1, &[]);
    witness.create_topic(copy, 1, 1, &[]);
    let klamm = Klamm::on(target);
    let shop = ["--registry-context", "shop"];
    let tested = |ran: Ran| -> String {
        let steps = items(&ran.json());
        let step = steps.iter().find(|step| step["check"] == json!("registry")).expect("the registry's step");
        format!("{} {}", step["status"].as_str().expect("a status"), step["message"])
    };
    let test = ["profiles", "test", "--output", "json"];
    if !has_contexts {
        let said = tested(klamm.run(&[&shop[..], &test].concat()));
        assert!(said.starts_with("failed") && said.contains("it has no context .shop; it has ."), "{said}");
        return;
    }
    let there = format!("{url}/contexts/.shop");
    // The first of its context, and the tenth or so of the default one.
    let id = registry::register(&there, &format!("{topic}-value"), ITEM);
    let meant = registry::register(url, &format!("{topic}-value"), ITEM);
    assert_ne!(id, meant, "each counts by itself");
    witness.produce(topic, &[Seed { value: Some(&named(id, &[42])), ..Seed::default() }]);

    let said = tested(klamm.run(&[&shop[..], &test].concat()).ended_with(DONE));
    assert!(said.starts_with("ok"), "{said}");
    let said = tested(klamm.run(&[&["--registry-context", ".none"][..], &test].concat()));
    assert!(said.contains("it has no context .none; it has ., .shop"), "{said}");

    let tail = |words: &[&str], topic: &str| {
        klamm.records(&[words, &["records", "tail", topic, "--from", "earliest", "--no-follow"]].concat()).remove(0)
    };
    let read = tail(&shop, topic);
    assert_eq!((&read["value"], &read["value_schema_id"]), (&json!({"id": 21}), &json!(id)), "{read}");
    assert_ne!(tail(&[], topic)["value"], json!({"id": 21}), "another schema has this id in the default context");

    // By the context's own newest, whose name is the same in both.
    let by = ["records", "produce", topic, "--value", r#"{"id":5}"#, "--value-schema", "latest", "--yes"];
    klamm.json(&[&shop[..], &by].concat());
    let wire = witness.read(topic, 0, 1, 1).remove(0).value;
    assert_eq!(wire, Some(named(id, &[10])));
    let other = [&by[..], &["--value-subject", ":.shop:check.contexts-value"]].concat();
    let refused = klamm.run(&other);
    assert_ne!(refused.code, DONE);
    assert!(refused.stderr.contains("is not of the context ."), "{}", refused.stderr);

    // Two contexts of one registry are two registries to a copy.
    let profile = format!(
        "version = 1\n[profiles.plain]\nbootstrap = \"{0}\"\nregistry = \"{url}\"\n[profiles.shop]\nbootstrap = \"{0}\"\n\
         registry = {{ url = \"{url}\", context = \"shop\" }}\n",
        target.bootstrap
    );
    let bare = Klamm::on(target).without_connection();
    let config = bare.write("config.toml", &profile).display().to_string();
    let from = ["--config", &config, "--profile", "shop", "records", "resend", topic, "--to", copy];
    bare.run(&[&from[..], &["--to-profile", "plain", "--yes"]].concat()).ended_with(DONE);
    let values: Vec<_> = witness.read(copy, 0, 0, 2).into_iter().filter_map(|seen| seen.value).collect();
    assert_eq!(values, [named(meant, &[42]), named(meant, &[10])]);
    assert_eq!(tail(&[], copy)["value"], json!({"id": 21}));
}
