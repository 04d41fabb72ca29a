//! From the first frame to the last: start, resize, suspend, signals, rest.

use super::console::Console;
use super::secrets::{Trap, search, told};
use super::story;
use klamm::demo::{Clock, Demo, Options};
use klamm::domain::Time;
use rstest::rstest;
use std::time::Duration;

/// The demo's overview is there when its brokers are.
fn open_demo(columns: u16, rows: u16) -> Console {
    let console = Console::open(&["demo"], columns, rows);
    console.sees("Overview");
    console.wait("three brokers", |screen| screen.contains("Brokers") && screen.contains("3 brokers"));
    console
}

#[test]
fn q_leaves_the_terminal_as_it_was() {
    let mut console = open_demo(120, 40);
    console.press("q");
    assert_eq!(console.ends(), 0);
    console.assert_restored();
    assert_eq!(console.tricks(), Vec::<String>::new(), "drawing is all it did");
}

#[rstest]
#[case::terminated("TERM")]
#[case::hung_up("HUP")]
fn a_signal_leaves_the_terminal_as_it_was(#[case] signal: &str) {
    let mut console = open_demo(120, 40);
    console.signal(signal);
    console.ends();
    console.assert_restored();
}

#[test]
fn it_follows_the_size_of_the_terminal() {
    let console = open_demo(120, 40);
    console.press("2");
    console.sees("PART");
    for (columns, rows) in [(80, 24), (40, 12), (9, 3), (200, 60)] {
        console.resize(columns, rows);
    }
    console.resize(120, 40);
    console.press("1");
    console.sees("Brokers");
    console.press("2");
    console.sees("PART");
}

#[test]
fn suspended_it_gives_the_shell_back_and_comes_again() {
    let console = Console::open_program("bash", &["--norc", "--noprofile", "-i"], &[], 120, 40);
    console.press(&format!("{} demo<enter>", env!("CARGO_BIN_EXE_klamm")));
    console.sees("Overview");
    console.press("<ctrl-z>");
    console.sees("Stopped");
    console.press("echo still-$((40+2))<enter>");
    console.sees("still-42");
    console.press("fg<enter>");
    console.sees("Overview");
    console.press("q");
    console
        .wait("the shell's prompt", |screen| !screen.contains("Overview") && screen.trim_end().ends_with(['#', '$']));
    console.press("echo back-$((40+3))<enter>");
    console.sees("back-43");
}

/// The terminal is the editor's until it ends, and the console's again afterwards, whole,
/// although this editor leaves it as it should not. The file is private and gone.
#[test]
fn a_value_is_written_in_the_editor() {
    let scratch = tempfile::tempdir().expect("a place for files");
    let editor = "sh -c 'printf \"%s has %s\\n\" \"$(stat -c %a \"$1\")\" \"$(cat \"$1\")\"; read -r line; \
                  printf \"%s\\n\" \"$line\" > \"$1\"; stty raw -echo' editor";
    let variables = [("VISUAL", editor), ("EDITOR", "false"), ("TMPDIR", scratch.path().to_str().expect("a path"))];
    let mut console = Console::open_with(&["demo"], &variables, 120, 40);
    console.wait("three brokers", |screen| screen.contains("Brokers") && screen.contains("3 brokers"));
    console.press("2");
    console.sees("PART");
    console.press("P");
    console.sees("Write a record to");
    console.press("<tab><tab>before<ctrl-e>");
    console.sees("600 has before");
    assert!(!console.screen().contains("Write a record to"), "the terminal is the editor's");
    console.press("after it<enter>");
    console.wait("the form with the new text", |screen| {
        screen.contains("Write a record to") && screen.contains("after it") && screen.contains("[2 Topics]")
    });
    assert_eq!(scratch.path().read_dir().expect("it is there").count(), 0, "nothing is left of it");
    console.press("<esc>");
    console.wait("no form", |screen| !screen.contains("Write a record to"));
    console.press("1q");
    assert_eq!(console.ends(), 0);
    console.assert_restored();
}

