//! Brokers that are not there, are something else, or answer wrongly.

use super::super::scripted::{Asked, Reply, Script, frame};
use super::super::{Client, Endpoint, Lane, Options, Route, Security};
use crate::domain::{Failure, FailureKind, WriteGrant};
use bytes::Bytes;
use kafka_protocol::messages::metadata_response::MetadataResponseBroker;
use kafka_protocol::messages::*;
use kafka_protocol::protocol::StrBytes;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

fn options(port: u16) -> Options {
    Options {
        bootstrap: vec![Endpoint::new("127.0.0.1", port)],
        security: Security::default(),
        client_id: "klamm-test".into(),
        connect_timeout: Duration::from_millis(300),
        request_timeout: Duration::from_millis(300),
    }
}

async fn groups(client: &Client) -> Result<ListGroupsResponse, Failure> {
    client.call(Route::Any, Lane::Control, &ListGroupsRequest::default()).await
}

/// A server that says the same to whoever connects, and then listens on.
async fn says(bytes: &'static [u8]) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = socket.write_all(bytes).await;
                let mut ignored = Vec::new();
                let _ = socket.read_to_end(&mut ignored).await;
            });
        }
    });
    port
}

async fn failure_at(port: u16) -> Failure {
    groups(&Client::new(options(port)).unwrap()).await.unwrap_err()
}

#[tokio::test]
async fn a_closed_port_is_refused() {
    let port = {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        listener.local_addr().unwrap().port()
    };
    let failure = failure_at(port).await;
    assert_eq!(failure.kind, FailureKind::Unreachable);
    assert_eq!(
        failure.to_string(),
        format!(
            "cannot list groups on broker 127.0.0.1:{port}: the connection was refused. \
             Check the port and that the broker runs."
        )
    );
}

#[tokio::test]
async fn a_silent_port_is_told_from_a_slow_broker() {
    let failure = failure_at(says(b"").await).await;
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert!(failure.message.contains("no answer to the first request"), "{failure}");
    let broker = Script::new().on::<ListGroupsRequest>(|_| Reply::Silence).start().await;
    let failure = failure_at(broker.port).await;
    assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Timeout, "no answer within 300ms"));
}

#[tokio::test]
async fn what_is_no_kafka_is_named() {
    for (bytes, kind, words) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], FailureKind::Malformed, "an HTTP server answered"),
        (b"\x15\x03\x03\x00\x02\x02\x28", FailureKind::Unreachable, "the port speaks TLS"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", FailureKind::Malformed, "not Kafka's"),
        (b"\x7f\xff\xff\xff", FailureKind::Malformed, "2147483647 bytes"),
    ] {
        let failure = failure_at(says(bytes).await).await;
        assert_eq!(failure.kind, kind, "{failure}");
        assert!(failure.message.contains(words) && failure.hint.is_some(), "{failure}");
    }
}

#[tokio::test]
async fn a_name_that_does_not_resolve_says_so() {
    let mut options = options(1);
    options.bootstrap = vec![Endpoint::new("no such host", 9092)];
    let failure = groups(&Client::new(options).unwrap()).await.unwrap_err();
    assert!(failure.message.contains("does not resolve"), "{failure}");
}

/// The profile's own address works, and the one that the broker advertises does not.
#[tokio::test]
async fn an_advertised_address_that_does_not_resolve_names_the_listener_and_the_cure() {
    let broker = Script::new()
        .answer::<MetadataRequest>(|_, _| {
            let inside = MetadataResponseBroker::default()
                .with_node_id(BrokerId(3))
                .with_host(StrBytes::from_static_str("kafka-3.inside.invalid"))
                .with_port(9092);
            MetadataResponse::default().with_brokers(vec![inside]).with_controller_id(BrokerId(-1))
        })
        .start()
        .await;
    let client = broker.client();
    client.refresh().await.unwrap();
    assert_eq!(client.controller(), None);
    let route = Route::Broker(crate::domain::BrokerId(3));
    let failure = client.call(route, Lane::Control, &ListGroupsRequest::default()).await.unwrap_err();
    assert_eq!(
        (failure.kind, failure.broker.as_deref()),
        (FailureKind::Unreachable, Some("3 (kafka-3.inside.invalid:9092)"))
    );
    assert!(failure.message.contains("advertises ‘kafka-3.inside.invalid’, a name that does not resolve"), "{failure}");
    let hint = failure.hint.clone().unwrap();
    assert!(hint.contains(&format!("the listener at 127.0.0.1:{}", broker.port)), "{hint}");
    assert!(hint.contains("hosts file") && hint.contains("advertised.listeners"), "{hint}");
    // Who names no controller is asked itself.
    assert!(client.call(Route::Controller, Lane::Control, &ApiVersionsRequest::default()).await.is_ok());
}

/// Answers that break the connection, whatever is wrong with them.
#[tokio::test]
async fn wrong_answers_are_failures_in_words() {
    type Wrong = fn(&Asked) -> Reply;
    let cases: [(&str, Wrong); 5] = [
        ("cut short", |_| Reply::Body(Bytes::from_static(&[0, 0]))),
        ("another request", |asked| Reply::Bytes(frame(asked.correlation + 1, 1, &[0; 20]))),
        ("an absurd array", |_| Reply::Body(Bytes::from_static(&[0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 7]))),
        ("an absurd frame", |_| Reply::Bytes(Bytes::from_static(&[0x7f, 0xff, 0xff, 0xff]))),
        ("no header", |_| Reply::Bytes(Bytes::from_static(&[0, 0, 0, 4, 0, 0, 0, 1]))),
    ];
    for (name, reply) in cases {
        let broker = Script::new().on::<ListGroupsRequest>(reply).start().await;
        let failure = groups(&broker.client()).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Malformed, "{name}: {failure}");
        assert_eq!(broker.asked::<ListGroupsRequest>().len(), 1, "{name} is not worth a second try");
    }
}

