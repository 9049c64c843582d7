//! Expected answers: what the application should show, against the rows of the dataset.

use std::collections::BTreeMap;

use seedbed_core::dataset::{Block, Dataset, Expected, Row};
use seedbed_core::scenario::{Files, read};
use seedbed_core::source::Source;
use seedbed_core::value::Value;

use crate::pockitflyer;

fn block<'d>(dataset: &'d Dataset, population: &str) -> &'d Block {
    dataset.blocks.iter().find(|block| block.population == population).expect("it is declared")
}

fn value<'d>(block: &Block, row: &'d Row, column: &str) -> &'d Value {
    let at = block.columns.iter().position(|other| other == column).expect("it is written");
    // What the highest layer says about a link counts.
    row.overlays.iter().rev().find(|(place, ..)| *place == at).map_or(&row.values[at], |(_, _, value)| value)
}

fn found<'d>(dataset: &'d Dataset, list: &str, subject: &str) -> &'d Expected {
    let subjects = |(at, row): (usize, usize)| dataset.blocks[at].rows[row].name.clone();
    let of = |own: Option<(usize, usize)>| own.map_or_else(String::new, subjects) == subject;
    let found = dataset.expected.iter().find(|expected| expected.name == list && of(expected.subject));
    found.expect("the list is declared")
}

fn names(dataset: &Dataset, list: &str, subject: &str) -> Vec<String> {
    let found = found(dataset, list, subject);
    found.rows.iter().map(|row| dataset.blocks[found.block].rows[*row].name.clone()).collect()
}

fn by_value(dataset: &Dataset, list: &str, subject: &str) -> BTreeMap<String, Vec<String>> {
    let found = found(dataset, list, subject);
    let name = |row: &usize| dataset.blocks[found.block].rows[*row].name.clone();
    let groups = found.groups.as_ref().expect("the list is grouped");
    groups.rows.iter().map(|(value, rows)| (value.to_string(), rows.iter().map(name).collect())).collect()
}

#[test]
fn the_feeds_are_the_visible_flyers_newest_first() {
    for seed in 1..=crate::rounds(20) {
        let dataset = pockitflyer::made(&pockitflyer::chain(), seed).dataset;
        let (users, flyers) = (block(&dataset, "users"), block(&dataset, "flyers"));
        let (favorites, follows) = (block(&dataset, "favorites"), block(&dataset, "follows"));
        let by_key: BTreeMap<&Value, &Row> = flyers.rows.iter().map(|row| (&row.values[flyers.key[0]], row)).collect();
        let now = Value::Time(0);
        let visible = |row: &Row| {
            let open = *value(flyers, row, "valid_from") <= now && *value(flyers, row, "valid_until") > now;
            open && *value(flyers, row, "is_active") == Value::Bool(true)
        };
        let newest_first = |mut rows: Vec<&Row>| -> Vec<String> {
            rows.retain(|row| visible(row));
            let key = |row: &Row| row.values[flyers.key[0]].clone();
            let made = |row: &Row| value(flyers, row, "created_at").clone();
            rows.sort_by(|a, b| made(b).cmp(&made(a)).then_with(|| key(a).cmp(&key(b))));
            rows.iter().map(|row| row.name.clone()).collect()
        };
        let mut shown = 0;
        for user in &users.rows {
            let me = &user.values[users.key[0]];
            let mine = favorites.rows.iter().filter(|row| value(favorites, row, "user_id") == me);
            let kept = newest_first(mine.map(|row| by_key[value(favorites, row, "flyer_id")]).collect());
            assert_eq!(names(&dataset, "favorites_feed", &user.name), kept, "seed {seed}, {}", user.name);
            let followed: Vec<&Value> = (follows.rows.iter())
                .filter(|row| value(follows, row, "follower_id") == me)
                .map(|row| value(follows, row, "followed_id"))
                .collect();
            let theirs = flyers.rows.iter().filter(|row| followed.contains(&value(flyers, row, "creator_id")));
            let read = newest_first(theirs.collect());
            assert_eq!(names(&dataset, "following_feed", &user.name), read, "seed {seed}, {}", user.name);
            let category = |name: &str| {
                let row = flyers.rows.iter().find(|row| row.name == name).expect("it is listed");
                value(flyers, row, "category").to_string()
            };
            for (list, all) in [("favorites_feed", &kept), ("following_feed", &read)] {
                let parts = by_value(&dataset, list, &user.name);
                assert_eq!(parts.keys().collect::<Vec<_>>(), ["events", "nightlife", "service"]);
                for (wanted, part) in parts {
                    let own: Vec<String> = all.iter().filter(|name| category(name) == wanted).cloned().collect();
                    assert_eq!(part, own, "seed {seed}, {}, {list} by {wanted}", user.name);
                }
            }
            shown += kept.len() + read.len();
        }
        assert!(shown > 50, "seed {seed}: the lists are nearly empty");
    }
}

