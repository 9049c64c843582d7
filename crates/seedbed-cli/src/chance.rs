//! Chance, from the system: what nobody can guess.

use std::fmt::Write;

use seedbed::{Error, Exit, Result};

/// Returns so many bytes of chance, each as two hex digits.
pub(crate) fn hex<const BYTES: usize>() -> Result<String> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::new(Exit::CouldNotRun, "no-randomness", format!("while asking the system for chance: {error}"))
    })?;
    let mut text = String::with_capacity(2 * BYTES);
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a string takes all");
    }
    Ok(text)
}
