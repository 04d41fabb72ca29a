//! Facts in cells: a number, or a `?` for what is not known.

use super::table::{Cell, cell};
use crate::domain::{Fact, show};
use crate::tui::ui::theme::Role;

/// A known value as `text` says; `?` otherwise.
pub fn fact<'a, T>(fact: &Fact<T>, role: Role, text: impl FnOnce(&T) -> String) -> Cell<'a> {
    match fact {
        Fact::Known(value) => cell(text(value), role),
        Fact::Unknown(_) => cell("?", Role::Muted),
    }
}

pub fn records<'a>(value: Option<&Fact<u64>>) -> Cell<'a> {
    value.map_or_else(|| cell("", Role::Muted), |value| fact(value, Role::Text, |count| show::abbreviated(*count)))
}

pub fn size<'a>(value: Option<&Fact<u64>>) -> Cell<'a> {
    value.map_or_else(|| cell("", Role::Muted), |value| fact(value, Role::Text, |bytes| show::size(*bytes)))
}

/// A rate; nothing moving is quiet.
pub fn rate<'a>(value: Option<&Fact<crate::domain::topic::Rate>>) -> Cell<'a> {
    let Some(value) = value else { return cell("", Role::Muted) };
    match value {
        Fact::Known(rate) => {
            let rate = f64::from(*rate);
            cell(show::rate(rate), if rate > 0.0 { Role::Text } else { Role::Muted })
        }
        Fact::Unknown(_) => cell("?", Role::Muted),
    }
}
