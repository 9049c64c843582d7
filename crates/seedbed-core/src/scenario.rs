//! Scenario: what a chain of scenario files declares, valid and with every name resolved.
//!
//! A [`Chain`] exists only when it is valid: every path leads somewhere, every test fits its path,
//! every row it names is there. Whether its facts can hold together is the solver's question.

mod check;
mod names;
mod path;
mod read;
mod resolve;
mod test;

mod generator;

use std::sync::Arc;

use crate::grammar::json_schema::ProjectNames;
use crate::password::Password;
use crate::source::Span;
use crate::value::{Decimal, Value};

pub use names::{RowName, project_names};
pub use read::{Files, chain_order, read};

/// Index of a population in its chain.
pub type PopulationId = usize;

/// The scenarios of a chain, lower layers first.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    /// The scenarios.
    pub layers: Vec<Layer>,
    /// All populations and relations, in declaration order.
    pub populations: Vec<Population>,
    /// Divisions of populations into groups.
    pub partitions: Vec<Partition>,
    /// Facts that must hold.
    pub ensures: Vec<Ensure>,
    /// Answers the application should give.
    pub answers: Vec<Answer>,
    /// Named variants.
    pub states: Vec<StateRule>,
    /// Rows that tests leave behind.
    pub claims: Vec<ClaimRule>,
    /// Entries to pick from.
    pub lists: Vec<List>,
    /// Named conditions.
    pub conditions: Vec<Condition>,
    /// Computed numbers.
    pub measures: Vec<Measure>,
    /// For how many seconds past as-of no answer changes: the shortest of the chain.
    pub holds_for: i64,
}

/// A scenario of a chain.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Its name.
    pub name: String,
    /// What it is, in a sentence.
    pub about: String,
    /// 0 to 9.
    pub number: u8,
    /// The scenarios it requires.
    pub requires: Vec<String>,
    /// Index of its source.
    pub source: usize,
}

/// Rows of one kind in one table, or pairs of rows.
#[derive(Clone, Debug)]
pub struct Population {
    /// Its name.
    pub name: String,
    /// Index of the layer that declares it.
    pub layer: usize,
    /// The table.
    pub table: String,
    /// The tag column.
    pub tag: Option<String>,
    /// Digit of its keys that tells populations of one table and layer apart.
    pub slot: u8,
    /// It has the same rows at any scale.
    pub fixed: bool,
    /// For a relation, how unevenly its edges lead into the blocks of a scaled dataset, and where that stands.
    pub skew: Option<(u32, Span)>,
    /// Which rows there are.
    pub rows: Rows,
    /// Links; an overlay is a further link with the same name.
    pub links: Vec<Link>,
    /// Columns in declaration order, with those that a pick fills.
    pub columns: Vec<Column>,
    /// Rows that tests know by name.
    pub personas: Vec<Persona>,
    /// Where its name stands.
    pub span: Span,
    /// Where its table is named.
    pub table_span: Span,
    /// Where its tag is named; its own name where it has none.
    pub tag_span: Span,
}

/// Which rows a population has.
#[derive(Clone, Debug)]
pub enum Rows {
    /// These.
    Named(Vec<RowName>),
    /// One for each row this link refers to.
    OnePer(usize),
    /// As many for each row this link refers to as its group says.
    Children(usize),
    /// Pairs: the first link's row with the second link's row.
    Pairs {
        /// How many, where declared, and where that stands.
        total: Option<(u32, Span)>,
    },
}

/// A column that refers to a row.
#[derive(Clone, Debug)]
pub struct Link {
    /// Its name.
    pub name: String,
    /// The column.
    pub column: String,
    /// The population referred to.
    pub to: PopulationId,
    /// The name of the way back.
    pub back: String,
    /// Whether the row referred to owns this one.
    pub owner: bool,
    /// Which rows may be referred to.
    pub allowed: Option<Where>,
    /// How many rows have it; all unless said.
    pub share: Option<Share>,
    /// Rows of one population refer to each other without circles.
    pub tree: Option<Tree>,
    /// Only rows of this kind have it: one of the links that a type column chooses between.
    pub when: Option<When>,
    /// Index of the layer that declares it.
    pub layer: usize,
    /// For an overlay, the link it overlays.
    pub overlays: Option<usize>,
    /// Where it stands.
    pub span: Span,
    /// Where its column is named.
    pub column_span: Span,
    /// Where its share stands; its own name where it has none.
    pub share_span: Span,
}

/// Which rows have a link that a type column chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When {
    /// The name that all links of the choice share; each one's own is followed by its population's.
    pub choice: String,
    /// The type column, by its index.
    pub column: usize,
    /// The value there.
    pub value: Value,
    /// Where the value stands.
    pub span: Span,
}

