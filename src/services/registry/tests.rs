//! The client against a server that answers well, badly, or not.

use super::*;
use rstest::rstest;
use serde_json::json;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

fn options(url: String) -> Options {
    Options {
        url,
        context: RegistryContext::default(),
        auth: None,
        extra_ca: None,
        timeout: Duration::from_secs(5),
        user_agent: "klamm/test".into(),
    }
}

fn registry(server: &MockServer) -> Registry {
    Registry::new(options(server.uri())).unwrap()
}

async fn answering(at: &str, answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("GET")).and(path(at)).respond_with(answer).mount(&server).await;
    server
}

fn ok(body: serde_json::Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

fn refused(status: u16, code: i32) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({"error_code": code, "message": "no"}))
}

#[tokio::test]
async fn a_schema_is_asked_for_once_however_many_ask() {
    let server = MockServer::start().await;
    Mock::given(path("/schemas/ids/7"))
        .respond_with(ok(json!({"schema": "\"string\""})).set_delay(Duration::from_millis(50)))
        .expect(1)
        .mount(&server)
        .await;
    let versions = json!([{"subject": "b-value", "version": 1}, {"subject": "a-value", "version": 2}]);
    Mock::given(path("/schemas/ids/7/versions")).respond_with(ok(versions)).expect(1).mount(&server).await;
    let registry = registry(&server);
    let asked = futures::future::join_all((0..20).map(|_| registry.schema_by_id(7))).await;
    let wanted = RegisteredSchema {
        text: "\"string\"".into(),
        schema_type: "AVRO".into(),
        references: vec![],
        refers_to: vec![],
        label: Some("a-value v2 +1".into()),
    };
    assert!(asked.iter().all(|schema| *schema.as_ref().unwrap() == wanted));
}

#[tokio::test]
async fn a_schema_is_found_by_its_guid() {
    let guid = 0x0011_2233_4455_6677_8899_aabb_ccdd_eeff;
    let at = "/schemas/guids/00112233-4455-6677-8899-aabbccddeeff";
    let server = answering(at, ok(json!({"schema": "{}", "schemaType": "JSON"}))).await;
    let found = registry(&server).schema_by_guid(guid).await.unwrap();
    assert_eq!((found.schema_type.as_str(), found.label.as_deref()), ("JSON", at.rsplit('/').next()));
    let unknown = "/schemas/guids/00000000-0000-0000-0000-000000000001";
    Mock::given(path(unknown)).respond_with(refused(404, 40_403)).mount(&server).await;
    assert_eq!(registry(&server).schema_by_guid(1).await.unwrap_err().kind, FailureKind::NotFound);
}

