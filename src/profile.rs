//! Saved clusters: what they are called, where they are, how to get in.
//!
//! Owns: the layers of settings (defaults < file < environment < flags), the
//! configuration file, secrets and where they come from, and klamm's own paths.
//! Must not know: how a connection is made, the screen.
//! Invariants: a secret is never shown, logged or written, so `Debug` of
//! anything here is safe to print; what cannot be read in the file is reported
//! with its line and costs only the profile it belongs to.

mod console;
mod edit;
mod explain;
mod field;
mod file;
mod layers;
pub mod paths;
mod registry_url;
mod saved;
mod schema;
mod secret;
mod settings;
mod zone;

pub use console::{ConsoleSettings, KeySetting, Placed};
pub use edit::{Action, Entry, FileChange, entries};
pub use explain::{Explained, Origin};
pub use field::{FIELDS, Field, FieldRow, Kind, path_from as expand};
pub use layers::{Layer, Loaded, load};
pub use saved::{ConfigWarning, SavedCertificate, SavedProfile, SavedRegistry, SavedSasl, SavedTls};
pub use schema::schema;
pub use secret::{Ask, Question, SecretSource, nobody_to_ask};
pub use settings::{
    ClientCertificate, Mechanism, Pem, Profile, READ_BUDGET, Refresh, RegistrySettings, SaslSettings, TlsSettings,
};
pub use zone::system as system_zone;

#[cfg(test)]
mod tests;
