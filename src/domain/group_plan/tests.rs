use super::*;
use crate::domain::group::{CommittedOffset, GroupListing, GroupType};
use crate::domain::origin::GroupRole;
use crate::domain::{Fact, Offset};

fn basis() -> PlanBasis {
    PlanBasis { id: "p".into(), now: Time(0), zone: TimeZone::UTC, production: false }
}

fn member(id: &str, instance: Option<&str>, reads: &[&str]) -> Member {
    Member {
        member_id: id.into(),
        instance_id: instance.map(str::to_owned),
        client_id: format!("client-{id}"),
        host: "10.0.0.7".into(),
        assignment: reads.iter().map(|topic| TopicPartition::new((*topic).into(), 0)).collect(),
        detail: None,
    }
}

fn described(id: &str, members: Vec<Member>) -> GroupDescription {
    let state = if members.is_empty() { GroupState::Empty } else { GroupState::Stable };
    let listing = GroupListing { id: id.into(), state, kind: GroupType::Classic, protocol_type: "consumer".into() };
    GroupDescription { members, may_delete: Some(true), ..GroupDescription::of_listing(listing) }
}

fn commit(topic: &str, partition: i32, offset: Offset, start: Offset) -> PartitionFacts {
    PartitionFacts {
        partition: TopicPartition::new(topic.into(), partition),
        topic_id: None,
        exists: true,
        committed: Some(CommittedOffset { offset, leader_epoch: 3, metadata: "m".into() }),
        start: Fact::Known(start),
        end: Fact::Known(100),
        by_time: None,
        is_ahead: false,
        given: None,
    }
}

fn group(id: &str, members: Vec<Member>, commits: Vec<PartitionFacts>) -> GroupFacts {
    let group =
        TouchedGroup { description: described(id, members), role: GroupRole::Plain, commits_without_joining: false };
    GroupFacts { group, commits }
}

#[test]
fn a_deleted_group_keeps_every_commit_as_a_step_with_its_whole_before_image() {
    let plan = plan_delete_groups(basis(), vec![group("g", vec![], vec![commit("t", 0, 4, 0), commit("u", 2, 6, 0)])]);
    let plan = plan.unwrap();
    assert_eq!(plan.steps[0], Step::DeleteGroup { group: "g".into() });
    let moves: Vec<_> = plan.moves().map(|step| (step.topic.as_str(), step.before.clone(), step.target)).collect();
    let before = |offset| Some(CommittedOffset { offset, leader_epoch: 3, metadata: "m".into() });
    assert_eq!(moves, [("t", before(4), None), ("u", before(6), None)]);
    assert_eq!(plan.change.group(), Some(&"g".into()), "its steps need not name it");
    assert_eq!((plan.confirm.clone(), plan.not_undoable.clone()), (Confirm::Yes, None));
    assert_eq!(plan.command_line, "klamm groups delete g");
    assert!(plan.failed_check().is_none());
}

#[test]
fn many_groups_are_named_together_and_each_step_says_whose_it_is() {
    let groups = ["a", "b"].map(|id| group(id, vec![], vec![commit("t", 0, 4, 0)]));
    let plan = plan_delete_groups(basis(), groups.to_vec()).unwrap();
    let owners: Vec<_> = plan.moves().map(|step| step.group.clone()).collect();
    assert_eq!(owners, [Some("a".into()), Some("b".into())]);
    assert_eq!((plan.change.target().as_ref(), plan.change.group()), ("2 groups", None));
    assert_eq!(plan.confirm, Confirm::TypeName("2 groups".into()));
    assert_eq!(plan.title, "Delete groups a, b");
}

fn shared(members: Vec<Member>, commits: Vec<PartitionFacts>) -> GroupFacts {
    let mut facts = group("g", members, commits);
    facts.group.description.listing.kind = GroupType::Share;
    facts
}

#[test]
fn start_offsets_of_a_share_group_go_by_whole_topics_and_for_good() {
    let commits = vec![commit("t", 0, 4, 0), commit("t", 1, 5, 0), commit("u", 0, 6, 0)];
    let plan = plan_delete_offsets(basis(), shared(vec![], commits.clone()), &[("t".into(), None)]).unwrap();
    assert_eq!(plan.change, Change::DeleteShareOffsets { group: "g".into() });
    assert_eq!((plan.confirm.clone(), plan.steps.len()), (Confirm::TypeName("g".into()), 2));
    assert!(plan.not_undoable.is_some() && plan.failed_check().is_none());
    assert_eq!(plan.command_line, "klamm groups delete-offsets g --topic t");
    let all = [("t".into(), Some(vec![0, 1]))];
    assert!(plan_delete_offsets(basis(), shared(vec![], commits.clone()), &all).is_ok(), "all that it has there");
    let one = [("t".into(), Some(vec![1]))];
    let refused = plan_delete_offsets(basis(), shared(vec![], commits.clone()), &one).unwrap_err();
    assert!(refused.message.contains("t:0"), "{}", refused.message);
    // Whoever is there keeps them, wherever it reads.
    let alive = plan_delete_offsets(basis(), shared(vec![member("m", None, &[])], commits), &[("t".into(), None)]);
    assert!(alive.unwrap().failed_check().is_some());
}

