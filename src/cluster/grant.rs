//! Who may write, and until when. The only place that makes a [`WriteGrant`].
//!
//! A read-only profile gets no grant until its name was typed; then it gets one
//! for a quarter of an hour. A profile may forbid even that.

use crate::domain::{Failure, FailureKind, Time, WriteGrant};

/// How long `:unlock` lasts, in milliseconds.
pub const UNLOCK_MILLIS: i64 = 15 * 60 * 1000;

/// What the profile in use may do at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    ReadWrite,
    /// `:unlock` opens it.
    ReadOnly,
    Unlocked {
        until: Time,
    },
    /// The profile forbids unlocking.
    ReadOnlyForGood,
}

/// The state behind [`Access`].
#[derive(Debug)]
pub(super) struct Gate {
    profile: String,
    read_only: bool,
    forbid_unlock: bool,
    unlocked_until: Option<Time>,
}

impl Gate {
    pub(super) fn new(profile: &str, read_only: bool, forbid_unlock: bool) -> Self {
        Self { profile: profile.to_owned(), read_only, forbid_unlock, unlocked_until: None }
    }

    pub(super) fn access(&self, now: Time) -> Access {
        match self.unlocked_until {
            _ if !self.read_only => Access::ReadWrite,
            Some(until) if now < until => Access::Unlocked { until },
            _ if self.forbid_unlock => Access::ReadOnlyForGood,
            _ => Access::ReadOnly,
        }
    }

    pub(super) fn grant(&self, now: Time) -> Result<WriteGrant, Failure> {
        let refused = |hint: &str| {
            Failure::new(FailureKind::Refused, "change anything", "the profile is read-only")
                .on(format!("with profile {}", self.profile))
                .hint(hint)
        };
        match self.access(now) {
            Access::ReadWrite | Access::Unlocked { .. } => Ok(WriteGrant::issue()),
            Access::ReadOnly => Err(refused("read-only: :unlock")),
            Access::ReadOnlyForGood => Err(refused("The profile forbids unlocking; use another profile.")),
        }
    }

    pub(super) fn unlock(&mut self, typed: &str, now: Time) -> Result<Time, Failure> {
        let refuse = |message: String| Err(Failure::new(FailureKind::Refused, "unlock", message).on(&self.profile));
        match self.access(now) {
            Access::ReadWrite => refuse("the profile is not read-only".into()),
            Access::ReadOnlyForGood => refuse("the profile forbids it".into()),
            Access::ReadOnly | Access::Unlocked { .. } if typed != self.profile => {
                refuse(format!("the name typed is not {}", self.profile))
            }
            Access::ReadOnly | Access::Unlocked { .. } => {
                let until = now.plus_millis(UNLOCK_MILLIS);
                self.unlocked_until = Some(until);
                Ok(until)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_only_profile_writes_only_while_unlocked() {
        let mut gate = Gate::new("prod", true, false);
        let now = Time(1_000);
        assert_eq!(gate.grant(now).unwrap_err().kind, FailureKind::Refused);
        assert!(gate.unlock("prd", now).is_err());
        let until = gate.unlock("prod", now).unwrap();
        assert_eq!(gate.access(now), Access::Unlocked { until });
        assert!(gate.grant(now).is_ok());
        assert!(gate.grant(until).is_err());
    }

    #[test]
    fn a_profile_may_forbid_unlocking() {
        let mut gate = Gate::new("prod", true, true);
        assert!(gate.unlock("prod", Time(0)).is_err());
        assert_eq!(gate.access(Time(0)), Access::ReadOnlyForGood);
    }

    #[test]
    fn an_ordinary_profile_writes() {
        assert!(Gate::new("dev", false, false).grant(Time(0)).is_ok());
    }
}
