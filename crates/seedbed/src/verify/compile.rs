//! Compiling: from an ensure of a scenario to the query that counts it.
//!
//! Rows that are counted, and rows that a way back leads to, are those of a population: its exact
//! keys. A link leads to whatever row its column names. A test of NULL is no, unless it asks for
//! NULL, and `not` turns no into yes.

use std::collections::{BTreeMap, BTreeSet};

use seedbed_core::dataset::{Block, Dataset};
use seedbed_core::plan::desired::{self, Encoding};
use seedbed_core::plan::{Cell, Key};
use seedbed_core::scenario::{
    Chain, Comparison, End, Ensure, Operand, Path, PopulationId, Step, Subject, Term, Test, Where,
};
use seedbed_core::schema::{Column, ColumnKind, Schema};
use seedbed_core::value::{Decimal, Value};

use crate::sql::fact::{self, Alias, Counted, Expression, From, Function, Operator, SetNumber};

/// Compiles what one layer asks.
pub(crate) struct Compiler<'a> {
    pub(crate) chain: &'a Chain,
    pub(crate) dataset: &'a Dataset,
    pub(crate) schema: &'a Schema,
    pub(crate) as_of: i64,
    /// Which rows a way back leads to.
    pub(crate) backs: Backs,
    /// Populations whose keys the query binds.
    sets: Vec<PopulationId>,
    aliases: usize,
    /// Links that were walked: population and link.
    walked: BTreeSet<(PopulationId, usize)>,
}

/// Which rows a way back leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backs {
    /// Those of the population.
    Declared,
    /// All that the table holds.
    All,
}

/// Whether a path is to lead to one row or to all.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    One,
    All,
}

/// An ensure as queries: a count for each row of `for_each` with each value of `per`.
pub(crate) struct Fact {
    /// What is counted.
    pub(crate) counted: Vec<Counted>,
    /// The row and the value of each.
    pub(crate) cases: Vec<(Option<usize>, Option<usize>)>,
    /// The keys of each population that the query binds.
    pub(crate) sets: Vec<Cell>,
    /// The population whose rows are counted.
    pub(crate) population: PopulationId,
    /// Links that it walks: population and link.
    pub(crate) walked: BTreeSet<(PopulationId, usize)>,
}

impl<'a> Compiler<'a> {
    pub(crate) fn new(chain: &'a Chain, dataset: &'a Dataset, schema: &'a Schema, as_of: i64) -> Self {
        let (sets, walked) = (Vec::new(), BTreeSet::new());
        Self { chain, dataset, schema, as_of, backs: Backs::Declared, sets, aliases: 0, walked }
    }

    /// Compiles an ensure.
    pub(crate) fn fact(mut self, ensure: &Ensure) -> Fact {
        let (population, rows): (_, Vec<Option<usize>>) = match &ensure.subject {
            Subject::Population(population) => (*population, vec![None]),
            Subject::ForEach(_, rows, path) => (path.to, rows.iter().copied().map(Some).collect()),
        };
        let values: Vec<Option<usize>> = match &ensure.per {
            None => vec![None],
            Some((_, values)) => (0..values.len()).map(Some).collect(),
        };
        let (mut counted, mut cases) = (Vec::new(), Vec::new());
        for row in &rows {
            for value in &values {
                counted.push(self.counted(ensure, *row, *value));
                cases.push((*row, *value));
            }
        }
        let sets = self.sets.iter().map(|population| fact::set(&self.keys(*population))).collect();
        Fact { counted, cases, sets, population, walked: self.walked }
    }

    fn counted(&mut self, ensure: &Ensure, row: Option<usize>, value: Option<usize>) -> Counted {
        let (mut from, at, population) = match &ensure.subject {
            Subject::Population(population) => {
                let (from, at) = self.members(*population);
                (from, at, *population)
            }
            Subject::ForEach(population, _, path) => {
                let (mut from, at) = self.members(*population);
                let key = self.row_key(*population, row.expect("each case has a row"));
                from.conditions.push(equal(self.key(*population, at), Expression::Value(key)));
                let end = self.steps(&mut from, *population, at, &path.steps, Reach::All);
                (from, end, path.to)
            }
        };
        let mut counts = vec![self.condition(population, at, &ensure.condition)];
        if let (Some((path, values)), Some(value)) = (&ensure.per, value) {
            let cell = self.cell(path, &values[value]);
            counts.push(certain(equal(self.value(population, at, path), Expression::Value(cell))));
        }
        let set = self.set(population);
        let distinct = ensure.distinct.as_ref().map(|path| self.value(population, at, path));
        let position = Expression::Position(Box::new(self.key(population, at)), set);
        let key = self.key_fields(population).into_iter().map(|column| Expression::Column(at, column)).collect();
        from.conditions.shrink_to_fit();
        Counted { from, counts: Expression::All(counts), distinct, position, key }
    }

