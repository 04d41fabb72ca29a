//! Kafka's error codes, in the words of this product.

use crate::domain::{Failure, FailureKind};
use kafka_protocol::ResponseError as Code;

/// The failure for an error code other than 0 in a response.
pub fn failure_of_code(code: i16, operation: &str) -> Failure {
    let Some(error) = Code::try_from_code(code) else {
        return Failure::new(FailureKind::Malformed, operation, "the broker reported an error without a code");
    };
    let (kind, message, hint) = words(error);
    let message = if message.is_empty() { format!("{} ({code})", spaced(error)) } else { message.to_owned() };
    let failure = Failure::new(kind, operation, message);
    if hint.is_empty() { failure } else { failure.hint(hint) }
}

/// Kind, message and hint. An empty message stands for the code's own name.
fn words(error: Code) -> (FailureKind, &'static str, &'static str) {
    use FailureKind::{Auth, Conflict, Denied, Invalid, Malformed, NotFound, Timeout, Unreachable, Unsupported};
    match error {
        Code::TopicAuthorizationFailed => (Denied, "not authorised for the topic", "It needs an ACL on the topic."),
        Code::GroupAuthorizationFailed => (Denied, "not authorised for the group", "It needs an ACL on the group."),
        Code::ClusterAuthorizationFailed => {
            (Denied, "not authorised for the cluster", "It needs an ACL on the cluster.")
        }
        Code::TransactionalIdAuthorizationFailed | Code::DelegationTokenAuthorizationFailed | Code::PolicyViolation => {
            (Denied, "", "")
        }
        Code::SaslAuthenticationFailed => (Auth, "the credentials were rejected", "Check user and password."),
        Code::IllegalSaslState => (Auth, "", ""),
        Code::UnknownTopicOrPartition => {
            (NotFound, "no such topic or partition, or it may not be described", "It may have been deleted.")
        }
        Code::UnknownTopicId | Code::InconsistentTopicId => {
            (NotFound, "the topic was deleted or made anew", "Refresh and look again.")
        }
        Code::GroupIdNotFound => (NotFound, "no such group", ""),
        Code::ResourceNotFound | Code::TransactionalIdNotFound | Code::BrokerIdNotRegistered => (NotFound, "", ""),
        Code::LeaderNotAvailable => (Unreachable, "the partition has no leader", "A broker is down or is starting."),
        Code::NotLeaderOrFollower | Code::ReplicaNotAvailable | Code::FencedLeaderEpoch | Code::UnknownLeaderEpoch => {
            (Unreachable, "the partition's leader moved", "")
        }
        Code::CoordinatorNotAvailable | Code::NotCoordinator | Code::CoordinatorLoadInProgress => {
            (Unreachable, "the group's coordinator is not ready or moved", "")
        }
        Code::NotController | Code::BrokerNotAvailable | Code::NetworkException | Code::KafkaStorageError => {
            (Unreachable, "", "")
        }
        Code::RequestTimedOut => (Timeout, "the broker did not finish in time", ""),
        Code::UnsupportedVersion
        | Code::UnsupportedForMessageFormat
        | Code::UnsupportedSaslMechanism
        | Code::UnsupportedCompressionType
        | Code::SecurityDisabled => (Unsupported, "", ""),
        Code::NonEmptyGroup => (Conflict, "the group has members", "Stop its consumers first."),
        Code::UnknownMemberId | Code::IllegalGeneration | Code::StaleMemberEpoch => {
            (Conflict, "the group is active", "Stop its consumers first.")
        }
        Code::GroupSubscribedToTopic => (Conflict, "the group is subscribed to the topic", "Stop its consumers first."),
        Code::RebalanceInProgress => (Conflict, "the group is rebalancing", "Try again in a moment."),
        Code::UnstableOffsetCommit => (Conflict, "a transaction has offsets pending", "Try again in a moment."),
        Code::TopicAlreadyExists => (Conflict, "the topic exists already", ""),
        Code::ReassignmentInProgress | Code::ConcurrentTransactions | Code::DuplicateResource => (Conflict, "", ""),
        Code::OffsetOutOfRange => (Invalid, "the offset is outside the log", ""),
        Code::CorruptMessage | Code::UnknownServerError => (Malformed, "", "The broker's log says more."),
        Code::Unknown(_) => (Malformed, "the broker reported an error that klamm does not know", ""),
        _ if error.is_retriable() => (Unreachable, "", ""),
        _ => (Invalid, "", ""),
    }
}

/// `InvalidReplicationFactor` → `invalid replication factor`.
fn spaced(error: Code) -> String {
    let mut words = String::new();
    for letter in format!("{error:?}").chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

/// The answer means that another broker coordinates, or that this one is not ready.
pub fn needs_new_coordinator(code: i16) -> bool {
    matches!(
        Code::try_from_code(code),
        Some(Code::NotCoordinator | Code::CoordinatorNotAvailable | Code::CoordinatorLoadInProgress)
    )
}

/// The answer means that our picture of leaders or of the controller is old.
pub fn needs_new_metadata(code: i16) -> bool {
    matches!(
        Code::try_from_code(code),
        Some(
            Code::NotLeaderOrFollower
                | Code::LeaderNotAvailable
                | Code::ReplicaNotAvailable
                | Code::FencedLeaderEpoch
                | Code::UnknownLeaderEpoch
                | Code::NotController
                | Code::KafkaStorageError
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_kind_and_words() {
        for code in (-1..=140).filter(|code| *code != 0) {
            let failure = failure_of_code(code, "try it");
            assert!(!failure.message.is_empty(), "{code}");
        }
        assert_eq!(failure_of_code(58, "x").kind, FailureKind::Auth);
        assert_eq!(failure_of_code(29, "x").kind, FailureKind::Denied);
        assert_eq!(failure_of_code(38, "x").message, "invalid replication factor (38)");
        assert_eq!(failure_of_code(999, "x").kind, FailureKind::Malformed);
    }
}
