//! A saved profile that is being tested: its steps as they end.

use crate::cluster::ProbeStep;

#[derive(Debug)]
pub struct ProbeDialog {
    pub name: String,
    pub steps: Vec<ProbeStep>,
    pub is_running: bool,
    pub scroll: usize,
}
