//! Profiles in a real terminal: the first cluster is added, tested, saved and
//! opened; a secret is typed unseen, before the console and in it.

use crate::console::Console;
use crate::secrets::{ASKED, Trap, search, told};
use klamm::demo::{Demo, Options};

fn demo() -> (tokio::runtime::Runtime, Demo) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let options = Options { traffic: false, ..Options::default() };
    let demo = runtime.block_on(Demo::start(options)).expect("the demo starts");
    (runtime, demo)
}

#[test]
fn the_first_cluster_is_added_tested_saved_and_opened() {
    let (_runtime, demo) = demo();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("new/config.toml");
    std::fs::create_dir(folder.path().join("new")).expect("a folder");
    std::fs::write(&file, "# mine\n").expect("written");
    let mut console = Console::open(&["--config", &file.to_string_lossy()], 120, 40);
    console.sees("adds your cluster");
    console.press("n");
    console.sees("which name?");
    console.press("mine<tab>nowhere:x");
    console.sees("no port");
    console.press("<ctrl-u>127.0.0.1:9");
    console.sees("nothing is wrong");
    console.press("<enter>");
    console.sees("the connection was refused");
    console.press("<ctrl-u>");
    console.press(&demo.bootstrap());
    console.sees_no_more("the connection was refused");
    console.press("<enter>");
    console.wait("the test to end", |screen| screen.contains("listener") && screen.contains("has no registry"));
    console.press("<ctrl-s>");
    console.sees("mine: added in");
    let text = std::fs::read_to_string(&file).expect("read");
    assert!(text.starts_with("# mine\nversion = 1\n\n[profiles.mine]\nbootstrap = [\"127.0.0.1:"), "{text}");
    console.press("<enter>");
    console.sees("3 brokers");
    console.press("0D");
    console.sees("Delete the profile");
    console.press("mine<enter>");
    console.sees("mine: deleted in");
    console.press(":q<enter>");
    assert_eq!(console.ends(), 0);
    console.assert_restored();
    assert_eq!(std::fs::read_to_string(&file).expect("read").trim_end(), "# mine\nversion = 1");
}

#[test]
fn a_secret_is_typed_unseen_before_the_console_and_in_it() {
    let (_runtime, demo) = demo();
    let trap = Trap::set(&demo.bootstrap());
    let home = tempfile::tempdir().expect("a home");
    let environment = trap.environment();
    let state = home.path().to_string_lossy();
    let mut variables: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    variables.push(("XDG_STATE_HOME", &state));
    let unseen = |console: &Console| assert_eq!(told(console.screen().as_bytes()), None, "{}", console.screen());

    let mut console = Console::open_with(&["--profile", "asked"], &variables, 120, 40);
    console.sees("password for profile asked");
    console.press(ASKED);
    unseen(&console);
    console.press("<enter>");
    console.sees("***");
    unseen(&console);
    console.press(":q<enter>");
    console.ends();
    console.assert_restored();

    let mut console = Console::open_with(&[], &variables, 120, 40);
    console.sees("Profiles");
    console.press("G<enter>");
    console.sees("password for profile asked");
    console.press(ASKED);
    console.wait("the stars", |screen| screen.contains(&"*".repeat(ASKED.len())));
    unseen(&console);
    console.press("<enter>");
    console.sees("rejected the credentials");
    unseen(&console);
    console.press(":q<enter>");
    console.ends();

    // Left by ctrl-c the terminal is as it was.
    let mut console = Console::open_with(&["topics", "list", "--profile", "asked"], &variables, 120, 40);
    console.sees("password for profile asked");
    console.press("half<ctrl-c>");
    assert_eq!(console.ends(), 130);
    console.assert_restored();
    search(home.path());
}

/// What the command line says of a run holds for every cluster that is opened in it.
#[test]
fn read_only_on_the_command_line_holds_for_every_profile() {
    let (_runtime, demo) = demo();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("config.toml");
    let bootstrap = demo.bootstrap();
    let text = format!(
        "version = 1\n[profiles.one]\nbootstrap = \"{bootstrap}\"\n[profiles.two]\nbootstrap = \"{bootstrap}\"\n"
    );
    std::fs::write(&file, text).expect("a file");
    let mut console = Console::open(&["--config", &file.to_string_lossy(), "--profile", "one", "--read-only"], 120, 40);
    console.wait("the first", |screen| screen.contains("3 brokers") && is_read_only(screen, "one"));
    console.press("0");
    console.sees("Profiles");
    console.press("G<enter>");
    console.wait("the second", |screen| screen.contains("3 brokers") && is_read_only(screen, "two"));
    console.press(":q<enter>");
    assert_eq!(console.ends(), 0);
}

fn is_read_only(screen: &str, profile: &str) -> bool {
    screen.lines().next().is_some_and(|header| header.contains(&format!("{profile}  READ-ONLY")))
}
