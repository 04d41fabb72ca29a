//! The console: what one sees and presses.
//!
//! Owns: the screen, the keys, and the state between them. Must not know the
//! wire, the registry or decoding: data comes from `cluster`.
//! Invariant: state changes only in `app::update`, which is synchronous and
//! pure; drawing reads; `runtime` performs the effects.

mod app;
mod command;
mod runtime;
mod ui;

pub use app::EditText;
pub use command::reference::keys_reference;
pub use runtime::{
    Crashed, OpenDemo, OpenedDemo, Options, Rehearsal, SwitchBroker, ask_secret, edit, has_terminal, run,
};
