//! Settings that the cluster keeps for a group: what exactly would change.
//!
//! Facts come in as arguments. Each changed setting is a step with its before-image,
//! `None` where the cluster's default holds.

use super::config::{ConfigEntry, ConfigSource};
use super::group::{GroupDescription, GroupType};
use super::group_plan::PlanBasis;
use super::plan::{Change, Check, Confirm, Plan, Severity, Step, StepStatus, Warning};
use super::{Failure, FailureKind, GroupId, command_line, show};

/// A setting by name, and what it shall be; `None`: as the cluster's default.
pub type Wish = (String, Option<String>);

/// What is set for the group itself; `None` where the default holds.
pub fn set_value(entries: &[ConfigEntry], name: &str) -> Option<String> {
    let entry = entries.iter().find(|entry| entry.name == name && entry.source == ConfigSource::Group)?;
    entry.value.clone()
}

/// The plan that changes settings of a group, or why there can be none.
pub fn plan_configure(
    basis: PlanBasis,
    group: &GroupDescription,
    entries: &[ConfigEntry],
    wishes: &[Wish],
) -> Result<Plan, Failure> {
    let id = group.listing.id.clone();
    let fail = |kind, message: String| Failure::new(kind, "configure group", message).on(id.as_str());
    let mut steps: Vec<Step> = Vec::new();
    let mut words: Vec<String> = ["klamm", "groups", "configure", id.as_str()].map(String::from).to_vec();
    for (name, after) in wishes {
        if !entries.iter().any(|entry| entry.name == *name) {
            let known: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
            let failure = fail(FailureKind::NotFound, format!("the cluster keeps no setting {name} for groups"));
            return Err(failure.hint(format!("There are {}.", known.join(", "))));
        }
        let is_twice = |step: &Step| matches!(step, Step::SetGroupConfig { name: other, .. } if other == name);
        if steps.iter().any(is_twice) {
            return Err(fail(FailureKind::Invalid, format!("{name} is named twice")));
        }
        let before = set_value(entries, name);
        if before == *after {
            continue;
        }
        match after {
            Some(value) => words.extend(["--set".into(), format!("{name}={value}")]),
            None => words.extend(["--unset".into(), name.clone()]),
        }
        steps.push(Step::SetGroupConfig { group: id.clone(), name: name.clone(), before, after: after.clone() });
    }
    if steps.is_empty() {
        return Err(fail(FailureKind::Conflict, "all of it is so already".into()));
    }
    let mut warnings = Vec::new();
    if group.listing.kind == GroupType::Classic && !group.members.is_empty() {
        let text = "the group is a classic one: its members follow their own settings, and these count once it is of type consumer";
        warnings.push(Warning::new(Severity::Warning, text));
    }
    Ok(plan_of(
        basis,
        format!("Configure group {id}"),
        steps,
        warnings,
        command_line::join(words.iter().map(String::as_str)),
        Change::ConfigureGroup { group: id },
    ))
}

/// The plan that puts settings back, of those that still are as they were applied.
/// `statuses` are of the steps of `undone`; `None`: its end is not known.
pub fn plan_undo(
    basis: PlanBasis,
    group: &GroupId,
    entries: &[ConfigEntry],
    undone: &Plan,
    statuses: Option<&[StepStatus]>,
) -> Result<Plan, Failure> {
    let (mut steps, mut warnings) = (Vec::new(), Vec::new());
    for (index, step) in undone.steps.iter().enumerate() {
        let Step::SetGroupConfig { group, name, before, after } = step else { continue };
        if statuses.and_then(|statuses| statuses.get(index)).is_some_and(StepStatus::is_unchanged) {
            continue;
        }
        let now = set_value(entries, name);
        if now == *after {
            let (group, name) = (group.clone(), name.clone());
            steps.push(Step::SetGroupConfig { group, name, before: now, after: before.clone() });
        } else {
            let what = if now == *before { "is as it was before" } else { "is no longer what was applied" };
            warnings.push(Warning::new(Severity::Warning, format!("{name} stays as it is: it {what}")));
        }
    }
    if steps.is_empty() {
        let reason = warnings.first().map_or("the change set nothing", |warning| warning.text.as_str());
        return Err(Failure::new(FailureKind::Conflict, "undo", reason).on(undone.id.as_str()));
    }
    let title = format!("Undo: put the settings of {group} back");
    let words = ["klamm", "journal", "undo", undone.id.as_str()];
    let change = Change::Undo { of: undone.id.clone(), group: Some(group.clone()) };
    Ok(plan_of(basis, title, steps, warnings, command_line::join(words), change))
}

