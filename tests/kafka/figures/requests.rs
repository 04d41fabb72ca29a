//! How many requests klamm sends, by their kind: told by its own log.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Fetches of records.
pub const FETCH: i64 = 1;
const KINDS: usize = 128;

/// What this process sent since it began to count.
pub fn counter() -> &'static Requests {
    static COUNTER: OnceLock<Requests> = OnceLock::new();
    COUNTER.get_or_init(|| {
        let sent: Arc<[AtomicU64]> = (0..KINDS).map(|_| AtomicU64::new(0)).collect();
        tracing::subscriber::set_global_default(Listener(Arc::clone(&sent))).expect("nobody else listens");
        Requests(sent)
    })
}

pub struct Requests(Arc<[AtomicU64]>);

impl Requests {
    pub fn all(&self) -> u64 {
        self.0.iter().map(|sent| sent.load(Ordering::Relaxed)).sum()
    }

    pub fn of(&self, kind: i64) -> u64 {
        usize::try_from(kind).ok().and_then(|kind| self.0.get(kind)).map_or(0, |sent| sent.load(Ordering::Relaxed))
    }
}

struct Listener(Arc<[AtomicU64]>);

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target() == "klamm::kafka::wire::connection"
    }

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Sent(&self.0));
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Sent<'a>(&'a [AtomicU64]);

impl Visit for Sent<'_> {
    fn record_i64(&mut self, field: &Field, value: i64) {
        let kind = usize::try_from(value).ok().filter(|_| field.name() == "api_key");
        if let Some(sent) = kind.and_then(|kind| self.0.get(kind)) {
            sent.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}
