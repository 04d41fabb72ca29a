//! The loop on a terminal that is not there.

use super::super::clock::Clock;
use super::super::console::{Console, Inputs};
use super::super::tasks::Tasks;
use super::super::themes::{self, Themes};
use super::super::{OpenDemo, input::Stamped};
use super::canned;
use crate::domain::{Failure, FailureKind};
use crate::profile::{ConsoleSettings, Loaded};
use crate::tui::app::session::Link;
use crate::tui::app::slot::Slot;
use crate::tui::app::{Answer, Answered, Effect, Screen, State};
use crate::tui::command::KeyMap;
use crate::tui::ui::theme::Depth;
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;

struct Rig {
    console: Console<TestBackend>,
    inputs: Inputs,
    keys: mpsc::Sender<Stamped>,
    answers: mpsc::Sender<Answered>,
    copied: Arc<Mutex<Vec<u8>>>,
}

#[derive(Clone)]
struct Out(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Out {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn rig() -> Rig {
    let clock = Clock;
    let mut state = State::new(clock.now(), Arc::new(KeyMap::default()), TimeZone::UTC);
    state.screen = Screen::Profiles;
    state.views.profiles.cards = vec![canned::card("dev", false)];
    state.views.profiles.arrange();
    let (answers, answers_in) = mpsc::channel(64);
    let open_demo: OpenDemo =
        Arc::new(|| Box::pin(async { Err(Failure::new(FailureKind::Unsupported, "open the demo", "none here")) }));
    let loaded = Loaded {
        profiles: Vec::new(),
        default: None,
        warnings: Vec::new(),
        file: None,
        state_dir: None,
        console: ConsoleSettings::default(),
    };
    let (themes, _) = Themes::load(&loaded, &themes::Terminal { depth: Depth::True, is_ascii: false });
    let tasks = Tasks::new(loaded, None, false, open_demo, clock, answers.clone());
    let (keys, events) = mpsc::channel(64);
    let (signals_out, signals) = mpsc::channel(1);
    drop(signals_out);
    let terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    let copied = Arc::new(Mutex::new(Vec::new()));
    let console = Console::new(terminal, state, themes, tasks, clock, Box::new(Out(Arc::clone(&copied))));
    let inputs = Inputs { events, answers: answers_in, signals, reader: None, guard: None };
    Rig { console, inputs, keys, answers, copied }
}

async fn press(keys: &mpsc::Sender<Stamped>, code: KeyCode) {
    let event = Event::Key(KeyEvent::new(code, KeyModifiers::NONE));
    keys.send((event, Clock.now())).await.unwrap();
}

#[tokio::test]
async fn an_idle_screen_is_drawn_once() {
    let Rig { mut console, mut inputs, keys, answers, .. } = rig();
    let idle = tokio::time::timeout(Duration::from_millis(600), console.run(Vec::new(), &mut inputs)).await;
    assert!(idle.is_err(), "it waits");
    assert_eq!(console.frames.count(), 1);
    drop((keys, answers));
}

#[tokio::test]
async fn keys_that_come_together_share_a_frame_and_q_leaves() {
    let Rig { mut console, mut inputs, keys, answers, copied } = rig();
    for code in ['?', 'j', 'k'] {
        press(&keys, KeyCode::Char(code)).await;
    }
    press(&keys, KeyCode::Esc).await;
    // The menu, and its first choice.
    press(&keys, KeyCode::Char('c')).await;
    press(&keys, KeyCode::Char('c')).await;
    press(&keys, KeyCode::Char('q')).await;
    let left = tokio::time::timeout(Duration::from_secs(20), console.run(Vec::new(), &mut inputs)).await;
    left.expect("q leaves").unwrap();
    assert!(console.frames.count() <= 2, "{} frames", console.frames.count());
    // "dev" in base64, to the terminal's clipboard.
    assert_eq!(copied.lock().unwrap().as_slice(), b"\x1b]52;c;ZGV2\x07");
    drop(answers);
}

#[tokio::test]
async fn a_terminal_that_goes_away_ends_the_loop() {
    let Rig { mut console, mut inputs, keys, answers, .. } = rig();
    drop(keys);
    let ended = console.run(Vec::new(), &mut inputs).await;
    assert!(ended.is_err_and(|error| error.to_string().contains("terminal")));
    drop(answers);
}

/// What is being applied is waited for, and its answer taken, before the loop ends.
#[tokio::test]
async fn a_change_goes_on_when_the_terminal_is_gone() {
    let Rig { mut console, mut inputs, keys, answers, .. } = rig();
    let generation = console.state.slots.start(Slot::Apply);
    console.state.dialogs.push(super::plans::applying());
    drop(keys);
    let waits = tokio::time::timeout(Duration::from_millis(300), console.run(Vec::new(), &mut inputs)).await;
    assert!(waits.is_err(), "it waits for the change");
    let answer = Answer::Applied(Err(Failure::new(FailureKind::Conflict, "apply", "the group has members")));
    let (at, took) = (Clock.now(), Duration::ZERO);
    answers.send(Answered { slot: Slot::Apply, generation, at, took, access: None, answer }).await.unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(20), console.run(Vec::new(), &mut inputs)).await;
    assert!(ended.expect("it ends").is_err_and(|error| error.to_string().contains("terminal")));
    let kept = console.state.notes.newest_first().any(|note| note.text.contains("has members"));
    assert!(kept, "the answer was taken");
}

#[tokio::test]
async fn a_request_is_performed_and_its_answer_drawn() {
    let Rig { mut console, mut inputs, keys, answers, .. } = rig();
    let mut effects: Vec<Effect> = Vec::new();
    crate::tui::app::actions::session::connect(&mut console.state, "nowhere".into(), &mut effects);
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while matches!(console.state.link, Link::Opening(_)) && tokio::time::Instant::now() < deadline {
        let effects = std::mem::take(&mut effects);
        let turn = tokio::time::timeout(Duration::from_millis(50), console.run(effects, &mut inputs)).await;
        assert!(turn.is_err(), "nobody left");
    }
    assert!(matches!(&console.state.link, Link::Refused { name, .. } if name == "nowhere"));
    drop((keys, answers));
}
