//! Which dead letters were brought back before, as the journal tells.

use super::{query_of, range_of, ranges_of};
use crate::cluster::Cluster;
use crate::cluster::journal::JournalEntry;
use crate::domain::plan::{Change, Severity, StepStatus, Warning};
use crate::domain::query::{Comparison, Field, Literal, Query};
use crate::domain::resend::{Destination, Resend, SourceRange};
use crate::domain::{Failure, Offset, TopicName, show};

impl Cluster {
    /// The query without what earlier plans brought back of `topics`, each of which is said.
    pub(super) async fn without_redriven(
        &self,
        query: Option<Query>,
        topics: &[TopicName],
        warnings: &mut Vec<Warning>,
    ) -> Result<Option<Query>, Failure> {
        let journal = self.journal().await?;
        let mut parts: Vec<Query> = query.into_iter().collect();
        for entry in &journal.entries {
            let Change::Resend(resend) = &entry.plan.change else { continue };
            if resend.to != Destination::Origin {
                continue;
            }
            let kept = match entry.outcome {
                Some(_) => Vec::new(),
                // It was cut short: its positions say how far it came.
                None => {
                    let ranges = ranges_of(&entry.plan);
                    self.reached(resend, &ranges)
                        .await?
                        .into_iter()
                        .map(|(step, reached)| (step, reached.next))
                        .collect()
                }
            };
            let done: Vec<(&SourceRange, Offset)> = done(entry, &kept)
                .into_iter()
                .filter(|(range, to)| topics.contains(&range.topic) && range.from < *to)
                .collect();
            if done.is_empty() {
                continue;
            }
            parts.push(Query::Not(Box::new(covered(resend, &done)?)));
            warnings.push(Warning::new(
                Severity::Note,
                format!(
                    "what {} brought back of {} is left out; --again sends it too",
                    entry.plan.id,
                    show::plural(done.len(), "partition"),
                ),
            ));
        }
        Ok(Query::all(parts))
    }
}

/// How far each range of a plan was done.
fn done<'a>(entry: &'a JournalEntry, kept: &[(usize, Offset)]) -> Vec<(&'a SourceRange, Offset)> {
    let of_step = |(index, range): (usize, &'a SourceRange)| {
        let to = match &entry.outcome {
            None => kept.iter().find(|(step, _)| *step == index).map_or(range.from, |(_, next)| *next),
            Some(outcome) => match (outcome.reached.get(index), outcome.steps.get(index)) {
                (Some(reached), _) => reached.next,
                (None, Some(StepStatus::Done)) => range.to,
                (None, _) => range.from,
            },
        };
        (range, to)
    };
    entry.plan.steps.iter().filter_map(range_of).enumerate().map(of_step).collect()
}

/// Met by what an earlier plan sent.
fn covered(resend: &Resend, done: &[(&SourceRange, Offset)]) -> Result<Query, Failure> {
    let number = |number: i64| Literal::Number(number.into());
    let range = |(range, to): &(&SourceRange, Offset)| {
        Query::And(vec![
            Query::compare(Field::Topic, Comparison::Equal, Literal::Text(range.topic.as_str().into())),
            Query::compare(Field::Partition, Comparison::Equal, number(range.partition.into())),
            Query::compare(Field::Offset, Comparison::GreaterOrEqual, number(range.from)),
            Query::compare(Field::Offset, Comparison::Less, number(*to)),
        ])
    };
    let mut ranges: Vec<Query> = done.iter().map(range).collect();
    let ranges = if ranges.len() > 1 { Some(Query::Or(ranges)) } else { ranges.pop() };
    let wanted = query_of(resend)?;
    // Of no range nothing is covered; there is always one.
    Ok(Query::all(ranges.into_iter().chain(wanted).collect()).unwrap_or(Query::Or(Vec::new())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Time;
    use crate::domain::query::{Moment, parse};
    use crate::domain::resend::{Delivery, Headers, Placing, Stamp};

    #[test]
    fn what_was_brought_back_is_told_by_range_and_query() {
        let resend = Resend {
            registries: None,
            from: None,
            file: None,
            query: Some("headers.kind = \"a\"".into()),
            view: None,
            to: Destination::Origin,
            partition: Placing::Kept,
            timestamp: Stamp::Now,
            headers: Headers::WithoutErrors,
            rate: None,
            limit: None,
            delivery: Delivery::ExactlyOnce,
            positions: "g".into(),
        };
        let range =
            SourceRange { topic: "orders.DLT".into(), topic_id: None, partition: 3, from: 5, to: 90, sent_before: 0 };
        let query = Query::Not(Box::new(covered(&resend, &[(&range, 50)]).unwrap())).to_string();
        let read = parse(&query, &Moment { now: Time(0), zone: None }).unwrap().unwrap();
        assert_eq!(read.to_string(), query, "it can be written into a plan");
        assert!(
            query.starts_with("not (") && query.contains("offset < 50") && query.contains("headers.kind"),
            "{query}"
        );
    }
}
