//! What was seen of groups at the last looks.
//!
//! Owns: the window of samples. A look tells what is committed, not when it was: a consumer
//! that commits the same offset again cannot be told from one that does not commit. So a
//! look counts as a commit where a member was assigned or the offset had moved; by those
//! the rules of [`super::verdict`] judge ([`Judge`]). What is seen of the partitions of a
//! group is packed together, and so are the ends of partitions next to each other: a
//! hundred thousand are held, and each may move at each look.
//! Must not know: how looks are made. Invariant: bounded.

mod ends;
mod looks;

pub(super) use ends::Parts;
pub use ends::{Ends, Logs};
pub use looks::Judge;

use super::series::Series;
use super::steps::{LONGEST, Numbers};
use super::{Offset, PartitionId, Time, TopicName, TopicPartition};
use std::sync::Arc;

/// Looks kept.
pub use super::steps::MOST;
/// Milliseconds: a look that follows sooner is not kept. Rounds every five or ten
/// seconds give one about every ten.
pub const EVERY: i64 = 9_000;
/// Milliseconds: after a longer pause what was seen before it says nothing of now, but
/// for since when an offset stands.
pub const PAUSE: i64 = 900_000;

/// The looks at one group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupSamples {
    /// When it was looked at, for all partitions at once; shared with what was looked at
    /// at the same times.
    at: Arc<Series>,
    /// In order, each with the number of partitions up to its last one.
    topics: Box<[(TopicName, usize)]>,
    /// By topic and partition.
    tracks: Box<[Kept]>,
    /// The differences between the offsets of each track.
    steps: Box<[u8]>,
}

/// What was committed in one partition, at the newest looks of its group.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    committed: Offset,
    /// The first look at which it was where it is.
    stands_since: Time,
    partition: PartitionId,
    /// At which looks it was read, the newest in the lowest bit.
    active: u32,
    /// Where its differences begin.
    start: u32,
    /// Looks at it.
    len: u8,
}

/// One partition at one look.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    pub partition: &'a TopicPartition,
    pub committed: Offset,
    pub has_member: bool,
}

impl GroupSamples {
    /// Takes a look in, of partitions in their order. Those that are not in it are
    /// forgotten: nothing is committed there any more.
    pub fn look<'a>(&mut self, now: Time, seen: impl IntoIterator<Item = Seen<'a>>, together: &mut Together) {
        let pause = self.at.last().map(|last| now.since(Time(last)));
        match pause {
            Some(0..EVERY) => return,
            // The clock was set back: what was seen has no order with what comes.
            Some(..0) => *self = Self::default(),
            Some(PAUSE..) => self.at = Arc::default(),
            _ => {}
        }
        let was_paused = pause.is_some_and(|pause| pause >= PAUSE);
        let before = std::mem::take(self);
        let mut known = before.all().peekable();
        let mut next = Packing::with_room_of(&before);
        for seen in seen {
            let place = (&seen.partition.topic, seen.partition.partition);
            while known.next_if(|(topic, track)| (*topic, track.partition()) < place).is_some() {}
            let track = known.next_if(|(topic, track)| (*topic, track.partition()) == place);
            next.look(now, seen, track.map(|(_, track)| track), was_paused);
        }
        *self = next.packed(together.push(&before.at, now));
    }

    /// How many partitions were seen.
    pub fn len(&self) -> usize {
        self.tracks.len()
    }

    pub fn is_empty(&self) -> bool {
        self.tracks.is_empty()
    }

    /// By topic, in order.
    pub fn topics(&self) -> impl Iterator<Item = (&TopicName, Tracks<'_>)> {
        let begins = std::iter::once(0).chain(self.topics.iter().map(|(_, end)| *end));
        self.topics.iter().zip(begins).map(|((topic, end), begin)| (topic, self.tracks(begin, *end)))
    }

    fn tracks(&self, begin: usize, end: usize) -> Tracks<'_> {
        let kept = self.tracks.get(begin..end).unwrap_or_default();
        let until = self.tracks.get(end).map_or(self.steps.len(), |next| next.start as usize);
        Tracks { kept, steps: self.steps.get(..until).unwrap_or_default() }
    }

    fn all(&self) -> impl Iterator<Item = (&TopicName, Track<'_>)> {
        self.topics().flat_map(|(topic, tracks)| tracks.iter().map(move |track| (topic, track)))
    }

    /// The partitions of a topic.
    pub fn of_topic(&self, topic: &TopicName) -> Tracks<'_> {
        let Ok(index) = self.topics.binary_search_by(|(name, _)| name.cmp(topic)) else { return Tracks::default() };
        let end_of = |index: usize| self.topics.get(index).map_or(0, |(_, end)| *end);
        self.tracks(index.checked_sub(1).map_or(0, end_of), end_of(index))
    }

    /// What was committed in a partition, and when that was seen; oldest first.
    pub fn commits(&self, track: Track<'_>) -> impl Iterator<Item = (Time, Offset)> + use<> {
        let offsets = track.offsets();
        let before = self.at.len().saturating_sub(offsets.len());
        self.at.numbers().iter().skip(before).map(Time).zip(offsets.iter())
    }

    pub(super) fn at(&self) -> &Series {
        &self.at
    }

    /// Bytes of memory, without the names.
    pub fn memory(&self) -> usize {
        size_of::<Self>()
            + size_of_val(&*self.topics)
            + size_of_val(&*self.tracks)
            + self.steps.len()
            + part_of(&self.at)
    }
}

