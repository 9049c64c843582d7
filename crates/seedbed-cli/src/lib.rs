//! The command line of Seedbed, for a terminal and for programs that have it inside.
//!
//! A verb reads its flags, calls the library once and answers. Everything that a verb may know of
//! the world around it is in its [`Caller`]; the terminal is one, Django another. Only the terminal
//! reads the system's clock, and `NO_COLOR` of the environment; a verb that needs it reads the
//! variable that the project names for its secret.

mod answer;
mod arguments;
mod caller;
mod chance;
mod code;
mod moment;
mod output;
mod page;
mod progress;
mod report;
#[cfg(all(unix, feature = "serve"))]
mod serve;
mod terminal;
mod typed;
mod verb;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::CommandFactory;
use seedbed::{Error, Exit, Result};

pub use answer::Answer;
pub use caller::Caller;
pub use moment::now;
pub use output::error::json as error_data;

use arguments::Arguments;
use verb::Desk;

/// Runs the command line in a terminal; `args` begins with the name of the program.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    ExitCode::from(exit_code(args))
}

/// Runs the command line in a terminal, and returns the exit code as a number.
pub fn exit_code(args: impl IntoIterator<Item = OsString>) -> u8 {
    match Arguments::read(terminal::PROGRAM, args) {
        Ok(arguments) => terminal::ask(&arguments),
        Err(error) => {
            // Nothing is left to do where even this can't be printed.
            let _ = error.print();
            error.exit_code() as u8
        }
    }
}

/// Returns what a verb answers to its caller; `args` is the verb and its flags.
///
/// Flags that a terminal heeds, `--format`, `--color` and `--quiet`, change nothing; `manifest` writes
/// its text in the language that `--format` says.
pub fn ask(args: impl IntoIterator<Item = OsString>, caller: Caller<'_>) -> Result<Answer> {
    let args = [OsString::from(caller.program)].into_iter().chain(args);
    run(&read(caller.program, args)?, caller)
}

/// Reads what is typed; `args` begins with the name of the program, and help lines call it `program`.
fn read(program: &str, args: impl IntoIterator<Item = OsString>) -> Result<Arguments> {
    Arguments::read(program, args).map_err(|error| Error::new(Exit::Usage, "wrong-call", said(&error)))
}

/// Returns the command line as a description: its verbs, and what each understands.
pub fn command() -> clap::Command {
    let mut command = Arguments::command();
    command.build();
    command
}

/// Whether a verb stays: it opens its database by itself, answers others, and ends when it is told to.
/// [`ask`] refuses such a verb.
pub fn stays(verb: &str) -> bool {
    ["run", "serve"].contains(&verb)
}

/// Returns what is wrong with a call, without the word that our own errors begin with.
fn said(error: &clap::Error) -> String {
    let text = error.to_string();
    let text = text.trim_end();
    text.strip_prefix("error: ").unwrap_or(text).to_owned()
}

fn run(arguments: &Arguments, caller: Caller<'_>) -> Result<Answer> {
    arguments.verb.run(&Desk::new(&arguments.global, caller))
}