#[test]
fn a_deleted_share_group_does_not_come_back() {
    let plan = plan_delete_groups(basis(), vec![shared(vec![], vec![commit("t", 0, 4, 0)])]).unwrap();
    assert_eq!(plan.confirm, Confirm::TypeName("g".into()));
    assert!(plan.not_undoable.is_some() && plan.summary.iter().all(|line| !line.contains("undo")), "{plan:?}");
}

#[test]
fn production_asks_for_the_name_of_a_group_that_goes() {
    let production = PlanBasis { production: true, ..basis() };
    let plan = plan_delete_groups(production, vec![group("g", vec![], vec![commit("t", 0, 4, 0)])]).unwrap();
    assert_eq!(plan.confirm, Confirm::TypeName("g".into()));
}

#[test]
fn who_is_in_the_group_is_named_and_waited_for() {
    let plan = plan_delete_groups(basis(), vec![group("g", vec![member("m", None, &["t"])], vec![])]).unwrap();
    let check = plan.failed_check().unwrap();
    assert!(check.text.contains("client-m at 10.0.0.7"), "{}", check.text);
    assert_eq!(plan.waits_for(), [GroupId::from("g")]);
}

#[test]
fn nothing_committed_is_nothing_to_undo_and_what_is_lost_is_said() {
    let plan = plan_delete_groups(basis(), vec![group("g", vec![], vec![])]).unwrap();
    assert!(plan.not_undoable.is_some());
    let gone = PartitionFacts { exists: false, start: Fact::unknown("no topic"), ..commit("u", 0, 4, 0) };
    let plan = plan_delete_groups(basis(), vec![group("g", vec![], vec![commit("t", 0, 4, 9), gone])]).unwrap();
    let said: Vec<&str> = plan.warnings.iter().map(|warning| warning.text.as_str()).collect();
    assert!(said.iter().any(|text| text.starts_with("2 commits cannot come back")), "{said:?}");
    assert_eq!(plan.moves().nth(1).unwrap().log_start, None, "unknown is not zero");
}

#[test]
fn a_group_that_is_not_there_is_not_deleted() {
    let mut facts = group("g", vec![], vec![]);
    facts.group.description.listing.state = GroupState::Dead;
    assert_eq!(plan_delete_groups(basis(), vec![facts]).unwrap_err().kind, FailureKind::NotFound);
}

#[test]
fn only_the_offsets_in_the_scope_go_and_what_has_none_is_named() {
    let facts = || group("g", vec![member("m", None, &["u"])], vec![commit("t", 0, 4, 0), commit("u", 0, 6, 0)]);
    let scope = |topic: &str, ids: &[i32]| vec![(TopicName::from(topic), Some(ids.to_vec()))];
    let plan = plan_delete_offsets(basis(), facts(), &scope("t", &[0, 7])).unwrap();
    assert_eq!(plan.moves().map(|step| step.partition).collect::<Vec<_>>(), [0]);
    assert!(plan.warnings.iter().any(|warning| warning.text == "nothing is committed in t:7"));
    assert!(plan.failed_check().is_none(), "its members read another topic");
    assert_eq!(plan.command_line, "klamm groups delete-offsets g --topic t:0,7");
    let plan = plan_delete_offsets(basis(), facts(), &[("u".into(), None)]).unwrap();
    assert!(plan.failed_check().unwrap().text.contains("client-m at 10.0.0.7 does"));
    assert!(plan.waits_for().is_empty(), "it is not the whole group that must be empty");
    assert_eq!(plan_delete_offsets(basis(), facts(), &scope("t", &[7])).unwrap_err().kind, FailureKind::NotFound);
}

#[test]
fn members_are_chosen_by_either_of_their_ids_and_once() {
    let group = described("g", vec![member("a", Some("i-1"), &["t"]), member("b", None, &["t", "u"])]);
    let named = |members: &[&str], instances: &[&str]| Leavers::Named {
        members: members.iter().map(|id| (*id).to_owned()).collect(),
        instances: instances.iter().map(|id| (*id).to_owned()).collect(),
    };
    let plan = plan_remove_members(basis(), &group, &named(&["a"], &["i-1"])).unwrap();
    assert_eq!(plan.steps.len(), 1, "both are the same member");
    assert!(plan.warnings.iter().any(|warning| warning.text.contains("goes to the 1 member left")));
    let plan = plan_remove_members(basis(), &group, &Leavers::All).unwrap();
    assert_eq!(
        (plan.title.as_str(), plan.confirm.clone()),
        ("Remove all 2 members from g", Confirm::TypeName("g".into()))
    );
    assert!(plan.not_undoable.is_some());
    let failure = plan_remove_members(basis(), &group, &named(&["c"], &[])).unwrap_err();
    assert!(failure.to_string().contains("no member c"), "{failure}");
    let empty = described("g", vec![]);
    assert_eq!(plan_remove_members(basis(), &empty, &Leavers::All).unwrap_err().kind, FailureKind::NotFound);
}
