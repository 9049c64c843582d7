//! Moments and days in PostgreSQL's binary form: counted from 2000-01-01.
//!
//! Years before 1 and after 9999 are left to the server, which writes them in a way of its own.

use seedbed_core::plan::civil;

const DAY: i64 = 86_400;
/// 2000-01-01 in days from 1970-01-01.
const FIRST_DAY: i64 = 10_957;
/// 0001-01-01 and 9999-12-31 in days from 1970-01-01.
const DAYS: std::ops::RangeInclusive<i64> = -719_162..=2_932_896;

/// Returns the day of a moment in seconds from 1970-01-01 00:00 UTC.
pub(super) fn day(seconds: i64) -> Option<i32> {
    let day = seconds.div_euclid(DAY);
    DAYS.contains(&day).then(|| (day - FIRST_DAY) as i32)
}

/// Returns a moment in microseconds.
pub(super) fn microseconds(seconds: i64) -> Option<i64> {
    day(seconds).map(|_| (seconds - FIRST_DAY * DAY) * 1_000_000)
}

/// Reads `YYYY-MM-DD`.
pub(super) fn read_day(text: &str) -> Option<i32> {
    let [b'0'..=b'9', _, _, _, b'-', _, _, b'-', _, _] = text.as_bytes() else { return None };
    let (year, month, day) = (number(text.get(..4)?)?, number(text.get(5..7)?)?, number(text.get(8..)?)?);
    civil::days(year, month, day).map(|days| (days - FIRST_DAY) as i32)
}

/// Reads `YYYY-MM-DD`, with a time of day in UTC where there is one: `HH:MM:SS`, six digits behind the
/// second at most, `Z` or nothing.
pub(super) fn read_moment(text: &str) -> Option<i64> {
    let (date, time) = text.split_at_checked(10)?;
    let midnight = i64::from(read_day(date)?) * DAY * 1_000_000;
    if time.is_empty() {
        return Some(midnight);
    }
    let time = time.strip_prefix([' ', 'T'])?;
    let time = time.strip_suffix('Z').unwrap_or(time);
    let (clock, fraction) = time.split_at_checked(8)?;
    let [_, _, b':', _, _, b':', _, _] = clock.as_bytes() else { return None };
    let (hour, minute, second) = (number(clock.get(..2)?)?, number(clock.get(3..5)?)?, number(clock.get(6..)?)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let fraction = match fraction.strip_prefix('.') {
        None if fraction.is_empty() => 0,
        Some(digits) if (1..=6).contains(&digits.len()) => number(digits)? * 10i64.pow(6 - digits.len() as u32),
        _ => return None,
    };
    Some(midnight + (hour * 3600 + minute * 60 + second) * 1_000_000 + fraction)
}

fn number(text: &str) -> Option<i64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_down_is_the_same_moment() {
        for seconds in [0, -1, 946_684_800, 1_795_305_599, -62_135_596_800, 253_402_300_799] {
            assert_eq!(read_day(&civil::date(seconds)), day(seconds), "{seconds}");
            assert_eq!(read_moment(&civil::timestamp(seconds)), microseconds(seconds), "{seconds}");
        }
        assert_eq!(day(946_684_800), Some(0));
        assert_eq!((day(-62_135_596_801), microseconds(253_402_300_800)), (None, None));
        assert_eq!(read_moment("2000-01-01T00:00:01.5Z"), Some(1_500_000));
        assert_eq!(read_moment("2000-01-02"), Some(86_400_000_000));
        assert_eq!(read_moment("2000-01-01 00:00:00.000001"), Some(1));
    }

    #[test]
    fn what_only_the_server_can_read_is_left_to_it() {
        for text in ["", "infinity", "2026-1-5", "2026-02-30", "0000-01-01", "-001-01-01", "2026-01-01x", "20260101ä1"]
        {
            assert_eq!((read_day(text), read_moment(text)), (None, None), "{text}");
        }
        for text in ["2026-01-01 24:00:00", "2026-01-01 10:00", "2026-01-01 10:00:00+02", "2026-01-01 1ä:00:00"] {
            assert_eq!(read_moment(text), None, "{text}");
        }
        assert_eq!(read_moment("2026-01-01 10:00:00.1234567"), None);
    }
}
