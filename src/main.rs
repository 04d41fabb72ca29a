//! The binary: nothing but the command line's door.

use std::process::ExitCode;

fn main() -> ExitCode {
    klamm::cli::main()
}
