//! The console in a real terminal.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets the unexpected stops there and says so"
)]

mod bad_days;
mod console;
mod life;
#[expect(dead_code, reason = "shared with the tests against real Kafka, which use the rest")]
#[path = "../kafka/pki.rs"]
mod pki;
mod profiles;
#[expect(dead_code, reason = "shared with the tests of the command line, which use the rest")]
#[path = "../secrets.rs"]
mod secrets;
mod story;
mod views;

#[test]
fn the_story_on_the_demo() {
    let console = console::Console::open(&["demo"], 120, 40);
    console.sees("3 brokers");
    story::tell(&console, "catalog.products", "invoice-export-nightly");
}