fn plan_of(
    basis: PlanBasis,
    title: String,
    steps: Vec<Step>,
    warnings: Vec<Warning>,
    command_line: String,
    change: Change,
) -> Plan {
    let group = change.target().into_owned();
    let checks =
        vec![Check::new(Some(true), format!("settings unchanged since {}", basis.now.clock_seconds(&basis.zone)))];
    Plan {
        title,
        summary: vec![format!("{} · members hear of it at their next heartbeat", show::plural(steps.len(), "setting"))],
        steps,
        checks,
        warnings,
        confirm: if basis.production { Confirm::TypeName(group) } else { Confirm::Yes },
        not_undoable: None,
        command_line,
        made_at: basis.now,
        finishes: None,
        change,
        id: basis.id,
    }
}

/// What became of a step about a setting, from what is set now.
pub fn judge(step: &Step, entries: &[ConfigEntry]) -> StepStatus {
    let Step::SetGroupConfig { name, before, after, .. } = step else { return StepStatus::Skipped };
    let now = set_value(entries, name);
    if now == *after {
        StepStatus::Done
    } else if now == *before {
        StepStatus::NotDone
    } else {
        let now = now.unwrap_or_else(|| "the default".into());
        let message = format!("it is {now}: neither what was before nor what was to be");
        StepStatus::Unknown(Failure::new(FailureKind::Conflict, "tell what became of it", message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Time;
    use crate::domain::group::{GroupListing, GroupState};
    use jiff::tz::TimeZone;

    const SESSION: &str = "consumer.session.timeout.ms";
    const BEAT: &str = "consumer.heartbeat.interval.ms";

    fn basis() -> PlanBasis {
        PlanBasis { id: "p".into(), now: Time(0), zone: TimeZone::UTC, production: false }
    }

    fn group() -> GroupDescription {
        let listing = GroupListing {
            id: "g".into(),
            state: GroupState::Empty,
            kind: GroupType::Consumer,
            protocol_type: "consumer".into(),
        };
        GroupDescription::of_listing(listing)
    }

    fn entries(session: Option<&str>) -> Vec<ConfigEntry> {
        let entry = ConfigEntry::plain;
        let source = if session.is_some() { ConfigSource::Group } else { ConfigSource::Default };
        vec![entry(SESSION, session.unwrap_or("45000"), source), entry(BEAT, "5000", ConfigSource::Default)]
    }

    fn wish(name: &str, value: Option<&str>) -> Wish {
        (name.into(), value.map(str::to_owned))
    }

    #[test]
    fn only_what_changes_is_a_step_with_its_before_image() {
        let wishes = [wish(SESSION, Some("60000")), wish(BEAT, None)];
        let plan = plan_configure(basis(), &group(), &entries(Some("50000")), &wishes).unwrap();
        let step = Step::SetGroupConfig {
            group: "g".into(),
            name: SESSION.into(),
            before: Some("50000".into()),
            after: Some("60000".into()),
        };
        assert_eq!(plan.steps, [step]);
        assert_eq!(plan.command_line, "klamm groups configure g --set consumer.session.timeout.ms=60000");
        let nothing = plan_configure(basis(), &group(), &entries(None), &[wish(BEAT, None)]).unwrap_err();
        assert_eq!(nothing.kind, FailureKind::Conflict);
        let unknown = plan_configure(basis(), &group(), &entries(None), &[wish("x", None)]).unwrap_err();
        assert!(unknown.to_string().contains(SESSION), "{unknown}");
    }

    #[test]
    fn undo_puts_back_what_still_is_as_applied() {
        let plan = plan_configure(basis(), &group(), &entries(None), &[wish(SESSION, Some("60000"))]).unwrap();
        let undo = |now| plan_undo(basis(), &"g".into(), &entries(now), &plan, None);
        let Step::SetGroupConfig { before, after, .. } = &undo(Some("60000")).unwrap().steps[0] else { panic!() };
        assert_eq!((before.as_deref(), after.as_deref()), (Some("60000"), None), "back to the default");
        assert!(undo(Some("70000")).unwrap_err().message.contains("no longer"));
        assert!(undo(None).unwrap_err().message.contains("as it was before"));
        let statuses = [StepStatus::Skipped];
        assert!(plan_undo(basis(), &"g".into(), &entries(Some("60000")), &plan, Some(&statuses)).is_err());
    }

    #[test]
    fn what_became_of_it_is_told_by_what_is_set() {
        let plan = plan_configure(basis(), &group(), &entries(None), &[wish(SESSION, Some("60000"))]).unwrap();
        let judged = |now| judge(&plan.steps[0], &entries(now));
        assert_eq!((judged(Some("60000")), judged(None)), (StepStatus::Done, StepStatus::NotDone));
        assert!(matches!(judged(Some("1")), StepStatus::Unknown(_)));
    }
}
