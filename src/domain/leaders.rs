//! How the leaders of a topic's partitions are spread over the brokers.
//!
//! A broker that leads more than its share does more than its share of the work:
//! producers write to leaders, and consumers read from them.

use super::BrokerId;
use super::topic::Topic;

/// One topic's leaders, by broker.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Spread {
    /// Partitions led, in the order of the brokers that were given.
    pub led: Vec<u32>,
    /// Partitions that nobody leads.
    pub leaderless: u32,
}

impl Spread {
    /// `brokers` are in rising order, each of them once.
    pub fn of(topic: &Topic, brokers: &[BrokerId]) -> Self {
        let mut spread = Self { led: vec![0; brokers.len()], leaderless: 0 };
        for partition in &topic.partitions {
            let place = partition.leader.and_then(|leader| brokers.binary_search(&leader).ok());
            match place.and_then(|place| spread.led.get_mut(place)) {
                Some(led) => *led += 1,
                None => spread.leaderless += 1,
            }
        }
        spread
    }

    pub fn add(&mut self, other: &Self) {
        for (led, more) in self.led.iter_mut().zip(&other.led) {
            *led += more;
        }
        self.leaderless += other.leaderless;
    }

    /// The most that any broker leads where they are spread evenly.
    pub fn fair(&self) -> u32 {
        let brokers = u32::try_from(self.led.len()).unwrap_or(u32::MAX).max(1);
        self.led.iter().sum::<u32>().div_ceil(brokers)
    }

    /// Leaders that would have to move for an even spread.
    pub fn excess(&self) -> u32 {
        let fair = self.fair();
        self.led.iter().map(|led| led.saturating_sub(fair)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::topic::Partition;
    use rstest::rstest;

    fn spread(leaders: &[i32]) -> Spread {
        let partitions = leaders.iter().zip(0..).map(|(leader, id)| Partition {
            id,
            leader: (*leader >= 0).then_some(BrokerId(*leader)),
            leader_epoch: 0,
            replicas: Vec::new().into(),
            isr: Vec::new().into(),
        });
        let topic = Topic { name: "t".into(), id: None, is_internal: false, partitions: partitions.collect() };
        Spread::of(&topic, &[BrokerId(1), BrokerId(2), BrokerId(5)])
    }

    #[rstest]
    #[case::even(&[1, 2, 5, 1, 2, 5], &[2, 2, 2], 0, 0)]
    #[case::as_even_as_it_gets(&[1, 2, 5, 1], &[2, 1, 1], 0, 0)]
    #[case::all_on_one(&[2, 2, 2, 2, 2, 2], &[0, 6, 0], 0, 4)]
    #[case::without_a_leader(&[-1, 1, 1, 1], &[3, 0, 0], 1, 2)]
    #[case::led_by_one_that_is_gone(&[9, 1], &[1, 0, 0], 1, 0)]
    #[case::empty(&[], &[0, 0, 0], 0, 0)]
    fn leaders_beyond_a_fair_share_are_counted(
        #[case] leaders: &[i32],
        #[case] led: &[u32],
        #[case] leaderless: u32,
        #[case] excess: u32,
    ) {
        let spread = spread(leaders);
        assert_eq!((spread.led.as_slice(), spread.leaderless, spread.excess()), (led, leaderless, excess));
    }

    #[test]
    fn topics_add_up() {
        let mut all = spread(&[1, 1, -1]);
        all.add(&spread(&[2, 5]));
        assert_eq!(all, Spread { led: vec![2, 1, 1], leaderless: 1 });
    }
}
