//! Colours by meaning.
//!
//! Owns: roles, themes and what a terminal without many colours gets. No other
//! file names a colour.
//! Invariant: every role has a style in every theme; a bad theme file is a
//! warning and the rest of it still counts.

mod catalogue;
mod colour;
mod marks;
mod read;

pub use catalogue::Catalogue;
pub use colour::Depth;
pub use marks::{Marks, ascii};

use ratatui::style::{Color, Modifier, Style};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    Text,
    Muted,
    Accent,
    OnAccent,
    Border,
    BorderFocus,
    Selection,
    Header,
    Success,
    Warning,
    Danger,
    Info,
    Match,
    KeyHint,
    SyntaxName,
    SyntaxText,
    SyntaxNumber,
    SyntaxType,
    SyntaxNull,
}

impl Role {
    pub const ALL: [Role; 19] = [
        Role::Text,
        Role::Muted,
        Role::Accent,
        Role::OnAccent,
        Role::Border,
        Role::BorderFocus,
        Role::Selection,
        Role::Header,
        Role::Success,
        Role::Warning,
        Role::Danger,
        Role::Info,
        Role::Match,
        Role::KeyHint,
        Role::SyntaxName,
        Role::SyntaxText,
        Role::SyntaxNumber,
        Role::SyntaxType,
        Role::SyntaxNull,
    ];

    /// The name in theme files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Muted => "muted",
            Self::Accent => "accent",
            Self::OnAccent => "on_accent",
            Self::Border => "border",
            Self::BorderFocus => "border_focus",
            Self::Selection => "selection",
            Self::Header => "header",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Danger => "danger",
            Self::Info => "info",
            Self::Match => "match",
            Self::KeyHint => "key_hint",
            Self::SyntaxName => "syntax_name",
            Self::SyntaxText => "syntax_text",
            Self::SyntaxNumber => "syntax_number",
            Self::SyntaxType => "syntax_type",
            Self::SyntaxNull => "syntax_null",
        }
    }

    /// The role that stands in where a theme says nothing.
    fn fallback(self) -> Option<Role> {
        match self {
            Self::Text => None,
            Self::Muted | Self::Accent | Self::Success | Self::Warning | Self::Danger | Self::Info => Some(Self::Text),
            Self::OnAccent | Self::BorderFocus | Self::Match | Self::KeyHint | Self::SyntaxName => Some(Self::Accent),
            Self::Border | Self::Header | Self::SyntaxType | Self::SyntaxNull => Some(Self::Muted),
            Self::Selection => Some(Self::OnAccent),
            Self::SyntaxText => Some(Self::Success),
            Self::SyntaxNumber => Some(Self::Warning),
        }
    }

    /// What a terminal without colours shows.
    fn plain(self) -> Style {
        let style = Style::default();
        match self {
            Self::Text | Self::Border | Self::Info | Self::Success | Self::SyntaxText | Self::SyntaxNumber => style,
            Self::Muted | Self::SyntaxType | Self::SyntaxNull => style.add_modifier(Modifier::DIM),
            Self::Accent | Self::BorderFocus | Self::Header | Self::Warning | Self::KeyHint | Self::SyntaxName => {
                style.add_modifier(Modifier::BOLD)
            }
            Self::Danger => style.add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
            Self::Match => style.add_modifier(Modifier::UNDERLINED),
            Self::OnAccent | Self::Selection => style.add_modifier(Modifier::REVERSED),
        }
    }
}

/// No colours and no weights.
impl Default for Theme {
    fn default() -> Self {
        Self::of("plain", &[], Depth::None)
    }
}

/// The styles of all roles, worked out once.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    pub name: String,
    styles: [Style; Role::ALL.len()],
    depth: Depth,
    pub marks: Marks,
}

impl Theme {
    /// A built-in theme.
    #[cfg(test)]
    pub fn built_in(name: &str, depth: Depth) -> Self {
        Catalogue::default().theme(name, depth).unwrap().0
    }

    /// Fills in what was not given.
    fn of(name: &str, given: &[(Role, Style)], depth: Depth) -> Self {
        let mut styles = [Style::default(); Role::ALL.len()];
        for (slot, role) in styles.iter_mut().zip(Role::ALL) {
            *slot = if depth == Depth::None { role.plain() } else { depth.reduce(look_up(role, given)) };
        }
        // A theme without any colour stays so: a profile's must not be the only one.
        let is_colourless = given.iter().all(|(_, style)| style.fg.is_none() && style.bg.is_none());
        let depth = if is_colourless { Depth::None } else { depth };
        Self { name: name.into(), styles, depth, marks: Marks::UNICODE }
    }

    /// The same without characters outside ASCII.
    #[must_use]
    pub fn with_ascii_marks(mut self) -> Self {
        self.marks = Marks::ASCII;
        self
    }

    pub fn style(&self, role: Role) -> Style {
        let place = Role::ALL.iter().position(|other| *other == role);
        place.and_then(|place| self.styles.get(place)).copied().unwrap_or_default()
    }

    /// The header of a profile: its colour as background, with readable text on it.
    pub fn profile(&self, colour: Option<&str>) -> Style {
        match colour.and_then(colour::parse) {
            Some((red, green, blue)) if self.depth != Depth::None => {
                let text = if colour::is_light((red, green, blue)) { Color::Black } else { Color::White };
                let style = Style::default().bg(Color::Rgb(red, green, blue)).fg(text).add_modifier(Modifier::BOLD);
                self.depth.reduce(style)
            }
            _ => self.style(Role::OnAccent),
        }
    }

    /// The lines around panes: of the focused one, and of the others. In a
    /// profile's colour where it has one, so that production looks like
    /// production wherever one looks.
    pub fn frames(&self, colour: Option<&str>) -> (Style, Style) {
        let usual = (self.style(Role::BorderFocus), self.style(Role::Border));
        let Some(wanted) = colour.and_then(colour::parse).filter(|_| self.depth != Depth::None) else { return usual };
        let canvas = self.style(Role::Text).bg.and_then(colour::rgb).unwrap_or((0, 0, 0));
        let line = |share: f64, least: f64| {
            let (red, green, blue) = colour::apart(colour::mix(canvas, wanted, share), canvas, least);
            self.depth.reduce(Style::default().fg(Color::Rgb(red, green, blue)))
        };
        (line(1.0, 3.5).add_modifier(Modifier::BOLD), line(0.6, 1.6))
    }
}

fn look_up(role: Role, given: &[(Role, Style)]) -> Style {
    match (given.iter().find(|(other, _)| *other == role), role.fallback()) {
        (Some((_, style)), _) => *style,
        (None, Some(fallback)) => look_up(fallback, given),
        (None, None) => Style::default(),
    }
}

#[cfg(test)]
mod tests;
