//! Trees and sums are never called unsatisfiable wrongly: small worlds against all their assignments.

use std::fmt::Write as _;

use seedbed_core::dataset::Dataset;
use seedbed_core::diagnostic::render;
use seedbed_core::generate::{Parameters, generate};
use seedbed_core::scenario::{Files, read};
use seedbed_core::source::Source;
use seedbed_core::value::Value;

use crate::rounds;
use crate::worlds::Dice;

/// What is asked of an issue.
enum Ask {
    Root,
    Red,
    ParentRed,
    Grandchild,
    Children(usize),
    /// The sum of the points of its children.
    Load(i64, i64),
    ChildOf(usize),
}

/// So many issues hold all of this.
struct Fact {
    asked: Vec<Ask>,
    lo: i64,
    hi: i64,
}

struct Forest {
    issues: usize,
    given: usize,
    deep: Option<usize>,
    red: usize,
    heavy: usize,
    facts: Vec<Fact>,
}

/// An assignment of every decision.
#[derive(Debug)]
struct State {
    red: Vec<bool>,
    heavy: Vec<bool>,
    parent: Vec<Option<usize>>,
}

impl Forest {
    fn random(dice: &mut Dice) -> Self {
        let issues = dice.between(3, 4);
        let facts = (0..dice.between(1, 4)).map(|_| {
            let mut kinds: Vec<usize> = (0..dice.between(1, 2)).map(|_| dice.between(0, 6)).collect();
            kinds.sort_unstable();
            kinds.dedup_by_key(|kind| [0, 1, 2, 3, 4, 5, 0][*kind]);
            let asked = kinds.iter().map(|kind| match kind {
                0 => Ask::Root,
                1 => Ask::Red,
                2 => Ask::ParentRed,
                3 => Ask::Grandchild,
                4 => Ask::Children(dice.between(0, 2)),
                5 => {
                    let lo = dice.between(0, 6) as i64;
                    Ask::Load(lo, lo + dice.between(0, 2) as i64)
                }
                _ => Ask::ChildOf(dice.between(0, issues - 1)),
            });
            let asked = asked.collect();
            let lo = dice.between(0, 2) as i64;
            Fact { asked, lo, hi: if dice.chance(50) { 9 } else { lo + dice.between(0, 1) as i64 } }
        });
        let facts = facts.collect();
        Self {
            issues,
            given: dice.between(1, issues - 1),
            deep: dice.chance(40).then(|| dice.between(1, 2)),
            red: dice.between(0, issues),
            heavy: dice.between(0, issues),
            facts,
        }
    }

    fn file(&self) -> String {
        let deep = self.deep.map_or_else(String::new, |deep| format!(", deep: {deep}"));
        let mut text = format!(
            "scenario: forest\nlayer: 1\npopulations:\n  issues:\n    table: issues\n    rows: [i_1..i_{}]\n    \
             links:\n      parent: {{column: parent_id, to: issues, back: children, shape: tree, share: {}{deep}}}\n    \
             columns:\n      color: {{quota: {{red: {}, blue: rest}}}}\n      \
             points: {{quota: {{\"5\": {}, \"1\": rest}}}}\n      load: {{sum_of: children.points}}\nensure:\n",
            self.issues, self.given, self.red, self.heavy
        );
        for (number, fact) in self.facts.iter().enumerate() {
            let lines: Vec<String> = fact
                .asked
                .iter()
                .map(|ask| match ask {
                    Ask::Root => "parent: null".into(),
                    Ask::Red => "color: red".into(),
                    Ask::ParentRed => "parent.color: red".into(),
                    Ask::Grandchild => "parent.parent: {not: null}".into(),
                    Ask::Children(count) => format!("children: {{count: {count}}}"),
                    Ask::Load(lo, hi) => format!("load: [{lo}, {hi}]"),
                    Ask::ChildOf(row) => format!("parent: i_{}", row + 1),
                })
                .collect();
            let (lines, lo, hi) = (lines.join(", "), fact.lo, fact.hi);
            let _ = writeln!(
                text,
                "  - {{fact: f{number}, count: issues, where: {{{lines}}}, at_least: {lo}, at_most: {hi}}}"
            );
        }
        text
    }

