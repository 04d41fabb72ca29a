//! The event loop.
//!
//! Owns: the order in which things are looked at. Input comes before answers,
//! so that a flood of records never keeps a key waiting; what has queued up is
//! taken in one go, but for no longer than a frame may wait.

use super::clock::Clock;
use super::crash::{self, Crashed};
use super::editor;
use super::frames::Frames;
use super::guard::{self, Guard};
use super::input::{self, Stamped};
use super::signals::{self, Signal};
use super::tasks::Tasks;
use super::themes::Themes;
use crate::tui::app::{Answered, EditText, Effect, Message, Screen, State, update};
use crate::tui::ui;
use anyhow::anyhow;
use base64::Engine as _;
use crossterm::event::Event;
use ratatui::Terminal;
use ratatui::backend::Backend;
use std::io::Write;
use std::ops::ControlFlow;
use std::process::ExitStatus;
use std::time::Duration;
use tokio::process::Child;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Messages taken at a time, and the time they may take.
const MOST_MESSAGES: usize = 256;
const LONGEST_TURN: Duration = Duration::from_millis(4);

/// How long an editor may take that was asked to end.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where things come from.
pub struct Inputs {
    pub events: mpsc::Receiver<Stamped>,
    pub answers: mpsc::Receiver<Answered>,
    pub signals: mpsc::Receiver<Signal>,
    /// The task that reads the terminal; a test has none.
    pub reader: Option<JoinHandle<()>>,
    /// The terminal's modes; a test has none.
    pub guard: Option<Guard>,
}

pub struct Console<B: Backend> {
    terminal: Terminal<B>,
    pub(super) state: State,
    themes: Themes,
    tasks: Tasks,
    clock: Clock,
    /// For what is not a cell: the clipboard.
    out: Box<dyn Write + Send>,
    pub(super) frames: Frames,
    /// What the terminal still shows of the last frame is not known.
    was_resized: bool,
    /// Why the terminal can be used no more.
    lost: Option<anyhow::Error>,
    /// What the editor shall open as soon as this turn is over.
    editing: Option<EditText>,
}

