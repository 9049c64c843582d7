//! Drawing: values that nothing chooses between, each from its address.

use std::sync::Arc;

use super::decision::{Decision, OptionKind, Options};
use super::evaluate::{Evaluator, Known, RowRef};
use super::shares::apportion;
use super::world::{Drawn, World};
use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::scenario::{Alternative, CaseRows, Generator, Path, PopulationId, Segment, Share, Template, Term, Where};
use crate::source::Span;
use crate::time;
use crate::value::{Decimal, Value};

/// Draws the values of one column.
pub(super) struct Drawer<'w, 'a> {
    pub(super) world: &'w World<'a>,
    pub(super) population: PopulationId,
    pub(super) column: usize,
    /// How often the column was drawn before.
    pub(super) attempt: u64,
    pub(super) values: Vec<Value>,
    pub(super) picked: Vec<u32>,
    /// What made each value; of alternatives, the one that did.
    pub(super) made_by: Vec<Option<&'a Generator>>,
    pub(super) pictures: Vec<Drawn<'a>>,
    pub(super) problem: Option<Diagnostic>,
}

impl<'w, 'a> Drawer<'w, 'a> {
    pub(super) fn new(world: &'w World<'a>, population: PopulationId, column: usize, attempt: u64) -> Self {
        let rows = world.rows(population).len();
        Self {
            world,
            population,
            column,
            attempt,
            values: vec![Value::Null; rows],
            picked: vec![u32::MAX; rows],
            made_by: vec![None; rows],
            pictures: Vec::new(),
            problem: None,
        }
    }

    /// Draws the values of rows whose generator this is.
    pub(super) fn draw(&mut self, rows: &[usize], generator: &'a Generator, span: Span) {
        if let Generator::Alternatives(alternatives) = generator {
            return self.divide(rows, alternatives, span);
        }
        for row in rows {
            self.values[*row] = self.value(*row, generator, span);
            self.made_by[*row] = Some(generator);
        }
    }

    /// Divides rows among alternatives that no solver chose between: in hash order.
    fn divide(&mut self, rows: &[usize], alternatives: &'a [Alternative], span: Span) {
        let shares: Vec<Share> = alternatives.iter().map(|alternative| alternative.share).collect();
        let parts = match apportion(&shares, rows.len() as u32) {
            Ok(parts) => parts,
            Err(problem) => {
                self.report(
                    Diagnostic::new("shares-do-not-fit", format!("these shares do not fit: {problem}"))
                        .at(span, format!("for {} rows", rows.len()))
                        .help("make one of them `rest`, or change a share"),
                );
                return;
            }
        };
        let mut order = rows.to_vec();
        order.sort_by_key(|row| self.address(*row).text("line").bits());
        let mut rest = &order[..];
        for (alternative, part) in alternatives.iter().zip(parts) {
            let (these, others) = rest.split_at(part as usize);
            self.draw(these, &alternative.generator, alternative.span);
            rest = others;
        }
    }

    fn report(&mut self, problem: Diagnostic) {
        self.problem.get_or_insert(problem);
    }

    fn address(&self, row: usize) -> Address {
        let column = &self.world.chain.populations[self.population].columns[self.column];
        let address =
            self.world.address(self.population).text(&column.name).number(self.world.rows(self.population)[row].hash);
        if self.attempt > 0 { address.number(self.attempt) } else { address }
    }

    fn at(&self, row: usize) -> RowRef {
        RowRef { population: self.population, row, pair: None }
    }

    /// Returns the decided value at the end of a path.
    fn path(&self, row: usize, path: &Path) -> Value {
        match Evaluator::new(self.world, None).value(self.at(row), path) {
            Known::Value(value) => value,
            _ => Value::Null,
        }
    }

