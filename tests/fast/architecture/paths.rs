//! Every path a source file names, as seen from the root of the crate.
//!
//! Follows `use` groups, `pub use`, `self`, `super`, `crate`, `klamm`, inline
//! modules, and names that an import brought in.

use super::tokens::{Kind, Token, tokenize};
use std::collections::BTreeMap;

/// Where a path leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Below our own root; empty for the root itself.
    Ours(Vec<String>),
    /// An outside crate or a name in scope, with what follows it.
    Outside(Vec<String>),
}

#[derive(Clone, Debug)]
pub struct Path {
    pub place: Place,
    pub line: usize,
    pub is_test: bool,
}

pub struct Declared {
    pub module: Vec<String>,
    pub is_test: bool,
}

pub struct Source {
    /// The file's own module: `src/kafka/wire/pool.rs` is `["kafka", "wire", "pool"]`.
    pub module: Vec<String>,
    pub paths: Vec<Path>,
    /// Modules with a file of their own: `mod name;`.
    pub declared: Vec<Declared>,
    /// Things that would let code in by a side door: `#[path]`, `include!`.
    pub side_doors: Vec<(usize, String)>,
}

pub fn read(file: &str, source: &str) -> Source {
    let module = module_of(file);
    let tokens = tokenize(source);
    let mut walk = Walk {
        tokens: &tokens,
        module: module.clone(),
        inline: Vec::new(),
        depth: 0,
        names: BTreeMap::new(),
        source: Source { module, paths: Vec::new(), declared: Vec::new(), side_doors: Vec::new() },
    };
    // Imports first: a name may be used above the `use` that brings it in.
    walk.run(true);
    walk.run(false);
    walk.source
}

fn module_of(file: &str) -> Vec<String> {
    let path = file.strip_prefix("src/").unwrap_or(file).trim_end_matches(".rs");
    let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    if parts == ["lib"] { Vec::new() } else { parts }
}

struct Walk<'a> {
    tokens: &'a [Token],
    module: Vec<String>,
    /// Open inline modules, each with the depth of its brace.
    inline: Vec<(String, usize)>,
    depth: usize,
    /// What imports brought in, by the name used here.
    names: BTreeMap<String, Vec<String>>,
    source: Source,
}

