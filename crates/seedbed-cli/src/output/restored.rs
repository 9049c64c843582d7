//! The answer of `reset`.

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
    /// The named state that was asked for.
    pub(crate) state: Option<&'a str>,
}

impl answer::Report for Report<'_> {
    fn text(&self, paint: Paint) -> String {
        let plan = &self.receipt.plan;
        if plan.is_empty() {
            return headline::in_sync(self.receipt, self.times.total);
        }
        let state = self.state.map(|state| format!(" to `{state}`")).unwrap_or_default();
        let summary = difference::summary(plan, ["inserted", "changed", "written", "removed"]);
        let lines = difference::lines(plan, &Secrets::of(self.work), Detail::Brief)
            + &difference::rest(plan, headline::others(self.work, self.receipt));
        let took = duration(self.times.total);
        let pending = headline::pending(self.receipt);
        format!("{lines}\n{}{state}  {summary} ({took})\n{pending}", paint.good("reset"))
    }

    fn json(&self) -> Value {
        let mut answer = headline::json(self.work, self.receipt);
        answer["state"] = self.state.into();
        answer["milliseconds"] = times_json(self.times);
        answer
    }
}