#[test]
fn ties_are_broken_by_key_and_a_missing_value_comes_last() {
    let text = r#"{"scenario": "s", "layer": 1, "populations": {
        "items": {"table": "items", "rows": ["a", "b", "c", "d", "e"], "columns": {"rank": {"integer": [1, 1]}},
                  "personas": {"a": {"for": "last", "set": {"rank": null}}, "d": {"for": "first", "set": {"rank": 9}}}}},
        "expected": {"up":   {"list": "items", "order": ["least rank"]},
                     "down": {"list": "items", "order": ["most rank"]},
                     "some": {"list": "items", "where": {"rank": {"min": 2}}}}}"#;
    let files = Files {
        sources: vec![Source { path: "s.json".into(), text: text.into() }],
        scenarios: vec![0],
        ..Files::default()
    };
    let chain = read(&files, None)
        .unwrap_or_else(|problems| panic!("{}", seedbed_core::diagnostic::render(&problems, &files.sources, false)));
    let dataset = pockitflyer::made(&chain, 1).dataset;
    assert_eq!(names(&dataset, "up", ""), ["b", "c", "e", "d", "a"]);
    assert_eq!(names(&dataset, "down", ""), ["d", "b", "c", "e", "a"]);
    assert_eq!(names(&dataset, "some", ""), ["d"]);
}

#[test]
fn what_a_layer_above_changes_is_shown_no_longer() {
    let below = r#"{"scenario": "below", "layer": 1, "populations": {
        "people": {"table": "people", "rows": ["a", "b"]},
        "books": {"table": "books", "rows": 4, "links": {"owner": {"column": "owner_id", "to": "people", "back": "books"}},
                  "columns": {"title": "{row}"}}},
        "ensure": [{"fact": "an owner", "count": "people", "where": {"books": {"some": {}}}, "at_least": 1, "as": "owner"},
                   {"fact": "a book", "count": "books", "at_least": 1, "as": "book"}],
        "expected": {"mine": {"for_each": "people", "list": "books"}, "all": {"list": "books"}}}"#;
    let above = r#"{"scenario": "above", "layer": 2, "requires": ["below"],
        "populations": {"others": {"table": "people", "rows": ["c"]}},
        "overlay": {"books": {"owner": {"to": "others"}}}}"#;
    let source = |path: &str, text: &str| Source { path: path.into(), text: text.into() };
    let sources = vec![source("below.json", below), source("above.json", above)];
    let files = Files { sources, scenarios: vec![0, 1], ..Files::default() };
    let chain = read(&files, None)
        .unwrap_or_else(|problems| panic!("{}", seedbed_core::diagnostic::render(&problems, &files.sources, false)));
    let dataset = pockitflyer::made(&chain, 1).dataset;
    let witnesses: Vec<_> = dataset.witnesses.iter().map(|row| (row.name.as_str(), row.until)).collect();
    assert_eq!(witnesses, [("owner", Some(1)), ("book", None)]);
    let lists: Vec<_> = dataset.expected.iter().map(|list| (list.name.as_str(), list.until)).collect();
    assert_eq!(lists, [("mine", Some(1)), ("mine", Some(1)), ("all", None)]);
}
