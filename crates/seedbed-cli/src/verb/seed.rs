//! `seedbed seed`

use seedbed::Result;
use seedbed::project::Purpose;

use super::Desk;
use crate::answer::Answer;
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

pub(crate) fn run(flags: &Flags, desk: &Desk<'_>) -> Result<Answer> {
    let purpose = if flags.dry_run { Purpose::Look } else { Purpose::Write };
    let mut work = desk.work(&flags.scenario, purpose)?;
    let mut notices = desk.notices();
    if flags.dry_run {
        let (receipt, times) = work.run(&mut notices, |target, _| seedbed::plan(target, None))?;
        let (work, receipt, times) = (&work, &receipt, desk.whole(times));
        return Ok(desk.answer(&planned::Report { work, receipt, times, detail: Detail::Brief, check: false }));
    }
    let (receipt, times) = work.run(&mut notices, |target, _| seedbed::seed(target))?;
    // What was read and compared just now, and found as it was left, has been verified then.
    let verified = receipt.written.then(|| work.run(&mut notices, seedbed::verify)).transpose();
    let verified = verified.map_err(|error| if receipt.committed { error.after_commit() } else { error })?;
    let (work, receipt, verified) = (&work, &receipt, verified.map(|(verified, _)| verified));
    let whole = desk.whole(times);
    Ok(desk.answer(&seeded::Report { work, receipt, verified: verified.as_ref(), times, whole }))
}
