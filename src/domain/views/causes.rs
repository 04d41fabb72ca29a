//! What dead letters failed of, and when.
//!
//! Letters are put together by exception, source topic, reader and stage.

use super::{Bucket, OverTime};
use crate::domain::dead_letter::{DeadLetter, Reader};
use crate::domain::{Time, TopicName};
use std::collections::HashMap;

/// Causes that are told apart.
const MOST_CAUSES: usize = 1_000;

/// What letters have in common that failed for the same reason on the same way.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct CauseKey {
    /// `None`: the letters do not say.
    pub exception: Option<Box<str>>,
    pub topic: Option<TopicName>,
    pub reader: Option<Box<str>>,
    pub stage: Option<Box<str>>,
}

impl CauseKey {
    pub fn of(letter: &DeadLetter) -> Self {
        Self {
            exception: letter.exception.as_deref().map(Into::into),
            topic: letter.source.topic.clone(),
            reader: letter.reader.as_ref().map(|reader| Reader::name(reader).into()),
            stage: letter.stage.as_deref().map(Into::into),
        }
    }
}

/// The letters of one cause; times are those of the letters themselves.
#[derive(Clone, Debug)]
pub struct Cause {
    pub letters: u64,
    pub first: Time,
    pub last: Time,
    /// Of the newest one.
    pub message: Option<Box<str>>,
    pub times: OverTime,
}

#[derive(Clone, Debug, Default)]
pub struct Causes {
    found: HashMap<CauseKey, Cause>,
    /// Letters of causes that were not told apart.
    beyond: u64,
    /// Records whose headers say nothing.
    unexplained: u64,
}

impl Causes {
    /// A record of this time; `None` where its headers say nothing of a failure.
    pub fn add(&mut self, time: Time, letter: Option<&DeadLetter>) {
        let Some(letter) = letter else {
            self.unexplained += 1;
            return;
        };
        let key = CauseKey::of(letter);
        if self.found.len() >= MOST_CAUSES && !self.found.contains_key(&key) {
            self.beyond += 1;
            return;
        }
        let cause = self.found.entry(key).or_insert_with(|| Cause {
            letters: 0,
            first: time,
            last: Time(i64::MIN),
            message: None,
            times: OverTime::default(),
        });
        cause.letters += 1;
        cause.first = cause.first.min(time);
        cause.times.add(time);
        if time >= cause.last {
            cause.last = time;
            cause.message = letter.message.as_deref().map(Into::into);
        }
    }

    /// Takes back one that was added, an oldest one.
    pub fn remove(&mut self, time: Time, key: Option<&CauseKey>) {
        let Some(key) = key else {
            self.unexplained = self.unexplained.saturating_sub(1);
            return;
        };
        let Some(cause) = self.found.get_mut(key) else {
            self.beyond = self.beyond.saturating_sub(1);
            return;
        };
        cause.letters = cause.letters.saturating_sub(1);
        cause.times.remove(time);
        if cause.letters == 0 {
            self.found.remove(key);
        } else if cause.first == time
            && let Some(first) = cause.times.first()
        {
            cause.first = first.max(time);
        }
    }

    /// The most frequent first.
    pub fn by_letters(&self) -> Vec<(&CauseKey, &Cause)> {
        let mut all: Vec<_> = self.found.iter().collect();
        all.sort_by(|a, b| b.1.letters.cmp(&a.1.letters).then_with(|| a.0.cmp(b.0)));
        all
    }

    pub fn beyond(&self) -> u64 {
        self.beyond
    }

    pub fn unexplained(&self) -> u64 {
        self.unexplained
    }

    /// From the first letter of all to the last, in stretches of the same length for every
    /// cause; `None` without a letter that has a time.
    pub fn span(&self) -> Option<Stretches> {
        let width = self.found.values().map(|cause| cause.times.width_ms()).max()?;
        let first = self.found.values().filter_map(|cause| cause.times.first()).min()?;
        let last = self.found.values().filter_map(|cause| cause.times.last()).max()?;
        Some(Stretches::over(first, last, width))
    }
}