    fn value(&mut self, row: usize, generator: &'a Generator, span: Span) -> Value {
        match generator {
            Generator::Constant(value) => value.clone(),
            Generator::Template(template) => Value::text(self.text(row, template)),
            Generator::Time { from, to, base, after } => self.time(row, (*from, *to), base.as_ref(), after, span),
            Generator::Integer(lo, hi) => Value::Integer(self.address(row).between(*lo, *hi)),
            Generator::Decimal(lo, hi, places) => {
                Value::Decimal(Decimal::new(self.address(row).between(*lo, *hi), *places))
            }
            Generator::Copy(path) => self.path(row, path),
            Generator::SumOf(path) => {
                let sum = Evaluator::new(self.world, None).sum(self.at(row), path);
                self.number(row, sum.unwrap_or(Known::Nothing), span)
            }
            Generator::ProductOf(factors) => {
                let product = Evaluator::new(self.world, None).product(self.at(row), factors, 0);
                self.number(row, product, span)
            }
            Generator::Password(password) => Value::Password(Arc::clone(password)),
            Generator::Position(link, start) => Value::Integer(start + self.position(row, *link)),
            Generator::First(link) => Value::Bool(self.position(row, *link) == 0),
            Generator::Image(image) => {
                let (path, caption) = (self.text(row, &image.path), self.text(row, &image.caption));
                let picture =
                    Drawn { population: self.population, row, column: self.column, image, path: path.clone(), caption };
                self.pictures.push(picture);
                Value::text(path)
            }
            Generator::Filled(column, field) => {
                let entry = self.world.picked[self.population][*column].as_ref().map_or(u32::MAX, |picked| picked[row]);
                let list = pick_list(self.world, self.population, *column, row);
                list.and_then(|list| self.world.chain.lists[list].entries.get(entry as usize))
                    .map_or(Value::Null, |entry| entry[*field].clone())
            }
            Generator::Pick { list, entries, .. } => {
                let entry = self.pick(row, *list, entries.as_ref());
                self.picked[row] = entry.map_or(u32::MAX, |entry| entry as u32);
                let list = &self.world.chain.lists[*list];
                if let Some(entry) = entry {
                    return list.entries[entry][0].clone();
                }
                let name = &self.world.rows(self.population)[row].name;
                self.report(
                    Diagnostic::new("no-entry", format!("no entry of `{}` fits `{name}`", list.name))
                        .at(span, "picked here")
                        .help("add an entry that does, or ask for less in `where`"),
                );
                Value::Null
            }
            Generator::Alternatives(alternatives) => {
                self.divide(&[row], alternatives, span);
                self.values[row].clone()
            }
        }
    }

    /// Returns a sum or a product; reports one that has too many digits.
    fn number(&mut self, row: usize, number: Known, span: Span) -> Value {
        if let Known::Value(value) = number {
            return value;
        }
        let name = self.world.rows(self.population)[row].name.clone();
        self.report(
            Diagnostic::new("too-many-digits", format!("the number of `{name}` has more than 18 digits"))
                .at(span, "counted here")
                .help("make the numbers smaller, or give them fewer digits after the point"),
        );
        Value::Null
    }

    fn time(&mut self, row: usize, range: (i64, i64), base: Option<&Path>, after: &[Path], span: Span) -> Value {
        let start = match base.map(|path| self.path(row, path)) {
            None => 0,
            Some(Value::Time(seconds)) => seconds,
            Some(_) => return Value::Null,
        };
        let (mut from, to) = (start + range.0, start + range.1);
        for path in after {
            if let Value::Time(before) = self.path(row, path) {
                from = from.max(before + 1);
            }
        }
        if from > to {
            let name = self.world.rows(self.population)[row].name.clone();
            self.report(
                Diagnostic::new(
                    "no-time-left",
                    format!(
                        "`{name}` would have to be after {} and until {}",
                        time::describe(from - 1),
                        time::describe(to)
                    ),
                )
                .at(span, "no time is left in this range")
                .help("widen the range, or make the times it comes after earlier"),
            );
            return Value::Time(to);
        }
        Value::Time(self.address(row).between(from, to))
    }

    fn position(&self, row: usize, link: usize) -> i64 {
        let set = &self.world.sets[self.population];
        let Some(Some(parent)) = set.links[link].as_ref().map(|links| links[row]) else { return 0 };
        let siblings = set.children[link].as_ref().map(|children| &children[parent as usize]);
        siblings.and_then(|siblings| siblings.iter().position(|sibling| *sibling as usize == row)).unwrap_or(0) as i64
    }

