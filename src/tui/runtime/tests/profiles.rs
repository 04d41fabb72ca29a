//! Profiles in the console: the form, its test, secrets, and what profiles say.

use super::canned::{self, Desk};
use crate::cluster::Access;
use crate::domain::record::ViewAs;
use crate::domain::topic_formats::{TopicFormat, TopicFormats};
use crate::domain::{Failure, FailureKind};
use crate::profile::{Action, Entry, Field, Question, Refresh, SecretSource};
use crate::tui::app::dialogs::Dialog;
use crate::tui::app::dialogs::profile::{ProfileDialog, RowId};
use crate::tui::app::session::{Link, ProfilesNow, Session};
use crate::tui::app::slot::Slot;
use crate::tui::app::{Answer, Effect, Request};
use secrecy::ExposeSecret as _;
use std::collections::BTreeMap;
use std::time::Duration;

fn form(desk: &Desk) -> &ProfileDialog {
    match desk.state.dialogs.last() {
        Some(Dialog::Profile(form)) => form,
        other => panic!("no form: {other:?}"),
    }
}

fn at_profiles() -> Desk {
    let mut desk = Desk::connected(Access::ReadWrite);
    desk.press("0");
    desk
}

fn session(desk: &mut Desk) -> &mut Session {
    match &mut desk.state.link {
        Link::Open(session) => session,
        other => panic!("nothing is open: {other:?}"),
    }
}

/// Settings as `key=value`, secrets by where they are kept.
fn settings(action: &Action) -> Vec<String> {
    let (Action::Add { settings, .. } | Action::Edit { settings, .. }) = action else { panic!("{action:?}") };
    let shown = settings.iter().map(|(field, entry)| match entry {
        Entry::Text(text) => format!("{}={text}", field.key()),
        Entry::Secret(source) => format!("{}={}", field.key(), source.describe()),
        Entry::Clear => format!("{}-", field.key()),
    });
    shown.collect()
}

fn asked_for(desk: &Desk, slot: Slot) -> &Request {
    &desk.open.get(&slot).unwrap_or_else(|| panic!("nothing was asked in {slot:?}")).1
}

fn now(cards: &[&str]) -> Box<ProfilesNow> {
    Box::new(ProfilesNow {
        said: "prod: added in /c.toml".into(),
        cards: cards.iter().map(|name| canned::card(name, false)).collect(),
        warnings: Vec::new(),
        select: cards.last().map(|name| (*name).to_owned()),
    })
}

#[test]
fn a_form_judges_as_one_types() {
    let mut desk = at_profiles();
    desk.press("n");
    let problem =
        |desk: &Desk, id: RowId| form(desk).problems().into_iter().find(|(row, _)| *row == id).map(|(_, why)| why);
    assert_eq!(problem(&desk, RowId::Name).as_deref(), Some("which name?"));
    desk.press("'dev'");
    assert_eq!(problem(&desk, RowId::Name).as_deref(), Some("this name is taken"));
    desk.press("'2' tab 'kafka:x'");
    assert!(problem(&desk, RowId::Name).is_none());
    assert!(problem(&desk, RowId::Value(Field::Bootstrap)).is_some_and(|why| why.contains("no port")));
    desk.press("ctrl-s");
    assert!(!desk.open.contains_key(&Slot::ProfileFile), "what could not be read again is not saved");
    assert_eq!(form(&desk).focus, RowId::Value(Field::Bootstrap));
    desk.press("backspace '9092'");
    assert_eq!(form(&desk).problems(), []);
}

#[test]
fn a_new_profile_is_tested_and_saved_even_when_its_test_fails() {
    let mut desk = at_profiles();
    desk.press("n 'prod' tab 'kafka:9093' tab right");
    // Down to SASL: CA, certificate, key, PKCS#12, passphrase, host name.
    desk.press("tab tab tab tab tab tab tab p tab 'oncall' tab right tab 'KAFKA_PASSWORD' enter");
    let Request::TestDraft(action) = asked_for(&desk, Slot::ProfileTest) else { panic!("no test") };
    assert_eq!(
        settings(action),
        [
            "bootstrap=kafka:9093",
            "tls=true",
            "sasl.mechanism=PLAIN",
            "sasl.user=oncall",
            "sasl.password=environment variable KAFKA_PASSWORD"
        ]
    );
    for step in canned::probe_steps() {
        desk.answer(Slot::ProfileTest, Answer::Probed(Box::new(step)));
    }
    assert!(desk.draw(120, 40).contains("rejected the credentials"));
    desk.answer(Slot::ProfileTest, Answer::ProbeEnded(Ok(())));
    desk.press("ctrl-s");
    assert!(
        matches!(asked_for(&desk, Slot::ProfileFile), Request::ChangeProfile(Action::Add { name, .. }) if name == "prod")
    );
    desk.answer(Slot::ProfileFile, Answer::ProfilesChanged(Ok(now(&["dev", "prod"]))));
    assert!(desk.state.dialogs.is_empty());
    assert_eq!(desk.state.views.profiles.selection.key().map(String::as_str), Some("prod"));
    assert!(desk.draw(120, 40).contains("prod: added in /c.toml; its test failed at sasl"));
}

