//! What a change does to the file, line by line, without its secrets.
//!
//! Invariant: no value of a secret's key, no argument of a command, and no password
//! in an address is in what this gives; neither in a comment.

use similar::TextDiff;
use std::collections::BTreeSet;
use toml_edit::{DocumentMut, Item, TableLike, Value};

/// Lines around a change.
const AROUND: usize = 2;
/// Written instead of a secret.
const HIDDEN: &str = "***";
const HIDDEN_NEW: &str = "*** (new)";

/// The change as a unified diff; empty when nothing changes.
pub(super) fn unified(before: &str, after: &str) -> String {
    let known = secrets(before);
    let (before, after) = (masked(before, &known), masked(after, &known));
    TextDiff::from_lines(&before, &after).unified_diff().context_radius(AROUND).to_string()
}

fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["password", "passphrase", "token", "secret"].iter().any(|word| key.contains(word))
}

/// Every text that stands where a secret does.
fn secrets(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if let Ok(mut document) = text.parse::<DocumentMut>() {
        hide(document.as_table_mut(), &mut |value| {
            found.insert(value.to_owned());
            HIDDEN
        });
    }
    found
}

fn masked(text: &str, known: &BTreeSet<String>) -> String {
    let Ok(mut document) = text.parse::<DocumentMut>() else { return String::new() };
    hide(document.as_table_mut(), &mut |value| if known.contains(value) { HIDDEN } else { HIDDEN_NEW });
    document.to_string().split_inclusive('\n').map(without_comment).collect()
}

/// Puts other words in the place of each secret.
fn hide(table: &mut dyn TableLike, mask: &mut dyn FnMut(&str) -> &'static str) {
    for (key, item) in table.iter_mut() {
        let key = key.get().to_owned();
        if let Item::ArrayOfTables(tables) = item {
            tables.iter_mut().for_each(|table| hide(table, mask));
        } else if let Some(inner) = item.as_table_like_mut() {
            hide(inner, mask);
        } else if let Item::Value(value) = item {
            hide_value(&key, value, mask);
        }
    }
}

fn hide_value(key: &str, value: &mut Value, mask: &mut dyn FnMut(&str) -> &'static str) {
    let shown = match &*value {
        Value::String(text) if is_secret(key) => Some(mask(text.value()).to_owned()),
        Value::String(text) => without_credentials(text.value()).map(|url| format!("{url} ({})", mask(text.value()))),
        _ => None,
    };
    if let Some(shown) = shown {
        let decor = value.decor().clone();
        *value = Value::from(shown);
        *value.decor_mut() = decor;
        return;
    }
    if let Value::Array(list) = value {
        // The program's name may be seen, its arguments may be secrets.
        let first = usize::from(key == "command");
        for part in list.iter_mut().skip(first) {
            if is_secret(key) || key == "command" {
                let text = part.as_str().unwrap_or_default().to_owned();
                let decor = part.decor().clone();
                *part = Value::from(mask(&text));
                *part.decor_mut() = decor;
            }
        }
    }
}

fn without_credentials(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (_, host) = rest.get(..end)?.rsplit_once('@')?;
    Some(format!("{scheme}://{host}{}", rest.get(end..)?))
}

/// A secret that was commented out is one all the same.
fn without_comment(line: &str) -> String {
    let ending = if line.ends_with('\n') { "\n" } else { "" };
    let Some((before, comment)) = line.split_once('#') else { return line.to_owned() };
    if is_secret(comment) || comment.contains("://") || comment.contains("command") {
        return format!("{before}# \u{2026}{ending}");
    }
    line.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "[profiles.a]\nbootstrap = \"a\"\n# password = \"hush-commented\"\n\
        registry = \"http://u:hush-url@r\"\n[profiles.a.sasl]\npassword = \"hush-old\" # was hush\n\
        token = { command = [\"echo\", \"hush-word\"] }\n";

    #[test]
    fn a_diff_shows_what_changes_and_no_secret() {
        let after = BEFORE.replace("bootstrap = \"a\"", "bootstrap = \"b\"").replace("hush-old", "hush-new");
        let shown = unified(BEFORE, &after);
        assert!(shown.contains("-bootstrap = \"a\"") && shown.contains("+bootstrap = \"b\""), "{shown}");
        assert!(shown.contains("+password = \"*** (new)\""), "a changed secret is seen to change: {shown}");
        for secret in ["hush-commented", "hush-url", "hush-old", "hush-new", "hush-word"] {
            assert!(!shown.contains(secret), "{secret}: {shown}");
        }
    }

    #[test]
    fn nothing_changed_is_nothing_shown() {
        assert_eq!(unified(BEFORE, BEFORE), "");
    }
}
