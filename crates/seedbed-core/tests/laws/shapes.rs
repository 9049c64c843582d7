//! Shapes: the examples, worlds of other schemas, over many seeds; every fact counted again from the rows.

use std::collections::BTreeMap;

use seedbed_core::dataset::{Dataset, Row};
use seedbed_core::diagnostic::{Diagnostic, render};
use seedbed_core::generate::{Generated, Parameters, Verdict, generate};
use seedbed_core::scenario::{Files, read};
use seedbed_core::source::Source;
use seedbed_core::value::{Decimal, Value};

use crate::rounds;
use crate::support::example;

/// Generates an example, after its text was changed.
fn made(name: &str, seed: u64, change: impl Fn(String) -> String) -> Generated {
    let (scenario, list) = example(name);
    let lists = vec![(0, list.path.clone(), 1)];
    let scenario = Source { text: change(scenario.text), ..scenario };
    let files = Files { sources: vec![scenario, list], scenarios: vec![0], lists };
    let told = |problems: Vec<Diagnostic>| format!("seed {seed}: {}", render(&problems, &files.sources, false));
    let chain = read(&files, None).map_err(told).unwrap_or_else(|told| panic!("{told}"));
    let generated = generate(&chain, None, Parameters { seed, worker: 0, as_of: 0 });
    let generated = generated.map_err(told).unwrap_or_else(|told| panic!("{told}"));
    assert!(generated.findings.iter().all(|finding| finding.verdict() == Verdict::Holds), "seed {seed}");
    generated
}

/// The rows of a population, by column.
fn rows<'a>(dataset: &'a Dataset, population: &str) -> Vec<BTreeMap<&'a str, &'a Value>> {
    let block = dataset.blocks.iter().find(|block| block.population == population).expect("it is there");
    let of = |row: &'a Row| block.columns.iter().map(String::as_str).zip(&row.values).collect();
    block.rows.iter().map(of).collect()
}

fn sum<'a>(values: impl Iterator<Item = &'a Value>) -> Decimal {
    values.filter_map(Value::number).fold(Decimal::whole(0), |sum, value| sum.plus(value).expect("it fits"))
}

#[test]
fn totals_of_a_shop_are_sums_and_amounts_products_for_every_seed() {
    for seed in 0..rounds(20) {
        let dataset = made("shop", seed, |text| text).dataset;
        let items = rows(&dataset, "items");
        for item in &items {
            let number = |column: &str| item[column].number().expect("a number");
            assert_eq!(number("amount"), number("quantity").times(number("price")).expect("it fits"), "seed {seed}");
        }
        let (mut empty, mut full) = (0, 0);
        for order in rows(&dataset, "orders") {
            let of = || items.iter().filter(|item| item["order_id"] == order["id"]);
            assert_eq!(order["total"].number(), Some(sum(of().map(|item| item["amount"]))), "seed {seed}");
            assert_eq!(order["pieces"].number(), Some(sum(of().map(|item| item["quantity"]))), "seed {seed}");
            *if of().count() == 0 { &mut empty } else { &mut full } += 1;
        }
        assert!(empty > 0 && full > 30, "seed {seed}");
    }
}

#[test]
fn a_sum_or_a_product_more_moves_nothing() {
    let without = |text: String| text.replace("      pieces: {sum_of: items.quantity}\n", "");
    for seed in 0..rounds(5) {
        let (before, after) = (made("shop", seed, without).dataset, made("shop", seed, |text| text).dataset);
        for block in &before.blocks {
            let now = rows(&after, &block.population);
            for (row, now) in rows(&before, &block.population).iter().zip(&now) {
                assert!(row.iter().all(|(column, value)| now[column] == *value), "seed {seed}: {}", block.population);
            }
        }
    }
}

#[test]
fn issues_of_a_tracker_are_a_tree_for_every_seed() {
    for seed in 0..rounds(20) {
        let dataset = made("tracker", seed, |text| text).dataset;
        let issues = rows(&dataset, "issues");
        let by_key: BTreeMap<_, _> = issues.iter().map(|issue| (issue["id"], issue)).collect();
        for issue in &issues {
            let above = std::iter::successors(Some(issue), |issue| by_key.get(issue["parent_id"]).copied());
            assert!(above.take(9).count() <= 4, "seed {seed}");
        }
        // Each comment has the key of a row of its kind, and they are spread.
        let comments = rows(&dataset, "comments");
        let of = |kind: &str, population: &str| {
            let keys: Vec<&Value> = rows(&dataset, population).iter().map(|row| row["id"]).collect();
            let about = comments.iter().filter(|comment| *comment["subject_type"] == Value::text(kind));
            let ids: Vec<&Value> = about.map(|comment| comment["subject_id"]).collect();
            assert!(ids.iter().all(|id| keys.contains(id)), "seed {seed}: {kind}");
            (ids.len(), ids.iter().collect::<std::collections::BTreeSet<_>>().len())
        };
        let (issues, milestones) = (of("Issue", "issues"), of("Milestone", "milestones"));
        let projects = of("Project", "projects");
        assert_eq!((issues.0, milestones.0, projects.0), (63, 18, 9), "seed {seed}");
        assert!(issues.1 > 20 && milestones.1 > 1 && projects.1 > 1, "seed {seed}");
    }
}
