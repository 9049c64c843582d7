//! The cases of `cases/`: smallest scenarios with the exact error or the exact rows they give.
//!
//! A case is a heading with fenced blocks below it: files (```` ```yaml m01.yaml ````, a list of
//! entries as ```` ```yaml names.yaml list ````), a schema if it needs one, and texts. A text
//! begins with a command (`$ seedbed plan m01`, `$ seedbed show m01 users --seed 2`); what
//! follows is what it must say. `UPDATE=1 cargo test -p seedbed-core --test cases` writes it anew.

#![expect(clippy::disallowed_methods, reason = "a test reads files and its environment")]

mod support;

use std::fmt::Write as _;
use std::path::Path;

use seedbed_core::dataset::{Block, Dataset};
use seedbed_core::diagnostic::{Diagnostic, render};
use seedbed_core::generate::{Generated, Parameters, Verdict, generate_scaled};
use seedbed_core::password::Form;
use seedbed_core::scale::Scale;
use seedbed_core::scenario::{Files, chain_order, read};
use seedbed_core::schema::Schema;
use seedbed_core::source::Source;
use seedbed_core::value::Value;

/// The folder of the cases.
const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../cases");

#[test]
fn every_case_says_what_it_says() {
    let update = std::env::var("UPDATE").is_ok();
    let mut differing = Vec::new();
    for path in files() {
        let text = std::fs::read_to_string(&path).expect("a case file is readable");
        let answered = answer(&text);
        if answered != text {
            if update {
                std::fs::write(&path, &answered).expect("a case file is writable");
            } else {
                differing.push(difference(&path, &text, &answered));
            }
        }
    }
    assert!(differing.is_empty(), "{}\nUPDATE=1 writes them anew", differing.join("\n"));
}

#[test]
fn every_code_of_the_core_has_a_case() {
    let shown: String = files().iter().map(|path| std::fs::read_to_string(path).expect("readable")).collect();
    let mut codes: Vec<String> = Vec::new();
    support::each_source(&mut |text| codes.extend(support::codes(text)));
    codes.sort();
    codes.dedup();
    let missing: Vec<&String> = codes.iter().filter(|code| !shown.contains(&format!("error[{code}]"))).collect();
    assert!(missing.is_empty(), "codes without a case: {missing:?}");
}

fn files() -> Vec<std::path::PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(CASES)
        .expect("there is a folder of cases")
        .map(|entry| entry.expect("a folder is readable").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    files.sort();
    files
}

fn difference(path: &Path, expected: &str, found: &str) -> String {
    let at = expected.lines().zip(found.lines()).position(|(a, b)| a != b).unwrap_or_default();
    let from = at.saturating_sub(3);
    let part = |text: &str| text.lines().skip(from).take(20).collect::<Vec<_>>().join("\n");
    format!("{}:{}\n--- written\n{}\n--- found\n{}\n", path.display(), at + 1, part(expected), part(found))
}

/// The files of a case, as far as it was read.
#[derive(Default)]
struct Case {
    scenarios: Vec<Source>,
    lists: Vec<Source>,
    schema: Option<Schema>,
}

/// Returns the text of a case file with every answer as it is now.
fn answer(text: &str) -> String {
    let mut case = Case::default();
    let mut answered = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let _ = writeln!(answered, "{line}");
        if line.starts_with('#') {
            case = Case::default();
        }
        let Some(info) = line.strip_prefix("```").filter(|info| !info.is_empty()) else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
        if info == "text" {
            let command = block.first().copied().unwrap_or_default();
            let _ = writeln!(answered, "{command}\n{}\n```", case.say(command).trim_end());
        } else {
            let body = block.join("\n") + "\n";
            let _ = writeln!(answered, "{body}```");
            case.take(info, body);
        }
    }
    answered
}

impl Case {
    fn take(&mut self, info: &str, text: String) {
        match info.split(' ').collect::<Vec<_>>()[..] {
            ["schema"] => self.schema = Some(support::schema(&text)),
            [_, path] => self.scenarios.push(Source { path: path.into(), text }),
            [_, path, "list"] => self.lists.push(Source { path: path.into(), text }),
            _ => panic!("`{info}` is no block of a case"),
        }
    }

