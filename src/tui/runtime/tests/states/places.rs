//! The scenes of the views.

use super::super::group_types;
use super::*;
use crate::cluster::Tally;
use crate::domain::group::{GroupType, Subtopology, Topology};
use crate::domain::record::DecodedRecord;

pub(super) fn overview_scenes(all: &mut Scenes) {
    let panes = [
        ("health", "1"),
        ("brokers", "1 tab"),
        ("leaders", "1 tab l"),
        ("busiest", "1 tab tab"),
        ("worst", "1 tab tab tab"),
    ];
    for (pane, keys) in panes {
        all.add(Place::Overview, pane, Loading, "asking for", move || asked(keys));
        all.add(Place::Overview, pane, Failed, "list topics", move || all_failed(asked(keys)));
        all.add(Place::Overview, pane, Stale, "as of 14:03:07", move || all_failed(filled(keys)));
        let says = match pane {
            "health" => "offline partitions",
            "brokers" => "HOST",
            "leaders" => "TOPIC",
            "busiest" => "RECORDS/s",
            _ => "GROUP",
        };
        all.add(Place::Overview, pane, Filled, says, move || filled(keys));
    }
    all.add(Place::Overview, "leaders", Empty, "this cluster has no topics you may see", || empty_cluster("1 tab l"));
    all.add(Place::Overview, "busiest", Empty, "there are no topics", || empty_cluster("1 tab tab"));
    all.add(Place::Overview, "worst", Empty, "there are no groups", || empty_cluster("1 tab tab tab"));
    all.add(Place::Overview, "health", Condition::Partial, "?", || in_part(filled("1")));
    all.add(Place::Overview, "brokers", Condition::Partial, "not in cluster", || {
        let mut desk = filled("1 tab");
        let rows: Vec<BrokerRow> = (*canned::brokers()).clone();
        let rows = rows.into_iter().map(|row| BrokerRow {
            disk_used: crate::domain::Fact::unknown("not authorised"),
            broker: row.broker.filter(|_| row.id.0 != 2),
            ..row
        });
        later(&mut desk, Slot::Brokers, Answer::Brokers(Ok(Arc::new(rows.collect()))));
        desk
    });
    all.add(Place::Overview, "busiest", Condition::Partial, "in part:", || in_part(filled("1 tab tab")));
    all.add(Place::Overview, "worst", Condition::Partial, "in part:", || in_part(filled("1 tab tab tab")));
    all.add(Place::Overview, "health", ReadOnly, "READ-ONLY", || looking("1"));
    all.add(Place::Overview, "changes", Empty, "nothing so far", || filled("1 shift-tab"));
    all.add(Place::Overview, "changes", Filled, "14:03", || {
        let mut desk = filled("1 shift-tab");
        let mut metadata = (*canned::metadata()).clone();
        metadata.version = 2;
        metadata.topics.insert(1, canned::topic("aaa", 1, 3, None));
        desk.answer(Slot::Metadata, Answer::Metadata(Ok(Arc::new(metadata))));
        desk
    });
}

pub(super) fn list_scenes(all: &mut Scenes) {
    for (place, keys, what) in [(Place::Topics, "2", "topics"), (Place::Groups, "3", "groups")] {
        let loading = if what == "topics" { "asking for topics…" } else { "asking for groups…" };
        all.add(place, "list", Loading, loading, move || asked(keys));
        let says = if what == "topics" {
            "this cluster has no topics you may see"
        } else {
            "this cluster has no groups you may see"
        };
        all.add(place, "list", Empty, says, move || empty_cluster(keys));
        all.add(place, "list", Failed, "list topics", move || all_failed(asked(keys)));
        all.add(place, "list", Condition::Partial, "in part:", move || in_part(filled(keys)));
        all.add(place, "list", Stale, "as of 14:03:07", move || all_failed(filled(keys)));
        all.add(place, "list", ReadOnly, "READ-ONLY", move || looking(keys));
        let says = if what == "topics" { "NAME" } else { "GROUP" };
        all.add(place, "list", Filled, says, move || {
            let mut desk = filled(keys);
            desk.press("space j space");
            desk
        });
        let (no, some) = if what == "topics" { ("2 / 'xyz'", "2 / 'o'") } else { ("3 / 'xyz'", "3 / 'o'") };
        let says = if what == "topics" { "no topics match ‘xyz’" } else { "no groups match ‘xyz’" };
        let pane = if what == "topics" { "topics" } else { "groups" };
        all.add(Place::Filter, pane, Empty, says, move || filled(no));
        all.add(Place::Filter, pane, Filled, "by", move || filled(some));
    }
}

