//! What time it is.
//!
//! Owns: the only reading of the computer's clock, for the cluster and for the
//! console above it. Deadlines on the wire are not times of day and have their own.

use crate::domain::Time;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

type Told = Box<dyn Fn() -> Time + Send + Sync>;

static TOLD: OnceLock<Told> = OnceLock::new();

/// From now on, the time of this process is what `clock` says: pictures of the
/// screens are to be the same at each run. Only the first one is listened to.
pub fn tell_time(clock: impl Fn() -> Time + Send + Sync + 'static) {
    let _ = TOLD.set(Box::new(clock));
}

/// The time of day.
pub fn now() -> Time {
    TOLD.get().map_or_else(of_the_computer, |told| told())
}

/// The processor time that this thread has used so far.
pub(super) fn of_this_thread() -> Duration {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let seconds = u64::try_from(used.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(used.tv_nsec).unwrap_or_default())
}

fn of_the_computer() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
