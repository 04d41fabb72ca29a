//! The Schema Registry beside the demo cluster: the subset of Confluent's HTTP
//! interface that readers and writers of registered records use.
//!
//! Owns subjects, versions and their answers over HTTP. Must not know the
//! brokers. It listens on loopback only.

mod store;

use crate::domain::{Failure, FailureKind};
use bytes::Bytes;
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

type Shared = Arc<Mutex<Store>>;

/// Starts the registry with `schemas` in it; gives its address.
pub(super) async fn start(schemas: &[super::world::Seeded], stopped: CancellationToken) -> Result<SocketAddr, Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(FailureKind::Unreachable, "listen for the demo's schema registry", error.to_string())
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let store: Shared = Arc::new(Mutex::new(Store::seeded(schemas)));
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
        route(&mut store, &parts.method, parts.uri.path(), parts.uri.query().unwrap_or_default(), &body)
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

fn route(store: &mut Store, method: &Method, path: &str, query: &str, body: &[u8]) -> Result<Value, Refusal> {
    let segments: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(unescape).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let has = |flag: &str| query.split('&').any(|part| part == format!("{flag}=true"));
    match (method, segments.as_slice()) {
        (&Method::GET, []) => Ok(json!({})),
        (&Method::GET, ["subjects"]) => Ok(json!(store.subjects())),
        (&Method::GET, ["schemas", "types"]) => Ok(json!(["JSON", "PROTOBUF", "AVRO"])),
        (&Method::GET, ["schemas", "ids", id]) => store.by_id(id),
        (&Method::GET, ["schemas", "ids", id, "schema"]) => store.text_by_id(id),
        (&Method::GET, ["schemas", "ids", id, "versions"]) => store.uses(id),
        (&Method::GET, ["schemas", "ids", id, "subjects"]) => store.subjects_of(id),
        (&Method::GET, ["subjects", subject, "versions"]) => store.versions(subject),
        (&Method::GET, ["subjects", subject, "versions", version]) => store.version(subject, version),
        (&Method::GET, ["subjects", subject, "versions", version, "schema"]) => store.version_text(subject, version),
        (&Method::POST, ["subjects", subject, "versions"]) => store.register(subject, body),
        (&Method::POST, ["subjects", subject]) => store.look_up(subject, body),
        (&Method::DELETE, ["subjects", subject]) => store.delete(subject),
        (&Method::GET, ["config"]) => Ok(json!({"compatibilityLevel": store.level()})),
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

    fn ask(store: &mut Store, method: Method, path: &str, body: &str) -> (u16, Value) {
        match route(store, &method, path, "", body.as_bytes()) {
            Ok(value) => (200, value),
            Err(refusal) => (refusal.status(), json!(refusal.code())),
        }
    }

    #[test]
    fn what_was_registered_is_found_by_id_subject_and_text() {
        let mut store = Store::seeded(SEEDED);
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
        let mut store = Store::seeded(SEEDED);
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

    #[test]
    fn the_seeded_schemas_have_their_ids_and_versions() {
        let mut store = Store::seeded(SEEDED);
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
}
