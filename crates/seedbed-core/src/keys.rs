//! Keys: Seedbed picks every key, so that references are known and ownership can be proven.
//!
//! Integer keys are `1 L WW RRRRRR` (layer, worker, row), ten digits below 2^31; where a table's
//! rows do not fit, `7 L WW nnnnnnnnnnnn`, sixteen digits below 2^53. UUIDs are of version 4,
//! `5eedbed0-LLWW-4PPP-8000-RRRRRRRRRRRR`; texts are `seedbed-LWW-P-RRRRRRRRRRR`.

use crate::schema::ColumnKind;
use crate::value::Value;

/// The end of the range of short keys; counters stand here while seeded rows are present.
pub const SHORT_END: i64 = 1_999_999_999;
/// The end of the range of long keys.
pub const LONG_END: i64 = 7_999_999_999_999_999;
/// How many characters a text key has.
pub const TEXT_KEY_LENGTH: u32 = 25;
/// How many workers there can be.
pub const WORKERS: u8 = 50;

/// Where the keys of a population lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeySpace {
    /// Layer, 0 to 9.
    pub layer: u8,
    /// Worker, 0 to 49.
    pub worker: u8,
    /// Digit that tells populations of one table and layer apart.
    pub slot: u8,
    /// Whether no other population of the layer stands in the table, so that rows may use the slot's digit.
    pub alone: bool,
    /// The largest number a row can have, from what is declared.
    pub capacity: u64,
}

impl KeySpace {
    /// Whether all rows have short keys.
    pub fn is_short(&self) -> bool {
        self.capacity <= if self.alone && self.slot == 0 { 999_999 } else { 99_999 }
    }

    /// Returns the integer key of the row with this number, 1 to `capacity`.
    pub fn integer(&self, number: u64) -> i64 {
        let (layer, worker, slot) = (i64::from(self.layer), i64::from(self.worker), i64::from(self.slot));
        if self.is_short() {
            1_000_000_000 + layer * 100_000_000 + worker * 1_000_000 + slot * 100_000 + number as i64
        } else {
            7_000_000_000_000_000
                + layer * 100_000_000_000_000
                + worker * 1_000_000_000_000
                + slot * 100_000_000_000
                + number as i64
        }
    }

    /// Returns the key of the row with this number, as a key column of this kind holds it.
    pub fn key(&self, number: u64, kind: &ColumnKind) -> Value {
        let Self { layer, worker, slot, .. } = *self;
        match kind {
            ColumnKind::Uuid => Value::text(format!("5eedbed0-{layer:02}{worker:02}-4{slot:03}-8000-{number:012}")),
            ColumnKind::Text { .. } => Value::text(format!("seedbed-{layer}{worker:02}-{slot}-{number:011}")),
            _ => Value::Integer(self.integer(number)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPACE: KeySpace = KeySpace { layer: 3, worker: 3, slot: 0, alone: true, capacity: 999_999 };

    #[test]
    fn short_keys_say_layer_worker_and_row() {
        assert_eq!(SPACE.integer(17), 1_303_000_017);
        assert_eq!(KeySpace { slot: 2, worker: 0, ..SPACE }.integer(17), 7_300_200_000_000_017);
        assert_eq!(KeySpace { slot: 2, worker: 0, capacity: 99_999, ..SPACE }.integer(17), 1_300_200_017);
    }

    #[test]
    fn the_last_key_of_each_kind_is_inside_its_range() {
        let last = KeySpace { layer: 9, worker: 49, slot: 9, alone: true, capacity: 99_999 };
        assert!(last.integer(99_999) < SHORT_END && last.integer(99_999) < i64::from(i32::MAX));
        let long = KeySpace { capacity: 99_999_999_999, ..last };
        assert!(long.integer(99_999_999_999) < LONG_END && LONG_END < 1 << 53);
    }

    #[test]
    fn uuid_and_text_keys_have_their_forms() {
        let uuid = SPACE.key(42, &ColumnKind::Uuid);
        assert_eq!(uuid, Value::text("5eedbed0-0303-4000-8000-000000000042"));
        let text = SPACE.key(42, &ColumnKind::Text { limit: None });
        assert_eq!(text, Value::text("seedbed-303-0-00000000042"));
        assert!(matches!(text, Value::Text(t) if t.len() as u32 == TEXT_KEY_LENGTH));
    }
}
