//! A value held against a schema, up to the first place where it does not fit.
//!
//! Invariant: every node that is looked at costs a step, and so does every item; steps
//! and depth are bounded, whatever schema and value are. What cannot be told (a pattern
//! that does not take linear time) counts neither as fitting nor as not.

use super::compile::{Contains, Dynamic, Limit, Node, NodeId, Pattern, Plan, TYPES, canonical};
use super::number::Exact;
use super::short;
use crate::decode::avro::encode::Misfit;
use crate::decode::json::Step;
use crate::domain::value::Value;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Steps that a value may cost: a second or so.
const MOST_STEPS: usize = 4_000_000;
/// Schemas within schemas and values within values, together.
const MOST_DEPTH: usize = 256;
/// Reasons that are told where none of several schemas fits.
const REASONS: usize = 3;

/// Why a value does not fit.
enum Stop {
    /// Another schema may fit.
    Misfit(Misfit),
    /// Nothing can be said any more.
    Limit(Misfit),
}

impl Stop {
    fn into_misfit(self) -> Misfit {
        match self {
            Self::Misfit(misfit) | Self::Limit(misfit) => misfit,
        }
    }
}

/// What a schema that fits has looked at.
#[derive(Default)]
struct Seen {
    /// Fields or items by their places; only where somebody asks for them.
    children: HashSet<usize>,
    /// Whether it fits could not be told.
    is_unknown: bool,
}

impl Seen {
    fn add(&mut self, other: Self) {
        self.children.extend(other.children);
        self.is_unknown |= other.is_unknown;
    }
}

pub(super) fn check(plan: &Plan, value: &Value) -> Result<(), Misfit> {
    let mut checker = Checker { plan, left: MOST_STEPS, path: Vec::new(), scope: Vec::new() };
    checker.node(0, value, 0).map(drop).map_err(Stop::into_misfit)
}

struct Checker<'p> {
    plan: &'p Plan,
    left: usize,
    path: Vec<Step>,
    /// The parts of the schema that led here.
    scope: Vec<usize>,
}

impl<'p> Checker<'p> {
    fn misfit(&self, reason: impl Into<String>) -> Stop {
        Stop::Misfit(Misfit { path: self.path.clone(), reason: reason.into() })
    }

    fn expected(&self, what: &str, found: &Value) -> Stop {
        self.misfit(format!("expected {what}, got {}", short(found)))
    }

    fn limit(&self, reason: &str) -> Stop {
        Stop::Limit(Misfit { path: self.path.clone(), reason: reason.into() })
    }

    fn spend(&mut self, steps: usize) -> Result<(), Stop> {
        let left = self.left.checked_sub(steps);
        self.left = left.ok_or_else(|| self.limit("the schema leaves too much to try here"))?;
        Ok(())
    }

    /// Does it fit? What it looked at if so, and why it does not else.
    fn tried(&mut self, id: NodeId, value: &Value, depth: usize) -> Result<Result<Seen, Misfit>, Stop> {
        let (path, scope) = (self.path.len(), self.scope.len());
        match self.node(id, value, depth) {
            Ok(seen) => Ok(Ok(seen)),
            Err(Stop::Misfit(misfit)) => {
                self.path.truncate(path);
                self.scope.truncate(scope);
                Ok(Err(misfit))
            }
            Err(limit @ Stop::Limit(_)) => Err(limit),
        }
    }

    /// A field or item by a schema of its own.
    fn child(&mut self, step: Step, id: NodeId, value: &Value, depth: usize) -> Result<bool, Stop> {
        self.path.push(step);
        let seen = self.node(id, value, depth)?;
        self.path.pop();
        Ok(seen.is_unknown)
    }

