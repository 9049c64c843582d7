//! Ahead: what a transaction is going to read first, told by the two before it.
//!
//! A transaction sees one state of the database, so it does not matter when before its first write it
//! reads. What two transactions in a row have read in the same words is asked for together with the next
//! one's beginning, and lies ready when it is wanted.

use seedbed_core::plan::Cell;

use super::LONGEST_PREPARED;
use crate::sql::Sql;

/// So many reads of a transaction are remembered.
const MOST: usize = 16;

/// A query and what is bound to it.
pub(super) type Read = (Sql, Vec<Cell>);

/// What the open transaction has read, what the ones before it have, and what lies ready.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// What the last transaction has read before it wrote.
    last: Vec<Read>,
    /// What the open one has.
    now: Vec<Read>,
    /// The open transaction has not written yet.
    reading: bool,
    ready: Vec<(Read, Vec<Vec<Cell>>)>,
}

impl Ahead {
    /// Returns what the next transaction is going to read.
    pub(super) fn begin(&mut self) -> Vec<Read> {
        self.end();
        let before = std::mem::replace(&mut self.last, std::mem::take(&mut self.now));
        self.last.iter().filter(|read| before.contains(read)).cloned().collect()
    }

    /// Lays ready what the transaction, which is open by now, has read.
    pub(super) fn lay_ready(&mut self, read: Vec<Read>, answers: Vec<Vec<Vec<Cell>>>) {
        self.reading = true;
        self.ready = read.into_iter().zip(answers).collect();
    }

    /// Returns the answer to a query of the open transaction, where it lies ready; each is handed out once.
    pub(super) fn answer(&mut self, sql: &Sql, values: &[Cell]) -> Option<Vec<Vec<Cell>>> {
        if !self.reading || sql.text().len() > LONGEST_PREPARED || self.now.len() == MOST {
            return None;
        }
        self.now.push((sql.clone(), values.to_vec()));
        let at = self.ready.iter().position(|((asked, bound), _)| asked == sql && bound == values)?;
        Some(self.ready.swap_remove(at).1)
    }

    /// From now on nothing is read as it was before: something is written, or the transaction ends.
    pub(super) fn end(&mut self) {
        self.reading = false;
        self.ready.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::postgres as sql;

    fn answers(ahead: &mut Ahead, number: i64) -> Option<Vec<Vec<Cell>>> {
        ahead.answer(&sql::select_reach(), &[Cell::Integer(number)])
    }

    #[test]
    fn what_two_transactions_have_read_lies_ready_for_the_third_until_it_writes() {
        let mut ahead = Ahead::default();
        for twice in 0..2 {
            assert_eq!(ahead.begin(), []);
            ahead.lay_ready(Vec::new(), Vec::new());
            assert_eq!((answers(&mut ahead, 1), answers(&mut ahead, 20 + twice)), (None, None));
            ahead.end();
            assert_eq!(answers(&mut ahead, 3), None);
        }
        let read = ahead.begin();
        assert_eq!(read, [(sql::select_reach(), vec![Cell::Integer(1)])]);
        let rows = vec![vec![Cell::Integer(7)]];
        ahead.lay_ready(read.clone(), vec![rows.clone()]);
        assert_eq!(answers(&mut ahead, 1), Some(rows.clone()));
        assert_eq!(answers(&mut ahead, 1), None);
        ahead.lay_ready(read, vec![rows]);
        ahead.end();
        assert_eq!(answers(&mut ahead, 1), None);
    }
}
