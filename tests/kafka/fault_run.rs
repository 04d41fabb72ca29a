//! A long shift at the console while brokers freeze, die, lie and come back, at
//! random from a seed: `KLAMM_FAULTS_MINUTES=5 KLAMM_FAULTS_SEED=7 cargo test --test
//! kafka -- fault_run`. Without the variables it is short, with the seed 3.
//!
//! What must hold at each step: a key is answered within two frames of data unless the
//! machine itself is late, a lag that was true too long ago is not shown as of now, a
//! group whose coordinator is away stays in the list, and what the journal says of resets, undos and new partitions is what the cluster holds.
//! At the end the terminal is whole.

mod chance;
mod echo;
mod patients;
mod truth;

use crate::console::Console;
use crate::klamm::Klamm;
use crate::patience::{LONG, until};
use crate::places;
use crate::screen::number_under;
use crate::stage::Fragile;
use crate::witness::{Seed, Witness};
use chance::Chance;
use echo::Echo;
use patients::{OnDemo, OnKafka, Patient};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use truth::{Change, PARTITIONS, Truth};

const TOPIC: &str = "fault-run";
const GROUP: &str = "fault-run";
/// A topic that gets more partitions; nobody reads it.
const GROWING: &str = "fault-growing";
/// So many are enough: each change about doubles them.
const GROWN: usize = 24;
/// How often the profile has the console ask.
const PACE: Duration = Duration::from_secs(1);
/// What is shown without its age was true not longer ago than this: twice the pace,
/// the moment of grace, and what an answer and a frame may take on a busy machine.
const FRESH: Duration = Duration::from_millis(4_500);
/// Two frames of data; a key's own frame is drawn at once.
const PROMPT: Duration = Duration::from_millis(200);
/// An echo that takes longer says that the machine is late: it is a matter of a
/// millisecond, and a key of klamm's changes hands more often.
const LATE_ECHO: Duration = Duration::from_millis(40);
/// Later than this no key is answered, whatever the machine does.
const DEAF: Duration = Duration::from_secs(5);
/// So often a change is tried that did not come about by chance.
const TRIES: usize = 4;
const SHORT_RUN: Duration = Duration::from_secs(10);

pub fn on_the_demo() {
    Run::of("demo", OnDemo::start()).go();
}

pub fn on_kafka(fragile: &Fragile<'_>) {
    Run::of("kafka", OnKafka::of(fragile.cluster)).go();
}

fn seed() -> u64 {
    std::env::var("KLAMM_FAULTS_SEED").map_or(3, |text| text.parse().expect("KLAMM_FAULTS_SEED is a number"))
}

fn length() -> Duration {
    std::env::var("KLAMM_FAULTS_MINUTES").map_or(SHORT_RUN, |text| {
        Duration::from_secs_f64(60.0 * text.parse::<f64>().expect("KLAMM_FAULTS_MINUTES is a number"))
    })
}

/// The views a digit leads to.
const VIEWS: [(&str, &str); 4] =
    [("1", "[1 Overview]"), ("2", "[2 Topics]"), ("3", "[3 Groups]"), ("9", "[9 Journal]")];

struct Run<P> {
    name: &'static str,
    patient: P,
    chance: Chance,
    console: Console,
    klamm: Klamm,
    state: String,
    witness: Witness,
    truth: Truth,
    /// Changes that were confirmed, and those of them that ended with a result; the
    /// others may have been refused before anything was written down.
    confirmed: usize,
    ended: usize,
    /// Changes of the journal that were compared with the cluster, and of each kind.
    judged: usize,
    kinds: BTreeMap<String, usize>,
    /// How long keys waited for their frame.
    keys: Vec<Duration>,
    echo: Echo,
    /// Keys that were late when the machine was.
    excused: usize,
    looks: usize,
    /// What was done, to be read when something does not hold.
    story: Vec<String>,
    began: Instant,
}

