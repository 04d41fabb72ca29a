//! Requests find their way: versions, lanes, bootstrap, coordinators, quotas.

use super::super::scripted::{Reply, Script, Scripted};
use super::super::{Client, Endpoint, Lane, Route};
use crate::domain::{BrokerId, FailureKind, GroupId};
use futures::future::join_all;
use kafka_protocol::messages::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::Instant;

fn lists_groups(script: Script) -> Script {
    script.answer::<ListGroupsRequest>(|_, _| ListGroupsResponse::default())
}

#[tokio::test]
async fn an_old_broker_is_asked_for_its_versions_the_old_way() {
    let broker = lists_groups(Script::new())
        .versions::<ListGroupsRequest>(0, 1)
        .on::<ApiVersionsRequest>(|asked| match asked.version {
            0 => {
                use api_versions_response::ApiVersion;
                let api = ApiVersion::default().with_api_key(16).with_min_version(0).with_max_version(1);
                Reply::with(&ApiVersionsResponse::default().with_api_keys(vec![api]), 0)
            }
            // Brokers before 2.4 answer what they do not know in version 0.
            _ => Reply::with(&ApiVersionsResponse::default().with_error_code(35), 0),
        })
        .start()
        .await;
    let client = broker.client();
    client.call(Route::Any, Lane::Control, &ListGroupsRequest::default()).await.unwrap();
    assert_eq!(broker.asked::<ApiVersionsRequest>().iter().map(|asked| asked.version).collect::<Vec<_>>(), [3, 0]);
    assert_eq!(broker.asked::<ListGroupsRequest>()[0].version, 1);
    assert_eq!(client.version_of::<ListGroupsRequest>(Route::Any, Lane::Control).await, Ok(1));
}

#[tokio::test]
async fn requests_share_one_connection_and_do_not_wait_for_each_other() {
    let broker = lists_groups(Script::new().latency(Duration::from_millis(50))).start().await;
    let client = broker.client();
    let start = Instant::now();
    let request = ListGroupsRequest::default();
    let calls = (0..200).map(|_| client.call(Route::Any, Lane::Control, &request));
    assert!(join_all(calls).await.iter().all(Result::is_ok));
    assert_eq!(broker.accepted(), 1);
    assert!(start.elapsed() < Duration::from_secs(5), "200 waits of 50 ms, one after the other, are 10 s");
}

#[tokio::test]
async fn a_long_poll_holds_up_nothing_else() {
    let broker = lists_groups(Script::new()).on::<FetchRequest>(|_| Reply::Silence).start().await;
    let client = broker.client();
    let poll = tokio::spawn({
        let client = client.clone();
        async move { client.call(Route::Broker(BrokerId(1)), Lane::Fetch(7), &FetchRequest::default()).await }
    });
    for lane in [Lane::Control, Lane::Bulk, Lane::Fetch(8)] {
        client.call(Route::Broker(BrokerId(1)), lane, &ListGroupsRequest::default()).await.unwrap();
    }
    assert!(!poll.is_finished());
    poll.abort();
}

#[tokio::test]
async fn the_connection_to_a_bootstrap_server_serves_its_broker_too() {
    let broker = lists_groups(Script::new()).start().await;
    let client = broker.client();
    client.refresh().await.unwrap();
    client.call(Route::Broker(BrokerId(1)), Lane::Control, &ListGroupsRequest::default()).await.unwrap();
    assert_eq!(broker.accepted(), 1);
    assert_eq!(client.brokers()[0].port, broker.port);
    assert_eq!(client.controller(), Some(BrokerId(1)));
}

#[tokio::test]
async fn the_first_good_bootstrap_server_wins() {
    let silent = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let closed = {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        listener.local_addr().unwrap().port()
    };
    let broker = lists_groups(Script::new()).start().await;
    let mut options = broker.options();
    options.bootstrap = vec![
        Endpoint::new("127.0.0.1", closed),
        Endpoint::new("127.0.0.1", silent.local_addr().unwrap().port()),
        broker.endpoint(),
    ];
    let start = Instant::now();
    Client::new(options).unwrap().refresh().await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(5), "the silent one has 10 s");
}

#[tokio::test]
async fn ipv6_works() {
    let Ok(listener) = TcpListener::bind(("::1", 0)).await else {
        // A machine without IPv6 cannot show it; parsing is tested elsewhere.
        return;
    };
    let port = listener.local_addr().unwrap().port();
    let broker = Script::new().start().await;
    tokio::spawn({
        let target = broker.port;
        async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let mut far = tokio::net::TcpStream::connect(("127.0.0.1", target)).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            }
        }
    });
    let mut options = broker.options();
    options.bootstrap = vec![Endpoint::parse(&format!("[::1]:{port}")).unwrap()];
    Client::new(options).unwrap().refresh().await.unwrap();
}

