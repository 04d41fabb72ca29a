//! What each request means: one call of the cluster, and its answer.

use super::SwitchBroker;
use super::tasks::{Reply, Resources, not_connected};
use super::{crash, export, profile_file, profiles};
use crate::cluster::{Cluster, LastHour, ResendRequest, Unwritable, probe};
use crate::domain::offsets_csv::{self, OffsetRow};
use crate::domain::plan::{Change, Plan, StepStatus};
use crate::domain::{Failure, FailureKind, GroupId};
use crate::profile::{Loaded, Profile, Question};
use crate::tui::app::dialogs::plan::Sent;
use crate::tui::app::session::Session;
use crate::tui::app::{Answer, Request};
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// The largest file of offsets that is read.
const MOST_OFFSETS: u64 = 64 << 20;

pub async fn perform(resources: &Arc<Resources>, request: Request, reply: &Reply) {
    let request = match request {
        Request::WithSecret { question, secret, then } => {
            resources.keep_secret(question, secret);
            *then
        }
        other => other,
    };
    let cluster = resources.cluster().ok_or_else(not_connected);
    let answer = match request {
        Request::Connect(name) => connect(resources, name).await,
        Request::ConnectAnew(name) => {
            resources.forget_secrets(&name);
            connect(resources, name).await
        }
        // It was opened above; a secret has no secret of its own.
        Request::WithSecret { .. } => return,
        Request::ReadProfile(name) => Answer::ProfileRead(profile_file::read(resources, name).await),
        Request::CheckFiles(files) => Answer::FilesChecked(profile_file::missing(resources, files).await),
        Request::ChangeProfile(action) => {
            Answer::ProfilesChanged(profile_file::change(resources, action).await.map(Box::new))
        }
        Request::TestProfile(name) => {
            let opened = open_profile(resources, resources.loaded(), name.clone()).await;
            test(opened, Request::TestProfile(name), reply).await
        }
        Request::TestDraft(action) => {
            let opened = match profile_file::draft(resources, action.clone()).await {
                Ok((loaded, name)) => open_profile(resources, loaded, name).await,
                Err(failure) => Opened::Failed(failure),
            };
            test(opened, Request::TestDraft(action), reply).await
        }
        Request::OpenDemo => Answer::Connected(open_demo(resources).await),
        Request::Metadata => Answer::Metadata(match cluster {
            Ok(cluster) => cluster.metadata().await,
            Err(failure) => Err(failure),
        }),
        Request::TopicLogs { in_sight } => Answer::TopicLogs(match cluster {
            Ok(cluster) => {
                let round = |so_far| async move { cluster.topic_logs_in_parts(&in_sight, so_far).await };
                told(reply, Answer::TopicLogsSoFar, round).await
            }
            Err(failure) => Err(failure),
        }),
        Request::Brokers => Answer::Brokers(match cluster {
            Ok(cluster) => cluster.brokers().await,
            Err(failure) => Err(failure),
        }),
        Request::Groups { in_sight } => Answer::Groups(match cluster {
            Ok(cluster) => {
                let round = |so_far| async move { cluster.groups_in_parts(&in_sight, so_far).await };
                told(reply, Answer::GroupsSoFar, round).await
            }
            Err(failure) => Err(failure),
        }),
        Request::TopicConfigs(topic) => Answer::TopicConfigs(match cluster {
            Ok(cluster) => cluster.topic_configs(&topic).await,
            Err(failure) => Err(failure),
        }),
        Request::Overrides(topics) => Answer::Overrides(match cluster {
            Ok(cluster) => cluster.overrides(&topics).await,
            Err(failure) => Err(failure),
        }),
        Request::TopicGroups(topic) => Answer::TopicGroups(match cluster {
            Ok(cluster) => cluster.topic_groups(&topic).await,
            Err(failure) => Err(failure),
        }),
        Request::Group(group) => {
            crash::on_purpose("task");
            Answer::Group(match cluster {
                Ok(cluster) => cluster.judged_group(&group, LastHour::Ask).await,
                Err(failure) => Err(failure),
            })
        }
        Request::OrderTopics { metadata, logs, filter, sort } => {
            let ordered = tokio::task::spawn_blocking(move || {
                crate::tui::app::screens::topics::order(&metadata, logs.as_deref(), &filter, sort)
            });
            Answer::TopicsOrdered(Arc::new(ordered.await.unwrap_or_default()))
        }
        Request::OrderGroups { groups, filter, sort } => {
            let ordered =
                tokio::task::spawn_blocking(move || crate::tui::app::screens::groups::order(&groups, &filter, sort));
            Answer::GroupsOrdered(Arc::new(ordered.await.unwrap_or_default()))
        }
        Request::Find { typed, haystack } => {
            let words = typed.clone();
            let hits = tokio::task::spawn_blocking(move || crate::tui::app::find::find(&words, &haystack));
            Answer::Found { typed, hits: hits.await.unwrap_or_default() }
        }
        Request::Records(request) => {
            let Ok(cluster) = cluster else { return };
            let mut feed = cluster.records(*request);
            while let Some(update) = feed.next().await {
                if !reply.send(Answer::Records(update)).await {
                    return;
                }
            }
            Answer::RecordsEnded
        }
        Request::Search(request) => {
            let Ok(cluster) = cluster else { return };
            let mut feed = cluster.search(*request);
            while let Some(update) = feed.next().await {
                if !reply.send(Answer::Searched(update)).await {
                    return;
                }
            }
            Answer::RecordsEnded
        }
        Request::Decode { records, view } => match cluster {
            Ok(cluster) => Answer::Decoded(cluster.decode(&records, view).await),
            Err(_) => Answer::Decoded(Vec::new()),
        },
        Request::Stats { before, come, gone, wish, view, as_of } => match cluster {
            Ok(cluster) => Answer::Stats(cluster.tally(before, &come, &gone, &wish, view).await, as_of),
            Err(_) => return,
        },
        Request::PlanReset(request) => Answer::Planned(match cluster {
            Ok(cluster) => cluster.plan_reset(request).await.map(Arc::new),
            Err(failure) => Err(failure),
        }),
        Request::PlanCopy { from, to } => Answer::Planned(match cluster {
            Ok(cluster) => cluster.plan_copy(&from, &to, true).await.map(Arc::new),
            Err(failure) => Err(failure),
        }),
        Request::PlanImport(path) => Answer::Planned(match (cluster, read_offsets(&path).await) {
            (Ok(cluster), Ok(rows)) => cluster.plan_import(rows, true).await.map(Arc::new),
            (Err(failure), _) | (_, Err(failure)) => Err(failure),
        }),
        Request::PlanAddPartitions { topic, to, commit_zero } => Answer::Planned(match cluster {
            Ok(cluster) => cluster.plan_add_partitions(&topic, to, commit_zero).await.map(Arc::new),
            Err(failure) => Err(failure),
        }),
        Request::PlanCreateTopic(topic) => Answer::Planned(match cluster {
            Ok(cluster) => cluster.plan_create_topic(topic).await.map(Arc::new),
            Err(failure) => Err(failure),
        }),
        Request::PlanProduce(recipe) => match cluster {
            Ok(cluster) => match cluster.plan_recipe(*recipe).await {
                Ok(plan) => Answer::Planned(Ok(Arc::new(plan))),
                Err(Unwritable::Misfit(misfit)) => Answer::Unfit(misfit),
                Err(Unwritable::Failed(failure)) => Answer::Planned(Err(failure)),
            },
            Err(failure) => Answer::Planned(Err(failure)),
        },
        Request::Subjects => Answer::Subjects(match cluster {
            Ok(cluster) => cluster.subjects().await,
            Err(failure) => Err(failure),
        }),
        Request::PlanDeleteTopic(topic) => Answer::Planned(match cluster {
            Ok(cluster) => cluster.plan_delete_topic(&topic).await.map(Arc::new),
            Err(failure) => Err(failure),
        }),
        Request::PlanResend { request, to } => match (cluster, to) {
            (Ok(cluster), None) => Answer::Planned(cluster.plan_resend(&cluster, *request).await.map(Arc::new)),
            (Ok(cluster), Some(to)) => plan_resend(resources, &cluster, *request, to).await,
            (Err(failure), _) => Answer::Planned(Err(failure)),
        },
        Request::Export(wish) => Answer::Exported(match cluster {
            Ok(cluster) => export::export(resources, &cluster, *wish, reply).await,
            Err(failure) => Err(failure),
        }),
        Request::PlanDeleteGroups(groups) => Answer::Planned(match cluster {
            Ok(cluster) => cluster.plan_delete_groups(&groups).await.map(Arc::new),
            Err(failure) => Err(failure),
        }),
        Request::PlanDeleteOffsets { group, scope } => Answer::Planned(match cluster {
            Ok(cluster) => cluster.plan_delete_offsets(&group, &scope).await.map(Arc::new),
            Err(failure) => Err(failure),
        }),
        Request::PlanConfigureGroup { group, wishes } => Answer::Planned(match cluster {
            Ok(cluster) => cluster.plan_configure_group(&group, &wishes).await.map(Arc::new),
            Err(failure) => Err(failure),
        }),
        Request::PlanRemoveMembers { group, leavers } => Answer::Planned(match cluster {
            Ok(cluster) => cluster.plan_remove_members(&group, &leavers).await.map(Arc::new),
            Err(failure) => Err(failure),
        }),
        Request::PlanUndo(id) => Answer::Planned(match cluster {
            Ok(cluster) => cluster.plan_undo(&id).await.map(Arc::new),
            Err(failure) => Err(failure),
        }),
        Request::PlanUndoLast(group) => Answer::Planned(match cluster {
            Ok(cluster) => undo_last(&cluster, group.as_ref()).await.map(Arc::new),
            Err(failure) => Err(failure),
        }),
        Request::PartitionReport { topic, wish } => Answer::PartitionReport(match cluster {
            Ok(cluster) => cluster.partition_report(&topic, wish).await,
            Err(failure) => Err(failure),
        }),
        Request::Compression { topic, sample } => Answer::Compression(match cluster {
            Ok(cluster) => cluster.compression(&topic, sample).await.map(Arc::new),
            Err(failure) => Err(failure),
        }),
        Request::Apply(plan) => Answer::Applied(match cluster {
            Ok(cluster) => apply(&cluster, &cluster, &plan, reply).await,
            Err(failure) => Err(failure),
        }),
        Request::ApplyElsewhere(plan) => Answer::Applied(match (cluster, resources.target()) {
            (Ok(source), Some(target)) => apply(&target, &source, &plan, reply).await,
            (Ok(_), None) => Err(not_connected()),
            (Err(failure), _) => Err(failure),
        }),
        Request::LookAgain(plan) => Answer::LookedAgain(match cluster {
            Ok(cluster) => cluster.look_again(&plan).await,
            Err(failure) => Err(failure),
        }),
        Request::WaitEmpty { groups, deadline } => Answer::GroupIsEmpty(match cluster {
            Ok(cluster) => cluster.wait_until_empty(&groups, deadline).await,
            Err(failure) => Err(failure),
        }),
        Request::Journal => Answer::Journal(match cluster {
            Ok(cluster) => cluster.journal().await,
            Err(failure) => Err(failure),
        }),
        Request::LookInto(id) => Answer::LookedInto(match cluster {
            Ok(cluster) => cluster.look_into(&id).await,
            Err(failure) => Err(failure),
        }),
        Request::Settle(id) => Answer::Settled(match cluster {
            Ok(cluster) => cluster.settle(&id).await,
            Err(failure) => Err(failure),
        }),
        Request::PlanFinish(id) => Answer::Planned(match cluster {
            Ok(cluster) => cluster.plan_finish(&id).await.map(Arc::new),
            Err(failure) => Err(failure),
        }),
        Request::Unlock(typed) => Answer::Unlocked(match cluster {
            Ok(cluster) => cluster.unlock(&typed).await,
            Err(failure) => Err(failure),
        }),
        Request::SwitchBroker(id) => {
            Answer::BrokerSwitched(resources.switch_broker(id).map(|is_running| (id, is_running)))
        }
        Request::ReadOffsets(path) => Answer::OffsetsRead(read_offsets(&path).await),
        Request::SaveFile { path, text } => Answer::Saved(save(path, text).await),
        Request::Rest => Answer::Rested,
    };
    reply.send(answer).await;
}

