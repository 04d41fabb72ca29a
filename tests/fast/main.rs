//! Everything that needs no other process: quick enough to run at each change.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected stops there and says so"
)]

mod architecture;
mod bad_days;
mod cli;
#[path = "../contract.rs"]
mod contract;
#[expect(dead_code, reason = "shared with the tests against real Kafka, which use the rest")]
#[path = "../kafka/pki.rs"]
mod pki;
#[path = "../secrets.rs"]
mod secrets;
mod seeds;
mod tour;
