//! Satisfiable is never called unsatisfiable: small worlds against all their assignments.

use std::collections::BTreeMap;

use seedbed_core::dataset::Dataset;
use seedbed_core::diagnostic::render;
use seedbed_core::generate::{Parameters, Verdict, generate};
use seedbed_core::scenario::{Files, read};
use seedbed_core::source::Source;
use seedbed_core::value::Value;

use crate::rounds;
use crate::worlds::{Dice, Plan, State};

/// What generation came to.
enum Came {
    To(Box<Dataset>),
    /// The code of the first problem, and the text of all.
    Nothing(String, String),
}

#[derive(Default, Debug)]
struct Counts {
    worlds: u64,
    layered: u64,
    satisfiable: u64,
    unsatisfiable: u64,
    undecided_satisfiable: Vec<u64>,
    undecided_unsatisfiable: Vec<u64>,
    went_back: u64,
}

#[test]
fn satisfiable_is_never_called_unsatisfiable() {
    let mut counts = Counts::default();
    let mut wrong: Vec<String> = Vec::new();
    let first: u64 = std::env::var("WORLD").ok().and_then(|n| n.parse().ok()).unwrap_or(0);
    for number in first..first + rounds(500) {
        let plan = Plan::random(&mut Dice::new(number));
        if let Err(problem) = check(&plan, number, &mut counts) {
            wrong.push(format!("world {number}: {problem}\n{}", plan.files().join("---\n")));
        }
    }
    println!(
        "{} worlds ({} of two layers): {} satisfiable, {} not; undecided {:?} of the first, {:?} of the second; went back {} times",
        counts.worlds,
        counts.layered,
        counts.satisfiable,
        counts.unsatisfiable,
        counts.undecided_satisfiable,
        counts.undecided_unsatisfiable,
        counts.went_back
    );
    assert!(
        wrong.is_empty(),
        "{} wrong\n{}",
        wrong.len(),
        wrong.iter().take(5).cloned().collect::<Vec<_>>().join("\n")
    );
    let undecided = counts.undecided_satisfiable.len() + counts.undecided_unsatisfiable.len();
    assert!(undecided as u64 * 100 <= counts.worlds, "{undecided} undecided");
}

fn check(plan: &Plan, number: u64, counts: &mut Counts) -> Result<(), String> {
    let files = plan.files();
    let seed = number % 7;
    counts.worlds += 1;
    if !plan.layered {
        return compare(plan, None, &files, seed, number, counts).map(|_| ());
    }
    counts.layered += 1;
    let lower = plan.lower();
    let Some(below) = compare(&lower, None, &files[..1], seed, number, counts)? else { return Ok(()) };
    compare(plan, Some(&below), &files, seed, number, counts).map(|_| ())
}

/// Generates and enumerates, and says where they disagree; returns what was generated.
fn compare(
    plan: &Plan,
    below: Option<&State>,
    files: &[String],
    seed: u64,
    number: u64,
    counts: &mut Counts,
) -> Result<Option<State>, String> {
    let found = plan.search(below);
    if found.is_some() {
        counts.satisfiable += 1
    } else {
        counts.unsatisfiable += 1
    }
    match (run(files, seed, counts)?, found) {
        (Came::To(dataset), found) => {
            let state = state(plan, &dataset);
            if let Some(problem) = plan.wrong(&state) {
                return Err(format!("wrong dataset: {problem}\n{state:?}"));
            }
            match (below, found) {
                (_, None) => Err("generated what does not exist, says the test".into()),
                (Some(below), _) if !same_below(below, &state) => Err("the lower layer moved".into()),
                _ => Ok(Some(state)),
            }
        }
        (Came::Nothing(code, _), found) if code == "undecided" => {
            let list =
                if found.is_some() { &mut counts.undecided_satisfiable } else { &mut counts.undecided_unsatisfiable };
            list.push(number);
            if std::env::var("WORLD").is_ok() {
                println!("{}", files.join("---\n"));
            }
            Ok(None)
        }
        (Came::Nothing(code, text), Some(found)) => Err(format!("called {code}, but {found:?}\n{text}")),
        (Came::Nothing(..), None) => Ok(None),
    }
}

