//! The scenes of what lies over a view: plans, forms, menus.

use super::places::{decoded, in_group};
use super::*;
use crate::cluster::Misfit;
use crate::domain::compression::CompressionReport;
use crate::domain::query::Part;
use crate::tui::app::dialogs::export::{ExportProgress, Exported};

fn planning(access: Access, answer: Result<Arc<Plan>, Failure>) -> Desk {
    let mut desk = in_group(access, Ok(canned::group(GroupState::Empty)));
    desk.press("R enter");
    desk.answer(Slot::Plan, Answer::Planned(answer));
    desk
}

fn applied(answer: Answer) -> Desk {
    let mut desk = planning(Access::ReadWrite, Ok(canned::plan(true, 6, Confirm::Yes)));
    desk.draw(120, 60);
    desk.press("y");
    with(desk, Slot::Apply, answer)
}

fn outcome(failed: bool) -> Answer {
    let status = |n| if failed && n == 2 { StepStatus::Failed(canned::failure()) } else { StepStatus::Done };
    let notes = vec![Warning::new(Severity::Warning, "payments:3 moved meanwhile")];
    Answer::Applied(Ok(Outcome { notes, ..Outcome::of("19f-1", canned::NOW, (0..6).map(status).collect()) }))
}

pub(super) fn plan_scenes(all: &mut Scenes) {
    let write = Access::ReadWrite;
    all.add(Place::Plan, "plan", Loading, "working out what would change; nothing is changed by that…", || {
        let mut desk = in_group(Access::ReadWrite, Ok(canned::group(GroupState::Empty)));
        desk.press("R enter");
        desk
    });
    all.add(Place::Plan, "plan", Empty, "nothing would change", move || {
        planning(write, Ok(canned::plan(true, 0, Confirm::Yes)))
    });
    all.add(Place::Plan, "plan", Failed, "no answer within 5 s", move || planning(write, Err(canned::failure())));
    all.add(Place::Plan, "plan", Unsupported, "this cluster does not know the request", move || {
        planning(write, Err(unsupported()))
    });
    all.add(Place::Plan, "plan", ReadOnly, "READ-ONLY", || {
        planning(Access::ReadOnly, Ok(canned::plan(true, 60, Confirm::Yes)))
    });
    all.add(Place::Plan, "plan", Condition::Partial, "COMMITTED", move || {
        planning(write, Ok(canned::plan(false, 3, Confirm::TypeName(canned::called("fraud-scoring")))))
    });
    all.add(Place::Plan, "plan", Filled, "COMMITTED", move || planning(write, Ok(canned::plan(true, 6, Confirm::Yes))));
    let lost = StepStatus::Unknown(canned::failure());
    let progress = vec![(0, StepStatus::Done), (1, StepStatus::Done), (2, lost)];
    all.add(Place::PlanResult, "plan", Loading, "applying: 3 of 6 steps", move || {
        applied(Answer::Progress(progress.clone()))
    });
    all.add(Place::PlanResult, "plan", Failed, "no answer within 5 s. not applied, or not known", || {
        applied(Answer::Applied(Err(canned::failure())))
    });
    all.add(Place::PlanResult, "plan", Condition::Partial, "payments:3 moved meanwhile 5 of 6 done", || {
        applied(outcome(true))
    });
    all.add(Place::PlanResult, "plan", Filled, "done and read back", || applied(outcome(false)));
    all.add(Place::TypeName, "apply", Filled, "name", || {
        let confirm = Confirm::TypeName(canned::called("fraud-scoring"));
        let mut desk = planning(Access::ReadWrite, Ok(canned::plan(true, 3, confirm)));
        desk.draw(120, 60);
        desk.press("y 'fraud'");
        desk
    });
    all.add(Place::TypeName, "unlock", Filled, "Type the profile's name to go on.", || looking(": 'unlock' enter"));
    all.add(Place::TypeName, "profile", Filled, "What the cluster holds stays.", || filled("0 D"));
    let target = |access| in_group(access, Ok(canned::group(GroupState::Empty)));
    let pick = move |access, keys: &str| {
        let mut desk = target(access);
        desk.press(keys);
        desk
    };
    all.add(Place::Reset, "target", Filled, "earliest", move || pick(write, "R"));
    all.add(Place::Reset, "target", ReadOnly, "READ-ONLY", move || pick(Access::ReadOnly, "R"));
    all.add(Place::Reset, "target", Failed, "✖", move || pick(write, "R down down 'tomorrow' enter"));
    let report = |access, answer: Result<_, Failure>| {
        let mut desk = Desk::filled(access);
        desk.press("2 p");
        with(desk, Slot::PartitionReport, Answer::PartitionReport(answer.map(Arc::new)))
    };
    all.add(Place::Partitions, "report", Loading, "asking for rates, and a sample of recent keys…", || filled("2 p"));
    all.add(Place::Partitions, "report", Failed, "no answer within 5 s", move || report(write, Err(canned::failure())));
    all.add(Place::Partitions, "report", ReadOnly, "READ-ONLY", move || {
        report(Access::ReadOnly, Ok(canned::partition_report()))
    });
    all.add(Place::Partitions, "report", Filled, "1 now", move || report(write, Ok(canned::partition_report())));
    let packed = move |answer: Result<_, Failure>| {
        let mut desk = Desk::filled(write);
        desk.press("2 z");
        with(desk, Slot::Compression, Answer::Compression(answer.map(Arc::new)))
    };
    let in_part = |failures: Vec<Failure>| Partial { value: canned::compression(), failures };
    let nothing = || Partial { value: CompressionReport::default(), failures: Vec::new() };
    all.add(Place::Compression, "report", Loading, "asking for the newest batches", || filled("2 z"));
    all.add(Place::Compression, "report", Empty, "no record to look at", move || packed(Ok(nothing())));
    all.add(Place::Compression, "report", Failed, "no answer within 5 s", move || packed(Err(canned::failure())));
    all.add(Place::Compression, "report", Condition::Partial, "in part", move || {
        packed(Ok(in_part(vec![canned::failure()])))
    });
    all.add(Place::Compression, "report", Filled, "would save", move || packed(Ok(in_part(Vec::new()))));
    all.add(Place::Form, "wish", Filled, "target", move || {
        let mut desk = report(write, Ok(canned::partition_report()));
        desk.press("e");
        desk
    });
}

