//! A reset of several groups as one plan, and resets that go by another name.
//!
//! Invariant: each step says whose offset it moves, and each sentence of whom it speaks.
//! Where one of the groups keeps nothing that could be put back, the plan as a whole has no
//! undo; what the others had committed is in the journal, and in the file for other tools.

use super::{ResetTarget, wording};
use crate::domain::group_plan::PlanBasis;
use crate::domain::plan::{Change, Check, Confirm, OffsetMove, Plan, Severity, Step, Warning, name_of};
use crate::domain::{Failure, GroupId, command_line, show};

/// One plan out of those for single groups, in the order of `groups`. A group of
/// which nothing is in the scope is left out and named.
pub fn merge(
    basis: PlanBasis,
    target: &ResetTarget,
    scope: &[String],
    groups: &[GroupId],
    plans: Vec<Result<Plan, Failure>>,
) -> Result<Plan, Failure> {
    let (mut steps, mut checks, mut warnings) = (Vec::new(), Vec::<Check>::new(), Vec::<Warning>::new());
    let (mut moved, mut creates, mut shares, mut not_undoable) = (Vec::new(), Vec::new(), Vec::new(), None);
    let mut idle = None;
    for (group, plan) in groups.iter().zip(plans) {
        let plan = match plan {
            Ok(plan) => plan,
            Err(failure) => {
                let text = format!("{group} is left out: {}", failure.message);
                warnings.push(Warning::new(Severity::Note, text));
                idle = Some(failure);
                continue;
            }
        };
        match plan.change {
            Change::ResetOffsets { creates_group: true, .. } => creates.push(group.clone()),
            Change::ResetShareGroup { .. } => shares.push(group.clone()),
            _ => {}
        }
        if let Some(why) = plan.not_undoable {
            not_undoable.get_or_insert_with(|| format!("of {group}: {why}"));
        }
        for check in plan.checks {
            checks.push(Check { text: format!("{group}: {}", check.text), ..check });
        }
        let told = plan.warnings.into_iter();
        warnings.extend(told.map(|warning| Warning { text: format!("{group}: {}", warning.text), ..warning }));
        steps.extend(plan.steps.into_iter().map(|step| match step {
            Step::MoveOffset(step) => Step::MoveOffset(OffsetMove { group: Some(group.clone()), ..step }),
            other => other,
        }));
        moved.push(group.clone());
    }
    if let (true, Some(failure)) = (moved.is_empty(), idle) {
        return Err(failure);
    }
    let moves: Vec<OffsetMove> = steps
        .iter()
        .filter_map(|step| match step {
            Step::MoveOffset(step) => Some(step.clone()),
            _ => None,
        })
        .collect();
    let words = ["klamm", "groups", "reset"].map(String::from).into_iter();
    let words = words.chain(groups.iter().map(ToString::to_string)).chain(scope.iter().cloned());
    let mut words: Vec<String> = words.chain(wording::target_words(target, &basis.zone)).collect();
    if !creates.is_empty() {
        words.push("--create-group".into());
    }
    let name = name_of(&moved).into_owned();
    let title = wording::title_of(target, &name, basis.now, &basis.zone);
    let title = match creates.len() {
        0 => title,
        count => format!("{title} (creates {})", show::plural(count, "group")),
    };
    Ok(Plan {
        title,
        summary: vec![format!("{} · {}", show::plural(moves.len(), "partition"), wording::totals(&moves).join(" · "))],
        steps,
        checks,
        warnings,
        confirm: Confirm::TypeName(name),
        not_undoable,
        command_line: command_line::join(words.iter().map(String::as_str)),
        made_at: basis.now,
        finishes: None,
        change: Change::ResetGroups { groups: moved, creates, shares },
        id: basis.id,
    })
}

/// The reset of `to` to where `from` is, called what it is: a copy.
pub fn as_copy(plan: Plan, from: &GroupId, to: &GroupId) -> Plan {
    let mut words = vec!["klamm", "groups", "copy", from.as_str(), to.as_str()];
    let mut title = format!("Copy the offsets of {from} to {to}");
    if matches!(plan.change, Change::ResetOffsets { creates_group: true, .. }) {
        words.push("--create-group");
        title.push_str(" (creates the group)");
    }
    Plan { title, command_line: command_line::join(words), ..plan }
}

/// The reset to the offsets of a file that names its groups.
pub fn as_import(plan: Plan) -> Plan {
    let mut words = vec!["klamm", "groups", "import", "offsets.csv"];
    let creates = match &plan.change {
        Change::ResetOffsets { creates_group, .. } => *creates_group,
        Change::ResetGroups { creates, .. } => !creates.is_empty(),
        _ => false,
    };
    if creates {
        words.push("--create-group");
    }
    Plan { command_line: command_line::join(words), ..plan }
}
