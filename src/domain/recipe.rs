//! What the form and the flags of `records produce` say, and the records made of it.
//!
//! Owns: one record as it was asked for, repeats and placeholders, and the same as a
//! command line. Must not know: where its bytes come from, or an encoding.

use super::placeholders::{Template, Turn};
use super::produce::{Acks, Delivery, NewRecord, Spread};
use super::record::Codec;
use super::writing::WrittenAs;
use super::{Time, TopicName};

/// A record as it was asked for, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    pub topic: TopicName,
    /// Key and value as they were typed.
    pub record: NewRecord,
    pub key_as: WrittenAs,
    pub value_as: WrittenAs,
    /// `None`: once, and its text is taken as it stands.
    pub repeat: Option<u64>,
    /// Placeholders are filled in although it is written once.
    pub has_placeholders: bool,
    pub delivery: Delivery,
    pub rate: Option<u32>,
}

/// A text of this length and more is not put on a command line.
const MAX_WORD: usize = 200;

impl Recipe {
    /// Ready to make records: the places that differ are found once.
    pub fn prepare(&self, seed: u64) -> Result<Prepared, String> {
        if self.repeat.is_none() && !self.has_placeholders {
            return Ok(Prepared { record: self.record.clone(), templates: None, seed });
        }
        let template = |what: &str, bytes: &[u8]| {
            let text =
                std::str::from_utf8(bytes).map_err(|_| format!("the {what} is not UTF-8: it has no placeholders"))?;
            Template::parse(text).map_err(|reason| format!("the {what}: {reason}"))
        };
        let whole =
            |what: &str, bytes: &Option<Vec<u8>>| bytes.as_deref().map(|bytes| template(what, bytes)).transpose();
        let headers = self.record.headers.iter();
        let templates = Templates {
            key: whole("key", &self.record.key)?,
            value: whole("value", &self.record.value)?,
            headers: headers
                .map(|(name, value)| Ok((name.clone(), whole(&format!("header {name}"), value)?)))
                .collect::<Result<_, String>>()?,
        };
        Ok(Prepared { record: self.record.clone(), templates: Some(templates), seed })
    }

    /// How many records it makes.
    pub fn count(&self) -> u64 {
        self.repeat.unwrap_or(1)
    }

    /// The words of the same on the command line. What is masked, long or no text is a
    /// file there.
    pub fn words(&self, is_masked: bool) -> Vec<String> {
        let mut words: Vec<String> = ["klamm", "records", "produce", self.topic.as_str()].map(str::to_owned).into();
        let mut add = |flag: &str, value: &str| words.extend([flag.to_owned(), value.to_owned()]);
        let mut bytes = |flag: &str, bytes: &[u8]| match std::str::from_utf8(bytes) {
            Ok(text) if !is_masked && text.len() < MAX_WORD => add(flag, text),
            _ => add(&format!("{flag}-file"), "FILE"),
        };
        if let Some(key) = &self.record.key {
            bytes("--key", key);
        }
        if let Some(value) = &self.record.value {
            bytes("--value", value);
        }
        words.extend(self.key_as.flags("key").into_iter().chain(self.value_as.flags("value")));
        let mut add = |flag: &str, value: &str| words.extend([flag.to_owned(), value.to_owned()]);
        if let Some(framing) = self.key_as.unusual_framing().or(self.value_as.unusual_framing()) {
            add("--framing", framing.word());
        }
        for (name, value) in &self.record.headers {
            match value.as_deref().map(String::from_utf8_lossy) {
                None => add("--header-null", name),
                Some(value) if !is_masked && value.len() < MAX_WORD => add("--header", &format!("{name}={value}")),
                Some(_) => add("--header", &format!("{name}=…")),
            }
        }
        if let Some(partition) = self.record.partition {
            add("--partition", &partition.to_string());
        }
        if let Some(timestamp) = self.record.timestamp {
            add("--timestamp", &timestamp.rfc3339().unwrap_or_else(|| timestamp.millis().to_string()));
        }
        if let Some(repeat) = self.repeat {
            add("--repeat", &repeat.to_string());
        }
        if let Some(rate) = self.rate {
            add("--rate", &rate.to_string());
        }
        let Delivery { compression, acks, is_idempotent, spread } = self.delivery;
        if spread != Spread::default() {
            add("--partitioner", spread.word());
        }
        if compression != Codec::None {
            add("--compression", compression.word());
        }
        if acks != Acks::default() {
            add("--acks", acks.word());
        }
        if acks == Acks::All && !is_idempotent {
            words.push("--no-idempotent".to_owned());
        }
        if self.has_placeholders && self.repeat.is_none() {
            words.push("--placeholders".to_owned());
        }
        words
    }
}

