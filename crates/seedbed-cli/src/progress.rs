//! Progress of long work: a bar on a terminal, a plain line every few seconds elsewhere, and for a program
//! steps, some of them a second.

use std::fmt;
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::output::number;

/// Work that takes less is not told to a person.
const QUIET: Duration = Duration::from_secs(1);
/// How often a line is written where nobody watches.
const EVERY: Duration = Duration::from_secs(5);
/// How often a program hears of a step.
const OFTEN: Duration = Duration::from_millis(250);

/// Who watches long work.
#[derive(Clone, Copy)]
pub(crate) enum Watch<'a> {
    /// A person at a terminal.
    Bar,
    /// Who reads these lines.
    Lines(&'a dyn Fn(&str)),
    /// Who reads these lines, and a program.
    Steps(&'a dyn Fn(&str), &'a dyn Fn(&Step<'_>)),
}

/// How far long work has come.
pub(crate) struct Step<'a> {
    doing: &'static str,
    table: &'a str,
    done: u64,
    of: u64,
    /// Rows in a second; none where it has just begun.
    rate: Option<f64>,
}

impl Step<'_> {
    /// Returns the object for a program.
    pub(crate) fn json(&self) -> Value {
        json!({
            "doing": self.doing,
            "table": self.table,
            "done": self.done,
            "of": self.of,
            "rows_per_second": self.rate.map(|rate| rate as u64),
            "seconds_left": self.left().map(|left| left.as_secs_f64().ceil() as u64),
        })
    }

    fn left(&self) -> Option<Duration> {
        self.rate.map(|rate| Duration::from_secs_f64(self.of.saturating_sub(self.done) as f64 / rate))
    }
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (done, of) = (number(self.done as usize), number(self.of as usize));
        write!(f, "{} {}: {done} of {of} rows", self.doing, self.table)?;
        match (self.rate, self.left()) {
            (Some(rate), Some(left)) => {
                write!(f, ", {} rows/s, {} left", number(rate as usize), HumanDuration(left))
            }
            _ => Ok(()),
        }
    }
}

/// Shows how far long work has come.
pub(crate) struct Progress<'a> {
    watch: Watch<'a>,
    bar: Option<ProgressBar>,
    doing: &'static str,
    began: Instant,
    /// When a line was written last.
    told: Instant,
    /// When a program heard of a step last.
    heard: Option<Instant>,
}

impl<'a> Progress<'a> {
    pub(crate) fn new(watch: Watch<'a>) -> Self {
        let now = Instant::now();
        Self { watch, bar: None, doing: "", began: now, told: now, heard: None }
    }

    /// Shows that so many of so many rows are done.
    pub(crate) fn show(&mut self, doing: &'static str, table: &str, done: u64, of: u64) {
        let now = Instant::now();
        if self.doing != doing {
            self.finish();
            (self.doing, self.began, self.told, self.heard) = (doing, now, now, None);
        }
        let passed = now - self.began;
        let rate = (passed >= OFTEN).then(|| (done as f64 / passed.as_secs_f64()).max(1.0));
        let step = Step { doing, table, done, of, rate };
        if let Watch::Steps(_, hear) = self.watch
            && self.heard.is_none_or(|heard| now - heard >= OFTEN)
        {
            self.heard = Some(now);
            hear(&step);
        }
        match self.watch {
            Watch::Bar if passed >= QUIET => {
                let bar = self.bar.get_or_insert_with(|| {
                    let style = "{msg} {bar:30} {human_pos} of {human_len} rows, {per_sec}, {eta} left";
                    let style = ProgressStyle::with_template(style).expect("the template is ours");
                    ProgressBar::new(of).with_style(style).with_elapsed(passed)
                });
                bar.set_message(format!("{doing} {table}"));
                bar.set_position(done);
            }
            Watch::Lines(tell) | Watch::Steps(tell, _) if now - self.told >= EVERY => {
                self.told = now;
                tell(&step.to_string());
            }
            _ => {}
        }
    }

    fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.finish();
    }
}
