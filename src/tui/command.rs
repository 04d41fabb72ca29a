//! What can be done, and by which key.
//!
//! Owns: the one table of commands, chords, the key map with a user's
//! overrides, the footer's hints and the palette's matching. Must not know the
//! state of the application: conditions are asked of a small snapshot, [`Ctx`].
//! Invariant: no other place compares keys or lists commands.

pub mod chord;
pub mod ctx;
pub mod hints;
pub mod keymap;
pub mod presets;
pub mod reference;
pub mod search;
pub mod table;

pub use chord::{Chord, Key};
pub use ctx::{Ctx, Enabled, Place, Right};
pub use keymap::{KeyMap, Resolved, Wish};
pub use presets::Preset;
pub use table::{Command, Group, Row};
