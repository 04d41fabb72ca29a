//! A connected cluster as the product sees it.
//!
//! Owns: snapshots with their age, the one way to apply a plan, the journal, and
//! the way of a record from a fetch to something readable. Must not know the
//! terminal or the command line.
//! Invariant: every answer says what is missing from it, and nothing is written
//! without a [`WriteGrant`] and a journaled plan.

mod apply;
mod clock;
mod commits;
mod compression;
mod dead_letters;
mod encoding;
mod export;
mod fates;
mod feed;
mod grant;
mod group_plans;
mod groups;
mod histories;
mod journal;
mod judge_all;
mod judging;
mod logs;
mod looks;
mod matcher;
mod mirrors;
mod named;
mod outlook;
mod overrides;
mod own_schemas;
mod peek;
mod plans;
mod positions;
mod probe;
mod produce;
mod produced;
mod reading;
mod records;
mod resend;
mod reset_plans;
mod rounds;
mod sampling;
mod saved_windows;
mod schemas;
mod search;
mod settings;
mod snapshot;
mod stats;
mod stored;
mod undo_file;
mod unfinished;

pub use apply::Progress;
pub use clock::{now, tell_time};
pub use commits::Judged;
pub use dead_letters::{DeadLetterTopic, Letter};
pub use encoding::{Encoders, Misfit, Unwritable};
pub use export::{ExportError, ExportForm, RecordWriter, create_file};
pub use grant::Access;
pub use groups::{GroupDetail, GroupRow, Groups, TopicGroup, Unseen};
pub use journal::{JournalEntry, JournalView};
pub use judge_all::judge_all;
pub use logs::{TopicLog, TopicLogs};
pub use looks::Absence;
pub use outlook::{Held, Outlook, PartitionOutlook};
pub use overrides::Overrides;
pub use peek::{Around, Peeked};
pub use plans::NewTopic;
pub use probe::{Ending, ProbeStep, Stage, probe};
pub use produce::{ProduceRequest, RecordSource, prepared};
pub use produced::LastHour;
pub use records::{Keep, RecordCounts, RecordRef, RecordsFeed, RecordsRequest, RecordsUpdate};
pub use resend::{ImportRequest, MOST_PLACES, ResendRequest, Sending};
pub use reset_plans::{ResetRequest, ResetScope, ResetWish};
pub use sampling::PartitionsOfGroups;
pub use search::{Counting, SearchCounts, SearchFeed, SearchRequest, SearchUpdate, TopicSearched};
pub use snapshot::{BrokerRow, Health, Metadata};
pub use stats::{Stats, StatsWish, Tally};

use crate::domain::{Failure, FailureKind, Time, WriteGrant};
use crate::kafka::wire::Client;
use crate::profile::Profile;
use crate::services::registry::Registry;
use apply::blocking;
use commits::CommitLog;
use grant::Gate;
use groups::LagSampler;
use journal::Journal;
use logs::LogSampler;
use outlook::Outlooks;
use own_schemas::OwnSchemas;
use saved_windows::Saving;
use schemas::Schemas;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// A connected cluster. Cheap to clone; the last clone to go closes it.
#[derive(Clone)]
pub struct Cluster {
    inner: Arc<Inner>,
}

struct Inner {
    profile: Profile,
    client: Client,
    schemas: Arc<Schemas>,
    gate: Mutex<Gate>,
    metadata: Mutex<Option<Arc<Metadata>>>,
    /// Held while the first metadata is asked for.
    metadata_turn: tokio::sync::Mutex<()>,
    brokers: Mutex<Option<Arc<Vec<BrokerRow>>>>,
    logs: Mutex<LogSampler>,
    lags: Mutex<LagSampler>,
    commits: Mutex<CommitLog>,
    outlooks: Mutex<Outlooks>,
    saving: tokio::sync::Mutex<Saving>,
    produced: Mutex<produced::Known>,
    journal: OnceLock<Journal>,
    drafts: Mutex<produce::Drafts>,
    sendings: Mutex<resend::Sendings>,
    plans_made: AtomicU32,
    reads_begun: AtomicU64,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("profile", &self.inner.profile.name).finish_non_exhaustive()
    }
}

