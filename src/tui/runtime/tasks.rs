//! Requests under way, one per slot.
//!
//! Invariant: starting a slot ends what ran in it; a change that is being
//! applied is never ended here, `update` sees to that.

use super::clock::Clock;
use super::{OpenDemo, OpenedDemo, SwitchBroker};
use super::{guard, perform};
use crate::cluster::Cluster;
use crate::domain::{BrokerId, Failure, FailureKind, Time};
use crate::profile::{Loaded, Profile, Question};
use crate::tui::app::slot::{Generation, Slot};
use crate::tui::app::{Answer, Answered, Request};
use futures::FutureExt as _;
use secrecy::SecretString;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The cluster given on the command line.
pub struct Given {
    pub profile: Profile,
    /// When it is a demo.
    pub switch_broker: Option<SwitchBroker>,
}

/// What requests need, shared by their tasks.
pub struct Resources {
    loaded: Mutex<Loaded>,
    /// What was typed in answer to questions, for the run.
    secrets: Mutex<HashMap<Question, SecretString>>,
    pub given: Option<Given>,
    /// Whatever is opened is opened read-only.
    pub read_only: bool,
    pub open_demo: OpenDemo,
    /// The given profile was changed in the file, or its secrets are asked for anew.
    is_given_stale: AtomicBool,
    open: Mutex<Option<Open>>,
    /// Another cluster, to which records are sent.
    target: Mutex<Option<Cluster>>,
    /// Ends the export that is under way.
    export: Mutex<CancellationToken>,
    clock: Clock,
}

struct Open {
    cluster: Cluster,
    /// When it is a demo, which it keeps alive.
    switch_broker: Option<SwitchBroker>,
}

impl Resources {
    pub fn cluster(&self) -> Option<Cluster> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|open| open.cluster.clone())
    }

    /// Takes the place of the cluster that was open.
    pub fn replace(&self, cluster: Option<Cluster>, switch_broker: Option<SwitchBroker>) {
        let next = cluster.map(|cluster| Open { cluster, switch_broker });
        let former = std::mem::replace(&mut *self.open.lock().unwrap_or_else(PoisonError::into_inner), next);
        if let Some(former) = former {
            former.cluster.close();
        }
        self.set_target(None);
    }

    /// Ends what is being sent again, behind what is there.
    pub fn stop_sending(&self) {
        let both = [self.cluster(), self.target()];
        both.iter().flatten().flat_map(Cluster::sendings).for_each(|sending| sending.stop());
    }

    /// The cluster that records are sent to, where that is not the one that is open.
    pub fn target(&self) -> Option<Cluster> {
        self.target.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the place of the one before.
    pub fn set_target(&self, cluster: Option<Cluster>) {
        let former = std::mem::replace(&mut *self.target.lock().unwrap_or_else(PoisonError::into_inner), cluster);
        if let Some(former) = former {
            former.close();
        }
    }

    /// What ends the export that begins.
    pub fn begin_export(&self) -> CancellationToken {
        let token = CancellationToken::new();
        *self.export.lock().unwrap_or_else(PoisonError::into_inner) = token.clone();
        token
    }

    pub fn stop_export(&self) {
        self.export.lock().unwrap_or_else(PoisonError::into_inner).cancel();
    }

    /// Stops or starts a broker of the demo that is open. Does it run now?
    pub fn switch_broker(&self, id: BrokerId) -> Result<bool, Failure> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let switch = open.as_ref().and_then(|open| open.switch_broker.clone());
        drop(open);
        let switch = switch.ok_or_else(|| {
            Failure::new(FailureKind::Unsupported, "stop a broker", "only those of the demo can be stopped here")
        })?;
        switch(id)
    }

    pub fn loaded(&self) -> Loaded {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The file was read again.
    pub fn reload(&self, loaded: Loaded) {
        *self.loaded.lock().unwrap_or_else(PoisonError::into_inner) = loaded;
    }

    pub fn secret(&self, question: &Question) -> Option<SecretString> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).get(question).cloned()
    }

    pub fn keep_secret(&self, question: Question, secret: SecretString) {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).insert(question, secret);
    }

    /// The profile given on the command line, as long as it is what the file says.
    pub fn fresh_given(&self) -> Option<&Given> {
        self.given.as_ref().filter(|_| !self.is_given_stale.load(Ordering::Relaxed))
    }

    /// What was opened or typed before counts no more, if it is of a saved profile.
    pub fn forget_secrets(&self, profile: &str) {
        if self.given.as_ref().is_some_and(|given| given.profile.name == profile)
            && self.loaded().profile(profile).is_some()
        {
            self.is_given_stale.store(true, Ordering::Relaxed);
        }
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).retain(|question, _| question.profile != profile);
    }

    pub fn now(&self) -> Time {
        self.clock.now()
    }

    pub async fn demo(&self) -> Result<OpenedDemo, Failure> {
        (self.open_demo)().await
    }
}

