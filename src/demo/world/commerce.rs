//! Orders, payments, customers and the catalogue: Avro and JSON by the registry.

use super::avro::Datum;
use super::schemas;
use super::words::{CITIES, COUNTRIES, FIRST_NAMES, LAST_NAMES, PRODUCTS, STREETS};
use crate::demo::batch::{Content, Header};
use crate::demo::random::Random;
use crate::demo::source::Moment;
use bytes::{BufMut, Bytes, BytesMut};

const DAY_MS: i64 = 86_400_000;
const CUSTOMERS: u64 = 40_000;

pub(super) fn order_key(thing: u32) -> Bytes {
    Bytes::from(format!("o-{:06}", 100_000 + thing))
}

pub(super) fn payment_key(thing: u32) -> Bytes {
    Bytes::from(format!("pay_{:05x}", 0x3a000 + thing))
}

/// The customer's number as the registry's serializer writes a long.
pub(super) fn customer_key(thing: u32) -> Bytes {
    Datum::framed(schemas::CUSTOMER_KEY).number(i64::from(thing) + 70_000).finish()
}

pub(super) fn product_key(thing: u32) -> Bytes {
    Bytes::from(sku(u64::from(thing)))
}

fn sku(number: u64) -> String {
    format!("SKU-{:05}", 10_000 + number)
}

fn trace(random: &mut Random) -> Vec<Header> {
    let trace = format!("00-{:032x}-{:016x}-01", random.next_u128(), random.next());
    vec![Header::new("traceparent", trace), Header::new("source", random.pick(&["web-shop", "app", "call-centre"]))]
}

fn cents(random: &mut Random) -> i64 {
    let dear = random.chance(6);
    i64::try_from(random.below(if dear { 250_000 } else { 14_000 })).unwrap_or(0) + 199
}

fn line(datum: Datum, random: &mut Random) -> Datum {
    let number = random.below(PRODUCTS.len() as u64);
    let title = random.pick(PRODUCTS);
    datum.text(&sku(number)).text(title).number(random.below(4).cast_signed() + 1).decimal(cents(random))
}

pub(super) fn order(moment: &mut Moment) -> Content {
    let random = &mut moment.random;
    let id = format!("o-{:06}", 100_000 + moment.thing);
    let customer = random.below(CUSTOMERS).cast_signed() + 70_000;
    let (total, placed) = (cents(random), moment.time.millis() - random.below(900).cast_signed());
    // One producer has not been upgraded yet.
    if random.chance(4) {
        let datum = Datum::framed(schemas::ORDER_V1).text(&id).number(customer).decimal(total).number(placed);
        return Content { key: moment.key.clone(), value: Some(datum.finish()), headers: trace(random) };
    }
    let lines = random.below(4).cast_signed() + 1;
    let name = format!("{} {}", random.pick(FIRST_NAMES), random.pick(LAST_NAMES));
    let street = format!("{} {}", random.pick(STREETS), random.below(180) + 1);
    let mut datum = Datum::framed(schemas::ORDER)
        .text(&id)
        .number(customer)
        .decimal(total)
        .number(placed)
        .number(random.below(5).cast_signed())
        .text(if random.chance(88) { "EUR" } else { "CHF" })
        .number(placed / DAY_MS + 2 + random.below(5).cast_signed())
        .text(&name)
        .text(&street)
        .text(random.pick(CITIES))
        .text(random.pick(COUNTRIES));
    datum = if random.chance(15) { datum.number(1).text("ring twice, the dog is friendly") } else { datum.number(0) };
    datum = datum.array(lines, |datum, _| line(datum, random));
    datum = if random.chance(12) { datum.number(1).text("AUTUMN-15") } else { datum.number(0) };
    Content { key: moment.key.clone(), value: Some(datum.finish()), headers: trace(random) }
}

pub(super) fn payment(moment: &mut Moment) -> Content {
    let random = &mut moment.random;
    let mut datum = Datum::framed(schemas::PAYMENT)
        .text(&random.uuid().to_string())
        .text(&format!("o-{:06}", 100_000 + random.below(20_000)))
        .decimal(cents(random))
        .number(random.below(4).cast_signed())
        .number(moment.time.millis() * 1_000 + random.below(1_000).cast_signed());
    let risk = random.below(1_000);
    datum = datum.double(f64::from(u32::try_from(risk).unwrap_or(0)) / 1_000.0);
    datum = match random.below(3) {
        0 => datum.number(0),
        1 => datum.number(1).text(&format!("RF{}", random.below(1 << 40))),
        _ => datum.number(2).number(random.below(1 << 50).cast_signed()),
    };
    Content { key: moment.key.clone(), value: Some(datum.finish()), headers: trace(random) }
}

