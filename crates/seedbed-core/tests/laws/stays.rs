//! What stays: a change of a scenario moves what it must, and little else.

use std::collections::{BTreeMap, BTreeSet};

use seedbed_core::dataset::Dataset;
use seedbed_core::scenario::Chain;
use seedbed_core::value::Value;

use crate::pockitflyer::{chain, changed, made};
use crate::rounds;

/// A dataset by natural names: keys are replaced by who they stand for.
struct Named {
    /// (population, row) and its values by column.
    rows: BTreeMap<(String, String), BTreeMap<String, String>>,
}

impl Named {
    fn of(dataset: &Dataset) -> Self {
        let mut names: BTreeMap<(&str, &Value), String> = BTreeMap::new();
        for block in &dataset.blocks {
            for row in &block.rows {
                names.insert((&block.table, &row.values[block.key[0]]), row.name.clone());
            }
        }
        let mut rows = BTreeMap::new();
        for block in &dataset.blocks {
            for row in &block.rows {
                let mut values: BTreeMap<String, String> = BTreeMap::new();
                for (place, column) in block.columns.iter().enumerate().filter(|(place, _)| !block.key.contains(place))
                {
                    let link = block.references.iter().find(|reference| reference.columns[0] == place);
                    let text = |value: &Value| match link {
                        Some(link) => names.get(&(link.to.as_str(), value)).cloned().unwrap_or_default(),
                        None => format!("{value:?}"),
                    };
                    values.insert(column.clone(), text(&row.values[place]));
                    for (_, layer, value) in row.overlays.iter().filter(|(at, ..)| *at == place) {
                        values.insert(format!("{column} in {layer}"), text(value));
                    }
                }
                rows.insert((block.population.clone(), row.name.clone()), values);
            }
        }
        Self { rows }
    }
}

/// What moved between two datasets, among rows and columns that both have.
#[derive(Default, Debug, Clone, PartialEq)]
struct Moved {
    /// Rows of relations that went, by population.
    pairs: BTreeMap<String, usize>,
    /// Values that differ, by population and column.
    values: BTreeMap<String, usize>,
}

fn moved(before: &Named, after: &Named) -> Moved {
    let mut moved = Moved::default();
    for ((population, row), values) in &before.rows {
        let Some(now) = after.rows.get(&(population.clone(), row.clone())) else {
            *moved.pairs.entry(population.clone()).or_default() += 1;
            continue;
        };
        for (column, value) in values {
            if now.get(column).is_some_and(|now| now != value) {
                *moved.values.entry(format!("{population}.{column}")).or_default() += 1;
            }
        }
    }
    moved
}

/// Compares two chains over many seeds.
fn over_seeds(before: &Chain, after: &Chain, seeds: u64) -> Vec<Moved> {
    (1..=seeds)
        .map(|seed| moved(&Named::of(&made(before, seed).dataset), &Named::of(&made(after, seed).dataset)))
        .collect()
}

/// Sorted numbers of something that moved, one per seed.
fn numbers(moved: &[Moved], of: impl Fn(&Moved) -> usize) -> Vec<usize> {
    let mut numbers: Vec<usize> = moved.iter().map(of).collect();
    numbers.sort_unstable();
    numbers
}

fn mean(numbers: &[usize]) -> f64 {
    numbers.iter().sum::<usize>() as f64 / numbers.len() as f64
}

fn percentile(numbers: &[usize], percent: usize) -> usize {
    numbers[(numbers.len() * percent).div_ceil(100).max(1) - 1]
}

fn table(title: &str, moved: &[Moved]) {
    println!("{title}, {} seeds:      mean   95th   99th    max", moved.len());
    let mut lines: BTreeSet<(bool, &String)> = BTreeSet::new();
    for one in moved {
        lines.extend(one.pairs.keys().map(|name| (true, name)));
        lines.extend(one.values.keys().map(|name| (false, name)));
    }
    for (pair, name) in lines {
        let of = |moved: &Moved| if pair { &moved.pairs } else { &moved.values }.get(name).copied().unwrap_or(0);
        let all = numbers(moved, of);
        println!(
            "  {name:36} {:6.2} {:6} {:6} {:6}",
            mean(&all),
            percentile(&all, 95),
            percentile(&all, 99),
            percentile(&all, 100)
        );
    }
}