#[test]
fn without_an_editor_it_says_so() {
    let console = Console::open_with(&["demo"], &[("VISUAL", ""), ("EDITOR", "")], 120, 40);
    console.wait("three brokers", |screen| screen.contains("Brokers") && screen.contains("3 brokers"));
    console.press("2");
    console.sees("PART");
    console.press("P");
    console.sees("Write a record to");
    console.press("<ctrl-e>");
    console.sees("no editor is chosen");
}

#[test]
fn a_broker_of_the_demo_is_stopped_and_started_again() {
    let mut console = open_demo(120, 40);
    console.press(":demo.stop<enter>");
    console.sees("Stop a broker of the demo, or start it again");
    console.press("<enter>");
    console.wait("broker 3 to be missed", |screen| {
        screen.contains("broker 3 of the demo is stopped") && screen.contains("all miss broker 3")
    });
    console.press(":demo.stop<enter>");
    console.sees("stopped: 3");
    console.press("<enter>");
    console.wait("broker 3 to be back", |screen| {
        screen.contains("broker 3 of the demo runs again")
            && screen.contains("3 brokers")
            && !screen.contains("miss broker")
    });
    console.press("q");
    assert_eq!(console.ends(), 0);
}

#[test]
fn at_rest_nothing_is_sent() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let demo = runtime
        .block_on(Demo::start(Options {
            clock: Clock::Stopped(Time(1_795_269_600_000)),
            traffic: false,
            ..Options::default()
        }))
        .expect("the demo starts");
    let console = Console::open(&["--bootstrap", &demo.bootstrap()], 120, 40);
    console.wait("three brokers", |screen| screen.contains("Brokers") && screen.contains("3 brokers"));
    // What is asked at the start comes in; then five seconds pass without a byte.
    console.settles(Duration::from_secs(5));
}

#[test]
fn a_key_sends_what_changed_and_not_the_screen() {
    let console = open_demo(200, 60);
    console.press("2");
    console.sees("PART");
    console.press("?");
    console.wait("the help", |screen| screen.contains("palette") || screen.contains("command by its name"));
    console.press("<esc>");
    console.press("9");
    console.sees("Journal");
    console.settles(Duration::from_millis(500));
    let before = console.bytes();
    console.press(":");
    console.settles(Duration::from_millis(500));
    let sent = console.bytes() - before;
    assert!((1..20_000).contains(&sent), "{sent} bytes for one key");
}

/// The log turned up to everything, a password that is rejected, a broker that
/// repeats it, and a registry that does.
#[test]
fn no_secret_is_shown_logged_or_kept() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let options = Options { traffic: false, ..Options::default() };
    let demo = runtime.block_on(Demo::start(options)).expect("the demo starts");
    let trap = Trap::set(&demo.bootstrap());
    let home = tempfile::tempdir().expect("a home");
    for (profile, shown) in [("scram", "rejected the credentials"), ("plain", "***"), ("open", "3 brokers")] {
        let environment = trap.environment();
        let state = home.path().to_string_lossy();
        let mut variables: Vec<(&str, &str)> =
            environment.iter().map(|(name, value)| (*name, value.as_ref())).collect();
        variables.push(("XDG_STATE_HOME", &state));
        let mut console = Console::open_with(&["--profile", profile], &variables, 200, 50);
        let screen = console.sees(shown);
        assert_eq!(told(screen.as_bytes()), None, "{screen}");
        for view in ["2", "3", "9", "1"] {
            console.press(view);
            console.settles(Duration::from_millis(300));
            assert_eq!(told(console.screen().as_bytes()), None, "{}", console.screen());
        }
        if profile == "open" {
            // The registry is asked for the schema of what is read, and says no.
            story::open_topic(&console, "catalog.products");
            console.press("tF");
            console.press("earliest<enter>");
            let screen = console.sees("rejected the credentials");
            assert_eq!(told(screen.as_bytes()), None, "{screen}");
        }
        console.signal("TERM");
        console.ends();
    }
    search(home.path());
    let logs = std::fs::read_dir(home.path().join("klamm/log")).expect("a folder of logs");
    let logged = |log: std::io::Result<std::fs::DirEntry>| std::fs::read_to_string(log.expect("a log").path());
    assert!(logs.map(logged).any(|log| log.expect("text").contains("TRACE")), "everything was logged");
}