/// Records on their way into a file.
fn export(answer: Option<Answer>) -> Desk {
    let mut desk = decoded(Access::ReadWrite, "k E enter");
    if let Some(answer) = answer {
        desk.answer(Slot::Export, answer);
    }
    desk
}

pub(super) fn export_scenes(all: &mut Scenes) {
    let progress = |records| ExportProgress { records, bytes: records * 200, searched: "42 % · 3,204 records".into() };
    let done = move |records| Exported { progress: progress(records), ..Exported::default() };
    all.add(Place::Export, "export", Loading, "12,034 records, so far, into", move || {
        export(Some(Answer::ExportedSoFar(progress(12_034))))
    });
    all.add(Place::Export, "export", Empty, "0 records, in", move || export(Some(Answer::Exported(Ok(done(0))))));
    all.add(Place::Export, "export", Failed, "no answer within 5 s", || {
        export(Some(Answer::Exported(Err(canned::failure()))))
    });
    all.add(Place::Export, "export", Unsupported, "lie in remote storage", move || {
        let tiered = Some(TieredPart { records: 1_200_000, partitions: 12 });
        export(Some(Answer::Exported(Ok(Exported { tiered, ..done(0) }))))
    });
    all.add(Place::Export, "export", Condition::Partial, "stopped: in part:", move || {
        let exported = Exported { is_stopped: true, failures: vec![canned::failure()], ..done(7) };
        export(Some(Answer::Exported(Ok(exported))))
    });
    all.add(Place::Export, "export", Filled, "12,034 records, in", move || {
        let notes = vec!["40 of 3,204 records match, in 12 partitions; all of it was covered".into()];
        export(Some(Answer::Exported(Ok(Exported { notes, ..done(12_034) }))))
    });
}

/// The form of a record, with what the registry answered.
fn record_form(keys: &str, subjects: Result<Vec<String>, Failure>) -> Desk {
    let mut desk = filled("2 j j j j j P");
    desk.answer(Slot::Subjects, Answer::Subjects(subjects));
    desk.press(keys);
    desk
}

/// With the name of the topic's own schema among them.
fn known_subjects(desk: &Desk) -> Vec<String> {
    let topic = desk.state.topic_on_screen().map(|topic| topic.to_string()).unwrap_or_default();
    let mut subjects = vec!["shop.Order".to_owned(), format!("{topic}-value")];
    subjects.sort_unstable();
    subjects
}

