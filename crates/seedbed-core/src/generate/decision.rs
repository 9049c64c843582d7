//! Decisions: what is chosen, in which order, among which options.

use std::collections::{BTreeMap, BTreeSet};

use super::evaluate::{Evaluator, Known, RowRef};
use crate::scenario::{
    Answer, CaseRows, Chain, End, Ensure, Generator, Operand, Path, PopulationId, Rows, Segment, Step, Subject,
    Template, Term, Test, Where,
};
use crate::value::Value;

/// Something that is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Decision {
    /// Which group of a partition each row is in.
    Partition(usize),
    /// The values of a column.
    Column(PopulationId, usize),
    /// Which rows a population has, where other rows say how many.
    Rows(PopulationId),
    /// Which row each row refers to.
    Link(PopulationId, usize),
}

impl Decision {
    /// Returns the layer that makes this decision.
    pub(super) fn layer(self, chain: &Chain) -> usize {
        match self {
            Self::Partition(index) => chain.partitions[index].layer,
            Self::Link(population, link) => chain.populations[population].links[link].layer,
            Self::Column(population, _) | Self::Rows(population) => chain.populations[population].layer,
        }
    }

    /// Returns its name for messages: `favorites`, `flyers.creator`, `users by engagement`.
    pub(super) fn name(self, chain: &Chain) -> String {
        match self {
            Self::Partition(index) => {
                let partition = &chain.partitions[index];
                format!("{} by {}", chain.populations[partition.population].name, partition.name)
            }
            Self::Rows(population) => chain.populations[population].name.clone(),
            Self::Link(population, link) => {
                let population = &chain.populations[population];
                format!("{}.{}", population.name, population.links[link].name)
            }
            Self::Column(population, column) => {
                let population = &chain.populations[population];
                format!("{}.{}", population.name, population.columns[column].name)
            }
        }
    }
}

/// What each row of an open decision can be given.
#[derive(Debug)]
pub(super) struct Options<'a> {
    /// The options; rows of a population and groups need no more than their index.
    pub(super) kinds: Vec<OptionKind<'a>>,
    /// Whether a row chooses at all; empty when all do.
    pub(super) choosers: Vec<bool>,
    /// For a column that is drawn again, the candidates of each row.
    pub(super) draws: Vec<Vec<Value>>,
}

/// An option of a decision.
#[derive(Clone, Copy, Debug)]
pub(super) enum OptionKind<'a> {
    /// A row, a group or a number: its index says it.
    Index,
    /// A line of a mix or a value of a quota.
    Line(&'a Generator),
    /// A candidate of the row itself.
    Draw,
    /// An entry of a list, and its index there.
    Entry(&'a [Value], usize),
}

impl Options<'_> {
    /// Returns the entry an option stands for.
    pub(super) fn entry(&self, option: usize) -> Option<&[Value]> {
        if let OptionKind::Entry(entry, _) = self.kinds.get(option)? { Some(entry) } else { None }
    }

    /// Returns what a row's value can be with an option.
    pub(super) fn domain(&self, evaluator: &Evaluator<'_, '_>, at: RowRef, option: usize) -> Known {
        match self.kinds[option] {
            OptionKind::Line(generator) => evaluator.domain(at, generator, 0),
            OptionKind::Entry(entry, _) => Known::Value(entry[0].clone()),
            OptionKind::Draw => {
                self.draws[at.row].get(option).map_or(Known::Nothing, |value| Known::Value(value.clone()))
            }
            OptionKind::Index => Known::Nothing,
        }
    }

    /// Whether a row chooses.
    pub(super) fn chooses(&self, row: usize) -> bool {
        self.choosers.get(row).copied().unwrap_or(true)
    }
}

