//! Stock, parcels and machines: Protobuf, XML and plain numbers.

use super::schemas;
use super::words::{CARRIERS, CITIES, WAREHOUSES};
use crate::demo::batch::{Content, Header, put_unsigned};
use crate::demo::random::Random;
use crate::demo::source::Moment;
use bytes::{BufMut, Bytes, BytesMut};

pub(super) fn parcel_key(thing: u32) -> Bytes {
    Bytes::from(format!("JJD{:011}", 14_000_000_000u64 + u64::from(thing)))
}

/// A machine's number, as eight bytes.
pub(super) fn machine_key(thing: u32) -> Bytes {
    Bytes::copy_from_slice(&(u64::from(thing) + 5_000).to_be_bytes())
}

/// Protobuf's wire types.
const VARINT: u64 = 0;
const LENGTH: u64 = 2;

fn number(out: &mut BytesMut, field: u64, value: u64) {
    // What is zero is left out.
    if value != 0 {
        put_unsigned(out, field << 3 | VARINT);
        put_unsigned(out, value);
    }
}

fn text(out: &mut BytesMut, field: u64, value: &str) {
    put_unsigned(out, field << 3 | LENGTH);
    put_unsigned(out, value.len() as u64);
    out.extend_from_slice(value.as_bytes());
}

/// A `StockLevel` in Protobuf, framed by the registry with message index 0.
pub(super) fn stock_level(moment: &mut Moment) -> Content {
    let random = &mut moment.random;
    let mut out = BytesMut::with_capacity(64);
    out.put_u8(0);
    out.put_i32(schemas::STOCK);
    out.put_u8(0);
    text(&mut out, 1, &format!("SKU-{:05}", 10_000 + moment.thing));
    text(&mut out, 2, random.pick(WAREHOUSES));
    number(&mut out, 3, random.below(900));
    number(&mut out, 4, random.below(40));
    let change = random.below(41).cast_signed() - 20;
    number(&mut out, 5, ((change << 1) ^ (change >> 63)).cast_unsigned());
    number(&mut out, 6, u64::from(random.chance(2)));
    for _ in 0..random.below(3) {
        text(&mut out, 7, &format!("{}{:02}-{}", random.pick(&["A", "B", "C"]), random.below(40), random.below(6)));
    }
    Content { key: moment.key.clone(), value: Some(out.freeze()), headers: Vec::new() }
}

/// A score in Protobuf that no registry knows: field numbers are all there is.
pub(super) fn fraud_score(moment: &mut Moment) -> Content {
    let random = &mut moment.random;
    let mut out = BytesMut::with_capacity(48);
    text(&mut out, 1, &format!("pay_{:05x}", 0x3a000 + moment.thing));
    number(&mut out, 2, random.below(1_000));
    number(&mut out, 3, moment.time.millis().cast_unsigned());
    text(&mut out, 4, random.pick(&["velocity", "device", "address", "none"]));
    Content { key: moment.key.clone(), value: Some(out.freeze()), headers: Vec::new() }
}

pub(super) fn reservation(moment: &mut Moment) -> Content {
    let random = &mut moment.random;
    let json = format!(
        r#"{{"order":"o-{:06}","sku":"SKU-{:05}","quantity":{},"warehouse":"{}","expires_s":{}}}"#,
        100_000 + moment.thing,
        10_000 + random.below(3_000),
        random.below(4) + 1,
        random.pick(WAREHOUSES),
        random.below(1_800)
    );
    Content { key: moment.key.clone(), value: Some(Bytes::from(json)), headers: Vec::new() }
}

/// Each station a parcel passed leaves a header of the same name.
pub(super) fn tracking(moment: &mut Moment) -> Content {
    let random = &mut moment.random;
    let stations = random.below(4) + 1;
    let mut headers = vec![Header::new("carrier", random.pick(CARRIERS))];
    headers.extend((0..stations).map(|_| Header::new("via", random.pick(CITIES))));
    let event = random.pick(&["picked-up", "in-transit", "out-for-delivery", "delivered", "delivery-failed"]);
    let json = format!(
        r#"{{"parcel":"JJD{:011}","event":"{event}","weight_g":{},"position":{{"lat":{}.{:05},"lon":{}.{:05}}}}}"#,
        14_000_000_000u64 + u64::from(moment.thing),
        random.below(20_000) + 80,
        random.below(12) + 42,
        random.below(100_000),
        random.below(20),
        random.below(100_000)
    );
    Content { key: moment.key.clone(), value: Some(Bytes::from(json)), headers }
}

pub(super) fn callback(moment: &mut Moment) -> Content {
    let random = &mut moment.random;
    let xml = format!(
        "<?xml version=\"1.0\"?><callback carrier=\"{}\"><parcel>JJD{:011}</parcel><code>{}</code></callback>",
        random.pick(CARRIERS),
        14_000_000_000u64 + u64::from(moment.thing),
        random.below(90) + 10
    );
    Content { key: moment.key.clone(), value: Some(Bytes::from(xml)), headers: Vec::new() }
}

/// Noise that looks like a compressed picture: a known beginning, then anything.
fn noise(random: &mut Random, magic: &[u8], least: u64, more: u64) -> Bytes {
    let size = least + random.below(more);
    let mut out = BytesMut::from(magic);
    for _ in 0..size / 8 {
        out.put_u64(random.next());
    }
    out.freeze()
}

pub(super) fn label(moment: &mut Moment) -> Content {
    let value = noise(&mut moment.random, b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", 700, 1_500);
    let headers = vec![Header::new("content-type", "application/pdf")];
    Content { key: moment.key.clone(), value: Some(value), headers }
}

pub(super) fn image(moment: &mut Moment) -> Content {
    let value = noise(&mut moment.random, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 2_000, 6_000);
    let headers = vec![Header::new("content-type", "image/png")];
    Content { key: moment.key.clone(), value: Some(value), headers }
}

/// Temperature and humidity of a machine, as two big-endian doubles.
pub(super) fn reading(moment: &mut Moment) -> Content {
    let random = &mut moment.random;
    let tenths = |n: u64| f64::from(u32::try_from(n).unwrap_or(0)) / 10.0;
    let mut out = BytesMut::with_capacity(16);
    out.put_f64(18.0 + tenths(random.below(90)));
    out.put_f64(30.0 + tenths(random.below(400)));
    Content { key: moment.key.clone(), value: Some(out.freeze()), headers: Vec::new() }
}
