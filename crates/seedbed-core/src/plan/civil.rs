//! Civil time: unix seconds as the text a database stores, by integer arithmetic.
//!
//! Days to year, month and day: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".

/// Returns `YYYY-MM-DD` of that moment in UTC.
pub fn date(seconds: i64) -> String {
    let mut text = String::with_capacity(19);
    push_date(&mut text, seconds);
    text
}

/// Returns `YYYY-MM-DD HH:MM:SS` of that moment in UTC, as Django stores a time of a whole second.
pub fn timestamp(seconds: i64) -> String {
    let mut text = String::with_capacity(19);
    push_timestamp(&mut text, seconds);
    text
}

/// Appends what [`timestamp`] returns.
pub fn push_timestamp(text: &mut String, seconds: i64) {
    push_date(text, seconds);
    let second = seconds.rem_euclid(86_400);
    for (before, number) in [(' ', second / 3600), (':', second / 60 % 60), (':', second % 60)] {
        text.push(before);
        push_two(text, number);
    }
}

/// Appends what [`date`] returns.
pub fn push_date(text: &mut String, seconds: i64) {
    let (year, month, day) = civil(seconds.div_euclid(86_400));
    if (0..=9999).contains(&year) {
        push_two(text, year / 100);
        push_two(text, year % 100);
    } else {
        text.push_str(&year.to_string());
    }
    for number in [month, day] {
        text.push('-');
        push_two(text, number);
    }
}

/// Appends two digits; thousands of times are written in a run, and formatting is slow.
fn push_two(text: &mut String, number: i64) {
    text.push(char::from(b'0' + (number / 10) as u8));
    text.push(char::from(b'0' + (number % 10) as u8));
}

/// Returns the days from 1970-01-01 to a day of the calendar; none where there is no such day, and for
/// years before 1 or after 9999.
pub fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) {
        return None;
    }
    let shifted_year = year - i64::from(month <= 2);
    let (era, year_of_era) = (shifted_year.div_euclid(400), shifted_year.rem_euclid(400));
    let shifted_month = (month + 9) % 12;
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;
    (civil(days) == (year, month, day)).then_some(days)
}

fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_become_the_text_that_django_stores() {
        assert_eq!(timestamp(0), "1970-01-01 00:00:00");
        assert_eq!(timestamp(-1), "1969-12-31 23:59:59");
        assert_eq!(timestamp(1_709_164_800), "2024-02-29 00:00:00");
        assert_eq!(timestamp(1_795_305_600 + 86_399), "2026-11-22 23:59:59");
        assert_eq!(date(951_782_400), "2000-02-29");
    }

    #[test]
    fn days_of_the_calendar_are_counted_and_others_are_none() {
        for number in (-719_162..2_932_896).step_by(61) {
            let (year, month, day) = civil(number);
            assert_eq!(days(year, month, day), Some(number), "{year}-{month}-{day}");
        }
        assert_eq!(days(2024, 2, 29), Some(1_709_164_800 / 86_400));
        for (year, month, day) in [(2025, 2, 29), (2026, 4, 31), (2026, 13, 1), (2026, 0, 1), (2026, 1, 0), (0, 1, 1)] {
            assert_eq!(days(year, month, day), None, "{year}-{month}-{day}");
        }
    }
}
