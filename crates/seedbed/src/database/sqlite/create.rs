//! Making a database file that does not exist yet.
//!
//! The file is made under another name and moved into place when it is whole, so a kill leaves
//! nothing or a whole file. A file that appears meanwhile is used as it is.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use rusqlite::Connection;

use super::failure;
use crate::database::{Failure, FailureKind};

/// Whether a database file was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// It was there.
    No,
    /// It was made.
    Yes,
}

/// Makes the database file at `path` with the tables of `ddl`, unless it is there.
pub(super) fn create(path: &Path, ddl: &str) -> Result<Created, Failure> {
    // An empty file is a database without tables, as `touch` or a first connection leaves it.
    if fs::metadata(path).is_ok_and(|file| file.len() > 0) {
        return Ok(Created::No);
    }
    let cannot = |error: &std::io::Error| {
        Failure::new(FailureKind::Connection, format!("{} cannot be made: {error}", path.display()))
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| cannot(&error))?;
    }
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".seedbed-{}", std::process::id()));
    let draft = path.with_file_name(name);
    // A draft of this name was left by a process that is gone.
    let _ = fs::remove_file(&draft);
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
    made
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
