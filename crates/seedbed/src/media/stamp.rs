//! Stamps: what a file system says of a file, from which a change of its bytes shows.
//!
//! A write moves the time of the last change, which no program can set back; a file that is put in its
//! place has another inode. What a stamp cannot see is said in `docs/promises.md`.

use std::path::Path;

/// What a file system says of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    /// How many names it has.
    names: u64,
    size: u64,
    /// Seconds and nanoseconds.
    modified: (i64, i64),
    changed: (i64, i64),
}

#[cfg(unix)]
impl Stamp {
    /// Returns the stamp of a file; none where it cannot be had, or where a link stands.
    pub(super) fn of(place: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        let file = std::fs::symlink_metadata(place).ok().filter(std::fs::Metadata::is_file)?;
        Some(Self {
            device: file.dev(),
            inode: file.ino(),
            names: file.nlink(),
            size: file.size(),
            modified: (file.mtime(), file.mtime_nsec()),
            changed: (file.ctime(), file.ctime_nsec()),
        })
    }

    /// Whether nobody can write to it by another name.
    pub(super) fn has_one_name(&self) -> bool {
        self.names == 1
    }

    /// Whether a change from now on gives the file another time than it has: clocks of file systems tick in
    /// hundredths of a second, and some in seconds.
    pub(super) fn has_settled(&self) -> bool {
        let coarse = self.changed.1 == 0;
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let age = now.as_nanos() as i128 - (i128::from(self.changed.0) * 1_000_000_000 + i128::from(self.changed.1));
        age > if coarse { 2_500_000_000 } else { 50_000_000 }
    }
}

#[cfg(not(unix))]
impl Stamp {
    /// Returns none: here every file is read every time.
    pub(super) fn of(_: &Path) -> Option<Self> {
        None
    }

    /// No stamp is ever made.
    pub(super) fn has_settled(&self) -> bool {
        false
    }

    /// No stamp is ever made.
    pub(super) fn has_one_name(&self) -> bool {
        false
    }
}
