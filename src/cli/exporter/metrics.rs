//! What is known of groups, as Prometheus reads it (text format 0.0.4).
//!
//! Invariant: what is not known has no sample; it is never written as zero.

use crate::cluster::{GroupRow, Groups};
use crate::domain::drain::Drain;
use crate::domain::group::GroupPartition;
use crate::domain::verdict::Verdict;
use crate::domain::{Failure, GroupId, Time};
use std::fmt::{Display, Write as _};
use std::time::Duration;

/// One round over all groups.
pub(super) struct Round<'a> {
    pub(super) cluster: &'a str,
    pub(super) began: Time,
    pub(super) took: Duration,
    pub(super) groups: Result<&'a Groups, &'a Failure>,
    /// Where single partitions are wanted.
    pub(super) partitions: &'a [(GroupId, Vec<GroupPartition>)],
}

pub(super) fn page(round: &Round<'_>) -> String {
    let mut page = Page { text: String::new(), cluster: label("cluster", round.cluster) };
    page.family("klamm_up", "Whether the last round reached the cluster.");
    page.sample("klamm_up", &[], u8::from(round.groups.is_ok()));
    page.family("klamm_round_seconds", "How long the last round took.");
    page.sample("klamm_round_seconds", &[], round.took.as_secs_f64());
    page.family("klamm_round_timestamp_seconds", "When the last round began.");
    page.sample("klamm_round_timestamp_seconds", &[], round.began.millis() as f64 / 1_000.0);
    let Ok(groups) = round.groups else { return page.text };
    page.family("klamm_round_failures", "What could not be read in the last round.");
    page.sample("klamm_round_failures", &[], groups.failures.len());
    page.family("klamm_groups", "Groups that are there.");
    page.sample("klamm_groups", &[], groups.rows.len());
    let mut each = |name: &str, help: &str, value: &dyn Fn(&GroupRow) -> Option<String>| {
        page.family(name, help);
        for row in &groups.rows {
            if let Some(value) = value(row) {
                page.sample(name, &[&label("group", row.listing.id.as_str())], value);
            }
        }
    };
    let now = groups.taken;
    each("klamm_group_lag", "Records that are not read yet.", &|row| Some(row.lag.fact().get()?.to_string()));
    each("klamm_group_lag_seconds", "How long the next record has been waiting, where that is longest.", &|row| {
        Some((row.behind.waiting(now).get()? as f64 / 1_000.0).to_string())
    });
    each("klamm_group_drain_seconds", "When nothing will be left to read at the present rates; +Inf: never.", &|row| {
        row.drain.get().map(drain)
    });
    each("klamm_group_members", "Members of the group.", &|row| Some(row.members.get()?.to_string()));
    each("klamm_group_partitions_unknown", "Partitions whose lag is not known.", &|row| {
        Some(row.lag.unknown.to_string())
    });
    page.family("klamm_group_verdict", "1 at the group's verdict, by the rules of Burrow; 0 at the others.");
    for row in &groups.rows {
        let Some(told) = row.standing.told() else { continue };
        let (group, source) = (label("group", row.listing.id.as_str()), label("source", told.source.word()));
        for verdict in Verdict::ALL {
            let word = label("verdict", &verdict.word().to_ascii_lowercase());
            page.sample("klamm_group_verdict", &[&group, &word, &source], u8::from(verdict == told.verdict));
        }
    }
    if !round.partitions.is_empty() {
        page.partitions(round.partitions);
    }
    page.text
}

fn drain(drain: Drain) -> String {
    match drain {
        Drain::Drained => "0".into(),
        Drain::In(millis) => (millis as f64 / 1_000.0).to_string(),
        Drain::Never | Drain::Growing(_) => "+Inf".into(),
    }
}

struct Page {
    text: String,
    cluster: String,
}

impl Page {
    fn family(&mut self, name: &str, help: &str) {
        // Writing to a string does not fail.
        let _ = write!(self.text, "# HELP {name} {help}\n# TYPE {name} gauge\n");
    }

    fn sample(&mut self, name: &str, labels: &[&str], value: impl Display) {
        let _ = write!(self.text, "{name}{{{}", self.cluster);
        for label in labels {
            let _ = write!(self.text, ",{label}");
        }
        let _ = writeln!(self.text, "}} {value}");
    }

    fn partitions(&mut self, groups: &[(GroupId, Vec<GroupPartition>)]) {
        type Value = fn(&GroupPartition) -> Option<String>;
        let families: [(&str, &str, Value); 4] = [
            ("klamm_partition_lag", "Records that are not read yet.", |row| Some(row.lag().get()?.to_string())),
            ("klamm_partition_committed_offset", "What the group committed.", |row| {
                Some(row.committed_offset().filter(|_| !row.is_of_share_group())?.to_string())
            }),
            ("klamm_partition_share_start_offset", "Where a share group begins.", |row| {
                Some(row.committed_offset().filter(|_| row.is_of_share_group())?.to_string())
            }),
            ("klamm_partition_end_offset", "The offset that the next record gets.", |row| {
                Some(row.end.get()?.to_string())
            }),
        ];
        for (name, help, value) in families {
            self.family(name, help);
            for (group, partitions) in groups {
                let id = label("group", group.as_str());
                for row in partitions {
                    let Some(value) = value(row) else { continue };
                    let (topic, partition) = (
                        label("topic", row.partition.topic.as_str()),
                        label("partition", &row.partition.partition.to_string()),
                    );
                    self.sample(name, &[&id, &topic, &partition], value);
                }
            }
        }
    }
}

