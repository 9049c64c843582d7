//! Times as scenario files write them: `as_of`, `30d ago`, `in 2d`; and durations: `48h`.
//!
//! Units are seconds, minutes, hours, days and weeks. A month or a year would make the dataset's
//! shape depend on the as-of date; without them it is one shift of the clock.

/// Returns a duration in seconds.
pub fn duration(text: &str) -> Option<i64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    if !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // A thousand years either way is enough, and keeps every sum of times far from overflow.
    number.parse::<i64>().ok()?.checked_mul(seconds).filter(|total| *total <= 1_000 * 366 * 86_400)
}

/// Returns a moment in seconds from as-of.
pub fn moment(text: &str) -> Option<i64> {
    if text == "as_of" {
        Some(0)
    } else if let Some(span) = text.strip_suffix(" ago") {
        duration(span).map(|seconds| -seconds)
    } else if let Some(span) = text.strip_prefix("in ") {
        duration(span)
    } else {
        None
    }
}

/// Returns a moment as a scenario file would write it, in the largest unit that divides it; one that
/// no person would write, in several units.
pub fn describe(seconds: i64) -> String {
    let units = [(604_800, 'w'), (86_400, 'd'), (3_600, 'h'), (60, 'm'), (1, 's')];
    let whole = units
        .into_iter()
        .filter(|(size, unit)| *unit != 'w' || seconds % (4 * size) == 0)
        .find(|(size, _)| seconds % size == 0 && (seconds / size).abs() < 1_000);
    let mut left = seconds.abs();
    let span = match whole {
        Some((size, unit)) => format!("{}{unit}", left / size),
        None => {
            let mut parts = Vec::new();
            for (size, unit) in units.into_iter().skip(1).filter(|_| seconds != 0) {
                if left >= size {
                    parts.push(format!("{}{unit}", left / size));
                    left %= size;
                }
            }
            parts.join(" ")
        }
    };
    match seconds {
        0 => "as_of".into(),
        1.. => format!("in {span}"),
        _ => format!("{span} ago"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_relative_to_as_of() {
        assert_eq!(moment("as_of"), Some(0));
        assert_eq!(moment("30d ago"), Some(-2_592_000));
        assert_eq!(moment("in 2h"), Some(7_200));
        for wrong in ["", "2d", "in 2", "in -2d", "2 d ago", "in 1y", "d ago", "tomorrow", "ä ago", "in 99999999999w"]
        {
            assert_eq!(moment(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn moments_are_described_as_they_are_written() {
        for text in ["as_of", "30d ago", "in 2h", "7d ago", "in 90s"] {
            assert_eq!(describe(moment(text).expect("a time")), text);
        }
        assert_eq!(describe(-126_258 * 60), "87d 16h 18m ago");
        assert_eq!(describe(100_000), "in 1d 3h 46m 40s");
    }
}
