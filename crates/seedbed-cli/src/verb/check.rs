//! `seedbed check`

use indicatif::{ProgressBar, ProgressStyle};
use seedbed::Result;

use super::Desk;
use crate::answer::Answer;
use crate::output::checked::Report;
use crate::typed;

#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// The scenarios; all of the project when none is named.
    scenarios: Vec<String>,
    /// Generates with so many seeds, from --seed on.
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
}

pub(crate) fn run(flags: &Flags, desk: &Desk<'_>) -> Result<Answer> {
    let names: Vec<&str> = flags.scenarios.iter().map(String::as_str).collect();
    let bar = if desk.live && flags.seeds > 1 { ProgressBar::new(0) } else { ProgressBar::hidden() };
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} datasets, {eta} left");
    bar.set_style(style.expect("the template is well formed"));
    let checked = desk.project()?.check(&names, flags.seeds, &desk.call, &mut |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    // A failing seed is explained by its own number, and no database is asked.
    let flags = typed::Flags { seed: None, db: None, media: None, ..desk.flags };
    let program = &flags.program(desk.name);
    Ok(desk.answer(&Report { program, checked: checked?, first: desk.call.seed.unwrap_or(1) }))
}