/// What opening a saved profile came to.
enum Opened {
    Profile(Box<Profile>),
    /// Somebody must type this first.
    Wanted(Question),
    Failed(Failure),
}

/// Opens a profile with its secrets. One may come from a program that takes its time.
async fn open_profile(resources: &Arc<Resources>, loaded: Loaded, name: String) -> Opened {
    if let Some(given) = resources.fresh_given().filter(|given| given.profile.name == name) {
        return Opened::Profile(Box::new(given.profile.clone()));
    }
    let resources = Arc::clone(resources);
    let opening = tokio::task::spawn_blocking(move || {
        let wanted = RefCell::new(None);
        let ask = |question: &Question| {
            resources.secret(question).ok_or_else(|| {
                wanted.replace(Some(question.clone()));
                Failure::new(FailureKind::Refused, "get secret", "it was not typed yet")
            })
        };
        match loaded.open(&name, &ask) {
            Ok(mut profile) => {
                // What was opened read-only stays so, also after an edit.
                profile.read_only |= resources.read_only
                    || resources
                        .given
                        .as_ref()
                        .is_some_and(|given| given.profile.name == name && given.profile.read_only);
                Opened::Profile(Box::new(profile))
            }
            Err(failure) => wanted.take().map_or(Opened::Failed(failure), Opened::Wanted),
        }
    });
    opening
        .await
        .unwrap_or_else(|error| Opened::Failed(Failure::new(FailureKind::Cancelled, "open profile", error.to_string())))
}

