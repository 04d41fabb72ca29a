//! Data from elsewhere: the last value, and what is happening to it.

use crate::domain::{Failure, Time};
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Phase {
    #[default]
    Idle,
    Loading,
    Failed(Failure),
}

/// A refresh keeps the old value; a failure keeps it too, and says so.
#[derive(Debug)]
pub struct Remote<T> {
    value: Option<(Arc<T>, Time)>,
    phase: Phase,
    /// Failures in a row, for the pause before the next attempt.
    failures: u32,
    /// The next answer should have been here long ago.
    is_overdue: bool,
}

impl<T> Default for Remote<T> {
    fn default() -> Self {
        Self { value: None, phase: Phase::Idle, failures: 0, is_overdue: false }
    }
}

impl<T> Remote<T> {
    pub fn value(&self) -> Option<&Arc<T>> {
        self.value.as_ref().map(|(value, _)| value)
    }

    pub fn as_of(&self) -> Option<Time> {
        self.value.as_ref().map(|(_, at)| *at)
    }

    pub fn failure(&self) -> Option<&Failure> {
        match &self.phase {
            Phase::Failed(failure) => Some(failure),
            Phase::Idle | Phase::Loading => None,
        }
    }

    pub fn is_overdue(&self) -> bool {
        self.is_overdue
    }

    /// May it be shown without saying how old it is?
    pub fn is_current(&self) -> bool {
        !self.is_overdue && self.failure().is_none()
    }

    pub fn failures_in_a_row(&self) -> u32 {
        self.failures
    }

    /// A first load, or one after a failure, is worth showing; a routine refresh is not.
    pub fn begin(&mut self) {
        if self.value.is_none() && self.failure().is_none() {
            self.phase = Phase::Loading;
        }
    }

    /// Takes an answer; returns whether there is something new to show.
    pub fn settle(&mut self, answer: Result<Arc<T>, Failure>, at: Time) -> bool {
        let was_overdue = std::mem::take(&mut self.is_overdue);
        match answer {
            Ok(value) => {
                let is_same = self.value.as_ref().is_some_and(|(old, _)| Arc::ptr_eq(old, &value))
                    && self.phase == Phase::Idle
                    && !was_overdue;
                self.value = Some((value, at));
                self.phase = Phase::Idle;
                self.failures = 0;
                !is_same
            }
            Err(failure) => {
                let is_same = self.failure() == Some(&failure) && !was_overdue;
                self.failures = self.failures.saturating_add(1);
                self.phase = Phase::Failed(failure);
                !is_same
            }
        }
    }
}

/// What grows old, whatever it is.
pub trait Ages {
    /// Is there a value that looks as if it were of now?
    fn looks_current(&self) -> bool;
    fn as_of(&self) -> Option<Time>;
    fn become_overdue(&mut self);
}

impl<T> Ages for Remote<T> {
    fn looks_current(&self) -> bool {
        self.value.is_some() && self.is_current()
    }

    fn as_of(&self) -> Option<Time> {
        Remote::as_of(self)
    }

    fn become_overdue(&mut self) {
        self.is_overdue = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::FailureKind;

    #[test]
    fn a_failed_refresh_keeps_the_old_rows_and_shows_the_error() {
        let mut remote = Remote::default();
        remote.begin();
        assert_eq!(remote.phase, Phase::Loading);
        assert!(remote.settle(Ok(Arc::new(7)), Time(1)));
        remote.begin();
        assert_eq!(remote.phase, Phase::Idle, "a routine refresh is quiet");
        let failure = Failure::new(FailureKind::Timeout, "list topics", "no answer");
        assert!(remote.settle(Err(failure.clone()), Time(2)));
        assert!(!remote.settle(Err(failure), Time(3)), "the same failure again changes nothing on screen");
        assert_eq!((remote.value().map(|v| **v), remote.as_of()), (Some(7), Some(Time(1))));
        assert_eq!(remote.failures_in_a_row(), 2);
    }

    #[test]
    fn the_same_snapshot_again_is_nothing_new() {
        let mut remote = Remote::default();
        let value = Arc::new("topics");
        assert!(remote.settle(Ok(Arc::clone(&value)), Time(1)));
        assert!(!remote.settle(Ok(value), Time(2)));
        assert_eq!(remote.as_of(), Some(Time(2)));
    }
}
