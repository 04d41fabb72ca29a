//! Questions about many groups, each to be answered by its coordinator.
//!
//! Invariant: every group ends in the answers or, alone or among others, in the
//! failures. A coordinator that moved is looked up once more.

use super::left_out;
use crate::domain::{BrokerId, Failure, GroupId, Partial};
use crate::kafka::wire::{Client, failure_of_code, needs_new_coordinator};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use std::collections::HashMap;

/// What one request about several groups brought: per group its answer or the
/// error code it got.
pub(super) struct Batch<T> {
    pub(super) groups: Vec<GroupId>,
    pub(super) answer: Result<HashMap<GroupId, Result<T, i16>>, Failure>,
}

/// Asks the coordinators of `groups`. `ask` gets a broker and the groups it
/// coordinates, and splits them into requests as it likes.
pub(super) async fn ask<T, F>(
    client: &Client,
    operation: &str,
    groups: &[GroupId],
    ask: impl Fn(BrokerId, Vec<GroupId>) -> F,
) -> Partial<HashMap<GroupId, T>>
where
    F: Future<Output = Vec<Batch<T>>>,
{
    let mut gathered = Partial::whole(HashMap::with_capacity(groups.len()));
    let mut left = groups.to_vec();
    for is_last in [false, true] {
        let coordinators = client.coordinators(&left).await;
        gathered.failures.extend(coordinators.failures);
        let mut asked: FuturesUnordered<_> = coordinators
            .value
            .into_iter()
            .map(|(broker, groups)| {
                let batches = ask(broker, groups);
                async move { (broker, batches.await) }
            })
            .collect();
        let mut moved = Vec::new();
        while let Some((broker, batches)) = asked.next().await {
            for Batch { groups, answer } in batches {
                let mut answers = match answer {
                    Ok(answers) => answers,
                    Err(failure) => {
                        gathered.failures.push(named(failure, &groups));
                        continue;
                    }
                };
                for group in groups {
                    let failure = match answers.remove(&group) {
                        Some(Ok(answer)) => {
                            gathered.value.insert(group, answer);
                            continue;
                        }
                        Some(Err(code)) if needs_new_coordinator(code) && !is_last => {
                            moved.push(group);
                            continue;
                        }
                        Some(Err(code)) => failure_of_code(code, operation),
                        None => left_out(operation),
                    };
                    gathered.failures.push(failure.about("of group", group).at_broker(broker.to_string()));
                }
            }
        }
        if moved.is_empty() {
            break;
        }
        for group in &moved {
            client.forget_coordinator(group);
        }
        left = moved;
    }
    gathered
}

/// The same where an answer is whole or in part: with what of it could not be read,
/// which joins the failures.
pub(super) async fn ask_for_parts<T, F>(
    client: &Client,
    operation: &str,
    groups: &[GroupId],
    ask_broker: impl Fn(BrokerId, Vec<GroupId>) -> F,
) -> Partial<HashMap<GroupId, T>>
where
    F: Future<Output = Vec<Batch<(T, Vec<Failure>)>>>,
{
    let answers = ask(client, operation, groups, ask_broker).await;
    let mut failures = answers.failures;
    let keep = |(group, (answer, failed)): (GroupId, (T, Vec<Failure>))| {
        failures.extend(failed);
        (group, answer)
    };
    let value = answers.value.into_iter().map(keep).collect();
    Partial { value, failures }
}

fn named(failure: Failure, groups: &[GroupId]) -> Failure {
    match groups {
        [only] => failure.about("of group", only),
        _ => failure.about("of", format_args!("{} groups", groups.len())),
    }
}
