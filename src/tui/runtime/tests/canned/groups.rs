//! Groups in all their states.

use super::{NOW, called, failure};
use crate::cluster::*;
use crate::domain::churn::{Event, What};
use crate::domain::drain::{Drain, Rates};
use crate::domain::group::*;
use crate::domain::headroom::Headroom;
use crate::domain::origin::GroupRole;
use crate::domain::pace::Behind;
use crate::domain::produced::Produced;
use crate::domain::standing::{Standing, Told};
use crate::domain::verdict::{GroupVerdict, Judgement, Reason, Source};
use crate::domain::*;
use std::sync::Arc;

pub fn listing(id: &str, state: GroupState) -> GroupListing {
    GroupListing { id: called(id).as_str().into(), state, kind: GroupType::Classic, protocol_type: "consumer".into() }
}

pub(super) fn lag(lag: u64) -> LagTotal {
    LagTotal { lag, known: 12, unknown: 0, first_reason: None }
}

/// By samples, and one by the log of commits.
fn standing(id: &str) -> Standing {
    let (source, reason) = match id {
        "billing-export" => (Source::Sampled, Reason::Growing { before: Some(90_112), after: Some(96_020) }),
        "connect-jdbc-sink" => (Source::Sampled, Reason::CaughtUp { lag: 0, allowed: 0 }),
        "fraud-scoring" => {
            (Source::Commits, Reason::Stopped { at: NOW.plus_millis(-11_280_000), span: 45_000, quiet: 11_280_000 })
        }
        "search-indexer" => return Standing::TooEarly { seen: 3, of: 10, source: Source::Sampled },
        _ => return Standing::Unknown("not authorised".into()),
    };
    let worst = TopicPartition::new("payments".into(), 7);
    Standing::Told(Arc::new(Told { verdict: reason.verdict(), source, worst, reason }))
}

pub fn groups() -> Arc<Groups> {
    let row = |id: &str, state, members, total: LagTotal, role| GroupRow {
        listing: listing(id, state),
        members,
        topics: vec![called("payments").as_str().into()],
        trend: (0..14).map(|n| total.lag / 14 * n).collect(),
        standing: standing(id),
        behind: match (total.fact().get(), id) {
            (None, _) => Behind::Unknown,
            (Some(0), _) => Behind::Nothing,
            (_, "fraud-scoring") => Behind::Since(NOW.plus_millis(-11_520_000)),
            (_, "billing-export") => Behind::Before(NOW.plus_millis(-290_000)),
            _ => Behind::About(NOW.plus_millis(-2_100)),
        },
        drain: match (total.fact().get(), id) {
            (None, _) => Fact::unknown("its lag is not known"),
            (Some(0), _) => Fact::Known(Drain::Drained),
            (_, "fraud-scoring") => Fact::Known(Drain::Growing(96.0)),
            (_, "billing-export") => Fact::Known(Drain::In(2_460_000)),
            _ => Fact::Known(Drain::Never),
        },
        flaps: (id == "billing-export").then_some(9),
        unseen: None,
        lag: total,
        role,
    };
    let rows = vec![
        row("billing-export", GroupState::Stable, Fact::Known(3), lag(96_020), GroupRole::Plain),
        row(
            "connect-jdbc-sink",
            GroupState::Stable,
            Fact::Known(1),
            lag(0),
            GroupRole::ConnectSink { connector: "jdbc-sink".into() },
        ),
        row("fraud-scoring", GroupState::Empty, Fact::Known(0), lag(1_104_822), GroupRole::Plain),
        row(
            "search-indexer",
            GroupState::PreparingRebalance,
            Fact::unknown("not authorised"),
            lag(4_410),
            GroupRole::Plain,
        ),
        row(
            "shadow",
            GroupState::Unknown,
            Fact::unknown("not authorised"),
            LagTotal { lag: 0, known: 0, unknown: 3, first_reason: Some("not authorised".into()) },
            GroupRole::Plain,
        ),
    ];
    let rows = rows.into_iter().map(Arc::new).collect();
    Arc::new(Groups { version: 1, taken: NOW, rows, failures: Vec::new(), remarks: Vec::new() })
}

/// The same while broker 2, which coordinates the first of them, does not answer.
pub fn groups_without_a_coordinator() -> Arc<Groups> {
    let why = "broker 2, its coordinator, does not answer";
    let mut groups = (*groups()).clone();
    groups.version = 2;
    groups.failures = vec![failure()];
    if let Some(row) = groups.rows.first_mut() {
        let unseen = Unseen {
            coordinator: Some(BrokerId(2)),
            why: why.into(),
            state: row.listing.state,
            lag: row.lag.fact().get(),
        };
        *row = Arc::new(GroupRow {
            listing: GroupListing { state: GroupState::Unknown, ..row.listing.clone() },
            members: Fact::unknown(why),
            lag: LagTotal { lag: 0, known: 0, unknown: 3, first_reason: Some(why.into()) },
            standing: Standing::Unknown(why.into()),
            behind: Behind::Unknown,
            drain: Fact::unknown(why),
            flaps: None,
            unseen: Some(Arc::new(unseen)),
            ..(**row).clone()
        });
    }
    Arc::new(groups)
}

