//! The right to write, as a value that must be shown.

/// Proof that the profile in use may change the cluster.
///
/// Every mutating call takes one by reference. Only `cluster/grant.rs` makes
/// them, which `tests/fast/architecture.rs` holds; nothing else needs to ask
/// whether a profile is read-only.
#[derive(Debug)]
pub struct WriteGrant {
    _sealed: (),
}

impl WriteGrant {
    /// Only for `cluster/grant.rs`.
    #[must_use]
    pub fn issue() -> Self {
        Self { _sealed: () }
    }
}
