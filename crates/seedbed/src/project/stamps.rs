//! Stamps: whether files of a project were edited since they were read.

use std::path::PathBuf;
use std::time::SystemTime;

/// What a file system said of files: when each was changed last, and its size.
#[derive(Clone, Debug)]
pub(crate) struct Stamps(Vec<(PathBuf, Option<(SystemTime, u64)>)>);

impl Stamps {
    /// Returns the stamps of these files as they are now.
    pub(super) fn of(files: impl Iterator<Item = PathBuf>) -> Self {
        Self(files.map(|file| (file.clone(), stamp(&file))).collect())
    }

    /// Whether the files are as they were; a file that came into one of the folders has changed that.
    pub(crate) fn hold(&self) -> bool {
        self.0.iter().all(|(file, known)| stamp(file) == *known)
    }
}

fn stamp(file: &std::path::Path) -> Option<(SystemTime, u64)> {
    let file = file.metadata().ok()?;
    Some((file.modified().ok()?, file.len()))
}