/// A link from a population to itself that goes in no circle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tree {
    /// At most so many steps from a row to its root.
    pub deep: Option<u32>,
    /// Where its shape stands.
    pub span: Span,
}

/// A column with its generators; the last case that a row is in decides.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Whether it is only a handle of a pick that fills other columns.
    pub handle: bool,
    /// Generators by rows.
    pub cases: Vec<Case>,
    /// Where it stands.
    pub span: Span,
}

/// A generator with the rows it is for.
#[derive(Clone, Debug)]
pub struct Case {
    /// The rows.
    pub rows: CaseRows,
    /// How their values are made.
    pub generator: Generator,
    /// Where it stands.
    pub span: Span,
}

/// The rows a case is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseRows {
    /// All.
    All,
    /// Those of a group: index of the partition, index of the group.
    Group(usize, usize),
    /// The row of this name.
    Row(String),
}

/// A row that tests know by name.
#[derive(Clone, Debug)]
pub struct Persona {
    /// Its name.
    pub name: String,
    /// What tests use it for.
    pub purpose: String,
    /// It stands for nobody: there is no row.
    pub absent: bool,
    /// Index of the layer that declares it.
    pub layer: usize,
    /// Where it stands.
    pub span: Span,
}

/// How values are made.
#[derive(Clone, Debug)]
pub enum Generator {
    /// The same for all.
    Constant(Value),
    /// A text with placeholders.
    Template(Template),
    /// A moment between two, in seconds from as-of or from another time, after some others.
    Time {
        /// Earliest.
        from: i64,
        /// Latest.
        to: i64,
        /// Counts from this time instead of as-of.
        base: Option<Path>,
        /// It comes at least a second after these.
        after: Vec<Path>,
    },
    /// A whole number between two.
    Integer(i64, i64),
    /// A number between two, in units of ten to the minus places.
    Decimal(i64, i64, u8),
    /// An entry of a list.
    Pick {
        /// Index of the list.
        list: usize,
        /// Which entries.
        entries: Option<Where>,
        /// Which fields fill which columns.
        fills: Vec<(usize, usize)>,
    },
    /// The field of the entry that another column picked: (column, field).
    Filled(usize, usize),
    /// The value of another column.
    Copy(Path),
    /// The sum of a column of the rows that point here.
    SumOf(Path),
    /// These columns of the row, multiplied.
    ProductOf(Vec<Path>),
    /// The place among the rows with the same link: (link, first number).
    Position(usize, i64),
    /// Whether it is the first among the rows with the same link.
    First(usize),
    /// The hash of a password.
    Password(Arc<Password>),
    /// A picture file.
    Image(Box<Image>),
    /// One of these, in exact shares.
    Alternatives(Vec<Alternative>),
}

/// A picture file of a row.
#[derive(Clone, Debug)]
pub struct Image {
    /// How it is drawn.
    pub kind: crate::dataset::PictureKind,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Its path below the media folder; this is what the column holds.
    pub path: Template,
    /// The text on it.
    pub caption: Template,
}

/// A line of a mix or a value of a quota.
#[derive(Clone, Debug)]
pub struct Alternative {
    /// Its share.
    pub share: Share,
    /// How its values are made.
    pub generator: Generator,
    /// Where it stands.
    pub span: Span,
}

/// A part of a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// So many.
    Count(u32),
    /// So many hundredths of a percent.
    Percent(u32),
    /// An equal part of what the others leave.
    Rest,
}

/// A text with placeholders.
#[derive(Clone, Debug, Default)]
pub struct Template(pub Vec<Segment>);

/// A part of a text with placeholders.
#[derive(Clone, Debug)]
pub enum Segment {
    /// As it stands.
    Literal(String),
    /// The row's name.
    Row,
    /// The row's number, with at least so many digits.
    Number(usize),
    /// Nothing for worker 0, `+w3` for worker 3.
    Copy,
    /// The row's key.
    Key,
    /// The value of a path.
    Value(Path),
}

/// A way from a row to a value, a row or many of them.
#[derive(Clone, Debug)]
pub struct Path {
    /// The population it starts in.
    pub from: PopulationId,
    /// Its steps.
    pub steps: Vec<Step>,
    /// What it ends in.
    pub end: End,
    /// The population it leads to.
    pub to: PopulationId,
    /// Whether it may lead to other than one row.
    pub many: bool,
    /// Where it stands.
    pub span: Span,
}

/// A step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// To the row a link refers to: the link's index in its population.
    Link(usize),
    /// To the rows that point here: (their population, the link's index there).
    Back(PopulationId, usize),
}

/// What a path ends in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The row itself.
    Row,
    /// A column.
    Column(usize),
    /// A named condition.
    Condition(usize),
    /// A computed number.
    Measure(usize),
    /// A field of a list's entry; only where entries are picked.
    Field(usize),
}

