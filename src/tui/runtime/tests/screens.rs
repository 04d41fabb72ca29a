//! Every screen and dialog in every state, as text.
//!
//! The states are built through `update` from canned answers, so that a
//! snapshot is what a user would see.

use super::canned::{self, Desk};
use super::states::{self, decode};
use crate::cluster::{Access, JournalView, RecordCounts, RecordRef, RecordsUpdate};
use crate::domain::group::GroupState;
use crate::domain::plan::{Confirm, Outcome, Severity, StepStatus, Warning};
use crate::domain::{Failure, FailureKind, Partial};
use crate::profile::{Field, Question};
use crate::tui::app::slot::Slot;
use crate::tui::app::{Answer, Request};
use std::sync::Arc;

/// Draws at the sizes that matter.
pub fn shoot(name: &str, desk: &mut Desk) {
    for (width, height) in [(80, 24), (120, 40)] {
        let text = desk.draw(width, height);
        insta::assert_snapshot!(format!("{name}@{width}x{height}"), text);
    }
}

fn shoot_small(name: &str, desk: &mut Desk) {
    shoot(name, desk);
    insta::assert_snapshot!(format!("{name}@40x12"), desk.draw(40, 12));
}

#[test]
fn welcome() {
    shoot_small("welcome", &mut Desk::welcome());
}

#[test]
fn profiles() {
    let mut desk = Desk::connected(Access::ReadOnly);
    desk.state.views.profiles.warnings =
        vec!["/home/sam/.config/klamm/config.toml:7:3: ‘bootstap’ is not known".into()];
    desk.press("0 j");
    shoot_small("profiles", &mut desk);
}

#[test]
fn a_profile_that_cannot_be_opened() {
    let mut desk = Desk::connected(Access::ReadOnly);
    desk.press("0 enter");
    let failure = Failure::new(FailureKind::Storage, "read CA certificate", "no such file").on("/etc/kafka/ca.pem");
    desk.answer(Slot::Connect, Answer::Connected(Err(failure)));
    shoot("profiles_refused", &mut desk);
}

#[test]
fn overview() {
    let mut desk = Desk::connected(Access::ReadOnly);
    shoot_small("overview_loading", &mut desk);
    desk.answer(Slot::Metadata, Answer::Metadata(Err(canned::failure())));
    shoot("overview_error", &mut desk);
    let mut desk = Desk::filled(Access::ReadOnly);
    shoot_small("overview", &mut desk);
    desk.answer(Slot::Metadata, Answer::Metadata(Err(canned::failure())));
    shoot("overview_stale", &mut desk);
}

#[test]
fn topics() {
    let mut desk = Desk::connected(Access::ReadWrite);
    desk.press("2");
    shoot("topics_loading", &mut desk);
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 s a space space");
    shoot_small("topics", &mut desk);
    desk.press("/ 'ord'");
    shoot("topics_filtering", &mut desk);
    desk.press("'xyz'");
    shoot("topics_no_match", &mut desk);
    desk.press("esc s");
    shoot("topics_prefix", &mut desk);
    let mut desk = Desk::filled(Access::ReadOnly);
    desk.press("2");
    let mut partial = (*canned::logs()).clone();
    partial.failures = vec![canned::failure()];
    partial.version = 2;
    desk.answer(Slot::TopicLogs, Answer::TopicLogs(Ok(Arc::new(partial))));
    shoot("topics_partial", &mut desk);
}

#[test]
fn topic() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 j j j j j enter");
    shoot_small("topic_partitions", &mut desk);
    desk.press("l");
    shoot("topic_groups_loading", &mut desk);
    desk.answer(Slot::TopicGroups, Answer::TopicGroups(Ok(canned::topic_groups())));
    shoot("topic_groups", &mut desk);
    let empty = Partial { value: Vec::new(), failures: vec![canned::failure()] };
    desk.answer(Slot::TopicGroups, Answer::TopicGroups(Ok(Arc::new(empty))));
    shoot("topic_groups_partial", &mut desk);
    desk.press("l");
    desk.answer(Slot::TopicConfigs, Answer::TopicConfigs(Ok(canned::configs())));
    desk.press("j");
    shoot("topic_configs", &mut desk);
}

