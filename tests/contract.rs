//! What the binary prints as JSON, held against the schemas of `docs/json/`.

use boon::{Compiler, SchemaIndex, Schemas};
use klamm::cli::{Document, documents};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;

struct Contract {
    schemas: Schemas,
    by_name: BTreeMap<&'static str, SchemaIndex>,
}

static CONTRACT: LazyLock<Contract> = LazyLock::new(|| {
    let mut compiler = Compiler::new();
    compiler.enable_format_assertions();
    let mut schemas = Schemas::new();
    let mut by_name = BTreeMap::new();
    for Document { name, .. } in documents() {
        let path = path(name).display().to_string();
        let compiled = compiler.compile(&path, &mut schemas);
        let schema = compiled.map_err(|error| format!("{error:#}")).expect(name);
        by_name.insert(*name, schema);
    }
    Contract { schemas, by_name }
});

pub fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("docs/json/{name}.schema.json"))
}

/// What the command in `line` prints; the words of a command follow each other.
pub fn document_of(line: &str) -> &'static Document {
    let words: Vec<&str> = line.split_whitespace().collect();
    let commands = documents().iter().flat_map(|document| document.commands.iter().map(move |words| (document, words)));
    let meant = commands.filter(|(_, command)| {
        let command: Vec<&str> = command.split(' ').collect();
        words.windows(command.len()).any(|part| part == command)
    });
    // A profile or a topic may be called like a noun.
    let (document, _) = meant.max_by_key(|(_, command)| command.len()).expect("a command with a document");
    document
}

/// Why `json` is not what the schema says.
pub fn broken(name: &str, json: &Json) -> Option<String> {
    let result = CONTRACT.schemas.validate(json, CONTRACT.by_name[name]);
    result.err().map(|error| format!("{error:#}"))
}

/// Ends the test when `line` printed something that its schema does not know.
pub fn holds(line: &str, json: &Json) {
    let why = broken(document_of(line).name, json).unwrap_or_default();
    assert!(why.is_empty(), "klamm {line} prints what docs/json does not say: {why}\n{json}");
}
