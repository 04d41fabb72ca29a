//! How groups are doing by the looks at them.
//!
//! Owns: which looks count as commits, what the end was at each of them, and the words for
//! what only looks tell. Invariant: all is well only after a full window.

use super::{EVERY, Ends, GroupSamples, MOST, Track};
use crate::domain::series::Series;
use crate::domain::verdict::{Commit, Judgement, Reason, Rules, Source, reason};
use crate::domain::{Offset, Time};
use std::sync::Arc;

/// Milliseconds: between two ends that are nearer to each other, one is estimated.
const NEAR: i64 = 60_000;

/// When a group, or the end of a partition, was looked at.
#[derive(Debug, Default)]
struct Looks {
    /// Newest first.
    at: [i64; MOST],
    len: usize,
}

impl Looks {
    fn of(at: &Series) -> Self {
        let mut looks = Self::default();
        looks.len = at.numbers().newest_into(&mut looks.at);
        looks
    }

    fn newest(&self) -> impl Iterator<Item = Time> {
        self.at.iter().take(self.len).copied().map(Time)
    }
}

/// Judges the partitions of groups, one after the other. What it works with is made once:
/// a hundred thousand partitions are judged at each round.
#[derive(Debug)]
pub struct Judge<'a> {
    /// The times of the looks at the group, which others may share.
    at: Option<&'a Arc<Series>>,
    looks: Looks,
    now: Time,
    rules: &'a Rules,
    /// The times of the last partition's ends, where they are not the group's.
    others: Option<(&'a Arc<Series>, Looks)>,
    recent: Recent,
}

impl<'a> Judge<'a> {
    pub fn new(now: Time, rules: &'a Rules) -> Self {
        Self { at: None, looks: Looks::default(), now, rules, others: None, recent: Recent::default() }
    }

    pub fn now(&self) -> Time {
        self.now
    }

    /// Partitions of this group come next.
    pub fn turn_to(&mut self, samples: &'a GroupSamples) {
        if !self.at.is_some_and(|known| Arc::ptr_eq(known, &samples.at)) {
            (self.at, self.looks, self.others) = (Some(&samples.at), Looks::of(&samples.at), None);
        }
    }

    /// How the group is doing in a partition that is `lag` behind now. `ends` are those of
    /// the partition.
    pub fn of(&mut self, track: Track<'_>, ends: Option<Ends<'a>>, lag: u64) -> Judgement {
        let (now, rules) = (self.now, self.rules);
        let of = rules.intervals.clamp(1, MOST);
        let judgement = |reason: Reason, commits: usize, last_commit| Judgement {
            verdict: reason.verdict(),
            reason,
            source: Source::Sampled,
            commits: commits.min(of),
            of,
            last_commit,
        };
        let (Some(newest), Some(offset)) = (self.looks.newest().next(), track.offsets().last()) else {
            return judgement(Reason::TooFew { commits: 0 }, 0, now);
        };
        let caught_up = Reason::CaughtUp { lag, allowed: rules.allowed_lag };
        let is_renewed = ends.is_some_and(|ends| ends.renewed().is_some());
        if lag <= rules.allowed_lag && track.offsets().len() >= of && !is_renewed {
            return judgement(caught_up, of, newest);
        }
        // While it is read, nothing is known to be quiet between the looks.
        let until = if track.kept.active & 1 == 1 { newest } else { now };
        let seen = self.recent(track, ends, of, until);
        if seen.looks < of {
            return judgement(Reason::TooFew { commits: seen.looks }, seen.looks, newest);
        }
        if lag <= rules.allowed_lag {
            return judgement(caught_up, of, newest);
        }
        let since = track.kept.stands_since;
        let Some(found) = reason(&seen.commits, seen.lowest_end.as_slice(), lag, until, rules) else {
            return judgement(Reason::Unattended { offset, since }, of, since);
        };
        let (commits, last) = (seen.commits.len(), seen.commits.last().map_or(newest, |commit| commit.at));
        match found {
            Reason::Stopped { at, .. } => judgement(Reason::Unattended { offset, since: at }, of, last),
            Reason::Stood { .. } => {
                let all = self.recent(track, ends, MOST, until);
                let seldom = reason(&all.commits, all.lowest_end.as_slice(), lag, until, rules);
                // One that stood as long before, and went on, commits seldom.
                let seldom = seldom.filter(|_| until.since(since) <= all.longest_stand());
                judgement(seldom.unwrap_or(Reason::StoodStill { offset, since }), commits, last)
            }
            Reason::Growing { .. } => {
                // Where the ends were not seen, nothing is known of how the lag went.
                let known = seen.commits.iter().filter(|commit| commit.lag.is_some()).count();
                judgement(found, known, last)
            }
            found => judgement(found, commits, last),
        }
    }

    /// The last `most` looks, at the log as it is now; commits of times that count.
    fn recent(&mut self, track: Track<'_>, ends: Option<Ends<'a>>, most: usize, now: Time) -> &Recent {
        let Self { at, looks, others, recent, rules, .. } = self;
        recent.begin(looks, track, ends.and_then(Ends::renewed), most);
        if let (Some(at), Some(ends)) = (at, ends) {
            match times_of(at, ends, others) {
                None => recent.look_at_ends(ends),
                Some(others) => recent.look_about(ends, others, looks),
            }
        }
        recent.count_commits(looks, track.kept.active, now.plus_millis(-rules.expire));
        recent
    }
}