pub(super) fn topic_scenes(all: &mut Scenes) {
    let orders = "2 j j j j j enter";
    all.add(Place::Topic, "partitions", Filled, "LEADER", move || filled(orders));
    all.add(Place::Topic, "partitions", ReadOnly, "READ-ONLY", move || looking(orders));
    all.add(Place::Topic, "partitions", Empty, "the topic is gone", move || {
        let mut metadata = (*canned::metadata()).clone();
        metadata.version = 2;
        metadata.topics.remove(5);
        let mut desk = filled(orders);
        later(&mut desk, Slot::Metadata, Answer::Metadata(Ok(Arc::new(metadata))));
        desk
    });
    all.add(Place::Topic, "partitions", Condition::Partial, "?", move || {
        let mut logs = (*canned::logs()).clone();
        logs.version = 2;
        for (_, log) in &mut logs.topics {
            let mut unknown = (**log).clone();
            for partition in unknown.partitions.iter_mut().skip(1).step_by(2) {
                partition.end = crate::domain::Fact::unknown("broker 2 did not answer");
                partition.size = crate::domain::Fact::unknown("broker 2 did not answer");
            }
            *log = Arc::new(unknown);
        }
        let mut desk = filled(orders);
        later(&mut desk, Slot::TopicLogs, Answer::TopicLogs(Ok(Arc::new(logs))));
        desk
    });
    let groups = || filled("2 j j j j j enter l");
    let answer = |answer| with(filled("2 j j j j j enter l"), Slot::TopicGroups, Answer::TopicGroups(answer));
    all.add(Place::Topic, "groups", Loading, "asking for groups that read it…", groups);
    let empty = |failures| Ok(Arc::new(Partial { value: Vec::new(), failures }));
    all.add(Place::Topic, "groups", Empty, "no group has offsets or members in this topic", move || {
        answer(empty(Vec::new()))
    });
    all.add(Place::Topic, "groups", Failed, "no answer within 5 s", move || answer(Err(canned::failure())));
    all.add(Place::Topic, "groups", Unsupported, "this cluster does not know the request", move || {
        answer(Err(unsupported()))
    });
    all.add(Place::Topic, "groups", Condition::Partial, "in part:", move || answer(empty(vec![canned::failure()])));
    all.add(Place::Topic, "groups", Filled, "GROUP", move || answer(Ok(canned::topic_groups())));
    all.add(Place::Topic, "groups", Stale, "as of 14:03:07", move || {
        let mut desk = answer(Ok(canned::topic_groups()));
        later(&mut desk, Slot::TopicGroups, Answer::TopicGroups(Err(canned::failure())));
        desk
    });
    let configs = || filled("2 j j j j j enter l l");
    let answer = |answer| with(filled("2 j j j j j enter l l"), Slot::TopicConfigs, Answer::TopicConfigs(answer));
    all.add(Place::Topic, "configs", Loading, "asking for its configuration…", configs);
    all.add(Place::Topic, "configs", Failed, "no answer within 5 s", move || answer(Err(canned::failure())));
    all.add(Place::Topic, "configs", Unsupported, "this cluster does not know the request", move || {
        answer(Err(unsupported()))
    });
    all.add(Place::Topic, "configs", Filled, "VALUE", move || answer(Ok(canned::configs())));
    all.add(Place::Topic, "configs", Stale, "as of 14:03:07", move || {
        let mut desk = answer(Ok(canned::configs()));
        later(&mut desk, Slot::TopicConfigs, Answer::TopicConfigs(Err(canned::failure())));
        desk
    });
}

