//! Drafts: a file is made under another name and moved into place when it is whole.
//!
//! A process holds a lock on its draft, and the engine of the machine lets go of it when the
//! process ends, however it ends. So a draft that nobody holds was left by a process that was
//! killed, and the next one that writes into the folder removes it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// A file that is held while it is made. More files may be made beside it under its name and a
/// full stop; those go with it.
pub(crate) struct Draft {
    pub(crate) path: PathBuf,
    pub(crate) file: File,
}

impl Draft {
    /// Makes an empty draft in a folder; no other draft of any process has its name.
    pub(crate) fn new(folder: &Path, prefix: &str) -> io::Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("{prefix}{}-{count}", std::process::id()));
        let file = File::create(&path)?;
        // Where a file system has no locks, `sweep` gets none either and leaves drafts alone.
        let _ = file.lock();
        Ok(Self { path, file })
    }

    /// Removes the draft.
    pub(crate) fn discard(self) {
        // It may have been moved into place.
        let _ = fs::remove_file(&self.path);
    }
}

/// Removes the drafts that killed processes left in a folder.
///
/// What cannot be listed, locked or removed stays: it is in nobody's way.
pub(crate) fn sweep(folder: &Path, prefix: &str) {
    let entries = || fs::read_dir(folder).into_iter().flatten().flatten();
    let name = |entry: fs::DirEntry| entry.file_name().into_string().ok();
    let is_draft = |name: &String| {
        let number = name.strip_prefix(prefix);
        number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit() || b == b'-'))
    };
    for draft in entries().filter_map(name).filter(is_draft) {
        let path = folder.join(&draft);
        let Ok(file) = File::open(&path) else { continue };
        if file.try_lock().is_err() {
            continue;
        }
        let beside = format!("{draft}.");
        for other in entries().filter_map(name).filter(|name| name.starts_with(&beside)) {
            let _ = fs::remove_file(folder.join(other));
        }
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_process_left_goes_and_what_is_held_stays() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.seedbed-77", "a.seedbed-77.db", "a.seedbed-77.db-journal", "a.seedbed-x", "a", "b.seedbed-78"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let held = Draft::new(folder.path(), "a.seedbed-").unwrap();
        sweep(folder.path(), "a.seedbed-");
        let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let mut names: Vec<PathBuf> = names.collect();
        names.sort();
        let mut kept = vec![folder.path().join("a"), folder.path().join("a.seedbed-x")];
        kept.extend([held.path.clone(), folder.path().join("b.seedbed-78")]);
        kept.sort();
        assert_eq!(names, kept);
        held.discard();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
