//! Answers as text for a person and as objects for a program.
//!
//! Text fits 100 columns and is whole without colour.

pub(crate) mod allowed;
pub(crate) mod begun;
pub(crate) mod checked;
pub(crate) mod difference;
pub(crate) mod error;
pub(crate) mod exported;
pub(crate) mod handed;
pub(crate) mod headline;
mod layers;
pub(crate) mod manifested;
pub(crate) mod personas;
pub(crate) mod planned;
pub(crate) mod removed;
pub(crate) mod reported;
pub(crate) mod restored;
mod scale;
pub(crate) mod secrets;
pub(crate) mod seeded;
#[cfg(all(unix, feature = "serve"))]
pub(crate) mod serving;
pub(crate) mod shown;
pub(crate) mod status;
pub(crate) mod verified;

use std::time::Duration;

use anstyle::{AnsiColor, Style};
use seedbed::project::Times;
use seedbed_core::plan::civil;
use serde_json::{Value, json};

/// How wide an answer may be.
const WIDTH: usize = 100;

/// Colours, where they are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint {
    on: bool,
}

impl Paint {
    pub(crate) fn new(on: bool) -> Self {
        Self { on }
    }

    fn is_on(self) -> bool {
        self.on
    }

    fn good(self, text: &str) -> String {
        self.styled(AnsiColor::Green.on_default(), text)
    }

    fn bad(self, text: &str) -> String {
        self.styled(AnsiColor::Red.on_default().bold(), text)
    }

    fn styled(self, style: Style, text: &str) -> String {
        if self.on { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

/// Returns `1 row`, `3 rows`.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

/// Returns a number with a comma at every thousand: `14,740,000`.
pub(crate) fn number(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}

/// Returns `0.4 ms`, `14 ms`, `0.3 s`.
pub(crate) fn duration(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1000.0;
    match milliseconds {
        ..1.0 => format!("{milliseconds:.1} ms"),
        ..100.0 => format!("{milliseconds:.0} ms"),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}

/// Returns `2026-11-24 00:00 UTC`.
pub(crate) fn minute(seconds: i64) -> String {
    format!("{} UTC", &civil::timestamp(seconds)[..16])
}

/// Returns as-of: a day where it is the start of one.
pub(crate) fn as_of(seconds: i64) -> String {
    if seconds.rem_euclid(86_400) == 0 { civil::date(seconds) } else { minute(seconds) }
}

/// Joins items with `separator` while they fit `width`, then says how many are left.
pub(crate) fn fitted(items: &[String], separator: &str, width: usize) -> String {
    let all = items.join(separator);
    if all.chars().count() <= width {
        return all;
    }
    let mut text = String::new();
    for (position, item) in items.iter().enumerate() {
        let left = items.len() - position;
        let more = format!("... ({left} more)");
        let with = if text.is_empty() { item.clone() } else { format!("{text}{separator}{item}") };
        let rest = if left > 1 { separator.len() + more.len() } else { 0 };
        if with.chars().count() + rest > width && !text.is_empty() {
            return format!("{text}{separator}{more}");
        }
        text = with;
    }
    cut(&text, width)
}

/// Returns the text, its end left out where it is longer than `width`.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let begin: String = text.chars().take(width.saturating_sub(3)).collect();
    format!("{begin}...")
}

/// Joins items with two spaces, and begins a new line below the first item where they do not fit.
fn wrapped(items: &[String], indent: usize) -> String {
    let (mut text, mut column) = (String::new(), indent);
    for item in items {
        let length = item.chars().count();
        if column > indent && column + 2 + length > WIDTH {
            text.push('\n');
            text.push_str(&" ".repeat(indent));
            column = indent;
        } else if column > indent {
            text.push_str("  ");
            column += 2;
        }
        text.push_str(item);
        column += length;
    }
    text
}

fn times_json(times: Times) -> Value {
    let milliseconds = |time: Duration| (time.as_secs_f64() * 1_000_000.0).round() / 1000.0;
    json!({
        "total": milliseconds(times.total),
        "hashing": milliseconds(times.hashing),
        "drawing": milliseconds(times.drawing),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_counted() {
        let items: Vec<String> = (1..=9).map(|n| format!("row_{n}")).collect();
        assert_eq!(fitted(&items[..2], ", ", 30), "row_1, row_2");
        assert_eq!(fitted(&items, ", ", 30), "row_1, row_2, ... (7 more)");
        assert_eq!(fitted(&["a long name without a break".into()], ", ", 10), "a long ...");
    }

    #[test]
    fn times_are_said_in_the_unit_that_fits() {
        let texts = [200_u64, 3_400, 14_000, 230_000, 12_000_000].map(|us| duration(Duration::from_micros(us)));
        assert_eq!(texts, ["0.2 ms", "3 ms", "14 ms", "0.2 s", "12.0 s"]);
    }
}
