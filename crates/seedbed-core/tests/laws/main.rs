//! Generation: the laws that hold for every scenario, seed, worker and date.
//!
//! The short runs belong to `cargo test`; `PROVE=n` asks for n worlds and seeds instead.

mod keys;
mod pockitflyer;
mod satisfiable;
mod seeds;
mod stays;
mod worlds;

/// Returns how many rounds a law is tried: `short`, or what `PROVE` says.
fn rounds(short: u64) -> u64 {
    std::env::var("PROVE").ok().and_then(|n| n.parse().ok()).unwrap_or(short)
}
