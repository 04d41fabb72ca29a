//! A world of any size, for measuring: plain topics, each read by some groups.

use crate::demo::Options;
use crate::demo::batch::{Content, Header};
use crate::demo::codec::Codec;
use crate::demo::commits;
use crate::demo::group::Commit;
use crate::demo::internal::topic_id;
use crate::demo::log::Log;
use crate::demo::random::Random;
use crate::demo::rhythm::Rhythm;
use crate::demo::source::{Moment, Source, Story};
use crate::demo::state::{Partition, State, Topic};
use crate::domain::{GroupId, Time, TopicName};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// Records in each partition.
const RECORDS: i64 = 5_000;
const HISTORY_MS: i64 = 2 * 86_400_000;

pub(super) fn fill(state: &mut State, options: &Options, now: Time, (topics, partitions, groups): (usize, i32, usize)) {
    // All topics are of one kind, and measured once.
    let record_size = Arc::default();
    for number in 0..topics {
        let seed = Random::of(&[options.seed, 17, number as u64]).next();
        let story = Arc::new(Story {
            seed,
            write,
            keys: None,
            codec: Codec::Lz4,
            partitions,
            until: (!options.traffic).then_some(now),
            things: OnceLock::new(),
            record_size: Arc::clone(&record_size),
        });
        let rhythm = Rhythm::reaching(RECORDS, now.plus_millis(-HISTORY_MS), now, seed);
        let all = (0..partitions).map(|partition| {
            let source = Source { story: Arc::clone(&story), partition, rhythm, clean_before: 0 };
            let replicas = state.place(seed, usize::try_from(partition).unwrap_or(0), 3);
            Partition::new(replicas, Log::told(source, 0))
        });
        let partitions = all.collect();
        let name = TopicName::new(name(number));
        let id = topic_id(options.seed, name.as_str());
        state.insert_topic(name, Topic { id, is_internal: false, partitions, configs: BTreeMap::new() });
    }
    for number in 0..groups {
        let id = GroupId::new(format!("group-{number:05}"));
        let mut random = Random::of(&[options.seed, 19, number as u64]);
        let Some(topic) = number.checked_rem(topics).map(|number| TopicName::new(name(number))) else { continue };
        let commit = |partition| {
            let offset = RECORDS - random.below(900).cast_signed();
            (topic.clone(), partition, Commit { offset, leader_epoch: 0, metadata: String::new(), at: now })
        };
        commits::commit(state, &id, (0..partitions).map(commit).collect(), now);
        if let Some(group) = state.groups.get_mut(&id) {
            group.protocol_type = "consumer".to_owned();
        }
    }
}

fn name(number: usize) -> String {
    format!("load.topic-{number:05}")
}

fn write(moment: &mut Moment) -> Content {
    let value = format!(r#"{{"id":{},"value":{}}}"#, moment.index, moment.random.below(1_000_000));
    Content {
        key: Some(Bytes::from(format!("k{}", moment.thing))),
        value: Some(Bytes::from(value)),
        headers: vec![Header::new("source", "load")],
    }
}
