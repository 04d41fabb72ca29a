//! The demo's time: the system's, or one that moves only when told.
//!
//! Owns what "now" means for every record and commit of the demo cluster.
//! Network deadlines and group sessions run on tokio's clock instead: they are
//! about real connections, whatever the time of the seeded world.

use crate::domain::Time;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;

/// Where the demo takes its time from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Clock {
    /// The computer's clock: the world moves.
    #[default]
    System,
    /// This instant, until [`super::Demo::advance`] moves it.
    Stopped(Time),
}

/// The running clock that all parts of one demo share.
#[derive(Debug)]
pub(super) struct Pulse {
    is_stopped: bool,
    /// The stopped time, or milliseconds added to the system's time. Watched,
    /// so that whoever waits for a time learns that it was moved.
    shift: watch::Sender<i64>,
}

impl Pulse {
    pub(super) fn new(clock: Clock) -> Self {
        let (is_stopped, start) = match clock {
            Clock::System => (false, 0),
            Clock::Stopped(at) => (true, at.millis()),
        };
        Self { is_stopped, shift: watch::Sender::new(start) }
    }

    pub(super) fn now(&self) -> Time {
        let shift = *self.shift.borrow();
        if self.is_stopped {
            return Time(shift);
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Time(i64::try_from(since.as_millis()).unwrap_or(i64::MAX).saturating_add(shift))
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    pub(super) fn advance(&self, millis: i64) {
        self.shift.send_modify(|shift| *shift = shift.saturating_add(millis));
    }

    /// Learns of each [`Pulse::advance`] after this call.
    pub(super) fn moves(&self) -> watch::Receiver<i64> {
        self.shift.subscribe()
    }

    /// Returns when `at` is reached, or when the clock was moved by hand.
    pub(super) async fn wait_until(&self, at: Time, moves: &mut watch::Receiver<i64>) {
        if self.is_stopped {
            let _ = moves.changed().await;
            return;
        }
        let left = u64::try_from(at.since(self.now())).unwrap_or(0);
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(left)) => {}
            _ = moves.changed() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stopped_clock_moves_only_when_told() {
        let pulse = Pulse::new(Clock::Stopped(Time(1_000)));
        assert_eq!(pulse.now(), Time(1_000));
        let mut moves = pulse.moves();
        pulse.advance(500);
        pulse.wait_until(Time(99_999), &mut moves).await;
        assert_eq!(pulse.now(), Time(1_500));
    }

    #[tokio::test]
    async fn the_system_clock_wakes_at_the_time_asked_for() {
        let pulse = Pulse::new(Clock::System);
        let mut moves = pulse.moves();
        let began = tokio::time::Instant::now();
        pulse.wait_until(pulse.now().plus_millis(40), &mut moves).await;
        assert!(began.elapsed() >= Duration::from_millis(35), "{:?}", began.elapsed());
    }
}
