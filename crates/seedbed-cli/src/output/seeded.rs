//! The answer of `seed`.

use std::fmt::Write;

use seedbed::Receipt;
use seedbed::project::{Times, Work};
use serde_json::Value;

use super::{Paint, count, duration, headline, layers, times_json};
use crate::console;

pub(crate) struct Report<'a> {
    pub(crate) work: &'a Work,
    pub(crate) receipt: &'a Receipt,
    /// Those of seeding alone.
    pub(crate) times: Times,
    /// Those of the whole program.
    pub(crate) whole: Times,
}

impl console::Report for Report<'_> {
    fn text(&self, paint: Paint) -> String {
        let (work, receipt) = (self.work, self.receipt);
        if !receipt.plan.has_own_work() {
            return headline::in_sync(receipt, self.whole.total) + &self.debris();
        }
        let mut text = headline::database(work, receipt);
        let digest = headline::short(&receipt.digest);
        let _ = writeln!(text, "{}   digest {digest}\n", headline::dataset(work, receipt));
        text.push_str(&layers::lines(work, receipt));
        let _ = writeln!(text, "\n{}    {}", paint.good("seeded"), self.done());
        text + &self.debris()
    }

    fn json(&self) -> Value {
        let mut answer = headline::json(self.work, self.receipt);
        answer["milliseconds"] = times_json(self.whole);
        answer
    }
}

impl Report<'_> {
    /// Returns `794 rows in 14 ms, 439 pictures in 0.2 s, one password hash in 0.3 s`.
    fn done(&self) -> String {
        let (plan, times) = (&self.receipt.plan, self.times);
        let (inserted, changed, removed) = (plan.inserts(), plan.updates(), plan.deletes());
        let mut rows = count(inserted + changed + removed, "row", "rows");
        if changed + removed > 0 {
            let kinds = [(inserted, "inserted"), (changed, "changed"), (removed, "removed")];
            let kinds = kinds.into_iter().filter(|(number, _)| *number > 0);
            let kinds: Vec<String> = kinds.map(|(number, kind)| format!("{number} {kind}")).collect();
            let _ = write!(rows, " ({})", kinds.join(", "));
        }
        let rest = times.total.saturating_sub(times.hashing).saturating_sub(times.drawing);
        let mut parts = vec![format!("{rows} in {}", duration(rest))];
        let pictures = plan.files.write.len();
        if pictures > 0 {
            parts.push(format!("{} in {}", count(pictures, "picture", "pictures"), duration(times.drawing)));
        }
        match times.hashed {
            0 => {}
            1 => parts.push(format!("one password hash in {}", duration(times.hashing))),
            hashed => parts.push(format!("{hashed} password hashes in {}", duration(times.hashing))),
        }
        parts.join(", ")
    }

    fn debris(&self) -> String {
        let left = self.receipt.plan.debris.len();
        if left == 0 {
            return String::new();
        }
        let scenario = headline::names(self.work).pop().unwrap_or_default();
        let rows = count(left, "row that tests left behind stays", "rows that tests left behind stay");
        format!("{rows}; `seedbed reset {scenario}` removes what tests left\n")
    }
}