/// When a partition's end was looked at; `None` where that was when the group was.
fn times_of<'a, 'b>(
    at: &Arc<Series>,
    ends: Ends<'a>,
    others: &'b mut Option<(&'a Arc<Series>, Looks)>,
) -> Option<&'b Looks> {
    let of_ends = ends.at();
    if Arc::ptr_eq(at, of_ends) {
        return None;
    }
    if !others.as_ref().is_some_and(|(known, _)| Arc::ptr_eq(known, of_ends)) {
        *others = Some((of_ends, if at == of_ends { Looks::default() } else { Looks::of(of_ends) }));
    }
    others.as_ref().map(|(_, looks)| looks).filter(|looks| looks.len > 0)
}

/// Where a partition ended at a time, from the looks before and after it: groups share
/// looks, so that there may be none at that very time. `None` where they are too far.
pub(super) fn end_at(at: Time, before: Option<(Time, Offset)>, after: Option<(Time, Offset)>) -> Option<Offset> {
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

/// The newest of what is newest first, from the oldest of them on.
fn oldest_first(all: &[i64; MOST], count: usize) -> impl Iterator<Item = i64> {
    all.get(..count).unwrap_or_default().iter().rev().copied()
}

/// The newest looks at a partition.
#[derive(Debug, Default)]
struct Recent {
    /// How many count.
    looks: usize,
    /// What was committed, newest first.
    offsets: [Offset; MOST],
    /// Where the partition ended then.
    ends: [Offset; MOST],
    /// At which looks that is known, the newest in the lowest bit.
    known: u32,
    /// The lowest of the ends at those looks: whether it was at the end is told by that.
    lowest_end: Option<Offset>,
    /// Looks at which it was read, the oldest first.
    commits: Vec<Commit>,
}

impl Recent {
    fn begin(&mut self, looks: &Looks, track: Track<'_>, renewed: Option<Time>, most: usize) {
        let read = track.offsets().newest_into(self.offsets.get_mut(..most).unwrap_or_default());
        self.looks = read.min(looks.len);
        if let Some(renewed) = renewed {
            self.looks = looks.newest().take(self.looks).take_while(|at| *at >= renewed).count();
        }
        (self.known, self.lowest_end) = (0, None);
    }

    fn saw(&mut self, end: Offset) {
        self.lowest_end = Some(self.lowest_end.map_or(end, |lowest| lowest.min(end)));
    }

    /// The ends of a partition that was looked at at the same times.
    fn look_at_ends(&mut self, ends: Ends<'_>) {
        let count = ends.kept().newest_into(self.ends.get_mut(..self.looks).unwrap_or_default());
        self.known = u32::MAX.checked_shr(u32::BITS - count as u32).unwrap_or(0);
        let kept = self.ends.get(..count).unwrap_or_default();
        self.lowest_end = Some(kept.iter().fold(ends.last_end(), |lowest, end| lowest.min(*end)));
    }

    /// The ends of a partition at about the times at which the group was looked at.
    fn look_about(&mut self, ends: Ends<'_>, of_ends: &Looks, looks: &Looks) {
        let mut known = [0; MOST];
        let count = ends.kept().newest_into(&mut known);
        let mut known = of_ends.newest().zip(known).take(count);
        // The newest may come once more, which does no harm.
        let (mut before, mut after) = (Some(ends.newest()), None);
        for (index, at) in looks.newest().take(self.looks).enumerate() {
            while let Some((end_at, end)) = before.filter(|(end_at, _)| *end_at > at) {
                self.saw(end);
                after = Some((end_at, end));
                before = known.next();
            }
            if let (Some(place), Some(end)) = (self.ends.get_mut(index), end_at(at, before, after)) {
                *place = end;
                self.known |= 1 << index;
            }
        }
        if let Some((_, end)) = before {
            self.saw(end);
        }
    }

    /// Those at which it was read and that are not older than that.
    fn count_commits(&mut self, looks: &Looks, active: u32, oldest: Time) {
        self.commits.clear();
        let count = self.looks;
        let seen = oldest_first(&looks.at, count).zip(oldest_first(&self.offsets, count));
        let seen = seen.zip(oldest_first(&self.ends, count));
        let unused = (u32::BITS as usize - self.looks) as u32;
        let first = |bits: u32| bits.checked_shl(unused).unwrap_or(0).cast_signed();
        // The oldest look is in the sign.
        let (mut active, mut known) = (first(active), first(self.known));
        for ((at, offset), end) in seen {
            let at = Time(at);
            if active < 0 && at >= oldest {
                let lag = (known < 0).then(|| end.saturating_sub(offset).max(0).cast_unsigned());
                self.commits.push(Commit { offset, at, order: 0, lag });
            }
            (active, known) = (active << 1, known << 1);
        }
    }

    /// Milliseconds of the longest stretch at one offset that ended with a move.
    fn longest_stand(&self) -> i64 {
        let (mut longest, mut since): (i64, Option<&Commit>) = (0, None);
        for commit in &self.commits {
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
