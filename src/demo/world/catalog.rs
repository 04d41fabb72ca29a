//! The topics of the seeded world, one row each.

use super::{commerce, logistics, plumbing, trouble, web};
use crate::demo::codec::Codec::{self, Gzip, Lz4, None as Plain, Snappy, Zstd};
use crate::demo::source::{Keys, Write};
use bytes::Bytes;

/// One topic and the records in it.
#[derive(Clone, Copy)]
pub(super) struct Spec {
    pub(super) name: &'static str,
    pub(super) partitions: i32,
    pub(super) replication: usize,
    /// Records in all partitions at the start of the demo, made over `hours`.
    pub(super) records: i64,
    pub(super) hours: i64,
    /// The first offset of each partition: retention has removed what was before.
    pub(super) first: i64,
    pub(super) codec: Codec,
    pub(super) write: Write,
    pub(super) keys: Option<Keys>,
    pub(super) configs: &'static [(&'static str, &'static str)],
    /// Does it go on while time passes?
    pub(super) is_live: bool,
}

impl Spec {
    const fn of(name: &'static str, partitions: i32, records: i64, codec: Codec, write: Write) -> Self {
        Self {
            name,
            partitions,
            replication: 3,
            records,
            hours: 72,
            first: 0,
            codec,
            write,
            keys: None,
            configs: &[],
            is_live: true,
        }
    }

    const fn keyed(mut self, make: fn(u32) -> Bytes, count: u32) -> Self {
        self.keys = Some(Keys { make, count, hot: 0 });
        self
    }

    /// Makes the first key take `percent` of all records.
    const fn hot(mut self, percent: u64) -> Self {
        if let Some(keys) = &mut self.keys {
            keys.hot = percent;
        }
        self
    }

    const fn from(mut self, first: i64) -> Self {
        self.first = first;
        self
    }

    const fn over(mut self, hours: i64) -> Self {
        self.hours = hours;
        self
    }

    const fn set(mut self, configs: &'static [(&'static str, &'static str)]) -> Self {
        self.configs = configs;
        self
    }

    const fn replicas(mut self, replication: usize) -> Self {
        self.replication = replication;
        self
    }

    const fn still(mut self) -> Self {
        self.is_live = false;
        self
    }

    pub(super) fn is_compacted(&self) -> bool {
        self.configs.iter().any(|(name, value)| *name == "cleanup.policy" && value.contains("compact"))
    }
}

const COMPACT: &[(&str, &str)] = &[("cleanup.policy", "compact")];
const BOTH: &[(&str, &str)] = &[("cleanup.policy", "compact,delete"), ("retention.ms", "1209600000")];
const SAFE: &[(&str, &str)] = &[("min.insync.replicas", "2")];
const WEEKS: &[(&str, &str)] = &[("min.insync.replicas", "2"), ("retention.ms", "2419200000")];
const SHORT: &[(&str, &str)] = &[("retention.ms", "259200000"), ("segment.bytes", "268435456")];
const HALF_A_DAY: &[(&str, &str)] = &[("retention.ms", "43200000"), ("segment.bytes", "268435456")];
const HOURS: &[(&str, &str)] = &[("retention.ms", "21600000"), ("segment.bytes", "268435456")];
const ARCHIVE: &[(&str, &str)] = &[("retention.ms", "-1"), ("compression.type", "zstd")];
/// More in-sync replicas asked for than the topic has: writes with acks=all fail.
const TOO_FEW: &[(&str, &str)] = &[("min.insync.replicas", "2")];
const BIG: &[(&str, &str)] = &[("max.message.bytes", "5242880"), ("retention.bytes", "10737418240")];

