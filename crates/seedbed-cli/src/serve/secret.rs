//! Secrets: what a caller shows to be let in, made anew with every start.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use seedbed::{Error, Exit, Result};
use subtle::ConstantTimeEq;

use crate::chance;

/// 256 bits of chance, written as 64 hex digits. It has no `Debug`, so that no log can hold it.
pub(crate) struct Secret(String);

impl Secret {
    /// Returns a new one.
    pub(crate) fn new() -> Result<Self> {
        chance::hex::<32>().map(Self)
    }

    /// Returns the text that is handed out.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// Whether `shown` is it; how long this takes does not say how much of it is right.
    pub(crate) fn is(&self, shown: &str) -> bool {
        self.0.as_bytes().ct_eq(shown.as_bytes()).into()
    }

    /// Writes it into a file that only its owner can read, in place of one that an earlier start left there.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        if path.symlink_metadata().is_ok() && !is_token_file(path) {
            let message = format!("{} is there already, and is no token of an earlier start", path.display());
            return Err(Error::new(Exit::CouldNotRun, "no-token-file", message)
                .help("name another file with --token-file, or move this one away"));
        }
        let mut draft = path.as_os_str().to_owned();
        draft.push(format!(".{}.draft", std::process::id()));
        let draft = PathBuf::from(draft);
        let write = || {
            let mut file = private(&mut OpenOptions::new()).write(true).create_new(true).open(&draft)?;
            writeln!(file, "{}", self.0)?;
            fs::rename(&draft, path)
        };
        write().map_err(|error: std::io::Error| {
            let message = format!("while writing the token to {}: {error}", path.display());
            Error::new(Exit::CouldNotRun, "no-token-file", message).help("name another file with --token-file")
        })
    }
}

/// Removes a file that holds a token; whatever else has come in its place stays.
pub(crate) fn remove(path: &Path) {
    if is_token_file(path) {
        // Somebody may have removed it.
        let _ = fs::remove_file(path);
    }
}

/// Whether a file is one as a start writes it: a line of 64 hex digits, for its owner alone.
fn is_token_file(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let private =
        |found: fs::Metadata| found.is_file() && found.len() == 65 && found.permissions().mode() & 0o777 == 0o600;
    let is_hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    path.symlink_metadata().is_ok_and(private)
        && fs::read(path).is_ok_and(|text| text.strip_suffix(b"\n").is_some_and(|line| line.iter().all(is_hex)))
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_64_hex_digits_and_never_the_same() {
        let (one, other) = (Secret::new().unwrap(), Secret::new().unwrap());
        assert_eq!(one.text().len(), 64);
        assert!(one.text().bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_ne!(one.text(), other.text());
    }

    #[test]
    fn only_the_whole_secret_is_it() {
        let secret = Secret::new().unwrap();
        let whole = secret.text().to_owned();
        assert!(secret.is(&whole));
        for wrong in ["", &whole[..63], &format!("{whole}0"), &whole.to_uppercase().replace(char::is_numeric, "x")] {
            assert!(!secret.is(wrong), "{wrong}");
        }
    }
}
