//! The file with the profiles: read, changed, and looked at again.

use super::profiles;
use super::tasks::Resources;
use crate::domain::{Failure, FailureKind};
use crate::profile::{Action, Entry, Field, FileChange, Loaded, Profile, entries, expand, load};
use crate::tui::app::session::ProfilesNow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Work on files, off the event loop.
async fn blocking<T: Send + 'static>(
    operation: &'static str,
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Failure::new(FailureKind::Cancelled, operation, error.to_string())))
}

fn file(resources: &Resources) -> Result<PathBuf, Failure> {
    resources.loaded().file.ok_or_else(|| {
        Failure::new(FailureKind::NotFound, "find the configuration", "this platform names no home")
            .hint("Name the file with --config.")
    })
}

/// What the file says of a profile now.
pub async fn read(resources: &Arc<Resources>, name: String) -> Result<(String, BTreeMap<Field, Entry>), Failure> {
    let file = file(resources)?;
    blocking("read configuration", move || {
        let failed =
            |kind, message: String| Failure::new(kind, "read configuration", message).on(file.display().to_string());
        let text = std::fs::read_to_string(&file).map_err(|error| failed(FailureKind::Storage, error.to_string()))?;
        let entries = entries(&text, &name);
        if entries.is_empty() {
            return Err(failed(FailureKind::NotFound, format!("the file has no profile {name}"))
                .hint("Only what is saved there can be edited; n saves a new one."));
        }
        Ok((name, entries))
    })
    .await
}

/// Those of the files that cannot be read, with why.
pub async fn missing(resources: &Arc<Resources>, files: Vec<(Field, String)>) -> Vec<(Field, String)> {
    let folder = resources.loaded().file.and_then(|file| file.parent().map(PathBuf::from));
    let looked = tokio::task::spawn_blocking(move || {
        let problem = |(field, text): (Field, String)| {
            let path = expand(&text, folder.as_deref());
            let error = std::fs::File::open(&path).err()?;
            Some((field, format!("{}: {error}", path.display())))
        };
        files.into_iter().filter_map(problem).collect()
    });
    looked.await.unwrap_or_default()
}

/// Changes the file and reads it again.
pub async fn change(resources: &Arc<Resources>, action: Action) -> Result<ProfilesNow, Failure> {
    let file = file(resources)?;
    let select = action.result().map(str::to_owned);
    let name = match &action {
        Action::Delete { name } => name.clone(),
        Action::Add { .. } | Action::Edit { .. } | Action::Duplicate { .. } => select.clone().unwrap_or_default(),
    };
    let said = format!("{name}: {} in {}", action.done(), file.display());
    let loaded = blocking("write configuration", move || {
        FileChange::of(&file, &action)?.save()?;
        load(Some(file))
    })
    .await?;
    let now = ProfilesNow {
        said,
        cards: profiles::cards(
            &loaded,
            unsaved(&resources.loaded(), resources.given.as_ref().map(|given| &given.profile)),
            resources.read_only,
        ),
        warnings: loaded.warnings.iter().map(ToString::to_string).collect(),
        select,
    };
    resources.reload(loaded);
    // What was typed for it may be another's secret now.
    resources.forget_secrets(&name);
    Ok(now)
}

/// The cluster given on the command line, when it was none of the saved.
fn unsaved<'a>(before: &Loaded, given: Option<&'a Profile>) -> Option<&'a Profile> {
    given.filter(|given| before.profile(&given.name).is_none())
}

/// The profiles as they would be after the change, and the name of the one it is about.
pub async fn draft(resources: &Arc<Resources>, action: Action) -> Result<(Loaded, String), Failure> {
    let file = file(resources)?;
    let name = action.result().unwrap_or_default().to_owned();
    blocking("read configuration", move || Ok((FileChange::of(&file, &action)?.loaded(), name))).await
}