pub fn in_group(access: Access, answer: Result<Arc<GroupDetail>, Failure>) -> Desk {
    let mut desk = Desk::filled(access);
    desk.press("3 enter");
    with(desk, Slot::Group, Answer::Group(answer))
}

pub(super) fn group_scenes(all: &mut Scenes) {
    let write = Access::ReadWrite;
    all.add(Place::Group, "partitions", Loading, "asking for the group…", || filled("3 enter"));
    all.add(Place::Group, "partitions", Failed, "no answer within 5 s", move || {
        in_group(write, Err(canned::failure()))
    });
    all.add(Place::Group, "partitions", Unsupported, "this cluster does not know the request", move || {
        in_group(write, Err(unsupported()))
    });
    all.add(Place::Group, "partitions", Filled, "TOPIC", move || in_group(write, Ok(canned::group(GroupState::Empty))));
    all.add(Place::Group, "partitions", ReadOnly, "READ-ONLY", move || {
        in_group(Access::ReadOnly, Ok(canned::group(GroupState::Stable)))
    });
    all.add(Place::Group, "partitions", Filled, "TOPIC", move || {
        in_group(write, Ok(group_types::share(GroupState::Stable)))
    });
    all.add(Place::Group, "members", Filled, "CLIENT", move || {
        let mut desk = in_group(write, Ok(group_types::streams(GroupState::Reconciling)));
        desk.press("l");
        desk
    });
    let bare = || {
        let mut detail = (*canned::group(GroupState::Empty)).clone();
        detail.partitions.clear();
        detail.history.clear();
        detail
    };
    all.add(Place::Group, "partitions", Empty, "nothing is committed and nothing assigned", move || {
        in_group(write, Ok(Arc::new(bare())))
    });
    all.add(Place::Group, "partitions", Condition::Partial, "in part:", move || {
        let mut detail = (*canned::group(GroupState::Stable)).clone();
        detail.failures = vec![canned::failure()];
        detail.judged = crate::domain::Fact::unknown("the log of commits may not be read");
        in_group(write, Ok(Arc::new(detail)))
    });
    all.add(Place::Group, "partitions", Stale, "as of 14:03:07", move || {
        let mut desk = in_group(write, Ok(canned::group(GroupState::Stable)));
        later(&mut desk, Slot::Group, Answer::Group(Err(canned::failure())));
        desk
    });
    all.add(Place::Group, "members", Empty, "the group has no members", move || {
        let mut desk = in_group(write, Ok(canned::group(GroupState::Empty)));
        desk.press("l");
        desk
    });
    all.add(Place::Group, "timeline", Empty, "nothing happened since klamm looks", move || {
        let mut detail = (*canned::group(GroupState::Empty)).clone();
        detail.events.clear();
        let mut desk = in_group(write, Ok(Arc::new(detail)));
        desk.press("l l");
        desk
    });
    all.add(Place::Group, "timeline", Filled, "SEEN AT", move || {
        let mut desk = in_group(write, Ok(canned::group(GroupState::Stable)));
        desk.press("l l");
        desk
    });
    let topology = move |topology: Option<Option<Vec<Subtopology>>>, kind| {
        let mut detail = (*canned::group(GroupState::Stable)).clone();
        detail.description.listing.kind = kind;
        detail.description.topology = topology.map(|subtopologies| {
            Box::new(Topology { epoch: 2, subtopologies, nodes: crate::domain::Fact::unknown("-") })
        });
        let mut desk = in_group(write, Ok(Arc::new(detail)));
        desk.press("l l");
        desk
    };
    all.add(Place::Group, "topology", Unsupported, "its broker tells no topology", move || {
        topology(None, GroupType::Streams)
    });
    all.add(Place::Group, "topology", Condition::Partial, "source topics are missing", move || {
        topology(Some(None), GroupType::Streams)
    });
    all.add(Place::Group, "topology", Filled, "repartition sink", move || {
        let named = |names: &[&str]| names.iter().map(|name| canned::called(name).as_str().into()).collect();
        let reads = Subtopology {
            id: "0".into(),
            sources: named(&["payments"]),
            repartition_sources: Vec::new(),
            repartition_sinks: named(&["fraud-scoring-by-card-repartition"]),
            changelogs: Vec::new(),
        };
        let keeps = Subtopology {
            id: "1".into(),
            sources: Vec::new(),
            repartition_sources: named(&["fraud-scoring-by-card-repartition"]),
            repartition_sinks: Vec::new(),
            changelogs: named(&["fraud-scoring-velocity-changelog"]),
        };
        topology(Some(Some(vec![reads, keeps])), GroupType::Streams)
    });
    all.add(Place::Group, "members", Filled, "CLIENT", move || {
        let mut desk = in_group(write, Ok(canned::group(GroupState::Stable)));
        desk.press("l");
        desk
    });
}

