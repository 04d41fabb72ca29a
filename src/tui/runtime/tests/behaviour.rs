//! Messages in, state and effects out.

use super::canned::{self, Desk};
use crate::cluster::{Access, JournalView, Overrides, RecordRef, RecordsUpdate, StatsWish, Tally};
use crate::domain::group::GroupState;
use crate::domain::plan::{Confirm, Severity, Warning};
use crate::domain::{BrokerId, Failure, FailureKind, Partial};
use crate::tui::app::dialogs::Dialog;
use crate::tui::app::slot::Slot;
use crate::tui::app::{Answer, Effect, Message, Request, Screen};
use crate::tui::command::Place;
use std::sync::Arc;
use std::time::Duration;

pub(super) fn refused() -> Failure {
    Failure::new(FailureKind::Timeout, "ask", "late")
}

/// An answer that would show if it counted.
fn answer_for(slot: Slot) -> Answer {
    match slot {
        Slot::Connect => Answer::Connected(Err(refused())),
        Slot::Metadata => Answer::Metadata(Err(refused())),
        Slot::TopicLogs => Answer::TopicLogs(Err(refused())),
        Slot::Brokers => Answer::Brokers(Err(refused())),
        Slot::Groups => Answer::Groups(Err(refused())),
        Slot::TopicConfigs => Answer::TopicConfigs(Ok(canned::configs())),
        Slot::Overrides => Answer::Overrides(Ok(Overrides {
            topics: vec![("audit.v1".into(), canned::configs().to_vec())],
            brokers: Vec::new(),
        })),
        Slot::TopicGroups => Answer::TopicGroups(Ok(Arc::new(Partial::whole(Vec::new())))),
        Slot::Group => Answer::Group(Ok(canned::group(GroupState::Stable))),
        Slot::TopicOrder => Answer::TopicsOrdered(Arc::new(vec![0])),
        Slot::GroupOrder => Answer::GroupsOrdered(Arc::new(vec![0])),
        Slot::Find => Answer::Found { typed: String::new(), hits: Vec::new() },
        Slot::Records => Answer::Records(RecordsUpdate {
            records: RecordRef::of_times(&"a".into(), 0, 0, &[1]),
            ..RecordsUpdate::default()
        }),
        Slot::Stats => Answer::Stats(Tally::new(&StatsWish::default(), 1), 1),
        Slot::Decode => Answer::Decoded(vec![canned::record(1)]),
        Slot::Plan => Answer::Planned(Ok(canned::plan(true, 1, Confirm::Yes))),
        Slot::PartitionReport => Answer::PartitionReport(Err(refused())),
        Slot::Subjects => Answer::Subjects(Err(refused())),
        Slot::Compression => Answer::Compression(Err(refused())),
        Slot::Apply => Answer::Applied(Err(refused())),
        Slot::Export => Answer::Exported(Err(refused())),
        Slot::LookAgain => Answer::LookedAgain(Ok(vec![Warning::new(Severity::Warning, "it moved")])),
        Slot::WaitEmpty => Answer::GroupIsEmpty(Ok(())),
        Slot::Journal => Answer::Journal(Ok(Arc::new(JournalView::default()))),
        Slot::LookInto => Answer::LookedInto(Err(refused())),
        Slot::Settle => Answer::Settled(Err(refused())),
        Slot::Unlock => Answer::Unlocked(Err(refused())),
        Slot::SwitchBroker => Answer::BrokerSwitched(Err(refused())),
        Slot::ReadFile => Answer::OffsetsRead(Err(refused())),
        Slot::SaveFile => Answer::Saved(Err(refused())),
        Slot::ProfileFile => Answer::ProfilesChanged(Err(refused())),
        Slot::ProfileCheck => Answer::FilesChecked(Vec::new()),
        Slot::ProfileTest => Answer::ProbeEnded(Err(refused())),
        Slot::Toast | Slot::Overdue => Answer::Rested,
    }
}

#[test]
fn a_late_answer_changes_nothing_in_any_slot() {
    for slot in Slot::ALL {
        let mut desk = Desk::filled(Access::ReadWrite);
        desk.state.views.overview.settings.take_topic(&"audit.v1".into(), &[]);
        let late = desk.state.slots.start(slot);
        desk.state.slots.start(slot);
        desk.state.is_dirty = false;
        let before = desk.draw(120, 40);
        desk.effects.clear();
        desk.late(slot, late, answer_for(slot));
        assert!(!desk.state.is_dirty, "{slot:?}");
        assert_eq!(desk.draw(120, 40), before, "{slot:?}");
        assert!(desk.effects.is_empty(), "{slot:?}: {:?}", desk.effects);
    }
}

