//! Reading: from the trees of a chain's files to a [`Chain`], reporting every problem.
//!
//! Names are declared first, lower layers first, so that order inside a file does not matter; then
//! everything that uses names is resolved.

use super::generator::share;
use super::names::read_rows;
use super::path::Scope;
use super::{
    Answer, Bound, Case, CaseRows, Chain, ClaimRule, Column, Condition, End, Ensure, Generator, Group, Has, Layer,
    Link, List, Measure, Partition, Path, Persona, Population, PopulationId, Rows, Size, StateRule, Subject, check,
};
use crate::diagnostic::Diagnostic;
use crate::grammar::{self, SCENARIO, Shape, percent};
use crate::schema::Schema;
use crate::source::{self, Kind, Node, Source, Span};
use crate::time;
use crate::value::{Decimal, Value};

/// For how long a dataset holds where no scenario says otherwise.
const HOLDS_FOR: i64 = 48 * 3_600;

/// The files of a chain.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// All files that diagnostics may point into.
    pub sources: Vec<Source>,
    /// The scenario files of the chain, lower layers first, as indices of `sources`.
    pub scenarios: Vec<usize>,
    /// The lists they name: (index of the scenario's source, name of the file as written, index of the list's source).
    pub lists: Vec<(usize, String, usize)>,
}

/// Orders the scenario `target` and everything it requires, lower layers first.
///
/// `known` are the scenario files of the project. Returns indices of `known`, or what is wrong: an
/// unknown name, a cycle, an unreadable file.
pub fn chain_order(target: &str, known: &[Source]) -> Result<Vec<usize>, Vec<Diagnostic>> {
    let mut unreadable = Vec::new();
    let nodes: Vec<Option<Node>> =
        known.iter().enumerate().map(|(index, source)| source::read(index, source, &mut unreadable)).collect();
    let name_of = |node: &Option<Node>| node.as_ref()?.get("scenario")?.text().map(str::to_owned);
    let names: Vec<Option<String>> = nodes.iter().map(name_of).collect();
    let mut order = Ordering { nodes: &nodes, names: &names, done: Vec::new(), open: Vec::new() };
    let Some(start) = order.find(target) else {
        // A file that can't be read may be the one that is asked for.
        let unknown = Diagnostic::new("unknown-scenario", format!("there is no scenario `{target}`"))
            .suggest(target, names.iter().flatten().map(String::as_str));
        return Err(if unreadable.is_empty() { vec![unknown] } else { unreadable });
    };
    order.visit(start).map_err(|problem| vec![problem])?;
    Ok(order.done)
}

struct Ordering<'a> {
    nodes: &'a [Option<Node>],
    names: &'a [Option<String>],
    done: Vec<usize>,
    open: Vec<usize>,
}

impl Ordering<'_> {
    fn find(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known.as_deref() == Some(name))
    }

    fn visit(&mut self, index: usize) -> Result<(), Diagnostic> {
        if self.done.contains(&index) {
            return Ok(());
        }
        self.open.push(index);
        let required =
            self.nodes[index].as_ref().and_then(|node| node.get("requires")).map(Node::items).unwrap_or_default();
        for node in required {
            let name = node.text().unwrap_or_default();
            let Some(next) = self.find(name) else {
                return Err(Diagnostic::new("unknown-scenario", format!("there is no scenario `{name}`"))
                    .at(node.span, "required here")
                    .suggest(name, self.names.iter().flatten().map(String::as_str)));
            };
            if let Some(at) = self.open.iter().position(|open| *open == next) {
                let round: Vec<&str> =
                    self.open[at..].iter().chain([&next]).filter_map(|i| self.names[*i].as_deref()).collect();
                return Err(Diagnostic::new(
                    "cyclic-requires",
                    format!("these scenarios require each other: {}", round.join(" -> ")),
                )
                .at(node.span, "closes the circle")
                .help("a lower layer knows nothing of a higher one; take one of these out"));
            }
            self.visit(next)?;
        }
        self.open.pop();
        self.done.push(index);
        Ok(())
    }
}

/// Reads a chain; with a schema, tables and columns are checked too.
pub fn read(files: &Files, schema: Option<&Schema>) -> Result<Chain, Vec<Diagnostic>> {
    let mut reader = Reader { files, chain: Chain::default(), diagnostics: Vec::new() };
    let mut nodes = Vec::new();
    for index in &files.scenarios {
        if let Some(node) = source::read(*index, &files.sources[*index], &mut reader.diagnostics) {
            grammar::check(&Shape::Object(&SCENARIO), &node, &mut reader.diagnostics);
            nodes.push(node);
        }
    }
    if reader.diagnostics.is_empty() {
        reader.declare(&nodes);
        if reader.diagnostics.is_empty() {
            reader.resolve(&nodes);
        }
    }
    if reader.diagnostics.is_empty() {
        check::check(&reader.chain, schema, &mut reader.diagnostics);
    }
    // In the order of the files, whatever the order in which they were found.
    reader.diagnostics.sort_by_key(|problem| problem.places.first().map(|place| (place.span.source, place.span.start)));
    if reader.diagnostics.is_empty() { Ok(reader.chain) } else { Err(reader.diagnostics) }
}

