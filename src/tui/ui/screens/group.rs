//! One group: a sentence, a chart, a table.

mod members;
mod topology;

use super::split_top;
use crate::cluster::{GroupDetail, PartitionOutlook};
use crate::domain::churn::TOO_MANY;
use crate::domain::drain::Drain;
use crate::domain::group::{GroupDescription, GroupState, GroupType, LagPoint};
use crate::domain::headroom::Headroom;
use crate::domain::produced::{Produced, STEP, STEPS};
use crate::domain::text::{sanitize, shorten_middle};
use crate::domain::verdict::{GroupVerdict, Judgement, Reason, Source, Verdict};
use crate::domain::{Fact, Time, TopicPartition, show};
use crate::tui::app::State;
use crate::tui::app::drawn::Pane;
use crate::tui::app::screens::group::{GroupTab, finding, rates};
use crate::tui::ui::canvas::{Canvas, Span, span, those_that_fit};
use crate::tui::ui::theme::{Marks, Role};
use crate::tui::ui::widgets::chart::{Chart, Series};
use crate::tui::ui::widgets::frame::{self, Titles};
use crate::tui::ui::widgets::table::{self, Cell, Column, Table, Width, cell, name, nothing_marked};
use crate::tui::ui::widgets::{facts, spark, states, tabs, verdicts};
use ratatui::layout::Rect;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State) {
    let view = &state.views.group;
    let id = view.id.as_ref().map_or(String::new(), ToString::to_string);
    let Some(detail) = view.detail.value() else {
        let inner = frame::draw(canvas, area, &Titles::left(vec![span(id, Role::Text)]), true);
        states::instead_of_value(canvas, inner, &view.detail, "the group");
        return;
    };
    let upper = match area.height {
        0..12 => 3,
        12..18 => 4,
        18..28 => 9,
        _ => 12,
    };
    let (top, bottom) = split_top(area, upper);
    summary(canvas, top, state, detail, &id);
    rows(canvas, bottom, state, detail);
}

fn summary(canvas: &mut Canvas<'_>, area: Rect, state: &State, detail: &GroupDetail, id: &str) {
    let listing = &detail.description.listing;
    let found = finding(detail);
    let marks = canvas.theme.marks;
    let (mark, role) = if found.is_trouble { (marks.look, Role::Warning) } else { (marks.fine, Role::Muted) };
    let state_role = match listing.state {
        GroupState::Stable => Role::Success,
        GroupState::Empty | GroupState::Dead => Role::Muted,
        _ => Role::Warning,
    };
    // However long its id is, the state and the verdict stand behind it.
    let id = sanitize(id);
    let id = shorten_middle(&id, usize::from(area.width / 2).max(16)).into_owned();
    let mut title = vec![
        span(id, Role::Text),
        // Where room is short, the state comes before the protocol.
        span(if area.width < 60 { " · ".into() } else { format!(" · {} · ", listing.type_shown()) }, Role::Muted),
        span(listing.state.shown().to_owned(), state_role),
        span(" · ", Role::Muted),
    ];
    let sure = detail.judged.known().and_then(|judged| judged.group.as_ref());
    let sure = sure.filter(|verdict| verdict.judgement.is_sure());
    let bad = sure.filter(|verdict| verdict.judgement.verdict != Verdict::Ok);
    match (bad, sure) {
        (Some(GroupVerdict { worst, judgement: Judgement { verdict, source, .. }, .. }), _) => {
            let mark = verdicts::mark(&marks, *verdict);
            title.push(span(format!("{mark} {}", verdicts::word(*verdict, *source)), verdicts::role(*verdict)));
            title.push(span(format!(" on {} {}", worst.topic, worst.partition), Role::Text));
        }
        (None, Some(well)) if !found.is_trouble => {
            let word = verdicts::word(Verdict::Ok, well.judgement.source);
            title.push(span(format!("{mark} {word}"), Role::Success));
            title.push(span(format!(" · {}", found.text), role));
        }
        _ => title.push(span(format!("{mark} {}", found.text), role)),
    }
    let inner = frame::draw(canvas, area, &Titles::left(title), false);
    canvas.put_spans(inner.x, inner.y, inner.width, &those_that_fit(figures(detail, &marks), inner.width));
    let mut remarks = Vec::new();
    remarks.extend(at_risk(detail).map(|text| span(format!("{} {text}", marks.broken), Role::Danger)));
    if let Some(verdict) = bad {
        let why = verdict.judgement.reason.told(|at| at.clock_seconds(state.zone()));
        remarks.push(span(why, verdicts::role(verdict.judgement.verdict)));
    }
    remarks.extend(held(detail, state).map(|text| span(format!("{} {text}", marks.look), Role::Warning)));
    if detail.rebalances >= TOO_MANY {
        let text = format!("{} rebalanced {} times in ten minutes", marks.look, detail.rebalances);
        remarks.push(span(text, Role::Warning));
    }
    if let Some(reason) = detail.judged.reason() {
        remarks.push(span(format!("no verdict: {reason}"), Role::Muted));
    }
    if let Some(reason) = detail.outlook.reason() {
        remarks.push(span(format!("nothing is known of the time: {reason}"), Role::Muted));
    }
    if let Some(why) = detail.judged.known().and_then(|judged| judged.why_sampled.as_ref()) {
        remarks.push(span(format!("verdicts are estimated from looks at the offsets: {why}"), Role::Muted));
    }
    if detail.description.topology.as_deref().is_some_and(|topology| topology.subtopologies.is_none()) {
        remarks.push(span(topology::NOT_SET_UP, Role::Warning));
    }
    if listing.kind == GroupType::Share {
        remarks.push(span("which records are being delivered is not told by the protocol", Role::Muted));
    }
    if let Some(explanation) = detail.role.explanation() {
        remarks.push(span(format!("{} {explanation}", marks.look), Role::Info));
    }
    // A line each where the chart leaves room; the most urgent first.
    let lines = inner.height.saturating_sub(1);
    let lines = if lines > CHART { (lines - CHART).min(MOST_REMARKS) } else { lines.min(1) };
    let mut y = inner.y + 1;
    for remark in remarks.into_iter().take(usize::from(lines)) {
        canvas.put_spans(inner.x, y, inner.width, &[remark]);
        y += 1;
    }
    let left = inner.bottom().saturating_sub(y);
    if left >= CHART {
        lag_chart(canvas, Rect { y, height: left, ..inner }, state, detail);
    }
}

