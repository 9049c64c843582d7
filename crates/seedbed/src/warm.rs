//! Warm: a scenario of one worker that stays open between verbs.
//!
//! A reset over it answers as the verb does in a process of its own, and is done sooner: the dataset is
//! generated, the connection is open, and what was read before need not be taken apart again where it
//! reads as it did. Whatever has changed meanwhile (the scenario files, the tables, what is seeded, the
//! database file, the day) opens the scenario anew.

use std::path::PathBuf;

use crate::error::{Result, While};
use crate::project::{Call, Project, Purpose, Stamps, Times, Work};
use crate::reset;
use crate::run::Receipt;
use crate::session::Notice;
use crate::survey::{ANOTHER_GROUND, Memory};

const DAY: i64 = 86_400;

/// A scenario of one worker that stays open between verbs.
pub struct Warm {
    project: Project,
    /// The project's files as they were before they were read.
    stamps: Stamps,
    scenario: String,
    asked: Asked,
    work: Work,
    /// The day that the dataset was generated on.
    day: i64,
    memory: Memory,
    advice: Option<String>,
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
        let stamps = project.stamps();
        Self::over(project.again()?, stamps, scenario, asked, call.now)
    }

    fn over(project: Project, stamps: Stamps, scenario: &str, asked: Asked, now: i64) -> Result<Self> {
        let mut work = Work::open(&project, scenario, &asked.call(now), Purpose::Write)?;
        work.scaling = false;
        let memory = Memory::on(work.ground());
        let day = now.div_euclid(DAY);
        let mut warm = Self { project, stamps, scenario: scenario.to_owned(), asked, work, day, memory, advice: None };
        warm.commit_soon()?;
        Ok(warm)
    }

    /// Makes the scenario as declared, and removes what tests left behind, as the verb does; `state` names
    /// a declared variant to start from instead, `now` is in unix seconds. What is not seeded yet is seeded.
    pub fn reset(&mut self, state: Option<&str>, now: i64, notice: &mut dyn FnMut(Notice)) -> Result<(Receipt, Times)> {
        if !self.is_current(now) {
            self.open_again(now)?;
        }
        match self.reset_once(state, now, notice) {
            Err(error) if error.rule == ANOTHER_GROUND => {
                self.open_again(now)?;
                self.reset_once(state, now, notice)
            }
            answer => answer,
        }
    }

    fn reset_once(
        &mut self,
        state: Option<&str>,
        now: i64,
        notice: &mut dyn FnMut(Notice),
    ) -> Result<(Receipt, Times)> {
        let Self { work, memory, .. } = self;
        work.set_now(now);
        work.run(notice, |target, _| reset::reset_again(target, state, memory))
    }

    /// Whether what it has read of the project is what stands there, and its database is where it was.
    fn is_current(&mut self, now: i64) -> bool {
        let same_day = self.asked.as_of.is_some() || self.day == now.div_euclid(DAY);
        same_day && self.stamps.hold() && self.work.place.database.is_current()
    }

    fn open_again(&mut self, now: i64) -> Result<()> {
        // An edit while the files are read shows in the stamps the next time.
        let stamps = self.project.stamps();
        self.project = self.project.again()?;
        let mut work = Work::open(&self.project, &self.scenario, &self.asked.call(now), Purpose::Write)?;
        work.scaling = false;
        (self.stamps, self.day) = (stamps, now.div_euclid(DAY));
        (self.memory, self.work) = (Memory::on(work.ground()), work);
        self.commit_soon()
    }

    /// What a crash takes back of a reset, the next one does again.
    fn commit_soon(&mut self) -> Result<()> {
        self.advice = self.work.place.database.commit_soon().during(|| "reading how commits are kept".into())?;
        Ok(())
    }

    /// What a person may do so that resets are quicker.
    pub fn advice(&self) -> Option<&str> {
        self.advice.as_deref()
    }

    /// What a report is written from.
    pub fn work(&self) -> &Work {
        &self.work
    }
}

impl Asked {
    fn call(&self, now: i64) -> Call<'_> {
        Call {
            scale: None,
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
