//! The console as a whole, without a terminal and without a cluster.
//!
//! `canned` answers in place of a cluster; `behaviour`, `plans`, `group_actions`, `records`, `letters`,
//! `finding`, `rounds`, `profiles` and `bad_days` hold what follows from messages, `commands` that
//! every command does something or says why not, `screens` and `looks` what it looks
//! like, `states` every place in each of its states and `fits` what holds of them at
//! every size, `event_loop` when it is drawn. They stand here because the runtime is the room
//! that knows all the others.

mod bad_days;
mod behaviour;
mod canned;
mod commands;
mod event_loop;
mod finding;
mod fits;
mod group_actions;
mod group_types;
mod letters;
mod looks;
mod plans;
mod profiles;
mod record_marks;
mod record_pages;
mod records;
mod rounds;
mod screens;
mod states;
