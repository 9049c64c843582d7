//! `seedbed show`

use seedbed::project::Purpose;
use seedbed::{Error, Exit, Result};

use super::Desk;
use crate::answer::Answer;
use crate::output::shown::Report;

#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// The persona, or any named row.
    persona: String,
    /// What it leads to: `favorites`, `following.followed`.
    relation: String,
    /// The scenario whose names are meant; the highest layer of the project unless said.
    #[arg(long, value_name = "NAME")]
    scenario: Option<String>,
}

pub(crate) fn run(flags: &Flags, desk: &Desk<'_>) -> Result<Answer> {
    let project = desk.project()?;
    let highest = project.names().pop();
    let scenario = flags.scenario.as_deref().or(highest);
    let scenario = scenario.ok_or_else(|| Error::new(Exit::Usage, "no-scenarios", "the project has no scenario"))?;
    let mut work = desk.work_in(&project, scenario, Purpose::Look)?;
    let (persona, relation) = (&flags.persona, &flags.relation);
    let (shown, _) = work.run(&mut desk.notices(), |target, chain| seedbed::show(target, chain, persona, relation))?;
    Ok(desk.answer(&Report { work: &work, shown: &shown }))
}
