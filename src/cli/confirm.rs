//! Asking whether a change shall be made, by the same rules as the dialog.
//!
//! Owns: what counts as yes. `y` or the name that the plan asks for; never an
//! empty line. Without a terminal nobody can be asked, and `--yes` must be given.

use crate::cli::output::say;
use crate::domain::plan::Confirm;
use crate::domain::text::sanitize;
use crate::domain::{Failure, FailureKind};
use clap::Args;
use std::io::{self, BufRead, IsTerminal, Write};

/// What every command that changes something takes.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct Consent {
    /// Show what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do it without asking; needed where there is no terminal
    #[arg(long, short = 'y', conflicts_with = "dry_run")]
    pub(crate) yes: bool,
}

impl Consent {
    /// Somebody is there and wants to be asked.
    pub(crate) fn will_ask(self) -> bool {
        !self.yes && !self.dry_run && can_ask()
    }

    /// Refuses what nobody agreed to. Blocks while it asks.
    pub(crate) fn obtain(self, operation: &str, target: &str, how: &Confirm) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        let refused = |message: &str| Failure::new(FailureKind::Refused, operation, message).on(target);
        if !can_ask() {
            return Err(refused("it was not confirmed, and there is no terminal to ask on")
                .hint("Look at it with --dry-run, then add --yes."));
        }
        let line = ask(how).map_err(|error| refused(&format!("the answer could not be read: {error}")))?;
        if is_yes(how, &line) { Ok(()) } else { Err(refused("it was not confirmed; nothing was changed")) }
    }
}

fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

fn ask(how: &Confirm) -> io::Result<String> {
    say("");
    let mut stderr = io::stderr().lock();
    match how {
        Confirm::Yes => write!(stderr, "Apply this? Type y, then enter: ")?,
        Confirm::TypeName(name) => write!(stderr, "Apply this? Type {} to confirm: ", sanitize(name))?,
    }
    stderr.flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line)
}

fn is_yes(how: &Confirm, line: &str) -> bool {
    let answer = line.trim_end_matches(['\n', '\r']);
    match how {
        Confirm::Yes => matches!(answer.trim(), "y" | "Y" | "yes"),
        Confirm::TypeName(name) => answer == name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::y("y\n", true)]
    #[case::yes_in_full("yes\r\n", true)]
    #[case::enter_alone_is_no("\n", false)]
    #[case::the_end_of_input_is_no("", false)]
    #[case::no("n\n", false)]
    fn plain_confirmation(#[case] line: &str, #[case] yes: bool) {
        assert_eq!(is_yes(&Confirm::Yes, line), yes);
    }

    #[rstest]
    #[case::the_name("orders\n", true)]
    #[case::y_is_not_enough("y\n", false)]
    #[case::nearly_the_name("orders \n", false)]
    #[case::nothing("\n", false)]
    fn confirmation_by_name(#[case] line: &str, #[case] yes: bool) {
        assert_eq!(is_yes(&Confirm::TypeName("orders".into()), line), yes);
    }

    #[test]
    fn without_a_terminal_only_yes_counts() {
        // Tests run with their input closed or piped.
        let consent = Consent::default();
        if !can_ask() {
            let failure = consent.obtain("delete topic", "orders", &Confirm::Yes).unwrap_err();
            assert_eq!(failure.kind, FailureKind::Refused);
            assert!(failure.to_string().contains("--yes"), "{failure}");
        }
        assert!(Consent { yes: true, ..consent }.obtain("delete topic", "orders", &Confirm::Yes).is_ok());
    }
}
