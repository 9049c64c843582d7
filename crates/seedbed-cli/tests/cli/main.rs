//! What the command line promises, asked of the built binary in copies of the PockitFlyer project.

mod answers;
mod examples;
mod exit_codes;
mod hints;
mod main_job;
mod postgres;
mod reference;
mod reports;
#[path = "../support/mod.rs"]
mod support;
