//! Members of groups that librdkafka cannot be in: of share groups and of streams groups.
//!
//! They say by heartbeats that they are there and take over what they are assigned; they
//! read nothing. Only for targets without security.

use crate::patience::{SHORT, until};
use crate::target::Target;
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use kafka_protocol::messages::{
    ApiKey, FindCoordinatorRequest, FindCoordinatorResponse, RequestHeader, ResponseHeader, ShareGroupHeartbeatRequest,
    ShareGroupHeartbeatResponse,
};
use kafka_protocol::protocol::{Decodable as _, Encodable, StrBytes};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

const STREAMS_GROUP_HEARTBEAT: i16 = 88;
/// The epoch of who joins, and of who leaves.
const JOIN: i32 = 0;
const LEAVE: i32 = -1;

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

struct Line {
    stream: TcpStream,
}

impl Line {
    fn open(address: &str) -> Result<Self, String> {
        let stream = TcpStream::connect(address).map_err(|error| format!("{address}: {error}"))?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).map_err(|error| error.to_string())?;
        Ok(Self { stream })
    }

    /// One request of a flexible version, and the body of its answer.
    fn ask(&mut self, key: i16, version: i16, body: &[u8]) -> Result<Bytes, String> {
        let mut frame = BytesMut::new();
        let header = RequestHeader::default()
            .with_request_api_key(key)
            .with_request_api_version(version)
            .with_client_id(Some(text("raw")));
        header.encode(&mut frame, 2).map_err(|error| error.to_string())?;
        frame.put_slice(body);
        let size = u32::try_from(frame.len()).map_err(|error| error.to_string())?;
        let sent = self.stream.write_all(&size.to_be_bytes()).and_then(|()| self.stream.write_all(&frame));
        sent.map_err(|error| error.to_string())?;
        let mut size = [0; 4];
        self.stream.read_exact(&mut size).map_err(|error| error.to_string())?;
        let mut answer = vec![0; u32::from_be_bytes(size) as usize];
        self.stream.read_exact(&mut answer).map_err(|error| error.to_string())?;
        let mut answer = Bytes::from(answer);
        ResponseHeader::decode(&mut answer, 1).map_err(|error| error.to_string())?;
        Ok(answer)
    }

    fn send<T: Encodable>(&mut self, key: ApiKey, version: i16, request: &T) -> Result<Bytes, String> {
        let mut body = BytesMut::new();
        request.encode(&mut body, version).map_err(|error| error.to_string())?;
        self.ask(key as i16, version, &body)
    }

    /// A line to the group's coordinator.
    fn to_coordinator(target: &Target, group: &str) -> Result<Self, String> {
        const VERSION: i16 = 4;
        let seed = target.bootstrap.split(',').next().unwrap_or_default();
        let request = FindCoordinatorRequest::default().with_key_type(0).with_coordinator_keys(vec![text(group)]);
        let mut answer = Self::open(seed)?.send(ApiKey::FindCoordinator, VERSION, &request)?;
        let found = FindCoordinatorResponse::decode(&mut answer, VERSION).map_err(|error| error.to_string())?;
        let found = found.coordinators.first().ok_or("no coordinator is told")?;
        match found.error_code {
            0 => Self::open(&format!("{}:{}", found.host, found.port)),
            code => Err(format!("code {code}")),
        }
    }
}

/// Somebody who is in a group until dropped.
pub struct RawMember {
    line: Line,
    group: String,
    id: String,
    epoch: i32,
    kind: Kind,
}

enum Kind {
    Share { topic: String },
    Streams { topic: String, tasks: Vec<i32> },
}

impl RawMember {
    /// In a share group, until it is assigned something.
    pub fn share(target: &Target, group: &str, topic: &str) -> Self {
        Self::join(target, group, Kind::Share { topic: topic.to_owned() })
    }

    /// In a streams group of one subtopology with one store, until it runs its tasks.
    pub fn streams(target: &Target, group: &str, topic: &str) -> Self {
        Self::join(target, group, Kind::Streams { topic: topic.to_owned(), tasks: Vec::new() })
    }

    fn join(target: &Target, group: &str, kind: Kind) -> Self {
        let line = until("the coordinator", SHORT, || Line::to_coordinator(target, group));
        let id = "AAAAAAAAAAAAAAAAAAAAAQ".to_owned();
        let mut member = Self { line, group: group.to_owned(), id, epoch: JOIN, kind };
        until("an assignment", SHORT, || match member.beat(member.epoch) {
            Ok(0) => Err("nothing is assigned yet".to_owned()),
            other => other,
        });
        // Says that it has taken over what it was given.
        until("the heartbeat after it", SHORT, || member.beat(member.epoch));
        member
    }

    /// How many partitions or tasks it was given.
    fn beat(&mut self, epoch: i32) -> Result<usize, String> {
        match &self.kind {
            Kind::Share { topic } => {
                let topic = topic.clone();
                self.share_beat(epoch, &topic)
            }
            Kind::Streams { topic, tasks } => {
                let (topic, tasks) = (topic.clone(), tasks.clone());
                self.streams_beat(epoch, &topic, &tasks)
            }
        }
    }

