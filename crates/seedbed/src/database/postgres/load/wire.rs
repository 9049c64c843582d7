//! Wire: a value in the binary form of its column's type.

use seedbed_core::schema::{Column, ColumnKind};

use super::{moment, numeric};
use crate::database::Lent;

/// A binary form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wire {
    Bool,
    Int2,
    Int4,
    Int8,
    Float4,
    Float8,
    Numeric,
    /// The bytes of a text; enum types and JSON have them too.
    Text,
    Jsonb,
    Timestamp,
    Date,
    Uuid,
    Bytes,
}

impl Wire {
    /// Returns the form of a column's type, and of a domain over it where that makes no difference.
    pub(super) fn of(column: &Column) -> Option<Self> {
        Some(match (&column.kind, column.declared.as_str()) {
            // A text that is too long for it is cut off, and an error in binary form.
            (ColumnKind::Text { .. }, "name") => return None,
            (ColumnKind::Text { .. }, _) | (ColumnKind::Json, "json") => Self::Text,
            (ColumnKind::Json, "jsonb") => Self::Jsonb,
            (ColumnKind::Real, "real") => Self::Float4,
            (ColumnKind::Real, "double precision") => Self::Float8,
            (ColumnKind::Boolean, _) => Self::Bool,
            (ColumnKind::Integer { bits: 16 }, _) => Self::Int2,
            (ColumnKind::Integer { bits: 32 }, _) => Self::Int4,
            (ColumnKind::Integer { bits: 64 }, _) => Self::Int8,
            (ColumnKind::Decimal { .. }, _) => Self::Numeric,
            (ColumnKind::Timestamp, _) => Self::Timestamp,
            (ColumnKind::Date, _) => Self::Date,
            (ColumnKind::Uuid, _) => Self::Uuid,
            (ColumnKind::Bytes, _) => Self::Bytes,
            (ColumnKind::Integer { .. } | ColumnKind::Real | ColumnKind::Json | ColumnKind::Other, _) => return None,
        })
    }

    /// Appends a value with its length; none where only the server could say what it is.
    pub(super) fn put(self, out: &mut Vec<u8>, value: Lent<'_>) -> Option<()> {
        match (self, value) {
            (_, Lent::Null) => out.extend_from_slice(&(-1i32).to_be_bytes()),
            (Self::Bool, Lent::Integer(number @ (0 | 1))) => field(out, &[number as u8]),
            (Self::Int2, Lent::Integer(number)) => field(out, &i16::try_from(number).ok()?.to_be_bytes()),
            (Self::Int4, Lent::Integer(number)) => field(out, &i32::try_from(number).ok()?.to_be_bytes()),
            (Self::Int8, Lent::Integer(number)) => field(out, &number.to_be_bytes()),
            (Self::Float4, Lent::Integer(number)) => field(out, &(number as f32).to_be_bytes()),
            (Self::Float4, Lent::Real(number)) => field(out, &single(number)?.to_be_bytes()),
            (Self::Float8, Lent::Integer(number)) => field(out, &(number as f64).to_be_bytes()),
            (Self::Float8, Lent::Real(number)) if number.is_finite() => field(out, &number.to_be_bytes()),
            (Self::Numeric, Lent::Integer(number)) => numeric::put(out, i128::from(number), 0),
            (Self::Numeric, Lent::Real(number)) => {
                let (units, scale) = numeric::of_float(number)?;
                numeric::put(out, units, scale);
            }
            (Self::Text, Lent::Text(text)) => field(out, text.as_bytes()),
            (Self::Text, Lent::Integer(number)) => field(out, number.to_string().as_bytes()),
            (Self::Jsonb, Lent::Text(text)) => document(out, text),
            (Self::Jsonb, Lent::Integer(number)) => document(out, &number.to_string()),
            (Self::Timestamp, Lent::Text(text)) => field(out, &moment::read_moment(text)?.to_be_bytes()),
            (Self::Date, Lent::Text(text)) => field(out, &moment::read_day(text)?.to_be_bytes()),
            (Self::Uuid, Lent::Text(text)) => field(out, &uuid(text)?),
            (Self::Bytes, Lent::Blob(bytes)) => field(out, bytes),
            _ => return None,
        }
        Some(())
    }
}

/// Appends bytes with their length.
pub(super) fn field(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as i32).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// Appends a text as `jsonb`, in the first version of its form.
fn document(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&(text.len() as i32 + 1).to_be_bytes());
    out.push(1);
    out.extend_from_slice(text.as_bytes());
}

/// Returns the float of 32 bits nearest to how a number is written down; none where there is none.
fn single(number: f64) -> Option<f32> {
    let near: f32 = number.to_string().parse().ok()?;
    (near.is_finite() && (near != 0.0 || number == 0.0)).then_some(near)
}

fn uuid(text: &str) -> Option<[u8; 16]> {
    let dashed = text.len() == 36 && [8, 13, 18, 23].iter().all(|at| text.as_bytes()[*at] == b'-');
    if !dashed && text.len() != 32 {
        return None;
    }
    let mut digits = text.chars().filter(|letter| !dashed || *letter != '-').map(|letter| letter.to_digit(16));
    let mut bytes = [0; 16];
    for byte in &mut bytes {
        *byte = (digits.next()?? * 16 + digits.next()??) as u8;
    }
    digits.next().is_none().then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(wire: Wire, value: Lent<'_>) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        wire.put(&mut out, value).map(|()| out)
    }

    #[test]
    fn a_value_that_only_the_server_can_read_is_none_of_ours() {
        for (wire, value) in [
            (Wire::Bool, Lent::Integer(2)),
            (Wire::Bool, Lent::Text("yes")),
            (Wire::Int2, Lent::Integer(32_768)),
            (Wire::Int4, Lent::Integer(1 << 31)),
            (Wire::Int8, Lent::Text("seven")),
            (Wire::Float4, Lent::Real(1e-60)),
            (Wire::Float4, Lent::Real(1e60)),
            (Wire::Float8, Lent::Real(f64::INFINITY)),
            (Wire::Numeric, Lent::Text("NaN")),
            (Wire::Timestamp, Lent::Text("now")),
            (Wire::Date, Lent::Integer(5)),
            (Wire::Uuid, Lent::Text("{5eedbed0-0300-4000-8000-000000000042}")),
            (Wire::Uuid, Lent::Text("5eedbed0-0300-4000-8000-00000000004x")),
            (Wire::Uuid, Lent::Text("5eedbed00-300-4000-8000-000000000042")),
            (Wire::Bytes, Lent::Integer(5)),
        ] {
            assert_eq!(put(wire, value), None, "{wire:?} {value:?}");
        }
    }

    #[test]
    fn values_carry_their_length() {
        assert_eq!(put(Wire::Int2, Lent::Null).as_deref(), Some(&[255, 255, 255, 255][..]));
        assert_eq!(put(Wire::Int2, Lent::Integer(-2)).as_deref(), Some(&[0, 0, 0, 2, 255, 254][..]));
        assert_eq!(put(Wire::Jsonb, Lent::Text("{}")).as_deref(), Some(&[0, 0, 0, 3, 1, b'{', b'}'][..]));
        let key = put(Wire::Uuid, Lent::Text("5eedbed0-0300-4000-8000-000000000042")).expect("a key");
        assert_eq!(key[..8], [0, 0, 0, 16, 0x5e, 0xed, 0xbe, 0xd0]);
        assert_eq!(put(Wire::Uuid, Lent::Text("5eedbed0030040008000000000000042")), Some(key));
    }
}
