//! Which colours are on screen, and which are kept.
//!
//! Owns: names only; the runtime has the themes.
//! Invariant: what is on screen is the theme under the cursor of an open picker,
//! else the kept one.

use super::dialogs::{Dialog, MenuPurpose};
use super::effect::Effect;
use super::state::State;

#[derive(Debug, Default)]
pub struct Look {
    /// The names there are.
    pub themes: Vec<String>,
    /// The one that stays.
    pub kept: String,
    pub on_screen: String,
}

impl Look {
    pub fn new(themes: Vec<String>, kept: String) -> Self {
        Self { themes, on_screen: kept.clone(), kept }
    }
}

/// Shows what should be on screen and is not.
pub fn reconcile(state: &mut State, effects: &mut Vec<Effect>) {
    let preview = state.dialogs.iter().rev().find_map(|dialog| match dialog {
        Dialog::Menu(menu) if matches!(menu.purpose, MenuPurpose::Theme) => state.look.themes.get(menu.cursor),
        _ => None,
    });
    let wanted = preview.unwrap_or(&state.look.kept);
    if *wanted != state.look.on_screen {
        state.look.on_screen.clone_from(wanted);
        state.is_dirty = true;
        effects.push(Effect::ShowTheme(state.look.on_screen.clone()));
    }
}