/// Lines that a chart needs, and remarks that one reads at a glance.
const CHART: u16 = 4;
const MOST_REMARKS: u16 = 3;

/// Lag, how long that lasts and will last, how fast it goes: what is left out last comes first.
fn figures(detail: &GroupDetail, marks: &Marks) -> Vec<Vec<Span<'static>>> {
    let mut lag = vec![span("lag ", Role::Muted)];
    match detail.lag.fact() {
        Fact::Known(lag_now) => {
            let about = if detail.lag.unknown > 0 { "~" } else { "" };
            lag.push(span(format!("{about}{} ", show::abbreviated(lag_now)), Role::Accent));
        }
        Fact::Unknown(reason) => lag.push(span(format!("? {reason} "), Role::Muted)),
    }
    let lags: Vec<f64> = detail.history.iter().map(|point| point.lag as f64).collect();
    lag.push(span(spark::squeezed(marks, &lags, 12), Role::Info));
    let mut figures = vec![lag];
    let outlook = detail.outlook.known();
    if let Some(waiting) = outlook.and_then(|outlook| outlook.waiting.get()).filter(|waiting| *waiting > 0) {
        figures.push(vec![span("behind ", Role::Muted), span(show::duration(waiting), Role::Text)]);
    }
    match outlook.and_then(|outlook| outlook.drain.get()) {
        Some(Drain::Drained) | None => {}
        Some(drain @ Drain::In(_)) => figures.push(vec![span(drain.told(), Role::Text)]),
        Some(drain @ (Drain::Never | Drain::Growing(_))) => figures.push(vec![span(drain.told(), Role::Warning)]),
    }
    if let Some((read, written)) = rates(&detail.history) {
        figures.push(vec![
            span("reads ", Role::Muted),
            span(format!("{}/s", show::rate(read)), Role::Text),
            span(", written ", Role::Muted),
            span(format!("{}/s", show::rate(written)), Role::Text),
        ]);
    }
    figures.extend(worst_share(detail).map(|share| vec![span(share, Role::Muted)]));
    figures.extend(detail.produced.known().map(|produced| produced_line(marks, produced)));
    if !detail.description.assignor.is_empty() {
        figures.push(vec![span(detail.description.assignor.clone(), Role::Muted)]);
    }
    match epochs(&detail.description) {
        // Worth more than how fast it goes.
        Some((epochs, true)) => figures.insert(1, vec![span(epochs, Role::Warning)]),
        Some((epochs, false)) => figures.push(vec![span(epochs, Role::Muted)]),
        None => {}
    }
    figures.extend(detail.description.coordinator.map(|id| vec![span(format!("coordinator {id}"), Role::Muted)]));
    figures
}

