//! Warm: a scenario of one worker that stays open between verbs.
//!
//! A reset over it answers as the verb does in a process of its own, and is done sooner.

use std::path::PathBuf;

use crate::error::Result;
use crate::project::{Call, Project, Purpose, Times, Work};
use crate::reset;
use crate::run::Receipt;
use crate::session::Notice;

/// A scenario of one worker that stays open between verbs.
pub struct Warm {
    project: Project,
    scenario: String,
    asked: Asked,
    work: Work,
}

/// How it was called, kept for when it is opened again.
struct Asked {
    database: Option<String>,
    media: Option<PathBuf>,
    seed: Option<u64>,
    as_of: Option<i64>,
    worker: u8,
    program: String,
    migrate: String,
}

impl Warm {
    /// Reads and generates `scenario`, and opens the database that the call or the project names; one
    /// that is missing is made.
    pub fn open(project: &Project, scenario: &str, call: &Call<'_>) -> Result<Self> {
        let asked = Asked {
            database: call.database.map(str::to_owned),
            media: call.media.map(PathBuf::from),
            seed: call.seed,
            as_of: call.as_of,
            worker: call.worker,
            program: call.program.to_owned(),
            migrate: call.migrate.to_owned(),
        };
        let work = Work::open(project, scenario, call, Purpose::Write)?;
        Ok(Self { project: project.clone(), scenario: scenario.to_owned(), asked, work })
    }

    /// Makes the scenario as declared, and removes what tests left behind, as the verb does; `state` names
    /// a declared variant to start from instead, `now` is in unix seconds. What is not seeded yet is seeded.
    pub fn reset(&mut self, state: Option<&str>, now: i64, notice: &mut dyn FnMut(Notice)) -> Result<(Receipt, Times)> {
        self.project = self.project.again()?;
        self.work = Work::open(&self.project, &self.scenario, &self.asked.call(now), Purpose::Write)?;
        self.work.run(notice, |target, _| reset::reset(target, state))
    }

    /// What a report is written from.
    pub fn work(&self) -> &Work {
        &self.work
    }
}

impl Asked {
    fn call(&self, now: i64) -> Call<'_> {
        Call {
            database: self.database.as_deref(),
            media: self.media.as_deref(),
            seed: self.seed,
            as_of: self.as_of,
            worker: self.worker,
            now,
            program: &self.program,
            migrate: &self.migrate,
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_warm_scenario_goes_from_thread_to_thread() {
        fn may_be_sent<T: Send>() {}
        may_be_sent::<super::Warm>();
    }
}
