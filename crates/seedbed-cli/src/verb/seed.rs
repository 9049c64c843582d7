//! `seedbed seed`

use seedbed::Result;
use seedbed::project::Purpose;

use super::Desk;
use crate::output::difference::Detail;
use crate::output::{planned, seeded};

#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// The scenario.
    scenario: String,
    /// Says what would be written, and writes nothing.
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(flags: &Flags, desk: &Desk<'_>) -> Result<u8> {
    let purpose = if flags.dry_run { Purpose::Look } else { Purpose::Write };
    let mut work = desk.work(&flags.scenario, purpose)?;
    let mut notices = desk.console.notices();
    if flags.dry_run {
        let (receipt, times) = work.run(&mut notices, |target, _| seedbed::plan(target))?;
        let (work, receipt, times) = (&work, &receipt, desk.console.whole(times));
        return Ok(desk.console.show(&planned::Report { work, receipt, times, detail: Detail::Brief, check: false }));
    }
    let (receipt, times) = work.run(&mut notices, |target, _| seedbed::seed(target))?;
    let whole = desk.console.whole(times);
    Ok(desk.console.show(&seeded::Report { work: &work, receipt: &receipt, times, whole }))
}
