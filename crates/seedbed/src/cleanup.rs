//! The verb `cleanup`: our own rows and files go, nobody else's.

use crate::apply::Debris;
use crate::error::{Error, Exit, Result};
use crate::run::{self, Intent, Receipt};
use crate::session::Target;
use crate::survey::Aim;

/// Removes the levels' rows and files and the debris on them, and takes their overlays back.
///
/// The levels must reach to the last scenario of the dataset: a layer goes after those above it.
pub fn cleanup(target: &mut Target<'_>) -> Result<Receipt> {
    let layers = target.dataset.scenarios.len();
    if target.levels.end != layers {
        let above = &target.dataset.scenarios[target.levels.end].name;
        let message = format!("`{above}` is seeded above and goes first");
        return Err(Error::new(Exit::Usage, "layers-above", message));
    }
    run::run(target, Intent { aim: Aim::Gone, debris: Debris::Goes, variant: None })
}
