//! What the application should show: every declared list in its order, and a place to compare it.
//!
//! The lists are those of the declared rows, whatever stands in the database. Comparing fetches nothing: what the application answered is pasted, and the differences are marked.

use maud::{Markup, html};
use seedbed_core::dataset::Expected;
use seedbed_core::plan::{Cell, Key, key_text};
use seedbed_core::scenario::{Answer, Path, PopulationId};
use seedbed_core::value::Value;

use super::rows::Rows;
use super::{View, copy, fold};
use crate::output::count;

/// Under this name stand the lists that are for nobody in particular.
const EVERYBODY: &str = "everybody";

struct Listed<'a> {
    who: &'a str,
    purpose: &'a str,
    list: &'a Expected,
    answer: Option<&'a Answer>,
}

pub(super) fn section(view: &View<'_>, rows: &Rows<'_>) -> Markup {
    let lists = lists(view);
    let mut names: Vec<&str> = lists.iter().map(|listed| listed.list.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    if lists.is_empty() {
        return html! {};
    }
    let body = html! {
        @if view.live.is_some() { (choice(&lists, &names)) }
        @for (at, listed) in lists.iter().enumerate() { (one(view, rows, listed, at)) }
    };
    fold("lists", "What the app should show", &html! {}, &body)
}

/// Where one list is chosen; without script, all of them stand below each other.
fn choice(lists: &[Listed<'_>], names: &[&str]) -> Markup {
    let mut who: Vec<&str> = lists.iter().map(|listed| listed.who).collect();
    who.dedup();
    // The longest list of a person tells most.
    let own = lists.iter().filter(|listed| listed.list.subject.is_some());
    let first = own.max_by_key(|listed| listed.list.rows.len()).map(|listed| (listed.who, listed.list.name.as_str()));
    html! {
        div #choice hidden {
            label { "who " select name="who" { @for name in &who {
                option value=(name) selected[first.is_some_and(|(who, _)| who == *name)] { (name) } } } }
            label { "list " select name="list" { @for name in names {
                option value=(name) selected[first.is_some_and(|(_, list)| list == *name)] { (name) } } } }
            label { "of " select name="group" { option value="" { "all" } } }
        }
    }
}

/// Returns the lists of personas, then those for everybody.
fn lists<'a>(view: &View<'a>) -> Vec<Listed<'a>> {
    let (dataset, chain) = (&view.work.generated.dataset, &view.work.chain);
    let of = |subject: Option<(usize, usize)>| {
        let own = dataset.expected.iter().filter(move |list| holds(view, list) && list.subject == subject);
        own.map(move |list| {
            (list, chain.answers.iter().find(|answer| answer.name == list.name && answer.layer == list.scenario))
        })
    };
    let mut lists = Vec::new();
    for (id, population) in chain.populations.iter().enumerate() {
        for persona in population.personas.iter().filter(|persona| persona.layer <= view.top()) {
            let row = dataset.blocks[id].rows.iter().position(|row| row.name == persona.name);
            for (list, answer) in row.into_iter().flat_map(|row| of(Some((id, row)))) {
                lists.push(Listed { who: &persona.name, purpose: &persona.purpose, list, answer });
            }
        }
    }
    lists.extend(of(None).map(|(list, answer)| Listed { who: EVERYBODY, purpose: "", list, answer }));
    // A list whose subjects have no personas is still a list that tests ask for.
    for (list, answer) in dataset.expected.iter().filter(|list| holds(view, list)).filter_map(|list| {
        let (id, _) = list.subject?;
        let nobody =
            !chain.populations[id].personas.iter().any(|persona| !persona.absent && persona.layer <= view.top());
        let answer = chain.answers.iter().find(|answer| answer.name == list.name && answer.layer == list.scenario);
        nobody.then_some((list, answer))
    }) {
        let (id, row) = list.subject.expect("only lists with a subject are left");
        lists.push(Listed { who: &dataset.blocks[id].rows[row].name, purpose: "", list, answer });
    }
    lists
}

/// Whether a list is what the application shows while these layers are seeded.
fn holds(view: &View<'_>, list: &Expected) -> bool {
    list.scenario <= view.top() && list.until.is_none_or(|until| until > view.top())
}

fn one(view: &View<'_>, rows: &Rows<'_>, listed: &Listed<'_>, at: usize) -> Markup {
    let Listed { who, purpose, list, answer } = listed;
    let keys: Vec<Key> = list.rows.iter().map(|row| rows.key(list.block, *row)).collect();
    let groups = grouped(rows, list);
    let scope = if list.same_for_any_workers { "" } else { ", with the rows of all workers" };
    let title = format!("{} of {who}", list.name);
    html! {
        details.list data-who=(who) data-list=(list.name) data-ids=(ids(&keys)) data-title=(title) {
            summary {
                strong { (who) } " " (list.name) span.tally { (count(list.rows.len(), "row, in order", "rows, in order")) (scope) }
            }
            @if !purpose.is_empty() { p.quiet { (purpose) } }
            @if !groups.is_empty() {
                p.counts { @for (value, keys) in &groups { span { b { (keys.len()) } " " (value) } } }
            }
            @if view.live.is_some() {
                div.tools {
                    (copy("copy ids", &title, &ids(&keys)))
                    @for (value, keys) in &groups { (copy(&format!("ids of {value}"), &title, &ids(keys))) }
                }
                (compare(at, &title))
            }
            (table(rows, list, *answer, &title))
        }
    }
}

