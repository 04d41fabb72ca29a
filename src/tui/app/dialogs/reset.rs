//! Choosing where a group's offsets go.
//!
//! Owns: the kinds of target and what is typed for them. Must not know how a
//! target becomes an offset: that is the plan's work.

use crate::cluster::{ResetRequest, ResetScope, ResetWish};
use crate::domain::when::{parse_duration, parse_time};
use crate::domain::{GroupId, PartitionId, Time, TopicName, TopicPartition, show};
use crate::tui::app::input::TextInput;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The kinds of target, in the order they are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    Earliest,
    Latest,
    Time,
    Back,
    Shift,
    Offset,
    Current,
    Group,
    Mirror,
    File,
}

impl TargetKind {
    pub const ALL: [TargetKind; 10] = [
        TargetKind::Earliest,
        TargetKind::Latest,
        TargetKind::Time,
        TargetKind::Back,
        TargetKind::Shift,
        TargetKind::Offset,
        TargetKind::Current,
        TargetKind::Group,
        TargetKind::Mirror,
        TargetKind::File,
    ];

    pub fn title(self) -> &'static str {
        match self {
            Self::Earliest => "earliest",
            Self::Latest => "latest",
            Self::Time => "a time",
            Self::Back => "back by",
            Self::Shift => "shift by",
            Self::Offset => "an offset",
            Self::Current => "current",
            Self::Group => "another group's",
            Self::Mirror => "a mirror's",
            Self::File => "a file's",
        }
    }

    pub fn doc(self) -> &'static str {
        match self {
            Self::Earliest => "the oldest record still there",
            Self::Latest => "only what is written from now on",
            Self::Time => "the first record at or after it",
            Self::Back => "a duration before now",
            Self::Shift => "records forward or back",
            Self::Offset => "the same number in each partition",
            Self::Current => "write the same offsets again",
            Self::Group => "the offsets another group committed",
            Self::Mirror => "where MirrorMaker's checkpoints put it",
            Self::File => "topic,partition,offset in each line",
        }
    }

    /// An example of what is to be typed; `None` where nothing is.
    pub fn example(self) -> Option<&'static str> {
        match self {
            Self::Earliest | Self::Latest | Self::Current => None,
            Self::Time => Some("2026-11-21 10:45 or 10:45:00"),
            Self::Back => Some("3h, 90m, 1d12h or PT6H"),
            Self::Shift => Some("-1000 or +50"),
            Self::Offset => Some("884112"),
            Self::Group => Some("its group id"),
            Self::Mirror => Some("the alias of its source"),
            Self::File => Some("path of a CSV file"),
        }
    }
}

/// Which partitions are reset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    AllCommitted,
    /// Of those, where records wait to be read.
    Lagging,
    /// Every partition of one topic.
    Topic(TopicName),
    Partitions(Vec<TopicPartition>),
}

impl Scope {
    pub fn words(&self) -> String {
        match self {
            Self::AllCommitted => "every partition it has committed".into(),
            Self::Lagging => "every partition in which it lags".into(),
            Self::Topic(topic) => format!("every partition of {topic}"),
            Self::Partitions(rows) => match rows.as_slice() {
                [one] => format!("partition {} of {}", one.partition, one.topic),
                many => format!("the {} marked", show::plural(many.len(), "partition")),
            },
        }
    }

    fn to_request(&self) -> ResetScope {
        match self {
            Self::AllCommitted | Self::Lagging => ResetScope::AllCommitted,
            Self::Topic(topic) => ResetScope::Partitions(vec![(topic.clone(), None)]),
            Self::Partitions(rows) => ResetScope::Partitions(by_topic(rows)),
        }
    }
}

/// Partitions by their topic, as a plan takes them.
pub fn by_topic(rows: &[TopicPartition]) -> Vec<(TopicName, Option<Vec<PartitionId>>)> {
    let mut by_topic: BTreeMap<TopicName, Vec<PartitionId>> = BTreeMap::new();
    for row in rows {
        by_topic.entry(row.topic.clone()).or_default().push(row.partition);
    }
    by_topic.into_iter().map(|(topic, ids)| (topic, Some(ids))).collect()
}

