//! The scenario files of a project: which there are, and which of them make a chain.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use seedbed_core::diagnostic::Diagnostic;
use seedbed_core::grammar::{self, SCENARIO, Shape};
use seedbed_core::scenario::{Files, chain_order};
use seedbed_core::source::{self, Node, Source};

use super::config::Config;
use super::shown;

/// A scenario file, and what of it is needed before it is read as a chain.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) source: Source,
    folder: PathBuf,
    /// None when the file cannot be read as one.
    pub(super) name: Option<String>,
    pub(super) layer: i64,
    requires: Vec<String>,
    /// Files beside it, as it names them, with the path a person knows.
    lists: Vec<String>,
}

/// Reads the scenario files that the project names, and those in the folders it names.
pub(super) fn load(config: &Config, folder: &Path, here: &Path) -> Result<Vec<Scenario>, Vec<Diagnostic>> {
    let (mut scenarios, mut problems) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    for (named, span) in &config.scenarios {
        let path = folder.join(named);
        let (files, all) = if path.is_dir() { (files_in(&path), false) } else { (vec![path], true) };
        for file in files {
            match fs::read_to_string(&file) {
                Ok(text) => {
                    let source = Source { path: shown(&file, here), text };
                    let scenario = head(source, file.parent().unwrap_or(folder));
                    if (all || scenario.name.is_some() || looks_like_one(&scenario.source)) && seen.insert(file) {
                        scenarios.push(scenario);
                    }
                }
                Err(error) => problems.push(
                    Diagnostic::new("missing-file", format!("`{}` cannot be read: {error}", shown(&file, here)))
                        .at(*span, "named here"),
                ),
            }
        }
    }
    if problems.is_empty() { Ok(scenarios) } else { Err(problems) }
}

/// Returns the files and folders that scenarios and their lists are read from.
pub(super) fn read_from(config: &Config, folder: &Path, known: &[Scenario]) -> BTreeSet<PathBuf> {
    let mut places = BTreeSet::new();
    for (named, _) in &config.scenarios {
        let path = folder.join(named);
        places.extend(files_in(&path));
        places.insert(path);
    }
    places.extend(known.iter().flat_map(|scenario| scenario.lists.iter().map(|list| scenario.folder.join(list))));
    places
}

/// Whether a file seems to be meant as a scenario: it says so, though it may be unreadable, or it has two or more
/// of the names that stand at the top of one.
fn looks_like_one(source: &Source) -> bool {
    let says_so = source.text.lines().any(|line| {
        let line = line.trim_start_matches([' ', '{']).trim_start_matches('"');
        line.strip_prefix("scenario").is_some_and(|rest| rest.trim_start_matches('"').trim_start().starts_with(':'))
    });
    let node = source::read(0, source, &mut Vec::new());
    let known = |name: &str| SCENARIO.fields.iter().any(|field| field.name == name);
    says_so || node.is_some_and(|node| node.entries().iter().filter(|entry| known(&entry.name)).count() > 1)
}

/// Returns what keeps files from being read as scenarios.
pub(super) fn unreadable(known: &[Scenario]) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for (index, scenario) in known.iter().enumerate().filter(|(_, scenario)| scenario.name.is_none()) {
        if let Some(node) = source::read(index, &scenario.source, &mut problems) {
            grammar::check(&Shape::Object(&SCENARIO), &node, &mut problems);
        }
    }
    problems
}

/// Returns the files in a folder that may hold a scenario, by name.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = entries
        .filter(|path| path.extension().is_some_and(|end| ["json", "yaml", "yml"].iter().any(|known| end == *known)))
        .collect();
    files.sort();
    files
}

