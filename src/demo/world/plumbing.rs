//! Topics that other tools keep for themselves: Connect, MirrorMaker 2, Streams.

use crate::demo::batch::Content;
use crate::demo::source::Moment;
use bytes::{BufMut, Bytes, BytesMut};

const CONNECTORS: &[(&str, &str)] = &[
    ("shop-postgres-source", r#"{"server":"shop"}"#),
    ("payments-elasticsearch-sink", ""),
    ("orders-s3-sink", ""),
    ("crm-jdbc-source", r#"{"query":"contacts"}"#),
];

fn connector(thing: u32) -> (&'static str, &'static str) {
    CONNECTORS.get(thing as usize % CONNECTORS.len()).copied().unwrap_or_default()
}

/// One key per source partition: Debezium's, JDBC's, and those of the mirror.
pub(super) fn connect_offset_key(thing: u32) -> Bytes {
    Bytes::from(match thing {
        0 => r#"["shop-postgres-source",{"server":"shop"}]"#.to_owned(),
        1 => r#"["crm-jdbc-source",{"query":"contacts"}]"#.to_owned(),
        n => format!(r#"["MirrorSourceConnector",{{"cluster":"eu","partition":{},"topic":"orders.v1"}}]"#, n - 2),
    })
}

pub(super) fn connect_offset(moment: &mut Moment) -> Content {
    let position = moment.index * 37 + 120_000;
    let json = match moment.thing {
        0 => {
            format!(r#"{{"lsn":{},"txId":{},"ts_usec":{}}}"#, position * 8, position / 3, moment.time.millis() * 1_000)
        }
        1 => format!(r#"{{"incrementing":{position},"timestamp":{}}}"#, moment.time.millis()),
        _ => format!(r#"{{"offset":{position}}}"#),
    };
    Content { key: moment.key.clone(), value: Some(Bytes::from(json)), headers: Vec::new() }
}

pub(super) fn connect_config_key(thing: u32) -> Bytes {
    Bytes::from(format!("connector-{}", connector(thing).0))
}

pub(super) fn connect_config(moment: &mut Moment) -> Content {
    let name = connector(moment.thing).0;
    let json =
        format!(r#"{{"properties":{{"name":"{name}","tasks.max":"2","connector.class":"shop.connect.{name}"}}}}"#);
    Content { key: moment.key.clone(), value: Some(Bytes::from(json)), headers: Vec::new() }
}

pub(super) fn connect_status_key(thing: u32) -> Bytes {
    Bytes::from(format!("status-connector-{}", connector(thing).0))
}

pub(super) fn connect_status(moment: &mut Moment) -> Content {
    let state = if moment.thing == 1 && moment.random.chance(30) { "FAILED" } else { "RUNNING" };
    let json = format!(
        r#"{{"state":"{state}","trace":null,"worker_id":"10.20.7.{}:8083","generation":{}}}"#,
        11 + moment.random.below(2),
        moment.index / 40 + 6
    );
    Content { key: moment.key.clone(), value: Some(Bytes::from(json)), headers: Vec::new() }
}

fn string(out: &mut BytesMut, text: &str) {
    out.put_i16(i16::try_from(text.len()).unwrap_or(0));
    out.extend_from_slice(text.as_bytes());
}

/// MirrorMaker's key of an offset sync: topic and partition of the source cluster.
pub(super) fn offset_sync_key(thing: u32) -> Bytes {
    let mut out = BytesMut::new();
    string(&mut out, "orders.v1");
    out.put_i32(i32::try_from(thing).unwrap_or(0));
    out.freeze()
}

pub(super) fn offset_sync(moment: &mut Moment) -> Content {
    let mut out = BytesMut::new();
    let upstream = moment.index * 100 + 4_000;
    out.put_i64(upstream);
    out.put_i64(upstream - 52);
    Content { key: moment.key.clone(), value: Some(out.freeze()), headers: Vec::new() }
}

pub(super) fn heartbeat_key(_thing: u32) -> Bytes {
    let mut out = BytesMut::new();
    string(&mut out, "eu");
    string(&mut out, "main");
    out.freeze()
}

pub(super) fn heartbeat(moment: &mut Moment) -> Content {
    let mut out = BytesMut::new();
    out.put_i16(0);
    out.put_i64(moment.time.millis());
    Content { key: moment.key.clone(), value: Some(out.freeze()), headers: Vec::new() }
}

pub(super) fn checkpoint_key(thing: u32) -> Bytes {
    let mut out = BytesMut::new();
    string(&mut out, "order-processor");
    string(&mut out, "eu.orders.v1");
    out.put_i32(i32::try_from(thing).unwrap_or(0));
    out.freeze()
}

pub(super) fn checkpoint(moment: &mut Moment) -> Content {
    let mut out = BytesMut::new();
    let upstream = moment.index * 90 + 3_900;
    out.put_i16(0);
    out.put_i64(upstream);
    out.put_i64(upstream - 51);
    string(&mut out, "");
    Content { key: moment.key.clone(), value: Some(out.freeze()), headers: Vec::new() }
}

/// A Streams store's backup: a timestamp in eight bytes, then the count.
pub(super) fn store_entry(moment: &mut Moment) -> Content {
    if moment.random.chance(5) {
        return Content { key: moment.key.clone(), value: None, headers: Vec::new() };
    }
    let mut out = BytesMut::new();
    out.put_i64(moment.time.millis());
    out.put_i64(moment.random.below(900).cast_signed());
    Content { key: moment.key.clone(), value: Some(out.freeze()), headers: Vec::new() }
}