#[tokio::test]
async fn every_error_code_becomes_a_failure() {
    let asking = (-1..134).filter(|code| *code != 0).map(|code| async move {
        let broker = Script::new()
            .answer::<ListGroupsRequest>(move |_, _| ListGroupsResponse::default().with_error_code(code))
            .start()
            .await;
        crate::kafka::admin::groups::list(&broker.client()).await
    });
    for (index, listed) in futures::future::join_all(asking).await.into_iter().enumerate() {
        assert_eq!(listed.failures.len(), 1, "{index}");
        assert!(listed.value.is_empty() && !listed.failures[0].message.is_empty());
    }
}

#[tokio::test]
async fn a_late_answer_costs_one_request_and_the_connection() {
    let first = AtomicUsize::new(0);
    let broker = Script::new()
        .on::<ListGroupsRequest>(move |asked| match first.fetch_add(1, Ordering::Relaxed) {
            0 => Reply::with(&ListGroupsResponse::default(), asked.version).late(Duration::from_secs(60)),
            _ => Reply::with(&ListGroupsResponse::default(), asked.version),
        })
        .start()
        .await;
    let client = Client::new(options(broker.port)).unwrap();
    assert_eq!(groups(&client).await.unwrap_err().kind, FailureKind::Timeout);
    assert!(groups(&client).await.is_ok());
    assert_eq!(broker.accepted(), 2);
}

#[tokio::test]
async fn a_question_is_asked_again_when_the_connection_breaks() {
    let count = AtomicUsize::new(0);
    let broker = Script::new()
        .on::<ListGroupsRequest>(move |asked| match count.fetch_add(1, Ordering::Relaxed) {
            0 | 1 => Reply::Close,
            _ => Reply::with(&ListGroupsResponse::default(), asked.version),
        })
        .start()
        .await;
    assert!(groups(&broker.client()).await.is_ok());
    assert_eq!(broker.asked::<ListGroupsRequest>().len(), 3);
}

#[tokio::test]
async fn a_question_is_not_asked_forever() {
    let broker = Script::new().on::<ListGroupsRequest>(|_| Reply::Close).start().await;
    let failure = groups(&broker.client()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unreachable);
    assert_eq!(broker.asked::<ListGroupsRequest>().len(), 4);
}

#[tokio::test]
async fn a_change_that_may_have_arrived_is_never_sent_again() {
    let broker = Script::new().on::<OffsetDeleteRequest>(|_| Reply::Close).start().await;
    let sent =
        broker.client().change(&WriteGrant::issue(), Route::Any, Lane::Control, &OffsetDeleteRequest::default()).await;
    assert_eq!(sent.unwrap_err().kind, FailureKind::Unreachable);
    assert_eq!(broker.asked::<OffsetDeleteRequest>().len(), 1);
}

#[tokio::test]
async fn nothing_is_changed_without_a_grant() {
    let broker = Script::new().start().await;
    let client = broker.client();
    let refused = [
        client.call(Route::Any, Lane::Control, &OffsetDeleteRequest::default()).await.err(),
        client.call(Route::Any, Lane::Control, &OffsetCommitRequest::default()).await.err(),
        client.call(Route::Any, Lane::Control, &CreateTopicsRequest::default()).await.err(),
        client.call(Route::Any, Lane::Control, &DeleteTopicsRequest::default()).await.err(),
        // Creates the topics it asks for.
        client.call(Route::Any, Lane::Control, &MetadataRequest::default()).await.err(),
    ];
    for failure in refused {
        assert_eq!(failure.unwrap().kind, FailureKind::Refused);
    }
    assert!(broker.asked::<OffsetDeleteRequest>().is_empty() && broker.asked::<CreateTopicsRequest>().is_empty());
    let broker = Script::new().answer::<CreateTopicsRequest>(|_, _| CreateTopicsResponse::default()).start().await;
    let validation = CreateTopicsRequest::default().with_validate_only(true);
    assert!(broker.client().call(Route::Any, Lane::Control, &validation).await.is_ok());
}

#[tokio::test]
async fn what_the_broker_does_not_support_is_said_with_its_versions() {
    let broker = Script::new().without::<OffsetDeleteRequest>().versions::<ListGroupsRequest>(90, 99).start().await;
    let client = broker.client();
    let failure = groups(&client).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unsupported);
    assert!(failure.message.contains("90 to 99"), "{failure}");
    let grant = WriteGrant::issue();
    let sent = client.change(&grant, Route::Any, Lane::Control, &OffsetDeleteRequest::default()).await;
    assert_eq!(sent.unwrap_err().message, "the broker does not support this");
}

#[tokio::test]
async fn a_client_that_was_closed_refuses() {
    let broker = Script::new().start().await;
    let client = broker.client();
    client.close();
    assert_eq!(groups(&client).await.unwrap_err().kind, FailureKind::Cancelled);
    assert_eq!(broker.accepted(), 0);
}
