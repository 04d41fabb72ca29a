//! From keys to commands, with a user's own bindings.
//!
//! Owns: the map in force. Must not know where a user's keys are stored.
//! Invariant: a bad wish is a complaint and leaves the defaults in place.

use super::chord::{Chord, Key, Keys};
use super::ctx::Place;
use super::presets::Preset;
use super::table::{Command, Row, TABLE};
use std::collections::HashMap;

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

/// A user's keys for a command.
#[derive(Clone, Debug)]
pub struct Wish {
    pub id: String,
    pub keys: Vec<String>,
}

/// Why a wish does not hold: its place among the wishes, the place of the key
/// that is meant, and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    pub wish: usize,
    pub key: Option<usize>,
    pub text: String,
}

impl Default for KeyMap {
    fn default() -> Self {
        Self::new(Preset::Klamm, &[]).0
    }
}

impl KeyMap {
    /// A preset with a user's wishes laid over it. They are laid over all at
    /// once, so that two commands may swap their keys.
    pub fn new(preset: Preset, wishes: &[Wish]) -> (Self, Vec<Complaint>) {
        let mut complaints = Vec::new();
        // The presets' own keys parse: a test holds it.
        let own = |row: &Row| preset.keys(row).iter().filter_map(|keys| Keys::parse(keys).ok()).collect::<Vec<_>>();
        let mut keys_of: HashMap<Command, Vec<Keys>> = TABLE.iter().map(|row| (row.command, own(row))).collect();
        let mut granted: Vec<(usize, &Row, Vec<Keys>)> = Vec::new();
        for (index, wish) in wishes.iter().enumerate() {
            match read(wish) {
                Ok((row, keys)) => {
                    keys_of.insert(row.command, keys.clone());
                    granted.push((index, row, keys));
                }
                Err((key, text)) => complaints.push(Complaint { wish: index, key, text }),
            }
        }
        // Taking one back gives its command the preset's keys again, which another
        // wish may want: look until all that is left fits together.
        while let Some((at, key, other)) = granted
            .iter()
            .enumerate()
            .find_map(|(at, (_, row, keys))| conflict(row, keys, &keys_of).map(|(key, other)| (at, key, other)))
        {
            let (wish, row, keys) = granted.remove(at);
            keys_of.insert(row.command, own(row));
            let shown = keys.get(key).map_or(String::new(), ToString::to_string);
            let text = format!("{}: {shown} already belongs to {other}; the default stays", row.id);
            complaints.push(Complaint { wish, key: Some(key), text });
        }
        complaints.sort_by_key(|complaint| complaint.wish);
        let mut by_keys = HashMap::new();
        for row in TABLE {
            for keys in keys_of.get(&row.command).into_iter().flatten() {
                for place in row.places {
                    by_keys.insert((*place, keys.clone()), row.command);
                }
            }
        }
        (Self { by_keys, keys_of }, complaints)
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

/// Which of a wish's keys is meant, and a sentence.
type Refusal = (Option<usize>, String);

/// The row and the keys of a wish.
fn read(wish: &Wish) -> Result<(&'static Row, Vec<Keys>), Refusal> {
    let row = TABLE.iter().find(|row| row.id == wish.id);
    let row = row.ok_or_else(|| (None, format!("there is no command ‘{}’; docs/keys.md lists them", wish.id)))?;
    let mut parsed = Vec::new();
    for (index, keys) in wish.keys.iter().enumerate() {
        let keys = Keys::parse(keys).map_err(|why| (Some(index), format!("{}: {why}", row.id)))?;
        // What confirms must not be what one presses without looking.
        let is_careless = keys.0.iter().any(|chord| matches!(chord.key(), Key::Enter | Key::Char(' ')));
        if row.command == Command::PlanApply && is_careless {
            return Err((Some(index), format!("{}: enter and space never apply a plan", row.id)));
        }
        parsed.push(keys);
    }
    Ok((row, parsed))
}

/// Another command that answers to one of `keys` in a place of `row`, and which
/// of them.
fn conflict(row: &Row, keys: &[Keys], keys_of: &HashMap<Command, Vec<Keys>>) -> Option<(usize, &'static str)> {
    let overlaps = |a: &Keys, b: &Keys| a.0.starts_with(&b.0) || b.0.starts_with(&a.0);
    let others = TABLE
        .iter()
        .filter(|other| other.command != row.command)
        .filter(|other| other.places.iter().any(|place| row.places.contains(place)));
    for other in others {
        let taken = keys_of.get(&other.command).map_or(&[][..], Vec::as_slice);
        if let Some(key) = keys.iter().position(|wanted| taken.iter().any(|one| overlaps(one, wanted))) {
            return Some((key, other.id));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn press(text: &str) -> Vec<Chord> {
        Keys::parse(text).unwrap().0
    }

    fn wishes(wishes: &[(&str, &[&str])]) -> Vec<Wish> {
        let wish = |(id, keys): &(&str, &[&str])| Wish {
            id: (*id).to_owned(),
            keys: keys.iter().map(|keys| (*keys).to_owned()).collect(),
        };
        wishes.iter().map(wish).collect()
    }

    #[rstest]
    #[case(Preset::Klamm)]
    #[case(Preset::K9s)]
    fn a_presets_keys_parse_and_never_collide(#[case] preset: Preset) {
        let (map, complaints) = KeyMap::new(preset, &[]);
        assert_eq!(complaints, []);
        for row in TABLE {
            assert_eq!(map.all(row.command).len(), preset.keys(row).len(), "{}", row.id);
            assert_eq!(conflict(row, map.all(row.command), &map.keys_of), None, "{}", row.id);
        }
    }

    #[test]
    fn a_prefix_waits_for_its_second_key() {
        let map = KeyMap::default();
        assert_eq!(map.resolve(Place::Topics, &press("s")), Resolved::Prefix);
        assert_eq!(map.resolve(Place::Topics, &press("s r")), Resolved::Command(Command::SortRecords));
        assert_eq!(map.resolve(Place::Groups, &press("s r")), Resolved::Nothing);
        assert_eq!(map.continuations(Place::Groups, &press("s")).len(), 4);
    }

    #[test]
    fn fingers_from_k9s_find_what_they_know() {
        let (map, _) = KeyMap::new(Preset::K9s, &[]);
        for (place, keys, command) in [
            (Place::Topics, "ctrl-d", Command::TopicDelete),
            (Place::Topics, "l", Command::TopicTail),
            (Place::Topic, "l", Command::TopicTail),
            (Place::Topics, "d", Command::Open),
            (Place::Topics, "N", Command::SortName),
            (Place::Groups, "L", Command::SortLag),
            (Place::Groups, "ctrl-r", Command::Refresh),
            (Place::Records, "s", Command::RecordsFollow),
            (Place::Records, "w", Command::RecordsWrap),
            (Place::Topics, ":", Command::Palette),
            (Place::Topics, "-", Command::LastPlace),
        ] {
            assert_eq!(map.resolve(place, &press(keys)), Resolved::Command(command), "{keys} at {place:?}");
        }
    }

    #[test]
    fn wishes_hold_and_bad_ones_are_named() {
        let wishes = wishes(&[
            ("topic.tail", &["x"]),
            ("topic.delete", &["f9", "p"]),
            ("topic.fry", &["f"]),
            ("list.copy", &["C", "hyper-c"]),
            ("plan.apply", &["enter"]),
        ]);
        let (map, complaints) = KeyMap::new(Preset::Klamm, &wishes);
        assert_eq!(map.resolve(Place::Topics, &press("x")), Resolved::Command(Command::TopicTail));
        assert_eq!(map.resolve(Place::Topics, &press("t")), Resolved::Nothing);
        assert_eq!(map.resolve(Place::Topics, &press("D")), Resolved::Command(Command::TopicDelete));
        assert_eq!(map.resolve(Place::Plan, &press("y")), Resolved::Command(Command::PlanApply));
        let places: Vec<_> = complaints.iter().map(|complaint| (complaint.wish, complaint.key)).collect();
        assert_eq!(places, [(1, Some(1)), (2, None), (3, Some(1)), (4, Some(0))], "{complaints:?}");
        assert!(complaints[0].text.contains("topic.plan-partitions"), "{complaints:?}");
    }

    #[test]
    fn two_commands_may_swap_their_keys_and_a_command_may_lose_them() {
        let wishes = wishes(&[("topic.tail", &["p"]), ("topic.plan-partitions", &["t"]), ("view.messages", &[])]);
        let (map, complaints) = KeyMap::new(Preset::Klamm, &wishes);
        assert_eq!(complaints, []);
        assert_eq!(map.resolve(Place::Topics, &press("p")), Resolved::Command(Command::TopicTail));
        assert_eq!(map.resolve(Place::Topics, &press("m")), Resolved::Nothing);
    }

    /// A wish taken back may be what another one needed.
    #[test]
    fn what_depends_on_a_refused_wish_is_refused_too() {
        let wishes = wishes(&[("topic.tail", &["p"]), ("topic.plan-partitions", &["n"])]);
        let (map, complaints) = KeyMap::new(Preset::Klamm, &wishes);
        assert_eq!(complaints.len(), 2, "{complaints:?}");
        assert_eq!(map.resolve(Place::Topics, &press("t")), Resolved::Command(Command::TopicTail));
    }
}
