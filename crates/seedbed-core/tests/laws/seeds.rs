//! Seeds and dates: every seed gives every fact; a date only moves the clock.

use std::collections::{BTreeMap, BTreeSet};

use seedbed_core::dataset::{Block, Dataset, Row};
use seedbed_core::generate::Parameters;
use seedbed_core::plan::digest;
use seedbed_core::value::Value;

use crate::pockitflyer;
use crate::rounds;

/// The rows and files of seeds 1 to 3. A change of any value shows here, and goes into
/// CHANGELOG.md under "Data changes".
const DIGESTS: [&str; 3] = [
    "dff9645582a32cd59f0b04f9a52c663553d1f7e84d9a9aeb7ce840dfe046e382",
    "c199c29ca422b2dcaf12ee64e424a2f5d3819181ec8ef9f59fa3e1f37efa85a3",
    "abcc94fe42d581cb12377aaf0c107db24b7499a4c4217d962f6b55051e9d4725",
];

/// Seconds of a day.
const DAY: i64 = 86_400;

#[test]
fn the_data_of_a_seed_never_changes() {
    let chain = pockitflyer::chain();
    let found: Vec<String> = (1..=3).map(|seed| digest(&pockitflyer::made(&chain, seed).dataset, |_| true)).collect();
    assert_eq!(found, DIGESTS);
}

#[test]
fn every_seed_holds_every_fact() {
    let chain = pockitflyer::chain();
    let (mut went_back, mut exact, mut digests) = (0, 0, BTreeSet::new());
    let seeds = rounds(20);
    for seed in 0..seeds {
        let generated = pockitflyer::made(&chain, seed);
        went_back += u32::from(generated.went_back > 0);
        exact += u32::from(generated.exact > 0);
        recount(&generated.dataset, seed);
        digests.insert(digest(&generated.dataset, |_| true));
    }
    println!("{seeds} seeds: {went_back} went back, {exact} needed the exact stage");
    assert_eq!(digests.len() as u64, seeds, "seeds differ");
}

/// Counts a few criteria again, from the rows alone.
fn recount(dataset: &Dataset, seed: u64) {
    let rows = |name: &str| Rows::of(dataset, name);
    let (users, flyers, favorites, follows) = (rows("users"), rows("flyers"), rows("favorites"), rows("follows"));
    let sizes = [users.len(), flyers.len(), favorites.len(), follows.len(), rows("creators").len()];
    assert_eq!(sizes, [34, 150, 50, 30, 20], "seed {seed}");
    for category in ["events", "nightlife", "service"] {
        let of = |row: &&Row| *flyers.get(row, "category") == Value::text(category);
        assert_eq!(flyers.rows().filter(of).count(), 50, "seed {seed}");
    }
    let category: BTreeMap<&Value, &Value> =
        flyers.rows().map(|row| (flyers.key(row), flyers.get(row, "category"))).collect();
    let of_user = |table: &Rows<'_>, column: &str, name: &str| {
        let key = users.key(users.rows().find(|row| row.name == name).expect("it is there"));
        table.rows().filter(|row| table.get(row, column) == key).count()
    };
    for (name, liked, followed) in
        [("new", 0..=0, 0..=0), ("active", 5..=10, 3..=5), ("power", 20..=22, 10..=11), ("prolific", 2..=2, 1..=1)]
    {
        assert!(liked.contains(&of_user(&favorites, "user_id", name)), "seed {seed}: favorites of {name}");
        assert!(followed.contains(&of_user(&follows, "follower_id", name)), "seed {seed}: follows of {name}");
    }
    let mut by_category: BTreeMap<&Value, usize> = BTreeMap::new();
    for row in favorites.rows() {
        *by_category.entry(category[favorites.get(row, "flyer_id")]).or_default() += 1;
    }
    assert!(by_category.len() == 3 && by_category.values().all(|count| *count >= 8), "seed {seed}");
    let pairs: BTreeSet<(&Value, &Value)> =
        follows.rows().map(|row| (follows.get(row, "follower_id"), follows.get(row, "followed_id"))).collect();
    assert!(pairs.len() == 30 && pairs.iter().all(|(a, b)| a != b), "seed {seed}");
    let active: BTreeMap<&Value, &Value> =
        flyers.rows().map(|row| (flyers.key(row), flyers.get(row, "is_active"))).collect();
    let dark = favorites.rows().filter(|row| *active[favorites.get(row, "flyer_id")] == Value::Bool(false)).count();
    assert!(dark >= 2, "seed {seed}: favorites of deactivated flyers");
    let joined: BTreeMap<&Value, &Value> =
        users.rows().map(|row| (users.key(row), users.get(row, "date_joined"))).collect();
    for row in favorites.rows() {
        assert!(favorites.get(row, "created_at") > joined[favorites.get(row, "user_id")], "seed {seed}: {}", row.name);
    }
    // The flyers of m01 belong to users of m02 from layer 2 on.
    let owners: BTreeSet<&Value> = users.rows().map(|row| users.key(row)).collect();
    assert!(flyers.rows().all(|row| owners.contains(&row.overlays[0].2)), "seed {seed}");
}

