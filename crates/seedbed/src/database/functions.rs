//! Functions that facts need and SQL has no common form of.
//!
//! An adapter over SQLite makes them known to its connection under these names (rusqlite's
//! `create_scalar_function`, Python's `create_function`); for PostgreSQL, `sql` writes expressions
//! that give the same. NULL in any place gives NULL.
//!
//! * `seedbed_km(latitude, longitude, latitude, longitude)`: [`kilometres`]
//! * `seedbed_contains(text, part)`: [`contains`]; SQL's own `lower` knows ASCII only on SQLite and
//!   the server's locale elsewhere
//! * `seedbed_matches(text, pattern)`: [`matches`]; `LIKE` and `GLOB` differ in case and escapes

/// Returns the distance between two points, as (latitude, longitude) in degrees, in kilometres to
/// the metre: haversine on a sphere of radius 6371 km.
///
/// The metre makes the edges of a range exact; `libm` makes it the same on every platform.
pub fn kilometres(from: (f64, f64), to: (f64, f64)) -> f64 {
    let half_chord = |a: f64, b: f64| libm::pow(libm::sin((b - a).to_radians() / 2.0), 2.0);
    let (from_latitude, to_latitude) = (from.0.to_radians(), to.0.to_radians());
    let h = half_chord(from.0, to.0) + libm::cos(from_latitude) * libm::cos(to_latitude) * half_chord(from.1, to.1);
    let angle = 2.0 * libm::atan2(libm::sqrt(h), libm::sqrt((1.0 - h).max(0.0)));
    libm::round(angle * 6_371_000.0) / 1_000.0
}

/// Whether `text` has `part` in it, upper and lower case of every script alike.
pub fn contains(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(&part.to_lowercase())
}

/// Whether `text` is `pattern`, in which `*` stands for any run of characters and all else for itself.
pub fn matches(text: &str, pattern: &str) -> bool {
    let (mut at, mut in_pattern) = (0, 0);
    // Where the last star stands, and how far its run reaches.
    let mut star: Option<(usize, usize)> = None;
    let (text, pattern) = (text.as_bytes(), pattern.as_bytes());
    while at < text.len() {
        match pattern.get(in_pattern) {
            Some(b'*') => {
                star = Some((in_pattern, at));
                in_pattern += 1;
            }
            Some(byte) if *byte == text[at] => {
                at += 1;
                in_pattern += 1;
            }
            _ => {
                let Some((place, reach)) = star else { return false };
                star = Some((place, reach + 1));
                at = reach + 1;
                in_pattern = place + 1;
            }
        }
    }
    pattern[in_pattern..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_run_of_characters() {
        for (text, pattern) in [("", ""), ("", "*"), ("abc", "abc"), ("abc", "a*c"), ("abcbc", "a*bc"), ("äöü", "*ö*")]
        {
            assert!(matches(text, pattern), "{text} {pattern}");
        }
        for (text, pattern) in [("a", ""), ("abc", "b*"), ("abc", "*b"), ("ab", "a*b*c"), ("a.c", "a?c"), ("A", "a")] {
            assert!(!matches(text, pattern), "{text} {pattern}");
        }
    }

    #[test]
    fn case_makes_no_difference_to_contains() {
        assert!(contains("CAFÉ ÄÖÜ", "é äö"));
        assert!(!contains("café", "cafe"));
    }

    #[test]
    fn distances_are_of_whole_metres() {
        let (zurich, konstanz) = ((47.3769, 8.5417), (47.6603, 9.1758));
        let km = kilometres(zurich, konstanz);
        assert!((57.1..57.2).contains(&km), "{km}");
        assert!(kilometres(zurich, zurich) == 0.0);
    }
}
