//! The only clock of the console.

use crate::cluster::wall_clock;
use crate::domain::Time;

/// Wall time that never runs backwards within this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock;

static LATEST: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(0);

impl Clock {
    pub fn now(self) -> Time {
        let millis = wall_clock().millis();
        Time(LATEST.fetch_max(millis, std::sync::atomic::Ordering::Relaxed).max(millis))
    }
}
