//! What became of the transactions of records that were read.

use super::{Cluster, RecordRef};
use crate::domain::transaction::Fate;
use crate::domain::{Failure, TopicPartition};
use crate::kafka::fetch::{Written, fates};
use std::collections::{HashMap, HashSet};

impl Cluster {
    /// What became of the transaction of each record; `None` for one that was written in
    /// none. What stands in one batch shares one, so leaders are asked once a batch.
    pub async fn fates(&self, records: &[RecordRef]) -> Vec<Option<Result<Fate, Failure>>> {
        let mut left: Vec<&RecordRef> = records.iter().filter(|record| record.is_transactional()).collect();
        let mut found: HashMap<usize, Result<Fate, Failure>> = HashMap::new();
        if left.is_empty() {
            return vec![None; records.len()];
        }
        let metadata = match self.known_metadata().await {
            Ok(metadata) => metadata,
            Err(failure) => {
                let fate = |record: &RecordRef| record.is_transactional().then(|| Err(failure.clone()));
                return records.iter().map(fate).collect();
            }
        };
        // A leader is asked for one place of a partition at a time.
        while !left.is_empty() {
            let mut asked: HashSet<TopicPartition> = HashSet::new();
            let mut now = Vec::new();
            left.retain(|record| {
                if found.contains_key(&record.batch_key()) {
                    return false;
                }
                if asked.insert(TopicPartition::new(record.topic().clone(), record.partition())) {
                    now.push(*record);
                    return false;
                }
                true
            });
            let written: Vec<Written> = now.iter().map(|record| written(record)).collect();
            let topics: Vec<_> =
                now.iter().filter_map(|record| metadata.topic(record.topic().as_str()).cloned()).collect();
            let answers = fates(self.client(), &written, &topics).await;
            found.extend(now.iter().map(|record| record.batch_key()).zip(answers));
        }
        let fate = |record: &RecordRef| found.get(&record.batch_key()).cloned();
        records.iter().map(fate).collect()
    }
}

fn written(record: &RecordRef) -> Written {
    Written {
        partition: TopicPartition::new(record.topic().clone(), record.partition()),
        offset: record.offset(),
        producer_id: record.batch_facts().producer_id,
    }
}
