//! The administrative calls against scripted brokers: right, refused, partly
//! answered, and in the versions of old brokers.

mod asking;
mod changing;
pub(crate) mod pair;
mod types;
pub(crate) mod world;

use crate::domain::TopicPartition;

fn at(topic: &str, partition: i32) -> TopicPartition {
    TopicPartition::new(topic.into(), partition)
}

/// Callers run these in tasks of their own: this does not compile when one of the
/// futures cannot be sent to another thread.
#[tokio::test]
async fn every_call_can_run_in_a_task() {
    use super::{configs, groups, log_dirs, offsets, topics};
    use crate::domain::{BrokerId, WriteGrant};
    use crate::kafka::wire::scripted::Script;
    let broker = Script::new().start().await;
    let client = broker.client();
    let task = tokio::spawn(async move {
        let grant = WriteGrant::issue();
        let (group, topic) = ("g".into(), "t".into());
        [
            groups::list(&client).await.failures.len(),
            groups::describe(&client, &[], groups::Rights::Leave).await.failures.len(),
            offsets::committed(&client, &[]).await.failures.len(),
            configs::describe_topics(&client, &[], configs::Documentation::With).await.failures.len(),
            log_dirs::disks(&client, &[]).await.failures.len(),
            log_dirs::sizes(&client, &[]).await.failures.len(),
            offsets::list(&client, &[], &[]).await.len(),
            offsets::epoch_end(&client, &[], &[]).await.len(),
            offsets::commit(&client, &grant, &group, &[]).await.len(),
            offsets::delete(&client, &grant, &group, &[]).await.len(),
            offsets::share_offsets(&client, &[]).await.failures.len(),
            offsets::set_starts(&client, &grant, &group, &[]).await.len(),
            offsets::delete_starts(&client, &grant, &group, &[]).await.len(),
            usize::from(topics::metadata(&client, None).await.is_err()),
            usize::from(topics::delete(&client, &grant, &topic).await.is_err()),
            usize::from(topics::add_partitions(&client, &grant, &topic, 1, &[]).await.is_err()),
            usize::from(configs::describe_broker(&client, BrokerId(1), configs::Documentation::With).await.is_err()),
        ]
    });
    // The broker hangs up on what is not scripted; nothing is asked for nothing.
    assert_eq!(task.await.unwrap(), [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1]);
}