impl Walk<'_> {
    fn run(&mut self, imports: bool) {
        self.inline.clear();
        self.depth = 0;
        let mut i = 0;
        while i < self.tokens.len() {
            i = self.step(i, imports);
        }
    }

    fn word(&self, i: usize) -> Option<&str> {
        match self.tokens.get(i).map(|token| &token.kind) {
            Some(Kind::Word(word)) => Some(word),
            _ => None,
        }
    }

    fn is_mark(&self, i: usize, mark: char) -> bool {
        self.tokens.get(i).is_some_and(|token| token.is_mark(mark))
    }

    fn is_separator(&self, i: usize) -> bool {
        self.tokens.get(i).is_some_and(|token| token.kind == Kind::PathSeparator)
    }

    fn step(&mut self, i: usize, imports: bool) -> usize {
        if self.is_mark(i, '{') {
            self.depth += 1;
        } else if self.is_mark(i, '}') {
            if self.inline.last().is_some_and(|(_, depth)| *depth == self.depth) {
                self.inline.pop();
            }
            self.depth = self.depth.saturating_sub(1);
        }
        match self.word(i) {
            Some("use") if self.word(i + 1).is_some() || self.is_separator(i + 1) || self.is_mark(i + 1, '{') => {
                let mut end = i + 1;
                let mut leaves = Vec::new();
                self.tree(&mut end, &[], &mut leaves);
                if imports {
                    for (segments, name, line) in leaves {
                        self.import(&segments, name, line, self.tokens[i].is_test);
                    }
                }
                end
            }
            Some("mod") => {
                let Some(name) = self.word(i + 1).map(str::to_owned) else { return i + 1 };
                if self.is_mark(i + 2, '{') {
                    self.inline.push((name, self.depth + 1));
                } else if imports {
                    let mut module = self.here();
                    module.push(name);
                    self.source.declared.push(Declared { module, is_test: self.tokens[i].is_test });
                }
                i + 2
            }
            Some("extern") if self.word(i + 1) == Some("crate") => {
                if let Some(name) = self.word(i + 2).map(str::to_owned).filter(|_| imports) {
                    self.put(Place::Outside(vec![name]), i);
                }
                i + 3
            }
            Some(word) => {
                let side_door = match word {
                    "include" if self.is_mark(i + 1, '!') => Some("include!"),
                    "path" if self.is_mark(i + 1, '=') && self.is_mark(i.wrapping_sub(1), '[') => Some("#[path]"),
                    _ => None,
                };
                if let Some(door) = side_door.filter(|_| imports) {
                    self.source.side_doors.push((self.tokens[i].line, door.to_owned()));
                }
                self.path(i, imports)
            }
            None => i + 1,
        }
    }

    /// A path in the middle of code; returns the index after it.
    fn path(&mut self, i: usize, imports: bool) -> usize {
        let mut segments = Vec::new();
        let mut end = i;
        while let Some(word) = self.word(end) {
            segments.push(word.to_owned());
            end += 1;
            if self.is_separator(end) && self.word(end + 1).is_some() {
                end += 1;
            } else {
                break;
            }
        }
        // `a.b::<T>()` is a method, and `<T as X>::y` continues a type.
        let continues = i > 0 && (self.is_mark(i - 1, '.') || (self.is_separator(i - 1) && self.after_type(i - 1)));
        if !imports && segments.len() > 1 && !continues {
            let place = self.resolve(&segments);
            self.put(place, i);
        }
        end
    }

    /// Whether the `::` at `i` follows a type rather than beginning a path.
    fn after_type(&self, i: usize) -> bool {
        i > 0 && (self.is_mark(i - 1, '>') || self.word(i - 1).is_some())
    }

    /// A `use` tree from `i` on: leaves as (segments, name in scope, line).
    fn tree(&self, i: &mut usize, prefix: &[String], leaves: &mut Vec<(Vec<String>, String, usize)>) {
        let mut segments = prefix.to_vec();
        loop {
            let Some(token) = self.tokens.get(*i) else { return };
            match &token.kind {
                Kind::Word(word) if word == "as" => {
                    let name = self.word(*i + 1).unwrap_or("_").to_owned();
                    leaves.push((segments, name, token.line));
                    *i += 2;
                    return;
                }
                Kind::Word(word) => {
                    segments.push(word.clone());
                    *i += 1;
                }
                Kind::PathSeparator => *i += 1,
                Kind::Mark('*') => {
                    leaves.push((segments, "*".to_owned(), token.line));
                    *i += 1;
                    return;
                }
                Kind::Mark('{') => {
                    *i += 1;
                    while !self.is_mark(*i, '}') && *i < self.tokens.len() {
                        self.tree(i, &segments, leaves);
                        if self.is_mark(*i, ',') {
                            *i += 1;
                        }
                    }
                    *i += 1;
                    return;
                }
                Kind::Mark(_) => {
                    if segments.len() > prefix.len() {
                        // `use crate::a::{self, b}`: the group itself.
                        if segments.last().is_some_and(|last| last == "self") && segments.len() > 1 {
                            segments.pop();
                        }
                        let name = segments.last().cloned().unwrap_or_default();
                        leaves.push((segments, name, token.line));
                    } else {
                        *i += 1;
                    }
                    return;
                }
            }
        }
    }

    fn import(&mut self, segments: &[String], name: String, line: usize, is_test: bool) {
        let place = self.resolve(segments);
        if let Place::Ours(path) = &place {
            self.names.insert(name, path.clone());
        }
        self.source.paths.push(Path { place, line, is_test });
    }

    fn put(&mut self, place: Place, i: usize) {
        let token = &self.tokens[i];
        self.source.paths.push(Path { place, line: token.line, is_test: token.is_test });
    }

    /// The module we are in, inline ones included.
    fn here(&self) -> Vec<String> {
        self.module.iter().cloned().chain(self.inline.iter().map(|(name, _)| name.clone())).collect()
    }

    fn resolve(&self, segments: &[String]) -> Place {
        let mut base = match segments.first().map(String::as_str) {
            Some("crate" | "klamm") => Vec::new(),
            Some("self" | "super") => self.here(),
            Some(first) => match self.names.get(first) {
                Some(known) => known.clone(),
                None => return Place::Outside(segments.to_vec()),
            },
            None => return Place::Outside(Vec::new()),
        };
        let mut rest = segments;
        if matches!(segments.first().map(String::as_str), Some("self" | "super")) {
            while let Some(word @ ("self" | "super")) = rest.first().map(String::as_str) {
                if word == "super" {
                    base.pop();
                }
                rest = &rest[1..];
            }
        } else {
            rest = &rest[1..];
        }
        base.extend(rest.iter().cloned());
        Place::Ours(base)
    }
}
