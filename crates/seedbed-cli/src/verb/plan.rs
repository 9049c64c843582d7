//! `seedbed plan`

use seedbed::Result;
use seedbed::project::Purpose;

use super::Desk;
use super::seed::Scaled;
use crate::answer::Answer;
use crate::output::difference::Detail;
use crate::output::planned::Report;

#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// The scenario.
    scenario: String,
    /// Exits with 1 when anything would change.
    #[arg(long)]
    check: bool,
    /// Compares with this declared state instead.
    #[arg(long, value_name = "NAME")]
    state: Option<String>,
    /// Lists every row.
    #[arg(long)]
    rows: bool,
    #[command(flatten)]
    scale: Scaled,
    /// Looks at what `seed --rebuild` would take away.
    #[arg(long)]
    rebuild: bool,
}

pub(crate) fn run(flags: &Flags, desk: &Desk<'_>) -> Result<Answer> {
    let mut work = desk.work_at(&flags.scenario, Purpose::Look, flags.scale.scale.as_ref())?;
    work.rebuild = flags.rebuild;
    let state = flags.state.as_deref();
    let (receipt, times) = work.run(&mut desk.notices(), |target, _| seedbed::plan(target, state))?;
    let times = desk.whole(times);
    let detail = if flags.rows { Detail::EveryRow } else { Detail::Brief };
    let (scale, check) = (flags.scale.scale.as_ref(), flags.check);
    Ok(desk.answer(&Report { work: &work, receipt: &receipt, times, detail, scale, state, check }))
}
