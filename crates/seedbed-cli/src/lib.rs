//! The command line of Seedbed.
//!
//! A verb reads its flags, calls the library once, shows the report and gives back an exit code.
//! This is the only crate that reads the system's clock, and of the environment it reads
//! `NO_COLOR` only.

mod arguments;
mod console;
mod moment;
mod output;
mod verb;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use arguments::Arguments;
use console::Console;
use verb::Desk;

/// Runs the command line; `args` begins with the name of the program.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(args) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Nothing is left to do where even this can't be printed.
            let _ = error.print();
            return ExitCode::from(error.exit_code() as u8);
        }
    };
    let console = Console::new(&arguments.global);
    let desk = Desk::new(&arguments.global, &console);
    let code = arguments.verb.run(&desk).unwrap_or_else(|error| console.fail(&error));
    ExitCode::from(code)
}
