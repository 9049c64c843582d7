//! Values: what a column can hold, before any database has a say in how it is stored.
//!
//! Times are offsets from the as-of moment, so a dataset is one shift of the clock for every
//! as-of date. Decimals are exact. Nothing here depends on locale, time zone or float maths.

use std::fmt;
use std::sync::Arc;

use crate::password::Password;

/// A value of a column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// No value.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A whole number, or a key.
    Integer(i64),
    /// An exact decimal number.
    Decimal(Decimal),
    /// A moment, in seconds from as-of (negative: before).
    Time(i64),
    /// A text.
    Text(Arc<str>),
    /// A password; it is stored as a hash.
    Password(Arc<Password>),
}

impl Value {
    /// Returns a text value.
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::Text(Arc::from(text.as_ref()))
    }

    /// Returns the number this value holds, as an exact decimal.
    pub fn number(&self) -> Option<Decimal> {
        match self {
            Self::Integer(n) => Some(Decimal::whole(*n)),
            Self::Decimal(d) => Some(*d),
            _ => None,
        }
    }
}

impl fmt::Display for Value {
    /// Writes the value as it appears inside a generated text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Bool(b) => write!(f, "{b}"),
            Self::Integer(n) => write!(f, "{n}"),
            Self::Decimal(d) => write!(f, "{d}"),
            Self::Time(seconds) => write!(f, "as_of{seconds:+}s"),
            Self::Text(text) => f.write_str(text),
            Self::Password(password) => f.write_str(&password.plain),
        }
    }
}

/// An exact decimal number: `units` divided by ten to the `scale`, without trailing zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    units: i64,
    scale: u8,
}

impl Decimal {
    /// Returns a whole number.
    pub const fn whole(units: i64) -> Self {
        Self { units, scale: 0 }
    }

    /// Returns `units / 10^scale`, in lowest form.
    pub fn new(mut units: i64, mut scale: u8) -> Self {
        while scale > 0 && units % 10 == 0 {
            units /= 10;
            scale -= 1;
        }
        Self { units, scale }
    }

    /// Reads a plain or scientific decimal number; at most 18 significant digits.
    pub fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let mut units: i64 = format!("{whole}{fraction}").parse().ok()?;
        if units == 0 {
            return Some(Self::whole(0));
        }
        let mut scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        while scale < 0 {
            units = units.checked_mul(10)?;
            scale += 1;
        }
        (scale <= 18).then(|| Self::new(units, scale as u8))
    }

    /// Returns it as a whole number of units.
    pub const fn units(self) -> i64 {
        self.units
    }

    /// Returns how many digits of the units stand behind the point.
    pub const fn places(self) -> u8 {
        self.scale
    }

    /// Returns the nearest float. Only for storing and for distances.
    pub fn to_f64(self) -> f64 {
        // Dividing two exactly represented numbers rounds once, as IEEE 754 demands everywhere.
        self.units as f64 / 10f64.powi(i32::from(self.scale))
    }

    /// Returns the whole number, when it is one.
    pub fn to_integer(self) -> Option<i64> {
        (self.scale == 0).then_some(self.units)
    }

    /// Returns units and scale: the number is the units divided by ten to the scale, in lowest form.
    pub fn parts(self) -> (i64, u8) {
        (self.units, self.scale)
    }

    /// Returns the exact sum; nothing where it has more digits than a number can have.
    pub fn plus(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let units = self.scaled(scale).checked_add(other.scaled(scale))?;
        Self::in_lowest_form(units, scale)
    }

    /// Returns the exact product; nothing where it has more digits than a number can have.
    pub fn times(self, other: Self) -> Option<Self> {
        Self::in_lowest_form(i128::from(self.units) * i128::from(other.units), self.scale + other.scale)
    }

    fn in_lowest_form(mut units: i128, mut scale: u8) -> Option<Self> {
        while scale > 0 && units % 10 == 0 {
            units /= 10;
            scale -= 1;
        }
        Some(Self { units: i64::try_from(units).ok()?, scale }).filter(|_| scale <= 18)
    }

    fn scaled(self, scale: u8) -> i128 {
        i128::from(self.units) * 10i128.pow(u32::from(scale - self.scale))
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let scale = self.scale.max(other.scale);
        self.scaled(scale).cmp(&other.scaled(scale))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = usize::from(self.scale);
        let digits = format!("{:0width$}", self.units.unsigned_abs(), width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let sign = if self.units < 0 { "-" } else { "" };
        if fraction.is_empty() { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{fraction}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_read_and_write_the_same_text() {
        for text in ["0", "47.3769", "-8.5417", "0.000001", "-0.5", "12"] {
            assert_eq!(Decimal::parse(text).expect("a number").to_string(), text);
        }
        assert_eq!(Decimal::parse("1e3"), Some(Decimal::whole(1000)));
        assert_eq!(Decimal::parse("1.50"), Decimal::parse("1.5"));
        assert_eq!(Decimal::parse("0e999999999"), Some(Decimal::whole(0)));
        for wrong in ["x", "1e-2147483648", "1e2147483647", "--1", "1e"] {
            assert_eq!(Decimal::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sums_and_products_are_exact_or_nothing() {
        let number = |text: &str| Decimal::parse(text).expect("a number");
        assert_eq!(number("0.1").plus(number("0.2")), Some(number("0.3")));
        assert_eq!(number("-0.05").plus(number("0.05")), Some(Decimal::whole(0)));
        assert_eq!(number("2.5").times(number("0.4")), Some(Decimal::whole(1)));
        assert_eq!(number("0.000000001").times(number("0.0000000001")), None);
        let large = Decimal::whole(i64::MAX);
        assert_eq!((large.plus(Decimal::whole(1)), large.times(large)), (None, None));
    }

    #[test]
    fn decimals_compare_by_size_and_not_by_scale() {
        assert!(Decimal::parse("0.9") < Decimal::parse("1"));
        assert!(Decimal::parse("-10.5") < Decimal::parse("-2"));
    }
}
