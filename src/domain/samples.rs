//! What was seen of groups at the last looks, and how they are doing by that.
//!
//! Owns: the window of samples and the verdicts from it. A look tells what is
//! committed, not when it was: a consumer that commits the same offset again cannot be
//! told from one that does not commit. So a look counts as a commit where a member was
//! assigned or the offset had moved; by those the rules of [`super::verdict`] judge.
//! Must not know: how looks are made. Invariant: bounded; all is well only after a
//! full window.

use super::series::Series;
use super::verdict::{Commit, Judgement, Reason, Rules, Source, reason};
use super::{Offset, Time, TopicPartition};
use smallvec::SmallVec;
use std::sync::Arc;

/// Looks kept.
pub const MOST: usize = 30;
/// Milliseconds: a look that follows sooner is not kept. Rounds every five or ten
/// seconds give one about every ten.
pub const EVERY: i64 = 9_000;
/// Milliseconds: after a longer pause what was seen before it says nothing of now, but
/// for since when an offset stands.
pub const PAUSE: i64 = 900_000;
/// Milliseconds: between two ends that are nearer to each other, one is estimated.
const NEAR: i64 = 60_000;

/// The looks at one group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupSamples {
    /// When it was looked at, for all partitions at once.
    at: Series,
    /// By topic and partition.
    tracks: Vec<Track>,
}

/// What was committed in one partition, at the newest looks of its group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    pub partition: TopicPartition,
    committed: Series,
    /// At which looks it was read, the newest in the lowest bit.
    active: u32,
    /// The first look at which it was where it is.
    stands_since: Time,
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
    pub fn look<'a>(&mut self, now: Time, seen: impl IntoIterator<Item = Seen<'a>>) {
        let pause = self.at.last().map(|last| now.since(Time(last)));
        match pause {
            Some(0..EVERY) => return,
            // The clock was set back: what was seen has no order with what comes.
            Some(..0) => *self = Self::default(),
            Some(PAUSE..) => self.at = Series::default(),
            _ => {}
        }
        let was_paused = pause.is_some_and(|pause| pause >= PAUSE);
        self.at.push(now.millis(), MOST);
        let mut known = std::mem::take(&mut self.tracks).into_iter().peekable();
        self.tracks.reserve_exact(known.len());
        for seen in seen {
            while known.next_if(|track| track.partition < *seen.partition).is_some() {}
            let mut track = known.next_if(|track| track.partition == *seen.partition).unwrap_or_else(|| Track {
                partition: seen.partition.clone(),
                committed: Series::default(),
                active: 0,
                stands_since: now,
            });
            track.look(now, seen, was_paused);
            self.tracks.push(track);
        }
    }

    pub fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    /// The track of a partition, which may well be the one at `hint`.
    pub fn track(&self, partition: &TopicPartition, hint: usize) -> Option<&Track> {
        if let Some(track) = self.tracks.get(hint).filter(|track| track.partition == *partition) {
            return Some(track);
        }
        let index = self.tracks.binary_search_by(|track| track.partition.cmp(partition)).ok()?;
        self.tracks.get(index)
    }

    /// What was committed in a partition, and when that was seen; oldest first.
    pub fn commits<'a>(&'a self, track: &'a Track) -> impl Iterator<Item = (Time, Offset)> + 'a {
        let before = self.at.len() - track.committed.len().min(self.at.len());
        self.at.iter().skip(before).map(Time).zip(&track.committed)
    }

    /// When it was looked at for the last time.
    pub fn last_look(&self) -> Option<Time> {
        self.at.last().map(Time)
    }

    pub(super) fn at(&self) -> &Series {
        &self.at
    }

    /// `None` where they are none: out of order, or of more looks than there were.
    pub(super) fn of_parts(at: Series, tracks: Vec<Track>) -> Option<Self> {
        let in_order = tracks.is_sorted_by(|a, b| a.partition < b.partition);
        let has_looks = tracks.iter().all(|track| (1..=at.len()).contains(&track.committed.len()));
        (in_order && has_looks).then_some(Self { at, tracks })
    }

    /// The times of its looks, for judging all partitions by them.
    pub fn looks(&self) -> Looks {
        Looks::of(&self.at)
    }

    /// Bytes of memory, without the names.
    pub fn memory(&self) -> usize {
        let tracks = self.tracks.capacity() * size_of::<Track>();
        size_of::<Self>()
            + self.at.heap()
            + tracks
            + self.tracks.iter().map(|track| track.committed.heap()).sum::<usize>()
    }
}

/// When a group, or the end of a partition, was looked at.
#[derive(Clone, Debug)]
pub struct Looks {
    /// Newest first.
    at: [Time; MOST],
    len: usize,
}

impl Looks {
    fn of(at: &Series) -> Self {
        let mut looks = Self { at: [Time(0); MOST], len: 0 };
        for (place, at) in looks.at.iter_mut().zip(at.newest()) {
            *place = Time(at);
            looks.len += 1;
        }
        looks
    }