#[test]
fn groups() {
    let mut desk = Desk::connected(Access::ReadWrite);
    desk.press("3");
    shoot("groups_loading", &mut desk);
    desk.answer(Slot::Groups, Answer::Groups(Err(canned::failure())));
    shoot("groups_error", &mut desk);
    desk.answer(Slot::Groups, Answer::Groups(Ok(canned::groups())));
    shoot_small("groups", &mut desk);
}

pub fn in_group(state: GroupState, access: Access) -> Desk {
    let mut desk = Desk::filled(access);
    desk.press("3 enter");
    desk.answer(Slot::Group, Answer::Group(Ok(canned::group(state))));
    desk
}

#[test]
fn group() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("3 enter");
    shoot("group_loading", &mut desk);
    let mut desk = in_group(GroupState::Empty, Access::ReadWrite);
    shoot_small("group", &mut desk);
    let mut desk = in_group(GroupState::Stable, Access::ReadOnly);
    desk.press("l");
    shoot("group_members", &mut desk);
    desk.press("l");
    shoot("group_timeline", &mut desk);
}

#[test]
fn records() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("4");
    shoot("records_none", &mut desk);
    desk.press("2 j j j j j t");
    shoot("records_loading", &mut desk);
    let topic = "orders.v1".into();
    let times: Vec<i64> = (0..40).map(|n| canned::NOW.0 - 9_000 + n * 211).collect();
    let update = RecordsUpdate {
        records: RecordRef::of_times(&topic, 2, 990_400, &times),
        counts: RecordCounts { seen: 3_204, matched: 3_204, dropped: 0, undecodable: 0, bytes: 400_000 },
        ..RecordsUpdate::default()
    };
    desk.draw(80, 24);
    desk.answer(Slot::Records, Answer::Records(update));
    shoot("records_undecoded", &mut desk);
    decode(&mut desk);
    desk.draw(120, 40);
    decode(&mut desk);
    shoot_small("records", &mut desk);
    desk.press("k k");
    shoot("records_paused", &mut desk);
    desk.press("/");
    shoot("records_contains", &mut desk);
}

#[test]
fn reset() {
    let mut desk = in_group(GroupState::Empty, Access::ReadWrite);
    desk.press("R");
    shoot_small("reset_picker", &mut desk);
    desk.press("down down");
    shoot("reset_picker_time", &mut desk);
    desk.press("'tomorrow' enter");
    shoot("reset_picker_error", &mut desk);
    desk.press("up up enter");
    shoot("plan_loading", &mut desk);
    desk.answer(Slot::Plan, Answer::Planned(Ok(canned::plan(true, 6, Confirm::Yes))));
    shoot_small("plan", &mut desk);
    desk.press("y");
    let lost = StepStatus::Unknown(canned::failure());
    desk.answer(Slot::Apply, Answer::Progress(vec![(0, StepStatus::Done), (1, StepStatus::Done), (2, lost)]));
    shoot("plan_applying", &mut desk);
    let steps = (0..6).map(|n| if n == 2 { StepStatus::Failed(canned::failure()) } else { StepStatus::Done }).collect();
    let outcome = Outcome {
        notes: vec![Warning::new(Severity::Warning, "payments:3 moved meanwhile")],
        ..Outcome::of("19f-1", canned::NOW, steps)
    };
    desk.answer(Slot::Apply, Answer::Applied(Ok(outcome)));
    shoot("plan_partly_done", &mut desk);
    let mut desk = in_group(GroupState::Empty, Access::ReadWrite);
    desk.press("R enter");
    desk.answer(Slot::Plan, Answer::Planned(Ok(canned::plan(true, 2, Confirm::Yes))));
    desk.draw(120, 40);
    desk.press("y");
    let notes = vec![
        Warning::new(Severity::Fine, "read back: 2 of 2 partitions hold their target"),
        Warning::new(Severity::Note, "the offsets as they were: /home/sam/.local/state/klamm/undo/19f-1.csv"),
    ];
    let outcome = Outcome { notes, ..Outcome::of("19f-1", canned::NOW, vec![StepStatus::Done; 2]) };
    desk.answer(Slot::Apply, Answer::Applied(Ok(outcome)));
    let found = Warning::new(Severity::Fine, "looked at again: fraud-scoring is still where it was put");
    desk.answer(Slot::LookAgain, Answer::LookedAgain(Ok(vec![found])));
    shoot("plan_done", &mut desk);
}

