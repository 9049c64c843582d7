//! The pure part of Seedbed: text and schema in, dataset and plan out.
//!
//! No input or output, no clock, no environment, no threads, no SQL.

pub mod dataset;
pub mod plan;
pub mod schema;
pub mod value;