#[rstest]
#[case::in_a_request("task")]
#[case::in_the_loop("loop")]
fn a_panic_leaves_the_terminal_whole_and_a_report(#[case] place: &str) {
    let mut console = Console::open_with(&["demo"], &[("KLAMM_PANIC", place)], 120, 40);
    console.sees("3 brokers");
    console.press("3");
    console.sees("invoice-export-nightly");
    console.press("<enter>");
    assert_eq!(console.ends(), 101);
    console.assert_restored();
    let report = format!("on purpose, in the {place}");
    let log = console.log();
    assert!(log.contains(&report) && log.contains("crash.rs"), "{log}");
}

#[test]
fn themes_and_keys_of_the_configuration_file_are_in_force() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("themes")).expect("a folder");
    let theme = "inherits = \"light\"\n[roles]\nglitter = \"red\"\n";
    std::fs::write(folder.path().join("themes/mine.toml"), theme).expect("a theme");
    let config = folder.path().join("config.toml");
    let text = "theme = \"mine\"\nascii = true\nkeymap = \"k9s\"\n[keys]\n\"view.messages\" = [\"f5\"]\n\"topic.tail\" = [\"p\"]\n";
    std::fs::write(&config, text).expect("a file");
    let mut console = Console::open(&["demo", "--config", &config.to_string_lossy()], 120, 40);
    console.sees("3 brokers");
    // Ctrl-d deletes, as in k9s: it opens a plan and changes nothing.
    console.press("2");
    console.sees("PART");
    console.press("/catalog.products<enter>");
    console.sees("> catalog.products");
    console.press("<ctrl-d>");
    console.sees("klamm topics delete");
    console.press("<esc>");
    console.sees_no_more("klamm topics delete");
    // What could not be used is among the messages, with its place.
    console.press("\x1b[15~");
    let screen = console.wait("the messages", |screen| screen.contains("glitter") && screen.contains("topic.tail"));
    assert!(screen.contains("mine.toml:3") && screen.contains("config.toml:6:"), "{screen}");
    assert!(screen.is_ascii(), "{screen}");
    console.press(":q<enter>");
    assert_eq!(console.ends(), 0);
    console.assert_restored();
}

/// What comes through the pipe is for nobody: keys come from the terminal behind it.
#[test]
fn a_pipe_at_stdin_leaves_the_keys_to_the_terminal() {
    let line = format!("yes q | {} demo", env!("CARGO_BIN_EXE_klamm"));
    let mut console = Console::open_program("bash", &["--norc", "--noprofile", "-c", &line], &[], 120, 40);
    console.sees("3 brokers");
    console.press("2");
    console.sees("PART");
    console.press("q");
    assert_eq!(console.ends(), 0);
    console.assert_restored();
}

/// A screen to draw on, and no keys: stdin is a file, and no terminal controls the session.
#[test]
fn without_a_terminal_for_keys_it_says_so() {
    let line = format!("setsid --wait {} demo < /dev/null", env!("CARGO_BIN_EXE_klamm"));
    let mut console = Console::open_program("bash", &["--norc", "--noprofile", "-c", &line], &[], 120, 40);
    console.sees("the console needs a terminal");
    assert_eq!(console.ends(), 2);
}

#[test]
fn without_a_terminal_it_says_so() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_klamm"))
        .args(["--bootstrap", "127.0.0.1:1"])
        .stdin(std::process::Stdio::null())
        .output()
        .expect("the binary runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("terminal"), "{output:?}");
}
