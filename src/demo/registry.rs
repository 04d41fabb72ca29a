//! The Schema Registry beside the demo cluster: the subset of Confluent's HTTP
//! interface that readers and writers of registered records use.
//!
//! Owns subjects, versions and their answers over HTTP. Must not know the
//! brokers. It listens on loopback only.

mod compatibility;
mod contexts;
mod store;

use crate::domain::{Failure, FailureKind};
use bytes::Bytes;
use contexts::Contexts;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use store::{Refusal, Store};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

const MEDIA_TYPE: &str = "application/vnd.schemaregistry.v1+json";
/// The largest request body taken.
const MAX_BODY: usize = 1 << 20;
/// Connections served at the same time.
const MAX_CONNECTIONS: usize = 256;

type Shared = Arc<Mutex<Contexts>>;

/// Starts the registry with `schemas` in it; gives its address.
pub(super) async fn start(schemas: &[super::world::Seeded], stopped: CancellationToken) -> Result<SocketAddr, Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(FailureKind::Unreachable, "listen for the demo's schema registry", error.to_string())
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let store: Shared = Arc::new(Mutex::new(Contexts::from(Store::seeded(schemas))));
    tokio::spawn(async move {
        tokio::select! {
            () = stopped.cancelled() => {}
            () = accept(listener, store, &stopped) => {}
        }
    });
    Ok(address)
}

async fn accept(listener: TcpListener, store: Shared, stopped: &CancellationToken) {
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        let (store, stopped) = (Arc::clone(&store), stopped.clone());
        tokio::spawn(async move {
            let _permit = permit;
            let service = service_fn(move |request| answer(Arc::clone(&store), request));
            let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::select! {
                () = stopped.cancelled() => {}
                served = serving => {
                    if let Err(error) = served {
                        tracing::debug!(%error, "demo registry connection closed");
                    }
                }
            }
        });
    }
}

async fn answer(store: Shared, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => {
            return Ok(respond(
                StatusCode::PAYLOAD_TOO_LARGE,
                &json!({"error_code": 413, "message": "The request is too large"}),
            ));
        }
    };
    let answer = {
        let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
        contexts::route(&mut store, &parts.method, parts.uri.path(), parts.uri.query().unwrap_or_default(), &body)
    };
    Ok(match answer {
        Ok(value) => respond(StatusCode::OK, &value),
        Err(refusal) => {
            let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            respond(status, &json!({"error_code": refusal.code(), "message": refusal.to_string()}))
        }
    })
}

fn respond(status: StatusCode, value: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(value.to_string())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(MEDIA_TYPE));
    response
}

/// What one context answers.
fn route(store: &mut Store, method: &Method, segments: &[&str], query: &str, body: &[u8]) -> Result<Value, Refusal> {
    let has = |flag: &str| query.split('&').any(|part| part == format!("{flag}=true"));
    match (method, segments) {
        (&Method::GET, []) => Ok(json!({})),
        (&Method::GET, ["subjects"]) => Ok(json!(store.subjects(has("deleted")))),
        (&Method::GET, ["schemas", "types"]) => Ok(json!(["JSON", "PROTOBUF", "AVRO"])),
        (&Method::GET, ["schemas", "ids", id]) => store.by_id(id),
        (&Method::GET, ["schemas", "ids", id, "schema"]) => store.text_by_id(id),
        (&Method::GET, ["schemas", "ids", id, "versions"]) => store.uses(id),
        (&Method::GET, ["schemas", "ids", id, "subjects"]) => store.subjects_of(id),
        (&Method::GET, ["subjects", subject, "versions"]) => store.versions(subject, has("deleted")),
        (&Method::GET, ["subjects", subject, "versions", version]) => store.version(subject, version, has("deleted")),
        (&Method::GET, ["subjects", subject, "versions", version, "schema"]) => store.version_text(subject, version),
        (&Method::POST, ["subjects", subject, "versions"]) => store.register(subject, body),
        (&Method::POST, ["subjects", subject]) => store.look_up(subject, body, has("deleted")),
        (&Method::DELETE, ["subjects", subject]) => store.delete(subject, has("permanent")),
        (&Method::DELETE, ["subjects", subject, "versions", version]) => {
            store.delete_version(subject, version, has("permanent"))
        }
        (&Method::POST, ["compatibility", "subjects", subject, "versions"]) => {
            store.compatibility(subject, None, body, has("verbose"))
        }
        (&Method::POST, ["compatibility", "subjects", subject, "versions", version]) => {
            store.compatibility(subject, Some(version), body, has("verbose"))
        }
        (&Method::GET, ["config"]) => Ok(json!({"compatibilityLevel": store.level().word()})),
        (&Method::GET, ["config", subject]) => store.level_of(subject, has("defaultToGlobal")),
        (&Method::PUT, ["config"]) => store.set_level(None, body),
        (&Method::PUT, ["config", subject]) => store.set_level(Some(subject), body),
        (&Method::GET, ["mode"]) => Ok(json!({"mode": "READWRITE"})),
        _ => Err(Refusal::NoSuchPath),
    }
}

