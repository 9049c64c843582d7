//! One contract for all databases: each is tested by all of this, from a `main.rs` of its own that
//! names its engine.

mod at_once;
mod failures;
mod further;
mod layers;
mod load;
mod order;
mod rebuild;
mod rows_of_others;
mod scale;
mod status;
mod strangers;
pub mod support;
mod verbs;
mod verify;
pub mod verify_support;
pub(crate) mod warm;
