//! Where partitions ended at the last looks.
//!
//! Owns: how that is kept, for partitions of a topic that are next to each other in one
//! piece. An end is kept once, whoever reads its partition.

use super::{EVERY, Together, part_of};
use crate::domain::series::Series;
use crate::domain::steps::{LONGEST, Numbers};
use crate::domain::{Offset, PartitionId, Time};
use std::sync::Arc;

/// Partitions in one piece: a look at one of them copies it.
const PIECE: PartitionId = 32;

/// The ends of partitions of one topic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Logs(Box<[Piece]>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Piece {
    /// Its first possible partition, divided by [`PIECE`].
    number: PartitionId,
    /// By partition.
    logs: Box<[Log]>,
    /// The differences between the ends of each.
    steps: Box<[u8]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Log {
    /// Shared with what is looked at at the same times.
    at: Arc<Series>,
    /// At the last of these times.
    end: Offset,
    /// At the last look of all, kept among those times or not.
    newest: Offset,
    /// Since when it is the log it is: an end went back before, so that it was created
    /// anew or lost records. [`NEVER`] where none did.
    renewed: Time,
    /// Within the piece.
    partition: u8,
    /// Milliseconds, less than [`EVERY`]: from the last of the times to the last look of all.
    newest_after: u16,
    /// Where its differences begin.
    start: u16,
}

const NEVER: Time = Time(i64::MIN);

impl Logs {
    /// Takes a look in, at partitions in their order.
    pub fn look(&mut self, now: Time, seen: &[(PartitionId, Offset)], together: &mut Together) {
        for seen in seen.chunk_by(|(a, _), (b, _)| a.div_euclid(PIECE) == b.div_euclid(PIECE)) {
            let Some((first, _)) = seen.first() else { continue };
            let number = first.div_euclid(PIECE);
            let place = self.0.binary_search_by_key(&number, |piece| piece.number).unwrap_or_else(|place| {
                insert(&mut self.0, place, Piece { number, ..Piece::default() });
                place
            });
            if let Some(piece) = self.0.get_mut(place) {
                piece.look(now, seen, together);
            }
        }
    }

