//! How late the machine itself is: somebody who only repeats what is typed, beside klamm.
//!
//! What is typed goes into a terminal, through a process and back out to the emulator, as
//! a key of klamm's does. Where the echo is late, nobody could have been in time.

use crate::console::Console;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Between two of its words.
const PAUSE: Duration = Duration::from_millis(10);
/// Longer than this no machine is away.
const AWAY: Duration = Duration::from_secs(60);

/// When a word was typed, and when it was seen again.
type Heard = (Instant, Instant);

pub struct Echo {
    heard: Arc<Mutex<Vec<Heard>>>,
    is_over: Arc<AtomicBool>,
    speaker: Option<JoinHandle<()>>,
}

impl Echo {
    pub fn start() -> Self {
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let is_over = Arc::new(AtomicBool::new(false));
        let (words, end) = (Arc::clone(&heard), Arc::clone(&is_over));
        let speaker = std::thread::spawn(move || {
            // Raw as klamm's terminal is: the kernel repeats nothing by itself.
            let line = "stty raw -echo; printf ready; exec cat";
            let console = Console::open_program("sh", &["-c", line], &[], 40, 2);
            console.sees("ready");
            for number in 0_u64.. {
                if end.load(Ordering::Relaxed) {
                    break;
                }
                let word = format!("{number:08}");
                let typed = Instant::now();
                console.press(&format!("\r{word}"));
                let Some(_) = console.try_wait(AWAY, |screen| screen.contains(&word)) else { break };
                words.lock().unwrap_or_else(PoisonError::into_inner).push((typed, Instant::now()));
                std::thread::park_timeout(PAUSE);
            }
        });
        Self { heard, is_over, speaker: Some(speaker) }
    }

    /// The longest that a word took which was under way between two moments; one that is
    /// still under way is waited for.
    pub fn worst(&self, from: Instant, to: Instant) -> Duration {
        let deadline = Instant::now() + AWAY;
        loop {
            let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
            if heard.last().is_some_and(|(typed, _)| *typed >= to) || Instant::now() > deadline {
                let overlaps = |heard: &&Heard| heard.0 <= to && heard.1 >= from;
                return heard
                    .iter()
                    .rev()
                    .filter(overlaps)
                    .map(|(typed, seen)| *seen - *typed)
                    .max()
                    .unwrap_or_default();
            }
            drop(heard);
            std::thread::park_timeout(PAUSE);
        }
    }

    /// The middle of all that was heard.
    pub fn usual(&self) -> Duration {
        let mut took: Vec<Duration> = {
            let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
            heard.iter().map(|(typed, seen)| *seen - *typed).collect()
        };
        took.sort_unstable();
        took.get(took.len() / 2).copied().unwrap_or_default()
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(speaker) = self.speaker.take() {
            let _ = speaker.join();
        }
    }
}
