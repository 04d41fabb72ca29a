//! DescribeCluster.

use super::metadata::{CLUSTER_OPERATIONS, NOT_ASKED};
use super::{Call, text, wire_id};
use kafka_protocol::messages::describe_cluster_response::DescribeClusterBroker;
use kafka_protocol::messages::{DescribeClusterRequest, DescribeClusterResponse};

pub(super) fn describe(call: &Call, request: &DescribeClusterRequest) -> DescribeClusterResponse {
    let state = call.cluster.lock();
    let brokers = state.nodes.iter().filter(|node| node.is_up).map(|node| {
        DescribeClusterBroker::default()
            .with_broker_id(wire_id(node.id))
            .with_host(text(call.local.to_string()))
            .with_port(i32::from(node.address.port()))
            .with_rack(Some(text(node.rack.as_str())))
    });
    let operations = if request.include_cluster_authorized_operations { CLUSTER_OPERATIONS } else { NOT_ASKED };
    DescribeClusterResponse::default()
        .with_cluster_id(text(call.cluster.id.as_str()))
        .with_controller_id(state.controller().map_or((-1).into(), wire_id))
        .with_brokers(brokers.collect())
        .with_cluster_authorized_operations(operations)
}
