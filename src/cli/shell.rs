//! `klamm completions` and `klamm man`: what a shell and `man` know of klamm,
//! made from the table of arguments.

use super::arguments::Arguments;
use super::exit::{Exit, Stop};
use super::session::Session;
use crate::domain::{Failure, FailureKind};
use clap::{Args, CommandFactory};
use clap_complete::Shell;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManArguments {
    /// Write a page for each command into this directory; without it the main one is printed
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(crate) fn completions(session: &mut Session, arguments: &CompletionsArguments) -> Result<Exit, Stop> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "klamm", &mut script);
    print(session, &script)
}

pub(crate) fn man(session: &mut Session, arguments: &ManArguments) -> Result<Exit, Stop> {
    let Some(dir) = &arguments.dir else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Arguments::command()).render(&mut page)?;
        return print(session, &page);
    };
    write_pages(dir).map_err(|error| {
        Failure::new(FailureKind::Storage, "write the pages to", error.to_string()).on(dir.display().to_string())
    })?;
    Ok(Exit::Done)
}

fn write_pages(dir: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(dir)?;
    clap_mangen::generate_to(Arguments::command(), dir)
}

fn print(session: &mut Session, text: &[u8]) -> Result<Exit, Stop> {
    session.output.line(String::from_utf8_lossy(text).trim_end())?;
    session.output.flush()?;
    Ok(Exit::Done)
}