#[test]
fn a_setting_that_changed_is_told_on_the_overview() {
    let mut desk = Desk::filled(Access::ReadWrite);
    let topics = match desk.open.get(&Slot::Overrides) {
        Some((_, Request::Overrides(topics))) => topics.clone(),
        other => panic!("the settings are looked at in the background: {other:?}"),
    };
    assert!(topics.contains(&"audit.v1".into()));
    desk.state.views.overview.settings.take_topic(&"audit.v1".into(), &[]);
    desk.state.is_dirty = false;
    desk.answer(Slot::Overrides, answer_for(Slot::Overrides));
    assert!(desk.state.is_dirty);
    assert!(desk.draw(120, 40).contains("config audit.v1"), "{}", desk.draw(120, 40));
    desk.state.is_dirty = false;
    desk.answer(Slot::Overrides, answer_for(Slot::Overrides));
    assert!(!desk.state.is_dirty, "nothing is new");
}

#[test]
fn the_answer_for_one_group_does_not_show_in_another() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("3 enter");
    let (first, request) = desk.open.get(&Slot::Group).cloned().unwrap();
    assert!(matches!(request, Request::Group(id) if id.as_str() == "fraud-scoring"));
    desk.press("esc j enter");
    assert_eq!(desk.state.views.group.id.as_ref().map(|id| id.as_str()), Some("billing-export"));
    desk.late(Slot::Group, first, Answer::Group(Ok(canned::group(GroupState::Empty))));
    assert!(desk.state.views.group.detail.value().is_none());
}

#[test]
fn only_what_is_on_screen_is_kept_fresh() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("3");
    let running = |desk: &Desk, slot| desk.state.slots.is_running(slot);
    assert!(running(&desk, Slot::Metadata) && running(&desk, Slot::Groups));
    assert!(!running(&desk, Slot::TopicLogs) && !running(&desk, Slot::Brokers));
    desk.press("2");
    assert!(running(&desk, Slot::TopicLogs) && !running(&desk, Slot::Groups));
}

#[test]
fn a_refresh_waits_for_the_answer_and_backs_off_when_it_fails() {
    let mut desk = Desk::connected(Access::ReadWrite);
    let after = |desk: &Desk| match desk
        .effects
        .iter()
        .rev()
        .find(|effect| matches!(effect, Effect::Start { slot: Slot::Metadata, .. }))
    {
        Some(Effect::Start { after, .. }) => *after,
        other => panic!("{other:?}"),
    };
    desk.answer(Slot::Metadata, Answer::Metadata(Ok(canned::metadata())));
    assert_eq!(after(&desk), Duration::from_secs(10));
    for seconds in [10, 20, 40, 60, 60] {
        desk.answer(Slot::Metadata, Answer::Metadata(Err(canned::failure())));
        assert_eq!(after(&desk), Duration::from_secs(seconds));
    }
    desk.effects.clear();
    let denied = Failure::new(FailureKind::Auth, "log in", "wrong password");
    desk.answer(Slot::Metadata, Answer::Metadata(Err(denied)));
    assert!(
        desk.effects.iter().all(|effect| !matches!(effect, Effect::Start { slot: Slot::Metadata, .. })),
        "no login loop"
    );
    desk.press("r");
    assert_eq!(after(&desk), Duration::ZERO);
}

#[test]
fn the_same_snapshot_again_draws_nothing() {
    let mut desk = Desk::filled(Access::ReadWrite);
    let same = canned::groups();
    desk.answer(Slot::Groups, Answer::Groups(Ok(Arc::clone(&same))));
    desk.state.is_dirty = false;
    desk.answer(Slot::Groups, Answer::Groups(Ok(same)));
    assert!(!desk.state.is_dirty);
}

#[test]
fn a_new_snapshot_never_moves_the_user() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 j j j j j");
    assert_eq!(desk.state.topic_on_screen().map(|t| t.to_string()).as_deref(), Some("orders.v1"));
    let mut metadata = (*canned::metadata()).clone();
    metadata.version = 2;
    metadata.topics.insert(0, canned::topic("aaa", 1, 3, None));
    desk.answer(Slot::Metadata, Answer::Metadata(Ok(Arc::new(metadata))));
    assert_eq!(desk.state.topic_on_screen().map(|t| t.to_string()).as_deref(), Some("orders.v1"));
    let seen: Vec<_> = desk.state.views.overview.changes.seen.iter().map(|seen| seen.text.as_str()).collect();
    assert_eq!(seen, ["topic aaa created"]);
}

