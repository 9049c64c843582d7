//! The engine of Seedbed: a ready-made dataset becomes rows of a database, and goes again.
//!
//! The verbs are [`plan()`], [`seed()`], [`reset()`], [`cleanup()`], [`status()`] and [`allow()`]; each looks at a
//! [`Target`] and answers with a [`Receipt`] or an [`Error`]. A write happens whole or not at all,
//! and no row that is not ours is changed or removed.

mod allow;
mod apply;
mod cleanup;
mod counters;
mod dangling;
pub mod database;
mod debris;
mod draft;
pub mod error;
mod further;
pub mod guard;
mod init;
mod label;
mod live;
pub mod load;
pub mod manifest;
pub mod media;
mod owns;
mod password;
pub mod personas;
mod plan;
pub mod project;
pub mod rebuild;
mod reset;
mod run;
pub mod secret;
mod seed;
mod session;
mod settle;
pub mod show;
pub mod sql;
pub mod state;
mod status;
mod survey;
pub mod token;
pub mod typed;
pub mod verify;
mod warm;

pub use allow::allow;
pub use cleanup::cleanup;
pub use database::Database;
pub use database::postgres::Postgres;
pub use database::sqlite::Sqlite;
pub use error::{Error, Exit, Result};
pub use init::{Begun, init, refuse_existing};
pub use owns::owns;
pub use personas::personas;
pub use plan::{plan, plan_cleanup};
pub use project::Project;
pub use reset::reset;
pub use run::Receipt;
pub use seed::seed;
pub use seedbed_export as export;
pub use session::{Media, Notice, Scaling, Target};
pub use show::show;
pub use status::{Status, status};
pub use token::token;
pub use verify::verify;
pub use warm::Warm;
