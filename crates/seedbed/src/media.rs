//! Media files: part of what is planned, written, compared and removed.
//!
//! A file is ours when the state recorded it. Files are written as drafts and moved into place;
//! nothing is written or removed outside the media folder, and no file that is not recorded is
//! ever replaced or removed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use seedbed_core::dataset::{File, Picture};

mod remembered;
mod stamp;
mod watch;

use crate::draft::{self, Draft};
use crate::error::{Error, Exit, Result};
use crate::state::FileMark;
use remembered::Read;
pub(crate) use remembered::Remembered;
use stamp::Stamp;

/// How the names of our drafts begin; applications and browsers skip such names.
const DRAFT: &str = ".seedbed-";

/// Draws a picture.
pub type Render<'a> = &'a dyn Fn(&Picture) -> Vec<u8>;

/// What was recorded of files, by path.
pub(crate) type Marks = Arc<BTreeMap<String, FileMark>>;

/// What stands where our files belong.
#[derive(Default)]
pub(crate) struct Survey {
    pub(crate) write: Vec<usize>,
    pub(crate) obstacles: Vec<String>,
    /// Marks of the files that are as declared.
    pub(crate) kept: Marks,
}

/// Compares the files on the disk with what is declared; `files` pairs each with its index.
pub(crate) fn survey<'a>(
    folder: &Path,
    files: impl Iterator<Item = (usize, &'a File)>,
    recorded: &Marks,
    render: Render<'_>,
    remembered: &mut Remembered,
) -> Result<Survey> {
    if let Some(kept) = remembered.as_judged_by(recorded) {
        return Ok(Survey { kept, ..Survey::default() });
    }
    let mut known = Vec::new();
    let (mut survey, mut kept) = (Survey::default(), BTreeMap::new());
    for (index, file) in files {
        let place = place(folder, &file.path)?;
        let read = remembered.file(&file.path);
        let picture = read.map_or_else(|| picture_digest(&file.picture), |read| read.picture.clone());
        let stamp = Stamp::of(&place);
        let (content, bytes) = match read.filter(|read| read.stamp.is_some() && read.stamp == stamp) {
            Some(read) => (read.content.clone(), None),
            None => match fs::read(&place) {
                Ok(bytes) => (content_digest(&bytes), Some(bytes)),
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    survey.write.push(index);
                    continue;
                }
                Err(error) => return Err(cannot("reading", &place, &error)),
            },
        };
        let mark = recorded.get(&file.path);
        let same = match mark {
            Some(mark) if mark.picture == picture => mark.content == content,
            _ => content_digest(&render(&file.picture)) == content,
        };
        if same {
            kept.insert(file.path.clone(), FileMark { picture: picture.clone(), content: content.clone() });
            let stamp = stamp.filter(|stamp| bytes.is_none() || stamp.has_settled());
            known.push(Read { path: file.path.clone(), place, picture, content, stamp });
            continue;
        }
        let bytes = bytes.map_or_else(|| fs::read(&place).map_err(|error| cannot("reading", &place, &error)), Ok)?;
        if mark.is_some() || seedbed_render::picture::is_drawn_here(&bytes) {
            // Ours: recorded here, or left by a run whose database is gone.
            survey.write.push(index);
        } else {
            survey.obstacles.push(file.path.clone());
        }
    }
    survey.kept = Arc::new(kept);
    let sound = survey.write.is_empty() && survey.obstacles.is_empty();
    remembered.keep(known, sound.then(|| (Arc::clone(recorded), Arc::clone(&survey.kept))));
    Ok(survey)
}

/// A file that was written, and whether its place was empty before.
pub(crate) struct Written {
    pub(crate) place: PathBuf,
    pub(crate) new: bool,
    /// Folders that were made for it, deepest first.
    pub(crate) folders: Vec<PathBuf>,
}

/// Writes a file; returns where, and its mark.
pub(crate) fn write(folder: &Path, file: &File, render: Render<'_>) -> Result<(Written, FileMark)> {
    let place = place(folder, &file.path)?;
    let bytes = render(&file.picture);
    let new = !place.exists();
    let missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    let folders = place.ancestors().skip(1).take_while(missing).map(Path::to_path_buf).collect();
    let write = || -> io::Result<()> {
        let parent = place.parent().expect("a file below a folder has a parent");
        fs::create_dir_all(parent)?;
        // A link may lead out of the folder; the path itself was checked before.
        if !parent.canonicalize()?.starts_with(folder.canonicalize()?) {
            return Err(io::Error::new(ErrorKind::PermissionDenied, "a link leads out of the media folder"));
        }
        let mut draft = Draft::new(parent, DRAFT)?;
        let moved = draft.file.write_all(&bytes).and_then(|()| fs::rename(&draft.path, &place));
        if moved.is_err() {
            draft.discard();
        }
        moved
    };
    write().map_err(|error| cannot("writing", &place, &error))?;
    let mark = FileMark { picture: picture_digest(&file.picture), content: content_digest(&bytes) };
    Ok((Written { place, new, folders }, mark))
}

/// Takes back files whose place was empty, after a run that did not come to its end.
pub(crate) fn take_back(written: &[Written]) {
    for written in written.iter().rev().filter(|written| written.new) {
        // What stays is harmless: the next run compares it and keeps it.
        let _ = fs::remove_file(&written.place);
        for folder in &written.folders {
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Removes the drafts that killed processes left where these files belong.
pub(crate) fn sweep<'a>(folder: &Path, paths: impl Iterator<Item = &'a str>) -> Result<()> {
    let places = paths.map(|path| place(folder, path)).collect::<Result<Vec<_>>>()?;
    let parents: BTreeSet<&Path> = places.iter().filter_map(|place| place.parent()).collect();
    for parent in parents {
        draft::sweep(parent, DRAFT);
    }
    Ok(())
}

/// Removes files that the state recorded, and folders that are empty then.
pub(crate) fn remove(folder: &Path, paths: &[String]) -> Result<()> {
    sweep(folder, paths.iter().map(String::as_str))?;
    for path in paths {
        let place = place(folder, path)?;
        match fs::remove_file(&place) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(cannot("removing", &place, &error)),
        }
        let mut parent = place.parent();
        while let Some(empty) = parent.filter(|parent| *parent != folder) {
            // A folder that is not empty stays; that is what the refusal means.
            if fs::remove_dir(empty).is_err() {
                break;
            }
            parent = empty.parent();
        }
    }
    Ok(())
}

/// Returns where a declared path lies below the folder.
fn place(folder: &Path, path: &str) -> Result<PathBuf> {
    let parts = Path::new(path);
    if path.is_empty() || !parts.components().all(|part| matches!(part, Component::Normal(_))) {
        let message = format!("media path `{path}` does not stay below the media folder");
        return Err(Error::new(Exit::Usage, "path-outside", message));
    }
    Ok(folder.join(parts))
}

fn cannot(doing: &str, place: &Path, error: &io::Error) -> Error {
    let rule = if error.kind() == ErrorKind::StorageFull { "disk-full" } else { "media" };
    Error::new(Exit::CouldNotRun, rule, format!("while {doing} {}: {error}", place.display()))
}

fn content_digest(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

fn picture_digest(picture: &Picture) -> String {
    blake3::hash(format!("{picture:?}").as_bytes()).to_hex()[..32].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_leaves_the_folder_is_refused() {
        for path in ["../x", "/etc/passwd", "a/../../x", "", "./x"] {
            assert!(place(Path::new("media"), path).is_err(), "{path}");
        }
        assert_eq!(place(Path::new("media"), "a/b.png").unwrap(), Path::new("media/a/b.png"));
    }
}