/// Where the answers of one request go.
pub struct Reply {
    pub slot: Slot,
    generation: Generation,
    began: Instant,
    resources: Arc<Resources>,
    answers: mpsc::Sender<Answered>,
}

impl Reply {
    /// Returns false when nobody listens any more.
    pub async fn send(&self, answer: Answer) -> bool {
        let answered = Answered {
            slot: self.slot,
            generation: self.generation,
            at: self.resources.now(),
            took: self.began.elapsed(),
            access: self.resources.cluster().map(|cluster| cluster.access()),
            answer,
        };
        self.answers.send(answered).await.is_ok()
    }
}

pub struct Tasks {
    resources: Arc<Resources>,
    answers: mpsc::Sender<Answered>,
    running: HashMap<Slot, AbortHandle>,
}

impl Tasks {
    pub fn new(
        loaded: Loaded,
        given: Option<Given>,
        read_only: bool,
        open_demo: OpenDemo,
        clock: Clock,
        answers: mpsc::Sender<Answered>,
    ) -> Self {
        let resources = Resources {
            loaded: Mutex::new(loaded),
            secrets: Mutex::default(),
            is_given_stale: AtomicBool::new(false),
            given,
            read_only,
            open_demo,
            open: Mutex::default(),
            target: Mutex::default(),
            export: Mutex::default(),
            clock,
        };
        Self { resources: Arc::new(resources), answers, running: HashMap::new() }
    }

    pub fn start(&mut self, slot: Slot, generation: Generation, after: Duration, request: Request) {
        self.cancel(slot);
        let (resources, answers) = (Arc::clone(&self.resources), self.answers.clone());
        let task = tokio::spawn(async move {
            if !after.is_zero() {
                tokio::time::sleep(after).await;
            }
            let began = Instant::now();
            let reply = Reply { slot, generation, began, resources: Arc::clone(&resources), answers };
            let performed = AssertUnwindSafe(perform::perform(&resources, request, &reply)).catch_unwind().await;
            if performed.is_err() {
                guard::task_panicked();
            }
        });
        self.running.insert(slot, task.abort_handle());
    }

    /// Ends what is being sent again, behind what is there.
    pub fn stop_sending(&self) {
        self.resources.stop_sending();
    }

    pub fn stop_export(&self) {
        self.resources.stop_export();
    }

    pub fn cancel(&mut self, slot: Slot) {
        if let Some(task) = self.running.remove(&slot) {
            task.abort();
        }
    }

    /// Ends everything; the cluster's connections are closed.
    pub fn close(&mut self) {
        for (_, task) in self.running.drain() {
            task.abort();
        }
        self.resources.replace(None, None);
        self.resources.set_target(None);
    }
}

/// There is no cluster to ask.
pub fn not_connected() -> Failure {
    Failure::new(FailureKind::Refused, "ask the cluster", "none is open")
}
