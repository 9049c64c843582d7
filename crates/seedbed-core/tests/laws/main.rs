//! Generation: the laws that hold for every scenario, seed, worker and date.
//!
//! The short runs belong to `cargo test`; `PROVE=n` asks for n worlds and seeds instead.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "tests read files and print what they measure"
)]
#![allow(clippy::many_single_char_names, reason = "a state, a user, an item")]
#![allow(clippy::unused_self, clippy::type_complexity, reason = "the brute force reads as the worlds it tries")]
#![allow(clippy::naive_bytecount, reason = "a handful of colours")]

mod cases;
mod expected;
mod keys;
mod pockitflyer;
mod satisfiable;
mod seeds;
mod shapes;
mod stays;
#[path = "../support/mod.rs"]
mod support;
mod trees;
mod worlds;

/// Returns how many rounds a law is tried: `short`, or what `PROVE` says.
fn rounds(short: u64) -> u64 {
    std::env::var("PROVE").ok().and_then(|n| n.parse().ok()).unwrap_or(short)
}