impl<B: Backend> Console<B>
where
    B::Error: std::error::Error + Send + Sync + 'static,
{
    pub fn new(
        terminal: Terminal<B>,
        state: State,
        themes: Themes,
        tasks: Tasks,
        clock: Clock,
        out: Box<dyn Write + Send>,
    ) -> Self {
        Self {
            terminal,
            state,
            themes,
            tasks,
            clock,
            out,
            frames: Frames::default(),
            was_resized: false,
            lost: None,
            editing: None,
        }
    }

    pub async fn run(&mut self, effects: Vec<Effect>, inputs: &mut Inputs) -> anyhow::Result<()> {
        self.frames.person_did_something();
        self.draw()?;
        if self.carry_out(effects, inputs)?.is_break() {
            return Ok(());
        }
        loop {
            let taken = match self.turn(inputs).await {
                Err(error) if error.is::<Crashed>() => return Err(error),
                // A change that is being applied goes on without a terminal.
                Err(error) => {
                    self.lost.get_or_insert(error);
                    if let Some(reader) = inputs.reader.take() {
                        // It would ask a terminal that is gone again and again.
                        reader.abort();
                    }
                    self.take(Message::Terminated { at: self.clock.now() }, inputs).unwrap_or(ControlFlow::Break(()))
                }
                Ok(taken) => taken,
            };
            if taken.is_break() {
                return self.lost.take().map_or(Ok(()), Err);
            }
        }
    }

    /// Waits for something, takes it, and draws when it is time to.
    async fn turn(&mut self, inputs: &mut Inputs) -> anyhow::Result<ControlFlow<()>> {
        let has_terminal = self.lost.is_none();
        let due = self.frames.due(Instant::now()).filter(|_| has_terminal);
        let taken = tokio::select! {
            biased;
            () = guard::panicked() => return Err(Crashed.into()),
            Some(signal) = inputs.signals.recv() => self.signal(signal, inputs)?,
            event = inputs.events.recv(), if has_terminal => match event {
                Some(event) => self.event(event, inputs)?,
                None => return Err(anyhow!("the terminal is gone")),
            },
            Some(answer) = inputs.answers.recv() => self.take(Message::Answered(answer), inputs)?,
            () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => ControlFlow::Continue(()),
        };
        if taken.is_break() || self.drain(inputs)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        if let Some(edit) = self.editing.take().filter(|_| has_terminal) {
            return self.edit(edit, inputs).await;
        }
        if has_terminal && self.frames.is_due(Instant::now()) {
            self.draw()?;
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Takes what has queued up, keys first.
    fn drain(&mut self, inputs: &mut Inputs) -> anyhow::Result<ControlFlow<()>> {
        let began = Instant::now();
        for _ in 0..MOST_MESSAGES {
            // What is typed from here on is meant for the editor.
            if self.editing.is_some() {
                break;
            }
            let taken = if let Ok(event) = inputs.events.try_recv() {
                self.event(event, inputs)?
            } else if let Ok(answer) = inputs.answers.try_recv() {
                self.take(Message::Answered(answer), inputs)?
            } else {
                break;
            };
            if taken.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            if began.elapsed() >= LONGEST_TURN {
                break;
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn event(&mut self, event: Stamped, inputs: &mut Inputs) -> anyhow::Result<ControlFlow<()>> {
        self.was_resized |= matches!(event.0, Event::Resize(..));
        match input::message(event) {
            Some(message) => {
                self.frames.person_did_something();
                self.take(message, inputs)
            }
            None => Ok(ControlFlow::Continue(())),
        }
    }

    fn signal(&mut self, signal: Signal, inputs: &mut Inputs) -> anyhow::Result<ControlFlow<()>> {
        match signal {
            Signal::Terminate | Signal::Interrupt => self.take(Message::Terminated { at: self.clock.now() }, inputs),
            Signal::Suspend => {
                self.suspend(inputs)?;
                Ok(ControlFlow::Continue(()))
            }
            Signal::Continue => {
                // Whoever stopped klamm may have used the terminal since.
                if let Some(guard) = &inputs.guard {
                    guard.step_out();
                    guard.step_in()?;
                }
                self.redraw()?;
                Ok(ControlFlow::Continue(()))
            }
        }
    }

    fn take(&mut self, message: Message, inputs: &mut Inputs) -> anyhow::Result<ControlFlow<()>> {
        let effects = update(&mut self.state, message);
        if std::mem::take(&mut self.state.is_dirty) {
            self.frames.data_changed();
        }
        self.carry_out(effects, inputs)
    }

    fn carry_out(&mut self, effects: Vec<Effect>, inputs: &mut Inputs) -> anyhow::Result<ControlFlow<()>> {
        for effect in effects {
            match effect {
                Effect::Start { slot, generation, after, request } => {
                    self.tasks.start(slot, generation, after, request)
                }
                Effect::Cancel(slot) => self.tasks.cancel(slot),
                Effect::StopSending => self.tasks.stop_sending(),
                Effect::StopExport => self.tasks.stop_export(),
                Effect::Copy(text) => self.copy(&text)?,
                Effect::ShowTheme(name) => self.themes.show(&name),
                Effect::Suspend => self.suspend(inputs)?,
                Effect::Edit(edit) => self.editing = Some(edit),
                Effect::Quit => return Ok(ControlFlow::Break(())),
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn draw(&mut self) -> anyhow::Result<()> {
        if self.state.screen == Screen::Group {
            crash::on_purpose("loop");
        }
        if std::mem::take(&mut self.was_resized) {
            // It may be as large again as it was, and have lost its cells on the way.
            let size = self.terminal.size()?;
            self.terminal.resize(size.into())?;
        }
        let theme = &self.themes.current;
        // A key read before this moment was pressed without seeing the frame.
        let at = self.clock.now();
        self.state.is_dirty = false;
        let (state, mut drawn) = (&self.state, None);
        self.terminal.draw(|frame| drawn = Some(ui::draw(frame, state, theme)))?;
        self.frames.drew(Instant::now());
        if let Some(drawn) = drawn {
            let effects = update(&mut self.state, Message::Drawn { drawn, at });
            if std::mem::take(&mut self.state.is_dirty) {
                self.frames.data_changed();
            }
            for effect in effects {
                if let Effect::Start { slot, generation, after, request } = effect {
                    self.tasks.start(slot, generation, after, request);
                }
            }
        }
        Ok(())
    }

    /// Asks the terminal to keep `text` (OSC 52), which also works over SSH.
    fn copy(&mut self, text: &str) -> std::io::Result<()> {
        let encoded = base64::engine::general_purpose::STANDARD.encode(text);
        write!(self.out, "\x1b]52;c;{encoded}\x07")?;
        self.out.flush()
    }

    /// Gives the terminal to the editor, and takes it back whole. What comes from the
    /// cluster meanwhile is taken in, and drawn afterwards.
    async fn edit(&mut self, edit: EditText, inputs: &mut Inputs) -> anyhow::Result<ControlFlow<()>> {
        let mut flow = ControlFlow::Continue(());
        let text = match (editor::chosen(), editor::written(edit).await) {
            (Err(reason), _) | (_, Err(reason)) => Err(reason),
            (Ok(chosen), Ok(scratch)) => {
                if let Some(reader) = inputs.reader.take() {
                    // Nobody else may read the terminal.
                    reader.abort();
                }
                if let Some(guard) = &inputs.guard {
                    guard.step_out();
                }
                let modes = editor::Modes::now();
                let ended = match editor::start(&chosen, scratch.path()) {
                    Ok(child) => self.watch(child, inputs, &mut flow).await,
                    Err(error) => Err(error.into()),
                };
                modes.restore();
                if let Some(guard) = &inputs.guard {
                    guard.step_in()?;
                    let (events, reader) = input::read(self.clock);
                    (inputs.events, inputs.reader) = (events, Some(reader));
                    self.redraw()?;
                }
                match ended.map(editor::refused) {
                    Ok(Ok(())) => editor::read(scratch).await,
                    Ok(Err(reason)) => Err(reason),
                    Err(error) if error.is::<Crashed>() => return Err(error),
                    Err(error) => Err(format!("{}: {error}", chosen.display())),
                }
            }
        };
        let taken = self.take(Message::Edited { text, at: self.clock.now() }, inputs)?;
        Ok(if flow.is_break() { flow } else { taken })
    }

    /// Waits for the editor's end.
    async fn watch(
        &mut self,
        mut child: Child,
        inputs: &mut Inputs,
        flow: &mut ControlFlow<()>,
    ) -> anyhow::Result<ExitStatus> {
        let mut patience: Option<Instant> = None;
        loop {
            tokio::select! {
                biased;
                () = guard::panicked() => return Err(Crashed.into()),
                () = tokio::time::sleep_until(patience.unwrap_or_else(Instant::now)), if patience.is_some() => {
                    patience = None;
                    child.start_kill()?;
                }
                status = child.wait() => return Ok(status?),
                Some(signal) = inputs.signals.recv() => match signal {
                    // The editor has its own use for it.
                    Signal::Interrupt | Signal::Continue => {}
                    // Both are stopped, so that the shell has the terminal.
                    Signal::Suspend => signals::stop_here(),
                    Signal::Terminate => {
                        // It restores the terminal, and what it was given goes with it.
                        child.id().into_iter().for_each(signals::end);
                        patience = Some(Instant::now() + PATIENCE);
                        *flow = self.take(Message::Terminated { at: self.clock.now() }, inputs)?;
                    }
                },
                Some(answer) = inputs.answers.recv() => {
                    let taken = self.take(Message::Answered(answer), inputs)?;
                    if taken.is_break() {
                        *flow = taken;
                    }
                }
            }
        }
    }

    /// Gives the shell back; goes on when the shell says so.
    fn suspend(&mut self, inputs: &mut Inputs) -> anyhow::Result<()> {
        let Some(guard) = &inputs.guard else { return Ok(()) };
        if let Some(reader) = inputs.reader.take() {
            // Nobody may read the terminal while the shell does.
            reader.abort();
        }
        guard.step_out();
        signals::stop_here();
        guard.step_in()?;
        let (events, reader) = input::read(self.clock);
        inputs.events = events;
        inputs.reader = Some(reader);
        while inputs.signals.try_recv() == Ok(Signal::Continue) {}
        self.redraw()
    }

    /// Draws every cell anew.
    fn redraw(&mut self) -> anyhow::Result<()> {
        let size = self.terminal.size()?;
        self.terminal.resize(size.into())?;
        self.frames.person_did_something();
        self.draw()
    }

    pub fn close(&mut self) {
        self.tasks.close();
    }
}
