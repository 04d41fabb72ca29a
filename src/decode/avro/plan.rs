//! A parsed schema as a flat list of nodes that refer to each other by index,
//! so that reading a record follows numbers instead of names.

use crate::decode::json;
use crate::decode::moment::Unit;
use crate::domain::value::Value;
use apache_avro::Schema;
use apache_avro::schema::{InnerDecimalSchema, Name, NamespaceRef, UuidSchema};
use std::collections::HashMap;
use std::sync::Arc;

pub(in crate::decode) type NodeId = usize;

#[derive(Debug)]
pub(in crate::decode) enum Node {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    Text,
    Fixed(usize),
    Enum {
        name: Arc<str>,
        symbols: Box<[Box<str>]>,
    },
    Array(NodeId),
    Map(NodeId),
    Union(Box<[NodeId]>),
    Record(Box<[(Arc<str>, NodeId)]>),
    /// In bytes, or in a fixed of `size`.
    Decimal {
        precision: u32,
        scale: u32,
        size: Option<usize>,
    },
    BigDecimal,
    UuidText,
    UuidBytes,
    UuidFixed,
    Date,
    TimeMillis,
    TimeMicros,
    Timestamp(Unit),
    LocalTimestamp(Unit),
    Duration,
}

#[derive(Debug)]
pub(in crate::decode) struct Plan {
    nodes: Vec<Node>,
    root: NodeId,
    /// The full names of those that have one.
    names: HashMap<NodeId, String>,
    /// What stands for a field of a record that is left out, by its place.
    defaults: HashMap<(NodeId, usize), Value>,
}

impl Plan {
    /// `others` are schemas that `main` refers to.
    pub fn compile(main: &Schema, others: &[Schema]) -> Result<Self, String> {
        let mut compiler = Compiler { nodes: Vec::new(), names: HashMap::new(), defaults: HashMap::new() };
        for other in others {
            compiler.node(other, None)?;
        }
        let root = compiler.node(main, None)?;
        if let Some((name, _)) =
            compiler.names.iter().find(|(_, id)| compiler.nodes.get(**id).is_some_and(Option::is_none))
        {
            return Err(format!("its schema refers to {name}, which is not defined"));
        }
        let nodes = compiler.nodes.into_iter().map(|node| node.unwrap_or(Node::Null)).collect();
        let names = compiler.names.into_iter().map(|(name, id)| (id, name)).collect();
        Ok(Self { nodes, root, names, defaults: compiler.defaults })
    }

    pub fn root_id(&self) -> NodeId {
        self.root
    }

    pub fn root(&self) -> Option<&Node> {
        self.node(self.root)
    }

    /// As Avro writes defaults: bytes as text, a union by its branch alone.
    pub fn default(&self, record: NodeId, field: usize) -> Option<&Value> {
        self.defaults.get(&(record, field))
    }

    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id)
    }

    /// What a branch of a union is called in Avro's JSON encoding.
    pub fn name(&self, id: NodeId) -> String {
        if let Some(name) = self.names.get(&id) {
            return name.clone();
        }
        let word = match self.node(id) {
            Some(Node::Null) | None => "null",
            Some(Node::Boolean) => "boolean",
            Some(Node::Int | Node::Date | Node::TimeMillis) => "int",
            Some(Node::Long | Node::TimeMicros | Node::Timestamp(_) | Node::LocalTimestamp(_)) => "long",
            Some(Node::Float) => "float",
            Some(Node::Double) => "double",
            Some(Node::Bytes | Node::Decimal { .. } | Node::BigDecimal | Node::UuidBytes) => "bytes",
            Some(Node::Text | Node::UuidText) => "string",
            Some(Node::Array(_)) => "array",
            Some(Node::Map(_)) => "map",
            Some(Node::Union(_)) => "union",
            // These have a name of their own.
            Some(Node::Fixed(_) | Node::Enum { .. } | Node::Record(_) | Node::UuidFixed | Node::Duration) => "",
        };
        word.to_owned()
    }

    pub fn is_called(&self, id: NodeId, name: &str) -> bool {
        self.name(id) == name
    }
}

struct Compiler {
    /// `None` where a name was met before its definition.
    nodes: Vec<Option<Node>>,
    names: HashMap<String, NodeId>,
    defaults: HashMap<(NodeId, usize), Value>,
}

impl Compiler {
    fn named(&mut self, name: &Name, namespace: NamespaceRef<'_>) -> NodeId {
        let full = name.fullname(namespace);
        let nodes = &mut self.nodes;
        *self.names.entry(full).or_insert_with(|| {
            nodes.push(None);
            nodes.len() - 1
        })
    }

