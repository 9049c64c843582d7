//! The answer of `show`.

use std::fmt::Write;

use seedbed::project::Work;
use seedbed::show::Shown;
use seedbed_core::plan::key_text;
use serde_json::{Value, json};

use super::{Paint, count};
use crate::answer;

pub(crate) struct Report<'a> {
    pub(crate) work: &'a Work,
    pub(crate) shown: &'a Shown,
}

impl answer::Report for Report<'_> {
    fn text(&self, _: Paint) -> String {
        let Shown { persona, path, table, rows } = self.shown;
        let mut text = format!("{persona} {path}: {} of {table}\n", count(rows.len(), "row", "rows"));
        for row in rows {
            let whose = if row.ours { "" } else { "   not declared" };
            let _ = writeln!(text, "  {}  {}{whose}", key_text(&row.key), row.label);
        }
        text
    }

    fn json(&self) -> Value {
        json!({ "database": { "name": self.work.place.name }, "shown": self.shown })
    }
}