/// Tests that must all hold.
#[derive(Clone, Debug, Default)]
pub struct Where(pub Vec<Term>);

/// A line of a `where`.
#[derive(Clone, Debug)]
pub enum Term {
    /// A test of a path.
    Test(Path, Test),
    /// At least one of these.
    Any(Vec<Where>),
}

/// What must hold at the end of a path.
#[derive(Clone, Debug)]
pub enum Test {
    /// It is this value.
    Is(Value),
    /// It is the row of this index.
    IsRow(usize),
    /// It lies between these, both included.
    Between(Value, Value),
    /// It is one of these.
    OneOf(Vec<Value>),
    /// It is one of the rows of these indices.
    OneOfRows(Vec<usize>),
    /// The row belongs to this population.
    Population(PopulationId),
    /// The row is among those another path of the tested row leads to.
    Within(Path),
    /// It compares so with a value.
    Compare(Comparison, Operand),
    /// Has this text in it, upper and lower case alike.
    Contains(String),
    /// Is this text, with `*` for any run of characters.
    Matches(String),
    /// It equals what another path leads to.
    SameAs(Path),
    /// It equals the sum of what another path leads to.
    SumOf(Path),
    /// The opposite.
    Not(Box<Test>),
    /// All of these.
    All(Vec<Test>),
    /// At least one of the rows holds this.
    Some(Where),
    /// Every one of the rows holds this.
    Every(Where),
    /// None of the rows holds this.
    None(Where),
    /// The number of rows lies in this range.
    Count(i64, i64),
    /// The number of different values lies in this range.
    Distinct(i64, i64),
    /// The sum of the values lies in this range; an end may be open.
    Sum(Option<Decimal>, Option<Decimal>),
}

/// How two values compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// At least, not earlier.
    AtLeast,
    /// At most, not later.
    AtMost,
    /// Earlier, less.
    Below,
    /// Later, more.
    Above,
}

/// What a value is compared with.
#[derive(Clone, Debug)]
pub enum Operand {
    /// A value.
    Value(Value),
    /// The value at the end of a path of the tested row.
    Path(Path),
}

/// A named condition.
#[derive(Clone, Debug)]
pub struct Condition {
    /// Its population.
    pub population: PopulationId,
    /// Its name.
    pub name: String,
    /// What it stands for.
    pub meaning: Where,
}

/// A computed number: the distance in kilometres between a row and a point.
#[derive(Clone, Debug)]
pub struct Measure {
    /// Its population.
    pub population: PopulationId,
    /// Its name.
    pub name: String,
    /// Path to the latitude.
    pub latitude: Path,
    /// Path to the longitude.
    pub longitude: Path,
    /// The point, as (latitude, longitude).
    pub point: (Decimal, Decimal),
}

/// A division of a population into disjoint groups that cover it.
#[derive(Clone, Debug)]
pub struct Partition {
    /// Its name.
    pub name: String,
    /// The population.
    pub population: PopulationId,
    /// Index of the layer that declares it.
    pub layer: usize,
    /// The groups.
    pub groups: Vec<Group>,
    /// Where its name stands.
    pub span: Span,
}

/// A group of a partition.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// How many rows.
    pub size: Size,
    /// Rows that are in it, by index.
    pub who: Vec<usize>,
    /// Only rows that hold this can be in it.
    pub condition: Option<Where>,
    /// How many rows point at each of its rows.
    pub has: Vec<Has>,
    /// The criterion it answers.
    pub id: Option<String>,
    /// Where its name stands.
    pub span: Span,
}

/// How many rows a group has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// A part of the population.
    Share(Share),
    /// Between so many and so many.
    Range(u32, u32),
}

/// How many rows point at each row of a group.
#[derive(Clone, Debug)]
pub struct Has {
    /// The population that points.
    pub child: PopulationId,
    /// Its link.
    pub link: usize,
    /// At least.
    pub lo: u32,
    /// At most.
    pub hi: u32,
    /// Where it stands.
    pub span: Span,
}

/// A fact that must hold.
#[derive(Clone, Debug)]
pub struct Ensure {
    /// The criterion it answers.
    pub id: String,
    /// The fact, as a person says it.
    pub fact: String,
    /// Index of the layer that declares it.
    pub layer: usize,
    /// What is counted.
    pub subject: Subject,
    /// Which of them.
    pub condition: Where,
    /// For each of these values of this path on its own.
    pub per: Option<(Path, Vec<Value>)>,
    /// Counts different values of this path instead of rows.
    pub distinct: Option<Path>,
    /// Lower bound.
    pub lo: Option<Bound>,
    /// Upper bound.
    pub hi: Option<Bound>,
    /// A name for the first witness.
    pub witness: Option<String>,
    /// Where its fact stands.
    pub span: Span,
    /// Where its lower and its upper bound stand.
    pub bounds: (Option<Span>, Option<Span>),
}

