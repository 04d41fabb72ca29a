//! Where the replicas of new partitions go.
//!
//! Owns: an even spread over brokers and racks, leaders included, that starts
//! from where the topic's replicas already are.
//! Invariant: a partition's replicas are on distinct brokers, and in distinct
//! racks as long as there are racks left.

use super::broker::Broker;
use super::topic::Partition;
use super::{BrokerId, PartitionId};
use std::collections::{BTreeMap, HashMap, VecDeque};

#[derive(Clone, Copy, Default)]
struct Load {
    replicas: usize,
    leaders: usize,
    /// Replicas of all topics: decides between brokers that are equal for this one.
    elsewhere: usize,
}

/// Replicas of the partitions `from..to`, leader first. Fewer brokers than
/// `replication_factor` give that many replicas less.
pub fn assign_new_partitions(
    existing: &[Partition],
    brokers: &[Broker],
    replicas_per_broker: &HashMap<BrokerId, usize>,
    from: PartitionId,
    to: PartitionId,
    replication_factor: usize,
) -> Vec<Vec<BrokerId>> {
    let mut loads: HashMap<BrokerId, Load> = brokers
        .iter()
        .map(|broker| {
            let elsewhere = replicas_per_broker.get(&broker.id).copied().unwrap_or(0);
            (broker.id, Load { elsewhere, ..Load::default() })
        })
        .collect();
    for partition in existing {
        for (index, replica) in partition.replicas.iter().enumerate() {
            if let Some(load) = loads.get_mut(replica) {
                load.replicas += 1;
                load.leaders += usize::from(index == 0);
            }
        }
    }
    let racks = rack_numbers(brokers);
    let rack = |broker: &Broker| racks.get(&broker.id).copied().unwrap_or(0);
    let mut rack_loads: HashMap<usize, usize> = HashMap::new();
    for broker in brokers {
        *rack_loads.entry(rack(broker)).or_default() += loads.get(&broker.id).map_or(0, |load| load.replicas);
    }
    let mut assignments = Vec::new();
    for _ in from..to {
        let mut chosen: Vec<&Broker> = Vec::with_capacity(replication_factor.min(brokers.len()));
        while chosen.len() < replication_factor {
            let free = brokers.iter().filter(|broker| !chosen.iter().any(|c| c.id == broker.id));
            let next = free.min_by_key(|broker| {
                let load = loads.get(&broker.id).copied().unwrap_or_default();
                let number = rack(broker);
                let in_rack = chosen.iter().filter(|c| rack(c) == number).count();
                let rack_load = rack_loads.get(&number).copied().unwrap_or(0);
                (in_rack, load.replicas, rack_load, load.leaders, load.elsewhere, broker.id)
            });
            let Some(next) = next else { break };
            *rack_loads.entry(rack(next)).or_default() += 1;
            chosen.push(next);
        }
        let mut replicas: Vec<BrokerId> = chosen.iter().map(|broker| broker.id).collect();
        for id in &replicas {
            if let Some(load) = loads.get_mut(id) {
                load.replicas += 1;
                load.elsewhere += 1;
            }
        }
        let leader = replicas.iter().enumerate().min_by_key(|(_, id)| {
            let load = loads.get(id).copied().unwrap_or_default();
            (load.leaders, load.elsewhere, **id)
        });
        if let Some((index, _)) = leader {
            replicas.swap(0, index);
        }
        if let Some(load) = replicas.first().and_then(|id| loads.get_mut(id)) {
            load.leaders += 1;
        }
        assignments.push(replicas);
    }
    let mut leaders = loads.into_iter().map(|(id, load)| (id, load.leaders)).collect();
    while even_leaders(&mut assignments, &mut leaders) {}
    assignments
}

/// A number for each rack. Without racks everywhere, racks say nothing and all
/// brokers share one.
fn rack_numbers(brokers: &[Broker]) -> HashMap<BrokerId, usize> {
    let names: Option<Vec<&str>> = brokers.iter().map(|broker| broker.rack.as_deref()).collect();
    let names = names.unwrap_or_default();
    let mut known: Vec<&str> = names.clone();
    known.sort_unstable();
    known.dedup();
    let number = |name: &str| known.binary_search(&name).unwrap_or(0);
    brokers.iter().zip(names).map(|(broker, name)| (broker.id, number(name))).collect()
}

