//! Marked records, and what is done with them: copied, exported, sent again.

use super::canned::Desk;
use super::states::places::{decode, read_with};
use crate::cluster::{Access, ExportForm};
use crate::domain::record::StartAt;
use crate::tui::app::dialogs::Dialog;
use crate::tui::app::dialogs::export::{ExportProgress, Exported};
use crate::tui::app::dialogs::plan::Sent;
use crate::tui::app::effect::ExportWish;
use crate::tui::app::slot::Slot;
use crate::tui::app::{Answer, Effect, Request, Screen};

fn marked() -> Desk {
    // The third from the end and the one behind it.
    let mut desk = read_with(decode, Access::ReadWrite, "k k space space");
    desk.draw(120, 40);
    desk
}

fn copied(desk: &Desk) -> String {
    let text = desk.effects.iter().rev().find_map(|effect| match effect {
        Effect::Copy(text) => Some(text.clone()),
        _ => None,
    });
    text.expect("something was copied")
}

fn exporting(desk: &Desk) -> &ExportWish {
    match desk.open.get(&Slot::Export) {
        Some((_, Request::Export(wish))) => wish,
        other => panic!("{other:?}"),
    }
}

#[test]
fn marks_stay_whatever_becomes_of_the_list_and_esc_takes_them_away() {
    let mut desk = marked();
    assert!(desk.draw(120, 40).contains("2 marked"));
    desk.press("g a G enter");
    assert_eq!(desk.state.views.records.marks().len(), 2, "another order is no reason");
    desk.press("G space");
    assert!(desk.draw(120, 40).contains("3 marked"));
    desk.press("k enter space");
    assert!(desk.draw(120, 40).contains("of 40 "), "the mark goes, the record stays");
    assert_eq!(desk.state.views.records.marks().len(), 2);
    desk.press("esc esc");
    assert!(desk.state.screen == Screen::Records && desk.state.views.records.marks().is_empty());
    desk.press("esc");
    assert_eq!(desk.state.screen, Screen::Topics);
}

#[test]
fn what_is_copied_is_what_is_marked() {
    let mut desk = marked();
    desk.press("c");
    assert!(desk.draw(120, 40).contains("Copy of 2 marked records"));
    desk.press("enter");
    let lines = copied(&desk);
    assert_eq!(lines.lines().count(), 2);
    assert!(lines.lines().all(|line| line.starts_with("{\"topic\":") && line.contains("\"key_format\"")), "{lines}");
    desk.press("c j j enter");
    assert_eq!(copied(&desk), "orders.v1/2@990437\norders.v1/2@990438");
    desk.press("c j j j enter");
    assert!(copied(&desk).contains("records get orders.v1/2@990437 orders.v1/2@990438"));
}

#[test]
fn the_form_of_an_export_says_what_the_command_line_would() {
    let mut desk = read_with(decode, Access::ReadWrite, "k E");
    desk.press("ctrl-u 'out.csv' tab ctrl-u 'csv' tab 'offset,value.id' tab tab tab '900' enter");
    let wish = exporting(&desk);
    assert_eq!((wish.form, wish.columns.len()), (ExportForm::Csv, 2));
    assert_eq!((wish.search.start, wish.search.query.to_string().as_str()), (StartAt::Earliest, "offset < 900"));
    let line = "klamm --profile prod-eu records export orders.v1 --format csv --columns offset,value.id --file out.csv \
                --where 'offset < 900' --isolation read_uncommitted";
    assert_eq!(wish.command_line, line);
    let progress = ExportProgress { records: 7, bytes: 700, searched: "50 %".into() };
    desk.answer(Slot::Export, Answer::ExportedSoFar(progress.clone()));
    assert!(desk.draw(120, 40).contains("7 records, 700 B so far, into out.csv"));
    desk.press("esc");
    assert!(matches!(desk.effects.last(), Some(Effect::StopExport)), "it ends behind what is being written");
    desk.press("esc");
    assert!(matches!(desk.state.dialogs.last(), Some(Dialog::Export(_))), "until it has");
    desk.answer(Slot::Export, Answer::Exported(Ok(Exported { progress, is_stopped: true, ..Exported::default() })));
    let shown = desk.draw(120, 40);
    assert!(shown.contains("7 records, 700 B in out.csv") && shown.contains("stopped"), "{shown}");
    desk.press("c enter");
    assert_eq!(copied(&desk), line);
    desk.press("esc");
    assert!(desk.state.dialogs.is_empty());
}

