//! Theme files: a palette of hues, and roles that use them.

use super::{Role, colour};
use ratatui::style::{Color, Modifier, Style};
use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The name, the roles that could be read, and what could not, with its line.
pub fn read(text: &str) -> (String, Vec<(Role, Style)>, Vec<String>) {
    let mut reader = Reader { text, palette: BTreeMap::new(), warnings: Vec::new() };
    let table = match DeTable::parse(text) {
        Ok(table) => table.into_inner(),
        Err(error) => return ("unreadable".into(), Vec::new(), vec![format!("theme: {error}")]),
    };
    let name = table.get("name").and_then(|name| name.get_ref().as_str()).unwrap_or("unnamed").to_owned();
    if let Some(palette) = table.get("palette").and_then(|palette| palette.get_ref().as_table()) {
        for (hue, value) in palette {
            match value.get_ref().as_str().and_then(colour::parse) {
                Some(rgb) => {
                    reader.palette.insert(hue.get_ref().to_string(), rgb);
                }
                None => reader.warn(value, format!("palette.{}: a colour is written #rrggbb", hue.get_ref())),
            }
        }
    }
    let mut roles = Vec::new();
    if let Some(table) = table.get("roles").and_then(|roles| roles.get_ref().as_table()) {
        for (name, value) in table {
            match Role::ALL.into_iter().find(|role| role.name() == name.get_ref()) {
                Some(role) => roles.extend(reader.style(role, value).map(|style| (role, style))),
                None => {
                    let offset = name.span().start;
                    let message = format!("there is no role ‘{}’", name.get_ref());
                    reader.warn_at(offset, message);
                }
            }
        }
    }
    (name, roles, reader.warnings)
}

struct Reader<'a> {
    text: &'a str,
    palette: BTreeMap<String, colour::Rgb>,
    warnings: Vec<String>,
}

impl Reader<'_> {
    fn warn(&mut self, value: &Spanned<DeValue<'_>>, message: String) {
        self.warn_at(value.span().start, message);
    }

    fn warn_at(&mut self, offset: usize, message: String) {
        let line = self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1;
        self.warnings.push(format!("theme, line {line}: {message}"));
    }

    fn colour(&mut self, role: Role, value: &Spanned<DeValue<'_>>) -> Option<Color> {
        let name = value.get_ref().as_str().unwrap_or_default();
        let found = self.palette.get(name).copied().or_else(|| colour::parse(name));
        if found.is_none() {
            self.warn(value, format!("{}: ‘{name}’ is neither a hue of the palette nor a colour", role.name()));
        }
        found.map(|(red, green, blue)| Color::Rgb(red, green, blue))
    }

    fn style(&mut self, role: Role, value: &Spanned<DeValue<'_>>) -> Option<Style> {
        let Some(table) = value.get_ref().as_table() else {
            return self.colour(role, value).map(|colour| Style::default().fg(colour));
        };
        let mut style = Style::default();
        for (key, value) in table {
            let is_set = value.get_ref().as_bool() == Some(true);
            match key.get_ref().as_ref() {
                "fg" => style.fg = self.colour(role, value),
                "bg" => style.bg = self.colour(role, value),
                "bold" if is_set => style = style.add_modifier(Modifier::BOLD),
                "dim" if is_set => style = style.add_modifier(Modifier::DIM),
                "underline" if is_set => style = style.add_modifier(Modifier::UNDERLINED),
                "reverse" if is_set => style = style.add_modifier(Modifier::REVERSED),
                "bold" | "dim" | "underline" | "reverse" => {}
                other => self.warn(
                    value,
                    format!("{}: ‘{other}’ is none of fg, bg, bold, dim, underline, reverse", role.name()),
                ),
            }
        }
        Some(style)
    }
}
