//! The page: everything about a dataset that a person asks for while tests run, as one document.
//!
//! It has two editions. The live one is served: verbs, buttons that copy, passwords and tokens. The
//! report is a file: no button, no script, no password, no token, and nothing that fetches. Both
//! are written from a [`View`], which holds what was read; the page itself reads nothing.
//!
//! Every section is there without script. What is drawn comes from the constructs of the scenario
//! and has its numbers in a table below.

mod changes;
mod checks;
mod footer;
mod lists;
mod people;
mod picture;
mod rows;
mod special;
mod top;

use std::time::Duration;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use seedbed::personas::PersonaRow;
use seedbed::project::{Times, Work};
use seedbed::verify::Verified;
use seedbed::{Notice, Receipt, Result};
use seedbed_core::plan::Plan;

use rows::Rows;
pub(crate) use top::{removal, state};

/// The style sheet, served as `/assets/page.css`.
pub(crate) const STYLE: &str = include_str!("page/page.css");
/// The script, served as `/assets/page.js`.
pub(crate) const SCRIPT: &str = include_str!("page/page.js");
/// What a page is written from.
pub(crate) struct View<'a> {
    /// The scenario, facing its database.
    pub(crate) work: &'a Work,
    /// What is read of it.
    pub(crate) reading: &'a Reading,
    /// Now, in unix seconds.
    pub(crate) now: i64,
    /// What only the served edition has; without it, the report is written.
    pub(crate) live: Option<Live<'a>>,
}

/// What is read of a scenario for a page.
pub(crate) struct Reading {
    pub(crate) verified: Verified,
    pub(crate) personas: Vec<PersonaRow>,
    /// How long `verify` took.
    pub(crate) times: Times,
}

/// What only the served edition has.
#[derive(Clone, Copy)]
pub(crate) struct Live<'a> {
    /// The scenarios that can be asked for.
    pub(crate) scenarios: &'a [String],
    /// How many workers are served, from 0.
    pub(crate) workers: u8,
    /// For how long a token is good (`24h`); none where tokens are not configured.
    pub(crate) tokens: Option<&'a str>,
    /// What the service did last for this scenario and worker.
    pub(crate) last: Option<&'a Last>,
    /// What differs from the named state that stands in the database, where one does.
    pub(crate) in_state: Option<&'a InState>,
}

/// A named state that stands in the database.
pub(crate) struct InState {
    name: String,
    /// What differs from it.
    receipt: Receipt,
}

/// What the service did last for a scenario and worker.
#[derive(Clone, Debug)]
pub(crate) struct Last {
    /// The verb.
    pub(crate) verb: &'static str,
    /// How long it took.
    pub(crate) took: Duration,
    /// What it answered, as a terminal shows it.
    pub(crate) text: String,
}

/// Reads what a page shows; writes nothing.
pub(crate) fn read(work: &mut Work, notice: &mut dyn FnMut(Notice)) -> Result<Reading> {
    let (verified, times) = work.run(notice, seedbed::verify)?;
    let (personas, _) = work.run(notice, seedbed::personas)?;
    Ok(Reading { verified, personas, times })
}

/// Reads what differs from the named state that stands in the database; none where none does, where it
/// is no longer declared, and where the dataset has aged, since all of it moves then.
pub(crate) fn read_state(
    work: &mut Work,
    reading: &Reading,
    notice: &mut dyn FnMut(Notice),
) -> Result<Option<InState>> {
    let dataset = &work.generated.dataset;
    let levels = work.levels.clone();
    let mut declared = dataset.states.iter().filter(|state| levels.contains(&state.scenario));
    let Some(name) = variant(work).filter(|name| declared.any(|state| state.name == *name)).map(str::to_owned) else {
        return Ok(None);
    };
    if reading.verified.aged.is_some() {
        return Ok(None);
    }
    let (receipt, _) = work.run(notice, |target, _| seedbed::plan(target, Some(&name)))?;
    Ok(Some(InState { name, receipt }))
}