#[test]
fn what_could_not_be_saved_stays_in_the_form() {
    let mut desk = at_profiles();
    desk.press("n 'prod' tab 'kafka:9093' ctrl-s");
    let failure = Failure::new(FailureKind::Conflict, "write configuration", "somebody else has changed the file");
    desk.answer(Slot::ProfileFile, Answer::ProfilesChanged(Err(failure)));
    assert!(form(&desk).error.as_ref().is_some_and(|error| error.contains("somebody else")));
    assert_eq!(form(&desk).name(), "prod");
}

fn saved() -> BTreeMap<Field, Entry> {
    BTreeMap::from([
        (Field::Bootstrap, Entry::Text("kafka:9093".into())),
        (Field::Mechanism, Entry::Text("PLAIN".into())),
        (Field::User, Entry::Text("oncall".into())),
        (Field::Password, Entry::Secret(SecretSource::Literal("hush".into()))),
        (Field::Notes, Entry::Text("careful".into())),
    ])
}

#[test]
fn an_edit_changes_what_was_edited_and_never_shows_a_secret() {
    let mut desk = at_profiles();
    desk.press("e");
    assert!(matches!(asked_for(&desk, Slot::ProfileFile), Request::ReadProfile(name) if name == "dev"));
    desk.answer(Slot::ProfileFile, Answer::ProfileRead(Ok(("dev".into(), saved()))));
    assert_eq!(form(&desk).problems(), [], "a secret that is in the file need not be typed again");
    assert!(settings(&form(&desk).action()).is_empty());
    desk.press("ctrl-e '9'");
    let shown = format!("{} {:?} {:?}", desk.draw(120, 50), desk.state.dialogs, form(&desk).action());
    assert!(!shown.contains("hush"), "{shown}");
    assert_eq!(settings(&form(&desk).action()), ["bootstrap=kafka:90939"]);
    // No login any more: everything of it goes.
    desk.press("backspace tab tab left");
    let sorted = |desk: &Desk| {
        let mut settings = settings(&form(desk).action());
        settings.sort();
        settings
    };
    assert_eq!(sorted(&desk), ["sasl.mechanism-", "sasl.password-", "sasl.user-"]);
    desk.press("left");
    assert_eq!(sorted(&desk), ["sasl.mechanism=OAUTHBEARER", "sasl.password-", "sasl.user-"]);
}

#[test]
fn a_secret_typed_into_the_form_is_seen_by_nobody() {
    let mut desk = at_profiles();
    desk.press("e");
    desk.answer(Slot::ProfileFile, Answer::ProfileRead(Ok(("dev".into(), saved()))));
    desk.press("tab tab tab tab tab 'hush2'");
    assert_eq!(form(&desk).focus, RowId::Literal(Field::Password));
    let screen = desk.draw(120, 50);
    assert!(screen.contains("*****") && screen.contains("can be read by anyone"), "{screen}");
    assert!(!format!("{screen} {:?}", desk.state.dialogs).contains("hush2"));
    let Action::Edit { settings, .. } = form(&desk).action() else { panic!("no edit") };
    let [(Field::Password, Entry::Secret(SecretSource::Literal(secret)))] = settings.as_slice() else {
        panic!("{settings:?}")
    };
    assert_eq!(secret.expose_secret(), "hush2");
}

#[test]
fn files_are_looked_for_while_one_types_and_saving_does_not_wait_for_them() {
    let mut desk = at_profiles();
    desk.press("n 'p' tab 'h' tab right tab 'ca.pem'");
    let Request::CheckFiles(files) = asked_for(&desk, Slot::ProfileCheck) else { panic!("no look") };
    assert_eq!(files.as_slice(), [(Field::Ca, "ca.pem".to_owned())]);
    desk.answer(Slot::ProfileCheck, Answer::FilesChecked(vec![(Field::Ca, "no such file".into())]));
    assert_eq!(form(&desk).problems(), [(RowId::Value(Field::Ca), "no such file".to_owned())]);
    desk.press("enter");
    assert!(!desk.open.contains_key(&Slot::ProfileTest), "a test would only find the same");
    desk.press("ctrl-s");
    assert!(desk.open.contains_key(&Slot::ProfileFile), "it may be there later");
}

