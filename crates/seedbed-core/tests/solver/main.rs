//! The solver: laws against brute force, a sentence per stage, and how little moves.

#![expect(clippy::disallowed_macros, reason = "tests print what they measured")]

mod churn;
mod favorites;
mod laws;
mod random;
mod stages;
