//! When commands are enabled, and why they are not.

use crate::tui::command::ctx::{Ctx, Enabled, Place, Right};

pub(super) fn always(_: &Ctx) -> Enabled {
    Enabled::Yes
}

pub(super) fn with_cluster(ctx: &Ctx) -> Enabled {
    if ctx.has_cluster { Enabled::Yes } else { Enabled::No("no cluster is open") }
}

pub(super) fn with_cluster_soon(ctx: &Ctx) -> Enabled {
    if ctx.is_opening { Enabled::Yes } else { with_cluster(ctx) }
}

pub(super) fn with_selection(ctx: &Ctx) -> Enabled {
    if ctx.has_selection { Enabled::Yes } else { Enabled::No("nothing is selected") }
}

pub(super) fn with_tabs(ctx: &Ctx) -> Enabled {
    if ctx.has_tabs { Enabled::Yes } else { Enabled::No("this pane has no tabs") }
}

pub(super) fn may_write(ctx: &Ctx) -> Enabled {
    match ctx.right {
        Right::Write | Right::Unlocked => Enabled::Yes,
        Right::ReadOnly => Enabled::No("read-only: :unlock"),
        Right::ReadOnlyForGood => Enabled::No("read-only: this profile forbids unlocking"),
        Right::ReadOnlyElsewhere => Enabled::No("read-only: the profile that is written to"),
    }
}

pub(super) fn both(first: Enabled, second: Enabled) -> Enabled {
    if first.is_yes() { second } else { first }
}

/// A plan may be looked at in a read-only profile; only applying it is refused.
pub(super) fn can_plan(ctx: &Ctx) -> Enabled {
    both(with_cluster(ctx), with_selection(ctx))
}

/// On the records it is the topic that is read, with a record selected or not.
pub(super) fn with_topic(ctx: &Ctx) -> Enabled {
    if ctx.has_reading && matches!(ctx.place, Place::Records | Place::Record) {
        Enabled::Yes
    } else {
        with_selection(ctx)
    }
}

pub(super) fn with_reading(ctx: &Ctx) -> Enabled {
    if ctx.has_reading { Enabled::Yes } else { Enabled::No("no topic is open") }
}

pub(super) fn with_plan(ctx: &Ctx) -> Enabled {
    if ctx.has_plan { Enabled::Yes } else { Enabled::No("there is no plan yet") }
}

pub(super) fn can_apply(ctx: &Ctx) -> Enabled {
    let ready = if ctx.plan_is_ready { Enabled::Yes } else { Enabled::No("there is no plan to be confirmed") };
    let shown = if ctx.plan_was_shown { Enabled::Yes } else { Enabled::No("scroll to the end first") };
    let open = if ctx.plan_is_blocked { Enabled::No("a check failed") } else { Enabled::Yes };
    both(may_write(ctx), both(ready, both(open, shown)))
}

pub(super) fn unfinished(ctx: &Ctx) -> Enabled {
    if ctx.is_unfinished { Enabled::Yes } else { Enabled::No("its end is written down") }
}

pub(super) fn has_rest(ctx: &Ctx) -> Enabled {
    if ctx.has_rest { Enabled::Yes } else { Enabled::No("its end is written down") }
}

pub(super) fn can_wait(ctx: &Ctx) -> Enabled {
    if ctx.group_is_active { Enabled::Yes } else { Enabled::No("the group has no members") }
}

/// Unless there is a reason against it.
pub(super) fn unless(reason: Option<&'static str>) -> Enabled {
    reason.map_or(Enabled::Yes, Enabled::No)
}

pub(super) fn can_unlock(ctx: &Ctx) -> Enabled {
    match ctx.right {
        Right::ReadOnly => Enabled::Yes,
        Right::Write | Right::ReadOnlyElsewhere => Enabled::No("this profile may write"),
        Right::Unlocked => Enabled::No("already unlocked"),
        Right::ReadOnlyForGood => Enabled::No("this profile forbids unlocking"),
    }
}

pub(super) fn can_quit(ctx: &Ctx) -> Enabled {
    if ctx.is_applying { Enabled::No("a change is being applied") } else { Enabled::Yes }
}
