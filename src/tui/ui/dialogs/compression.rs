//! What producers do with their batches, and what another codec would save: the
//! sentence first, then its reasons.

use super::boxed;
use crate::domain::compression::{CompressionReport, ProducerUse, Trial, ratio};
use crate::domain::text::{sanitize, shorten_middle};
use crate::domain::{Partial, show};
use crate::tui::app::dialogs::CompressionDialog;
use crate::tui::app::drawn::Pane;
use crate::tui::ui::canvas::{Canvas, Span, span};
use crate::tui::ui::theme::{Marks, Role};
use crate::tui::ui::widgets::states;
use crate::tui::ui::widgets::text::{self, Line};
use ratatui::layout::Rect;

/// From here on there is room for what larger batches would save.
const ROOMY: usize = 60;
/// Those with the most bytes.
const PRODUCERS: usize = 20;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, dialog: &CompressionDialog) {
    let width = area.width.min(90);
    let most = usize::from(width).saturating_sub("Compression of  · esc closes".len() + 6);
    let topic = sanitize(dialog.topic.as_str());
    let title = vec![span(format!("Compression of {} · esc closes", shorten_middle(&topic, most.max(8))), Role::Text)];
    let Some(report) = dialog.report.value() else {
        let inner = boxed(canvas, area, width, 6, title);
        states::instead_of_value(canvas, inner, &dialog.report, "the newest batches, to pack them anew");
        return;
    };
    let lines = lines(report, usize::from(width.saturating_sub(4)), &canvas.theme.marks);
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX).max(6);
    let inner = boxed(canvas, area, width, height, title);
    text::draw(canvas, inner, Pane::Compression, &lines, dialog.scroll);
}

fn lines(report: &Partial<CompressionReport>, room: usize, marks: &Marks) -> Vec<Line<'static>> {
    let (failures, report) = (&report.failures, &report.value);
    let mut lines: Vec<Line<'static>> = Vec::new();
    let mut say = |text: &str, role: Role| {
        lines.extend(states::wrap(text, room).into_iter().map(|line| vec![span(line, role)]));
    };
    say(&report.advice(), Role::Accent);
    for failure in failures {
        say(&format!("{} in part: {failure}", marks.look), Role::Warning);
    }
    if report.batches == 0 {
        return lines;
    }
    let said = report.topic_codec.as_deref().map_or(String::new(), |codec| format!(", compression.type {codec}"));
    let now = format!(
        "the newest {} records in {} batches: {} in the log, {} plain, {}{said}",
        show::count(report.records),
        show::count(report.batches),
        show::size(report.wire_bytes),
        show::size(report.plain_bytes),
        to_one(report.ratio()),
    );
    say(&now, Role::Muted);
    let is_roomy = room >= ROOMY;
    lines.push(Vec::new());
    let mut head = format!("{:<8}{:>8}{:>8}{:>10}", "CODEC", "SAVED", "RATIO", "CPU S/GB");
    if is_roomy {
        head.push_str(&format!("{:>18}", "IN 64 KiB BATCHES"));
    }
    lines.push(vec![span(head, Role::Header)]);
    for trial in report.trials.iter().filter(|trial| trial.gathered.is_none()) {
        lines.push(trial_line(report, trial, is_roomy));
    }
    lines.push(Vec::new());
    let mut head = format!("{:<9}{:<7}{:>8}{:>10}", "PRODUCER", "CODEC", "RECORDS", "BATCH");
    if is_roomy {
        head.push_str(&format!("{:>10}{:>8}", "IN ALL", "RATIO"));
    }
    lines.push(vec![span(head, Role::Header)]);
    lines.extend(report.producers.iter().take(PRODUCERS).map(|used| producer_line(used, is_roomy)));
    if let Some(more) = report.producers.len().checked_sub(PRODUCERS).filter(|more| *more > 0) {
        lines.push(vec![span(format!("and {more} more with fewer bytes"), Role::Muted)]);
    }
    lines
}

fn to_one(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.1} : 1"))
}

fn trial_line(report: &CompressionReport, trial: &Trial, is_roomy: bool) -> Line<'static> {
    let saved = |trial: &Trial| saved_span(report.saved(trial));
    let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.1}"));
    let (text, role) = saved(trial);
    let mut line = vec![
        span(format!("{:<8}", trial.name()), Role::Text),
        span(format!("{text:>8}"), role),
        span(format!("{:>8}{:>10}", number(trial.ratio()), number(trial.pack_seconds_per_gb())), Role::Text),
    ];
    if is_roomy {
        let same =
            |other: &&Trial| other.gathered.is_some() && other.codec == trial.codec && other.level == trial.level;
        let (text, role) = report.trials.iter().find(same).map_or(("–".to_owned(), Role::Muted), saved);
        line.push(span(format!("{text:>18}"), role));
    }
    line
}

/// A share that would be saved; what would grow is said as such.
fn saved_span(saved: Option<f64>) -> (String, Role) {
    match saved {
        None => ("–".to_owned(), Role::Muted),
        Some(saved) if saved < 0.0 => (format!("−{}", show::share(-saved)), Role::Warning),
        Some(saved) if saved >= 0.1 => (show::share(saved), Role::Success),
        Some(saved) => (show::share(saved), Role::Text),
    }
}

fn producer_line(used: &ProducerUse, is_roomy: bool) -> Line<'static> {
    let id = used.producer_id.map_or_else(|| "no id".to_owned(), |id| id.to_string());
    let records = ratio(used.records, used.batches).map_or_else(|| "–".to_owned(), |each| format!("{each:.1}"));
    let each = used.wire_bytes.checked_div(used.batches).map_or_else(|| "–".to_owned(), show::size);
    let mut line: Vec<Span<'static>> =
        vec![span(format!("{:<9}{:<7}{records:>8}{each:>10}", shorten_middle(&id, 8), used.codec.word()), Role::Text)];
    if is_roomy {
        let ratio = used.ratio().map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.1}"));
        line.push(span(format!("{:>10}{ratio:>8}", show::size(used.wire_bytes)), Role::Text));
    }
    line
}
