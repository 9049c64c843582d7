//! The folder of an export: nothing of others is in it, and no file has its name before it is whole.
//!
//! What is being written has the ending `.partial`. The manifest is begun first and gets its name
//! last, so that parts that are written at the same time know each other, and a folder where an export
//! was broken off can be used again.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::Failure;
use crate::manifest::Manifest;

/// What a file's name ends in until it is whole.
const PARTIAL: &str = ".partial";
/// What the names of files of rows end in.
const ENDINGS: [&str; 4] = ["csv", "jsonl", "sql", "parquet"];

/// The folder of an export.
pub(crate) struct Folder<'a> {
    path: &'a Path,
    /// As a person knows it.
    shown: &'a str,
    manifest: File,
}

impl<'a> Folder<'a> {
    /// Opens a folder for an export, and removes what an earlier one left that this one replaces.
    pub(crate) fn open(path: &'a Path, shown: &'a str, manifest: &Manifest) -> Result<Self, Failure> {
        let while_opening = |error| disk("opening", shown, &error);
        fs::create_dir_all(path).map_err(while_opening)?;
        let mut names = names(path).map_err(while_opening)?;
        if !names.is_empty() && !names.iter().any(|name| is_manifest(name)) {
            // Another part may have begun in between; the manifest is the first that it begins.
            names = self::names(path).map_err(while_opening)?;
            if !names.iter().any(|name| is_manifest(name)) {
                return Err(refused(shown, &format!("holds something else: {}", names[0])));
            }
        }
        let mut foreign = self::foreign(path, &names);
        if foreign.is_some() {
            // Another part may have given a file its name in between.
            names = self::names(path).map_err(while_opening)?;
            foreign = self::foreign(path, &names);
        }
        if let Some(name) = foreign {
            return Err(refused(shown, &format!("holds something else: {name}")));
        }
        for name in names.iter().filter(|name| is_manifest(name) && !name.ends_with(PARTIAL)) {
            let Some(earlier) = read(&path.join(name)) else {
                return Err(refused(shown, &format!("holds something else: {name}")));
            };
            if *name == manifest.file() {
                remove(path, shown, name)?;
                earlier.files().filter(|file| is_name(file)).try_for_each(|file| remove(path, shown, file))?;
            } else if !earlier.goes_with(manifest) {
                return Err(refused(shown, &format!("holds another export: {name}")));
            }
        }
        let begun = manifest.file() + PARTIAL;
        let file = File::create(path.join(&begun)).map_err(|error| disk("writing", &within(shown, &begun), &error))?;
        Ok(Self { path, shown, manifest: file })
    }

    /// Begins a file.
    pub(crate) fn file(&self, name: &str) -> Result<Sink<'_>, Failure> {
        let (partial, shown) = (self.path.join(name.to_owned() + PARTIAL), within(self.shown, name));
        let file = File::create(&partial).map_err(|error| disk("writing", &shown, &error))?;
        let (name, hasher) = (name.to_owned(), blake3::Hasher::new());
        Ok(Sink { folder: self.path, shown, name, partial, file, bytes: 0, hasher })
    }

    /// Writes the manifest.
    pub(crate) fn finish(mut self, manifest: &Manifest) -> Result<(), Failure> {
        let path = self.path.join(manifest.file());
        let text = serde_json::to_string_pretty(manifest).expect("names are texts") + "\n";
        let named = self.manifest.write_all(text.as_bytes());
        named
            .and_then(|()| fs::rename(self.path.join(manifest.file() + PARTIAL), &path))
            .map_err(|error| disk("writing", &within(self.shown, &manifest.file()), &error))
    }
}

/// A file that is being written.
pub(crate) struct Sink<'a> {
    folder: &'a Path,
    /// The file as a person knows it.
    shown: String,
    name: String,
    partial: PathBuf,
    file: File,
    bytes: u64,
    hasher: blake3::Hasher,
}

impl Sink<'_> {
    /// Writes bytes, many at a time.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.write_all(bytes).map_err(|error| disk("writing", &self.shown, &error))
    }

    /// Gives the file its name; returns it, its size and its digest.
    pub(crate) fn finish(self) -> Result<(String, u64, String), Failure> {
        let path = self.folder.join(&self.name);
        fs::rename(&self.partial, &path).map_err(|error| disk("writing", &self.shown, &error))?;
        Ok((self.name, self.bytes, self.hasher.finalize().to_hex().to_string()))
    }
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn names(path: &Path) -> io::Result<Vec<String>> {
    let mut names: Vec<String> = fs::read_dir(path)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<_>>()?;
    names.sort_unstable();
    Ok(names)
}

/// Returns the first name in a folder that no export has made. Where one was broken off, or is being made by
/// another part, no manifest names its files yet: they have the endings of such files.
fn foreign(path: &Path, names: &[String]) -> Option<String> {
    let whole = names.iter().filter(|name| is_manifest(name)).filter_map(|name| read(&path.join(name)));
    let known: BTreeSet<String> = whole.flat_map(|manifest| manifest.files().cloned().collect::<Vec<_>>()).collect();
    let begun = names.iter().any(|name| is_manifest(name) && name.ends_with(PARTIAL));
    let is_ours = |name: &String| {
        let bare = name.strip_suffix(PARTIAL).unwrap_or(name);
        let ending = Path::new(bare).extension().and_then(|ending| ending.to_str());
        let is_manifest = is_manifest(name) && (name.ends_with(PARTIAL) || read(&path.join(name)).is_some());
        is_manifest || known.contains(bare) || begun && ending.is_some_and(|ending| ENDINGS.contains(&ending))
    };
    names.iter().find(|name| path.join(name).is_dir() || !is_ours(name)).cloned()
}

/// Whether a file is named as a manifest of an export is, begun or whole.
fn is_manifest(name: &str) -> bool {
    let name = name.strip_suffix(PARTIAL).unwrap_or(name);
    let middle = name.strip_prefix("manifest").and_then(|rest| rest.strip_suffix(".json"));
    middle.is_some_and(|middle| middle.is_empty() || (middle.starts_with('.') && middle.contains("-of-")))
}

fn is_name(file: &str) -> bool {
    !file.contains(['/', '\\'])
}

fn read(path: &Path) -> Option<Manifest> {
    serde_json::from_slice(&fs::read(path).ok()?).ok().filter(|manifest: &Manifest| manifest.seedbed_export == 1)
}

fn remove(folder: &Path, shown: &str, name: &str) -> Result<(), Failure> {
    match fs::remove_file(folder.join(name)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(disk("removing", &within(shown, name), &error)),
        _ => Ok(()),
    }
}

/// Returns a file of the folder as a person knows it.
fn within(shown: &str, name: &str) -> String {
    Path::new(shown).join(name).display().to_string()
}

fn refused(shown: &str, what: &str) -> Failure {
    Failure::Folder {
        message: format!("the folder {shown} {what}"),
        help: "name a new or an empty folder with --out, or empty this one".into(),
    }
}

fn disk(doing: &str, shown: &str, error: &io::Error) -> Failure {
    Failure::Disk(format!("while {doing} {shown}: {error}"))
}
