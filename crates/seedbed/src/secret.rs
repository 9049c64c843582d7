//! Secrets: which columns hold what is nobody's business, by their names, and keys without it.

use seedbed_core::plan::{Cell, key_text};

/// What a column is called whose values are nobody's business, in any case of letters.
const WORDS: [&str; 5] = ["password", "token", "secret", "hash", "jti"];

/// Whether a column is called so that its values are told to nobody.
pub fn is_one(column: &str) -> bool {
    let name = column.to_lowercase();
    WORDS.iter().any(|word| name.contains(word))
}

/// Returns a key as a person reads it; `columns` are those it is of, and what is nobody's business is not told.
pub fn key_without(columns: &[String], key: &[Cell]) -> String {
    let hidden = |at: usize| columns.get(at).is_some_and(|column| is_one(column));
    let shown = |(at, cell): (usize, &Cell)| if hidden(at) { Cell::text("(not shown)") } else { cell.clone() };
    key_text(&key.iter().enumerate().map(shown).collect::<Vec<_>>())
}