/// "epoch 5", and what is behind it; whether the group changes over.
fn epochs(group: &GroupDescription) -> Option<(String, bool)> {
    let epoch = group.epoch?;
    let late = group.members.iter().filter_map(|member| member.detail.as_ref()).filter(|detail| detail.epoch < epoch);
    Some(match (group.assignment_epoch.filter(|assigned| *assigned < epoch), late.count()) {
        (Some(assigned), _) => (format!("epoch {epoch}, assigned is {assigned}"), true),
        (None, 0) => (format!("epoch {epoch}"), false),
        (None, late) => (format!("epoch {epoch}, {} behind", show::plural(late, "member")), true),
    })
}

/// Where retention takes, or soon takes, what is not read yet.
fn at_risk(detail: &GroupDetail) -> Option<String> {
    let (index, headroom) = detail.outlook.known()?.headroom.filter(|(_, headroom)| headroom.is_short())?;
    let TopicPartition { topic, partition } = &detail.partitions.get(index)?.partition;
    let then = match headroom {
        Headroom::Lost(_) => ": whoever starts there goes on by its auto.offset.reset",
        _ => "",
    };
    Some(format!("{topic} {partition}: {}{then}", headroom.told()))
}

/// "payments 4: held by an open transaction of producer 4711 since 13:56:27"
fn held(detail: &GroupDetail, state: &State) -> Option<String> {
    let outlook = detail.outlook.known()?;
    let (row, held) =
        detail.partitions.iter().zip(&outlook.partitions).find_map(|(row, look)| Some((row, look.held.as_ref()?)))?;
    let reason = Reason::Held { producer_id: held.producer_id.get(), since: held.since };
    let TopicPartition { topic, partition } = &row.partition;
    Some(format!("{topic} {partition}: {}", reason.told(|at| at.clock_seconds(state.zone()))))
}

/// "87 % on payments 7", where one partition holds most of it.
fn worst_share(detail: &GroupDetail) -> Option<String> {
    let total = detail.lag.fact().get().filter(|lag| *lag > 0)?;
    let worst = detail.partitions.iter().max_by_key(|row| row.lag().get().unwrap_or(0))?;
    let share = worst.lag().get()? as f64 / total as f64;
    let many = detail.partitions.len() > 1;
    (many && share >= 0.3)
        .then(|| format!("{} on {} {}", show::share(share), worst.partition.topic, worst.partition.partition))
}

fn lag_chart(canvas: &mut Canvas<'_>, area: Rect, state: &State, detail: &GroupDetail) {
    let history = &detail.history;
    let (Some(first), Some(last)) = (history.first(), history.last()) else { return };
    if area.width < 40 || area.height < 3 {
        return;
    }
    if history.len() < 3 {
        // The logs know what was written before anybody looked.
        match detail.produced.known().filter(|produced| produced.total() > 0) {
            Some(produced) => produced_chart(canvas, area, state, produced),
            None => {
                canvas.put(area.x, area.y, area.width, "the chart begins after a few samples", Role::Muted);
            }
        }
        return;
    }
    let lag: Vec<(Time, f64)> = history.iter().map(|point| (point.at, point.lag as f64)).collect();
    // Both from zero at the left edge: where they part, the lag grows.
    let moved = || history.iter().map(|point| point.at).zip(LagPoint::moved(history));
    let written: Vec<(Time, f64)> = moved().map(|(at, (_, written))| (at, written as f64)).collect();
    let read: Vec<(Time, f64)> = moved().map(|(at, (read, _))| (at, read as f64)).collect();
    let series = [
        Series { name: "lag", role: Role::Info, points: &lag },
        Series { name: "written", role: Role::Muted, points: &written },
        Series { name: "read", role: Role::Success, points: &read },
    ];
    Chart { series: &series, from: first.at, to: last.at, zone: state.zone() }.draw(canvas, area);
}

/// Records written in each five minutes of the last hour.
fn produced_chart(canvas: &mut Canvas<'_>, area: Rect, state: &State, produced: &Produced) {
    let title = "written in five minutes each, by the records' own times; lag follows after a few looks";
    canvas.put(area.x, area.y, area.width, title, Role::Muted);
    let points: Vec<(Time, f64)> = produced.points().map(|(at, records)| (at, records as f64)).collect();
    let series = [Series { name: "written", role: Role::Info, points: &points }];
    let (from, to) = (produced.from, produced.from.plus_millis(STEPS as i64 * STEP));
    let area = Rect { y: area.y + 1, height: area.height - 1, ..area };
    Chart { series: &series, from, to, zone: state.zone() }.draw(canvas, area);
}

