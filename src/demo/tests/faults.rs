//! The fault switches, as a client meets them.

use super::client::{Client, create_topic, offset_at};
use super::sweep::{TOPIC, sample};
use super::{World, start};
use crate::demo::api;
use crate::demo::state::Cluster;
use crate::domain::BrokerId;
use kafka_protocol::ResponseError as E;
use kafka_protocol::messages::{ApiKey, ApiVersionsRequest};
use std::time::Duration;
use tokio::time::{Instant, timeout};

const ONE: BrokerId = BrokerId(1);

#[tokio::test]
async fn a_frozen_broker_takes_connections_and_answers_when_it_is_thawed() {
    let demo = start(World::Empty, false).await;
    demo.freeze_broker(ONE).unwrap();
    let mut client = Client::to(&demo, 1).await;
    client.send(0, &ApiVersionsRequest::default().into()).await;
    assert!(timeout(Duration::from_millis(80), client.receive()).await.is_err(), "a frozen broker answered");
    let mut other = Client::to(&demo, 2).await;
    other.ask(0, ApiVersionsRequest::default()).await;
    demo.thaw_broker(ONE).unwrap();
    client.send(0, &ApiVersionsRequest::default().into()).await;
    assert!(client.receive().await.is_some() && client.receive().await.is_some(), "both are answered");
}

/// The request behind the last that is answered is carried out or lost; what follows
/// is lost, until it speaks again.
#[tokio::test]
async fn a_cluster_falls_silent_at_a_request() {
    let silence = Duration::from_millis(80);
    for carries_out in [false, true] {
        let demo = start(World::Empty, false).await;
        demo.fall_silent_after(1, carries_out);
        let mut client = Client::to(&demo, 1).await;
        client.ask(0, ApiVersionsRequest::default()).await;
        assert!(!demo.is_silent());
        let creation = timeout(silence, create_topic(&mut client, "t", 1, &[])).await;
        assert!(creation.is_err() && demo.is_silent());
        let mut other = Client::to(&demo, 2).await;
        assert!(timeout(silence, other.ask(0, ApiVersionsRequest::default())).await.is_err());
        demo.speak_again();
        assert_eq!(demo.cluster.lock().topics.contains_key("t"), carries_out);
        let mut anew = Client::to(&demo, 1).await;
        anew.ask(0, ApiVersionsRequest::default()).await;
    }
}

#[tokio::test]
async fn a_slow_broker_takes_its_time_until_it_is_not_slow() {
    let demo = start(World::Empty, false).await;
    let mut client = Client::to(&demo, 1).await;
    demo.slow_broker(ONE, Duration::from_millis(120)).unwrap();
    let began = Instant::now();
    client.ask(0, ApiVersionsRequest::default()).await;
    assert!(began.elapsed() >= Duration::from_millis(115), "{:?}", began.elapsed());
    demo.slow_broker(ONE, Duration::from_secs(3_600)).unwrap();
    demo.slow_broker(ONE, Duration::ZERO).unwrap();
    client.ask(0, ApiVersionsRequest::default()).await;
}

#[tokio::test]
async fn connections_are_cut_once() {
    let demo = start(World::Empty, false).await;
    let mut client = Client::to(&demo, 1).await;
    client.ask(0, ApiVersionsRequest::default()).await;
    let mut other = Client::to(&demo, 2).await;
    demo.cut_connections(ONE).unwrap();
    assert_eq!(client.receive().await, None);
    other.ask(0, ApiVersionsRequest::default()).await;
    Client::to(&demo, 1).await.ask(0, ApiVersionsRequest::default()).await;
}

#[tokio::test]
async fn every_request_can_be_refused_and_is_not_carried_out() {
    let demo = start(World::Full, false).await;
    let topic_id = demo.cluster.lock().topics[TOPIC].id;
    let look = |cluster: &Cluster| {
        let state = cluster.lock();
        let ends: Vec<_> =
            state.topics.values().flat_map(|t| &t.partitions).map(|p| p.log.end(cluster.now())).collect();
        (ends, state.groups.len(), state.transactions.iter().count(), state.topics.len())
    };
    let before = look(&demo.cluster);
    let mut client = Client::to(&demo, 1).await;
    let code = E::BrokerNotAvailable.code();
    let is_refused = |answer: &str| answer.contains(&format!("error_code: {code},"));
    for api in api::SERVED {
        let range = api::versions(*api);
        for version in range.min..=range.max {
            demo.fail_requests(ONE, *api as i16, code, 1).unwrap();
            let refused = client.try_ask(version, sample(*api, version, topic_id)).await;
            let refused = refused.unwrap_or_else(|| panic!("{api:?} v{version} is not answered"));
            assert!(is_refused(&format!("{refused:?}")), "{api:?} v{version}: {refused:?}");
        }
    }
    assert_eq!(look(&demo.cluster), before);
    for (api_key, error) in [(ApiKey::Vote as i16, code), (0, 9_999)] {
        demo.fail_requests(ONE, api_key, error, 1).unwrap_err();
    }
    demo.freeze_broker(BrokerId(77)).unwrap_err();
}

#[tokio::test]
async fn as_many_are_refused_as_were_asked_for() {
    let demo = start(World::Empty, false).await;
    let mut client = Client::to(&demo, 1).await;
    demo.fail_requests(ONE, ApiKey::CreateTopics as i16, E::NotController.code(), 2).unwrap();
    let mut codes = Vec::new();
    for _ in 0..3 {
        codes.push(create_topic(&mut client, "t", 1, &[]).await);
    }
    assert_eq!(codes, [E::NotController.code(), E::NotController.code(), 0]);
    assert_eq!(offset_at(&mut Client::to_leader(&demo, "t", 0).await, "t", 0, -1).await.0, 0);
}
