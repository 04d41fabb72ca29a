//! All that is remembered between two frames.
//!
//! Invariant: changed only by `update`.

use super::dialogs::Dialog;
use super::drawn::{Drawn, Pane, Viewport};
use super::look::Look;
use super::notes::{Notes, Tone};
use super::remote::Remote;
use super::screens::Views;
use super::screens::journal::why_it_stays;
use super::screens::overview::{self, BrokersTab, OverviewPane};
use super::screens::records::Further;
use super::session::Link;
use super::slot::Slots;
use super::splits::Splits;
use super::watch::Watches;
use crate::cluster::{BrokerRow, Groups, Metadata, TopicLogs};
use crate::domain::record::ReadAs;
use crate::domain::{GroupId, Time, TopicName};
use crate::tui::command::{Chord, Ctx, KeyMap, Place, Right};
use jiff::tz::TimeZone;
use std::sync::Arc;

/// The view that fills the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Screen {
    #[default]
    Overview,
    Topics,
    Groups,
    Group,
    Records,
    Journal,
    Profiles,
    Messages,
}

/// A place one can come back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    pub screen: Screen,
    /// Levels below the view that a number leads to.
    pub depth: usize,
    pub in_detail: bool,
    pub topic: Option<TopicName>,
    pub group: Option<GroupId>,
}

/// Snapshots that several views share.
#[derive(Debug, Default)]
pub struct Data {
    pub metadata: Remote<Metadata>,
    pub logs: Remote<TopicLogs>,
    pub brokers: Remote<Vec<BrokerRow>>,
    pub groups: Remote<Groups>,
}

#[derive(Debug)]
pub struct State {
    /// As of the last message.
    pub now: Time,
    pub link: Link,
    /// The zone used while no profile says another.
    pub local_zone: TimeZone,
    pub screen: Screen,
    /// Levels below the view that a number leads to: so often `esc` goes out.
    pub depth: usize,
    /// Places before this one, oldest first, and those left by going back.
    pub back: Vec<Spot>,
    pub forward: Vec<Spot>,
    /// The place before the last step, to go to and fro.
    pub last: Option<Spot>,
    pub dialogs: Vec<Dialog>,
    pub data: Data,
    pub views: Views,
    pub slots: Slots,
    pub splits: Splits,
    pub watches: Watches,
    pub notes: Notes,
    pub keymap: Arc<KeyMap>,
    pub look: Look,
    /// Lines typed into the palette, oldest first.
    pub typed: Vec<String>,
    /// Keys of a longer binding, pressed so far.
    pub pending: Vec<Chord>,
    /// The last frame.
    pub drawn: Drawn,
    /// Something on screen is out of date.
    pub is_dirty: bool,
    /// The screen lies on the last frame but for this: it was drawn after the state changed.
    pub is_quitting: bool,
}

impl State {
    pub fn new(now: Time, keymap: Arc<KeyMap>, local_zone: TimeZone) -> Self {
        Self {
            now,
            link: Link::None,
            local_zone,
            screen: Screen::default(),
            depth: 0,
            back: Vec::new(),
            forward: Vec::new(),
            last: None,
            dialogs: Vec::new(),
            data: Data::default(),
            views: Views::default(),
            slots: Slots::default(),
            splits: Splits::default(),
            watches: Watches::default(),
            notes: Notes::default(),
            keymap,
            look: Look::default(),
            typed: Vec::new(),
            pending: Vec::new(),
            drawn: Drawn::default(),
            is_dirty: true,
            is_quitting: false,
        }
    }

    pub fn zone(&self) -> &TimeZone {
        self.link.session().map_or(&self.local_zone, |session| &session.zone)
    }

    /// How a topic's records are read unless somebody says otherwise.
    pub fn usual_view(&self, topic: &str) -> ReadAs {
        self.link.session().map_or_else(ReadAs::default, |session| session.formats.of(topic))
    }

    pub fn viewport(&self, pane: Pane) -> Viewport {
        self.drawn.viewport(pane)
    }

    /// Where the keyboard goes.
    pub fn place(&self) -> Place {
        match self.dialogs.last() {
            Some(dialog) => dialog.place(),
            None => self.place_below(),
        }
    }

    /// Where the keyboard would go without dialogs.
    pub fn place_below(&self) -> Place {
        match self.screen {
            Screen::Overview => Place::Overview,
            Screen::Topics if self.views.topics.filter.is_editing => Place::Filter,
            Screen::Topics if self.views.topics.in_detail => Place::Topic,
            Screen::Topics => Place::Topics,
            Screen::Groups if self.views.groups.filter.is_editing => Place::Filter,
            Screen::Groups => Place::Groups,
            Screen::Group => Place::Group,
            Screen::Records if self.views.records.in_record => Place::Record,
            Screen::Records => Place::Records,
            Screen::Journal => Place::Journal,
            Screen::Profiles => Place::Profiles,
            Screen::Messages => Place::Messages,
        }
    }

