//! Schemas of files that the profile names for topics, for bytes that name none.
//!
//! Read once, when the cluster is prepared. A file that cannot be read is a sentence that
//! stands beside each value which needs it.

use crate::decode::{ProtobufSource, WriterSchema, imports};
use crate::domain::query::Part;
use crate::domain::record::ViewAs;
use crate::domain::topic_formats::{PartFormat, SchemaFile, TopicFormats};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A larger file is nobody's schema.
const LARGEST: u64 = 4 << 20;
/// More files than this are imported by no schema.
const MOST_IMPORTS: usize = 256;

type Loaded = Result<Arc<WriterSchema>, String>;

/// By the file and what is read of it.
#[derive(Debug, Default)]
pub(super) struct OwnSchemas {
    formats: TopicFormats,
    files: BTreeMap<SchemaFile, Loaded>,
    by_fingerprint: HashMap<u64, Arc<WriterSchema>>,
}

impl OwnSchemas {
    pub(super) fn load(formats: &TopicFormats) -> Self {
        let mut own = Self { formats: formats.clone(), ..Self::default() };
        for format in formats.0.iter().flat_map(|(_, format)| [&format.key, &format.value]) {
            let PartFormat { view, schema: Some(file) } = format else { continue };
            let label: Arc<str> = file.path.file_name().unwrap_or_default().to_string_lossy().into();
            let load = || match view {
                ViewAs::Protobuf => protobuf(file, label),
                _ => WriterSchema::parse(&text(&file.path)?, "AVRO", &[], Some(label)),
            };
            let loaded = load().map(Arc::new).map_err(|reason| format!("{}: {reason}", file.path.display()));
            if let Ok(schema) = &loaded
                && let Some(fingerprint) = schema.fingerprint()
            {
                own.by_fingerprint.insert(fingerprint, Arc::clone(schema));
            }
            own.files.insert(file.clone(), loaded);
        }
        own
    }

    pub(super) fn of_topic(&self, topic: &str, part: Part) -> Option<&Loaded> {
        if self.files.is_empty() {
            return None;
        }
        let format = self.formats.format(topic)?;
        let part = match part {
            Part::Key => &format.key,
            Part::Value => &format.value,
        };
        self.files.get(part.schema.as_ref()?)
    }

    pub(super) fn by_fingerprint(&self, fingerprint: u64) -> Option<Arc<WriterSchema>> {
        self.by_fingerprint.get(&fingerprint).cloned()
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > LARGEST {
        return Err("it is too long for a schema".into());
    }
    Ok(bytes)
}

fn text(path: &Path) -> Result<String, String> {
    String::from_utf8(bytes(path)?).map_err(|_| "it is no text".to_owned())
}

/// A text with what it imports, or a set of descriptors, which has it all.
fn protobuf(file: &SchemaFile, label: Arc<str>) -> Result<WriterSchema, String> {
    let read = Bytes::from(bytes(&file.path)?);
    let message = file.message.as_deref();
    // Descriptors hold lengths, which a text has no use for.
    let is_text = |bytes: &[u8]| !bytes.iter().any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace());
    match std::str::from_utf8(&read).ok().filter(|text| is_text(text.as_bytes())) {
        Some(main) => {
            let imported = imported(main, &file.path)?;
            WriterSchema::protobuf(&ProtobufSource::Text(main), &imported, message, Some(label))
        }
        None => WriterSchema::protobuf(&ProtobufSource::Descriptors(&read), &[], message, Some(label)),
    }
}

