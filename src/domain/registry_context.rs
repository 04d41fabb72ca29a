//! Contexts: the rooms of one schema registry.
//!
//! Each has ids and subjects of its own, so that the same id means another schema in
//! another context. A subject of a context is called `:.name:subject` where all are
//! told together; GUIDs mean the same in all of them.

use std::fmt;
use std::sync::Arc;

/// `.staging`; the default one is `.`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistryContext(Arc<str>);

const DEFAULT: &str = ".";

impl Default for RegistryContext {
    fn default() -> Self {
        Self(DEFAULT.into())
    }
}

impl fmt::Display for RegistryContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl RegistryContext {
    /// Of `staging`, `.staging` or `:.staging:`, as people and registries write it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bare = text.strip_prefix(':').and_then(|rest| rest.strip_suffix(':')).unwrap_or(text);
        let name = bare.strip_prefix('.').unwrap_or(bare);
        let is_odd = |c: char| c.is_control() || c.is_whitespace() || matches!(c, ':' | '/' | '*' | '?' | '#' | '%');
        if bare.is_empty() || name.chars().any(is_odd) || name == "." {
            return Err("a context is a name such as .staging; the default one is a dot".into());
        }
        Ok(Self(format!(".{name}").into()))
    }

    pub fn is_default(&self) -> bool {
        &*self.0 == DEFAULT
    }

    /// What a subject of this context is called among those of all.
    pub fn qualified(&self, subject: &str) -> String {
        if self.is_default() { subject.to_owned() } else { format!(":{}:{subject}", self.0) }
    }

    /// The context that a subject's name says, and the name within it.
    pub fn split(subject: &str) -> (Self, &str) {
        let named = subject.strip_prefix(":.").and_then(|rest| rest.split_once(':'));
        match named {
            Some((name, rest)) => (Self(format!(".{name}").into()), rest),
            None => (Self::default(), subject),
        }
    }

    /// A subject's name within this context; `None` of a subject of another one. A name
    /// that says no context is taken for one of this.
    pub fn own<'a>(&self, subject: &'a str) -> Option<&'a str> {
        if !subject.starts_with(":.") {
            return Some(subject);
        }
        let (context, rest) = Self::split(subject);
        (context == *self).then_some(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("staging", Some(".staging"))]
    #[case(".staging", Some(".staging"))]
    #[case(":.staging:", Some(".staging"))]
    #[case("a.b-c", Some(".a.b-c"))]
    #[case(".", Some("."))]
    #[case("", None)]
    #[case("..", None)]
    #[case(":*:", None)]
    #[case("a/b", None)]
    #[case("a:b", None)]
    #[case("a\nb", None)]
    fn a_context_is_read_as_people_write_it(#[case] text: &str, #[case] wanted: Option<&str>) {
        assert_eq!(RegistryContext::parse(text).ok().map(|context| context.to_string()).as_deref(), wanted);
    }

    #[test]
    fn subjects_are_told_apart_by_context() {
        let staging = RegistryContext::parse("staging").unwrap();
        assert_eq!(staging.qualified("orders-value"), ":.staging:orders-value");
        assert_eq!(staging.own(":.staging:orders-value"), Some("orders-value"));
        assert_eq!(staging.own("orders-value"), Some("orders-value"));
        assert_eq!(staging.own(":.other:orders-value"), None);
        let default = RegistryContext::default();
        assert_eq!(
            (default.qualified("s"), default.own(":.x:s"), default.own(":odd")),
            ("s".into(), None, Some(":odd"))
        );
        assert_eq!(RegistryContext::split(":.x:a:b"), (RegistryContext::parse("x").unwrap(), "a:b"));
    }
}
