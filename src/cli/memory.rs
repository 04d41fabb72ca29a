//! What is given back of memory that is no longer needed.

/// Blocks of this size and more go back to the system as soon as they are free, in bytes.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: libc::c_int = 256 << 10;
/// Places that small blocks of all threads come from.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const ARENAS: libc::c_int = 2;

/// Lets a console that runs for weeks hold what it needs, and not what its busiest moment
/// needed: glibc keeps blocks as large as the largest that was ever freed, for each thread.
/// Elsewhere nothing has to be done.
pub(super) fn give_back_large_blocks() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(
        unsafe_code,
        reason = "mallopt has no safe form; it takes its own lock, and these settings may change at any time"
    )]
    // SAFETY: the parameters are glibc's own, with values that it allows.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
        libc::mallopt(libc::M_TRIM_THRESHOLD, LARGE);
        libc::mallopt(libc::M_ARENA_MAX, ARENAS);
    }
}