/// Makes the records of a recipe.
#[derive(Clone, Debug)]
pub struct Prepared {
    record: NewRecord,
    templates: Option<Templates>,
    seed: u64,
}

#[derive(Clone, Debug)]
struct Templates {
    key: Option<Template>,
    value: Option<Template>,
    headers: Vec<(String, Option<Template>)>,
}

impl Prepared {
    /// The same with a line as its value, whose placeholders are filled in, too; `None`:
    /// the line is the value as it stands.
    pub fn record_with(&self, sequence: u64, now: Time, line: &[u8]) -> Result<(NewRecord, Option<Vec<u8>>), String> {
        let record = self.record(sequence, now);
        if self.templates.is_none() {
            return Ok((record, None));
        }
        let text = std::str::from_utf8(line).map_err(|_| "it is not UTF-8: it has no placeholders")?;
        let filled = Template::parse(text)?.fill(&mut Turn::new(sequence, now, self.seed.rotate_left(1)));
        Ok((record, Some(filled.into_bytes())))
    }

    /// The record of one turn, which is counted from 1.
    pub fn record(&self, sequence: u64, now: Time) -> NewRecord {
        let Some(templates) = &self.templates else { return self.record.clone() };
        let mut turn = Turn::new(sequence, now, self.seed);
        let mut fill = |template: &Option<Template>| template.as_ref().map(|text| text.fill(&mut turn).into_bytes());
        NewRecord {
            key: fill(&templates.key),
            value: fill(&templates.value),
            headers: templates.headers.iter().map(|(name, value)| (name.clone(), fill(value))).collect(),
            ..self.record.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(repeat: Option<u64>) -> Recipe {
        Recipe {
            topic: "orders".into(),
            record: NewRecord {
                key: Some(b"k-{{seq}}".to_vec()),
                value: Some(b"{\"n\":{{random 1..1}}}".to_vec()),
                headers: vec![("at".into(), Some(b"{{now_ms}}".to_vec())), ("none".into(), None)],
                partition: Some(2),
                timestamp: Some(Time(1_700_000_000_000)),
            },
            key_as: WrittenAs::Text,
            value_as: WrittenAs::Json,
            repeat,
            has_placeholders: false,
            delivery: Delivery { acks: Acks::Leader, is_idempotent: false, ..Delivery::default() },
            rate: None,
        }
    }

    #[test]
    fn what_is_written_once_is_written_as_it_stands() {
        let record = recipe(None).prepare(1).unwrap().record(1, Time(5));
        assert_eq!(record, recipe(None).record);
    }

    #[test]
    fn what_is_repeated_is_filled_in_everywhere() {
        let record = recipe(Some(3)).prepare(1).unwrap().record(2, Time(5));
        assert_eq!(record.key.as_deref(), Some(&b"k-2"[..]));
        assert_eq!(record.value.as_deref(), Some(&b"{\"n\":1}"[..]));
        assert_eq!(record.headers, [("at".into(), Some(b"5".to_vec())), ("none".into(), None)]);
    }

    #[test]
    fn bytes_have_no_placeholders() {
        let mut recipe = recipe(Some(3));
        recipe.record.value = Some(vec![255]);
        assert!(recipe.prepare(1).unwrap_err().contains("the value is not UTF-8"));
    }

    #[test]
    fn the_command_line_says_the_same_and_shows_nothing_masked() {
        let line = recipe(Some(3)).words(false).join(" ");
        assert_eq!(
            line,
            "klamm records produce orders --key k-{{seq}} --value {\"n\":{{random 1..1}}} --value-format json --header at={{now_ms}} \
             --header-null none --partition 2 --timestamp 2023-11-14T22:13:20.000Z --repeat 3 --acks 1"
        );
        let masked = recipe(None).words(true).join(" ");
        assert!(masked.contains("--key-file FILE --value-file FILE --value-format json --header at=…"), "{masked}");
    }
}
