//! The first line: which cluster, with which right, and how it is.

use crate::cluster::Access;
use crate::domain::show;
use crate::domain::text::{display_width, sanitize, shorten_middle};
use crate::tui::app::State;
use crate::tui::app::screens::overview::Mark;
use crate::tui::app::session::Link;
use crate::tui::ui::canvas::{Canvas, Span, span, width_of};
use crate::tui::ui::theme::Role;
use ratatui::layout::Rect;

/// Columns from which there is room for a word more.
const WIDE: u16 = 60;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let colour = state.link.session().and_then(|session| session.card.colour.as_deref());
    let bar = canvas.theme.profile(colour);
    let is_production = state.link.session().is_some_and(|session| session.card.is_production);
    let mut x = canvas.put(area.x, area.y, area.width, " klamm ", Role::Muted);
    // A word beside the colour, for those who do not see it.
    let production = if is_production && area.width >= WIDE { " · production" } else { "" };
    let (name, kind, right) = match &state.link {
        Link::None => ("no cluster", "", None),
        Link::Opening(name) => (name.as_str(), ": opening…", None),
        Link::Refused { name, .. } => (name.as_str(), ": cannot be opened", None),
        Link::Open(session) => {
            let right = match session.access {
                Access::ReadWrite => None,
                Access::ReadOnly | Access::ReadOnlyForGood => Some("READ-ONLY".to_owned()),
                Access::Unlocked { until } => {
                    let minutes = until.since(state.now).max(0).unsigned_abs().div_ceil(60_000);
                    Some(format!("UNLOCKED {minutes} min"))
                }
            };
            (session.card.name.as_str(), production, right)
        }
    };
    // However long the name is, what may be done stands behind it.
    let taken = display_width(kind) + 2 + right.as_ref().map_or(0, |right| right.len() + 1);
    let room = area.right().saturating_sub(x);
    let name = sanitize(name);
    // And health stands at the right: it matters more than all letters of the name.
    let most = usize::from(area.width / 3).max(16);
    let name = shorten_middle(&name, usize::from(room).saturating_sub(taken).min(most));
    x = canvas.put_styled(x, area.y, room, &format!(" {name}{kind} "), bar);
    if let Some(right) = right {
        let role = if right.starts_with("UNLOCKED") { Role::Danger } else { Role::Warning };
        let room = area.right().saturating_sub(x);
        x = canvas.put(x, area.y, room, &format!(" {right}"), role);
    }
    let mut strip = strip(state, canvas);
    let room = area.right().saturating_sub(x + 2);
    // The least important fact gives way first.
    while !strip.is_empty() && width_of(&strip) + 1 > usize::from(room) {
        strip.truncate(strip.len().saturating_sub(2));
    }
    if strip.last().is_some_and(|last| last.text == "  ") {
        strip.pop();
    }
    strip.push(span(" ", Role::Text));
    canvas.put_right(Rect { x: area.right() - room, width: room, ..area }, &strip);
}

/// Health in a few words, the worst first; facts and gaps alternate.
fn strip(state: &State, canvas: &Canvas<'_>) -> Vec<Span<'static>> {
    let marks = canvas.theme.marks;
    let data = &state.data;
    // Without a mark: a number that is neither good nor bad.
    let mut facts: Vec<(Option<Mark>, String)> = Vec::new();
    if state.link.session().is_none() {
        return Vec::new();
    }
    let Some(metadata) = data.metadata.value() else {
        let text = match data.metadata.failure() {
            Some(failure) => format!("{} {}", marks.broken, failure.message),
            None => "connecting…".into(),
        };
        let role = if data.metadata.failure().is_some() { Role::Danger } else { Role::Muted };
        return vec![span(text, role), span("  ", Role::Text)];
    };
    let as_of = || data.metadata.as_of().map_or(String::new(), |at| at.clock_seconds(state.zone()));
    if data.metadata.failure().is_some() {
        facts.push((Some(Mark::Broken), format!("no answer, as of {}", as_of())));
    } else if data.metadata.is_overdue() {
        facts.push((Some(Mark::Look), format!("as of {}", as_of())));
    }
    let health = &metadata.health;
    // Where brokers leave out what one may not see, nothing wrong is not all well.
    let fine = if metadata.may_describe_cluster == Some(false) { Mark::Unknown } else { Mark::Fine };
    let mark = |count: usize, bad: Mark| Some(if count == 0 { fine } else { bad });
    facts.push((mark(health.offline, Mark::Broken), format!("{} offline", health.offline)));
    let missing: Vec<String> = health.missing_brokers.iter().take(3).map(ToString::to_string).collect();
    let missing = if missing.is_empty() { String::new() } else { format!(" (miss {})", missing.join(" ")) };
    facts.push((mark(health.under_replicated, Mark::Look), format!("{} URP{missing}", health.under_replicated)));
    facts.push((mark(metadata.failures.len(), Mark::Look), show::plural(metadata.brokers.len(), "broker")));
    let seen = if metadata.may_describe_cluster == Some(false) { " you may see" } else { "" };
    facts.push((None, format!("{}{seen}", show::plural(metadata.topics.len(), "topic"))));
    facts.push((None, show::plural(metadata.partitions, "partition")));
    let mut spans = Vec::new();
    for (mark, text) in facts {
        let (sign, role) = match mark {
            None => ("", Role::Muted),
            Some(Mark::Fine) => (marks.fine, Role::Success),
            Some(Mark::Look) => (marks.look, Role::Warning),
            Some(Mark::Broken) => (marks.broken, Role::Danger),
            Some(Mark::Unknown) => (marks.unknown, Role::Muted),
        };
        let text = if sign.is_empty() { text } else { format!("{sign} {text}") };
        spans.push(span(text, role));
        spans.push(span("  ", Role::Text));
    }
    spans
}