impl Cluster {
    /// Prepares a cluster without any I/O to it; the first answer connects. Fails
    /// only where the profile's settings cannot be used: a bad certificate, a
    /// secret that cannot be read.
    pub fn connect(profile: Profile) -> Result<Self, Failure> {
        let client = Client::new(settings::wire_options(&profile)?)?;
        let registry = settings::registry(&profile)?;
        let gate = Gate::new(&profile.name, profile.read_only, profile.forbid_unlock);
        Ok(Self {
            inner: Arc::new(Inner {
                client,
                schemas: Arc::new(Schemas::new(registry.map(Arc::new), OwnSchemas::load(&profile.formats))),
                gate: Mutex::new(gate),
                metadata: Mutex::default(),
                metadata_turn: tokio::sync::Mutex::default(),
                brokers: Mutex::default(),
                logs: Mutex::default(),
                lags: Mutex::default(),
                commits: Mutex::new(CommitLog::new(profile.rules)),
                outlooks: Mutex::default(),
                saving: tokio::sync::Mutex::default(),
                produced: Mutex::default(),
                journal: OnceLock::new(),
                drafts: Mutex::default(),
                sendings: Mutex::default(),
                plans_made: AtomicU32::new(0),
                reads_begun: AtomicU64::new(0),
                profile,
            }),
        })
    }

    pub fn profile(&self) -> &Profile {
        &self.inner.profile
    }

    /// Closes every connection; what is under way fails with `Unreachable`.
    pub fn close(&self) {
        self.inner.client.close();
    }

    /// The registry's base URL, when the profile has one.
    pub fn registry(&self) -> Option<&Registry> {
        self.inner.schemas.registry()
    }

    pub fn access(&self) -> Access {
        lock(&self.inner.gate).access(self.now())
    }

    /// The right to write, unless the profile is read-only.
    pub fn grant(&self) -> Result<WriteGrant, Failure> {
        lock(&self.inner.gate).grant(self.now())
    }

    /// Opens a read-only profile for a quarter of an hour and journals that.
    /// `typed_name` must be the profile's name.
    pub async fn unlock(&self, typed_name: &str) -> Result<Time, Failure> {
        let now = self.now();
        let until = lock(&self.inner.gate).unlock(typed_name, now)?;
        let (journal, profile) = (self.journal_file().await?, self.profile().name.clone());
        blocking(move || journal.unlocked(&profile, until, now)).await?;
        Ok(until)
    }

    /// Every change made to this cluster from here, newest first.
    pub async fn journal(&self) -> Result<Arc<JournalView>, Failure> {
        let journal = self.journal_file().await?;
        blocking(move || journal.read()).await.map(Arc::new)
    }

    async fn journal_file(&self) -> Result<Journal, Failure> {
        if let Some(journal) = self.inner.journal.get() {
            return Ok(journal.clone());
        }
        let metadata = self.known_metadata().await?;
        let Some(cluster_id) = &metadata.cluster_id else {
            return Err(Failure::new(FailureKind::Unsupported, "open the journal", "the cluster tells no id")
                .hint("The journal is kept per cluster id, which brokers since 0.10.1 have."));
        };
        let dir = if self.profile().is_demo { None } else { self.profile().state_dir.as_deref() };
        Ok(self.inner.journal.get_or_init(|| Journal::of(dir, cluster_id)).clone())
    }

    fn client(&self) -> &Client {
        &self.inner.client
    }

    fn now(&self) -> Time {
        clock::now()
    }

    /// A plan id that no other plan of this machine has: time, process, counter.
    fn next_plan_id(&self) -> String {
        let count = self.inner.plans_made.fetch_add(1, Ordering::Relaxed);
        format!("{:x}-{:x}-{count:x}", self.now().millis(), std::process::id())
    }

    fn next_read(&self) -> u64 {
        self.inner.reads_begun.fetch_add(1, Ordering::Relaxed)
    }
}

/// A poisoned lock only means that another task panicked while it held plain data.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
