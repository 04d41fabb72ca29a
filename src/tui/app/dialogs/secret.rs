//! A secret that is asked for once a run.

use super::super::effect::Request;
use super::super::input::SecretInput;
use crate::profile::Question;

#[derive(Debug)]
pub struct SecretDialog {
    pub question: Question,
    pub input: SecretInput,
    /// What waits for it.
    pub then: Request,
}
