//! `seedbed token`

use clap::ValueEnum;
use seedbed::project::Purpose;
use seedbed::token::{Kind, token};
use seedbed::{Error, Exit, Result};
use seedbed_core::time;

use super::Desk;
use crate::answer::Answer;
use crate::chance;
use crate::output::handed::Report;

#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// The persona, or any named row.
    persona: String,
    /// The scenario whose names are meant; the highest layer of the project unless said.
    #[arg(long, value_name = "NAME")]
    scenario: Option<String>,
    /// One that was good until a minute ago.
    #[arg(long, conflicts_with_all = ["malformed", "ttl"])]
    expired: bool,
    /// One that is rightly signed and holds no claims.
    #[arg(long, conflicts_with = "ttl")]
    malformed: bool,
    /// How long it is good: `24h`, or a number of seconds; the project's own lifetime unless said.
    #[arg(long, value_name = "TIME", value_parser = lifetime)]
    ttl: Option<i64>,
    /// What it is to be, as a program says it.
    #[arg(long, value_name = "KIND", value_enum, hide = true, conflicts_with_all = ["expired", "malformed"])]
    kind: Option<Wanted>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Wanted {
    Valid,
    Expired,
    Malformed,
}

pub(crate) fn run(flags: &Flags, desk: &Desk<'_>) -> Result<Answer> {
    let kind = match (flags.kind, flags.expired, flags.malformed) {
        (Some(Wanted::Expired), ..) | (_, true, _) => Kind::Expired,
        (Some(Wanted::Malformed), ..) | (_, _, true) => Kind::Malformed,
        _ => Kind::Valid,
    };
    let project = desk.project()?;
    let highest = project.names().pop();
    let scenario = flags.scenario.as_deref().or(highest);
    let scenario = scenario.ok_or_else(|| Error::new(Exit::Usage, "no-scenarios", "the project has no scenario"))?;
    let lifetime = flags.ttl.unwrap_or(project.token_lifetime().as_secs() as i64);
    let (secret, id) = (desk.secret(&project)?, chance::hex::<16>()?);
    let mut work = desk.work_in(&project, scenario, Purpose::Look)?;
    let (token, _) = work.run(&mut desk.notices(), |target, chain| {
        token(target, chain, &flags.persona, (kind, lifetime), (&secret, project.claims()), &id)
    })?;
    Ok(desk.answer(&Report { token: &token }))
}

fn lifetime(text: &str) -> std::result::Result<i64, String> {
    let seconds = text.parse().ok().or_else(|| time::duration(text));
    seconds.filter(|seconds| *seconds > 0).ok_or_else(|| "write `24h`, `15m`, or a number of seconds".to_owned())
}