    fn node(&mut self, id: NodeId, value: &Value, depth: usize) -> Result<Seen, Stop> {
        self.spend(1)?;
        if depth > MOST_DEPTH {
            return Err(self.limit("the schema leads deeper here than klamm follows"));
        }
        let plan = self.plan;
        let node = plan.nodes.get(id).ok_or_else(|| self.limit("the schema refers to what it lacks"))?;
        if node.is_never {
            return Err(self.misfit("the schema allows nothing here"));
        }
        self.scope.push(node.resource);
        let depth = depth + 1;
        let mut seen = Seen::default();
        self.itself(node, value, &mut seen)?;
        for inner in node.reference.iter().chain(&node.all) {
            seen.add(self.node(*inner, value, depth)?);
        }
        if let Some((target, dynamic)) = &node.dynamic {
            let target = self.standing_for(*target, dynamic);
            seen.add(self.node(target, value, depth)?);
        }
        match value {
            Value::Record(fields) => self.object(node, fields, value, depth, &mut seen)?,
            Value::List(items) => self.array(node, items, depth, &mut seen)?,
            _ => {}
        }
        self.choices(node, value, depth, &mut seen)?;
        self.what_is_left(node, value, depth, &mut seen)?;
        self.scope.pop();
        if !plan.is_tracked {
            seen.children.clear();
        }
        Ok(seen)
    }

    /// The outermost of those that may stand for it.
    fn standing_for(&self, target: NodeId, dynamic: &Dynamic) -> NodeId {
        let parts = self.scope.iter().filter_map(|part| self.plan.parts.get(*part));
        let mut candidates = parts.filter_map(|part| match dynamic {
            Dynamic::Anchor(name) => part.anchors.get(name).copied(),
            Dynamic::Root => part.root,
        });
        candidates.next().unwrap_or(target)
    }

    /// What is said of the value without looking into it.
    fn itself(&mut self, node: &Node, value: &Value, seen: &mut Seen) -> Result<(), Stop> {
        if node.types != 0 && type_of(value) & node.types == 0 {
            let words = TYPES.iter().filter(|(_, bit)| node.types & bit != 0).map(|(word, _)| *word);
            return Err(self.expected(&words.collect::<Vec<_>>().join(" or "), value));
        }
        if !node.among.is_empty() {
            let text = canonical(value);
            self.spend(text.len() / 16)?;
            if let Some((shown, _)) = node.among.iter().find(|(_, among)| !among.contains(&text)) {
                return Err(self.expected(shown, value));
            }
        }
        match value {
            Value::Text(text) => {
                if let Some((format, _)) = node.format.as_ref().filter(|(_, check)| !check(text)) {
                    return Err(self.expected(&format!("a text of format {format}"), value));
                }
                for pattern in &node.patterns {
                    match self.matches(*pattern, text)? {
                        Some(true) => {}
                        None => seen.is_unknown = true,
                        Some(false) => {
                            let pattern = self.plan.patterns.get(*pattern).map_or("", |pattern| &*pattern.text);
                            let what = format!("a text like {}", clipped(pattern));
                            return Err(self.expected(&what, value));
                        }
                    }
                }
                let length = text.chars().count() as u64;
                self.limits(node, value, |limit| match limit {
                    Limit::Shortest(least) => least_of(*least, length, "character"),
                    Limit::Longest(most) => most_of(*most, length, "character"),
                    _ => None,
                })
            }
            Value::Number(digits) if !node.limits.is_empty() => {
                let number = Exact::parse(digits);
                self.limits(node, value, |limit| match limit {
                    Limit::Minimum(least, text) => (number < *least).then(|| format!("at least {text}")),
                    Limit::Maximum(most, text) => (number > *most).then(|| format!("at most {text}")),
                    Limit::Above(least, text) => (number <= *least).then(|| format!("more than {text}")),
                    Limit::Below(most, text) => (number >= *most).then(|| format!("less than {text}")),
                    Limit::Multiple(divisor, text) => {
                        let is_multiple = number.is_multiple_of(divisor);
                        (is_multiple != Some(true)).then(|| format!("a multiple of {text}"))
                    }
                    _ => None,
                })
            }
            Value::List(items) => {
                let count = items.len() as u64;
                self.limits(node, value, |limit| match limit {
                    Limit::FewestItems(least) => least_of(*least, count, "item"),
                    Limit::MostItems(most) => most_of(*most, count, "item"),
                    _ => None,
                })
            }
            Value::Record(fields) => {
                let count = fields.len() as u64;
                self.limits(node, value, |limit| match limit {
                    Limit::FewestProperties(least) => least_of(*least, count, "field"),
                    Limit::MostProperties(most) => most_of(*most, count, "field"),
                    _ => None,
                })
            }
            _ => Ok(()),
        }
    }