/// What an ensure counts.
#[derive(Clone, Debug)]
pub enum Subject {
    /// Rows of a population.
    Population(PopulationId),
    /// For each of these rows on its own, the rows a path leads to.
    ForEach(PopulationId, Vec<usize>, Path),
}

/// A bound of an ensure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// So many.
    Count(i64),
    /// So many hundredths of a percent of all.
    Percent(u32),
}

impl Bound {
    /// Returns the bound for a whole of `all`, half rounded up, as quotas are.
    pub fn of(self, all: usize) -> i64 {
        match self {
            Self::Count(n) => n,
            Self::Percent(hundredths) => (i64::from(hundredths) * all as i64 + 5_000) / 10_000,
        }
    }
}

/// A list the application should show.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its name.
    pub name: String,
    /// Index of the layer that declares it.
    pub layer: usize,
    /// One answer for each row of this population; one in all when absent.
    pub for_each: Option<PopulationId>,
    /// The rows listed; without `for_each` a path of no steps.
    pub list: Path,
    /// Which of them.
    pub condition: Where,
    /// The order, ties broken by key: (descending, path).
    pub order: Vec<(bool, Path)>,
    /// The same for any number of workers.
    pub persona_scope: bool,
    /// Totals by this value too.
    pub group_by: Option<GroupBy>,
}

/// What the rows of a list are grouped by.
#[derive(Clone, Debug)]
pub struct GroupBy {
    /// As the scenario says it: `category`.
    pub name: String,
    /// The way from a listed row to one value.
    pub path: Path,
}

/// A named variant of the dataset.
#[derive(Clone, Debug)]
pub struct StateRule {
    /// Its name.
    pub name: String,
    /// Index of the layer that declares it.
    pub layer: usize,
    /// Rows left out; everything when absent.
    pub without: Option<Vec<(PopulationId, Where)>>,
}

/// Rows that tests leave behind, recognised by a text column.
#[derive(Clone, Debug)]
pub struct ClaimRule {
    /// Index of the layer that declares it.
    pub layer: usize,
    /// The population whose table they stand in.
    pub population: PopulationId,
    /// The column.
    pub column: String,
    /// Text with `*` for any run of characters.
    pub pattern: String,
    /// Where that stands.
    pub span: Span,
}

/// Entries to pick from.
#[derive(Clone, Debug)]
pub struct List {
    /// Its name: `names.first`.
    pub name: String,
    /// Index of the layer that declares it.
    pub layer: usize,
    /// Names of the fields; one without a name for a list of plain values.
    pub fields: Vec<String>,
    /// The entries, a value per field.
    pub entries: Vec<Vec<Value>>,
}

impl Chain {
    /// Returns the population of that name.
    pub fn population(&self, name: &str) -> Option<PopulationId> {
        self.populations.iter().position(|population| population.name == name)
    }

    /// Returns the ways back into a population that a layer knows: the name, and who points.
    ///
    /// Where a link is overlaid, the newest that the layer knows counts.
    pub fn backs(&self, to: PopulationId, layer: usize) -> Vec<(&str, PopulationId, usize)> {
        let mut backs = Vec::new();
        for (child, population) in self.populations.iter().enumerate() {
            for (index, link) in population.links.iter().enumerate() {
                if link.to == to && link.layer <= layer && population.newest_link(&link.name, layer) == Some(index) {
                    backs.push((link.back.as_str(), child, index));
                }
            }
        }
        backs
    }

    /// Returns the JSON Schema of this project's scenario files, with its own names.
    pub fn names(&self) -> ProjectNames {
        project_names(self)
    }
}

impl Link {
    /// Whether every row has it.
    pub fn is_everybodys(&self) -> bool {
        self.share.is_none() && self.when.is_none()
    }
}

impl Population {
    /// Returns the links that a type column chooses between, by the name they share.
    pub fn choice(&self, name: &str) -> impl Iterator<Item = (&Link, &When)> {
        let chosen = self.links.iter().filter_map(|link| Some((link, link.when.as_ref()?)));
        chosen.filter(move |(_, when)| when.choice == name)
    }

    /// Returns the link of that name that a layer sees: the newest overlay at or below it.
    pub fn newest_link(&self, name: &str, layer: usize) -> Option<usize> {
        (0..self.links.len()).rev().find(|index| self.links[*index].name == name && self.links[*index].layer <= layer)
    }

    /// Returns the names of the rows, where the scenario itself says them.
    pub fn row_names(&self) -> Option<&[RowName]> {
        if let Rows::Named(names) = &self.rows { Some(names) } else { None }
    }

    /// Returns the index of a named row.
    pub fn row(&self, name: &str) -> Option<usize> {
        self.row_names()?.iter().position(|row| row.name == name)
    }
}