/// The decisions of a chain in the order they are made, and what each ensure depends on.
pub(super) struct Agenda {
    pub(super) decisions: Vec<Decision>,
    /// Whether a decision can be made in more than one way.
    pub(super) open: Vec<bool>,
    /// The positions of the decisions that an ensure depends on, directly or not, in order.
    pub(super) mentions: Vec<Vec<usize>>,
    /// The ensures of its own layer that depend on a decision.
    pub(super) asked: Vec<Vec<usize>>,
    needs: BTreeMap<Decision, BTreeSet<Decision>>,
}

impl Agenda {
    /// Returns the decisions that come before one, directly or not.
    pub(super) fn before(&self, decision: Decision) -> BTreeSet<Decision> {
        closure(&self.needs, self.needs.get(&decision).into_iter().flatten().copied())
    }

    /// Whether nothing that an ensure depends on is open after this position.
    ///
    /// What only follows from other decisions can be seen through.
    pub(super) fn settles(&self, position: usize, ensure: usize) -> bool {
        self.mentions[ensure].iter().all(|mention| *mention <= position || !self.open[*mention])
    }

    /// Whether everything an ensure depends on is decided with this position, and not before.
    pub(super) fn completes(&self, position: usize, ensure: usize) -> bool {
        self.mentions[ensure].last() == Some(&position)
    }
}

fn closure(
    needs: &BTreeMap<Decision, BTreeSet<Decision>>,
    from: impl IntoIterator<Item = Decision>,
) -> BTreeSet<Decision> {
    let mut found = BTreeSet::new();
    let mut open: Vec<Decision> = from.into_iter().collect();
    while let Some(decision) = open.pop() {
        if found.insert(decision) {
            open.extend(needs.get(&decision).into_iter().flatten());
        }
    }
    found
}

/// Orders the decisions; `Err` names the columns that wait for each other.
pub(super) fn agenda(chain: &Chain) -> Result<Agenda, Vec<Decision>> {
    let all = all_decisions(chain);
    let needs: BTreeMap<Decision, BTreeSet<Decision>> =
        all.iter().map(|decision| (*decision, needs(chain, *decision))).collect();
    let mut decisions: Vec<Decision> = Vec::new();
    let mut made: BTreeSet<Decision> = BTreeSet::new();
    for layer in 0..chain.layers.len() {
        let mut waiting: Vec<Decision> = all.iter().copied().filter(|d| d.layer(chain) == layer).collect();
        waiting.sort_by_key(|decision| rank(chain, *decision));
        while !waiting.is_empty() {
            let ready = waiting.iter().position(|d| needs[d].iter().all(|need| made.contains(need)));
            let Some(ready) = ready else {
                // What only waits for the circle is no part of it.
                let idle = |waiting: &[Decision]| {
                    waiting.iter().position(|d| !waiting.iter().any(|other| needs[other].contains(d)))
                };
                while let Some(at) = idle(&waiting) {
                    waiting.remove(at);
                }
                return Err(waiting);
            };
            made.insert(waiting[ready]);
            decisions.push(waiting.remove(ready));
        }
    }
    let positions: BTreeMap<Decision, usize> =
        decisions.iter().enumerate().map(|(at, decision)| (*decision, at)).collect();
    let mut asked = vec![Vec::new(); decisions.len()];
    let mut mentions: Vec<Vec<usize>> = Vec::new();
    for (index, ensure) in chain.ensures.iter().enumerate() {
        let mut at: Vec<usize> = closure(&needs, mentioned(chain, ensure)).iter().map(|d| positions[d]).collect();
        at.sort_unstable();
        for position in at.iter().filter(|at| decisions[**at].layer(chain) == ensure.layer) {
            asked[*position].push(index);
        }
        mentions.push(at);
    }
    let open = decisions.iter().map(|decision| is_open(chain, *decision)).collect();
    Ok(Agenda { decisions, open, mentions, asked, needs })
}

/// Whether a decision can be made in more than one way.
fn is_open(chain: &Chain, decision: Decision) -> bool {
    let varies = |generator: &Generator| {
        is_choice(generator)
            || matches!(generator, Generator::Time { .. } | Generator::Integer(..) | Generator::Decimal(..))
    };
    match decision {
        Decision::Rows(id) => !matches!(chain.populations[id].rows, Rows::OnePer(_)),
        Decision::Column(id, column) => {
            chain.populations[id].columns[column].cases.iter().any(|case| varies(&case.generator))
        }
        Decision::Partition(_) | Decision::Link(..) => true,
    }
}

