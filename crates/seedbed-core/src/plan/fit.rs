//! Fit: whether an engine takes a cell in a column.
//!
//! It errs on the side of the cell: what it refuses, the engine refuses; of what it lets pass, the
//! engine may still refuse something.

use super::cell::Cell;
use crate::schema::Takes;

impl Takes {
    /// Whether a column takes this cell.
    pub fn takes(&self, cell: &Cell) -> bool {
        let text = match cell {
            Cell::Null | Cell::Blob(_) => return true,
            Cell::Integer(number) => number.to_string(),
            Cell::Real(number) => number.to_string(),
            Cell::Text(text) => text.to_string(),
        };
        let word = text.trim();
        match self {
            Self::Boolean => is_yes_or_no(&word.to_lowercase()),
            Self::Integer { bits } => is_whole(word, *bits),
            Self::Whole => word.parse::<f64>().is_ok_and(|number| number.fract() == 0.0),
            Self::Decimal { digits, places } => {
                is_number(word) && has_room(word, usize::from(*digits - *places), usize::from(*places))
            }
            Self::Number => is_number(word),
            Self::Text { limit } => text.trim_end_matches(' ').chars().count() <= *limit as usize,
            Self::OneOf(values) => values.contains(&text),
            Self::Moment => is_moment(&word.to_lowercase()),
            Self::Uuid => is_uuid(word),
            Self::Json => serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok(),
        }
    }

    /// Returns what a person reads about it: `whole numbers from -32768 to 32767`.
    pub fn describe(&self) -> String {
        match self {
            Self::Boolean => "true and false".into(),
            Self::Integer { bits } => {
                let (lo, hi) = range(*bits);
                format!("whole numbers from {lo} to {hi}")
            }
            Self::Whole => "whole numbers".into(),
            Self::Decimal { digits, places } => {
                format!("numbers of at most {} digits before the point and {places} after it", digits - places)
            }
            Self::Number => "numbers".into(),
            Self::Text { limit } => format!("at most {limit} characters"),
            Self::OneOf(values) => {
                let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
                values.join(", ")
            }
            Self::Moment => "days and times, as 2026-11-22 or 2026-11-22 09:30:00".into(),
            Self::Uuid => "UUIDs, as 5eedbed0-0300-4000-8000-000000000001".into(),
            Self::Json => "JSON, where a text stands in quotes".into(),
        }
    }
}

fn range(bits: u8) -> (i64, i64) {
    (i64::MIN >> (64 - bits), i64::MAX >> (64 - bits))
}

fn is_yes_or_no(word: &str) -> bool {
    let begins = |whole: &str| !word.is_empty() && whole.starts_with(word);
    let spelled = ["true", "false", "yes", "no"].into_iter().any(begins);
    spelled || ["on", "of", "off", "1", "0"].contains(&word)
}

fn is_whole(word: &str, bits: u8) -> bool {
    let (lo, hi) = range(bits);
    match word.parse::<i128>() {
        Ok(number) => (i128::from(lo)..=i128::from(hi)).contains(&number),
        // Later versions of PostgreSQL read 0x1F and 1_000.
        Err(_) => is_spelled_otherwise(word),
    }
}

