//! Sending records again: the plan of it, and going on with one that was cut short.
//!
//! What is read is pinned when the plan is made. A plan belongs to the cluster that is
//! written to; the records may be of another one.
//!
//! Invariant: what was found out about rights stands in the plan before anything is
//! sent, and what is sent again is what a read-committed consumer would see.

mod file;
mod mapping;
mod positions;
mod reader;
mod redriven;
mod seen;
mod sending;

use super::search::SearchRequest;
use super::{Cluster, Metadata};
use crate::domain::finish;
use crate::domain::plan::{Change, Check, Outcome, Plan, Severity, Step, StepStatus, Warning};
use crate::domain::query::{Moment, Query, narrow, parse};
use crate::domain::record::{Isolation, ReadAs, StartAt, TieredRead};
use crate::domain::resend::{
    Delivery, Destination, Elsewhere, GROUP_PREFIX, Headers, Placing, Reached, Registries, Resend, ResendInputs,
    SourceRange, Stamp, carried, plan_resend,
};
use crate::domain::{Failure, FailureKind, GroupId, Offset, PartitionId, Time, TopicName, command_line, show};
use crate::kafka::admin;
use crate::kafka::fetch::ReadRange;
use std::collections::BTreeMap;
use std::time::Duration;

pub use file::ImportRequest;
pub use sending::Sending;
pub(super) use sending::Sendings;

/// How long a coordinator may take to be there.
const COORDINATOR_WITHIN: Duration = Duration::from_secs(15);
const ASK_PAUSE: Duration = Duration::from_millis(300);
const OPERATION: &str = "send records again";
/// Single records that one plan names.
pub const MOST_PLACES: usize = 1_000;

/// What is to be sent again.
#[derive(Clone, Debug)]
pub struct ResendRequest {
    pub topics: Vec<TopicName>,
    /// Only these records; empty: all of the topics that meet the query.
    pub places: Vec<(TopicName, PartitionId, Offset)>,
    pub query: Option<Query>,
    pub partitions: Option<Vec<PartitionId>>,
    pub start: StartAt,
    pub slack_ms: Option<i64>,
    pub view: Option<ReadAs>,
    pub tiered: TieredRead,
    /// `None`: to where dead letters say that they failed.
    pub to: Option<TopicName>,
    pub partition: Placing,
    pub timestamp: Stamp,
    pub headers: Headers,
    pub rate: Option<u64>,
    pub limit: Option<u64>,
    /// Do without a transaction, whatever the cluster allows.
    pub at_least_once: bool,
    /// Dead letters that were brought back before are brought back once more.
    pub again: bool,
    /// Records may go where what the profile masks of them is not masked.
    pub unmasked: bool,
    /// Read everything once to say how many there are.
    pub count: bool,
    pub command_line: String,
}

impl Cluster {
    /// The plan that sends records of `source` to this cluster.
    pub async fn plan_resend(&self, source: &Cluster, request: ResendRequest) -> Result<Plan, Failure> {
        let (from, metadata, origin) = tokio::try_join!(self.elsewhere(source), self.metadata(), source.metadata())?;
        let id = self.next_plan_id();
        let positions = GroupId::from(format!("{GROUP_PREFIX}{id}").as_str());
        let mut checks = Vec::new();
        let mut warnings = Vec::new();
        let mut query = with_places(request.query.clone(), &request.places);
        if request.to.is_none() && !request.again {
            query = self.without_redriven(query, &request.topics, &mut warnings).await?;
        }
        let to = match &request.to {
            None => Destination::Origin,
            Some(topic) => {
                let found = metadata.find_topic("send records to", topic.as_str())?;
                Destination::Topic { topic: topic.clone(), topic_id: found.id }
            }
        };
        let (ranges, notes, left_out) = source.pinned(&request, query.as_ref(), &origin).await?;
        checks.extend(placing_check(&request, &ranges, &metadata));
        checks.extend(source.masks_check(self, &request));
        let beside = request.to.as_ref().filter(|_| from.is_some());
        let delivery = self.delivery(request.at_least_once, &positions, beside, ranges.len(), &metadata).await?;
        warnings.extend(old_times(request.timestamp));
        warnings.extend(mapping::said(source, self, from.is_some()));
        let resend = Resend {
            from,
            file: None,
            registries: mapping::between(source, self),
            query: query.map(|query| query.to_string()),
            view: request.view,
            to,
            partition: request.partition,
            timestamp: request.timestamp,
            headers: request.headers,
            rate: request.rate,
            limit: request.limit,
            delivery,
            positions,
        };
        let counted = if request.count { Some(source.counted(&resend, &ranges).await?) } else { None };
        Ok(plan_resend(ResendInputs {
            id,
            now: self.now(),
            resend,
            ranges,
            counted,
            notes,
            left_out,
            checks,
            warnings,
            production: self.profile().production,
            command_line: request.command_line,
            resumes: None,
        }))
    }

