//! Whatever a scenario file says, the core answers: with a dataset, or with problems that point into
//! the file. The files of PockitFlyer are damaged token by token, always in the same ways.

#![expect(clippy::disallowed_methods, reason = "a test reads files")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use seedbed_core::address::Address;
use seedbed_core::diagnostic::{Diagnostic, render};
use seedbed_core::generate::{Parameters, generate};
use seedbed_core::scenario::{Files, chain_order, read};
use seedbed_core::source::Source;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../pockitflyer_backend/users/fixtures/");
const SCENARIOS: [&str; 3] = ["m01_discovery_scenarios.json", "m02_test_users.json", "m03_engagement_scenarios.json"];
const LISTS: [&str; 4] = ["e2e_addresses.json", "e2e_flyer_templates.json", "e2e_names.json", "e2e_bios.json"];

/// How many damaged files are read; every so many of them are generated from too.
const MUTATIONS: u64 = 2_000;
const GENERATED: u64 = 20;

/// What a token may be replaced with, besides another token of the file.
const STRANGE: [&str; 24] = [
    "{}", "[]", "null", "true", "0", "-1", "1", "99999999999999999999", "1e400", "0.1", "\"\"", "\"as_of\"", "\"rest\"",
    "\"200%\"", "\"{\"", "\"a.b.c\"", "\"self\"", "[0, 0]", "[9, 1]", "{\"min\": 3}", "{\"not\": {}}", "\"user_1..user_9\"",
    "\"ä\u{1f600}\"", "*a",
];

#[test]
fn no_damaged_file_makes_the_core_panic() {
    let source = |name: &&str| Source {
        path: (*name).into(),
        text: std::fs::read_to_string(format!("{FIXTURES}{name}")).expect("a fixture is readable"),
    };
    let scenarios: Vec<Source> = SCENARIOS.iter().map(source).collect();
    let lists: Vec<Source> = LISTS.iter().map(source).collect();
    let mut failures = Vec::new();
    for number in 0..MUTATIONS {
        let address = Address::root(1).number(number);
        let damaged = (number % 3) as usize;
        let mut mutated = scenarios.clone();
        mutated[damaged].text = mutate(&scenarios[damaged].text, address);
        let with_rows = number % GENERATED == 0;
        let outcome = catch_unwind(AssertUnwindSafe(|| attempt(&mutated, &lists, with_rows)));
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
fn attempt(scenarios: &[Source], lists: &[Source], with_rows: bool) -> Option<String> {
    let mut files = Files { sources: scenarios.to_vec(), scenarios: vec![0, 1, 2], lists: Vec::new() };
    for list in lists {
        files.lists.push((0, list.path.clone(), files.sources.len()));
        files.sources.push(list.clone());
    }
    if let Err(problems) = chain_order("m03", scenarios)
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

/// Deletes, repeats or replaces a token, once to three times.
fn mutate(text: &str, address: Address) -> String {
    let mut tokens: Vec<String> = tokens(text).into_iter().map(str::to_owned).collect();
    for round in 0..address.text("rounds").between(1, 3) {
        let address = address.number(round as u64);
        let any = |what: &str, below: usize| address.text(what).between(0, below as i64 - 1) as usize;
        let at = any("at", tokens.len());
        match any("how", 4) {
            0 => {
                tokens.remove(at);
            }
            1 => tokens.insert(at, tokens[at].clone()),
            2 => tokens[at] = tokens[any("other", tokens.len())].clone(),
            _ => tokens[at] = STRANGE[any("strange", STRANGE.len())].into(),
        }
    }
    tokens.concat()
}

/// Cuts JSON into texts, words, marks and the space between them.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '"' => rest[1..].find('"').map_or(rest.len(), |at| at + 2),
            c if c.is_alphanumeric() || c == '-' => {
                rest.find(|c: char| !c.is_alphanumeric() && !"-.".contains(c)).unwrap_or(rest.len())
            }
            c if c.is_whitespace() => rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (token, after) = rest.split_at(end);
        tokens.push(token);
        rest = after;
    }
    tokens
}

/// The first line that differs, before and after.
fn changed(before: &str, after: &str) -> String {
    let differs = before.lines().zip(after.lines()).find(|(a, b)| a != b);
    differs.map_or_else(String::new, |(a, b)| format!("  before: {a}\n  after:  {b}"))
}