fn all_decisions(chain: &Chain) -> Vec<Decision> {
    let mut all: Vec<Decision> = (0..chain.partitions.len()).map(Decision::Partition).collect();
    for (id, population) in chain.populations.iter().enumerate() {
        if !matches!(population.rows, Rows::Named(_)) {
            all.push(Decision::Rows(id));
        }
        all.extend((0..population.columns.len()).map(|column| Decision::Column(id, column)));
        all.extend(
            (0..population.links.len()).filter(|l| !made_with_rows(chain, id, *l)).map(|l| Decision::Link(id, l)),
        );
    }
    all
}

/// Whether a link is decided with the rows of its population.
fn made_with_rows(chain: &Chain, population: PopulationId, link: usize) -> bool {
    let population = &chain.populations[population];
    population.links[link].overlays.is_none()
        && match population.rows {
            Rows::OnePer(l) | Rows::Children(l) => l == link,
            Rows::Pairs { .. } => true,
            Rows::Named(_) => false,
        }
}

/// Partitions first, then columns with a choice, each followed by the columns it fills, other
/// columns, rows, references, relations; inside a kind, in the order of the file.
fn rank(chain: &Chain, decision: Decision) -> (u8, Decision, Decision) {
    let (kind, leader) = match decision {
        Decision::Partition(_) => (0, decision),
        Decision::Rows(id) => match chain.populations[id].rows {
            Rows::OnePer(_) => (1, decision),
            Rows::Children(_) => (4, decision),
            _ => (6, decision),
        },
        Decision::Column(id, column) => {
            let cases = &chain.populations[id].columns[column].cases;
            let filler = cases.iter().find_map(|case| match case.generator {
                Generator::Filled(handle, _) => Some(Decision::Column(id, handle)),
                _ => None,
            });
            let choice = cases.iter().any(|case| is_choice(&case.generator));
            match filler {
                Some(handle) => (2, handle),
                None if choice => (2, decision),
                None => (3, decision),
            }
        }
        Decision::Link(..) => (5, decision),
    };
    (kind, leader, decision)
}

/// Whether a generator is solved for rather than drawn.
pub(super) fn is_choice(generator: &Generator) -> bool {
    matches!(generator, Generator::Alternatives(_) | Generator::Pick { .. })
}

/// Returns the decisions that come before one.
fn needs(chain: &Chain, decision: Decision) -> BTreeSet<Decision> {
    let mut found = Found::new(chain);
    match decision {
        Decision::Partition(index) => {
            let partition = &chain.partitions[index];
            found.rows(partition.population);
            for group in &partition.groups {
                if let Some(condition) = &group.condition {
                    found.condition(condition);
                }
            }
        }
        Decision::Column(population, column) => {
            found.rows(population);
            for case in &chain.populations[population].columns[column].cases {
                if let CaseRows::Group(partition, _) = case.rows {
                    found.decisions.insert(Decision::Partition(partition));
                }
                found.generator(population, &case.generator);
            }
        }
        Decision::Rows(id) => {
            let population = &chain.populations[id];
            for (index, link) in
                population.links.iter().enumerate().filter(|(index, _)| made_with_rows(chain, id, *index))
            {
                found.rows(link.to);
                found.partitions(link.to, id, index);
                if let Some(allowed) = &link.allowed {
                    found.condition(allowed);
                }
            }
            if matches!(population.rows, Rows::Pairs { .. }) {
                found.pair_times(id);
            }
        }
        Decision::Link(id, index) => {
            let link = &chain.populations[id].links[index];
            found.rows(id);
            found.rows(link.to);
            found.partitions(link.to, id, index);
            if let Some(allowed) = &link.allowed {
                found.condition(allowed);
            }
            if let Some(when) = &link.when {
                found.decisions.insert(Decision::Column(id, when.column));
            }
        }
    }
    found.decisions.remove(&decision);
    if let Decision::Column(population, column) = decision
        && chain.populations[population].columns[column]
            .cases
            .iter()
            .any(|case| reads_itself(chain, population, column, &case.generator))
    {
        found.decisions.insert(decision);
    }
    found.decisions
}

