//! Paths: from `user.following.followed.flyers` to links, ways back, columns, conditions, measures.

use super::names::own_names;
use super::read::Reader;
use super::{End, Path, PopulationId, Rows, Step};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// Where a path is read: the population it starts in, the layer that reads it, and the list whose
/// entries are being picked, if any.
#[derive(Clone, Copy)]
pub(super) struct Scope {
    pub(super) population: PopulationId,
    pub(super) layer: usize,
    pub(super) list: Option<usize>,
    /// The population of the row that tests compare with, where it is not the tested row.
    pub(super) own: Option<PopulationId>,
}

impl Scope {
    /// Returns the scope of paths that a test compares with.
    pub(super) fn compared(self) -> Self {
        Self { population: self.own.unwrap_or(self.population), list: None, ..self }
    }
}

impl Reader<'_> {
    /// Reads a path; reports the first name in it that leads nowhere.
    pub(super) fn path(&mut self, scope: Scope, text: &str, span: Span) -> Option<Path> {
        let from = scope.population;
        let mut path = Path { from, steps: Vec::new(), end: End::Row, to: from, many: false, span };
        if text == "self" {
            return Some(path);
        }
        if let Some(field) = scope.list.and_then(|list| self.chain.lists[list].fields.iter().position(|f| f == text)) {
            path.end = End::Field(field);
            return Some(path);
        }
        let mut start = 0;
        let mut rest = text;
        while start <= text.len() {
            let name = self.segment(&path, rest);
            rest = rest.get(name.len() + 1..).unwrap_or_default();
            let span = self.part(text, span, start..start + name.len());
            start += name.len() + 1;
            if path.end != End::Row {
                self.diagnostics.push(
                    Diagnostic::new("path-ends", format!("the path goes on with `{name}` after a value"))
                        .at(span, "a value has nothing inside"),
                );
                return None;
            }
            if !self.step(&mut path, name, scope.layer) {
                self.report_unknown(&path, name, span, scope.list);
                return None;
            }
        }
        Some(path)
    }

    /// Returns the next name of a path: up to a dot, or to the second one for a link that a type column chooses.
    fn segment<'t>(&self, path: &Path, rest: &'t str) -> &'t str {
        let mut dots = rest.match_indices('.').map(|(at, _)| at).chain([rest.len()]);
        let first = dots.next().unwrap_or(rest.len());
        let second = dots.next().unwrap_or(first);
        let links = &self.chain.populations[path.to].links;
        let chosen = links.iter().any(|link| link.when.is_some() && link.name == rest[..second]);
        &rest[..if chosen { second } else { first }]
    }

    fn step(&self, path: &mut Path, name: &str, layer: usize) -> bool {
        let chain = &self.chain;
        let population = &chain.populations[path.to];
        if let Some(link) = population.newest_link(name, layer) {
            path.steps.push(Step::Link(link));
            path.to = population.links[link].to;
        } else if let Some((_, child, link)) =
            chain.backs(path.to, layer).into_iter().find(|(back, _, _)| *back == name)
        {
            path.steps.push(Step::Back(child, link));
            path.to = child;
            path.many |= !matches!(chain.populations[child].rows, Rows::OnePer(l) if l == link);
        } else if let Some((_, when)) = population.choice(name).next() {
            // Which of them it is, its type column says.
            path.end = End::Column(when.column);
        } else if let Some(column) = population.columns.iter().position(|column| column.name == name && !column.handle)
        {
            path.end = End::Column(column);
        } else if let Some(condition) = chain.conditions.iter().position(|c| c.population == path.to && c.name == name)
        {
            path.end = End::Condition(condition);
        } else if let Some(measure) = chain.measures.iter().position(|m| m.population == path.to && m.name == name) {
            path.end = End::Measure(measure);
        } else {
            return false;
        }
        true
    }

    fn report_unknown(&mut self, path: &Path, name: &str, span: Span, list: Option<usize>) {
        let population = &self.chain.populations[path.to].name;
        let mut known = own_names(&self.chain, path.to);
        if path.steps.is_empty() {
            known.extend(list.into_iter().flat_map(|list| self.chain.lists[list].fields.iter().cloned()));
        }
        self.diagnostics.push(
            Diagnostic::new(
                "unknown-name",
                format!("`{population}` has no column, link, way back, condition or measure `{name}`"),
            )
            .at(span, "named here")
            .suggest(name, known.iter().map(String::as_str)),
        );
    }
}
