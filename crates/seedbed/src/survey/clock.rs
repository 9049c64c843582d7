//! The clock of a run: which as-of counts, and whether it moves.

use seedbed_core::plan::ClockMove;

use super::{Aim, Known, Question};

const DAY: i64 = 86_400;

/// The as-of of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clock {
    /// The as-of that counts.
    pub(crate) as_of: i64,
    /// It was asked for, now or when first seeded.
    pub(crate) pinned: bool,
    /// The as-of that is stored.
    pub(crate) stored: Option<i64>,
}

impl Clock {
    /// Returns the as-of that was asked for, or the stored one while it holds, or the start of today.
    pub(crate) fn of(question: &Question<'_>, known: &Known) -> Self {
        let newest = known.seeded_in(&question.levels).max_by_key(|seeded| seeded.as_of);
        let newest = newest.or_else(|| known.seeded_in(&(0..known.seeded.len())).max_by_key(|seeded| seeded.as_of));
        let stored = newest.map(|seeded| seeded.as_of);
        let (as_of, pinned) = match (question.as_of, newest) {
            (Some(as_of), _) => (as_of, true),
            (None, None) => (question.now - question.now.rem_euclid(DAY), false),
            (None, Some(seeded)) => {
                let aged = question.aim == Aim::Declared
                    && !seeded.pinned
                    && question.now >= seeded.as_of.saturating_add(question.dataset.holds_for);
                let as_of = if aged { question.now - question.now.rem_euclid(DAY) } else { seeded.as_of };
                (as_of, seeded.pinned)
            }
        };
        Self { as_of, pinned, stored }
    }

    /// Returns the move, its times not yet counted.
    pub(crate) fn moved(&self) -> Option<ClockMove> {
        self.stored.filter(|stored| *stored != self.as_of).map(|from| ClockMove { from, to: self.as_of, times: 0 })
    }
}
