//! The themes there are: those built in, and those of a user's files.
//!
//! Owns: names, and which theme inherits from which. Must not know where the
//! files lie: their texts are handed in.
//! Invariant: a theme of a user's with a built-in name takes its place, and may
//! inherit from it.

use super::read::{self, File};
use super::{Depth, Theme};
use std::borrow::Cow;

const BUILT_IN: [(&str, &str); 6] = [
    ("dark", include_str!("../../../../themes/dark.toml")),
    ("light", include_str!("../../../../themes/light.toml")),
    ("high-contrast", include_str!("../../../../themes/high-contrast.toml")),
    ("16-colours", include_str!("../../../../themes/16-colours.toml")),
    ("colour-blind", include_str!("../../../../themes/colour-blind.toml")),
    ("monochrome", include_str!("../../../../themes/monochrome.toml")),
];

#[derive(Clone, Debug)]
struct Source {
    name: String,
    /// What warnings call it: its path, for a user's.
    file: String,
    text: Cow<'static, str>,
}

#[derive(Clone, Debug)]
pub struct Catalogue {
    sources: Vec<Source>,
}

impl Default for Catalogue {
    fn default() -> Self {
        let built_in =
            |(name, text): (&str, &'static str)| Source { name: name.into(), file: name.into(), text: text.into() };
        Self { sources: BUILT_IN.into_iter().map(built_in).collect() }
    }
}

impl Catalogue {
    /// Adds a user's theme.
    pub fn add(&mut self, name: impl Into<String>, file: impl Into<String>, text: String) {
        self.sources.push(Source { name: name.into(), file: file.into(), text: text.into() });
    }

    /// Each name once, the built-in ones first.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for source in &self.sources {
            if !names.contains(&source.name) {
                names.push(source.name.clone());
            }
        }
        names
    }

    /// The theme of this name and what is wrong with it; `None` if there is none.
    pub fn theme(&self, name: &str, depth: Depth) -> Option<(Theme, Vec<String>)> {
        let mut chain = vec![self.sources.iter().rposition(|source| source.name == name)?];
        let mut missing = Vec::new();
        while let Some(file) = chain.last().and_then(|last| self.file(*last)) {
            let Some(parent) = read::inherits(file) else { break };
            // A theme may replace the one it inherits from, so the search goes on below it.
            let found = self.sources.iter().enumerate().rev();
            let found = found.filter(|(place, source)| source.name == parent && !chain.contains(place));
            match found.map(|(place, _)| place).next() {
                Some(place) => chain.push(place),
                None => {
                    missing.push(format!("{}: there is no theme ‘{parent}’ to inherit from", file.name));
                    break;
                }
            }
        }
        let files: Vec<File<'_>> = chain.iter().filter_map(|place| self.file(*place)).collect();
        let (given, warnings) = read::read(&files);
        missing.extend(warnings);
        Some((Theme::of(name, &given, depth), missing))
    }

    fn file(&self, place: usize) -> Option<File<'_>> {
        self.sources.get(place).map(|source| File { name: &source.file, text: &source.text })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Role;
    use super::*;
    use ratatui::style::Color;

    fn with(themes: &[(&str, &str)]) -> Catalogue {
        let mut catalogue = Catalogue::default();
        for (name, text) in themes {
            catalogue.add(*name, format!("/themes/{name}.toml"), (*text).to_owned());
        }
        catalogue
    }

    #[test]
    fn a_user_changes_one_hue_and_keeps_the_rest() {
        let catalogue = with(&[("dark", "inherits = 'dark'\n[palette]\nsky = '#ff00ff'\n")]);
        let (theme, warnings) = catalogue.theme("dark", Depth::True).unwrap();
        assert_eq!(warnings, Vec::<String>::new());
        assert_eq!(theme.style(Role::Accent).fg, Some(Color::Rgb(255, 0, 255)), "the hue is the user's");
        let (own, _) = Catalogue::default().theme("dark", Depth::True).unwrap();
        assert_eq!(theme.style(Role::Danger), own.style(Role::Danger), "the rest is inherited");
        assert_eq!(catalogue.names().len(), 6);
    }

    #[test]
    fn a_chain_may_be_long_but_never_a_circle() {
        let catalogue = with(&[
            ("a", "inherits = 'b'\n"),
            ("b", "inherits = 'light'\n[roles]\ndanger = '#010203'\n"),
            ("x", "inherits = 'y'\n"),
            ("y", "inherits = 'x'\n"),
        ]);
        let (theme, warnings) = catalogue.theme("a", Depth::True).unwrap();
        assert_eq!((theme.style(Role::Danger).fg, warnings.len()), (Some(Color::Rgb(1, 2, 3)), 0));
        let (_, warnings) = catalogue.theme("x", Depth::True).unwrap();
        assert_eq!(warnings, ["/themes/y.toml: there is no theme ‘x’ to inherit from"]);
        assert!(catalogue.theme("z", Depth::True).is_none());
    }

    #[test]
    fn what_is_wrong_is_named_with_file_and_line_and_the_theme_still_loads() {
        let text = "[palette]\nsea = '#00ffzz'\n[roles]\ntext = '#ffffff'\ndanger = 'nowhere'\nglitter = '#fff'\n";
        let catalogue = with(&[("mine", text), ("torn", "[roles]\ntext = '#fff\n")]);
        let (theme, warnings) = catalogue.theme("mine", Depth::True).unwrap();
        assert_eq!(theme.style(Role::Text).fg, Some(Color::Rgb(255, 255, 255)));
        assert_eq!(theme.style(Role::Danger).fg, Some(Color::Rgb(255, 255, 255)), "a bad role falls back");
        let places: Vec<&str> = warnings.iter().filter_map(|warning| warning.split(": ").next()).collect();
        assert_eq!(places, ["/themes/mine.toml:2", "/themes/mine.toml:5", "/themes/mine.toml:6"], "{warnings:?}");
        let (_, warnings) = catalogue.theme("torn", Depth::True).unwrap();
        assert!(warnings.iter().all(|warning| warning.starts_with("/themes/torn.toml:2: ")), "{warnings:?}");
    }
}
