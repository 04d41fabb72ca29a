//! Transactional ids, as their coordinators know them.

use super::text;
use crate::domain::{Failure, FailureKind};
use crate::kafka::wire::{Api as _, Client, Lane, Route, failure_of_code};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::{DescribeTransactionsRequest, TransactionalId};

/// Does the cluster let us describe this transactional id, which need not exist? Who may
/// write with it may do that; the other way round only writing tells.
pub async fn may_describe(client: &Client, id: &str) -> Result<(), Failure> {
    let request = DescribeTransactionsRequest::default().with_transactional_ids(vec![TransactionalId(text(id))]);
    let answer = client.call(Route::Transaction(id), Lane::Control, &request).await;
    let code = match answer {
        Ok(answer) => answer.transaction_states.first().map_or(0, |state| state.error_code),
        // Before Kafka 3.0 a coordinator is found, and tells nothing.
        Err(failure) if failure.kind == FailureKind::Unsupported => 0,
        Err(failure) => return Err(failure.about("of transactional id", id)),
    };
    match code {
        0 => Ok(()),
        code if code == ResponseError::TransactionalIdNotFound.code() => Ok(()),
        code => Err(failure_of_code(code, DescribeTransactionsRequest::OPERATION).about("of transactional id", id)),
    }
}
