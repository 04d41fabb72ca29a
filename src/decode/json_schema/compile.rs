//! A schema as nodes that refer to each other by index: what is wrong in it is found
//! before the first value is looked at.

use super::number::Exact;
use super::pattern::{self, MOST_PATTERNS};
use super::resources::{Draft, Found, Resources, address};
use super::{format, short};
use crate::domain::value::Value;
use regex::Regex;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

pub(super) type NodeId = usize;

/// The words of `type`, each a bit.
pub(super) const TYPES: [(&str, u8); 7] =
    [("null", 1), ("boolean", 2), ("number", 4), ("integer", 8), ("string", 16), ("array", 32), ("object", 64)];

/// What a schema says of one value.
#[derive(Default)]
pub(super) struct Node {
    /// The part of the schema that it belongs to: what `$dynamicRef` looks through.
    pub resource: usize,
    /// Nothing fits.
    pub is_never: bool,
    /// Bits of [`TYPES`]; none of them set where nothing is said.
    pub types: u8,
    /// `enum` and `const`: how the values are shown, and each in its canonical text.
    pub among: Vec<(Box<str>, HashSet<String>)>,
    pub format: Option<(Box<str>, format::Check)>,
    pub limits: Vec<Limit>,
    pub patterns: Vec<usize>,
    pub reference: Vec<NodeId>,
    pub dynamic: Option<(NodeId, Dynamic)>,
    /// All of these fit, whichever keyword says so.
    pub all: Vec<NodeId>,
    pub any: Option<Vec<NodeId>>,
    pub one: Option<Vec<NodeId>>,
    pub not: Option<NodeId>,
    pub when: Option<When>,
    pub required: Vec<Arc<str>>,
    pub properties: HashMap<Arc<str>, NodeId>,
    pub by_pattern: Vec<(usize, NodeId)>,
    pub other_properties: Option<NodeId>,
    pub names: Option<NodeId>,
    pub needs: Vec<(Arc<str>, Vec<Arc<str>>)>,
    pub fits_with: Vec<(Arc<str>, NodeId)>,
    pub first_items: Vec<NodeId>,
    pub other_items: Option<NodeId>,
    pub contains: Option<Contains>,
    pub is_unique: bool,
    pub left_properties: Option<NodeId>,
    pub left_items: Option<NodeId>,
}

pub(super) struct When {
    pub if_: NodeId,
    pub then: Option<NodeId>,
    pub otherwise: Option<NodeId>,
}

pub(super) struct Contains {
    pub item: NodeId,
    pub least: u64,
    pub most: u64,
    /// Do items that it fits count as looked at?
    pub evaluates: bool,
}

/// What else a reference may stand for, of all the parts that led to it.
pub(super) enum Dynamic {
    Anchor(Arc<str>),
    Root,
}

pub(super) enum Limit {
    Minimum(Exact, Box<str>),
    Maximum(Exact, Box<str>),
    Above(Exact, Box<str>),
    Below(Exact, Box<str>),
    Multiple(Exact, Box<str>),
    Shortest(u64),
    Longest(u64),
    FewestItems(u64),
    MostItems(u64),
    FewestProperties(u64),
    MostProperties(u64),
}

/// A pattern, or why it cannot be looked for.
pub(super) struct Pattern {
    pub text: Box<str>,
    pub regex: Result<Regex, String>,
}

/// The parts of a schema, for references whose target depends on the way to them.
#[derive(Default)]
pub(super) struct Part {
    pub anchors: HashMap<Arc<str>, NodeId>,
    /// Of 2019-09, a root that another may stand for.
    pub root: Option<NodeId>,
}

pub(super) struct Plan {
    pub nodes: Vec<Node>,
    pub parts: Vec<Part>,
    pub patterns: Vec<Pattern>,
    /// Does a node ask what others have not looked at?
    pub is_tracked: bool,
}

