//! What the verbs promise, on PostgreSQL.

mod beside_the_application;
mod catalogue;
#[path = "../contract/mod.rs"]
mod contract;
mod encryption;
mod faults;
mod load;
mod lost;
mod proxy;
mod rebuild;
mod warm;

use contract::support;

/// The engine that the contract is tested on.
const ENGINE: support::Engine = support::Engine::Postgres;