fn update() -> RecordsUpdate {
    let times: Vec<i64> = (0..40).map(|n| canned::NOW.0 - 9_000 + n * 211).collect();
    let records = RecordRef::of_times(&canned::called("orders.v1").as_str().into(), 2, 990_400, &times);
    let counts = RecordCounts { seen: 3_204, matched: 3_204, dropped: 0, undecodable: 0, bytes: 400_000 };
    RecordsUpdate { records, counts, ..RecordsUpdate::default() }
}

fn reading(access: Access, update: Option<RecordsUpdate>) -> Desk {
    let mut desk = Desk::filled(access);
    desk.press("2 j j j j j t");
    if let Some(update) = update {
        desk.answer(Slot::Records, Answer::Records(update));
    }
    desk
}

/// Answers what the records view wants decoded, however many are in sight.
pub fn decode(desk: &mut Desk) {
    while let Some((generation, Request::Decode { records, .. })) = desk.open.remove(&Slot::Decode) {
        let decoded = records.iter().map(|record| canned::record(record.offset())).collect();
        desk.late(Slot::Decode, generation, Answer::Decoded(decoded));
    }
}

/// The same, each record being a dead letter.
pub fn decode_letters(desk: &mut Desk) {
    while let Some((generation, Request::Decode { records, .. })) = desk.open.remove(&Slot::Decode) {
        let decoded = records.iter().map(|record| canned::letter(record.offset())).collect();
        desk.late(Slot::Decode, generation, Answer::Decoded(decoded));
    }
}

pub(super) fn decoded(access: Access, keys: &str) -> Desk {
    read_with(decode, access, keys)
}

pub fn read_with(decode: fn(&mut Desk), access: Access, keys: &str) -> Desk {
    let mut desk = reading(access, Some(update()));
    for size in [(80, 24), (200, 50)] {
        desk.draw(size.0, size.1);
        decode(&mut desk);
    }
    if !keys.is_empty() {
        desk.press(keys);
    }
    desk
}

/// Answers what is asked about the records kept.
pub fn counted(desk: &mut Desk) {
    counted_as(desk, canned::record);
}

/// The same, each record being a dead letter.
pub fn counted_letters(desk: &mut Desk) {
    counted_as(desk, canned::letter);
}

fn counted_as(desk: &mut Desk, record: fn(i64) -> Arc<DecodedRecord>) {
    while let Some((generation, Request::Stats { before, come, wish, as_of, .. })) = desk.open.remove(&Slot::Stats) {
        let mut tally = before.unwrap_or_else(|| Tally::new(&wish, 12));
        let mut stats = (*tally.stats).clone();
        for reference in &come {
            stats.add(reference);
            stats.add_decoded(&record(reference.offset()), &wish);
        }
        tally.stats = Arc::new(stats);
        desk.late(Slot::Stats, generation, Answer::Stats(tally, as_of));
    }
}