#[test]
fn escape_closes_exactly_one_level() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 / 'ord' enter enter ?");
    assert_eq!((desk.state.place(), desk.state.dialogs.len()), (Place::Help, 1));
    desk.press("esc");
    assert_eq!(desk.state.place(), Place::Topic);
    desk.press("esc");
    assert_eq!((desk.state.place(), desk.state.views.topics.filter.text()), (Place::Topics, "ord"));
    desk.press("esc");
    assert_eq!((desk.state.place(), desk.state.views.topics.filter.text()), (Place::Topics, ""));
    desk.press("esc");
    assert_eq!(desk.state.screen, Screen::Topics, "there is no level further out");
    desk.press("[");
    assert_eq!(desk.state.screen, Screen::Overview);
    desk.press("]");
    assert_eq!(desk.state.screen, Screen::Topics);
}

#[test]
fn q_goes_back_and_leaves_only_from_the_top() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("3 enter q");
    assert_eq!(desk.state.screen, Screen::Groups);
    assert!(desk.effects.iter().all(|effect| !matches!(effect, Effect::Quit)));
    desk.press("q");
    assert!(matches!(desk.effects.last(), Some(Effect::Quit)));
}

#[test]
fn another_profile_leaves_nothing_of_the_old_one() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 / 'ord' enter 0 enter");
    let session = desk.state.link.session().cloned();
    assert!(session.is_none(), "nothing may be asked of the old cluster any more");
    let generation = desk.open.get(&Slot::Connect).map(|(generation, _)| *generation).unwrap();
    let session = crate::tui::app::session::Session {
        card: canned::card("dev", false),
        access: Access::ReadWrite,
        zone: jiff::tz::TimeZone::UTC,
        since: desk.now,
        is_demo: false,
        refresh: crate::profile::Refresh::default(),
        formats: crate::domain::topic_formats::TopicFormats::default(),
        naming: None,
    };
    desk.late(Slot::Connect, generation, Answer::Connected(Ok(Box::new(session))));
    assert!(desk.state.data.metadata.value().is_none());
    assert_eq!(desk.state.views.topics.filter.text(), "");
    assert_eq!((desk.state.screen, desk.state.back.len()), (Screen::Overview, 0));
}

#[test]
fn a_prefix_is_forgotten_by_a_key_that_does_not_belong() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 s x j");
    assert!(desk.state.pending.is_empty());
    assert_eq!(desk.state.views.topics.selection.cursor(), 1);
}

#[test]
fn y_and_n_mean_nothing_outside_a_plan() {
    let mut desk = Desk::filled(Access::ReadOnly);
    // In lists of what people make, n is new.
    for view in ["1", "3", "4", "9", "m"] {
        desk.press(view);
        desk.effects.clear();
        let (screen, dialogs) = (desk.state.screen, desk.state.dialogs.len());
        desk.press("y n");
        assert_eq!((desk.state.screen, desk.state.dialogs.len()), (screen, dialogs), "in view {view}");
    }
}

#[test]
fn a_theme_is_seen_before_it_is_chosen_and_esc_takes_it_back() {
    let mut desk = Desk::filled(Access::ReadWrite);
    let shown = |desk: &mut Desk| -> Vec<String> {
        let themes = desk.effects.drain(..).filter_map(|effect| match effect {
            Effect::ShowTheme(name) => Some(name),
            _ => None,
        });
        themes.collect()
    };
    desk.press(": 'theme' enter");
    assert_eq!((desk.state.place(), shown(&mut desk)), (Place::Menu, Vec::new()));
    desk.press("j j k");
    assert_eq!(shown(&mut desk), ["light", "high-contrast", "light"]);
    desk.press("esc");
    assert_eq!(shown(&mut desk), ["dark"]);
    desk.press(": 'theme' enter j enter");
    assert_eq!((shown(&mut desk), desk.state.look.kept.as_str()), (vec!["light".to_owned()], "light"));
    let said = desk.state.notes.newest_first().next().map(|note| note.text.clone()).unwrap();
    assert!(said.contains("theme = \"light\" in /home/sam/.config/klamm/config.toml"), "{said}");
}

