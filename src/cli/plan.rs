//! A plan and what became of it, as one shape.
//!
//! Invariant: a dry run, a refusal and an applied change are the same document;
//! only `status` tells them apart. So a script that reads the one reads the other.

mod rows;

use super::exit::Exit;
use super::output::{Report, Section, Table, objects};
use crate::domain::plan::{Change, Outcome, Plan, Severity, StepStatus, Warning};
use crate::domain::{Failure, FailureKind, show};
use serde_json::{Value as Json, json};

/// The report of a plan. `refusal` says why it was not applied although it
/// should have been.
pub(crate) fn report(plan: &Plan, outcome: Option<&Outcome>, refusal: Option<&Failure>) -> Report {
    shown(plan, outcome, refusal, true)
}

/// The report of a change without a result: `found` is what the cluster shows now.
pub(crate) fn found_report(plan: &Plan, found: &Outcome) -> Report {
    shown(plan, Some(found), None, false)
}

fn shown(plan: &Plan, outcome: Option<&Outcome>, refusal: Option<&Failure>, was_applied: bool) -> Report {
    let tables = rows::tables(plan, outcome);
    let items = tables.iter().map(objects).flat_map(|objects| match objects {
        Json::Array(objects) => objects,
        other => vec![other],
    });
    let items = items.collect();
    let mut failures: Vec<Failure> = refusal.into_iter().cloned().collect();
    for status in outcome.into_iter().flat_map(|outcome| &outcome.steps) {
        if let StepStatus::Failed(failure) | StepStatus::Unknown(failure) = status
            && !failures.contains(failure)
        {
            failures.push(failure.clone());
        }
    }
    let tables: Vec<Table> = tables.into_iter().filter(|table| !table.rows.is_empty()).collect();
    Report {
        rows: tables.first().cloned().unwrap_or_else(|| Table::new(rows::columns_of(&plan.change))),
        items: Some(items),
        members: vec![("plan", head(plan, outcome, was_applied))],
        sections: sections(plan, outcome, was_applied, tables),
        failures,
    }
}

/// Why a plan must not be applied, when one of its checks failed.
pub(crate) fn refusal(plan: &Plan) -> Option<Failure> {
    let check = plan.failed_check()?;
    let message = format!("a precondition does not hold: {}", check.text);
    Some(Failure::new(FailureKind::Refused, operation(&plan.change), message).on(plan.change.target()))
}

/// How a dry run ends.
pub(crate) fn preview_exit(plan: &Plan) -> Exit {
    if plan.failed_check().is_some() { Exit::Refused } else { Exit::Done }
}

/// What the change is called in a sentence: "cannot … orders".
pub(crate) fn operation(change: &Change) -> &'static str {
    match change {
        Change::ResetOffsets { .. } => "reset offsets of group",
        Change::ResetGroups { .. } => "reset offsets of",
        Change::ResetShareGroup { .. } => "reset share group",
        Change::AddPartitions { .. } => "add partitions to topic",
        Change::CreateTopic { .. } => "create topic",
        Change::DeleteTopic { .. } => "delete topic",
        Change::DeleteGroups { .. } => "delete group",
        Change::DeleteOffsets { .. } => "delete offsets of group",
        Change::DeleteShareOffsets { .. } => "delete start offsets of share group",
        Change::RemoveMembers { .. } => "remove members of group",
        Change::ConfigureGroup { .. } => "configure group",
        Change::Produce(_) => "produce to",
        Change::Resend(_) => "send records to",
        Change::Undo { group: Some(_), .. } => "undo the change of group",
        Change::Undo { group: None, .. } => "undo the change",
    }
}

/// The kind of a change in JSON.
pub(crate) fn kind(change: &Change) -> &'static str {
    match change {
        Change::ResetOffsets { .. } | Change::ResetGroups { .. } => "reset_offsets",
        Change::AddPartitions { .. } => "add_partitions",
        Change::CreateTopic { .. } => "create_topic",
        Change::DeleteTopic { .. } => "delete_topic",
        Change::DeleteGroups { .. } => "delete_groups",
        Change::ResetShareGroup { .. } => "reset_share_group",
        Change::DeleteOffsets { .. } => "delete_offsets",
        Change::DeleteShareOffsets { .. } => "delete_share_offsets",
        Change::RemoveMembers { .. } => "remove_members",
        Change::ConfigureGroup { .. } => "configure_group",
        Change::Produce(_) => "produce",
        Change::Resend(_) => "resend",
        Change::Undo { .. } => "undo",
    }
}

