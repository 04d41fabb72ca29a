//! What comes from the terminal, with the time it was read.

use super::WAITING;
use super::clock::Clock;
use crate::domain::Time;
use crate::tui::app::Message;
use crate::tui::command::Chord;
use crossterm::event::{Event, EventStream, MouseButton, MouseEventKind};
use futures::StreamExt as _;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// An event and when it was read.
pub type Stamped = (Event, Time);

/// Lines one notch of the wheel moves.
const WHEEL: i32 = 3;

/// Reads the terminal in a task, so that an event's time is when it came and
/// not when the loop got to it.
pub fn read(clock: Clock) -> (mpsc::Receiver<Stamped>, JoinHandle<()>) {
    let (events, receiver) = mpsc::channel(WAITING);
    (receiver, spawn(clock, events))
}

fn spawn(clock: Clock, events: mpsc::Sender<Stamped>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut stream = EventStream::new();
        while let Some(Ok(event)) = stream.next().await {
            if events.send((event, clock.now())).await.is_err() {
                return;
            }
        }
    })
}

/// What an event means to `update`; `None` for what it does not care about.
pub fn message((event, at): Stamped) -> Option<Message> {
    Some(match event {
        Event::Key(key) => Message::Pressed { chord: Chord::from_event(&key)?, at },
        Event::Paste(text) => Message::Pasted { text, at },
        Event::Resize(..) => Message::Resized { at },
        Event::Mouse(mouse) => {
            let (x, y) = (mouse.column, mouse.row);
            match mouse.kind {
                MouseEventKind::Down(MouseButton::Left) => Message::Clicked { x, y, at },
                MouseEventKind::Drag(MouseButton::Left) => Message::Dragged { x, y, at },
                MouseEventKind::Up(MouseButton::Left) => Message::Released { at },
                MouseEventKind::ScrollDown => Message::Wheeled { x, y, lines: WHEEL, at },
                MouseEventKind::ScrollUp => Message::Wheeled { x, y, lines: -WHEEL, at },
                _ => return None,
            }
        }
        Event::FocusGained | Event::FocusLost => return None,
    })
}
