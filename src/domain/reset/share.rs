//! Resets of share groups: what is different from moving committed offsets.

use crate::domain::plan::{Change, Confirm, Plan, Severity, Warning};

/// A start offset is not all that a share group keeps.
pub(in crate::domain) const NO_UNDO: &str = "a share group forgets which records behind its start were acknowledged, \
                                             and how often others were delivered: nobody can tell it again";

/// The plan of a reset, made that of a share group.
pub(super) fn of(plan: Plan) -> Plan {
    let mut plan = plan;
    let (Some(group), true) = (plan.change.group().cloned(), plan.not_undoable.is_none()) else { return plan };
    let text = "records behind the new start offset are delivered again, those that were acknowledged too; \
                how often they were delivered is counted anew";
    plan.warnings.insert(0, Warning::new(Severity::Warning, text));
    Plan {
        confirm: Confirm::TypeName(group.to_string()),
        not_undoable: Some(NO_UNDO.into()),
        change: Change::ResetShareGroup { group },
        ..plan
    }
}