async fn connect(resources: &Arc<Resources>, name: String) -> Answer {
    match open_profile(resources, resources.loaded(), name.clone()).await {
        Opened::Profile(profile) => {
            let given = resources.fresh_given().filter(|given| given.profile.name == name);
            let switch_broker = given.and_then(|given| given.switch_broker.clone());
            Answer::Connected(open(resources, *profile, switch_broker))
        }
        Opened::Wanted(question) => Answer::SecretWanted { question, then: Box::new(Request::Connect(name)) },
        Opened::Failed(failure) => Answer::Connected(Err(failure)),
    }
}

/// Hands on each step of the test as it ends.
async fn test(opened: Opened, request: Request, reply: &Reply) -> Answer {
    let profile = match opened {
        Opened::Profile(profile) => *profile,
        Opened::Wanted(question) => return Answer::SecretWanted { question, then: Box::new(request) },
        Opened::Failed(failure) => return Answer::ProbeEnded(Err(failure)),
    };
    let mut steps = probe(profile);
    while let Some(step) = steps.recv().await {
        if !reply.send(Answer::Probed(Box::new(step))).await {
            break;
        }
    }
    Answer::ProbeEnded(Ok(()))
}

async fn open_demo(resources: &Arc<Resources>) -> Result<Box<Session>, Failure> {
    let demo = resources.demo().await?;
    open(resources, demo.profile, Some(demo.switch_broker))
}