pub fn group(state: GroupState) -> Arc<GroupDetail> {
    let members = if state == GroupState::Empty {
        Vec::new()
    } else {
        vec![Member {
            member_id: called("fraud-1-7a6e"),
            instance_id: Some(called("fraud-1")),
            client_id: called("fraud"),
            host: called("/10.0.3.7"),
            assignment: vec![TopicPartition::new(called("payments").as_str().into(), 0)],
            detail: None,
        }]
    };
    let partitions: Vec<GroupPartition> = (0..12)
        .map(|id: i64| GroupPartition {
            partition: TopicPartition::new(called("payments").as_str().into(), id as i32),
            committed: match id {
                5 => Fact::Known(None),
                6 => Fact::unknown("broker 2 did not answer"),
                _ => Fact::Known(Some(CommittedOffset {
                    offset: 880_000 + id * 113,
                    leader_epoch: 3,
                    metadata: String::new(),
                })),
            },
            start: Fact::Known(120_000 + id),
            end: Fact::Known(880_000 + id * 113 + if id == 7 { 957_108 } else { id * 400 }),
            member: if id == 0 && !members.is_empty() { Some(0) } else { None },
            nothing_left: false,
            told_lag: None,
        })
        .collect();
    let judged = judged(&partitions);
    let outlook = outlook(&partitions);
    Arc::new(GroupDetail {
        taken: NOW,
        lag: LagTotal::of(&partitions),
        partitions,
        history: (0..60)
            .map(|n| LagPoint {
                at: NOW.plus_millis((n - 60) * 60_000),
                lag: 20_000 * n as u64,
                committed: 5_000,
                end: 5_000 + n * 5_760,
                partitions: 12,
            })
            .collect(),
        description: GroupDescription {
            listing: listing("fraud-scoring", state),
            coordinator: Some(BrokerId(3)),
            assignor: "range".into(),
            members,
            epoch: None,
            assignment_epoch: None,
            topology: None,
            may_delete: None,
        },
        role: GroupRole::Plain,
        judged: Fact::Known(judged),
        outlook: Fact::Known(outlook),
        produced: Fact::Known(Arc::new(produced())),
        events: events(),
        rebalances: 6,
        failures: Vec::new(),
    })
}

/// Retention comes near where the group has stopped.
fn outlook(partitions: &[GroupPartition]) -> Outlook {
    let (hour, minute) = (3_600_000, 60_000);
    let left = |millis, is_short| Headroom::Left { millis, is_short };
    let look = |row: &GroupPartition| {
        let (waiting, headroom, drain) = match (row.lag(), row.partition.partition) {
            (Fact::Unknown(reason), _) => {
                return PartitionOutlook {
                    waiting: Fact::Unknown(reason.clone()),
                    headroom: Fact::Unknown(reason.clone()),
                    drain: Fact::Unknown(reason),
                    held: None,
                };
            }
            (Fact::Known(0), _) => (0, Headroom::NothingUnread, Drain::Drained),
            (_, 7) => (3 * hour + 12 * minute, left(2 * hour + 10 * minute, true), Drain::Growing(96.0)),
            (_, 2) => (40_000, Headroom::Lost(1_884), Drain::In(9 * minute)),
            (_, 3) => (14 * minute, Headroom::Forever, Drain::Never),
            (_, id) => (4_100 * u64::from(id.unsigned_abs()), left(54 * hour, false), Drain::In(41_000)),
        };
        PartitionOutlook {
            waiting: Fact::Known(waiting),
            headroom: Fact::Known(headroom),
            drain: Fact::Known(drain),
            held: (row.partition.partition == 4)
                .then_some(Held { producer_id: Fact::Known(4_711), since: Some(NOW.plus_millis(-400_000)) }),
        }
    };
    Outlook::of(partitions.iter().map(look).collect())
}

/// A consumer that takes too long, is put out and comes back.
fn events() -> Vec<Event> {
    let member = |joined, left, now| What::Members { named: vec!["fraud /10.0.3.7".into()], joined, left, now };
    let state = |from, to| What::State { from, to };
    let all = [
        state(GroupState::CompletingRebalance, GroupState::Stable),
        state(GroupState::PreparingRebalance, GroupState::CompletingRebalance),
        member(1, 1, 1),
        state(GroupState::Stable, GroupState::PreparingRebalance),
    ];
    let event = |(what, number): (What, i64)| Event { at: NOW.plus_millis(-20_000 - number * 45_000), what };
    all.into_iter().zip(0..).map(event).collect()
}

/// More and more.
fn produced() -> Produced {
    let records = std::array::from_fn(|step| 900 + step as u64 * step as u64 * 40);
    Produced { records, partitions: 11, unknown: 1, ..Produced::none(NOW) }
}

/// One partition has stopped, one is at its end, of one too little is known.
fn judged(partitions: &[GroupPartition]) -> Judged {
    let judgement = |row: &GroupPartition| {
        let last_commit = NOW.plus_millis(-3 * 3_600_000 - 480_000);
        let (reason, commits) = match row.partition.partition {
            7 => (Reason::Stopped { at: last_commit, span: 45_000, quiet: 11_280_000 }, 10),
            0 => (Reason::CaughtUp { lag: 0, allowed: 0 }, 2),
            11 => (Reason::Growing { before: Some(4_100), after: Some(4_400) }, 3),
            _ => return None,
        };
        let verdict = reason.verdict();
        Some(Judgement { verdict, reason, source: Source::Commits, commits, of: 10, last_commit })
    };
    let judged: Vec<Option<Judgement>> = partitions.iter().map(judgement).collect();
    let rows = partitions.iter().zip(&judged);
    let group = GroupVerdict::of(rows.map(|(row, judged)| (&row.partition, judged.as_ref())));
    let rates = partitions.iter().map(|_| Fact::Known(Rates { read: 0.0, written: 96.0 })).collect();
    Judged { partitions: judged, rates, group, why_sampled: None }
}
