//! Panics: how the console ends by one, and how a test makes one.

/// The console ended because a request's task panicked: its state could no
/// longer be trusted. The terminal is as it was, the report is in the log.
#[derive(Debug, thiserror::Error)]
#[error("klamm has crashed; what it was doing is in the log")]
pub struct Crashed;

/// The variable by which a debug build is made to panic: `task` or `loop`. The
/// view of one group triggers it.
#[cfg(debug_assertions)]
const VARIABLE: &str = "KLAMM_PANIC";

/// Panics if the variable says so. A release build never does.
pub fn on_purpose(place: &str) {
    #[cfg(debug_assertions)]
    if std::env::var(VARIABLE).is_ok_and(|wanted| wanted == place) {
        panicked(place);
    }
    #[cfg(not(debug_assertions))]
    let _ = place;
}

#[cfg(debug_assertions)]
#[expect(clippy::panic, reason = "a test looks at what a panic leaves behind")]
fn panicked(place: &str) {
    panic!("on purpose, in the {place}");
}
