//! The answer of `verify`: declared facts beside what was counted.

use std::fmt::Write;

use seedbed::project::{Times, Work};
use seedbed::verify::{Check, Verdict, Verified};
use seedbed_core::plan::FurtherPlan;
use serde_json::{Value, json};

use super::secrets::Secrets;
use super::{Paint, WIDTH, count, cut, duration, headline, times_json};
use crate::answer;

const FACT: usize = 50;
const DECLARED: usize = 18;
const COUNTED: usize = 14;

pub(crate) struct Report<'a> {
    pub(crate) work: &'a Work,
    pub(crate) verified: &'a Verified,
    pub(crate) times: Times,
    /// A line per fact, in every layer.
    pub(crate) all: bool,
}

/// Checks that share a line: those of a criterion, or those of a fact.
type Group<'a> = Vec<&'a Check>;

impl answer::Report for Report<'_> {
    fn text(&self, paint: Paint) -> String {
        let (work, receipt) = (self.work, &self.verified.receipt);
        let (mut text, secrets) = (headline::database(work, receipt), Secrets::of(work));
        let (same, rows) = (receipt.plan.rows_as_declared, self.verified.rows);
        let _ = writeln!(text, "{}   rows as declared: {same} of {rows}\n", headline::dataset(work, receipt));
        for (place, layer) in work.chain.layers[work.levels.clone()].iter().enumerate().rev() {
            let asked = place + 1 == work.levels.len();
            self.layer(&mut text, paint, &secrets, &layer.name, &layer.about, asked);
        }
        text.push('\n');
        for group in groups(&self.verified.report.checks, self.all).iter().filter(|group| fails(group)) {
            line(&mut text, paint, &secrets, group, id_width(&self.verified.report.checks));
        }
        text + &self.last(paint)
    }

    fn json(&self) -> Value {
        let mut answer = headline::json(self.work, &self.verified.receipt);
        answer["holds"] = self.verified.holds().into();
        answer["aged"] = json!(self.verified.aged);
        answer["rows"] = self.verified.rows.into();
        answer["report"] = Secrets::of(self.work).report(&self.verified.report);
        answer["milliseconds"] = times_json(self.times);
        answer
    }

    fn exit(&self) -> u8 {
        u8::from(!self.verified.holds())
    }
}

impl Report<'_> {
    fn layer(&self, text: &mut String, paint: Paint, secrets: &Secrets<'_>, name: &str, about: &str, asked: bool) {
        let checks: Vec<&Check> = self.verified.report.checks.iter().filter(|check| check.scenario == name).collect();
        let id_width = id_width(&self.verified.report.checks);
        let title = format!("{name} {about}");
        if asked || self.all {
            let width = id_width + FACT + 8;
            let _ = writeln!(text, "{title:width$}  {:DECLARED$}  counted", "declared");
        } else {
            let width = id_width + FACT + 8;
            let _ = writeln!(text, "{title:width$}  {}", tally(checks.iter().copied()));
        }
        for group in groups(checks.iter().copied(), self.all) {
            if asked || self.all || fails(&group) || !was_asked(&group) {
                line(text, paint, secrets, &group, id_width);
            }
        }
    }

    /// Returns the last line.
    pub(super) fn last(&self, paint: Paint) -> String {
        let (verified, plan) = (self.verified, &self.verified.receipt.plan);
        let tally = tally(&verified.report.checks);
        let took = duration(self.times.total);
        if verified.holds() {
            return format!("{}  {tally} ({took})\n", paint.good("verified"));
        }
        let mut reasons = Vec::new();
        let mut ids: Vec<String> = verified.report.failing().map(subject).collect();
        ids.dedup();
        if !ids.is_empty() {
            let verb = if ids.len() == 1 { "does" } else { "do" };
            reasons.push(format!("{} {verb} not hold", ids.join(", ")));
        }
        let further: u64 = plan.further.iter().map(FurtherPlan::differing).sum();
        let differ = verified.rows.saturating_sub(plan.rows_as_declared) + further as usize;
        if differ > 0 {
            reasons.push(count(differ, "row is not as declared", "rows are not as declared"));
        }
        let files = plan.files.write.len() + plan.files.obstacles.len();
        if files > 0 {
            reasons.push(count(files, "file is not as declared", "files are not as declared"));
        }
        if !plan.debris.is_empty() {
            reasons.push(count(plan.debris.len(), "row was left by tests", "rows were left by tests"));
        }
        reasons.extend(verified.aged.map(|aged| aged.to_string()));
        let reset = headline::typed(self.work, "reset", "");
        let next = if plan.is_blocked() {
            format!("rows or files of other people are in the way, which `{reset}` names")
        } else {
            format!("`{reset}` restores it")
        };
        format!("{}  {tally} ({took})\n{}\n{next}\n", paint.bad("not verified"), reasons.join("; "))
    }
}

