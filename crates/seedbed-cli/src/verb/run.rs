//! `seedbed run`

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};
use seedbed::project::Purpose;
use seedbed::{Error, Exit, Result};
use seedbed_core::scale::Scale;
use serde_json::json;
use tokio::process::{Child, Command};
use tokio::sync::mpsc::UnboundedReceiver;

use super::serve::{Asked, Host, Limit, Signals, staying};
use super::{Desk, seed};
use crate::answer::Answer;
use crate::output::duration;
use crate::page::{self, View};
use crate::report::{Files, try_reports, write_reports};
use crate::serve::{Address, Told};
use crate::typed;

#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// The scenario.
    scenario: String,
    /// How many workers are seeded: as many as tests run at once.
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=50))]
    workers: u8,
    /// Seeds worker 0 so many times, `1000`, or with at least so many rows, `users=100000`; the other workers
    /// stand as they are beside it.
    #[arg(long, value_name = "SCALE", value_parser = seed::scale)]
    scale: Option<Scale>,
    /// Takes indexes and foreign keys away while further blocks are loaded, and puts them back.
    #[arg(long)]
    rebuild: bool,
    #[command(flatten)]
    limit: Limit,
    /// Where the reports go that prove what the command stands on: `index.html`, `junit.xml`, `summary.md`.
    #[arg(long, value_name = "FOLDER", default_value = "seedbed-report")]
    report: PathBuf,
    /// The command and its arguments.
    #[arg(required = true, last = true)]
    command: Vec<OsString>,
}

pub(crate) fn run(flags: &Flags, desk: &Desk<'_>) -> Result<Answer> {
    staying(desk)?;
    // What can be known to fail is said before anything is written.
    desk.project()?.files(&[&flags.scenario])?;
    find(&flags.command[0])?;
    try_reports(&reports(flags), &desk.here)?;
    // Before signals are heard, so that a Ctrl-C ends a long load at once.
    let mut written = false;
    for worker in 0..flags.workers {
        let program = typed::Flags { worker, ..desk.flags }.program(desk.name);
        let seeded = seed::run(&flags.seed(worker), &desk.of_worker(worker, &program));
        let seeded = seeded.map_err(|error| behind(written, error))?;
        written |= seeded.data["written"] == true;
        let lines = seeded.text.trim_end();
        if worker == 0 {
            (desk.notice)(lines);
        } else {
            (desk.notice)(&format!("worker {worker}: {}", lines.lines().last().unwrap_or_default()));
        }
        if seeded.exit_code != 0 {
            return Ok(seeded);
        }
    }
    answer_and_wait(flags, desk).map_err(|error| behind(written, error))
}

/// Writes the reports, serves, and runs the command.
fn answer_and_wait(flags: &Flags, desk: &Desk<'_>) -> Result<Answer> {
    write(flags, desk)?;
    let asked = Asked {
        scenario: Some(&flags.scenario),
        workers: flags.workers,
        address: Address::Port(0),
        scale_limit: flags.limit.scale_limit,
    };
    let mut host = Host::begin(desk, &asked, None)?;
    let started = Instant::now();
    let mut command = command(flags, &host);
    let (told, signals) = (&mut host.told, &mut host.signals);
    let (status, resets) = host.runtime.block_on(async {
        let child = command.spawn().map_err(|error| no_command(&flags.command[0], &error))?;
        wait(child, told, signals, desk).await
    })?;
    let answer = ended(status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default()));
    let took = duration(started.elapsed());
    (desk.notice)(&format!("the command ended with {} after {took}{}", answer.exit_code, resets_told(resets)));
    host.end();
    Ok(answer)
}

impl Flags {
    /// Returns how a worker is seeded.
    fn seed(&self, worker: u8) -> seed::Flags {
        let (scale, rebuild) = if worker == 0 { (self.scale.clone(), self.rebuild) } else { (None, false) };
        seed::Flags { scenario: self.scenario.clone(), dry_run: false, scale: seed::Scaled { scale }, rebuild }
    }
}

/// Returns an error as it is where rows may have been written before.
fn behind(written: bool, error: Error) -> Error {
    if written && error.nothing_written { error.after_commit() } else { error }
}