    fn say(&self, command: &str) -> String {
        let words: Vec<&str> = command.split(' ').collect();
        let ["$", "seedbed", verb, target, options @ ..] = &words[..] else { panic!("`{command}` is no command") };
        let option = |name: &str| {
            let at = options.iter().position(|word| *word == name)?;
            options.get(at + 1)?.parse::<u64>().ok()
        };
        let parameters =
            Parameters { seed: option("--seed").unwrap_or(1), worker: option("--worker").unwrap_or(0) as u8, as_of: 0 };
        let chosen: Vec<&str> = options.iter().take_while(|word| !word.starts_with("--")).copied().collect();
        let scale = options.iter().position(|word| *word == "--scale").map(|at| options[at + 1]);
        let scale = scale.map_or(Scale::One, |scale| Scale::parse(scale).expect("a scale"));
        match self.run(target, parameters, &scale) {
            Err((sources, diagnostics)) => render(&diagnostics, &sources, false),
            Ok(generated) if *verb == "show" => table(&generated.dataset, &chosen),
            Ok(generated) => summary(&generated),
        }
    }

    fn run(
        &self,
        target: &str,
        parameters: Parameters,
        scale: &Scale,
    ) -> Result<Generated, (Vec<Source>, Vec<Diagnostic>)> {
        let scenarios = chain_order(target, &self.scenarios).map_err(|problems| (self.scenarios.clone(), problems))?;
        let mut files = Files { sources: self.scenarios.clone(), scenarios, lists: Vec::new() };
        for list in &self.lists {
            let index = files.sources.len();
            files.lists.extend((0..self.scenarios.len()).map(|scenario| (scenario, list.path.clone(), index)));
            files.sources.push(list.clone());
        }
        let (generated, _) = read(&files, self.schema.as_ref())
            .and_then(|chain| generate_scaled(&chain, self.schema.as_ref(), parameters, scale))
            .map_err(|problems| (files.sources, problems))?;
        assert!(generated.findings.iter().all(|finding| finding.verdict() == Verdict::Holds), "a fact does not hold");
        Ok(generated)
    }
}

/// What there is, in a line.
fn summary(generated: &Generated) -> String {
    let count = |block: &Block| format!("{} {}", block.rows.len(), block.population);
    generated.dataset.blocks.iter().map(count).collect::<Vec<_>>().join(", ")
}

/// The rows of the populations named, all when none is, without the keys.
fn table(dataset: &Dataset, populations: &[&str]) -> String {
    let mut text = String::new();
    for block in &dataset.blocks {
        if populations.is_empty() || populations.contains(&block.population.as_str()) {
            let mut lines = vec![vec![block.population.clone()]];
            let shown: Vec<usize> = (0..block.columns.len()).filter(|column| !block.key.contains(column)).collect();
            lines[0].extend(shown.iter().map(|column| block.columns[*column].clone()));
            for row in &block.rows {
                let mut line = vec![row.name.clone()];
                line.extend(shown.iter().map(|column| cell(dataset, block, *column, &row.values[*column])));
                for (column, scenario, value) in &row.overlays {
                    let above = &dataset.scenarios[*scenario].name;
                    line.push(format!("{} in {above}", cell(dataset, block, *column, value)));
                }
                lines.push(line);
            }
            text.push_str(&support::columns(&lines));
        }
    }
    text
}

/// A value for a person; a reference by the name of its row.
fn cell(dataset: &Dataset, block: &Block, column: usize, value: &Value) -> String {
    if let Some(reference) = block.references.iter().find(|reference| reference.columns == [column]) {
        let mut rows = dataset
            .blocks
            .iter()
            .filter(|other| other.table == reference.to)
            .flat_map(|other| other.rows.iter().map(move |row| (&row.values[other.key[0]], &row.name)));
        if let Some((_, name)) = rows.find(|(key, _)| *key == value) {
            return name.clone();
        }
    }
    match value {
        Value::Null => "null".into(),
        Value::Time(seconds) => seedbed_core::time::describe(*seconds),
        Value::Password(password) if password.form == Form::USUAL => format!("hash of {}", password.plain),
        Value::Password(password) => format!("{} hash of {}", password.form, password.plain),
        value => value.to_string(),
    }
}