    pub fn of(&self, partition: PartitionId) -> Option<Ends<'_>> {
        let number = partition.div_euclid(PIECE);
        let piece = self.0.get(self.0.binary_search_by_key(&number, |piece| piece.number).ok()?)?;
        let within = partition.rem_euclid(PIECE) as usize;
        // Topics are mostly read as a whole.
        let index = match piece.logs.get(within) {
            Some(log) if usize::from(log.partition) == within => within,
            _ => piece.logs.binary_search_by_key(&within, |log| usize::from(log.partition)).ok()?,
        };
        piece.get(index)
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.0.iter().map(|piece| piece.logs.len()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// By partition.
    pub fn iter(&self) -> impl Iterator<Item = (PartitionId, Ends<'_>)> {
        self.0.iter().flat_map(|piece| {
            (0..piece.logs.len()).filter_map(|index| {
                let ends = piece.get(index)?;
                Some((piece.number * PIECE + PartitionId::from(ends.log.partition), ends))
            })
        })
    }

    /// Forgets those at which nobody looked since then.
    pub fn keep_since(&mut self, oldest: Time) {
        let is_old = |log: &Log| log.last_look() <= oldest;
        for piece in self.0.iter_mut().filter(|piece| piece.logs.iter().any(is_old)) {
            let mut kept = Piece { number: piece.number, ..Piece::default() };
            for ends in (0..piece.logs.len()).filter_map(|index| piece.get(index)).filter(|ends| !is_old(ends.log)) {
                kept.add(ends.log.clone(), ends.steps);
            }
            *piece = kept;
        }
        if self.0.iter().any(|piece| piece.logs.is_empty()) {
            self.0 = std::mem::take(&mut self.0).into_iter().filter(|piece| !piece.logs.is_empty()).collect();
        }
    }

    /// Adds what was kept elsewhere, in order. `None` where it is none.
    pub(in crate::domain) fn keep(
        &mut self,
        partition: PartitionId,
        at: &Arc<Series>,
        ends: &Series,
        parts: Parts,
    ) -> Option<()> {
        let (first, last) = (Time(at.last()?), ends.last()?);
        let newest_after = u16::try_from(parts.newest.0.since(first)).ok().filter(|after| i64::from(*after) < EVERY)?;
        let is_in_order = self.iter().last().is_none_or(|(known, _)| known < partition);
        if at.len() != ends.len() || !is_in_order {
            return None;
        }
        let number = partition.div_euclid(PIECE);
        if self.0.last().is_none_or(|piece| piece.number < number) {
            insert(&mut self.0, usize::MAX, Piece { number, ..Piece::default() });
        }
        let log = Log {
            at: Arc::clone(at),
            end: last,
            newest: parts.newest.1,
            renewed: parts.renewed.unwrap_or(NEVER),
            partition: u8::try_from(partition.rem_euclid(PIECE)).ok()?,
            newest_after,
            start: 0,
        };
        self.0.last_mut()?.add(log, ends.numbers().steps());
        Some(())
    }

    /// Bytes of memory beside the logs themselves.
    pub fn memory(&self) -> usize {
        let of_piece = |piece: &Piece| {
            let shared: usize = piece.logs.iter().map(|log| part_of(&log.at)).sum();
            size_of_val(&*piece.logs) + piece.steps.len() + shared
        };
        size_of_val(&*self.0) + self.0.iter().map(of_piece).sum::<usize>()
    }
}

/// Puts one more in, which is rare, and leaves no room beside it.
fn insert<T>(all: &mut Box<[T]>, place: usize, one: T) {
    let mut vec = std::mem::take(all).into_vec();
    vec.reserve_exact(1);
    vec.insert(place.min(vec.len()), one);
    *all = vec.into_boxed_slice();
}

impl Piece {
    fn get(&self, index: usize) -> Option<Ends<'_>> {
        let log = self.logs.get(index)?;
        let end = self.logs.get(index + 1).map_or(self.steps.len(), |next| usize::from(next.start));
        Some(Ends { log, steps: self.steps.get(usize::from(log.start)..end).unwrap_or_default() })
    }

    /// As the last one.
    fn add(&mut self, log: Log, steps: &[u8]) {
        let start = u16::try_from(self.steps.len()).unwrap_or(u16::MAX);
        insert(&mut self.logs, usize::MAX, Log { start, ..log });
        self.steps = [&*self.steps, steps].concat().into_boxed_slice();
    }

    fn look(&mut self, now: Time, seen: &[(PartitionId, Offset)], together: &mut Together) {
        let within = |partition: PartitionId| partition.rem_euclid(PIECE) as u8;
        let place = |logs: &[Log], partition| logs.binary_search_by_key(&within(partition), |log| log.partition);
        // Most often the end is the same log's, and too near to the last that is kept.
        let mut are_kept = false;
        for (partition, end) in seen {
            let log = place(&self.logs, *partition).ok().and_then(|place| self.logs.get_mut(place));
            are_kept |= !log.is_some_and(|log| log.take(now, *end));
        }
        if !are_kept {
            return;
        }
        let mut logs = Vec::with_capacity(self.logs.len().max(seen.len()));
        let mut steps = Vec::with_capacity(self.steps.len() + LONGEST);
        let (mut known, mut seen) =
            ((0..self.logs.len()).filter_map(|index| self.get(index)).peekable(), seen.iter().peekable());
        loop {
            let start = steps.len();
            let partition = match (known.peek(), seen.peek()) {
                (Some(ends), Some((partition, _))) => ends.log.partition.min(within(*partition)),
                (Some(ends), None) => ends.log.partition,
                (None, Some((partition, _))) => within(*partition),
                (None, None) => break,
            };
            let known = known.next_if(|ends| ends.log.partition == partition);
            let look = seen.next_if(|(of, _)| within(*of) == partition);
            // A partition that is named twice has the look it had.
            while seen.next_if(|(of, _)| within(*of) <= partition).is_some() {}
            let log = match (known, look) {
                (Some(ends), Some((_, end))) => ends.looked(now, *end, together, &mut steps),
                (Some(ends), None) => {
                    steps.extend_from_slice(ends.steps);
                    ends.log.clone()
                }
                (None, look) => Log::new(partition, now, look.map_or(0, |(_, end)| *end), together),
            };
            logs.push(Log { start: u16::try_from(start).unwrap_or(u16::MAX), ..log });
        }
        (self.logs, self.steps) = (logs.into_boxed_slice(), steps.into_boxed_slice());
    }
}

