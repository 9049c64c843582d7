//! `seedbed cleanup`

use seedbed::Result;
use seedbed::project::Purpose;

use super::Desk;
use crate::output::removed::Report;

#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// The scenario; what stands on it goes first.
    scenario: String,
}

pub(crate) fn run(flags: &Flags, desk: &Desk<'_>) -> Result<u8> {
    let mut work = desk.work(&flags.scenario, Purpose::Remove)?;
    let (receipt, times) = work.run(&mut desk.console.notices(), |target, _| seedbed::cleanup(target))?;
    let times = desk.console.whole(times);
    Ok(desk.console.show(&Report { work: &work, receipt: &receipt, times }))
}