#[rustfmt::skip]
pub(super) const TOPICS: &[Spec] = &[
    Spec::of("orders.v1", 12, 1_560_000, Lz4, commerce::order).keyed(commerce::order_key, 20_000).from(118_400).set(WEEKS),
    Spec::of("orders.v1-retry-30000", 3, 940, Lz4, trouble::spring_retry).keyed(commerce::order_key, 20_000),
    Spec::of("orders.v1-dlt", 3, 214, Lz4, trouble::spring_dead_letter).keyed(commerce::order_key, 20_000).over(120),
    Spec::of("orders.status", 6, 780_000, Zstd, commerce::order_status).keyed(commerce::order_key, 9_000).set(BOTH),
    Spec::of("payments", 24, 1_040_000, Zstd, commerce::payment).keyed(commerce::payment_key, 30_000).from(40_210).set(WEEKS),
    Spec::of("payments.refunds", 6, 26_000, Plain, commerce::refund).keyed(commerce::payment_key, 30_000).set(SAFE),
    Spec::of("payments.fraud-scores", 12, 1_040_000, Lz4, logistics::fraud_score).keyed(commerce::payment_key, 30_000),
    Spec::of("payments.sink.dead-letter", 1, 46, Plain, trouble::connect_dead_letter).keyed(commerce::payment_key, 30_000).over(140),
    Spec::of("customers", 6, 48_000, Plain, commerce::customer).keyed(commerce::customer_key, 8_000).from(310).set(COMPACT),
    Spec::of("catalog.products", 6, 9_000, Plain, commerce::product).keyed(commerce::product_key, 3_000).set(COMPACT),
    Spec::of("catalog.images", 3, 600, Plain, logistics::image).keyed(commerce::product_key, 3_000).set(BIG),
    Spec::of("pricing.changes", 3, 52_000, Gzip, commerce::price_change).keyed(commerce::product_key, 3_000),
    Spec::of("billing.invoices.2025", 8, 200_000, Zstd, commerce::invoice).keyed(commerce::invoice_key, 60_000).over(160).still().set(ARCHIVE),
    Spec::of("clickstream.v2", 96, 7_800_000, Snappy, web::click).keyed(web::visitor_key, 40_000).from(2_204_118).set(HOURS).over(6),
    Spec::of("clickstream.sessions", 12, 1_300_000, Gzip, web::session).keyed(web::visitor_key, 20_000).set(SHORT),
    Spec::of("search.queries", 12, 2_600_000, Lz4, web::search).set(SHORT),
    Spec::of("search.index-updates", 6, 210_000, Plain, web::index_update).keyed(commerce::product_key, 3_000).set(COMPACT),
    Spec::of("inventory.stock-levels", 12, 910_000, Snappy, logistics::stock_level).keyed(commerce::product_key, 3_000).set(BOTH),
    Spec::of("inventory.reservations", 6, 520_000, Lz4, logistics::reservation).keyed(commerce::order_key, 20_000),
    Spec::of("shipping.tracking", 12, 780_000, Lz4, logistics::tracking).keyed(logistics::parcel_key, 15_000).set(SAFE),
    Spec::of("shipping.labels", 3, 2_900, Plain, logistics::label).keyed(logistics::parcel_key, 15_000).set(BIG),
    Spec::of("shipping.carrier-callbacks", 3, 160_000, Gzip, logistics::callback).keyed(logistics::parcel_key, 15_000),
    Spec::of("email.outbound", 6, 410_000, Gzip, web::email).keyed(web::address_key, 20_000),
    Spec::of("email.bounces", 3, 1_150, Plain, web::bounce).keyed(web::address_key, 20_000),
    Spec::of("notifications.push", 6, 620_000, Lz4, web::push),
    Spec::of("notifications.sms", 3, 2_400, Plain, web::sms).keyed(web::address_key, 20_000),
    Spec::of("support.chat-messages", 3, 5_200, Plain, trouble::chat).keyed(web::address_key, 900),
    Spec::of("tenants.usage-events", 16, 1_600_000, Lz4, web::tenant_event).keyed(web::tenant_key, 1_800).hot(62),
    Spec::of("iot.sensor-readings", 24, 1_900_000, Snappy, logistics::reading).keyed(logistics::machine_key, 2_400).set(HALF_A_DAY).over(12),
    Spec::of("logs.application", 12, 2_600_000, Zstd, web::log_line).keyed(web::host_key, 8).set(HALF_A_DAY).over(12),
    Spec::of("metrics.hosts", 6, 520_000, Lz4, web::host_metric).keyed(web::host_key, 8).set(HALF_A_DAY).over(12),
    Spec::of("legacy.mainframe-feed", 1, 6_300, Plain, trouble::mainframe),
    Spec::of("analytics.scratch", 2, 4_100, Plain, web::session).keyed(web::visitor_key, 20_000).replicas(1).set(TOO_FEW),
    Spec::of("loyalty.points", 3, 0, Plain, web::session).still(),
    Spec::of("fraud-detector-payments-by-customer-repartition", 8, 1_040_000, Lz4, commerce::payment).keyed(web::address_key, 20_000),
    Spec::of("fraud-detector-velocity-store-changelog", 8, 910_000, Lz4, plumbing::store_entry).keyed(web::address_key, 6_000).set(COMPACT),
    Spec::of("sensor-averages-minutes-changelog", 24, 620_000, Lz4, plumbing::store_entry).keyed(logistics::machine_key, 2_400).set(COMPACT),
    Spec::of("connect-configs", 1, 24, Plain, plumbing::connect_config).keyed(plumbing::connect_config_key, 4).over(160).still().set(COMPACT),
    Spec::of("connect-offsets", 25, 8_600, Plain, plumbing::connect_offset).keyed(plumbing::connect_offset_key, 14).set(COMPACT),
    Spec::of("connect-status", 5, 240, Plain, plumbing::connect_status).keyed(plumbing::connect_status_key, 4).set(COMPACT),
    Spec::of("mm2-offset-syncs.eu.internal", 1, 4_300, Plain, plumbing::offset_sync).keyed(plumbing::offset_sync_key, 12).set(COMPACT),
    Spec::of("eu.checkpoints.internal", 1, 2_900, Plain, plumbing::checkpoint).keyed(plumbing::checkpoint_key, 12).set(COMPACT),
    Spec::of("heartbeats", 1, 170_000, Plain, plumbing::heartbeat).keyed(plumbing::heartbeat_key, 1).over(48).set(COMPACT),
    Spec::of("eu.orders.v1", 12, 700_000, Lz4, commerce::order).keyed(commerce::order_key, 20_000).from(2_100),
];
