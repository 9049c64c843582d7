//! What facts look at: which columns they read, and which relations they follow how far.
//!
//! A column that no fact reads may have other values in every block. A relation may lead into any
//! block unless a fact compares the rows it leads to: then all edges of a row lead into one block, or,
//! where that is not enough, the relation stays in its own.

use std::collections::{BTreeMap, BTreeSet};

use crate::scenario::{
    Chain, Comparison, End, Generator, Operand, Path, PopulationId, Rows, Step, Subject, Term, Test, Where,
};

/// Into which blocks a relation leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mode {
    /// Each edge into one of its own.
    Edges,
    /// All edges of a row into one.
    Rows,
    /// Its own block only.
    Stays,
}

/// What facts look at.
pub(super) struct Watched<'a> {
    chain: &'a Chain,
    columns: BTreeSet<(PopulationId, usize)>,
    modes: BTreeMap<PopulationId, Mode>,
    /// Relations that one fact compares with each other: they lead into the same blocks.
    together: Vec<Vec<PopulationId>>,
    /// For each relation, a path of a fact that counts the edges that lead to a row.
    counted: BTreeMap<PopulationId, &'a Path>,
}

/// A crossing from one block to another: the relation, the steps before it, and whether it may start from many rows.
struct Crossing {
    relation: PopulationId,
    before: Vec<Step>,
    forward: bool,
    from_many: bool,
}

impl<'a> Watched<'a> {
    pub(super) fn of(chain: &'a Chain) -> Self {
        let relations = (0..chain.populations.len()).filter(|id| is_relation(chain, *id));
        let modes = relations.map(|id| (id, Mode::Edges)).collect();
        let mut watched =
            Self { chain, columns: BTreeSet::new(), modes, together: Vec::new(), counted: BTreeMap::new() };
        watched.read();
        watched.settle();
        watched
    }

    /// Whether a fact reads a column.
    pub(super) fn reads(&self, population: PopulationId, column: usize) -> bool {
        self.columns.contains(&(population, column))
    }

    pub(super) fn mode(&self, relation: PopulationId) -> Mode {
        self.modes.get(&relation).copied().unwrap_or(Mode::Stays)
    }

    /// Keeps a relation in its own block, and those that a fact compares with it.
    pub(super) fn keep(&mut self, relation: PopulationId) {
        self.raise(relation, Mode::Stays);
        self.settle();
    }

