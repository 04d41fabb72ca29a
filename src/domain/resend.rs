//! Records that are sent again: which of them, to where, and how.
//!
//! Owns: the plan of it, and how far it has come as that is kept beside committed
//! offsets. The ends of what is read are part of the plan, so that what arrives later
//! is not sent, and sending into the topic that is read comes to an end.
//! Invariant: positions are written in the transaction that writes the records, or
//! behind them where there is none: what is before a position was sent.

use super::plan::{Change, Check, Confirm, Plan, Severity, Step, Warning};
use super::record::ReadAs;
use super::{Failure, GroupId, Offset, PartitionId, Time, TopicId, TopicName, TopicPartition, show};
use serde::{Deserialize, Serialize};

/// What the group of a plan's positions begins with; its transactional id is the same.
pub const GROUP_PREFIX: &str = "klamm-resend-";
/// The header that says which plan brought a dead letter back.
pub const REDRIVEN: &str = "klamm-redriven";

/// What is sent again, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resend {
    /// Whose records they are, where that is another cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Elsewhere>,
    /// They are of this file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<StoredFile>,
    /// Whose schema ids become whose; `None`: they stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registries: Option<Registries>,
    /// Which of the records; `None`: all. Its times are instants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// How they are read to be judged by the query; `None`: as the profile says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<ReadAs>,
    pub to: Destination,
    pub partition: Placing,
    pub timestamp: Stamp,
    pub headers: Headers,
    /// Records a second, at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<u64>,
    /// Records, at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    pub delivery: Delivery,
    /// Where positions are kept, on the cluster that is written to; also the
    /// transactional id. A plan that goes on with another has the same.
    pub positions: GroupId,
}

/// A file of records, and how it was when the plan was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFile {
    pub path: String,
    /// Of its beginning, as far as that is read,
    pub bytes: u64,
    /// the CRC-32C.
    pub checksum: u32,
}

impl Resend {
    /// The cluster that is written to does not have the partitions that are read.
    pub fn is_elsewhere(&self) -> bool {
        self.from.is_some() || self.file.is_some()
    }
}

/// Another cluster than the one that is changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elsewhere {
    pub profile: String,
    pub cluster_id: String,
}

/// The addresses of two registries, or of two contexts of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registries {
    pub from: String,
    pub to: String,
}

/// Where records go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Destination {
    Topic {
        topic: TopicName,
        topic_id: Option<TopicId>,
    },
    /// Each to the topic that its headers name as the one where it failed.
    Origin,
    /// Each to the topic of the name that its own had.
    Same,
}

/// Which partition a record goes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Placing {
    /// The number that it had.
    #[default]
    Kept,
    /// By its key, as the Java client does it; without a key at random.
    Hashed,
}

/// Which time a record has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stamp {
    #[default]
    Kept,
    Now,
}

/// What becomes of headers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Headers {
    #[default]
    Kept,
    /// Those of failures go, and one says which plan brought the record back.
    WithoutErrors,
    /// All stay, and one more says which plan brought the record back.
    KeptAndMarked,
}

/// What is promised of each record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Delivery {
    /// A transaction writes records and positions together.
    ExactlyOnce,
    /// After an interruption some may be there twice.
    AtLeastOnce { because: String },
}

/// What is read of a partition, and how far that has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRange {
    pub topic: TopicName,
    pub topic_id: Option<TopicId>,
    pub partition: PartitionId,
    /// The first offset that is read.
    pub from: Offset,
    /// The first that is not.
    pub to: Offset,
    /// Records of this partition that were sent before, by a plan that was cut short.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub sent_before: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl SourceRange {
    pub fn place(&self) -> TopicPartition {
        TopicPartition::new(self.topic.clone(), self.partition)
    }

    /// Offsets in it: records at most, since offsets have gaps.
    pub fn offsets(&self) -> u64 {
        u64::try_from(self.to.saturating_sub(self.from)).unwrap_or(0)
    }
}

/// How far a partition has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// All before it was sent, as far as it was wanted.
    pub next: Offset,
    /// Records that were sent of it.
    pub sent: u64,
}

impl Reached {
    /// What stands beside a committed offset: how many records that were.
    pub fn note(self) -> String {
        format!("klamm sent={}", self.sent)
    }

    /// Reads a committed offset with what stands beside it.
    pub fn read(offset: Offset, note: &str) -> Option<Self> {
        let sent = note.strip_prefix("klamm sent=")?.parse().ok()?;
        (offset >= 0).then_some(Self { next: offset, sent })
    }
}

/// Positions of another cluster's partitions, written beside an offset of the target:
/// a broker keeps offsets only of partitions that it has.
pub mod carried {
    use super::Reached;

    /// Positions that one committed offset carries. A broker keeps 4096 bytes beside it.
    pub const EACH: usize = 80;
    const BEGINS: &str = "klamm at";

