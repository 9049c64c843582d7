//! `seedbed schema`

use seedbed::Result;
use seedbed_core::grammar::json_schema::{ProjectNames, json_schema};

use super::Desk;

#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// With the names of this project, so that an editor completes them.
    #[arg(long)]
    project: bool,
}

pub(crate) fn run(flags: &Flags, desk: &Desk<'_>) -> Result<u8> {
    let names = if flags.project { desk.project()?.vocabulary()? } else { ProjectNames::new() };
    desk.console.print(&format!("{:#}\n", json_schema(&names)));
    Ok(0)
}
