//! The answer of `serve`, when it has begun.

use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};

use super::Paint;
use crate::answer;

pub(crate) struct Report<'a> {
    pub(crate) database: &'a str,
    pub(crate) scenario: &'a str,
    pub(crate) workers: u8,
    /// Where it listens.
    pub(crate) address: &'a str,
    pub(crate) token_file: &'a Path,
    /// Where the page is, with a key that lets one browser in; none where it would end up in a log.
    pub(crate) page: Option<&'a str>,
}

impl answer::Report for Report<'_> {
    fn text(&self, _: Paint) -> String {
        let workers =
            if self.workers == 1 { "worker 0".to_owned() } else { format!("workers 0 to {}", self.workers - 1) };
        let mut text = format!("database  {}\n", self.database);
        let _ = writeln!(text, "service   {}   {}   {workers}", self.address, self.scenario);
        let _ = writeln!(text, "token     in {}, which only you can read", self.token_file.display());
        if let Some(page) = self.page {
            let _ = writeln!(text, "page      {page}");
        }
        text.push_str("Ctrl-C ends it\n");
        text
    }

    fn json(&self) -> Value {
        json!({
            "database": { "name": self.database },
            "address": self.address,
            "scenario": self.scenario,
            "workers": self.workers,
            "token_file": self.token_file.display().to_string(),
        })
    }
}