pub(crate) fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Fine => "fine",
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Danger => "danger",
    }
}

pub(crate) fn severity_mark(severity: Severity) -> &'static str {
    match severity {
        Severity::Fine => "✔",
        Severity::Note => "·",
        Severity::Warning => "▲",
        Severity::Danger => "✖",
    }
}

fn head(plan: &Plan, outcome: Option<&Outcome>, was_applied: bool) -> Json {
    let checks: Vec<Json> = plan
        .checks
        .iter()
        .map(|check| json!({"passed": check.passed, "text": check.text, "is_advice": check.is_advice}))
        .collect();
    let weighed = |warnings: &[Warning]| -> Vec<Json> {
        let one = |warning: &Warning| json!({"severity": severity_word(warning.severity), "text": warning.text});
        warnings.iter().map(one).collect()
    };
    json!({
        "id": plan.id,
        "kind": kind(&plan.change),
        "target": plan.change.target(),
        "title": plan.title,
        "summary": plan.summary,
        "checks": checks,
        "warnings": weighed(&plan.warnings),
        "not_undoable": plan.not_undoable,
        "command_line": plan.command_line,
        "made_at": plan.made_at.rfc3339(),
        "applied_at": outcome.filter(|_| was_applied).and_then(|outcome| outcome.at.rfc3339()),
        "finishes": plan.finishes,
        "notes": outcome.map(|outcome| weighed(&outcome.notes)).unwrap_or_default(),
    })
}

fn sections(plan: &Plan, outcome: Option<&Outcome>, was_applied: bool, tables: Vec<Table>) -> Vec<Section> {
    let mut sections = vec![Section::Heading(plan.title.clone())];
    sections.extend(plan.summary.iter().cloned().map(Section::Line));
    if tables.is_empty() {
        sections.push(Section::Line("There is nothing to change.".into()));
    }
    sections.extend(tables.into_iter().map(Section::Rows));
    match outcome {
        None => {
            sections.extend(plan.checks.iter().map(|check| {
                let mark = match check.passed {
                    Some(true) => severity_mark(Severity::Fine),
                    Some(false) if check.is_advice => severity_mark(Severity::Warning),
                    Some(false) => severity_mark(Severity::Danger),
                    None => "?",
                };
                Section::Line(format!("{mark} {}", check.text))
            }));
            sections.extend(plan.warnings.iter().map(weighed_line));
            if let Some(reason) = &plan.not_undoable {
                sections.push(Section::Line(format!("▲ cannot be undone: {reason}")));
            }
            sections.push(Section::Line(format!("command line: {}", plan.command_line)));
        }
        Some(outcome) if !was_applied => {
            sections.extend(outcome.notes.iter().map(weighed_line));
            let mut say = |verb: &str, what: &str| {
                sections.push(Section::Line(format!("{what}: klamm journal {verb} {}", plan.id)));
            };
            if outcome.steps.contains(&StepStatus::NotDone) {
                say("finish", "do the rest");
            }
            if plan.not_undoable.is_none() && outcome.done() > 0 {
                say("undo", "take back what was done");
            }
            say("settle", "write down what was found");
        }
        Some(outcome) => {
            let (done, all) = (outcome.done(), show::plural(outcome.steps.len(), "step"));
            sections.push(Section::Line(format!("{done} of {all} done and read back")));
            sections.extend(outcome.notes.iter().map(weighed_line));
            if plan.not_undoable.is_none() && done > 0 {
                sections.push(Section::Line(format!("undo: klamm journal undo {}", plan.id)));
            }
        }
    }
    sections
}

fn weighed_line(warning: &Warning) -> Section {
    Section::Line(format!("{} {}", severity_mark(warning.severity), warning.text))
}

#[cfg(test)]
mod tests {
    use super::super::output::Format;
    use super::super::output::memory::written;
    use super::*;
    use crate::domain::Time;
    use crate::domain::group::CommittedOffset;
    use crate::domain::plan::{Adjusted, Check, Confirm, NextRecord, OffsetMove, Step};

