//! The only clock of the console.

use crate::domain::Time;
use std::time::{SystemTime, UNIX_EPOCH};

/// Wall time that never runs backwards within this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock;

static LATEST: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(0);

impl Clock {
    pub fn now(self) -> Time {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        Time(LATEST.fetch_max(millis, std::sync::atomic::Ordering::Relaxed).max(millis))
    }
}