    fn share_beat(&mut self, epoch: i32, topic: &str) -> Result<usize, String> {
        const VERSION: i16 = 1;
        let request = ShareGroupHeartbeatRequest::default()
            .with_group_id(text(&self.group).into())
            .with_member_id(text(&self.id))
            .with_member_epoch(epoch)
            .with_subscribed_topic_names((epoch == JOIN).then(|| vec![text(topic).into()]));
        let mut answer = self.line.send(ApiKey::ShareGroupHeartbeat, VERSION, &request)?;
        let answer = ShareGroupHeartbeatResponse::decode(&mut answer, VERSION).map_err(|error| error.to_string())?;
        if answer.error_code != 0 {
            return Err(format!("code {}: {:?}", answer.error_code, answer.error_message));
        }
        self.epoch = answer.member_epoch;
        let given = answer.assignment.iter().flat_map(|given| &given.topic_partitions);
        Ok(given.map(|topic| topic.partitions.len()).sum())
    }

    fn streams_beat(&mut self, epoch: i32, topic: &str, tasks: &[i32]) -> Result<usize, String> {
        let mut body = BytesMut::new();
        put_text(&mut body, &self.group);
        put_text(&mut body, &self.id);
        body.put_i32(epoch);
        body.put_i32(0); // what it knows of endpoints
        body.put_slice(&[0, 0]); // neither instance nor rack
        body.put_i32(60_000); // time to rebalance
        if epoch == JOIN {
            body.put_i8(1);
            body.put_i32(0); // epoch of the topology
            body.put_u8(2); // one subtopology
            put_text(&mut body, "0");
            body.put_u8(2);
            put_text(&mut body, topic);
            body.put_u8(1); // no patterns
            body.put_u8(2); // one changelog
            put_text(&mut body, &format!("{}-store-changelog", self.group));
            body.put_i32(0); // as many partitions as it takes
            body.put_i16(0); // the cluster's replication
            body.put_slice(&[1, 0]); // no configuration
            body.put_slice(&[1, 1, 1, 0]); // no repartition topics, nothing copartitioned
            body.put_u8(0);
        } else {
            body.put_i8(-1);
        }
        if tasks.is_empty() {
            body.put_u8(1);
        } else {
            body.put_u8(2);
            put_text(&mut body, "0");
            body.put_u8(u8::try_from(tasks.len() + 1).map_err(|error| error.to_string())?);
            tasks.iter().for_each(|task| body.put_i32(*task));
            body.put_u8(0);
        }
        body.put_slice(&[1, 1]); // no standby, no warm-up tasks
        put_text(&mut body, "process-1");
        body.put_i8(1);
        put_text(&mut body, "stores.example");
        body.put_u16(7070);
        body.put_u8(0);
        body.put_u8(2); // one tag
        put_text(&mut body, "zone");
        put_text(&mut body, "a");
        body.put_u8(0);
        body.put_slice(&[0, 0]); // no offsets of tasks
        body.put_slice(&[0, 0]); // does not shut down; end
        let mut answer = self.line.ask(STREAMS_GROUP_HEARTBEAT, 0, &body)?;
        answer.advance(4);
        let code = answer.get_i16();
        let message = take_text(&mut answer);
        if code != 0 {
            return Err(format!("code {code}: {message:?}"));
        }
        take_text(&mut answer);
        self.epoch = answer.get_i32();
        answer.advance(12);
        for _ in 1..answer.get_u8() {
            answer.advance(1);
            take_text(&mut answer);
            answer.advance(1);
        }
        let mut given = None;
        for _ in 1..answer.get_u8() {
            take_text(&mut answer);
            let count = answer.get_u8().saturating_sub(1);
            given.get_or_insert_with(Vec::new).extend((0..count).map(|_| answer.get_i32()));
            answer.advance(1);
        }
        if let (Some(given), Kind::Streams { tasks, .. }) = (given, &mut self.kind) {
            *tasks = given;
        }
        match &self.kind {
            Kind::Streams { tasks, .. } => Ok(tasks.len()),
            Kind::Share { .. } => Ok(0),
        }
    }
}

impl Drop for RawMember {
    fn drop(&mut self) {
        // A broker that is gone by now has no member to lose.
        let _ = self.beat(LEAVE);
    }
}

/// Short ones only: a length of one byte.
fn put_text(out: &mut BytesMut, text: &str) {
    out.put_u8(u8::try_from(text.len() + 1).unwrap_or(0));
    out.put_slice(text.as_bytes());
}

/// Of a length of up to two bytes.
fn take_text(from: &mut Bytes) -> Option<String> {
    let first = from.get_u8();
    let length = if first < 0x80 { u16::from(first) } else { u16::from(first & 0x7f) | u16::from(from.get_u8()) << 7 };
    let length = usize::from(length.checked_sub(1)?);
    Some(String::from_utf8_lossy(&from.split_to(length)).into_owned())
}