    /// Returns the rows of a population.
    fn members(&mut self, population: PopulationId) -> (From, Alias) {
        let at = self.alias();
        let table = self.chain.populations[population].table.clone();
        let member = Expression::Member(Box::new(self.key(population, at)), self.set(population));
        (From { rows: vec![(table, at)], conditions: vec![member] }, at)
    }

    /// Returns the rows that a path leads to from the row on `key`, and the last row's alias.
    pub(crate) fn leading(&mut self, path: &Path, key: &Key) -> (From, Alias) {
        let at = self.alias();
        let mut from =
            From { rows: vec![(self.chain.populations[path.from].table.clone(), at)], conditions: Vec::new() };
        for (column, cell) in self.key_fields(path.from).into_iter().zip(key) {
            from.conditions.push(equal(Expression::Column(at, column), Expression::Value(cell.clone())));
        }
        let end = self.steps(&mut from, path.from, at, &path.steps, Reach::All);
        (from, end)
    }

    fn steps(
        &mut self,
        from: &mut From,
        mut population: PopulationId,
        mut at: Alias,
        steps: &[Step],
        reach: Reach,
    ) -> Alias {
        for step in steps {
            let next = self.alias();
            match *step {
                Step::Link(link) => {
                    self.walked.insert((population, link));
                    let to = self.chain.populations[population].links[link].to;
                    from.rows.push((self.chain.populations[to].table.clone(), next));
                    let key = self.key(to, next);
                    from.conditions.extend(self.refers(population, at, link, key));
                    population = to;
                }
                Step::Back(child, link) => {
                    self.walked.insert((child, link));
                    from.rows.push((self.chain.populations[child].table.clone(), next));
                    let own = self.key(population, at);
                    from.conditions.extend(self.points(child, next, link, own.clone()));
                    if reach == Reach::One {
                        let other = self.alias();
                        let table = self.chain.populations[child].table.clone();
                        let conditions = self.points(child, other, link, own);
                        let count = Expression::Count(From { rows: vec![(table, other)], conditions });
                        from.conditions.push(equal(count, Expression::Value(Cell::Integer(1))));
                    }
                    population = child;
                }
            }
            at = next;
        }
        at
    }

    /// Returns the conditions under which the link of a row holds this key.
    ///
    /// Where a type column chooses the link, its id column may hold the key in another type: both are
    /// compared as texts then, and UUIDs without their dashes.
    fn refers(&self, from: PopulationId, at: Alias, link: usize, key: Expression) -> Vec<Expression> {
        let population = &self.chain.populations[from];
        let link = &population.links[link];
        let column = Expression::Column(at, self.field(from, &link.column));
        let Some(when) = &link.when else { return vec![equal(column, key)] };
        let encoding = Encoding { as_of: self.as_of, passwords: &BTreeMap::new() };
        let kind = &population.columns[when.column].name;
        let described = self.schema.tables[&population.table].column(kind).expect("the schema fits the dataset");
        let value = desired::encode(&when.value, described, encoding);
        let to = &self.schema.tables[&self.chain.populations[link.to].table];
        let of_uuids = to.primary_key.iter().filter_map(|key| to.column(key)).any(|key| key.kind == ColumnKind::Uuid);
        let text = |expression| Expression::Text(Box::new(expression), of_uuids);
        vec![
            equal(Expression::Column(at, self.field(from, kind)), Expression::Value(value)),
            equal(text(column), text(key)),
        ]
    }

    /// Returns the conditions under which a row of `child` points at the row on `key`.
    fn points(&mut self, child: PopulationId, at: Alias, link: usize, key: Expression) -> Vec<Expression> {
        let mut conditions = self.refers(child, at, link, key);
        if self.backs == Backs::Declared {
            conditions.push(Expression::Member(Box::new(self.key(child, at)), self.set(child)));
        }
        conditions
    }

    /// Returns the rows that a path leads to from a row, and the last row's alias.
    fn rows(&mut self, population: PopulationId, at: Alias, path: &Path, reach: Reach) -> (From, Alias) {
        let mut from = From::default();
        let end = self.steps(&mut from, population, at, &path.steps, reach);
        (from, end)
    }

