//! `seedbed personas`

use seedbed::Result;
use seedbed::project::Purpose;

use super::Desk;
use crate::answer::Answer;
use crate::output::personas::Report;

#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// The scenario.
    scenario: String,
}

pub(crate) fn run(flags: &Flags, desk: &Desk<'_>) -> Result<Answer> {
    let mut work = desk.work(&flags.scenario, Purpose::Look)?;
    let (personas, _) = work.run(&mut desk.notices(), seedbed::personas)?;
    Ok(desk.answer(&Report { work: &work, personas: &personas }))
}
