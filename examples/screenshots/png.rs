//! An SVG as a PNG, by a program of the system's.

use anyhow::{Context as _, Result, bail};
use std::path::Path;
use std::process::Command;

/// Sharp where a reader's page is as wide as usual.
const ZOOM: &str = "1.25";

/// Writes the PNG beside its SVG.
pub fn convert(svg: &Path) -> Result<()> {
    let png = svg.with_extension("png");
    let converted = Command::new("rsvg-convert")
        .args(["--zoom", ZOOM, "--output"])
        .arg(&png)
        .arg(svg)
        .status()
        .context("rsvg-convert is missing: install the Debian packages librsvg2-bin and fonts-dejavu-core")?;
    if !converted.success() {
        bail!("rsvg-convert cannot read {}", svg.display());
    }
    Ok(())
}