    fn text(&self, row: usize, template: &Template) -> String {
        let named = &self.world.rows(self.population)[row];
        let mut text = String::new();
        for segment in &template.0 {
            match segment {
                Segment::Literal(literal) => text.push_str(literal),
                Segment::Row => text.push_str(&named.name),
                Segment::Number(width) => {
                    let number = named.number;
                    text.push_str(&format!("{number:0width$}"));
                }
                Segment::Copy if self.world.worker == 0 => {}
                Segment::Copy => text.push_str(&format!("+w{}", self.world.worker)),
                Segment::Key => text.push_str(&self.world.key(self.population, row)[0].to_string()),
                Segment::Value(path) => text.push_str(&self.path(row, path).to_string()),
            }
        }
        text
    }

    /// Returns the entry a row picks: the best by its score among those allowed.
    fn pick(&self, row: usize, list: usize, entries: Option<&Where>) -> Option<usize> {
        let allowed = allowed_entries(self.world, (self.population, self.column), &[row], list, entries);
        let address = self.address(row);
        (0..self.world.chain.lists[list].entries.len())
            .filter(|entry| allowed[*entry])
            .max_by_key(|entry| address.number(entry_hash(self.world, list, *entry)).bits())
    }
}

/// Returns which entries each row may pick, row-major.
pub(super) fn allowed_entries(
    world: &World<'_>,
    (population, column): (PopulationId, usize),
    rows: &[usize],
    list: usize,
    entries: Option<&Where>,
) -> Vec<bool> {
    let all = &world.chain.lists[list].entries;
    let Some(condition) = entries else { return vec![true; rows.len() * all.len()] };
    let options = Options {
        kinds: all.iter().enumerate().map(|(index, entry)| OptionKind::Entry(entry, index)).collect(),
        choosers: Vec::new(),
        draws: Vec::new(),
    };
    let evaluator = Evaluator::new(world, Some((Decision::Column(population, column), &options)));
    // What an entry alone decides is asked once, not for every row.
    let (alone, with_row): (Vec<&Term>, Vec<&Term>) =
        condition.0.iter().partition(|term| evaluator.option_decides(population, term));
    let ask = |row: usize, entry: usize, terms: &[&Term]| {
        let at = RowRef { population, row, pair: None };
        evaluator.bind(row, entry, || terms.iter().all(|term| evaluator.term(at, term) == Some(true)))
    };
    let Some(first) = rows.first() else { return Vec::new() };
    let fits: Vec<bool> = (0..all.len()).map(|entry| ask(*first, entry, &alone)).collect();
    rows.iter()
        .flat_map(|row| (0..all.len()).map(|entry| (*row, entry)).collect::<Vec<_>>())
        .map(|(row, entry)| fits[entry] && ask(row, entry, &with_row))
        .collect()
}

/// Returns the hash of an entry: its content says who it is, not its place in the list.
pub(super) fn entry_hash(world: &World<'_>, list: usize, entry: usize) -> u64 {
    let mut address = Address::root(0);
    for value in &world.chain.lists[list].entries[entry] {
        address = address.text(&value.to_string());
    }
    address.bits()
}

/// Returns the list from which a row's handle picks.
fn pick_list(world: &World<'_>, population: PopulationId, column: usize, row: usize) -> Option<usize> {
    match case_of(world, population, column, row)?.0 {
        Generator::Pick { list, .. } => Some(*list),
        _ => None,
    }
}

/// Returns the generator of a row, with its place: the last case the row is in.
pub(super) fn case_of<'a>(
    world: &World<'a>,
    population: PopulationId,
    column: usize,
    row: usize,
) -> Option<(&'a Generator, Span)> {
    let chain: &'a crate::scenario::Chain = world.chain;
    let cases = &chain.populations[population].columns[column].cases;
    let case = cases.iter().rev().find(|case| match &case.rows {
        CaseRows::All => true,
        CaseRows::Group(partition, group) => {
            world.members[*partition].as_ref().is_some_and(|members| members[row] == *group)
        }
        CaseRows::Row(name) => *world.rows(population)[row].name == **name,
    })?;
    Some((&case.generator, case.span))
}
