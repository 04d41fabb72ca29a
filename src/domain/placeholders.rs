//! Text with places that differ in each record: `{{seq}}`, `{{now}}`, `{{now_ms}}`,
//! `{{uuid}}`, `{{random A..B}}`.
//!
//! Invariant: the same text, turn and seed give the same words; a placeholder that is
//! not known is an error, never left as it stands.

use super::Time;
use std::fmt::Write as _;

/// A text, cut at its placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Sequence,
    Now,
    NowMillis,
    Uuid,
    /// Both ends are possible.
    Random(i64, i64),
}

/// What placeholders stand for in one record.
#[derive(Clone, Debug)]
pub struct Turn {
    /// From 1.
    pub sequence: u64,
    pub now: Time,
    random: u64,
}

impl Turn {
    pub fn new(sequence: u64, now: Time, seed: u64) -> Self {
        Self { sequence, now, random: seed ^ sequence.wrapping_mul(0xA076_1D64_78BD_642F) }
    }

    /// SplitMix64: well spread, and nobody's secret.
    fn next(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// A version 4 UUID.
    fn uuid(&mut self) -> uuid::Uuid {
        let bits = (u128::from(self.next()) << 64) | u128::from(self.next());
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
    }

    fn between(&mut self, least: i64, most: i64) -> i64 {
        let span = most.wrapping_sub(least).cast_unsigned();
        let drawn = match span.checked_add(1) {
            // The product's upper half is as even as the draw; a hair of bias is no matter here.
            Some(count) => ((u128::from(self.next()) * u128::from(count)) >> 64) as u64,
            None => self.next(),
        };
        least.wrapping_add(drawn.cast_signed())
    }
}

impl Template {
    /// Cuts a text at `{{…}}`; what stands there must be one of the placeholders.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("{{") {
            let (name, after) = behind.split_once("}}").ok_or("a {{ is not closed by }}")?;
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(piece(name.trim())?);
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self(pieces))
    }

    /// The text of one record.
    pub fn fill(&self, turn: &mut Turn) -> String {
        let mut text = String::new();
        for piece in &self.0 {
            // Writing to a string does not fail.
            let _ = match piece {
                Piece::Text(piece) => text.write_str(piece),
                Piece::Sequence => write!(text, "{}", turn.sequence),
                Piece::Now => write!(text, "{}", turn.now.rfc3339().unwrap_or_else(|| turn.now.millis().to_string())),
                Piece::NowMillis => write!(text, "{}", turn.now.millis()),
                Piece::Uuid => write!(text, "{}", turn.uuid()),
                Piece::Random(least, most) => write!(text, "{}", turn.between(*least, *most)),
            };
        }
        text
    }
}

fn piece(name: &str) -> Result<Piece, String> {
    match name {
        "seq" => return Ok(Piece::Sequence),
        "now" => return Ok(Piece::Now),
        "now_ms" => return Ok(Piece::NowMillis),
        "uuid" => return Ok(Piece::Uuid),
        _ => {}
    }
    let range = name.strip_prefix("random").and_then(|range| range.trim().split_once(".."));
    let ends = range.and_then(|(least, most)| Some((least.trim().parse().ok()?, most.trim().parse().ok()?)));
    match ends {
        Some((least, most)) if least <= most => Ok(Piece::Random(least, most)),
        Some(_) => Err(format!("{{{{{name}}}}}: the first number is the smaller one")),
        None => Err(format!(
            "{{{{{}}}}} is no placeholder: write seq, now, now_ms, uuid or random 1..6",
            super::text::sanitize(name)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn filled(text: &str, sequence: u64) -> String {
        Template::parse(text).unwrap().fill(&mut Turn::new(sequence, Time(1_700_000_000_118), 7))
    }

    #[rstest]
    #[case::plain("a { b } c", "a { b } c")]
    #[case::sequence("order-{{seq}}", "order-3")]
    #[case::now("{{now}} {{ now_ms }}", "2023-11-14T22:13:20.118Z 1700000000118")]
    #[case::one_possible("{{random 5..5}}", "5")]
    #[case::json(r#"{"id":{"n":{{seq}}}}"#, r#"{"id":{"n":3}}"#)]
    fn what_is_filled_in(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(filled(text, 3), expected);
    }

    #[test]
    fn random_numbers_lie_between_and_uuids_differ() {
        let dice: Vec<i64> = (1..200).map(|turn| filled("{{random -1..2}}", turn).parse().unwrap()).collect();
        assert!(dice.iter().all(|number| (-1..=2).contains(number)));
        assert!((-1..=2).all(|number| dice.contains(&number)), "each comes: {dice:?}");
        let uuids: std::collections::BTreeSet<String> = (1..200).map(|turn| filled("{{uuid}}", turn)).collect();
        assert_eq!(uuids.len(), 199);
        assert!(uuids.iter().all(|uuid| uuid.parse::<uuid::Uuid>().unwrap().get_version_num() == 4));
        let widest = format!("{{{{random {}..{}}}}}", i64::MIN, i64::MAX);
        assert!(filled(&widest, 1).parse::<i64>().is_ok());
    }

    #[rstest]
    #[case::unknown("{{sequence}}", "is no placeholder")]
    #[case::open("a {{seq", "not closed")]
    #[case::backwards("{{random 6..1}}", "the smaller one")]
    #[case::no_number("{{random a..b}}", "is no placeholder")]
    fn what_cannot_be_filled_in(#[case] text: &str, #[case] says: &str) {
        let message = Template::parse(text).unwrap_err();
        assert!(message.contains(says), "{message}");
    }
}
