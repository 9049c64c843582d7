//! The verb `seed`: the levels' rows and files become as declared.

use crate::apply::Debris;
use crate::error::Result;
use crate::run::{self, Intent, Receipt};
use crate::session::Target;
use crate::survey::Aim;

/// Inserts, changes and writes what differs; leaves what tests left behind, and refuses where that
/// is in the way.
pub fn seed(target: &mut Target<'_>) -> Result<Receipt> {
    run::run(target, Intent { aim: Aim::Declared, debris: Debris::Stays, variant: None })
}
