//! Two brokers with a group each, of which the second can be in trouble.

use crate::kafka::wire::scripted::{Reply, Script, Scripted};
use kafka_protocol::messages::{
    DescribeGroupsRequest, DescribeGroupsResponse, FindCoordinatorRequest, FindCoordinatorResponse, ListGroupsRequest,
    ListGroupsResponse, ListOffsetsRequest, ListOffsetsResponse, OffsetFetchRequest, OffsetFetchResponse,
    describe_groups_response, find_coordinator_response, list_groups_response, list_offsets_response,
    offset_fetch_response,
};
use kafka_protocol::protocol::StrBytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// How the second broker is, which coordinates the group `b`; the first has `a`, unless
/// that is away too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Second {
    Well,
    Silent,
    /// It has let go of its groups, and nobody has taken them yet.
    Nobody,
    /// It answers, does not list `b`, and describes it.
    Forgetful,
    Deleted,
    /// It is silent, and the first has no group any more.
    SilentAlone,
}

const WELL: u8 = Second::Well as u8;
const SILENT: u8 = Second::Silent as u8;
const NOBODY: u8 = Second::Nobody as u8;
const DELETED: u8 = Second::Deleted as u8;
const ALONE: u8 = Second::SilentAlone as u8;

fn script(id: u8, state: &Arc<AtomicU8>) -> Script {
    use describe_groups_response::DescribedGroup;
    use find_coordinator_response::Coordinator;
    use list_groups_response::ListedGroup;
    use offset_fetch_response::{
        OffsetFetchResponseGroup, OffsetFetchResponsePartitions as Row, OffsetFetchResponseTopics,
    };
    let at = |state: &Arc<AtomicU8>| {
        let state = Arc::clone(state);
        move || state.load(Ordering::Relaxed)
    };
    let (lists, finds, describes) = (at(state), at(state), at(state));
    Script::new()
        .topic("t", &[1])
        .on::<ListGroupsRequest>(move |asked| {
            let groups = match (id, lists()) {
                (2, SILENT | ALONE) => return Reply::Close,
                (2, WELL) => vec!["b"],
                (2, _) | (_, ALONE) => vec![],
                _ => vec!["a"],
            };
            let listed = |id: &'static str| {
                let group = ListedGroup::default().with_group_id(StrBytes::from_static_str(id).into());
                group.with_protocol_type("consumer".into()).with_group_state("Empty".into())
            };
            let groups = groups.into_iter().map(listed).collect();
            Reply::with(&ListGroupsResponse::default().with_groups(groups), asked.version)
        })
        .answer::<FindCoordinatorRequest>(move |request, _| {
            let found = request.coordinator_keys.into_iter().map(|key| {
                let found = Coordinator::default().with_key(key.clone());
                match (key.as_str(), finds()) {
                    ("b", NOBODY) => found.with_error_code(15),
                    ("b", _) => found.with_node_id(2.into()),
                    _ => found.with_node_id(1.into()),
                }
            });
            FindCoordinatorResponse::default().with_coordinators(found.collect())
        })
        .answer::<DescribeGroupsRequest>(move |request, _| {
            let groups = request.groups.into_iter().map(|id| {
                let is_gone = matches!((id.as_str(), describes()), ("b", DELETED) | ("a", ALONE));
                let group = DescribedGroup::default().with_group_id(id);
                match is_gone {
                    true => group.with_group_state("Dead".into()),
                    false => group.with_group_state("Empty".into()).with_protocol_type("consumer".into()),
                }
            });
            DescribeGroupsResponse::default().with_groups(groups.collect())
        })
        .answer::<OffsetFetchRequest>(|request, _| {
            let groups = request.groups.into_iter().map(|asked| {
                let topic = OffsetFetchResponseTopics::default().with_name(StrBytes::from_static_str("t").into());
                let topic = topic.with_partitions(vec![Row::default().with_committed_offset(4)]);
                OffsetFetchResponseGroup::default().with_group_id(asked.group_id).with_topics(vec![topic])
            });
            OffsetFetchResponse::default().with_groups(groups.collect())
        })
        .answer::<ListOffsetsRequest>(|request, _| {
            use list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse};
            let topics = request.topics.into_iter().map(|topic| {
                let rows = topic.partitions.iter().map(|row| {
                    let offset = if row.timestamp == -1 { 9 } else { 0 };
                    let answer = ListOffsetsPartitionResponse::default().with_partition_index(row.partition_index);
                    answer.with_offset(offset)
                });
                ListOffsetsTopicResponse::default().with_name(topic.name).with_partitions(rows.collect())
            });
            ListOffsetsResponse::default().with_topics(topics.collect())
        })
}

pub(crate) struct Pair {
    state: Arc<AtomicU8>,
    brokers: [Scripted; 2],
}

impl Pair {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(AtomicU8::new(WELL));
        let brokers = [script(1, &state).start().await, script(2, &state).start().await];
        Scripted::join(&[&brokers[0], &brokers[1]]);
        Self { state, brokers }
    }

    pub(crate) fn bootstrap(&self) -> String {
        format!("127.0.0.1:{}", self.brokers[0].port)
    }

    pub(crate) fn second_is(&self, second: Second) {
        self.state.store(second as u8, Ordering::Relaxed);
    }

    /// How often somebody asked who coordinates a group.
    pub(crate) fn looked_for(&self) -> usize {
        self.brokers.iter().map(|broker| broker.asked::<FindCoordinatorRequest>().len()).sum()
    }
}
