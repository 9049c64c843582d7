//! `seedbed verify`

use seedbed::Result;
use seedbed::project::Purpose;

use super::Desk;
use crate::answer::Answer;
use crate::output::verified::Report;

#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// The scenario.
    scenario: String,
    /// Lists every fact of every layer.
    #[arg(long)]
    all: bool,
}

pub(crate) fn run(flags: &Flags, desk: &Desk<'_>) -> Result<Answer> {
    let mut work = desk.work(&flags.scenario, Purpose::Look)?;
    let (verified, times) = work.run(&mut desk.notices(), seedbed::verify)?;
    let times = desk.whole(times);
    Ok(desk.answer(&Report { work: &work, verified: &verified, times, all: flags.all }))
}
