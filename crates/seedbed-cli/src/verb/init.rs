//! `seedbed init`

use seedbed::project::{Place, database_names};
use seedbed::{Error, Exit, Result, typed};

use super::Desk;
use crate::answer::Answer;
use crate::output::begun::Report;

#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// The database: `postgres://USER@HOST/NAME` or `sqlite:PATH`.
    address: Option<String>,
}

pub(crate) fn run(flags: &Flags, desk: &Desk<'_>) -> Result<Answer> {
    let settings = desk.settings();
    seedbed::refuse_existing(&settings, &desk.here)?;
    let (mut place, address) = place(flags, desk)?;
    let begun = seedbed::init(&mut place, &address, &settings, &desk.here, desk.call.now)?;
    let [name, ..] = database_names(&place.name);
    Ok(desk.answer(&Report { begun: &begun, program: typed::name(desk.call.program), name: &name }))
}

/// Returns the database that was named, and its address.
fn place(flags: &Flags, desk: &Desk<'_>) -> Result<(Place, String)> {
    if let Some(place) = desk.lent() {
        let address = place.name.clone();
        return Ok((place, address));
    }
    let Some(address) = flags.address.as_deref().or(desk.call.database) else {
        let error = Error::new(Exit::Usage, "no-database", "no database is named");
        return Err(error
            .help(format!("{} init postgres://USER@HOST:PORT/NAME", typed::name(desk.call.program)))
            .help(format!("{} init sqlite:PATH", typed::name(desk.call.program))));
    };
    Ok((desk.begun().existing(Some(address))?, address.to_owned()))
}
