//! The demo cluster, as one more cluster that the checks run against.

use crate::target::{Security, Target};
use crate::witness::runtime;
use klamm::demo::{Demo as Embedded, Options};

pub struct Demo {
    embedded: Embedded,
}

impl Demo {
    pub fn start() -> Result<Self, String> {
        let embedded =
            runtime().block_on(Embedded::start(Options::default())).map_err(|failure| failure.to_string())?;
        Ok(Self { embedded })
    }

    pub fn target(&self) -> Target {
        Target {
            bootstrap: self.embedded.bootstrap(),
            security: Security::default(),
            registry: Some(self.embedded.registry_url()),
        }
    }
}