#[test]
fn a_profile_is_deleted_by_its_name_and_copied_under_another() {
    let mut desk = at_profiles();
    desk.press("D 'de' enter");
    assert!(!desk.open.contains_key(&Slot::ProfileFile));
    desk.press("'v' enter");
    assert!(
        matches!(asked_for(&desk, Slot::ProfileFile), Request::ChangeProfile(Action::Delete { name }) if name == "dev")
    );
    let mut desk = at_profiles();
    desk.press("a 'prod-eu' enter");
    assert!(!desk.open.contains_key(&Slot::ProfileFile), "the name is taken");
    desk.press("'2' enter");
    assert!(matches!(
        asked_for(&desk, Slot::ProfileFile),
        Request::ChangeProfile(Action::Duplicate { from, name }) if from == "dev" && name == "prod-eu2"
    ));
}

#[test]
fn a_secret_is_asked_for_unseen_and_what_waited_goes_on() {
    let mut desk = at_profiles();
    desk.press("enter");
    let question = Question { profile: "dev".into(), field: Field::Password };
    let then = Box::new(Request::Connect("dev".into()));
    desk.answer(Slot::Connect, Answer::SecretWanted { question: question.clone(), then });
    desk.press("'hush'");
    let screen = desk.draw(120, 40);
    assert!(screen.contains("password for profile dev") && screen.contains("****"), "{screen}");
    desk.press("enter");
    assert!(!format!("{screen} {:?} {:?}", desk.effects, desk.state.dialogs).contains("hush"));
    let Request::WithSecret { question: asked, secret, then } = asked_for(&desk, Slot::Connect) else {
        panic!("it does not go on")
    };
    assert_eq!((asked, secret.expose_secret()), (&question, "hush"));
    assert!(matches!(&**then, Request::Connect(name) if name == "dev"));
}

#[test]
fn a_question_that_is_left_opens_nothing() {
    let mut desk = at_profiles();
    desk.press("enter");
    let question = Question { profile: "dev".into(), field: Field::Password };
    let then = Box::new(Request::Connect("dev".into()));
    desk.answer(Slot::Connect, Answer::SecretWanted { question, then });
    desk.press("esc");
    assert!(matches!(&desk.state.link, Link::Refused { name, .. } if name == "dev"));
}

#[test]
fn a_login_that_was_refused_is_typed_anew() {
    let mut desk = at_profiles();
    let denied = Failure::new(FailureKind::Auth, "log in", "wrong password");
    desk.answer(Slot::Metadata, Answer::Metadata(Err(denied)));
    desk.press("j enter");
    assert!(matches!(asked_for(&desk, Slot::Connect), Request::ConnectAnew(name) if name == "prod-eu"));
}

#[test]
fn data_is_asked_for_at_the_pace_of_the_profile() {
    let mut desk = Desk::connected(Access::ReadWrite);
    session(&mut desk).refresh = Refresh { metadata: Duration::from_secs(90), lag: Duration::from_secs(7) };
    let after = |desk: &Desk, wanted: Slot| {
        let starts = desk.effects.iter().rev().filter_map(|effect| match effect {
            Effect::Start { slot, after, .. } if *slot == wanted => Some(*after),
            _ => None,
        });
        starts.into_iter().next().unwrap()
    };
    desk.answer(Slot::Metadata, Answer::Metadata(Ok(canned::metadata())));
    assert_eq!(after(&desk, Slot::Metadata), Duration::from_secs(90));
    desk.answer(Slot::Metadata, Answer::Metadata(Err(canned::failure())));
    assert_eq!(after(&desk, Slot::Metadata), Duration::from_secs(90), "never faster because it failed");
    // The second sample comes soon, since rates need it.
    desk.answer(Slot::Groups, Answer::Groups(Ok(canned::groups())));
    desk.answer(Slot::Groups, Answer::Groups(Ok(canned::groups())));
    assert_eq!(after(&desk, Slot::Groups), Duration::from_secs(7));
}

#[test]
fn records_are_read_in_the_format_of_their_topic() {
    let mut desk = Desk::filled(Access::ReadWrite);
    session(&mut desk).formats = TopicFormats(vec![("*".into(), TopicFormat::parse("hex").unwrap())]);
    desk.press("2 t");
    assert_eq!(desk.state.views.records.reading.as_ref().map(|reading| reading.view), Some(ViewAs::Hex.into()));
}

#[test]
fn brokers_are_listed_in_one_order_whichever_answers_first() {
    use crate::cluster::{Ending, ProbeStep, Stage};
    let mut desk = Desk::connected(Access::ReadWrite);
    desk.press("0 t");
    for target in ["kafka-3:9092", "kafka-1:9092", "kafka-2:9092"] {
        let (ending, took) = (Ending::Ok("can be reached".into()), std::time::Duration::ZERO);
        let step = ProbeStep { stage: Stage::Listener, target: target.into(), ending, certificate: None, took };
        desk.answer(Slot::ProfileTest, Answer::Probed(Box::new(step)));
    }
    let text = desk.draw(120, 40);
    let places: Vec<_> = ["kafka-1:9092", "kafka-2:9092", "kafka-3:9092"].iter().map(|name| text.find(name)).collect();
    assert!(places.is_sorted() && places.iter().all(Option::is_some), "{text}");
}
