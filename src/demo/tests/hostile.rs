//! Bytes that no client would send.

use super::client::{Client, s};
use super::{World, start};
use crate::demo::random::Random;
use bytes::BytesMut;
use kafka_protocol::messages::{ApiKey, ApiVersionsRequest, RequestHeader, ResponseKind};
use kafka_protocol::protocol::Encodable;

async fn is_alive(demo: &crate::demo::Demo) -> bool {
    let mut client = Client::to(demo, 1).await;
    matches!(client.ask(0, ApiVersionsRequest::default()).await, ResponseKind::ApiVersions(_))
}

#[tokio::test]
async fn frames_of_impossible_sizes_end_the_connection() {
    let demo = start(World::Empty, false).await;
    for size in [[0xff; 4], [0, 0, 0, 0], [0, 0, 0, 7], [0x7f, 0xff, 0xff, 0xff], [0x06, 0x40, 0, 1]] {
        let mut client = Client::to(&demo, 1).await;
        client.send_raw(&size).await;
        client.send_raw(&[0; 16]).await;
        assert_eq!(client.receive().await, None, "{size:?}");
    }
    assert!(is_alive(&demo).await);
}

#[tokio::test]
async fn requests_that_are_not_served_or_do_not_decode_end_the_connection() {
    let demo = start(World::Full, false).await;
    let frames: [&[u8]; 5] = [
        b"GET / HTTP/1.1\r\n\r\n",
        // Metadata 1 for two thousand million topics.
        &[0, 3, 0, 1, 0, 0, 0, 9, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff],
        // Metadata 9 for as many, compactly.
        &[0, 3, 0, 9, 0, 0, 0, 9, 0xff, 0xff, 0, 0xff, 0xff, 0xff, 0xff, 0x0f],
        // A version of Fetch from the future, and an unknown API.
        &[0, 1, 0, 99, 0, 0, 0, 9, 0xff, 0xff],
        &[0x7f, 0xff, 0, 0, 0, 0, 0, 9, 0xff, 0xff],
    ];
    for frame in frames {
        let mut client = Client::to(&demo, 1).await;
        client.send_raw(&u32::try_from(frame.len()).unwrap().to_be_bytes()).await;
        client.send_raw(frame).await;
        assert_eq!(client.receive().await, None, "{frame:?}");
    }
    assert!(is_alive(&demo).await);
}

#[tokio::test]
async fn noise_in_every_request_neither_panics_nor_stops_the_broker() {
    let demo = start(World::Full, false).await;
    let mut random = Random::of(&[99]);
    for api in crate::demo::api::SERVED {
        for version in crate::demo::api::versions(*api).min..=crate::demo::api::versions(*api).max {
            let mut client = Client::to(&demo, 1).await;
            let mut frame = BytesMut::new();
            let header = RequestHeader::default()
                .with_request_api_key(*api as i16)
                .with_request_api_version(version)
                .with_client_id(Some(s("noise")));
            header.encode(&mut frame, api.request_header_version(version)).unwrap();
            for _ in 0..random.below(60) {
                // Small numbers are lengths that can be true.
                let byte = if random.chance(70) { random.below(4) } else { random.below(256) };
                frame.extend_from_slice(&[u8::try_from(byte).unwrap()]);
            }
            client.send_raw(&u32::try_from(frame.len()).unwrap().to_be_bytes()).await;
            client.send_raw(&frame).await;
        }
    }
    // And in those that the codec crate lacks.
    for (key, low, high) in crate::demo::api::BEYOND {
        for version in low..=high {
            for _ in 0..20 {
                let mut client = Client::to(&demo, 1).await;
                let mut frame = BytesMut::new();
                let header = RequestHeader::default().with_request_api_key(key).with_request_api_version(version);
                header.encode(&mut frame, 2).unwrap();
                for _ in 0..random.below(40) {
                    let byte = if random.chance(70) { random.below(4) } else { random.below(256) };
                    frame.extend_from_slice(&[u8::try_from(byte).unwrap()]);
                }
                client.send_raw(&u32::try_from(frame.len()).unwrap().to_be_bytes()).await;
                client.send_raw(&frame).await;
            }
        }
    }
    assert!(is_alive(&demo).await);
}

#[tokio::test]
async fn a_client_from_the_future_is_told_what_is_spoken_here() {
    let demo = start(World::Empty, false).await;
    let mut client = Client::to(&demo, 1).await;
    client.send_raw(&[0, 0, 0, 10, 0, 18, 0, 99, 0, 0, 0, 5, 0xff, 0xff]).await;
    let answer = client.receive().await.unwrap();
    assert_eq!(answer[..6], [0, 0, 0, 5, 0, 35], "the correlation id, then UNSUPPORTED_VERSION");
    assert!(answer.len() > 10 + 6 * 20);
    assert_eq!(ApiKey::ApiVersions as i16, 18);
}
