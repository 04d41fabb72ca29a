//! How a command ends: the exit codes that scripts rely on.
//!
//! Owns the one mapping from failures and outcomes to numbers.
//! Invariant: a code never changes its meaning; 0 is said only when everything
//! asked for was done and known.

use crate::domain::plan::{Outcome, Severity, StepStatus};
use crate::domain::{Failure, FailureKind};
use std::io;
use std::process::ExitCode;

/// The end of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Done,
    Failed,
    /// The command line itself is wrong.
    Usage,
    /// Partly done, or partly known.
    Partial,
    /// Read-only, a precondition, or not confirmed.
    Refused,
    /// What was looked for is not there.
    NotMet,
    /// A bug: the code that a panic ends a Rust program with.
    Crashed,
    Interrupted,
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Partial => 3,
            Self::Refused => 4,
            Self::NotMet => 5,
            Self::Crashed => 101,
            Self::Interrupted => 130,
        }
    }

    /// The end of a command that failed whole.
    pub(crate) fn of_failure(failure: &Failure) -> Self {
        match failure.kind {
            FailureKind::Refused | FailureKind::Conflict => Self::Refused,
            FailureKind::Cancelled => Self::Interrupted,
            FailureKind::Auth
            | FailureKind::Denied
            | FailureKind::Timeout
            | FailureKind::Unreachable
            | FailureKind::Unsupported
            | FailureKind::NotFound
            | FailureKind::Invalid
            | FailureKind::Malformed
            | FailureKind::Storage => Self::Failed,
        }
    }

    /// The end of a command that answered, with what is missing from the answer.
    pub(crate) fn of_answer(items: usize, failures: &[Failure]) -> Self {
        match failures.first() {
            None => Self::Done,
            Some(first) if items == 0 => Self::of_failure(first),
            Some(_) => Self::Partial,
        }
    }

    /// The same of one that looked for something: finding nothing, with nothing missing, is
    /// not what was wanted.
    pub(crate) fn of_look_up(items: usize, failures: &[Failure]) -> Self {
        match Self::of_answer(items, failures) {
            Self::Done if items == 0 => Self::NotMet,
            exit => exit,
        }
    }

    /// The end of a plan that was applied. A step of which nobody knows whether it
    /// happened makes the whole "partly known", never "failed"; so does a result
    /// that the journal could not take.
    pub(crate) fn of_outcome(outcome: &Outcome) -> Self {
        let is_alarming = outcome.notes.iter().any(|note| note.severity == Severity::Danger);
        if outcome.is_complete() && !is_alarming {
            Self::Done
        } else if outcome.steps.iter().all(StepStatus::is_unchanged) {
            Self::Failed
        } else {
            Self::Partial
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}

/// Why a command ended without an answer.
#[derive(Debug)]
pub(crate) enum Stop {
    /// What is wrong with the command line, as a sentence without a full stop.
    Usage(String),
    Failed(Failure),
    /// Standard output could not be written. A closed pipe is one of these.
    Output(io::Error),
}

impl Stop {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Time;
    use crate::domain::plan::Warning;
    use rstest::rstest;

    fn failure(kind: FailureKind) -> Failure {
        Failure::new(kind, "do it", "no")
    }

    #[rstest]
    #[case::a_read_only_profile_refuses(FailureKind::Refused, 4)]
    #[case::a_group_that_came_alive_refuses(FailureKind::Conflict, 4)]
    #[case::a_closed_port_fails(FailureKind::Unreachable, 1)]
    #[case::a_missing_topic_fails(FailureKind::NotFound, 1)]
    #[case::stopping_is_interrupting(FailureKind::Cancelled, 130)]
    fn a_whole_failure(#[case] kind: FailureKind, #[case] code: u8) {
        assert_eq!(Exit::of_failure(&failure(kind)).code(), code);
    }

    #[test]
    fn an_answer_with_gaps_is_partial_and_an_empty_one_with_failures_is_not_done() {
        assert_eq!(Exit::of_answer(0, &[]).code(), 0);
        assert_eq!(Exit::of_answer(7, &[failure(FailureKind::Timeout)]).code(), 3);
        assert_eq!(Exit::of_answer(0, &[failure(FailureKind::Timeout)]).code(), 1);
    }

    #[rstest]
    #[case::all_done(vec![StepStatus::Done, StepStatus::Done], 0)]
    #[case::one_refused(vec![StepStatus::Done, StepStatus::Failed(failure(FailureKind::Denied))], 3)]
    #[case::nothing_happened(vec![StepStatus::Failed(failure(FailureKind::Denied)), StepStatus::Skipped], 1)]
    #[case::nobody_knows(vec![StepStatus::Unknown(failure(FailureKind::Timeout))], 3)]
    #[case::somebody_else_wrote(vec![StepStatus::Overwritten { found: "7".into() }], 3)]
    fn an_applied_plan(#[case] steps: Vec<StepStatus>, #[case] code: u8) {
        let outcome = Outcome::of("1", Time(0), steps);
        assert_eq!(Exit::of_outcome(&outcome).code(), code);
    }

    #[rstest]
    #[case::it_keeps_another_position(Severity::Warning, 0)]
    #[case::the_journal_could_not_take_it(Severity::Danger, 3)]
    fn a_plan_that_was_applied_with_a_note(#[case] severity: Severity, #[case] code: u8) {
        let notes = vec![Warning::new(severity, "something to know")];
        let outcome = Outcome { notes, ..Outcome::of("1", Time(0), vec![StepStatus::Done]) };
        assert_eq!(Exit::of_outcome(&outcome).code(), code);
    }
}