/// A search from the beginning, in its middle or at its end.
fn searching(finished: bool) -> Desk {
    let mut desk = reading(Access::ReadWrite, None);
    desk.press("/ 'FAILED' tab 'earliest' enter");
    let topic: TopicName = canned::called("orders.v1").as_str().into();
    let passed = if finished { 1_000 } else { 420 };
    let counts = SearchCounts { seen: passed, matched: 3, offsets: 1_000, passed, ..SearchCounts::default() };
    let searched = TopicSearched {
        topic: topic.clone(),
        partitions: 12,
        counts,
        is_complete: finished,
        notes: Vec::new(),
        began: Default::default(),
        rest: Default::default(),
    };
    let records = RecordRef::of_times(&topic, 2, 990_400, &[canned::NOW.0 - 9_000; 3]);
    let update = SearchUpdate { records, topics: vec![searched], finished, ..SearchUpdate::default() };
    desk.draw(80, 24);
    desk.answer(Slot::Records, Answer::Searched(update));
    desk.draw(80, 24);
    decode(&mut desk);
    desk
}

pub(super) fn records_scenes(all: &mut Scenes) {
    let write = Access::ReadWrite;
    all.add(Place::Records, "nothing", Empty, "no topic is open", || filled("4"));
    all.add(Place::Records, "list", Loading, "reading…", move || reading(write, None));
    let caught = || RecordsUpdate { caught_up: true, ..RecordsUpdate::default() };
    all.add(Place::Records, "list", Empty, "nothing there yet: waiting for what is written from now on", move || {
        reading(write, Some(caught()))
    });
    all.add(Place::Records, "list", Failed, "waiting:", move || {
        reading(write, Some(RecordsUpdate { waiting: vec![canned::failure()], ..RecordsUpdate::default() }))
    });
    all.add(Place::Records, "list", Unsupported, "lie in remote storage", move || {
        let tiered = Some(TieredPart { records: 1_200_000, partitions: 12 });
        reading(write, Some(RecordsUpdate { tiered, ..RecordsUpdate::default() }))
    });
    all.add(Place::Records, "list", Condition::Partial, "in part:", move || {
        reading(write, Some(RecordsUpdate { failures: vec![canned::failure()], ..update() }))
    });
    all.add(Place::Records, "list", Stale, "paused", move || decoded(write, "k k"));
    all.add(Place::Records, "list", ReadOnly, "READ-ONLY", || decoded(Access::ReadOnly, ""));
    all.add(Place::Records, "list", Filled, "VALUE", move || decoded(write, ""));
    all.add(Place::Records, "list", Filled, "42 %", || searching(false));
    all.add(Place::Records, "list", Condition::Partial, "stopped", || {
        let mut desk = searching(false);
        desk.press("esc");
        desk
    });
    all.add(Place::Records, "list", Filled, "3 of 1,000 records", || searching(true));
    all.add(Place::Records, "value", Loading, "Value", move || {
        let mut desk = reading(write, Some(update()));
        desk.press("tab");
        desk
    });
    all.add(Place::Records, "value", Filled, "Avro", move || decoded(write, "k tab"));
    all.add(Place::Records, "facts", Loading, "Record", move || {
        let mut desk = reading(write, Some(update()));
        desk.press("tab tab");
        desk
    });
    all.add(Place::Records, "facts", Filled, "time", move || decoded(write, "k tab tab"));
    all.add(Place::Record, "value", Loading, "reading it", move || {
        let mut desk = reading(write, Some(update()));
        desk.press("enter");
        desk
    });
    all.add(Place::Record, "value", ReadOnly, "READ-ONLY", || decoded(Access::ReadOnly, "k enter"));
    all.add(Place::Record, "value", Filled, "customer-", move || decoded(write, "k enter"));
    all.add(Place::Record, "facts", Filled, "time", move || decoded(write, "k enter tab"));
    all.add(Place::Records, "sizes", Empty, "no record is kept yet", move || {
        let mut desk = reading(write, None);
        desk.press("z");
        desk
    });
    all.add(Place::Records, "sizes", Filled, "Sizes of 40 records", move || decoded(write, "k tab tab z"));
    all.add(Place::Records, "over time", Empty, "no record is kept yet", move || {
        let mut desk = reading(write, None);
        desk.press("a j j j j enter");
        desk.draw(80, 24);
        counted(&mut desk);
        desk
    });
    all.add(Place::Records, "counts", Loading, "counting…", move || {
        decoded(write, "k tab tab a j j enter 'value.state' enter")
    });
    for (pane, keys, shown) in [
        ("counts", "a j j enter 'value.state' enter", "declined"),
        ("latest", "a j j j enter", "The latest of each key"),
        ("over time", "a j j j j enter", "each line is"),
        ("keys", "a j j j j j enter", "different keys"),
    ] {
        all.add(Place::Records, pane, Filled, shown, move || {
            let mut desk = decoded(write, &format!("k tab tab {keys}"));
            counted(&mut desk);
            desk
        });
    }
}

