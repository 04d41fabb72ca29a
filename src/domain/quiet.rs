//! Panics that are expected and caught.
//!
//! A decoder that panics on hostile bytes costs one value, not the console: the
//! panic is caught, and whoever restores the terminal after a panic asks
//! [`is_caught`] first.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`; `None` when it panicked. `work` must not leave anything half
/// changed that outlives it.
pub fn catch<T>(work: impl FnOnce() -> T) -> Option<T> {
    let outer = CATCHING.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    CATCHING.set(outer);
    result.ok()
}

/// Whether a panic on this thread, now, is one that [`catch`] will catch.
pub fn is_caught() -> bool {
    CATCHING.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_within_is_known_to_be_caught_and_one_after_it_is_not() {
        assert_eq!(catch(is_caught), Some(true));
        assert_eq!(catch(|| panic!("on purpose")), None::<()>);
        assert!(!is_caught());
    }
}
