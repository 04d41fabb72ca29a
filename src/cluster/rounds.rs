//! Rounds over a whole cluster, in parts: what is in sight first, then the rest.
//!
//! Owns: the cut into parts and their pace. Invariants: the memory of a round and the
//! load it puts on brokers are those of a part; a broker that does not answer holds
//! up its own share of each part and not the other parts.

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use std::time::Duration;
use tokio::time::Instant;

/// Partitions in a part.
pub(super) const PARTITIONS: usize = 4_000;
/// Groups in a part.
pub(super) const GROUPS: usize = 1_000;
/// A part that takes longer than this waits for a broker: the next need not.
const PATIENCE: Duration = Duration::from_secs(1);
/// The longest pause between two parts. One that takes longer is waited for, not worked on.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// Cuts `all` into parts that weigh at most `most` each, unless a single one weighs
/// more. What is first makes a part of its own, unless all of it fits into one.
pub(super) fn parts<T>(
    all: Vec<T>,
    most: usize,
    weight: impl Fn(&T) -> usize,
    is_first: impl Fn(&T) -> bool,
) -> Vec<Vec<T>> {
    if all.iter().map(&weight).sum::<usize>() <= most {
        return vec![all];
    }
    let (first, rest): (Vec<T>, Vec<T>) = all.into_iter().partition(is_first);
    let mut parts: Vec<Vec<T>> = Vec::new();
    if !first.is_empty() {
        parts.push(first);
    }
    let (mut part, mut weighs) = (Vec::new(), 0);
    for one in rest {
        let more = weight(&one);
        if weighs + more > most && !part.is_empty() {
            parts.push(std::mem::take(&mut part));
            weighs = 0;
        }
        weighs += more;
        part.push(one);
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

/// Asks for one part after the other, in their order. A round that nobody waits for
/// rests between parts for as long as they take.
pub(super) async fn walk<P, A, F>(parts: Vec<P>, rests: bool, ask: impl Fn(P) -> F, mut take: impl FnMut(A))
where
    F: Future<Output = A>,
{
    let mut under_way = FuturesUnordered::new();
    let mut left = parts.len();
    for part in parts {
        let began = Instant::now();
        under_way.push(ask(part));
        left -= 1;
        if let Ok(Some(answer)) = tokio::time::timeout(PATIENCE, under_way.next()).await {
            take(answer);
        }
        if rests && left > 0 {
            tokio::time::sleep(began.elapsed().min(LONGEST_PAUSE)).await;
        }
    }
    while let Some(answer) = under_way.next().await {
        take(answer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_sight_comes_first_and_no_part_is_heavy() {
        let cut = |all: &[usize]| parts(all.to_vec(), 10, |weight| *weight, |weight| *weight == 3);
        assert_eq!(cut(&[1, 3, 4]), [vec![1, 3, 4]], "what fits into one part is one");
        assert_eq!(cut(&[4, 3, 4, 4, 99, 1, 3]), [vec![3, 3], vec![4, 4], vec![4], vec![99], vec![1]]);
        assert_eq!(cut(&[]), [Vec::<usize>::new()]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_that_waits_for_a_broker_does_not_hold_up_the_others() {
        let (began, mut taken) = (Instant::now(), Vec::new());
        let ask = |seconds: u64| async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            seconds
        };
        walk(vec![30, 0, 28, 0], false, ask, |seconds| taken.push((seconds, began.elapsed().as_secs()))).await;
        assert_eq!(taken, [(0, 1), (0, 2), (28, 29), (30, 30)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_round_that_nobody_waits_for_is_at_work_half_of_the_time() {
        let took = |rests| async move {
            let began = Instant::now();
            walk(vec![(); 4], rests, |()| tokio::time::sleep(Duration::from_millis(60)), |()| {}).await;
            began.elapsed().as_millis()
        };
        assert_eq!((took(false).await, took(true).await), (240, 420));
    }
}