/// `main` is node 0.
pub(super) fn compile(resources: &Resources<'_>, main: &Value) -> Result<Plan, String> {
    let mut compiler = Compiler::new(resources);
    compiler.node(main, 0);
    for resource in 0..resources.len() {
        let Some(found) = resources.get(resource) else { continue };
        let mut part = Part::default();
        for (name, value) in &found.dynamic {
            part.anchors.insert(Arc::from(*name), compiler.node(value, resource));
        }
        if found.draft == Draft::V2019 && matches!(found.root.field("$recursiveAnchor"), Some(Value::Bool(true))) {
            part.root = Some(compiler.node(found.root, resource));
        }
        compiler.parts.push(part);
    }
    while let Some((id, value, resource)) = compiler.waiting.pop() {
        let node = compiler.describe(value, resource)?;
        if let Some(slot) = compiler.nodes.get_mut(id) {
            *slot = node;
        }
    }
    let count = compiler.patterns.len();
    if count > MOST_PATTERNS {
        return Err(format!("its schema holds {count} patterns, which are more than klamm takes"));
    }
    let patterns = compiler.patterns.into_iter();
    let patterns = patterns.map(|text| Pattern { regex: pattern::compile(text, count), text: text.into() }).collect();
    let is_tracked = compiler.nodes.iter().any(|node| node.left_items.or(node.left_properties).is_some());
    Ok(Plan { nodes: compiler.nodes, parts: compiler.parts, patterns, is_tracked })
}

struct Compiler<'r, 'a> {
    resources: &'r Resources<'a>,
    nodes: Vec<Node>,
    known: HashMap<usize, NodeId>,
    waiting: Vec<(NodeId, &'a Value, usize)>,
    parts: Vec<Part>,
    patterns: Vec<&'a str>,
    known_patterns: HashMap<&'a str, usize>,
}

impl<'r, 'a> Compiler<'r, 'a> {
    fn new(resources: &'r Resources<'a>) -> Self {
        Self {
            resources,
            nodes: Vec::new(),
            known: HashMap::new(),
            waiting: Vec::new(),
            parts: Vec::new(),
            patterns: Vec::new(),
            known_patterns: HashMap::new(),
        }
    }

    /// The node of a schema, which is described later.
    fn node(&mut self, value: &'a Value, resource: usize) -> NodeId {
        let resource = self.resources.begins(value).unwrap_or(resource);
        *self.known.entry(address(value)).or_insert_with(|| {
            let id = self.nodes.len();
            self.nodes.push(Node::default());
            self.waiting.push((id, value, resource));
            id
        })
    }

    fn list(&mut self, value: &'a Value, resource: usize, word: &str) -> Result<Vec<NodeId>, String> {
        let Value::List(items) = value else { return Err(wrong(word, "a list of schemas", value)) };
        Ok(items.iter().map(|item| self.node(item, resource)).collect())
    }

    fn pattern(&mut self, text: &'a str) -> usize {
        *self.known_patterns.entry(text).or_insert_with(|| {
            self.patterns.push(text);
            self.patterns.len() - 1
        })
    }

    fn follow(&mut self, resource: usize, word: &str, reference: &Value) -> Result<(NodeId, Found<'a>), String> {
        let Value::Text(reference) = reference else { return Err(wrong(word, "a text", reference)) };
        let found = self.resources.follow(resource, reference)?;
        Ok((self.node(found.value, found.resource), found))
    }

    fn describe(&mut self, value: &'a Value, resource: usize) -> Result<Node, String> {
        let mut node = Node { resource, ..Node::default() };
        let fields = match value {
            Value::Bool(is_allowed) => {
                node.is_never = !is_allowed;
                return Ok(node);
            }
            Value::Record(fields) => fields,
            other => return Err(format!("its schema holds {} where a schema is expected", short(other))),
        };
        let draft = self.resources.get(resource).map_or(Draft::V7, |resource| resource.draft);
        if draft < Draft::V2019
            && let Some(reference) = value.field("$ref")
        {
            node.reference.push(self.follow(resource, "$ref", reference)?.0);
            return Ok(node);
        }
        let mut words = HashSet::with_capacity(fields.len());
        for (word, said) in fields {
            if !words.insert(word) {
                return Err(format!("its schema says {word} twice in one place"));
            }
            self.keyword(&mut node, value, word, said, draft)?;
        }
        Ok(node)
    }

