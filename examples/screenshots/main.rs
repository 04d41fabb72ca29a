//! Pictures of the real screens: `cargo run --example screenshots`.
//!
//! Two consoles, a dark one and a light one, sit at the same demo and are led
//! through the same story in terminals of their own. All of them have one clock,
//! which stands still and is moved by hand: rates, charts and arrivals are the same
//! at each run. So with `--check` nothing is written, and every picture is
//! compared with the one in `screenshots/`, byte for byte.
//! Each picture is an SVG in both themes. Those that the README shows are PNGs as
//! well, which look the same whatever fonts a reader has; they are made from the
//! SVGs by rsvg-convert (Debian: librsvg2-bin, fonts-dejavu-core).
//! A console is this program again: it runs klamm, with the time that it is told.

mod png;
mod shapes;
mod stage;
mod still;
mod story;
mod svg;
mod terminal;

use anyhow::{Context as _, Result, bail};
use stage::Stage;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

/// The pictures that the README shows.
const IN_README: [&str; 5] = ["overview", "group-lag", "records-avro", "reset-preview", "partition-plan"];

fn main() -> Result<ExitCode> {
    if let Some(exit) = stage::console() {
        return Ok(exit);
    }
    let words: Vec<String> = std::env::args().skip(1).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots");
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => write(&folder, &pictures()?)?,
        ["--check"] => check(&folder, &pictures()?)?,
        other => bail!("`{}` is not --check", other.join(" ")),
    }
    Ok(ExitCode::SUCCESS)
}

/// All pictures by their file's name.
fn pictures() -> Result<BTreeMap<String, String>> {
    let mut pictures = BTreeMap::new();
    let stage = Stage::set()?;
    story::tell(&stage, &mut pictures)?;
    Ok(pictures)
}

fn write(folder: &Path, pictures: &BTreeMap<String, String>) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    for name in kept(folder)?.iter().filter(|name| !pictures.contains_key(*name)) {
        std::fs::remove_file(folder.join(name))?;
    }
    for (name, picture) in pictures {
        let file = folder.join(name);
        std::fs::write(&file, picture).with_context(|| format!("cannot write {}", file.display()))?;
        writeln!(std::io::stdout(), "{}", file.display())?;
        if IN_README.iter().any(|shown| format!("{shown}.svg") == *name) {
            png::convert(&file)?;
        }
    }
    Ok(())
}

fn check(folder: &Path, pictures: &BTreeMap<String, String>) -> Result<()> {
    let mut wrong = Vec::new();
    let aside = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
    for (name, picture) in pictures {
        let kept = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        if kept != *picture {
            std::fs::create_dir_all(&aside)?;
            std::fs::write(aside.join(name), picture)?;
            let differing = kept.lines().zip(picture.lines()).find(|(kept, now)| kept != now);
            let (was, is) = differing.unwrap_or(("its end is missing, or the file", ""));
            wrong.push(format!("{name}\n  kept: {was}\n  now:  {is}"));
        }
    }
    wrong.extend(
        kept(folder)?
            .into_iter()
            .filter(|name| !pictures.contains_key(name))
            .map(|name| format!("{name} shows nothing")),
    );
    if !wrong.is_empty() {
        bail!(
            "screenshots are out of date; run `cargo run --example screenshots` (those of now are in {}):\n{}",
            aside.display(),
            wrong.join("\n")
        );
    }
    Ok(())
}

/// The pictures that are there.
fn kept(folder: &Path) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".svg") {
            names.insert(name);
        }
    }
    Ok(names)
}
