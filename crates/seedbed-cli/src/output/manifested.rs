//! The answer of `manifest`.

use std::fmt::Write;

use seedbed::manifest::Manifest;
use serde_json::{Value, json};

use super::{Paint, cut, headline, wrapped};
use crate::answer;

pub(crate) struct Report<'a> {
    pub(crate) manifest: &'a Manifest,
    pub(crate) data: &'a Value,
    /// It as it is written, where a format was asked for.
    pub(crate) code: Option<&'a str>,
    /// What became of the file, where one was named.
    pub(crate) file: Option<&'a File>,
}

/// What became of a file.
pub(crate) enum File {
    /// It was written.
    Written(String),
    /// It was so already, and was left alone.
    Unchanged(String),
    /// It is what would be written.
    Same(String),
    /// It is not what would be written; the first line that differs.
    Differs { path: String, line: usize, there: String, wanted: String },
}

impl answer::Report for Report<'_> {
    fn text(&self, paint: Paint) -> String {
        match (self.file, self.code) {
            (Some(File::Written(path)), _) => format!("written  {path}\n"),
            (Some(File::Unchanged(path)), _) => format!("{path} is as it would be written\n"),
            (Some(File::Same(path)), _) => format!("{path} is what would be written\n"),
            (Some(File::Differs { path, line, there, wanted }), _) => {
                let quoted =
                    |text: &str| if text.is_empty() { "nothing".to_owned() } else { format!("`{}`", cut(text, 60)) };
                let (there, wanted) = (quoted(there), quoted(wanted));
                format!("{}  {path}: line {line} is {there} and would be {wanted}\n", paint.bad("differs"))
            }
            (None, Some(code)) => code.to_owned(),
            (None, None) => self.summary(),
        }
    }

    fn json(&self) -> Value {
        let mut data = self.data.clone();
        match self.file {
            None => {}
            Some(File::Written(path) | File::Unchanged(path)) => data["file"] = json!(path),
            Some(File::Same(path)) => data["check"] = json!({ "file": path, "same": true }),
            Some(File::Differs { path, line, there, wanted }) => {
                data["check"] = json!({ "file": path, "same": false, "line": line, "there": there, "wanted": wanted });
            }
        }
        data
    }

    fn exit(&self) -> u8 {
        u8::from(matches!(self.file, Some(File::Differs { .. })))
    }
}

impl Report<'_> {
    /// Returns what there is, by name.
    fn summary(&self) -> String {
        let Manifest { scenarios, seed, worker, digest, personas, rows, edges, expected, states, .. } = self.manifest;
        let mut text = format!(
            "manifest  {}   seed {seed}   worker {worker}   digest {}\n",
            scenarios.join(" "),
            headline::short(digest)
        );
        let lists = expected
            .iter()
            .flat_map(|(who, lists)| lists.iter().map(move |(name, list)| format!("{who}.{name} {}", list.total)));
        let parts: [(&str, Vec<String>); 5] = [
            ("personas", personas.keys().cloned().collect()),
            ("rows", rows.keys().cloned().collect()),
            ("edges", edges.keys().cloned().collect()),
            ("expected", lists.collect()),
            ("states", states.clone()),
        ];
        for (name, items) in parts.iter().filter(|(_, items)| !items.is_empty()) {
            let _ = writeln!(text, "{name:8}  {}", wrapped(items, 10));
        }
        text
    }
}
