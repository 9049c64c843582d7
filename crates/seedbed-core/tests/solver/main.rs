//! The solver: laws against brute force, a sentence per stage, and how little moves.

mod churn;
mod favorites;
mod laws;
mod random;
mod stages;
