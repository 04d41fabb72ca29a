//! How a group is doing in a partition, judged by its last commits.
//!
//! The rules and their order are those of Burrow (`caching.go` and `inmemory.go`
//! of linkedin/Burrow), so that an operator who knows its words finds the same
//! ones here. What is ours: each verdict says which rule gave it, on what.

pub use super::rules::Rules;
use super::{Offset, Time, TopicPartition, show};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// How a group does in one partition, from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verdict {
    /// It keeps up, or catches up.
    Ok,
    /// It reads, and falls further behind.
    Warn,
    /// It has stopped committing.
    Stop,
    /// It commits the same offset again and again.
    Stall,
    /// It went back and has not come forward again.
    Rewind,
}

impl Verdict {
    pub const ALL: [Self; 5] = [Self::Ok, Self::Warn, Self::Stop, Self::Stall, Self::Rewind];

    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warn => "WARN",
            Self::Stop => "STOP",
            Self::Stall => "STALL",
            Self::Rewind => "REWIND",
        }
    }

    /// The word for a whole group whose worst partition this is.
    pub fn status(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warn => "WARN",
            Self::Stop | Self::Stall | Self::Rewind => "ERR",
        }
    }
}

/// One commit of a group in a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commit {
    pub offset: Offset,
    /// As the coordinator wrote it.
    pub at: Time,
    /// Where it stands in the log of commits.
    pub order: Offset,
    /// Records behind the end at that moment; `None` where nobody looked at the end then.
    pub lag: Option<u64>,
}

/// What the verdicts rest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The log of commits, where each has its own time.
    Commits,
    /// Looks at what is committed, some seconds apart: an estimate.
    Sampled,
}

impl Source {
    pub fn word(self) -> &'static str {
        match self {
            Self::Commits => "commits",
            Self::Sampled => "sampled",
        }
    }

    /// What a window is made of.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Commits => "commits",
            Self::Sampled => "looks",
        }
    }

    /// What stands before a verdict that is an estimate.
    pub fn mark(self) -> &'static str {
        match self {
            Self::Commits => "",
            Self::Sampled => "~",
        }
    }
}

/// The last commits, by their place in the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window(Vec<Commit>);

impl Window {
    /// Takes a commit in. One that comes late finds its place, and nothing is
    /// known of its lag; one that is there already, or older than a full window, is not taken.
    pub fn add(&mut self, mut commit: Commit, rules: &Rules) {
        let place = self.0.partition_point(|known| known.order < commit.order);
        if self.0.get(place).is_some_and(|known| known.order == commit.order) {
            return;
        }
        if place < self.0.len() {
            commit.lag = None;
            if place > 0 || self.0.len() < rules.intervals {
                self.0.insert(place, commit);
            }
        } else {
            match self.0.last_mut() {
                Some(last) if commit.at.since(last.at) < rules.min_distance => {
                    // The older time stays, or one that commits often would never fill a window.
                    *last = Commit { at: last.at, ..commit };
                }
                _ => self.0.push(commit),
            }
        }
        let beyond = self.0.len().saturating_sub(rules.intervals);
        self.0.drain(..beyond);
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn last(&self) -> Option<&Commit> {
        self.0.last()
    }

    pub fn commits(&self) -> impl DoubleEndedIterator<Item = &Commit> + ExactSizeIterator {
        self.0.iter()
    }

    /// Says afterwards what the lag was at a commit.
    pub fn learn_lag(&mut self, lag_at: impl Fn(&Commit) -> Option<u64>) {
        for commit in self.0.iter_mut().filter(|commit| commit.lag.is_none()) {
            commit.lag = lag_at(commit);
        }
    }

    /// How full the window is, from 0 to 1.
    pub fn complete(&self, rules: &Rules) -> f64 {
        self.0.len() as f64 / rules.intervals.max(1) as f64
    }

    /// The verdict at `now`: `lag` is that of now, `ends` are the partition's last
    /// known ends. `None` where no commit counts.
    pub fn judge(&self, ends: &[Offset], lag: u64, now: Time, rules: &Rules) -> Option<Judgement> {
        let counts = |commit: &Commit| now.since(commit.at) <= rules.expire;
        let commits = match self.0.iter().all(counts) {
            true => Cow::Borrowed(self.0.as_slice()),
            false => Cow::Owned(self.0.iter().filter(|commit| counts(commit)).copied().collect()),
        };
        let last_commit = commits.last()?.at;
        let reason = reason(&commits, ends, lag, now, rules)?;
        Some(Judgement {
            verdict: reason.verdict(),
            reason,
            source: Source::Commits,
            commits: commits.len(),
            of: rules.intervals,
            last_commit,
        })
    }
}

/// The first rule that holds, on commits that count; `None` where there is none.
pub(super) fn reason(commits: &[Commit], ends: &[Offset], lag: u64, now: Time, rules: &Rules) -> Option<Reason> {
    let (first, last) = (commits.first()?, commits.last()?);
    Some(first_rule(commits, first, last, ends, lag, now, rules))
}

fn first_rule(
    commits: &[Commit],
    first: &Commit,
    last: &Commit,
    ends: &[Offset],
    lag: u64,
    now: Time,
    rules: &Rules,
) -> Reason {
    if (commits.len() as f64) < rules.minimum_complete * rules.intervals as f64 {
        return Reason::TooFew { commits: commits.len() };
    }
    if lag <= rules.allowed_lag {
        return Reason::CaughtUp { lag, allowed: rules.allowed_lag };
    }
    let (quiet, span) = (now.since(last.at), last.at.since(first.at));
    let was_at_end = ends.iter().any(|end| *end <= last.offset);
    if quiet > span && !was_at_end {
        return Reason::Stopped { at: last.at, span, quiet };
    }
    let course = Course::of(commits, rules.allowed_lag);
    if let Some((before, after)) = course.back
        && !course.is_regained
    {
        return Reason::Rewound { from: before.offset, to: after.offset, at: after.at };
    }
    if let Some(at) = course.at_end {
        return Reason::WasAtEnd { at };
    }
    if !course.moved {
        return Reason::Stood { offset: first.offset, since: first.at };
    }
    match course.shrank {
        Some((before, after)) => Reason::CatchingUp { before, after },
        None => Reason::Growing { before: course.first_lag, after: course.last_lag },
    }
}

/// What became of offset and lag from commit to commit, gathered in one pass: a hundred
/// thousand windows are judged at each round.
#[derive(Default)]
struct Course<'a> {
    /// The first two between which the offset went back.
    back: Option<(&'a Commit, &'a Commit)>,
    /// It came to where it was before.
    is_regained: bool,
    /// The last time at which no more was left than is allowed.
    at_end: Option<Time>,
    /// The offsets are not all the same.
    moved: bool,
    /// The first two lags of which the later one is smaller.
    shrank: Option<(u64, u64)>,
    first_lag: Option<u64>,
    last_lag: Option<u64>,
}