    fn keyword(
        &mut self,
        node: &mut Node,
        schema: &'a Value,
        word: &str,
        said: &'a Value,
        draft: Draft,
    ) -> Result<(), String> {
        let resource = node.resource;
        let is_later = draft >= Draft::V2019;
        let exact = || match said {
            Value::Number(digits) => Ok((Exact::parse(digits), digits.clone())),
            other => Err(wrong(word, "a number", other)),
        };
        let count = || match said {
            Value::Number(digits) => Exact::parse(digits).count(),
            _ => None,
        };
        let count = || count().ok_or_else(|| wrong(word, "a count", said));
        match word {
            "$ref" => node.reference.push(self.follow(resource, word, said)?.0),
            "$dynamicRef" if draft >= Draft::V2020 => {
                let (target, found) = self.follow(resource, word, said)?;
                match found.dynamic {
                    Some(name) => node.dynamic = Some((target, Dynamic::Anchor(name.into()))),
                    None => node.reference.push(target),
                }
            }
            "$recursiveRef" if draft == Draft::V2019 => {
                let (target, found) = self.follow(resource, word, said)?;
                match found.value.field("$recursiveAnchor") {
                    Some(Value::Bool(true)) => node.dynamic = Some((target, Dynamic::Root)),
                    _ => node.reference.push(target),
                }
            }
            "type" => node.types = types(said)?,
            "enum" => {
                let Value::List(values) = said else { return Err(wrong(word, "a list", said)) };
                let shown: Vec<String> = values.iter().take(8).map(short).collect();
                let more = if values.len() > shown.len() { ", …" } else { "" };
                let called = if values.len() == 1 { "" } else { "one of " };
                let shown = format!("{called}{}{more}", shown.join(", "));
                node.among.push((shown.into(), values.iter().map(canonical).collect()));
            }
            "const" if draft >= Draft::V6 => {
                node.among.push((short(said).into(), HashSet::from([canonical(said)])));
            }
            "format" => {
                if let Value::Text(format) = said {
                    node.format = format::check(format, draft).map(|check| (format.clone(), check));
                }
            }
            "allOf" => node.all.extend(self.list(said, resource, word)?),
            "anyOf" => node.any = Some(self.list(said, resource, word)?),
            "oneOf" => node.one = Some(self.list(said, resource, word)?),
            "not" => node.not = Some(self.node(said, resource)),
            "if" if draft >= Draft::V7 => {
                let mut branch = |word| schema.field(word).map(|value| self.node(value, resource));
                let (then, otherwise) = (branch("then"), branch("else"));
                node.when = Some(When { if_: self.node(said, resource), then, otherwise });
            }
            "minimum" | "maximum" => {
                let (number, text) = exact()?;
                let exclusive = if word == "minimum" { "exclusiveMinimum" } else { "exclusiveMaximum" };
                let is_exclusive = draft == Draft::V4 && matches!(schema.field(exclusive), Some(Value::Bool(true)));
                node.limits.push(match (word, is_exclusive) {
                    ("minimum", false) => Limit::Minimum(number, text),
                    ("minimum", true) => Limit::Above(number, text),
                    (_, false) => Limit::Maximum(number, text),
                    (_, true) => Limit::Below(number, text),
                });
            }
            "exclusiveMinimum" if draft >= Draft::V6 => {
                let (number, text) = exact()?;
                node.limits.push(Limit::Above(number, text));
            }
            "exclusiveMaximum" if draft >= Draft::V6 => {
                let (number, text) = exact()?;
                node.limits.push(Limit::Below(number, text));
            }
            "multipleOf" => {
                let (number, text) = exact()?;
                if number <= Exact::parse("0") {
                    return Err(wrong(word, "a number above zero", said));
                }
                node.limits.push(Limit::Multiple(number, text));
            }
            "minLength" => node.limits.push(Limit::Shortest(count()?)),
            "maxLength" => node.limits.push(Limit::Longest(count()?)),
            "minItems" => node.limits.push(Limit::FewestItems(count()?)),
            "maxItems" => node.limits.push(Limit::MostItems(count()?)),
            "minProperties" => node.limits.push(Limit::FewestProperties(count()?)),
            "maxProperties" => node.limits.push(Limit::MostProperties(count()?)),
            "pattern" => match said {
                Value::Text(text) => node.patterns.push(self.pattern(text)),
                other => return Err(wrong(word, "a text", other)),
            },
            // In draft 3 it stood in the property; some schemas have both.
            "required" if matches!(said, Value::Bool(_)) && draft == Draft::V4 => {}
            "required" => node.required = texts(said, word)?,
            "properties" => {
                let found = named(said, word)?.iter();
                node.properties = found.map(|(name, value)| (Arc::clone(name), self.node(value, resource))).collect();
            }
            "patternProperties" => {
                let found = named(said, word)?.iter();
                node.by_pattern = found.map(|(name, value)| (self.pattern(name), self.node(value, resource))).collect();
            }
            "additionalProperties" => node.other_properties = Some(self.node(said, resource)),
            "propertyNames" if draft >= Draft::V6 => node.names = Some(self.node(said, resource)),
            "dependencies" | "dependentRequired" | "dependentSchemas" if is_later || word == "dependencies" => {
                for (name, needed) in named(said, word)? {
                    match needed {
                        Value::List(_) if word != "dependentSchemas" => {
                            node.needs.push((Arc::clone(name), texts(needed, word)?));
                        }
                        other => node.fits_with.push((Arc::clone(name), self.node(other, resource))),
                    }
                }
            }
            "prefixItems" if draft >= Draft::V2020 => node.first_items = self.list(said, resource, word)?,
            "items" if draft < Draft::V2020 && matches!(said, Value::List(_)) => {
                node.first_items = self.list(said, resource, word)?;
                node.other_items = schema.field("additionalItems").map(|value| self.node(value, resource));
            }
            "items" => node.other_items = Some(self.node(said, resource)),
            "contains" if draft >= Draft::V6 => {
                let bound = |word| match schema.field(word).filter(|_| is_later) {
                    Some(Value::Number(digits)) => Exact::parse(digits).count(),
                    _ => None,
                };
                let (least, most) = (bound("minContains").unwrap_or(1), bound("maxContains").unwrap_or(u64::MAX));
                let evaluates = draft >= Draft::V2020;
                node.contains = Some(Contains { item: self.node(said, resource), least, most, evaluates });
            }
            "uniqueItems" => node.is_unique = matches!(said, Value::Bool(true)),
            "unevaluatedProperties" if is_later => node.left_properties = Some(self.node(said, resource)),
            "unevaluatedItems" if is_later => node.left_items = Some(self.node(said, resource)),
            // What only describes, or is looked at beside another keyword.
            _ => {}
        }
        Ok(())
    }
}

fn wrong(word: &str, wanted: &str, found: &Value) -> String {
    format!("its schema says {word}: {}, where {wanted} is expected", short(found))
}

fn types(said: &Value) -> Result<u8, String> {
    let one = |value: &Value| match value {
        Value::Text(word) => TYPES.iter().find(|(known, _)| **known == **word).map(|(_, bit)| *bit),
        _ => None,
    };
    let bits = match said {
        Value::List(words) => words.iter().map(one).try_fold(0, |bits, bit| Some(bits | bit?)),
        word => one(word),
    };
    bits.ok_or_else(|| wrong("type", "a type of JSON", said))
}

fn texts(said: &Value, word: &str) -> Result<Vec<Arc<str>>, String> {
    let texts = match said {
        Value::List(items) => items.iter().map(|item| match item {
            Value::Text(text) => Some(Arc::from(&**text)),
            _ => None,
        }),
        _ => return Err(wrong(word, "a list of names", said)),
    };
    texts.collect::<Option<_>>().ok_or_else(|| wrong(word, "a list of names", said))
}

fn named<'a>(said: &'a Value, word: &str) -> Result<&'a [(Arc<str>, Value)], String> {
    match said {
        Value::Record(fields) => Ok(fields),
        other => Err(wrong(word, "an object", other)),
    }
}

/// One text for all ways to write the same value: numbers by their digits, fields in the
/// order of their names. As deep as JSON is read.
pub(super) fn canonical(value: &Value) -> String {
    fn push(value: &Value, out: &mut String) {
        match value {
            Value::Number(digits) => out.push_str(&Exact::parse(digits).canonical()),
            Value::List(items) => {
                out.push('[');
                for item in items {
                    push(item, out);
                    out.push(',');
                }
                out.push(']');
            }
            Value::Record(fields) => {
                let mut fields: Vec<&(Arc<str>, Value)> = fields.iter().collect();
                fields.sort_by(|one, other| one.0.cmp(&other.0));
                out.push('{');
                for (name, value) in fields {
                    out.push_str(&Value::Text(name.as_ref().into()).to_json());
                    out.push(':');
                    push(value, out);
                    out.push(',');
                }
                out.push('}');
            }
            other => out.push_str(&other.to_json()),
        }
    }
    let mut out = String::new();
    push(value, &mut out);
    out
}