/// Passes leadership on, from a broker that leads too many of the new
/// partitions to one that leads at least two fewer, over as many partitions as
/// it takes. False when there is nothing left to even out.
fn even_leaders(assignments: &mut [Vec<BrokerId>], leaders: &mut BTreeMap<BrokerId, usize>) -> bool {
    let count = |leaders: &BTreeMap<BrokerId, usize>, id: &BrokerId| leaders.get(id).copied().unwrap_or(0);
    let least = leaders.values().copied().min().unwrap_or(0);
    let starts: Vec<BrokerId> = leaders.iter().filter(|(_, count)| **count > least + 1).map(|(id, _)| *id).collect();
    if starts.is_empty() {
        return false;
    }
    let mut led: HashMap<BrokerId, Vec<usize>> = HashMap::new();
    for (index, leader) in assignments.iter().enumerate().filter_map(|(index, r)| Some((index, *r.first()?))) {
        led.entry(leader).or_default().push(index);
    }
    for start in starts {
        // How each broker was reached: the partition that would change its leader.
        let mut reached: BTreeMap<BrokerId, Option<usize>> = BTreeMap::from([(start, None)]);
        let mut queue = VecDeque::from([start]);
        while let Some(from) = queue.pop_front() {
            if count(leaders, &from) + 2 <= count(leaders, &start) {
                pass_on(assignments, &reached, from);
                leaders.entry(from).and_modify(|count| *count += 1);
                leaders.entry(start).and_modify(|count| *count -= 1);
                return true;
            }
            for &index in led.get(&from).into_iter().flatten() {
                for id in assignments.get(index).into_iter().flatten().skip(1) {
                    if !reached.contains_key(id) {
                        reached.insert(*id, Some(index));
                        queue.push_back(*id);
                    }
                }
            }
        }
    }
    false
}

/// Makes each broker on the way to `last` the leader of the partition it was reached by.
fn pass_on(assignments: &mut [Vec<BrokerId>], reached: &BTreeMap<BrokerId, Option<usize>>, last: BrokerId) {
    let mut to = last;
    while let Some(replicas) = reached.get(&to).copied().flatten().and_then(|index| assignments.get_mut(index)) {
        let Some(position) = replicas.iter().position(|id| *id == to) else { return };
        let Some(before) = replicas.first().copied() else { return };
        replicas.swap(0, position);
        to = before;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn brokers(count: i32, racks: i32) -> Vec<Broker> {
        let broker = |id| Broker {
            id: BrokerId(id),
            host: "b".into(),
            port: 9092,
            rack: (racks > 0).then(|| format!("r{}", id % racks)),
        };
        (0..count).map(broker).collect()
    }

    fn spread(counts: &BTreeMap<BrokerId, usize>) -> usize {
        counts.values().max().unwrap() - counts.values().min().unwrap()
    }

    fn count(brokers: &[Broker], ids: impl Iterator<Item = BrokerId>) -> BTreeMap<BrokerId, usize> {
        let mut counts: BTreeMap<BrokerId, usize> = brokers.iter().map(|b| (b.id, 0)).collect();
        for id in ids {
            *counts.get_mut(&id).unwrap() += 1;
        }
        counts
    }

    #[test]
    fn new_replicas_go_where_the_topic_has_few() {
        let existing: Vec<Partition> = (0..2)
            .map(|id| Partition {
                id,
                leader: Some(BrokerId(0)),
                leader_epoch: 0,
                replicas: [BrokerId(0), BrokerId(1)].into(),
                isr: [].into(),
            })
            .collect();
        let new = assign_new_partitions(&existing, &brokers(4, 0), &HashMap::new(), 2, 4, 2);
        assert_eq!(new, [[BrokerId(2), BrokerId(3)], [BrokerId(3), BrokerId(2)]]);
    }

    #[test]
    fn fewer_brokers_than_replicas_give_what_there_is() {
        let new = assign_new_partitions(&[], &brokers(2, 0), &HashMap::new(), 0, 1, 3);
        assert_eq!(new.first().map(Vec::len), Some(2));
        assert!(assign_new_partitions(&[], &[], &HashMap::new(), 0, 1, 3)[0].is_empty());
    }

    proptest! {
        #[test]
        fn brokers_differ_and_racks_differ_while_there_are_some(
            count in 1..12i32, racks in 0..5i32, factor in 1..5usize, new in 1..40i32,
        ) {
            let brokers = brokers(count, racks);
            let racks: BTreeSet<_> = brokers.iter().filter_map(|b| b.rack.clone()).collect();
            for replicas in assign_new_partitions(&[], &brokers, &HashMap::new(), 0, new, factor) {
                let distinct: BTreeSet<_> = replicas.iter().collect();
                prop_assert_eq!(distinct.len(), factor.min(brokers.len()));
                prop_assert_eq!(replicas.len(), distinct.len());
                let used: BTreeSet<_> =
                    brokers.iter().filter(|b| replicas.contains(&b.id)).filter_map(|b| b.rack.clone()).collect();
                prop_assert!(used.len() >= factor.min(racks.len()).min(replicas.len()));
            }
        }

        #[test]
        fn load_is_even_where_racks_are(
            per_rack in 1..5i32, racks in 1..5i32, factor in 1..5usize, new in 1..60i32,
        ) {
            let brokers = brokers(per_rack * racks, racks);
            let new = assign_new_partitions(&[], &brokers, &HashMap::new(), 0, new, factor);
            let replicas = count(&brokers, new.iter().flatten().copied());
            prop_assert!(spread(&replicas) <= 1, "{:?}", replicas);
            let leaders = count(&brokers, new.iter().filter_map(|r| r.first().copied()));
            prop_assert!(spread(&leaders) <= 1, "{:?}", leaders);
        }
    }
}