fn record_scenes(all: &mut Scenes) {
    let place = Place::RecordForm;
    all.add(place, "record", Loading, "asking for subjects…", || filled("2 j j j j j P tab"));
    all.add(place, "record", Filled, "tab: latest json hex", || {
        let subjects = known_subjects(&filled("2 j j j j j"));
        record_form("tab tab tab", Ok(subjects))
    });
    all.add(place, "record", Unsupported, "no registry", || {
        let mut desk = filled("2 j j j j j");
        if let Link::Open(session) = &mut desk.state.link {
            session.card.registry = None;
        }
        desk.press("P tab tab tab");
        desk
    });
    all.add(place, "record", Failed, "✖ it does not fit schema 41: line 1, column 7", || {
        let mut desk = record_form("'key' tab tab '{\"id\":\"x\"}' tab 'latest' enter", Ok(Vec::new()));
        let misfit = Misfit {
            part: Part::Value,
            place: Some((1, 7)),
            wanted: "it does not fit schema 41".into(),
            reason: "value.id: expected long, got \"x\"".into(),
        };
        desk.answer(Slot::Plan, Answer::Unfit(misfit));
        desk
    });
    all.add(place, "record", Condition::Partial, "Write a copy", || decoded(Access::ReadWrite, "k N"));
}

pub(super) fn dialog_scenes(all: &mut Scenes) {
    record_scenes(all);
    all.add(Place::Form, "topic", Filled, "name", || filled("2 n"));
    all.add(Place::Form, "topic", Failed, "✖", || filled("2 n 'bad/name' enter"));
    all.add(Place::Form, "topic", Condition::Partial, "ignore", || {
        let mut desk = filled("2");
        if let Link::Open(session) = &mut desk.state.link {
            session.naming = crate::domain::naming::Naming::parse("[a-z-]+\\.v[0-9]+").ok();
        }
        desk.press("n 'Orders' tab tab tab tab 'ignore'");
        desk
    });
    all.add(Place::Form, "from", Filled, "from", || filled("2 j j j j j t F"));
    all.add(Place::Form, "contains", Filled, "query", || decoded(Access::ReadWrite, "/"));
    all.add(Place::Form, "send again", Filled, "which", || decoded(Access::ReadWrite, "k S"));
    all.add(Place::Form, "export", Filled, "file", || decoded(Access::ReadWrite, "k E"));
    all.add(Place::Form, "columns", Filled, "fields", || decoded(Access::ReadWrite, "k a j enter 'value.st'"));
    all.add(Place::Form, "by field", Filled, "field", || decoded(Access::ReadWrite, "k a j j enter"));
    all.add(Place::Form, "group here", Filled, "group", || decoded(Access::ReadWrite, "k R"));
    all.add(Place::Form, "group of topic", Filled, "group", || filled("2 j j j j j enter R"));
    all.add(Place::Form, "save", Filled, "file", || decoded(Access::ReadWrite, "k ctrl-s"));
    all.add(Place::Form, "copy of profile", Filled, "name", || filled("0 a"));
    all.add(Place::Form, "copy of group", Filled, "Copy", || filled("3 C"));
    all.add(Place::Form, "import", Filled, "file", || filled("3 I"));
    all.add(Place::Form, "settings of group", Filled, "set", || {
        let mut desk = in_group(Access::ReadWrite, Ok(canned::group(GroupState::Stable)));
        desk.press("e");
        desk
    });
    all.add(Place::Form, "broker", Filled, "broker", || {
        let mut desk = filled("1");
        if let Link::Open(session) = &mut desk.state.link {
            session.is_demo = true;
        }
        desk.press(": 'demo.stop' enter");
        desk
    });
    all.add(Place::Help, "keys", Filled, "Keys that work here", || filled("2 ?"));
    all.add(Place::Help, "keys", ReadOnly, "Keys that work here", || looking("2 ?"));
    all.add(Place::Help, "keys", Empty, "no key has ‘zzz’", || filled("2 ? / 'zzz' enter"));
    all.add(Place::Palette, "hits", Filled, "Find", || filled("2 : 'ord'"));
    all.add(Place::Palette, "hits", ReadOnly, "Find", || looking("2 :"));
    all.add(Place::Palette, "hits", Loading, "Find", || filled("2 : 'zq'"));
    all.add(Place::Palette, "hits", Empty, "nothing has these letters", || {
        let mut desk = filled("2 : 'zq'");
        if desk.open.contains_key(&Slot::Find) {
            desk.answer(Slot::Find, Answer::Found { typed: "zq".into(), hits: Vec::new() });
        }
        desk
    });
    all.add(Place::Menu, "theme", Filled, "dark", || filled("2 : 'theme' enter"));
    all.add(Place::Menu, "copy", Filled, "name", || filled("2 j j j j j c"));
    all.add(Place::Menu, "record views", Filled, "latest per key", || decoded(Access::ReadWrite, "k a"));
    all.add(Place::Menu, "view", Filled, "messagepack", || decoded(Access::ReadWrite, "v"));
    all.add(Place::Menu, "key view", Filled, "Read keys of", || decoded(Access::ReadWrite, "V"));
}