fn open(
    resources: &Arc<Resources>,
    profile: Profile,
    switch_broker: Option<SwitchBroker>,
) -> Result<Box<Session>, Failure> {
    let cluster = Cluster::connect(profile)?;
    let session = Session { is_demo: switch_broker.is_some(), ..profiles::session(&cluster, resources.now()) };
    resources.replace(Some(cluster), switch_broker);
    Ok(Box::new(session))
}

/// Makes a round, and hands on what is known in the middle of it.
async fn told<T, F>(
    reply: &Reply,
    answer: impl Fn(Arc<T>) -> Answer,
    round: impl FnOnce(mpsc::Sender<Arc<T>>) -> F,
) -> Result<Arc<T>, Failure>
where
    F: Future<Output = Result<Arc<T>, Failure>>,
{
    let (so_far, mut known) = mpsc::channel(1);
    let forward = async {
        while let Some(value) = known.recv().await {
            reply.send(answer(value)).await;
        }
    };
    let (whole, ()) = tokio::join!(round(so_far), forward);
    whole
}

/// How often it is told how far records that are sent have come.
const SENT_PACE: Duration = Duration::from_millis(250);

/// Applies the plan, of records of `source` where it sends some, and hands on what became
/// of each step.
async fn apply(
    cluster: &Cluster,
    source: &Cluster,
    plan: &Plan,
    reply: &Reply,
) -> Result<crate::domain::plan::Outcome, Failure> {
    let grant = cluster.grant()?;
    let (progress, mut steps) = mpsc::channel::<Vec<(usize, StepStatus)>>(64);
    let mut work = std::pin::pin!(cluster.apply_from(source, plan, &grant, Some(progress)));
    let mut pace = tokio::time::interval(SENT_PACE);
    loop {
        tokio::select! {
            biased;
            Some(known) = steps.recv() => {
                reply.send(Answer::Progress(known)).await;
            }
            outcome = &mut work => {
                while let Ok(known) = steps.try_recv() {
                    reply.send(Answer::Progress(known)).await;
                }
                return outcome;
            }
            _ = pace.tick(), if matches!(plan.change, Change::Resend(_)) => {
                for sending in cluster.sendings().iter().filter(|sending| sending.plan_id == plan.id) {
                    let sent = Sent { records: sending.sent(), passed: sending.passed(), offsets: sending.offsets };
                    reply.send(Answer::Sent(sent)).await;
                }
            }
        }
    }
}

