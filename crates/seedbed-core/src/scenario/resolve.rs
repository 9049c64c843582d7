//! Resolving: generators, groups, ensures, answers, states and claims, once all names are declared.

use super::generator::share;
use super::path::Scope;
use super::read::{Reader, entries, list};
use super::{
    Alternative, Answer, Bound, Case, CaseRows, ClaimRule, End, Ensure, Generator, Group, GroupBy, Has, Partition,
    Path, PopulationId, Share, Size, StateRule, Subject, check,
};
use crate::diagnostic::Diagnostic;
use crate::grammar::percent;
use crate::source::{self, Node};
use crate::value::Value;

impl Reader<'_> {
    /// Resolves everything that uses names; they are all declared.
    pub(super) fn resolve(&mut self, nodes: &[Node]) {
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
        for entry in entries(node, "links") {
            let Some(allowed) = entry.node.get("where") else { continue };
            for index in 0..self.chain.populations[population].links.len() {
                let link = &self.chain.populations[population].links[index];
                if link.span != entry.span {
                    continue;
                }
                // The keys are about the row referred to; `same_as` compares with the row itself.
                let scope = Scope { population: link.to, own: Some(population), ..scope };
                let allowed = self.condition(scope, allowed);
                self.chain.populations[population].links[index].allowed = Some(allowed);
            }
        }
        for column in entries(node, "columns") {
            self.case(scope, &column.name, CaseRows::All, &column.node);
        }
        for entry in entries(node, "links").iter().filter(|entry| entry.node.get("to_one_of").is_some()) {
            self.type_column(population, entry, entries(node, "columns"));
        }
        for persona in entries(node, "personas") {
            for column in entries(&persona.node, "set") {
                self.case(scope, &column.name, CaseRows::Row(persona.name.clone()), &column.node);
            }
        }
    }

    /// Gives the type column of a link to one of several its values, where the file does not.
    fn type_column(&mut self, population: PopulationId, entry: &source::Entry, columns: &[source::Entry]) {
        let whens: Vec<_> = self.chain.populations[population].choice(&entry.name).map(|(_, w)| w.clone()).collect();
        let Some(column) = whens.first().map(|when| when.column) else { return };
        let name = self.chain.populations[population].columns[column].name.clone();
        let given = entry.node.get("share");
        if let Some(own) = columns.iter().find(|column| column.name == name) {
            if let Some(given) = given {
                self.diagnostics.push(
                    Diagnostic::new("two-shares", format!("`{name}` says how many refer to something"))
                        .at(given.span, "and so does this")
                        .also(own.span, "its values are made here")
                        .help("take one of the two out"),
                );
            }
            return;
        }
        let share = given.and_then(share);
        let count = whens.len() as u32;
        let part = |index: u32| match share {
            None | Some(Share::Rest) => Share::Rest,
            Some(Share::Count(all)) => Share::Count(all / count + u32::from(index < all % count)),
            Some(Share::Percent(all)) => Share::Percent(all / count + u32::from(index < all % count)),
        };
        let span = given.map_or(entry.span, |given| given.span);
        let mut lines: Vec<Alternative> = (0..)
            .zip(whens)
            .map(|(index, when)| Alternative {
                share: part(index),
                generator: Generator::Constant(when.value),
                span: when.span,
            })
            .collect();
        if share.is_some() {
            lines.push(Alternative { share: Share::Rest, generator: Generator::Constant(Value::Null), span });
        }
        let case = Case { rows: CaseRows::All, generator: Generator::Alternatives(lines), span };
        insert_case(&mut self.chain.populations[population].columns[column].cases, case);
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
        let witness = node.get("as").and_then(|node| self.witness(node));
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

    fn witness(&mut self, node: &Node) -> Option<String> {
        let name = node.text()?;
        if let Some(other) = self.chain.ensures.iter().find(|other| other.witness.as_deref() == Some(name)) {
            self.diagnostics.push(
                Diagnostic::new("duplicate-witness", format!("there are two witnesses `{name}`"))
                    .at(node.span, "named here again")
                    .also(other.span, "the first shows this")
                    .help("give one of them another name"),
            );
            return None;
        }
        Some(name.to_owned())
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
        let group_by = node.get("group_by").and_then(|node| self.group_by(scope, node));
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

    fn group_by(&mut self, scope: Scope, node: &Node) -> Option<GroupBy> {
        let name = node.text()?.to_owned();
        let path = self.path(scope, &name, node.span)?;
        if path.end == End::Row || path.many {
            let message = "rows are grouped by one value each, and this path ends otherwise";
            self.problem("wrong-group", message, node.span, "name a column, or a condition, or a path to one");
            return None;
        }
        Some(GroupBy { name, path })
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
            let node = entry.node.get("matches").unwrap_or(&entry.node);
            let (pattern, span) = (node.text().unwrap_or_default().to_owned(), node.span);
            if pattern.chars().all(|letter| letter == '*') {
                self.diagnostics.push(
                    Diagnostic::new("matches-everything", "rows of real people would be taken for those of tests")
                        .at(span, "this tells nobody's rows apart")
                        .help("name what only tests write: \"e2e-*@seed.test\""),
                );
            }
            self.chain.claims.push(ClaimRule { layer, population, column: entry.name.clone(), pattern, span });
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
