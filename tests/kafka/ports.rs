//! Free ports on loopback.
//!
//! Taken below the range the kernel hands to outgoing connections, since a port
//! found free there may be somebody's source port a moment later. A collision is
//! still possible between looking and binding; whoever starts a server retries.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Mutex;

const RANGE: std::ops::Range<u16> = 20_000..32_000;

static NEXT: Mutex<Option<u16>> = Mutex::new(None);

/// `count` ports that were free just now and that no other caller here was given.
pub fn take(count: usize) -> Vec<u16> {
    let mut next = NEXT.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    // Two test runs at a time begin at different places.
    let begin = RANGE.start + u16::try_from(std::process::id() % 1_100).unwrap_or(0) * 10;
    let mut port = next.unwrap_or(begin);
    let mut found = Vec::with_capacity(count);
    for _ in 0..RANGE.len() {
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            found.push(port);
        }
        port = if port + 1 >= RANGE.end { RANGE.start } else { port + 1 };
        if found.len() == count {
            break;
        }
    }
    *next = Some(port);
    assert_eq!(found.len(), count, "no {count} free ports on loopback between {} and {}", RANGE.start, RANGE.end);
    found
}