/// Whether a generator reads the column that it makes, of this row or of others.
fn reads_itself(chain: &Chain, population: PopulationId, column: usize, generator: &Generator) -> bool {
    let mut found = Found::new(chain);
    match generator {
        Generator::Alternatives(lines) => {
            return lines.iter().any(|line| reads_itself(chain, population, column, &line.generator));
        }
        // Entries are tried out, so a pick may ask about what it would put there.
        Generator::Pick { .. } => return false,
        generator => found.generator(population, generator),
    }
    found.decisions.contains(&Decision::Column(population, column))
}

/// Returns the decisions an ensure names.
fn mentioned(chain: &Chain, ensure: &Ensure) -> BTreeSet<Decision> {
    let mut found = Found::new(chain);
    found.ensure(ensure);
    found.decisions
}

/// Links that are walked: population and link.
type Walked = BTreeSet<(PopulationId, usize)>;

/// Returns the links that an ensure walks.
pub(super) fn walked_by_ensure(chain: &Chain, ensure: &Ensure) -> Walked {
    let mut found = Found::new(chain);
    found.ensure(ensure);
    found.walked
}

/// Returns the links that a list walks.
pub(super) fn walked_by_answer(chain: &Chain, answer: &Answer) -> Walked {
    let mut found = Found::new(chain);
    let order = answer.order.iter().map(|(_, path)| path);
    order.chain(answer.group_by.iter().map(|by| &by.path)).chain([&answer.list]).for_each(|path| found.path(path));
    found.condition(&answer.condition);
    found.walked
}

/// Returns the lowest layer above `layer` that changes one of these links.
pub(super) fn changed_above(chain: &Chain, walked: &Walked, layer: usize) -> Option<usize> {
    let changing = walked.iter().flat_map(|(population, link)| {
        let links = &chain.populations[*population].links;
        links.iter().filter(|other| other.name == links[*link].name && other.layer > layer).map(|other| other.layer)
    });
    changing.min()
}

struct Found<'a> {
    chain: &'a Chain,
    decisions: BTreeSet<Decision>,
    walked: Walked,
}

impl<'a> Found<'a> {
    fn new(chain: &'a Chain) -> Self {
        Self { chain, decisions: BTreeSet::new(), walked: BTreeSet::new() }
    }

    fn ensure(&mut self, ensure: &Ensure) {
        let target = match &ensure.subject {
            Subject::Population(id) => *id,
            Subject::ForEach(_, _, path) => {
                self.path(path);
                path.to
            }
        };
        self.rows(target);
        self.condition(&ensure.condition);
        for path in ensure.per.iter().map(|(path, _)| path).chain(&ensure.distinct) {
            self.path(path);
        }
    }

    fn rows(&mut self, population: PopulationId) {
        if !matches!(self.chain.populations[population].rows, Rows::Named(_)) {
            self.decisions.insert(Decision::Rows(population));
        }
    }

    fn link(&mut self, population: PopulationId, link: usize) {
        let made = made_with_rows(self.chain, population, link);
        self.decisions.insert(if made { Decision::Rows(population) } else { Decision::Link(population, link) });
    }

    /// The partitions that say how many rows point by a link.
    fn partitions(&mut self, target: PopulationId, child: PopulationId, link: usize) {
        for (index, partition) in self.chain.partitions.iter().enumerate() {
            let says = |group: &crate::scenario::Group| super::world::has(group, child, link).is_some();
            if partition.population == target && partition.groups.iter().any(says) {
                self.decisions.insert(Decision::Partition(index));
            }
        }
    }