#[test]
fn plans_that_wait() {
    let mut desk = in_group(GroupState::Stable, Access::ReadWrite);
    desk.press("R enter");
    desk.answer(Slot::Plan, Answer::Planned(Ok(canned::plan(false, 3, Confirm::TypeName("fraud-scoring".into())))));
    shoot("plan_blocked", &mut desk);
    desk.press("w");
    desk.press("'fraud'");
    desk.press("enter");
    shoot("plan_type_name", &mut desk);
    let mut desk = in_group(GroupState::Empty, Access::ReadOnly);
    desk.press("R enter");
    shoot("plan_read_only_loading", &mut desk);
    desk.answer(Slot::Plan, Answer::Planned(Ok(canned::plan(true, 60, Confirm::Yes))));
    shoot("plan_long_read_only", &mut desk);
    let mut desk = in_group(GroupState::Empty, Access::ReadWrite);
    desk.press("R enter");
    desk.answer(Slot::Plan, Answer::Planned(Err(canned::failure())));
    shoot("plan_failed", &mut desk);
}

#[test]
fn dialogs() {
    let mut desk = Desk::filled(Access::ReadOnly);
    desk.press("2 ?");
    shoot_small("help", &mut desk);
    desk.press("esc :");
    desk.press("'unl'");
    shoot_small("palette", &mut desk);
    desk.press("enter");
    shoot("unlock", &mut desk);
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 n");
    shoot("create_topic", &mut desk);
    desk.press("'bad/name' enter");
    shoot("create_topic_error", &mut desk);
    desk.press("esc 4 F");
    shoot("records_from", &mut desk);
    desk.press("esc 2 p");
    shoot("partitions_loading", &mut desk);
    desk.answer(Slot::PartitionReport, Answer::PartitionReport(Err(canned::failure())));
    shoot("partitions_error", &mut desk);
}

#[test]
fn journal() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("9");
    shoot("journal_loading", &mut desk);
    desk.answer(Slot::Journal, Answer::Journal(Ok(Arc::new(JournalView::default()))));
    shoot("journal_empty", &mut desk);
    let entries = states::entries();
    let unreadable = vec!["line 7 was written by a newer klamm".into()];
    desk.answer(Slot::Journal, Answer::Journal(Ok(Arc::new(JournalView { entries, unreadable }))));
    shoot_small("journal", &mut desk);
    desk.press("j");
    desk.answer(Slot::LookInto, states::looked_into());
    shoot("journal_unfinished", &mut desk);
}

#[test]
fn messages() {
    let mut desk = Desk::filled(Access::ReadOnly);
    desk.press("m");
    shoot("messages_empty", &mut desk);
    desk.press("2 n c c");
    shoot("toasts", &mut desk);
    desk.press("m");
    shoot("messages", &mut desk);
}

#[test]
fn two_hundred_sizes_one_after_the_other_are_no_failure() {
    let mut desk = in_group(GroupState::Stable, Access::ReadWrite);
    for number in 0..200_u16 {
        let (width, height) = (1 + number * 37 % 211, 1 + number * 17 % 67);
        desk.send(crate::tui::app::Message::Resized { at: desk.now });
        desk.press(["j", "G", "ctrl-d", "g", "tab", "?", "esc", ":", "esc"][usize::from(number % 9)]);
        desk.draw(width, height);
    }
    assert!(desk.draw(120, 40).contains("fraud-scoring"));
}