impl<'a> Course<'a> {
    fn of(commits: &'a [Commit], allowed_lag: u64) -> Self {
        let mut course = Self::default();
        let mut last: Option<&Commit> = None;
        for commit in commits {
            if let Some(last) = last {
                course.moved |= commit.offset != last.offset;
                if course.back.is_none() && commit.offset < last.offset {
                    course.back = Some((last, commit));
                }
            }
            course.is_regained |= course.back.is_some_and(|(before, _)| commit.offset >= before.offset);
            if let Some(lag) = commit.lag {
                if lag <= allowed_lag {
                    course.at_end = Some(commit.at);
                }
                if let Some(before) = course.last_lag.filter(|before| lag < *before) {
                    course.shrank.get_or_insert((before, lag));
                }
                course.first_lag.get_or_insert(lag);
                course.last_lag = Some(lag);
            }
            last = Some(commit);
        }
        course
    }
}

/// A verdict with its reason, and on how many commits it rests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    pub verdict: Verdict,
    pub reason: Reason,
    pub source: Source,
    /// Commits, or looks.
    pub commits: usize,
    /// As many make a full window.
    pub of: usize,
    /// Of samples: the last look at which a member was there or the offset moved.
    pub last_commit: Time,
}

/// Milliseconds after which one commit alone tells that no other follows.
const LONG_QUIET: i64 = 600_000;

impl Judgement {
    /// Few commits can tell what is wrong, and that nothing is left to read; not
    /// that all is well. Few looks tell nothing.
    pub fn is_sure(&self) -> bool {
        match self.reason {
            Reason::Held { .. } => true,
            _ if self.source == Source::Sampled => self.commits >= self.of,
            Reason::CaughtUp { .. } | Reason::Rewound { .. } => true,
            Reason::Stopped { quiet, .. } => self.commits > 1 || quiet >= LONG_QUIET,
            Reason::Stood { .. } => self.commits > 1,
            _ => self.commits >= self.of,
        }
    }
}

