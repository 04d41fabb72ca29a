//! What the configuration file says about the console, put into force.

use crate::profile::Loaded;
use crate::tui::command::{KeyMap, Preset, Wish};

/// Sentences about what does not hold, each with its file and place.
#[derive(Debug, Default)]
pub struct Said {
    pub warnings: Vec<String>,
}

/// The key map in force. What cannot be used is said and leaves the defaults.
pub fn keymap(loaded: &Loaded) -> (KeyMap, Said) {
    let mut said = Said::default();
    let settings = &loaded.console;
    let preset = settings.keymap.as_ref().and_then(|wanted| {
        let found = Preset::ALL.into_iter().find(|preset| preset.name() == wanted.value);
        if found.is_none() {
            let text = format!("there is no key map ‘{}’; there are klamm and k9s", wanted.value);
            said.warnings.push(loaded.warning(wanted, text).to_string());
        }
        found
    });
    let text = |placed: &crate::profile::Placed<String>| placed.value.clone();
    let wishes: Vec<Wish> = settings
        .keys
        .iter()
        .map(|setting| Wish { id: text(&setting.command), keys: setting.keys.iter().map(text).collect() })
        .collect();
    let (keymap, complaints) = KeyMap::new(preset.unwrap_or_default(), &wishes);
    for complaint in complaints {
        let Some(setting) = settings.keys.get(complaint.wish) else { continue };
        let key = complaint.key.and_then(|key| setting.keys.get(key));
        let warning = loaded.warning(key.unwrap_or(&setting.command), complaint.text);
        said.warnings.push(warning.to_string());
    }
    (keymap, said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::load;
    use crate::tui::command::{Chord, Command, Place, Resolved};

    fn read(config: &str) -> (KeyMap, Vec<String>) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), config).unwrap();
        let loaded = load(Some(file.path().to_owned())).unwrap();
        assert_eq!(loaded.warnings, []);
        let (keymap, said) = keymap(&loaded);
        let name = format!("{}:", file.path().display());
        (keymap, said.warnings.into_iter().map(|warning| warning.replace(&name, "")).collect())
    }

    fn means(keymap: &KeyMap, keys: &str) -> Resolved {
        keymap.resolve(Place::Topics, &[Chord::parse(keys).unwrap()])
    }

    #[test]
    fn keys_of_the_file_are_in_force_with_quotes_or_without() {
        let (keymap, warnings) = read("keymap = \"k9s\"\n[keys]\n\"topic.tail\" = \"f5\"\ntopic.create = [\"f6\"]\n");
        assert_eq!(warnings, Vec::<String>::new());
        assert_eq!(means(&keymap, "f5"), Resolved::Command(Command::TopicTail));
        assert_eq!(means(&keymap, "f6"), Resolved::Command(Command::TopicCreate));
        assert_eq!(means(&keymap, "ctrl-d"), Resolved::Command(Command::TopicDelete));
        assert_eq!(means(&keymap, "l"), Resolved::Nothing, "the user's keys take the place of all others");
    }

    #[test]
    fn what_is_wrong_is_said_with_line_and_column() {
        let (keymap, warnings) = read(
            "keymap = \"emacs\"\n[keys]\n\"topic.fry\" = [\"x\"]\n\"topic.tail\" = [\"x\", \"hyper-x\"]\n\"topic.delete\" = [\"p\"]\n",
        );
        assert_eq!(means(&keymap, "t"), Resolved::Command(Command::TopicTail));
        let [one, two, three, four] = warnings.as_slice() else { panic!("{warnings:?}") };
        assert_eq!(one, "1:10: there is no key map ‘emacs’; there are klamm and k9s");
        assert!(two.starts_with("3:1: there is no command ‘topic.fry’"), "{two}");
        assert!(three.starts_with("4:22: topic.tail: ‘hyper-x’ is not a key"), "{three}");
        assert!(four.starts_with("5:19: topic.delete: p already belongs to topic.plan-partitions"), "{four}");
    }
}