/// Looks for the command as starting it does: a path as it stands, a name in the folders of `PATH`.
fn find(command: &OsStr) -> Result<()> {
    let runnable = |path: &Path| {
        let found = fs::metadata(path)?;
        let runs = found.is_file() && found.permissions().mode() & 0o111 != 0;
        if runs { Ok(()) } else { Err(io::Error::from(ErrorKind::PermissionDenied)) }
    };
    if command.as_bytes().contains(&b'/') {
        return runnable(Path::new(command)).map_err(|error| no_command(command, &error));
    }
    let folders = std::env::var_os("PATH").unwrap_or_else(|| "/bin:/usr/bin".into());
    let mut missing = io::Error::from_raw_os_error(Errno::NOENT.raw_os_error());
    for folder in std::env::split_paths(&folders) {
        match runnable(&folder.join(command)) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => missing = error,
            Err(_) => {}
        }
    }
    Err(no_command(command, &missing))
}

fn no_command(command: &OsStr, error: &io::Error) -> Error {
    let name = command.to_string_lossy();
    Error::new(Exit::CouldNotRun, "no-command", format!("while starting `{name}`: {error}"))
}

/// Returns the answer with the command's exit code, as a shell counts.
fn ended(code: i32) -> Answer {
    let code = code as u8;
    Answer { text: String::new(), data: json!({ "exit_code": code }), exit_code: code }
}

/// Writes the reports before the command begins, so that they are there however it ends.
fn write(flags: &Flags, desk: &Desk<'_>) -> Result<()> {
    let mut work = desk.work(&flags.scenario, Purpose::Look)?;
    // Further rows were loaded and counted, or compared, a moment ago.
    work.scaling = false;
    let reading = page::read(&mut work, &mut desk.notices())?;
    let view = View { work: &work, reading: &reading, now: desk.call.now, live: None };
    write_reports(&view, &reports(flags), &desk.here).map(|_| ())
}

fn reports(flags: &Flags) -> Files {
    let file = |name: &str| Some(flags.report.join(name));
    Files { html: file("index.html"), junit: file("junit.xml"), markdown: file("summary.md") }
}

fn command(flags: &Flags, host: &Host<'_>) -> Command {
    let (program, arguments) = flags.command.split_first().expect("clap asks for one");
    let mut command = Command::new(program);
    command.args(arguments);
    let told = [
        ("URL", host.address.clone()),
        ("TOKEN", host.token.clone()),
        ("SCENARIO", host.scenario.clone()),
        ("WORKERS", flags.workers.to_string()),
    ];
    for (name, value) in told {
        // Maestro passes variables with its own prefix on to its flows.
        command.env(format!("SEEDBED_{name}"), &value).env(format!("MAESTRO_SEEDBED_{name}"), value);
    }
    command
}

/// Waits for the command. What asks this program to end asks the command, and its end is waited for.
async fn wait(
    mut child: Child,
    told: &mut UnboundedReceiver<Told>,
    signals: &mut Signals,
    desk: &Desk<'_>,
) -> Result<(ExitStatus, Vec<Duration>)> {
    let pid = child.id().and_then(|pid| Pid::from_raw(pid.cast_signed()));
    let pass_on = |signal| {
        // It may have ended meanwhile.
        pid.map(|pid| kill_process(pid, signal))
    };
    let mut resets = Vec::new();
    loop {
        tokio::select! {
            status = child.wait() => {
                let status = status.map_err(|error| {
                    Error::new(Exit::CouldNotRun, "no-command", format!("while waiting for the command: {error}"))
                })?;
                return Ok((status, resets));
            }
            signal = signals.next() => {
                // A terminal tells the command by itself.
                if signal != Signal::INT || !desk.interactive {
                    pass_on(signal);
                }
            }
            Some(told) = told.recv() => match told {
                Told::Ended { verb: "reset", code: 0, took, .. } => resets.push(took),
                Told::Ended { code: 0, .. } => {}
                told => (desk.notice)(&told.to_string()),
            },
        }
    }
}

/// Returns how many resets there were and how long the middle one took.
fn resets_told(mut resets: Vec<Duration>) -> String {
    resets.sort();
    match resets.get(resets.len() / 2) {
        Some(middle) => {
            format!("; {}, {} in the middle", crate::output::count(resets.len(), "reset", "resets"), duration(*middle))
        }
        None => String::new(),
    }
}
