//! The JSON Schema of the configuration file, for editors that complete by it.
//!
//! Made from the table of settings; what stands outside of profiles is listed here.

use super::field::{FIELDS, FieldRow, Kind};
use crate::domain::rules::{MOST_INTERVALS, Rule};
use serde_json::{Map, Value as Json, json};

/// The schema as text.
pub fn schema() -> String {
    let profile = json!({
        "type": "object",
        "description": "A cluster",
        "properties": settings(),
        "required": ["bootstrap"],
    });
    let schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "klamm's configuration",
        "type": "object",
        "properties": {
            "version": {"const": 1, "description": "The version of the file's shape"},
            "default": text("The profile that is used when none is named"),
            "state_dir": text("Where journals and samples are kept"),
            "theme": text("dark, light, high-contrast, 16-colours, colour-blind, monochrome, or a file in the folder themes"),
            "keymap": {"enum": ["klamm", "k9s"], "description": "Whose keys"},
            "ascii": {"type": "boolean", "description": "Draw with ASCII alone"},
            "keys": {
                "type": "object",
                "description": "Keys by command id",
                "additionalProperties": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
            },
            "profiles": {"type": "object", "additionalProperties": profile},
        },
        "additionalProperties": false,
        "definitions": {"secret": secret()},
    });
    // Text, lists and maps with text keys always serialise.
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

fn text(doc: &str) -> Json {
    json!({"type": "string", "description": doc})
}

fn secret() -> Json {
    let source = |key: &str, value: Json, doc: &str| {
        json!({
            "type": "object", "description": doc, "properties": {key: value},
            "required": [key], "additionalProperties": false,
        })
    };
    json!({
        "description": "Where a secret is kept",
        "anyOf": [
            source("env", json!({"type": "string"}), "An environment variable"),
            source("file", json!({"type": "string"}), "The first line of a file"),
            source("command", json!({"type": "array", "items": {"type": "string"}, "minItems": 1}),
                "The first line that a program prints"),
            source("keyring", json!({"type": "string"}), "An account of the service klamm in the system's keyring"),
            source("prompt", json!({"const": true}), "Asked for once, and kept for the run"),
            {"type": "string", "description": "The secret itself, for anyone who reads the file: better not"},
        ],
    })
}

fn settings() -> Map<String, Json> {
    let mut settings = Map::new();
    for row in FIELDS {
        match row.path {
            // TLS is a yes or a section.
            ["tls"] => {
                let section = section("tls");
                settings.insert("tls".into(), json!({"description": row.doc, "anyOf": [{"type": "boolean"}, section]}));
            }
            [key] => {
                settings.insert((*key).to_owned(), value(row));
            }
            [name, _] if settings.contains_key(*name) => {}
            ["registry", _] => {
                let section = section("registry");
                settings.insert("registry".into(), json!({"anyOf": [text("Its address"), section]}));
            }
            [name, _] => {
                settings.insert((*name).to_owned(), section(name));
            }
            _ => {}
        }
    }
    settings
}

fn section(name: &str) -> Json {
    let mut properties = Map::new();
    for row in FIELDS {
        if let [section, key] = row.path
            && *section == name
        {
            properties.insert((*key).to_owned(), value(row));
        }
    }
    if matches!(name, "tls" | "registry") {
        properties.insert("ca_pem".into(), text("The authority's certificate itself (PEM)"));
    }
    json!({"type": "object", "properties": properties, "additionalProperties": false})
}

fn value(row: &FieldRow) -> Json {
    let mut value = match row.kind {
        Kind::Addresses => {
            json!({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]})
        }
        Kind::Flag => json!({"type": "boolean"}),
        Kind::Words(words) => json!({"enum": words}),
        Kind::ByteRate => json!({"type": ["string", "integer"]}),
        Kind::Secret => return json!({"description": row.doc, "allOf": [{"$ref": "#/definitions/secret"}]}),
        Kind::Context => json!({"type": "string", "minLength": 1}),
        Kind::Formats => {
            let words: Vec<&str> = crate::domain::topic_formats::WORDS.iter().map(|(word, _)| *word).collect();
            let part = format!(r"({}|avro:\S+|protobuf:\S+)", words.join("|"));
            let other = json!({"type": "string", "pattern": format!("^{part}( {part})?$")});
            json!({"type": "object", "additionalProperties": {"anyOf": [{"enum": words}, other]}})
        }
        Kind::Masks => json!({"type": "object", "additionalProperties": {"type": "string"}}),
        Kind::Rule(Rule::MinimumComplete) => json!({"type": "number", "minimum": 0, "maximum": 1}),
        Kind::Rule(Rule::Intervals) => json!({"type": "integer", "minimum": 1, "maximum": MOST_INTERVALS}),
        Kind::Rule(Rule::AllowedLag) => json!({"type": "integer", "minimum": 0}),
        Kind::Rule(Rule::MinDistance | Rule::Expire) => json!({"type": "string"}),
        Kind::Expression => json!({"type": "string", "format": "regex"}),
        Kind::Url => json!({"type": "string", "pattern": "^https?://"}),
        Kind::Path | Kind::Colour | Kind::Zone | Kind::Duration | Kind::Text => json!({"type": "string"}),
    };
    if let Some(members) = value.as_object_mut() {
        let default = if row.default.is_empty() { String::new() } else { format!(" (default: {})", row.default) };
        members.insert("description".into(), json!(format!("{}{default}", row.doc)));
    }
    value
}