/// `name="value"`, where nothing in the value ends it.
fn label(name: &str, value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("{name}=\"{value}\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::group::{GroupListing, GroupState, GroupType, LagTotal};
    use crate::domain::origin::GroupRole;
    use crate::domain::pace::Behind;
    use crate::domain::standing::{Standing, Told};
    use crate::domain::verdict::{Reason, Source};
    use crate::domain::{Fact, FailureKind, TopicPartition};
    use std::sync::Arc;

    const NOW: Time = Time(1_700_000_000_500);

    fn row(id: &str, lag: Option<u64>, behind: Behind, drain: Fact<Drain>, standing: Standing) -> Arc<GroupRow> {
        Arc::new(GroupRow {
            listing: GroupListing {
                id: id.into(),
                state: GroupState::Stable,
                kind: GroupType::Classic,
                protocol_type: "consumer".into(),
            },
            members: lag.map_or(Fact::unknown("denied"), |_| Fact::Known(2)),
            topics: Vec::new(),
            lag: match lag {
                Some(lag) => LagTotal { lag, known: 3, ..LagTotal::default() },
                None => LagTotal { unknown: 3, first_reason: Some("denied".into()), ..LagTotal::default() },
            },
            trend: Vec::new(),
            role: GroupRole::Plain,
            standing,
            behind,
            drain,
            flaps: None,
            unseen: None,
        })
    }

    fn written(groups: Result<&Groups, &Failure>) -> String {
        page(&Round { cluster: "prod", began: NOW, took: Duration::from_millis(250), groups, partitions: &[] })
    }

    #[test]
    fn a_page_has_what_is_known_and_nothing_else() {
        let told = Told {
            verdict: Verdict::Stop,
            source: Source::Commits,
            worst: TopicPartition::new("t".into(), 0),
            reason: Reason::Stopped { at: NOW, span: 0, quiet: 0 },
        };
        let groups = Groups {
            version: 1,
            taken: NOW,
            rows: vec![
                row(
                    "a\"b\\c\nd",
                    Some(7),
                    Behind::Since(NOW.plus_millis(-1_500)),
                    Fact::Known(Drain::Growing(2.0)),
                    Standing::Told(Arc::new(told)),
                ),
                row("hidden", None, Behind::Unknown, Fact::unknown("denied"), Standing::Unknown("denied".into())),
            ],
            remarks: Vec::new(),
            failures: vec![Failure::new(FailureKind::Timeout, "list groups", "no answer")],
        };
        insta::assert_snapshot!(written(Ok(&groups)), @r#"
        # HELP klamm_up Whether the last round reached the cluster.
        # TYPE klamm_up gauge
        klamm_up{cluster="prod"} 1
        # HELP klamm_round_seconds How long the last round took.
        # TYPE klamm_round_seconds gauge
        klamm_round_seconds{cluster="prod"} 0.25
        # HELP klamm_round_timestamp_seconds When the last round began.
        # TYPE klamm_round_timestamp_seconds gauge
        klamm_round_timestamp_seconds{cluster="prod"} 1700000000.5
        # HELP klamm_round_failures What could not be read in the last round.
        # TYPE klamm_round_failures gauge
        klamm_round_failures{cluster="prod"} 1
        # HELP klamm_groups Groups that are there.
        # TYPE klamm_groups gauge
        klamm_groups{cluster="prod"} 2
        # HELP klamm_group_lag Records that are not read yet.
        # TYPE klamm_group_lag gauge
        klamm_group_lag{cluster="prod",group="a\"b\\c\nd"} 7
        # HELP klamm_group_lag_seconds How long the next record has been waiting, where that is longest.
        # TYPE klamm_group_lag_seconds gauge
        klamm_group_lag_seconds{cluster="prod",group="a\"b\\c\nd"} 1.5
        # HELP klamm_group_drain_seconds When nothing will be left to read at the present rates; +Inf: never.
        # TYPE klamm_group_drain_seconds gauge
        klamm_group_drain_seconds{cluster="prod",group="a\"b\\c\nd"} +Inf
        # HELP klamm_group_members Members of the group.
        # TYPE klamm_group_members gauge
        klamm_group_members{cluster="prod",group="a\"b\\c\nd"} 2
        # HELP klamm_group_partitions_unknown Partitions whose lag is not known.
        # TYPE klamm_group_partitions_unknown gauge
        klamm_group_partitions_unknown{cluster="prod",group="a\"b\\c\nd"} 0
        klamm_group_partitions_unknown{cluster="prod",group="hidden"} 3
        # HELP klamm_group_verdict 1 at the group's verdict, by the rules of Burrow; 0 at the others.
        # TYPE klamm_group_verdict gauge
        klamm_group_verdict{cluster="prod",group="a\"b\\c\nd",verdict="ok",source="commits"} 0
        klamm_group_verdict{cluster="prod",group="a\"b\\c\nd",verdict="warn",source="commits"} 0
        klamm_group_verdict{cluster="prod",group="a\"b\\c\nd",verdict="stop",source="commits"} 1
        klamm_group_verdict{cluster="prod",group="a\"b\\c\nd",verdict="stall",source="commits"} 0
        klamm_group_verdict{cluster="prod",group="a\"b\\c\nd",verdict="rewind",source="commits"} 0
        "#);
    }

    #[test]
    fn a_cluster_that_is_away_has_no_groups_and_not_none() {
        let failure = Failure::new(FailureKind::Unreachable, "list groups", "connection refused");
        let page = written(Err(&failure));
        assert!(page.contains("klamm_up{cluster=\"prod\"} 0") && !page.contains("klamm_group"), "{page}");
    }
}
