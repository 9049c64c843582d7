//! Keys: unique, in their range, and worker k's are worker 0's plus k million.

use std::collections::BTreeSet;

use seedbed_core::generate::Parameters;
use seedbed_core::value::Value;

use crate::pockitflyer;

#[test]
fn keys_are_unique_over_layers_and_workers_and_say_where_they_are_from() {
    let chain = pockitflyer::chain();
    let mut seen: BTreeSet<(String, Value)> = BTreeSet::new();
    for worker in [0u8, 1, 49] {
        let dataset = pockitflyer::with(&chain, Parameters { seed: 1, worker, as_of: 0 }).dataset;
        for block in &dataset.blocks {
            let layer = i64::from(dataset.scenarios[block.scenario].layer);
            for row in &block.rows {
                let key = &row.values[block.key[0]];
                let Value::Integer(number) = key else { panic!("{key} is no integer") };
                // 1 L WW RRRRRR, or 7 L WW and twelve digits.
                let (head, rest) = if *number < 2_000_000_000 {
                    (number / 1_000_000, number % 1_000_000)
                } else {
                    (number / 1_000_000_000_000 - 7_000 + 1_000, number % 1_000_000_000_000)
                };
                assert_eq!(head, 1_000 + layer * 100 + i64::from(worker), "{} {}", block.population, row.name);
                assert!(rest > 0);
                assert!(seen.insert((block.table.clone(), key.clone())), "{key} twice in {}", block.table);
            }
        }
    }
}
