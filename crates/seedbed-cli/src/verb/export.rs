//! `seedbed export`

use std::path::PathBuf;

use seedbed::Result;
use seedbed::export::Part;
use seedbed::project::{Call, Export};
use seedbed_core::scale::Scale;

use super::Desk;
use crate::answer::Answer;
use crate::output::exported::Report;
use crate::progress::Progress;
use crate::verb::seed::scale;

#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// The scenario.
    scenario: String,
    /// The folder for a file per table and a manifest: a new or an empty one, or that of an earlier export.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// How large: a number of blocks, or numbers of rows, `users=100000,flyers=500000`.
    #[arg(long, value_name = "SCALE", default_value = "1", value_parser = scale)]
    scale: Scale,
    /// One part of so many: `2/7`. Parts need not know of each other.
    #[arg(long, value_name = "PART", value_parser = part)]
    part: Option<Part>,
    /// How many threads make rows; as many as can run at once unless said.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// The answer is one object with stable names, the manifest.
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn run(flags: &Flags, desk: &Desk<'_>) -> Result<Answer> {
    let form = desk.format.form().expect("a call without a form is a wrong one");
    let (folder, threads) = (desk.here.join(&flags.out), flags.threads.map(usize::from));
    let export = Export { form, folder: &folder, part: flags.part, threads };
    let (call, mut progress) = (Call { scale: Some(&flags.scale), ..desk.call }, Progress::new(desk.watch));
    let mut told = |table: &str, done, of| progress.show("writing", table, done, of);
    let manifest = desk.project()?.export(&flags.scenario, desk.lent(), &call, &export, &mut told)?;
    // The display goes before the answer comes.
    drop(progress);
    Ok(desk.answer(&Report { manifest: &manifest, folder: &flags.out, took: desk.took() }))
}

fn part(text: &str) -> std::result::Result<Part, String> {
    Part::parse(text).ok_or_else(|| "write the number of the part and how many there are, `2/7`".to_owned())
}
