//! One sentence per promise of a stage, on problems small enough to read.

use crate::random::Dice;
use seedbed_core::solve::{
    Clause, Fill, Group, Measure, Outcome, Part, Problem, Proof, ProofTerm, Row, Solution, Sum, exact, solve,
    violations,
};

/// Rows with these degree ranges, everything allowed, scores from a fixed stream.
fn problem(left: &[(u32, u32)], right: &[(u32, u32)]) -> Problem {
    let mut dice = Dice(7);
    let mut rows =
        |ranges: &[(u32, u32)]| ranges.iter().map(|&(lo, hi)| Row { lo, hi, hash: dice.bits() }).collect::<Vec<Row>>();
    let (left, right) = (rows(left), rows(right));
    let pairs = left.len() * right.len();
    let score = (0..pairs).map(|_| (dice.bits() >> 2) as i64).collect();
    Problem {
        left,
        right,
        total: (0, u32::MAX),
        allowed: vec![true; pairs],
        score,
        clauses: Vec::new(),
        fill: Fill::ByLeft,
    }
}

fn sum(problem: &Problem, holds: impl Fn(usize, usize) -> bool) -> Sum {
    let width = problem.right.len();
    let pairs = (0..problem.allowed.len()).filter(|pair| holds(pair / width, pair % width));
    Sum { constant: 0, terms: pairs.map(|pair| (pair as u32, 1)).collect() }
}

fn linear(problem: &mut Problem, lo: i64, hi: i64, holds: impl Fn(usize, usize) -> bool) {
    let measure = Measure::Linear(sum(problem, holds));
    problem.clauses.push(Clause { lo, hi, measure });
}

fn count(problem: &mut Problem, lo: i64, hi: i64, groups: Vec<Vec<(Sum, i64, i64)>>) {
    let groups = groups.into_iter().map(|conditions| Group { conditions }).collect();
    problem.clauses.push(Clause { lo, hi, measure: Measure::Count(groups) });
}

fn solved(problem: &Problem) -> Solution {
    match solve(problem) {
        Outcome::Solved(solution) => {
            assert_eq!(violations(problem, &solution.pairs), []);
            solution
        }
        other => panic!("{other:?}"),
    }
}

fn parts(outcome: Outcome) -> (Vec<Part>, Option<Proof>) {
    match outcome {
        Outcome::Contradiction(conflict) => (conflict.parts, conflict.sum),
        other => panic!("{other:?}"),
    }
}

const FREE: (u32, u32) = (0, u32::MAX);

#[test]
fn without_demands_every_row_takes_what_it_prefers() {
    let problem = problem(&[(2, 2), (0, 0), (3, 3)], &[FREE; 8]);
    let solution = solved(&problem);
    for (left, rights) in solution.pairs.iter().enumerate() {
        let mut ranked: Vec<u32> = (0..8).collect();
        ranked.sort_by_key(|&right| -problem.score[left * 8 + right as usize]);
        let mut best = ranked[..rights.len()].to_vec();
        best.sort_unstable();
        assert_eq!(*rights, best);
    }
    assert_eq!((solution.steps, solution.exact), (0, false));
}

#[test]
fn a_clause_that_already_holds_changes_nothing() {
    let mut problem = problem(&[(3, 3); 5], &[FREE; 12]);
    let before = solved(&problem);
    let held = before.pairs.iter().flatten().filter(|&&right| right < 6).count() as i64;
    linear(&mut problem, held, held, |_, right| right < 6);
    linear(&mut problem, 15, 15, |_, _| true);
    assert_eq!(solved(&problem), before);
}

#[test]
fn repair_moves_no_more_pairs_than_a_clause_asks_for() {
    let mut problem = problem(&[(3, 3); 5], &[FREE; 12]);
    let before = solved(&problem);
    let held = before.pairs.iter().flatten().filter(|&&right| right < 3).count() as i64;
    linear(&mut problem, held + 2, i64::MAX, |_, right| right < 3);
    let after = solved(&problem);
    let kept = before
        .pairs
        .iter()
        .zip(&after.pairs)
        .map(|(a, b)| a.iter().filter(|right| b.contains(right)).count())
        .sum::<usize>();
    assert_eq!((after.steps, kept), (2, 13));
}

#[test]
fn exact_quotas_on_the_right_are_met_by_exchanges() {
    let mut problem = problem(&[(1, 1); 12], &[(6, 6), (4, 4), (2, 2)]);
    problem.fill = Fill::BestPair;
    linear(&mut problem, 2, 2, |left, right| left < 3 && right == 2);
    let solution = solved(&problem);
    assert!(!solution.exact);
}

#[test]
fn degrees_meet_the_total_within_their_ranges() {
    let mut problem = problem(&[(0, 4), (1, 1), (2, 6), (0, 3)], &[FREE; 9]);
    for total in 3..=14 {
        problem.total = (total, total);
        assert_eq!(solved(&problem).pairs.iter().flatten().count(), total as usize);
    }
}

#[test]
fn degrees_prefer_a_vector_that_meets_the_clauses_on_degrees() {
    let mut problem = problem(&[(0, 6); 6], &[FREE; 9]);
    problem.total = (18, 18);
    let group = |problem: &Problem, row| vec![(sum(problem, |left, _| left == row), 1, 5)];
    let groups = (0..6).map(|row| group(&problem, row)).collect();
    count(&mut problem, 4, 5, groups);
    solved(&problem);
}

