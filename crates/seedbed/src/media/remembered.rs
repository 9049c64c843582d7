//! Remembered: what a process keeps of files that it has read.
//!
//! While a file's inode, size and times are as they were, so are its bytes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use super::Marks;
use super::stamp::Stamp;

/// So many threads look at files beside what else is done.
const HANDS: usize = 2;

/// A file that was read.
pub(super) struct Read {
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
    files: Arc<BTreeMap<String, Read>>,
    /// All files are as declared, when judged by these records; and what is kept of them.
    sound: Option<(Marks, Marks)>,
    /// Each looks whether a part of the files is as it was.
    looking: Vec<JoinHandle<bool>>,
}

impl Remembered {
    /// Begins to look whether the files are as they were, for the next that asks.
    pub(crate) fn look_ahead(&mut self) {
        self.looking.clear();
        if self.sound.is_none() {
            return;
        }
        let share = self.files.len().div_ceil(HANDS);
        let look = |hand: usize| {
            let files = Arc::clone(&self.files);
            thread::spawn(move || files.values().skip(hand * share).take(share).all(Read::is_as_it_was))
        };
        self.looking = (0..HANDS).map(look).collect();
    }

    /// Whether all files were as declared, and are as they were.
    pub(crate) fn stand(&mut self) -> bool {
        if self.sound.is_none() {
            return false;
        }
        if self.looking.is_empty() {
            return self.files.values().all(Read::is_as_it_was);
        }
        let mut looked = self.looking.drain(..).map(|hand| hand.join().expect("looking at files does not panic"));
        looked.all(|stand| stand)
    }

    /// Returns what is kept of the files, where they are as declared when judged by these records.
    pub(super) fn as_judged_by(&mut self, recorded: &Marks) -> Option<Marks> {
        let (judged_by, kept) = self.sound.as_ref()?;
        let kept = Arc::clone(kept);
        (Arc::ptr_eq(judged_by, recorded) && self.stand()).then_some(kept)
    }

    /// Returns the files that were read, and keeps nothing.
    pub(super) fn taken(&mut self) -> Arc<BTreeMap<String, Read>> {
        std::mem::take(self).files
    }

    /// Keeps files that were read, and by which records all of them are as declared.
    pub(super) fn keep(&mut self, files: BTreeMap<String, Read>, sound: Option<(Marks, Marks)>) {
        *self = Self { files: Arc::new(files), sound, looking: Vec::new() };
    }
}