impl<P: Patient> Run<P> {
    fn of(name: &'static str, patient: P) -> Self {
        let target = patient.target();
        let witness = Witness::new(&target);
        for topic in [TOPIC, GROWING] {
            witness.create_topic(topic, i32::try_from(PARTITIONS).expect("few"), 3, &[]);
        }
        let klamm = Klamm::on(&target);
        let state = places::data().join(format!("fault-run-{name}")).display().to_string();
        let config = format!(
            "version = 1\ndefault = \"it\"\n[profiles.it]\nbootstrap = {:?}\nrefresh = {{ metadata = \"{}s\", lag = \"{}s\" }}\n",
            target.bootstrap,
            PACE.as_secs(),
            PACE.as_secs(),
        );
        let config = klamm.write("config.toml", &config).display().to_string();
        let mut run = Self {
            name,
            chance: Chance::of(seed()),
            console: Console::open_with(&["--config", &config], &[("XDG_STATE_HOME", &state)], 120, 50),
            patient,
            klamm,
            state,
            witness,
            truth: Truth::default(),
            confirmed: 0,
            ended: 0,
            judged: 0,
            kinds: BTreeMap::new(),
            keys: Vec::new(),
            echo: Echo::start(),
            excused: 0,
            looks: 0,
            story: Vec::new(),
            began: Instant::now(),
        };
        for partition in 0..PARTITIONS {
            run.produce(partition, 5);
        }
        run.witness.commit(GROUP, TOPIC, &[(0, 2), (1, 2), (2, 2)]);
        run.console.sees("3 brokers");
        run.console.press("3");
        run.console.sees("[3 Groups]");
        run.console.press(&format!("/{GROUP}<enter>"));
        run.console.sees(&format!("▸ {GROUP}"));
        run.settle();
        run
    }

    fn go(mut self) {
        eprintln!("fault_run/{}: seed {}, {:?}", self.name, seed(), length());
        let end = Instant::now() + length();
        while Instant::now() < end {
            match self.chance.below(20) {
                0..8 => self.injure(),
                8..13 => self.walk(),
                13..16 => self.view("3"),
                16 => self.reset(),
                17 => match self.chance.below(4) {
                    0 => self.grow(),
                    1 | 2 => self.undo(),
                    _ => self.reset(),
                },
                18 => self.silence(),
                _ => self.settle(),
            }
            self.look();
        }
        self.settle();
        // What chance left out is done all the same, with chance's injuries.
        for kind in ["reset_offsets", "undo", "add_partitions"] {
            for _ in 0..TRIES {
                match kind {
                    _ if self.kinds.contains_key(kind) => break,
                    "reset_offsets" => self.reset(),
                    "undo" => self.undo(),
                    _ => self.grow(),
                }
                self.settle();
            }
            assert!(self.kinds.contains_key(kind), "no {kind} came about:\n{}", self.console.screen());
        }
        self.leave();
    }

    fn tell(&mut self, what: impl Into<String>) {
        self.story.push(format!("{:>8.2} s  {}", self.began.elapsed().as_secs_f64(), what.into()));
    }

    fn injure(&mut self) {
        let what = self.patient.injure(&mut self.chance);
        self.tell(what);
    }

    /// Presses a key that leads to what `looks_right`, and takes the time.
    fn key(&mut self, key: &str, what: &str, looks_right: impl Fn(&str) -> bool) {
        let pressed = Instant::now();
        self.console.press(key);
        let seen = self.console.try_wait(DEAF, looks_right);
        let took = pressed.elapsed();
        self.keys.push(took);
        assert!(seen.is_some(), "{key} is not answered within {DEAF:?} by {what}:\n{}", self.console.screen());
        if took > PROMPT {
            let echo = self.echo.worst(pressed, pressed + took);
            self.tell(format!("{key} took {took:.1?}, an echo {echo:.1?}"));
            assert!(
                echo > LATE_ECHO,
                "{key} is answered after {took:.1?} by {what}; an echo took {echo:.1?} meanwhile"
            );
            self.excused += 1;
        }
    }

