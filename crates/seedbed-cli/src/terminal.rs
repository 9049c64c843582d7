//! Terminal: the caller that is a person at a shell, or a script.

use std::io::{self, IsTerminal, Write};

use seedbed::{Error, Exit, Result};
use serde_json::json;

use crate::answer::Answer;
use crate::arguments::Arguments;
use crate::arguments::{Colour, Format, Global};
use crate::caller::Caller;
use crate::output::{self, Paint};
use crate::{moment, run};

/// How help lines call this program.
pub(crate) const PROGRAM: &str = "seedbed";

/// Asks the verb and prints what it answers; returns the exit code.
pub(crate) fn ask(arguments: &Arguments) -> u8 {
    let global = &Global { format: arguments.answer_format(), ..arguments.global.clone() };
    let announce = |answer: &Answer| {
        show(answer, global);
    };
    match caller(global).and_then(|caller| run(arguments, Caller { announce: Some(&announce), ..caller })) {
        Ok(answer) => show(&answer, global),
        Err(error) => fail(&error, global),
    }
}

fn caller(global: &Global) -> Result<Caller<'static>> {
    let here = std::env::current_dir().map_err(|error| {
        Error::new(Exit::CouldNotRun, "no-folder", format!("while asking for the current folder: {error}"))
    })?;
    let talks = !global.quiet && global.format == Format::Text;
    Ok(Caller {
        program: PROGRAM,
        migrate: "apply your migrations to this database",
        here,
        now: moment::now(),
        colour: coloured(global, io::stdout().is_terminal()),
        interactive: io::stdin().is_terminal(),
        live: talks && io::stderr().is_terminal(),
        announce: None,
        notice: if talks { &|line| eprintln!("{line}") } else { &|_| {} },
        secret: None,
        project: None,
        database: None,
    })
}

fn coloured(global: &Global, terminal: bool) -> bool {
    match global.color {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    }
}

fn show(answer: &Answer, global: &Global) -> u8 {
    match global.format {
        Format::Json => print(&format!("{:#}\n", answer.data)),
        _ if global.quiet => {}
        _ => print(&answer.text),
    }
    answer.exit_code
}

fn fail(error: &Error, global: &Global) -> u8 {
    let code = error.exit_code();
    if global.format == Format::Json {
        print(&format!("{:#}\n", json!({ "exit_code": code, "error": output::error::json(error) })));
    } else {
        let paint = Paint::new(coloured(global, io::stderr().is_terminal()));
        eprintln!("{}", output::error::text(error, paint));
    }
    code
}

fn print(text: &str) {
    // A reader that has gone, as `head` does, wants no more of it.
    let _ = io::stdout().lock().write_all(text.as_bytes());
}
