//! Tests: what a `where` demands at the end of a path.

use super::path::Scope;
use super::read::Reader;
use super::{Comparison, End, Operand, Path, Rows, Term, Test, Where};
use crate::diagnostic::Diagnostic;
use crate::source::{Kind, Node};
use crate::time;
use crate::value::{Decimal, Value};

impl Reader<'_> {
    /// Reads a `where`; what does not fit is reported and left out.
    pub(super) fn condition(&mut self, scope: Scope, node: &Node) -> Where {
        let mut terms = Vec::new();
        for entry in node.entries() {
            if entry.name == "any" {
                terms.push(Term::Any(entry.node.items().iter().map(|node| self.condition(scope, node)).collect()));
            } else if let Some(path) = self.path(scope, &entry.name, entry.span)
                && let Some(test) = self.test(scope, &path, &entry.node)
            {
                terms.push(Term::Test(path, test));
            }
        }
        Where(terms)
    }

    fn test(&mut self, scope: Scope, path: &Path, node: &Node) -> Option<Test> {
        match &node.kind {
            Kind::Scalar(value) => self.single(path, node).then(|| self.is(path, value, node)).flatten(),
            Kind::List(items) => {
                let (lo, hi) = (limit(&items[0]), limit(&items[1]));
                self.range_stands(&items[0], &items[1], node);
                self.single(path, node).then_some(Test::Between(lo, hi))
            }
            Kind::Object(entries) => {
                let mut tests: Vec<Test> =
                    entries.iter().filter_map(|entry| self.line(scope, path, &entry.name, &entry.node)).collect();
                if tests.len() == 1 { tests.pop() } else { Some(Test::All(tests)) }
            }
        }
    }

    fn line(&mut self, scope: Scope, path: &Path, name: &str, node: &Node) -> Option<Test> {
        let rows = matches!(name, "some" | "all" | "none" | "count");
        if rows || matches!(name, "distinct" | "sum") {
            return self.many_line(scope, path, name, node);
        }
        if !self.single(path, node) {
            return None;
        }
        let row_scope = scope.compared();
        match name {
            "not" => Some(Test::Not(Box::new(self.test(scope, path, node)?))),
            "in" => self.set(row_scope, path, node),
            "not_in" => Some(Test::Not(Box::new(self.set(row_scope, path, node)?))),
            "min" => Some(Test::Compare(Comparison::AtLeast, Operand::Value(node.scalar()?.clone()))),
            "max" => Some(Test::Compare(Comparison::AtMost, Operand::Value(node.scalar()?.clone()))),
            "before" => self.compare(row_scope, Comparison::Below, node),
            "until" => self.compare(row_scope, Comparison::AtMost, node),
            "since" => self.compare(row_scope, Comparison::AtLeast, node),
            "after" => self.compare(row_scope, Comparison::Above, node),
            "contains" => Some(Test::Contains(node.text()?.to_lowercase())),
            "matches" => Some(Test::Matches(node.text()?.to_owned())),
            "sum_of" => {
                let sum = self.path(row_scope, node.text()?, node.span)?;
                self.sum_path(&sum)?;
                Some(Test::SumOf(sum))
            }
            _ => Some(Test::SameAs(self.path(row_scope, node.text()?, node.span)?)),
        }
    }

    fn many_line(&mut self, scope: Scope, path: &Path, name: &str, node: &Node) -> Option<Test> {
        let of_rows = matches!(name, "some" | "all" | "none" | "count");
        if of_rows != (path.end == End::Row) {
            let wanted = if of_rows { "rows" } else { "values" };
            self.diagnostics.push(
                Diagnostic::new("wrong-test", format!("`{name}` is asked of {wanted}, and this path ends otherwise"))
                    .at(path.span, format!("this does not end in {wanted}")),
            );
            return None;
        }
        let inner = Scope { population: path.to, own: None, ..scope };
        Some(match name {
            "some" => Test::Some(self.condition(inner, node)),
            "all" => Test::Every(self.condition(inner, node)),
            "none" => Test::None(self.condition(inner, node)),
            "sum" => {
                let (lo, hi) = ends(node);
                Test::Sum(lo, hi)
            }
            _ => {
                let (lo, hi) = ends(node);
                let whole = |end: Option<Decimal>, open| end.and_then(Decimal::to_integer).unwrap_or(open);
                let (lo, hi) = (whole(lo, 0), whole(hi, i64::MAX));
                if lo > hi {
                    self.diagnostics.push(
                        Diagnostic::new("wrong-range", format!("this range is upside down: {lo} is above {hi}"))
                            .at(node.span, "write the smaller end first"),
                    );
                }
                if name == "count" { Test::Count(lo, hi) } else { Test::Distinct(lo, hi) }
            }
        })
    }

    /// Reports a test of one value on a path that leads to many.
    fn single(&mut self, path: &Path, node: &Node) -> bool {
        if path.many {
            self.diagnostics.push(
                Diagnostic::new("many-rows", "this path leads to many rows, and the test is about one")
                    .at(path.span, "leads to many")
                    .also(node.span, "asked of one")
                    .help("ask `some`, `all`, `none` or `count` of the rows, `distinct` or `sum` of their values"),
            );
        }
        !path.many
    }

    fn is(&mut self, path: &Path, value: &Value, node: &Node) -> Option<Test> {
        match (path.end, value) {
            (End::Row, Value::Text(name)) => Some(Test::IsRow(self.row(path.to, name, node)?)),
            (End::Row, Value::Null) => Some(Test::Is(Value::Null)),
            (End::Row, _) => {
                self.diagnostics.push(
                    Diagnostic::new(
                        "wrong-type",
                        format!("this path ends in a row of `{}`", self.chain.populations[path.to].name),
                    )
                    .at(node.span, "a row is named by a text"),
                );
                None
            }
            (End::Condition(_), value) if !matches!(value, Value::Bool(_)) => {
                self.diagnostics
                    .push(Diagnostic::new("wrong-type", "a condition is true or false").at(node.span, "here"));
                None
            }
            _ => Some(Test::Is(value.clone())),
        }
    }

    fn set(&mut self, scope: Scope, path: &Path, node: &Node) -> Option<Test> {
        if let Kind::List(items) = &node.kind {
            if path.end == End::Row {
                let rows = items.iter().filter_map(|item| self.row(path.to, item.text().unwrap_or_default(), item));
                return Some(Test::OneOfRows(rows.collect()));
            }
            return Some(Test::OneOf(items.iter().filter_map(|item| item.scalar().cloned()).collect()));
        }
        let name = node.text()?;
        if let Some(population) = self.chain.population(name) {
            if let Some(value) = self.kind_of(path, population) {
                return Some(Test::Is(value));
            }
            return Some(Test::Population(population));
        }
        let within = self.path(scope, name, node.span)?;
        if within.end != End::Row || path.end != End::Row {
            self.diagnostics.push(
                Diagnostic::new("wrong-test", "a path of a set and what is looked for in it both end in rows")
                    .at(node.span, "this set"),
            );
            return None;
        }
        Some(Test::Within(within))
    }

    /// Returns the value that a type column has for rows that refer to this population.
    fn kind_of(&self, path: &Path, population: usize) -> Option<Value> {
        let links = &self.chain.populations[path.to].links;
        let whens = links.iter().filter(|link| link.to == population).filter_map(|link| link.when.as_ref());
        whens.filter(|when| path.end == End::Column(when.column)).map(|when| when.value.clone()).next()
    }

    fn compare(&mut self, scope: Scope, comparison: Comparison, node: &Node) -> Option<Test> {
        let text = node.text()?;
        let operand = match time::moment(text) {
            Some(seconds) => Operand::Value(Value::Time(seconds)),
            None => Operand::Path(self.path(scope, text, node.span)?),
        };
        Some(Test::Compare(comparison, operand))
    }

    /// Finds a row by name; in a population of one row per other row, by the other row's name.
    pub(super) fn row(&mut self, population: usize, name: &str, node: &Node) -> Option<usize> {
        let mut owner = population;
        while let Rows::OnePer(link) = self.chain.populations[owner].rows {
            owner = self.chain.populations[owner].links[link].to;
        }
        let subject = &self.chain.populations[owner];
        let found = subject.row(name);
        if found.is_none() {
            let layer = self.chain.layers[subject.layer].source;
            let help = subject.row_names().unwrap_or_default();
            let problem = Diagnostic::new("unknown-row", format!("no row `{name}` in population `{}`", subject.name))
                .at(node.span, format!("not a row of `{}`, declared in {}", subject.name, self.file_name(layer)))
                .suggest(name, help.iter().map(|row| row.name.as_str()));
            self.diagnostics.push(problem);
        }
        found
    }

    fn range_stands(&mut self, lo: &Node, hi: &Node, node: &Node) {
        let upside_down = match (limit(lo), limit(hi)) {
            (Value::Time(lo), Value::Time(hi)) => lo > hi,
            (lo, hi) => matches!((lo.number(), hi.number()), (Some(lo), Some(hi)) if lo > hi),
        };
        if upside_down {
            self.diagnostics.push(
                Diagnostic::new("wrong-range", "this range is upside down")
                    .at(node.span, "write the smaller end first"),
            );
        }
    }
}

/// A value, or a time where the text is one.
fn limit(node: &Node) -> Value {
    match node.scalar() {
        Some(Value::Text(text)) => time::moment(text).map_or_else(|| Value::Text(text.clone()), Value::Time),
        Some(value) => value.clone(),
        None => Value::Null,
    }
}

/// Both ends of a number, a range of two, or an object with `min` and `max`.
fn ends(node: &Node) -> (Option<Decimal>, Option<Decimal>) {
    let number = |node: &Node| node.scalar().and_then(Value::number);
    match &node.kind {
        Kind::Scalar(value) => (value.number(), value.number()),
        Kind::List(items) => (number(&items[0]), number(&items[1])),
        Kind::Object(_) => (node.get("min").and_then(number), node.get("max").and_then(number)),
    }
}
