//! Which partitions a key can be in.
//!
//! A producer's partitioner is not written down anywhere. It is told from the keys of
//! batches at the start, in the middle and at the end of every range; where one of them
//! lies elsewhere, all partitions are read.

use super::reach::Reach;
use crate::cluster::Cluster;
use crate::decode::{PartView, TopicView};
use crate::domain::partitioner::{Partitioner, partition_for};
use crate::domain::query::Part;
use crate::domain::record::ReadAs;
use crate::domain::topic::Topic;
use crate::domain::{Offset, PartitionId, TopicPartition, show};
use crate::kafka::fetch::{Batch, ReadRange, first_batches};
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// What sampled keys say.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    /// These put every key where it lies; `keys` were looked at.
    By { partitioners: Vec<Partitioner>, keys: usize },
    /// There is none that does.
    Nothing(&'static str),
}

/// Leaves out the partitions that cannot hold one of `wanted`.
pub(super) async fn narrow(
    cluster: &Cluster,
    topic: &Arc<Topic>,
    wanted: &BTreeSet<Box<str>>,
    view: Option<ReadAs>,
    reach: &mut Reach,
) {
    let partitions = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
    if reach.ranges.len() < 2 {
        return;
    }
    let view = view.unwrap_or_else(|| cluster.profile().formats.of(topic.name.as_str()));
    let keys_as = TopicView::new(topic.name.as_str(), view, &*cluster.inner.schemas).part(Part::Key);
    let samples = sample(cluster, topic, &reach.ranges).await;
    let told = match samples {
        Some(batches) => partitioners(batches.iter().flat_map(keys_of), partitions, keys_as),
        None => Told::Nothing("some partitions could not be sampled"),
    };
    let (partitioners, keys) = match told {
        Told::By { partitioners, keys } => (partitioners, keys),
        Told::Nothing(why) => {
            reach.notes.push(format!("all partitions were read for the key: {why}"));
            return;
        }
    };
    let places = |key: &str| -> Option<Vec<PartitionId>> {
        partitioners.iter().map(|partitioner| partition_for(key.as_bytes(), partitions, *partitioner)).collect()
    };
    let Some(places) = wanted.iter().map(|key| places(key)).collect::<Option<Vec<_>>>() else {
        reach.notes.push("all partitions were read for the key: empty keys may be in any".into());
        return;
    };
    let places: BTreeSet<PartitionId> = places.into_iter().flatten().collect();
    reach.ranges.retain(|range| places.contains(&range.partition));
    let ids: Vec<String> = places.iter().map(ToString::to_string).collect();
    let names: Vec<&str> = partitioners.iter().map(|partitioner| partitioner.word()).collect();
    reach.notes.push(format!(
        "only partition {} was read: there {} puts such keys, as it did all {} keys sampled in every partition",
        ids.join(", "),
        names.join(" or "),
        show::count(keys as u64),
    ));
}

/// Batches at the start, in the middle and at the end of each range; `None` where one
/// could not be had.
async fn sample(cluster: &Cluster, topic: &Arc<Topic>, ranges: &[ReadRange]) -> Option<Vec<Arc<Batch>>> {
    let mut places: Vec<Vec<(TopicPartition, Offset)>> = vec![Vec::new(); 3];
    for range in ranges {
        let to = range.to?;
        let here = TopicPartition::new(topic.name.clone(), range.partition);
        let middle = range.from + to.saturating_sub(range.from) / 2;
        for (places, offset) in places.iter_mut().zip([range.from, middle, to.saturating_sub(1).max(range.from)]) {
            places.push((here.clone(), offset));
        }
    }
    let topics = std::slice::from_ref(topic);
    let mut batches = Vec::new();
    // A partition is asked for one place at a time.
    for wanted in &places {
        for (_, found) in first_batches(cluster.client(), wanted, topics).await {
            batches.extend(found.ok()?);
        }
    }
    Some(batches)
}

fn keys_of(batch: &Arc<Batch>) -> impl Iterator<Item = (PartitionId, &[u8])> {
    (0..batch.len()).filter_map(|index| Some((batch.partition(), batch.key(index).flatten()?)))
}

/// The partitioners that put each of these keys where it lies.
fn partitioners<'a>(keys: impl Iterator<Item = (PartitionId, &'a [u8])>, partitions: i32, view: PartView) -> Told {
    let mut fitting: Vec<Partitioner> = Partitioner::ALL.to_vec();
    let mut seen: HashSet<(PartitionId, &[u8])> = HashSet::new();
    for (here, key) in keys {
        if !view.is_plain(key) {
            return Told::Nothing("keys are not what they read as");
        }
        // Where an empty one goes is not for its hash to say.
        if key.is_empty() || !seen.insert((here, key)) {
            continue;
        }
        fitting.retain(|partitioner| partition_for(key, partitions, *partitioner) == Some(here));
        if fitting.is_empty() {
            return Told::Nothing("a key lies where no partitioner known to klamm puts it");
        }
    }
    match seen.len() {
        0 => Told::Nothing("no record that was sampled has a key"),
        keys => Told::By { partitioners: fitting, keys },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::NoSchemas;

    fn told(keys: &[(PartitionId, &str)]) -> Told {
        let keys = keys.iter().map(|(partition, key)| (*partition, key.as_bytes()));
        let view = TopicView::new("t", ReadAs::default(), &NoSchemas);
        partitioners(keys, 12, view.part(Part::Key))
    }

    /// Places of `domain::partitioner`'s own vectors, for twelve partitions.
    #[test]
    fn keys_tell_who_put_them_where_they_lie() {
        let java = [(4, "a"), (3, "abc"), (4, "kafka"), (8, "user-1"), (8, "user-1"), (0, "")];
        assert_eq!(told(&java), Told::By { partitioners: vec![Partitioner::Java], keys: 4 });
        // Both put this one there: both places have to be read.
        let both = vec![Partitioner::Java, Partitioner::Librdkafka];
        assert_eq!(told(&[(8, "user-1")]), Told::By { partitioners: both, keys: 1 });
    }

    #[test]
    fn one_key_off_its_place_is_enough() {
        assert!(
            matches!(told(&[(4, "a"), (3, "abc"), (5, "kafka")]), Told::Nothing(why) if why.contains("no partitioner"))
        );
        assert!(matches!(told(&[(0, "")]), Told::Nothing(why) if why.contains("has a key")));
        assert!(matches!(told(&[(4, "a"), (1, "\0\0\0\0\u{7}abc")]), Told::Nothing(_)), "a framed key");
        assert!(matches!(told(&[(4, "a"), (1, "{\"id\":1}")]), Told::Nothing(_)), "a document");
    }
}