struct Rows<'a>(&'a Block);

impl<'a> Rows<'a> {
    fn of(dataset: &'a Dataset, name: &str) -> Self {
        Self(dataset.blocks.iter().find(|block| block.population == name).expect("it is there"))
    }

    fn len(&self) -> usize {
        self.0.rows.len()
    }

    fn rows(&self) -> impl Iterator<Item = &'a Row> + use<'a> {
        self.0.rows.iter()
    }

    fn key(&self, row: &'a Row) -> &'a Value {
        &row.values[self.0.key[0]]
    }

    fn get(&self, row: &'a Row, column: &str) -> &'a Value {
        &row.values[self.0.columns.iter().position(|c| c == column).expect("the column is there")]
    }
}

#[test]
fn a_date_moves_nothing_but_as_of() {
    let chain = pockitflyer::chain();
    let first = pockitflyer::made(&chain, 1).dataset;
    // 2024-02-28, 2024-02-29, 2023-12-31, 2100-02-28, and every 97th day from 2020-01-01.
    let named = [19_781, 19_782, 19_722, 47_540].into_iter();
    for day in named.chain((0..46).map(|n| 18_262 + n * 97)) {
        let moved = pockitflyer::with(&chain, Parameters { seed: 1, worker: 0, as_of: day * DAY }).dataset;
        assert_eq!(moved.as_of, day * DAY);
        assert!(Dataset { as_of: first.as_of, ..moved } == first, "day {day}");
    }
}

#[test]
fn two_runs_are_equal() {
    let chain = pockitflyer::chain();
    assert!(pockitflyer::made(&chain, 5).dataset == pockitflyer::made(&pockitflyer::chain(), 5).dataset);
}

#[test]
fn a_worker_differs_in_keys_and_in_texts_that_say_so() {
    let chain = pockitflyer::chain();
    let of = |worker| pockitflyer::with(&chain, Parameters { seed: 1, worker, as_of: 0 }).dataset;
    let (zero, three) = (of(0), of(3));
    let mut own_texts = 0;
    for (a, b) in zero.blocks.iter().zip(&three.blocks) {
        assert_eq!((&a.population, &a.columns, a.rows.len()), (&b.population, &b.columns, b.rows.len()));
        for (a_row, b_row) in a.rows.iter().zip(&b.rows) {
            assert_eq!(a_row.name, b_row.name);
            let overlays = a_row.overlays.iter().zip(&b_row.overlays).map(|(a, b)| (&a.2, &b.2, "overlay"));
            let values = a_row.values.iter().zip(&b_row.values).zip(&a.columns);
            for (x, y, column) in values.map(|((x, y), column)| (x, y, column.as_str())).chain(overlays) {
                let told = match (x, y) {
                    (Value::Integer(x), Value::Integer(y)) => {
                        x == y || [3_000_000, 3_000_000_000_000].contains(&(y - x))
                    }
                    (Value::Text(x), Value::Text(y)) if y.contains("+w3") => {
                        own_texts += 1;
                        **x == y.replace("+w3", "")
                    }
                    // The path of a picture has the row's key in it.
                    (Value::Text(x), Value::Text(y)) if column.contains("image") || column.contains("picture") => {
                        x == y || x.len() == y.len()
                    }
                    _ => x == y,
                };
                assert!(told, "{} {} {column}: {x} and {y}", a.population, a_row.name);
            }
        }
    }
    assert!(own_texts > 60, "{own_texts}");
}
