//! `seedbed serve`

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::process::Signal;
use seedbed::{Error, Exit, Project, Result};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{self, SignalKind};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Desk;
use crate::answer::Answer;
use crate::output::serving::Report;
use crate::serve::{Address, Listening, Secret, Service, Settings, Told};

#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// The scenario that is meant where a request names none; the highest layer of the project unless said.
    scenario: Option<String>,
    /// How many workers the page offers.
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=50))]
    workers: u8,
    /// Listens at this port of 127.0.0.1; at a free one unless said.
    #[arg(long, value_name = "NUMBER", default_value_t = 0, conflicts_with = "socket")]
    port: u16,
    /// Listens at a Unix socket instead.
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// Where the token is written, for its owner alone.
    #[arg(long, value_name = "PATH")]
    token_file: Option<PathBuf>,
    #[command(flatten)]
    limit: Limit,
}

/// What a service takes on.
#[derive(Debug, clap::Args)]
pub(super) struct Limit {
    /// The largest scale, in blocks, that a request may seed.
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) scale_limit: u64,
}

pub(crate) fn run(flags: &Flags, desk: &Desk<'_>) -> Result<Answer> {
    let address = flags.socket.as_ref().map_or(Address::Port(flags.port), |path| Address::Socket(desk.here.join(path)));
    let asked = Asked {
        scenario: flags.scenario.as_deref(),
        workers: flags.workers,
        address,
        scale_limit: flags.limit.scale_limit,
    };
    let mut host = Host::begin(desk, &asked, flags.token_file.as_deref())?;
    let page = if desk.interactive && desk.live { Some(host.page_address()?) } else { None };
    let report = Report {
        database: &host.database,
        scenario: &host.scenario,
        workers: flags.workers,
        address: &host.address,
        token_file: &host.token_file.0,
        page: page.as_deref(),
    };
    (host.announce)(&desk.answer(&report));
    let (told, signals) = (&mut host.told, &mut host.signals);
    host.runtime.block_on(async {
        loop {
            tokio::select! {
                _ = signals.next() => return,
                Some(told) = told.recv() => (desk.notice)(&told.to_string()),
            }
        }
    });
    host.end();
    Ok(Answer { text: String::new(), data: serde_json::json!({ "exit_code": 0 }), exit_code: 0 })
}

/// What is to be served, and where.
pub(super) struct Asked<'a> {
    pub(super) scenario: Option<&'a str>,
    pub(super) workers: u8,
    pub(super) address: Address,
    pub(super) scale_limit: u64,
}

/// A service that answers in threads of its own until it ends.
pub(super) struct Host<'a> {
    pub(super) runtime: Runtime,
    service: Arc<Service>,
    pub(super) told: UnboundedReceiver<Told>,
    pub(super) signals: Signals,
    pub(super) announce: &'a dyn Fn(&Answer),
    pub(super) scenario: String,
    pub(super) database: String,
    /// Where it listens: `http://127.0.0.1:41234`, or a socket's path.
    pub(super) address: String,
    /// What callers show.
    pub(super) token: String,
    token_file: Removed,
    stop: watch::Sender<bool>,
    answering: JoinHandle<()>,
}

/// A file that goes with the service.
struct Removed(PathBuf);

impl Drop for Removed {
    fn drop(&mut self) {
        crate::serve::remove(&self.0);
    }
}

