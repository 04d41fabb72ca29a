//! `klamm records import`: records restored from a file of `records export --format raw`.

use super::resend::{How, StampWord, typed};
use crate::cli::change::carry_out_from;
use crate::cli::confirm::Consent;
use crate::cli::exit::{Exit, Stop};
use crate::cli::session::{Session, blocking};
use crate::cluster::ImportRequest;
use crate::domain::{Failure, FailureKind, TopicName};
use crate::profile::paths;
use clap::Args;
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// The file; - reads standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// To this topic instead of those that the file names
    #[arg(long, value_name = "TOPIC")]
    to: Option<String>,
    /// Which time they have there; without it the one they had
    #[arg(long, value_enum, default_value_t, value_name = "WHICH")]
    timestamp: StampWord,
    /// Of a file that ends early or is broken, what stands before that
    #[arg(long)]
    beginning: bool,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    consent: Consent,
}

pub(super) async fn run(session: &mut Session, arguments: ImportArguments) -> Result<Exit, Stop> {
    let ImportArguments { file, to, timestamp, beginning, how, consent } = arguments;
    let is_piped = file.as_os_str() == "-";
    // A plan is shown before anything is sent, so all of it must be there.
    let kept = if is_piped { Some(blocking("read standard input", || Ok(keep()?)).await?) } else { None };
    let mut words = vec!["records".to_owned(), "import".into(), file.display().to_string()];
    words.extend(to.iter().flat_map(|to| ["--to".into(), to.clone()]));
    if matches!(timestamp, StampWord::Now) {
        words.extend(["--timestamp".into(), "now".into()]);
    }
    words.extend(beginning.then(|| "--beginning".into()));
    words.extend(how.words());
    let cluster = session.connect().await?;
    let request = ImportRequest {
        file: kept.as_ref().map_or(file, |kept| kept.0.clone()),
        to: to.as_deref().map(TopicName::from),
        partition: how.partition.into(),
        timestamp: timestamp.into(),
        rate: how.rate,
        at_least_once: how.at_least_once,
        beginning,
        command_line: typed(words),
    };
    let plan = cluster.plan_import_records(request).await?;
    carry_out_from(session, &cluster, &cluster, &plan, consent).await
}

/// A file that goes with this.
struct Kept(PathBuf);

impl Drop for Kept {
    fn drop(&mut self) {
        // What cannot be removed stays, readable by its owner alone.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Standard input in a file of its own.
fn keep() -> Result<Kept, Failure> {
    let path = std::env::temp_dir().join(format!("klamm-import-{}.records", std::process::id()));
    let failed = |error: io::Error| {
        Failure::new(FailureKind::Storage, "keep standard input in", error.to_string()).on(path.display().to_string())
    };
    let mut options = std::fs::OpenOptions::new();
    let mut file = paths::private(options.write(true).create_new(true)).open(&path).map_err(failed)?;
    let kept = Kept(path.clone());
    let mut input = io::stdin().lock();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match input.read(&mut buffer).map_err(failed)? {
            0 => break,
            count => file.write_all(buffer.get(..count).unwrap_or_default()).map_err(failed)?,
        }
    }
    file.flush().map_err(failed)?;
    Ok(kept)
}