#[tokio::test]
async fn references_are_fetched_deepest_first_and_once() {
    let server = MockServer::start().await;
    let reference = |name: &str| json!({"name": name, "subject": format!("{name}/s"), "version": 2});
    let by_id = json!({"schema": "main", "references": [reference("a"), reference("b")]});
    Mock::given(path("/schemas/ids/1")).respond_with(ok(by_id)).mount(&server).await;
    for (name, references) in [("a", vec![reference("b")]), ("b", vec![reference("a")])] {
        let body = json!({"subject": name, "version": 2, "id": 3, "schema": name, "references": references});
        let at = format!("/subjects/{name}%2Fs/versions/2");
        Mock::given(path(at)).respond_with(ok(body)).expect(1).mount(&server).await;
    }
    let schema = registry(&server).schema_by_id(1).await.unwrap();
    let names: Vec<_> = schema.references.iter().map(|reference| reference.0.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
}

#[tokio::test]
async fn an_unknown_id_is_not_asked_for_again_at_once() {
    let server = MockServer::start().await;
    Mock::given(path("/schemas/ids/9")).respond_with(refused(404, 40_403)).expect(1).mount(&server).await;
    let registry = registry(&server);
    for _ in 0..3 {
        let failure = registry.schema_by_id(9).await.unwrap_err();
        assert_eq!((failure.kind, failure.target.as_str()), (FailureKind::NotFound, "9"));
    }
    let now = Instant::now();
    assert!(registry.recent_failure(Named::Id(9), now + FAILED_FOR).is_some());
    assert!(registry.recent_failure(Named::Id(9), now + ABSENT_FOR).is_none());
}

#[rstest]
#[case::wrong_password(refused(401, 401), FailureKind::Auth, "rejected the credentials")]
#[case::not_allowed(refused(403, 40_301), FailureKind::Denied, "does not allow it")]
#[case::a_web_page(ResponseTemplate::new(200).set_body_string("<html>"), FailureKind::Malformed, "a web page answered")]
#[case::another_service(ResponseTemplate::new(404).set_body_string("nope"), FailureKind::Malformed, "HTTP status 404")]
#[case::a_failing_store(refused(500, 50_001), FailureKind::Unreachable, "no (50001)")]
#[case::another_document(ok(json!({"id": 1})), FailureKind::Malformed, "missing field `schema`")]
#[tokio::test]
async fn a_bad_answer_says_what_and_what_to_do(
    #[case] answer: ResponseTemplate,
    #[case] kind: FailureKind,
    #[case] message: &str,
) {
    let server = answering("/schemas/ids/1", answer).await;
    let failure = registry(&server).schema_by_id(1).await.unwrap_err();
    assert_eq!(failure.kind, kind, "{failure}");
    assert!(failure.message.contains(message), "{failure}");
    assert!(failure.hint.is_some() && failure.target.contains(&server.uri()), "{failure}");
}

#[tokio::test]
async fn a_registry_that_is_down_or_silent_is_told_apart() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let failure = Registry::new(options(format!("http://{closed}"))).unwrap().ping().await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unreachable, "{failure}");

    let slow = ok(json!([])).set_delay(Duration::from_secs(60));
    let server = answering("/subjects", slow).await;
    let impatient = Options { timeout: Duration::from_millis(50), ..options(server.uri()) };
    let failure = Registry::new(impatient).unwrap().subjects().await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Timeout, "{failure}");
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let server = answering("/subjects", ResponseTemplate::new(200).set_body_bytes(vec![b' '; LARGEST_BODY + 1])).await;
    let failure = registry(&server).subjects().await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Malformed);
    assert!(failure.message.contains("larger than"), "{failure}");
}

#[tokio::test]
async fn a_path_and_credentials_are_sent_and_never_shown() {
    let server = MockServer::start().await;
    // ann:s%e in base64
    Mock::given(path("/apis/ccompat/v7/subjects"))
        .and(header("authorization", "Basic YW5uOnMlZQ=="))
        .respond_with(ok(json!(["b", "a"])))
        .mount(&server)
        .await;
    let auth = Some(Basic { user: "ann".into(), password: "s%e".into() });
    let given = Options { auth, ..options(format!("{}/apis/ccompat/v7", server.uri())) };
    assert!(!format!("{given:?}").contains("s%e"));
    assert_eq!(Registry::new(given).unwrap().subjects().await.unwrap(), ["a", "b"]);
    let in_url = Registry::new(options("http://ann:s%25e@r/".into())).unwrap();
    assert_eq!(in_url.url(), "http://r");
}

#[tokio::test]
async fn versions_of_an_id_are_optional() {
    let server = answering("/schemas/ids/3/versions", ok(json!([{"subject": "orders-value", "version": 4}]))).await;
    let registry = registry(&server);
    assert_eq!(registry.versions_of_id(3).await.unwrap(), [("orders-value".to_owned(), 4)]);
    assert_eq!(registry.versions_of_id(4).await.unwrap(), []);
}

#[tokio::test]
async fn ping_and_latest() {
    let body = json!({"subject": "s", "version": 2, "id": 5, "schema": "{}", "schemaType": "JSON"});
    let server = answering("/subjects/s/versions/latest", ok(body)).await;
    Mock::given(path("/subjects")).respond_with(ok(json!([]))).mount(&server).await;
    Mock::given(path("/subjects/t/versions/latest")).respond_with(refused(404, 40_401)).mount(&server).await;
    let registry = registry(&server);
    registry.ping().await.unwrap();
    let latest = registry.latest("s").await.unwrap();
    assert_eq!((latest.version, latest.id, latest.schema_type.as_str()), (2, 5, "JSON"));
    let failure = registry.latest("t").await.unwrap_err();
    assert_eq!((failure.kind, failure.target.as_str()), (FailureKind::NotFound, "subject t"));
}