fn same_below(a: &State, b: &State) -> bool {
    (&a.on, &a.age, &a.color, &a.tone, &a.owner) == (&b.on, &b.age, &b.color, &b.tone, &b.owner)
}

fn run(texts: &[String], seed: u64, counts: &mut Counts) -> Result<Came, String> {
    let mut files = Files::default();
    for (index, text) in texts.iter().enumerate() {
        files.sources.push(Source { path: format!("{index}.yaml"), text: text.clone() });
        files.scenarios.push(index);
    }
    files.sources.push(Source { path: "tones.json".into(), text: "[\"low\", \"mid\", \"high\"]".into() });
    files.lists.push((0, "tones.json".into(), texts.len()));
    let chain =
        read(&files, None).map_err(|problems| format!("not read: {}", render(&problems, &files.sources, false)))?;
    match generate(&chain, None, Parameters { seed, worker: 0, as_of: 0 }) {
        Ok(generated) => {
            counts.went_back += u64::from(generated.went_back);
            let fails = generated.findings.iter().find(|finding| finding.verdict() == Verdict::Fails);
            match fails {
                Some(finding) => Err(format!("a finding fails: {finding:?}")),
                None => Ok(Came::To(Box::new(generated.dataset))),
            }
        }
        Err(problems) => Ok(Came::Nothing(problems[0].code.to_string(), render(&problems, &files.sources, false))),
    }
}

/// Reads a dataset into the test's own vectors, by keys alone.
fn state(plan: &Plan, dataset: &Dataset) -> State {
    let rows = |population: &str| -> Vec<BTreeMap<&str, &Value>> {
        let block = dataset.blocks.iter().find(|block| block.population == population);
        block.map_or_else(Vec::new, |block| {
            block.rows.iter().map(|row| block.columns.iter().map(String::as_str).zip(&row.values).collect()).collect()
        })
    };
    let (users, items) = (rows("users"), rows("items"));
    let key = |rows: &[BTreeMap<&str, &Value>], value: &Value| rows.iter().position(|row| row["id"] == value);
    let user = |value: &Value| key(&users, value).expect("the key is a user's");
    let item = |value: &Value| key(&items, value).expect("the key is an item's");
    let integer = |value: Option<&&Value>| if let Some(Value::Integer(n)) = value { *n } else { 0 };
    let mut state = State {
        on: users.iter().map(|row| *row["on"] == Value::Bool(true)).collect(),
        age: users.iter().map(|row| integer(row.get("age"))).collect(),
        color: items.iter().map(|row| u8::from(*row["color"] != Value::text("red"))).collect(),
        tone: items
            .iter()
            .map(|row| {
                ["low", "mid", "high"].iter().position(|t| row.get("tone") == Some(&&Value::text(t))).unwrap_or(0) as u8
            })
            .collect(),
        group: users.iter().map(|row| integer(row.get("rank")) as usize).collect(),
        owner: items.iter().map(|row| (*row["owner_id"] != Value::Null).then(|| user(row["owner_id"]))).collect(),
        notes: vec![0; plan.users],
        likes: vec![vec![false; plan.items]; plan.users],
        follows: vec![vec![false; plan.users]; plan.users],
    };
    for note in rows("notes") {
        state.notes[user(note["user_id"])] += 1;
    }
    for like in rows("likes") {
        let place = &mut state.likes[user(like["user_id"])][item(like["item_id"])];
        assert!(!*place, "a pair twice");
        *place = true;
    }
    for follow in rows("follows") {
        state.follows[user(follow["follower_id"])][user(follow["followed_id"])] = true;
    }
    plan.complete_groups(&mut state);
    state
}
