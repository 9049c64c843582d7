//! The verb `check`: scenario files are read, and generated with one seed or many.
//!
//! It opens no database: tables and columns are checked against the project's DDL, where there is
//! one.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use seedbed_core::diagnostic::Diagnostic;
use seedbed_core::generate::{Generated, Parameters, Verdict, generate};
use seedbed_core::scenario::{Chain, Files};

use super::{Call, Project};
use crate::error::{Closing, Error, Exit, Result};

/// A scenario that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Its name.
    pub name: String,
    /// What it is, in a sentence.
    pub about: String,
    /// How many rows it declares itself; none where no seed found a dataset.
    pub rows: usize,
    /// How many files it declares itself.
    pub files: usize,
    /// How many facts it declares itself.
    pub facts: usize,
    /// How many seeds were tried.
    pub seeds: u64,
    /// Seeds that found no dataset, each with why.
    pub failed: Vec<(u64, String)>,
    /// How long it took to generate.
    pub took: Duration,
}

impl Project {
    /// Checks these scenarios, or all, with so many seeds from the call's own on.
    ///
    /// With one seed, what stands against it is an error like those of reading; with more, they are
    /// counted. `progress` is told how many seeds of how many are done.
    pub fn check(
        &self,
        names: &[&str],
        seeds: u64,
        call: &Call<'_>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Vec<Checked>> {
        let schema = self.declared_schema()?;
        let mut problems: Option<Error> = None;
        let all = self.names();
        let names = if names.is_empty() {
            // What can't be read has no name to be asked for by.
            self.readable().or_else(|error| join(&mut problems, error))?;
            &all[..]
        } else {
            names
        };
        let mut chains: Vec<(Chain, Files)> = Vec::new();
        for name in names {
            match self.files(&[name]).and_then(|files| Ok((self.chain(&files, schema.as_deref())?, files))) {
                Ok(read) => chains.push(read),
                Err(error) => join(&mut problems, error)?,
            }
        }
        let first = call.seed.unwrap_or(1);
        let as_of = call.as_of.unwrap_or_default();
        let total = seeds * chains.len() as u64;
        let mut checked = Vec::new();
        for (position, (chain, files)) in chains.iter().enumerate() {
            let started = Instant::now();
            let make = |seed| generate(chain, schema.as_deref(), Parameters { seed, worker: call.worker, as_of });
            let mut scenario = declared(chain, seeds);
            match make(first) {
                Ok(generated) => count(&mut scenario, chain, &generated, first),
                Err(found) if seeds == 1 => {
                    let sources = files.sources.clone();
                    let error = Error::from_diagnostics(Exit::Usage, found, sources, Closing::NothingOpened);
                    join(&mut problems, error)?;
                }
                Err(found) => scenario.failed.push((first, first_message(&found))),
            }
            let done = position as u64 * seeds + 1;
            let failure = |seed| match make(seed) {
                Ok(generated) => missed(chain, &generated),
                Err(found) => Some(first_message(&found)),
            };
            let rest = first.saturating_add(1)..first.saturating_add(seeds);
            scenario.failed.extend(try_all(rest, &failure, &mut |more| progress(done + more, total)));
            scenario.took = started.elapsed();
            checked.push(scenario);
        }
        problems.map_or(Ok(checked), Err)
    }
}

/// Keeps an error about the user's files to be said with the others; any other ends it.
fn join(problems: &mut Option<Error>, error: Error) -> Result<()> {
    match (problems.as_mut().and_then(|known| known.diagnosed.as_mut()), error.diagnosed.is_some()) {
        (_, false) => return Err(error),
        (None, true) => *problems = Some(error),
        (Some(known), true) => known.join(*error.diagnosed.expect("it was just seen")),
    }
    Ok(())
}

fn declared(chain: &Chain, seeds: u64) -> Checked {
    let own = chain.layers.len() - 1;
    Checked {
        name: chain.layers[own].name.clone(),
        about: chain.layers[own].about.clone(),
        rows: 0,
        files: 0,
        facts: chain.ensures.iter().filter(|ensure| ensure.layer == own).count(),
        seeds,
        failed: Vec::new(),
        took: Duration::ZERO,
    }
}

fn count(scenario: &mut Checked, chain: &Chain, generated: &Generated, seed: u64) {
    let (own, dataset) = (chain.layers.len() - 1, &generated.dataset);
    scenario.rows = dataset.blocks.iter().filter(|block| block.scenario == own).map(|block| block.rows.len()).sum();
    scenario.files = dataset.files.iter().filter(|file| file.scenario == own).count();
    scenario.failed.extend(missed(chain, generated).map(|why| (seed, why)));
}

/// Returns a fact that does not hold in what was generated.
fn missed(chain: &Chain, generated: &Generated) -> Option<String> {
    let finding = generated.findings.iter().find(|finding| finding.verdict() == Verdict::Fails)?;
    Some(format!("\"{}\" does not hold", chain.ensures[finding.ensure].fact))
}

fn first_message(found: &[Diagnostic]) -> String {
    found.first().map_or_else(String::new, |problem| problem.message.clone())
}

/// Tries every seed, on as many threads as there are cores; returns those that fail, in order.
fn try_all(
    seeds: Range<u64>,
    failure: &(dyn Fn(u64) -> Option<String> + Sync),
    progress: &mut dyn FnMut(u64),
) -> Vec<(u64, String)> {
    let threads = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let next = AtomicU64::new(seeds.start);
    let mut failed = Vec::new();
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for _ in 0..threads {
            let (sender, next, end) = (sender.clone(), &next, seeds.end);
            scope.spawn(move || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end || sender.send((seed, failure(seed))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        for (done, (seed, why)) in receiver.into_iter().enumerate() {
            failed.extend(why.map(|why| (seed, why)));
            progress(done as u64 + 1);
        }
    });
    failed.sort();
    failed
}
