//! Finding things by a few letters, and copying them.

use super::canned::{self, Desk};
use super::plans::with_plan;
use crate::cluster::{Access, RecordRef, RecordsUpdate};
use crate::domain::group::GroupState;
use crate::domain::plan::Confirm;
use crate::tui::app::dialogs::Dialog;
use crate::tui::app::slot::Slot;
use crate::tui::app::{Answer, Effect, Request, Screen};
use crate::tui::command::Place;
use std::sync::Arc;

#[test]
fn the_palette_finds_the_lag_of_a_topic_and_remembers_what_was_typed() {
    use crate::tui::app::screens::topic::TopicTab;
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press(": 'orders.v1' space 'lag' enter");
    assert_eq!(desk.state.place(), Place::Topic);
    assert_eq!(desk.state.topic_on_screen().map(|topic| topic.to_string()).as_deref(), Some("orders.v1"));
    assert_eq!(desk.state.views.topics.detail.tab, TopicTab::Groups);
    desk.press(": 'groups' enter : 'nosuchthing' enter");
    assert_eq!(desk.state.screen, Screen::Groups);
    let line = |desk: &Desk| match desk.state.dialogs.last() {
        Some(Dialog::Palette(palette)) => palette.input.text().to_owned(),
        other => panic!("{other:?}"),
    };
    desk.press(": up up");
    assert_eq!(line(&desk), "groups");
    desk.press("up up down");
    assert_eq!(line(&desk), "groups", "there is none before the first");
    desk.press("down down");
    assert_eq!(line(&desk), "");
    desk.press("up up enter");
    assert_eq!((desk.state.screen, desk.state.dialogs.len()), (Screen::Groups, 0));
}

#[test]
fn q_typed_as_a_command_leaves_from_anywhere() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("3 enter : q enter");
    assert!(matches!(desk.effects.last(), Some(Effect::Quit)), "{:?}", desk.effects.last());
}

#[test]
fn a_hyphen_goes_to_and_fro() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 3 -");
    assert_eq!(desk.state.screen, Screen::Topics);
    desk.press("-");
    assert_eq!(desk.state.screen, Screen::Groups);
    desk.press("[ [");
    assert_eq!(desk.state.screen, Screen::Groups, "each step is a place in the history");
}

#[test]
fn a_large_cluster_is_searched_off_the_loop_and_a_late_answer_is_not_taken() {
    let mut desk = Desk::filled(Access::ReadWrite);
    let mut metadata = (*canned::metadata()).clone();
    metadata.version = 2;
    metadata.topics = (0..5_000).map(|number| canned::topic(&format!("t-{number}"), 1, 1, None)).collect();
    desk.answer(Slot::Metadata, Answer::Metadata(Ok(Arc::new(metadata))));
    desk.press(": '77'");
    let Some((late, _)) = desk.open.get(&Slot::Find).cloned() else { panic!("nothing was asked") };
    desk.press("7 enter");
    assert_eq!(desk.state.place(), Place::Palette, "it says that it is still looking");
    let hits = vec![crate::tui::app::find::Hit::Profile("dev".into())];
    desk.late(Slot::Find, late, Answer::Found { typed: "77".into(), hits: hits.clone() });
    assert!(matches!(desk.state.dialogs.last(), Some(Dialog::Palette(palette)) if !palette.is_settled()));
    let Some((_, Request::Find { typed, haystack })) = desk.open.get(&Slot::Find).cloned() else { panic!() };
    let hits = crate::tui::app::find::find(&typed, &haystack);
    desk.answer(Slot::Find, Answer::Found { typed, hits });
    desk.press("enter");
    assert_eq!(desk.state.topic_on_screen().map(|topic| topic.to_string()).as_deref(), Some("t-777"));
}