    fn limits(&self, node: &Node, value: &Value, passed: impl Fn(&Limit) -> Option<String>) -> Result<(), Stop> {
        match node.limits.iter().find_map(passed) {
            // A count is told; a number is shown.
            Some(wanted) if wanted.contains(", got ") => Err(self.misfit(format!("expected {wanted}"))),
            Some(wanted) => Err(self.expected(&wanted, value)),
            None => Ok(()),
        }
    }

    /// `None` where nobody can tell.
    fn matches(&mut self, pattern: usize, text: &str) -> Result<Option<bool>, Stop> {
        self.spend(1 + text.len() / 64)?;
        let Some(Pattern { regex: Ok(regex), .. }) = self.plan.patterns.get(pattern) else { return Ok(None) };
        Ok(Some(regex.is_match(text)))
    }

    fn object(
        &mut self,
        node: &Node,
        fields: &[(Arc<str>, Value)],
        value: &Value,
        depth: usize,
        seen: &mut Seen,
    ) -> Result<(), Stop> {
        let known: HashSet<&str> = match node.required.is_empty() && node.needs.is_empty() && node.fits_with.is_empty()
        {
            true => HashSet::new(),
            false => fields.iter().map(|(name, _)| &**name).collect(),
        };
        let has = |name: &str| known.contains(name);
        self.spend(node.required.len() + node.needs.len() + node.fits_with.len())?;
        if let Some(missing) = node.required.iter().find(|name| !has(name)) {
            return Err(self.misfit(format!("the field {missing} is missing")));
        }
        for (name, needed) in node.needs.iter().filter(|(name, _)| has(name)) {
            self.spend(needed.len())?;
            if let Some(missing) = needed.iter().find(|name| !has(name)) {
                return Err(self.misfit(format!("the field {missing} is missing, which {name} takes")));
            }
        }
        for (place, (name, inner)) in fields.iter().enumerate() {
            self.spend(1)?;
            let mut is_known = false;
            // Whether a pattern names the field could not be told.
            let mut may_be_known = false;
            let step = || Step::Field(Arc::clone(name));
            if let Some(id) = node.properties.get(name) {
                is_known = true;
                seen.is_unknown |= self.child(step(), *id, inner, depth)?;
            }
            for (pattern, id) in &node.by_pattern {
                match self.matches(*pattern, name)? {
                    Some(true) => {
                        is_known = true;
                        seen.is_unknown |= self.child(step(), *id, inner, depth)?;
                    }
                    Some(false) => {}
                    None => may_be_known = true,
                }
            }
            if let Some(id) = node.names {
                self.path.push(step());
                match self.tried(id, &Value::Text(name.as_ref().into()), depth)? {
                    Ok(named) => seen.is_unknown |= named.is_unknown,
                    Err(misfit) => return Err(self.misfit(format!("its name: {}", misfit.reason))),
                }
                self.path.pop();
            }
            if may_be_known && !is_known {
                seen.is_unknown = true;
                seen.children.insert(place);
                continue;
            }
            if let Some(id) = node.other_properties.filter(|_| !is_known) {
                is_known = true;
                if self.plan.nodes.get(id).is_some_and(|other| other.is_never) {
                    self.path.push(step());
                    return Err(self.misfit("the schema has no such field"));
                }
                seen.is_unknown |= self.child(step(), id, inner, depth)?;
            }
            if is_known && self.plan.is_tracked {
                seen.children.insert(place);
            }
        }
        for (_, id) in node.fits_with.iter().filter(|(name, _)| has(name)) {
            seen.add(self.node(*id, value, depth)?);
        }
        Ok(())
    }