impl Log {
    fn new(partition: u8, now: Time, end: Offset, together: &mut Together) -> Self {
        let at = together.push(&Arc::default(), now);
        Self { at, end, newest: end, renewed: NEVER, partition, newest_after: 0, start: 0 }
    }

    fn last_kept(&self) -> Time {
        self.at.last().map_or(NEVER, Time)
    }

    fn last_look(&self) -> Time {
        self.last_kept().plus_millis(i64::from(self.newest_after))
    }

    /// Takes in a look that is not kept among the others. `false`: it is to be kept, or
    /// what was kept says nothing of it.
    fn take(&mut self, now: Time, end: Offset) -> bool {
        let after = now.since(self.last_kept());
        if now < self.last_look() || end < self.newest || after >= EVERY {
            return false;
        }
        let Ok(after) = u16::try_from(after) else { return false };
        (self.newest, self.newest_after) = (end, after);
        true
    }
}

/// Where a partition ended at the last looks.
#[derive(Clone, Copy, Debug)]
pub struct Ends<'a> {
    log: &'a Log,
    steps: &'a [u8],
}

/// What is kept of an end beside those at the looks.
#[derive(Clone, Copy, Debug)]
pub(in crate::domain) struct Parts {
    /// The last look of all.
    pub newest: (Time, Offset),
    pub renewed: Option<Time>,
}

impl<'a> Ends<'a> {
    /// With one more look, whose differences are added to `steps`.
    fn looked(self, now: Time, end: Offset, together: &mut Together, steps: &mut Vec<u8>) -> Log {
        let log = self.log;
        // The clock was set back, or the log is another.
        if now < log.last_look() || end < log.newest {
            let renewed = if now < log.last_look() { NEVER } else { now };
            return Log { renewed, ..Log::new(log.partition, now, end, together) };
        }
        let mut log = log.clone();
        if now.since(log.last_kept()) < EVERY {
            steps.extend_from_slice(self.steps);
            log.take(now, end);
            return log;
        }
        self.kept().follow(end, steps);
        Log { at: together.push(&log.at, now), end, newest: end, newest_after: 0, ..log }
    }

    pub(super) fn at(self) -> &'a Arc<Series> {
        &self.log.at
    }

    /// Both were looked at at the same times, and share them.
    pub fn is_together_with(self, other: Self) -> bool {
        Arc::ptr_eq(&self.log.at, &other.log.at)
    }

    pub(super) fn kept(self) -> Numbers<'a> {
        Numbers::new(self.log.end, self.log.at.len() as u8, self.steps)
    }

    pub(in crate::domain) fn parts(self) -> (&'a Series, Numbers<'a>, Parts) {
        (self.log.at.as_ref(), self.kept(), Parts { newest: self.newest(), renewed: self.renewed() })
    }

    /// The last look of all.
    pub(super) fn newest(self) -> (Time, Offset) {
        (self.last_look(), self.log.newest)
    }

    /// Since when it is the log it is, where it was another before.
    pub(super) fn renewed(self) -> Option<Time> {
        Some(self.log.renewed).filter(|at| *at != NEVER)
    }

    /// Oldest first.
    pub fn ends(self) -> impl Iterator<Item = (Time, Offset)> + use<> {
        let newest = (self.log.newest_after > 0).then(|| self.newest());
        self.log.at.numbers().iter().map(Time).zip(self.kept().iter()).chain(newest)
    }

    pub fn last_look(self) -> Time {
        self.log.last_look()
    }

    /// Where it ended when that was known last.
    pub fn last_end(self) -> Offset {
        self.log.newest
    }
}