    /// The plan that goes on where `plan_id` came to, of records of `source`.
    pub async fn plan_resume(&self, source: &Cluster, plan_id: &str) -> Result<Plan, Failure> {
        let refused = |message: &str| Failure::new(FailureKind::Refused, "go on sending", message).on(plan_id);
        let journal = self.journal().await?;
        let entry = journal.entries.iter().find(|entry| entry.plan.id == plan_id).ok_or_else(|| {
            Failure::new(FailureKind::NotFound, "go on sending", "the journal of this cluster has no such change")
                .on(plan_id)
        })?;
        let Change::Resend(resend) = &entry.plan.change else {
            return Err(refused("it did not send records again"));
        };
        if entry.outcome.as_ref().is_some_and(Outcome::is_complete) {
            return Err(refused("it has sent everything"));
        }
        if let Some(by) = &entry.finished_by {
            return Err(refused("another plan went on with it").hint(format!("Go on with {by}.")));
        }
        let from = self.elsewhere(source).await?;
        let cluster_of = |from: &Option<Elsewhere>| from.as_ref().map(|from| from.cluster_id.clone());
        if cluster_of(&from) != cluster_of(&resend.from) {
            let whose =
                resend.from.as_ref().map_or("the cluster itself".into(), |from| format!("profile {}", from.profile));
            return Err(refused("its records are of another cluster").hint(format!("They are of {whose}.")));
        }
        if mapping::between(source, self) != resend.registries {
            let hint = match &resend.registries {
                Some(Registries { from, to }) => format!("They were those of {from}, and became those of {to}."),
                None => "They stayed as they are.".to_owned(),
            };
            return Err(refused("schema ids would mean something else from here on").hint(hint));
        }
        let mut ranges = ranges_of(&entry.plan);
        let reached = self.reached(resend, &ranges).await?;
        let mut warnings = Vec::new();
        if reached.is_empty() {
            let severity = if resend.delivery == Delivery::ExactlyOnce { Severity::Note } else { Severity::Warning };
            warnings.push(Warning::new(severity, "no position was kept: it begins at its start"));
        }
        for (index, reached) in reached {
            if let Some(range) = ranges.get_mut(index) {
                range.from = range.from.max(reached.next).min(range.to);
                range.sent_before = reached.sent;
            }
        }
        if ranges.iter().all(|range| range.from >= range.to) {
            return Err(refused("nothing is left to send").hint("klamm journal settle writes that down."));
        }
        let checks = match resend.file {
            Some(_) => Vec::new(),
            None => vec![same_topics(&ranges, &*source.metadata().await?)],
        };
        Ok(plan_resend(ResendInputs {
            id: self.next_plan_id(),
            now: self.now(),
            resend: (**resend).clone(),
            ranges,
            counted: None,
            notes: Vec::new(),
            left_out: Vec::new(),
            checks,
            warnings,
            production: self.profile().production,
            command_line: match resend.from.is_some() || resend.registries.is_some() {
                false => format!("klamm records resend --resume {plan_id}"),
                true => command_line::join([
                    "klamm",
                    "--profile",
                    &source.profile().name,
                    "records",
                    "resend",
                    "--resume",
                    plan_id,
                    "--to-profile",
                    &self.profile().name,
                ]),
            },
            resumes: Some(plan_id.to_owned()),
        }))
    }

