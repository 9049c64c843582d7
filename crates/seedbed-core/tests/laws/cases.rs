//! Cases that went wrong once, each as small as it gets.

use seedbed_core::generate::{Parameters, Verdict, generate};
use seedbed_core::scenario::{Files, read};
use seedbed_core::source::Source;

/// Generates for many seeds; returns the code of the first problem of each, or `made`.
fn come(body: &str) -> Vec<&'static str> {
    let text = format!("scenario: low\nlayer: 1\n{body}");
    let files =
        Files { sources: vec![Source { path: "low.yaml".into(), text }], scenarios: vec![0], lists: Vec::new() };
    let chain = read(&files, None).unwrap_or_else(|problems| panic!("{}: {}", problems[0].code, problems[0].message));
    let one = |seed| match generate(&chain, None, Parameters { seed, worker: 0, as_of: 0 }) {
        Ok(generated) if generated.findings.iter().all(|finding| finding.verdict() == Verdict::Holds) => "made",
        Ok(_) => "made wrong",
        Err(problems) => problems[0].code,
    };
    let mut came: Vec<&'static str> = (0..30).map(one).collect();
    came.sort_unstable();
    came.dedup();
    came
}

#[test]
fn a_fact_that_depends_on_no_choice_is_asked_too() {
    let users = "populations: {users: {table: users, rows: [u1..u2], columns: {kind: dull}}}\n";
    assert_eq!(come(&format!("{users}ensure: [{{fact: x, count: users, exactly: 3}}]")), ["unsatisfiable"]);
    assert_eq!(
        come(&format!("{users}ensure: [{{fact: x, count: users, where: {{kind: fine}}, at_least: 1}}]")),
        ["unsatisfiable"]
    );
    assert_eq!(
        come(&format!("{users}ensure: [{{fact: x, count: users, where: {{kind: dull}}, exactly: 2}}]")),
        ["made"]
    );
}

#[test]
fn a_row_without_its_optional_link_can_be_what_is_counted() {
    let world = "populations:
  users: {table: users, rows: [u1..u3]}
  items: {table: items, rows: [i1..i3], links: {owner: {column: owner_id, to: users, back: items, share: 2}}, columns: {color: {quota: {red: 1, blue: rest}}}}
";
    for fact in [
        "count: items, where: {owner: {not: u1}}, at_least: 3",
        "count: items, where: {owner: null, color: red}, exactly: 1",
        "count: items, where: {any: [{owner: null}, {owner: u1}]}, distinct: color, at_least: 2",
    ] {
        assert_eq!(come(&format!("{world}ensure: [{{fact: x, {fact}}}]")), ["made"], "{fact}");
    }
}

#[test]
fn a_share_of_rows_being_chosen_is_a_share_of_those_chosen() {
    let world = "populations:
  users: {table: users, rows: [u1..u2]}
  items: {table: items, rows: [i1..i4], columns: {color: {quota: {red: 2, blue: rest}}}}
relations:
  likes: {table: likes, total: 2, links: {user: {column: user_id, to: users, back: likes}, item: {column: item_id, to: items, back: fans}}}
ensure: [{fact: x, for_each: {users: [u1]}, count: likes, where: {item.color: red}, exactly: \"100%\"}, {fact: y, for_each: {users: [u1]}, count: likes, at_least: 1}]
";
    assert_eq!(come(world), ["made"]);
}

#[test]
fn the_first_guess_at_the_sizes_of_groups_is_no_reason() {
    let world = "populations:
  users: {table: users, rows: [u1..u4]}
  notes: {table: notes, links: {user: {column: user_id, to: users, back: notes}}}
groups: {users: {sort: {
  some: {rows: [0, 4], set: {rank: 1}, has: {notes: 1}},
  none: {rows: [0, 4], set: {rank: 0}, has: {notes: 0}}}}}
ensure: [{fact: x, count: users, where: {rank: 1}, exactly: 3}]
";
    assert_eq!(come(world), ["made"]);
}

#[test]
fn values_inside_a_line_of_a_mix_are_tried_too() {
    let world = |fact: &str| {
        format!(
            "populations: {{users: {{table: users, rows: [u1..u3], columns: {{age: {{mix: [{{share: 2, integer: [0, 1]}}, {{share: rest, integer: [2, 9]}}]}}}}}}}}
ensure: [{{fact: x, count: users, where: {{{fact}}}, exactly: 2}}]"
        )
    };
    assert_eq!(come(&world("age: {max: 0}")), ["made"]);
    assert_eq!(come(&world("age: {min: 9}")), ["unsatisfiable"]);
    assert_eq!(come(&world("age: {in: [1, 9]}")), ["made"]);
}

#[test]
fn a_refused_set_of_pairs_does_not_refuse_larger_ones() {
    // The first solution is small; what it lacks shows only with the second relation.
    let world = "populations:
  users: {table: users, rows: [u1..u3]}
relations:
  likes: {table: likes, links: {user: {column: user_id, to: users, back: likes}, other: {column: other_id, to: users, back: fans}}}
  follows: {table: follows, total: 3, links: {follower: {column: follower_id, to: users, back: following}, followed: {column: followed_id, to: users, back: followers}}}
ensure:
  - {fact: x, count: follows, where: {followed: {in: follower.likes.other}}, at_least: 3}
  - {fact: y, count: likes, where: {user: {in: other.likes.other}}, at_least: 2}
";
    assert_eq!(come(world), ["made"]);
}