    pub fn note<'a>(steps: impl IntoIterator<Item = (usize, &'a Reached)>) -> String {
        let mut note = BEGINS.to_owned();
        for (step, reached) in steps {
            note.push_str(&format!(" {step}:{}:{}", reached.next, reached.sent));
        }
        note
    }

    /// Steps with what they have reached; `None` where it was written by somebody else.
    pub fn read(note: &str) -> Option<Vec<(usize, Reached)>> {
        let words = note.strip_prefix(BEGINS)?.split_whitespace();
        let one = |word: &str| {
            let mut parts = word.split(':');
            let (step, next, sent) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?);
            Some((step, Reached { next, sent: sent.parse().ok()? })).filter(|_| parts.next().is_none() && next >= 0)
        };
        words.map(one).collect()
    }
}

/// What a plan is made from.
#[derive(Clone, Debug)]
pub struct ResendInputs {
    pub id: String,
    pub now: Time,
    pub resend: Resend,
    pub ranges: Vec<SourceRange>,
    /// Records that are wanted, where they were counted.
    pub counted: Option<u64>,
    /// What was taken for granted where less is read than there is.
    pub notes: Vec<String>,
    /// Partitions that cannot be read now.
    pub left_out: Vec<Failure>,
    pub checks: Vec<Check>,
    pub warnings: Vec<Warning>,
    pub production: bool,
    pub command_line: String,
    /// The plan that this one goes on with.
    pub resumes: Option<String>,
}

/// The plan that sends records again.
pub fn plan_resend(inputs: ResendInputs) -> Plan {
    let ResendInputs { resend, ranges, .. } = inputs;
    let before = ranges.iter().fold(0_u64, |sum, range| sum.saturating_add(range.sent_before));
    let title = title(&resend, &ranges, inputs.resumes.is_some());
    let mut summary = vec![how_many(&resend, &ranges, inputs.counted)];
    if before > 0 {
        summary.push(format!("{} were sent before it was cut short", show::count(before)));
    }
    summary.push(how(&resend));
    let mut warnings = vec![match &resend.delivery {
        Delivery::ExactlyOnce => Warning::new(
            Severity::Fine,
            format!(
                "exactly once: records and positions are written in one transaction, to group {}",
                resend.positions
            ),
        ),
        Delivery::AtLeastOnce { because } => Warning::new(
            Severity::Warning,
            format!("at least once, so after an interruption some may be there twice: {because}"),
        ),
    }];
    warnings.extend(inputs.notes.into_iter().map(|note| Warning::new(Severity::Note, note)));
    let missing = |failure: Failure| Warning::new(Severity::Danger, format!("not all of it can be read: {failure}"));
    warnings.extend(inputs.left_out.into_iter().map(missing));
    warnings.extend(inputs.warnings);
    let change = Change::Resend(Box::new(resend));
    let confirm = if inputs.production { Confirm::TypeName(change.target().into_owned()) } else { Confirm::Yes };
    Plan {
        id: inputs.id,
        change,
        title,
        summary,
        steps: ranges.into_iter().map(Step::Resend).collect(),
        checks: inputs.checks,
        warnings,
        confirm,
        not_undoable: Some("records that were written stay: Kafka has no deletion of single ones".into()),
        command_line: inputs.command_line,
        made_at: inputs.now,
        finishes: inputs.resumes,
    }
}

fn title(resend: &Resend, ranges: &[SourceRange], goes_on: bool) -> String {
    let mut topics: Vec<&str> = ranges.iter().map(|range| range.topic.as_str()).collect();
    topics.dedup();
    let of = match topics.as_slice() {
        [] => "nothing".to_owned(),
        [only] => (*only).to_owned(),
        many => show::plural(many.len(), "topic"),
    };
    if let Some(file) = &resend.file {
        let verb = if goes_on { "Go on importing" } else { "Import" };
        return match &resend.to {
            Destination::Topic { topic, .. } => format!("{verb} records of {} to {topic}", file.path),
            Destination::Origin | Destination::Same => format!("{verb} records of {} to {of}", file.path),
        };
    }
    let verb = if goes_on { "Go on sending" } else { "Send" };
    let from = resend.from.as_ref().map_or(String::new(), |from| format!(" of {}", from.profile));
    match &resend.to {
        Destination::Topic { topic, .. } => format!("{verb} records of {of}{from} again to {topic}"),
        Destination::Origin => format!("{verb} dead letters of {of} back to where they failed"),
        Destination::Same => format!("{verb} records of {of}{from} again"),
    }
}

