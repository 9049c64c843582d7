//! The head of the page: the state in one line, in words first, and the verbs in the order of a day.

use maud::{Markup, html};
use seedbed::Receipt;
use seedbed::project::{Presence, Work};

use super::{Last, Live, View, changes, variant};
use crate::output::{as_of, count, difference, duration, headline, minute, verified};

/// How a dataset stands, from good to bad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    /// In a word or two.
    pub(crate) word: &'static str,
    /// In a sentence.
    pub(crate) sentence: String,
    /// Whether everything is as declared.
    pub(crate) good: bool,
}

/// Returns how the dataset stands.
pub(crate) fn state(view: &View<'_>) -> State {
    let (work, verified) = (view.work, &view.reading.verified);
    let plan = &verified.receipt.plan;
    let not = |word, sentence| State { word, sentence, good: false };
    if work.place.presence == Presence::Missing {
        return not("NO DATABASE", format!("{} does not exist yet", work.place.name));
    }
    let changes = |plan| difference::summary(plan, ["to insert", "to change", "to write", "to remove"]);
    if let Some(state) = view.in_state() {
        let (name, beside) = (&state.name, &state.receipt.plan);
        if !beside.is_empty() {
            return not("CHANGED", format!("beside the state {name}: {}", changes(beside)));
        }
        let sentence = format!("with the state {name}; beside the whole dataset: {}", changes(plan));
        return State { word: "IN SYNC", sentence, good: true };
    }
    if plan.rows_as_declared == 0 && verified.rows > 0 && plan.deletes() == 0 && plan.updates() == 0 {
        return not("NOT SEEDED", format!("{} is to be seeded", count(verified.rows, "row", "rows")));
    }
    if let Some(aged) = verified.aged {
        return not("AGED", aged.to_string());
    }
    if !plan.is_empty() {
        let state = variant(work).map(|name| format!("in the state {name}, beside the whole dataset: "));
        return not("CHANGED", state.unwrap_or_default() + &changes(plan));
    }
    let failing = verified.report.failing().count();
    if failing > 0 {
        return not("CHECKS FAIL", format!("{} not hold", count(failing, "check does", "checks do")));
    }
    let rows = count(plan.rows_as_declared, "row", "rows");
    let files = count(plan.files.as_declared, "file", "files");
    State { word: "IN SYNC", sentence: format!("{rows} and {files} as declared"), good: true }
}

pub(super) fn section(view: &View<'_>) -> Markup {
    let (work, receipt, state) = (view.work, &view.reading.verified.receipt, state(view));
    let worker = work.generated.dataset.worker;
    html! {
        header #top {
            div.bar {
                h1 { span.brand { "Seedbed" } " " span.scenario { (view.scenario()) } " on " span.place { (work.place.name) } }
                @match view.live {
                    Some(live) => (chooser(view, live)),
                    None => { @if worker > 0 { p.worker { "worker " (worker) } } },
                }
                p.clock {
                    "as of " (as_of(receipt.as_of)) @if receipt.pinned { " (pinned)" }
                    ", good until " (minute(receipt.good_until))
                }
            }
            p #state .state .good[state.good] .bad[!state.good] {
                strong { (state.word) } " " span { (state.sentence) }
                span.tally { (verified::tally(&view.reading.verified.report.checks)) }
            }
            @if let Some(live) = view.live { (verbs(view, live)) }
        }
    }
}

/// Where scenario and worker are chosen: a form, which the script sends by itself.
fn chooser(view: &View<'_>, live: Live<'_>) -> Markup {
    let worker = view.work.generated.dataset.worker;
    html! {
        form #chooser method="get" action="/" {
            @if live.scenarios.len() > 1 {
                label { "scenario "
                    select name="scenario" {
                        @for name in live.scenarios {
                            option value=(name) selected[name == view.scenario()] { (name) }
                        }
                    }
                }
            } @else {
                input type="hidden" name="scenario" value=(view.scenario());
            }
            label { "worker "
                select name="worker" {
                    @for number in 0..live.workers.max(worker + 1) {
                        option value=(number) selected[number == worker] { (number) }
                    }
                }
            }
            button.noscript { "show" }
        }
    }
}

/// The verbs in the order of a day, and what the last one did.
fn verbs(view: &View<'_>, live: Live<'_>) -> Markup {
    let (scenario, worker) = (view.scenario(), view.work.generated.dataset.worker);
    html! {
        div.verbs {
            div #verbs role="group" aria-label="verbs" data-scenario=(scenario) data-worker=(worker) hidden {
                button type="button" data-verb="plan" { "Plan" }
                button type="button" data-verb="seed" { "Seed" }
                button.main type="button" data-verb="reset" { "Reset" }
                button type="button" data-verb="verify" { "Verify" }
                button.danger type="button" data-verb="cleanup" aria-haspopup="dialog" { "Cleanup\u{2026}" }
            }
            noscript { p.last { "The verbs need a script here; in a shell: " code { (headline::typed(view.work, "reset", "")) } } }
            p #progress .last hidden { progress aria-label="working" {} " " span {} }
            div #said .last role="status" aria-live="polite" {}
            @if let Some(last) = live.last {
                details #last .last {
                    summary { "last: " (last.verb) ", " (duration(last.took)) ", " (outcome(last)) }
                    pre tabindex="0" { (last.text.trim_end()) }
                }
            }
        }
        dialog #cleanup aria-labelledby="cleanup-title" {
            h2 #cleanup-title { "Remove " (scenario) " of worker " (worker) "?" }
            p { "Its own rows and files go, with what tests left behind. Rows of other people stay." }
            div #cleanup-plan tabindex="0" role="region" aria-label="what would go" {}
            form method="dialog" {
                button value="no" autofocus { "Keep it" }
                button.danger value="yes" { "Clean up" }
            }
        }
    }
}

/// Returns what `cleanup` would remove, for the dialog that asks.
pub(crate) fn removal(work: &Work, receipt: &Receipt) -> String {
    let plan = &receipt.plan;
    let others = headline::others(work, receipt);
    let markup = html! {
        @if plan.is_empty() { p { "There is nothing of it here." } } @else {
            p { strong { (difference::summary(plan, ["to insert", "to change back", "to write", "to remove"])) } }
            (changes::table(plan, work))
        }
        p.quiet { (count(others, "row of other people stays", "rows of other people stay")) }
    };
    markup.into_string()
}

/// Returns the line that says what came of a verb, without its time.
fn outcome(last: &Last) -> &str {
    let lines = last.text.lines().rev().map(str::trim).filter(|line| !line.is_empty());
    let told = lines.into_iter().find(|line| !line.starts_with('`')).unwrap_or_default();
    told.rsplit_once(" (").map_or(told, |(told, _)| told)
}