/// JSON behind the registry's prefix.
pub(super) fn refund(moment: &mut Moment) -> Content {
    let random = &mut moment.random;
    let reason = random.pick(&["damaged", "late", "changed_mind", "fraud"]);
    let mut value = BytesMut::new();
    value.put_u8(0);
    value.put_i32(schemas::REFUND);
    let json =
        format!(r#"{{"payment":"pay_{:05x}","cents":{},"reason":"{reason}"}}"#, 0x3a000 + moment.thing, cents(random));
    value.extend_from_slice(json.as_bytes());
    Content { key: moment.key.clone(), value: Some(value.freeze()), headers: trace(random) }
}

/// Customers by their number; those who left are tombstones.
pub(super) fn customer(moment: &mut Moment) -> Content {
    let random = &mut moment.random;
    if random.chance(7) {
        let headers = vec![Header::new("reason", "gdpr-erasure")];
        return Content { key: moment.key.clone(), value: None, headers };
    }
    let (first, last) = (random.pick(FIRST_NAMES), random.pick(LAST_NAMES));
    let mut datum = Datum::framed(schemas::CUSTOMER)
        .number(i64::from(moment.thing) + 70_000)
        .text(&format!("{first} {last}"))
        .text(&format!("customer{}@example.com", moment.thing));
    datum =
        if random.chance(60) { datum.number(1).number(random.below(20_000).cast_signed()) } else { datum.number(0) };
    let datum = datum.boolean(random.chance(40)).text(random.pick(CITIES));
    Content { key: moment.key.clone(), value: Some(datum.finish()), headers: Vec::new() }
}

pub(super) fn product(moment: &mut Moment) -> Content {
    let random = &mut moment.random;
    let tags: &[&str] = &["new", "sale", "outdoor", "kitchen", "gift", "eco"];
    let mut datum = Datum::framed(schemas::PRODUCT)
        .text(&sku(u64::from(moment.thing)))
        .text(random.pick(PRODUCTS))
        .decimal(cents(random))
        .array(random.below(4).cast_signed(), |datum, _| datum.text(random.pick(tags)));
    datum = if moment.thing.is_multiple_of(3) {
        datum.number(0)
    } else {
        datum.number(1).double(f64::from(moment.thing % 40) / 8.0)
    };
    Content { key: moment.key.clone(), value: Some(datum.finish()), headers: Vec::new() }
}

/// The state of an order as JSON, newest only: its topic is compacted and deleted.
pub(super) fn order_status(moment: &mut Moment) -> Content {
    let random = &mut moment.random;
    let status = random.pick(&["NEW", "PAID", "PACKED", "SHIPPED", "DELIVERED"]);
    let json = format!(
        r#"{{"order":"o-{:06}","status":"{status}","at":"{}","by":{{"service":"order-processor","attempt":{}}}}}"#,
        100_000 + moment.thing,
        moment.time.rfc3339().unwrap_or_default(),
        random.below(3) + 1
    );
    Content { key: moment.key.clone(), value: Some(Bytes::from(json)), headers: trace(random) }
}

pub(super) fn price_change(moment: &mut Moment) -> Content {
    let random = &mut moment.random;
    let (old, new) = (cents(random), cents(random));
    let json = format!(
        r#"{{"sku":"{}","old":{}.{:02},"new":{}.{:02},"currency":"EUR","valid_from":"{}"}}"#,
        sku(u64::from(moment.thing)),
        old / 100,
        old % 100,
        new / 100,
        new % 100,
        moment.time.rfc3339().unwrap_or_default()
    );
    Content { key: moment.key.clone(), value: Some(Bytes::from(json)), headers: Vec::new() }
}

/// A line of a closed month: text, as an old system exports it.
pub(super) fn invoice(moment: &mut Moment) -> Content {
    let random = &mut moment.random;
    let text = format!(
        "INV-2025-{:06};{};{};{}.{:02};EUR;{}",
        moment.index * 8 + i64::from(moment.partition),
        random.below(CUSTOMERS) + 70_000,
        random.pick(LAST_NAMES),
        random.below(900) + 4,
        random.below(100),
        random.pick(&["paid", "paid", "paid", "overdue"])
    );
    Content { key: moment.key.clone(), value: Some(Bytes::from(text)), headers: Vec::new() }
}

pub(super) fn invoice_key(thing: u32) -> Bytes {
    Bytes::from(format!("INV-2025-{thing:06}"))
}