/// Returns what a person knows a check by: its id, or its fact where it has none.
fn subject(check: &Check) -> String {
    if check.id.is_empty() { format!("`{}`", check.fact) } else { check.id.clone() }
}

/// Returns `25 of 25 checks hold, 1 not asked`.
pub(crate) fn tally<'a>(checks: impl IntoIterator<Item = &'a Check>) -> String {
    let (mut hold, mut asked, mut other) = (0, 0, 0);
    for check in checks {
        match check.verdict {
            Verdict::Holds => (hold, asked) = (hold + 1, asked + 1),
            Verdict::Fails => asked += 1,
            Verdict::NotAsked(_) => other += 1,
        }
    }
    let other = if other > 0 { format!(", {other} not asked") } else { String::new() };
    format!("{hold} of {asked} checks hold{other}")
}

fn id_width(checks: &[Check]) -> usize {
    checks.iter().map(|check| check.id.chars().count()).max().unwrap_or(0)
}

/// Groups neighbours by fact, or by criterion and whether they were asked.
fn groups<'a>(checks: impl IntoIterator<Item = &'a Check>, by_fact: bool) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for check in checks {
        let joins = |group: &&mut Group<'a>| {
            let other = group[0];
            let same = other.scenario == check.scenario && other.id == check.id;
            same && if by_fact { other.ensure == check.ensure } else { kind(&other.verdict) == kind(&check.verdict) }
        };
        match groups.iter_mut().rev().find(joins) {
            Some(group) => group.push(check),
            None => groups.push(vec![check]),
        }
    }
    groups
}

fn kind(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Holds => 0,
        Verdict::Fails => 1,
        Verdict::NotAsked(_) => 2,
    }
}

fn fails(group: &[&Check]) -> bool {
    group.iter().any(|check| check.verdict == Verdict::Fails)
}

fn was_asked(group: &[&Check]) -> bool {
    !matches!(group[0].verdict, Verdict::NotAsked(_))
}

fn line(text: &mut String, paint: Paint, secrets: &Secrets<'_>, group: &[&Check], id_width: usize) {
    let first = group[0];
    let facts = group.iter().map(|check| check.ensure).collect::<std::collections::BTreeSet<_>>().len();
    let more = if facts > 1 { format!(", and {} more", facts - 1) } else { String::new() };
    let id = &first.id;
    if let Verdict::NotAsked(reason) = &first.verdict {
        let room = WIDTH.saturating_sub(6 + id_width + 2 + more.len() + 2 + reason.chars().count());
        let _ = writeln!(text, "  --  {id:id_width$}  {}{more}: {reason}", cut(&first.fact, room));
        return;
    }
    let fact = cut(&first.fact, FACT - more.len()) + &more;
    let verdict = if fails(group) { paint.bad("NO") } else { paint.good("ok") };
    let mut declared: Vec<String> = group.iter().map(|check| bounds(check)).collect();
    declared.dedup();
    let declared = match declared.as_slice() {
        [one] if group.len() > 1 => format!("{one} each"),
        all => all.join(", "),
    };
    let counted: Vec<String> = group.iter().filter_map(|check| Some(check.counted?.to_string())).collect();
    let counted = cut(&counted.join(" / "), COUNTED);
    let line = format!("  {verdict}  {id:id_width$}  {fact:FACT$}  {:DECLARED$}  {counted}", cut(&declared, DECLARED));
    let _ = writeln!(text, "{}", line.trim_end());
    let named = group.iter().filter_map(|check| Some((check.name.as_ref()?, check.witness.as_ref()?)));
    for (name, witness) in named {
        let _ = writeln!(
            text,
            "      {:id_width$}  {name}: {} {}",
            "",
            witness.label,
            secrets.key(&witness.table, &witness.key)
        );
    }
    for offender in group.iter().flat_map(|check| &check.offenders) {
        let _ = writeln!(text, "      {:id_width$}  {}", "", secrets.offence(offender));
    }
}

/// Returns `50`, `2 or more`, `10 to 15`.
pub(crate) fn bounds(check: &Check) -> String {
    match (check.at_least, check.at_most) {
        (Some(lo), Some(hi)) if lo == hi => lo.to_string(),
        (Some(lo), Some(hi)) => format!("{lo} to {hi}"),
        (Some(lo), None) => format!("{lo} or more"),
        (None, Some(hi)) => format!("{hi} or fewer"),
        (None, None) => "any".to_owned(),
    }
}
