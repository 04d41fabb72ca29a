//! The one way from a plan to a change on the command line.
//!
//! Shows the plan, obtains consent, applies, and reports: once on standard
//! output, whatever happened. Nothing else in this room calls `apply`.

use super::confirm::Consent;
use super::exit::{Exit, Stop};
use super::interrupt::signal;
use super::output::{Format, Look, Output, say};
use super::plan;
use super::records::status::Status;
use super::session::{Session, blocking};
use crate::cluster::Cluster;
use crate::domain::plan::{Change, Outcome, Plan, Severity, Warning};
use crate::domain::{Failure, GroupId, show};
use std::io::{self, IsTerminal};
use std::time::Duration;

/// How often a terminal is told how far a long change is.
const STATUS_PACE: Duration = Duration::from_millis(500);

/// Applies `plan` if the user agrees. With `look_again`, waits that long after it
/// and says whether somebody else has moved the offsets since.
pub(crate) async fn carry_out(
    session: &mut Session,
    cluster: &Cluster,
    plan: &Plan,
    consent: Consent,
    look_again: Option<Duration>,
) -> Result<Exit, Stop> {
    decided(session, cluster, cluster, plan, consent, look_again).await
}

async fn decided(
    session: &mut Session,
    cluster: &Cluster,
    source: &Cluster,
    plan: &Plan,
    consent: Consent,
    look_again: Option<Duration>,
) -> Result<Exit, Stop> {
    if consent.dry_run || plan.steps.is_empty() {
        session.output.report(&plan::report(plan, None, plan::refusal(plan).as_ref()))?;
        return Ok(plan::preview_exit(plan));
    }
    let refused = |session: &mut Session, failure: Failure| {
        session.output.report(&plan::report(plan, None, Some(&failure)))?;
        Ok(Exit::of_failure(&failure))
    };
    if let Some(failure) = plan::refusal(plan) {
        return refused(session, failure);
    }
    let grant = match cluster.grant() {
        Ok(grant) => grant,
        Err(failure) => return refused(session, failure),
    };
    if consent.will_ask() {
        show_before_asking(session, plan)?;
    }
    let (operation, target, how) =
        (plan::operation(&plan.change), plan.change.target().into_owned(), plan.confirm.clone());
    // The answer is read from a blocking terminal; an interrupt must still be heard.
    if let Err(stop) = blocking("ask", move || Ok(consent.obtain(operation, &target, &how)?)).await {
        return match stop {
            Stop::Failed(failure) => refused(session, failure),
            other => Err(other),
        };
    }

    // Held until the result is written: whoever interrupts learns what happened.
    let _under_way = session.applying.begin().await;
    let mut outcome = match watched(cluster, plan, cluster.apply_from(source, plan, &grant, None)).await {
        Ok(outcome) => outcome,
        // Nothing was sent.
        Err(failure) => return refused(session, failure),
    };
    if let Some(pause) = look_again {
        outcome.notes.extend(later(cluster, plan, pause).await);
    }
    session.output.report(&plan::report(plan, Some(&outcome), None))?;
    Ok(Exit::of_outcome(&outcome))
}

/// The same for records that are sent again: the ones of `source` are read. An
/// interrupt stops it behind what is there for good.
pub(crate) async fn carry_out_from(
    session: &mut Session,
    cluster: &Cluster,
    source: &Cluster,
    plan: &Plan,
    consent: Consent,
) -> Result<Exit, Stop> {
    decided(session, cluster, source, plan, consent, None).await
}

/// Says how far it is, and stops it when somebody interrupts.
async fn watched(
    cluster: &Cluster,
    plan: &Plan,
    work: impl Future<Output = Result<Outcome, Failure>>,
) -> Result<Outcome, Failure> {
    let mut work = std::pin::pin!(work);
    if !matches!(plan.change, Change::Resend(_)) {
        return work.await;
    }
    let mut interrupted = std::pin::pin!(signal());
    let mut is_stopped = false;
    let mut status = Status::new(true);
    let mut pace = tokio::time::interval(STATUS_PACE);
    loop {
        tokio::select! {
            outcome = &mut work => {
                status.clear();
                return outcome;
            }
            () = &mut interrupted, if !is_stopped => {
                is_stopped = true;
                cluster.sendings().iter().for_each(|sending| sending.stop());
            }
            _ = pace.tick() => {
                for sending in cluster.sendings() {
                    let (sent, passed) = (show::count(sending.sent()), show::count(sending.passed()));
                    status.show_line(&format!("{sent} sent, {passed} of {} offsets", show::count(sending.offsets)));
                }
            }
        }
    }
}

/// Waits for the groups to become empty, where that was asked for.
pub(crate) async fn wait_until_empty(
    cluster: &Cluster,
    groups: &[GroupId],
    wait: Option<Duration>,
    consent: Consent,
) -> Result<(), Failure> {
    let Some(deadline) = wait.filter(|_| !consent.dry_run) else { return Ok(()) };
    let names: Vec<&str> = groups.iter().map(GroupId::as_str).collect();
    say(&format!("klamm: waiting up to {} s for {} to become empty", deadline.as_secs(), names.join(", ")));
    cluster.wait_until_empty(groups, deadline).await
}

/// What has become of the offsets after `pause`. An interrupt ends the pause.
async fn later(cluster: &Cluster, plan: &Plan, pause: Duration) -> Vec<Warning> {
    let unseen = |reason: &str| vec![Warning::new(Severity::Warning, format!("not looked at again: {reason}"))];
    tokio::select! {
        () = signal() => unseen("interrupted"),
        () = tokio::time::sleep(pause) => match cluster.look_again(plan).await {
            Ok(notes) => notes,
            Err(failure) => unseen(&failure.to_string()),
        },
    }
}

/// The plan for the one who is asked, beside the answer: standard output gets
/// one document, the result.
fn show_before_asking(session: &Session, plan: &Plan) -> io::Result<()> {
    let is_terminal = io::stderr().is_terminal();
    let look =
        Look { is_terminal, has_colours: session.output.look.has_colours, zone: session.output.look.zone.clone() };
    Output::new(Format::Table, look, Box::new(io::stderr())).report(&plan::report(plan, None, None))
}
