//! Laws of further blocks, judged by the evaluator that judges block 0.

#![allow(clippy::disallowed_methods, reason = "tests read files")]

use std::collections::{BTreeMap, BTreeSet};

use super::named::named_in;
use super::*;
use crate::generate::{Parameters, Search, agenda, assemble, judge};
use crate::scenario::{Files, Subject, read};
use crate::source::Source as Text;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../pockitflyer_backend/users/fixtures/");
const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/");

fn chain_of(folder: &str, scenarios: &[&str], lists: &[&str], change: &dyn Fn(String) -> String) -> Chain {
    let text = |name: &&str| {
        let text = std::fs::read_to_string(format!("{folder}{name}")).expect("the file is there");
        Text { path: (*name).into(), text: change(text) }
    };
    let sources = scenarios.iter().chain(lists).map(text).collect();
    let lists = (0..lists.len()).map(|list| (0, lists[list].to_owned(), scenarios.len() + list)).collect();
    let files = Files { sources, scenarios: (0..scenarios.len()).collect(), lists };
    let told = |problems: Vec<Diagnostic>| crate::diagnostic::render(&problems, &files.sources, false);
    read(&files, None).unwrap_or_else(|problems| panic!("{}", told(problems)))
}

fn pockitflyer(change: &dyn Fn(String) -> String) -> Chain {
    let lists = ["e2e_addresses.json", "e2e_flyer_templates.json", "e2e_names.json", "e2e_bios.json"];
    let scenarios = ["m01_discovery_scenarios.json", "m02_test_users.json", "m03_engagement_scenarios.json"];
    chain_of(FIXTURES, &scenarios, &lists, change)
}

fn same(text: String) -> String {
    text
}

fn fixed() -> Chain {
    let favorites = "\"table\": \"flyers_favorite\",";
    pockitflyer(&|text| text.replace(favorites, &format!("{favorites} \"fixed\": true,")))
}

fn chains() -> Vec<Chain> {
    vec![
        pockitflyer(&same),
        // Without what compares the rows they lead to, each edge goes its own way.
        pockitflyer(&|text| {
            let free = "\"flyer.is_active\": true";
            let text = text.replace("\"flyer.creator\": {\"in\": \"user.following.followed\"}", free);
            text.replace("\"flyer.creator\": {\"not_in\": \"user.following.followed\"}", free)
        }),
        chain_of(&format!("{EXAMPLES}shop/"), &["shop.yaml"], &["goods.yaml"], &same),
        chain_of(&format!("{EXAMPLES}tracker/"), &["tracker.yaml"], &["words.yaml"], &same),
    ]
}

