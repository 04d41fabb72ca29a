//! The windows as bytes, to be read by a later run.
//!
//! Owns: the layout. Numbers are differences of variable length, of seven bits a byte;
//! a topic is named where it changes. Bytes from a file may be anything: no length is
//! believed that is longer than what is there, and what is read is built anew as if it
//! had been seen.

use super::Windows;
use crate::domain::Time;
use crate::domain::samples::{Logs, MOST, Packing, Parts, Together};
use crate::domain::series::Series;
use crate::domain::steps::Numbers;
use crate::domain::{PartitionId, TopicName};

impl Windows {
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Encoder::default();
        bytes.number(self.ends.len() as u64);
        for (topic, logs) in &self.ends {
            bytes.text(topic.as_str());
            bytes.number(logs.len() as u64);
            for (partition, ends) in logs.iter() {
                bytes.signed(i64::from(partition));
                let (at, kept, Parts { newest: (newest_at, newest_end), renewed }) = ends.parts();
                bytes.numbers(at.numbers());
                bytes.numbers(kept);
                bytes.signed(newest_at.millis());
                bytes.signed(newest_end);
                bytes.signed(renewed.map_or(i64::MIN, Time::millis));
            }
        }
        bytes.number(self.groups.len() as u64);
        for (group, samples) in &self.groups {
            bytes.text(group.as_str());
            bytes.numbers(samples.at().numbers());
            bytes.number(samples.len() as u64);
            for (topic, tracks) in samples.topics() {
                for (index, track) in tracks.iter().enumerate() {
                    bytes.number(u64::from(index == 0));
                    if index == 0 {
                        bytes.text(topic.as_str());
                    }
                    let (committed, active, stands_since) = track.parts();
                    bytes.signed(i64::from(track.partition()));
                    bytes.numbers(committed);
                    bytes.number(u64::from(active));
                    bytes.signed(stands_since.millis());
                }
            }
        }
        bytes.0
    }

    /// `None` where the bytes are no windows.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (mut bytes, mut windows, mut together) = (Decoder(bytes), Self::default(), Together::default());
        for _ in 0..bytes.count()? {
            let topic = TopicName::from(bytes.text()?);
            let mut logs = Logs::default();
            for _ in 0..bytes.count()? {
                let partition = PartitionId::try_from(bytes.signed()?).ok()?;
                let (at, ends) = (bytes.series()?, bytes.series()?);
                let newest = (Time(bytes.signed()?), bytes.signed()?);
                let renewed = Some(bytes.signed()?).filter(|at| *at != i64::MIN).map(Time);
                logs.keep(partition, &together.share(at), &ends, Parts { newest, renewed })?;
            }
            windows.ends.insert(topic, logs);
        }
        for _ in 0..bytes.count()? {
            let group = bytes.text()?.into();
            let (at, mut samples, mut topic) = (bytes.series()?, Packing::default(), None);
            for _ in 0..bytes.count()? {
                if bytes.number()? != 0 {
                    topic = Some(TopicName::from(bytes.text()?));
                }
                let partition = PartitionId::try_from(bytes.signed()?).ok()?;
                let (committed, active) = (bytes.series()?, u32::try_from(bytes.number()?).ok()?);
                samples.keep((topic.as_ref()?, partition), &committed, active, Time(bytes.signed()?))?;
            }
            if samples.longest() > at.len() {
                return None;
            }
            let samples = samples.packed(together.share(at));
            windows.tracks += samples.len();
            windows.groups.insert(group, samples);
        }
        bytes.0.is_empty().then_some(windows)
    }
}

#[derive(Default)]
struct Encoder(Vec<u8>);

impl Encoder {
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn signed(&mut self, number: i64) {
        self.number(((number << 1) ^ (number >> 63)).cast_unsigned());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn numbers(&mut self, numbers: Numbers<'_>) {
        self.number(numbers.len() as u64);
        let mut last = 0_i64;
        for number in numbers.iter() {
            self.signed(number.wrapping_sub(last));
            last = number;
        }
    }
}

struct Decoder<'a>(&'a [u8]);

impl<'a> Decoder<'a> {
    fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
    }

    /// How many follow: each takes a byte at least.
    fn count(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok().filter(|count| *count <= self.0.len())
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = self.count()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }

    fn series(&mut self) -> Option<Series> {
        let (mut numbers, mut last) = ([0; MOST], 0_i64);
        let count = self.count()?;
        for place in numbers.get_mut(..count)? {
            last = last.wrapping_add(self.signed()?);
            *place = last;
        }
        numbers.get(..count).map(Series::of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TopicPartition;
    use crate::domain::samples::{GroupSamples, Seen};
    use proptest::prelude::*;

    fn windows(looks: &[(u8, i32, i64, i64)]) -> Windows {
        let mut windows = Windows::default();
        for ((group, partition, committed, end), number) in looks.iter().zip(0_i64..) {
            let now = Time(number * 11_000);
            let partition = TopicPartition::new(format!("t{}", partition / 2).as_str().into(), *partition);
            let (logs, mut together) = (windows.ends.entry(partition.topic.clone()).or_default(), Together::default());
            logs.look(now, &[(partition.partition, *end)], &mut together);
            let samples = windows.groups.entry(format!("g{group}").as_str().into()).or_default();
            let seen = Seen { partition: &partition, committed: *committed, has_member: *end > 0 };
            samples.look(now, [seen], &mut together);
        }
        windows.tracks = windows.groups.values().map(GroupSamples::len).sum();
        windows
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            looks in prop::collection::vec((0..3_u8, 0..5_i32, any::<i64>(), any::<i64>()), 0..60)
        ) {
            let windows = windows(&looks);
            prop_assert_eq!(Windows::decode(&windows.encode()), Some(windows));
        }

        #[test]
        fn no_bytes_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..400), cut in 0..200_usize) {
            let _ = Windows::decode(&bytes);
            let mut torn = windows(&[(0, 0, 1, 2), (0, 0, 5, 9), (1, 3, 4, 4), (1, 3, 4, 4)]).encode();
            torn.truncate(cut.min(torn.len() - 1));
            prop_assert_eq!(Windows::decode(&torn), None);
        }
    }
}
