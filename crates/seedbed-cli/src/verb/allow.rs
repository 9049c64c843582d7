//! `seedbed allow`

use std::io::{self, BufRead, Write};

use seedbed::project::{Place, Presence, database_names};
use seedbed::{Error, Exit, Result, typed};

use super::Desk;
use crate::answer::Answer;
use crate::output::allowed::Report;

#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// The database by its name, as a person would say it: `db.sqlite3`. Asked for on a terminal.
    name: Option<String>,
}

pub(crate) fn run(flags: &Flags, desk: &Desk<'_>) -> Result<Answer> {
    let project = desk.project()?;
    let named = flags.name.as_deref();
    let mut place = match (desk.lent(), desk.call.database, named) {
        (Some(place), _, _) => place,
        // The help of a refusal names a database that was given with --db.
        (None, None, Some(name)) if project.look(None).map_or(true, |own| !is_named(&own, name)) => {
            let other = project.look(Some(name)).ok().filter(|other| other.presence == Presence::There);
            other.map_or_else(|| project.existing(None), Ok)?
        }
        (None, database, _) => project.existing(database)?,
    };
    let answer = named.map_or_else(|| ask(&place, desk), |name| Ok(name.to_owned()))?;
    if !is_named(&place, &answer) {
        let names = database_names(&place.name);
        let error = Error::new(Exit::Usage, "wrong-name", format!("`{answer}` is not the name of this database"));
        return Err(error.help(format!("it is `{}` or `{}`", names[0], names[2])));
    }
    let (now, timeout) = (desk.call.now, project.lock_timeout());
    let marker = seedbed::allow(&mut *place.database, now, timeout, &mut desk.notices())?;
    Ok(desk.answer(&Report { database: place.name, marker: &marker }))
}

fn is_named(place: &Place, name: &str) -> bool {
    database_names(&place.name).iter().any(|known| known == name)
}

fn ask(place: &Place, desk: &Desk<'_>) -> Result<String> {
    let names = database_names(&place.name);
    if !desk.interactive {
        let error = Error::new(Exit::Usage, "name-missing", format!("`{}` is to be named", names[2]));
        return Err(error.help(format!("{} allow {}", typed::name(desk.call.program), typed::quoted(&names[1]))));
    }
    print!("Tests may then write into {} and remove their rows again. Type `{}` to say yes: ", names[2], names[0]);
    let mut answer = String::new();
    let heard = io::stdout().flush().and_then(|()| io::stdin().lock().read_line(&mut answer));
    heard.map_err(|error| Error::new(Exit::CouldNotRun, "no-answer", format!("while asking: {error}")))?;
    Ok(answer.trim().to_owned())
}
