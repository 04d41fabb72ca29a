//! The themes that are there, and the one in use.
//!
//! Owns: reading a user's files from the configuration directory, and what the
//! terminal can show.

use super::console_settings::Said;
use crate::profile::Loaded;
use crate::tui::ui::theme::{Catalogue, Depth, Theme};
use std::io;
use std::path::Path;

/// More and larger files are not themes.
const MOST_FILES: usize = 100;
const MOST_BYTES: u64 = 256 << 10;

pub struct Themes {
    catalogue: Catalogue,
    depth: Depth,
    is_ascii: bool,
    pub current: Theme,
}

/// What the environment says about the terminal.
pub struct Terminal {
    pub depth: Depth,
    pub is_ascii: bool,
}

impl Terminal {
    pub fn detect() -> Self {
        let variable = |name: &str| std::env::var(name).unwrap_or_default();
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let depth = Depth::detect(no_color, &variable("COLORTERM"), &variable("TERM"));
        let locale =
            [variable("LC_ALL"), variable("LC_CTYPE"), variable("LANG")].into_iter().find(|value| !value.is_empty());
        // Without a locale the terminal is taken for a modern one.
        let is_ascii =
            locale.is_some_and(|locale| locale == "C" || locale == "POSIX" || locale.to_lowercase().contains("8859"));
        Self { depth, is_ascii }
    }
}

impl Themes {
    /// The theme that the file names, with a user's own themes beside the
    /// built-in ones; and what is wrong with any of them.
    pub fn load(loaded: &Loaded, terminal: &Terminal) -> (Self, Said) {
        let mut said = Said::default();
        let mut catalogue = Catalogue::default();
        if let Some(folder) = loaded.file.as_deref().and_then(Path::parent).map(|folder| folder.join("themes")) {
            for name in add_from(&folder, &mut catalogue, &mut said) {
                let warnings = catalogue.theme(&name, terminal.depth).map(|(_, warnings)| warnings);
                said.warnings.extend(warnings.unwrap_or_default());
            }
        }
        // On sixteen colours the theme that was made of them is the most readable.
        let usual = if terminal.depth == Depth::Sixteen { "16-colours" } else { "dark" };
        let wanted = loaded.console.theme.as_ref();
        let found = wanted.and_then(|wanted| catalogue.theme(&wanted.value, terminal.depth));
        if let (Some(wanted), None) = (wanted, &found) {
            let text = format!("there is no theme ‘{}’; there are {}", wanted.value, catalogue.names().join(", "));
            said.warnings.push(loaded.warning(wanted, text).to_string());
        }
        let current = found.or_else(|| catalogue.theme(usual, terminal.depth));
        let is_ascii = loaded.console.ascii.unwrap_or(terminal.is_ascii);
        // Both names are built in: a test holds it.
        let current = current.map(|(theme, _)| theme).unwrap_or_default();
        let mut themes = Self { catalogue, depth: terminal.depth, is_ascii, current };
        themes.dress();
        (themes, said)
    }

    pub fn names(&self) -> Vec<String> {
        self.catalogue.names()
    }

    /// Takes the theme of this name; an unknown one changes nothing.
    pub fn show(&mut self, name: &str) {
        if let Some((theme, _)) = self.catalogue.theme(name, self.depth) {
            self.current = theme;
            self.dress();
        }
    }

    fn dress(&mut self) {
        if self.is_ascii {
            self.current = std::mem::take(&mut self.current).with_ascii_marks();
        }
    }
}

