//! Moments as they are typed and shown; the only reader of the system's clock.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Returns now, in unix seconds.
pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}

/// Reads `2028-02-29` as its first second in UTC, or an RFC 3339 moment; returns unix seconds.
pub(crate) fn read(text: &str) -> Result<i64, String> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment.as_second());
    }
    // A civil date parses from longer texts too; those would lose their time of day.
    let day = text.parse::<Date>().ok().filter(|_| text.len() == 10);
    let midnight = day.and_then(|day| day.to_zoned(TimeZone::UTC).ok());
    let wrong = || "write a day that exists, as 2028-02-29, or a moment, as 2028-02-29T12:00:00Z".to_owned();
    midnight.map(|midnight| midnight.timestamp().as_second()).ok_or_else(wrong)
}

/// Returns a moment as [`read`] reads it.
pub(crate) fn written(moment: i64) -> String {
    Timestamp::from_second(moment).unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_moments_are_read() {
        assert_eq!(read("2026-11-22"), Ok(1_795_305_600));
        assert_eq!(read("2028-02-29"), Ok(1_835_395_200));
        assert_eq!(read("2026-11-22T01:00:00+01:00"), Ok(1_795_305_600));
        for wrong in ["2027-02-29", "today", "2026-11-22T01:00", "22.11.2026", ""] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
