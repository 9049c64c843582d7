//! The verbs: each reads its flags, calls the library once, and answers.

pub(crate) mod allow;
pub(crate) mod check;
pub(crate) mod cleanup;
pub(crate) mod export;
pub(crate) mod init;
pub(crate) mod manifest;
pub(crate) mod personas;
pub(crate) mod plan;
pub(crate) mod report;
pub(crate) mod reset;
#[cfg(all(unix, feature = "serve"))]
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod seed;
#[cfg(all(unix, feature = "serve"))]
pub(crate) mod serve;
pub(crate) mod show;
pub(crate) mod status;
pub(crate) mod token;
pub(crate) mod verify;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use seedbed::database::postgres::Environment;
use seedbed::project::{Call, FILE, Place, Purpose, Times, Work};
use seedbed::token::Secret;
use seedbed::{Database, Notice, Project, Result};
use seedbed_core::scale::Scale;

use crate::answer::{Answer, Report};
use crate::arguments::{Format, Global};
use crate::caller::Caller;
use crate::output::Paint;
use crate::progress::{Progress, Watch};
use crate::typed::Flags;

/// What every verb works with.
pub(crate) struct Desk<'a> {
    pub(crate) call: Call<'a>,
    /// How help lines call this program, without flags.
    pub(crate) name: &'a str,
    /// What a next step is typed with.
    pub(crate) flags: Flags<'a>,
    /// Whether somebody is there to be asked.
    pub(crate) interactive: bool,
    /// Whether a running display may be drawn.
    pub(crate) live: bool,
    pub(crate) here: PathBuf,
    pub(crate) format: Format,
    pub(crate) config: Option<&'a Path>,
    paint: Paint,
    pub(crate) notice: &'a dyn Fn(&str),
    pub(crate) watch: Watch<'a>,
    /// The largest scale that may be asked for, where there is one.
    pub(crate) scale_limit: Option<u64>,
    /// Hears what a verb that stays answers when it has begun.
    pub(crate) announce: Option<&'a dyn Fn(&Answer)>,
    /// What the caller signs tokens with.
    secret: Option<Secret>,
    project: Option<Project>,
    /// A database that the caller has open; the first who asks has it.
    lent: RefCell<Option<Box<dyn Database + Send>>>,
    started: Instant,
}

impl<'a> Desk<'a> {
    pub(crate) fn new(global: &'a Global, caller: Caller<'a>) -> Self {
        let call = Call {
            database: global.db.as_deref(),
            media: global.media.as_deref(),
            seed: global.seed,
            as_of: global.as_of,
            worker: global.worker,
            scale: None,
            now: caller.now,
            program: &global.program,
            migrate: caller.migrate,
        };
        Self {
            call,
            name: caller.program,
            flags: Flags::of(global),
            interactive: caller.interactive,
            live: caller.live,
            format: global.format,
            config: global.config.as_deref(),
            here: caller.here,
            paint: Paint::new(caller.colour),
            notice: caller.notice,
            watch: if caller.live { Watch::Bar } else { Watch::Lines(caller.notice) },
            scale_limit: None,
            announce: caller.announce,
            secret: caller.secret,
            project: caller.project,
            lent: RefCell::new(caller.database),
            started: Instant::now(),
        }
    }

    /// Returns the desk of another worker, without colours; help lines call this program `program`.
    #[cfg(all(unix, feature = "serve"))]
    pub(crate) fn of_worker<'b>(&'b self, worker: u8, program: &'b str) -> Desk<'b> {
        Desk {
            call: Call { worker, program, ..self.call },
            flags: Flags { worker, ..self.flags },
            here: self.here.clone(),
            paint: Paint::new(false),
            secret: self.secret.clone(),
            project: self.project.clone(),
            lent: RefCell::default(),
            started: Instant::now(),
            ..*self
        }
    }

    /// Returns the project that this folder is in, or the one that was named.
    pub(crate) fn project(&self) -> Result<Project> {
        let project = match (&self.project, self.config) {
            (Some(project), _) => project.clone(),
            (None, Some(file)) => Project::read(file, &self.here)?,
            (None, None) => Project::find(&self.here)?,
        };
        Ok(project.with_environment(Environment::of_process()))
    }

    /// Returns what the project's application signs tokens with.
    pub(crate) fn secret(&self, project: &Project) -> Result<Secret> {
        project.secret(self.secret.clone(), |name| std::env::var(name).ok())
    }

    /// Returns a project in this folder that has no files yet.
    pub(crate) fn begun(&self) -> Project {
        Project::begun(&self.here).with_environment(Environment::of_process())
    }

    /// Returns where the settings of a new project are to stand.
    pub(crate) fn settings(&self) -> PathBuf {
        self.here.join(self.config.unwrap_or(Path::new(FILE)))
    }

    /// Returns a scenario of the project, facing its database.
    pub(crate) fn work(&self, scenario: &str, purpose: Purpose) -> Result<Work> {
        self.work_in(&self.project()?, scenario, purpose)
    }

    /// Returns a scenario of the project at a scale, facing its database; at the one that stands where none is
    /// asked for.
    pub(crate) fn work_at(&self, scenario: &str, purpose: Purpose, scale: Option<&Scale>) -> Result<Work> {
        let (project, call) = (self.project()?, Call { scale, ..self.call });
        match self.lent.take() {
            Some(database) => Work::over(&project, Place::of(database), scenario, &call, purpose),
            None => Work::open(&project, scenario, &call, purpose),
        }
    }

    /// Returns a scenario of that project, facing its database.
    pub(crate) fn work_in(&self, project: &Project, scenario: &str, purpose: Purpose) -> Result<Work> {
        match self.lent.take() {
            Some(database) => Work::over(project, Place::of(database), scenario, &self.call, purpose),
            None => Work::open(project, scenario, &self.call, purpose),
        }
    }

    /// Opens the database as it is; where there is none, an empty one in memory stands for it.
    pub(crate) fn look(&self, project: &Project) -> Result<Place> {
        match self.lent.take() {
            Some(database) => Ok(Place::of(database)),
            None => project.look(self.call.database),
        }
    }

    /// Returns the database that the caller has open.
    pub(crate) fn lent(&self) -> Option<Place> {
        self.lent.take().map(Place::of)
    }

    /// Returns the answer that a report makes.
    pub(crate) fn answer(&self, report: &dyn Report) -> Answer {
        Answer::of(report, self.paint)
    }

    /// Returns what passes notices on as they come.
    pub(crate) fn notices(&self) -> impl FnMut(Notice) {
        let tell = self.notice;
        let mut progress = Progress::new(self.watch);
        move |notice| match notice {
            Notice::Waiting { .. } | Notice::Moving { .. } | Notice::Rebuilding(_) => tell(&notice.to_string()),
            Notice::Progress { doing, table, done, of } => progress.show(doing, &table, done, of),
            // Hashing is told with the times in the end.
            Notice::Hashing(_) | Notice::Hashed { .. } => {}
        }
    }

    /// Returns how long the program has run.
    pub(crate) fn took(&self) -> Duration {
        self.started.elapsed()
    }

    /// Returns the times with the whole program's as their total.
    pub(crate) fn whole(&self, times: Times) -> Times {
        Times { total: self.started.elapsed(), ..times }
    }
}