    /// The times that the columns of a pair come after: they limit which pairs can be.
    fn pair_times(&mut self, id: PopulationId) {
        for case in self.chain.populations[id].columns.iter().flat_map(|column| &column.cases) {
            for path in times_after(&case.generator) {
                if !path.steps.is_empty() {
                    self.path(path);
                }
            }
        }
        self.decisions.remove(&Decision::Rows(id));
    }

    fn path(&mut self, path: &Path) {
        let mut at = path.from;
        for step in &path.steps {
            match step {
                Step::Link(link) => {
                    self.walked.insert((at, *link));
                    self.link(at, *link);
                    at = self.chain.populations[at].links[*link].to;
                }
                Step::Back(child, link) => {
                    self.walked.insert((*child, *link));
                    self.link(*child, *link);
                    at = *child;
                }
            }
        }
        self.end(at, path.end);
    }

    fn end(&mut self, at: PopulationId, end: End) {
        match end {
            End::Column(column) => {
                self.decisions.insert(Decision::Column(at, column));
            }
            End::Condition(condition) => {
                let condition = &self.chain.conditions[condition];
                self.condition(&condition.meaning);
            }
            End::Measure(measure) => {
                let measure = &self.chain.measures[measure];
                self.path(&measure.latitude);
                self.path(&measure.longitude);
            }
            End::Row | End::Field(_) => {}
        }
    }

    fn condition(&mut self, condition: &Where) {
        for term in &condition.0 {
            match term {
                Term::Any(conditions) => conditions.iter().for_each(|condition| self.condition(condition)),
                Term::Test(path, test) => {
                    self.path(path);
                    self.test(test);
                }
            }
        }
    }

    fn test(&mut self, test: &Test) {
        match test {
            Test::Compare(_, Operand::Path(path)) | Test::Within(path) | Test::SameAs(path) | Test::SumOf(path) => {
                self.path(path);
            }
            Test::Not(test) => self.test(test),
            Test::All(tests) => tests.iter().for_each(|test| self.test(test)),
            Test::Some(inner) | Test::Every(inner) | Test::None(inner) => self.condition(inner),
            _ => {}
        }
    }

    fn template(&mut self, template: &Template) {
        for segment in &template.0 {
            if let Segment::Value(path) = segment {
                self.path(path);
            }
        }
    }

    fn generator(&mut self, population: PopulationId, generator: &Generator) {
        match generator {
            Generator::Template(template) => self.template(template),
            Generator::Copy(path) | Generator::SumOf(path) => self.path(path),
            Generator::ProductOf(factors) => factors.iter().for_each(|path| self.path(path)),
            Generator::Time { base, after, .. } => base.iter().chain(after).for_each(|path| self.path(path)),
            Generator::Position(link, _) | Generator::First(link) => self.link(population, *link),
            Generator::Filled(column, _) => {
                self.decisions.insert(Decision::Column(population, *column));
            }
            Generator::Image(image) => {
                self.template(&image.path);
                self.template(&image.caption);
            }
            Generator::Alternatives(alternatives) => {
                for alternative in alternatives {
                    self.generator(population, &alternative.generator);
                }
            }
            Generator::Pick { entries, fills, .. } => {
                if let Some(condition) = entries {
                    self.condition(condition);
                }
                // The columns it fills are read while it is open, and not before.
                for (filled, _) in fills {
                    self.decisions.remove(&Decision::Column(population, *filled));
                }
            }
            Generator::Constant(_) | Generator::Integer(..) | Generator::Decimal(..) | Generator::Password(_) => {}
        }
    }
}

/// Returns the times a generator's value comes after.
pub(super) fn times_after(generator: &Generator) -> Vec<&Path> {
    match generator {
        Generator::Time { after, .. } => after.iter().collect(),
        Generator::Alternatives(alternatives) => {
            alternatives.iter().flat_map(|alternative| times_after(&alternative.generator)).collect()
        }
        _ => Vec::new(),
    }
}