    /// Returns the value at the end of a path that leads to one; NULL where it leads nowhere.
    fn value(&mut self, population: PopulationId, at: Alias, path: &Path) -> Expression {
        if path.steps.is_empty() {
            return self.end(population, at, path.end);
        }
        let (from, end) = self.rows(population, at, path, Reach::One);
        Expression::Scalar(from, Box::new(self.end(path.to, end, path.end)))
    }

    fn end(&mut self, population: PopulationId, at: Alias, end: End) -> Expression {
        match end {
            End::Row => self.key(population, at),
            End::Column(column) => {
                let name = &self.chain.populations[population].columns[column].name;
                Expression::Column(at, self.field(population, name))
            }
            End::Condition(condition) => {
                let chain = self.chain;
                self.condition(population, at, &chain.conditions[condition].meaning)
            }
            End::Measure(measure) => {
                let measure = &self.chain.measures[measure];
                let number = |number: Decimal| Expression::Value(Cell::Real(number.to_f64()));
                let arguments = vec![
                    self.value(population, at, &measure.latitude),
                    self.value(population, at, &measure.longitude),
                    number(measure.point.0),
                    number(measure.point.1),
                ];
                Expression::Call(Function::Km, arguments)
            }
            End::Field(_) => unreachable!("only picks of entries have fields"),
        }
    }

    fn condition(&mut self, population: PopulationId, at: Alias, condition: &Where) -> Expression {
        let terms = condition.0.iter().map(|term| match term {
            Term::Any(conditions) => {
                Expression::Any(conditions.iter().map(|condition| self.condition(population, at, condition)).collect())
            }
            Term::Test(path, test) => self.test(population, at, path, test),
        });
        Expression::All(terms.collect())
    }

    fn test(&mut self, population: PopulationId, at: Alias, path: &Path, test: &Test) -> Expression {
        match test {
            Test::All(tests) => {
                Expression::All(tests.iter().map(|test| self.test(population, at, path, test)).collect())
            }
            Test::Not(inner) => not(self.test(population, at, path, inner)),
            Test::Some(inner) => self.exists(population, at, path, inner, false),
            Test::None(inner) => not(self.exists(population, at, path, inner, false)),
            Test::Every(inner) => not(self.exists(population, at, path, inner, true)),
            Test::Count(lo, hi) => {
                if path.steps.is_empty() {
                    return Expression::Constant((*lo..=*hi).contains(&1));
                }
                let (from, _) = self.rows(population, at, path, Reach::All);
                within(&Expression::Count(from), *lo, *hi)
            }
            Test::SumOf(sum) => {
                let scale = self.scale(path, [&None; 2]).max(self.scale(sum, [&None; 2]));
                let value = self.value(population, at, path);
                let (from, end) = self.rows_or_self(population, at, sum);
                let sum = Expression::Sum(from, Box::new(self.end(sum.to, end, sum.end)), scale);
                certain(equal(Expression::Units(Box::new(value), scale), sum))
            }
            Test::Distinct(lo, hi) => {
                let (from, end) = self.rows_or_self(population, at, path);
                let value = self.end(path.to, end, path.end);
                within(&Expression::Distinct(from, Box::new(value)), *lo, *hi)
            }
            Test::Sum(lo, hi) => {
                let scale = self.scale(path, [lo, hi]);
                let (from, end) = self.rows_or_self(population, at, path);
                let sum = Expression::Sum(from, Box::new(self.end(path.to, end, path.end)), scale);
                let bound = |number: &Decimal, operator| {
                    let units = Expression::Value(Cell::Integer(units(*number, scale)));
                    Expression::Compare(Box::new(sum.clone()), operator, Box::new(units))
                };
                let lo = lo.as_ref().map(|lo| bound(lo, Operator::AtLeast));
                let hi = hi.as_ref().map(|hi| bound(hi, Operator::AtMost));
                Expression::All(lo.into_iter().chain(hi).collect())
            }
            _ => self.single(population, at, path, test),
        }
    }

    /// Whether a path leads to a row that holds `inner`, or does not.
    fn exists(
        &mut self,
        population: PopulationId,
        at: Alias,
        path: &Path,
        inner: &Where,
        opposite: bool,
    ) -> Expression {
        let turned = |holds: Expression| if opposite { not(holds) } else { holds };
        if path.steps.is_empty() {
            return turned(self.condition(population, at, inner));
        }
        let (mut from, end) = self.rows(population, at, path, Reach::All);
        let holds = self.condition(path.to, end, inner);
        from.conditions.push(turned(holds));
        Expression::Exists(from)
    }

