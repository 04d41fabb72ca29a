//! The story that klamm exists for, as one sits before it: browse, see a group
//! fall behind, tail Avro as text, plan partitions, reset, undo.

use super::console::Console;

/// From anywhere to a topic's detail.
pub fn open_topic(console: &Console, topic: &str) {
    console.press("2");
    console.sees("PART");
    console.press(&format!("/{topic}<enter>"));
    console.sees(&format!("▸ {topic}"));
    console.press("<enter>");
    console.sees("LEADER");
}

/// The story on any cluster that holds such a topic, in Avro, and such a group,
/// empty and behind.
pub fn tell(console: &Console, topic: &str, group: &str) {
    // Browse: the topic and its partitions.
    open_topic(console, topic);

    // Tail: Avro as text.
    console.press("t");
    console.sees("OFFSET");
    console.wait("a record as text", |screen| screen.contains("{\""));

    // How many partitions does it need?
    console.press("<esc>");
    console.sees("LEADER");
    console.press("p");
    console.sees("Partitions for");
    console.press("<esc>");
    console.sees_no_more("Partitions for");

    // A group is behind: where?
    console.press("3");
    // Reset to the beginning: shown first, then done, then undone.
    console.opens_reset(group);
    console.press("y");
    console.sees("done and read back");
    console.press("u");
    console.sees("Undo: ");
    // A yes counts only when the last row was seen.
    console.press("G");
    console.sees("y  apply");
    console.press("y");
    console.sees("done and read back");
}
