//! A place in hostile bytes: what is taken was there, and what is made of it is
//! counted.

use super::{MAX_DEPTH, MAX_VALUES};
use crate::domain::value::Value;
use bytes::Bytes;
use std::sync::Arc;

/// Why bytes are not what they were read as.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Broken {
    #[error("it ends early, at byte {0}")]
    Short(usize),
    #[error("{left} bytes follow the value")]
    Leftover { left: usize },
    #[error("{what} at byte {at}")]
    Wrong { what: &'static str, at: usize },
    #[error("it nests deeper than {MAX_DEPTH}")]
    Depth,
    #[error("it holds more than {MAX_VALUES} values")]
    Values,
}

#[derive(Debug)]
pub(super) struct Cursor<'a> {
    bytes: &'a Bytes,
    at: usize,
    values: usize,
    has_plain_keys: bool,
}

impl<'a> Cursor<'a> {
    pub fn new(bytes: &'a Bytes) -> Self {
        Self { bytes, at: 0, values: 0, has_plain_keys: true }
    }

    pub fn at(&self) -> usize {
        self.at
    }

    pub fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    pub fn take(&mut self, count: usize) -> Result<&'a [u8], Broken> {
        let short = Broken::Short(self.bytes.len());
        let end = self.at.checked_add(count).ok_or(short.clone())?;
        let taken = self.bytes.get(self.at..end).ok_or(short)?;
        self.at = end;
        Ok(taken)
    }

    /// The same, for a length off the network.
    pub fn take_long(&mut self, count: u64) -> Result<&'a [u8], Broken> {
        self.take(usize::try_from(count).map_err(|_| Broken::Short(self.bytes.len()))?)
    }

    /// Shares the memory of the whole.
    pub fn share(&self, part: &'a [u8]) -> Bytes {
        self.bytes.slice_ref(part)
    }

    /// The same for a part that was read.
    pub fn between(&self, from: usize, to: usize) -> Bytes {
        self.bytes.slice(from.min(to)..to.min(self.bytes.len()))
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        let at = self.at;
        self.take(N)?.first_chunk().copied().ok_or(Broken::Short(at))
    }

    pub fn byte(&mut self) -> Result<u8, Broken> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Counts a value that lies so deep.
    pub fn enter(&mut self, depth: usize) -> Result<(), Broken> {
        self.values += 1;
        if depth > MAX_DEPTH {
            return Err(Broken::Depth);
        }
        if self.values > MAX_VALUES { Err(Broken::Values) } else { Ok(()) }
    }

    /// What a field is called whose key in a map is this.
    pub fn name(&mut self, key: Value) -> Arc<str> {
        match key {
            Value::Text(text) => text.into(),
            other => {
                self.has_plain_keys = false;
                other.to_json().into()
            }
        }
    }

    /// Every key was a text.
    pub fn has_plain_keys(&self) -> bool {
        self.has_plain_keys
    }

    pub fn wrong(&self, what: &'static str) -> Broken {
        Broken::Wrong { what, at: self.at }
    }

    /// The whole is read whole or not at all.
    pub fn end(&self) -> Result<(), Broken> {
        match self.bytes.len() - self.at {
            0 => Ok(()),
            left => Err(Broken::Leftover { left }),
        }
    }
}
