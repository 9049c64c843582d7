//! Counters: where the engine hands out keys while our rows are present, and afterwards.

use std::collections::BTreeSet;

use seedbed_core::plan::{Cell, Key};

use crate::sql::Dialect;

const SHORT: (i64, i64) = (1_000_000_000, 1_999_999_999);
const LONG: (i64, i64) = (7_000_000_000_000_000, 7_999_999_999_999_999);

/// Returns the last key of the reserved range that these keys lie in; for keys outside of the
/// reserved ranges the largest of them.
pub(crate) fn end_of_range(keys: &BTreeSet<Key>) -> Option<i64> {
    let [last] = &keys.last()?[..] else { return None };
    end_behind(last)
}

/// Returns the last key of the reserved range that a key lies in; for one outside of them the key itself.
pub(crate) fn end_behind(key: &Cell) -> Option<i64> {
    let last = key.as_integer()?;
    let inside = |(first, end): &(i64, i64)| (*first..=*end).contains(&last);
    Some([SHORT, LONG].into_iter().find(|range| inside(range)).map_or(last, |(_, end)| end))
}

/// Returns where a counter goes when the last of our rows leaves its table: `stood` is where it stood
/// before the first came, `now` where it stands, `last` the largest key that stays, `end` where our
/// keys end.
pub(crate) fn put_back(
    dialect: Dialect,
    stood: Option<i64>,
    now: Option<i64>,
    last: Option<i64>,
    end: Option<i64>,
) -> Option<i64> {
    match dialect {
        // SQLite itself goes on above the largest key there is.
        Dialect::Sqlite => stood.max(last),
        // Somebody moved it below our keys on purpose, or a key above them has been used.
        Dialect::Postgres if now < end || last > end => now,
        Dialect::Postgres => stood,
    }
}
