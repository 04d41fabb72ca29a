//! Theme files: a palette of hues, and roles that use them.
//!
//! Owns: the grammar of one file, and what a chain of files that inherit from
//! one another makes together. Must not know where files lie.

use super::{Role, colour};
use ratatui::style::{Color, Modifier, Style};
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A theme's text, and what its warnings call it.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    pub name: &'a str,
    pub text: &'a str,
}

/// What a file inherits from, if it says so.
pub fn inherits(file: File<'_>) -> Option<String> {
    let table = DeTable::parse(file.text).ok()?.into_inner();
    table.get("inherits").and_then(|parent| parent.get_ref().as_str()).map(str::to_owned)
}

/// The roles that a chain of files gives, the one that inherits first, and what
/// could not be read, each with its file and line. Hues of the first replace
/// those of the others before roles are worked out.
pub fn read(chain: &[File<'_>]) -> (Vec<(Role, Style)>, Vec<String>) {
    let mut warnings = Vec::new();
    let mut palette = BTreeMap::new();
    let mut tables = Vec::new();
    for file in chain.iter().rev() {
        let mut reader = Reader { file: *file, palette: &palette, warnings: &mut warnings };
        match DeTable::parse(file.text) {
            Ok(table) => {
                let table = table.into_inner();
                let own = reader.palette_of(&table);
                palette.extend(own);
                tables.push((*file, table));
            }
            Err(error) => reader.warn_at(error.span(), error.message().trim_end().replace('\n', ", ")),
        }
    }
    let mut roles: Vec<(Role, Style)> = Vec::new();
    for (file, table) in &tables {
        for (role, style) in (Reader { file: *file, palette: &palette, warnings: &mut warnings }).roles_of(table) {
            roles.retain(|(other, _)| *other != role);
            roles.push((role, style));
        }
    }
    (roles, warnings)
}

struct Reader<'a> {
    file: File<'a>,
    palette: &'a BTreeMap<String, Color>,
    warnings: &'a mut Vec<String>,
}

impl Reader<'_> {
    fn warn(&mut self, value: &Spanned<DeValue<'_>>, message: String) {
        self.warn_at(Some(value.span()), message);
    }

    fn warn_at(&mut self, span: Option<Range<usize>>, message: String) {
        let place = span.map_or(String::new(), |span| {
            let before = self.file.text.bytes().take(span.start);
            format!(":{}", before.filter(|byte| *byte == b'\n').count() + 1)
        });
        self.warnings.push(format!("{}{place}: {message}", self.file.name));
    }

    fn palette_of(&mut self, table: &DeTable<'_>) -> BTreeMap<String, Color> {
        let mut palette = BTreeMap::new();
        for (key, value) in table {
            if !["inherits", "palette", "roles"].contains(&key.get_ref().as_ref()) {
                let message = format!("a theme has no key ‘{}’: it has inherits, palette and roles", key.get_ref());
                self.warn_at(Some(key.span()), message);
            } else if key.get_ref() != "inherits" && value.get_ref().as_table().is_none() {
                self.warn(value, format!("{} must be a table", key.get_ref()));
            }
        }
        for (hue, value) in table.get("palette").and_then(|palette| palette.get_ref().as_table()).into_iter().flatten()
        {
            match value.get_ref().as_str().and_then(named) {
                Some(colour) => {
                    palette.insert(hue.get_ref().to_string(), colour);
                }
                None => {
                    let message = format!("palette.{}: a colour is written #rrggbb or ansi-bright-red", hue.get_ref());
                    self.warn(value, message);
                }
            }
        }
        palette
    }

    fn roles_of(&mut self, table: &DeTable<'_>) -> Vec<(Role, Style)> {
        let mut roles = Vec::new();
        for (name, value) in table.get("roles").and_then(|roles| roles.get_ref().as_table()).into_iter().flatten() {
            match Role::ALL.into_iter().find(|role| role.name() == name.get_ref()) {
                Some(role) => roles.extend(self.style(role, value).map(|style| (role, style))),
                None => self.warn_at(Some(name.span()), format!("there is no role ‘{}’", name.get_ref())),
            }
        }
        roles
    }

    fn colour(&mut self, role: Role, value: &Spanned<DeValue<'_>>) -> Option<Color> {
        let name = value.get_ref().as_str().unwrap_or_default();
        let found = self.palette.get(name).copied().or_else(|| named(name));
        if found.is_none() {
            self.warn(value, format!("{}: ‘{name}’ is neither a hue of the palette nor a colour", role.name()));
        }
        found
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

/// One of the terminal's own sixteen, `ansi-bright-red`, or a colour by its parts.
fn named(text: &str) -> Option<Color> {
    match text.strip_prefix("ansi-") {
        Some(name) => colour::ansi(name),
        None => colour::parse(text).map(|(red, green, blue)| Color::Rgb(red, green, blue)),
    }
}