    /// What commands are judged by at `place`.
    pub fn ctx_at(&self, place: Place) -> Ctx {
        let plan = self.dialogs.iter().rev().find_map(|dialog| match dialog {
            Dialog::Plan(plan) => Some(plan),
            _ => None,
        });
        Ctx {
            place,
            right: match plan.and_then(|plan| plan.elsewhere.as_ref()) {
                None => self.link.right(),
                Some(elsewhere) if elsewhere.is_read_only => Right::ReadOnlyElsewhere,
                Some(_) => Right::Write,
            },
            has_cluster: self.link.session().is_some(),
            is_opening: matches!(self.link, Link::Opening(_)),
            has_selection: self.has_selection(place),
            at_top: self.is_at_top(),
            has_reading: self.views.records.reading.is_some(),
            has_plan: plan.is_some_and(|plan| plan.plan().is_some()),
            plan_is_ready: plan.is_some_and(|plan| plan.is_ready()),
            plan_was_shown: plan.is_some_and(|plan| plan.was_shown()),
            plan_is_blocked: plan.is_some_and(|plan| plan.is_blocked()),
            is_applying: plan.is_some_and(|plan| plan.is_applying()),
            has_picker: matches!(
                self.dialogs.iter().rev().nth(1),
                Some(Dialog::Reset(_) | Dialog::Partitions(_) | Dialog::Form(_))
            ),
            group_is_active: plan.is_some_and(|plan| plan.can_wait()),
            asks_tiered: match self.dialogs.last() {
                Some(Dialog::Export(export)) => export.asks_tiered().is_some(),
                _ => self.views.records.tiered.is_some(),
            },
            has_written: plan.is_some_and(|plan| plan.first_written().is_some()),
            no_older: self.views.records.page(Further::Older).err(),
            no_further: self.views.records.page(Further::On).err(),
            plan_stays: plan.and_then(|plan| plan.why_it_stays()),
            change_stays: self.views.journal.selected().and_then(why_it_stays),
            has_source: matches!(place, Place::Records | Place::Record) && self.views.records.source().is_some(),
            is_unfinished: self.views.journal.selected_unfinished().is_some(),
            has_rest: self.views.journal.selected_with_rest().is_some(),
            has_back: !self.back.is_empty(),
            has_forward: !self.forward.is_empty(),
            has_last: self.last.is_some(),
            has_tabs: self.screen != Screen::Overview || self.views.overview.pane == OverviewPane::Brokers,
            is_demo: self.link.session().is_some_and(|session| session.is_demo),
        }
    }

    pub fn ctx(&self) -> Ctx {
        self.ctx_at(self.place())
    }

    /// Nothing of the view is open that one could leave.
    fn is_at_top(&self) -> bool {
        let is_open = match self.screen {
            Screen::Topics => self.views.topics.in_detail || self.views.topics.filter.is_active(),
            Screen::Groups => self.views.groups.filter.is_active(),
            Screen::Records => self.views.records.in_record,
            Screen::Overview | Screen::Group | Screen::Journal | Screen::Profiles | Screen::Messages => false,
        };
        self.depth == 0 && !is_open
    }

    fn has_selection(&self, place: Place) -> bool {
        match place {
            Place::Overview => match self.views.overview.pane {
                OverviewPane::Health => true,
                OverviewPane::Brokers => match self.views.overview.brokers_tab {
                    BrokersTab::Brokers => self.data.brokers.value().is_some_and(|rows| !rows.is_empty()),
                    BrokersTab::Leaders => overview::selected_uneven(self).is_some(),
                },
                OverviewPane::Topics => overview::selected_topic(self).is_some(),
                OverviewPane::Groups => overview::selected_group(self).is_some(),
                OverviewPane::Changes => overview::selected_change(self).is_some(),
            },
            Place::Topics => !self.views.topics.order.is_empty(),
            Place::Topic => self.topic_on_screen().is_some(),
            Place::Groups => !self.views.groups.order.is_empty(),
            Place::Group => self.views.group.detail.value().is_some(),
            Place::Records | Place::Record => self.views.records.selected_ref().is_some(),
            Place::Journal => self.views.journal.view.value().is_some_and(|view| !view.entries.is_empty()),
            Place::Profiles => !self.views.profiles.cards.is_empty(),
            Place::Messages => self.notes.len() > 0,
            Place::Filter
            | Place::Plan
            | Place::PlanResult
            | Place::TypeName
            | Place::Reset
            | Place::Partitions
            | Place::Form
            | Place::RecordForm
            | Place::Help
            | Place::Palette
            | Place::Menu
            | Place::ProfileForm
            | Place::Probe
            | Place::Compression
            | Place::Export
            | Place::Secret => true,
        }
    }

    /// The topic whose detail is, or would be, on screen.
    pub fn topic_on_screen(&self) -> Option<TopicName> {
        match self.screen {
            Screen::Topics => {
                self.views.topics.selection.key().filter(|_| !self.views.topics.order.is_empty()).cloned()
            }
            Screen::Overview => overview::selected_topic(self),
            Screen::Records => self.views.records.reading.as_ref().map(|reading| reading.topic.clone()),
            Screen::Groups | Screen::Group | Screen::Journal | Screen::Profiles | Screen::Messages => None,
        }
    }

    /// The group that commands are about.
    pub fn group_on_screen(&self) -> Option<GroupId> {
        match self.screen {
            Screen::Groups => {
                self.views.groups.selection.key().filter(|_| !self.views.groups.order.is_empty()).cloned()
            }
            Screen::Group => self.views.group.id.clone(),
            Screen::Overview => overview::selected_group(self),
            Screen::Topics | Screen::Records | Screen::Journal | Screen::Profiles | Screen::Messages => None,
        }
    }

    pub fn spot(&self) -> Spot {
        Spot {
            screen: self.screen,
            depth: self.depth,
            in_detail: self.screen == Screen::Topics && self.views.topics.in_detail,
            topic: self.topic_on_screen(),
            group: self.group_on_screen(),
        }
    }

    pub fn say(&mut self, tone: Tone, text: impl Into<String>) {
        self.is_dirty = true;
        self.notes.say(self.now, tone, text);
    }
}