    fn newest(&self) -> &[Time] {
        self.at.get(..self.len).unwrap_or_default()
    }

    /// How a group is doing in a partition that is `lag` behind now. `ends` are those of
    /// the partition at the same looks, or near them, with [their times](Ends::looks).
    pub fn judge(&self, track: &Track, ends: Option<(&Ends, &Looks)>, lag: u64, now: Time, rules: &Rules) -> Judgement {
        let of = rules.intervals.clamp(1, MOST);
        let judgement = |reason: Reason, commits: usize, last_commit| Judgement {
            verdict: reason.verdict(),
            reason,
            source: Source::Sampled,
            commits: commits.min(of),
            of,
            last_commit,
        };
        let (Some(newest), Some(offset)) = (self.newest().first().copied(), track.committed.last()) else {
            return judgement(Reason::TooFew { commits: 0 }, 0, now);
        };
        let caught_up = Reason::CaughtUp { lag, allowed: rules.allowed_lag };
        let is_renewed = ends.is_some_and(|(ends, _)| ends.renewed.is_some());
        if lag <= rules.allowed_lag && track.committed.len() >= of && !is_renewed {
            return judgement(caught_up, of, newest);
        }
        // While it is read, nothing is known to be quiet between the looks.
        let until = if track.active & 1 == 1 { newest } else { now };
        let seen = Recent::of(self.newest(), track, ends, of, until, rules);
        if seen.looks < of {
            return judgement(Reason::TooFew { commits: seen.looks }, seen.looks, newest);
        }
        if lag <= rules.allowed_lag {
            return judgement(caught_up, of, newest);
        }
        let since = track.stands_since;
        let Some(found) = reason(seen.commits(), seen.lowest_end(), lag, until, rules) else {
            return judgement(Reason::Unattended { offset, since }, of, since);
        };
        let (commits, last) = (seen.commits().len(), seen.commits().last().map_or(newest, |commit| commit.at));
        match found {
            Reason::Stopped { at, .. } => judgement(Reason::Unattended { offset, since: at }, of, last),
            Reason::Stood { .. } => {
                let all = Recent::of(self.newest(), track, ends, MOST, until, rules);
                let seldom = reason(all.commits(), all.lowest_end(), lag, until, rules);
                // One that stood as long before, and went on, commits seldom.
                let seldom = seldom.filter(|_| until.since(since) <= all.longest_stand());
                judgement(seldom.unwrap_or(Reason::StoodStill { offset, since }), commits, last)
            }
            Reason::Growing { .. } => {
                // Where the ends were not seen, nothing is known of how the lag went.
                let known = seen.commits().iter().filter(|commit| commit.lag.is_some()).count();
                judgement(found, known, last)
            }
            found => judgement(found, commits, last),
        }
    }
}

impl Track {
    pub(super) fn parts(&self) -> (&Series, u32, Time) {
        (&self.committed, self.active, self.stands_since)
    }

    pub(super) fn of_parts(partition: TopicPartition, committed: Series, active: u32, stands_since: Time) -> Self {
        Self { partition, committed, active, stands_since }
    }

    fn look(&mut self, now: Time, seen: Seen<'_>, was_paused: bool) {
        let moved = self.committed.last().is_some_and(|last| last != seen.committed);
        if moved {
            self.stands_since = now;
        }
        if was_paused {
            (self.committed, self.active) = (Series::default(), 0);
        }
        self.committed.push(seen.committed, MOST);
        self.active = (self.active << 1) | u32::from(seen.has_member || moved);
    }
}

/// Where a partition ended at the last looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// Partitions that are looked at together share it.
    at: Arc<Series>,
    end: Series,
    /// The last look of all, kept in the series or not.
    newest: Option<(Time, Offset)>,
    /// Since when it is the log it is: an end went back before, so that it was created
    /// anew or lost records.
    renewed: Option<Time>,
}

/// The times of partitions that are looked at together, for those that have the same.
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
        next.push(now.millis(), MOST);
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

impl Ends {
    pub fn look(&mut self, now: Time, end: Offset, together: &mut Together) {
        match self.newest {
            // The clock was set back.
            Some((at, _)) if now < at => *self = Self::default(),
            Some((_, known)) if end < known => *self = Self { renewed: Some(now), ..Self::default() },
            _ => {}
        }
        self.newest = Some((now, end));
        if self.at.last().is_none_or(|last| now.since(Time(last)) >= EVERY) {
            self.at = together.push(&self.at, now);
            self.end.push(end, MOST);
        }
    }

    /// When it was looked at.
    pub fn looks(&self) -> Looks {
        Looks::of(&self.at)
    }

