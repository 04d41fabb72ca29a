//! The doors between the rooms, held by reading the sources.
//!
//! Fails on a path into a room that may not be known (imported or written out),
//! on an outside crate in the wrong room, on a file in no room or one that no
//! `mod` leads to, on a write grant made anywhere but at its one place, and on
//! asynchronous or impure code where there must be none. It is fed wrong sources
//! below, so that it cannot pass by being blind. The table is the one in
//! `ARCHITECTURE.md`.

mod paths;
mod tokens;

use paths::{Place, Source};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Each room and what it may know of ours.
const ROOMS: &[(&str, &[&str])] = &[
    ("main", &["cli"]),
    ("cli", &["tui", "cluster", "demo", "profile", "domain"]),
    ("tui", &["cluster", "profile", "domain"]),
    ("cluster", &["kafka", "services", "decode", "profile", "domain"]),
    ("kafka", &["protocol", "domain"]),
    ("services", &["domain"]),
    ("decode", &["domain"]),
    ("profile", &["domain"]),
    ("demo", &["protocol", "domain"]),
    ("protocol", &[]),
    ("domain", &[]),
];

/// The rooms inside the console. Its own file, the door, may know them all.
const CONSOLE: &[(&str, &[&str])] =
    &[("runtime", &["app", "ui", "command"]), ("ui", &["app", "command"]), ("app", &["command"]), ("command", &[])];

/// Outside crates and the only places that may know them.
const OUTSIDE: &[(&[&str], &[&str])] = &[
    (&["ratatui", "crossterm"], &["tui"]),
    (&["tui_textarea", "ratatui_textarea"], &["tui::app"]),
    (&["clap", "clap_complete", "clap_mangen"], &["cli"]),
    (&["kafka_protocol"], &["kafka", "demo", "protocol"]),
    (&["rdkafka"], &["kafka::produce"]),
    (&["reqwest"], &["services"]),
    (&["hyper", "hyper_util", "http_body_util"], &["demo", "cli::exporter"]),
    (&["anyhow"], &["main", "cli", "tui::runtime", "tui", "protocol"]),
];

/// Tests of these rooms script a broker, message by message.
const SCRIPTING: &[(&str, &str)] = &[("cluster", "kafka_protocol")];

/// Places where the same arguments must give the same answer.
const PURE: &[&str] = &["domain", "decode", "tui::app", "tui::ui", "tui::command"];

const ASYNC: &[&str] = &["tokio", "tokio_util", "tokio_openssl", "futures"];

/// What purity excludes of the standard library and of the calendar. Tests of a
/// pure place may read a file of examples.
const IMPURE: &[&str] =
    &["std::fs", "std::net", "std::process", "std::env", "std::thread", "std::time::Instant", "Instant::now"];

/// What tells the time of day, and the rooms that may ask it: elsewhere it is an
/// argument, so that a test can choose it.
const WALL_CLOCK: &[&str] = &[
    "std::time::SystemTime",
    "jiff::Timestamp::now",
    "jiff::Zoned::now",
    "SystemTime::now",
    "Timestamp::now",
    "Zoned::now",
];
const CLOCK_ROOMS: &[&str] = &["cluster", "demo"];

/// The broker that answers as it is told, for the tests of every room.
const SCRIPTED: &str = "scripted";

