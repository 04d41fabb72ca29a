//! Frames in, frames out: one connection of one broker.
//!
//! Owns framing, version negotiation and the dispatch of requests. Must not know
//! what any request means.
//! Invariant: a hostile frame ends its own connection and nothing else: sizes are
//! bounded before anything is allocated, and array lengths before decoding.

use super::api::{self, Call};
use super::faults::{self, Gate};
use super::shape;
use super::state::Cluster;
use crate::domain::BrokerId;
use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::{ApiKey, RequestHeader, RequestKind, ResponseHeader, ResponseKind};
use kafka_protocol::protocol::{Decodable, Encodable};
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The largest request taken, as in Kafka (`socket.request.max.bytes`).
const MAX_FRAME: u64 = 100 << 20;
const MIN_FRAME: u64 = 8;

/// Why a connection is closed from our side.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("connection: {0}")]
    Io(#[from] io::Error),
    #[error("a frame claims {0} bytes")]
    FrameSize(i32),
    #[error("API {0} version {1} is not served")]
    NotServed(i16, i16),
    #[error("API {0} version {1} does not decode")]
    Malformed(i16, i16),
    #[error("the answer to API {0} version {1} does not encode: {2}")]
    Answer(i16, i16, String),
}

/// Answers requests until the client leaves or is cut off.
pub(super) async fn serve(stream: TcpStream, node: BrokerId, cluster: Arc<Cluster>) -> Result<(), Broken> {
    let gate = cluster.faults.gate(node);
    tokio::select! {
        () = gate.cut() => Ok(()),
        served = exchange(stream, node, cluster, &gate) => served,
    }
}

/// One request after the other.
async fn exchange(mut stream: TcpStream, node: BrokerId, cluster: Arc<Cluster>, gate: &Gate) -> Result<(), Broken> {
    stream.set_nodelay(true)?;
    let host = format!("/{}", stream.peer_addr()?.ip());
    let local = stream.local_addr()?.ip();
    while let Some(frame) = read_frame(&mut stream).await? {
        gate.pass().await;
        let call = Call {
            cluster: Arc::clone(&cluster),
            node,
            local,
            host: host.clone(),
            version: 0,
            client_id: String::new(),
        };
        if let Some(answer) = answer(call, frame).await? {
            gate.thawed().await;
            stream.write_all(&answer).await?;
        }
    }
    Ok(())
}

/// `None` at the end of the stream.
async fn read_frame(stream: &mut TcpStream) -> Result<Option<Bytes>, Broken> {
    let claimed = match stream.read_i32().await {
        Ok(claimed) => claimed,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let size = u64::try_from(claimed).unwrap_or(0);
    if !(MIN_FRAME..=MAX_FRAME).contains(&size) {
        return Err(Broken::FrameSize(claimed));
    }
    // Grows with what arrives: a claim alone costs nothing.
    let mut frame = Vec::new();
    stream.take(size).read_to_end(&mut frame).await?;
    if frame.len() as u64 != size {
        return Err(Broken::Io(io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(Some(Bytes::from(frame)))
}

/// The framed answer, or `None` where the protocol wants silence.
async fn answer(mut call: Call, mut frame: Bytes) -> Result<Option<Bytes>, Broken> {
    let [k0, k1, v0, v1, c0, c1, c2, c3] = *frame.first_chunk().ok_or(Broken::FrameSize(0))?;
    let (key, version) = (i16::from_be_bytes([k0, k1]), i16::from_be_bytes([v0, v1]));
    let correlation = i32::from_be_bytes([c0, c1, c2, c3]);
    let not_served = Broken::NotServed(key, version);
    if let Some((_, min, max)) = api::BEYOND.iter().find(|(known, ..)| *known == key) {
        if !(*min..=*max).contains(&version) {
            return Err(not_served);
        }
        let malformed = Broken::Malformed(key, version);
        let Ok(header) = RequestHeader::decode(&mut frame, 2) else { return Err(malformed) };
        call.version = version;
        call.client_id = header.client_id.map(|id| id.to_string()).unwrap_or_default();
        let Some(body) = faults::dispatch_beyond(call, key, frame).await else { return Err(malformed) };
        return framed_beyond(key, version, correlation, &body).map(Some);
    }
    let Some(api) = ApiKey::try_from(key).ok().filter(|api| api::SERVED.contains(api)) else { return Err(not_served) };
    let served = api::versions(api);
    if !(served.min..=served.max).contains(&version) {
        if api != ApiKey::ApiVersions {
            return Err(not_served);
        }
        // A client newer than we are is told in the oldest form what we speak.
        return framed(api, 0, correlation, &ResponseKind::ApiVersions(api::unsupported_version())).map(Some);
    }
    let malformed = || Broken::Malformed(key, version);
    if !shape::is_bounded(api, version, &frame) {
        return Err(malformed());
    }
    let header = RequestHeader::decode(&mut frame, api.request_header_version(version)).map_err(|_| malformed())?;
    let request = RequestKind::decode(api, &mut frame, version).map_err(|_| malformed())?;
    call.version = version;
    call.client_id = header.client_id.map(|id| id.to_string()).unwrap_or_default();
    match faults::dispatch(call, api, request).await {
        Some(response) => framed(api, version, correlation, &response).map(Some),
        None => Ok(None),
    }
}

fn framed_beyond(key: i16, version: i16, correlation: i32, body: &[u8]) -> Result<Bytes, Broken> {
    let failed = |error: &dyn std::fmt::Display| Broken::Answer(key, version, error.to_string());
    let mut out = BytesMut::new();
    // Length, correlation, and no tagged fields.
    out.put_u32(u32::try_from(body.len() + 5).map_err(|error| failed(&error))?);
    out.put_i32(correlation);
    out.put_u8(0);
    out.put_slice(body);
    Ok(out.freeze())
}

fn framed(api: ApiKey, version: i16, correlation: i32, response: &ResponseKind) -> Result<Bytes, Broken> {
    let failed = |error: &dyn std::fmt::Display| Broken::Answer(api as i16, version, error.to_string());
    let mut out = BytesMut::new();
    out.put_i32(0);
    ResponseHeader::default()
        .with_correlation_id(correlation)
        .encode(&mut out, api.response_header_version(version))
        .map_err(|error| failed(&error))?;
    response.encode(&mut out, version).map_err(|error| failed(&error))?;
    let size = u32::try_from(out.len().saturating_sub(4)).map_err(|error| failed(&error))?;
    if let Some(prefix) = out.first_chunk_mut::<4>() {
        *prefix = size.to_be_bytes();
    }
    Ok(out.freeze())
}
