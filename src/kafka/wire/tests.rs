//! The wire against a scripted broker: good days, bad days, and hostile ones.

mod bad_days;
mod decoding;
mod routing;
mod secure;
