//! What a broker's quota tells us to wait.
//!
//! A throttled broker stops reading from the connection for the time it names, so
//! requests sent sooner only queue up there. We wait instead, and give requests
//! that are already under way the same time on top of their deadline.

use super::lock;
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::Instant;

/// Brokers throttle for seconds; a longer claim is not believed.
const LONGEST: Duration = Duration::from_secs(60);

/// Until when one broker wants to be left alone.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    until: Mutex<Option<Instant>>,
}

impl Throttle {
    /// Takes note of a response's `throttle_time_ms`.
    pub(super) fn note(&self, millis: i32) {
        let Ok(millis) = u64::try_from(millis) else { return };
        if millis == 0 {
            return;
        }
        let until = Instant::now() + Duration::from_millis(millis).min(LONGEST);
        let mut current = lock(&self.until);
        if current.is_none_or(|current| current < until) {
            *current = Some(until);
        }
    }

    /// The end of the throttling, if it is still to come.
    pub(super) fn until(&self) -> Option<Instant> {
        lock(&self.until).filter(|until| *until > Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_end_holds_and_absurd_claims_are_cut() {
        let throttle = Throttle::default();
        for nothing in [-5, 0] {
            throttle.note(nothing);
            assert_eq!(throttle.until(), None);
        }
        throttle.note(20_000);
        let until = throttle.until().unwrap();
        throttle.note(200);
        assert_eq!(throttle.until(), Some(until));
        throttle.note(i32::MAX);
        let cut = throttle.until().unwrap();
        assert!(cut > until && cut <= Instant::now() + LONGEST);
    }

    #[tokio::test]
    async fn it_ends() {
        let throttle = Throttle::default();
        throttle.note(5);
        if let Some(until) = throttle.until() {
            tokio::time::sleep_until(until).await;
        }
        assert_eq!(throttle.until(), None);
    }
}
