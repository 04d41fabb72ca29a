//! What is known, what is not, and what is known in part.

use super::Failure;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::Arc;

/// A value, or the reason why there is none. Unknown is never zero.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact<T> {
    Known(T),
    /// The reason, as a clause: "broker 2 did not answer".
    Unknown(Arc<str>),
}

impl<T> Fact<T> {
    pub fn unknown(reason: impl Into<Arc<str>>) -> Self {
        Self::Unknown(reason.into())
    }

    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown(_) => None,
        }
    }

    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Known(_) => None,
            Self::Unknown(reason) => Some(reason),
        }
    }

    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Self::Known(value) => Fact::Known(f(value)),
            Self::Unknown(reason) => Fact::Unknown(reason),
        }
    }

    pub fn and_then<U>(self, f: impl FnOnce(T) -> Fact<U>) -> Fact<U> {
        match self {
            Self::Known(value) => f(value),
            Self::Unknown(reason) => Fact::Unknown(reason),
        }
    }
}

impl<T: Copy> Fact<T> {
    pub fn get(&self) -> Option<T> {
        self.known().copied()
    }
}

/// One shared allocation per reason, for many facts that are unknown for the same one.
#[derive(Debug, Default)]
pub struct Reasons(HashSet<Arc<str>>);

impl Reasons {
    pub fn unknown<T>(&mut self, reason: &str) -> Fact<T> {
        if let Some(known) = self.0.get(reason) {
            return Fact::Unknown(Arc::clone(known));
        }
        let reason: Arc<str> = reason.into();
        self.0.insert(Arc::clone(&reason));
        Fact::Unknown(reason)
    }
}

impl<T> From<Result<T, Failure>> for Fact<T> {
    fn from(result: Result<T, Failure>) -> Self {
        match result {
            Ok(value) => Self::Known(value),
            Err(failure) => Self::Unknown(failure.to_string().into()),
        }
    }
}

/// An answer put together from several brokers, with those that failed named.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Partial<T> {
    pub value: T,
    pub failures: Vec<Failure>,
}

impl<T> Partial<T> {
    pub fn whole(value: T) -> Self {
        Self { value, failures: Vec::new() }
    }

    pub fn is_whole(&self) -> bool {
        self.failures.is_empty()
    }

    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Partial<U> {
        Partial { value: f(self.value), failures: self.failures }
    }
}