    fn array(&mut self, node: &Node, items: &[Value], depth: usize, seen: &mut Seen) -> Result<(), Stop> {
        for (place, item) in items.iter().enumerate() {
            let id = node.first_items.get(place).copied().or(node.other_items);
            let Some(id) = id else { break };
            seen.is_unknown |= self.child(Step::Item(place), id, item, depth)?;
            if self.plan.is_tracked {
                seen.children.insert(place);
            }
        }
        if node.is_unique {
            let mut known = HashMap::with_capacity(items.len());
            for (place, item) in items.iter().enumerate() {
                let text = canonical(item);
                self.spend(1 + text.len() / 16)?;
                if let Some(first) = known.insert(text, place) {
                    self.path.push(Step::Item(place));
                    return Err(self.misfit(format!("it is the same as item {first}")));
                }
            }
        }
        match &node.contains {
            Some(contains) => self.contains(contains, items, depth, seen),
            None => Ok(()),
        }
    }

    fn contains(&mut self, wanted: &Contains, items: &[Value], depth: usize, seen: &mut Seen) -> Result<(), Stop> {
        let (mut fitting, mut unknown) = (0_u64, 0_u64);
        for (place, item) in items.iter().enumerate() {
            self.path.push(Step::Item(place));
            let tried = self.tried(wanted.item, item, depth)?;
            self.path.pop();
            if let Ok(found) = tried {
                *(if found.is_unknown { &mut unknown } else { &mut fitting }) += 1;
                if wanted.evaluates {
                    seen.children.insert(place);
                }
            }
        }
        if fitting + unknown < wanted.least {
            let items = if wanted.least == 1 { "an item" } else { "more items" };
            return Err(self.misfit(format!("{items} of those that it must contain: {} of {}", fitting, wanted.least)));
        }
        if fitting > wanted.most {
            return Err(self.misfit(format!("it contains {fitting} items of which {} are allowed", wanted.most)));
        }
        seen.is_unknown |= unknown > 0;
        Ok(())
    }

    fn choices(&mut self, node: &Node, value: &Value, depth: usize, seen: &mut Seen) -> Result<(), Stop> {
        if let Some(branches) = &node.any {
            let mut misfits = Vec::new();
            let mut fits = false;
            let mut unknown = None;
            for branch in branches {
                match self.tried(*branch, value, depth)? {
                    Ok(found) if found.is_unknown => unknown = Some(found),
                    Ok(found) => {
                        fits = true;
                        seen.add(found);
                        if !self.plan.is_tracked {
                            break;
                        }
                    }
                    Err(misfit) => misfits.push(misfit),
                }
            }
            match unknown {
                Some(found) if !fits => seen.add(found),
                Some(found) => seen.children.extend(found.children),
                None if fits => {}
                None => return Err(self.none_of("anyOf", misfits)),
            }
        }
        if let Some(branches) = &node.one {
            let mut misfits = Vec::new();
            let mut fitting: Option<(usize, Seen)> = None;
            let mut unknown = None;
            for (place, branch) in branches.iter().enumerate() {
                match self.tried(*branch, value, depth)? {
                    Ok(found) if found.is_unknown => unknown = Some(found),
                    Ok(found) => {
                        if let Some((first, _)) = &fitting {
                            let reason =
                                format!("it fits the schemas {first} and {place} of oneOf, and may fit one only");
                            return Err(self.misfit(reason));
                        }
                        fitting = Some((place, found));
                    }
                    Err(misfit) => misfits.push(misfit),
                }
            }
            match (fitting, unknown) {
                (None, None) => return Err(self.none_of("oneOf", misfits)),
                (fitting, unknown) => {
                    seen.is_unknown |= unknown.is_some();
                    for found in fitting.map(|(_, found)| found).into_iter().chain(unknown) {
                        seen.add(found);
                    }
                }
            }
        }
        if let Some(id) = node.not {
            match self.tried(id, value, depth)? {
                Ok(found) if found.is_unknown => seen.is_unknown = true,
                Ok(_) => return Err(self.misfit(format!("the schema forbids {} here", short(value)))),
                Err(_) => {}
            }
        }
        if let Some(when) = &node.when {
            let branch = match self.tried(when.if_, value, depth)? {
                Ok(found) if found.is_unknown => {
                    seen.add(found);
                    None
                }
                Ok(found) => {
                    seen.add(found);
                    when.then
                }
                Err(_) => when.otherwise,
            };
            if let Some(id) = branch {
                seen.add(self.node(id, value, depth)?);
            }
        }
        Ok(())
    }

