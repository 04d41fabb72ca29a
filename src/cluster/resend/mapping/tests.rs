//! Names of schemas between two registries.

use super::*;
use crate::domain::record::Header;
use crate::services::registry::Options;
use bytes::Bytes;
use rstest::rstest;
use serde_json::json;
use std::time::Duration;
use wiremock::matchers::{any, body_string_contains, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const GUID: u128 = 0x0011_2233_4455_6677_8899_aabb_ccdd_eeff;

fn registry(server: &MockServer) -> Registry {
    Registry::new(Options {
        url: server.uri(),
        context: crate::domain::registry_context::RegistryContext::default(),
        auth: None,
        extra_ca: None,
        timeout: Duration::from_secs(10),
        user_agent: "klamm/test".into(),
    })
    .unwrap()
}

/// Answers these, and to all else that it is not there. What is posted must hold a text.
async fn server(answers: &[(&str, String, serde_json::Value)]) -> MockServer {
    let server = MockServer::start().await;
    for (holds, at, body) in answers {
        let answer = ResponseTemplate::new(200).set_body_json(body);
        let given = Mock::given(path(at.as_str())).and(body_string_contains(*holds));
        given.respond_with(answer).mount(&server).await;
    }
    let absent = ResponseTemplate::new(404).set_body_json(json!({"error_code": 40_403, "message": "not found"}));
    Mock::given(any()).respond_with(absent).with_priority(200).mount(&server).await;
    server
}

fn guid_path() -> String {
    format!("/schemas/guids/{}", Uuid::from_u128(GUID))
}

/// Schema 7 of the source is schema 300 of the target; 8 and the GUID are known to the
/// source alone, unless the target is told.
async fn servers(target_knows_guid: bool) -> (MockServer, MockServer) {
    let schema = json!({"schema": "\"string\""});
    let from = server(&[
        ("", "/schemas/ids/7".into(), schema.clone()),
        ("", "/schemas/ids/8".into(), json!({"schema": "\"long\""})),
        ("", guid_path(), schema.clone()),
    ])
    .await;
    let version = json!({"subject": "copy-value", "version": 1, "id": 300, "schema": "\"string\""});
    let known = |subject: &str| ("string", format!("/subjects/{subject}"), version.clone());
    let mut answers = vec![known("copy-value"), known("copy-key")];
    if target_knows_guid {
        answers.push(("", guid_path(), schema));
    }
    (from, server(&answers).await)
}

fn header(name: &str, value: &[u8]) -> Header {
    Header { name: name.into(), value: Some(Bytes::copy_from_slice(value)) }
}

fn named(id: i32, behind: &[u8]) -> Vec<u8> {
    [SchemaName::Id(id).bytes().as_slice(), behind].concat()
}

async fn mapped(target_knows_guid: bool, value: &[u8], headers: Vec<Header>) -> Result<Parcel, Failure> {
    let (from, to) = servers(target_knows_guid).await;
    between(&from, &to, value, headers).await
}

async fn between(from: &MockServer, to: &MockServer, value: &[u8], headers: Vec<Header>) -> Result<Parcel, Failure> {
    let (from, to) = (registry(from), registry(to));
    let key = Bytes::from_static(b"k");
    let record = Record { headers, ..Record::bare("orders", key, Bytes::copy_from_slice(value)) };
    let mut parcel = Parcel {
        topic: "copy".into(),
        partition: None,
        key: record.key.clone(),
        value: record.value.clone(),
        headers: record.headers.clone(),
        timestamp: None,
    };
    Mapper::new(&from, &to).map(&mut parcel, &record).await?;
    Ok(parcel)
}

#[tokio::test]
async fn an_id_in_the_bytes_becomes_that_of_the_other_registry() {
    let parcel = mapped(false, &named(7, b"rest"), Vec::new()).await.unwrap();
    assert_eq!(parcel.value.as_deref(), Some(&named(300, b"rest")[..]));
    assert_eq!(parcel.key.as_deref(), Some(&b"k"[..]));
}

/// The last header of the name counts, what follows the id in it (which message of a
/// Protobuf schema it is) stays, and the bare bytes are not taken for a frame.
#[rstest]
#[case::value("__value_schema_id")]
#[case::key("__key_schema_id")]
#[tokio::test]
async fn an_id_in_a_header_becomes_that_of_the_other_registry(#[case] name: &str) {
    let headers = vec![header(name, &named(8, b"")), header("other", b"1"), header(name, &named(7, &[4, 0, 4]))];
    let bare = [0, 0, 0, 0, 8, 1];
    // The value's own frame counts where it is the key's header.
    let value: &[u8] = if name == "__value_schema_id" { &bare } else { b"plain" };
    let parcel = mapped(false, value, headers.clone()).await.unwrap();
    let wanted = vec![headers[0].clone(), headers[1].clone(), header(name, &named(300, &[4, 0, 4]))];
    assert_eq!((parcel.headers, parcel.value.as_deref()), (wanted, Some(value)));
}

#[rstest]
#[case::not_there(named(8, b""), "for the record orders:0@0", "has the schema of id 8 under none of copy-value")]
#[case::not_here(named(9, b""), "for the record", "__value_schema_id names schema 9, which")]
#[case::guid(SchemaName::Guid(GUID).bytes(), "for the record", "does not know the schema of GUID 00112233-")]
#[tokio::test]
async fn a_header_that_has_no_meaning_there_stops_it(#[case] value: Vec<u8>, #[case] which: &str, #[case] says: &str) {
    let failure = mapped(false, b"v", vec![header("__value_schema_id", &value)]).await.unwrap_err();
    let said = failure.to_string();
    assert!(said.contains(which) && said.contains(says), "{said}");
}

#[tokio::test]
async fn a_guid_that_both_know_stays_in_header_and_bytes() {
    let framed = [SchemaName::Guid(GUID).bytes().as_slice(), b"rest"].concat();
    let parcel = mapped(true, &framed, vec![header("__key_schema_id", &framed)]).await.unwrap();
    assert_eq!(parcel.value.as_deref(), Some(&framed[..]));
    assert_eq!(parcel.headers, [header("__key_schema_id", &framed)]);
    let failure = mapped(false, &framed, Vec::new()).await.unwrap_err();
    assert!(failure.to_string().contains("does not know the schema of GUID"), "{failure}");
}

#[tokio::test]
async fn bytes_that_only_look_like_a_name_stay() {
    for bytes in [named(9, b"x"), SchemaName::Guid(5).bytes(), b"\x05odd".to_vec()] {
        // A header of another magic byte names nothing.
        let parcel = mapped(false, &bytes, vec![header("__value_schema_id", b"\x07?")]).await.unwrap();
        assert_eq!(parcel.value.as_deref(), Some(&bytes[..]));
    }
}

/// What a schema refers to is found under the same subjects, by the other's own versions.
#[tokio::test]
async fn what_a_schema_refers_to_is_mapped_with_it() {
    let reference = |name: &str, version: i32| json!({"name": name, "subject": name, "version": version});
    let version = |name: &str, version: i32, references: serde_json::Value| json!({"subject": name, "version": version, "id": 1, "schema": name, "references": references});
    let from = server(&[
        ("", "/schemas/ids/7".into(), json!({"schema": "main", "references": [reference("b", 2)]})),
        ("", "/subjects/b/versions/2".into(), version("b", 2, json!([reference("a", 1)]))),
        ("", "/subjects/a/versions/1".into(), version("a", 1, json!([]))),
    ])
    .await;
    let asked = r#"{"name":"b","subject":"b","version":5}"#;
    let found = json!({"subject": "copy-value", "version": 1, "id": 300, "schema": "main"});
    let lacking = server(&[("", "/subjects/a".into(), version("a", 9, json!([])))]).await;
    let to = server(&[
        ("\"schema\":\"a\"", "/subjects/a".into(), version("a", 9, json!([]))),
        (r#"{"name":"a","subject":"a","version":9}"#, "/subjects/b".into(), version("b", 5, json!([]))),
        (asked, "/subjects/copy-value".into(), found),
    ])
    .await;
    let parcel = between(&from, &to, &named(7, b"rest"), Vec::new()).await.unwrap();
    assert_eq!(parcel.value.as_deref(), Some(&named(300, b"rest")[..]));
    let failure = between(&from, &lacking, &named(7, b"rest"), Vec::new()).await.unwrap_err().to_string();
    assert!(failure.contains("the schema of id 7 refers to others: ") && failure.contains("b v2 (b)"), "{failure}");
}

#[tokio::test]
async fn references_that_go_round_in_circles_stop_it() {
    let round = json!([{"name": "a", "subject": "a", "version": 1}]);
    let from = server(&[
        ("", "/schemas/ids/7".into(), json!({"schema": "main", "references": round})),
        (
            "",
            "/subjects/a/versions/1".into(),
            json!({"subject": "a", "version": 1, "id": 1, "schema": "a", "references": round}),
        ),
    ])
    .await;
    let to = server(&[]).await;
    let failure = between(&from, &to, &named(7, b""), Vec::new()).await.unwrap_err().to_string();
    assert!(failure.contains("round in circles"), "{failure}");
}
