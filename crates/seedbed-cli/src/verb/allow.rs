//! `seedbed allow`

use std::io::{self, BufRead, IsTerminal, Write};

use seedbed::project::Presence;
use seedbed::{Error, Exit, Project, Result};

use super::Desk;
use crate::output::allowed::Report;

#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// The database by its name, as a person would say it: `db.sqlite3`. Asked for on a terminal.
    name: Option<String>,
}

pub(crate) fn run(flags: &Flags, desk: &Desk<'_>) -> Result<u8> {
    let project = desk.project()?;
    let database = named(flags, desk, &project)?;
    let mut place = project.existing(database)?;
    let (now, timeout) = (desk.call.now, project.lock_timeout());
    let marker = seedbed::allow(&mut *place.database, now, timeout, &mut desk.console.notices())?;
    Ok(desk.console.show(&Report { database: place.name, marker: &marker }))
}

/// Returns the database that somebody has named, here or by the flag.
fn named<'a>(flags: &'a Flags, desk: &Desk<'a>, project: &Project) -> Result<Option<&'a str>> {
    let names = project.database_names(desk.call.database)?;
    let Some(name) = &flags.name else {
        let answer = ask(&names)?;
        return if names.contains(&answer) { Ok(desk.call.database) } else { Err(wrong(&answer, &names)) };
    };
    match desk.call.database {
        database if names.contains(name) => Ok(database),
        // The help of a refusal names a database that was given with --db.
        None if project.look(Some(name)).is_ok_and(|place| place.presence == Presence::There) => Ok(Some(name)),
        _ => Err(wrong(name, &names)),
    }
}

fn ask(names: &[String]) -> Result<String> {
    if !io::stdin().is_terminal() {
        let error = Error::new(Exit::Usage, "name-missing", format!("`{}` is to be named", names[2]));
        return Err(error.help(format!("seedbed allow {}", names[1])));
    }
    print!("Tests may then write into {} and remove their rows again. Type `{}` to say yes: ", names[2], names[0]);
    let mut answer = String::new();
    let heard = io::stdout().flush().and_then(|()| io::stdin().lock().read_line(&mut answer));
    heard.map_err(|error| Error::new(Exit::CouldNotRun, "no-answer", format!("while asking: {error}")))?;
    Ok(answer.trim().to_owned())
}

fn wrong(name: &str, names: &[String]) -> Error {
    Error::new(Exit::Usage, "wrong-name", format!("`{name}` is not the name of this database"))
        .help(format!("it is `{}` or `{}`", names[0], names[2]))
}