/// A chain in the making.
pub(super) struct Reader<'a> {
    files: &'a Files,
    pub(super) chain: Chain,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    /// Returns the last part of a source's path.
    pub(super) fn file_name(&self, source: usize) -> &str {
        self.files.sources[source].path.rsplit('/').next().unwrap_or_default()
    }

    /// Returns the place of a part of a text, where the text stands in its file as it is.
    pub(super) fn part(&self, text: &str, span: Span, part: std::ops::Range<usize>) -> Span {
        let written = &self.files.sources[span.source].text[span.start..span.end];
        let quote = usize::from(written.starts_with(['"', '\'']));
        if written.get(quote..quote + text.len()) != Some(text) {
            return span;
        }
        let start = span.start + quote;
        Span { start: start + part.start, end: start + part.end, ..span }
    }

    fn problem(&mut self, code: &'static str, message: impl Into<String>, span: Span, label: &str) {
        self.diagnostics.push(Diagnostic::new(code, message).at(span, label));
    }

    fn declare(&mut self, nodes: &[Node]) {
        self.chain.holds_for = HOLDS_FOR;
        for (layer, node) in nodes.iter().enumerate() {
            self.declare_layer(node);
            self.declare_lists(layer, node);
            for (field, pairs) in [("populations", false), ("relations", true)] {
                for entry in entries(node, field) {
                    self.declare_population(layer, &entry.name, entry.span, &entry.node, pairs);
                }
            }
        }
        for (layer, node) in nodes.iter().enumerate() {
            for field in ["populations", "relations"] {
                for entry in entries(node, field) {
                    self.declare_links(layer, &entry.name, &entry.node);
                }
            }
            self.declare_overlays(layer, node);
        }
        self.declare_rows(nodes);
        for (layer, node) in nodes.iter().enumerate() {
            self.declare_columns(layer, node);
        }
        self.declare_computed(nodes);
    }

    fn declare_layer(&mut self, node: &Node) {
        let text = |name: &str| node.get(name).and_then(Node::text).unwrap_or_default().to_owned();
        let number = node.get("layer").expect("the grammar asks for it");
        if number.integer().is_some_and(|n| n > 9) {
            self.problem("wrong-value", "a layer is a digit, 0 to 9", number.span, "here");
        }
        let number_value = number.integer().unwrap_or_default() as u8;
        if let Some(other) = self.chain.layers.iter().find(|layer| layer.number == number_value) {
            let message = format!("`{}` has layer {number_value} too", other.name);
            self.problem("duplicate-layer", message, number.span, "each scenario has a layer of its own");
        }
        if let Some(span) = node.get("holds_for").and_then(|node| time::duration(node.text()?)) {
            self.chain.holds_for = self.chain.holds_for.min(span);
        }
        self.chain.layers.push(Layer {
            name: text("scenario"),
            about: text("about"),
            number: number_value,
            requires: list(node, "requires").iter().filter_map(|item| item.text().map(str::to_owned)).collect(),
            source: node.span.source,
        });
    }

    fn declare_lists(&mut self, layer: usize, node: &Node) {
        for entry in entries(node, "lists") {
            let file = entry.node.text().unwrap_or_default();
            let found = self.files.lists.iter().find(|(from, name, _)| *from == node.span.source && name == file);
            let Some((_, _, source)) = found else {
                self.problem(
                    "missing-file",
                    format!("there is no file `{file}` beside this one"),
                    entry.node.span,
                    "named here",
                );
                continue;
            };
            let Some(tree) = source::read(*source, &self.files.sources[*source], &mut self.diagnostics) else {
                continue;
            };
            match &tree.kind {
                Kind::Object(parts) => {
                    for part in parts {
                        self.declare_list(layer, format!("{}.{}", entry.name, part.name), &part.node);
                    }
                }
                _ => self.declare_list(layer, entry.name.clone(), &tree),
            }
        }
    }

    fn declare_list(&mut self, layer: usize, name: String, node: &Node) {
        let items = node.items();
        let Some(first) = items.first() else {
            self.problem(
                "empty-list",
                format!("the list `{name}` has no entries"),
                node.span,
                "a list of entries is needed",
            );
            return;
        };
        let fields: Vec<String> = match &first.kind {
            Kind::Object(entries) => entries.iter().map(|entry| entry.name.clone()).collect(),
            _ => vec![String::new()],
        };
        let mut rows = Vec::with_capacity(items.len());
        for item in items {
            let row: Option<Vec<Value>> = match &item.kind {
                Kind::Scalar(value) if fields == [""] => Some(vec![value.clone()]),
                Kind::Object(_) => fields.iter().map(|f| item.get(f).and_then(Node::scalar).cloned()).collect(),
                _ => None,
            };
            if let Some(row) = row {
                rows.push(row);
                continue;
            }
            let fields =
                if fields == [""] { "a single value".into() } else { format!("the fields {}", fields.join(", ")) };
            let message = format!("the entries of `{name}` have {fields}, as the first has");
            self.problem("wrong-entry", message, item.span, "this one differs");
        }
        self.chain.lists.push(List { name, layer, fields, entries: rows });
    }

    fn declare_population(&mut self, layer: usize, name: &str, span: Span, node: &Node, pairs: bool) {
        if let Some(other) = self.chain.population(name) {
            let first = self.chain.populations[other].span;
            self.diagnostics.push(
                Diagnostic::new("duplicate-population", format!("there are two populations `{name}`"))
                    .at(span, "again here")
                    .also(first, "first here"),
            );
            return;
        }
        let text = |field: &str| node.get(field).and_then(Node::text).map(str::to_owned);
        let table = text("table").expect("the grammar asks for it");
        let taken = |slot: u8, chain: &Chain| {
            chain.populations.iter().any(|p| p.layer == layer && p.table == table && p.slot == slot)
        };
        let slot = match node.get("slot") {
            Some(slot) => slot.integer().filter(|slot| (0..=9).contains(slot)).map(|slot| slot as u8),
            None => (0..=9).find(|slot| !taken(*slot, &self.chain)),
        };
        let at = node.get("slot").map_or(span, |slot| slot.span);
        let Some(slot) = slot.filter(|slot| !taken(*slot, &self.chain)) else {
            let free = (0..=9).find(|slot| !taken(*slot, &self.chain));
            let message = if slot.is_some() {
                "another population of this table and layer has this slot"
            } else {
                "a slot is a digit, and no two populations of a table and layer have the same"
            };
            let problem = Diagnostic::new("wrong-slot", message).at(at, "here");
            self.diagnostics.push(match free {
                Some(free) => problem.help(format!("slot {free} is free")),
                None => problem.help("all ten are taken: put some of them into another layer"),
            });
            return;
        };
        let rows = if pairs {
            Rows::Pairs { total: node.get("total").and_then(|n| Some((u32::try_from(n.integer()?).ok()?, n.span))) }
        } else {
            match node.get("rows") {
                Some(rows) if !matches!(rows.kind, Kind::Object(_)) => {
                    Rows::Named(read_rows(rows, &mut self.diagnostics))
                }
                // Which link it is becomes known with the links.
                Some(_) => Rows::OnePer(usize::MAX),
                None => Rows::Children(usize::MAX),
            }
        };
        self.chain.populations.push(Population {
            name: name.to_owned(),
            layer,
            table,
            tag: text("tag"),
            slot,
            rows,
            links: Vec::new(),
            columns: Vec::new(),
            personas: Vec::new(),
            span,
            table_span: node.get("table").map_or(span, |table| table.span),
            tag_span: node.get("tag").map_or(span, |tag| tag.span),
        });
    }

    fn declare_links(&mut self, layer: usize, name: &str, node: &Node) {
        let Some(id) = self.chain.population(name) else { return };
        for entry in entries(node, "links") {
            let text = |field: &str| entry.node.get(field).and_then(Node::text).unwrap_or_default();
            let target = entry.node.get("to").expect("the grammar asks for it");
            let Some(to) = self.known_population(target.text().unwrap_or_default(), layer, target.span) else {
                continue;
            };
            let back = entry.node.get("back").expect("the grammar asks for it");
            if self.chain.backs(to, layer).iter().any(|(known, ..)| *known == text("back")) {
                let message =
                    format!("`{}` has a way back `{}` already", self.chain.populations[to].name, text("back"));
                self.problem("duplicate-back", message, back.span, "this name is taken");
            }
            let link = Link {
                name: entry.name.clone(),
                column: text("column").to_owned(),
                to,
                back: text("back").to_owned(),
                owner: matches!(entry.node.get("owner").and_then(Node::scalar), Some(Value::Bool(true))),
                allowed: None,
                share: entry.node.get("share").and_then(share),
                layer,
                overlays: None,
                span: entry.span,
                column_span: entry.node.get("column").map_or(entry.span, |column| column.span),
                share_span: entry.node.get("share").map_or(entry.span, |share| share.span),
            };
            self.chain.populations[id].links.push(link);
        }
        let (pairs, links) =
            (matches!(self.chain.populations[id].rows, Rows::Pairs { .. }), self.chain.populations[id].links.len());
        if pairs && links != 2 {
            let message = format!("a relation has two links, `{name}` has {links}");
            let span = self.chain.populations[id].span;
            self.problem("wrong-links", message, span, "a pair has two ends");
        }
        let population = &self.chain.populations[id];
        if let Rows::OnePer(_) = population.rows {
            let one_per = node.get("rows").and_then(|rows| rows.get("one_per")).expect("the grammar asks for it");
            let name = one_per.text().unwrap_or_default();
            if let Some(link) = population.links.iter().position(|link| link.name == name) {
                self.chain.populations[id].rows = Rows::OnePer(link);
            } else {
                let known: Vec<String> = population.links.iter().map(|link| link.name.clone()).collect();
                self.diagnostics.push(
                    Diagnostic::new("unknown-link", format!("there is no link `{name}` in here"))
                        .at(one_per.span, "named here")
                        .suggest(name, known.iter().map(String::as_str)),
                );
            }
        }
    }

    /// Finds a population that this layer may use.
    fn known_population(&mut self, name: &str, layer: usize, span: Span) -> Option<PopulationId> {
        let found = self.chain.population(name).filter(|id| self.chain.populations[*id].layer <= layer);
        if found.is_none() {
            let known: Vec<&str> =
                self.chain.populations.iter().filter(|p| p.layer <= layer).map(|p| p.name.as_str()).collect();
            self.diagnostics.push(
                Diagnostic::new("unknown-population", format!("there is no population `{name}`"))
                    .at(span, "named here")
                    .suggest(name, known),
            );
        }
        found
    }

    fn declare_overlays(&mut self, layer: usize, node: &Node) {
        for subject in entries(node, "overlay") {
            let Some(id) = self.known_population(&subject.name, layer, subject.span) else { continue };
            for entry in subject.node.entries() {
                let target = entry.node.get("to").expect("the grammar asks for it");
                let Some(to) = self.known_population(target.text().unwrap_or_default(), layer, target.span) else {
                    continue;
                };
                let population = &self.chain.populations[id];
                let Some(base) = population.newest_link(&entry.name, layer) else {
                    let message = format!("`{}` has no link `{}`", population.name, entry.name);
                    let known: Vec<String> = population.links.iter().map(|link| link.name.clone()).collect();
                    self.diagnostics.push(
                        Diagnostic::new("unknown-link", message)
                            .at(entry.span, "named here")
                            .suggest(&entry.name, known.iter().map(String::as_str)),
                    );
                    continue;
                };
                if population.layer == layer {
                    self.problem(
                        "wrong-overlay",
                        "an overlay changes rows of a lower layer; this population is of this one",
                        entry.span,
                        "here",
                    );
                    continue;
                }
                let link = Link {
                    to,
                    layer,
                    overlays: Some(base),
                    span: entry.span,
                    allowed: None,
                    ..population.links[base].clone()
                };
                self.chain.populations[id].links.push(link);
            }
        }
    }

    /// Finds the link that makes the rows of populations that have as many as `has` says.
    fn declare_rows(&mut self, nodes: &[Node]) {
        for id in 0..self.chain.populations.len() {
            if !matches!(self.chain.populations[id].rows, Rows::Children(_)) {
                continue;
            }
            let population = &self.chain.populations[id];
            let asked = |back: &str| {
                nodes
                    .iter()
                    .flat_map(|node| entries(node, "groups"))
                    .flat_map(|e| e.node.entries())
                    .flat_map(|p| p.node.entries())
                    .any(|group| group.node.get("has").is_some_and(|has| has.get(back).is_some()))
            };
            if let Some(link) = population.links.iter().position(|link| asked(&link.back)) {
                self.chain.populations[id].rows = Rows::Children(link);
            } else {
                let message = format!("nothing says how many rows `{}` has", population.name);
                let backs: Vec<String> = population.links.iter().map(|link| format!("\"{}\"", link.back)).collect();
                let help = if backs.is_empty() {
                    String::new()
                } else {
                    format!(", or say in a group how many of {} each row `has`", backs.join(" or "))
                };
                self.diagnostics.push(
                    Diagnostic::new("no-rows", message)
                        .at(population.span, "declared here")
                        .help(format!("write `rows`{help}")),
                );
            }
        }
    }

    fn declare_columns(&mut self, layer: usize, node: &Node) {
        for field in ["populations", "relations"] {
            for entry in entries(node, field) {
                let Some(id) = self.chain.population(&entry.name) else { continue };
                for column in entries(&entry.node, "columns") {
                    self.declare_column(id, &column.name, column.span, &column.node);
                }
                for persona in entries(&entry.node, "personas") {
                    self.declare_persona(layer, id, &persona.name, persona.span, &persona.node);
                }
            }
        }
        for subject in entries(node, "groups") {
            let Some(id) = self.known_population(&subject.name, layer, subject.span) else { continue };
            for group in subject.node.entries().iter().flat_map(|partition| partition.node.entries()) {
                for column in entries(&group.node, "set") {
                    if self.chain.populations[id].layer == layer {
                        self.declare_column(id, &column.name, column.span, &column.node);
                    } else {
                        let message = format!(
                            "the rows of `{}` belong to a lower layer; their columns are set there",
                            subject.name
                        );
                        self.problem("wrong-layer", message, column.span, "set here");
                    }
                }
            }
        }
    }

    fn declare_column(&mut self, id: PopulationId, name: &str, span: Span, node: &Node) {
        let fills = entries(node, "fills");
        let columns = &mut self.chain.populations[id].columns;
        let mut add = |name: &str, span: Span, handle: bool| {
            if !columns.iter().any(|column| column.name == name) {
                columns.push(Column { name: name.to_owned(), handle, cases: Vec::new(), span });
            }
        };
        add(name, span, !fills.is_empty());
        for fill in fills {
            add(&fill.name, fill.span, false);
        }
    }

    fn declare_persona(&mut self, layer: usize, id: PopulationId, name: &str, span: Span, node: &Node) {
        let absent = matches!(node.get("absent").and_then(Node::scalar), Some(Value::Bool(true)));
        let population = &self.chain.populations[id];
        if let Some(rows) = population.row_names()
            && !absent
            && !rows.iter().any(|row| row.name == name)
        {
            let known: Vec<String> = rows.iter().map(|row| row.name.clone()).collect();
            self.diagnostics.push(
                Diagnostic::new("unknown-row", format!("no row `{name}` in population `{}`", population.name))
                    .at(span, "described here")
                    .suggest(name, known.iter().map(String::as_str))
                    .help("or say \"absent\": true for a persona without a row"),
            );
        }
        for column in entries(node, "set") {
            self.declare_column(id, &column.name, column.span, &column.node);
        }
        let purpose = node.get("for").and_then(Node::text).unwrap_or_default().to_owned();
        self.chain.populations[id].personas.push(Persona { name: name.to_owned(), purpose, absent, layer, span });
    }

    /// Declares conditions and measures by name; what they mean is resolved later.
    fn declare_computed(&mut self, nodes: &[Node]) {
        for (layer, node) in nodes.iter().enumerate() {
            for subject in entries(node, "measures") {
                let Some(population) = self.known_population(&subject.name, layer, subject.span) else { continue };
                for entry in subject.node.entries() {
                    self.declare_measure(layer, population, node, entry);
                }
            }
            for subject in entries(node, "conditions") {
                let Some(population) = self.known_population(&subject.name, layer, subject.span) else { continue };
                for entry in subject.node.entries() {
                    let name = entry.name.clone();
                    self.chain.conditions.push(Condition { population, name, meaning: super::Where::default() });
                }
            }
        }
    }

    fn declare_measure(&mut self, layer: usize, population: PopulationId, node: &Node, entry: &source::Entry) {
        let scope = Scope { population, layer, list: None, own: None };
        let paths: Vec<Path> =
            list(&entry.node, "distance").iter().filter_map(|item| self.path(scope, item.text()?, item.span)).collect();
        let to = entry.node.get("to").expect("the grammar asks for it");
        let name = to.text().unwrap_or_default();
        let Some(point) = node.get("points").and_then(|points| points.get(name)) else {
            let known: Vec<&str> = entries(node, "points").iter().map(|point| point.name.as_str()).collect();
            self.diagnostics.push(
                Diagnostic::new("unknown-point", format!("there is no point `{name}`"))
                    .at(to.span, "named here")
                    .suggest(name, known),
            );
            return;
        };
        let coordinate =
            |index: usize| point.items()[index].scalar().and_then(Value::number).unwrap_or(Decimal::whole(0));
        let point = (coordinate(0), coordinate(1));
        if let Ok([latitude, longitude]) = <[Path; 2]>::try_from(paths) {
            self.chain.measures.push(Measure { population, name: entry.name.clone(), latitude, longitude, point });
        }
    }

    fn resolve(&mut self, nodes: &[Node]) {
        let mut condition = 0;
        for (layer, node) in nodes.iter().enumerate() {
            for entry in entries(node, "conditions").iter().flat_map(|subject| subject.node.entries()) {
                let scope =
                    Scope { population: self.chain.conditions[condition].population, layer, list: None, own: None };
                self.chain.conditions[condition].meaning = self.condition(scope, &entry.node);
                condition += 1;
            }
        }
        for (layer, node) in nodes.iter().enumerate() {
            for entry in entries(node, "populations").iter().chain(entries(node, "relations")) {
                self.resolve_population(layer, &entry.name, &entry.node);
            }
            for subject in entries(node, "groups") {
                for entry in subject.node.entries() {
                    self.partition(layer, &subject.name, entry);
                }
            }
            for entry in list(node, "ensure") {
                self.ensure(layer, entry);
            }
            for entry in entries(node, "expected") {
                self.answer(layer, entry);
            }
            for entry in entries(node, "states") {
                self.state(layer, entry);
            }
            for subject in entries(node, "left_by_tests") {
                self.claims(layer, subject);
            }
        }
        // Values of `per` are known when all generators are.
        for index in 0..self.chain.ensures.len() {
            self.resolve_per(index);
        }
    }

    fn resolve_population(&mut self, layer: usize, name: &str, node: &Node) {
        let Some(population) = self.chain.population(name) else { return };
        let scope = Scope { population, layer, list: None, own: None };
        for (index, entry) in entries(node, "links").iter().enumerate() {
            if let Some(allowed) = entry.node.get("where") {
                // The keys are about the row referred to; `same_as` compares with the row itself.
                let target = self.chain.populations[population].links[index].to;
                let allowed = self.condition(Scope { population: target, own: Some(population), ..scope }, allowed);
                self.chain.populations[population].links[index].allowed = Some(allowed);
            }
        }
        for column in entries(node, "columns") {
            self.case(scope, &column.name, CaseRows::All, &column.node);
        }
        for persona in entries(node, "personas") {
            for column in entries(&persona.node, "set") {
                self.case(scope, &column.name, CaseRows::Row(persona.name.clone()), &column.node);
            }
        }
    }

    /// Adds a generator to a column, and what it fills to the columns it fills.
    fn case(&mut self, scope: Scope, name: &str, rows: CaseRows, node: &Node) {
        let Some(generator) = self.generator(scope, node) else { return };
        let columns = &mut self.chain.populations[scope.population].columns;
        let column = columns.iter().position(|column| column.name == name).expect("columns are declared");
        if let Generator::Pick { fills, .. } = &generator {
            for (filled, field) in fills.clone() {
                let case = Case { rows: rows.clone(), generator: Generator::Filled(column, field), span: node.span };
                insert_case(&mut columns[filled].cases, case);
            }
        }
        insert_case(&mut columns[column].cases, Case { rows, generator, span: node.span });
    }

    fn partition(&mut self, layer: usize, subject: &str, entry: &source::Entry) {
        let Some(population) = self.chain.population(subject) else { return };
        let scope = Scope { population, layer, list: None, own: None };
        let index = self.chain.partitions.len();
        let mut groups = Vec::new();
        for (position, line) in entry.node.entries().iter().enumerate() {
            for column in entries(&line.node, "set") {
                self.case(scope, &column.name, CaseRows::Group(index, position), &column.node);
            }
            groups.push(self.group(scope, line));
        }
        if groups.iter().filter(|group| group.size == Size::Share(super::Share::Rest)).count() > 1 {
            self.problem("two-rests", "only one group of a partition is the rest", entry.span, "in here");
        }
        self.each_named_once(entry);
        self.chain.partitions.push(Partition { name: entry.name.clone(), population, layer, groups, span: entry.span });
    }

    /// Reports rows that two lines of `who` name, and groups that name more rows than they have.
    fn each_named_once(&mut self, partition: &source::Entry) {
        let mut named: Vec<&Node> = Vec::new();
        for line in partition.node.entries() {
            let who = list(&line.node, "who");
            for item in who {
                if let Some(first) = named.iter().find(|other| other.text() == item.text()) {
                    let name = item.text().unwrap_or_default();
                    self.diagnostics.push(
                        Diagnostic::new("named-twice", format!("`{name}` is named twice in `{}`", partition.name))
                            .at(item.span, "again here")
                            .also(first.span, "first here")
                            .help("a row is in one group of a partition; take one of the two out"),
                    );
                }
                named.push(item);
            }
            let rows = line.node.get("rows");
            let most = rows.and_then(|rows| rows.items().last().unwrap_or(rows).integer());
            if let (Some(rows), Some(most)) = (rows, most)
                && most < who.len() as i64
            {
                self.diagnostics.push(
                    Diagnostic::new("named-too-many", format!("`{}` has at most {most}, and names more", line.name))
                        .at(rows.span, format!("{} are named", who.len()))
                        .help("leave `rows` out to have those that are named, or raise it"),
                );
            }
        }
    }

    fn group(&mut self, scope: Scope, line: &source::Entry) -> Group {
        let who: Vec<usize> =
            list(&line.node, "who").iter().filter_map(|item| self.row(scope.population, item.text()?, item)).collect();
        let size = match line.node.get("rows") {
            Some(rows) if !rows.items().is_empty() => {
                let end =
                    |index: usize| u32::try_from(rows.items()[index].integer().unwrap_or_default()).unwrap_or_default();
                if end(0) > end(1) {
                    self.upside_down(rows);
                }
                Size::Range(end(0), end(1))
            }
            Some(rows) => Size::Share(share(rows).unwrap_or(super::Share::Rest)),
            None if list(&line.node, "who").is_empty() => {
                self.problem(
                    "no-size",
                    format!("nothing says how many rows the group `{}` has", line.name),
                    line.span,
                    "write `rows` or `who`",
                );
                Size::Share(super::Share::Rest)
            }
            None => Size::Share(super::Share::Count(who.len() as u32)),
        };
        let condition = line.node.get("where").map(|node| self.condition(scope, node));
        let mut has = Vec::new();
        for count in entries(&line.node, "has") {
            has.extend(self.has(scope, count));
        }
        let id = line.node.get("id").and_then(Node::text).map(str::to_owned);
        Group { name: line.name.clone(), size, who, condition, has, id, span: line.span }
    }

    fn has(&mut self, scope: Scope, count: &source::Entry) -> Option<Has> {
        let backs = self.chain.backs(scope.population, scope.layer);
        let Some((_, child, link)) = backs.iter().find(|(back, ..)| *back == count.name).copied() else {
            let known: Vec<String> = backs.iter().map(|(back, ..)| (*back).to_owned()).collect();
            self.diagnostics.push(
                Diagnostic::new(
                    "unknown-back",
                    format!(
                        "nothing points at `{}` by the name `{}`",
                        self.chain.populations[scope.population].name, count.name
                    ),
                )
                .at(count.span, "named here")
                .suggest(&count.name, known.iter().map(String::as_str)),
            );
            return None;
        };
        let number = |node: &Node| u32::try_from(node.integer().unwrap_or_default()).unwrap_or(u32::MAX);
        let (lo, hi) = match count.node.items() {
            [lo, hi] => (number(lo), number(hi)),
            _ => (number(&count.node), number(&count.node)),
        };
        if lo > hi {
            self.upside_down(&count.node);
        }
        Some(Has { child, link, lo, hi, span: count.node.span })
    }

    fn ensure(&mut self, layer: usize, node: &Node) {
        let text = |name: &str| node.get(name).and_then(Node::text).unwrap_or_default().to_owned();
        let count = node.get("count").expect("the grammar asks for it");
        let Some((subject, target)) = self.subject(layer, node, count) else { return };
        let scope = Scope { population: target, layer, list: None, own: None };
        let condition = node.get("where").map(|node| self.condition(scope, node)).unwrap_or_default();
        let mut value_path = |name: &str| {
            let node = node.get(name)?;
            let path = self.path(scope, node.text()?, node.span)?;
            if path.many || (name == "per" && path.end == End::Row) {
                self.problem("no-value", "a single value is needed here", node.span, "this path does not end in one");
                return None;
            }
            Some(path)
        };
        let per = value_path("per").map(|path| (path, Vec::new()));
        let distinct = value_path("distinct");
        let bound = |name: &str| {
            let node = node.get(name)?;
            node.integer().map(Bound::Count).or_else(|| percent(node.text()?).map(Bound::Percent))
        };
        let exactly = bound("exactly");
        let (lo, hi) = (exactly.or_else(|| bound("at_least")), exactly.or_else(|| bound("at_most")));
        let place = |name: &str| node.get("exactly").or_else(|| node.get(name)).map(|node| node.span);
        let bounds = (place("at_least"), place("at_most"));
        let fact = node.get("fact").map_or(node.span, |fact| fact.span);
        if lo.is_none() && hi.is_none() {
            self.diagnostics.push(
                Diagnostic::new("no-bound", format!("nothing is demanded of \"{}\"", text("fact")))
                    .at(fact, "no bound for this")
                    .help("write `at_least`, `at_most` or `exactly`"),
            );
        }
        if exactly.is_some()
            && let Some(other) = node.get("at_least").or_else(|| node.get("at_most"))
        {
            self.diagnostics.push(
                Diagnostic::new("two-bounds", "`exactly` stands for both bounds")
                    .at(other.span, "a bound besides it")
                    .also(bounds.0.unwrap_or(fact), "both bounds")
                    .help("keep one of the two"),
            );
        }
        if let (Some(Bound::Count(lo)), Some(Bound::Count(hi))) = (lo, hi)
            && lo > hi
        {
            self.diagnostics.push(
                Diagnostic::new("wrong-range", format!("these bounds are upside down: {lo} is above {hi}"))
                    .at(bounds.0.unwrap_or(fact), format!("at least {lo}"))
                    .also(bounds.1.unwrap_or(fact), format!("at most {hi}")),
            );
        }
        let witness = node.get("as").and_then(Node::text).map(str::to_owned);
        let id = text("id");
        self.chain.ensures.push(Ensure {
            id,
            fact: text("fact"),
            layer,
            subject,
            condition,
            per,
            distinct,
            lo,
            hi,
            witness,
            span: fact,
            bounds,
        });
    }

    fn subject(&mut self, layer: usize, node: &Node, count: &Node) -> Option<(Subject, PopulationId)> {
        let name = count.text()?;
        let Some(for_each) = node.get("for_each") else {
            let id = self.known_population(name, layer, count.span)?;
            return Some((Subject::Population(id), id));
        };
        let [entry] = for_each.entries() else {
            self.problem("wrong-length", "`for_each` names one population", for_each.span, "here");
            return None;
        };
        let id = self.known_population(&entry.name, layer, entry.span)?;
        let rows = entry.node.items().iter().filter_map(|item| self.row(id, item.text()?, item)).collect();
        let path = self.path(Scope { population: id, layer, list: None, own: None }, name, count.span)?;
        if path.end != End::Row {
            self.problem("wrong-test", "what is counted is rows; this path ends in a value", count.span, "here");
            return None;
        }
        let target = path.to;
        Some((Subject::ForEach(id, rows, path), target))
    }

    fn resolve_per(&mut self, index: usize) {
        let Some((path, _)) = &self.chain.ensures[index].per else { return };
        let values = check::declared_values(&self.chain, path);
        let span = path.span;
        match values {
            Some(values) => self.chain.ensures[index].per.as_mut().expect("it has one").1 = values,
            None => self.problem(
                "endless-values",
                "the values of this are not declared one by one",
                span,
                "`per` needs a quota, `even`, plain values or a list",
            ),
        }
    }

    fn answer(&mut self, layer: usize, entry: &source::Entry) {
        let node = &entry.node;
        let list_node = node.get("list").expect("the grammar asks for it");
        let name = list_node.text().unwrap_or_default();
        let for_each = match node.get("for_each") {
            Some(subject) => match self.known_population(subject.text().unwrap_or_default(), layer, subject.span) {
                Some(id) => Some(id),
                None => return,
            },
            None => None,
        };
        let path = match for_each {
            Some(population) => self.path(Scope { population, layer, list: None, own: None }, name, list_node.span),
            None => self.known_population(name, layer, list_node.span).map(|id| Path {
                from: id,
                steps: Vec::new(),
                end: End::Row,
                to: id,
                many: true,
                span: list_node.span,
            }),
        };
        let Some(path) = path else { return };
        let scope = Scope { population: path.to, layer, list: None, own: None };
        let condition = node.get("where").map(|node| self.condition(scope, node)).unwrap_or_default();
        let order = list(node, "order").iter().filter_map(|item| self.order(scope, item)).collect();
        let group_by = node.get("group_by").and_then(|node| self.path(scope, node.text()?, node.span));
        let persona_scope = match node.get("scope").map(|node| (node.text().unwrap_or_default(), node.span)) {
            None => for_each.is_some(),
            Some(("persona", _)) => true,
            Some(("database", _)) => false,
            Some((other, span)) => {
                let problem = Diagnostic::new("wrong-value", format!("there is no scope `{other}`"));
                self.diagnostics.push(problem.at(span, "here").suggest(other, ["persona", "database"]));
                return;
            }
        };
        self.chain.answers.push(Answer {
            name: entry.name.clone(),
            layer,
            for_each,
            list: path,
            condition,
            order,
            persona_scope,
            group_by,
        });
    }

    fn order(&mut self, scope: Scope, node: &Node) -> Option<(bool, Path)> {
        let text = node.text()?;
        let (direction, name) = text.split_once(' ').unwrap_or((text, ""));
        let descending = match direction {
            "newest" | "most" => true,
            "oldest" | "least" => false,
            _ => {
                let problem = Diagnostic::new("wrong-order", format!("`{text}` is no order"));
                self.diagnostics.push(
                    problem
                        .at(node.span, "here")
                        .help("write `newest created_at`, `oldest ...`, `least ...` or `most ...`"),
                );
                return None;
            }
        };
        Some((descending, self.path(scope, name, node.span)?))
    }

    fn state(&mut self, layer: usize, entry: &source::Entry) {
        let without = entry.node.get("without").expect("the grammar asks for it");
        let rule = match without.text() {
            Some("all") => None,
            Some(other) => {
                self.problem(
                    "wrong-value",
                    format!("`{other}` is no set of rows"),
                    without.span,
                    "write `all`, or rows by population",
                );
                return;
            }
            None => {
                let mut parts = Vec::new();
                for part in without.entries() {
                    if let Some(population) = self.known_population(&part.name, layer, part.span) {
                        parts.push((
                            population,
                            self.condition(Scope { population, layer, list: None, own: None }, &part.node),
                        ));
                    }
                }
                Some(parts)
            }
        };
        self.chain.states.push(StateRule { name: entry.name.clone(), layer, without: rule });
    }

    fn claims(&mut self, layer: usize, subject: &source::Entry) {
        let Some(population) = self.known_population(&subject.name, layer, subject.span) else { return };
        for entry in subject.node.entries() {
            if !self.chain.populations[population].columns.iter().any(|column| column.name == entry.name) {
                let known: Vec<String> =
                    self.chain.populations[population].columns.iter().map(|c| c.name.clone()).collect();
                self.diagnostics.push(
                    Diagnostic::new("unknown-name", format!("`{}` has no column `{}`", subject.name, entry.name))
                        .at(entry.span, "named here")
                        .suggest(&entry.name, known.iter().map(String::as_str)),
                );
            }
            let pattern = entry.node.get("matches").and_then(Node::text).unwrap_or_default().to_owned();
            self.chain.claims.push(ClaimRule { layer, population, column: entry.name.clone(), pattern });
        }
    }
}

/// Cases are ordered by how much they say: all rows, a group, a row.
fn insert_case(cases: &mut Vec<Case>, case: Case) {
    let rank = |rows: &CaseRows| match rows {
        CaseRows::All => 0,
        CaseRows::Group(..) => 1,
        CaseRows::Row(_) => 2,
    };
    let at = cases.iter().position(|other| rank(&other.rows) > rank(&case.rows)).unwrap_or(cases.len());
    cases.insert(at, case);
}

fn entries<'a>(node: &'a Node, name: &str) -> &'a [source::Entry] {
    node.get(name).map(Node::entries).unwrap_or_default()
}

fn list<'a>(node: &'a Node, name: &str) -> &'a [Node] {
    node.get(name).map(Node::items).unwrap_or_default()
}
