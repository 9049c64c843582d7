//! `seedbed status`

use seedbed::Result;

use super::Desk;
use crate::answer::Answer;
use crate::output::status::Report;

#[derive(Debug, clap::Args)]
pub(crate) struct Flags {}

pub(crate) fn run(_: &Flags, desk: &Desk<'_>) -> Result<Answer> {
    let project = desk.project()?;
    let mut place = desk.look(&project)?;
    let status = seedbed::status(&mut *place.database, project.lock_timeout(), &mut desk.notices())?;
    Ok(desk.answer(&Report { place: &place, status: &status, now: desk.call.now }))
}
