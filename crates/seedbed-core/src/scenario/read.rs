//! Reading: from the trees of a chain's files to a [`Chain`], reporting every problem.
//!
//! Names are declared first, lower layers first, so that order inside a file does not matter; then
//! everything that uses names is resolved.

use super::generator::share;
use super::names::read_rows;
use super::path::Scope;
use super::{
    Chain, Column, Condition, Layer, Link, List, Measure, Path, Persona, Population, PopulationId, Rows, Tree, When,
    check,
};
use crate::diagnostic::Diagnostic;
use crate::grammar::{self, SCENARIO, Shape};
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
        // A file that can't be read, or doesn't say its name, may be the one that is asked for.
        for (node, _) in nodes.iter().zip(&names).filter(|(_, name)| name.is_none()) {
            if let Some(node) = node {
                grammar::check(&Shape::Object(&SCENARIO), node, &mut unreadable);
            }
        }
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

    pub(super) fn problem(&mut self, code: &'static str, message: impl Into<String>, span: Span, label: &str) {
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
        let skew = self.skew(node);
        self.chain.populations.push(Population {
            name: name.to_owned(),
            layer,
            table,
            tag: text("tag"),
            slot,
            fixed: matches!(node.get("fixed").and_then(Node::scalar), Some(Value::Bool(true))),
            skew,
            rows,
            links: Vec::new(),
            columns: Vec::new(),
            personas: Vec::new(),
            span,
            table_span: node.get("table").map_or(span, |table| table.span),
            tag_span: node.get("tag").map_or(span, |tag| tag.span),
        });
    }

    fn skew(&mut self, node: &Node) -> Option<(u32, Span)> {
        let node = node.get("skew")?;
        let skew = node.integer().and_then(|skew| u32::try_from(skew).ok()).filter(|skew| (2..=8).contains(skew));
        if skew.is_none() {
            self.diagnostics.push(
                Diagnostic::new("wrong-skew", "a skew is a number from 2 to 8")
                    .at(node.span, "here")
                    .help("with 2 the first hundredth of the blocks gets a tenth of the edges, with 4 a third"),
            );
        }
        Some((skew?, node.span))
    }

    fn declare_links(&mut self, layer: usize, name: &str, node: &Node) {
        let Some(id) = self.chain.population(name) else { return };
        for entry in entries(node, "links") {
            if entry.node.get("to_one_of").is_some() {
                self.declare_choice(layer, id, entry);
                continue;
            }
            let text = |field: &str| entry.node.get(field).and_then(Node::text).unwrap_or_default();
            let target = entry.node.get("to").expect("the grammar asks for it");
            let Some(to) = self.known_population(target.text().unwrap_or_default(), layer, target.span) else {
                continue;
            };
            if let Some(alone) = entry.node.entries().iter().find(|entry| ["type", "id"].contains(&entry.name.as_str()))
            {
                self.diagnostics.push(
                    Diagnostic::new("two-targets", format!("`{}` belongs to a link to one of several", alone.name))
                        .at(alone.span, "and this one has `to`")
                        .help("write `to_one_of` in place of `column` and `to`"),
                );
            }
            let back = entry.node.get("back").expect("the grammar asks for it");
            if self.chain.backs(to, layer).iter().any(|(known, ..)| *known == text("back")) {
                let message =
                    format!("`{}` has a way back `{}` already", self.chain.populations[to].name, text("back"));
                self.problem("duplicate-back", message, back.span, "this name is taken");
            }
            let tree = self.tree(id, to, &entry.node);
            let link = Link {
                name: entry.name.clone(),
                column: text("column").to_owned(),
                to,
                back: text("back").to_owned(),
                owner: matches!(entry.node.get("owner").and_then(Node::scalar), Some(Value::Bool(true))),
                allowed: None,
                share: entry.node.get("share").and_then(share),
                tree,
                when: None,
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
            if let Some(link) = population.links.iter().position(|link| link.name == name && link.when.is_none()) {
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

    /// Declares a link for each population that a type column chooses between.
    fn declare_choice(&mut self, layer: usize, id: PopulationId, entry: &source::Entry) {
        let node = &entry.node;
        for other in node.entries().iter().filter(|e| ["column", "to", "shape", "deep"].contains(&e.name.as_str())) {
            self.diagnostics.push(
                Diagnostic::new("two-targets", format!("a link to one of several has no `{}`", other.name))
                    .at(other.span, "besides `to_one_of`")
                    .help("its columns are `type` and `id`"),
            );
        }
        let mut column = |name: &str| {
            let found = node.get(name).and_then(|column| Some((column.text()?.to_owned(), column.span)));
            if found.is_none() {
                self.diagnostics.push(
                    Diagnostic::new("missing-key", format!("a link to one of several needs `{name}`"))
                        .at(entry.span, format!("no `{name}` in here")),
                );
            }
            found
        };
        let (Some((type_column, type_span)), Some((column, column_span))) = (column("type"), column("id")) else {
            return;
        };
        if matches!(self.chain.populations[id].rows, Rows::Pairs { .. }) {
            self.problem(
                "two-targets",
                "an end of a relation refers to one population",
                entry.span,
                "to one of several",
            );
            return;
        }
        let targets = entries(node, "to_one_of");
        if targets.is_empty() {
            self.problem("two-targets", "this refers to nothing", entry.span, "`to_one_of` names no population");
        }
        let columns = &mut self.chain.populations[id].columns;
        let kind = columns.iter().position(|column| column.name == type_column).unwrap_or_else(|| {
            columns.push(Column { name: type_column, handle: false, cases: Vec::new(), span: type_span });
            columns.len() - 1
        });
        let back = node.get("back").expect("the grammar asks for it");
        for target in targets {
            let name = target.node.text().unwrap_or_default();
            let Some(to) = self.known_population(name, layer, target.node.span) else { continue };
            if self.chain.backs(to, layer).iter().any(|(known, ..)| Some(*known) == back.text()) {
                let message = format!("`{name}` has a way back `{}` already", back.text().unwrap_or_default());
                self.problem("duplicate-back", message, back.span, "this name is taken");
            }
            let value = super::generator::quota_value(&target.name);
            let link = Link {
                name: format!("{}.{name}", entry.name),
                column: column.clone(),
                to,
                back: back.text().unwrap_or_default().to_owned(),
                owner: matches!(node.get("owner").and_then(Node::scalar), Some(Value::Bool(true))),
                allowed: None,
                share: None,
                tree: None,
                when: Some(When { choice: entry.name.clone(), column: kind, value, span: target.span }),
                layer,
                overlays: None,
                span: entry.span,
                column_span,
                share_span: entry.span,
            };
            self.chain.populations[id].links.push(link);
        }
    }

    /// Reads the shape of a link from `id` to `to`.
    fn tree(&mut self, id: PopulationId, to: PopulationId, node: &Node) -> Option<Tree> {
        let (shape, deep) = (node.get("shape"), node.get("deep"));
        let named = shape.or(deep)?;
        let Some(shape) = shape else {
            self.diagnostics.push(
                Diagnostic::new("no-tree", "only a tree has a depth")
                    .at(named.span, "how deep")
                    .help("write \"shape\": \"tree\" beside it"),
            );
            return None;
        };
        if shape.text() != Some("tree") {
            let text = shape.text().unwrap_or_default();
            let problem = Diagnostic::new("wrong-value", format!("there is no shape `{text}`"));
            self.diagnostics.push(problem.at(shape.span, "here").suggest(text, ["tree"]));
            return None;
        }
        if id != to {
            let [from, to] = [id, to].map(|id| &self.chain.populations[id].name);
            let message = format!("a tree is of rows of one population, and `{from}` refers to `{to}`");
            self.problem("no-tree", message, shape.span, "here");
            return None;
        }
        if node.get("share").is_none() {
            self.diagnostics.push(
                Diagnostic::new("no-root", "a tree has a root, and here every row has a parent")
                    .at(shape.span, "a row without a parent is needed")
                    .help("say how many have one: \"share\": \"80%\""),
            );
        }
        let deep = deep.and_then(|deep| u32::try_from(deep.integer()?).ok());
        Some(Tree { deep, span: shape.span })
    }

    /// Finds a population that this layer may use.
    pub(super) fn known_population(&mut self, name: &str, layer: usize, span: Span) -> Option<PopulationId> {
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
                    tree: None,
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
            let makes = |link: &Link| link.when.is_none() && asked(&link.back);
            if let Some(link) = population.links.iter().position(makes) {
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
}

/// Returns the entries of an object inside an object; none where it is absent.
pub(super) fn entries<'a>(node: &'a Node, name: &str) -> &'a [source::Entry] {
    node.get(name).map(Node::entries).unwrap_or_default()
}

/// Returns the items of a list inside an object; none where it is absent.
pub(super) fn list<'a>(node: &'a Node, name: &str) -> &'a [Node] {
    node.get(name).map(Node::items).unwrap_or_default()
}
