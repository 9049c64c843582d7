//! Who to log in as: the reason people open the page, so it comes first and can be copied by keyboard.

use maud::{Markup, html};
use seedbed::personas::PersonaRow;
use seedbed_core::dataset::Row;
use seedbed_core::plan::key_text;
use seedbed_core::scenario::Rows;
use seedbed_core::value::Value;

use super::{View, copy, rows, shown};

pub(super) fn section(view: &View<'_>) -> Markup {
    // Who can log in comes before rows that are named for something else.
    let (known, rest): (Vec<&PersonaRow>, Vec<&PersonaRow>) =
        view.reading.personas.iter().partition(|persona| persona.absent || persona.password.is_some());
    html! {
        section #people aria-labelledby="people-title" {
            div.head {
                h2 #people-title { "Who to log in as" }
                label #filter hidden { "filter " input type="search" autocomplete="off"; }
            }
            ul.people { @for persona in known.into_iter().chain(rest) { (one(view, persona)) } }
            p #nobody .quiet role="status" hidden { "Nobody is called so." }
            (others(view))
        }
    }
}

fn one(view: &View<'_>, persona: &PersonaRow) -> Markup {
    let name = &persona.name;
    let login = login(persona);
    html! {
        li.person data-name=(name) {
            div.who { h3 { (name) } p { (persona.purpose) } }
            @if persona.absent || persona.key.is_none() {
                @if !persona.absent { p.quiet { "no row of it can be told apart here" } }
            } @else {
                div.keys {
                    @if let Some((column, text)) = login { (shown(column, name, text)) }
                    @if let Some(password) = &persona.password { (shown("password", name, password)) }
                    @if let Some(key) = &persona.key { (shown("id", name, &key_text(key))) }
                    @if let Some(lifetime) = view.live.and_then(|live| live.tokens).filter(|_| persona.password.is_some()) {
                        span.pair { span.token hidden { "token " }
                            (token(name, "valid", lifetime)) (token(name, "expired", "expired"))
                            (token(name, "malformed", "malformed")) }
                    }
                }
                p.counts {
                    @for (way, rows) in counts(view, persona) { span { b { (rows) } " " (way) } }
                    @for (list, rows) in &persona.expected { span { b { (rows.total) } " in " (list) } }
                }
            }
        }
    }
}

/// Returns how many rows point at a persona, by way back; what every row has one of tells nothing.
fn counts<'a>(view: &View<'_>, persona: &'a PersonaRow) -> Vec<(&'a str, i64)> {
    let chain = &view.work.chain;
    let Some(id) = chain.population(&persona.population) else { return Vec::new() };
    let backs = chain.backs(id, view.top());
    let one_each = |way: &str| {
        let child = backs.iter().find(|(back, _, _)| *back == way).map(|(_, child, _)| *child);
        child.is_some_and(|child| matches!(chain.populations[child].rows, Rows::OnePer(_)))
    };
    let told = persona.counts.iter().filter(|(way, rows)| **rows > 0 && !(**rows == 1 && one_each(way)));
    told.map(|(way, rows)| (way.as_str(), *rows)).collect()
}

/// A button that gets a token and copies it; a token is never shown.
fn token(persona: &str, kind: &str, label: &str) -> Markup {
    html! {
        button.copy.token type="button" data-persona=(persona) data-kind=(kind) hidden {
            (label) span.vh { " token of " (persona) ", copy" }
        }
    }
}

/// Returns the column and the text to log in with.
fn login(persona: &PersonaRow) -> Option<(&str, &str)> {
    let wanted = |word: &str| persona.texts.iter().find(|(column, _)| column.contains(word));
    let found = ["mail", "login", "user"].iter().find_map(|word| wanted(word));
    found.map(|(column, text)| (column.as_str(), text.as_str()))
}

/// Rows that can log in and have no name of their own.
fn others(view: &View<'_>) -> Markup {
    let dataset = &view.work.generated.dataset;
    let chain = &view.work.chain;
    let blocks = dataset.blocks.iter().zip(&chain.populations).filter(|(block, _)| block.scenario <= view.top());
    html! {
        @for (block, population) in blocks {
            @let password = block.rows.first().and_then(|row| row.values.iter().position(|value| matches!(value, Value::Password(_))));
            @let named = |row: &Row| population.personas.iter().any(|persona| persona.name == row.name && persona.layer <= view.top());
            @let rest: Vec<&Row> = block.rows.iter().filter(|row| !named(row)).collect();
            @if let (Some(password), false) = (password, rest.is_empty()) {
                @let login = login_column(block);
                details.others {
                    summary { "+ " (rest.len()) " more " (block.population) }
                    ul { @for row in &rest {
                        li { span.label { (row.name) } " " code.key { (key_text(&rows::key(block, row))) } " "
                            @if let Some(at) = login { code { (row.values[at]) } " " (copy(&block.columns[at], &row.name, &row.values[at].to_string())) }
                            " " (copy("password", &row.name, &row.values[password].to_string())) }
                    } }
                }
            }
        }
    }
}

fn login_column(block: &seedbed_core::dataset::Block) -> Option<usize> {
    let with = |word: &str| block.columns.iter().position(|column| column.contains(word));
    let text = |at: &usize| block.rows.first().is_some_and(|row| matches!(row.values[*at], Value::Text(_)));
    ["mail", "login", "user"].iter().find_map(|word| with(word).filter(text))
}
