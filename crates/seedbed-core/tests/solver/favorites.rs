//! Problems like those of m03 (favorites of flyers) and m02 (flyers of users).

use crate::random::Dice;
use seedbed_core::solve::{Clause, Fill, Group, Measure, Problem, Row, Sum};

/// What a right row is like; drawn from its own hash, so that a new row changes no other.
struct Flyer {
    hash: u64,
    category: u64,
    inactive: bool,
    expired: bool,
    creator: u64,
    old: bool,
}

fn flyer(seed: u64, number: usize) -> Flyer {
    let mut dice = Dice(seed ^ (number as u64 + 1).wrapping_mul(0x2545_f491_4f6c_dd1d));
    Flyer {
        hash: dice.bits(),
        category: dice.bits() % 3,
        inactive: dice.chance(10),
        expired: dice.chance(15),
        creator: dice.bits() % 34,
        old: dice.chance(50),
    }
}

/// `height` users by `width` flyers, about 50 favorites for 34 users, with `clauses` demands.
pub(crate) fn relation(seed: u64, height: usize, width: usize, clauses: usize) -> Problem {
    let flyers: Vec<Flyer> = (0..width).map(|number| flyer(seed, number)).collect();
    let mut dice = Dice(seed ^ 0xabcd);
    // Beyond 60 rows every 34 users are like the first 34.
    let degrees = |user: usize| match if height > 60 { user % 34 } else { user } {
        1 => (5, 10),
        2 => (20, 22),
        3 => (2, 2),
        4 => (10, 12),
        5..=12 => (1, 5),
        _ => (0, 0),
    };
    let left: Vec<Row> =
        (0..height).map(|user| Row { lo: degrees(user).0, hi: degrees(user).1, hash: dice.bits() }).collect();
    let right: Vec<Row> = flyers
        .iter()
        .enumerate()
        .map(|(number, flyer)| {
            let scale = (height / 34).max(1) as u32;
            let (lo, hi) = if number < 3 { (3 * scale, 6 * scale) } else { (0, (2 * scale).max(2)) };
            Row { lo, hi, hash: flyer.hash }
        })
        .collect();
    let mut score = Vec::new();
    for user in &left {
        for flyer in &flyers {
            score.push((Dice(user.hash ^ flyer.hash.rotate_left(17)).bits() >> 2) as i64);
        }
    }
    let total = if height <= 60 { (50, 50) } else { (0, u32::MAX) };
    let mut problem = Problem {
        left,
        right,
        total,
        allowed: vec![true; height * width],
        score,
        clauses: Vec::new(),
        fill: Fill::ByLeft,
    };
    problem.clauses = demands(&flyers, height, width);
    problem.clauses.truncate(clauses);
    problem
}

fn sum(height: usize, width: usize, holds: impl Fn(usize, usize) -> bool) -> Sum {
    let pairs = (0..height).flat_map(|left| (0..width).map(move |right| (left, right)));
    let terms =
        pairs.filter(|&(left, right)| holds(left, right)).map(|(left, right)| ((left * width + right) as u32, 1));
    Sum { constant: 0, terms: terms.collect() }
}

