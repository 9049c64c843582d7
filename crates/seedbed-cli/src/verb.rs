//! The verbs: each reads its flags, calls the library once, shows the report.

pub(crate) mod allow;
pub(crate) mod check;
pub(crate) mod cleanup;
pub(crate) mod personas;
pub(crate) mod plan;
pub(crate) mod reset;
pub(crate) mod schema;
pub(crate) mod seed;
pub(crate) mod show;
pub(crate) mod status;
pub(crate) mod verify;

use std::path::Path;

use seedbed::project::{Call, Purpose, Work};
use seedbed::{Error, Exit, Project, Result};

use crate::arguments::Global;
use crate::console::Console;
use crate::moment;

/// How help lines call this program.
const PROGRAM: &str = "seedbed";

/// What every verb works with.
pub(crate) struct Desk<'a> {
    pub(crate) call: Call<'a>,
    pub(crate) console: &'a Console,
    config: Option<&'a Path>,
}

impl<'a> Desk<'a> {
    pub(crate) fn new(global: &'a Global, console: &'a Console) -> Self {
        let call = Call {
            database: global.db.as_deref(),
            media: global.media.as_deref(),
            seed: global.seed,
            as_of: global.as_of,
            worker: global.worker,
            now: moment::now(),
            program: PROGRAM,
        };
        Self { call, console, config: global.config.as_deref() }
    }

    /// Returns the project that this folder is in, or the one that was named.
    pub(crate) fn project(&self) -> Result<Project> {
        let here = std::env::current_dir().map_err(|error| {
            Error::new(Exit::CouldNotRun, "no-folder", format!("while asking for the current folder: {error}"))
        })?;
        match self.config {
            Some(file) => Project::read(file, &here),
            None => Project::find(&here),
        }
    }

    /// Returns a scenario of the project, facing its database.
    pub(crate) fn work(&self, scenario: &str, purpose: Purpose) -> Result<Work> {
        Work::open(&self.project()?, scenario, &self.call, purpose)
    }
}