/// Returns the page as one document, in the edition that the view asks for.
pub(crate) fn page(view: &View<'_>) -> String {
    let (rows, nothing) = (Rows::of(view), Plan::default());
    let declared = Rows::new(view.work, &nothing, view.reading.verified.receipt.as_of);
    let title = format!("Seedbed: {} on {}", view.scenario(), view.work.place.name);
    let sections = html! {
        main {
            @if view.live.is_some() { (people::section(view)) }
            (changes::section(view))
            (checks::section(view))
            (special::section(view, &rows))
            (lists::section(view, &declared))
            (picture::section(view, &rows))
        }
    };
    document(&title, view.live.is_some(), &html! { (top::section(view)) (sections) (footer::section(view)) })
        .into_string()
}

/// Returns the page for a browser that is not let in yet; its script exchanges `#key=` for a cookie.
pub(crate) fn door() -> String {
    let body = html! {
        main.door {
            h1 { "Seedbed" }
            p #door role="status" {
                "This page opens with the address that `seedbed serve` prints: it ends in a key that works once."
            }
            noscript { p { "The key is exchanged by a script, and this browser runs none." } }
        }
    };
    document("Seedbed", true, &body).into_string()
}

fn document(title: &str, live: bool, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                link rel="icon" href=(ICON);
                @if live {
                    link rel="stylesheet" href="/assets/page.css";
                    script src="/assets/page.js" defer {}
                } @else {
                    meta http-equiv="Content-Security-Policy"
                        content="default-src 'none'; style-src 'unsafe-inline'; img-src data:";
                    style { (PreEscaped(STYLE)) }
                }
            }
            body { (body) }
        }
    }
}

const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M8 15V8M8 8C8 4 5 3 1 3c0 4 3 5 7 5zm0 2c0-3 2-5 7-5 0 4-3 5-7 5z' fill='%232f7d4f' stroke='%232f7d4f'/%3E%3C/svg%3E";

impl View<'_> {
    /// Returns the name of the scenario.
    pub(crate) fn scenario(&self) -> &str {
        scenario(self.work)
    }

    /// Returns the index of the highest layer that is shown.
    fn top(&self) -> usize {
        self.work.levels.end.saturating_sub(1)
    }

    /// Returns the named state that what is there is compared with.
    fn in_state(&self) -> Option<&InState> {
        self.live.and_then(|live| live.in_state)
    }

    /// Returns what differs, beside the named state that stands where there is one.
    fn plan(&self) -> &Plan {
        &self.in_state().map_or(&self.reading.verified.receipt, |state| &state.receipt).plan
    }
}

/// Returns the name of the scenario.
fn scenario(work: &Work) -> &str {
    work.chain.layers[..work.levels.end].last().map_or("", |layer| &layer.name)
}

/// Returns the named state that stands in the database.
fn variant(work: &Work) -> Option<&str> {
    work.state.find(scenario(work), work.generated.dataset.worker)?.variant.as_deref()
}

/// Returns a section that can be folded; `beside` stands in the line of its title.
fn fold(id: &str, title: &str, beside: &Markup, body: &Markup) -> Markup {
    html! {
        section id=(id) aria-labelledby=(format!("{id}-title")) {
            details.fold open {
                summary { h2 id=(format!("{id}-title")) { (title) } (beside) }
                (body)
            }
        }
    }
}

/// Returns a button that copies a text; `of` is what a screen reader hears besides the label.
fn copy(label: &str, of: &str, text: &str) -> Markup {
    html! {
        button.copy type="button" data-copy=(text) { (label) span.vh { " of " (of) ", copy" } }
    }
}

/// Returns a text that is copied where it is clicked; `of` is what a screen reader hears besides.
fn shown(label: &str, of: &str, text: &str) -> Markup {
    html! {
        span.pair {
            (label) " "
            button.copy.shown type="button" data-copy=(text) { code { (text) } span.vh { ", " (label) " of " (of) "," } " " span.hint { "copy" } }
        }
    }
}

/// Returns a text as a part of an id.
fn slug(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect()
}