#[test]
fn many_groups_are_put_in_order_off_the_loop_and_a_late_order_is_not_taken() {
    let mut groups = (*canned::groups()).clone();
    let first = Arc::clone(&groups.rows[0]);
    let row = |number: u64| {
        let mut row = (*first).clone();
        row.listing = canned::listing(&format!("g-{number:05}"), GroupState::Stable);
        row.lag.lag = number;
        Arc::new(row)
    };
    groups.rows = (0..20_001).map(row).collect();
    let mut desk = Desk::connected(Access::ReadWrite);
    desk.press("3");
    desk.answer(Slot::Groups, Answer::Groups(Ok(Arc::new(groups))));
    let screen = desk.draw(120, 40);
    assert!(screen.contains("putting them in order…") && !screen.contains("no groups"), "{screen}");
    let ordered = |desk: &Desk| {
        let Some((_, Request::OrderGroups { groups, filter, sort })) = desk.open.get(&Slot::GroupOrder) else {
            panic!("nothing was asked")
        };
        Arc::new(crate::tui::app::screens::groups::order(groups, filter, *sort))
    };
    let (late, _) = desk.open.get(&Slot::GroupOrder).cloned().unwrap();
    let by_lag = ordered(&desk);
    desk.press("/ '0007'");
    desk.late(Slot::GroupOrder, late, Answer::GroupsOrdered(by_lag));
    assert!(desk.state.views.groups.order.is_empty(), "letters were typed since");
    let matching = ordered(&desk);
    desk.answer(Slot::GroupOrder, Answer::GroupsOrdered(matching));
    let screen = desk.draw(120, 40);
    assert!(screen.contains("▸ g-10007") && screen.contains("Groups 12 of 20,001"), "{screen}");
    desk.press("esc s n");
    assert!(!desk.state.slots.is_running(Slot::GroupOrder), "names are in order already");
    assert_eq!(desk.state.views.groups.order.len(), 20_001);
}

/// What the menu of `c` offers: labels and texts.
fn copies(desk: &mut Desk) -> Vec<(&'static str, String)> {
    use crate::tui::app::dialogs::MenuPurpose;
    let Some(Dialog::Menu(menu)) = desk.state.dialogs.last() else { panic!("no menu") };
    let MenuPurpose::Copy(choices) = &menu.purpose else { panic!("another menu") };
    choices.iter().map(|choice| (choice.label, choice.shown().to_owned())).collect()
}

