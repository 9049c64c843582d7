//! The JSON Schema of scenario files: current, and of one mind with the grammar.

mod support;

use seedbed_core::grammar::json_schema::{ProjectNames, json_schema};
use seedbed_core::grammar::{SCENARIO, Shape, check, percent};
use seedbed_core::source::{Source, read};
use seedbed_core::time;
use serde_json::Value;
use support::{SCENARIOS, changed, fixture, mutate};

/// Where editors find it.
const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/scenario.schema.json");

#[test]
#[expect(clippy::disallowed_methods, reason = "a test reads files and its environment")]
fn the_schema_in_docs_is_the_grammar_s() {
    let schema = serde_json::to_string_pretty(&json_schema(&ProjectNames::new())).expect("a schema is JSON") + "\n";
    if std::env::var("UPDATE").is_ok() {
        std::fs::write(SCHEMA, &schema).expect("docs are writable");
    }
    let written = std::fs::read_to_string(SCHEMA).unwrap_or_default();
    assert!(written == schema, "docs/scenario.schema.json is not current; UPDATE=1 writes it anew");
}

#[test]
fn every_definition_is_there_and_every_property_is_described() {
    let schema = json_schema(&ProjectNames::new());
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    visit(&schema, &mut |node| {
        if let Some(name) = node.get("$ref").and_then(Value::as_str) {
            assert!(definition(&schema, name).is_object(), "{name} is nowhere");
        }
    });
    let objects = std::iter::once(&schema).chain(schema["$defs"].as_object().expect("definitions").values());
    for object in objects.filter(|object| object.get("required").is_some()) {
        for (name, property) in object["properties"].as_object().expect("properties") {
            assert!(property["description"].is_string(), "`{name}` is not described");
        }
    }
}

#[test]
fn the_scenarios_of_pockitflyer_satisfy_it() {
    let schema = json_schema(&ProjectNames::new());
    for source in SCENARIOS.iter().map(fixture) {
        let value = serde_json::from_str(&source.text).expect("a scenario is JSON");
        assert_eq!(problem(&schema, &schema, &value, &source.path), None);
        assert_eq!(grammar_finds(&source), Some(0), "{}", source.path);
    }
}

/// An editor must not call wrong what Seedbed takes, nor the other way round.
#[test]
fn schema_and_grammar_say_the_same_of_damaged_files() {
    let schema = json_schema(&ProjectNames::new());
    let sources: Vec<Source> = SCENARIOS.iter().map(fixture).collect();
    let (mut right, mut wrong) = (0, 0);
    for number in 0..3_000 {
        let source = &sources[(number % 3) as usize];
        let source = Source { text: mutate(&source.text, number), ..source.clone() };
        let Ok(value) = serde_json::from_str(&source.text) else { continue };
        let Some(found) = grammar_finds(&source) else { continue };
        let problem = problem(&schema, &schema, &value, "");
        let line = changed(&sources[(number % 3) as usize].text, &source.text);
        assert_eq!(found > 0, problem.is_some(), "mutation {number}: {found} problems, and {problem:?}\n{line}");
        *if found > 0 { &mut wrong } else { &mut right } += 1;
    }
    assert!(right > 50 && wrong > 50, "{right} right and {wrong} wrong files compare too little");
}

/// How many problems the grammar finds; nothing where the file can't be read.
fn grammar_finds(source: &Source) -> Option<usize> {
    let mut diagnostics = Vec::new();
    let node = read(0, source, &mut diagnostics)?;
    if !diagnostics.is_empty() {
        return None;
    }
    check(&Shape::Object(&SCENARIO), &node, &mut diagnostics);
    Some(diagnostics.len())
}

fn visit(node: &Value, look: &mut dyn FnMut(&Value)) {
    look(node);
    match node {
        Value::Object(entries) => entries.values().for_each(|value| visit(value, look)),
        Value::Array(items) => items.iter().for_each(|value| visit(value, look)),
        _ => {}
    }
}

fn definition<'a>(schema: &'a Value, name: &str) -> &'a Value {
    schema.pointer(name.trim_start_matches('#')).unwrap_or(&Value::Null)
}

/// Says where a value does not satisfy a schema; knows the keywords that ours uses, and no others.
fn problem(root: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    schema
        .as_object()
        .expect("a schema is an object")
        .iter()
        .find_map(|(keyword, argument)| {
            let wrong = || Some(format!("{at}: {keyword} {argument}"));
            let holds = match keyword.as_str() {
                "$schema" | "title" | "description" | "$defs" | "additionalProperties" => true,
                "$ref" => return problem(root, definition(root, argument.as_str().expect("a name")), value, at),
                "anyOf" => items(argument).iter().any(|schema| problem(root, schema, value, at).is_none()),
                "type" => {
                    items(argument).iter().chain([argument]).any(|kind| is_kind(value, kind.as_str().unwrap_or("")))
                }
                "minimum" => value.as_i64().is_none_or(|n| n >= argument.as_i64().expect("a number")),
                "maximum" => value.as_i64().is_none_or(|n| n <= argument.as_i64().expect("a number")),
                "minItems" => {
                    value.as_array().is_none_or(|items| items.len() as u64 >= argument.as_u64().expect("a number"))
                }
                "maxItems" => {
                    value.as_array().is_none_or(|items| items.len() as u64 <= argument.as_u64().expect("a number"))
                }
                "pattern" => value.as_str().is_none_or(|text| matches(argument.as_str().expect("a pattern"), text)),
                "required" => items(argument).iter().all(|name| value.get(name.as_str().expect("a name")).is_some()),
                "items" => {
                    return items(value).iter().find_map(|item| problem(root, argument, item, &format!("{at}/item")));
                }
                "properties" => return properties(root, schema, value, at),
                _ => panic!("this check does not know `{keyword}`"),
            };
            if holds { None } else { wrong() }
        })
        .or_else(|| if schema.get("properties").is_none() { properties(root, schema, value, at) } else { None })
}

/// Properties and additional properties together.
fn properties(root: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    value.as_object()?.iter().find_map(|(name, value)| {
        let at = format!("{at}/{name}");
        match (schema.get("properties").and_then(|known| known.get(name)), schema.get("additionalProperties")) {
            (Some(schema), _) => problem(root, schema, value, &at),
            (None, Some(Value::Bool(false))) => Some(format!("{at}: not known")),
            (None, Some(schema)) => problem(root, schema, value, &at),
            (None, None) => None,
        }
    })
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn is_kind(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        _ => false,
    }
}

/// The patterns of the schema, as the grammar reads them.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern {
        "^(as_of|in \\d+[smhdw]|\\d+[smhdw] ago)$" => time::moment(text).is_some(),
        "^\\d+[smhdw]$" => time::duration(text).is_some(),
        "^(rest|\\d+(\\.\\d{1,2})?%)$" => text == "rest" || percent(text).is_some(),
        "^\\d+(\\.\\d{1,2})?%$" => percent(text).is_some(),
        _ => panic!("this check does not know {pattern}"),
    }
}