/// Decides a chain and hands over its world with its further blocks.
fn with<T>(chain: &Chain, scale: &Scale, seed: u64, ask: impl FnOnce(&World<'_>, &Scaled) -> T) -> T {
    let agenda = agenda(chain).expect("decisions have an order");
    let parameters = Parameters { seed, worker: 3, as_of: 0 };
    let mut search = Search::new(chain, None, parameters, &agenda);
    search.run().expect("it can be decided");
    let generated = assemble::assemble(&search, parameters).expect("it can be assembled");
    let scaled = further(&search.world, &generated.dataset, scale).expect("it can be scaled");
    ask(&search.world, &scaled)
}

/// Returns these blocks as a world of their own, block after block; block 0 may be among them. Rows
/// stand in the order of their parts.
fn world_of<'a>(world: &World<'a>, scaled: &Scaled, blocks: &[u64]) -> World<'a> {
    let chain = world.chain;
    let mut all = World::new(chain, None, world.seed, world.worker);
    let growing: Vec<bool> = (0..chain.populations.len()).map(|id| grows(chain, id)).collect();
    let place = |id: usize, block: u64, part: u32| {
        let count = world.rows(id).len() as u32;
        let at = blocks.iter().position(|known| *known == block).expect("links lead into these blocks") as u32;
        if growing[id] { at * count + part } else { part }
    };
    for (id, population) in chain.populations.iter().enumerate() {
        let made = &scaled.rows[id];
        let blocks: &[u64] = if growing[id] { blocks } else { &[0] };
        let parts = || (0..world.rows(id).len()).collect::<Vec<_>>();
        all.sets[id].rows = Some(blocks.iter().flat_map(|_| world.rows(id).to_vec()).collect());
        for column in 0..population.columns.len() {
            let known = world.sets[id].columns[column].as_ref().expect("all is decided");
            let name = &population.columns[column].name;
            let at = made.columns.iter().position(|column| column == name);
            let value = |block: u64, part: usize| match at {
                Some(at) if block > 0 && !population.columns[column].handle => {
                    scaled.value(&made.made[at][part], block)
                }
                _ => known[part].clone(),
            };
            let values = blocks.iter().flat_map(|block| parts().into_iter().map(|part| value(*block, part)));
            all.sets[id].columns[column] = Some(values.collect());
        }
    }
    for (partition, members) in world.members.iter().enumerate() {
        let copies = if growing[chain.partitions[partition].population] { blocks.len() } else { 1 };
        all.members[partition] = members.as_ref().map(|members| members.repeat(copies));
    }
    for (id, population) in chain.populations.iter().enumerate() {
        let own: &[u64] = if growing[id] { blocks } else { &[0] };
        for link in 0..population.links.len() {
            let known = world.sets[id].links[link].as_ref().expect("all is decided").clone();
            let newest = population.newest_link(&population.links[link].name, chain.layers.len()) == Some(link);
            let at = scaled.rows[id].columns.iter().position(|column| *column == population.links[link].column);
            let target = population.links[link].to;
            let to = own.iter().flat_map(|block| {
                let known = &known;
                (0..known.len()).map(move |part| {
                    let to = known[part]?;
                    let made = at.filter(|_| *block > 0 && newest).map(|at| &scaled.rows[id].made[at][part]);
                    let (block, to) = match made {
                        Some(Made::Key(row)) => (scaled.block_of(row.from, *block), row.part),
                        _ => (*block, to),
                    };
                    Some(place(target, block, to))
                })
            });
            let to: Vec<Option<u32>> = to.collect();
            all.set_link(id, link, to);
        }
    }
    all
}

#[test]
fn every_fact_counts_in_a_further_block_what_it_counts_in_block_0() {
    for chain in chains() {
        for seed in 1..4 {
            with(&chain, &Scale::Blocks(2), seed, |world, scaled| {
                let further = world_of(world, scaled, &[1]);
                for ensure in 0..chain.ensures.len() {
                    let counts = |world: &World<'_>| -> Vec<i64> {
                        judge::judge(world, ensure).iter().map(|finding| finding.counted).collect()
                    };
                    assert_eq!(counts(world), counts(&further), "seed {seed}: {}", chain.ensures[ensure].fact);
                }
            });
        }
    }
}

#[test]
fn in_many_blocks_every_fact_counts_as_often_for_the_rows_of_each() {
    for chain in chains() {
        with(&chain, &Scale::Blocks(7), 1, |world, scaled| {
            let blocks: Vec<u64> = (0..7).collect();
            let all = world_of(world, scaled, &blocks);
            let evaluator = Evaluator::new(&all, None);
            let mut asked = 0;
            for ensure in &chain.ensures {
                // A row that a fact names is the one of block 0.
                let Subject::Population(id) = ensure.subject else { continue };
                let mut rows = BTreeSet::new();
                (0..chain.populations.len()).for_each(|id| named_in(&ensure.condition, id, &mut rows));
                if !rows.is_empty() || !grows(&chain, id) {
                    continue;
                }
                let count = world.rows(id).len();
                let counted = |block: usize| {
                    let rows =
                        (block * count..(block + 1) * count).map(|row| RowRef { population: id, row, pair: None });
                    rows.filter(|at| evaluator.holds(*at, &ensure.condition) == Some(true)).count()
                };
                let counts: Vec<usize> = (0..7).map(counted).collect();
                assert_eq!(counts, vec![counts[0]; 7], "{}", ensure.fact);
                asked += 1;
            }
            assert!(asked > 3, "{asked}");
        });
    }
}

