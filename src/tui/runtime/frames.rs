//! When to draw.
//!
//! Invariants: what a person did is drawn at once, but not twice within 2 ms;
//! frames that only data asked for are 100 ms apart, and the first of them does
//! not wait; nothing else is drawn.

use std::time::Duration;
use tokio::time::Instant;

const AFTER_KEY: Duration = Duration::from_millis(2);
const AFTER_DATA: Duration = Duration::from_millis(100);

#[derive(Debug, Default)]
pub struct Frames {
    last: Option<Instant>,
    /// The last frame that only data asked for.
    last_of_data: Option<Instant>,
    /// Why and since when the screen is out of date.
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
        match (self.wish?, self.last_of_data) {
            (Wish::Data, Some(last)) => Some(soonest.max(last + AFTER_DATA)),
            (Wish::Data, None) | (Wish::Person, _) => Some(soonest),
        }
    }

    pub fn is_due(&self, now: Instant) -> bool {
        self.due(now).is_some_and(|due| due <= now)
    }

    pub fn drew(&mut self, now: Instant) {
        self.last = Some(now);
        if self.wish == Some(Wish::Data) {
            self.last_of_data = Some(now);
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

    #[test]
    fn a_key_does_not_wait_for_the_pace_of_data() {
        let (begin, mut frames) = (Instant::now(), Frames::default());
        let after = |millis| begin + Duration::from_millis(millis);
        frames.data_changed();
        assert!(frames.is_due(begin), "the first frame waits for nothing");
        frames.drew(begin);
        assert_eq!(frames.due(after(500)), None);
        frames.data_changed();
        assert!(!frames.is_due(after(50)) && frames.is_due(after(100)));
        frames.person_did_something();
        assert!(frames.is_due(after(50)), "the data rides along with the key's frame");
        frames.drew(after(50));
        frames.person_did_something();
        frames.data_changed();
        assert!(!frames.is_due(after(51)) && frames.is_due(after(52)));
    }

    #[test]
    fn data_that_comes_after_a_pause_is_drawn_at_once() {
        let (begin, mut frames) = (Instant::now(), Frames::default());
        let after = |millis| begin + Duration::from_millis(millis);
        frames.person_did_something();
        frames.drew(begin);
        frames.data_changed();
        assert!(!frames.is_due(after(1)) && frames.is_due(after(2)), "a key's frame makes data wait 2 ms only");
        frames.drew(after(2));
        frames.data_changed();
        assert!(!frames.is_due(after(101)) && frames.is_due(after(102)), "then it has its pace");
        frames.drew(after(102));
        frames.data_changed();
        assert!(frames.is_due(after(5_000)));
    }
}