fn head(source: Source, folder: &Path) -> Scenario {
    // What is wrong in the file is reported when a chain needs it.
    let node = source::read(0, &source, &mut Vec::new());
    let text = |name: &str| node.as_ref()?.get(name)?.text().map(str::to_owned);
    let texts = |nodes: &[Node]| nodes.iter().filter_map(|item| item.text().map(str::to_owned)).collect();
    let field = |name: &str| node.as_ref().and_then(|node| node.get(name));
    let lists = field("lists").map(Node::entries).unwrap_or_default();
    Scenario {
        name: text("scenario"),
        layer: field("layer").and_then(Node::integer).unwrap_or_default(),
        requires: field("requires").map(|list| texts(list.items())).unwrap_or_default(),
        lists: lists.iter().filter_map(|entry| entry.node.text().map(str::to_owned)).collect(),
        folder: folder.to_path_buf(),
        source,
    }
}

/// Returns the files of these scenarios and of all that they require, lower layers first; with
/// `last`, that one and what requires it come behind all others.
pub(super) fn files(known: &[Scenario], names: &[&str], last: Option<&str>) -> Result<Files, Vec<Diagnostic>> {
    let mut sources: Vec<Source> = known.iter().map(|scenario| scenario.source.clone()).collect();
    let mut chain: Vec<usize> = Vec::new();
    for name in names {
        let there = chain.iter().any(|index| known[*index].name.as_deref() == Some(name));
        if !there {
            let mut open = Vec::new();
            if !require(known, name, &mut chain, &mut open) {
                // What is wrong is found, and said, by the core.
                chain = chain_order(name, &sources)?;
            }
        }
    }
    let scenarios = layered(known, chain, last);
    let mut lists = Vec::new();
    let mut places: Vec<(PathBuf, usize)> = Vec::new();
    for &index in &scenarios {
        for name in &known[index].lists {
            let path = known[index].folder.join(name);
            let at = if let Some((_, at)) = places.iter().find(|(place, _)| *place == path) {
                *at
            } else {
                // A missing file is reported with the place that names it.
                let Ok(text) = fs::read_to_string(&path) else { continue };
                sources.push(Source { path: beside(&known[index].source.path, name), text });
                places.push((path, sources.len() - 1));
                sources.len() - 1
            };
            lists.push((index, name.clone(), at));
        }
    }
    Ok(Files { sources, scenarios, lists })
}

/// Adds a scenario behind all that it requires; false when one is unknown or requires itself.
fn require(known: &[Scenario], name: &str, chain: &mut Vec<usize>, open: &mut Vec<usize>) -> bool {
    let Some(index) = known.iter().position(|scenario| scenario.name.as_deref() == Some(name)) else { return false };
    if chain.contains(&index) {
        return true;
    }
    if open.contains(&index) {
        return false;
    }
    open.push(index);
    let complete = known[index].requires.iter().all(|required| require(known, required, chain, open));
    open.pop();
    chain.push(index);
    complete
}

/// Orders by what requires what, then by layer.
fn layered(known: &[Scenario], chain: Vec<usize>, last: Option<&str>) -> Vec<usize> {
    let above = |index: usize| last.is_some_and(|last| stands_on(known, index, last));
    let mut waiting = chain;
    waiting.sort_by_key(|index| (above(*index), known[*index].layer));
    let mut order: Vec<usize> = Vec::new();
    while !waiting.is_empty() {
        let placed = |name: &String| order.iter().any(|index| known[*index].name.as_ref() == Some(name));
        let next = waiting.iter().position(|index| known[*index].requires.iter().all(placed));
        order.push(waiting.remove(next.expect("a chain has no circle and holds what it requires")));
    }
    order
}

/// Whether a scenario is `name` or requires it.
fn stands_on(known: &[Scenario], index: usize, name: &str) -> bool {
    known[index].name.as_deref() == Some(name)
        || known[index].requires.iter().any(|required| {
            let next = known.iter().position(|other| other.name.as_ref() == Some(required));
            next.is_some_and(|next| stands_on(known, next, name))
        })
}

fn beside(path: &str, name: &str) -> String {
    Path::new(path).with_file_name(name).display().to_string()
}
