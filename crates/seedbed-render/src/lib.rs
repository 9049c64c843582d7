//! Values whose bytes take computing: pictures as PNG files, passwords as their hashes.
//!
//! Everything here is a pure function of its arguments. It is a crate of its own because it is what debug
//! builds must not run unoptimised, and what hardly ever changes.

pub mod password;
pub mod picture;
