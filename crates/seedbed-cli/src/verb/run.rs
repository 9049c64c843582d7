//! `seedbed run`

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

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
use crate::report::{Files, write_reports};
use crate::serve::{Address, Told};

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
    // Before signals are heard, so that a Ctrl-C ends a long load at once.
    for worker in 0..flags.workers {
        let seeded = seed::run(&flags.seed(worker), &desk.of_worker(worker))?;
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
        let child = command.spawn().map_err(|error| {
            let name = flags.command[0].to_string_lossy().into_owned();
            Error::new(Exit::CouldNotRun, "no-command", format!("while starting `{name}`: {error}"))
        })?;
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
    let file = |name: &str| Some(flags.report.join(name));
    let files = Files { html: file("index.html"), junit: file("junit.xml"), markdown: file("summary.md") };
    write_reports(&view, &files, &desk.here).map(|_| ())
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
