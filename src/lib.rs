//! klamm: a terminal console for Apache Kafka.
//!
//! The rooms and the doors between them are described in `ARCHITECTURE.md`;
//! `tests/fast/architecture.rs` holds them.

pub mod cli;
pub mod cluster;
pub mod decode;
pub mod demo;
pub mod domain;
pub mod kafka;
pub mod profile;
pub mod protocol;
pub mod services;
pub mod tui;
