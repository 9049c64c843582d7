//! Making a database file that does not exist yet.
//!
//! The file is made beside a draft and moved into place when it is whole, so a kill leaves nothing
//! or a whole file. A file that appears meanwhile is used as it is.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use rusqlite::Connection;

use super::failure;
use crate::database::{Failure, FailureKind};
use crate::draft::{self, Draft};

/// Whether a database file was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// It was there.
    No,
    /// It was made.
    Yes,
}

/// Makes the database file at `path`, which a person knows as `shown`, with the tables of `ddl`, unless it is there.
pub(super) fn create(path: &Path, shown: &Path, ddl: &str) -> Result<Created, Failure> {
    // An empty file is a database without tables, as `touch` or a first connection leaves it.
    if fs::metadata(path).is_ok_and(|file| file.len() > 0) {
        return Ok(Created::No);
    }
    let cannot = |error: &std::io::Error| {
        Failure::new(FailureKind::Connection, format!("{} cannot be made: {error}", shown.display()))
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| cannot(&error))?;
    }
    sweep(path);
    let (folder, prefix) = drafts(path);
    let held = Draft::new(folder, &prefix).map_err(|error| cannot(&error))?;
    // Beside the draft, since SQLite wants the file for itself where locks are not advisory.
    let draft = held.path.with_added_extension("db");
    let made = write(&draft, ddl).and_then(|()| {
        // A link refuses to replace a file that appeared meanwhile; a rename would not.
        match fs::hard_link(&draft, path) {
            Ok(()) => Ok(Created::Yes),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                if fs::metadata(path).is_ok_and(|file| file.len() > 0) {
                    Ok(Created::No)
                } else {
                    fs::rename(&draft, path).map(|()| Created::Yes).map_err(|error| cannot(&error))
                }
            }
            // Some file systems have no links.
            Err(_) => fs::rename(&draft, path).map(|()| Created::Yes).map_err(|error| cannot(&error)),
        }
    });
    let _ = fs::remove_file(&draft);
    held.discard();
    made
}

/// Removes what a process left that was killed while it made this file.
pub(super) fn sweep(path: &Path) {
    let (folder, prefix) = drafts(path);
    draft::sweep(folder, &prefix);
}

/// Returns where the drafts of a database file lie and how their names begin.
fn drafts(path: &Path) -> (&Path, String) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    (folder, format!("{}.seedbed-", path.file_name().unwrap_or_default().to_string_lossy()))
}

fn write(draft: &Path, ddl: &str) -> Result<(), Failure> {
    let fill = || -> rusqlite::Result<()> {
        let connection = Connection::open(draft)?;
        connection.execute_batch("PRAGMA journal_mode = DELETE; BEGIN")?;
        connection.execute_batch(ddl)?;
        if !connection.is_autocommit() {
            connection.execute_batch("COMMIT")?;
        }
        // Readers and one writer at a time: the application's requests and a reset between them.
        connection.execute_batch("PRAGMA journal_mode = WAL")?;
        connection.close().map_err(|(_, error)| error)
    };
    fill().map_err(|error| failure(&error))
}