#[rstest]
#[case("localhost:8081")]
#[case("not a url")]
#[case("ftp://registry")]
fn an_address_that_cannot_be_is_refused(#[case] url: &str) {
    assert_eq!(Registry::new(options(url.into())).err().unwrap().kind, FailureKind::Invalid);
}

#[test]
fn a_certificate_that_is_none_is_refused() {
    let extra_ca = Some(b"-----BEGIN CERTIFICATE-----\nnope\n-----END CERTIFICATE-----\n".to_vec());
    let refused = Registry::new(Options { extra_ca, ..options("https://r".into()) });
    assert_eq!(refused.err().unwrap().kind, FailureKind::Invalid);
}

/// Names come back with the context before them, and are asked for without it.
#[tokio::test]
async fn a_context_has_ids_and_subjects_of_its_own() {
    let at = "/contexts/.shop";
    let server = answering("/contexts", ok(json!([".", ".shop"]))).await;
    let reference = json!({"name": "c", "subject": ":.shop:common", "version": 3});
    for (path_to, body) in [
        ("/schemas/types", json!(["AVRO"])),
        ("/subjects", json!([":.shop:b-value", ":.shop:a-value", ":.other:c-value"])),
        ("/schemas/ids/7", json!({"schema": "main", "references": [reference]})),
        ("/subjects/common/versions/3", json!({"subject": ":.shop:common", "version": 3, "id": 1, "schema": "c"})),
        (
            "/schemas/ids/7/versions",
            json!([{"subject": ":.shop:b-value", "version": 1}, {"subject": "x", "version": 2}]),
        ),
        (
            "/subjects/b-value/versions/latest",
            json!({"subject": ":.shop:b-value", "version": 1, "id": 7, "schema": "main"}),
        ),
    ] {
        Mock::given(method("GET")).and(path(format!("{at}{path_to}"))).respond_with(ok(body)).mount(&server).await;
    }
    let named = Options { context: RegistryContext::parse("shop").unwrap(), ..options(server.uri()) };
    // As people wrote it before there was a setting for it.
    let in_its_url = options(format!("{}{at}/", server.uri()));
    for options in [named, in_its_url] {
        let registry = Registry::new(options).unwrap();
        assert_eq!(registry.url(), format!("{}{at}", server.uri()));
        registry.ping().await.unwrap();
        assert_eq!(registry.subjects().await.unwrap(), ["a-value", "b-value"]);
        let schema = registry.schema_by_id(7).await.unwrap();
        assert_eq!(schema.refers_to[0].subject, "common");
        assert_eq!((schema.references, schema.label.as_deref()), (vec![("c".into(), "c".into())], Some("x v2 +1")));
        assert_eq!(registry.latest(":.shop:b-value").await.unwrap().subject, "b-value");
        let other = registry.latest(":.other:c-value").await.unwrap_err();
        assert!(other.kind == FailureKind::Invalid && other.to_string().contains("is not of the context .shop"));
    }
}

#[tokio::test]
async fn a_context_that_is_not_there_is_said() {
    let named = |text: &str, url: String| Options { context: RegistryContext::parse(text).unwrap(), ..options(url) };
    let server = answering("/contexts", ok(json!([":.:", ".a"]))).await;
    let lacking = Registry::new(named("b", server.uri())).unwrap().ping().await.unwrap_err();
    assert!(lacking.message == "it has no context .b; it has ., .a", "{lacking}");
    let without = answering("/subjects", ok(json!([]))).await;
    let lacking = Registry::new(named("b", without.uri())).unwrap().ping().await.unwrap_err();
    assert_eq!((lacking.kind, lacking.message.as_str()), (FailureKind::Unsupported, "this registry has no contexts"));
    let twice = Registry::new(named("b", format!("{}/contexts/.a", server.uri()))).err().unwrap();
    assert!(twice.message.contains("names the context .a, and beside it stands .b"), "{twice}");
}
