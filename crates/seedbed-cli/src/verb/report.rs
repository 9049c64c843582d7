//! `seedbed report`

use seedbed::Result;
use seedbed::project::Purpose;

use super::Desk;
use crate::answer::Answer;
use crate::output::reported::Report;
use crate::page::{self, View};
use crate::report::{Files, write_reports};

#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// The scenario.
    scenario: String,
    #[command(flatten)]
    files: Files,
}

pub(crate) fn run(flags: &Flags, desk: &Desk<'_>) -> Result<Answer> {
    let mut work = desk.work(&flags.scenario, Purpose::Look)?;
    let mut reading = page::read(&mut work, &mut desk.notices())?;
    reading.times = desk.whole(reading.times);
    let view = View { work: &work, reading: &reading, now: desk.call.now, live: None };
    let files = write_reports(&view, &flags.files, &desk.here)?;
    Ok(desk.answer(&Report { work: &work, verified: &reading.verified, times: reading.times, files: &files }))
}
