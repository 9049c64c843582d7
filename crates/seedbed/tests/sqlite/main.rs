//! What the verbs promise, on SQLite.

#[path = "../contract/mod.rs"]
mod contract;
mod files;
mod inside_a_transaction;
mod rebuild;
mod warm;

use contract::support;

/// The engine that the contract is tested on.
const ENGINE: support::Engine = support::Engine::Sqlite;
