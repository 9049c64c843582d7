//! `seedbed personas`

use seedbed::Result;
use seedbed::project::Purpose;

use super::Desk;
use crate::output::personas::Report;

#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// The scenario.
    scenario: String,
}

pub(crate) fn run(flags: &Flags, desk: &Desk<'_>) -> Result<u8> {
    let mut work = desk.work(&flags.scenario, Purpose::Look)?;
    let (personas, _) = work.run(&mut desk.console.notices(), seedbed::personas)?;
    Ok(desk.console.show(&Report { work: &work, personas: &personas }))
}
