//! The pictures that the pages show are there, in both themes, and none is left out.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The files of `screenshots/` that a page names.
fn named(page: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).expect("the page is there");
    let ends = |c: char| !(c.is_ascii_alphanumeric() || "-._".contains(c));
    let names = text.split("screenshots/").skip(1).filter_map(|rest| rest.split(ends).next());
    names.map(str::to_owned).collect()
}

#[test]
fn every_picture_is_in_the_tour_and_every_page_shows_what_is_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots");
    let entries = fs::read_dir(&folder).expect("there are pictures");
    let files: BTreeSet<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    for page in ["README.md", "docs/tour.md"] {
        let missing: Vec<_> = named(page).difference(&files).cloned().collect();
        assert!(missing.is_empty(), "{page} shows what is not there: {missing:?}");
    }
    let tour = named("docs/tour.md");
    for file in files.iter().filter(|file| file.ends_with(".svg") && !file.ends_with("-light.svg")) {
        assert!(tour.contains(file), "{file} is not in the tour");
        assert!(files.contains(&file.replace(".svg", "-light.svg")), "{file} is there in one theme alone");
    }
}
