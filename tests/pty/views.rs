//! Every view as one sits before it: opened, driven, left. On the demo, which moves.

use super::console::Console;
use super::story;

/// The demo, when its three brokers are there.
fn open() -> Console {
    let console = Console::open(&["demo"], 120, 40);
    console.sees("3 brokers");
    console
}

/// Out of the view, out of klamm; the terminal is as it was.
fn leave(mut console: Console) {
    console.press("1");
    console.sees("[1 Overview]");
    console.press("q");
    assert_eq!(console.ends(), 0);
    console.assert_restored();
}

/// One level out, when what was there is gone: a key that comes with an escape is
/// another key to a terminal.
fn escapes(console: &Console, from: &str) {
    console.press("<esc>");
    console.sees_no_more(from);
}

#[test]
fn the_overview_is_walked_pane_by_pane_and_leads_into_what_it_shows() {
    let console = open();
    console.wait("health, brokers, topics and groups", |screen| {
        ["offline partitions", "HOST", "RECORDS/s", "Groups to look at", "seen by klamm since"]
            .iter()
            .all(|text| screen.contains(text))
    });
    console.press("<tab>l");
    console.sees("Leaders, the most uneven first");
    console.press("h");
    console.sees("HOST");
    console.press("<tab>");
    // The busiest topic, from its row to its partitions and back.
    console.wait("rates of topics", |screen| !screen.contains("measuring rates"));
    console.press("<enter>");
    console.wait("the topic", |screen| screen.contains("[2 Topics]") && screen.contains("LEADER"));
    console.press("[");
    console.sees("[1 Overview]");
    console.press("<tab>");
    console.wait("groups that are behind", |screen| screen.contains("nightly"));
    console.press("<enter>");
    console.wait("the group", |screen| screen.contains("[3 Groups]") && screen.contains("COMMITTED"));
    console.press("<esc>");
    console.sees("[1 Overview]");
    leave(console);
}

#[test]
fn topics_are_sorted_filtered_and_marked() {
    let console = open();
    console.press("2");
    console.sees("by name");
    console.press("sr");
    console.sees("by records ▾");
    console.press("sr");
    console.sees("by records ▴");
    console.press("s");
    console.sees("Sort by");
    escapes(&console, "Sort by");
    console.press("sn/no-such-topic");
    console.sees("no topics match ‘no-such-topic’; esc clears the filter");
    escapes(&console, "no topics match");
    console.press("/catalog.products<enter>");
    console.wait("one of many", |screen| screen.contains("/catalog.products") && screen.contains("▸ catalog.products"));
    console.press("<space>");
    console.sees("1 marked");
    console.press("<space>");
    console.sees_no_more("1 marked");
    console.press("D");
    console.sees("klamm topics delete catalog.products");
    console.press("n");
    console.sees_no_more("klamm topics delete");
    console.press("n");
    console.sees("New topic");
    console.press("no/slash<enter>");
    console.sees("✖");
    escapes(&console, "New topic");
    leave(console);
}

#[test]
fn a_topic_shows_its_partitions_its_groups_and_its_configuration() {
    let console = open();
    story::open_topic(&console, "catalog.products");
    console.sees("skew");
    console.press("j");
    console.press("l");
    console.wait("who reads it", |screen| screen.contains("[Groups") && screen.contains("search-indexer"));
    console.press("l");
    console.wait("what is set", |screen| screen.contains("[Configs") && screen.contains("cleanup.policy"));
    console.press("G");
    console.press("hh");
    console.sees("[Partitions]");
    console.press("p");
    console.sees("Partitions for catalog.products: 6 now");
    console.press("e");
    console.sees("next field");
    escapes(&console, "next field");
    escapes(&console, "Partitions for");
    console.press("<esc>");
    console.sees("/ filter");
    leave(console);
}

#[test]
fn groups_are_sorted_filtered_and_looked_into() {
    let console = open();
    console.press("3");
    console.sees("by verdict ▾");
    console.press("sl");
    console.sees("by lag ▾");
    console.press("st");
    console.sees("by state");
    console.press("sn");
    console.sees("by name");
    console.press("/no-such-group");
    console.sees("no groups match ‘no-such-group’");
    escapes(&console, "no groups match");
    console.press("/search-indexer<enter>");
    console.sees("▸ search-indexer");
    console.press("<space>");
    console.sees("1 marked");
    console.press("<space>");
    console.press("<enter>");
    console.wait("its partitions", |screen| screen.contains("search-indexer ·") && screen.contains("COMMITTED"));
    console.press("jjk");
    console.press("l");
    console.wait("its members", |screen| screen.contains("[Members 2]") && screen.contains("CLIENT"));
    console.press("h");
    console.sees("[Partitions]");
    console.press("R");
    console.sees("Reset offsets of search-indexer");
    console.press("<down><down>tomorrow<enter>");
    console.sees("✖");
    escapes(&console, "Reset offsets of");
    console.press("<esc>");
    console
        .wait("the list, as it was left", |screen| screen.contains("▸ search-indexer") && screen.contains("/search"));
    leave(console);
}

