//! The form of a profile, and below it the steps of its test.

use super::{boxed, probe};
use crate::domain::rules::Rule;
use crate::domain::text::display_width;
use crate::profile::{Field, Kind};
use crate::tui::app::dialogs::ProfileDialog;
use crate::tui::app::dialogs::profile::{Input, RowId, Test};
use crate::tui::ui::canvas::{Canvas, span};
use crate::tui::ui::theme::Role;
use crate::tui::ui::widgets::{states, text_field};
use ratatui::layout::Rect;

const LABEL: u16 = 21;
/// Lines below the fields: what the field means, and what is wrong.
const BELOW: u16 = 3;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, form: &ProfileDialog) {
    let title = match &form.edited {
        Some(name) => format!("Edit {name}"),
        None => "New profile".to_owned(),
    };
    let rows: Vec<_> = form.visible().collect();
    let problems = form.problems();
    let width = area.width.min(110);
    let steps = probe::lines(canvas, &form.steps, form.test == Test::Running, width.saturating_sub(2)).len();
    let wanted = rows.len() + steps + usize::from(BELOW) + 3;
    let inner = boxed(canvas, area, width, u16::try_from(wanted).unwrap_or(u16::MAX), vec![span(title, Role::Text)]);
    // The steps get half of the room at most; fields scroll with the one in focus.
    let steps = u16::try_from(steps).unwrap_or(u16::MAX).min(inner.height / 2);
    let room = usize::from(inner.height.saturating_sub(BELOW + steps));
    let focus = rows.iter().position(|row| row.id == form.focus).unwrap_or(0);
    let first = (focus + 2).saturating_sub(room).min(rows.len().saturating_sub(room));
    for (row, y) in rows.iter().skip(first).take(room).zip(inner.top()..) {
        let is_here = row.id == form.focus;
        let problem = problems.iter().find(|(id, _)| *id == row.id);
        let mark = if problem.is_some() { canvas.theme.marks.broken } else { " " };
        canvas.put(inner.x, y, 1, mark, Role::Danger);
        canvas.put(inner.x + 2, y, LABEL, &label(row.id), if is_here { Role::Accent } else { Role::Text });
        let x = inner.x + 2 + LABEL;
        let place = Rect { x, y, width: inner.right().saturating_sub(x), height: 1 };
        match &row.input {
            Input::Line(line) => {
                text_field::draw(canvas, place, line, is_here);
                if line.is_empty() && !is_here {
                    let default = match row.id {
                        RowId::Value(field) => field.row().default,
                        RowId::Name | RowId::Way(_) | RowId::Literal(_) => "",
                    };
                    canvas.put(place.x, y, place.width, default, Role::Muted);
                }
            }
            Input::Hidden(hidden) => text_field::draw_hidden(canvas, place, hidden.len(), is_here),
            Input::Choice(choice) => {
                let shown = if is_here { format!("< {} >", choice.word()) } else { choice.word().to_owned() };
                canvas.put(x, y, place.width, &shown, if is_here { Role::Accent } else { Role::Text });
            }
        }
    }
    let below = inner.bottom().saturating_sub(BELOW + steps);
    let explain = explained(form.focus);
    let here = problems.iter().find(|(id, _)| *id == form.focus).or_else(|| problems.first());
    let (text, role) = match (&form.error, here) {
        (Some(error), _) => (error.clone(), Role::Danger),
        (None, Some((RowId::Name, why))) => (format!("name: {why}"), Role::Danger),
        (None, Some((id, why))) => (format!("{}: {why}", label(*id)), Role::Danger),
        (None, None) if form.visible().any(|row| matches!(row.id, RowId::Literal(_))) => {
            ("a secret in this file can be read by anyone who reads the file".to_owned(), Role::Warning)
        }
        (None, None) if form.test == Test::Ended => {
            (format!("{}; it can be saved either way", form.verdict()), Role::Info)
        }
        (None, None) => ("nothing is wrong; enter tests it, and it can be saved either way".to_owned(), Role::Muted),
    };
    // What is wrong is read before what the field is for: where it is long, it takes both lines.
    let is_long = display_width(&text) > usize::from(inner.width);
    if !is_long {
        canvas.put(inner.x, below + 1, inner.width, &explain, Role::Muted);
    }
    let lines = if is_long { 2 } else { 1 };
    states::say(canvas, Rect { y: below + 3 - lines, height: lines, ..inner }, &text, role);
    let place = Rect { y: inner.bottom().saturating_sub(steps), height: steps, ..inner };
    probe::draw_tail(canvas, place, &form.steps, form.test == Test::Running);
}

fn label(id: RowId) -> String {
    match id {
        RowId::Name => "name".into(),
        RowId::Value(field) if field.row().kind == Kind::Secret => "  from".into(),
        RowId::Literal(_) => "  secret".into(),
        RowId::Value(field) | RowId::Way(field) => words(field).into(),
    }
}

/// The field's words, short enough for a label.
fn words(field: Field) -> &'static str {
    match field {
        Field::Bootstrap => "brokers",
        Field::Tls => "TLS",
        Field::Ca => "CA certificate",
        Field::Certificate => "client certificate",
        Field::Key => "client key",
        Field::Pkcs12 => "PKCS#12 file",
        Field::Passphrase => "key passphrase",
        Field::VerifyHostname => "verify host name",
        Field::Mechanism => "SASL",
        Field::User => "user",
        Field::Password => "password",
        Field::Token => "token",
        Field::Registry => "schema registry",
        Field::RegistryContext => "registry context",
        Field::RegistryUser => "registry user",
        Field::RegistryPassword => "registry password",
        Field::RegistryCa => "registry CA",
        Field::Colour => "colour",
        Field::ReadOnly => "read-only",
        Field::ForbidUnlock => "forbid unlocking",
        Field::Production => "production",
        Field::TimeZone => "time zone",
        Field::ReadBudget => "read budget",
        Field::Rack => "rack",
        Field::RefreshMetadata => "refresh metadata",
        Field::RefreshLag => "refresh lag",
        Field::Judge(Rule::Intervals) => "verdict: commits",
        Field::Judge(Rule::MinDistance) => "verdict: distance",
        Field::Judge(Rule::AllowedLag) => "verdict: allowed lag",
        Field::Judge(Rule::MinimumComplete) => "verdict: complete",
        Field::Judge(Rule::Expire) => "verdict: expire",
        Field::Formats => "formats by topic",
        Field::Masks => "masks by topic",
        Field::Naming => "names of topics",
        Field::Notes => "notes",
    }
}

fn explained(id: RowId) -> String {
    match id {
        RowId::Name => "What this cluster is called here".into(),
        RowId::Value(field) | RowId::Literal(field) => field.row().doc.to_owned(),
        RowId::Way(field) => format!("{}: ← and → choose where it is kept", field.row().doc),
    }
}
