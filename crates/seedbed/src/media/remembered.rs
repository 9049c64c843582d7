//! Remembered: what a process keeps of files that it has read.
//!
//! While a file's inode, size and times are as they were, so are its bytes; and while the system tells of no
//! change, so are those.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::thread;

use super::Marks;
use super::stamp::Stamp;
use super::watch::Watch;

/// So many files are looked at in one go.
const PART: usize = 16;

/// A file that was read.
pub(super) struct Read {
    /// Its path as it is declared.
    pub(super) path: String,
    pub(super) place: PathBuf,
    pub(super) picture: String,
    pub(super) content: String,
    /// None where the file was changed so short a time ago that a further change may leave no trace.
    pub(super) stamp: Option<Stamp>,
}

impl Read {
    fn is_as_it_was(&self) -> bool {
        self.stamp.is_some() && Stamp::of(&self.place) == self.stamp
    }
}

/// What a process keeps of files that it has read.
#[derive(Default)]
pub(crate) struct Remembered {
    files: Arc<Vec<Read>>,
    /// All files are as declared, when judged by these records; and what is kept of them.
    sound: Option<(Marks, Marks)>,
    /// What another thread is looking at.
    ahead: Option<Arc<Look>>,
    /// What would tell of a change since the last look began.
    watch: Option<Watch>,
    /// All files were as they were in the last look.
    stood: bool,
}

impl Remembered {
    /// Begins to look, beside what else is done, whether the files are as they were: for the next that asks.
    pub(crate) fn look_ahead(&mut self) {
        if self.sound.is_none() || self.is_quiet() {
            return;
        }
        let look = self.look();
        let ahead = Arc::clone(&look);
        thread::spawn(move || (0..ahead.parts.len()).all(|part| ahead.stands(part)));
        self.ahead = Some(look);
    }

    /// Whether all files were as declared, and are as they were.
    pub(crate) fn stand(&mut self) -> bool {
        if self.sound.is_none() {
            return false;
        }
        if self.is_quiet() {
            return true;
        }
        let look = self.ahead.take().unwrap_or_else(|| self.look());
        // From the other end, so that nobody waits for a thread that has no turn.
        self.stood = (0..look.parts.len()).rev().all(|part| look.stands(part));
        self.stood
    }

    /// Whether all files stood in the last look, and no change was told since it began.
    fn is_quiet(&mut self) -> bool {
        self.stood && self.watch.take_if(|watch| !watch.is_quiet()).is_none() && self.watch.is_some()
    }

    /// Begins a look; what changes after that is told.
    fn look(&mut self) -> Arc<Look> {
        self.stood = false;
        self.watch = Watch::over(&self.files);
        Arc::new(Look::at(&self.files))
    }

    /// Returns what is kept of the files, where they are as declared when judged by these records.
    pub(super) fn as_judged_by(&mut self, recorded: &Marks) -> Option<Marks> {
        let (judged_by, kept) = self.sound.as_ref()?;
        let kept = Arc::clone(kept);
        (Arc::ptr_eq(judged_by, recorded) && self.stand()).then_some(kept)
    }

    /// Returns the file that was read, if any was.
    pub(super) fn file(&self, path: &str) -> Option<&Read> {
        let at = self.files.binary_search_by(|read| read.path.as_str().cmp(path));
        at.ok().map(|at| &self.files[at])
    }

    /// Keeps files that were read, and by which records all of them are as declared.
    pub(super) fn keep(&mut self, mut files: Vec<Read>, sound: Option<(Marks, Marks)>) {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        *self = Self { files: Arc::new(files), sound, ..Self::default() };
    }
}

/// A look at files, which several threads may take at once.
struct Look {
    files: Arc<Vec<Read>>,
    /// Whether the files of a part are as they were, where somebody has looked.
    parts: Vec<OnceLock<bool>>,
}

impl Look {
    fn at(files: &Arc<Vec<Read>>) -> Self {
        let parts = files.chunks(PART).map(|_| OnceLock::new()).collect();
        Self { files: Arc::clone(files), parts }
    }

    fn stands(&self, part: usize) -> bool {
        if let Some(stands) = self.parts[part].get() {
            return *stands;
        }
        let files = self.files.chunks(PART).nth(part).expect("there is a part for each chunk");
        let stands = files.iter().all(Read::is_as_it_was);
        // Who looked at the same time has seen as much.
        let _ = self.parts[part].set(stands);
        stands
    }
}
