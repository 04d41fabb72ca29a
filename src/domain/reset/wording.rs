//! What a reset plan says about itself.

use super::{ResetInputs, ResetTarget};
use crate::domain::plan::{Adjusted, OffsetMove, Severity, Warning};
use crate::domain::{Time, TopicName, TopicPartition, command_line, show, when};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// How many names stand in a sentence before it says "and N more".
const NAMES: usize = 4;

pub(super) fn title(inputs: &ResetInputs) -> String {
    let title = title_of(&inputs.target, inputs.group.listing.id.as_str(), inputs.now, &inputs.zone);
    if inputs.creates_group { format!("{title} (creates the group)") } else { title }
}

/// Without whether it creates somebody.
pub(super) fn title_of(target: &ResetTarget, group: &str, now: Time, zone: &TimeZone) -> String {
    match target {
        ResetTarget::Earliest => format!("Reset {group} to the earliest records"),
        ResetTarget::Latest => {
            format!("Reset {group} to the end as of {}", now.clock_seconds(zone))
        }
        ResetTarget::Current => format!("Commit the current offsets of {group} again"),
        ResetTarget::Offset(offset) => format!("Reset {group} to offset {}", show::offset(*offset)),
        ResetTarget::Time(time) => format!("Reset {group} to {}", when::with_zone(*time, zone)),
        ResetTarget::Back { millis, time } => {
            format!("Reset {group} by {} to {}", show::duration(millis.unsigned_abs()), when::with_zone(*time, zone))
        }
        ResetTarget::Shift(records) => format!("Move {group} by {} offsets", show::difference(*records)),
        ResetTarget::Group(other) => format!("Reset {group} to where {other} is"),
        ResetTarget::Mirror(alias) => format!("Reset {group} to where the mirror of {alias} puts it"),
        ResetTarget::File => format!("Reset {group} to the offsets of a file"),
    }
}

/// `12 partitions of payments · 10:45:00 = 09:45:00 UTC · 41,906 read again · …`
pub(super) fn summary(inputs: &ResetInputs, moves: &[OffsetMove]) -> Vec<String> {
    let mut topics: Vec<&TopicName> = moves.iter().map(|step| &step.topic).collect();
    topics.dedup();
    let of = match topics.as_slice() {
        [one] => one.to_string(),
        many => show::plural(many.len(), "topic"),
    };
    let mut parts = vec![format!("{} of {of}", show::plural(moves.len(), "partition"))];
    if let Some(time) = inputs.target.time()
        && when::zone_name(&inputs.zone) != "UTC"
    {
        parts.push(format!("{} = {}", time.clock_seconds(&inputs.zone), when::with_zone(time, &TimeZone::UTC)));
    }
    parts.extend(totals(moves));
    vec![parts.join(" · ")]
}

/// What the moves do to reading, in at most as many records as offsets tell.
pub(super) fn totals(moves: &[OffsetMove]) -> Vec<String> {
    let sum = |of: fn(&OffsetMove) -> u64| moves.iter().map(of).fold(0u64, u64::saturating_add);
    let mut parts = Vec::new();
    for (number, what) in [
        (sum(OffsetMove::read_again), "read again"),
        (sum(OffsetMove::skipped), "skipped"),
        (sum(OffsetMove::lost), "lost"),
    ] {
        if number > 0 {
            // Offsets have gaps in compacted and transactional topics.
            parts.push(format!("~{} {what}", show::count(number)));
        }
    }
    let new = moves.iter().filter(|step| step.before.is_none()).count();
    if new > 0 {
        parts.push(format!("{} without a commit before", show::count(new as u64)));
    }
    if parts.is_empty() {
        parts.push("nothing moves".into());
    }
    parts
}

/// One sentence for each way in which targets are not what was asked for.
pub(super) fn adjustments(moves: &[OffsetMove], target: &ResetTarget, zone: &TimeZone) -> Vec<Warning> {
    let which = |is: fn(&Adjusted) -> bool| -> Vec<TopicPartition> {
        let adjusted = moves.iter().filter(|step| step.adjusted.as_ref().is_some_and(is));
        adjusted.map(|step| TopicPartition::new(step.topic.clone(), step.partition)).collect()
    };
    let time = target.time().map_or_else(|| "that time".into(), |time| when::with_zone(time, zone));
    let cases: [(Vec<TopicPartition>, String); 4] = [
        (which(|a| matches!(a, Adjusted::RaisedToStart { .. })), "below the log start, raised to it".into()),
        (which(|a| matches!(a, Adjusted::LoweredToEnd { .. })), "beyond the end, lowered to it".into()),
        (
            which(|a| matches!(a, Adjusted::NoRecordAfterTime)),
            format!("without a record at or after {time}, set to the end"),
        ),
        (which(|a| matches!(a, Adjusted::NothingCommitted)), "without a commit, set to the end".into()),
    ];
    let said = cases.into_iter().filter(|(partitions, _)| !partitions.is_empty());
    said.map(|(partitions, what)| {
        let names: Vec<&TopicPartition> = partitions.iter().collect();
        let text = format!("{} {what}: {}", show::plural(partitions.len(), "target"), some(&names));
        Warning::new(Severity::Warning, text)
    })
    .collect()
}

/// The same as a command to paste.
pub(super) fn command_line(inputs: &ResetInputs, moves: &[OffsetMove]) -> String {
    let mut words: Vec<String> = ["klamm", "groups", "reset"].map(String::from).to_vec();
    words.push(inputs.group.listing.id.as_str().to_owned());
    if inputs.all_topics {
        words.push("--all-topics".into());
    } else {
        let mut topics: BTreeMap<&TopicName, Vec<String>> = BTreeMap::new();
        for step in moves {
            topics.entry(&step.topic).or_default().push(step.partition.to_string());
        }
        for (topic, partitions) in topics {
            words.push("--topic".into());
            words.push(if inputs.whole_topics.contains(topic) {
                topic.to_string()
            } else {
                format!("{topic}:{}", partitions.join(","))
            });
        }
    }
    words.extend(target_words(&inputs.target, &inputs.zone));
    if inputs.creates_group {
        words.push("--create-group".into());
    }
    command_line::join(words.iter().map(String::as_str))
}

/// The target as words of a command line.
pub(super) fn target_words(target: &ResetTarget, zone: &TimeZone) -> Vec<String> {
    match target {
        ResetTarget::Earliest => vec!["--to-earliest".into()],
        ResetTarget::Latest => vec!["--to-latest".into()],
        ResetTarget::Current => vec!["--to-current".into()],
        ResetTarget::Offset(offset) => vec!["--to-offset".into(), offset.to_string()],
        ResetTarget::Time(time) => vec!["--to-datetime".into(), when::with_offset(*time, zone)],
        ResetTarget::Back { millis, .. } => vec!["--by-duration".into(), when::iso_duration(*millis)],
        ResetTarget::Shift(records) => vec![format!("--shift-by={records}")],
        ResetTarget::Group(other) => vec!["--from-group".into(), other.to_string()],
        ResetTarget::Mirror(alias) => vec!["--from-mirror".into(), alias.clone()],
        ResetTarget::File => vec!["--from-file".into(), "offsets.csv".into()],
    }
}

/// `orders:1, orders:2 and 3 more`
pub(in crate::domain) fn some(partitions: &[&TopicPartition]) -> String {
    let names: Vec<String> = partitions.iter().take(NAMES).map(ToString::to_string).collect();
    match partitions.len().saturating_sub(NAMES) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}
