//! Files linked into numbers: which message, which field, which enum.

use super::file::{Enum, Field, File, Kind, Message};
use super::well_known::{self, Known};
use crate::domain::value::{Logical, Value};
use std::collections::HashMap;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::decode) struct MessageId(usize);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::decode) struct EnumId(usize);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Double,
    Float,
    Int32,
    Int64,
    UInt32,
    UInt64,
    SInt32,
    SInt64,
    Fixed32,
    Fixed64,
    SFixed32,
    SFixed64,
    Bool,
    Text,
    Bytes,
    Message(MessageId),
    Group(MessageId),
    Enum(EnumId),
    Map {
        key: Box<Type>,
        value: Box<Type>,
    },
    /// A type of a file that is not there.
    Unresolved,
}

impl Type {
    /// May many of them lie in one field without tags?
    pub fn is_packable(&self) -> bool {
        !matches!(
            self,
            Self::Text | Self::Bytes | Self::Message(_) | Self::Group(_) | Self::Map { .. } | Self::Unresolved
        )
    }

    pub fn wire_type(&self) -> u8 {
        match self {
            Self::Double | Self::Fixed64 | Self::SFixed64 => 1,
            Self::Float | Self::Fixed32 | Self::SFixed32 => 5,
            Self::Text | Self::Bytes | Self::Message(_) | Self::Map { .. } | Self::Unresolved => 2,
            Self::Group(_) => 3,
            _ => 0,
        }
    }

    fn scalar(word: &str) -> Option<Self> {
        Some(match word {
            "double" => Self::Double,
            "float" => Self::Float,
            "int32" => Self::Int32,
            "int64" => Self::Int64,
            "uint32" => Self::UInt32,
            "uint64" => Self::UInt64,
            "sint32" => Self::SInt32,
            "sint64" => Self::SInt64,
            "fixed32" => Self::Fixed32,
            "fixed64" => Self::Fixed64,
            "sfixed32" => Self::SFixed32,
            "sfixed64" => Self::SFixed64,
            "bool" => Self::Bool,
            "string" => Self::Text,
            "bytes" => Self::Bytes,
            _ => return None,
        })
    }
}

#[derive(Debug)]
pub(super) struct FieldPlan {
    pub name: Arc<str>,
    pub number: u32,
    pub is_repeated: bool,
    /// Is it written with one length before all?
    pub is_packed: bool,
    /// Of those with the same number only one is there.
    pub oneof: Option<usize>,
    pub kind: Type,
}

/// An enum by its numbers, and by all its names.
#[derive(Debug, Default)]
struct EnumPlan {
    names: HashMap<i32, Arc<str>>,
    numbers: HashMap<Arc<str>, i32>,
}

#[derive(Debug, Default)]
pub(super) struct MessagePlan {
    pub fields: Vec<FieldPlan>,
    /// Number to place in `fields`.
    places: HashMap<u32, usize>,
    pub known: Option<Known>,
    /// The messages within it, in the file's order.
    nested: Vec<MessageId>,
}

impl MessagePlan {
    pub fn place(&self, number: u32) -> Option<usize> {
        self.places.get(&number).copied()
    }
}

#[derive(Debug, Default)]
pub(super) struct Plan {
    messages: Vec<MessagePlan>,
    enums: Vec<EnumPlan>,
    names: HashMap<String, Named>,
    /// The messages of the main file, in its order.
    top: Vec<MessageId>,
}

#[derive(Clone, Copy, Debug)]
enum Named {
    Message(MessageId),
    Enum(EnumId),
}

impl Plan {
    /// Names that are defined nowhere stay unresolved.
    pub fn link(main: File, others: Vec<File>) -> Self {
        let mut plan = Self::default();
        // Names first, whatever the order of the files; what was there first stays.
        let mut waiting = Vec::new();
        plan.top = plan.declare_file(&main, &mut waiting);
        for other in &others {
            plan.declare_file(other, &mut waiting);
        }
        let built_in = well_known::files();
        for file in &built_in {
            plan.declare_file(file, &mut waiting);
        }
        for (id, scope, message) in waiting {
            plan.define(id, &scope, message);
        }
        plan
    }

    pub fn message(&self, id: MessageId) -> Option<&MessagePlan> {
        self.messages.get(id.0)
    }

    /// By its full name, without a dot before it.
    pub fn named(&self, name: &str) -> Option<MessageId> {
        match self.names.get(name) {
            Some(Named::Message(id)) => Some(*id),
            Some(Named::Enum(_)) | None => None,
        }
    }

    /// The full name of a message.
    pub fn name_of(&self, id: MessageId) -> Option<&str> {
        let is_it = |named: &Named| matches!(named, Named::Message(known) if *known == id);
        self.names.iter().find(|(_, named)| is_it(named)).map(|(name, _)| name.as_str())
    }

    pub fn by_indexes(&self, path: &[usize]) -> Option<MessageId> {
        let (first, rest) = path.split_first()?;
        let mut id = *self.top.get(*first)?;
        for index in rest {
            id = *self.message(id)?.nested.get(*index)?;
        }
        Some(id)
    }