    fn define(&mut self, id: NodeId, node: Node) -> NodeId {
        if let Some(slot) = self.nodes.get_mut(id) {
            *slot = Some(node);
        }
        id
    }

    fn add(&mut self, node: Node) -> NodeId {
        self.nodes.push(Some(node));
        self.nodes.len() - 1
    }

    fn node(&mut self, schema: &Schema, namespace: NamespaceRef<'_>) -> Result<NodeId, String> {
        let node = match schema {
            Schema::Ref { name } => return Ok(self.named(name, namespace)),
            Schema::Record(record) => {
                let id = self.named(&record.name, namespace);
                let inner = record.name.namespace().or(namespace);
                let mut fields = Vec::with_capacity(record.fields.len());
                for (place, field) in record.fields.iter().enumerate() {
                    // It was JSON, and is no deeper than the schema.
                    let default = field.default.as_ref().map(|default| json::read(default.to_string().as_bytes()));
                    if let Some(Ok(default)) = default {
                        self.defaults.insert((id, place), default);
                    }
                    fields.push((Arc::from(field.name.as_str()), self.node(&field.schema, inner)?));
                }
                return Ok(self.define(id, Node::Record(fields.into())));
            }
            Schema::Enum(symbols) => {
                let id = self.named(&symbols.name, namespace);
                let name = Arc::from(symbols.name.name());
                let symbols = symbols.symbols.iter().map(|symbol| symbol.as_str().into()).collect();
                return Ok(self.define(id, Node::Enum { name, symbols }));
            }
            Schema::Fixed(fixed) => {
                let id = self.named(&fixed.name, namespace);
                return Ok(self.define(id, Node::Fixed(fixed.size)));
            }
            Schema::Duration(fixed) => {
                let id = self.named(&fixed.name, namespace);
                let node = if fixed.size == 12 { Node::Duration } else { Node::Fixed(fixed.size) };
                return Ok(self.define(id, node));
            }
            Schema::Decimal(decimal) => {
                let precision = u32::try_from(decimal.precision).unwrap_or(u32::MAX);
                let scale = u32::try_from(decimal.scale).unwrap_or(u32::MAX);
                match &decimal.inner {
                    InnerDecimalSchema::Bytes => Node::Decimal { precision, scale, size: None },
                    InnerDecimalSchema::Fixed(fixed) => {
                        let id = self.named(&fixed.name, namespace);
                        return Ok(self.define(id, Node::Decimal { precision, scale, size: Some(fixed.size) }));
                    }
                }
            }
            Schema::Uuid(UuidSchema::Fixed(fixed)) => {
                let id = self.named(&fixed.name, namespace);
                let node = if fixed.size == 16 { Node::UuidFixed } else { Node::Fixed(fixed.size) };
                return Ok(self.define(id, node));
            }
            Schema::Array(array) => Node::Array(self.node(&array.items, namespace)?),
            Schema::Map(map) => Node::Map(self.node(&map.types, namespace)?),
            Schema::Union(union) => {
                let branches: Result<Vec<_>, _> =
                    union.variants().iter().map(|branch| self.node(branch, namespace)).collect();
                Node::Union(branches?.into())
            }
            Schema::Null => Node::Null,
            Schema::Boolean => Node::Boolean,
            Schema::Int => Node::Int,
            Schema::Long => Node::Long,
            Schema::Float => Node::Float,
            Schema::Double => Node::Double,
            Schema::Bytes => Node::Bytes,
            Schema::String => Node::Text,
            Schema::BigDecimal => Node::BigDecimal,
            Schema::Uuid(UuidSchema::String) => Node::UuidText,
            Schema::Uuid(UuidSchema::Bytes) => Node::UuidBytes,
            Schema::Date => Node::Date,
            Schema::TimeMillis => Node::TimeMillis,
            Schema::TimeMicros => Node::TimeMicros,
            Schema::TimestampMillis => Node::Timestamp(Unit::Millis),
            Schema::TimestampMicros => Node::Timestamp(Unit::Micros),
            Schema::TimestampNanos => Node::Timestamp(Unit::Nanos),
            Schema::LocalTimestampMillis => Node::LocalTimestamp(Unit::Millis),
            Schema::LocalTimestampMicros => Node::LocalTimestamp(Unit::Micros),
            Schema::LocalTimestampNanos => Node::LocalTimestamp(Unit::Nanos),
        };
        Ok(self.add(node))
    }
}