    /// Which of the reasons is told: that of the schema that fits furthest in; of those
    /// that fail at the value itself the first few.
    fn none_of(&self, word: &str, misfits: Vec<Misfit>) -> Stop {
        let here = self.path.len();
        let deepest = misfits.iter().filter(|misfit| misfit.path.len() > here).max_by_key(|misfit| misfit.path.len());
        if let Some(misfit) = deepest {
            return Stop::Misfit(misfit.clone());
        }
        let mut reasons: Vec<String> = Vec::new();
        for misfit in misfits {
            if !reasons.contains(&misfit.reason) {
                reasons.push(misfit.reason);
            }
        }
        if let [reason] = reasons.as_slice() {
            return self.misfit(reason.clone());
        }
        let more = if reasons.len() > REASONS { "; …" } else { "" };
        reasons.truncate(REASONS);
        self.misfit(format!("it fits no schema of {word}: {}{more}", reasons.join("; ")))
    }

    fn what_is_left(&mut self, node: &Node, value: &Value, depth: usize, seen: &mut Seen) -> Result<(), Stop> {
        match value {
            Value::Record(fields) => {
                let Some(id) = node.left_properties else { return Ok(()) };
                for (place, (name, inner)) in fields.iter().enumerate() {
                    if seen.children.insert(place) {
                        let step = Step::Field(Arc::clone(name));
                        if self.plan.nodes.get(id).is_some_and(|other| other.is_never) {
                            self.path.push(step);
                            return Err(self.misfit("the schema has no such field"));
                        }
                        seen.is_unknown |= self.child(step, id, inner, depth)?;
                    }
                }
            }
            Value::List(items) => {
                let Some(id) = node.left_items else { return Ok(()) };
                for (place, item) in items.iter().enumerate() {
                    if seen.children.insert(place) {
                        seen.is_unknown |= self.child(Step::Item(place), id, item, depth)?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Bits of [`TYPES`].
fn type_of(value: &Value) -> u8 {
    match value {
        Value::Null => 1,
        Value::Bool(_) => 2,
        Value::Number(digits) => 4 | if Exact::parse(digits).is_whole() { 8 } else { 0 },
        Value::Text(_) | Value::Typed { .. } | Value::Bytes(_) => 16,
        Value::List(_) => 32,
        Value::Record(_) => 64,
    }
}

fn least_of(least: u64, count: u64, what: &str) -> Option<String> {
    (count < least).then(|| format!("at least {}, got {count}", plural(least, what)))
}

fn most_of(most: u64, count: u64, what: &str) -> Option<String> {
    (count > most).then(|| format!("at most {}, got {count}", plural(most, what)))
}

fn plural(count: u64, what: &str) -> String {
    crate::domain::show::plural(usize::try_from(count).unwrap_or(usize::MAX), what)
}

fn clipped(text: &str) -> String {
    const LONGEST: usize = 80;
    let more = if text.chars().nth(LONGEST).is_some() { "…" } else { "" };
    text.chars().take(LONGEST).chain(more.chars()).collect()
}
