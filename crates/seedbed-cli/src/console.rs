//! Console: where answers, notices and errors are printed, and in which form.

use std::io::{self, IsTerminal, Write};
use std::time::Instant;

use seedbed::project::Times;
use seedbed::{Error, Notice};
use serde_json::{Value, json};

use crate::arguments::{Colour, Format, Global};
use crate::output::Paint;

/// What a verb answers, in both forms.
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

/// Where answers, notices and errors are printed.
pub(crate) struct Console {
    format: Format,
    quiet: bool,
    answers: Paint,
    errors: Paint,
    started: Instant,
}

impl Console {
    pub(crate) fn new(global: &Global) -> Self {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let paint = |terminal: bool| match global.color {
            Colour::Always => Paint::new(true),
            Colour::Never => Paint::new(false),
            Colour::Auto => Paint::new(terminal && !no_color),
        };
        Self {
            format: global.format,
            quiet: global.quiet,
            answers: paint(io::stdout().is_terminal()),
            errors: paint(io::stderr().is_terminal()),
            started: Instant::now(),
        }
    }

    /// Prints an answer; returns its exit code.
    pub(crate) fn show(&self, report: &dyn Report) -> u8 {
        let code = report.exit();
        match self.format {
            Format::Json => {
                let mut answer = report.json();
                answer["exit_code"] = json!(code);
                self.print(&format!("{answer:#}\n"));
            }
            Format::Text if self.quiet => {}
            Format::Text => self.print(&report.text(self.answers)),
        }
        code
    }

    /// Prints a text as it is.
    #[expect(clippy::unused_self, reason = "only a console prints")]
    pub(crate) fn print(&self, text: &str) {
        // A reader that has gone, as `head` does, wants no more of it.
        let _ = io::stdout().lock().write_all(text.as_bytes());
    }

    /// Prints an error; returns its exit code.
    pub(crate) fn fail(&self, error: &Error) -> u8 {
        let code = error.exit_code();
        match self.format {
            Format::Json => {
                let report = json!({ "exit_code": code, "error": crate::output::error::json(error) });
                self.print(&format!("{report:#}\n"));
            }
            Format::Text => eprintln!("{}", crate::output::error::text(error, self.errors)),
        }
        code
    }

    /// Returns what prints notices as they come.
    pub(crate) fn notices(&self) -> impl FnMut(Notice) {
        let silent = self.quiet || self.format == Format::Json;
        move |notice| {
            // Hashing is told with the times in the end.
            if !silent && matches!(notice, Notice::Waiting { .. } | Notice::Moving { .. }) {
                eprintln!("{notice}");
            }
        }
    }

    /// Whether a running display may be drawn.
    pub(crate) fn is_live(&self) -> bool {
        !self.quiet && self.format == Format::Text && io::stderr().is_terminal()
    }

    /// Returns the times with the whole program's as their total.
    pub(crate) fn whole(&self, times: Times) -> Times {
        Times { total: self.started.elapsed(), ..times }
    }
}
