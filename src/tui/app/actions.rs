//! What commands do to the state.
//!
//! Owns: one exhaustive match from command to action. Must not know keys.

pub mod dialogs;
pub mod export;
pub mod groups;
pub mod leave;
pub mod lists;
pub mod open;
pub mod palette;
pub mod plans;
pub mod produce;
pub mod profiles;
pub mod record_views;
pub mod records;
pub mod resend;
pub mod session;

use super::copy;
use super::dialogs::{Dialog, HelpDialog, Menu, MenuPurpose, TypeName, TypeNamePurpose};
use super::effect::{Effect, Request};
use super::list::Motion;
use super::notes::Tone;
use super::screens::groups::GroupSort;
use super::screens::records::Further;
use super::screens::topics::TopicSort;
use super::slot::Slot;
use super::state::{Screen, State};
use super::watch;
use crate::domain::Time;
use crate::domain::query::Part;
use crate::tui::command::Command as C;
use std::time::Duration;

/// How long a toast stays.
const TOAST: Duration = Duration::from_secs(5);

/// Does what an enabled command says. `read_at` is when its key was read.
pub fn perform(state: &mut State, command: C, read_at: Time, effects: &mut Vec<Effect>) {
    match command {
        C::Quit => leave::quit_or_back(state, effects),
        C::QuitNow => leave::quit(state, effects),
        C::Back => leave::back(state, effects),
        C::Suspend => effects.push(Effect::Suspend),
        C::Refresh => watch::refresh(state, effects),
        C::HistoryBack => open::history(state, true, effects),
        C::HistoryForward => open::history(state, false, effects),
        C::LastPlace => open::last(state, effects),
        C::ChooseTheme => dialogs::choose_theme(state),
        C::Help => state.dialogs.push(Dialog::Help(HelpDialog::new(state.place()))),
        C::Palette => palette::open(state, effects),
        C::Unlock => {
            let name = state.link.session().map_or(String::new(), |session| session.card.name.clone());
            state.dialogs.push(Dialog::TypeName(TypeName::new(TypeNamePurpose::Unlock, name)));
        }
        C::ViewOverview => open::screen(state, Screen::Overview),
        C::ViewTopics => open::screen(state, Screen::Topics),
        C::ViewGroups => open::screen(state, Screen::Groups),
        C::ViewRecords => open::screen(state, Screen::Records),
        C::ViewJournal => open::screen(state, Screen::Journal),
        C::ViewProfiles => open::screen(state, Screen::Profiles),
        C::ViewMessages => open::screen(state, Screen::Messages),
        C::Down => lists::motion(state, Motion::Down),
        C::Up => lists::motion(state, Motion::Up),
        C::Top => lists::motion(state, Motion::Top),
        C::Bottom => lists::motion(state, Motion::Bottom),
        C::HalfDown => lists::motion(state, Motion::HalfDown),
        C::HalfUp => lists::motion(state, Motion::HalfUp),
        C::PageDown => lists::motion(state, Motion::PageDown),
        C::PageUp => lists::motion(state, Motion::PageUp),
        C::Open => open::selected(state, effects),
        C::NextPane => open::next_pane(state, true),
        C::PreviousPane => open::next_pane(state, false),
        C::NextTab => open::next_tab(state, true),
        C::PreviousTab => open::next_tab(state, false),
        C::Filter => lists::edit_filter(state),
        C::Mark => lists::mark(state),
        C::Copy => copy_or_take(state, read_at, effects),
        C::SortName => match state.screen {
            Screen::Groups => lists::sort_groups(state, GroupSort::Name, effects),
            _ => lists::sort_topics(state, TopicSort::Name, effects),
        },
        C::SortPartitions => lists::sort_topics(state, TopicSort::Partitions, effects),
        C::SortRecords => lists::sort_topics(state, TopicSort::Records, effects),
        C::SortSize => lists::sort_topics(state, TopicSort::Size, effects),
        C::SortRate => lists::sort_topics(state, TopicSort::Rate, effects),
        C::SortVerdict => lists::sort_groups(state, GroupSort::Verdict, effects),
        C::SortLag => lists::sort_groups(state, GroupSort::Lag, effects),
        C::SortState => lists::sort_groups(state, GroupSort::State, effects),
        C::TopicTail => records::tail_selected(state, effects),
        C::TopicCompression => plans::open_compression(state, effects),
        C::TopicPlanPartitions => plans::open_partitions(state, effects),
        C::TopicCreate => plans::ask_for_topic(state),
        C::TopicProduce => produce::ask(state, effects),
        C::TopicDelete => plans::delete_topic(state, effects),
        C::GroupReset => plans::open_reset(state),
        C::GroupImport => groups::ask_import(state),
        C::GroupConfigure => groups::ask_configure(state),
        C::GroupCopy => groups::ask_copy(state),
        C::GroupExport => groups::ask_export(state),
        C::GroupDelete => groups::delete(state, effects),
        C::GroupDeleteOffsets => groups::delete_offsets(state, effects),
        C::GroupRemoveMembers => groups::remove_members(state, effects),
        C::GroupUndo => plans::undo_last(state, effects),
        C::RecordNext => records::turn(state, true),
        C::RecordPrevious => records::turn(state, false),
        C::RecordsFollow => records::follow(state, effects),
        C::RecordsOlder => records::page(state, Further::Older, effects),
        C::RecordsOn => records::page(state, Further::On, effects),
        C::RecordsFrom => records::ask_from(state),
        C::RecordsSearch => records::ask_contains(state),
        C::RecordsViewAs => records::choose_view(state, Part::Value),
        C::RecordsKeyAs => records::choose_view(state, Part::Key),
        C::RecordsIsolation => records::next_isolation(state, effects),
        C::RecordsTiered if matches!(state.dialogs.last(), Some(Dialog::Export(_))) => {
            export::read_tiered(state, effects);
        }
        C::RecordsTiered => records::read_tiered(state, effects),
        C::RecordsWrap => state.views.records.wraps = !state.views.records.wraps,
        C::RecordsSizes => records::toggle_sizes(state),
        C::RecordsViews => record_views::choose(state),
        C::RecordsSave => records::ask_save(state),
        C::PlanShowWritten => open::written(state, effects),
        C::RecordsSource => open::source(state, effects),
        C::RecordsWriteCopy => produce::ask_copy(state, effects),
        C::RecordFormEdit => produce::edit(state, effects),
        C::RecordsResetHere => plans::reset_here(state),
        C::RecordsSendAgain => resend::ask(state),
        C::RecordsExport => export::ask(state),
        C::JournalUndo => plans::undo_selected(state, effects),
        C::JournalFinish => plans::finish_selected(state, effects),
        C::JournalSettle => plans::settle_selected(state, effects),
        C::ProfileUse => session::use_selected(state, effects),
        C::ProfileDemo => session::open_demo(state, effects),
        C::DemoSwitchBroker => session::ask_for_broker(state),
        C::ProfileNew => profiles::new(state),
        C::ProfileEdit => profiles::edit(state, effects),
        C::ProfileDuplicate => profiles::ask_name(state),
        C::ProfileDelete => profiles::ask_deletion(state),
        C::ProfileTest => profiles::test(state, effects),
        C::ProfileFormTest => profiles::test_form(state, effects),
        C::ProfileFormSave => profiles::save_form(state, effects),
        C::PlanApply => plans::confirm(state, read_at, effects),
        C::PlanLeave => leave::leave_plan(state, effects),
        C::PlanChange => plans::change_target(state, effects),
        C::PlanWait => plans::wait(state, read_at, effects),
        C::PlanCopy => copy::open_plan(state),
        C::PlanUndo => plans::undo_shown(state, effects),
        C::PartitionsAdd => plans::add_partitions(state, effects),
        C::PartitionsZero => plans::toggle_zero(state),
        C::PartitionsNewTopic => plans::new_topic_instead(state),
        C::PartitionsWish => plans::ask_partition_wish(state),
        C::FieldNext => dialogs::next_field(state, 1),
        C::FieldPrevious => dialogs::next_field(state, -1),
        C::Accept => dialogs::accept(state, read_at, effects),
        C::HelpFilter => dialogs::filter_help(state),
        C::HelpAll => dialogs::all_help(state),
        C::ListNext => dialogs::move_choice(state, 1, effects),
        C::ListPrevious => dialogs::move_choice(state, -1, effects),
    }
}

