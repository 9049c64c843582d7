//! Laws that hold for every problem, tried on many small ones against brute force.

use crate::random::{Breaches, Dice, planted, problem};
use seedbed_core::solve::{Conflict, Outcome, Part, Proof, exact, solve, violations};

const PLANTED: u64 = 200;
const PROBLEMS: u64 = 6_000;

#[test]
fn a_satisfiable_problem_is_never_called_a_contradiction() {
    let (mut solved, mut refuted, mut undecided, mut by_exact, mut sums) = (0, 0, 0, 0, 0);
    for seed in 0..PROBLEMS {
        let problem = problem(&mut Dice(seed * 7919));
        let breaches = Breaches::of(&problem);
        let possible = breaches.none();
        for outcome in [solve(&problem), exact(&problem)] {
            match outcome {
                Outcome::Solved(solution) => {
                    assert!(violations(&problem, &solution.pairs).is_empty(), "seed {seed}");
                    solved += 1;
                    by_exact += u32::from(solution.exact);
                }
                Outcome::Contradiction(conflict) => {
                    assert!(!possible, "seed {seed} is satisfiable: {conflict:?}");
                    assert_irreducible(&breaches, &conflict, seed);
                    if let Some(sum) = &conflict.sum {
                        assert_adds_up(sum, &conflict.parts);
                        sums += 1;
                    }
                    refuted += 1;
                }
                Outcome::Undecided => undecided += 1,
            }
        }
    }
    println!("solved {solved} (exact {by_exact}), refuted {refuted} (sums {sums}), undecided {undecided}");
    assert_eq!(undecided, 0);
}

#[test]
fn a_problem_with_a_known_answer_is_never_called_a_contradiction() {
    let (mut by_repair, mut by_exact, mut undecided) = (0, 0, 0);
    for seed in 0..PLANTED {
        let problem = planted(&mut Dice(seed * 104_729));
        let small = (problem.allowed.len() <= 150).then(|| exact(&problem));
        for outcome in [solve(&problem)].into_iter().chain(small) {
            match outcome {
                Outcome::Solved(solution) => {
                    assert!(violations(&problem, &solution.pairs).is_empty(), "seed {seed}");
                    *(if solution.exact { &mut by_exact } else { &mut by_repair }) += 1;
                }
                Outcome::Contradiction(conflict) => panic!("seed {seed}: {conflict:?}"),
                Outcome::Undecided => undecided += 1,
            }
        }
    }
    println!("planted: repair {by_repair}, exact {by_exact}, undecided {undecided}");
    assert!(undecided * 50 <= PLANTED);
}

fn assert_adds_up(sum: &Proof, parts: &[Part]) {
    let lower = sum.terms.iter().filter(|term| term.at_least);
    assert_eq!(lower.map(|term| term.multiplier * term.bound).sum::<i64>(), sum.needed);
    assert!(sum.needed > sum.available);
    assert!(sum.terms.iter().all(|term| term.multiplier > 0 && parts.contains(&term.part)));
}

fn assert_irreducible(breaches: &Breaches, conflict: &Conflict, seed: u64) {
    let parts = &conflict.parts;
    assert!(!breaches.avoidable(parts), "seed {seed}: {parts:?} do not conflict");
    for spared in parts {
        let others: Vec<Part> = parts.iter().copied().filter(|part| part != spared).collect();
        assert!(breaches.avoidable(&others), "seed {seed}: {spared:?} is not needed in {parts:?}");
    }
}