/// Returns the keys by the value that the scenario groups the list by, in order.
fn grouped(rows: &Rows<'_>, list: &Expected) -> Vec<(String, Vec<Key>)> {
    let groups = list.groups.iter().flat_map(|groups| &groups.rows);
    let keys = |own: &[usize]| own.iter().map(|row| rows.key(list.block, *row)).collect();
    groups.map(|(value, own)| (value.to_string(), keys(own))).collect()
}

/// A place to paste what the application answered.
fn compare(at: usize, title: &str) -> Markup {
    html! {
        details.compare hidden {
            summary { "compare" span.vh { " with " (title) } }
            label for=(format!("paste-{at}")) { "Paste the answer of the application: JSON, or ids" }
            textarea id=(format!("paste-{at}")) rows="4" spellcheck="false" {}
            div { button type="button" { "Compare" } " " output for=(format!("paste-{at}")) aria-live="polite" {} }
        }
    }
}

fn table(rows: &Rows<'_>, list: &Expected, answer: Option<&Answer>, title: &str) -> Markup {
    let telling = telling(rows, list.block);
    let group = answer.and_then(|answer| answer.group_by.as_ref()).map(|by| &by.path);
    let mut paths: Vec<&Path> = group.into_iter().collect();
    paths.extend(answer.into_iter().flat_map(|answer| answer.order.iter().map(|(_, path)| path)));
    html! {
        div.scroll tabindex="0" role="region" aria-label=(title) {
            table {
                caption.vh { (title) }
                thead { tr {
                    th.n scope="col" { "#" } th scope="col" { "id" } th scope="col" { "row" }
                    @if let Some(at) = telling { th scope="col" { (rows.block(list.block).columns[at]) } }
                    @for path in &paths { th scope="col" { (name(rows, path)) } }
                } }
                tbody { @for (place, row) in list.rows.iter().enumerate() {
                    @let key = rows.key(list.block, *row);
                    tr data-id=(key_text(&key)) data-group=[group.map(|path| value(rows, path, *row))] {
                        td.n { (place + 1) } td { code { (key_text(&key)) } } td { (rows.name(list.block, *row)) }
                        @if let Some(at) = telling { td.text { (rows.declared(list.block, *row, at)) } }
                        @for path in &paths { td { (value(rows, path, *row)) } }
                    }
                } }
            }
        }
    }
}

fn value(rows: &Rows<'_>, path: &Path, row: usize) -> String {
    rows.read(path, row).map_or_else(String::new, |seen| seen.to_string())
}

/// Returns the last part of a path, as the scenario calls it.
fn name(rows: &Rows<'_>, path: &Path) -> String {
    use seedbed_core::scenario::End;
    let population = &rows.chain.populations[path.to];
    match path.end {
        End::Column(column) => population.columns[column].name.clone(),
        End::Measure(measure) => rows.chain.measures[measure].name.clone(),
        End::Condition(condition) => rows.chain.conditions[condition].name.clone(),
        End::Row | End::Field(_) => population.name.clone(),
    }
}

/// Returns the column that a person knows the rows by: a text that hardly repeats and is short.
fn telling(rows: &Rows<'_>, population: PopulationId) -> Option<usize> {
    let block = rows.block(population);
    let texts = |at: usize| {
        block.rows.iter().filter_map(move |row| match &row.values[at] {
            Value::Text(text) => Some(text.as_ref()),
            _ => None,
        })
    };
    let tells = |at: &usize| {
        let all: Vec<&str> = texts(*at).collect();
        let mut distinct = all.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let long = all.iter().map(|text| text.chars().count()).sum::<usize>() / all.len().max(1);
        !block.key.contains(at) && all.len() == block.rows.len() && distinct.len() * 4 > all.len() && long < 60
    };
    let named = |word: &str| block.columns.iter().position(|column| column.contains(word)).filter(tells);
    ["title", "name"].iter().find_map(|word| named(word)).or_else(|| (0..block.columns.len()).find(tells))
}

/// Returns the keys as JSON: numbers and texts, lists where a key has several columns.
fn ids(keys: &[Key]) -> String {
    let one = |cell: &Cell| serde_json::to_value(cell).unwrap_or_default();
    let ids = keys.iter().map(|key| match key.as_slice() {
        [cell] => one(cell),
        cells => cells.iter().map(one).collect(),
    });
    ids.collect::<serde_json::Value>().to_string()
}
