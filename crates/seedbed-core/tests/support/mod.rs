//! What the cases need besides the core: a tiny text form of schemas, tables, the list of codes.

#![allow(clippy::disallowed_methods, dead_code, reason = "a test reads files; each test uses a part")]

use seedbed_core::address::Address;
use seedbed_core::schema::{Column, ColumnKind, Schema, Table, TableKind, Takes, Unique};
use seedbed_core::source::Source;

/// The scenarios of PockitFlyer, lower layers first.
pub(crate) const SCENARIOS: [&str; 3] =
    ["m01_discovery_scenarios.json", "m02_test_users.json", "m03_engagement_scenarios.json"];

/// The lists they pick from.
pub(crate) const LISTS: [&str; 4] =
    ["e2e_addresses.json", "e2e_flyer_templates.json", "e2e_names.json", "e2e_bios.json"];

/// Reads a file of PockitFlyer.
pub(crate) fn fixture(name: &&str) -> Source {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../pockitflyer_backend/users/fixtures/");
    let text = std::fs::read_to_string(format!("{folder}{name}")).expect("a fixture is readable");
    Source { path: (*name).into(), text }
}

/// The scenario of an example, and the list it picks from.
pub(crate) fn example(name: &str) -> (Source, Source) {
    let folder = format!("{}/../../examples/{name}/", env!("CARGO_MANIFEST_DIR"));
    let read = |path: String| {
        let text = std::fs::read_to_string(format!("{folder}{path}")).expect("an example is readable");
        Source { path, text }
    };
    let scenario = read(format!("{name}.yaml"));
    let list = if name == "shop" { "goods.yaml" } else { "words.yaml" };
    (scenario, read(list.to_owned()))
}

/// What a token may be replaced with, besides another token of the file.
const STRANGE: [&str; 24] = [
    "{}",
    "[]",
    "null",
    "true",
    "0",
    "-1",
    "1",
    "99999999999999999999",
    "1e400",
    "0.1",
    "\"\"",
    "\"as_of\"",
    "\"rest\"",
    "\"200%\"",
    "\"{\"",
    "\"a.b.c\"",
    "\"self\"",
    "[0, 0]",
    "[9, 1]",
    "{\"min\": 3}",
    "{\"not\": {}}",
    "\"user_1..user_9\"",
    "\"ä\u{1f600}\"",
    "*a",
];

/// Deletes, repeats or replaces a token, once to three times.
pub(crate) fn mutate(text: &str, number: u64) -> String {
    let address = Address::root(1).number(number);
    let mut tokens: Vec<String> = tokens(text).into_iter().map(str::to_owned).collect();
    for round in 0..address.text("rounds").between(1, 3) {
        let address = address.number(round as u64);
        let any = |what: &str, below: usize| address.text(what).between(0, below as i64 - 1) as usize;
        let at = any("at", tokens.len());
        match any("how", 4) {
            0 => {
                tokens.remove(at);
            }
            1 => tokens.insert(at, tokens[at].clone()),
            2 => {
                let other = tokens[any("other", tokens.len())].clone();
                tokens[at] = other;
            }
            _ => tokens[at] = STRANGE[any("strange", STRANGE.len())].into(),
        }
    }
    tokens.concat()
}

/// Cuts JSON into texts, words, marks and the space between them.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '"' => rest[1..].find('"').map_or(rest.len(), |at| at + 2),
            c if c.is_alphanumeric() || c == '-' => {
                rest.find(|c: char| !c.is_alphanumeric() && !"-.".contains(c)).unwrap_or(rest.len())
            }
            c if c.is_whitespace() => rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (token, after) = rest.split_at(end);
        tokens.push(token);
        rest = after;
    }
    tokens
}

/// The first line that differs, before and after.
pub(crate) fn changed(before: &str, after: &str) -> String {
    let differs = before.lines().zip(after.lines()).find(|(a, b)| a != b);
    differs.map_or_else(String::new, |(a, b)| format!("  before: {a}\n  after:  {b}"))
}