/// `c` opens the menu, and in it takes what is under the cursor: `c c` copies
/// the name.
fn copy_or_take(state: &mut State, read_at: Time, effects: &mut Vec<Effect>) {
    match state.dialogs.last() {
        Some(Dialog::Menu(Menu { purpose: MenuPurpose::Copy(_), .. })) => dialogs::accept(state, read_at, effects),
        Some(Dialog::Export(_)) => copy::open_export(state),
        Some(_) => state.say(Tone::Info, "there is nothing to copy here"),
        None => copy::open(state),
    }
}

/// Starts `request` in `slot`, at once.
pub fn start(state: &mut State, slot: Slot, request: Request, effects: &mut Vec<Effect>) {
    start_after(state, slot, Duration::ZERO, request, effects);
}

/// The same after a pause.
pub fn start_after(state: &mut State, slot: Slot, after: Duration, request: Request, effects: &mut Vec<Effect>) {
    let generation = state.slots.start(slot);
    effects.push(Effect::Start { slot, generation, after, request });
}

/// Stops what runs in `slot`.
pub fn stop(state: &mut State, slot: Slot, effects: &mut Vec<Effect>) {
    if state.slots.cancel(slot) {
        effects.push(Effect::Cancel(slot));
    }
}

/// Lets the toasts fade, one after the other.
pub fn fade_later(state: &mut State, effects: &mut Vec<Effect>) {
    let generation = state.slots.start(Slot::Toast);
    effects.push(Effect::Start { slot: Slot::Toast, generation, after: TOAST, request: Request::Rest });
}
