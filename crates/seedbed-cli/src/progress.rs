//! Progress of long work: a bar on a terminal, a plain line every few seconds elsewhere.

use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

use crate::output::number;

/// Work that takes less is not told.
const QUIET: Duration = Duration::from_secs(1);
/// How often a line is written where nobody watches.
const EVERY: Duration = Duration::from_secs(5);

/// Shows how far long work has come.
pub(crate) struct Progress<'a> {
    tell: &'a dyn Fn(&str),
    live: bool,
    bar: Option<ProgressBar>,
    doing: &'static str,
    began: Instant,
    told: Instant,
}

impl<'a> Progress<'a> {
    /// `tell` writes a line; on a terminal that is `live` a bar is drawn.
    pub(crate) fn new(live: bool, tell: &'a dyn Fn(&str)) -> Self {
        let now = Instant::now();
        Self { tell, live, bar: None, doing: "", began: now, told: now }
    }

    /// Shows that so many of so many rows are done.
    pub(crate) fn show(&mut self, doing: &'static str, table: &str, done: u64, of: u64) {
        let now = Instant::now();
        if self.doing != doing {
            self.finish();
            (self.doing, self.began, self.told) = (doing, now, now);
        }
        let passed = now - self.began;
        if passed < QUIET {
            return;
        }
        if self.live {
            let bar = self.bar.get_or_insert_with(|| {
                let style = "{msg} {bar:30} {human_pos} of {human_len} rows, {per_sec}, {eta} left";
                let style = ProgressStyle::with_template(style).expect("the template is ours");
                ProgressBar::new(of).with_style(style).with_elapsed(passed)
            });
            bar.set_message(format!("{doing} {table}"));
            bar.set_position(done);
        } else if now - self.told >= EVERY {
            self.told = now;
            let rate = (done as f64 / passed.as_secs_f64()).max(1.0);
            let left = HumanDuration(Duration::from_secs_f64(of.saturating_sub(done) as f64 / rate));
            let (done, of, rate) = (number(done as usize), number(of as usize), number(rate as usize));
            (self.tell)(&format!("{doing} {table}: {done} of {of} rows, {rate} rows/s, {left} left"));
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