/// Stretches of time, one behind the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretches {
    /// The first begins here.
    pub from: Time,
    pub width_ms: i64,
    pub count: usize,
}

/// More stretches than this are not drawn.
const MOST_STRETCHES: i64 = 60;

impl Stretches {
    fn over(first: Time, last: Time, width: i64) -> Self {
        let mut width = width.max(1);
        let index = |time: Time, width: i64| time.millis().div_euclid(width);
        let count = |width: i64| index(last, width).saturating_sub(index(first, width)).saturating_add(1);
        while count(width) > MOST_STRETCHES {
            width = super::over_time::wider(width);
        }
        let from = Time(index(first, width).saturating_mul(width));
        Self { from, width_ms: width, count: usize::try_from(count(width)).unwrap_or(1) }
    }

    /// The stretches one by one, each with how many of `times` lie in it.
    pub fn of(self, times: &OverTime) -> Vec<Bucket> {
        let counts = self.counts(times).into_iter();
        let begins = std::iter::successors(Some(self.from), |from| Some(from.plus_millis(self.width_ms)));
        let bucket = |(from, count): (Time, u64)| Bucket { from, to: from.plus_millis(self.width_ms), count };
        begins.zip(counts).map(bucket).collect()
    }

    /// How many of `times` lie in each.
    pub fn counts(self, times: &OverTime) -> Vec<u64> {
        let mut counts = vec![0; self.count];
        for bucket in times.buckets() {
            let at = bucket.from.since(self.from).div_euclid(self.width_ms);
            // A bucket that begins before the first stretch ends in it.
            let at = usize::try_from(at.max(0)).unwrap_or(0);
            if let Some(count) = counts.get_mut(at.min(self.count.saturating_sub(1))) {
                *count += bucket.count;
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::dead_letter;
    use crate::domain::record::Header;
    use bytes::Bytes;

    fn letter(class: &str) -> DeadLetter {
        let header = |name: &str, value: &str| Header {
            name: name.into(),
            value: Some(Bytes::copy_from_slice(value.as_bytes())),
        };
        let headers = [
            header("__connect.errors.topic", "orders"),
            header("__connect.errors.exception.class.name", class),
            header("__connect.errors.exception.message", &format!("{class} failed")),
        ];
        dead_letter::read(&headers).expect("a letter of Connect")
    }

    #[test]
    fn letters_are_put_together_by_cause_and_stretch() {
        let mut causes = Causes::default();
        for (time, class) in [(0, "A"), (1_000, "B"), (2_500, "A"), (9_999, "A")] {
            causes.add(Time(time), Some(&letter(class)));
        }
        causes.add(Time(5), None);
        let found = causes.by_letters();
        let said: Vec<_> = found
            .iter()
            .map(|(key, cause)| (key.exception.as_deref(), cause.letters, cause.first.millis(), cause.last.millis()))
            .collect();
        assert_eq!(said, [(Some("A"), 3, 0, 9_999), (Some("B"), 1, 1_000, 1_000)]);
        assert_eq!((found[0].1.message.as_deref(), causes.unexplained()), (Some("A failed"), 1));
        let span = causes.span().unwrap();
        assert_eq!((span.from, span.width_ms, span.count), (Time(0), 1_000, 10));
        assert_eq!(span.counts(&found[0].1.times), [1, 0, 1, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(span.counts(&found[1].1.times).iter().sum::<u64>(), 1);
    }

    #[test]
    fn what_leaves_is_counted_no_more() {
        let mut causes = Causes::default();
        let (a, b) = (letter("A"), letter("B"));
        for (time, letter) in [(0, &a), (1_000, &b), (2_000, &a)] {
            causes.add(Time(time), Some(letter));
        }
        causes.remove(Time(0), Some(&CauseKey::of(&a)));
        causes.remove(Time(1_000), Some(&CauseKey::of(&b)));
        let found = causes.by_letters();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].1.letters, found[0].1.first), (1, Time(2_000)));
    }
}
