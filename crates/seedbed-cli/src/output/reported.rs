//! The answer of `report`: that of `verify` in a line, and the files that say more.

use std::fmt::Write;
use std::path::PathBuf;

use seedbed::project::{Times, Work};
use seedbed::verify::Verified;
use serde_json::Value;

use super::{Paint, verified};
use crate::answer;

pub(crate) struct Report<'a> {
    pub(crate) work: &'a Work,
    pub(crate) verified: &'a Verified,
    pub(crate) times: Times,
    pub(crate) files: &'a [PathBuf],
}

impl answer::Report for Report<'_> {
    fn text(&self, paint: Paint) -> String {
        let mut text = String::new();
        for file in self.files {
            let _ = writeln!(text, "written   {}", file.display());
        }
        text + &self.verify().last(paint)
    }

    fn json(&self) -> Value {
        let mut answer = answer::Report::json(&self.verify());
        answer["files"] = self.files.iter().map(|file| Value::from(file.display().to_string())).collect();
        answer
    }

    fn exit(&self) -> u8 {
        answer::Report::exit(&self.verify())
    }
}

impl Report<'_> {
    fn verify(&self) -> verified::Report<'_> {
        verified::Report { work: self.work, verified: self.verified, times: self.times, all: false }
    }
}
