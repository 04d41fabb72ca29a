//! What lies over the views. The topmost gets the keys.
//!
//! Invariant: one stack; `esc` closes exactly one.

pub mod compression;
pub mod draft;
pub mod export;
pub mod form;
pub mod help;
pub mod menu;
pub mod palette;
pub mod partitions;
pub mod plan;
pub mod probe;
pub mod profile;
pub mod reset;
pub mod secret;
pub mod type_name;

pub use compression::CompressionDialog;
pub use draft::{RecordDraft, Subjects};
pub use export::ExportDialog;
pub use form::{Form, FormPurpose};
pub use help::HelpDialog;
pub use menu::{Menu, MenuPurpose};
pub use palette::PaletteDialog;
pub use partitions::PartitionsDialog;
pub use plan::PlanDialog;
pub use probe::ProbeDialog;
pub use profile::ProfileDialog;
pub use reset::ResetDialog;
pub use secret::SecretDialog;
pub use type_name::{TypeName, TypeNamePurpose};

use super::input::TextInput;
use crate::tui::command::Place;

#[derive(Debug)]
pub enum Dialog {
    Plan(Box<PlanDialog>),
    Reset(Box<ResetDialog>),
    Partitions(Box<PartitionsDialog>),
    Compression(Box<CompressionDialog>),
    Export(Box<ExportDialog>),
    TypeName(TypeName),
    Form(Box<Form>),
    Help(HelpDialog),
    Palette(PaletteDialog),
    Menu(Menu),
    Profile(Box<ProfileDialog>),
    Probe(ProbeDialog),
    Secret(Box<SecretDialog>),
}

impl Dialog {
    pub fn place(&self) -> Place {
        match self {
            Self::Plan(plan) => plan.place(),
            Self::Reset(_) => Place::Reset,
            Self::Partitions(_) => Place::Partitions,
            Self::Compression(_) => Place::Compression,
            Self::Export(_) => Place::Export,
            Self::TypeName(_) => Place::TypeName,
            Self::Form(form) if matches!(form.purpose, FormPurpose::Produce(_)) => Place::RecordForm,
            Self::Form(_) => Place::Form,
            Self::Help(help) => help.place(),
            Self::Palette(_) => Place::Palette,
            Self::Menu(_) => Place::Menu,
            Self::Profile(_) => Place::ProfileForm,
            Self::Probe(_) => Place::Probe,
            Self::Secret(_) => Place::Secret,
        }
    }

    /// The text field that has the keyboard.
    pub fn input_mut(&mut self) -> Option<&mut TextInput> {
        match self {
            Self::Reset(reset) => reset.input_mut(),
            Self::TypeName(question) => Some(&mut question.input),
            Self::Form(form) => form.input_mut(),
            Self::Palette(palette) => Some(&mut palette.input),
            Self::Profile(form) => form.input_mut(),
            Self::Secret(dialog) => Some(dialog.input.line_mut()),
            Self::Help(help) if help.filter.is_editing => Some(&mut help.filter.input),
            Self::Plan(_)
            | Self::Partitions(_)
            | Self::Compression(_)
            | Self::Export(_)
            | Self::Help(_)
            | Self::Menu(_)
            | Self::Probe(_) => None,
        }
    }
}