/// The texts of all files that this one imports, and those import in turn: they lie in
/// its folder or in one around it. What is not found is shown by its fields' numbers.
pub(super) fn imported(main: &str, path: &Path) -> Result<Vec<String>, String> {
    let folders: Vec<&Path> = path.ancestors().skip(1).collect();
    let mut waiting = imports(main)?;
    let mut seen: BTreeSet<PathBuf> = BTreeSet::new();
    let mut texts = Vec::new();
    while let Some(import) = waiting.pop() {
        // What one writes into a schema leads to no other place than schemas.
        let is_below = Path::new(&import).components().all(|part| matches!(part, std::path::Component::Normal(_)));
        let places = folders.iter().map(|folder| folder.join(&import)).filter(|_| is_below);
        let Some(place) = places.into_iter().find(|place| place.is_file()) else { continue };
        if !seen.insert(place.clone()) {
            continue;
        }
        if seen.len() > MOST_IMPORTS {
            return Err(format!("it imports more than {MOST_IMPORTS} files"));
        }
        let text = text(&place).map_err(|reason| format!("{}: {reason}", place.display()))?;
        waiting.extend(imports(&text)?);
        texts.push(text);
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{self, SchemaLookup, SchemaState};
    use crate::domain::record::{ReadAs, Record};
    use crate::domain::topic_formats::TopicFormat;

    const MAIN: &str = r#"package shop; import "common/money.proto"; import "../secret.proto"; import "absent.proto";
        message Order { common.Money paid = 1; } message Line { string sku = 1; }"#;

    struct Lookup<'a>(&'a OwnSchemas);

    impl SchemaLookup for Lookup<'_> {
        fn schema(&self, _: i32) -> SchemaState {
            SchemaState::Pending
        }

        fn of_topic(&self, topic: &str, part: Part) -> Option<&Loaded> {
            self.0.of_topic(topic, part)
        }
    }

    /// A folder of schemas, and what these formats load from it.
    fn loaded(rules: &[(&str, &str)]) -> (tempfile::TempDir, OwnSchemas) {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &[u8]| std::fs::write(folder.path().join(name), text).unwrap();
        std::fs::create_dir_all(folder.path().join("schemas/common")).unwrap();
        write("order.avsc", br#"{"type":"record","name":"Order","fields":[{"name":"id","type":"long"}]}"#);
        write("broken.avsc", b"{");
        write("schemas/shop.proto", MAIN.as_bytes());
        write("schemas/common/money.proto", b"package common; message Money { int64 units = 1; }");
        write("secret.proto", b"this is no schema");
        let format = |text: &str| {
            let mut format = TopicFormat::parse(text).unwrap();
            for file in [&mut format.key.schema, &mut format.value.schema].into_iter().flatten() {
                file.path = folder.path().join(&file.path);
            }
            format
        };
        let formats = rules.iter().map(|(topics, text)| ((*topics).to_owned(), format(text))).collect();
        let own = OwnSchemas::load(&TopicFormats(formats));
        (folder, own)
    }

    fn read(own: &OwnSchemas, topic: &str, bytes: &'static [u8]) -> String {
        let schema = own.of_topic(topic, Part::Value).unwrap().as_ref().unwrap();
        let record = Record::bare(topic, Bytes::new(), Bytes::from_static(bytes));
        let decoded = decode::decode_record(record, ReadAs::default(), &Lookup(own)).value;
        assert_eq!((decoded.attempts, decoded.schema), (vec![], schema.label()));
        decoded.value.to_json()
    }

    #[test]
    fn a_topic_has_the_schema_that_its_format_names() {
        let rules = [("orders.*", "text avro:order.avsc"), ("lines", "protobuf:schemas/shop.proto#shop.Line")];
        let (_folder, own) = loaded(&[rules[0], rules[1], ("paid", "protobuf:schemas/shop.proto")]);
        assert_eq!(read(&own, "orders.v1", &[84]), r#"{"id":42}"#);
        assert_eq!(read(&own, "lines", &[10, 1, b'x']), r#"{"sku":"x"}"#);
        assert_eq!(read(&own, "paid", &[10, 2, 8, 5]), r#"{"paid":{"units":5}}"#, "what it imports is read too");
        assert!(own.of_topic("orders.v1", Part::Key).is_none() && own.of_topic("other", Part::Value).is_none());
        let fingerprint = own.of_topic("orders.v1", Part::Value).unwrap().as_ref().unwrap().fingerprint().unwrap();
        assert!(own.by_fingerprint(fingerprint).is_some());
        assert!(own.by_fingerprint(0).is_none());
    }

    #[test]
    fn a_file_that_cannot_be_used_says_why() {
        let (_folder, own) =
            loaded(&[("a", "avro:absent.avsc"), ("b", "avro:broken.avsc"), ("c", "protobuf:secret.proto")]);
        let why = |topic| own.of_topic(topic, Part::Value).unwrap().as_ref().unwrap_err().clone();
        assert!(why("a").contains("absent.avsc: ") && why("a").contains("No such file"), "{}", why("a"));
        assert!(why("b").contains("broken.avsc: its schema cannot be parsed"), "{}", why("b"));
        assert!(why("c").contains("secret.proto: its schema cannot be parsed"), "{}", why("c"));
    }
}
