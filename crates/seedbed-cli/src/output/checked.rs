//! The answer of `check`.

use std::fmt::Write;

use seedbed::project::Checked;
use seedbed::typed;
use serde_json::{Value, json};

use super::{Paint, count, duration, fitted};
use crate::answer;

/// How many failing seeds are shown.
const SHOWN: usize = 5;

pub(crate) struct Report<'a> {
    pub(crate) program: &'a str,
    pub(crate) checked: Vec<Checked>,
    /// The first seed.
    pub(crate) first: u64,
}

impl answer::Report for Report<'_> {
    fn text(&self, paint: Paint) -> String {
        let width =
            |text: fn(&Checked) -> &str| self.checked.iter().map(|one| text(one).chars().count()).max().unwrap_or(0);
        let (names, abouts) = (width(|one| &one.name), width(|one| &one.about));
        let mut text = String::new();
        for one in &self.checked {
            let rows = count(one.rows, "row", "rows");
            let files = count(one.files, "file", "files");
            let facts = count(one.facts, "fact", "facts");
            let solved = one.seeds - one.failed.len() as u64;
            let verdict = match one.seeds {
                1 => "solved".to_owned(),
                all => format!("{solved} of {all} seeds solved"),
            };
            let verdict = if one.failed.is_empty() { paint.good(&verdict) } else { paint.bad(&verdict) };
            let _ = writeln!(
                text,
                "{:names$}  {:abouts$}   {rows:>9} {files:>10} {facts:>9}   {verdict} in {}",
                one.name,
                one.about,
                duration(one.took),
            );
            for (seed, why) in one.failed.iter().take(SHOWN) {
                let _ = writeln!(text, "  seed {seed}: {}", fitted(std::slice::from_ref(why), "", 80));
            }
            if let Some((seed, _)) = one.failed.first() {
                let _ = writeln!(
                    text,
                    "  `{}` explains it",
                    typed::line(self.program, &format!("check {} --seed {seed}", one.name))
                );
            }
        }
        let _ = writeln!(text, "{}; no database was opened", count(self.checked.len(), "scenario", "scenarios"));
        text
    }

    fn json(&self) -> Value {
        let scenarios = self.checked.iter().map(|one| {
            let failed: Vec<Value> =
                one.failed.iter().map(|(seed, why)| json!({ "seed": seed, "message": why })).collect();
            json!({
                "scenario": one.name,
                "about": one.about,
                "rows": one.rows,
                "files": one.files,
                "facts": one.facts,
                "first_seed": self.first,
                "seeds": one.seeds,
                "failed": failed,
                "milliseconds": one.took.as_secs_f64() * 1000.0,
            })
        });
        json!({ "scenarios": scenarios.collect::<Vec<_>>() })
    }

    fn exit(&self) -> u8 {
        if self.checked.iter().all(|one| one.failed.is_empty()) { 0 } else { 2 }
    }
}