#[test]
fn a_group_that_needs_several_pairs_is_reached() {
    let mut problem = problem(&[(2, 2); 10], &[FREE; 40]);
    let groups = (0..40).map(|hit| vec![(sum(&problem, |_, right| right == hit), 5, i64::MAX)]).collect();
    count(&mut problem, 2, i64::MAX, groups);
    let solution = solved(&problem);
    assert!(!solution.exact, "the gradient leads there");
}

#[test]
fn a_group_with_two_conditions_needs_both() {
    let mut problem = problem(&[(1, 1); 8], &[(0, 4), (0, 4), (0, 4), (0, 4)]);
    let groups = (0..4)
        .map(|user| {
            let some = sum(&problem, |_, right| right == user);
            let visible = sum(&problem, |left, right| right == user && left < 5);
            vec![(some, 1, i64::MAX), (visible, 0, 0)]
        })
        .collect();
    count(&mut problem, 2, 2, groups);
    solved(&problem);
}

#[test]
fn the_exact_stage_agrees_with_repair_that_a_problem_is_solvable() {
    let mut problem = problem(&[(3, 3); 6], &[(0, 2); 12]);
    linear(&mut problem, 9, 9, |left, right| left < 4 && right < 6);
    let Outcome::Solved(solution) = exact(&problem) else { panic!("solvable") };
    assert!(solution.exact);
    assert_eq!(violations(&problem, &solution.pairs), []);
}

#[test]
fn a_counting_argument_is_refuted_with_its_sum() {
    let mut problem = problem(&[(5, 5); 10], &[FREE; 30]);
    problem.total = (50, 50);
    for category in 0..3 {
        linear(&mut problem, 18, i64::MAX, move |_, right| right % 3 == category);
    }
    linear(&mut problem, 2, i64::MAX, |_, right| right == 4);
    let (parts, sum) = parts(solve(&problem));
    assert_eq!(parts, [Part::Clause(0), Part::Clause(1), Part::Clause(2), Part::Total]);
    let term = |part, bound, at_least| ProofTerm { part, multiplier: 1, bound, at_least };
    let sum = sum.expect("a sum shows it");
    assert_eq!((sum.needed, sum.available), (54, 50));
    assert_eq!(
        sum.terms,
        [
            term(Part::Clause(0), 18, true),
            term(Part::Clause(1), 18, true),
            term(Part::Clause(2), 18, true),
            term(Part::Total, 50, false)
        ]
    );
}

#[test]
fn too_few_candidates_are_named() {
    let mut problem = problem(&[(1, 1), (3, 3)], &[FREE; 4]);
    problem.allowed[5] = false;
    problem.allowed[6] = false;
    assert_eq!(parts(solve(&problem)), (vec![Part::Candidates(1)], None));
}

#[test]
fn right_ranges_that_exceed_the_left_degrees_are_a_sum_that_fails() {
    let problem = problem(&[(2, 2), (2, 2)], &[(1, 2); 5]);
    let (parts, sum) = parts(solve(&problem));
    assert_eq!(parts.len(), 7);
    assert_eq!(sum.map(|sum| (sum.needed, sum.available)), Some((5, 4)));
}

#[test]
fn a_range_that_holds_no_number_is_a_conflict_of_its_own() {
    let mut problem = problem(&[(1, 1); 3], &[FREE; 3]);
    linear(&mut problem, 2, 1, |_, right| right == 0);
    assert_eq!(parts(solve(&problem)).0, [Part::Clause(0)]);
}

#[test]
fn counting_clauses_that_exclude_each_other_are_both_named() {
    let mut problem = problem(&[(2, 2); 3], &[FREE; 6]);
    let groups = |problem: &Problem| {
        (0..3).map(|row| vec![(sum(problem, |left, right| left == row && right < 3), 1, i64::MAX)]).collect::<Vec<_>>()
    };
    let all = groups(&problem);
    count(&mut problem, 3, 3, all.clone());
    linear(&mut problem, 1, i64::MAX, |_, right| right == 5);
    count(&mut problem, 0, 2, all);
    assert_eq!(parts(solve(&problem)), (vec![Part::Clause(0), Part::Clause(2)], None));
}

#[test]
fn weights_too_large_for_exact_numbers_are_undecided_or_right() {
    let mut problem = problem(&[(2, 3); 4], &[(0, 2); 6]);
    for _ in 0..6 {
        let mut dice = Dice(problem.clauses.len() as u64);
        let terms = (0..24).map(|pair| (pair, (dice.bits() >> 33) as i32)).collect();
        let measure = Measure::Linear(Sum { constant: 1 << 61, terms });
        problem.clauses.push(Clause { lo: (1 << 61) + 9_000_000_000, hi: (1 << 61) + 9_000_000_001, measure });
    }
    assert!(!matches!(solve(&problem), Outcome::Solved(_)));
}

#[test]
fn nothing_at_all_is_solved() {
    assert_eq!(solved(&problem(&[], &[])).pairs.len(), 0);
    assert_eq!(solved(&problem(&[(0, 0)], &[])).pairs, [Vec::<u32>::new()]);
    assert_eq!(parts(solve(&problem(&[(1, 1)], &[]))).0, [Part::Candidates(0)]);
}
