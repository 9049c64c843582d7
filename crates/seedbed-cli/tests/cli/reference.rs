//! The reference of the language, `docs/scenarios.md`: its examples are seeded, verified and removed, its
//! errors are what the tool says, and it knows every word. `UPDATE=1` writes the errors anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use seedbed_core::grammar::json_schema::{ProjectNames, json_schema};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{called_in, repository};

#[test]
fn every_example_is_seeded_and_every_error_is_what_the_tool_says() {
    let page = read();
    let mut answered = String::new();
    let mut project = Project::new(&page);
    let mut examples = 0;
    for part in parts(&page) {
        match part {
            Part::Prose(line) if line.starts_with("## ") => {
                examples += project.seed();
                project = Project::new(&page);
                answered += line;
            }
            Part::Prose(line) => answered += line,
            Part::Block("text", text) => {
                let command = text.lines().next().expect("a command");
                answered += &format!("```text\n{command}\n{}```\n", project.fails(command));
            }
            Part::Block(info, text) => {
                project.take(info, text);
                answered += &format!("```{info}\n{text}```\n");
            }
        }
    }
    examples += project.seed();
    assert!(examples > 10, "{examples}");
    if std::env::var("UPDATE").is_ok() {
        fs::write(path(), &answered).unwrap();
    } else {
        assert_eq!(answered, page, "UPDATE=1 writes it anew");
    }
}

#[test]
fn every_word_is_used_in_an_example_and_spoken_of() {
    let page = read();
    let (mut prose, mut examples) = (String::new(), String::new());
    for part in parts(&page) {
        match part {
            Part::Prose(line) => prose += line,
            Part::Block(_, text) => examples += text,
        }
    }
    let mut words = BTreeSet::new();
    collect(&json_schema(&ProjectNames::new()), &mut words);
    assert!(words.len() > 80, "{words:?}");
    let spoken: BTreeSet<&str> = prose.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').collect();
    let used = |word: &str| {
        ["\"", ""].iter().any(|quote| {
            ["{", " ", "\n"].iter().any(|before| examples.contains(&format!("{before}{quote}{word}{quote}:")))
        })
    };
    let unused: Vec<_> = words.iter().filter(|word| !used(word)).collect();
    let unspoken: Vec<_> = words.iter().filter(|word| !spoken.contains(word.as_str())).collect();
    assert!(unused.is_empty() && unspoken.is_empty(), "in no example: {unused:?}; not spoken of: {unspoken:?}");
}

/// Collects the names that the JSON Schema of the language knows.
fn collect(schema: &Value, words: &mut BTreeSet<String>) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::Object(properties)) = fields.get("properties") {
                words.extend(properties.keys().cloned());
            }
            fields.values().for_each(|field| collect(field, words));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, words)),
        _ => {}
    }
}

fn path() -> PathBuf {
    repository().join("docs/scenarios.md")
}

fn read() -> String {
    fs::read_to_string(path()).unwrap()
}

/// A part of the page: a line, or a block with what stands behind its fence.
enum Part<'a> {
    Prose(&'a str),
    Block(&'a str, &'a str),
}

fn parts(page: &str) -> Vec<Part<'_>> {
    let (mut parts, mut rest) = (Vec::new(), page);
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.find('\n').map_or(rest.len(), |at| at + 1));
        rest = after;
        match line.strip_prefix("```") {
            None => parts.push(Part::Prose(line)),
            Some(info) => {
                let end = rest.find("\n```\n").expect("a block ends") + 1;
                parts.push(Part::Block(info.trim_end(), &rest[..end]));
                rest = &rest[end + "```\n".len()..];
            }
        }
    }
    parts
}

/// The files of a section.
struct Project {
    folder: TempDir,
    /// Scenarios that are to be seeded.
    scenarios: Vec<String>,
}

impl Project {
    fn new(page: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let tables = parts(page).into_iter().find_map(|part| match part {
            Part::Block("sql schema.sql", text) => Some(text),
            _ => None,
        });
        fs::write(folder.path().join("schema.sql"), tables.expect("the page has tables")).unwrap();
        let settings =
            "database = \"sqlite:db.sqlite3\"\nschema = \"schema.sql\"\nmedia = \"media\"\nscenarios = [\".\"]\n";
        fs::write(folder.path().join("seedbed.toml"), settings).unwrap();
        Self { folder, scenarios: Vec::new() }
    }

    fn take(&mut self, info: &str, text: &str) {
        let Some(file) = info.strip_prefix("yaml ") else { return };
        fs::write(self.folder.path().join(file), text).unwrap();
        self.scenarios.extend(text.lines().find_map(|line| line.strip_prefix("scenario: ")).map(str::to_owned));
    }

    /// Returns what a command says that fails; its scenario is not seeded.
    fn fails(&mut self, command: &str) -> String {
        let words: Vec<&str> = command.strip_prefix("$ seedbed ").expect("a command of this tool").split(' ').collect();
        let answer = called_in(self.folder.path(), &words);
        assert_ne!(answer.code, 0, "{command}: {}", answer.out);
        self.scenarios.retain(|scenario| scenario != words[1]);
        answer.out + &answer.err
    }

    /// Seeds every scenario into a database of its own; returns how many there were.
    fn seed(&self) -> usize {
        for scenario in &self.scenarios {
            let (database, media) = (format!("{scenario}.sqlite3"), format!("media-{scenario}"));
            let call = |words: &[&str]| {
                let answer = called_in(self.folder.path(), &[words, &["--db", &database, "--media", &media]].concat());
                assert_eq!(answer.code, 0, "{words:?}: {}{}", answer.out, answer.err);
            };
            call(&["seed", scenario]);
            call(&["plan", scenario, "--check"]);
            call(&["verify", scenario]);
            call(&["cleanup", scenario]);
        }
        self.scenarios.len()
    }
}