#[test]
fn marked_records_are_exported_and_what_makes_no_sense_is_refused() {
    let mut desk = marked();
    desk.press("E enter");
    let query = exporting(&desk).search.query.to_string();
    assert!(query.contains("partition = 2") && query.contains("990437") && query.contains("990438"), "{query}");
    for (keys, said) in [
        ("tab ctrl-u 'xml'", "jsonl, csv or raw"),
        ("tab tab 'offset'", "only a csv has them"),
        ("tab tab tab tab tab tab tab ctrl-u 'off'", "only raw bytes"),
        ("tab tab tab ctrl-u 'marked'", "no record is marked"),
        ("tab tab tab tab tab '-9'", "write an offset"),
    ] {
        let mut desk = read_with(decode, Access::ReadWrite, &format!("k E {keys} enter"));
        assert!(desk.draw(120, 40).contains(said), "{keys}");
        assert!(!desk.open.contains_key(&Slot::Export));
    }
}

#[test]
fn records_go_to_the_cluster_of_another_profile_in_its_colours() {
    let mut desk = marked();
    desk.press("S 'copies' tab 'nowhere' enter");
    assert!(desk.draw(120, 40).contains("none is called"));
    let name = |desk: &Desk, is_read_only: bool| {
        let cards = &desk.state.views.profiles.cards;
        let card = cards.iter().find(|card| card.name != "prod-eu" && card.is_read_only == is_read_only);
        card.map(|card| card.name.clone())
    };
    let dev = name(&desk, false).expect("a profile that may write");
    desk.press(&format!("ctrl-u '{dev}' enter"));
    let Some((_, Request::PlanResend { request, to })) = desk.open.get(&Slot::Plan) else { panic!("a plan") };
    assert_eq!((to.as_deref(), request.places.len()), (Some(dev.as_str()), 2));
    let line = &request.command_line;
    assert!(line.starts_with("klamm --profile prod-eu records resend --at "), "{line}");
    assert!(line.ends_with(&format!("--to copies --to-profile {dev}")), "{line}");
    let plan = super::canned::plan(true, 3, crate::domain::plan::Confirm::Yes);
    desk.answer(Slot::Plan, Answer::Planned(Ok(plan)));
    assert!(desk.draw(120, 60).contains(&format!("writes to {dev}")));
    desk.press("y");
    assert!(matches!(desk.open.get(&Slot::Apply), Some((_, Request::ApplyElsewhere(_)))));
    desk.answer(Slot::Apply, Answer::Sent(Sent { records: 1_200, passed: 3_000, offsets: 9_000 }));
    assert!(desk.draw(120, 60).contains("sending: 1,200 sent, 3,000 of 9,000 offsets"));
}

/// A profile that is read-only keeps that, whichever is open.
#[test]
fn a_read_only_profile_is_not_written_to_from_another() {
    let mut desk = marked();
    for card in &mut desk.state.views.profiles.cards {
        card.is_read_only |= card.name != "prod-eu";
    }
    let other =
        desk.state.views.profiles.cards.iter().find(|card| card.name != "prod-eu").map(|card| card.name.clone());
    let other = other.expect("another profile");
    desk.press(&format!("S 'copies' tab '{other}' enter"));
    let plan = super::canned::plan(true, 3, crate::domain::plan::Confirm::Yes);
    desk.answer(Slot::Plan, Answer::Planned(Ok(plan)));
    assert!(desk.draw(120, 60).contains(&format!("read-only: profile {other}")));
    desk.press("y");
    assert!(!desk.open.contains_key(&Slot::Apply));
}
