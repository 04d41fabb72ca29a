//! From keys to commands, with a user's own bindings.
//!
//! Owns: the map in force. Must not know where overrides are stored.
//! Invariant: a bad override is a warning and leaves the defaults in place.

use super::chord::{Chord, Keys};
use super::ctx::Place;
use super::table::{Command, Row, TABLE};
use std::collections::{BTreeMap, HashMap};

/// What a key means where it was pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    Command(Command),
    /// The beginning of longer bindings.
    Prefix,
    Nothing,
}

#[derive(Clone, Debug)]
pub struct KeyMap {
    by_keys: HashMap<(Place, Keys), Command>,
    keys_of: HashMap<Command, Vec<Keys>>,
}

impl Default for KeyMap {
    fn default() -> Self {
        Self::with_overrides(&BTreeMap::new()).0
    }
}

impl KeyMap {
    /// The defaults with `overrides` (command id → keys) laid over them.
    pub fn with_overrides(overrides: &BTreeMap<String, Vec<String>>) -> (Self, Vec<String>) {
        let mut warnings = Vec::new();
        let mut keys_of: HashMap<Command, Vec<Keys>> = HashMap::new();
        for row in TABLE {
            // The table's own keys parse: a test holds it.
            keys_of.insert(row.command, row.keys.iter().filter_map(|keys| Keys::parse(keys).ok()).collect());
        }
        for (id, wanted) in overrides {
            let Some(row) = TABLE.iter().find(|row| row.id == id) else {
                warnings.push(format!("keys: there is no command ‘{id}’; `?` lists them"));
                continue;
            };
            let parsed: Result<Vec<_>, _> = wanted.iter().map(|keys| Keys::parse(keys)).collect();
            match parsed {
                Err(why) => warnings.push(format!("keys: {id}: {why}")),
                Ok(keys) => match conflict(row, &keys, &keys_of) {
                    Some(other) => {
                        warnings.push(format!("keys: {id}: that key already belongs to {other}; the default is kept"));
                    }
                    None => {
                        keys_of.insert(row.command, keys);
                    }
                },
            }
        }
        let mut by_keys = HashMap::new();
        for row in TABLE {
            for keys in keys_of.get(&row.command).into_iter().flatten() {
                for place in row.places {
                    by_keys.insert((*place, keys.clone()), row.command);
                }
            }
        }
        (Self { by_keys, keys_of }, warnings)
    }

    /// What `pressed` means at `place`.
    pub fn resolve(&self, place: Place, pressed: &[Chord]) -> Resolved {
        if let Some(command) = self.by_keys.get(&(place, Keys(pressed.to_vec()))) {
            return Resolved::Command(*command);
        }
        let longer = self
            .by_keys
            .keys()
            .any(|(at, keys)| *at == place && keys.0.len() > pressed.len() && keys.0.starts_with(pressed));
        if longer { Resolved::Prefix } else { Resolved::Nothing }
    }

    /// Commands at `place` whose keys begin with `prefix`, with what is still to press.
    pub fn continuations(&self, place: Place, prefix: &[Chord]) -> Vec<(Keys, Command)> {
        let mut found = Vec::new();
        for row in TABLE.iter().filter(|row| row.places.contains(&place)) {
            for keys in self.keys_of.get(&row.command).into_iter().flatten() {
                if let Some(rest) = keys.0.strip_prefix(prefix).filter(|rest| !rest.is_empty()) {
                    found.push((Keys(rest.to_vec()), row.command));
                }
            }
        }
        found
    }

    /// The key shown for a command; `None` when it has none.
    pub fn shown(&self, command: Command) -> Option<&Keys> {
        self.keys_of.get(&command)?.first()
    }

    /// All keys of a command.
    pub fn all(&self, command: Command) -> &[Keys] {
        self.keys_of.get(&command).map_or(&[], Vec::as_slice)
    }
}

/// Another command that answers to one of `keys` in a place of `row`.
fn conflict(row: &Row, keys: &[Keys], keys_of: &HashMap<Command, Vec<Keys>>) -> Option<&'static str> {
    let overlaps = |a: &Keys, b: &Keys| a.0.starts_with(&b.0) || b.0.starts_with(&a.0);
    TABLE
        .iter()
        .filter(|other| other.command != row.command)
        .filter(|other| other.places.iter().any(|place| row.places.contains(place)))
        .find(|other| {
            let taken = keys_of.get(&other.command).map_or(&[][..], Vec::as_slice);
            keys.iter().any(|wanted| taken.iter().any(|one| overlaps(one, wanted)))
        })
        .map(|other| other.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(text: &str) -> Vec<Chord> {
        Keys::parse(text).unwrap().0
    }

    #[test]
    fn the_tables_keys_parse_and_never_collide() {
        let map = KeyMap::default();
        for row in TABLE {
            assert_eq!(map.all(row.command).len(), row.keys.len(), "{}", row.id);
            assert_eq!(conflict(row, map.all(row.command), &map.keys_of), None, "{}", row.id);
        }
    }

    #[test]
    fn a_prefix_waits_for_its_second_key() {
        let map = KeyMap::default();
        assert_eq!(map.resolve(Place::Topics, &press("s")), Resolved::Prefix);
        assert_eq!(map.resolve(Place::Topics, &press("s r")), Resolved::Command(Command::SortRecords));
        assert_eq!(map.resolve(Place::Groups, &press("s r")), Resolved::Nothing);
        assert_eq!(map.continuations(Place::Groups, &press("s")).len(), 3);
    }

    #[test]
    fn overrides_hold_and_bad_ones_warn() {
        let overrides = BTreeMap::from([
            ("topic.tail".to_owned(), vec!["x".to_owned()]),
            ("topic.delete".to_owned(), vec!["p".to_owned()]),
            ("topic.fry".to_owned(), vec!["f".to_owned()]),
            ("list.copy".to_owned(), vec!["hyper-c".to_owned()]),
        ]);
        let (map, warnings) = KeyMap::with_overrides(&overrides);
        assert_eq!(map.resolve(Place::Topics, &press("x")), Resolved::Command(Command::TopicTail));
        assert_eq!(map.resolve(Place::Topics, &press("t")), Resolved::Nothing);
        assert_eq!(map.resolve(Place::Topics, &press("D")), Resolved::Command(Command::TopicDelete));
        assert_eq!(warnings.len(), 3);
        assert!(warnings.iter().any(|w| w.contains("topic.plan-partitions")), "{warnings:?}");
    }
}
