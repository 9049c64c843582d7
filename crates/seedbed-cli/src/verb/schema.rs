//! `seedbed schema`

use seedbed::Result;
use seedbed_core::grammar::json_schema::{ProjectNames, json_schema};

use super::Desk;
use crate::answer::Answer;

#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// With the names of this project, so that an editor completes them.
    #[arg(long)]
    project: bool,
}

pub(crate) fn run(flags: &Flags, desk: &Desk<'_>) -> Result<Answer> {
    let names = if flags.project { desk.project()?.vocabulary()? } else { ProjectNames::new() };
    let schema = json_schema(&names);
    // The schema is the whole answer, in either form.
    Ok(Answer { text: format!("{schema:#}\n"), data: schema, exit_code: 0 })
}
