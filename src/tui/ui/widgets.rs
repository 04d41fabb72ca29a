//! The parts that screens and dialogs are put together from.

pub mod bars;
pub mod chart;
pub mod facts;
pub mod footer;
pub mod frame;
pub mod header;
pub mod spark;
pub mod states;
pub mod table;
pub mod tabs;
pub mod text;
pub mod text_field;
pub mod toast;
pub mod value_tree;
pub mod verdicts;
pub mod which_key;
