//! The target of one partition.

use super::{PartitionFacts, ResetTarget};
use crate::domain::plan::{Adjusted, OffsetMove};
use crate::domain::{Fact, Offset};

/// What this partition's offset becomes, or why it is left out.
pub(super) fn of(facts: &PartitionFacts, target: &ResetTarget) -> Result<OffsetMove, String> {
    if !facts.exists {
        return Err("the cluster has no such partition".into());
    }
    let bound = |fact: &Fact<Offset>| match fact {
        Fact::Known(offset) => Ok(*offset),
        Fact::Unknown(reason) => Err(format!("where its log begins and ends is not known ({reason})")),
    };
    let (start, end) = (bound(&facts.start)?, bound(&facts.end)?);
    let committed = facts.committed.as_ref().map(|committed| committed.offset);
    let given = |missing: &str| facts.given.as_ref().map(|given| given.offset).ok_or_else(|| missing.to_owned());
    let (wish, adjusted) = match target {
        ResetTarget::Earliest => (start, None),
        ResetTarget::Latest => (end, None),
        ResetTarget::Current => match committed {
            // Not clamped: it is what is committed already.
            Some(offset) => return Ok(moved(facts, start, end, offset, None)),
            None => (end, Some(Adjusted::NothingCommitted)),
        },
        ResetTarget::Offset(offset) => (*offset, None),
        ResetTarget::Time(_) | ResetTarget::Back { .. } => match &facts.by_time {
            Some(Fact::Known(Some((offset, _)))) => (*offset, None),
            Some(Fact::Known(None)) => (end, Some(Adjusted::NoRecordAfterTime)),
            Some(Fact::Unknown(reason)) => return Err(format!("its offset at that time is not known ({reason})")),
            None => return Err("its offset at that time was not asked".into()),
        },
        ResetTarget::Shift(records) => match committed {
            Some(offset) => (offset.saturating_add(*records), None),
            None => return Err("nothing is committed to shift from".into()),
        },
        ResetTarget::Group(_) => (given("the other group has committed nothing there")?, None),
        ResetTarget::Mirror(_) => (given("the mirror has no checkpoint of it")?, None),
        ResetTarget::File => (given("the file does not name it")?, None),
    };
    // The end first, as Kafka's own tool: a log whose start lies beyond its end
    // is one that was just truncated, and its start is the newer fact.
    let lowered = wish.min(end);
    let kept = lowered.max(start);
    let adjusted = adjusted.or(if kept > wish {
        Some(Adjusted::RaisedToStart { wish })
    } else if kept < wish {
        Some(Adjusted::LoweredToEnd { wish })
    } else {
        None
    });
    let mut step = moved(facts, start, end, kept, adjusted);
    // What is noted beside an offset is about that offset.
    if let Some(given) = facts.given.as_ref().filter(|given| given.offset == kept) {
        step.metadata.clone_from(&given.metadata);
    }
    Ok(step)
}

fn moved(facts: &PartitionFacts, start: Offset, end: Offset, target: Offset, adjusted: Option<Adjusted>) -> OffsetMove {
    OffsetMove {
        group: None,
        topic: facts.partition.topic.clone(),
        topic_id: facts.topic_id,
        partition: facts.partition.partition,
        before: facts.committed.clone(),
        target: Some(target),
        metadata: String::new(),
        leader_epoch: -1,
        log_start: Some(start),
        log_end: Some(end),
        adjusted,
        next: None,
    }
}
