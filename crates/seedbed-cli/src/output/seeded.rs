//! The answer of `seed`.

use std::fmt::Write;

use seedbed::Receipt;
use seedbed::project::{Times, Work};
use seedbed::verify::Verified;
use serde_json::Value;

use super::secrets::Secrets;
use super::{Paint, count, duration, headline, layers, times_json, verified};
use crate::answer;

pub(crate) struct Report<'a> {
    pub(crate) work: &'a Work,
    pub(crate) receipt: &'a Receipt,
    /// What was found after writing.
    pub(crate) verified: Option<&'a Verified>,
    /// Those of seeding alone.
    pub(crate) times: Times,
    /// Those of the whole program.
    pub(crate) whole: Times,
}

impl answer::Report for Report<'_> {
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
        text + &self.checks(paint) + &self.debris() + headline::pending(receipt)
    }

    fn json(&self) -> Value {
        let mut answer = headline::json(self.work, self.receipt);
        let report = |verified: &Verified| Secrets::of(self.work).report(&verified.report);
        answer["report"] = self.verified.map_or(Value::Null, report);
        answer["milliseconds"] = times_json(self.whole);
        answer
    }

    fn exit(&self) -> u8 {
        u8::from(self.failing() > 0)
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
            let _ = match &kinds[..] {
                [_] => write!(rows, " {}", if changed > 0 { "changed" } else { "removed" }),
                kinds => write!(rows, " ({})", kinds.join(", ")),
            };
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

    fn failing(&self) -> usize {
        self.verified.map_or(0, |verified| verified.report.failing().count())
    }

    fn checks(&self, paint: Paint) -> String {
        let Some(verified) = self.verified else { return String::new() };
        let tally = verified::tally(&verified.report.checks);
        if self.failing() == 0 {
            return format!("{}  {tally}\n", paint.good("verified"));
        }
        let verify = headline::typed(self.work, "verify", "");
        format!("{}  {tally}; `{verify}` names them\n", paint.bad("not verified"))
    }

    fn debris(&self) -> String {
        let left = self.receipt.plan.debris.len();
        if left == 0 {
            return String::new();
        }
        let reset = headline::typed(self.work, "reset", "");
        let rows = count(left, "row that tests left behind stays", "rows that tests left behind stay");
        format!("{rows}; `{reset}` removes what tests left\n")
    }
}
