//! The verb `reset`: the last test is undone, and told.

use crate::apply::Debris;
use crate::error::Result;
use crate::run::{self, Intent, Receipt};
use crate::session::Target;
use crate::survey::Aim;

/// Makes the levels as declared, and removes what tests left behind in their tables.
///
/// `state` names a declared variant to start from instead.
pub fn reset(target: &mut Target<'_>, state: Option<&str>) -> Result<Receipt> {
    run::run(target, Intent { aim: Aim::Declared, debris: Debris::Goes, variant: state })
}