#[test]
fn records_are_followed_paused_decoded_and_narrowed() {
    let console = open();
    console.press("4");
    console.sees("no topic is open");
    story::open_topic(&console, "catalog.products");
    console.press("t");
    console.wait("records as text", |screen| screen.contains("OFFSET") && screen.contains("{\""));
    console.press("f");
    console.sees("paused");
    console.press("kkk");
    console.sees("Avro catalog.products-value");
    console.press("w<tab>");
    console.press("<tab>");
    console.sees("by the producer");
    console.press("z");
    console.sees("Sizes of");
    console.press("z");
    console.sees("by the producer");
    console.press("<tab>v");
    console.sees("what fits");
    console.press("j<enter>");
    console.sees("as text");
    console.press("vg<enter>");
    console.sees_no_more("as text");
    console.press("i");
    console.wait("isolation", |screen| screen.contains("· committed") || screen.contains("read committed"));
    console.press("/");
    console.sees("that meet a query");
    console.press("nosuchbytes<enter>");
    console.sees("contains \"nosuchbytes\"");
    // A frame comes in pieces: the form before it may stand there still.
    console.sees_no_more("that meet a query");
    console.press("F");
    console.sees("Read records");
    escapes(&console, "Read records");
    escapes(&console, "nosuchbytes");
    leave(console);
}

/// A topic is made: the journal has it, the overview names the change, and the undo of
/// a later reset is planned from the journal and left.
#[test]
fn a_change_stands_in_the_journal_and_among_the_changes() {
    let console = open();
    console.press("9");
    console.sees("klamm has not changed anything on this cluster");
    console.press("2");
    console.sees("PART");
    console.press("n");
    console.sees("New topic");
    console.press("story.made-here<enter>");
    console.sees("klamm topics create story.made-here");
    console.press("G");
    console.sees("y  apply");
    console.press("y");
    console.sees("done and read back");
    escapes(&console, "done and read back");
    console.press("1<shift-tab>");
    console.wait("the change", |screen| {
        screen.contains("[1 Overview]") && screen.lines().any(|line| line.contains("story.made-here"))
    });
    console.press("3");
    console.opens_reset("invoice-export-nightly");
    console.press("y");
    console.sees("done and read back");
    escapes(&console, "done and read back");
    console.press("9");
    console.wait("both changes", |screen| {
        screen.contains("▸ ") && screen.contains("Create topic") && screen.matches("✔ done").count() == 2
    });
    console.press("j");
    console.sees("cannot be undone");
    console.press("k");
    console.sees("u plans the undo");
    console.press("u");
    console.sees("Undo: ");
    console.press("n");
    console.sees_no_more("Undo: ");
    leave(console);
}

#[test]
fn profiles_are_looked_at_and_a_form_is_left() {
    let console = open();
    console.press("0");
    console.sees("[0 Profiles]");
    console.press("n");
    console.sees("New profile");
    console.press("half<tab>nowhere:x");
    console.sees("no port");
    escapes(&console, "New profile");
    console.press("d");
    console.sees("3 brokers");
    leave(console);
}

#[test]
fn the_palette_the_help_and_the_menus_open_narrow_and_close() {
    let console = open();
    console.press(":groups");
    console.sees("Consumer groups and their lag");
    console.press("<enter>");
    console.sees("[3 Groups]");
    console.press(":qqqqqq");
    console.sees("nothing has these letters");
    escapes(&console, "nothing has these letters");
    console.press("?");
    console.sees("Keys that work here");
    console.press("a");
    console.sees("All keys");
    console.press("/sort");
    console.wait("those about sorting", |screen| screen.contains("Sort by lag") && !screen.contains("Half a page"));
    escapes(&console, "/sort");
    escapes(&console, "All keys");
    console.press(":theme<enter>");
    console.sees("high-contrast");
    console.press("<down>");
    escapes(&console, "high-contrast");
    console.press("2");
    console.sees("PART");
    console.press("/catalog.products<enter>");
    console.sees("▸ catalog.products");
    console.press("c");
    console.sees("Copy");
    console.press("<enter>");
    console.sees("copied");
    assert!(console.tricks().iter().any(|trick| trick.contains("clipboard")), "{:?}", console.tricks());
    console.press("m");
    console.wait("what was said of it", |screen| screen.contains("[Messages]") && screen.contains("copied"));
    leave(console);
}