    /// How far a resend has come that has no result.
    pub(super) async fn look_at_resend(&self, plan: &Plan, resend: &Resend) -> Result<Outcome, Failure> {
        let ranges = ranges_of(plan);
        let mut reached: Vec<Reached> =
            ranges.iter().map(|range| Reached { next: range.from, sent: range.sent_before }).collect();
        for (index, kept) in self.reached(resend, &ranges).await? {
            if let Some(place) = reached.get_mut(index) {
                *place = kept;
            }
        }
        let status = |(range, reached): (&SourceRange, &Reached)| {
            if reached.next >= range.to { StepStatus::Done } else { StepStatus::NotDone }
        };
        let steps: Vec<StepStatus> = ranges.iter().zip(&reached).map(status).collect();
        let sent = show::count(total(&reached));
        let found = format!("{sent} were sent, by the positions that group {} holds", resend.positions);
        let notes = vec![finish::found(&steps), Warning::new(Severity::Note, found)];
        Ok(Outcome { notes, reached, ..Outcome::of(plan.id.clone(), self.now(), steps) })
    }

    /// `None` where the records are this cluster's own, by whatever profile they are read.
    async fn elsewhere(&self, source: &Cluster) -> Result<Option<Elsewhere>, Failure> {
        let (here, there) = tokio::try_join!(self.known_metadata(), source.known_metadata())?;
        if std::sync::Arc::ptr_eq(&self.inner, &source.inner) || here.cluster_id == there.cluster_id {
            return Ok(None);
        }
        let cluster_id = there.cluster_id.clone().unwrap_or_default();
        Ok(Some(Elsewhere { profile: source.profile().name.clone(), cluster_id }))
    }

