//! The view of what klamm said.

#[derive(Debug, Default)]
pub struct MessagesView {
    /// Counted from the newest.
    pub cursor: usize,
}