fn demands(flyers: &[Flyer], height: usize, width: usize) -> Vec<Clause> {
    let linear = |lo, hi, holds: &dyn Fn(usize, usize) -> bool| Clause {
        lo,
        hi,
        measure: Measure::Linear(sum(height, width, holds)),
    };
    let mut clauses = Vec::new();
    for category in 0..3 {
        clauses.push(linear(8, i64::MAX, &|_, right| flyers[right].category == category));
    }
    clauses.push(linear(2, i64::MAX, &|_, right| flyers[right].inactive));
    clauses.push(linear(2, i64::MAX, &|_, right| flyers[right].expired));
    for user in [1, 2] {
        let group = |category| Group {
            conditions: vec![(
                sum(height, width, |left, right| left == user && flyers[right].category == category),
                1,
                i64::MAX,
            )],
        };
        clauses.push(Clause { lo: 3, hi: 3, measure: Measure::Count((0..3).map(group).collect()) });
        clauses.push(linear(1, 12, &|left, right| left == user && flyers[right].creator % 4 == user as u64));
        clauses.push(linear(1, i64::MAX, &|left, right| left == user && flyers[right].creator % 4 != user as u64));
    }
    clauses.push(linear(25, i64::MAX, &|left, right| flyers[right].old && left % 9 != 0));
    for user in [4, 5, 6] {
        clauses.push(linear(1, i64::MAX, &|left, right| left == user && flyers[right].category == user as u64 % 3));
    }
    for creator in 0..4 {
        clauses.push(linear(1, i64::MAX, &|_, right| flyers[right].creator % 9 == creator));
    }
    let some = |user: usize, lo, hi| Group { conditions: vec![(sum(height, width, |left, _| left == user), lo, hi)] };
    clauses.push(Clause {
        lo: 2,
        hi: i64::MAX,
        measure: Measure::Count((0..height.min(34)).map(|user| some(user, 1, 5)).collect()),
    });
    clauses.push(Clause {
        lo: 2,
        hi: i64::MAX,
        measure: Measure::Count((0..height.min(34)).map(|user| some(user, 10, i64::MAX)).collect()),
    });
    let hit = |number: usize| Group { conditions: vec![(sum(height, width, |_, right| right == number), 2, i64::MAX)] };
    clauses.push(Clause { lo: 4, hi: i64::MAX, measure: Measure::Count((0..20.min(width)).map(hit).collect()) });
    clauses.push(linear(0, 3, &|left, right| left == 2 && flyers[right].expired));
    clauses.push(linear(4, i64::MAX, &|_, right| flyers[right].expired && flyers[right].category == 1));
    clauses
}

/// `height` flyers that each belong to one of `width` users, with ranges on the users.
pub(crate) fn references(seed: u64, height: usize, width: usize) -> Problem {
    let flyers: Vec<Flyer> = (0..height).map(|number| flyer(seed, number)).collect();
    let mut dice = Dice(seed ^ 0x1234);
    let left = flyers.iter().map(|flyer| Row { lo: 1, hi: 1, hash: flyer.hash }).collect();
    let range = |user: usize| match user {
        0 => (20, 25),
        1..=4 => (8, 14),
        5..=16 => (2, 8),
        17..=24 => (1, 1),
        _ => (0, 0),
    };
    let right: Vec<Row> =
        (0..width).map(|user| Row { lo: range(user).0, hi: range(user).1, hash: dice.bits() }).collect();
    let mut score = Vec::new();
    for flyer in &flyers {
        for (user, row) in right.iter().enumerate() {
            let weight = i64::from(range(user).0 + range(user).1) + 1;
            score.push((Dice(row.hash ^ flyer.hash.rotate_left(17)).bits() >> 24) as i64 * weight / 64);
        }
    }
    let linear = |lo, hi, holds: &dyn Fn(usize, usize) -> bool| Clause {
        lo,
        hi,
        measure: Measure::Linear(sum(height, width, holds)),
    };
    let mut clauses = vec![
        linear(2, i64::MAX, &|left, right| flyers[left].inactive && right == 1),
        linear(0, 4, &|left, right| flyers[left].expired && right == 0),
        linear(5, i64::MAX, &|left, right| flyers[left].category == 1 && right == 2),
    ];
    for user in [1, 6] {
        let group = |category| Group {
            conditions: vec![(
                sum(height, width, |left, right| right == user && flyers[left].category == category),
                1,
                i64::MAX,
            )],
        };
        clauses.push(Clause { lo: 2, hi: i64::MAX, measure: Measure::Count((0..3).map(group).collect()) });
    }
    // Users with some flyer and none that is still active: both conditions at once.
    let gone = |user: usize| Group {
        conditions: vec![
            (sum(height, width, |_, right| right == user), 1, i64::MAX),
            (sum(height, width, |left, right| right == user && !flyers[left].inactive), 0, 0),
        ],
    };
    clauses.push(Clause { lo: 1, hi: 2, measure: Measure::Count((0..width).map(gone).collect()) });
    Problem {
        left,
        right,
        total: (height as u32, height as u32),
        allowed: vec![true; height * width],
        score,
        clauses,
        fill: Fill::ByLeft,
    }
}