#[test]
fn one_flyer_more_moves_little() {
    let more = changed(&[
        ("m01", "flyer_001..flyer_150", "flyer_001..flyer_151"),
        (
            "m01",
            "\"150 flyers\",                                 \"count\": \"flyers\", \"exactly\": 150",
            "\"151 flyers\", \"count\": \"flyers\", \"exactly\": 151",
        ),
        ("m01", "\"per\": \"category\", \"exactly\": 50", "\"per\": \"category\", \"at_least\": 50"),
        (
            "m02",
            "\"creator\": {\"in\": \"users\"}}, \"exactly\": 150",
            "\"creator\": {\"in\": \"users\"}}, \"exactly\": 151",
        ),
    ]);
    let moved = over_seeds(&chain(), &more, rounds(40).min(200));
    table("one flyer more", &moved);
    let favorites = numbers(&moved, |moved| moved.pairs.get("favorites").copied().unwrap_or(0));
    let follows = numbers(&moved, |moved| moved.pairs.get("follows").copied().unwrap_or(0));
    assert!(mean(&favorites) <= 1.0, "{favorites:?}");
    assert!(percentile(&favorites, 99) <= 7, "{favorites:?}");
    assert!(mean(&follows) <= 0.5, "{follows:?}");
}

#[test]
fn one_user_more() {
    let more = changed(&[
        ("m02", "user_001..user_030", "user_001..user_031"),
        ("m02", "\"count\": \"users\", \"exactly\": 34", "\"count\": \"users\", \"exactly\": 35"),
        ("m02", "{\"count\": 1}}, \"exactly\": 34", "{\"count\": 1}}, \"exactly\": 35"),
        ("m02", "{\"count\": 1}}, \"exactly\": 34", "{\"count\": 1}}, \"exactly\": 35"),
        ("m02", "\"user.profile.created_at\"}}, \"exactly\": 34", "\"user.profile.created_at\"}}, \"exactly\": 35"),
        ("m02", "\"rows\": 24,", "\"rows\": 25,"),
        ("m02", "\"long\":   {\"rows\": 6,", "\"long\":   {\"rows\": 7,"),
    ]);
    table("one user more", &over_seeds(&chain(), &more, rounds(10).min(200)));
}

#[test]
fn what_is_new_moves_nothing_that_was_there() {
    let before = chain();
    let column = (
        "m02",
        "\"last_login\":     null,",
        "\"last_login\":     null, \"shoe\": {\"integer\": [36, 46]}, \"hat\": {\"quota\": {\"true\": \"50%\", \"false\": \"rest\"}},",
    );
    let idle = (
        "m03",
        "\"ensure\": [",
        "\"ensure\": [\n    {\"fact\": \"idle\", \"count\": \"favorites\", \"where\": {\"user.is_active\": true}, \"at_least\": 1},",
    );
    let population = (
        "m02",
        "\"profiles\": {",
        "\"shoes\": {\"table\": \"shoes\", \"rows\": [\"shoe_1..shoe_9\"], \"links\": {\"user\": {\"column\": \"user_id\", \"to\": \"users\", \"back\": \"shoes\"}}, \"columns\": {\"size\": {\"integer\": [36, 46]}}},\n    \"profiles\": {",
    );
    for (name, change) in [("a column", column), ("an ensure that holds already", idle), ("a population", population)] {
        for (seed, moved) in over_seeds(&before, &changed(&[change]), rounds(10).min(200)).into_iter().enumerate() {
            assert_eq!(moved, Moved::default(), "{name} moves something with seed {}", seed + 1);
        }
    }
}

#[test]
fn a_new_entry_moves_only_rows_that_pick_it() {
    let after = changed(&[("e2e_names", "\"first\": [", "\"first\": [\"Zzyzx\", ")]);
    for moved_of in 1..=rounds(10).min(200) {
        let (before, after) =
            (Named::of(&made(&chain(), moved_of).dataset), Named::of(&made(&after, moved_of).dataset));
        for (row, values) in &before.rows {
            let now = after.rows.get(row).expect("no row goes");
            for (column, value) in values.iter().filter(|(column, value)| now[*column] != **value) {
                assert!(now[column].contains("Zzyzx"), "{row:?} {column}: {value} became {}", now[column]);
            }
        }
    }
}

#[test]
fn order_in_the_file_means_nothing() {
    let before = chain();
    let column =
        "\"first_name\":      {\"pick\": \"names.first\"},\n        \"last_name\":       {\"pick\": \"names.last\"},";
    let turned =
        "\"last_name\":       {\"pick\": \"names.last\"},\n        \"first_name\":      {\"pick\": \"names.first\"},";
    let columns = changed(&[("m01", column, turned)]);
    let profile = "\"total\": 30,";
    let relation = changed(&[
        ("m03", profile, ""),
        ("m03", "\"table\": \"users_follow\",", "\"table\": \"users_follow\", \"total\": 30,"),
    ]);
    for after in [columns, relation] {
        for moved in over_seeds(&before, &after, 3) {
            assert_eq!(moved, Moved::default());
        }
    }
}