/// Which rule gave the verdict, on what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Less than the rules want to see.
    TooFew {
        commits: usize,
    },
    CaughtUp {
        lag: u64,
        allowed: u64,
    },
    /// The last commit, and the milliseconds between first and last.
    Stopped {
        at: Time,
        span: i64,
        /// Milliseconds since the last one.
        quiet: i64,
    },
    Rewound {
        from: Offset,
        to: Offset,
        at: Time,
    },
    WasAtEnd {
        at: Time,
    },
    Stood {
        offset: Offset,
        since: Time,
    },
    /// The same, seen at every look while a member was assigned.
    StoodStill {
        offset: Offset,
        since: Time,
    },
    /// No member was assigned at any look since then, and the offset did not move.
    Unattended {
        offset: Offset,
        since: Time,
    },
    Growing {
        before: Option<u64>,
        after: Option<u64>,
    },
    CatchingUp {
        before: u64,
        after: u64,
    },
    /// It read all that is committed; the producer of the open transaction behind it, and
    /// when that began.
    Held {
        producer_id: Option<i64>,
        since: Option<Time>,
    },
}

impl Reason {
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::TooFew { .. }
            | Self::CaughtUp { .. }
            | Self::WasAtEnd { .. }
            | Self::CatchingUp { .. }
            | Self::Held { .. } => Verdict::Ok,
            Self::Growing { .. } => Verdict::Warn,
            Self::Stopped { .. } | Self::Unattended { .. } => Verdict::Stop,
            Self::Stood { .. } | Self::StoodStill { .. } => Verdict::Stall,
            Self::Rewound { .. } => Verdict::Rewind,
        }
    }
}

impl Reason {
    /// In words; `clock` writes a time as whoever reads it is used to.
    pub fn told(&self, clock: impl Fn(Time) -> String) -> String {
        let millis = |millis: i64| show::duration(millis.unsigned_abs());
        match self {
            Self::TooFew { commits } => format!("only {} seen so far", show::plural(*commits, "commit")),
            Self::Held { producer_id, since } => {
                let of = producer_id.map_or(String::new(), |id| format!(" of producer {id}"));
                let since = since.map_or(String::new(), |at| format!(" since {}", clock(at)));
                format!("held by an open transaction{of}{since}")
            }
            Self::CaughtUp { lag: 0, .. } => "nothing is left to read".into(),
            Self::CaughtUp { lag, allowed } => {
                format!("{} left to read, {} are allowed", show::count(*lag), show::count(*allowed))
            }
            Self::Stopped { at, span: 0, .. } => format!("one commit, at {}, and none since", clock(*at)),
            Self::Stopped { at, span, .. } => {
                format!("no commit since {}, longer than the {} of its last commits", clock(*at), millis(*span))
            }
            Self::Rewound { from, to, at } => {
                let (from, to) = (show::offset(*from), show::offset(*to));
                format!("went back from {from} to {to} at {} and has not come forward", clock(*at))
            }
            Self::WasAtEnd { at } => format!("had nothing left to read at {}", clock(*at)),
            Self::Stood { offset, since } => {
                format!("commits {} again and again since {}", show::offset(*offset), clock(*since))
            }
            Self::StoodStill { offset, since } => {
                format!("has a member and stands at {} since {}", show::offset(*offset), clock(*since))
            }
            Self::Unattended { offset, since } => {
                format!("no member, and it stands at {} since {}", show::offset(*offset), clock(*since))
            }
            Self::Growing { before: Some(before), after: Some(after) } if before != after => {
                format!("reads, but the lag only grew: {} → {}", show::count(*before), show::count(*after))
            }
            Self::Growing { .. } => "reads, but the lag never shrank".into(),
            Self::CatchingUp { before, after } => {
                format!("the lag shrank: {} → {}", show::count(*before), show::count(*after))
            }
        }
    }
}

/// A group's verdict: that of its worst partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupVerdict {
    pub worst: TopicPartition,
    pub judgement: Judgement,
    /// Partitions with a full window.
    pub complete: usize,
    pub partitions: usize,
}

impl GroupVerdict {
    /// `None` where nothing could be judged.
    pub fn of<'a>(judged: impl IntoIterator<Item = (&'a TopicPartition, Option<&'a Judgement>)>) -> Option<Self> {
        let (mut worst, mut complete, mut partitions): (Option<(&TopicPartition, &Judgement)>, _, _) = (None, 0, 0);
        for (partition, judgement) in judged {
            partitions += 1;
            let Some(judgement) = judgement else { continue };
            complete += usize::from(judgement.commits >= judgement.of);
            // What is surely wrong stands above what cannot be told, and that above what is well.
            let rank = |judgement: &Judgement| match (judgement.verdict, judgement.is_sure()) {
                (Verdict::Ok, true) => (0, Verdict::Ok),
                (verdict, false) => (1, verdict),
                (verdict, true) => (2, verdict),
            };
            if worst.is_none_or(|(_, known)| rank(judgement) > rank(known)) {
                worst = Some((partition, judgement));
            }
        }
        let (worst, judgement) = worst?;
        Some(Self { worst: worst.clone(), judgement: judgement.clone(), complete, partitions })
    }
}

#[cfg(test)]
mod tests;