    fn view(&mut self, key: &str) {
        let (_, mark) = VIEWS.iter().find(|(digit, _)| *digit == key).expect("a view");
        if !self.console.screen().contains(mark) {
            self.key(key, mark, |screen| screen.contains(mark));
        }
    }

    /// Keys that lead somewhere, with what they lead to.
    fn walk(&mut self) {
        let (key, _) = VIEWS[self.chance.below(VIEWS.len())];
        self.tell(format!("view {key}"));
        self.view(key);
        if self.chance.below(2) == 0 {
            self.key("?", "the help", |screen| screen.contains("Keys that work here"));
            self.key("<esc>", "no help", |screen| !screen.contains("Keys that work here"));
        }
        if key == "2" {
            self.key("j", "the cursor", |screen| !screen.contains("no topic is selected"));
        }
    }

    /// The lag on screen was true a moment ago, or says that it may not be.
    fn look(&mut self) {
        let screen = self.console.screen();
        let Some(lag) = shown_lag(&screen) else { return };
        self.looks += 1;
        let now = Instant::now();
        assert!(
            self.truth.held(lag, now - FRESH),
            "a lag of {lag} is shown as of now, and it is {:?}:\n{screen}",
            self.truth.lags()
        );
    }

    /// Nobody answers: after a while what is shown says so, and keys work all the same.
    fn silence(&mut self) {
        self.tell("silence");
        self.patient.silence();
        self.view("3");
        let aged = self.console.try_wait(FRESH + DEAF, |screen| shown_lag(screen).is_none());
        assert!(aged.is_some(), "nobody answers, and nothing says so:\n{}", self.console.screen());
        for (key, _) in VIEWS {
            self.view(key);
        }
        self.view("3");
        self.patient.heal();
    }

    /// The group is in its list, whether its coordinator answers or not.
    fn group_is_listed(&self) {
        let screen = self.console.screen();
        assert!(screen.contains(&format!("▸ {GROUP}")), "the group was not deleted:\n{screen}");
    }

    /// Plans a reset, and applies it while things go wrong.
    fn reset(&mut self) {
        self.view("3");
        self.group_is_listed();
        let to_latest = self.chance.below(2) == 0;
        self.console.press("R");
        let picked = self.console.try_wait(DEAF, |screen| screen.contains("earliest"));
        assert!(picked.is_some(), "the targets are offered:\n{}", self.console.screen());
        self.console.press(if to_latest { "<down><enter>" } else { "<enter>" });
        if !self.is_planned("COMMITTED →") {
            self.tell("a reset that could not be planned");
            return self.close_dialogs();
        }
        let targets = if to_latest { self.truth.ends } else { [0; PARTITIONS] };
        self.tell(format!("reset to {targets:?}"));
        self.truth.may_become(&targets);
        self.apply("y");
    }

    /// Takes the last change back, where it can be.
    fn undo(&mut self) {
        self.view("3");
        self.group_is_listed();
        self.console.press("<enter>");
        let opened = self.console.try_wait(DEAF, |screen| !screen.contains("/ filter"));
        assert!(opened.is_some(), "the group opens:\n{}", self.console.screen());
        self.console.press("u");
        if self.is_planned("COMMITTED →") {
            self.tell("undo");
            self.truth.may_go_back();
            self.apply("y");
        } else {
            self.tell("an undo that could not be planned");
            self.close_dialogs();
        }
    }

