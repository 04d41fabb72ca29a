//! The system's time zone.
//!
//! Owns: finding it without a walk through the whole zone database, which is a
//! good part of the time to the first screen. What the usual files do not tell
//! is left to jiff.

use jiff::tz::TimeZone;
use std::path::Path;

/// What a symbolic link to a zone has before the zone's name.
const DATABASE: &str = "zoneinfo/";

/// The zone that `TZ` or `/etc/localtime` says.
pub fn system() -> TimeZone {
    if std::env::var_os("TZ").is_some() {
        return TimeZone::system();
    }
    linked(Path::new("/etc/localtime")).unwrap_or_else(TimeZone::system)
}

/// The zone that `link` points to, named as in the database.
fn linked(link: &Path) -> Option<TimeZone> {
    let target = std::fs::read_link(link).ok()?;
    let (_, name) = target.to_str()?.rsplit_once(DATABASE)?;
    TimeZone::tzif(name, &std::fs::read(link).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_link_names_its_zone_and_anything_else_is_left_to_jiff() {
        let dir = tempfile::tempdir().unwrap();
        let zones = dir.path().join("zoneinfo/Atlantis");
        std::fs::create_dir_all(&zones).unwrap();
        // A version 1 file: one type, UTC+1, "AT".
        let mut zone = b"TZif\0".to_vec();
        zone.extend([0; 15]);
        zone.extend([0_u32, 0, 0, 0, 1, 3].iter().flat_map(|count| count.to_be_bytes()));
        zone.extend(3600_i32.to_be_bytes());
        zone.extend([0, 0]);
        zone.extend(b"AT\0");
        std::fs::write(zones.join("Capital"), zone).unwrap();
        let link = dir.path().join("localtime");
        std::os::unix::fs::symlink(zones.join("Capital"), &link).unwrap();
        let found = linked(&link).unwrap();
        assert_eq!(found.iana_name(), Some("Atlantis/Capital"));
        assert_eq!(found.to_offset(jiff::Timestamp::UNIX_EPOCH).seconds(), 3600);
        assert!(linked(&zones.join("Capital")).is_none(), "a file that is no link has no name");
        assert!(linked(&dir.path().join("missing")).is_none());
    }
}