#[tokio::test]
async fn a_coordinator_that_moved_is_found_again() {
    let looked_up = Arc::new(AtomicUsize::new(0));
    let broker = |code: i16| {
        let looked_up = Arc::clone(&looked_up);
        // Any of them may be asked who coordinates: broker 1 the first time, then 2.
        Script::new()
            .versions::<FindCoordinatorRequest>(0, 3)
            .versions::<OffsetFetchRequest>(1, 7)
            .answer::<FindCoordinatorRequest>(move |_, _| {
                let id = if looked_up.fetch_add(1, Ordering::Relaxed) == 0 { 1 } else { 2 };
                FindCoordinatorResponse::default().with_node_id(kafka_protocol::messages::BrokerId(id))
            })
            .answer::<OffsetFetchRequest>(move |_, _| OffsetFetchResponse::default().with_error_code(code))
    };
    let (old, new) = (broker(16).start().await, broker(0).start().await);
    Scripted::join(&[&old, &new]);
    let client = old.client();
    let group = GroupId::from("orders");
    let request = OffsetFetchRequest::default().with_topics(None);
    client.call(Route::Group(&group), Lane::Control, &request).await.unwrap();
    assert_eq!(old.asked::<OffsetFetchRequest>().len(), 1);
    assert_eq!(new.asked::<OffsetFetchRequest>().len(), 1);
    client.call(Route::Group(&group), Lane::Control, &request).await.unwrap();
    assert_eq!(looked_up.load(Ordering::Relaxed), 2, "the coordinator is remembered");
}

#[tokio::test]
async fn a_broker_that_is_gone_is_not_waited_for() {
    let broker = Script::new().start().await;
    let failure = broker
        .client()
        .call(Route::Broker(BrokerId(9)), Lane::Control, &ListGroupsRequest::default())
        .await
        .unwrap_err();
    assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Unreachable, "the cluster has no broker 9"));
}

#[tokio::test]
async fn a_throttled_broker_is_left_alone() {
    const THROTTLE: Duration = Duration::from_millis(400);
    let broker = Script::new()
        .answer::<ListGroupsRequest>(|_, _| {
            ListGroupsResponse::default().with_throttle_time_ms(THROTTLE.as_millis().try_into().unwrap())
        })
        .start()
        .await;
    let client = broker.client();
    let request = ListGroupsRequest::default();
    let start = Instant::now();
    client.call(Route::Any, Lane::Control, &request).await.unwrap();
    assert_eq!(broker.asked::<ListGroupsRequest>().len(), 1);
    client.call(Route::Any, Lane::Control, &request).await.unwrap();
    assert!(start.elapsed() >= THROTTLE);
}

#[tokio::test]
async fn throttling_extends_the_deadline_of_what_is_under_way() {
    let count = AtomicUsize::new(0);
    let broker = Script::new()
        .on::<ListGroupsRequest>(move |asked| match count.fetch_add(1, Ordering::Relaxed) {
            0 => Reply::with(&ListGroupsResponse::default().with_throttle_time_ms(1_000), asked.version),
            _ => Reply::with(&ListGroupsResponse::default(), asked.version).late(Duration::from_millis(700)),
        })
        .start()
        .await;
    let mut options = broker.options();
    options.request_timeout = Duration::from_millis(400);
    let client = Client::new(options).unwrap();
    client.refresh().await.unwrap();
    let request = ListGroupsRequest::default();
    let both = join_all((0..2).map(|_| client.call(Route::Any, Lane::Control, &request))).await;
    assert!(both.iter().all(Result::is_ok), "{both:?}");
}

/// The figure to reach: offsets of 5,000 groups at 80 ms round trip, with the
/// connections open, in 0.4 s; a build without optimisation is given more.
#[tokio::test(flavor = "multi_thread")]
async fn offsets_of_many_groups_take_few_round_trips() {
    let round_trip = Duration::from_millis(80);
    let broker = Script::new()
        .latency(round_trip)
        .answer::<OffsetFetchRequest>(|request, _| {
            use offset_fetch_response::OffsetFetchResponseGroup as Group;
            let groups = request.groups.into_iter().map(|group| Group::default().with_group_id(group.group_id));
            OffsetFetchResponse::default().with_groups(groups.collect())
        })
        .start()
        .await;
    let client = broker.client();
    for lane in [Lane::Control, Lane::Bulk] {
        client.version_of::<OffsetFetchRequest>(Route::Any, lane).await.unwrap();
    }
    client.refresh().await.unwrap();
    let groups: Vec<GroupId> = (0..5_000).map(|n| format!("group-{n}").as_str().into()).collect();
    let start = Instant::now();
    let committed = crate::kafka::admin::offsets::committed(&client, &groups).await;
    let took = start.elapsed();
    assert_eq!((committed.value.len(), committed.failures.len()), (5_000, 0));
    assert!(took >= 2 * round_trip && took < Duration::from_secs(3), "{took:?}");
    assert_eq!(broker.asked::<FindCoordinatorRequest>().len(), 5);
    assert_eq!(broker.asked::<OffsetFetchRequest>().len(), 4, "requests grow with brokers, not with groups");
}