pub(super) fn causes_scenes(all: &mut Scenes) {
    let write = Access::ReadWrite;
    all.add(Place::Records, "causes", Empty, "none of them says", move || {
        let mut desk = decoded(write, "k tab tab a j j j j j j enter");
        counted(&mut desk);
        desk
    });
    all.add(Place::Records, "causes", Filled, "LETTERS", move || {
        let mut desk = read_with(decode_letters, write, "k tab tab a j j j j j j enter");
        counted_letters(&mut desk);
        desk
    });
}

/// What the cluster shows of the second of these: done, not done, and not to be told.
pub fn looked_into() -> Answer {
    let now =
        StepStatus::Unknown(Failure::new(FailureKind::Conflict, "tell what became of it", "7 is committed there"));
    let steps = vec![StepStatus::Done, StepStatus::NotDone, now];
    let notes = vec![crate::domain::finish::found(&steps)];
    Answer::LookedInto(Ok(Arc::new(Outcome { notes, ..Outcome::of("19f-0", canned::NOW, steps) })))
}

/// A change that is done, and one whose result was never written.
pub fn entries() -> Vec<JournalEntry> {
    let plan = (*canned::plan(true, 3, Confirm::Yes)).clone();
    let outcome = Outcome::of(plan.id.clone(), canned::NOW, vec![StepStatus::Done; 3]);
    let done = JournalEntry {
        plan: plan.clone(),
        began: canned::NOW,
        outcome: Some(outcome),
        undone_by: None,
        finished_by: None,
        undo: Ok(()),
    };
    let open = JournalEntry {
        plan: Plan { id: "19f-0".into(), ..plan },
        outcome: None,
        undo: Err("what happened is not known".into()),
        ..done.clone()
    };
    vec![done, open]
}

fn journal(access: Access, answer: Result<JournalView, Failure>) -> Desk {
    let mut desk = Desk::filled(access);
    desk.press("9");
    with(desk, Slot::Journal, Answer::Journal(answer.map(Arc::new)))
}