    /// Returns a path of a fact that counts the edges of a relation that lead to a row.
    pub(super) fn counted(&self, relation: PopulationId) -> Option<&'a Path> {
        self.counted.get(&relation).copied()
    }

    fn read(&mut self) {
        let chain = self.chain;
        for condition in &chain.conditions {
            self.conditions(&condition.meaning, &[]);
        }
        for measure in &chain.measures {
            self.look(&measure.latitude);
            self.look(&measure.longitude);
        }
        for group in chain.partitions.iter().flat_map(|partition| &partition.groups) {
            if let Some(condition) = &group.condition {
                self.conditions(condition, &[]);
            }
        }
        for population in &chain.populations {
            for allowed in population.links.iter().filter_map(|link| link.allowed.as_ref()) {
                self.conditions(allowed, &[]);
            }
            for case in population.columns.iter().flat_map(|column| &column.cases) {
                self.generator(&case.generator);
            }
        }
        for ensure in &chain.ensures {
            let start: Vec<&Path> = match &ensure.subject {
                Subject::Population(_) => Vec::new(),
                Subject::ForEach(_, _, path) => vec![path],
            };
            for path in &start {
                self.look(path);
                self.counts(path, &[]);
            }
            if let Some((path, _)) = &ensure.per {
                self.look(path);
            }
            if let Some(path) = &ensure.distinct {
                self.look(path);
                self.distinguishes(path, &start);
            }
            self.conditions(&ensure.condition, &start);
        }
    }

    fn generator(&mut self, generator: &'a Generator) {
        match generator {
            Generator::Pick { entries: Some(entries), .. } => self.conditions(entries, &[]),
            Generator::SumOf(path) => {
                self.look(path);
                self.counts(path, &[]);
            }
            Generator::Time { base: Some(path), .. } => {
                // The distance is declared, so both ends are of one block.
                let crossed: Vec<PopulationId> =
                    self.crossings(path).iter().map(|crossing| crossing.relation).collect();
                for relation in crossed {
                    self.raise(relation, Mode::Stays);
                }
            }
            Generator::ProductOf(paths) => paths.iter().for_each(|path| self.look(path)),
            Generator::Alternatives(lines) => lines.iter().for_each(|line| self.generator(&line.generator)),
            _ => {}
        }
    }

    /// `start` are the paths that lead to the tested row.
    fn conditions(&mut self, conditions: &'a Where, start: &[&'a Path]) {
        for term in &conditions.0 {
            match term {
                Term::Any(any) => any.iter().for_each(|conditions| self.conditions(conditions, start)),
                Term::Test(path, test) => {
                    self.look(path);
                    self.test(path, test, start);
                }
            }
        }
    }

    fn test(&mut self, path: &'a Path, test: &'a Test, start: &[&'a Path]) {
        match test {
            Test::Not(test) => self.test(path, test, start),
            Test::All(tests) => tests.iter().for_each(|test| self.test(path, test, start)),
            Test::Some(inner) | Test::Every(inner) | Test::None(inner) => {
                let start: Vec<&Path> = start.iter().copied().chain([path]).collect();
                self.conditions(inner, &start);
            }
            Test::Within(other) | Test::SameAs(other) => {
                self.look(other);
                self.compares(path, other, start);
            }
            Test::Compare(comparison, Operand::Path(other)) => {
                self.look(other);
                if matches!(comparison, Comparison::AtLeast | Comparison::AtMost) {
                    self.compares(path, other, start);
                }
            }
            Test::SumOf(other) => {
                self.look(other);
                self.counts(other, start);
            }
            Test::Count(..) | Test::Sum(..) => self.counts(path, start),
            Test::Distinct(..) => self.distinguishes(path, start),
            _ => {}
        }
    }

    fn look(&mut self, path: &'a Path) {
        if let End::Column(column) = path.end {
            self.columns.insert((path.to, column));
        }
        for step in &path.steps {
            if let Step::Back(relation, 1) = step
                && is_relation(self.chain, *relation)
            {
                self.counted.entry(*relation).or_insert(path);
            }
        }
    }

    /// A fact asks whether two paths lead to the same.
    fn compares(&mut self, path: &'a Path, other: &'a Path, start: &[&'a Path]) {
        if !self.varies(path) && !self.varies(other) {
            return;
        }
        let ends = |path: &Path| match path.steps[..] {
            [Step::Link(link)] if is_relation(self.chain, path.from) => Some((path.from, link)),
            _ => None,
        };
        if let (Some((a, from)), Some((b, to))) = (ends(path), ends(other))
            && (a, path.end, other.end) == (b, End::Row, End::Row)
            && from != to
        {
            // Never a row with itself, in any block.
            return;
        }
        let (mut first, second) = (self.crossings(path), self.crossings(other));
        let before: Vec<Crossing> = start.iter().flat_map(|path| self.crossings(path)).collect();
        let all = first.iter().chain(&second).chain(&before).map(|crossing| crossing.relation).collect::<Vec<_>>();
        let alike = before.is_empty()
            && first.len() == second.len()
            && first.iter().zip(&second).all(|(a, b)| a.before == b.before && a.forward && b.forward)
            && first.len() < 2;
        first.extend(second);
        self.join(all, if alike { Mode::Rows } else { Mode::Stays });
    }

    /// A fact counts the different rows a path leads to.
    fn counts(&mut self, path: &'a Path, start: &[&'a Path]) {
        let crossings = self.crossings(path);
        let Some(crossing) = crossings.first() else { return };
        // After the crossing, several ways may lead to one row.
        let beyond = crossing.before.len() + 2 - usize::from(starts_at(path, crossing));
        let meets = path.steps.iter().skip(beyond).any(|step| matches!(step, Step::Link(_)));
        if meets || crossings.len() > 1 || !crossing.forward && crossing.from_many {
            self.distinguishes_rows(path, start);
        }
    }

    /// A fact counts different values, or rows.
    fn distinguishes(&mut self, path: &'a Path, start: &[&'a Path]) {
        if self.varies(path) {
            self.distinguishes_rows(path, start);
        }
    }

    fn distinguishes_rows(&mut self, path: &'a Path, start: &[&'a Path]) {
        let crossings: Vec<Crossing> =
            start.iter().copied().chain([path]).flat_map(|path| self.crossings(path)).collect();
        let rows = crossings.len() < 2 && crossings.iter().all(|crossing| !crossing.forward || !crossing.from_many);
        let all = crossings.iter().map(|crossing| crossing.relation).collect();
        self.join(all, if rows { Mode::Rows } else { Mode::Stays });
    }

    fn join(&mut self, relations: Vec<PopulationId>, mode: Mode) {
        for relation in &relations {
            self.raise(*relation, mode);
        }
        self.together.push(relations);
    }

    fn raise(&mut self, relation: PopulationId, mode: Mode) {
        let own = self.modes.entry(relation).or_insert(mode);
        *own = mode.max(*own);
    }

    /// Relations that are compared with each other share the narrowest mode.
    fn settle(&mut self) {
        loop {
            let before = self.modes.clone();
            for relations in &self.together {
                let mode = relations.iter().map(|relation| self.mode(*relation)).max();
                for relation in relations {
                    self.modes.insert(*relation, mode.expect("there is one"));
                }
            }
            if self.modes == before {
                return;
            }
        }
    }

    /// Whether what a path ends in differs from block to block.
    fn varies(&self, path: &Path) -> bool {
        match path.end {
            End::Row => true,
            End::Column(column) => self.column_varies(path.to, column, 0),
            End::Condition(_) | End::Measure(_) | End::Field(_) => false,
        }
    }

    fn column_varies(&self, population: PopulationId, column: usize, depth: usize) -> bool {
        let cases = &self.chain.populations[population].columns[column].cases;
        depth > 8 || cases.iter().any(|case| self.made_varies(&case.generator, depth))
    }

    fn made_varies(&self, generator: &Generator, depth: usize) -> bool {
        match generator {
            Generator::Time { .. } | Generator::Template(_) => true,
            Generator::Copy(path) => match path.end {
                End::Column(column) => self.column_varies(path.to, column, depth + 1),
                _ => false,
            },
            Generator::Alternatives(lines) => lines.iter().any(|line| self.made_varies(&line.generator, depth)),
            _ => false,
        }
    }

    fn crossings(&self, path: &Path) -> Vec<Crossing> {
        let (mut at, mut from_many, mut crossings) = (path.from, false, Vec::new());
        for (place, step) in path.steps.iter().enumerate() {
            match step {
                Step::Link(link) => {
                    if is_relation(self.chain, at) && *link != 0 {
                        // The row that the edge leaves from, and whether there may be many of them.
                        let entered = matches!(path.steps[..place].last(), Some(Step::Back(_, 0)));
                        let before = if entered {
                            path.steps[..place - 1].to_vec()
                        } else {
                            [&path.steps[..place], &[Step::Link(0)]].concat()
                        };
                        let many = before.iter().any(|step| matches!(step, Step::Back(..)));
                        crossings.push(Crossing { relation: at, before, forward: true, from_many: many });
                    }
                    at = self.chain.populations[at].links[*link].to;
                }
                Step::Back(child, link) => {
                    if is_relation(self.chain, *child) && *link != 0 {
                        let before = path.steps[..place].to_vec();
                        crossings.push(Crossing { relation: *child, before, forward: false, from_many });
                    }
                    from_many = true;
                    at = *child;
                }
            }
        }
        crossings
    }
}

/// Whether a path starts in the relation that it crosses.
fn starts_at(path: &Path, crossing: &Crossing) -> bool {
    path.from == crossing.relation && matches!(path.steps.first(), Some(Step::Link(1)))
}

/// Whether a population is pairs of rows, none of whose ends an upper layer changes.
pub(super) fn is_relation(chain: &Chain, population: PopulationId) -> bool {
    let population = &chain.populations[population];
    matches!(population.rows, Rows::Pairs { .. }) && population.links.iter().all(|link| link.overlays.is_none())
}