#[test]
fn changes_are_told_and_lead_to_what_they_are_about() {
    let mut desk = Desk::filled(Access::ReadWrite);
    let mut metadata = (*canned::metadata()).clone();
    metadata.version = 2;
    for topic in &mut metadata.topics {
        if topic.name.as_str() == "payments" {
            *topic = canned::topic("payments", 24, 3, Some(1));
        }
    }
    metadata.topics.retain(|topic| topic.name.as_str() != "audit.v1");
    desk.answer(Slot::Metadata, Answer::Metadata(Ok(Arc::new(metadata))));
    let mut groups = (*canned::groups()).clone();
    groups.version = 2;
    Arc::make_mut(&mut groups.rows[0]).listing.state = GroupState::Empty;
    groups.rows.pop();
    desk.answer(Slot::Groups, Answer::Groups(Ok(Arc::new(groups))));
    let seen: Vec<_> = desk.state.views.overview.changes.seen.iter().map(|seen| seen.text.clone()).collect();
    assert_eq!(
        seen,
        [
            "broker 1 left the ISR of 24 partitions",
            "broker 2 now leads 8 partitions",
            "topic audit.v1 deleted",
            "group billing-export Stable → Empty",
            "group shadow is gone",
        ]
    );
    desk.draw(120, 40);
    desk.press("shift-tab");
    desk.draw(120, 40);
    desk.press("enter");
    assert_eq!(desk.state.screen, Screen::Overview, "nothing is left to open of a group that is gone");
    desk.press("k enter");
    assert_eq!(desk.state.views.group.id.as_ref().map(|id| id.as_str()), Some("billing-export"));
    desk.press("esc g enter");
    assert_eq!(desk.state.topic_on_screen().map(|topic| topic.to_string()).as_deref(), Some("payments"));
}

#[test]
fn a_changed_config_is_a_change() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 j j j j j enter l l");
    desk.answer(Slot::TopicConfigs, Answer::TopicConfigs(Ok(canned::configs())));
    let mut configs = (*canned::configs()).clone();
    configs[2].value = Some("1000".into());
    desk.answer(Slot::TopicConfigs, Answer::TopicConfigs(Ok(Arc::new(configs))));
    let seen: Vec<_> = desk.state.views.overview.changes.seen.iter().map(|seen| seen.text.as_str()).collect();
    assert_eq!(seen, ["config orders.v1 retention.ms: 604800000 → 1000"]);
}

#[test]
fn help_is_narrowed_by_letters_and_shows_all_on_request() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 ?");
    let here = desk.draw(120, 60);
    assert!(here.contains("Keys that work here") && !here.contains("Plan the undo of the selected change"));
    desk.press("/ 'undo'");
    assert_eq!(desk.state.place(), Place::Filter);
    desk.press("enter");
    let narrowed = desk.draw(120, 60);
    assert!(!narrowed.contains("Into the selected row"), "{narrowed}");
    desk.press("a");
    let all = desk.draw(120, 60);
    assert!(all.contains("All keys") && all.contains("Plan the undo of the selected change"), "{all}");
    desk.press("esc");
    assert_eq!(desk.state.dialogs.len(), 1, "esc takes the filter away first");
    assert!(desk.draw(120, 120).contains("Into the selected row"));
    desk.press("esc");
    assert!(desk.state.dialogs.is_empty());
}

#[test]
fn a_megabyte_that_is_pasted_costs_neither_time_nor_silence() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 /");
    desk.send(Message::Pasted { text: "x".repeat(1 << 20), at: desk.now });
    assert_eq!(desk.state.views.topics.filter.text().len(), crate::tui::app::input::MOST);
    assert!(desk.state.notes.newest_first().any(|note| note.text.contains("not pasted")));
    desk.draw(80, 24);
}

#[test]
fn a_broker_is_stopped_in_a_demo_and_nowhere_else() {
    let said = |desk: &Desk, words: &str| desk.state.notes.newest_first().any(|note| note.text.contains(words));
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press(": 'demo.stop' enter");
    assert!(desk.state.dialogs.iter().all(|dialog| !matches!(dialog, Dialog::Form(_))));
    assert!(said(&desk, "only in the demo"));
    desk.press("esc");
    if let crate::tui::app::session::Link::Open(session) = &mut desk.state.link {
        session.is_demo = true;
    }
    desk.press(": 'demo.stop' enter");
    desk.effects.clear();
    desk.press("enter");
    let asked = desk
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::Start { request: Request::SwitchBroker(BrokerId(2)), .. }));
    assert!(asked, "the one that is missing is proposed: {:?}", desk.effects);
    desk.answer(Slot::SwitchBroker, Answer::BrokerSwitched(Ok((BrokerId(2), true))));
    assert!(said(&desk, "broker 2 of the demo runs again"));
    desk.press(": 'demo.stop' enter enter");
    desk.answer(Slot::SwitchBroker, Answer::BrokerSwitched(Ok((BrokerId(1), false))));
    assert!(said(&desk, "broker 1 of the demo is stopped"));
}
