//! The answer of `cleanup`.

use std::fmt::Write;

use seedbed::Receipt;
use seedbed::project::{Times, Work};
use serde_json::Value;

use super::difference::{self, Detail};
use super::secrets::Secrets;
use super::{Paint, duration, headline, times_json};
use crate::answer;

pub(crate) struct Report<'a> {
    pub(crate) work: &'a Work,
    pub(crate) receipt: &'a Receipt,
    pub(crate) times: Times,
}

impl answer::Report for Report<'_> {
    fn text(&self, paint: Paint) -> String {
        let (plan, took) = (&self.receipt.plan, duration(self.times.total));
        let names = headline::names(self.work);
        let (scenario, above) = names.split_first().map_or(("", &[][..]), |(first, rest)| (*first, rest));
        if !self.receipt.written {
            return format!("nothing to remove: {scenario} is not seeded here ({took})\n");
        }
        let mut text = difference::lines(plan, &Secrets::of(self.work), Detail::Brief);
        let summary = difference::summary(plan, ["inserted", "put back", "written", "removed"]);
        let went: Vec<&str> = above.iter().rev().copied().filter(|name| self.was_seeded(name)).collect();
        let first = match went.as_slice() {
            [] => String::new(),
            went => format!("; {} went first, since {} on it", went.join(" and "), stands(went)),
        };
        let _ = writeln!(text, "\n{}   {scenario}: {summary}{first} ({took})", paint.good("cleaned"));
        text + headline::pending(self.receipt)
    }

    fn json(&self) -> Value {
        let mut answer = headline::json(self.work, self.receipt);
        answer["milliseconds"] = times_json(self.times);
        answer
    }
}

impl Report<'_> {
    fn was_seeded(&self, name: &str) -> bool {
        self.work.state.find(name, self.work.generated.dataset.worker).is_some()
    }
}

fn stands(names: &[&str]) -> &'static str {
    if names.len() == 1 { "it stands" } else { "they stand" }
}