impl<'a> Host<'a> {
    /// Begins to answer.
    pub(super) fn begin(desk: &Desk<'a>, asked: &Asked<'_>, token_file: Option<&Path>) -> Result<Self> {
        let announce = staying(desk)?;
        let project = desk.project()?;
        let highest = project.names().pop().map(str::to_owned);
        let scenario = asked.scenario.map(str::to_owned).or(highest);
        let scenario =
            scenario.ok_or_else(|| Error::new(Exit::Usage, "no-scenarios", "the project has no scenario"))?;
        // What is wrong is said before anything listens.
        project.files(&[&scenario])?;
        let database = desk.look(&project)?.name;

        let runtime =
            Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(|error| {
                Error::new(Exit::CouldNotRun, "no-threads", format!("while starting threads: {error}"))
            })?;
        let signals = Signals::listen(&runtime)?;
        let listening = runtime.block_on(Listening::begin(&asked.address))?;
        let address = match (&asked.address, listening.port()) {
            (Address::Socket(path), _) => path.display().to_string(),
            (Address::Port(port), bound) => format!("http://127.0.0.1:{}", bound.unwrap_or(*port)),
        };
        let secret = Secret::new()?;
        let token = secret.text().to_owned();
        let token_file = match token_file {
            Some(path) => desk.here.join(path),
            None => token_place(&project, listening.port())?,
        };
        secret.write(&token_file)?;
        let token_file = Removed(token_file);
        let settings = Settings {
            scenario: scenario.clone(),
            flags: flags(desk),
            here: desk.here.clone(),
            program: desk.name.to_owned(),
            migrate: desk.call.migrate.to_owned(),
            workers: asked.workers,
            scale_limit: asked.scale_limit,
        };
        let (service, told) = Service::new(settings, secret, listening.hosts());
        let (stop, stopped) = watch::channel(false);
        let answering = runtime.spawn(Arc::clone(&service).answer(listening, stopped));
        Ok(Self {
            runtime,
            service,
            told,
            signals,
            announce,
            scenario,
            database,
            address,
            token,
            token_file,
            stop,
            answering,
        })
    }

    /// Returns an address that lets one browser in, once.
    pub(super) fn page_address(&self) -> Result<String> {
        Ok(format!("{}/#key={}", self.address, self.service.key()?))
    }

    /// Lets running verbs come to their ends, and ends.
    pub(super) fn end(self) {
        // It may have ended by itself.
        let _ = self.stop.send(true);
        let _ = self.runtime.block_on(self.answering);
    }
}

/// Returns who hears that a verb has begun that stays.
pub(super) fn staying<'a>(desk: &Desk<'a>) -> Result<&'a dyn Fn(&Answer)> {
    desk.announce.ok_or_else(|| {
        let error = Error::new(Exit::Usage, "not-from-here", "this verb stays, and opens its database by itself");
        error.help("type it in a terminal: `seedbed serve`, `seedbed run`")
    })
}

/// What asks a program to end.
pub(super) struct Signals([(Signal, unix::Signal); 3]);

impl Signals {
    /// Begins to hear them: from now on none of them ends the program by itself.
    fn listen(runtime: &Runtime) -> Result<Self> {
        let _inside = runtime.enter();
        let hear = |signal: Signal, kind| unix::signal(kind).map(|heard| (signal, heard));
        let all = || -> io::Result<Self> {
            Ok(Self([
                hear(Signal::INT, SignalKind::interrupt())?,
                hear(Signal::TERM, SignalKind::terminate())?,
                hear(Signal::HUP, SignalKind::hangup())?,
            ]))
        };
        all().map_err(|error| {
            Error::new(Exit::CouldNotRun, "no-signals", format!("while asking to hear signals: {error}"))
        })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) -> Signal {
        let Self([(one, first), (other, second), (third, last)]) = self;
        tokio::select! {
            _ = first.recv() => *one,
            _ = second.recv() => *other,
            _ = last.recv() => *third,
        }
    }
}

/// Returns where the token is written unless said: in the project, where version control does not look.
fn token_place(project: &Project, port: Option<u16>) -> Result<PathBuf> {
    let folder = project.folder().join(".seedbed");
    let made = fs::create_dir_all(&folder).and_then(|()| fs::write(folder.join(".gitignore"), "*\n"));
    made.map_err(|error| {
        let message = format!("while making {}: {error}", folder.display());
        Error::new(Exit::CouldNotRun, "no-token-file", message).help("name a file with --token-file")
    })?;
    Ok(folder.join(port.map_or("service.token".to_owned(), |port| format!("service-{port}.token"))))
}

/// Returns the flags that hold for every verb of the service.
fn flags(desk: &Desk<'_>) -> Vec<OsString> {
    let mut flags = Vec::new();
    let mut add = |name: &str, value: Option<OsString>| {
        if let Some(value) = value {
            let mut flag = OsString::from(format!("--{name}="));
            flag.push(value);
            flags.push(flag);
        }
    };
    add("db", desk.call.database.map(OsString::from));
    add("media", desk.call.media.map(OsString::from));
    add("config", desk.config.map(OsString::from));
    add("seed", desk.call.seed.map(|seed| seed.to_string().into()));
    add("as-of", desk.call.as_of.map(|as_of| crate::moment::written(as_of).into()));
    flags
}