/// What the choice leads to.
#[derive(Clone, Debug)]
pub enum Chosen {
    Plan(ResetRequest),
    /// The file has to be read first.
    ReadFile(PathBuf),
}

#[derive(Debug)]
pub struct ResetDialog {
    /// Never empty.
    pub groups: Vec<GroupId>,
    /// The scopes one can choose from; never empty.
    pub scopes: Vec<Scope>,
    pub scope: usize,
    pub kind: usize,
    pub inputs: Vec<TextInput>,
    /// The mirrors that keep checkpoints here, by alias; `None` while that is not known.
    pub mirrors: Option<Vec<String>>,
    pub error: Option<String>,
}

impl ResetDialog {
    pub fn new(groups: Vec<GroupId>, scopes: Vec<Scope>, mirrors: Option<Vec<String>>) -> Self {
        let only = mirrors.as_deref().and_then(|mirrors| <&[String; 1]>::try_from(mirrors).ok());
        let input = |kind: &TargetKind| match (kind, only) {
            (TargetKind::Mirror, Some([alias])) => TextInput::with(alias),
            _ => TextInput::default(),
        };
        Self {
            groups,
            scopes,
            scope: 0,
            kind: 0,
            inputs: TargetKind::ALL.iter().map(input).collect(),
            mirrors,
            error: None,
        }
    }

    pub fn kind(&self) -> TargetKind {
        TargetKind::ALL.get(self.kind).copied().unwrap_or(TargetKind::Earliest)
    }