/// A path segment without its percent signs; subjects may hold anything.
fn unescape(segment: &str) -> String {
    let mut out = Vec::with_capacity(segment.len());
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        let digits = (ahead.next(), ahead.next());
        let value = match digits {
            (Some(high), Some(low)) if byte == b'%' => hex(high).zip(hex(low)),
            _ => None,
        };
        match value {
            Some((high, low)) => {
                out.push(high << 4 | low);
                bytes = ahead;
            }
            None => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::world::SEEDED;

    fn ask(store: &mut Contexts, method: Method, path: &str, body: &str) -> (u16, Value) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        match contexts::route(store, &method, path, query, body.as_bytes()) {
            Ok(value) => (200, value),
            Err(refusal) => (refusal.status(), json!(refusal.code())),
        }
    }

    #[test]
    fn what_was_registered_is_found_by_id_subject_and_text() {
        let mut store = Contexts::from(Store::seeded(SEEDED));
        let body = r#"{"schema":"{\"type\":\"string\"}"}"#;
        let (_, registered) = ask(&mut store, Method::POST, "/subjects/a%2Fb-value/versions", body);
        let id = registered["id"].as_i64().unwrap();
        assert_eq!(ask(&mut store, Method::POST, "/subjects/a%2Fb-value/versions", body).1["id"], id, "again the same");
        assert_eq!(ask(&mut store, Method::GET, &format!("/schemas/ids/{id}"), "").1["schema"], r#"{"type":"string"}"#);
        assert_eq!(ask(&mut store, Method::GET, "/subjects/a%2Fb-value/versions/latest", "").1["version"], 1);
        assert_eq!(ask(&mut store, Method::POST, "/subjects/a%2Fb-value", body).1["subject"], "a/b-value");
        let other = r#"{"schema":"{\"type\":\"long\"}"}"#;
        assert_eq!(ask(&mut store, Method::POST, "/subjects/a%2Fb-value", other), (404, json!(40403)));
    }

    #[test]
    fn what_is_not_there_has_the_codes_clients_know() {
        let mut store = Contexts::from(Store::seeded(SEEDED));
        for (path, code) in [
            ("/subjects/none/versions", 40401),
            ("/subjects/none/versions/1", 40401),
            ("/subjects/orders.v1-value/versions/9", 40402),
            ("/subjects/orders.v1-value/versions/99999999999999999999", 42202),
            ("/schemas/ids/999", 40403),
            ("/schemas/ids/none", 404),
            ("/config/orders.v1-value", 40408),
            ("/nowhere", 404),
        ] {
            assert_eq!(ask(&mut store, Method::GET, path, "").1, json!(code), "{path}");
        }
        for body in ["", "[]", r#"{"schema":7}"#, r#"{"schema":"{"}"#] {
            let answer = ask(&mut store, Method::POST, "/subjects/x/versions", body);
            assert_eq!(answer, (422, json!(42201)), "{body}");
        }
    }

    fn record(fields: &str) -> String {
        let schema = format!(r#"{{"type":"record","name":"R","fields":[{fields}]}}"#);
        json!({ "schema": schema }).to_string()
    }

    #[test]
    fn a_schema_follows_another_as_the_level_says() {
        const ID: &str = r#"{"name":"id","type":"long"}"#;
        const WITH_DEFAULT: &str = r#"{"name":"id","type":"long"},{"name":"n","type":"int","default":0}"#;
        const WITHOUT: &str = r#"{"name":"id","type":"long"},{"name":"n","type":"int"}"#;
        const TEXT: &str = r#"{"name":"id","type":"string"}"#;
        // From one to the other: backward, forward, full.
        for (old, new, expected) in [
            (ID, WITH_DEFAULT, [true, true, true]),
            (ID, WITHOUT, [false, true, false]),
            (WITHOUT, ID, [true, false, false]),
            (ID, TEXT, [false, false, false]),
        ] {
            for (level, is_compatible) in ["BACKWARD", "FORWARD", "FULL"].into_iter().zip(expected) {
                let mut store = Contexts::default();
                let body = json!({ "compatibility": level }).to_string();
                assert_eq!(ask(&mut store, Method::PUT, "/config/r", &body).0, 200);
                ask(&mut store, Method::POST, "/subjects/r/versions", &record(old));
                for path in ["latest", "1"] {
                    let path = format!("/compatibility/subjects/r/versions/{path}");
                    let answer = ask(&mut store, Method::POST, &path, &record(new)).1;
                    assert_eq!(answer, json!({"is_compatible": is_compatible}), "{level}: {old} {new}");
                }
                let registered = ask(&mut store, Method::POST, "/subjects/r/versions", &record(new));
                assert_eq!(registered.0, if is_compatible { 200 } else { 409 }, "{level}: {old} {new}");
                ask(&mut store, Method::PUT, "/config/r", r#"{"compatibility":"NONE"}"#);
                assert_eq!(ask(&mut store, Method::POST, "/subjects/r/versions", &record(new)).0, 200);
            }
        }
    }

    #[test]
    fn transitive_levels_look_at_all_versions() {
        let mut store = Contexts::default();
        ask(&mut store, Method::PUT, "/config", r#"{"compatibility":"NONE"}"#);
        let ask_all = |store: &mut Contexts, level: &str, fields: &str| {
            ask(store, Method::PUT, "/config", &json!({ "compatibility": level }).to_string());
            let path = "/compatibility/subjects/r/versions?verbose=true";
            ask(store, Method::POST, path, &record(fields)).1
        };
        for fields in [r#"{"name":"a","type":"string"}"#, r#"{"name":"a","type":"int"}"#] {
            assert_eq!(ask(&mut store, Method::POST, "/subjects/r/versions", &record(fields)).0, 200);
        }
        let long = r#"{"name":"a","type":"long"}"#;
        assert_eq!(ask_all(&mut store, "BACKWARD", long), json!({"is_compatible": true, "messages": []}));
        let refused = ask_all(&mut store, "BACKWARD_TRANSITIVE", long);
        assert_eq!(refused["is_compatible"], false);
        assert!(refused["messages"][0].as_str().unwrap().starts_with("version 1: the new schema cannot read"));
        let none = ask(&mut store, Method::POST, "/compatibility/subjects/r/versions/9", &record(long));
        assert_eq!(none, (404, json!(40402)));
        let json_schema = r#"{"schemaType":"JSON","schema":"{}"}"#;
        let other_kind = ask(&mut store, Method::POST, "/compatibility/subjects/r/versions/1", json_schema).1;
        assert_eq!(other_kind, json!({"is_compatible": false}));
        ask(&mut store, Method::POST, "/subjects/j/versions", json_schema);
        let unknown = r#"{"schemaType":"JSON","schema":"{\"type\":\"object\"}"}"#;
        assert_eq!(ask(&mut store, Method::POST, "/compatibility/subjects/j/versions/1", unknown), (501, json!(501)));
    }

    #[test]
    fn what_is_deleted_is_gone_for_a_while_and_then_for_good() {
        let mut store = Contexts::default();
        let long = r#"{"schema":"\"long\""}"#;
        let double = r#"{"schema":"\"double\""}"#;
        let id = ask(&mut store, Method::POST, "/subjects/s/versions", long).1["id"].clone();
        ask(&mut store, Method::POST, "/subjects/s/versions", double);
        let delete = |store: &mut Contexts, path: &str| ask(store, Method::DELETE, path, "");
        let get = |store: &mut Contexts, path: &str| ask(store, Method::GET, path, "");
        assert_eq!(delete(&mut store, "/subjects/s/versions/1?permanent=true"), (404, json!(40407)));
        assert_eq!(delete(&mut store, "/subjects/s/versions/1"), (200, json!(1)));
        assert_eq!(delete(&mut store, "/subjects/s/versions/1"), (404, json!(40406)));
        assert_eq!(get(&mut store, "/subjects/s/versions").1, json!([2]));
        assert_eq!(get(&mut store, "/subjects/s/versions?deleted=true").1, json!([1, 2]));
        assert_eq!(get(&mut store, "/subjects/s/versions/1"), (404, json!(40402)));
        assert_eq!(get(&mut store, "/subjects/s/versions/1?deleted=true").1["deleted"], true);
        assert_eq!(get(&mut store, &format!("/schemas/ids/{id}")).0, 200, "records of it can still be read");
        assert_eq!(delete(&mut store, "/subjects/s/versions/1?permanent=true"), (200, json!(1)));
        assert_eq!(get(&mut store, &format!("/schemas/ids/{id}")), (404, json!(40403)));

        assert_eq!(delete(&mut store, "/subjects/s?permanent=true"), (404, json!(40405)));
        assert_eq!(delete(&mut store, "/subjects/s"), (200, json!([2])));
        assert_eq!(delete(&mut store, "/subjects/s"), (404, json!(40404)));
        assert_eq!(get(&mut store, "/subjects").1, json!([]));
        assert_eq!(get(&mut store, "/subjects?deleted=true").1, json!(["s"]));
        assert_eq!(ask(&mut store, Method::POST, "/subjects/s/versions", double).0, 200);
        assert_eq!(get(&mut store, "/subjects/s/versions").1, json!([3]), "no number is given twice");
        delete(&mut store, "/subjects/s");
        assert_eq!(delete(&mut store, "/subjects/s?permanent=true"), (200, json!([2, 3])));
        assert_eq!(delete(&mut store, "/subjects/s"), (404, json!(40401)));
        let again = ask(&mut store, Method::POST, "/subjects/s/versions", long).1["id"].clone();
        assert_ne!(again, id, "nor is an id");
    }

    #[test]
    fn what_others_refer_to_is_not_deleted() {
        let mut store = Contexts::default();
        let inner = r#"{"schema":"{\"type\":\"record\",\"name\":\"In\",\"fields\":[]}"}"#;
        ask(&mut store, Method::POST, "/subjects/in/versions", inner);
        let outer = |field: &str| {
            let schema = format!(r#"{{"type":"record","name":"Out","fields":[{field}]}}"#);
            json!({"schema": schema, "references": [{"name": "In", "subject": "in", "version": 1}]}).to_string()
        };
        let one = outer(r#"{"name":"i","type":"In"}"#);
        assert_eq!(ask(&mut store, Method::POST, "/subjects/out/versions", &one).0, 200);
        let two = outer(r#"{"name":"i","type":"In"},{"name":"n","type":"long"}"#);
        let answer = ask(&mut store, Method::POST, "/compatibility/subjects/out/versions/latest", &two).1;
        assert_eq!(answer, json!({"is_compatible": false}), "it was compared with what it refers to");
        let lost = one.replace(r#""subject":"in""#, r#""subject":"nowhere""#);
        assert_eq!(ask(&mut store, Method::POST, "/subjects/lost/versions", &lost), (422, json!(42201)));
        assert_eq!(ask(&mut store, Method::DELETE, "/subjects/in", ""), (422, json!(42206)));
        assert_eq!(ask(&mut store, Method::DELETE, "/subjects/in/versions/1", ""), (422, json!(42206)));
        ask(&mut store, Method::DELETE, "/subjects/out", "");
        assert_eq!(ask(&mut store, Method::DELETE, "/subjects/in", ""), (200, json!([1])));
    }

    #[test]
    fn the_seeded_schemas_have_their_ids_and_versions() {
        let mut store = Contexts::from(Store::seeded(SEEDED));
        for schema in SEEDED {
            let (_, found) = ask(&mut store, Method::GET, &format!("/schemas/ids/{}", schema.id), "");
            assert_eq!(found["schema"], schema.text);
        }
        assert_eq!(ask(&mut store, Method::GET, "/subjects/orders.v1-value/versions", "").1, json!([1, 2]));
        let stock = ask(&mut store, Method::GET, "/subjects/inventory.stock-levels-value/versions/1", "").1;
        assert_eq!(stock["schemaType"], "PROTOBUF");
    }

    #[test]
    fn percent_signs_that_mean_nothing_stay() {
        assert_eq!(unescape("a%2Fb%zz%4"), "a/b%zz%4");
        assert_eq!(unescape("%C3%A9%ff"), "é\u{fffd}");
    }

    /// The same id means another schema in another context, a GUID the same in each.
    #[test]
    fn contexts_have_ids_and_subjects_of_their_own() {
        let mut store = Contexts::default();
        let (long, text) = (r#"{"schema":"\"long\""}"#, r#"{"schema":"\"string\""}"#);
        ask(&mut store, Method::POST, "/subjects/s/versions", long);
        assert_eq!(ask(&mut store, Method::GET, "/contexts", "").1, json!(["."]));
        ask(&mut store, Method::POST, "/contexts/.a/subjects/s/versions", text);
        ask(&mut store, Method::POST, "/subjects/:.a:t/versions", long);
        assert_eq!(ask(&mut store, Method::GET, "/contexts", "").1, json!([".", ".a"]));
        let get = |store: &mut Contexts, path: &str| ask(store, Method::GET, path, "").1;
        assert_eq!(get(&mut store, "/subjects"), json!(["s", ":.a:s", ":.a:t"]));
        assert_eq!(get(&mut store, "/contexts/.a/subjects"), json!([":.a:s", ":.a:t"]));
        assert_eq!(get(&mut store, "/schemas/ids/1")["schema"], r#""long""#);
        assert_eq!(get(&mut store, "/contexts/.a/schemas/ids/1")["schema"], r#""string""#);
        assert_eq!(get(&mut store, "/schemas/ids/1?subject=:.a:")["schema"], r#""string""#);
        let (here, there) = ("/subjects/s/versions/1", "/contexts/.a/subjects/t/versions/1");
        let (here, there) = (get(&mut store, here), get(&mut store, there));
        assert_eq!((&here["subject"], &there["subject"]), (&json!("s"), &json!(":.a:t")));
        assert_eq!((&here["guid"], &here["id"], &there["id"]), (&there["guid"], &json!(1), &json!(2)));
        let guid = here["guid"].as_str().unwrap();
        for path in [format!("/schemas/guids/{guid}"), format!("/contexts/.a/schemas/guids/{guid}")] {
            assert_eq!(get(&mut store, &path)["schema"], r#""long""#);
        }
        let ids = json!([{"context": ".", "id": 1}, {"context": ".a", "id": 2}]);
        assert_eq!(get(&mut store, &format!("/schemas/guids/{guid}/ids")), ids);
        assert_eq!(ask(&mut store, Method::GET, "/schemas/guids/none", ""), (404, json!(40403)));
        assert_eq!(ask(&mut store, Method::GET, "/contexts/.none/schemas/ids/1", ""), (404, json!(40403)));
        assert_eq!(get(&mut store, "/contexts"), json!([".", ".a"]), "to ask makes none");
    }
}