#[test]
fn a_topic_is_copied_by_name_row_json_and_two_command_lines() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 j j j j j c");
    let choices = copies(&mut desk);
    let labels: Vec<_> = choices.iter().map(|(label, _)| *label).collect();
    assert_eq!(labels, ["name", "row", "JSON", "klamm", "Kafka's tool"]);
    let text = |label| choices.iter().find(|(other, _)| *other == label).map(|(_, text)| text.as_str()).unwrap();
    assert_eq!(text("name"), "orders.v1");
    assert!(text("row").starts_with("orders.v1\t12\t3\tfalse\t"), "{}", text("row"));
    assert!(text("JSON").starts_with(r#"{"topic":"orders.v1","partitions":12,"replication_factor":3,"#));
    assert_eq!(text("klamm"), "klamm --profile prod-eu topics describe orders.v1");
    assert_eq!(
        text("Kafka's tool"),
        "kafka-topics.sh --bootstrap-server kafka-1.prod-eu:9092,kafka-2.prod-eu:9092 --command-config client.properties --describe --topic orders.v1"
    );
    desk.press("j j j enter");
    let copied = desk.effects.iter().rev().find_map(|effect| match effect {
        Effect::Copy(text) => Some(text.clone()),
        _ => None,
    });
    assert_eq!(copied.as_deref(), Some("klamm --profile prod-eu topics describe orders.v1"));
}

#[test]
fn a_cluster_that_is_not_saved_is_named_by_its_addresses() {
    let mut desk = Desk::filled(Access::ReadWrite);
    // As with --bootstrap and in the demo: it may stand in the list all the same.
    desk.state.views.profiles.cards.iter_mut().for_each(|card| card.is_saved = false);
    desk.press("2 j j j j j c");
    let klamm = copies(&mut desk).into_iter().find(|(label, _)| *label == "klamm").map(|(_, line)| line);
    let wanted = "klamm --bootstrap kafka-1.prod-eu:9092,kafka-2.prod-eu:9092 --registry https://registry.prod-eu --registry-context .shop \
                  topics describe orders.v1";
    assert_eq!(klamm.as_deref(), Some(wanted));
}

#[test]
fn everything_that_can_be_selected_can_be_copied() {
    let mut desk = Desk::filled(Access::ReadWrite);
    for (keys, answer, first) in [
        ("3", None, "fraud-scoring"),
        ("3 enter", Some((Slot::Group, Answer::Group(Ok(canned::group(GroupState::Stable))))), "payments:2"),
        ("l", None, "fraud-1-7a6e"),
        ("2 j j j j j enter", None, "orders.v1:0"),
    ] {
        desk.press(keys);
        if let Some((slot, answer)) = answer {
            desk.answer(slot, answer);
        }
        desk.press("c");
        let choices = copies(&mut desk);
        assert_eq!(choices.first().map(|(_, text)| text.as_str()), Some(first), "{keys}");
        assert!(choices.iter().any(|(label, text)| *label == "JSON" && text.starts_with('{')), "{keys}");
        assert!(choices.iter().any(|(label, text)| *label == "Kafka's tool" && text.contains(".sh ")), "{keys}");
        desk.press("esc");
    }
    let mut desk = with_plan(Access::ReadWrite, canned::plan(true, 2, Confirm::Yes));
    desk.press("c");
    let choices = copies(&mut desk);
    assert!(choices[0].1.starts_with("klamm groups reset fraud-scoring"), "{choices:?}");
    assert!(choices[3].1.contains("payments,0,874704\n") || choices[3].1.starts_with("printf"), "{choices:?}");
}

#[test]
fn a_record_is_copied_with_every_digit() {
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 t");
    desk.draw(80, 24);
    let records = RecordRef::of_times(&"orders.v1".into(), 2, 41, &[1]);
    desk.answer(Slot::Records, Answer::Records(RecordsUpdate { records, ..RecordsUpdate::default() }));
    desk.answer(Slot::Decode, Answer::Decoded(vec![canned::record(41)]));
    desk.press("c");
    let labels: Vec<_> = copies(&mut desk).into_iter().map(|(label, _)| label).collect();
    assert_eq!(labels, ["value", "key", "place", "JSON", "klamm", "Kafka's tool"]);
    desk.press("j j j enter");
    let Some(Effect::Copy(json)) = desk.effects.iter().rev().find(|effect| matches!(effect, Effect::Copy(_))) else {
        panic!("nothing was copied")
    };
    let read: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!((read["offset"].as_i64(), read["headers"][2]["value"].as_str()), (Some(41), Some("2")));
    assert!(json.contains(r#""amount":"99.90""#) || json.contains(r#""amount":99.90"#), "{json}");
}

#[test]
fn what_a_terminal_would_drop_is_saved_instead_of_called_copied() {
    use crate::domain::value::Value;
    let mut desk = Desk::filled(Access::ReadWrite);
    desk.press("2 t");
    desk.draw(80, 24);
    let records = RecordRef::of_times(&"orders.v1".into(), 2, 41, &[1]);
    desk.answer(Slot::Records, Answer::Records(RecordsUpdate { records, ..RecordsUpdate::default() }));
    let mut large = (*canned::record(41)).clone();
    large.value.value = Value::Text("x".repeat(100_000).into());
    desk.answer(Slot::Decode, Answer::Decoded(vec![Arc::new(large)]));
    desk.effects.clear();
    desk.press("c c");
    assert!(desk.effects.iter().all(|effect| !matches!(effect, Effect::Copy(_))), "{:?}", desk.effects);
    assert_eq!(desk.state.place(), Place::Form);
    assert!(desk.state.notes.newest_first().all(|note| !note.text.contains("copied")));
    desk.press("enter");
    let saved = desk.open.get(&Slot::SaveFile).map(|(_, request)| request.clone());
    assert!(matches!(saved, Some(Request::SaveFile { text, .. }) if text.len() == 100_002), "the whole value");
}
