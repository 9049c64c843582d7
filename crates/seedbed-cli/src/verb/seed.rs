//! `seedbed seed`

use seedbed::project::Purpose;
use seedbed::{Error, Exit, Result, typed};
use seedbed_core::scale::Scale;

use super::Desk;
use crate::answer::Answer;
use crate::output::difference::Detail;
use crate::output::{planned, seeded};

#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// The scenario.
    pub(super) scenario: String,
    /// Says what would be written, and writes nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
    #[command(flatten)]
    pub(super) scale: Scaled,
    /// Takes indexes and foreign keys away while further blocks are loaded, and puts them back.
    #[arg(long)]
    pub(super) rebuild: bool,
}

/// How large the dataset is to be.
#[derive(Debug, clap::Args)]
pub(crate) struct Scaled {
    /// The dataset so many times, `1000`, or with at least so many rows, `users=100000`; as large as it
    /// stands unless said.
    #[arg(long, value_name = "SCALE", value_parser = scale)]
    pub(crate) scale: Option<Scale>,
}

/// Reads a scale.
pub(crate) fn scale(text: &str) -> std::result::Result<Scale, String> {
    Scale::parse(text).ok_or_else(|| "write a number of blocks, as 1000, or of rows, as users=100000".to_owned())
}

pub(crate) fn run(flags: &Flags, desk: &Desk<'_>) -> Result<Answer> {
    fits(flags, desk)?;
    let purpose = if flags.dry_run { Purpose::Look } else { Purpose::Write };
    let mut work = desk.work_at(&flags.scenario, purpose, flags.scale.scale.as_ref())?;
    work.rebuild = flags.rebuild;
    let mut notices = desk.notices();
    if flags.dry_run {
        let (receipt, times) = work.run(&mut notices, |target, _| seedbed::plan(target, None))?;
        let (work, receipt, times) = (&work, &receipt, desk.whole(times));
        let (scale, detail) = (flags.scale.scale.as_ref(), Detail::Brief);
        return Ok(desk.answer(&planned::Report { work, receipt, times, detail, scale, state: None, check: false }));
    }
    let (receipt, times) = work.run(&mut notices, |target, _| seedbed::seed(target))?;
    // What was read and compared just now, and found as it was left, has been verified then; and further rows
    // were counted and read back as they were loaded.
    work.scaling = false;
    let verified = receipt.written.then(|| work.run(&mut notices, seedbed::verify)).transpose();
    let verified = verified.map_err(|error| if receipt.committed { error.after_commit() } else { error })?;
    let (work, receipt, verified) = (&work, &receipt, verified.map(|(verified, _)| verified));
    let whole = desk.whole(times);
    Ok(desk.answer(&seeded::Report { work, receipt, verified: verified.as_ref(), times, whole }))
}

/// Refuses a scale that is over the limit, before a missing database is made.
fn fits(flags: &Flags, desk: &Desk<'_>) -> Result<()> {
    let (Some(scale), Some(limit)) = (&flags.scale.scale, desk.scale_limit) else { return Ok(()) };
    let blocks = desk.work_at(&flags.scenario, Purpose::Look, Some(scale))?.scaled.blocks;
    if blocks <= limit {
        return Ok(());
    }
    let seed = typed::line(desk.call.program, &format!("seed {} --scale {scale}", flags.scenario));
    let message = format!("a scale of {blocks} is asked for, and this service seeds at most {limit}");
    let error = Error::new(Exit::Usage, "scale-limit", message);
    Err(error.help(format!("start it with `--scale-limit {blocks}`, or type `{seed}`")))
}