#[test]
fn palette_over_everything() {
    let mut desk = Desk::filled(Access::ReadOnly);
    desk.press("2 3 :");
    shoot_small("palette_empty", &mut desk);
    desk.press("'fraud'");
    shoot("palette_things", &mut desk);
}

#[test]
fn menus() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 j j j j j c");
    shoot_small("copy_menu", &mut desk);
    desk.press("esc : 'theme' enter");
    shoot_small("theme_menu", &mut desk);
}

#[test]
fn changes() {
    let mut desk = Desk::filled(Access::ReadWrite);
    let mut metadata = (*canned::metadata()).clone();
    metadata.version = 2;
    metadata.topics.insert(1, canned::topic("aaa", 1, 3, None));
    desk.answer(Slot::Metadata, Answer::Metadata(Ok(Arc::new(metadata))));
    desk.press("shift-tab");
    shoot_small("overview_changes", &mut desk);
}

#[test]
fn in_ascii_no_cell_holds_anything_else() {
    use crate::tui::ui::theme::{Depth, Theme};
    let theme = Theme::built_in("dark", Depth::True).with_ascii_marks();
    for keys in
        ["1", "1 tab l", "2", "2 enter", "3", "9", "0", "m", "2 ?", "2 :", "2 c", "3 enter R", "2 n", "4 F", "2 s"]
    {
        let mut desk = in_group(GroupState::Stable, Access::ReadOnly);
        desk.press("1");
        desk.press(keys);
        for (width, height) in [(40, 12), (120, 40)] {
            let (text, _) = desk.draw_with(width, height, &theme);
            assert!(text.is_ascii(), "{keys}:\n{text}");
        }
    }
    let mut desk = in_group(GroupState::Stable, Access::ReadOnly);
    let (text, _) = desk.draw_with(120, 40, &theme);
    assert!(text.is_ascii(), "{text}");
    insta::assert_snapshot!("group_ascii@120x40", text);
}

#[test]
fn help_narrowed() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 ? / 'sort'");
    shoot("help_filter", &mut desk);
}

#[test]
fn profile_forms() {
    let mut desk = Desk::connected(Access::ReadWrite);
    desk.press("0 n");
    shoot("profile_new", &mut desk);
    desk.press("'prod' tab 'kafka-1:9093' tab right tab '/certs/ca.pem'");
    desk.answer(Slot::ProfileCheck, Answer::FilesChecked(vec![(Field::Ca, "/certs/ca.pem: No such file".into())]));
    shoot_small("profile_file_missing", &mut desk);
    desk.answer_files();
    desk.press("tab tab tab tab tab tab p tab 'oncall' tab right tab 'KAFKA_PASSWORD' enter");
    for step in canned::probe_steps() {
        desk.answer(Slot::ProfileTest, Answer::Probed(Box::new(step)));
    }
    shoot("profile_testing", &mut desk);
    desk.answer(Slot::ProfileTest, Answer::ProbeEnded(Ok(())));
    shoot_small("profile_tested", &mut desk);
}

#[test]
fn profile_test_and_secret() {
    let mut desk = Desk::connected(Access::ReadWrite);
    desk.press("0 t");
    let question = Question { profile: "dev".into(), field: Field::Password };
    let then = Box::new(Request::TestProfile("dev".into()));
    desk.answer(Slot::ProfileTest, Answer::SecretWanted { question, then });
    desk.press("'hush'");
    shoot_small("profile_secret", &mut desk);
    desk.press("enter");
    for step in canned::probe_steps() {
        desk.answer(Slot::ProfileTest, Answer::Probed(Box::new(step)));
    }
    desk.answer(Slot::ProfileTest, Answer::ProbeEnded(Ok(())));
    shoot("profile_test", &mut desk);
}

#[test]
fn topics_that_are_called_otherwise() {
    let mut desk = Desk::filled(Access::ReadWrite);
    if let crate::tui::app::session::Link::Open(session) = &mut desk.state.link {
        session.naming = crate::domain::naming::Naming::parse("[a-z-]+\\.v[0-9]+").ok();
    }
    desk.press("2");
    shoot_small("topics_misnamed", &mut desk);
}
