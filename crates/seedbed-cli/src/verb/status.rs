//! `seedbed status`

use seedbed::Result;

use super::Desk;
use crate::output::status::Report;

#[derive(Debug, clap::Args)]
pub(crate) struct Flags {}

pub(crate) fn run(_: &Flags, desk: &Desk<'_>) -> Result<u8> {
    let project = desk.project()?;
    let mut place = project.look(desk.call.database)?;
    let status = seedbed::status(&mut *place.database, project.lock_timeout(), &mut desk.console.notices())?;
    Ok(desk.console.show(&Report { place: &place, status: &status, now: desk.call.now }))
}
