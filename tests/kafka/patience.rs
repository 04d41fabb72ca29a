//! Waiting for a condition, with a deadline and a reason.

use std::time::{Duration, Instant};

/// Limits here are several times what a quiet machine takes: a shared one with
/// two cores is five times slower, and a limit only costs when something is broken.
pub const LONG: Duration = Duration::from_secs(120);
pub const SHORT: Duration = Duration::from_secs(30);

/// Asks `probe` until it answers; panics with its last objection at the deadline.
pub fn until<T>(what: &str, limit: Duration, probe: impl FnMut() -> Result<T, String>) -> T {
    match try_until(what, limit, probe) {
        Ok(value) => value,
        Err(message) => panic!("{message}"),
    }
}

/// The same, with the failure as a value.
pub fn try_until<T>(what: &str, limit: Duration, mut probe: impl FnMut() -> Result<T, String>) -> Result<T, String> {
    let start = Instant::now();
    loop {
        match probe() {
            Ok(value) => return Ok(value),
            Err(objection) if start.elapsed() >= limit => {
                return Err(format!("waited {} s for {what}: {objection}", limit.as_secs()));
            }
            // Conditions of another process cannot wake us: ask again shortly.
            Err(_) => std::thread::park_timeout(Duration::from_millis(50)),
        }
    }
}
