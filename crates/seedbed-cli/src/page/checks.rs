//! Checks: every declared fact beside what SQL counted; what fails stands first and open.

use maud::{Markup, html};
use seedbed::verify::{Check, Verdict};

use super::{View, fold};
use crate::output::secrets::Secrets;
use crate::output::verified;

pub(super) fn section(view: &View<'_>) -> Markup {
    let (checks, secrets) = (&view.reading.verified.report.checks, Secrets::of(view.work));
    let failing: Vec<&Check> = view.reading.verified.report.failing().collect();
    let body = html! {
        @if checks.is_empty() { p.quiet { "The scenario declares no facts." } }
        @if !failing.is_empty() {
            h3 { "What does not hold" }
            (table("what does not hold", &failing, &secrets))
        }
        @for layer in view.work.chain.layers[view.work.levels.clone()].iter().rev() {
            @let own: Vec<&Check> = checks.iter().filter(|check| check.scenario == layer.name).collect();
            @if !own.is_empty() {
                details.layer {
                    summary { strong { (layer.name) } " " (layer.about) span.tally { (verified::tally(own.iter().copied())) } }
                    (table(&format!("checks of {}", layer.name), &own, &secrets))
                }
            }
        }
    };
    fold("checks", "Checks", &html! { span.tally { (verified::tally(checks)) } }, &body)
}

fn table(caption: &str, checks: &[&Check], secrets: &Secrets<'_>) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table {
                caption.vh { (caption) }
                thead { tr { th scope="col" { "" span.vh { "verdict" } } th scope="col" { "id" } th scope="col" { "fact" }
                    th.n scope="col" { "declared" } th.n scope="col" { "counted" } } }
                tbody { @for check in checks { (row(check, secrets)) } }
            }
        }
    }
}

fn row(check: &Check, secrets: &Secrets<'_>) -> Markup {
    let case: Vec<&str> = check.row.iter().chain(&check.value).map(String::as_str).collect();
    let (word, class) = match check.verdict {
        Verdict::Holds => ("ok", "yes"),
        Verdict::Fails => ("NO", "no"),
        Verdict::NotAsked(_) => ("not asked", "unasked"),
    };
    html! {
        tr.(class) {
            td.verdict { (word) }
            td.id { (check.id) }
            td {
                (check.fact) @if !case.is_empty() { span.case { " " (case.join(", ")) } }
                @if let Verdict::NotAsked(reason) = &check.verdict { div.quiet { (reason) } }
                @if let (Some(name), Some(witness)) = (&check.name, &check.witness) {
                    div.quiet { (name) ": " (witness.label) " " code { (secrets.key(&witness.table, &witness.key)) } }
                }
                @for offender in &check.offenders { div.offence { (secrets.offence(offender)) } }
            }
            td.n { @if !matches!(check.verdict, Verdict::NotAsked(_)) { (verified::bounds(check)) } }
            td.n { @if let Some(counted) = check.counted { (counted) } }
        }
    }
}
