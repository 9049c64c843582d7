//! `seedbed reset`

use seedbed::Result;
use seedbed::project::Purpose;

use super::Desk;
use crate::answer::Answer;
use crate::output::restored::Report;

#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// The scenario.
    pub(crate) scenario: String,
    /// Starts from this declared state instead.
    #[arg(long, value_name = "NAME")]
    pub(crate) state: Option<String>,
}

pub(crate) fn run(flags: &Flags, desk: &Desk<'_>) -> Result<Answer> {
    let mut work = desk.work(&flags.scenario, Purpose::Write)?;
    let state = flags.state.as_deref();
    let (receipt, times) = work.run(&mut desk.notices(), |target, _| seedbed::reset(target, state))?;
    let times = desk.whole(times);
    Ok(desk.answer(&Report { work: &work, receipt: &receipt, times, state }))
}
