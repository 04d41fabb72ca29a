//! The console's clock.

use crate::cluster;
use crate::domain::Time;

/// Wall time that never runs backwards within this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock;

static LATEST: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(0);

impl Clock {
    pub fn now(self) -> Time {
        let millis = cluster::now().millis();
        Time(LATEST.fetch_max(millis, std::sync::atomic::Ordering::Relaxed).max(millis))
    }
}