    /// Returns the rows a path leads to; the row itself, read once more, where it has no steps.
    fn rows_or_self(&mut self, population: PopulationId, at: Alias, path: &Path) -> (From, Alias) {
        if !path.steps.is_empty() {
            return self.rows(population, at, path, Reach::All);
        }
        let again = self.alias();
        let table = self.chain.populations[population].table.clone();
        let same = equal(self.key(population, again), self.key(population, at));
        (From { rows: vec![(table, again)], conditions: vec![same] }, again)
    }

    fn single(&mut self, population: PopulationId, at: Alias, path: &Path, test: &Test) -> Expression {
        let value = self.value(population, at, path);
        let bound = |this: &Self, value: &Value| Expression::Value(this.cell(path, value));
        match test {
            Test::Is(Value::Null) => Expression::IsNull(Box::new(value)),
            Test::Is(wanted) => certain(equal(value, bound(self, wanted))),
            Test::IsRow(row) => certain(equal(value, Expression::Value(self.row_key(path.to, *row)))),
            Test::Between(lo, hi) => Expression::All(vec![
                compare(value.clone(), Comparison::AtLeast, bound(self, lo)),
                compare(value, Comparison::AtMost, bound(self, hi)),
            ]),
            Test::OneOf(values) => {
                let cells = values.iter().map(|value| self.cell(path, value)).collect();
                certain(Expression::OneOf(Box::new(value), cells))
            }
            Test::OneOfRows(rows) => {
                let cells = rows.iter().map(|row| self.row_key(path.to, *row)).collect();
                certain(Expression::OneOf(Box::new(value), cells))
            }
            Test::Population(wanted) => {
                let set = self.set(*wanted);
                if self.chain.populations[*wanted].table == self.chain.populations[path.to].table {
                    certain(Expression::Member(Box::new(value), set))
                } else {
                    Expression::Constant(false)
                }
            }
            Test::Within(set) if set.steps.is_empty() => {
                let key = self.key(population, at);
                certain(equal(value, key))
            }
            Test::Within(set) => {
                let (from, end) = self.rows(population, at, set, Reach::All);
                let key = self.key(set.to, end);
                certain(Expression::Among(Box::new(value), from, Box::new(key)))
            }
            Test::SameAs(other) => {
                let both_rows = path.end == End::Row && other.end == End::Row;
                let either_row = path.end == End::Row || other.end == End::Row;
                let tables = [path.to, other.to].map(|to| &self.chain.populations[to].table);
                let comparable = !either_row || (both_rows && tables[0] == tables[1]);
                let other = self.value(population, at, other);
                if comparable {
                    Expression::Same(Box::new(value), Box::new(other))
                } else {
                    Expression::All(vec![Expression::IsNull(Box::new(value)), Expression::IsNull(Box::new(other))])
                }
            }
            Test::Compare(comparison, Operand::Value(other)) => compare(value, *comparison, bound(self, other)),
            Test::Compare(comparison, Operand::Path(other)) => {
                let other = self.value(population, at, other);
                compare(value, *comparison, other)
            }
            Test::Contains(part) => self.about_text(Function::Contains, path, value, part),
            Test::Matches(pattern) => self.about_text(Function::Matches, path, value, pattern),
            _ => unreachable!("tests of many rows and of tests are compiled before"),
        }
    }

    fn about_text(&self, function: Function, path: &Path, value: Expression, text: &str) -> Expression {
        let text = Expression::Value(Cell::text(text));
        if self.column(path).kind != ColumnKind::Boolean {
            return certain(Expression::Call(function, vec![value, text]));
        }
        // A yes is stored as 1 and read as `true`.
        let of = |word: &str| Expression::Call(function, vec![Expression::Value(Cell::text(word)), text.clone()]);
        let is = |number| certain(equal(value.clone(), Expression::Value(Cell::Integer(number))));
        Expression::Any(vec![
            Expression::All(vec![is(1), certain(of("true"))]),
            Expression::All(vec![is(0), certain(of("false"))]),
        ])
    }

    /// Returns the decimal places in which a sum is exact: those of the column, or of the declared values.
    fn scale(&self, path: &Path, bounds: [&Option<Decimal>; 2]) -> u8 {
        let places = |number: &Decimal| {
            let text = number.to_string();
            text.split_once('.').map_or(0, |(_, fraction)| fraction.len() as u8)
        };
        let of_bounds = bounds.into_iter().flatten().map(places).max().unwrap_or(0);
        let of_column = match (path.end, self.column(path).kind) {
            (End::Measure(_), _) => 3,
            (_, ColumnKind::Integer { .. } | ColumnKind::Boolean) => 0,
            (_, ColumnKind::Decimal { scale: Some(scale) }) => scale,
            _ => 9,
        };
        of_bounds.max(of_column).min(9)
    }

