//! The answer of `init`.

use std::collections::BTreeMap;
use std::fmt::Write;

use seedbed::Begun;
use serde_json::{Value, json};

use super::{Paint, count, wrapped};
use crate::answer;

pub(crate) struct Report<'a> {
    pub(crate) begun: &'a Begun,
    pub(crate) program: &'a str,
    /// What the database is called by.
    pub(crate) name: &'a str,
}

/// How many lines of a kind a person is shown; the file has them all.
const SHOWN: usize = 12;

impl answer::Report for Report<'_> {
    fn text(&self, paint: Paint) -> String {
        let (begun, outline) = (self.begun, &self.begun.outline);
        let rows: usize = outline.tables.iter().map(|table| table.rows).sum();
        let mut text = format!("database  {}\n", begun.database);
        let _ = writeln!(text, "{}   {}", paint.good("written"), begun.files.join("  "));
        let tables = count(outline.tables.len(), "table", "tables");
        let _ = writeln!(text, "\n  {}   {} in {tables}", begun.scenario, count(rows, "row", "rows"));
        let each: Vec<String> = outline.tables.iter().map(|one| format!("+ {} {}", one.rows, one.population)).collect();
        let _ = writeln!(text, "         {}", wrapped(&each, 9));
        if !outline.left_out.is_empty() {
            text.push_str("\nwithout rows\n");
            let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            for (table, reason) in &outline.left_out {
                by_reason.entry(reason).or_default().push(table);
            }
            let all = by_reason.iter().map(|(reason, tables)| format!("{}: {reason}", tables.join(", ")));
            lines(&mut text, &all.collect::<Vec<String>>(), begun);
        }
        if !outline.remarks.is_empty() {
            text.push_str("\nto be looked at\n");
            let all: Vec<String> = outline.remarks.iter().map(|(table, remark)| format!("{table}: {remark}")).collect();
            lines(&mut text, &all, begun);
        }
        if begun.password {
            text.push_str("\nthe password was not written down; PGPASSWORD, ~/.pgpass or a service says it\n");
        }
        text.push_str("\nnext\n");
        for step in self.steps() {
            let _ = writeln!(text, "  {step}");
        }
        text
    }

    fn json(&self) -> Value {
        let outline = &self.begun.outline;
        let tables = outline.tables.iter();
        let tables = tables.map(|one| json!({ "table": one.table, "population": one.population, "rows": one.rows }));
        let remarks = outline.remarks.iter().map(|(table, remark)| json!({ "table": table, "remark": remark }));
        json!({
            "database": { "name": self.begun.database, "may_write": self.begun.may_write },
            "scenario": self.begun.scenario,
            "files": self.begun.files,
            "tables": tables.collect::<Value>(),
            "without_rows": outline.left_out,
            "remarks": remarks.collect::<Value>(),
            "next": self.steps(),
        })
    }
}

impl Report<'_> {
    /// Returns what is typed next.
    fn steps(&self) -> Vec<String> {
        let (program, scenario) = (self.program, &self.begun.scenario);
        let allow = (!self.begun.may_write).then(|| format!("{program} allow {}", self.name));
        allow.into_iter().chain(["seed", "verify"].map(|verb| format!("{program} {verb} {scenario}"))).collect()
    }
}

fn lines(text: &mut String, all: &[String], begun: &Begun) {
    for line in all.iter().take(SHOWN) {
        let words: String = line.split_whitespace().flat_map(|word| [word, " "]).collect();
        let _ = writeln!(text, "  {}", folded(words.trim_end()));
    }
    if all.len() > SHOWN {
        let file = begun.files.last().map_or("", String::as_str);
        let _ = writeln!(text, "  ... and {} more, in {file}", all.len() - SHOWN);
    }
}

/// Breaks a line between words where it is too long.
fn folded(line: &str) -> String {
    let (mut text, mut column) = (String::new(), 2);
    for word in line.split(' ') {
        let length = word.chars().count();
        if column > 2 && column + 1 + length > super::WIDTH {
            text.push_str("\n      ");
            column = 6;
        } else if column > 2 {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += length;
    }
    text
}
