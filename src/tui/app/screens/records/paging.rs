//! Reading beyond the records of the list: those before it, and on from where reading
//! left off.
//!
//! Invariant: older records come in whole or not at all, so that the list has no gap that
//! nobody was told of.

use super::reading::Reading;
use super::{MOST_RECORDS, RecordsView, Searched, Stop, key};
use crate::cluster::{RecordRef, SearchCounts};
use crate::domain::record::{StartAt, Within};
use crate::domain::{Offset, PartitionId, show};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Older records that are read at once; of a query so many are looked at.
const OLDER: u64 = 1_000;
const OLDER_SEARCHED: u64 = 20_000;
/// Records that push the first of a full list out before reading stops again.
const FURTHER: usize = MOST_RECORDS / 2;

/// What is being read beyond the list.
#[derive(Debug, Default)]
pub enum Paging {
    #[default]
    None,
    /// What came so far, and from where on.
    Older { came: Vec<RecordRef>, began: BTreeMap<PartitionId, Offset> },
    /// So many may still push others out. `is_new`: nothing has come yet.
    Further { left: usize, is_new: bool },
}

/// Where to read on, and in which direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Further {
    Older,
    On,
}

impl RecordsView {
    /// Something is being read beyond the list.
    pub fn is_paging(&self) -> bool {
        !matches!(self.paging, Paging::None) && !self.is_finished
    }

    /// More was read than at first: what stands here is no longer live.
    pub fn is_paged(&self) -> bool {
        self.before != SearchCounts::default()
    }

    /// How a page is read, from where to where; `Err` says why there is none.
    pub fn page(&self, further: Further) -> Result<(StartAt, Within), &'static str> {
        let reading = self.reading.as_ref().ok_or("no topic is open")?;
        if self.is_paging() {
            return Err("it is being read");
        }
        match further {
            Further::Older if self.reach.partitions() == 0 => Err("nothing was read yet"),
            Further::Older if !self.reach.may_have_older() => Err("the logs begin here"),
            Further::Older => Ok((StartAt::Latest(self.older()), self.reach.before())),
            Further::On if !self.is_finished && self.left_out.is_empty() => Err("it reads on by itself"),
            Further::On => {
                let from = self.nexts(reading);
                let within = Within { from, to: BTreeMap::new() };
                if within.from.is_empty() { Err("all of the range was read") } else { Ok((StartAt::Earliest, within)) }
            }
        }
    }

    fn older(&self) -> u64 {
        let has_query = self.reading.as_ref().is_some_and(|reading| reading.query.is_some());
        if has_query { OLDER_SEARCHED } else { OLDER }
    }

    /// Where each partition goes on: behind what was searched, or stands in the list, and
    /// not behind what had no room.
    fn nexts(&self, reading: &Reading) -> BTreeMap<PartitionId, Offset> {
        let mut nexts = if reading.covers { self.rest.clone() } else { self.reach.nexts() };
        for (partition, first) in &self.left_out {
            nexts.entry(*partition).and_modify(|next| *next = (*first).min(*next)).or_insert(*first);
        }
        nexts
    }

    pub fn begin_page(&mut self, further: Further) {
        self.before = match &self.search {
            Some(search) => search.counts,
            None => SearchCounts {
                seen: self.counts.seen,
                matched: self.counts.matched,
                undecodable: self.counts.undecodable,
                bytes: self.counts.bytes,
                ..SearchCounts::default()
            },
        };
        (self.is_following, self.is_finished, self.stopped, self.tiered) = (false, false, None, None);
        self.failures.clear();
        self.seeks = None;
        self.paging = match further {
            Further::Older => Paging::Older { came: Vec::new(), began: BTreeMap::new() },
            Further::On => {
                self.left_out.clear();
                self.missed = 0;
                Paging::Further { left: FURTHER, is_new: true }
            }
        };
    }

    /// Ends what is being read; what was found stays, but for a part of what is older.
    pub fn stop(&mut self, why: Stop) {
        if matches!(self.paging, Paging::Older { .. }) {
            self.said = Some("stopped: nothing older was added".into());
        }
        self.paging = Paging::None;
        (self.is_finished, self.stopped, self.tiered) = (true, Some(why), None);
    }

    /// All of a page has come.
    pub(super) fn end_page(&mut self) {
        match std::mem::take(&mut self.paging) {
            Paging::None => {}
            Paging::Further { is_new, .. } => {
                self.said = is_new.then(|| "nothing came since".into());
            }
            Paging::Older { came, began } => {
                let count = came.len() as u64;
                self.said = Some(match count {
                    0 if began.is_empty() => "nothing lies before these".into(),
                    0 => "none of the records before these meets the query".into(),
                    _ => format!("{} before these", show::plural(count as usize, "record")),
                });
                self.reach.begins_before(began);
                self.arrived += count;
                let gone = self.ring.put_before(came, self.arrived);
                gone.iter().for_each(|gone| self.reach.lost_last(key(gone)));
                self.has_left(&gone);
                self.keep_selected(0);
            }
        }
    }

    /// What the keys would read, where the list stands still: "the 1,000 records before
    /// offset 990,400 of P 2". `None` where there is nothing.
    pub fn page_said(&self, further: Further, zone: &TimeZone) -> Option<String> {
        self.page(further).ok()?;
        let one = self.reach.of_one();
        let clock = |record: Option<&RecordRef>| record.map(|record| record.timestamp().clock(zone));
        Some(match further {
            Further::Older => {
                let what = match self.reading.as_ref().is_some_and(|reading| reading.query.is_some()) {
                    true => format!("searches the {} records before", show::count(self.older())),
                    false => format!("the {} records before", show::count(self.older())),
                };
                match (one, clock(self.ring.get(0))) {
                    (Some((partition, from, _)), _) => format!("{what} {} of P {partition}", show::offset(from)),
                    (None, Some(time)) => format!("{what} {time}"),
                    (None, None) => format!("{what} the range"),
                }
            }
            Further::On => {
                let reading = self.reading.as_ref()?;
                let nexts = self.nexts(reading);
                let left =
                    self.search.as_ref().map(|Searched { counts, .. }| counts.offsets.saturating_sub(counts.passed));
                let left = left.filter(|left| *left > 0 && !self.rest.is_empty());
                let left = left.map_or(String::new(), |left| format!(", {} left", show::count(left)));
                match (
                    nexts.first_key_value().filter(|_| nexts.len() == 1),
                    clock(self.ring.get(self.ring.len().saturating_sub(1))),
                ) {
                    (Some((partition, next)), _) => format!("on from {} of P {partition}{left}", show::offset(*next)),
                    (None, Some(time)) => format!("on from {time}, {}{left}", show::plural(nexts.len(), "partition")),
                    (None, None) => format!("on, {}{left}", show::plural(nexts.len(), "partition")),
                }
            }
        })
    }
}
