//! What each view remembers. One file per view, named as in `ui/screens`.

pub mod filter;
pub mod group;
pub mod groups;
pub mod journal;
pub mod messages;
pub mod overview;
pub mod profiles;
pub mod records;
pub mod topic;
pub mod topics;

pub use group::GroupView;
pub use groups::GroupsView;
pub use journal::JournalScreen;
pub use messages::MessagesView;
pub use overview::OverviewView;
pub use profiles::ProfilesView;
pub use records::RecordsView;
pub use topics::TopicsView;

/// The state of all views: switching between them loses nothing.
#[derive(Debug, Default)]
pub struct Views {
    pub overview: OverviewView,
    pub topics: TopicsView,
    pub groups: GroupsView,
    pub group: GroupView,
    pub records: RecordsView,
    pub journal: JournalScreen,
    pub profiles: ProfilesView,
    pub messages: MessagesView,
}