    /// Where a message stands in the main file, as [`by_indexes`](Self::by_indexes) takes it.
    pub fn indexes_of(&self, id: MessageId) -> Option<Vec<usize>> {
        self.indexes_among(&self.top, id)
    }

    fn indexes_among(&self, messages: &[MessageId], id: MessageId) -> Option<Vec<usize>> {
        messages.iter().enumerate().find_map(|(index, here)| {
            if *here == id {
                return Some(vec![index]);
            }
            let within = self.indexes_among(&self.message(*here)?.nested, id)?;
            Some([vec![index], within].concat())
        })
    }

    /// The number of an enum's value by its name, or by an alias.
    pub fn number_of(&self, id: EnumId, name: &str) -> Option<i32> {
        self.enums.get(id.0)?.numbers.get(name).copied()
    }

    /// The names of an enum's values, in the order of their numbers; the first of many.
    pub fn symbols(&self, id: EnumId) -> Vec<&str> {
        let mut symbols: Vec<_> = self.enums.get(id.0).into_iter().flat_map(|found| &found.names).collect();
        symbols.sort_unstable();
        symbols.into_iter().take(8).map(|(_, name)| &**name).collect()
    }

    /// A value of an enum by its name, or by its number where it has none.
    pub fn symbol(&self, id: EnumId, number: i32) -> Value {
        match self.enums.get(id.0).and_then(|found| found.names.get(&number)) {
            Some(name) => Value::Typed { text: (&**name).into(), logical: Logical::Enum },
            None => Value::Number(number.to_string().into()),
        }
    }

    fn declare_file<'f>(
        &mut self,
        file: &'f File,
        waiting: &mut Vec<(MessageId, String, &'f Message)>,
    ) -> Vec<MessageId> {
        for found in &file.enums {
            self.declare_enum(&file.package, found);
        }
        file.messages.iter().map(|message| self.declare(&file.package, message, waiting)).collect()
    }

    fn declare<'f>(
        &mut self,
        scope: &str,
        message: &'f Message,
        waiting: &mut Vec<(MessageId, String, &'f Message)>,
    ) -> MessageId {
        let name = joined(scope, &message.name);
        let id = MessageId(self.messages.len());
        self.messages.push(MessagePlan { known: Known::of(&name), ..MessagePlan::default() });
        self.names.entry(name.clone()).or_insert(Named::Message(id));
        for found in &message.enums {
            self.declare_enum(&name, found);
        }
        let nested = message.messages.iter().map(|inner| self.declare(&name, inner, waiting)).collect();
        if let Some(plan) = self.messages.get_mut(id.0) {
            plan.nested = nested;
        }
        waiting.push((id, name, message));
        id
    }

    fn declare_enum(&mut self, scope: &str, found: &Enum) {
        let id = EnumId(self.enums.len());
        let mut plan = EnumPlan::default();
        for (name, number) in &found.values {
            let name: Arc<str> = name.as_str().into();
            plan.numbers.entry(Arc::clone(&name)).or_insert(*number);
            // Of aliases the first is the name.
            plan.names.entry(*number).or_insert(name);
        }
        self.enums.push(plan);
        self.names.entry(joined(scope, &found.name)).or_insert(Named::Enum(id));
    }

    fn define(&mut self, id: MessageId, scope: &str, message: &Message) {
        let fields: Vec<FieldPlan> = message.fields.iter().map(|field| self.field(scope, field)).collect();
        let places = message.fields.iter().enumerate().map(|(at, field)| (field.number, at)).collect();
        if let Some(plan) = self.messages.get_mut(id.0) {
            plan.fields = fields;
            plan.places = places;
        }
    }

    fn field(&self, scope: &str, field: &Field) -> FieldPlan {
        let kind = match &field.kind {
            Kind::Named(name) => self.resolve(scope, name),
            Kind::Map { key, value } => {
                Type::Map { key: Box::new(self.resolve(scope, key)), value: Box::new(self.resolve(scope, value)) }
            }
            Kind::Group(name) => match self.resolve(scope, name) {
                Type::Message(id) => Type::Group(id),
                other => other,
            },
        };
        let Field { number, is_repeated, oneof, .. } = *field;
        let is_packed = field.is_packed && is_repeated && kind.is_packable();
        FieldPlan { name: field.name.as_str().into(), number, is_repeated, is_packed, oneof, kind }
    }

    /// From the innermost scope outwards, as the language has it.
    fn resolve(&self, scope: &str, name: &str) -> Type {
        if let Some(scalar) = Type::scalar(name) {
            return scalar;
        }
        let found = match name.strip_prefix('.') {
            Some(absolute) => self.names.get(absolute),
            None => {
                let mut scope = Some(scope);
                std::iter::from_fn(|| {
                    let here = scope?;
                    scope = match here.rsplit_once('.') {
                        Some((outer, _)) => Some(outer),
                        None if here.is_empty() => None,
                        None => Some(""),
                    };
                    Some(joined(here, name))
                })
                .find_map(|full| self.names.get(&full))
            }
        };
        match found {
            Some(Named::Message(id)) => Type::Message(*id),
            Some(Named::Enum(id)) => Type::Enum(*id),
            None => Type::Unresolved,
        }
    }
}

fn joined(scope: &str, name: &str) -> String {
    if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") }
}