/// "last hour ▁▂▃ 12.1 k": what was written, by the records' own times.
fn produced_line(marks: &Marks, produced: &Produced) -> Vec<Span<'static>> {
    let steps: Vec<f64> = produced.records.iter().map(|records| *records as f64).collect();
    let about = if produced.unknown > 0 { "~" } else { "" };
    let total = show::abbreviated(produced.total());
    vec![
        span("last hour ", Role::Muted),
        span(format!("{} {about}{total} written", spark::line(marks, &steps, STEPS)), Role::Text),
    ]
}

fn rows(canvas: &mut Canvas<'_>, area: Rect, state: &State, detail: &GroupDetail) {
    let view = &state.views.group;
    let focus = state.dialogs.is_empty();
    let members = detail.description.members.len();
    let marked = view.selection.marks.len();
    let mut left = match view.tab {
        GroupTab::Partitions => vec![
            span(format!("Partitions {}", detail.partitions.len()), Role::Text),
            span(format!(" · {} {}", view.ordered_by(), canvas.theme.marks.descending), Role::Muted),
        ],
        GroupTab::Members => vec![span(format!("Members {members}"), Role::Text)],
        GroupTab::Topology => vec![span("Topology", Role::Text)],
        GroupTab::Timeline => vec![span("Timeline", Role::Text), span(" · newest first", Role::Muted)],
    };
    if marked > 0 {
        left.push(span(format!(" · {marked} marked"), Role::Accent));
    }
    let title = |tab: GroupTab| match tab {
        GroupTab::Partitions => "Partitions".into(),
        GroupTab::Members => format!("Members {members}"),
        GroupTab::Topology => "Topology".into(),
        GroupTab::Timeline => "Timeline".into(),
    };
    let titles: Vec<_> = view.tabs().into_iter().map(|tab| (title(tab), view.tab == tab)).collect();
    let right = tabs::titles(&titles);
    let inner = frame::draw(canvas, area, &Titles { left, right }, focus);
    let inner = states::banner(canvas, inner, &view.detail, &detail.failures, state.zone());
    match view.tab {
        GroupTab::Partitions => partitions(canvas, inner, state, detail, focus),
        GroupTab::Members => members::draw(canvas, inner, state, detail, focus),
        GroupTab::Topology => topology::draw(canvas, inner, state, detail, focus),
        GroupTab::Timeline => timeline(canvas, inner, state, detail, focus),
    }
}

/// What was seen of the group's members since klamm looks.
fn timeline(canvas: &mut Canvas<'_>, area: Rect, state: &State, detail: &GroupDetail, focus: bool) {
    let events = &detail.events;
    if events.is_empty() {
        states::say(canvas, area, "nothing happened since klamm looks: members and states are compared", Role::Muted);
        return;
    }
    let columns = [Column::text("SEEN AT", Width::Fixed(8)), Column::text("WHAT", Width::Fill(20))];
    let table = Table {
        pane: Pane::GroupTimeline,
        columns: &columns,
        len: events.len(),
        cursor: Some(state.views.group.event_cursor.min(events.len() - 1)),
        has_focus: focus,
        first: state.viewport(Pane::GroupTimeline).first,
        is_marked: &nothing_marked,
    };
    table::draw(canvas, area, &table, |row, column| match (events.get(row), column) {
        (Some(event), 0) => cell(event.at.clock_seconds(state.zone()), Role::Muted),
        (Some(event), _) => name(event.what.told(), Role::Text),
        (None, _) => cell("", Role::Text),
    });
}