fn how_many(resend: &Resend, ranges: &[SourceRange], counted: Option<u64>) -> String {
    let offsets = ranges.iter().fold(0_u64, |sum, range| sum.saturating_add(range.offsets()));
    let records = |count: u64| show::plural(count, "record");
    let limit = resend.limit.map_or(String::new(), |limit| format!(", the first {}", show::count(limit)));
    match (counted, &resend.query, ranges) {
        (Some(counted), ..) if resend.file.is_some() => records(counted),
        (Some(counted), ..) => {
            format!("{}{limit}, counted among {} offsets", records(counted), show::count(offsets))
        }
        (None, _, [one]) if offsets == 1 => format!("the record at {}/{}@{}", one.topic, one.partition, one.from),
        (None, None, _) => format!("up to {}{limit}: offsets have gaps", records(offsets)),
        (None, Some(query), _) => {
            format!(
                "those of up to {}{limit} that meet: {query}; how many is known when they are read",
                records(offsets)
            )
        }
    }
}

fn how(resend: &Resend) -> String {
    let mut parts = vec![match resend.partition {
        Placing::Kept => "partition kept".to_owned(),
        Placing::Hashed => "partition by the key's hash".to_owned(),
    }];
    parts.push(match resend.timestamp {
        Stamp::Kept => "time kept".into(),
        Stamp::Now => "time of now".into(),
    });
    parts.push(match resend.headers {
        Headers::Kept => "headers kept".into(),
        Headers::WithoutErrors => format!("headers of failures removed, {REDRIVEN} added"),
        Headers::KeptAndMarked => format!("headers kept, {REDRIVEN} added"),
    });
    parts.push("key and value byte for byte".into());
    parts.extend(resend.rate.map(|rate| format!("at most {}/s", show::count(rate))));
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resend() -> Resend {
        Resend {
            from: None,
            registries: None,
            file: None,
            query: None,
            view: None,
            to: Destination::Topic { topic: "copies".into(), topic_id: None },
            partition: Placing::Kept,
            timestamp: Stamp::Kept,
            headers: Headers::Kept,
            rate: Some(1_000),
            limit: None,
            delivery: Delivery::ExactlyOnce,
            positions: "klamm-resend-1".into(),
        }
    }

    fn range(partition: PartitionId, from: Offset, to: Offset) -> SourceRange {
        SourceRange { topic: "orders".into(), topic_id: None, partition, from, to, sent_before: 0 }
    }

    fn inputs(resend: Resend, ranges: Vec<SourceRange>) -> ResendInputs {
        ResendInputs {
            id: "1".into(),
            now: Time(0),
            resend,
            ranges,
            counted: None,
            notes: vec![],
            left_out: vec![],
            checks: vec![],
            warnings: vec![],
            production: false,
            command_line: String::new(),
            resumes: None,
        }
    }

    #[test]
    fn a_plan_says_how_many_where_and_what_is_promised() {
        let plan = plan_resend(inputs(resend(), vec![range(0, 5, 905), range(1, 0, 100)]));
        assert_eq!(plan.title, "Send records of orders again to copies");
        assert_eq!(plan.summary[0], "up to 1,000 records: offsets have gaps");
        assert!(plan.summary[1].ends_with("at most 1,000/s"), "{:?}", plan.summary);
        assert_eq!(plan.warnings[0].severity, Severity::Fine);
        assert_eq!((plan.steps.len(), plan.change.target().as_ref()), (2, "copies"));
        let weaker = Resend { delivery: Delivery::AtLeastOnce { because: "no right".into() }, ..resend() };
        let plan = plan_resend(inputs(weaker, vec![range(0, 0, 1)]));
        assert_eq!(plan.summary[0], "the record at orders/0@0");
        assert!(plan.warnings[0].text.contains("may be there twice: no right"), "{}", plan.warnings[0].text);
    }

    #[test]
    fn a_plan_survives_the_journal() {
        let query = Resend { query: Some("value contains \"x\"".into()), limit: Some(3), ..resend() };
        let plan = plan_resend(inputs(query, vec![SourceRange { sent_before: 7, ..range(0, 0, 9) }]));
        let read: Plan = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
        assert_eq!(read, plan);
    }

    #[test]
    fn positions_are_read_back_and_nothing_else_is() {
        let reached = Reached { next: 12, sent: 7 };
        assert_eq!(Reached::read(12, &reached.note()), Some(reached));
        assert_eq!(Reached::read(12, "sent=7"), None);
        assert_eq!(Reached::read(-1, &reached.note()), None);
        let note = carried::note([(0, &reached), (3, &Reached { next: 0, sent: 0 })]);
        assert_eq!(carried::read(&note), Some(vec![(0, reached), (3, Reached { next: 0, sent: 0 })]));
        for wrong in ["", "klamm", "klamm at 1:2", "klamm at 1:2:3:4", "klamm at a:2:3", "klamm at 1:-2:3"] {
            assert_eq!(carried::read(wrong), None, "{wrong}");
        }
        let most = Reached { next: i64::MAX, sent: u64::MAX };
        let all: Vec<(usize, &Reached)> = (0..carried::EACH).map(|step| (1_000_000 - step, &most)).collect();
        assert!(carried::note(all).len() <= 4096);
    }
}
