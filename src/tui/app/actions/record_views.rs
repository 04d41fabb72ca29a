//! Looking at the kept records in other ways: columns, counts, order.

use super::super::dialogs::{Dialog, Form, FormPurpose, Menu, MenuPurpose};
use super::super::drawn::Pane;
use super::super::effect::{Effect, Request};
use super::super::screens::records::{Chart, Choice, RecordsPane};
use super::super::slot::Slot;
use super::super::state::{Screen, State};
use super::{produce, start_after};
use crate::domain::query::{Field, read_field};
use crate::domain::views::word_at_end;
use std::time::Duration;

/// Counting again, while records come, waits for so long.
const PAUSE: Duration = Duration::from_millis(500);
/// Names of fields that are offered at once.
const OFFERED: usize = 6;

/// `a`: the ways, the one in use under the cursor.
pub fn choose(state: &mut State) {
    let records = &state.views.records;
    let is_in_use = |choice: &Choice| {
        matches!(
            (choice, &records.chart),
            (Choice::Record, None)
                | (Choice::Sizes, Some(Chart::Sizes))
                | (Choice::ByField, Some(Chart::ByField(_)))
                | (Choice::Latest, Some(Chart::Latest))
                | (Choice::OverTime, Some(Chart::OverTime))
                | (Choice::Keys, Some(Chart::Keys))
                | (Choice::Causes, Some(Chart::Causes))
        )
    };
    let cursor = Choice::ALL.iter().position(|(choice, ..)| is_in_use(choice)).unwrap_or(0);
    let title = "Look at the records kept".to_owned();
    state.dialogs.push(Dialog::Menu(Menu { purpose: MenuPurpose::RecordViews, title, cursor }));
}

/// Does what stands in this place of the menu.
pub fn chosen(state: &mut State, place: usize) {
    let Some((choice, ..)) = Choice::ALL.get(place) else { return };
    match choice {
        Choice::Record => show(state, None),
        Choice::Sizes => show(state, Some(Chart::Sizes)),
        Choice::Latest => show(state, Some(Chart::Latest)),
        Choice::OverTime => show(state, Some(Chart::OverTime)),
        Choice::Keys => show(state, Some(Chart::Keys)),
        Choice::Causes => show(state, Some(Chart::Causes)),
        Choice::Order => state.views.records.next_order(),
        Choice::Columns => {
            let columns: Vec<String> = state.views.records.columns.iter().map(Field::to_string).collect();
            let hint = "such as value.customer.id, headers.retry; none: the value";
            ask(state, FormPurpose::RecordsColumns, "Columns of the list", "fields", &columns.join(", "), hint);
        }
        Choice::ByField => {
            let before = match &state.views.records.chart {
                Some(Chart::ByField(field)) => field.to_string(),
                _ => String::new(),
            };
            let hint = "such as value.state, key, headers.retry";
            ask(state, FormPurpose::RecordsByField, "Count the records kept by a field", "field", &before, hint);
        }
    }
}

fn ask(state: &mut State, purpose: FormPurpose, title: &str, label: &'static str, before: &str, hint: &str) {
    let form = Form::new(purpose, title, vec![Form::field(label, before, hint)]);
    state.dialogs.push(Dialog::Form(Box::new(form)));
    offer(state);
}

/// What stands below the list; the chart is in sight even where one pane fills the screen.
pub fn show(state: &mut State, chart: Option<Chart>) {
    let is_out_of_sight = !state.drawn.viewports.contains_key(&Pane::RecordFacts);
    let records = &mut state.views.records;
    records.show_chart(chart);
    match &records.chart {
        None => {}
        Some(Chart::Sizes) if !is_out_of_sight => {}
        Some(Chart::Sizes) => records.pane = RecordsPane::Facts,
        Some(_) if is_out_of_sight || records.pane == RecordsPane::Value => records.pane = RecordsPane::Facts,
        Some(_) => {}
    }
}

/// `value.a, headers.b`
pub fn read_columns(text: &str) -> Result<Vec<Field>, String> {
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    words.map(|word| read_field(word).map_err(|error| format!("{word}: {}", error.message))).collect()
}

/// What the word before the cursor may become: names of fields, or of schemas.
pub fn offered(state: &State, form: &Form) -> Vec<String> {
    if matches!(form.purpose, FormPurpose::Produce(_)) {
        return produce::offered(form);
    }
    if !form.purpose.names_fields() || form.focus != 0 {
        return Vec::new();
    }
    let (_, word) = word_at_end(form.line(0));
    let names = &state.views.records.fields;
    names.completing(word, OFFERED).into_iter().map(ToOwned::to_owned).collect()
}

/// `tab` in a form that names fields or schemas: the word becomes what is offered, as far as that is
/// the same for all; whether anything became of it.
pub fn complete(state: &mut State) -> bool {
    let Some(Dialog::Form(form)) = state.dialogs.last_mut() else { return false };
    if form.offered.is_empty() {
        return false;
    }
    let line = form.line(form.focus).to_owned();
    // The names of schemas stand alone in their lines.
    let (at, word) = if form.purpose.names_fields() { word_at_end(&line) } else { (0, line.as_str()) };
    let Some(common) = common_start(&form.offered).filter(|common| !word.is_empty() && *common != word) else {
        return false;
    };
    let completed = format!("{}{common}", line.get(..at).unwrap_or_default());
    let Some(field) = form.fields.get_mut(form.focus) else { return false };
    field.input = super::super::input::TextInput::with(&completed);
    (form.error, form.error_at) = (None, None);
    offer(state);
    true
}

/// Offers anew after the line has changed.
pub fn offer(state: &mut State) {
    let Some(Dialog::Form(form)) = state.dialogs.last() else { return };
    let offered = offered(state, form);
    if let Some(Dialog::Form(form)) = state.dialogs.last_mut() {
        form.offered = offered;
    }
}

/// What all of them begin with; the shortest, where that is one of them.
fn common_start(names: &[String]) -> Option<&str> {
    let (first, rest) = names.split_first()?;
    let mut end = first.len();
    for name in rest {
        let same = first.char_indices().zip(name.chars()).take_while(|((_, a), b)| a == b).last();
        end = end.min(same.map_or(0, |((at, c), _)| at + c.len_utf8()));
    }
    first.get(..end).filter(|start| !start.is_empty())
}

/// Has counted what a chart shows, when that is older than what is kept.
pub fn count(state: &mut State, effects: &mut Vec<Effect>) {
    let records = &mut state.views.records;
    if state.screen != Screen::Records || state.slots.is_running(Slot::Stats) || !records.is_uncounted() {
        return;
    }
    let (Some(reading), Some(wish)) = (&records.reading, records.chart.as_ref().and_then(Chart::wish)) else { return };
    let (view, as_of, pause) = (reading.view, records.arrived(), records.stats.is_some());
    let pause = if pause { PAUSE } else { Duration::ZERO };
    let (before, come, gone) = records.uncounted();
    start_after(state, Slot::Stats, pause, Request::Stats { before, come, gone, wish, view, as_of }, effects);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_common_is_completed() {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(common_start(&names(&["value.state", "value.status"])), Some("value.stat"));
        assert_eq!(common_start(&names(&["value.id"])), Some("value.id"));
        assert_eq!(common_start(&names(&["key", "value"])), None);
        assert_eq!(common_start(&[]), None);
    }

    #[test]
    fn columns_are_fields_between_commas() {
        assert_eq!(read_columns("").unwrap(), Vec::new());
        assert_eq!(read_columns(" value.a, key ").unwrap().len(), 2);
        assert!(read_columns("value.a, amount").unwrap_err().starts_with("amount: no field"));
    }
}
