//! Offsets as lines of text, in the form Kafka's own tool reads and writes.
//!
//! Owns: `topic,partition,offset` and `group,topic,partition,offset`, fields quoted
//! when needed. Written without a header, as that tool wants it; a header that a
//! spreadsheet put there is skipped when read.
//! Invariant: what is written is read back the same.

use super::{GroupId, Offset, PartitionId, TopicName};
use serde::Deserialize;
use std::collections::HashSet;

/// One line of such a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffsetRow {
    /// `None` in the form with three columns.
    pub group: Option<GroupId>,
    pub topic: TopicName,
    pub partition: PartitionId,
    pub offset: Offset,
    /// What the committer noted beside it. Lines of text have no room for it.
    pub metadata: String,
}

impl OffsetRow {
    /// It names this group, or none.
    pub fn is_of(&self, group: &GroupId) -> bool {
        self.group.as_ref().is_none_or(|named| named == group)
    }
}

/// Reads a whole file. The first line decides between three and four columns;
/// an error names its line.
pub fn parse(text: &str) -> Result<Vec<OffsetRow>, String> {
    let mut rows: Vec<OffsetRow> = Vec::new();
    let mut seen = HashSet::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let at = |why: String| format!("line {}: {why}", index + 1);
        let fields = split(line).map_err(&at)?;
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        if rows.is_empty() && is_header(&fields) {
            continue;
        }
        let (group, topic, partition, offset) = match fields.as_slice() {
            [topic, partition, offset] => (None, *topic, *partition, *offset),
            [group, topic, partition, offset] => (Some(GroupId::from(*group)), *topic, *partition, *offset),
            other => {
                return Err(at(format!(
                    "{} columns; it needs topic,partition,offset or group,topic,partition,offset",
                    other.len()
                )));
            }
        };
        if rows.first().is_some_and(|first| first.group.is_some() != group.is_some()) {
            return Err(at("some lines name a group and some do not".into()));
        }
        if topic.is_empty() {
            return Err(at("the topic is empty".into()));
        }
        let number = |text: &str, what: &str| {
            let parsed = text.trim().parse::<i64>().ok().filter(|number| *number >= 0);
            parsed.ok_or_else(|| at(format!("\u{201c}{}\u{201d} is not {what}", super::text::sanitize(text))))
        };
        let partition = number(partition, "a partition")?;
        let partition =
            PartitionId::try_from(partition).map_err(|_| at(format!("no partition has number {partition}")))?;
        let offset = number(offset, "an offset")?;
        let row = OffsetRow { group, topic: topic.into(), partition, offset, metadata: String::new() };
        if !seen.insert((row.group.clone(), row.topic.clone(), row.partition)) {
            return Err(at(format!("partition {} of {} appears twice", row.partition, row.topic)));
        }
        rows.push(row);
    }
    Ok(rows)
}

/// Reads what `klamm groups export --format json` wrote, or lines of text.
pub fn parse_any(text: &str) -> Result<Vec<OffsetRow>, String> {
    #[derive(Deserialize)]
    struct Exported {
        items: Vec<Item>,
    }
    #[derive(Deserialize)]
    struct Item {
        group: String,
        topic: String,
        partition: PartitionId,
        offset: Offset,
        #[serde(default)]
        metadata: String,
    }
    if !text.trim_start().starts_with('{') {
        return parse(text);
    }
    let exported: Exported = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut seen = HashSet::new();
    let row = |item: Item| {
        if item.partition < 0 || item.offset < 0 || item.topic.is_empty() {
            return Err(format!("partition {} at {} is none", item.partition, item.offset));
        }
        let row = OffsetRow {
            group: Some(item.group.as_str().into()),
            topic: item.topic.as_str().into(),
            partition: item.partition,
            offset: item.offset,
            metadata: item.metadata,
        };
        if !seen.insert((row.group.clone(), row.topic.clone(), row.partition)) {
            return Err(format!("partition {} of {} appears twice", row.partition, row.topic));
        }
        Ok(row)
    };
    exported.items.into_iter().map(row).collect()
}

