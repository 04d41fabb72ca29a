//! Which fields of a key or value a query asks for: nobody needs the others to be made.

use super::ast::{Field, Path, Query, Step};
use super::evaluate::Part;

/// What of a value is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Asked {
    #[default]
    Nothing,
    /// These fields of it, or of the elements of a list.
    Fields(Vec<(Box<str>, Asked)>),
    All,
}

impl Asked {
    /// What is asked of the field of this name.
    pub fn field(&self, name: &str) -> &Self {
        match self {
            Self::All => &Self::All,
            Self::Nothing => &Self::Nothing,
            Self::Fields(fields) => {
                let found = fields.iter().find(|(field, _)| **field == *name);
                found.map_or(&Self::Nothing, |(_, asked)| asked)
            }
        }
    }

    fn add(&mut self, path: &Path) {
        let mut here = self;
        for step in &path.0 {
            // Places in lists are told by all of their elements.
            let Step::Name(name) = step else { continue };
            if let Self::Nothing = here {
                *here = Self::Fields(Vec::new());
            }
            let Self::Fields(fields) = here else { return };
            let known = fields.iter().position(|(field, _)| field == name);
            let index = known.unwrap_or(fields.len());
            if known.is_none() {
                fields.push((name.clone(), Self::Nothing));
            }
            let Some((_, next)) = fields.get_mut(index) else { return };
            here = next;
        }
        *here = Self::All;
    }
}

/// What a query asks of keys and of values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AskedParts {
    key: Asked,
    value: Asked,
}

impl AskedParts {
    pub fn of(query: &Query) -> Self {
        let mut asked = Self::default();
        for test in query.tests() {
            match &test.field {
                Field::Anywhere => (asked.key, asked.value) = (Asked::All, Asked::All),
                Field::Key(path) => asked.key.add(path),
                Field::Value(path) => asked.value.add(path),
                // How a value was read is told without its fields.
                Field::Format | Field::Schema => {}
                Field::Header(_) | Field::Topic | Field::Partition | Field::Offset | Field::Timestamp | Field::Size => {
                }
            }
        }
        asked
    }

    pub fn part(&self, part: Part) -> &Asked {
        match part {
            Part::Key => &self.key,
            Part::Value => &self.value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Time;
    use crate::domain::query::{Moment, parse};

    fn of(query: &str) -> AskedParts {
        AskedParts::of(&parse(query, &Moment { now: Time(0), zone: None }).unwrap().unwrap())
    }

    #[test]
    fn fields_on_the_way_are_asked_for_and_no_others() {
        let asked = of("value.a.b = 1 and value.list[2].c exists and not value.d = 2");
        let value = asked.part(Part::Value);
        assert_eq!(value.field("a").field("b"), &Asked::All);
        assert_eq!(value.field("a").field("c"), &Asked::Nothing);
        assert_eq!(value.field("list").field("c"), &Asked::All);
        assert_eq!(value.field("d").field("anything"), &Asked::All);
        assert_eq!(asked.part(Part::Key), &Asked::Nothing);
    }

    #[test]
    fn what_is_asked_as_a_whole_is_asked_whole() {
        assert_eq!(of("value.a.b = 1 or value.a exists").part(Part::Value).field("a"), &Asked::All);
        assert_eq!(of("value.a exists or value.a.b = 1").part(Part::Value).field("a"), &Asked::All);
        assert_eq!(of("value contains x").part(Part::Value), &Asked::All);
        assert_eq!(of("value[0] = 1").part(Part::Value), &Asked::All);
        assert_eq!(of("word").part(Part::Key), &Asked::All);
    }
}
