//! What must hold on every cluster: the demo, and each real one.
//!
//! A check makes its own topics and groups through the witness, uses the binary
//! as a script would, and looks at the result through the witness again. That is
//! how the demo cannot drift from the truth.

mod application;
mod changing;
mod compacted;
mod formats;
mod letters;
mod looking;
mod moving;
mod outlook;
mod producing;
mod reading;
mod registries;
mod searching;
mod sending;
mod sitting;
mod taking;
mod together;
mod types;
mod unfinished;

pub use sitting::{hostile_bytes, the_story};
pub use types::in_the_world;

use crate::target::Target;
use crate::witness::{Seed, Witness};

pub type Check = (&'static str, fn(&Target));

pub const CHECKS: &[Check] = &[
    ("connect", looking::connect),
    ("connect/step by step", looking::probe),
    ("list", looking::list),
    ("describe", looking::describe),
    ("describe/disks", looking::disks),
    ("lag", looking::lag),
    ("verdict", looking::verdict),
    ("outlook/lag in time and headroom", outlook::waiting),
    ("outlook/ends of transactions and open ones", outlook::transactions),
    ("exporter", outlook::exporter),
    ("verdict/members that come and go", sitting::rebalances),
    ("console/pages, one record, and marks", sitting::pages),
    ("fetch", reading::fetch),
    ("fetch/from where one asks", reading::starts),
    ("fetch/every codec", reading::codecs),
    ("fetch/five megabytes", reading::large),
    ("compression", reading::compression),
    ("dead letters", letters::dead_letters),
    ("fetch/transactions", reading::transactions),
    ("fetch/only what is committed", reading::isolation),
    ("fetch/from the nearest replica", reading::nearest),
    ("fetch/a topic deleted meanwhile", reading::deleted_meanwhile),
    ("search/every codec", searching::codecs),
    ("search/gaps", searching::gaps),
    ("compacted by the log cleaner", compacted::after_cleaning),
    ("search/a range of time", searching::times),
    ("search/a key", searching::keys),
    ("search/what cannot be decoded", searching::undecodable),
    ("search/several topics", searching::topics),
    ("together/all that a full read finds", together::everything),
    ("together/what became of transactions", together::transactions),
    ("together/stats", together::stats),
    ("together/in two parts", together::in_two_parts),
    ("avro", reading::avro),
    ("avro/registry down", reading::registry_down),
    ("formats/by the registry", formats::registered),
    ("formats/without a schema", formats::without_a_schema),
    ("formats/by a schema file", formats::by_a_schema_file),
    ("formats/of Kafka itself", formats::of_kafka_itself),
    ("formats/masked", formats::masked),
    ("reset and undo", changing::reset_and_undo),
    ("reset/only what is named", changing::reset_scope),
    ("reset/below the log start", changing::below_the_log_start),
    ("reset/refused while members are there", changing::reset_of_a_living_group),
    ("reset/refused when the group came alive", changing::came_alive),
    ("reset/refused without a journal", changing::no_journal),
    ("add partitions", changing::add_partitions),
    ("add partitions/offset 0 for who is away", changing::commit_zero),
    ("reset/the right that undo needs", changing::right_to_undo),
    ("delete a group", taking::group),
    ("delete groups/one of them alive", taking::groups),
    ("delete a group/refused when it came alive", changing::came_alive_before_its_end),
    ("delete offsets", taking::some_offsets),
    ("group settings", taking::settings),
    ("remove members", taking::members),
    ("remove members/static", taking::static_members),
    ("copy a group", moving::copied),
    ("export and import", moving::written_down),
    ("peek", moving::peek),
    ("reset/from a mirror", moving::from_a_mirror),
    ("reset/from a mirror that keeps names", moving::from_a_mirror_that_keeps_names),
    ("reset/several groups", moving::several_groups),
    ("reset/only where records wait", moving::only_lagging),
    ("cut short/offsets", unfinished::offsets),
    ("cut short/partitions", unfinished::partitions),
    ("cut short/creation", unfinished::creation),
    ("cut short/deletion", unfinished::deletion),
    ("produce/one record", producing::one_record),
    ("produce/codecs and acks", producing::deliveries),
    ("produce/partitioners", producing::partitioners),
    ("produce/repeated", producing::repeated),
    ("produce/by a schema", producing::by_schema),
    ("produce/in other forms", producing::in_other_forms),
    ("produce/refused before it is sent", producing::refused_before),
    ("create and delete", changing::create_and_delete),
    ("send again/as they are", sending::as_they_are),
    ("send again/killed and resumed", sending::killed_and_resumed),
    ("send again/dead letters", sending::redriven),
    ("send again/from a file", sending::stored),
    ("read-only refuses", changing::read_only),
    ("mistyped groups", changing::mistyped),
];

/// What holds where brokers assign partitions themselves.
pub const MODERN: &[Check] = &[
    ("remove members/of the consumer protocol", taking::members_of_the_consumer_protocol),
    ("remove members/static, of the consumer protocol", taking::static_members_of_the_consumer_protocol),
    ("types/share", types::share),
    ("types/streams", types::streams),
    ("types/consumer", types::consumer),
];

/// What holds where the broker assigns the tasks of Kafka Streams, as that itself shows.
/// Whether the brokers keep the nodes of its topology is told to it.
pub const APPLICATION: (&str, fn(&Target, bool)) = ("types/an application of Kafka Streams", application::streams);

/// Between clusters with a registry each; the last argument: have these GUIDs?
pub const BETWEEN_REGISTRIES: fn(&Target, &Target, bool) = registries::mapped;

/// The last argument: has the registry contexts?
pub const IN_CONTEXTS: fn(&Target, bool) = registries::in_contexts;

/// `count` small records in one partition: `<prefix>-0`, `<prefix>-1`, …
fn fill(witness: &Witness, topic: &str, partition: i32, prefix: &str, count: usize) {
    let values: Vec<String> = (0..count).map(|index| format!("{prefix}-{index}")).collect();
    let seeds: Vec<Seed<'_>> =
        values.iter().map(|value| Seed { partition, value: Some(value.as_bytes()), ..Seed::default() }).collect();
    witness.produce(topic, &seeds);
}
