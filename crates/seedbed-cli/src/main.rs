//! The binary `seedbed`.

use std::process::ExitCode;

fn main() -> ExitCode {
    seedbed_cli::main(std::env::args_os())
}