    /// Plans more partitions, and adds them while things go wrong.
    fn grow(&mut self) {
        if self.truth.partitions() >= GROWN {
            return self.tell("enough partitions");
        }
        self.view("2");
        self.console.press(&format!("/{GROWING}<enter>"));
        let found = self.console.try_wait(DEAF, |screen| screen.contains(&format!("▸ {GROWING}")));
        assert!(found.is_some(), "the topic is listed:\n{}", self.console.screen());
        self.console.press("p");
        let patience = self.patience();
        let chosen = self.console.try_wait(patience, |screen| screen.contains("RATE EACH") || has_failed(screen));
        if chosen.is_some_and(|screen| screen.contains("RATE EACH")) {
            self.console.press("<enter>");
            if self.is_planned("REPLICAS, leader first") {
                self.tell("more partitions");
                self.truth.may_grow();
                // It cannot be taken back: the name is asked for.
                self.console.press("y");
                let asked = self.console.try_wait(DEAF, |screen| screen.contains("type the name"));
                assert!(asked.is_some(), "the name is asked for:\n{}", self.console.screen());
                self.apply(&format!("{GROWING}<enter>"));
                return self.view("3");
            }
        }
        self.tell("partitions that could not be planned");
        self.close_dialogs();
        self.view("3");
    }

    fn patience(&mut self) -> Duration {
        let long = if length() > SHORT_RUN { 18_000 } else { 1_500 };
        Duration::from_millis(self.chance.pick(&[1_000, 1_500, long]))
    }

    /// A plan is on screen to its end, and waits for a yes.
    fn is_planned(&mut self, mark: &str) -> bool {
        let patience = self.patience();
        let shown = self.console.try_wait(patience, |screen| screen.contains(mark) || has_failed(screen));
        if !shown.is_some_and(|screen| screen.contains(mark)) {
            return false;
        }
        self.console.press("G");
        self.console.try_wait(DEAF, |screen| screen.contains("y  apply")).is_some()
    }

    /// Says yes, hurts the cluster, and waits for the end of the change.
    fn apply(&mut self, yes: &str) {
        self.confirmed += 1;
        self.console.press(yes);
        for _ in 0..self.chance.below(3) {
            self.injure();
        }
        // With luck it is done although things are as they are; else somebody helps.
        let patience = Duration::from_secs(if length() > SHORT_RUN { 20 } else { 2 });
        if self.console.try_wait(patience, has_result).is_none() {
            self.tell("help");
            self.patient.heal();
            let result = self.console.try_wait(LONG, has_result);
            assert!(result.is_some(), "the change never ends:\n{}", self.console.screen());
        }
        self.ended += usize::from(!self.console.screen().contains("not applied, or not known"));
        self.close_dialogs();
    }

    /// Out of every dialog; one level further would clear the filter.
    fn close_dialogs(&mut self) {
        for _ in 0..6 {
            if self.console.try_wait(Duration::from_millis(500), is_at_rest).is_some() {
                return;
            }
            self.console.press("<esc>");
        }
        panic!("a dialog stays:\n{}", self.console.screen());
    }

    fn produce(&mut self, partition: usize, count: usize) {
        let index = i32::try_from(partition).expect("few");
        let seeds: Vec<Seed<'_>> =
            (0..count).map(|_| Seed { partition: index, value: Some(b"x"), ..Seed::default() }).collect();
        self.truth.grows(partition, count);
        self.witness.produce(TOPIC, &seeds);
    }

    /// Everything is put right: what the journal says is what the cluster holds, and
    /// the console shows it, with nothing said about its age.
    fn settle(&mut self) {
        self.tell("all is put right");
        self.patient.heal();
        self.judge();
        let committed = self.witness.committed(GROUP, TOPIC, i32::try_from(PARTITIONS).expect("few"));
        let found: Vec<i64> = committed.into_values().collect();
        self.truth.settles(&found);
        // A broker that was away hears of new partitions last.
        let (witness, truth) = (&self.witness, &mut self.truth);
        until("the partitions that the journal tells of", LONG, || truth.has(witness.partitions(GROWING)?));
        let (partition, count) = (self.chance.below(PARTITIONS), 1 + self.chance.below(3));
        self.produce(partition, count);
        self.truth.is_exact();
        let (lag, _) = self.truth.lags();
        self.view("3");
        let shown = self.console.try_wait(LONG, |screen| shown_lag(screen) == Some(lag));
        assert!(shown.is_some(), "the lag is {lag}:\n{}", self.console.screen());
    }

