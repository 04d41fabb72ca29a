//! Colours by meaning.
//!
//! Owns: roles, themes and what a terminal without many colours gets. No other
//! file names a colour.
//! Invariant: every role has a style in every theme; a bad theme file is a
//! warning and the rest of it still counts.

mod colour;
mod marks;
mod read;

pub use colour::Depth;
pub use marks::Marks;

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

/// The styles of all roles, worked out once.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    pub name: String,
    styles: [Style; Role::ALL.len()],
    depth: Depth,
    pub marks: Marks,
}

const DARK: &str = include_str!("../../../themes/dark.toml");
const LIGHT: &str = include_str!("../../../themes/light.toml");

impl Theme {
    pub fn dark(depth: Depth) -> Self {
        Self::read(DARK, depth).0
    }

    pub fn light(depth: Depth) -> Self {
        Self::read(LIGHT, depth).0
    }

    /// A theme from a file's text, and what is wrong with it.
    pub fn read(text: &str, depth: Depth) -> (Self, Vec<String>) {
        let (name, given, warnings) = read::read(text);
        let mut styles = [Style::default(); Role::ALL.len()];
        for (slot, role) in styles.iter_mut().zip(Role::ALL) {
            *slot = if depth == Depth::None { role.plain() } else { depth.reduce(look_up(role, &given)) };
        }
        (Self { name, styles, depth, marks: Marks::UNICODE }, warnings)
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
}

fn look_up(role: Role, given: &[(Role, Style)]) -> Style {
    match (given.iter().find(|(other, _)| *other == role), role.fallback()) {
        (Some((_, style)), _) => *style,
        (None, Some(fallback)) => look_up(fallback, given),
        (None, None) => Style::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_themes_name_every_role_and_nothing_else() {
        for text in [DARK, LIGHT] {
            let (name, given, warnings) = read::read(text);
            assert_eq!(warnings, Vec::<String>::new(), "{name}");
            for role in Role::ALL {
                assert!(given.iter().any(|(other, _)| *other == role), "{name} lacks {}", role.name());
            }
        }
    }

    #[test]
    fn what_matters_can_be_read_in_every_depth() {
        for depth in [Depth::True, Depth::Indexed, Depth::Sixteen, Depth::None] {
            for theme in [Theme::dark(depth), Theme::light(depth)] {
                assert_ne!(theme.style(Role::Selection), theme.style(Role::Text), "{} {depth:?}", theme.name);
                assert_ne!(theme.style(Role::Danger), theme.style(Role::Text), "{} {depth:?}", theme.name);
            }
        }
    }

    /// WCAG 2 asks 4.5 of text; on the selected row, which is bold, 3.
    #[test]
    fn every_word_can_be_read() {
        let rgb = |colour: Option<Color>| match colour {
            Some(Color::Rgb(red, green, blue)) => (red, green, blue),
            other => panic!("{other:?}"),
        };
        for theme in [Theme::dark(Depth::True), Theme::light(Depth::True)] {
            let canvas = theme.style(Role::Text).bg;
            let selection = theme.style(Role::Selection).bg;
            for role in Role::ALL {
                let style = theme.style(role);
                // Lines are not read, and the selection has the text's own colour.
                if matches!(role, Role::Border | Role::Selection) {
                    continue;
                }
                let found = colour::contrast(rgb(style.fg), rgb(style.bg.or(canvas)));
                assert!(found >= 4.5, "{} {role:?}: {found:.1}", theme.name);
                if role != Role::OnAccent {
                    let found = colour::contrast(rgb(style.fg), rgb(selection));
                    assert!(found >= 3.0, "{} {role:?} when selected: {found:.1}", theme.name);
                }
            }
        }
    }

    #[test]
    fn without_colour_no_style_has_one() {
        let theme = Theme::dark(Depth::None);
        for role in Role::ALL {
            let style = theme.style(role);
            assert_eq!((style.fg, style.bg), (None, None), "{}", role.name());
        }
        let header = theme.profile(Some("red"));
        assert_eq!((header.fg, header.bg), (None, None));
    }

    #[test]
    fn a_broken_theme_warns_with_the_line_and_still_loads() {
        let text = "name = 'mine'\n[palette]\nsea = '#00ffzz'\n[roles]\ntext = '#ffffff'\ndanger = 'nowhere'\nglitter = '#fff'\n";
        let (theme, warnings) = Theme::read(text, Depth::True);
        assert_eq!(theme.style(Role::Text).fg, Some(Color::Rgb(255, 255, 255)));
        assert_eq!(warnings.len(), 3, "{warnings:?}");
        assert!(
            warnings.iter().any(|warning| warning.contains("line 7") && warning.contains("glitter")),
            "{warnings:?}"
        );
    }
}