/// Column names where numbers would be.
fn is_header(fields: &[&str]) -> bool {
    matches!(fields, [.., partition, offset] if partition.eq_ignore_ascii_case("partition") && offset.eq_ignore_ascii_case("offset"))
}

/// Writes the rows, one a line.
pub fn write<'a>(rows: impl IntoIterator<Item = &'a OffsetRow>) -> String {
    let mut out = String::new();
    for row in rows {
        if let Some(group) = &row.group {
            push_field(&mut out, group.as_str());
            out.push(',');
        }
        push_field(&mut out, row.topic.as_str());
        out.push_str(&format!(",{},{}\n", row.partition, row.offset));
    }
    out
}

fn push_field(out: &mut String, field: &str) {
    if field.contains(['"', ',', '\n', '\r']) || field.starts_with(' ') || field.ends_with(' ') {
        out.push('"');
        out.push_str(&field.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(field);
    }
}

/// Splits one line; a field may be quoted, with `""` for a quote inside.
fn split(line: &str) -> Result<Vec<String>, String> {
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut is_quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if is_quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' if is_quoted => is_quoted = false,
            '"' if field.is_empty() => is_quoted = true,
            ',' if !is_quoted => fields.push(std::mem::take(&mut field)),
            other => field.push(other),
        }
    }
    if is_quoted {
        return Err("a quote is not closed".into());
    }
    fields.push(field);
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_forms_are_read() {
        let three = parse("orders,0,12\r\n\"odd,name\",1,13\n\n").unwrap();
        assert_eq!(three.len(), 2);
        assert_eq!(three[1].topic.as_str(), "odd,name");
        assert_eq!(three[0].group, None);
        let four = parse("billing,orders,0,12\n").unwrap();
        assert_eq!(four[0].group, Some("billing".into()));
    }

    #[test]
    fn a_header_is_skipped_where_one_may_be() {
        assert_eq!(parse("\ntopic,partition,offset\norders,0,12\n").unwrap().len(), 1);
        assert_eq!(parse("GROUP,TOPIC,PARTITION,OFFSET\ng,orders,0,12\n").unwrap().len(), 1);
        assert!(parse("orders,0,12\ntopic,partition,offset\n").unwrap_err().contains("line 2"));
    }

    #[test]
    fn what_export_wrote_as_json_is_read_too() {
        let item = r#"{"group":"g","topic":"t","partition":2,"offset":9,"leader_epoch":null,"metadata":"m"}"#;
        let row =
            OffsetRow { group: Some("g".into()), topic: "t".into(), partition: 2, offset: 9, metadata: "m".into() };
        assert_eq!(parse_any(&format!(r#"{{"version":1,"items":[{item}],"failures":[]}}"#)), Ok(vec![row]));
        assert!(parse_any(&format!(r#"{{"items":[{item},{item}]}}"#)).unwrap_err().contains("twice"));
        assert!(parse_any(r#"{"items":[{"group":"g","topic":"t","partition":-1,"offset":9}]}"#).is_err());
        assert!(parse_any("{").is_err());
        assert_eq!(parse_any("t,0,12").map(|rows| rows.len()), Ok(1));
    }

    #[test]
    fn errors_name_the_line() {
        for (text, part) in [
            ("orders,0", "line 1: 2 columns"),
            ("orders,0,1\norders,x,1", "line 2: “x” is not a partition"),
            ("orders,0,-1", "is not an offset"),
            ("orders,0,1\ng,orders,1,1", "line 2: some lines"),
            ("orders,0,1\norders,0,2", "appears twice"),
            ("\"orders,0,1", "not closed"),
            (",0,1", "topic is empty"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }

    proptest! {
        #[test]
        fn written_rows_are_read_back(
            group in proptest::option::of("[^\\x00-\\x1f]{1,12}"),
            topic in "[a-zA-Z0-9._,\" -]{1,20}",
            partition in 0..i32::MAX,
            offset in 0..i64::MAX,
        ) {
            let row = OffsetRow {
                group: group.map(|g| g.as_str().into()),
                topic: topic.as_str().into(),
                partition,
                offset,
                metadata: String::new(),
            };
            prop_assert_eq!(parse(&write([&row])).unwrap(), vec![row]);
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _ = parse(&text);
        }
    }
}