/// All the ways in which these sources break the rules, as `file:line: why`.
fn violations(files: &BTreeMap<String, String>) -> Vec<String> {
    let sources: Vec<(&String, Source)> =
        files.iter().map(|(file, source)| (file, paths::read(file, source))).collect();
    let declared = sources.iter().flat_map(|(_, source)| &source.declared);
    let test_files: Vec<&Vec<String>> = declared.filter(|file| file.is_test).map(|file| &file.module).collect();
    let mut found = Vec::new();
    for (file, source) in &sources {
        let is_test_file = test_files.iter().any(|test| source.module.starts_with(test));
        let mut complain = |line: usize, why: String| found.push(format!("{file}:{line}: {why}"));
        if let Some(why) = homeless(&source.module) {
            complain(1, why);
            continue;
        }
        for (line, door) in &source.side_doors {
            complain(*line, format!("{door} lets code in by a side door"));
        }
        for path in &source.paths {
            let is_test = path.is_test || is_test_file;
            let why = match &path.place {
                Place::Ours(target) => ours(&source.module, target, is_test),
                Place::Outside(target) => outside(&source.module, target, is_test),
            };
            if let Some(why) = why {
                complain(path.line, why);
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// The files that no chain of `mod` lines leads to from the library or the
/// binary: they are not compiled, and what they say is not true.
fn unreached(files: &BTreeMap<String, String>) -> Vec<String> {
    let sources: Vec<(&String, Source)> =
        files.iter().map(|(file, source)| (file, paths::read(file, source))).collect();
    let mut reached: BTreeSet<&[String]> = BTreeSet::new();
    let binary = ["main".to_owned()];
    let mut next: Vec<&[String]> = vec![&[], &binary];
    while let Some(module) = next.pop() {
        if reached.insert(module) {
            let of_module = sources.iter().filter(|(_, source)| source.module == module);
            next.extend(of_module.flat_map(|(_, source)| &source.declared).map(|file| file.module.as_slice()));
        }
    }
    let is_dead =
        |(file, source): &(&String, Source)| (!reached.contains(source.module.as_slice())).then(|| (*file).clone());
    sources.iter().filter_map(is_dead).collect()
}

/// Why a file is in no room.
fn homeless(module: &[String]) -> Option<String> {
    let room = module.first()?;
    if !ROOMS.iter().any(|(name, _)| name == room) {
        return Some(format!("`{room}` is no room"));
    }
    match module {
        [tui, part, ..] if tui == "tui" && !CONSOLE.iter().any(|(name, _)| name == part) => {
            Some(format!("`tui/{part}` is no part of the console"))
        }
        _ => None,
    }
}

fn ours(module: &[String], target: &[String], is_test: bool) -> Option<String> {
    let shown = format!("crate::{}", target.join("::"));
    let Some(from) = module.first() else {
        return Some(format!("the root only declares the rooms, and names {shown}"));
    };
    let Some(to) = target.first() else {
        return Some("names the root of the crate, which hides what is taken from it".to_owned());
    };
    if forges_a_grant(module, target) && !is_test {
        return Some(format!("{shown}: a write grant is made in cluster/grant.rs only"));
    }
    if from == to {
        return if from == "tui" { within_console(module, target, &shown) } else { None };
    }
    if is_test && to == "kafka" && target.iter().any(|segment| segment == SCRIPTED) {
        return None;
    }
    let allowed = ROOMS.iter().find(|(name, _)| name == from).map_or(&[][..], |(_, allowed)| allowed);
    if !allowed.contains(&to.as_str()) {
        return Some(format!("{from} may not know {to} ({shown})"));
    }
    match target {
        [tui, part, ..] if tui == "tui" && CONSOLE.iter().any(|(name, _)| name == part) => {
            Some(format!("{from} may know the console's door only ({shown})"))
        }
        _ => None,
    }
}

fn within_console(module: &[String], target: &[String], shown: &str) -> Option<String> {
    let (from, to) = (module.get(1)?, target.get(1));
    let Some(to) = to.filter(|to| CONSOLE.iter().any(|(name, _)| name == *to)) else {
        return Some(format!("tui/{from} may not know its door ({shown})"));
    };
    let allowed = CONSOLE.iter().find(|(name, _)| name == from).map_or(&[][..], |(_, allowed)| allowed);
    (from != to && !allowed.contains(&to.as_str())).then(|| format!("tui/{from} may not know tui/{to} ({shown})"))
}

fn forges_a_grant(module: &[String], target: &[String]) -> bool {
    let is_home = module == ["cluster", "grant"];
    !is_home && matches!(target, [.., name, call] if name == "WriteGrant" && call == "issue")
}

fn outside(module: &[String], target: &[String], is_test: bool) -> Option<String> {
    let name = target.first()?;
    let shown = target.join("::");
    if let Some((_, places)) = OUTSIDE.iter().find(|(names, _)| names.contains(&name.as_str()))
        && !places.iter().any(|place| is_in(module, place))
        && !(is_test && SCRIPTING.iter().any(|(room, messages)| is_in(module, room) && name == messages))
    {
        return Some(format!("{name} belongs to {} ({shown})", places.join(", ")));
    }
    let names = |banned: &&str| shown == **banned || shown.starts_with(&format!("{banned}::"));
    if !is_test && WALL_CLOCK.iter().any(&names) && !CLOCK_ROOMS.iter().any(|room| is_in(module, room)) {
        return Some(format!("the clock is read in {} ({shown})", CLOCK_ROOMS.join(", ")));
    }
    let pure = PURE.iter().find(|place| is_in(module, place))?;
    if ASYNC.contains(&name.as_str()) {
        return Some(format!("{pure} is synchronous ({shown})"));
    }
    let is_impure = IMPURE.iter().any(names);
    (is_impure && !is_test).then(|| format!("{pure} is pure ({shown})"))
}

/// `tui::app` holds `tui/app.rs` and everything below; `tui` in the table of
/// outside crates holds the whole console.
fn is_in(module: &[String], place: &str) -> bool {
    let mut segments = module.iter();
    place.split("::").all(|part| segments.next().is_some_and(|segment| segment == part))
}

fn sources() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = BTreeMap::new();
    let mut folders = vec![root.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the sources are readable") {
            let path = entry.expect("the sources are readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).expect("below the root").to_string_lossy().into_owned();
                files.insert(name, fs::read_to_string(&path).expect("the sources are readable"));
            }
        }
    }
    files
}

#[test]
fn every_room_knows_only_what_it_may() {
    let files = sources();
    assert!(files.contains_key("src/lib.rs"), "the sources were not found");
    let found = violations(&files);
    assert!(found.is_empty(), "{} violations:\n{}", found.len(), found.join("\n"));
}

#[test]
fn every_file_is_compiled() {
    assert_eq!(unreached(&sources()), Vec::<String>::new(), "no `mod` leads to these");
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn judge(file: &str, source: &str) -> Vec<String> {
        violations(&BTreeMap::from([(file.to_owned(), source.to_owned())]))
    }

    #[rstest]
    #[case::plain_import("src/domain/x.rs", "use crate::kafka::Client;", "domain may not know kafka")]
    #[case::grouped(
        "src/tui/app.rs",
        "use crate::{domain::Time, kafka::wire::{self, Pool}};",
        "tui may not know kafka"
    )]
    #[case::exported("src/cluster.rs", "pub use crate::demo::Demo;", "cluster may not know demo")]
    #[case::by_super("src/kafka/wire/x.rs", "use super::super::super::cluster::Cluster;", "kafka may not know cluster")]
    #[case::by_own_name("src/main.rs", "fn main() { klamm::demo::run() }", "main may not know demo")]
    #[case::written_out(
        "src/decode/x.rs",
        "fn f() { let x = crate::kafka::fetch::go(); }",
        "decode may not know kafka"
    )]
    #[case::in_a_type("src/profile/x.rs", "fn f(x: &crate::cluster::Cluster) {}", "profile may not know cluster")]
    #[case::in_a_macro("src/domain/x.rs", "macro_rules! m { () => { $crate::tui::run() } }", "domain may not know tui")]
    #[case::in_a_module(
        "src/domain/x.rs",
        "mod inner { use super::super::super::cli::Args; }",
        "domain may not know cli"
    )]
    #[case::through_a_bare_import("src/cli/x.rs", "use crate::tui; fn f() { tui::app::go() }", "console's door only")]
    #[case::through_an_alias("src/cli/x.rs", "use crate::tui as t; fn f() { t::ui::go() }", "console's door only")]
    #[case::behind_the_door("src/cli/x.rs", "use crate::tui::app::State;", "console's door only")]
    #[case::root_alias("src/demo/x.rs", "use crate as everything;", "names the root")]
    #[case::root_glob("src/demo/x.rs", "use crate::*;", "names the root")]
    #[case::app_knows_ui("src/tui/app/x.rs", "use crate::tui::ui::Theme;", "tui/app may not know tui/ui")]
    #[case::ui_knows_runtime("src/tui/ui/x.rs", "use super::super::runtime::Loop;", "tui/ui may not know tui/runtime")]
    #[case::command_knows_app("src/tui/command.rs", "use super::app::State;", "tui/command may not know tui/app")]
    #[case::no_room("src/utils.rs", "", "`utils` is no room")]
    #[case::no_part("src/tui/helpers.rs", "", "`tui/helpers` is no part")]
    #[case::root_reexport("src/lib.rs", "pub mod kafka; pub use crate::kafka::wire;", "the root only declares")]
    #[case::crate_in_wrong_room("src/cluster/x.rs", "use ratatui::Frame;", "ratatui belongs to tui")]
    #[case::crate_from_the_top("src/cluster/x.rs", "fn f() { ::reqwest::get(); }", "reqwest belongs to services")]
    #[case::crate_as_attribute("src/demo/x.rs", "#[derive(clap::Args)] struct A;", "clap belongs to cli")]
    #[case::crate_by_extern_in_room("src/kafka/wire.rs", "extern crate rdkafka;", "rdkafka belongs to kafka::produce")]
    #[case::bare_crate("src/kafka/wire.rs", "use rdkafka;", "rdkafka belongs to kafka::produce")]
    #[case::codec_in_cluster(
        "src/cluster/x.rs",
        "use kafka_protocol::messages;",
        "kafka_protocol belongs to kafka, demo"
    )]
    #[case::async_domain("src/domain/x.rs", "async fn f() { tokio::time::sleep(d).await }", "domain is synchronous")]
    #[case::async_app("src/tui/app.rs", "use tokio::sync::mpsc;", "tui::app is synchronous")]
    #[case::async_ui("src/tui/ui/x.rs", "use futures::Stream;", "tui::ui is synchronous")]
    #[case::async_decode("src/decode.rs", "use tokio_util::sync;", "decode is synchronous")]
    #[case::clock("src/domain/x.rs", "use std::time::{Duration, Instant};", "domain is pure")]
    #[case::files("src/tui/app/x.rs", "fn f() { std::fs::read(p) }", "tui::app is pure")]
    #[case::calendar("src/domain/x.rs", "use jiff::Timestamp; fn f() { Timestamp::now() }", "the clock is read in")]
    #[case::time_of_day("src/cli/x.rs", "use std::time::SystemTime;", "the clock is read in")]
    #[case::forged("src/kafka/x.rs", "fn f() { crate::domain::WriteGrant::issue() }", "cluster/grant.rs only")]
    #[case::forged_after_import(
        "src/cluster/x.rs",
        "use crate::domain::WriteGrant; fn f() { WriteGrant::issue() }",
        "cluster/grant.rs only"
    )]
    #[case::forged_by_alias(
        "src/cluster/x.rs",
        "use crate::domain::WriteGrant as Key; fn f() { Key::issue() }",
        "cluster/grant.rs only"
    )]
    #[case::side_door("src/domain/x.rs", "#[path = \"../kafka/wire.rs\"] mod wire;", "side door")]
    #[case::included("src/domain/x.rs", "include!(\"../kafka/wire.rs\");", "side door")]
    #[case::after_a_lifetime(
        "src/domain/x.rs",
        "fn f<'a>(c: &'a str) { let q = '\"'; crate::cli::go() } // \"",
        "know cli"
    )]
    #[case::after_a_raw_string("src/domain/x.rs", "const A: &str = r#\"\"//\"#; use crate::cli::X;", "know cli")]
    #[case::test_in_wrong_room(
        "src/domain/x.rs",
        "#[cfg(test)] mod tests { use crate::kafka::wire::Pool; }",
        "domain may not know kafka"
    )]
    fn a_wrong_way_is_seen(#[case] file: &str, #[case] source: &str, #[case] why: &str) {
        let found = judge(file, source);
        assert!(found.iter().any(|complaint| complaint.contains(why)), "{found:?}");
    }

    #[rstest]
    #[case::comment("src/domain/x.rs", "// use crate::kafka::X;\n/* crate::cli /* tokio::x */ crate::tui */")]
    #[case::string("src/domain/x.rs", "const A: &str = \"use crate::kafka::X; \\\" tokio::spawn\";")]
    #[case::raw_string("src/domain/x.rs", "const A: &str = r##\"crate::kafka::X \"# tokio::spawn\"##;")]
    #[case::byte_and_char("src/domain/x.rs", "const A: [u8; 1] = *b\"x\"; const B: char = '\\''; const C: u8 = b'\"';")]
    #[case::own_room("src/kafka/admin/x.rs", "use super::super::wire::Pool; use crate::kafka::fetch;")]
    #[case::own_file("src/kafka.rs", "pub mod wire; pub use wire::Pool;")]
    #[case::door("src/cli/x.rs", "use crate::tui; fn f() { tui::run(); crate::tui::Options::default(); }")]
    #[case::console_door("src/tui.rs", "mod app; mod runtime; use app::State; pub use runtime::run;")]
    #[case::text_area("src/tui/app/input.rs", "use tui_textarea::TextArea;")]
    #[case::producer("src/kafka/produce.rs", "use rdkafka::producer::FutureProducer;")]
    #[case::exporter("src/cli/exporter.rs", "use hyper::Request;")]
    #[case::grant("src/cluster/grant.rs", "use crate::domain::WriteGrant; fn f() { WriteGrant::issue() }")]
    #[case::durations("src/domain/x.rs", "use std::time::Duration; use jiff::Timestamp;")]
    #[case::same_name("src/demo/x.rs", "fn f(tokio: T) { x.kafka(); self.cli.tui; }")]
    #[case::precise_capture("src/demo/x.rs", "fn f<'a>() -> impl Sized + use<'a> {}")]
    #[case::scripted_broker(
        "src/services/x.rs",
        "#[cfg(test)] mod tests { use crate::kafka::wire::scripted::Broker; fn f() { std::fs::read(p) } }"
    )]
    #[case::grant_in_a_test(
        "src/kafka/x.rs",
        "#[cfg(test)] mod tests { use crate::domain::WriteGrant; fn f() { WriteGrant::issue() } }"
    )]
    #[case::test_item("src/domain/x.rs", "#[cfg(test)] #[expect(x)] use std::fs::{read, write};\nfn f() {}")]
    fn a_right_way_is_left_alone(#[case] file: &str, #[case] source: &str) {
        assert_eq!(judge(file, source), Vec::<String>::new());
    }

    #[test]
    fn what_follows_a_test_item_is_not_a_test() {
        let found = judge("src/domain/x.rs", "#[cfg(test)] fn a() -> [u8; 2] { b() }\nuse std::fs;");
        assert_eq!(found, ["src/domain/x.rs:2: domain is pure (std::fs)"]);
    }

    #[test]
    fn a_test_module_may_live_in_its_own_file() {
        let files = BTreeMap::from([
            ("src/demo/log.rs".to_owned(), "#[cfg(test)] mod tests;".to_owned()),
            ("src/demo/log/tests.rs".to_owned(), "use crate::kafka::wire::scripted::Broker;".to_owned()),
            ("src/demo/log/real.rs".to_owned(), "use crate::kafka::wire::scripted::Broker;".to_owned()),
        ]);
        assert_eq!(
            violations(&files),
            ["src/demo/log/real.rs:1: demo may not know kafka (crate::kafka::wire::scripted::Broker)"]
        );
    }

    #[test]
    fn a_file_that_no_mod_leads_to_is_seen() {
        let files = [
            ("src/lib.rs", "pub mod demo; // mod domain;\nconst A: &str = \"mod domain;\";"),
            ("src/main.rs", ""),
            ("src/demo.rs", "mod log; mod inner { pub mod deep; } #[cfg(test)] mod tests;"),
            ("src/demo/log.rs", ""),
            ("src/demo/inner/deep.rs", ""),
            ("src/demo/tests.rs", ""),
            ("src/demo/clipboard.rs", ""),
            // Dead files that name each other are dead all the same.
            ("src/domain.rs", "mod time;"),
            ("src/domain/time.rs", ""),
        ];
        let files = files.map(|(file, source)| (file.to_owned(), source.to_owned())).into();
        assert_eq!(unreached(&files), ["src/demo/clipboard.rs", "src/domain.rs", "src/domain/time.rs"]);
    }
}