fn partitions(canvas: &mut Canvas<'_>, area: Rect, state: &State, detail: &GroupDetail, focus: bool) {
    let view = &state.views.group;
    if view.order.is_empty() {
        let text = match detail.description.listing.kind {
            GroupType::Share => "it has begun to read nowhere and nothing is assigned",
            _ => "nothing is committed and nothing assigned",
        };
        states::say(canvas, area, text, Role::Muted);
        return;
    }
    let is_share = detail.description.listing.kind == GroupType::Share;
    let (start, position) = if is_share { ("LOG START", "START OFFSET") } else { ("START", "COMMITTED") };
    let mut columns = vec![
        Column::text("TOPIC", Width::Name(12)),
        Column::number("P", 4),
        Column::number(start, 11).gives_way(5),
        Column::number(position, 13).gives_way(1),
        Column::number("END", 13).gives_way(4),
        Column::number("LAG", 9),
        Column::number("BEHIND", 10).gives_way(3),
        Column::number("HEADROOM", 10).gives_way(3),
        Column::text("VERDICT", Width::Fixed(7)).gives_way(2),
        Column::text("LAST COMMIT", Width::Fixed(11)).gives_way(5),
    ];
    if detail.partitions.iter().any(|row| row.member.is_some()) {
        columns.push(Column::text("MEMBER", Width::Fixed(24)).gives_way(6));
    }
    let at = |row: usize| view.order.get(row).and_then(|index| detail.partitions.get(*index as usize));
    let judged = |row: usize| -> Option<&Judgement> {
        let index = *view.order.get(row)?;
        detail.judged.known()?.partitions.get(index as usize)?.as_ref()
    };
    let outlook = |row: usize| -> Option<&PartitionOutlook> {
        let index = *view.order.get(row)?;
        detail.outlook.known()?.partitions.get(index as usize)
    };
    let table = Table {
        pane: Pane::GroupPartitions,
        columns: &columns,
        len: view.order.len(),
        cursor: Some(view.selection.cursor()),
        has_focus: focus,
        first: state.viewport(Pane::GroupPartitions).first,
        is_marked: &|row| at(row).is_some_and(|row| view.selection.marks.contains(&row.partition)),
    };
    table::draw(canvas, area, &table, |number, column| {
        let Some(row) = at(number) else { return cell("", Role::Text) };
        let offset = |fact: &Fact<i64>| facts::fact(fact, Role::Text, |offset| show::offset(*offset));
        match column {
            0 => name(row.partition.topic.as_str(), Role::Text),
            1 => cell(row.partition.partition.to_string(), Role::Text),
            2 => offset(&row.start),
            3 => match &row.committed {
                Fact::Known(Some(committed)) => cell(show::offset(committed.offset), Role::Text),
                Fact::Known(None) => cell("–", Role::Muted),
                Fact::Unknown(_) => cell("?", Role::Muted),
            },
            4 => offset(&row.end),
            5 => match (row.lag(), &row.committed) {
                (Fact::Known(0), _) => cell("0", Role::Muted),
                (Fact::Known(lag), _) => cell(show::abbreviated(lag), Role::Accent),
                (Fact::Unknown(_), Fact::Known(None)) => cell("–", Role::Muted),
                (Fact::Unknown(_), _) => cell("?", Role::Muted),
            },
            6 => waiting(outlook(number)),
            7 => headroom(outlook(number)),
            8 => verdicts::judgement(judged(number)),
            9 => match judged(number) {
                // Samples do not tell it.
                Some(judgement) if judgement.source == Source::Sampled => cell("?", Role::Muted),
                Some(judgement) => cell(judgement.last_commit.clock_seconds(state.zone()), Role::Muted),
                None => cell("?", Role::Muted),
            },
            _ => {
                let member = row.member.and_then(|index| detail.description.members.get(index));
                match member {
                    Some(member) => {
                        let id = member.instance_id.as_deref().unwrap_or(&member.client_id);
                        name(format!("{id} {}", member.host), Role::Muted)
                    }
                    None => cell("–", Role::Muted),
                }
            }
        }
    });
}

fn waiting<'a>(outlook: Option<&PartitionOutlook>) -> Cell<'a> {
    match outlook.map(|outlook| &outlook.waiting) {
        Some(Fact::Known(0)) => cell("–", Role::Muted),
        Some(Fact::Known(millis)) => cell(show::duration(*millis), Role::Text),
        Some(Fact::Unknown(_)) | None => cell("?", Role::Muted),
    }
}

fn headroom<'a>(outlook: Option<&PartitionOutlook>) -> Cell<'a> {
    match outlook.map(|outlook| &outlook.headroom) {
        Some(Fact::Known(Headroom::NothingUnread)) => cell("–", Role::Muted),
        Some(Fact::Known(Headroom::Forever)) => cell("kept", Role::Muted),
        Some(Fact::Known(Headroom::Lost(records))) => {
            cell(format!("{} lost", show::abbreviated(*records)), Role::Danger)
        }
        Some(Fact::Known(Headroom::Left { millis, is_short })) => {
            cell(show::duration(*millis), if *is_short { Role::Danger } else { Role::Text })
        }
        Some(Fact::Unknown(_)) | None => cell("?", Role::Muted),
    }
}