    /// What is read of each partition, to its end of now.
    async fn pinned(
        &self,
        request: &ResendRequest,
        query: Option<&Query>,
        metadata: &Metadata,
    ) -> Result<(Vec<SourceRange>, Vec<String>, Vec<Failure>), Failure> {
        let search = searching(request, query);
        let narrowed = narrow(&search.query);
        let (mut ranges, mut notes, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
        let mut topics = request.topics.clone();
        topics.sort();
        topics.dedup();
        for topic in &topics {
            let reach = self.reach(&search, topic, &narrowed).await?;
            if request.tiered == TieredRead::Ask
                && let Some(part) = self.tiered_part(topic, &reach.ranges).await?
            {
                let message = format!("up to {} of its records lie in remote storage", show::count(part.records));
                return Err(Failure::new(FailureKind::Refused, OPERATION, message)
                    .on(topic.as_str())
                    .hint("Add --tiered to read them."));
            }
            notes.extend(reach.notes.into_iter().map(|note| format!("{topic}: {note}")));
            left_out.extend(reach.left_out);
            let topic_id = metadata.topic(topic.as_str()).and_then(|topic| topic.id);
            let named: BTreeMap<PartitionId, (Offset, Offset)> = bounds(&request.places, topic);
            for ReadRange { partition, from, to } in reach.ranges {
                let (first, last) = match named.get(&partition) {
                    Some(bounds) => *bounds,
                    None if request.places.is_empty() => (from, Offset::MAX),
                    None => continue,
                };
                let (from, to) = (from.max(first), to.unwrap_or(from).min(last));
                if from < to {
                    let topic = topic.clone();
                    ranges.push(SourceRange { topic, topic_id, partition, from, to, sent_before: 0 });
                }
            }
        }
        ranges.sort_by(|a, b| (&a.topic, a.partition).cmp(&(&b.topic, b.partition)));
        Ok((ranges, notes, left_out))
    }

    /// What can be promised of records that are written here, and why no more. Positions
    /// of partitions that this cluster does not have go `beside` offsets of a topic.
    async fn delivery(
        &self,
        at_least_once: bool,
        id: &GroupId,
        beside: Option<&TopicName>,
        partitions: usize,
        metadata: &Metadata,
    ) -> Result<Delivery, Failure> {
        let weaker = |because: String| Ok(Delivery::AtLeastOnce { because });
        if at_least_once {
            return weaker("you asked for no transaction".into());
        }
        if let Some(topic) = beside {
            let room = metadata.topic(topic.as_str()).map_or(0, |topic| topic.partitions.len()) * carried::EACH;
            if partitions > room {
                return weaker(format!(
                    "positions of more than {room} partitions have no room beside offsets of {topic}"
                ));
            }
        }
        let (id_is_ours, group_is_ours) = tokio::join!(
            soon(|| admin::transactions::may_describe(self.client(), id.as_str())),
            soon(|| self.stands_at(id)),
        );
        match (id_is_ours, group_is_ours) {
            (Ok(()), Ok(_)) => Ok(Delivery::ExactlyOnce),
            (Err(failure), _) if is_for_good(&failure) => {
                weaker(format!("a transaction needs WRITE on the transactional id {id}: {}", failure.message))
            }
            (_, Err(failure)) if is_for_good(&failure) => {
                weaker(format!("positions need READ on the group {id}: {}", failure.message))
            }
            (Err(failure), _) | (_, Err(failure)) => Err(failure),
        }
    }

    /// How many records are wanted, by reading all of them.
    async fn counted(&self, resend: &Resend, ranges: &[SourceRange]) -> Result<u64, Failure> {
        let mut reader = reader::Reader::new(self, resend, ranges)?;
        let mut records = 0_u64;
        while let Some(read) = reader.next().await? {
            records += read.records.len() as u64;
        }
        Ok(resend.limit.map_or(records, |limit| records.min(limit)))
    }

    /// What the profile masks must not be read elsewhere without its mask.
    fn masks_check(&self, target: &Cluster, request: &ResendRequest) -> Option<Check> {
        let masks = &self.profile().masks;
        let is_touched = request.topics.iter().any(|topic| masks.touch(topic.as_str()));
        if !is_touched {
            return None;
        }
        let is_same = |topic: &TopicName| {
            request.to.as_ref().is_some_and(|to| target.profile().masks.covers(masks, topic.as_str(), to.as_str()))
        };
        let is_kept = request.topics.iter().all(is_same);
        let text = "what the profile masks stays masked where it goes";
        Some(match (is_kept, request.unmasked) {
            (true, _) => Check::new(Some(true), text),
            (false, true) => Check::advice(Some(false), text),
            (false, false) => Check::new(Some(false), format!("{text}: --unmasked sends it all the same")),
        })
    }
}

fn old_times(stamp: Stamp) -> Option<Warning> {
    let text = "records keep their times: the target's retention counts from those (--timestamp now)";
    (stamp == Stamp::Kept).then(|| Warning::new(Severity::Note, text))
}

/// Asks again for a while where a coordinator is not there yet: a cluster makes the
/// topics of groups and transactions when somebody first asks for them.
async fn soon<T, F: Future<Output = Result<T, Failure>>>(ask: impl Fn() -> F) -> Result<T, Failure> {
    let until = tokio::time::Instant::now() + COORDINATOR_WITHIN;
    loop {
        match ask().await {
            Err(failure) if failure.is_transient() && tokio::time::Instant::now() < until => {
                tokio::time::sleep(ASK_PAUSE).await;
            }
            result => return result,
        }
    }
}

fn is_for_good(failure: &Failure) -> bool {
    matches!(failure.kind, FailureKind::Denied | FailureKind::Unsupported)
}

/// The range of a step that sends records.
pub(super) fn range_of(step: &Step) -> Option<&SourceRange> {
    match step {
        Step::Resend(range) => Some(range),
        _ => None,
    }
}

/// The ranges of a plan, one for each step.
pub(super) fn ranges_of(plan: &Plan) -> Vec<SourceRange> {
    plan.steps.iter().filter_map(range_of).cloned().collect()
}

/// Records that were sent of all ranges.
fn total(reached: &[Reached]) -> u64 {
    reached.iter().fold(0, |sum, reached| sum.saturating_add(reached.sent))
}

/// The query of a plan, as it was written down.
pub(super) fn query_of(resend: &Resend) -> Result<Option<Query>, Failure> {
    let Some(text) = &resend.query else { return Ok(None) };
    // Its times are instants: neither zone nor clock matter.
    parse(text, &Moment { now: Time(0), zone: None })
        .map_err(|error| Failure::new(FailureKind::Malformed, OPERATION, format!("the plan's query is wrong {error}")))
}

fn searching(request: &ResendRequest, query: Option<&Query>) -> SearchRequest {
    SearchRequest {
        partitions: request.partitions.clone(),
        start: request.start,
        slack_ms: request.slack_ms,
        view: request.view,
        isolation: Isolation::Committed,
        tiered: TieredRead::Allowed,
        ..SearchRequest::of(request.topics.clone(), query.cloned().unwrap_or_else(Query::everything))
    }
}

/// The first named offset of each partition, and what stands behind the last.
fn bounds(places: &[(TopicName, PartitionId, Offset)], topic: &TopicName) -> BTreeMap<PartitionId, (Offset, Offset)> {
    let mut found: BTreeMap<PartitionId, (Offset, Offset)> = BTreeMap::new();
    for (_, partition, offset) in places.iter().filter(|(of, ..)| of == topic) {
        let bounds = found.entry(*partition).or_insert((*offset, offset.saturating_add(1)));
        *bounds = (bounds.0.min(*offset), bounds.1.max(offset.saturating_add(1)));
    }
    found
}

/// A query that is also met only by records at these places.
fn with_places(query: Option<Query>, places: &[(TopicName, PartitionId, Offset)]) -> Option<Query> {
    let named = places.iter().map(|(topic, partition, offset)| (topic, *partition, *offset));
    Query::all(query.into_iter().chain(Query::at_places(named)).collect())
}

fn placing_check(request: &ResendRequest, ranges: &[SourceRange], metadata: &Metadata) -> Option<Check> {
    let topic = request.to.as_ref()?;
    let highest = ranges.iter().map(|range| range.partition).max()?;
    if request.partition == Placing::Hashed {
        return None;
    }
    let count = metadata.topic(topic.as_str()).map_or(0, |topic| topic.partitions.len());
    let fits = usize::try_from(highest).is_ok_and(|highest| highest < count);
    let text = format!("{topic} has the partitions that records are kept in");
    Some(match fits {
        true => Check::new(Some(true), text),
        false => Check::new(
            Some(false),
            format!(
                "{text}: it has {count}, and records of partition {highest} are sent; --partition hashed places them by key"
            ),
        ),
    })
}

/// Are the topics still those that were read before?
fn same_topics(ranges: &[SourceRange], metadata: &Metadata) -> Check {
    let is_same =
        |range: &SourceRange| metadata.topic(range.topic.as_str()).is_some_and(|topic| topic.id == range.topic_id);
    match ranges.iter().find(|range| !is_same(range)) {
        None => Check::new(Some(true), "same topics as when it began"),
        Some(range) => Check::new(Some(false), format!("topic {} is the one that it was when it began", range.topic)),
    }
}
