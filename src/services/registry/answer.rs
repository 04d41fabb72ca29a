//! The registry's documents, as far as klamm reads them.

use serde::{Deserialize, Serialize};

fn avro() -> String {
    "AVRO".to_owned()
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SchemaById {
    pub schema: String,
    /// Absent for Avro.
    #[serde(default = "avro")]
    pub schema_type: String,
    #[serde(default)]
    pub references: Vec<Reference>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Version {
    pub subject: String,
    pub version: i32,
    pub id: i32,
    pub schema: String,
    #[serde(default = "avro")]
    pub schema_type: String,
    #[serde(default)]
    pub references: Vec<Reference>,
    /// Only newer registries have them.
    #[serde(default)]
    pub guid: Option<String>,
}

/// Another schema that one refers to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Reference {
    /// What the schema calls it: a type's full name, an import's path, a `$ref`.
    pub name: String,
    pub subject: String,
    pub version: i32,
}

#[derive(Debug, Deserialize)]
pub(super) struct SubjectVersion {
    pub subject: String,
    pub version: i32,
}

/// `{"error_code":40403,"message":"Schema not found"}`
#[derive(Debug, Deserialize)]
pub(super) struct Refusal {
    pub error_code: i32,
    #[serde(default)]
    pub message: String,
}
