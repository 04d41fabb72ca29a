//! The windows of samples on disk, so that the next start is not blind.
//!
//! Owns the file, one for each cluster id: a magic word, a version, a checksum, the
//! cluster it is of, when it was written, and the windows. It is replaced by a rename.
//! One process owns it, which holds a lock beside it; others only read. What cannot be
//! used is set aside and said, and never stops klamm: everything in it can be seen anew.

use super::journal::file_stem;
use super::{Cluster, lock};
use crate::domain::samples::PAUSE;
use crate::domain::windows::Windows;
use crate::domain::{Time, show};
use crate::profile::paths;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

const MAGIC: &[u8; 8] = b"klammwin";
const VERSION: u32 = 1;
/// Magic word, version, checksum.
const HEAD: usize = 16;
/// A longer file is none of ours.
const LONGEST: u64 = 256 << 20;
/// Milliseconds between two writings.
const EVERY: i64 = 60_000;

/// The file of one cluster.
#[derive(Debug)]
pub(super) struct SavedWindows {
    path: PathBuf,
    cluster_id: String,
    /// Held while this process owns the file.
    lock: Option<File>,
}

/// What was found, and what is to be said of it.
#[derive(Debug, Default)]
struct Found {
    windows: Option<Windows>,
    remark: Option<String>,
}

/// Where a cluster's windows are kept; nowhere before they were read, and of a demo.
#[derive(Debug, Default)]
pub(super) struct Saving {
    has_read: bool,
    file: Option<Arc<Mutex<SavedWindows>>>,
    /// When it was read or written last.
    last: Time,
}

impl Cluster {
    /// Goes on from the windows of an earlier run. Once; whoever comes meanwhile waits.
    pub(super) async fn restore_windows(&self) {
        let mut saving = self.inner.saving.lock().await;
        if saving.has_read {
            return;
        }
        // Without the cluster's id nothing can be read, nor can groups.
        let Ok(metadata) = self.known_metadata().await else { return };
        saving.has_read = true;
        saving.last = self.now();
        let dir = self.profile().state_dir.as_ref().filter(|_| !self.profile().is_demo);
        let (Some(dir), Some(id)) = (dir, &metadata.cluster_id) else { return };
        let (file, now) = (SavedWindows::of(dir, id), self.now());
        let read = move || {
            let found = file.read(now);
            (file, found)
        };
        let Ok((file, found)) = tokio::task::spawn_blocking(read).await else { return };
        saving.file = Some(Arc::new(Mutex::new(file)));
        lock(&self.inner.lags).restore(found.windows, found.remark);
    }

    /// Writes the windows down where that was not done for a minute. Nobody waits for it.
    pub(super) async fn save_windows(&self) {
        let mut saving = self.inner.saving.lock().await;
        let now = self.now();
        let Some(file) = saving.file.clone().filter(|_| now.since(saving.last) >= EVERY) else { return };
        saving.last = now;
        let cluster = self.clone();
        tokio::task::spawn_blocking(move || {
            let windows = lock(&cluster.inner.lags).windows().encode();
            let written = lock(&file).write(&windows, now);
            if let Err(error) = written {
                let path = lock(&file).path.display().to_string();
                let remark = format!("what is seen of groups is not kept for the next start: {path}: {error}");
                lock(&cluster.inner.lags).remark(remark);
            }
        });
    }
}

impl SavedWindows {
    fn of(state_dir: &Path, cluster_id: &str) -> Self {
        let path = state_dir.join("windows").join(format!("{}.bin", file_stem(cluster_id)));
        Self { path, cluster_id: cluster_id.to_owned(), lock: None }
    }

