//! Writing single records.

use super::{Cluster, settings};
use crate::cluster::apply::blocking;
use crate::domain::{Failure, Offset, PartitionId, TopicName, WriteGrant};
use crate::kafka::produce::{NewMessage, Producer};

/// A record to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRecord {
    pub topic: TopicName,
    /// `None`: as the Java client would choose.
    pub partition: Option<PartitionId>,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Cluster {
    /// Writes one record and says where it went. The producer starts with the first.
    pub async fn produce(&self, grant: &WriteGrant, record: NewRecord) -> Result<(PartitionId, Offset), Failure> {
        let begin = || async {
            let options = settings::wire_options(self.profile())?;
            blocking(move || Producer::new(&options)).await
        };
        let producer = self.inner.producer.get_or_try_init(begin).await?;
        let message = NewMessage {
            topic: record.topic,
            partition: record.partition,
            key: record.key,
            value: record.value,
            headers: record.headers,
        };
        producer.send(grant, message).await
    }
}
