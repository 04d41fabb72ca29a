//! One shape for every failure that leaves a room.
//!
//! A failure says what was tried, on what, why it did not work, and what to do
//! about it. Rooms keep their own error enums inside and turn them into this at
//! their door.

use super::BrokerId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why something failed, as far as the caller's next step depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// Credentials were rejected or are missing. Never retried in a loop.
    Auth,
    /// The cluster knows who we are and says no.
    Denied,
    /// No answer within the deadline.
    Timeout,
    /// No connection could be made or it broke.
    Unreachable,
    /// The other side does not offer what is needed.
    Unsupported,
    /// The thing asked for is not there.
    NotFound,
    /// The thing changed, or its state forbids the operation.
    Conflict,
    /// The request itself is wrong.
    Invalid,
    /// Bytes that do not follow the protocol or format.
    Malformed,
    /// klamm refused: read-only profile, missing confirmation, precondition.
    Refused,
    /// A local file could not be read or written.
    Storage,
    /// The user stopped it.
    Cancelled,
}

impl FailureKind {
    /// The word used in messages and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Denied => "denied",
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::Unsupported => "unsupported",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Invalid => "invalid",
            Self::Malformed => "malformed",
            Self::Refused => "refused",
            Self::Storage => "storage",
            Self::Cancelled => "cancelled",
        }
    }
}

/// How alike two names are of which one may have been meant by the other, by Jaro and
/// Winkler: one letter wrong, missing or swapped, or a beginning.
const LIKE: f64 = 0.88;

/// What failed, on what, why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Failure {
    pub kind: FailureKind,
    /// What was tried, as a verb phrase: "describe group".
    pub operation: String,
    /// On what: a topic, a group, an address. Empty when the operation says it all.
    pub target: String,
    /// The broker that answered or did not, as `id`, `id (host:port)` or `host:port`.
    pub broker: Option<String>,
    /// The cause, in a clause without a full stop.
    pub message: String,
    /// What to do about it, as a sentence.
    pub hint: Option<String>,
}

impl Failure {
    pub fn new(kind: FailureKind, operation: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            kind,
            operation: operation.into(),
            target: String::new(),
            broker: None,
            message: message.into(),
            hint: None,
        }
    }

    /// Brokers leave out what one may not describe as if it were not there.
    pub fn no_such_topic(operation: &str, topic: &str) -> Self {
        Self::new(FailureKind::NotFound, operation, "the cluster has no such topic, or you may not see it")
            .on(topic)
            .hint("Check the name; to see it takes DESCRIBE on the topic.")
    }

    /// Puts before the hint which of `known` may have been meant by the target, if one is
    /// near: a slip of the finger is likelier than a missing right.
    #[must_use]
    pub fn or_meant<'a>(mut self, known: impl Iterator<Item = &'a str>) -> Self {
        let near = known.map(|name| (strsim::jaro_winkler(name, &self.target), name));
        let nearest = near.filter(|(likeness, _)| *likeness >= LIKE).max_by(|a, b| a.0.total_cmp(&b.0));
        // One that is there was not mistyped.
        if let Some((_, name)) = nearest.filter(|(_, name)| *name != self.target) {
            let hint = self.hint.unwrap_or_default();
            self.hint = Some(format!("Did you mean {name}? {hint}").trim_end().to_owned());
        }
        self
    }

    /// The same for a group.
    pub fn no_such_group(operation: &str, group: &str) -> Self {
        Self::new(FailureKind::NotFound, operation, "the cluster has no such group, or you may not see it")
            .on(group)
            .hint("Check the name; to see it takes DESCRIBE on the group.")
    }

    #[must_use]
    pub fn on(mut self, target: impl Into<String>) -> Self {
        self.target = target.into();
        self
    }

    /// Says on what, with the words that lead to it: `about("of group", "orders")`
    /// makes "list offsets" read "list offsets of group orders".
    #[must_use]
    pub fn about(mut self, link: &str, target: impl fmt::Display) -> Self {
        self.operation = format!("{} {link}", self.operation);
        self.on(target.to_string())
    }

    #[must_use]
    pub fn at_broker(mut self, broker: impl Into<String>) -> Self {
        self.broker = Some(broker.into());
        self
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// It is of this broker, whether that was named with its address or not.
    pub fn is_of_broker(&self, id: BrokerId) -> bool {
        let named = self.broker.as_deref().and_then(|broker| broker.split(' ').next());
        named.is_some_and(|named| named.parse() == Ok(id.0))
    }

    /// May the same request succeed when it is sent again a little later?
    pub fn is_transient(&self) -> bool {
        matches!(self.kind, FailureKind::Timeout | FailureKind::Unreachable)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}", self.operation)?;
        if !self.target.is_empty() {
            write!(f, " {}", self.target)?;
        }
        if let Some(broker) = &self.broker {
            write!(f, " on broker {broker}")?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, ". {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_reads_as_a_sentence() {
        let failure = Failure::new(FailureKind::Denied, "describe group", "not authorised")
            .on("orders")
            .at_broker("3")
            .hint("It needs DESCRIBE on the group.");
        assert_eq!(
            failure.to_string(),
            "cannot describe group orders on broker 3: not authorised. It needs DESCRIBE on the group."
        );
    }

    #[test]
    fn a_failure_is_of_the_broker_that_it_names() {
        let of = |broker: &str| Failure::new(FailureKind::Timeout, "ask", "no answer").at_broker(broker);
        for (broker, is) in [("3", true), ("3 (kafka-3:9092)", true), ("33", false), ("3:9092", false), ("", false)] {
            assert_eq!(of(broker).is_of_broker(BrokerId(3)), is, "{broker}");
        }
    }

    #[test]
    fn a_slip_of_the_finger_is_named_and_a_stranger_is_not() {
        let known = || ["customers", "orders.v1", "orders.v1-dlt"].into_iter();
        let hint = |name: &str| Failure::no_such_topic("read topic", name).or_meant(known()).hint.unwrap();
        for slip in ["ordrs.v1", "order.v1", "ordres.v1", "orders"] {
            assert!(hint(slip).starts_with("Did you mean orders.v1? "), "{slip}: {}", hint(slip));
        }
        assert!(hint("payments").starts_with("Check the name"), "{}", hint("payments"));
    }
}
