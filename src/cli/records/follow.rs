//! Following a search: what it says on standard error while it runs, and an interrupt,
//! which ends it with what it has.

use super::scope::Asked;
use super::status::Status;
use super::tail::agree;
use crate::cli::exit::{Exit, Stop};
use crate::cli::interrupt::Applying;
use crate::cli::output::complain;
use crate::cli::session::{Session, blocking};
use crate::cluster::{Cluster, Keep, SearchFeed, SearchRequest, SearchUpdate, TopicSearched};
use crate::domain::record::TieredRead;
use crate::domain::{Failure, Offset, PartitionId};

/// Partitions beyond this make a query that nobody wants to type.
const MOST_NAMED: usize = 32;

pub(super) struct Following {
    applying: Applying,
    status: Status,
    /// A report says its failures itself.
    says_failures: bool,
    feed: SearchFeed,
    cluster: Cluster,
    request: SearchRequest,
    /// Topics that were searched before somebody agreed to go on.
    before: Vec<TopicSearched>,
    /// The last update, without its records.
    pub(super) last: SearchUpdate,
    pub(super) failures: Vec<Failure>,
    waits: Vec<Failure>,
    pub(super) is_interrupted: bool,
}

impl Following {
    pub(super) fn begin(session: &Session, cluster: &Cluster, asked: Asked, keep: Keep) -> Self {
        let request = SearchRequest { keep, ..asked.request };
        session.applying.answers_itself();
        Self {
            applying: session.applying.clone(),
            status: Status::new(keep == Keep::Counts),
            says_failures: keep != Keep::Counts && !asked.reports,
            feed: cluster.search(request.clone()),
            cluster: cluster.clone(),
            request,
            before: Vec::new(),
            last: SearchUpdate::default(),
            failures: Vec::new(),
            waits: Vec::new(),
            is_interrupted: false,
        }
    }

    pub(super) fn request(&self) -> &SearchRequest {
        &self.request
    }

    /// What was found since; `None` at the end, or when somebody interrupts.
    pub(super) async fn next(&mut self) -> Result<Option<SearchUpdate>, Stop> {
        if self.last.finished {
            return Ok(None);
        }
        let update = tokio::select! {
            biased;
            () = self.applying.told() => {
                self.status.clear();
                self.is_interrupted = true;
                return Ok(None);
            }
            update = self.feed.next() => update,
        };
        self.status.clear();
        let Some(mut update) = update else { return Ok(None) };
        // Who is away for a while is said, and costs nothing if everything comes after all.
        for failure in std::mem::take(&mut update.waiting) {
            if !self.waits.contains(&failure) {
                complain(&format!("{failure}; waiting for it"));
                self.waits.push(failure);
            }
        }
        for failure in std::mem::take(&mut update.failures) {
            if !self.failures.contains(&failure) {
                if self.says_failures {
                    complain(&failure.to_string());
                }
                self.failures.push(failure);
            }
        }
        if let Some((topic, part)) = update.tiered.take() {
            let asks = topic.clone();
            blocking("ask", move || Ok(agree(&asks, part)?)).await?;
            // Topics before it were searched to their ends.
            let request = &mut self.request;
            request.tiered = TieredRead::Allowed;
            request.topics = request.topics.iter().skip_while(|name| **name != topic).cloned().collect();
            request.limit = request.limit.map(|limit| limit.saturating_sub(update.counts().matched).max(1));
            self.before.append(&mut update.topics);
            update.finished = false;
            self.feed = self.cluster.search(request.clone());
        }
        let records = std::mem::take(&mut update.records);
        let ends = std::mem::take(&mut update.ends);
        self.last = update.clone();
        Ok(Some(SearchUpdate { records, ends, ..update }))
    }

    /// Says how far it is, until something else is written.
    pub(super) fn show(&mut self) {
        if !self.last.finished {
            self.status.show(&self.last);
        }
    }

    /// Says what was covered; how it ended.
    pub(super) fn end(&mut self) -> Result<Exit, Stop> {
        let last = &mut self.last;
        last.topics.splice(0..0, std::mem::take(&mut self.before));
        if last.topics.is_empty()
            && let Some(failure) = self.failures.first()
        {
            return Err(failure.clone().into());
        }
        super::tail::say_held_back(&self.cluster, last.held_back);
        if self.is_interrupted {
            complain(&format!("interrupted at {}; the rest was not looked at", last.counts().progress(last.elapsed)));
        }
        for searched in &last.topics {
            complain(&format!("{}: {}", searched.topic, searched.coverage(&self.failures, last.is_limited)));
            for note in &searched.notes {
                complain(&format!("{}: {note}", searched.topic));
            }
            if let Some(rest) = rest(searched).filter(|_| self.is_interrupted || last.is_limited) {
                complain(&format!("{}: to go on from here, add to the query: {rest}", searched.topic));
            }
        }
        let is_complete = self.failures.is_empty() && last.topics.iter().all(|topic| topic.is_complete);
        Ok(match last.counts().matched {
            _ if last.is_limited => Exit::Done,
            _ if !is_complete || self.is_interrupted => Exit::Partial,
            0 => Exit::NotMet,
            _ => Exit::Done,
        })
    }
}

/// What was not searched, as a part of a query.
fn rest(searched: &TopicSearched) -> Option<String> {
    if searched.rest.is_empty() || searched.rest.len() > MOST_NAMED {
        return None;
    }
    let part = |(partition, from): (&PartitionId, &Offset)| format!("partition = {partition} and offset >= {from}");
    let parts: Vec<String> = searched.rest.iter().map(part).collect();
    Some(format!("and ({})", parts.join(" or ")))
}