    fn plan() -> Plan {
        let moved = |partition, before: Option<i64>, target| {
            Step::MoveOffset(OffsetMove {
                group: None,
                topic: "payments".into(),
                topic_id: None,
                partition,
                before: before.map(|offset| CommittedOffset { offset, leader_epoch: 3, metadata: "m".into() }),
                target: Some(target),
                metadata: String::new(),
                leader_epoch: -1,
                log_start: Some(2_004),
                log_end: Some(402_118),
                adjusted: (target == 2_004).then_some(Adjusted::RaisedToStart { wish: 100 }),
                next: (target != 2_004).then(|| NextRecord {
                    offset: target,
                    timestamp: Time(1_700_000_000_118),
                    earliest_after: None,
                    preview: "{\"id\":1}".into(),
                }),
            })
        };
        Plan {
            id: "p-1".into(),
            change: Change::ResetOffsets { group: "fraud".into(), creates_group: false },
            title: "Reset fraud to offset 100".into(),
            summary: vec!["2 partitions of payments".into()],
            steps: vec![moved(0, Some(990_412), 981_004), moved(9, None, 2_004)],
            checks: vec![Check::new(Some(true), "the group is empty")],
            warnings: vec![Warning::new(Severity::Warning, "a mirror may overwrite this")],
            confirm: Confirm::Yes,
            not_undoable: None,
            command_line: "klamm groups reset fraud --all-topics --to-offset 100".into(),
            made_at: Time(1_700_000_000_000),
            finishes: None,
        }
    }

    fn shape(json: &Json) -> Json {
        match json {
            Json::Object(map) => Json::Array(map.keys().cloned().map(Json::String).collect()),
            other => other.clone(),
        }
    }

    fn document(plan: &Plan, outcome: Option<&Outcome>) -> Json {
        serde_json::from_str(&written(Format::Json, false, &report(plan, outcome, None))).unwrap()
    }

    #[test]
    fn a_dry_run_and_an_applied_change_have_the_same_shape() {
        let failure = Failure::new(FailureKind::Denied, "commit offsets", "not authorised");
        let outcome = Outcome {
            notes: vec![Warning::new(Severity::Fine, "read back")],
            ..Outcome::of("p-1", Time(1_700_000_001_000), vec![StepStatus::Done, StepStatus::Failed(failure)])
        };
        let (dry, applied) = (document(&plan(), None), document(&plan(), Some(&outcome)));
        assert_eq!(shape(&dry), shape(&applied));
        assert_eq!(shape(&dry["plan"]), shape(&applied["plan"]));
        assert_eq!(shape(&dry["items"][0]), shape(&applied["items"][0]));
        assert_eq!((&dry["items"][1]["status"], &applied["items"][1]["status"]), (&json!("planned"), &json!("failed")));
        assert_eq!(applied["failures"][0]["kind"], "denied");
    }

    #[test]
    fn a_move_is_written_with_its_numbers() {
        let dry = document(&plan(), None);
        let first = &dry["items"][0];
        assert_eq!(
            (&first["committed"], &first["target"], &first["difference"], &first["end_offset"]),
            (&json!(990_412), &json!(981_004), &json!(-9_408), &json!(402_118))
        );
        assert_eq!(first["next_timestamp"], "2023-11-14T22:13:20.118Z");
        let second = &dry["items"][1];
        assert_eq!((&second["committed"], &second["difference"]), (&Json::Null, &Json::Null));
        assert_eq!(second["adjusted"], "raised_to_start");
    }

    #[test]
    fn people_read_the_whole_plan_before_they_say_yes() {
        insta::assert_snapshot!(written(Format::Table, false, &report(&plan(), None, None)), @r#"
        Reset fraud to offset 100
        2 partitions of payments
        TOPIC     P  COMMITTED   TARGET  DIFFERENCE      END  ADJUSTED         THE RECORD READ NEXT  STATUS
        payments  0    990,412  981,004      −9,408  402,118  –                {"id":1}              planned
        payments  9          –    2,004           –  402,118  raised_to_start  –                     planned
        ✔ the group is empty
        ▲ a mirror may overwrite this
        command line: klamm groups reset fraud --all-topics --to-offset 100
        "#);
    }

    #[test]
    fn a_failed_check_refuses() {
        let mut plan = plan();
        assert_eq!(preview_exit(&plan), Exit::Done);
        plan.checks.push(Check::new(Some(false), "the group has 3 members"));
        assert_eq!(preview_exit(&plan), Exit::Refused);
        let failure = refusal(&plan).unwrap();
        assert_eq!(
            failure.to_string(),
            "cannot reset offsets of group fraud: a precondition does not hold: the group has 3 members"
        );
    }
}