    /// Returns the column at the end of a path, or what stands for it.
    fn column(&self, path: &Path) -> Column {
        let population = &self.chain.populations[path.to];
        let table = &self.schema.tables[&population.table];
        match path.end {
            End::Column(column) => {
                table.column(&population.columns[column].name).cloned().expect("the schema fits the dataset")
            }
            End::Row => {
                let [key] = &self.key_columns(path.to)[..] else { return unnamed(ColumnKind::Text { limit: None }) };
                table.column(key).cloned().expect("the schema fits the dataset")
            }
            End::Condition(_) => unnamed(ColumnKind::Boolean),
            End::Measure(_) | End::Field(_) => unnamed(ColumnKind::Real),
        }
    }

    fn cell(&self, path: &Path, value: &Value) -> Cell {
        let encoding = Encoding { as_of: self.as_of, passwords: &BTreeMap::new() };
        desired::encode(value, &self.column(path), encoding)
    }

    fn block(&self, population: PopulationId) -> &'a Block {
        let population = &self.chain.populations[population];
        (self.dataset.blocks.iter())
            .find(|block| block.population == population.name && block.scenario == population.layer)
            .expect("every population has a block")
    }

    fn keys(&self, population: PopulationId) -> Vec<Key> {
        let block = self.block(population);
        desired::keys_in_order(block, &self.schema.tables[&block.table]).collect()
    }

    fn row_key(&self, population: PopulationId, row: usize) -> Cell {
        let block = self.block(population);
        let key = desired::keys_in_order(block, &self.schema.tables[&block.table]).nth(row);
        match key.expect("the row is declared") {
            mut key if key.len() == 1 => key.swap_remove(0),
            key => Cell::text(seedbed_core::plan::key_text(&key)),
        }
    }

    fn key_columns(&self, population: PopulationId) -> Vec<String> {
        let block = self.block(population);
        block.key.iter().map(|&position| block.columns[position].clone()).collect()
    }

    fn key_fields(&self, population: PopulationId) -> Vec<Column> {
        self.key_columns(population).iter().map(|name| self.field(population, name)).collect()
    }

    /// Returns a column of a population's table; one that the table lacks as of a type not known.
    fn field(&self, population: PopulationId, name: &str) -> Column {
        let table = self.schema.tables.get(&self.chain.populations[population].table);
        table
            .and_then(|table| table.column(name))
            .cloned()
            .unwrap_or_else(|| Column { name: name.to_owned(), ..unnamed(ColumnKind::Other) })
    }

    fn key(&self, population: PopulationId, at: Alias) -> Expression {
        Expression::Key(at, self.key_fields(population))
    }

    fn set(&mut self, population: PopulationId) -> SetNumber {
        self.sets.iter().position(|set| *set == population).unwrap_or_else(|| {
            self.sets.push(population);
            self.sets.len() - 1
        })
    }

    fn alias(&mut self) -> Alias {
        self.aliases += 1;
        self.aliases - 1
    }
}

fn unnamed(kind: ColumnKind) -> Column {
    let (name, declared) = (String::new(), String::new());
    Column { name, declared, kind, nullable: true, default: None, generated: false }
}

fn equal(left: Expression, right: Expression) -> Expression {
    Expression::Compare(Box::new(left), Operator::Equal, Box::new(right))
}

fn certain(inner: Expression) -> Expression {
    Expression::Certain(Box::new(inner))
}

fn not(inner: Expression) -> Expression {
    Expression::Not(Box::new(inner))
}

fn compare(left: Expression, comparison: Comparison, right: Expression) -> Expression {
    let operator = match comparison {
        Comparison::AtLeast => Operator::AtLeast,
        Comparison::AtMost => Operator::AtMost,
        Comparison::Below => Operator::Below,
        Comparison::Above => Operator::Above,
    };
    certain(Expression::Compare(Box::new(left), operator, Box::new(right)))
}

fn within(number: &Expression, lo: i64, hi: i64) -> Expression {
    let bound = |operator, end| {
        Expression::Compare(Box::new(number.clone()), operator, Box::new(Expression::Value(Cell::Integer(end))))
    };
    let mut bounds = Vec::new();
    if lo > 0 {
        bounds.push(bound(Operator::AtLeast, lo));
    }
    if hi < i64::MAX {
        bounds.push(bound(Operator::AtMost, hi));
    }
    Expression::All(bounds)
}

/// Returns a number in units of ten to the minus `scale`.
fn units(number: Decimal, scale: u8) -> i64 {
    let text = number.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let places = usize::from(scale);
    format!("{whole}{fraction:0<places$.places$}").parse().unwrap_or(i64::MAX)
}
