//! One connection: requests go out as they come, answers come back in order.
//!
//! Invariants: an answer reaches the request it belongs to or breaks the
//! connection; a request that is not answered by its deadline fails, and its
//! connection takes no new ones, since a broker answers in order and whatever holds
//! up this request holds up all that follow.

use super::api::Api;
use super::error::WireError;
use super::frame::Frames;
use super::throttle::Throttle;
use super::{guard, lock};
use bytes::{BufMut as _, Bytes, BytesMut};
use kafka_protocol::messages::{RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable as _, Encodable as _, HeaderVersion as _, StrBytes};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio::time::Instant;

pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Requests that may wait to be written; more wait in their callers.
const QUEUE: usize = 1024;
/// Requests are written together up to about this many bytes.
const WRITE_TOGETHER: usize = 256 << 10;

type Reply = oneshot::Sender<Result<Bytes, WireError>>;

struct Outgoing {
    frame: Bytes,
    correlation: i32,
    reply: Reply,
}

/// What the two halves of a connection share.
#[derive(Default)]
struct Link {
    /// Requests that were written, oldest first.
    pending: Mutex<VecDeque<(i32, Reply)>>,
    closed: OnceLock<WireError>,
}

impl Link {
    fn close(&self, reason: WireError) {
        // The first reason is the cause, later ones are its effects.
        let _ = self.closed.set(reason);
        let reason = self.closed.get().cloned().unwrap_or(WireError::Closed { sent: true });
        for (_, reply) in lock(&self.pending).drain(..) {
            let _ = reply.send(Err(reason.clone()));
        }
    }

    /// Takes an answer's frame to the request that has waited longest.
    fn answer(&self, frame: Bytes) -> Result<(), WireError> {
        let correlation = frame.get(..4).and_then(|prefix| prefix.try_into().ok()).map(i32::from_be_bytes);
        let Some((wanted, reply)) = lock(&self.pending).pop_front() else {
            return Err(WireError::Malformed("an answer to nothing that was asked".into()));
        };
        if correlation == Some(wanted) {
            // The caller may have given up; then nobody wants the answer.
            let _ = reply.send(Ok(frame));
            return Ok(());
        }
        let error = WireError::Malformed("an answer to another request than the oldest".into());
        let _ = reply.send(Err(error.clone()));
        Err(error)
    }
}

pub(super) struct Connection {
    /// The address, for messages.
    peer: String,
    client_id: StrBytes,
    outgoing: mpsc::Sender<Outgoing>,
    link: Arc<Link>,
    throttle: Arc<Throttle>,
    versions: OnceLock<HashMap<i16, (i16, i16)>>,
    /// When the broker will want to see credentials again.
    expires: OnceLock<Instant>,
    is_retired: AtomicBool,
    next_correlation: AtomicI32,
    tasks: [AbortHandle; 2],
}

impl Drop for Connection {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Connection {
    pub(super) fn start(io: Box<dyn Io>, peer: String, client_id: &str, throttle: Arc<Throttle>) -> Self {
        let (reader, writer) = tokio::io::split(io);
        let (outgoing, queue) = mpsc::channel(QUEUE);
        let link = Arc::new(Link::default());
        let reading = tokio::spawn(read(Frames::new(reader), Arc::clone(&link))).abort_handle();
        let writing = tokio::spawn(write(queue, writer, Arc::clone(&link))).abort_handle();
        Self {
            peer,
            client_id: StrBytes::from_string(client_id.to_owned()),
            outgoing,
            link,
            throttle,
            versions: OnceLock::new(),
            expires: OnceLock::new(),
            is_retired: AtomicBool::new(false),
            next_correlation: AtomicI32::new(0),
            tasks: [reading, writing],
        }
    }

    pub(super) fn peer(&self) -> &str {
        &self.peer
    }

    pub(super) fn throttle(&self) -> Arc<Throttle> {
        Arc::clone(&self.throttle)
    }

    /// Sets what the broker speaks, once.
    pub(super) fn speaks(&self, versions: HashMap<i16, (i16, i16)>) {
        let _ = self.versions.set(versions);
    }

    /// Sets when the broker will cut the session, once.
    pub(super) fn expires_at(&self, when: Instant) {
        let _ = self.expires.set(when);
    }

    /// May new requests be sent on it?
    pub(super) fn is_usable(&self) -> bool {
        self.link.closed.get().is_none()
            && !self.is_retired.load(Ordering::Relaxed)
            && self.expires.get().is_none_or(|end| *end > Instant::now())
    }

    /// Takes no new requests; those under way still get their answers.
    pub(super) fn retire(&self) {
        self.is_retired.store(true, Ordering::Relaxed);
    }

    /// The highest version of `R` that both sides speak.
    pub(super) fn version<R: Api>(&self) -> Result<i16, WireError> {
        let offered = self.versions.get().and_then(|versions| versions.get(&R::KEY)).copied();
        let Some((low, high)) = offered else { return Err(WireError::Unsupported(None)) };
        let version = high.min(R::VERSIONS.max);
        if version >= low.max(R::VERSIONS.min) { Ok(version) } else { Err(WireError::Unsupported(offered)) }
    }