    /// What is wrong with an assignment.
    fn wrong(&self, state: &State) -> Option<String> {
        let count = |of: &[bool]| of.iter().filter(|yes| **yes).count();
        if count(&state.red) != self.red || count(&state.heavy) != self.heavy {
            return Some("a quota".into());
        }
        if state.parent.iter().flatten().count() != self.given {
            return Some("the share".into());
        }
        for row in 0..self.issues {
            let steps = std::iter::successors(Some(row), |row| state.parent[*row]).take(9).count() - 1;
            if steps > self.deep.unwrap_or(self.issues - 1) {
                return Some("a circle, or too deep".into());
            }
        }
        let failing = self.facts.iter().position(|fact| {
            let counted = (0..self.issues).filter(|row| fact.asked.iter().all(|ask| self.holds(state, *row, ask)));
            !(fact.lo..=fact.hi).contains(&(counted.count() as i64))
        });
        failing.map(|fact| format!("fact f{fact}"))
    }

    fn holds(&self, state: &State, row: usize, ask: &Ask) -> bool {
        let children = || (0..self.issues).filter(|child| state.parent[*child] == Some(row));
        let parent = state.parent[row];
        match ask {
            Ask::Root => parent.is_none(),
            Ask::Red => state.red[row],
            Ask::ParentRed => parent.is_some_and(|parent| state.red[parent]),
            Ask::Grandchild => parent.is_some_and(|parent| state.parent[parent].is_some()),
            Ask::Children(count) => children().count() == *count,
            Ask::Load(lo, hi) => {
                let load: i64 = children().map(|child| if state.heavy[child] { 5 } else { 1 }).sum();
                (*lo..=*hi).contains(&load)
            }
            Ask::ChildOf(row) => parent == Some(*row),
        }
    }

    /// Goes through all assignments.
    fn search(&self) -> Option<State> {
        let n = self.issues;
        let bits = |mask: usize| (0..n).map(|row| mask >> row & 1 == 1).collect::<Vec<_>>();
        let masks = |ones: usize| (0..1_usize << n).filter(move |mask| mask.count_ones() as usize == ones);
        for code in 0..(n + 1).pow(n as u32) {
            let digit = |row: usize| code / (n + 1).pow(row as u32) % (n + 1);
            let parent: Vec<Option<usize>> = (0..n).map(|row| Some(digit(row)).filter(|to| *to < n)).collect();
            if parent.iter().flatten().count() != self.given {
                continue;
            }
            for red in masks(self.red) {
                for heavy in masks(self.heavy) {
                    let state = State { red: bits(red), heavy: bits(heavy), parent: parent.clone() };
                    if self.wrong(&state).is_none() {
                        return Some(state);
                    }
                }
            }
        }
        None
    }
}

fn state(dataset: &Dataset) -> State {
    let block = &dataset.blocks[0];
    let column = |name: &str| {
        let at = block.columns.iter().position(|column| column == name).expect("the column is there");
        block.rows.iter().map(move |row| &row.values[at])
    };
    let keys: Vec<&Value> = column("id").collect();
    State {
        red: column("color").map(|color| *color == Value::text("red")).collect(),
        heavy: column("points").map(|points| *points == Value::Integer(5)).collect(),
        parent: column("parent_id").map(|parent| keys.iter().position(|key| *key == parent)).collect(),
    }
}

#[test]
fn a_tree_or_a_sum_that_exists_is_never_called_impossible() {
    let (mut made, mut refused, mut undecided) = (0, 0, Vec::new());
    let all = rounds(300);
    for number in 0..all {
        let forest = Forest::random(&mut Dice::new(number + 77_000));
        let text = forest.file();
        let sources = vec![Source { path: "forest.yaml".into(), text: text.clone() }];
        let files = Files { sources, scenarios: vec![0], lists: Vec::new() };
        let chain = read(&files, None)
            .unwrap_or_else(|problems| panic!("world {number}: {}", render(&problems, &files.sources, false)));
        let found = forest.search();
        match generate(&chain, None, Parameters { seed: number % 5, worker: 0, as_of: 0 }) {
            Ok(generated) => {
                let state = state(&generated.dataset);
                assert_eq!(forest.wrong(&state), None, "world {number}: {state:?}\n{text}");
                made += 1;
            }
            Err(problems) if problems[0].code == "undecided" => undecided.push((number, found.is_some())),
            Err(problems) => {
                let told = render(&problems, &files.sources, false);
                assert!(found.is_none(), "world {number}: {found:?}\n{told}\n{text}");
                refused += 1;
            }
        }
    }
    println!("{all} forests: {made} made, {refused} refused, undecided {undecided:?}");
    assert!(undecided.len() as u64 * 20 <= all, "{undecided:?}");
}
