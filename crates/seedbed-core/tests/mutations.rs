//! Whatever a scenario file says, the core answers: with a dataset, or with problems that point into
//! the file. The files of PockitFlyer, and those of a shop and a tracker, are damaged token by token,
//! always in the same ways.

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use seedbed_core::diagnostic::{Diagnostic, render};
use seedbed_core::generate::{Parameters, generate};
use seedbed_core::scenario::{Files, chain_order, read};
use seedbed_core::source::Source;
use support::{LISTS, SCENARIOS, changed, example, fixture, mutate};

/// How many damaged files are read; every so many of them are generated from too.
const MUTATIONS: u64 = 2_000;
const GENERATED: u64 = 40;

#[test]
fn no_damaged_file_of_one_half_makes_the_core_panic() {
    damage(0);
}

#[test]
fn no_damaged_file_of_the_other_half_makes_the_core_panic() {
    damage(1);
}

#[test]
fn no_damaged_file_of_another_shape_makes_the_core_panic() {
    for name in ["shop", "tracker"] {
        let (scenario, list) = example(name);
        damage_each(name, &[scenario], &[list], 0, 1);
    }
}

/// Reads every second damaged file, so that two threads share the work.
fn damage(half: u64) {
    let scenarios: Vec<Source> = SCENARIOS.iter().map(fixture).collect();
    let lists: Vec<Source> = LISTS.iter().map(fixture).collect();
    damage_each("m03", &scenarios, &lists, half, 2);
}

fn damage_each(target: &str, scenarios: &[Source], lists: &[Source], half: u64, step: usize) {
    let mut failures = Vec::new();
    for number in (half..MUTATIONS).step_by(step) {
        let damaged = (number % scenarios.len() as u64) as usize;
        let mut mutated = scenarios.to_vec();
        mutated[damaged].text = mutate(&scenarios[damaged].text, number);
        let with_rows = number % GENERATED == half;
        let outcome = catch_unwind(AssertUnwindSafe(|| attempt(target, &mutated, lists, with_rows)));
        let problem = match outcome {
            Ok(problem) => problem,
            Err(panic) => Some(format!("panicked: {:?}", panic.downcast_ref::<String>())),
        };
        failures.extend(problem.map(|problem| {
            let (before, after) = (&scenarios[damaged].text, &mutated[damaged].text);
            format!("mutation {number}: {problem}\n{}", changed(before, after))
        }));
    }
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}

/// Reads and generates; says what is wrong with the answer.
fn attempt(target: &str, scenarios: &[Source], lists: &[Source], with_rows: bool) -> Option<String> {
    let all = (0..scenarios.len()).collect();
    let mut files = Files { sources: scenarios.to_vec(), scenarios: all, lists: Vec::new() };
    for list in lists {
        files.lists.push((0, list.path.clone(), files.sources.len()));
        files.sources.push(list.clone());
    }
    if let Err(problems) = chain_order(target, scenarios)
        && let Some(wrong) = wrong(&problems, scenarios)
    {
        return Some(wrong);
    }
    let problems = match read(&files, None) {
        Err(problems) => problems,
        Ok(_) if !with_rows => return None,
        Ok(chain) => generate(&chain, None, Parameters { seed: 1, worker: 0, as_of: 0 }).err()?,
    };
    wrong(&problems, &files.sources)
}

/// Says what is wrong with problems: none, one outside its file, one that can't be rendered.
fn wrong(problems: &[Diagnostic], sources: &[Source]) -> Option<String> {
    if problems.is_empty() {
        return Some("it failed without a problem".into());
    }
    for problem in problems {
        for place in &problem.places {
            let text = &sources[place.span.source].text;
            if text.get(place.span.start..place.span.end).is_none() {
                return Some(format!("outside its file: {problem:?}"));
            }
        }
        let stop = problem.message.ends_with('.') || problem.message.starts_with(char::is_uppercase);
        if problem.message.is_empty() || stop {
            return Some(format!("not a sentence as ours are: {}", problem.message));
        }
    }
    render(problems, sources, false).is_empty().then(|| "nothing is rendered".into())
}
