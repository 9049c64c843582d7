//! `seedbed cleanup`

use seedbed::Result;
use seedbed::project::Purpose;

use super::Desk;
use crate::answer::Answer;
use crate::output::removed::Report;

#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// The scenario; what stands on it goes first.
    scenario: String,
}

pub(crate) fn run(flags: &Flags, desk: &Desk<'_>) -> Result<Answer> {
    let mut work = desk.work(&flags.scenario, Purpose::Remove)?;
    let (receipt, times) = work.run(&mut desk.notices(), |target, _| seedbed::cleanup(target))?;
    let times = desk.whole(times);
    Ok(desk.answer(&Report { work: &work, receipt: &receipt, times }))
}
