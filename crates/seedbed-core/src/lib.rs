//! The pure part of Seedbed: text and schema in, dataset and plan out.
//!
//! No input or output, no clock, no environment, no threads, no SQL.

pub mod address;
pub mod dataset;
pub mod diagnostic;
pub mod generate;
pub mod grammar;
pub mod keys;
pub mod outline;
pub mod password;
pub mod plan;
pub mod scale;
pub mod scenario;
pub mod schema;
pub mod solve;
pub mod source;
pub mod time;
pub mod value;
