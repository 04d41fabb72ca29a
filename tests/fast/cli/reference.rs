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

#[test]
fn schema_reference_is_up_to_date() {
    let schema = crate::cli::bare().args(["config", "schema"]).output().expect("it runs");
    is_up_to_date("docs/config.schema.json", &crate::cli::text(&schema.stdout));
}

/// The example is what the schema says, and the schema says when something is wrong.
#[test]
fn the_example_fits_the_schema_of_the_configuration() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut schemas = boon::Schemas::new();
    let path = root.join("docs/config.schema.json").display().to_string();
    let schema = boon::Compiler::new().compile(&path, &mut schemas).expect("a schema");
    let example = std::fs::read_to_string(root.join("config.example.toml")).expect("the example");
    assert!(example.starts_with("#:schema docs/config.schema.json\n"), "editors find the schema by the first line");
    let judge = |text: &str| {
        let table: toml::Table = text.parse().expect("TOML");
        schemas.validate(&serde_json::to_value(table).expect("JSON"), schema).map_err(|error| format!("{error:#}"))
    };
    judge(&example).expect("the example fits");
    for wrong in [
        "theme = 1",
        "[profiles.a]",
        "[profiles.a]\nbootstrap = \"h\"\ntls = { cas = \"x\" }",
        "[profiles.a]\nbootstrap = \"h\"\nsasl = { mechanism = \"GSSAPI\" }",
        "[profiles.a]\nbootstrap = \"h\"\nsasl = { password = { vault = \"x\" } }",
        "[profiles.a]\nbootstrap = \"h\"\nformats = { x = \"yaml\" }",
    ] {
        assert!(judge(wrong).is_err(), "{wrong}");
    }
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
