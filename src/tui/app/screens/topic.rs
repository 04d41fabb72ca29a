//! The detail of the selected topic.

use crate::cluster::TopicGroup;
use crate::domain::config::ConfigEntry;
use crate::domain::{GroupId, Partial, PartitionId, TopicName};
use crate::tui::app::list::Selection;
use crate::tui::app::remote::Remote;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum TopicTab {
    #[default]
    Partitions,
    Groups,
    Configs,
}

impl TopicTab {
    pub const ALL: [TopicTab; 3] = [TopicTab::Partitions, TopicTab::Groups, TopicTab::Configs];

    pub fn title(self) -> &'static str {
        match self {
            Self::Partitions => "Partitions",
            Self::Groups => "Groups",
            Self::Configs => "Configs",
        }
    }

    pub fn next(self) -> Self {
        match self {
            Self::Partitions => Self::Groups,
            Self::Groups => Self::Configs,
            Self::Configs => Self::Partitions,
        }
    }

    pub fn previous(self) -> Self {
        self.next().next()
    }
}

#[derive(Debug, Default)]
pub struct TopicDetail {
    /// The topic the answers below are about.
    pub of: Option<TopicName>,
    pub tab: TopicTab,
    pub partition: Selection<PartitionId>,
    pub group: Selection<GroupId>,
    pub config: Selection<String>,
    pub groups: Remote<Partial<Vec<TopicGroup>>>,
    pub configs: Remote<Vec<ConfigEntry>>,
}

impl TopicDetail {
    /// Forgets what belongs to another topic; the tab stays, so that one can
    /// look through the same tab of many topics.
    pub fn turn_to(&mut self, topic: Option<TopicName>) {
        if self.of != topic {
            *self = Self { of: topic, tab: self.tab, ..Self::default() };
        }
    }
}
