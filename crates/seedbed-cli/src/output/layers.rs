//! What was done for each scenario: `m02  test users   + 34 users  ~ 150 flyers (creator)`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use seedbed::Receipt;
use seedbed::project::Work;
use seedbed_core::dataset::{Block, Dataset, Row};
use seedbed_core::plan::Plan;

use super::{count, wrapped};

/// Returns a line per scenario that something was done for.
pub(super) fn lines(work: &Work, receipt: &Receipt) -> String {
    let done = Done::new(&receipt.plan);
    let scenarios: Vec<(&str, &str, Vec<String>)> = (work.levels.clone())
        .map(|index| {
            let layer = &work.chain.layers[index];
            let mut items = done.of(&work.generated.dataset, index);
            let written = |path: &String| receipt.plan.files.write.contains(path);
            let files = || work.generated.dataset.files.iter().filter(|file| file.scenario == index);
            if items.is_empty() && files().any(|file| written(&file.path)) {
                items.push(format!("+ {}", count(files().filter(|file| written(&file.path)).count(), "file", "files")));
            }
            (layer.name.as_str(), layer.about.as_str(), items)
        })
        .filter(|(_, _, items)| !items.is_empty())
        .collect();
    let width = |text: fn(&(&str, &str, Vec<String>)) -> usize| scenarios.iter().map(text).max().unwrap_or(0);
    let (name_width, about_width) = (width(|line| line.0.chars().count()), width(|line| line.1.chars().count()));
    let mut text = String::new();
    for (name, about, items) in &scenarios {
        let indent = 2 + name_width + 2 + about_width + 4;
        let items = wrapped(items, indent);
        let _ = writeln!(text, "  {name:name_width$}  {about:about_width$}    {items}");
    }
    text
}

/// Rows that were written, by table and name.
struct Done<'a> {
    inserted: BTreeSet<(&'a str, &'a str)>,
    /// With the columns that changed.
    changed: BTreeMap<(&'a str, &'a str), BTreeSet<&'a str>>,
}

impl<'a> Done<'a> {
    fn new(plan: &'a Plan) -> Self {
        let mut done = Self { inserted: BTreeSet::new(), changed: BTreeMap::new() };
        for part in &plan.tables {
            done.inserted.extend(part.inserts.iter().map(|insert| (part.table.as_str(), insert.row.as_str())));
            for update in &part.updates {
                let columns = update.changes.iter().map(|change| change.column.as_str()).collect();
                done.changed.insert((part.table.as_str(), update.row.as_str()), columns);
            }
        }
        done
    }

    /// Returns what was done for a scenario: its own rows, and the rows below that it overlays.
    fn of(&self, dataset: &Dataset, scenario: usize) -> Vec<String> {
        let mut items = Vec::new();
        for block in dataset.blocks.iter().filter(|block| block.scenario == scenario) {
            let name = &block.population;
            match block.rows.iter().filter(|row| self.is_inserted(block, row)).count() {
                0 => {}
                rows => items.push(format!("+ {rows} {name}")),
            }
            match block.rows.iter().filter(|row| self.is_changed(block, row)).count() {
                0 => {}
                rows => items.push(format!("~ {rows} {name}")),
            }
        }
        for block in dataset.blocks.iter().filter(|block| block.scenario < scenario) {
            let mut overlaid: BTreeMap<&str, usize> = BTreeMap::new();
            for row in &block.rows {
                for (position, _, _) in row.overlays.iter().filter(|(_, by, _)| *by == scenario) {
                    if self.wrote(block, row, *position) {
                        *overlaid.entry(what(block, *position)).or_default() += 1;
                    }
                }
            }
            items.extend(overlaid.iter().map(|(what, rows)| format!("~ {rows} {} ({what})", block.population)));
        }
        items
    }

    fn is_inserted(&self, block: &Block, row: &Row) -> bool {
        self.inserted.contains(&(block.table.as_str(), row.name.as_str()))
    }

    /// Whether columns changed that no upper scenario overlays.
    fn is_changed(&self, block: &Block, row: &Row) -> bool {
        let overlaid = |name: &str| row.overlays.iter().any(|(position, _, _)| block.columns[*position] == name);
        let columns = self.changed.get(&(block.table.as_str(), row.name.as_str()));
        columns.is_some_and(|columns| columns.iter().any(|name| !overlaid(name)))
    }

    fn wrote(&self, block: &Block, row: &Row, position: usize) -> bool {
        let changed = self.changed.get(&(block.table.as_str(), row.name.as_str()));
        self.is_inserted(block, row)
            || changed.is_some_and(|columns| columns.contains(block.columns[position].as_str()))
    }
}

/// Returns what an overlaid column is called: by its link, where it is one.
fn what(block: &Block, position: usize) -> &str {
    let link = block.references.iter().find(|reference| reference.columns.contains(&position));
    link.map_or(&block.columns[position], |link| &link.name)
}
