//! Special cases: the rows that a fact is named for, with the keys that a test needs.

use maud::{Markup, html};
use seedbed::secret;
use seedbed::verify::{Check, Witness};
use seedbed_core::plan::{Key, key_text};

use super::rows::Rows;
use super::{View, copy, fold};

pub(super) fn section(view: &View<'_>, rows: &Rows<'_>) -> Markup {
    let checks = &view.reading.verified.report.checks;
    let named: Vec<(&str, &Check)> = checks.iter().filter_map(|check| Some((check.name.as_deref()?, check))).collect();
    if named.is_empty() {
        return html! {};
    }
    let body = html! {
        dl.special { @for (name, check) in named {
            div {
                dt { (name) }
                dd {
                    p { (check.fact) }
                    @match &check.witness {
                        Some(witness) => (found(view, rows, name, witness)),
                        None => { p.quiet { "no row counts now" } },
                    }
                }
            }
        } }
    };
    fold("special", "Special cases", &html! {}, &body)
}

fn found(view: &View<'_>, rows: &Rows<'_>, name: &str, witness: &Witness) -> Markup {
    let links = rows.links_of(&witness.population, &witness.label);
    // The served page hands out tokens; a report does not.
    let shown = |table: &str, key: &Key| match view.live {
        Some(_) => key_text(key),
        None => secret::key_without(&view.work.key_columns(table), key),
    };
    html! {
        p.handles {
            (handle(view, &witness.population, name, &witness.label, &shown(&witness.table, &witness.key)))
            @for link in &links {
                (handle(view, link.name, &format!("{name} {}", link.name), link.label, &shown(link.table, &link.key)))
            }
        }
    }
}

fn handle(view: &View<'_>, kind: &str, of: &str, label: &str, key: &str) -> Markup {
    html! {
        span { span.quiet { (kind) } " " (label) " " code { (key) } @if view.live.is_some() { " " (copy("copy", of, key)) } }
    }
}
