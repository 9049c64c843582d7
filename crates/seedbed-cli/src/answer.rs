//! Answer: what a verb says, as text for a person and as an object for a program.

use serde_json::{Value, json};

use crate::output::Paint;

/// What a verb answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// For a person; lines end with a line feed.
    pub text: String,
    /// For a program: one object with stable names, `exit_code` among them.
    pub data: Value,
    /// 0 for done or in sync, 1 where the answer is no.
    pub exit_code: u8,
}

/// What an answer is made from.
pub(crate) trait Report {
    /// Returns the answer for a person; lines end with a line feed.
    fn text(&self, paint: Paint) -> String;

    /// Returns the answer as an object; `exit_code` is added.
    fn json(&self) -> Value;

    /// Returns the exit code.
    fn exit(&self) -> u8 {
        0
    }
}

impl Answer {
    /// Returns the answer that a report makes.
    pub(crate) fn of(report: &dyn Report, paint: Paint) -> Self {
        let exit_code = report.exit();
        let mut data = report.json();
        data["exit_code"] = json!(exit_code);
        Self { text: report.text(paint), data, exit_code }
    }
}