fn is_spelled_otherwise(word: &str) -> bool {
    let digits = word.trim_start_matches(['-', '+']);
    digits.starts_with(|first: char| first.is_ascii_digit())
        && digits.contains(['x', 'X', 'o', 'O', 'b', 'B', '_'])
        && digits.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

fn is_number(word: &str) -> bool {
    word.parse::<f64>().is_ok() || is_spelled_otherwise(word)
}

/// Whether a number that is written out has at most so many digits before the point once it is rounded.
fn has_room(word: &str, before: usize, after: usize) -> bool {
    let digits = word.trim_start_matches(['-', '+']);
    if !digits.bytes().all(|digit| digit.is_ascii_digit() || digit == b'.') {
        return true;
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.trim_start_matches('0');
    let (kept, cut) = fraction.split_at(after.min(fraction.len()));
    let carries = kept.len() == after
        && cut.starts_with(|first: char| first >= '5')
        && whole.bytes().chain(kept.bytes()).all(|digit| digit == b'9');
    whole.len() + usize::from(carries) <= before
}

/// Whether this may be a day or a moment; there are many more spellings than one.
fn is_moment(word: &str) -> bool {
    let special = ["infinity", "-infinity", "epoch", "now", "today", "tomorrow", "yesterday", "allballs"];
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    if special.contains(&word) {
        return true;
    }
    let mut parts = word.split(|letter: char| !letter.is_ascii_digit()).map(|part| (part.len(), part.parse::<u32>()));
    match (parts.next(), parts.next(), parts.next()) {
        (Some((4, Ok(_))), Some((1..=2, Ok(month))), Some((1..=2, Ok(day)))) if word[4..].starts_with('-') => {
            (1..=12).contains(&month) && (1..=31).contains(&day)
        }
        // A number alone is a day from five digits on.
        _ => digits >= if digits == word.len() { 5 } else { 1 },
    }
}

fn is_uuid(word: &str) -> bool {
    let bare = word.strip_prefix('{').and_then(|word| word.strip_suffix('}')).unwrap_or(word);
    let digits = bare.replace('-', "");
    digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_takes_what_is_of_its_type_in_every_spelling() {
        let text = |limit| Takes::Text { limit };
        let number = |digits, places| Takes::Decimal { digits, places };
        let mood = || Takes::OneOf(vec!["calm".into(), "glad".into()]);
        for (takes, fits, refused) in [
            (Takes::Boolean, vec!["t", "TRUE", "no", " off ", "1"], vec!["", "2", "maybe", "o", "yess"]),
            (
                Takes::Integer { bits: 16 },
                vec!["-32768", " 32767 ", "0x1F", "1_000"],
                vec!["32768", "old 1", "1.5", ""],
            ),
            (Takes::Integer { bits: 32 }, vec!["2147483647", "+7"], vec!["2147483648", "7 years", "_7"]),
            (Takes::Integer { bits: 64 }, vec!["-9223372036854775808"], vec!["9223372036854775808"]),
            (Takes::Whole, vec!["1e3", "5.0"], vec!["1.5", "old"]),
            (number(5, 2), vec!["999.99", "-999.994", "0001.5", "NaN", "1e2"], vec!["999.995", "1000", "ten"]),
            (number(2, 2), vec!["0.99", ".5"], vec!["0.995", "1"]),
            (Takes::Number, vec!["1e300", "-inf"], vec!["ten", ""]),
            (text(5), vec!["grüße", "12345   "], vec!["123456"]),
            (mood(), vec!["calm"], vec!["Calm", ""]),
            (
                Takes::Moment,
                vec!["2026-11-22", "2026-11-22T09:30:00+01", "20261122", "Nov 22 2026", "infinity", "1-1-1", "now"],
                vec!["2026-13-01", "2026-02-32", "soon", "5", ""],
            ),
            (
                Takes::Uuid,
                vec!["{5EEDBED0-0300-4000-8000-000000000001}", "5eedbed0030040008000000000000001"],
                vec!["5eedbed0", "5eedbed0-0300-4000-8000-00000000000g"],
            ),
            (Takes::Json, vec!["{}", "\"a\"", "1"], vec!["a", "{", ""]),
        ] {
            let texts = fits.iter().map(|text| (text, true)).chain(refused.iter().map(|text| (text, false)));
            for (text, fits) in texts {
                assert_eq!(takes.takes(&Cell::text(text)), fits, "{takes:?} {text}");
            }
        }
        assert!(!text(3).takes(&Cell::Integer(1000)) && !Takes::Integer { bits: 32 }.takes(&Cell::Real(1.5)));
        assert!(Takes::Json.takes(&Cell::Null));
    }
}
