//! A console whose requests are answered by hand, and what is on its screen.

use super::*;
use crate::cluster::*;
use crate::domain::*;
use crate::tui::app::drawn::Drawn;
use crate::tui::app::look::Look;
use crate::tui::app::session::Session;
use crate::tui::app::slot::{Generation, Slot};
use crate::tui::app::{Answer, Answered, Effect, Message, Request, State, update};
use crate::tui::command::{Chord, KeyMap};
use crate::tui::ui;
use crate::tui::ui::theme::{Catalogue, Depth, Theme};
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// What is on a screen, without the blanks at the ends of its lines.
pub fn text_of(screen: &Buffer) -> String {
    let mut lines = Vec::new();
    for y in 0..screen.area.height {
        let (mut line, mut x) = (String::new(), 0);
        while x < screen.area.width {
            let symbol = screen[(x, y)].symbol();
            line.push_str(symbol);
            // The second half of a wide letter is a cell of its own.
            x += text::display_width(symbol).max(1) as u16;
        }
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n")
}

/// A console whose requests are answered by hand.
pub struct Desk {
    pub state: State,
    /// Requests that wait for their answer.
    pub open: BTreeMap<Slot, (Generation, Request)>,
    pub effects: Vec<Effect>,
    pub now: Time,
}

impl Desk {
    /// Nothing is open.
    pub fn welcome() -> Self {
        let mut state = State::new(NOW, Arc::new(KeyMap::default()), TimeZone::UTC);
        state.views.profiles.file = "/home/sam/.config/klamm/config.toml".into();
        state.screen = crate::tui::app::Screen::Profiles;
        state.look = Look::new(Catalogue::default().names(), "dark".into());
        Self { state, open: BTreeMap::new(), effects: Vec::new(), now: NOW }
    }

    /// A profile is open and nothing has been answered.
    pub fn connected(access: Access) -> Self {
        let mut desk = Self::welcome();
        let is_read_only = access != Access::ReadWrite;
        desk.state.views.profiles.cards = vec![card("dev", false), card("prod-eu", true)];
        desk.state.views.profiles.arrange();
        let generation = desk.state.slots.start(Slot::Connect);
        desk.open.insert(Slot::Connect, (generation, Request::Connect("prod-eu".into())));
        let session = Session {
            card: ProfileCard { is_saved: false, ..card("prod-eu", is_read_only) },
            access,
            zone: TimeZone::UTC,
            since: NOW.plus_millis(-2_400_000),
            is_demo: false,
            refresh: crate::profile::Refresh::default(),
            formats: crate::domain::topic_formats::TopicFormats::default(),
            naming: None,
        };
        desk.answer(Slot::Connect, Answer::Connected(Ok(Box::new(session))));
        desk
    }

    /// The common snapshots are there.
    pub fn filled(access: Access) -> Self {
        let mut desk = Self::connected(access);
        desk.answer(Slot::Metadata, Answer::Metadata(Ok(metadata())));
        desk.answer(Slot::TopicLogs, Answer::TopicLogs(Ok(logs())));
        desk.answer(Slot::Brokers, Answer::Brokers(Ok(brokers())));
        desk.answer(Slot::Groups, Answer::Groups(Ok(groups())));
        desk
    }

    pub fn send(&mut self, message: Message) {
        for effect in update(&mut self.state, message) {
            match &effect {
                Effect::Start { slot, generation, request, .. } => {
                    self.open.insert(*slot, (*generation, request.clone()));
                }
                Effect::Cancel(slot) => {
                    self.open.remove(slot);
                }
                Effect::Copy(_)
                | Effect::StopSending
                | Effect::StopExport
                | Effect::Suspend
                | Effect::Edit(_)
                | Effect::ShowTheme(_)
                | Effect::Quit => {}
            }
            self.effects.push(effect);
        }
    }

    /// Answers the request that waits in `slot`.
    pub fn answer(&mut self, slot: Slot, answer: Answer) {
        let (generation, _) = *self.open.get(&slot).as_ref().unwrap_or_else(|| panic!("nothing was asked in {slot:?}"));
        let generation = *generation;
        self.late(slot, generation, answer);
    }

    /// All files that a form names are there.
    pub fn answer_files(&mut self) {
        if self.open.contains_key(&Slot::ProfileCheck) {
            let generation = self.state.slots.start(Slot::ProfileCheck);
            self.late(Slot::ProfileCheck, generation, Answer::FilesChecked(Vec::new()));
        }
    }

    /// An answer of any generation.
    pub fn late(&mut self, slot: Slot, generation: Generation, answer: Answer) {
        let took = Duration::from_millis(10);
        self.send(Message::Answered(Answered { slot, generation, at: self.now, took, access: None, answer }));
    }

    /// Presses keys written like `2 j enter`; `'text'` types text.
    pub fn press(&mut self, keys: &str) {
        for word in keys.split(' ') {
            let chords: Vec<Chord> = match word.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
                Some(text) => text.chars().map(|c| Chord::parse(&c.to_string()).unwrap()).collect(),
                None => vec![Chord::parse(word).unwrap()],
            };
            for chord in chords {
                self.now = self.now.plus_millis(1);
                let at = self.now;
                self.send(Message::Pressed { chord, at });
            }
        }
    }

    /// Draws a frame and passes its account back, as the runtime does.
    pub fn draw(&mut self, width: u16, height: u16) -> String {
        self.draw_with(width, height, &Theme::built_in("dark", Depth::True)).0
    }

    pub fn draw_with(&mut self, width: u16, height: u16, theme: &Theme) -> (String, Drawn) {
        let (backend, account) = self.frame(width, height, theme);
        (text_of(backend.buffer()), account)
    }

    /// A frame with its colours, and its account.
    pub fn frame(&mut self, width: u16, height: u16, theme: &Theme) -> (TestBackend, Drawn) {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let mut account = Drawn::default();
        // The second frame knows the heights that the first one told.
        for _ in 0..2 {
            let mut drawn = None;
            self.now = self.now.plus_millis(1);
            let at = self.now;
            let state = &self.state;
            terminal.draw(|frame| drawn = Some(ui::draw(frame, state, theme))).unwrap();
            account = drawn.unwrap();
            self.send(Message::Drawn { drawn: account.clone(), at });
        }
        (terminal.backend().clone(), account)
    }
}