    /// Why a kind of target is none here, as a clause.
    pub fn why_not(&self, kind: TargetKind) -> Option<&'static str> {
        match (kind, self.mirrors.as_deref()) {
            (TargetKind::Mirror, Some([])) => Some("no topic of checkpoints here: nothing is mirrored"),
            _ => None,
        }
    }

    pub fn scope(&self) -> Scope {
        self.scopes.get(self.scope).cloned().unwrap_or(Scope::AllCommitted)
    }

    pub fn next_scope(&mut self) {
        self.scope = (self.scope + 1) % self.scopes.len().max(1);
    }

    pub fn move_kind(&mut self, by: isize) {
        self.kind = self.kind.saturating_add_signed(by).min(TargetKind::ALL.len() - 1);
        self.error = None;
    }

    pub fn input_mut(&mut self) -> Option<&mut TextInput> {
        self.kind().example().filter(|_| self.why_not(self.kind()).is_none())?;
        self.inputs.get_mut(self.kind)
    }

    pub fn input(&self) -> Option<&TextInput> {
        self.kind().example().filter(|_| self.why_not(self.kind()).is_none())?;
        self.inputs.get(self.kind)
    }

    pub fn request(&self, target: ResetWish) -> ResetRequest {
        ResetRequest {
            groups: self.groups.clone(),
            scope: self.scope().to_request(),
            only_lagging: self.scope() == Scope::Lagging,
            target,
            create_group: false,
        }
    }

    /// What was chosen, or why it cannot be read.
    pub fn choose(&self, now: Time, zone: &TimeZone) -> Result<Chosen, String> {
        if let Some(why_not) = self.why_not(self.kind()) {
            return Err(why_not.into());
        }
        let typed = self.input().map_or("", TextInput::text).trim();
        if typed.is_empty()
            && let Some(example) = self.kind().example()
        {
            return Err(format!("type {example}"));
        }
        let whole = |text: &str| {
            text.trim_start_matches('+')
                .replace(['_', ','], "")
                .parse::<i64>()
                .map_err(|_| format!("‘{text}’ is not a whole number"))
        };
        let wish = match self.kind() {
            TargetKind::Earliest => ResetWish::Earliest,
            TargetKind::Latest => ResetWish::Latest,
            TargetKind::Current => ResetWish::Current,
            TargetKind::Time => ResetWish::Time(parse_time(typed, now, Some(zone))?.time),
            TargetKind::Back => ResetWish::Back(parse_duration(typed)?),
            TargetKind::Shift => ResetWish::Shift(whole(typed)?),
            TargetKind::Offset => ResetWish::Offset(whole(typed)?),
            TargetKind::Group => ResetWish::Group(GroupId::from(typed)),
            TargetKind::Mirror => ResetWish::Mirror(typed.to_owned()),
            TargetKind::File => return Ok(Chosen::ReadFile(PathBuf::from(typed))),
        };
        Ok(Chosen::Plan(self.request(wish)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(kind: TargetKind, typed: &str) -> Result<ResetWish, String> {
        let mut dialog = ResetDialog::new(vec!["billing".into()], vec![Scope::AllCommitted], None);
        dialog.kind = TargetKind::ALL.iter().position(|other| *other == kind).unwrap();
        if let Some(input) = dialog.input_mut() {
            *input = TextInput::with(typed);
        }
        dialog.choose(Time(0), &TimeZone::UTC).map(|chosen| match chosen {
            Chosen::Plan(request) => request.target,
            Chosen::ReadFile(_) => ResetWish::Current,
        })
    }

    #[test]
    fn what_is_typed_becomes_a_target() {
        assert!(matches!(choose(TargetKind::Earliest, ""), Ok(ResetWish::Earliest)));
        assert!(matches!(choose(TargetKind::Shift, "-1,000"), Ok(ResetWish::Shift(-1000))));
        assert!(matches!(choose(TargetKind::Shift, "+50"), Ok(ResetWish::Shift(50))));
        assert!(matches!(choose(TargetKind::Back, "90m"), Ok(ResetWish::Back(5_400_000))));
        assert!(matches!(choose(TargetKind::Time, "1970-01-01 00:01"), Ok(ResetWish::Time(Time(60_000)))));
        assert!(choose(TargetKind::Offset, "many").is_err_and(|why| why.contains("many")));
        assert!(choose(TargetKind::Group, " ").is_err(), "an empty field is not a group");
    }

    #[test]
    fn a_mirror_is_offered_where_checkpoints_are_kept() {
        let dialog = |mirrors: Option<&[&str]>| {
            let mirrors = mirrors.map(|mirrors| mirrors.iter().map(|alias| (*alias).to_owned()).collect());
            let mut dialog = ResetDialog::new(vec!["billing".into()], vec![Scope::AllCommitted], mirrors);
            dialog.kind = TargetKind::ALL.iter().position(|kind| *kind == TargetKind::Mirror).unwrap();
            dialog
        };
        let chosen = |dialog: ResetDialog| dialog.choose(Time(0), &TimeZone::UTC);
        let Ok(Chosen::Plan(request)) = chosen(dialog(Some(&["eu"]))) else { panic!() };
        assert_eq!(request.target, ResetWish::Mirror("eu".into()), "the only one is typed already");
        assert!(dialog(Some(&[])).input().is_none());
        assert!(chosen(dialog(Some(&[]))).is_err_and(|why| why.contains("no topic of checkpoints")));
        assert!(chosen(dialog(Some(&["eu", "us"]))).is_err_and(|why| why.contains("alias")));
        assert!(dialog(None).input().is_some(), "not known is not none");
    }

    #[test]
    fn marked_partitions_are_grouped_by_topic() {
        let rows = vec![
            TopicPartition::new("b".into(), 1),
            TopicPartition::new("a".into(), 0),
            TopicPartition::new("b".into(), 2),
        ];
        let ResetScope::Partitions(scope) = Scope::Partitions(rows).to_request() else { panic!() };
        assert_eq!(scope, vec![("a".into(), Some(vec![0])), ("b".into(), Some(vec![1, 2]))]);
    }
}
