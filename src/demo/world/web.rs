//! What the web shop and its servers write: clicks, searches, messages, logs.

use super::words::{AGENTS, CITIES, FIRST_NAMES, HOSTS, LAST_NAMES, PATHS, PRODUCTS, SERVICES};
use crate::demo::batch::{Content, Header};
use crate::demo::source::Moment;
use bytes::Bytes;

pub(super) fn visitor_key(thing: u32) -> Bytes {
    Bytes::from(format!("v-{:06x}", thing.wrapping_mul(2_654_435_761) >> 8))
}

pub(super) fn address_key(thing: u32) -> Bytes {
    Bytes::from(format!("customer{thing}@example.com"))
}

pub(super) fn host_key(thing: u32) -> Bytes {
    let host = HOSTS.get(usize::try_from(thing).unwrap_or(0) % HOSTS.len()).copied().unwrap_or_default();
    Bytes::from(format!("{host}.shop.internal"))
}

pub(super) fn tenant_key(thing: u32) -> Bytes {
    Bytes::from(if thing == 0 { "tenant-acme".to_owned() } else { format!("tenant-{thing:04}") })
}

fn json(moment: &Moment, text: String) -> Content {
    Content { key: moment.key.clone(), value: Some(Bytes::from(text)), headers: Vec::new() }
}

fn at(moment: &Moment) -> String {
    moment.time.rfc3339().unwrap_or_default()
}

pub(super) fn click(moment: &mut Moment) -> Content {
    let random = &mut moment.random;
    let referrer = if random.chance(20) { r#""https://search.example/?q=lamp""# } else { "null" };
    let text = format!(
        r#"{{"visitor":"v-{:06x}","path":"{}","referrer":{referrer},"ms":{},"viewport":[{},{}],"agent":"{}"}}"#,
        moment.thing.wrapping_mul(2_654_435_761) >> 8,
        random.pick(PATHS),
        random.below(2_400) + 18,
        random.pick(&[390u64, 768, 1_440, 1_920]),
        random.pick(&[844u64, 1_024, 900, 1_080]),
        random.pick(AGENTS)
    );
    json(moment, text)
}

pub(super) fn session(moment: &mut Moment) -> Content {
    let random = &mut moment.random;
    let text = format!(
        r#"{{"session":"{}","pages":{},"seconds":{},"bought":{},"city":"{}"}}"#,
        random.uuid(),
        random.below(30) + 1,
        random.below(1_800),
        random.chance(7),
        random.pick(CITIES)
    );
    json(moment, text)
}

/// Bare words, without keys: what people typed.
pub(super) fn search(moment: &mut Moment) -> Content {
    let random = &mut moment.random;
    let text = if random.chance(8) { "schöne lampe für küche 💡" } else { random.pick(PRODUCTS) };
    json(moment, text.to_owned())
}

pub(super) fn index_update(moment: &mut Moment) -> Content {
    if moment.random.chance(9) {
        return Content { key: moment.key.clone(), value: None, headers: Vec::new() };
    }
    let stock = moment.random.below(400);
    let text = format!(
        r#"{{"sku":"SKU-{:05}","title":"{}","in_stock":{},"stock":{stock},"boost":1.{}}}"#,
        10_000 + moment.thing,
        moment.random.pick(PRODUCTS),
        stock > 0,
        moment.random.below(9)
    );
    json(moment, text)
}

pub(super) fn email(moment: &mut Moment) -> Content {
    let random = &mut moment.random;
    let template = random.pick(&["order-confirmation", "shipping-notice", "password-reset", "newsletter-47"]);
    let text = format!(
        r#"{{"to":"customer{}@example.com","template":"{template}","locale":"{}","params":{{"name":"{} {}"}}}}"#,
        moment.thing,
        random.pick(&["de-DE", "fr-FR", "pl-PL", "en-GB"]),
        random.pick(FIRST_NAMES),
        random.pick(LAST_NAMES)
    );
    let headers = vec![
        Header::new("content-type", "application/json"),
        Header::new("priority", if template == "newsletter-47" { "low" } else { "high" }),
    ];
    Content { headers, ..json(moment, text) }
}

pub(super) fn bounce(moment: &mut Moment) -> Content {
    let reason = moment.random.pick(&["550 5.1.1 user unknown", "452 4.2.2 mailbox full", "554 5.7.1 blocked"]);
    let text = format!(r#"{{"to":"customer{}@example.com","smtp":"{reason}"}}"#, moment.thing);
    json(moment, text)
}

pub(super) fn sms(moment: &mut Moment) -> Content {
    let code = moment.random.below(1_000_000);
    let text = format!(r#"{{"to":"+49 151 {:08}","text":"Your code is {code:06}"}}"#, moment.random.below(100_000_000));
    json(moment, text)
}

pub(super) fn push(moment: &mut Moment) -> Content {
    let random = &mut moment.random;
    let text = format!(
        r#"{{"device":"{:016x}","title":"Your {} is on its way","badge":{}}}"#,
        random.next(),
        random.pick(PRODUCTS),
        random.below(5)
    );
    json(moment, text)
}

pub(super) fn log_line(moment: &mut Moment) -> Content {
    let random = &mut moment.random;
    let level = if random.chance(2) {
        "ERROR"
    } else if random.chance(6) {
        "WARN"
    } else {
        "INFO"
    };
    let (service, path) = (random.pick(SERVICES), random.pick(PATHS));
    let line =
        format!("GET {path} {} in {} ms", random.pick(&["200", "200", "200", "304", "404", "503"]), random.below(900));
    let text = format!("{} {level:5} [{service}] {line}", at(moment));
    json(moment, text)
}

pub(super) fn host_metric(moment: &mut Moment) -> Content {
    let random = &mut moment.random;
    let (cpu, memory) = (random.below(1_000), random.below(1_000));
    let text = format!(
        r#"{{"cpu":0.{cpu:03},"memory":0.{memory:03},"load":[{}.{},{}.{}],"disk_free":{}}}"#,
        random.below(4),
        random.below(10),
        random.below(4),
        random.below(10),
        random.below(1 << 40)
    );
    json(moment, text)
}

/// Events of many tenants, of which one writes more than all others together.
pub(super) fn tenant_event(moment: &mut Moment) -> Content {
    let random = &mut moment.random;
    let tenant = if moment.thing == 0 { "acme".to_owned() } else { format!("{:04}", moment.thing) };
    let text = format!(
        r#"{{"tenant":"{tenant}","event":"{}","units":{},"at":"{}"}}"#,
        random.pick(&["seat.used", "api.call", "report.run", "export.done"]),
        random.below(50) + 1,
        moment.time.rfc3339().unwrap_or_default()
    );
    json(moment, text)
}
