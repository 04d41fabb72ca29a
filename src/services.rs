//! HTTP services that stand beside a Kafka cluster.
//!
//! Owns: their clients, with deadlines, size limits and one table each of the
//! operations that only read.
//! Must not know: Kafka's wire protocol, profiles, the screen.
//! Invariant: nothing that could change a service is sent without a grant, and
//! what leaves this room is a type of `domain` or plain data.

pub mod registry;
