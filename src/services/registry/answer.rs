//! The registry's documents, as far as klamm reads them.

use serde::Deserialize;

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

#[derive(Debug, Deserialize)]
pub(super) struct Reference {
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