/// Of what is shared each has its part: the series, and two counts beside it.
fn part_of(at: &Arc<Series>) -> usize {
    (size_of::<Series>() + at.heap() + 2 * size_of::<usize>()) / Arc::strong_count(at)
}

/// Partitions of a topic, in order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tracks<'a> {
    kept: &'a [Kept],
    /// Up to the end of the last one's.
    steps: &'a [u8],
}

impl<'a> Tracks<'a> {
    pub fn len(self) -> usize {
        self.kept.len()
    }

    pub fn is_empty(self) -> bool {
        self.kept.is_empty()
    }

    fn get(self, index: usize) -> Option<Track<'a>> {
        let kept = self.kept.get(index)?;
        let end = self.kept.get(index + 1).map_or(self.steps.len(), |next| next.start as usize);
        Some(Track { kept, steps: self.steps.get(kept.start as usize..end).unwrap_or_default() })
    }

    pub fn iter(self) -> impl Iterator<Item = Track<'a>> {
        (0..self.kept.len()).filter_map(move |index| self.get(index))
    }

    /// That of a partition, which may well be the one at `hint`.
    pub fn of(self, partition: PartitionId, hint: usize) -> Option<Track<'a>> {
        if let Some(track) = self.get(hint).filter(|track| track.partition() == partition) {
            return Some(track);
        }
        self.get(self.kept.binary_search_by_key(&partition, |kept| kept.partition).ok()?)
    }
}

/// What was committed in one partition, at the newest looks of its group.
#[derive(Clone, Copy, Debug)]
pub struct Track<'a> {
    kept: &'a Kept,
    steps: &'a [u8],
}

impl<'a> Track<'a> {
    pub fn partition(self) -> PartitionId {
        self.kept.partition
    }

    fn offsets(self) -> Numbers<'a> {
        Numbers::new(self.kept.committed, self.kept.len, self.steps)
    }

    /// The offsets, at which looks it was read, and since when it stands.
    pub(super) fn parts(self) -> (Numbers<'a>, u32, Time) {
        (self.offsets(), self.kept.active, self.kept.stands_since)
    }
}

/// Samples of a group that are put together, partition by partition in their order.
#[derive(Debug, Default)]
pub(super) struct Packing {
    topics: Vec<(TopicName, usize)>,
    tracks: Vec<Kept>,
    steps: Vec<u8>,
}

