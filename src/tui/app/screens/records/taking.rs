//! Records that come: into the list, in their order, as far as there is room.

use super::{Order, Pace, Paging, RecordsView, Searched, Stop, key};
use crate::cluster::{RecordCounts, RecordsUpdate, SearchCounts, SearchUpdate};
use crate::domain::Time;
use crate::domain::record::StartAt;

impl RecordsView {
    pub fn take(&mut self, update: RecordsUpdate, at: Time) {
        let counts = RecordCounts {
            seen: update.counts.seen + self.before.seen,
            matched: update.counts.matched + self.before.matched,
            undecodable: update.counts.undecodable + self.before.undecodable,
            bytes: update.counts.bytes + self.before.bytes,
            dropped: update.counts.dropped,
        };
        self.measure(counts, at);
        self.counts = counts;
        self.is_finished = update.finished;
        self.has_caught_up |= update.caught_up;
        if !update.failures.is_empty() {
            self.failures = update.failures;
        }
        self.waiting = update.waiting;
        self.tiered = update.tiered;
        update.ends.into_iter().for_each(|(partition, end)| self.ends.add(partition, end));
        if let Paging::Older { came, began } = &mut self.paging {
            began.extend(update.began);
            came.extend(update.records);
        } else {
            self.reach.begins(update.began);
            self.add(update.records);
        }
        if self.is_finished && self.tiered.is_none() {
            self.end_page();
        }
    }

    fn add(&mut self, records: Vec<crate::cluster::RecordRef>) {
        let mut first = None;
        for record in records {
            if self.has_room() {
                self.arrived += 1;
                self.reach.came(key(&record));
                if let Paging::Further { left, is_new } = &mut self.paging {
                    first = first.or(std::mem::take(is_new).then(|| key(&record)));
                    *left = left.saturating_sub(1);
                }
                self.ring.push(record, self.arrived);
            } else {
                self.missed += 1;
                self.left_out.entry(record.partition()).or_insert(record.offset());
            }
        }
        let gone = self.ring.settle();
        gone.iter().for_each(|gone| self.reach.lost_first(key(gone)));
        self.has_left(&gone);
        if self.is_following {
            self.select_newest();
        } else if self.seeks.is_some() {
            self.seek();
        } else if let Some(first) = first {
            // Whoever reads on wants to see what is new.
            let row = self.row_of(first).unwrap_or_default();
            self.go_to(row);
        } else if self.selected.is_none() {
            self.go_to(0);
        } else {
            self.keep_selected(gone.len());
        }
    }

    /// Standing still, what one looks at must not be pushed out.
    fn has_room(&self) -> bool {
        self.is_following || !self.ring.is_full() || matches!(self.paging, Paging::Further { left: 1.., .. })
    }

    /// A reader of everything has filled the list: the rest can be read on from there.
    pub fn is_overfull(&self) -> bool {
        let reads_on = !matches!(self.paging, Paging::Older { .. });
        reads_on && !self.left_out.is_empty() && !self.is_following && !self.is_tail()
    }

    /// The newest are kept, and older ones may be dropped.
    pub fn is_tail(&self) -> bool {
        let starts_late = |start: &StartAt| matches!(start, StartAt::End | StartAt::Latest(_));
        matches!(self.paging, Paging::None)
            && self.reading.as_ref().is_some_and(|reading| !reading.covers && starts_late(&reading.start))
    }

    /// The selected record stays selected, wherever it stands now; `gone` have left before it.
    pub(super) fn keep_selected(&mut self, gone: usize) {
        let selected = self.selected;
        let guess = self.cursor.saturating_sub(gone);
        let is_there = |row: usize| self.ring.get(row).map(key) == selected;
        let row = if is_there(guess) { Some(guess) } else { selected.and_then(|selected| self.row_of(selected)) };
        self.cursor = row.unwrap_or(guess).min(self.ring.len().saturating_sub(1));
        self.selected = self.ring.get(self.cursor).map(key);
    }

    fn row_of(&self, wanted: super::RecordKey) -> Option<usize> {
        self.ring.iter().position(|record| key(record) == wanted)
    }

    /// The next of the orders. As they came is the order of what comes from now on.
    pub fn next_order(&mut self) {
        self.order = self.order.next();
        self.is_following &= self.order == Order::Arrival;
        self.ring.set_order(self.order);
        self.keep_selected(0);
    }

    /// What a search has found since, and how far it is.
    pub fn take_search(&mut self, update: SearchUpdate, at: Time) {
        let is_older = matches!(self.paging, Paging::Older { .. });
        let mut counts = update.counts();
        let now = counts;
        counts.add_before(&self.before);
        let is_over = update.finished && update.tiered.is_none();
        let first = update.topics.first();
        if let Some(searched) = first.filter(|_| !is_older) {
            self.rest.clone_from(&searched.rest);
        }
        let has_rest = !self.rest.is_empty() || !self.left_out.is_empty();
        let coverage = first.filter(|_| is_over && !has_rest).map(|searched| {
            let mut searched = searched.clone();
            searched.counts = counts;
            searched.is_complete &= self.before.undecodable == 0;
            let mut said = vec![searched.coverage(&update.failures, update.is_limited)];
            said.extend(searched.notes.iter().cloned());
            said.join("; ")
        });
        self.search = Some(Searched { counts, elapsed: update.elapsed, coverage });
        let began = first.map(|searched| searched.began.clone()).unwrap_or_default();
        let SearchCounts { seen, matched, undecodable, bytes, .. } = now;
        let update = RecordsUpdate {
            records: update.records,
            ends: update.ends,
            counts: RecordCounts { seen, matched, dropped: 0, undecodable, bytes },
            began: began.into_iter().collect(),
            failures: update.failures,
            waiting: update.waiting,
            tiered: update.tiered.map(|(_, part)| part),
            caught_up: false,
            finished: update.finished,
            held_back: update.held_back,
        };
        self.take(update, at);
        if is_older && is_over && has_rest {
            self.stopped = Some(Stop::ByHand);
        }
    }

    fn measure(&mut self, counts: RecordCounts, at: Time) {
        match self.pace.since {
            Some((since, _)) if at.since(since) < 1_000 => {}
            Some((since, seen)) => {
                let seconds = at.since(since) as f64 / 1_000.0;
                self.pace = Pace {
                    since: Some((at, counts.seen)),
                    per_second: Some(counts.seen.saturating_sub(seen) as f64 / seconds),
                };
            }
            None => self.pace.since = Some((at, counts.seen)),
        }
    }
}