    /// Each change that the journal has, in its order, as it says that it went.
    fn judge(&mut self) {
        let state = self.state.clone();
        let json = |run: &Self, words: &[&str]| {
            let words = [words, &["--output", "json"]].concat();
            let ran = run.klamm.run_with(&words, &[("XDG_STATE_HOME", &state)]);
            ran.json()["items"].as_array().cloned().expect("items")
        };
        let mut changes = json(self, &["journal", "list"]);
        changes.reverse();
        for change in changes.split_off(self.judged) {
            let id = change["id"].as_str().expect("an id").to_owned();
            let steps = json(self, &["journal", "show", &id]);
            let kind = change["kind"].as_str().expect("a kind");
            self.tell(format!("the journal says of {id}, {kind}: {}", change["status"]));
            *self.kinds.entry(kind.to_owned()).or_default() += 1;
            let steps: Vec<Change> = steps.iter().map(Change::read).collect();
            self.truth.changes(&steps);
            self.judged += 1;
        }
        assert!(
            (self.ended..=self.confirmed).contains(&self.judged),
            "{} are journaled; {} were confirmed and {} ended",
            self.judged,
            self.confirmed,
            self.ended
        );
    }

    fn leave(mut self) {
        self.console.press(":q<enter>");
        assert_eq!(self.console.ends(), 0);
        self.console.assert_restored();
        self.keys.sort_unstable();
        let (median, worst) = (self.keys[self.keys.len() / 2], self.keys[self.keys.len() - 1]);
        let sum = format!(
            "fault_run/{}: {} steps, {} keys (median {median:.1?}, worst {worst:.1?}, {} late with the machine; an echo \
             takes {:.1?}), {} looks, changes {:?}",
            self.name,
            self.story.len(),
            self.keys.len(),
            self.excused,
            self.echo.usual(),
            self.looks,
            self.kinds,
        );
        eprintln!("{sum}");
    }
}

impl<P> Drop for Run<P> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let last = self.story.len().saturating_sub(60);
            eprintln!("fault_run/{}, seed {}, what led there:\n{}", self.name, seed(), self.story[last..].join("\n"));
        }
    }
}

/// The change on screen has an end: done, in part, or not known.
fn has_result(screen: &str) -> bool {
    screen.contains("esc  close")
}

/// A list lies open, without a dialog over it.
fn is_at_rest(screen: &str) -> bool {
    const DIALOGS: [&str; 5] = ["reset of fault-run", "Reset fault-run", "Partitions for", "Undo: ", "undo of"];
    let footer = screen.lines().last().unwrap_or_default();
    footer.contains("/ filter") && !DIALOGS.iter().any(|dialog| screen.contains(dialog))
}

/// A dialog over the list says why there is no plan.
fn has_failed(screen: &str) -> bool {
    screen.lines().any(|line| line.find("│ ✖").is_some_and(|at| at > 0))
}

/// What is below the header and the line of the views.
fn body(screen: &str) -> String {
    screen.lines().skip(2).collect::<Vec<_>>().join("\n")
}

/// The lag of the group, where it is shown as a value of now.
fn shown_lag(screen: &str) -> Option<i64> {
    let body = body(screen);
    // In the group's own row that sign is a verdict.
    let is_failed = body.lines().any(|line| line.contains('✖') && !line.contains(GROUP));
    let is_aged = screen.contains("as of ") || body.contains("in part") || is_failed;
    let lag = number_under(&body, "LAG", GROUP)?;
    if is_aged { None } else { lag.parse().ok() }
}
