//! Days: moments as text, quickly; days that were written lately are remembered.

use seedbed_core::plan::civil;

const DAY: i64 = 86_400;
/// How many days rows in a stream have near each other.
pub(crate) const ROOM: usize = 1024;

/// Days that were written lately.
#[derive(Debug)]
pub(crate) struct Days(Vec<(i64, String)>);

impl Days {
    /// Returns room for so many days.
    pub(crate) fn new(room: usize) -> Self {
        Self(vec![(i64::MIN, String::new()); room])
    }

    /// Returns `2026-11-22`.
    pub(crate) fn day(&mut self, seconds: i64) -> &str {
        let day = seconds.div_euclid(DAY);
        let room = self.0.len() as i64;
        let known = &mut self.0[day.rem_euclid(room) as usize];
        if known.0 != day {
            *known = (day, civil::date(seconds));
        }
        &known.1
    }

    /// Appends `2026-11-22 08:30:00`, with `between` before the hour.
    pub(crate) fn moment(&mut self, seconds: i64, between: u8, bytes: &mut Vec<u8>) {
        let day = self.day(seconds).as_bytes();
        // Nearly every day has ten letters, and what has a known length is copied at once.
        match <&[u8; 10]>::try_from(day) {
            Ok(day) => bytes.extend_from_slice(day),
            Err(_) => bytes.extend_from_slice(day),
        }
        let second = seconds.rem_euclid(DAY);
        let mut clock = *b" 00:00:00";
        clock[0] = between;
        for (at, number) in [(1, second / 3600), (4, second / 60 % 60), (7, second % 60)] {
            clock[at] += (number / 10) as u8;
            clock[at + 1] += (number % 10) as u8;
        }
        bytes.extend_from_slice(&clock);
    }
}

/// Reads `2026-11-22`, or a moment as databases and RFC 3339 write it; in microseconds.
#[cfg(feature = "parquet")]
pub(crate) fn read(text: &str) -> Option<i64> {
    let number = |text: &str| text.parse::<i64>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    let (date, time) = text.split_at_checked(10)?;
    let mut parts = date.split('-').map(number);
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || !(1..=12).contains(&month) {
        return None;
    }
    // Years begin in March, so that the day that some have more stands last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 719_469;
    if civil::date(days * DAY) != date {
        return None;
    }
    let days = days * DAY * 1_000_000;
    let Some(time) = time.strip_prefix([' ', 'T']) else { return time.is_empty().then_some(days) };
    let end = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (time, zone) = time.split_at(end);
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let clock = |text: &str, most: usize| {
        let parts: Vec<i64> = text.split(':').map(number).collect::<Option<_>>()?;
        let seconds = parts.iter().zip([3_600, 60, 1]).map(|(part, unit)| part * unit).sum::<i64>();
        (parts.len() <= most && parts.iter().skip(1).all(|part| *part < 60) && seconds < DAY).then_some(seconds)
    };
    let east = match zone.strip_prefix(['+', '-']) {
        Some(offset) => clock(offset, 2)? * if zone.starts_with('-') { -1 } else { 1 },
        None => 0,
    };
    let fraction = number(&format!("{fraction:0<6}")[..6])?;
    Some(days + (clock(time, 3)? - east) * 1_000_000 + fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "parquet")]
    #[test]
    fn moments_are_read_as_they_are_written() {
        for seconds in [0, 951_782_400, 1_795_305_600, 1_795_305_600 + 86_399, -86_400, 1_709_164_800] {
            assert_eq!(read(&civil::timestamp(seconds)), Some(seconds * 1_000_000));
            assert_eq!(read(&civil::date(seconds)), Some(seconds.div_euclid(DAY) * DAY * 1_000_000));
        }
        assert_eq!(read("2026-11-22T02:00:00.25+02:00"), Some(1_795_305_600_250_000));
        assert_eq!(read("2026-11-21 19:00:00-05"), read("2026-11-22T00:00:00Z"));
        for wrong in ["", "today", "2026-02-30", "2026-13-01", "2026-11-22 25:00:00", "2026-11-22x", "infinity"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn moments_are_those_of_the_core() {
        let mut days = Days::new(ROOM);
        for seconds in [0, -1, 1_795_305_600, 1_795_305_600 + 86_399, 1_795_305_600 - ROOM as i64 * DAY, 951_782_400] {
            let mut bytes = Vec::new();
            days.moment(seconds, b' ', &mut bytes);
            assert_eq!(String::from_utf8(bytes).unwrap(), civil::timestamp(seconds));
        }
    }
}