/// The plan to send records to the cluster of another saved profile, which stays open for it.
async fn plan_resend(resources: &Arc<Resources>, source: &Cluster, request: ResendRequest, to: String) -> Answer {
    let profile = match open_profile(resources, resources.loaded(), to.clone()).await {
        Opened::Profile(profile) => *profile,
        Opened::Wanted(question) => {
            let then = Request::PlanResend { request: Box::new(request), to: Some(to) };
            return Answer::SecretWanted { question, then: Box::new(then) };
        }
        Opened::Failed(failure) => return Answer::Planned(Err(failure)),
    };
    let target = match Cluster::connect(profile) {
        Ok(target) => target,
        Err(failure) => return Answer::Planned(Err(failure)),
    };
    resources.set_target(Some(target.clone()));
    Answer::Planned(target.plan_resend(source, request).await.map(Arc::new))
}

async fn undo_last(cluster: &Cluster, group: Option<&GroupId>) -> Result<Plan, Failure> {
    let journal = cluster.journal().await?;
    let is_wanted = |plan: &Plan| group.is_none_or(|group| plan.groups().contains(group));
    let last =
        journal.entries.iter().find(|entry| entry.undo.is_ok() && entry.undone_by.is_none() && is_wanted(&entry.plan));
    match last {
        Some(entry) => cluster.plan_undo(&entry.plan.id).await,
        None => {
            Err(Failure::new(FailureKind::NotFound, "undo the last change", "the journal has none that can be undone")
                .hint("The Journal view says why for each."))
        }
    }
}

async fn read_offsets(path: &Path) -> Result<Vec<OffsetRow>, Failure> {
    let fail = |kind, message: String| Failure::new(kind, "read offsets", message).on(path.display().to_string());
    let size = tokio::fs::metadata(path).await.map_err(|error| fail(FailureKind::Storage, error.to_string()))?.len();
    if size > MOST_OFFSETS {
        return Err(fail(FailureKind::Invalid, "the file is too large to be a list of offsets".into()));
    }
    let text = tokio::fs::read_to_string(path).await.map_err(|error| fail(FailureKind::Storage, error.to_string()))?;
    offsets_csv::parse_any(&text).map_err(|reason| fail(FailureKind::Invalid, reason))
}

/// Writes a new file; one that exists is not touched.
async fn save(path: PathBuf, text: String) -> Result<PathBuf, Failure> {
    use tokio::io::AsyncWriteExt as _;
    let fail = |error: std::io::Error| {
        Failure::new(FailureKind::Storage, "save", error.to_string()).on(path.display().to_string())
    };
    let mut file = tokio::fs::File::options().write(true).create_new(true).open(&path).await.map_err(fail)?;
    file.write_all(text.as_bytes()).await.map_err(fail)?;
    file.flush().await.map_err(fail)?;
    Ok(path)
}