    /// Both were looked at at the same times, and share them.
    pub fn is_together_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.at, &other.at)
    }

    pub(super) fn parts(&self) -> (&Series, &Series, Option<(Time, Offset)>, Option<Time>) {
        (self.at.as_ref(), &self.end, self.newest, self.renewed)
    }

    pub(super) fn of_parts(
        at: Arc<Series>,
        end: Series,
        newest: Option<(Time, Offset)>,
        renewed: Option<Time>,
    ) -> Self {
        Self { at, end, newest, renewed }
    }

    /// Oldest first.
    pub fn ends(&self) -> impl Iterator<Item = (Time, Offset)> + '_ {
        let last = self.at.last().map(Time);
        let newest = self.newest.filter(|(at, _)| last.is_some_and(|last| *at > last));
        self.at.iter().map(Time).zip(&self.end).chain(newest)
    }

    pub fn last_look(&self) -> Option<Time> {
        self.newest.map(|(at, _)| at)
    }

    /// Where it ended when that was known last.
    pub fn last_end(&self) -> Option<Offset> {
        self.newest.map(|(_, end)| end)
    }

    /// Bytes of memory.
    pub fn memory(&self) -> usize {
        // Of what is shared each has its part.
        let shared = (size_of::<Series>() + self.at.heap()) / Arc::strong_count(&self.at);
        size_of::<Self>() + shared + self.end.heap()
    }
}

/// Where a partition ended at a time, from the looks before and after it: groups share
/// looks, so that there may be none at that very time. `None` where they are too far.
fn end_at(at: Time, before: Option<(Time, Offset)>, after: Option<(Time, Offset)>) -> Option<Offset> {
    match (before, after) {
        (Some((then, end)), _) if then == at => Some(end),
        (Some((from, low)), Some((to, high))) if to.since(from) < NEAR => {
            let part = at.since(from) as f64 / to.since(from).max(1) as f64;
            Some(low.saturating_add((high.saturating_sub(low) as f64 * part) as Offset))
        }
        (Some((then, end)), None) | (None, Some((then, end))) if at.since(then).saturating_abs() < EVERY / 2 => {
            Some(end)
        }
        _ => None,
    }
}

/// The newest looks at a partition at which it was read. On the stack: a hundred
/// thousand partitions are judged at each round.
struct Recent {
    /// The oldest first.
    commits: SmallVec<[Commit; MOST]>,
    /// Looks at which it was read or not.
    looks: usize,
    /// The lowest of the ends at those looks.
    lowest_end: Option<Offset>,
}

impl Recent {
    /// The last `most` looks, at the log as it is now; commits of times that count.
    fn of(looks: &[Time], track: &Track, ends: Option<(&Ends, &Looks)>, most: usize, now: Time, rules: &Rules) -> Self {
        let mut recent = Self { commits: SmallVec::new(), looks: 0, lowest_end: None };
        let renewed = ends.and_then(|(ends, _)| ends.renewed).unwrap_or(Time(i64::MIN));
        let times = ends.map_or(&[][..], |(_, looks)| looks.newest());
        let none = Series::default();
        let mut known = times.iter().copied().zip(ends.map_or(&none, |(ends, _)| &ends.end).newest());
        // The newest may come once more, which does no harm.
        let (mut before, mut after) = (ends.and_then(|(ends, _)| ends.newest), None);
        for (at, offset) in looks.iter().copied().zip(track.committed.newest()).take(most) {
            if at < renewed {
                break;
            }
            while let Some((end_at, end)) = before.filter(|(end_at, _)| *end_at > at) {
                recent.lowest_end = Some(recent.lowest_end.map_or(end, |lowest| lowest.min(end)));
                after = Some((end_at, end));
                before = known.next();
            }
            let is_read = track.active.checked_shr(recent.looks as u32).is_some_and(|bits| bits & 1 == 1);
            recent.looks += 1;
            if is_read && now.since(at) <= rules.expire {
                let end = end_at(at, before, after);
                let lag = end.map(|end| end.saturating_sub(offset).max(0).cast_unsigned());
                recent.commits.push(Commit { offset, at, order: 0, lag });
            }
        }
        if let Some((_, end)) = before {
            recent.lowest_end = Some(recent.lowest_end.map_or(end, |lowest| lowest.min(end)));
        }
        recent.commits.reverse();
        recent
    }

    fn commits(&self) -> &[Commit] {
        &self.commits
    }

    /// Whether it was at the end is told by the lowest one alone.
    fn lowest_end(&self) -> &[Offset] {
        self.lowest_end.as_slice()
    }

    /// Milliseconds of the longest stretch at one offset that ended with a move.
    fn longest_stand(&self) -> i64 {
        let (mut longest, mut since): (i64, Option<&Commit>) = (0, None);
        for commit in self.commits() {
            match since {
                Some(first) if first.offset == commit.offset => {}
                Some(first) => {
                    longest = longest.max(commit.at.since(first.at));
                    since = Some(commit);
                }
                None => since = Some(commit),
            }
        }
        longest
    }
}

#[cfg(test)]
mod tests;