/// Adds the files of a folder by name, and returns the names.
fn add_from(folder: &Path, catalogue: &mut Catalogue, said: &mut Said) -> Vec<String> {
    let mut files = match std::fs::read_dir(folder) {
        Ok(entries) => entries.filter_map(Result::ok).map(|entry| entry.path()).collect::<Vec<_>>(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            said.warnings.push(format!("{}: cannot be read: {error}", folder.display()));
            return Vec::new();
        }
    };
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    if files.len() > MOST_FILES {
        said.warnings.push(format!("{}: only the first {MOST_FILES} themes are read", folder.display()));
        files.truncate(MOST_FILES);
    }
    let mut names = Vec::new();
    for file in files {
        let Some(name) = file.file_stem().and_then(|name| name.to_str()) else { continue };
        match read(&file) {
            Ok(text) => {
                catalogue.add(name, file.display().to_string(), text);
                names.push(name.to_owned());
            }
            Err(error) => said.warnings.push(format!("{}: cannot be read: {error}", file.display())),
        }
    }
    names
}

fn read(file: &Path) -> io::Result<String> {
    if std::fs::metadata(file)?.len() > MOST_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is too large to be a theme"));
    }
    std::fs::read_to_string(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::load;
    use crate::tui::ui::theme::{Marks, Role};
    use ratatui::style::Color;

    const COLOURFUL: Terminal = Terminal { depth: Depth::True, is_ascii: false };

    /// A configuration directory with this file and these themes.
    fn loaded(config: &str, themes: &[(&str, &str)]) -> (tempfile::TempDir, Loaded) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.toml"), config).unwrap();
        std::fs::create_dir(folder.path().join("themes")).unwrap();
        for (name, text) in themes {
            std::fs::write(folder.path().join("themes").join(name), text).unwrap();
        }
        let loaded = load(Some(folder.path().join("config.toml"))).unwrap();
        (folder, loaded)
    }

    #[test]
    fn the_file_names_a_theme_of_the_users() {
        let own = "inherits = 'light'\n[roles]\ndanger = '#010203'\nglitter = '#fff'\n";
        let (_folder, loaded) = loaded("theme = \"mine\"\n", &[("mine.toml", own), ("notes.txt", "not a theme")]);
        let (mut themes, said) = Themes::load(&loaded, &COLOURFUL);
        assert_eq!((themes.current.name.as_str(), themes.names().len()), ("mine", 7));
        assert_eq!(themes.current.style(Role::Danger).fg, Some(Color::Rgb(1, 2, 3)));
        assert_eq!(said.warnings.len(), 1, "{:?}", said.warnings);
        assert!(said.warnings[0].ends_with("mine.toml:4: there is no role ‘glitter’"), "{:?}", said.warnings);
        themes.show("monochrome");
        assert_eq!(themes.current.style(Role::Danger).fg, None);
        themes.show("no such theme");
        assert_eq!(themes.current.name, "monochrome");
    }

    #[test]
    fn an_unknown_theme_is_a_warning_with_its_place() {
        let (_folder, loaded) = loaded("version = 1\ntheme = \"drak\"\n", &[]);
        let (themes, said) = Themes::load(&loaded, &COLOURFUL);
        assert_eq!(themes.current.name, "dark");
        assert!(
            said.warnings[0].contains("config.toml:2:9: there is no theme ‘drak’; there are dark, light"),
            "{said:?}"
        );
    }

    #[test]
    fn the_terminal_decides_where_nothing_is_said() {
        let (_folder, loaded) = loaded("", &[]);
        let named = |depth| Themes::load(&loaded, &Terminal { depth, is_ascii: false }).0.current.name;
        assert_eq!((named(Depth::True), named(Depth::None)), ("dark".to_owned(), "dark".to_owned()));
        assert_eq!(named(Depth::Sixteen), "16-colours");
    }

    #[test]
    fn ascii_is_said_by_the_file_before_the_locale() {
        let marks = |config: &str, is_ascii| {
            let (_folder, loaded) = loaded(config, &[]);
            let (mut themes, _) = Themes::load(&loaded, &Terminal { depth: Depth::True, is_ascii });
            themes.show("light");
            themes.current.marks == Marks::ASCII
        };
        assert!(marks("", true) && !marks("", false));
        assert!(marks("ascii = true", false) && !marks("ascii = false", true));
    }
}