/// Reads `users: id integer key, email text(50) unique, born date null, n integer default`, a table
/// a line; `view`s as `old: view`. What an engine refuses is said by `strict`, `digits=5` of a decimal
/// and `one_of=calm|glad`.
pub(crate) fn schema(text: &str) -> Schema {
    let mut schema = Schema::default();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let (name, rest) = line.split_once(": ").expect("a table has a name and columns");
        let mut table = Table { name: name.into(), ..Table::default() };
        if rest == "view" {
            table.kind = TableKind::View;
        }
        for column in rest.split(", ").filter(|_| rest != "view") {
            let words: Vec<&str> = column.split(' ').collect();
            let has = |word: &str| words[2..].contains(&word);
            table.columns.push(Column {
                name: words[0].into(),
                declared: words[1].into(),
                kind: kind(words[1]),
                nullable: has("null"),
                default: has("default").then(|| "0".into()),
                generated: has("generated"),
            });
            let told = |name: &str| words[2..].iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
            let takes = match (told("digits"), told("one_of"), kind(words[1])) {
                (_, Some(values), _) => Some(Takes::OneOf(values.split('|').map(str::to_owned).collect())),
                (Some(digits), _, ColumnKind::Decimal { scale: Some(places) }) => {
                    Some(Takes::Decimal { digits: digits.parse().expect("a number of digits"), places: places.into() })
                }
                (.., kind) if has("strict") => Some(takes(&kind)),
                _ => None,
            };
            table.takes.extend(takes.map(|takes| (words[0].into(), takes)));
            if has("key") {
                table.primary_key.push(words[0].into());
            }
            if has("unique") {
                table.uniques.push(Unique {
                    name: words[0].into(),
                    columns: vec![words[0].into()],
                    partial: false,
                    uses: vec![words[0].into()],
                });
            }
        }
        schema.tables.insert(name.into(), table);
    }
    schema
}

fn takes(kind: &ColumnKind) -> Takes {
    match kind {
        ColumnKind::Boolean => Takes::Boolean,
        ColumnKind::Integer { bits } => Takes::Integer { bits: *bits },
        ColumnKind::Decimal { .. } | ColumnKind::Real => Takes::Number,
        ColumnKind::Text { limit: Some(limit) } => Takes::Text { limit: *limit },
        ColumnKind::Timestamp | ColumnKind::Date => Takes::Moment,
        ColumnKind::Uuid => Takes::Uuid,
        other => panic!("a column of {other:?} takes everything"),
    }
}

fn kind(declared: &str) -> ColumnKind {
    let (name, limit) = declared.trim_end_matches(')').split_once('(').unwrap_or((declared, ""));
    match name {
        "boolean" => ColumnKind::Boolean,
        "smallint" => ColumnKind::Integer { bits: 16 },
        "integer" => ColumnKind::Integer { bits: 64 },
        "int" => ColumnKind::Integer { bits: 32 },
        "decimal" => ColumnKind::Decimal { scale: limit.parse().ok() },
        "real" => ColumnKind::Real,
        "text" => ColumnKind::Text { limit: limit.parse().ok() },
        "timestamp" => ColumnKind::Timestamp,
        "date" => ColumnKind::Date,
        "uuid" => ColumnKind::Uuid,
        other => panic!("`{other}` is no type of a case"),
    }
}

/// Returns lines of cells as aligned columns.
pub(crate) fn columns(lines: &[Vec<String>]) -> String {
    let width = lines.iter().map(Vec::len).max().unwrap_or_default();
    let widths: Vec<usize> = (0..width)
        .map(|c| lines.iter().filter_map(|line| line.get(c)).map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for line in lines {
        let cells: Vec<String> = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text.push('\n');
    text
}

/// Hands over the text of every source file of the core.
pub(crate) fn each_source(take: &mut dyn FnMut(&str)) {
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder is readable") {
            let path = entry.expect("an entry is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                take(&std::fs::read_to_string(path).expect("a source is readable"));
            }
        }
    }
}

/// Returns the codes of diagnostics that a source text makes: texts in lower case with a dash right
/// after `Diagnostic::new(`, `problem(` or a tuple of code and message.
pub(crate) fn codes(text: &str) -> Vec<String> {
    let mut codes = Vec::new();
    for (at, _) in text.match_indices('"') {
        let before = text[..at].trim_end();
        let begins = ["Diagnostic::new(", "problem(", "=> (", "("].iter().any(|start| before.ends_with(start));
        let Some((code, after)) = text[at + 1..].split_once('"') else { continue };
        let looks = code.contains('-') && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        let single = ["unreadable", "unsatisfiable", "undecided"].contains(&code);
        if begins && after.starts_with(',') && (looks || single) {
            codes.push(code.to_owned());
        }
    }
    codes
}
