//! Exact numbers in PostgreSQL's binary form: digits to the base of ten thousand.

use seedbed_core::value::Decimal;

/// Up to here a number with so many units is the float nearest to it and back: fifteen digits.
const EXACT: u64 = 1_000_000_000_000_000;

/// Returns units and scale of what a number is as a float, written down: that is what is stored of it.
pub(super) fn of_decimal(number: Decimal) -> Option<(i128, u32)> {
    let (units, scale) = number.parts();
    if scale == 0 || units.unsigned_abs() < EXACT {
        return Some((i128::from(units), u32::from(scale)));
    }
    of_float(number.to_f64())
}

/// Returns units and scale of a float as it is written down; none where it has too many digits.
pub(super) fn of_float(number: f64) -> Option<(i128, u32)> {
    let text = number.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let units: i128 = format!("{whole}{fraction}").parse().ok()?;
    (units.unsigned_abs() < 10u128.pow(34)).then_some((units, fraction.len() as u32))
}

/// Appends a number of so many units, divided by ten to the scale: its length and its digits. A number has
/// at most 34 digits.
pub(super) fn put(out: &mut Vec<u8>, units: i128, scale: u32) {
    let missing = (4 - scale % 4) % 4;
    let mut left = units.unsigned_abs() * 10u128.pow(missing);
    let (mut digits, mut count) = ([0u16; 10], 0);
    while left > 0 {
        digits[count] = (left % 10_000) as u16;
        left /= 10_000;
        count += 1;
    }
    let behind_point = (scale + missing) / 4;
    let weight = if count == 0 { 0 } else { count as i16 - 1 - behind_point as i16 };
    let sign: u16 = if units < 0 { 0x4000 } else { 0 };
    out.extend_from_slice(&(8 + 2 * count as u32).to_be_bytes());
    for word in [count as u16, weight as u16, sign, scale as u16] {
        out.extend_from_slice(&word.to_be_bytes());
    }
    digits[..count].iter().rev().for_each(|digit| out.extend_from_slice(&digit.to_be_bytes()));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the words behind the length: how many digits, weight, sign, scale, digits.
    fn words(units: i128, scale: u32) -> Vec<i16> {
        let mut out = Vec::new();
        put(&mut out, units, scale);
        assert_eq!(out[..4], (out.len() as u32 - 4).to_be_bytes());
        out[4..].chunks(2).map(|pair| i16::from_be_bytes([pair[0], pair[1]])).collect()
    }

    #[test]
    fn digits_stand_in_groups_of_four_on_both_sides_of_the_point() {
        assert_eq!(words(0, 0), [0, 0, 0, 0]);
        assert_eq!(words(473_769, 4), [2, 0, 0, 4, 47, 3769]);
        assert_eq!(words(-125, 3), [1, -1, 0x4000, 3, 1250]);
        assert_eq!(words(1, 6), [1, -2, 0, 6, 100]);
        assert_eq!(words(12_345_678, 0), [2, 1, 0, 0, 1234, 5678]);
        assert_eq!(words(10i128.pow(34) - 1, 1).len(), 4 + 10);
    }

    #[test]
    fn a_number_is_written_with_the_digits_that_a_float_keeps() {
        let of = |text: &str| of_decimal(Decimal::parse(text).expect("a number"));
        assert_eq!(of("-8.5417"), Some((-85_417, 4)));
        assert_eq!(of("1152921504606846976"), Some((1 << 60, 0)));
        assert_eq!(of("0.123456789012345678"), Some((12_345_678_901_234_568, 17)));
        assert_eq!((of_float(f64::NAN), of_float(1e300)), (None, None));
    }
}
