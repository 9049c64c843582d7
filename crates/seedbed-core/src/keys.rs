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

    /// Returns where the rows of further blocks are numbered from, and how many of them have room.
    ///
    /// Their keys are one run behind all that block 0 can have; `highest` is the largest number of a row
    /// in block 0. In a column of 32 bits the run stays among the short keys, right behind the rows there are.
    pub fn further(&self, highest: u64, kind: &ColumnKind) -> Run {
        let short_room = if self.alone && self.slot == 0 { 999_999 } else { 99_999 };
        let (first, last) = match kind {
            ColumnKind::Integer { bits } if *bits < 64 => (behind(highest), short_room),
            _ => (behind(self.capacity), 99_999_999_999),
        };
        Run { first, room: (last + 1u64).saturating_sub(first) }
    }

    /// Returns the key of the row with this number in a further block, as `key` does for block 0.
    pub fn further_key(&self, number: u64, kind: &ColumnKind) -> Value {
        match kind {
            ColumnKind::Uuid | ColumnKind::Text { .. } => self.key(number, kind),
            ColumnKind::Integer { bits } if *bits < 64 => Value::Integer(Self { capacity: 0, ..*self }.integer(number)),
            _ => Value::Integer(Self { capacity: u64::MAX, ..*self }.integer(number)),
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

/// Consecutive row numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The first number.
    pub first: u64,
    /// How many numbers there are.
    pub room: u64,
}

/// Returns the power of ten above a number.
fn behind(number: u64) -> u64 {
    10u64.saturating_pow(number.max(1).ilog10() + 1)
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
    fn further_keys_stand_behind_all_that_block_0_can_have() {
        let wide = ColumnKind::Integer { bits: 64 };
        let run = SPACE.further(3_417, &wide);
        assert_eq!(run, Run { first: 1_000_000, room: 99_999_000_000 });
        assert_eq!(SPACE.further_key(run.first, &wide), Value::Integer(7_303_000_001_000_000));
        let long = KeySpace { capacity: 99_990_099, ..SPACE };
        assert_eq!(long.further(3_417, &wide).first, 100_000_000);
        let narrow = ColumnKind::Integer { bits: 32 };
        let run = SPACE.further(3_417, &narrow);
        assert_eq!(run, Run { first: 10_000, room: 990_000 });
        assert_eq!(SPACE.further_key(run.first, &narrow), Value::Integer(1_303_010_000));
        assert_eq!(SPACE.further_key(999_999, &narrow), Value::Integer(1_303_999_999));
        assert_eq!(SPACE.further_key(7, &ColumnKind::Uuid), SPACE.key(7, &ColumnKind::Uuid));
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