impl Packing {
    fn with_room_of(known: &GroupSamples) -> Self {
        Self {
            topics: Vec::with_capacity(known.topics.len()),
            tracks: Vec::with_capacity(known.tracks.len()),
            steps: Vec::with_capacity(known.steps.len() + LONGEST),
        }
    }

    /// `false` where it is out of order.
    fn add(&mut self, topic: &TopicName, kept: Kept) -> bool {
        let is_new = match self.topics.last() {
            Some((last, _)) if last == topic => false,
            Some((last, _)) if last > topic => return false,
            _ => true,
        };
        match self.tracks.last() {
            Some(last) if !is_new && last.partition >= kept.partition => return false,
            _ => self.tracks.push(kept),
        }
        let end = self.tracks.len();
        match self.topics.last_mut() {
            Some((_, known)) if !is_new => *known = end,
            _ => self.topics.push((topic.clone(), end)),
        }
        true
    }

    fn look(&mut self, now: Time, seen: Seen<'_>, known: Option<Track<'_>>, was_paused: bool) {
        let start = self.steps.len();
        let mut kept = Kept {
            committed: seen.committed,
            stands_since: now,
            partition: seen.partition.partition,
            active: u32::from(seen.has_member),
            start: u32::try_from(start).unwrap_or(u32::MAX),
            len: 1,
        };
        if let Some(known) = known {
            let before = known.kept;
            let moved = before.committed != seen.committed;
            if !moved {
                kept.stands_since = before.stands_since;
            }
            kept.active |= u32::from(moved);
            if !was_paused {
                kept.len = known.offsets().follow(seen.committed, &mut self.steps);
                kept.active |= before.active << 1;
            }
        }
        self.add(&seen.partition.topic, kept);
    }

    /// Adds what was kept elsewhere. `None` where it is out of order.
    pub(super) fn keep(
        &mut self,
        (topic, partition): (&TopicName, PartitionId),
        committed: &Series,
        active: u32,
        stands_since: Time,
    ) -> Option<()> {
        let (start, numbers) = (u32::try_from(self.steps.len()).ok()?, committed.numbers());
        let len = u8::try_from(numbers.len()).ok()?;
        let kept = Kept { committed: numbers.last()?, stands_since, partition, active, start, len };
        self.steps.extend_from_slice(numbers.steps());
        self.add(topic, kept).then_some(())
    }

    pub(super) fn packed(self, at: Arc<Series>) -> GroupSamples {
        GroupSamples {
            at,
            topics: self.topics.into_boxed_slice(),
            tracks: self.tracks.into_boxed_slice(),
            steps: self.steps.into_boxed_slice(),
        }
    }

    /// No partition was looked at more often than that.
    pub(super) fn longest(&self) -> usize {
        self.tracks.iter().map(|kept| usize::from(kept.len)).max().unwrap_or(0)
    }
}

/// The times of what is looked at together, for all that have the same.
#[derive(Debug, Default)]
pub struct Together {
    /// Before the last look, and with it.
    last: Option<(Arc<Series>, Arc<Series>)>,
}

impl Together {
    /// `at` with one more look.
    fn push(&mut self, at: &Arc<Series>, now: Time) -> Arc<Series> {
        if let Some((before, after)) = &self.last
            && (Arc::ptr_eq(before, at) || before == at)
            && after.last() == Some(now.millis())
        {
            return Arc::clone(after);
        }
        let mut next = Series::clone(at);
        next.push(now.millis());
        let next = Arc::new(next);
        self.last = Some((Arc::clone(at), Arc::clone(&next)));
        next
    }

    /// The same times, where the last ones were these, once only.
    pub(super) fn share(&mut self, at: Series) -> Arc<Series> {
        match &self.last {
            Some((_, known)) if **known == at => Arc::clone(known),
            _ => {
                let at = Arc::new(at);
                self.last = Some((Arc::clone(&at), Arc::clone(&at)));
                at
            }
        }
    }
}

#[cfg(test)]
mod tests;
