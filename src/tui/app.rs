//! State, messages and effects of the console.
//!
//! Owns: everything that is remembered between two frames, and the only
//! function that changes it. Must not know the terminal, the clock or tokio.
//! Invariant: same state and same message, same new state and same effects.

pub mod actions;
pub mod changes;
pub mod copy;
pub mod dialogs;
pub mod drawn;
pub mod effect;
pub mod find;
pub mod input;
pub mod list;
pub mod look;
pub mod message;
pub mod notes;
pub mod remote;
pub mod screens;
pub mod session;
pub mod settings_seen;
pub mod slot;
pub mod splits;
pub mod state;
pub mod update;
pub mod watch;

pub use effect::{EditText, Effect, Request};
pub use message::{Answer, Answered, Message};
pub use state::{Screen, State};
pub use update::update;
