//! Everything that speaks the Kafka protocol.
//!
//! Owns: connections, routing, the administrative calls, reading and producing
//! records. Must not know: profiles, files, HTTP, decoding of values, the screen.
//! Invariant: bytes from a broker are bounded before they are believed, and
//! whatever leaves this room is a type of `domain`.

pub mod admin;
pub mod fetch;
pub mod produce;
pub mod wire;
