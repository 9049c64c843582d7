//! The answer of `plan`.

use std::fmt::Write;

use seedbed::Receipt;
use seedbed::project::{Times, Work};
use seedbed::typed::quoted;
use seedbed_core::scale::Scale;
use serde_json::Value;

use super::difference::{self, Detail};
use super::secrets::Secrets;
use super::{Paint, headline, scale, times_json};
use crate::answer;

pub(crate) struct Report<'a> {
    pub(crate) work: &'a Work,
    pub(crate) receipt: &'a Receipt,
    pub(crate) times: Times,
    pub(crate) detail: Detail,
    /// The named state that was asked for.
    pub(crate) state: Option<&'a str>,
    /// The scale that was asked for.
    pub(crate) scale: Option<&'a Scale>,
    /// A plan that is not empty is a no.
    pub(crate) check: bool,
}

impl answer::Report for Report<'_> {
    fn text(&self, _: Paint) -> String {
        let plan = &self.receipt.plan;
        if plan.is_empty() {
            return headline::in_sync(self.receipt, self.times.total);
        }
        let mut text = headline::database(self.work, self.receipt);
        let _ = writeln!(text, "{}\n", headline::dataset(self.work, self.receipt));
        text.push_str(&difference::lines(plan, &Secrets::of(self.work), self.detail));
        text.push_str(&scale::lines(self.work, plan));
        text.push_str(&difference::rest(plan, headline::others(self.work, self.receipt)));
        let summary = difference::summary(plan, ["to insert", "to change", "to write", "to remove"]);
        let _ = writeln!(text, "\nplan: {summary}");
        let seed = self.typed();
        if plan.obstacles.iter().any(|row| !row.debris) || !plan.files.obstacles.is_empty() {
            let _ = writeln!(text, "`{seed}` refuses while somebody else's is in the way");
        } else if plan.debris.is_empty() || self.state.is_some() {
            let _ = writeln!(text, "`{seed}` does it");
        } else {
            let _ = writeln!(
                text,
                "`{seed}` inserts, changes and writes; `{}` also removes what tests left",
                headline::typed(self.work, "reset", ""),
            );
        }
        text
    }

    fn json(&self) -> Value {
        let mut answer = headline::json(self.work, self.receipt);
        answer["in_sync"] = self.receipt.plan.is_empty().into();
        answer["milliseconds"] = times_json(self.times);
        answer
    }

    fn exit(&self) -> u8 {
        u8::from(self.check && !self.receipt.plan.is_empty())
    }
}

impl Report<'_> {
    /// Returns what makes it so.
    fn typed(&self) -> String {
        if let Some(state) = self.state {
            return headline::typed(self.work, "reset", &format!(" --state {}", quoted(state)));
        }
        let scale = self.scale.map_or_else(String::new, |scale| format!(" --scale {scale}"));
        let rebuild = if self.work.rebuild { " --rebuild" } else { "" };
        headline::typed(self.work, "seed", &(scale + rebuild))
    }
}
