//! The generated pages of `docs/` are what the program says of itself.

use std::path::Path;

#[test]
fn command_reference_is_up_to_date() {
    is_up_to_date("docs/commands.md", &klamm::cli::reference());
}

#[test]
fn key_reference_is_up_to_date() {
    is_up_to_date("docs/keys.md", &klamm::tui::keys_reference());
}

fn is_up_to_date(page: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    if std::env::var_os("KLAMM_WRITE_DOCS").is_some() {
        std::fs::write(&path, made).expect("the page is written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == made,
        "{page} is old; write it anew with KLAMM_WRITE_DOCS=1 cargo test --test fast reference_is_up_to_date"
    );
}