pub(super) fn journal_scenes(all: &mut Scenes) {
    let write = Access::ReadWrite;
    let whole = || JournalView { entries: entries(), unreadable: Vec::new() };
    all.add(Place::Journal, "list", Loading, "asking for the journal…", || filled("9"));
    all.add(Place::Journal, "list", Empty, "klamm has not changed anything on this cluster", move || {
        journal(write, Ok(JournalView::default()))
    });
    let failure =
        || Failure::new(FailureKind::Storage, "read the journal", "no right to read the file").on("/var/klamm");
    all.add(Place::Journal, "list", Failed, "no right to read the file", move || journal(write, Err(failure())));
    all.add(Place::Journal, "list", Condition::Partial, "line 7 was written by", move || {
        journal(write, Ok(JournalView { unreadable: vec!["line 7 was written by a newer klamm".into()], ..whole() }))
    });
    all.add(Place::Journal, "list", Stale, "as of 14:03:07", move || {
        let mut desk = journal(write, Ok(whole()));
        later(&mut desk, Slot::Journal, Answer::Journal(Err(failure())));
        desk
    });
    all.add(Place::Journal, "list", ReadOnly, "READ-ONLY", move || journal(Access::ReadOnly, Ok(whole())));
    all.add(Place::Journal, "list", Filled, "unknown: verify", move || {
        let mut desk = journal(write, Ok(whole()));
        desk.press("j");
        with(desk, Slot::LookInto, looked_into())
    });
    all.add(Place::Messages, "list", Empty, "nothing was said so far", || filled("m"));
    all.add(Place::Messages, "list", Filled, "TIME", || {
        let mut desk = filled("2 : 'zz' enter");
        desk.press("esc m");
        desk
    });
}

pub(super) fn profile_scenes(all: &mut Scenes) {
    let refused = || Failure::new(FailureKind::Storage, "read CA certificate", "no such file").on("/etc/kafka/ca.pem");
    all.add(Place::Profiles, "list", Empty, "adds your cluster", Desk::welcome);
    all.add(Place::Profiles, "list", Filled, "BROKERS", || filled("0"));
    all.add(Place::Profiles, "list", Loading, "opening", || asked("0 enter"));
    all.add(Place::Profiles, "list", Failed, "no such file", move || {
        with(asked("0 enter"), Slot::Connect, Answer::Connected(Err(refused())))
    });
    all.add(Place::Profiles, "list", Condition::Partial, "‘bootstap’ is not known", || {
        let mut desk = asked("0");
        desk.state.views.profiles.warnings =
            vec!["/home/sam/.config/klamm/config.toml:7:3: ‘bootstap’ is not known".into()];
        desk
    });
    all.add(Place::ProfileForm, "form", Failed, "which name?", || asked("0 n"));
    let named = "0 n 'prod' tab 'kafka-1:9093' tab right tab '/certs/ca.pem'";
    all.add(Place::ProfileForm, "form", Condition::Partial, "No such file", move || {
        let mut desk = asked(named);
        let answer = Answer::FilesChecked(vec![(Field::Ca, "/certs/ca.pem: No such file".into())]);
        desk.answer(Slot::ProfileCheck, answer);
        desk
    });
    all.add(Place::ProfileForm, "form", Filled, "nothing is wrong", || {
        let mut desk = asked("0 n 'prod' tab 'kafka-1:9093'");
        desk.answer_files();
        desk
    });
    let probing = |steps: usize| {
        let mut desk = asked("0 t");
        for step in canned::probe_steps().into_iter().take(steps) {
            desk.answer(Slot::ProfileTest, Answer::Probed(Box::new(step)));
        }
        desk
    };
    all.add(Place::Probe, "test", Loading, "testing…", move || probing(2));
    all.add(Place::Probe, "test", Failed, "Test of", move || {
        with(probing(2), Slot::ProfileTest, Answer::ProbeEnded(Err(canned::failure())))
    });
    all.add(Place::Probe, "test", Filled, "Test of", move || {
        with(probing(7), Slot::ProfileTest, Answer::ProbeEnded(Ok(())))
    });
    all.add(Place::Secret, "secret", Filled, "written nowhere.", || {
        let question = Question { profile: "dev".into(), field: Field::Password };
        let then = Box::new(Request::TestProfile("dev".into()));
        let mut desk = with(asked("0 t"), Slot::ProfileTest, Answer::SecretWanted { question, then });
        desk.press("'hush'");
        desk
    });
}