    pub(super) async fn call<R: Api>(
        &self,
        request: &R,
        version: i16,
        timeout: Duration,
    ) -> Result<R::Response, WireError> {
        let decode = |body: &Bytes, version| Ok((guard::decode::<R::Response>(body, version)?, ()));
        self.call_read(request, version, timeout, decode).await.map(|(response, ())| response)
    }

    /// The same with the answer read by `read`, which may keep parts of it elsewhere.
    pub(super) async fn call_read<R: Api, T>(
        &self,
        request: &R,
        version: i16,
        timeout: Duration,
        read: impl Fn(&Bytes, i16) -> Result<(R::Response, T), String>,
    ) -> Result<(R::Response, T), WireError> {
        let body = self.exchange(request, version, timeout).await?;
        let (response, rest) = read(&body, version).map_err(WireError::Malformed)?;
        self.throttle.note(R::throttle_time_ms(&response));
        Ok((response, rest))
    }

    /// Sends a request and returns the body of its answer, not yet decoded.
    pub(super) async fn exchange<R: Api>(
        &self,
        request: &R,
        version: i16,
        timeout: Duration,
    ) -> Result<Bytes, WireError> {
        let correlation = self.next_correlation.fetch_add(1, Ordering::Relaxed);
        let frame = self.encode(request, version, correlation)?;
        if let Some(until) = self.throttle.until() {
            tokio::time::sleep_until(until).await;
        }
        let mut deadline = Instant::now() + timeout;
        let (reply, mut answer) = oneshot::channel();
        // The figures count these.
        tracing::trace!(api_key = R::KEY, version, "request");
        let queued = self.outgoing.send(Outgoing { frame, correlation, reply });
        match tokio::time::timeout_at(deadline, queued).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(self.closed(false)),
            Err(_) => return Err(self.late(timeout)),
        }
        loop {
            match tokio::time::timeout_at(deadline, &mut answer).await {
                Ok(Ok(Ok(mut body))) => {
                    ResponseHeader::decode(&mut body, R::Response::header_version(version))
                        .map_err(|error| WireError::Malformed(error.to_string()))?;
                    return Ok(body);
                }
                Ok(Ok(Err(error))) => return Err(error),
                Ok(Err(_)) => return Err(self.closed(true)),
                Err(_) => match self.throttle.until().map(|until| until + timeout) {
                    Some(later) if later > deadline => deadline = later,
                    _ => return Err(self.late(timeout)),
                },
            }
        }
    }

    fn closed(&self, sent: bool) -> WireError {
        match self.link.closed.get() {
            Some(WireError::Closed { .. }) | None => WireError::Closed { sent },
            Some(other) => other.clone(),
        }
    }

    fn late(&self, timeout: Duration) -> WireError {
        self.retire();
        WireError::Deadline(timeout)
    }

    fn encode<R: Api>(&self, request: &R, version: i16, correlation: i32) -> Result<Bytes, WireError> {
        let wrong = |error: &dyn std::fmt::Display| WireError::Encode { version, detail: error.to_string() };
        let mut frame = BytesMut::with_capacity(256);
        frame.put_i32(0);
        RequestHeader::default()
            .with_request_api_key(R::KEY)
            .with_request_api_version(version)
            .with_correlation_id(correlation)
            .with_client_id(Some(self.client_id.clone()))
            .encode(&mut frame, R::header_version(version))
            .map_err(|error| wrong(&error))?;
        request.encode(&mut frame, version).map_err(|error| wrong(&error))?;
        let size = u32::try_from(frame.len() - 4).map_err(|error| wrong(&error))?;
        if let Some(prefix) = frame.get_mut(..4) {
            prefix.copy_from_slice(&size.to_be_bytes());
        }
        Ok(frame.freeze())
    }
}

async fn read(mut frames: Frames<impl AsyncRead + Unpin>, link: Arc<Link>) {
    let reason = loop {
        match frames.next().await {
            Ok(frame) => {
                if let Err(error) = link.answer(frame) {
                    break error;
                }
            }
            Err(error) => break error,
        }
    };
    link.close(reason);
}

async fn write(mut queue: mpsc::Receiver<Outgoing>, mut writer: impl AsyncWrite + Unpin, link: Arc<Link>) {
    let mut together = BytesMut::new();
    while let Some(first) = queue.recv().await {
        let mut next = Some(first);
        while let Some(Outgoing { frame, correlation, reply }) = next {
            if link.closed.get().is_some() {
                let _ = reply.send(Err(WireError::Closed { sent: false }));
                break;
            }
            lock(&link.pending).push_back((correlation, reply));
            together.extend_from_slice(&frame);
            next = if together.len() < WRITE_TOGETHER { queue.try_recv().ok() } else { None };
        }
        let written = async {
            writer.write_all(&together).await?;
            writer.flush().await
        };
        if let Err(error) = written.await {
            link.close(error.into());
        }
        // The reader may have closed between the look above and the push.
        if let Some(reason) = link.closed.get() {
            link.close(reason.clone());
        }
        together.clear();
    }
}