#[test]
fn degrees_are_those_of_block_0_and_no_pair_comes_twice() {
    for chain in chains().into_iter().chain([fixed()]) {
        with(&chain, &Scale::Blocks(9), 2, |world, scaled| {
            let blocks: Vec<u64> = (0..9).collect();
            let all = world_of(world, scaled, &blocks);
            for (id, population) in chain.populations.iter().enumerate() {
                for (link, declared) in population.links.iter().enumerate() {
                    let degrees = |world: &World<'_>| -> Vec<usize> {
                        world.sets[id].children[link].as_ref().expect("decided").iter().map(Vec::len).collect()
                    };
                    let (own, all) = (degrees(world), degrees(&all));
                    let copies = if grows(&chain, declared.to) { 9 } else { 1 };
                    if grows(&chain, id) == grows(&chain, declared.to) {
                        assert_eq!(own.repeat(copies), all, "{} by {}", population.name, declared.name);
                    }
                }
                if is_relation(&chain, id) {
                    let ends = |link: usize| all.sets[id].links[link].as_ref().expect("decided");
                    let pairs: Vec<_> = ends(0).iter().zip(ends(1)).collect();
                    let different: BTreeSet<_> = pairs.iter().collect();
                    assert_eq!(pairs.len(), different.len(), "{}", population.name);
                    if population.links[0].to == population.links[1].to {
                        assert!(pairs.iter().all(|(a, b)| a != b), "{}", population.name);
                    }
                }
            }
        });
    }
}

#[test]
fn relations_lead_into_other_blocks_as_far_as_facts_allow() {
    let modes = |chain: &Chain| {
        let watched = Watched::of(chain);
        let relations = (0..chain.populations.len()).filter(|id| is_relation(chain, *id));
        relations.map(|id| (chain.populations[id].name.clone(), watched.mode(id))).collect::<BTreeMap<_, _>>()
    };
    let chains = chains();
    let both = |mode| BTreeMap::from([("favorites".to_owned(), mode), ("follows".to_owned(), mode)]);
    // Favorites from followed creators: both lead where the user leads.
    assert_eq!(modes(&chains[0]), both(Mode::Rows));
    assert_eq!(modes(&chains[1])["favorites"], Mode::Edges);
    with(&chains[0], &Scale::Blocks(40), 1, |world, scaled| {
        let favorites = world.chain.population("favorites").expect("it is declared");
        let flyer = scaled.rows[favorites].columns.iter().position(|name| name == "flyer_id").expect("it is there");
        let away = |made: &&Made| matches!(made, Made::Key(row) if scaled.block_of(row.from, 5) != 5);
        let count = scaled.rows[favorites].made[flyer].iter().filter(away).count();
        assert!(count > 40, "{count} of 50 lead into another block");
    });
}

#[test]
fn what_is_fixed_has_the_rows_of_block_0_only() {
    with(&fixed(), &Scale::Rows(vec![("users".into(), 100), ("flyers".into(), 301)]), 1, |world, scaled| {
        let of = |name: &str| world.chain.population(name).expect("it is declared");
        assert_eq!(scaled.blocks, 3);
        assert_eq!((scaled.count(of("favorites")), scaled.keys(of("favorites"))), (0, None));
        assert_eq!((scaled.count(of("users")), scaled.count(of("flyers"))), (68, 300));
    });
}

#[test]
fn no_time_passes_another_or_a_constant_and_values_differ_from_block_to_block() {
    with(&pockitflyer(&same), &Scale::Blocks(6), 1, |world, scaled| {
        let blocks: Vec<u64> = (0..6).collect();
        let all = world_of(world, scaled, &blocks);
        let flyers = world.chain.population("flyers").expect("it is declared");
        let times = |world: &World<'_>, name: &str| -> Vec<i64> {
            let columns = &world.chain.populations[flyers].columns;
            let column = columns.iter().position(|column| column.name == name).expect("it is declared");
            let values = world.sets[flyers].columns[column].as_ref().expect("decided");
            values.iter().map(|value| if let Value::Time(time) = value { *time } else { i64::MIN }).collect()
        };
        let (before, after) = (times(world, "created_at"), times(&all, "created_at"));
        let (mut moved, count) = (0, before.len());
        for block in 1..6 {
            for a in 0..count {
                moved += usize::from(after[block * count + a] != before[a]);
                for b in (0..count).filter(|b| before[a] != before[*b]) {
                    assert_eq!(before[a].cmp(&before[b]), after[block * count + a].cmp(&after[b]), "{a} and {b}");
                }
            }
        }
        assert!(moved > 4 * count, "{moved} of {} moved", 5 * count);
    });
}
