//! Random worlds: schemas, scenarios, rows of other people and edits that nobody thought of.
//!
//! A world is made from its number: one to eight tables with keys, references and indexes of every
//! kind, a scenario over them, rows that are not ours, and what an application does between the
//! verbs. It is seeded, edited, planned, reset, verified, seeded again and cleaned up. Dumps of all
//! tables by plain SQL judge every step, by code that knows the rules from the documents and shares
//! nothing with the engine.
//!
//! `WORLD=17 cargo test -p seedbed --test worlds` runs that world alone; `PROVE=2000` so many of them.

#![allow(clippy::ref_option, reason = "a cell of a dump is one")]

mod application;
mod editing;
mod judging;
mod making;
mod running;
#[path = "../contract/support/server.rs"]
mod server;
mod writing;

use std::collections::BTreeMap;

use making::{Engine, World};
use running::{Outcome, run};

/// Numbers that look random and are the same everywhere (`SplitMix64`, Steele et al. 2014).
#[derive(Clone)]
struct Dice(u64);

impl Dice {
    fn new(world: u64, part: u64) -> Self {
        Self(world.wrapping_mul(0x2545_F491_4F6C_DD1D) ^ part.wrapping_mul(0x9FB2_1C65_1E98_DF25))
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from `lo` to `hi`, both included.
    fn between(&mut self, lo: usize, hi: usize) -> usize {
        lo + (self.bits() % (hi - lo + 1) as u64) as usize
    }

    /// Yes, in so many of a hundred cases.
    fn chance(&mut self, percent: u64) -> bool {
        self.bits() % 100 < percent
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.between(0, of.len() - 1)].clone()
    }
}

/// Runs worlds and prints what they held; panics at the first that breaks a promise.
fn worlds(engine: Engine, few: u64, share_of_many: u64) {
    let number = |name| std::env::var(name).ok().and_then(|text: String| text.parse::<u64>().ok());
    let numbers = match (number("WORLD"), number("PROVE")) {
        (Some(world), _) => world..world + 1,
        (None, Some(many)) => 0..many / share_of_many,
        (None, None) => 0..few,
    };
    let all = numbers.end - numbers.start;
    let (mut held, mut refused) = (BTreeMap::<&str, u64>::new(), BTreeMap::<String, u64>::new());
    let mut broken = Vec::new();
    for number in numbers {
        let world = World::make(number, engine);
        match run(&world, |_| true) {
            Outcome::Kept(counts) => {
                let present = counts.iter().filter(|(_, count)| **count > 0);
                present.for_each(|(what, _)| *held.entry(what).or_default() += 1);
            }
            Outcome::Refused(code) => *refused.entry(code).or_default() += 1,
            Outcome::Broken(breach) => broken.push(running::shrunk(&world, &breach)),
        }
    }
    let refusals: u64 = refused.values().sum();
    println!("{engine:?}: {all} worlds, {refusals} of them with a scenario that is rightly refused: {refused:?}");
    println!("  worlds that held: {held:?}");
    for breach in &broken {
        println!("{breach}");
    }
    assert!(broken.is_empty(), "{} worlds broke a promise", broken.len());
    assert!(all < 10 || refusals * 4 < all, "too many scenarios are refused");
}

#[test]
fn promises_are_kept_in_random_worlds_on_sqlite() {
    worlds(Engine::Sqlite, 60, 1);
}

#[test]
fn promises_are_kept_in_random_worlds_on_postgresql() {
    worlds(Engine::Postgres, 12, 4);
}