    /// Reads the windows of the last minutes. Waits for a disk.
    fn read(&self, now: Time) -> Found {
        let bytes = match read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Found::default(),
            Err(error) => return self.remark(&format!("cannot be read: {error}")),
        };
        match self.windows_of(&bytes, now) {
            Ok(windows) => Found { windows: Some(windows), remark: None },
            Err(Unfit::Old(age)) => {
                // That is so at most starts: the log says it, and nobody is bothered.
                tracing::info!("{} is {} old and not used", self.path.display(), show::duration(age));
                Found::default()
            }
            Err(Unfit::Foreign(why)) => self.remark(why),
            Err(Unfit::Broken(why)) => {
                let aside = self.path.with_extension("set-aside");
                match fs::rename(&self.path, &aside) {
                    Ok(()) => self.remark(&format!("{why}; it is kept as {}", aside.display())),
                    Err(error) => self.remark(&format!("{why}; it cannot be moved: {error}")),
                }
            }
        }
    }

    fn remark(&self, why: &str) -> Found {
        let remark = format!("what was seen of groups before is not used: {} {why}", self.path.display());
        Found { windows: None, remark: Some(remark) }
    }

    fn windows_of(&self, bytes: &[u8], now: Time) -> Result<Windows, Unfit> {
        let (head, rest) = bytes.split_at_checked(HEAD).ok_or(Unfit::Broken("is too short"))?;
        let number =
            |from: usize| head.get(from..from + 4).and_then(|four| four.try_into().ok()).map(u32::from_le_bytes);
        if !head.starts_with(MAGIC) {
            return Err(Unfit::Broken("is not one of klamm's"));
        }
        if number(8) != Some(VERSION) {
            return Err(Unfit::Foreign("was written by another version of klamm"));
        }
        if number(12) != Some(crc32c::crc32c(rest)) {
            return Err(Unfit::Broken("is torn"));
        }
        let broken = || Unfit::Broken("cannot be understood");
        let (length, rest) = rest.split_first_chunk().ok_or_else(broken)?;
        let (id, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length))).ok_or_else(broken)?;
        if id != self.cluster_id.as_bytes() {
            return Err(Unfit::Foreign("is of another cluster"));
        }
        let (at, rest) = rest.split_first_chunk().ok_or_else(broken)?;
        let age = now.since(Time(i64::from_le_bytes(*at)));
        // One from later was written under a clock that is not this one.
        if !(0..PAUSE).contains(&age) {
            return Err(Unfit::Old(age.unsigned_abs()));
        }
        Windows::decode(rest).ok_or_else(broken)
    }

    /// Replaces the file where this process owns it, or can: `None` where another does.
    /// Waits for a disk.
    fn write(&mut self, windows: &[u8], now: Time) -> io::Result<Option<()>> {
        if self.lock.is_none() {
            if let Some(dir) = self.path.parent() {
                fs::create_dir_all(dir)?;
            }
            let lock = private().open(self.path.with_extension("lock"))?;
            match lock.try_lock() {
                Ok(()) => self.lock = Some(lock),
                Err(fs::TryLockError::WouldBlock) => return Ok(None),
                Err(fs::TryLockError::Error(error)) => return Err(error),
            }
        }
        let id = self.cluster_id.as_bytes();
        let mut body = u16::try_from(id.len()).unwrap_or(u16::MAX).to_le_bytes().to_vec();
        body.extend_from_slice(id.get(..usize::from(u16::MAX)).unwrap_or(id));
        body.extend_from_slice(&now.millis().to_le_bytes());
        // The windows are large: they are not copied.
        let checksum = crc32c::crc32c_append(crc32c::crc32c(&body), windows);
        let new = self.path.with_extension("new");
        let mut file = private().truncate(true).open(&new)?;
        file.write_all(MAGIC)?;
        file.write_all(&VERSION.to_le_bytes())?;
        file.write_all(&checksum.to_le_bytes())?;
        file.write_all(&body)?;
        file.write_all(windows)?;
        file.sync_all()?;
        fs::rename(&new, &self.path)?;
        Ok(Some(()))
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Unfit {
    Broken(&'static str),
    /// Somebody may still use it.
    Foreign(&'static str),
    /// Milliseconds.
    Old(u64),
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    paths::private(options.create(true).write(true));
    options
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    if file.metadata()?.len() > LONGEST {
        return Err(io::Error::other("it is too long"));
    }
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Groups;
    use crate::domain::group::{CommittedOffset, GroupPartition, GroupType};
    use crate::domain::standing::Standing;
    use crate::domain::verdict::Verdict;
    use crate::domain::{Fact, TopicPartition};
    use crate::kafka::admin::tests::world::{Away, World};
    use crate::profile::Profile;

    fn windows() -> Windows {
        let committed = CommittedOffset { offset: 7, leader_epoch: -1, metadata: String::new() };
        let row = GroupPartition {
            partition: TopicPartition::new("t".into(), 0),
            committed: Fact::Known(Some(committed)),
            start: Fact::Known(0),
            end: Fact::Known(9),
            nothing_left: false,
            told_lag: None,
            member: None,
        };
        let mut windows = Windows::default();
        windows.look(&"g".into(), &[row], Time(1_000));
        windows
    }

    /// A folder with the file of the cluster `c`, written at one second.
    fn written() -> (tempfile::TempDir, SavedWindows) {
        let dir = tempfile::tempdir().unwrap();
        let mut saved = SavedWindows::of(dir.path(), "c");
        assert_eq!(saved.write(&windows().encode(), Time(1_000)).unwrap(), Some(()));
        (dir, saved)
    }

    fn remark(found: Found) -> String {
        assert!(found.windows.is_none());
        found.remark.unwrap()
    }

    #[test]
    fn what_was_written_is_read_by_the_next_run() {
        let dir = tempfile::tempdir().unwrap();
        let nothing = SavedWindows::of(dir.path(), "c").read(Time(0));
        assert!(nothing.windows.is_none() && nothing.remark.is_none(), "a first start has nothing to say");
        let (dir, saved) = written();
        let found = SavedWindows::of(dir.path(), "c").read(Time(1_000 + PAUSE - 1));
        assert_eq!((found.windows, found.remark), (Some(windows()), None));
        drop(saved);
    }

    #[test]
    fn a_torn_file_is_set_aside_wherever_it_is_torn() {
        let (_dir, saved) = written();
        let whole = fs::read(&saved.path).unwrap();
        for cut in 0..whole.len() {
            fs::write(&saved.path, &whole[..cut]).unwrap();
            assert!(remark(saved.read(Time(2_000))).contains("set-aside"), "{cut}");
            assert!(!saved.path.exists() && saved.path.with_extension("set-aside").exists());
        }
        for index in 0..whole.len() {
            let mut changed = whole.clone();
            changed[index] ^= 1;
            fs::write(&saved.path, &changed).unwrap();
            remark(saved.read(Time(2_000)));
        }
    }

    #[test]
    fn one_of_another_cluster_and_one_that_is_old_are_not_used() {
        let (dir, saved) = written();
        assert_eq!(saved.windows_of(&fs::read(&saved.path).unwrap(), Time(1_000 + PAUSE)), Err(Unfit::Old(900_000)));
        for (now, what) in [(1_000 + PAUSE, "stale"), (0, "from later")] {
            let found = saved.read(Time(now));
            assert_eq!((found.windows, found.remark), (None, None), "{what}");
        }
        assert!(saved.path.exists(), "it is replaced when there is something newer");
        // Two ids may have one file name.
        let other = SavedWindows { cluster_id: "C?".into(), ..SavedWindows::of(dir.path(), "c") };
        assert!(remark(other.read(Time(2_000))).contains("is of another cluster"));
    }

    /// Groups of a broker, as a cluster finds them whose state is kept in `dir`.
    async fn groups_of(world: &World, dir: &Path, is_demo: bool) -> (Cluster, Arc<Groups>) {
        let plain = Profile::plain("p", vec![world.bootstrap()]);
        let profile = Profile { state_dir: Some(dir.to_owned()), is_demo, ..plain };
        let cluster = Cluster::connect(profile).unwrap();
        let groups = cluster.groups().await.unwrap();
        (cluster, groups)
    }

    const BILLING: &[Away] = &[Away { id: "billing", kind: GroupType::Classic, topics: &["orders"] }];

    #[tokio::test]
    async fn a_new_start_goes_on_from_what_was_seen_and_a_demo_does_not() {
        let (world, dir) = (World::with(BILLING).await, tempfile::tempdir().unwrap());
        let (cluster, first) = groups_of(&world, dir.path(), false).await;
        let standing = |groups: &Groups| groups.rows[0].standing.clone();
        assert!(matches!(standing(&first), Standing::TooEarly { seen: 1, .. }), "{:?}", standing(&first));
        // As it was seen at ten looks before.
        let group = cluster.group(&"billing".into()).await.unwrap();
        let mut windows = Windows::default();
        for look in 1..=10 {
            windows.look(&"billing".into(), &group.partitions, cluster.now().plus_millis((look - 11) * 10_000));
        }
        let id = cluster.known_metadata().await.unwrap().cluster_id.clone().unwrap();
        let mut saved = SavedWindows::of(dir.path(), &id);
        saved.write(&windows.encode(), cluster.now()).unwrap();
        let (_, next) = groups_of(&world, dir.path(), false).await;
        assert_eq!(standing(&next).verdict(), Some(Verdict::Stop), "five records behind, and nobody is in it");
        let (demo, of_demo) = groups_of(&world, dir.path(), true).await;
        assert!(matches!(standing(&of_demo), Standing::TooEarly { seen: 1, .. }));
        assert!(demo.inner.saving.lock().await.file.is_none(), "nor is anything written");
        // And what is torn is said, and stops nothing.
        fs::write(&saved.path, b"klammwin").unwrap();
        let (_, groups) = groups_of(&world, dir.path(), false).await;
        assert_eq!((groups.rows.len(), groups.remarks.len()), (1, 1));
        assert!(groups.remarks[0].contains("is too short; it is kept as "), "{:?}", groups.remarks);
    }

    #[tokio::test]
    async fn they_are_written_at_most_once_a_minute() {
        let (world, dir) = (World::with(BILLING).await, tempfile::tempdir().unwrap());
        let (cluster, _) = groups_of(&world, dir.path(), false).await;
        let path = lock(cluster.inner.saving.lock().await.file.as_ref().unwrap()).path.clone();
        cluster.save_windows().await;
        cluster.inner.saving.lock().await.last = cluster.now().plus_millis(-EVERY);
        assert!(!path.exists(), "it was just read");
        cluster.save_windows().await;
        tokio::time::timeout(std::time::Duration::from_secs(20), async {
            while !path.exists() {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap();
    }

    #[test]
    fn one_process_owns_it_and_others_read() {
        let (dir, saved) = written();
        let mut other = SavedWindows::of(dir.path(), "c");
        assert_eq!(other.write(b"", Time(5_000)).unwrap(), None);
        assert!(other.read(Time(5_000)).windows.is_some());
        drop(saved);
        assert_eq!(other.write(&windows().encode(), Time(6_000)).unwrap(), Some(()), "the owner is gone");
    }
}
