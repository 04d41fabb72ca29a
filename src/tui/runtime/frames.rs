//! When to draw.
//!
//! Invariants: what a person did is drawn at once, but not twice within 2 ms;
//! frames that only data asked for are 100 ms apart on average, though after a
//! pause a few may come at once: what opens a screen arrives in several answers;
//! nothing else is drawn.

use std::time::Duration;
use tokio::time::Instant;

const AFTER_KEY: Duration = Duration::from_millis(2);
const AFTER_DATA: Duration = Duration::from_millis(100);
/// Frames of data that may come ahead of their time.
const AHEAD: u32 = 3;

#[derive(Debug, Default)]
pub struct Frames {
    last: Option<Instant>,
    /// When data may have its next frame if its frames were evenly spaced: the
    /// theoretical arrival time of the generic cell rate algorithm (ITU-T I.371).
    even: Option<Instant>,
    /// Why the screen is out of date.
    wish: Option<Wish>,
    drawn: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wish {
    Data,
    Person,
}

impl Frames {
    pub fn person_did_something(&mut self) {
        self.wish = Some(Wish::Person);
    }

    pub fn data_changed(&mut self) {
        self.wish = self.wish.max(Some(Wish::Data));
    }

    /// When the next frame is due; `None` while nothing is to be drawn.
    pub fn due(&self, now: Instant) -> Option<Instant> {
        let soonest = self.last.map_or(now, |last| last + AFTER_KEY);
        let allowed = self.even.and_then(|even| even.checked_sub(AFTER_DATA * AHEAD));
        match (self.wish?, allowed) {
            (Wish::Data, Some(allowed)) => Some(soonest.max(allowed)),
            (Wish::Data, None) | (Wish::Person, _) => Some(soonest),
        }
    }

    pub fn is_due(&self, now: Instant) -> bool {
        self.due(now).is_some_and(|due| due <= now)
    }

    pub fn drew(&mut self, now: Instant) {
        self.last = Some(now);
        if self.wish == Some(Wish::Data) {
            self.even = Some(self.even.map_or(now, |even| even.max(now)) + AFTER_DATA);
        }
        self.wish = None;
        self.drawn += 1;
    }

    /// Frames drawn so far.
    #[cfg(test)]
    pub fn count(&self) -> u64 {
        self.drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Milliseconds at which frames are drawn when data never stops, up to `end`.
    fn flood(frames: &mut Frames, begin: Instant, from: u64, end: u64) -> Vec<u64> {
        (from..end)
            .filter(|millis| {
                let now = begin + Duration::from_millis(*millis);
                frames.data_changed();
                let is_due = frames.is_due(now);
                if is_due {
                    frames.drew(now);
                }
                is_due
            })
            .collect()
    }

    #[test]
    fn a_flood_of_data_is_drawn_ten_times_a_second() {
        let (begin, mut frames) = (Instant::now(), Frames::default());
        assert_eq!(flood(&mut frames, begin, 0, 250), [0, 2, 4, 6, 100, 200], "a screen opens without waiting");
        assert_eq!(flood(&mut frames, begin, 250, 2_050).len(), 18);
        let after_a_pause = flood(&mut frames, begin, 9_000, 9_250);
        assert_eq!(after_a_pause, [9_000, 9_002, 9_004, 9_006, 9_100, 9_200]);
    }

    #[test]
    fn a_key_does_not_wait_for_the_pace_of_data() {
        let (begin, mut frames) = (Instant::now(), Frames::default());
        let after = |millis| begin + Duration::from_millis(millis);
        assert_eq!(frames.due(begin), None, "nothing is to be drawn");
        flood(&mut frames, begin, 0, 40);
        assert!(!frames.is_due(after(50)) && frames.is_due(after(100)));
        frames.person_did_something();
        assert!(frames.is_due(after(50)), "the data rides along with the key's frame");
        frames.drew(after(50));
        frames.person_did_something();
        frames.data_changed();
        assert!(!frames.is_due(after(51)) && frames.is_due(after(52)));
    }
}
