//! Facts as SQL: expressions over rows of named tables, and the queries that count by them.
//!
//! Truth is two-valued: [`Expression::Certain`] turns NULL into false, and everything that is
//! negated or counted is certain. Three functions have no common form in SQL; an adapter gives its
//! connection those of `database::functions`.

use seedbed_core::plan::{Cell, Key, key_text};
use seedbed_core::schema::{ColumnKind, Table};

use super::{Sql, Statement, Writer, json};

/// A row of a query, by its number.
pub(crate) type Alias = usize;

/// The exact keys of a population, by its place among the sets of a query.
pub(crate) type SetNumber = usize;

/// An expression.
#[derive(Clone, Debug)]
pub(crate) enum Expression {
    /// Yes or no.
    Constant(bool),
    /// A bound value.
    Value(Cell),
    /// A column of a row.
    Column(Alias, String),
    /// The key of a row: its column, or for several columns their text.
    Key(Alias, Vec<String>),
    /// All of these.
    All(Vec<Expression>),
    /// At least one of these.
    Any(Vec<Expression>),
    /// The opposite.
    Not(Box<Expression>),
    /// No where SQL says NULL.
    Certain(Box<Expression>),
    /// How two values compare; NULL where one is NULL.
    Compare(Box<Expression>, Operator, Box<Expression>),
    /// Both are the same value, or both NULL.
    Same(Box<Expression>, Box<Expression>),
    /// It is NULL.
    IsNull(Box<Expression>),
    /// It is one of these.
    OneOf(Box<Expression>, Vec<Cell>),
    /// It is a key of this set.
    Member(Box<Expression>, SetNumber),
    /// The place of a key in this set; NULL where it is not in it.
    Position(Box<Expression>, SetNumber),
    /// It is among the values of an expression over some rows.
    Among(Box<Expression>, From, Box<Expression>),
    /// There are such rows.
    Exists(From),
    /// The value of an expression over at most one row; NULL where there is none.
    Scalar(From, Box<Expression>),
    /// The number of such rows.
    Count(From),
    /// The number of different values over such rows.
    Distinct(From, Box<Expression>),
    /// A value as text, perhaps without its dashes.
    Text(Box<Expression>, bool),
    /// A number in units of ten to the minus this.
    Units(Box<Expression>, u8),
    /// The sum over such rows in units of ten to the minus this; 0 where there is none.
    Sum(From, Box<Expression>, u8),
    /// A function of the adapter.
    Call(Function, Vec<Expression>),
}

/// How two values compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    Below,
    AtMost,
    Above,
    AtLeast,
}

/// A function that an adapter gives its connection; see `database::functions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    /// Kilometres between two points, to the metre.
    Km,
    /// Whether a text has another in it, upper and lower case alike.
    Contains,
    /// Whether a text is a pattern.
    Matches,
}

/// Rows of tables that hold conditions together.
#[derive(Clone, Debug, Default)]
pub(crate) struct From {
    pub(crate) rows: Vec<(String, Alias)>,
    pub(crate) conditions: Vec<Expression>,
}

/// What is counted once: a row of `for_each` with a value of `per`.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    /// The rows there are.
    pub(crate) from: From,
    /// Which of them count.
    pub(crate) counts: Expression,
    /// Different values are counted instead of rows.
    pub(crate) distinct: Option<Expression>,
    /// The place of the row in its population.
    pub(crate) position: Expression,
    /// The key of the row.
    pub(crate) key: Vec<Expression>,
}

/// Returns the key set as a value to bind.
pub(crate) fn set(keys: &[Key]) -> Cell {
    json(keys.iter()).unwrap_or_else(|| {
        let texts: Vec<String> = keys.iter().map(|key| key_text(key)).collect();
        Cell::text(serde_json::to_string(&texts).expect("texts are JSON"))
    })
}

/// Returns the statement with a row for each of `counted`: its number, how many rows there are, what
/// was counted, and the smallest place of a row that counts.
pub(crate) fn count_facts(sets: &[Cell], counted: &[Counted]) -> Statement {
    let mut writer = Writer::default();
    writer.sets(sets);
    for (number, counted) in counted.iter().enumerate() {
        writer.push(if number == 0 { "SELECT " } else { " UNION ALL SELECT " });
        writer.bind(Cell::Integer(number as i64));
        writer.push(", count(*), ");
        writer.push(match counted.distinct {
            None => "count(CASE WHEN c THEN 1 END)",
            Some(_) => "count(DISTINCT CASE WHEN c THEN d END)",
        });
        writer.push(", min(CASE WHEN c THEN p END) FROM (SELECT ");
        writer.expression(&counted.counts);
        writer.push(" AS c, ");
        writer.expression(&counted.position);
        writer.push(" AS p");
        if let Some(distinct) = &counted.distinct {
            writer.push(", ");
            writer.expression(distinct);
            writer.push(" AS d");
        }
        writer.push(" FROM ");
        writer.from(&counted.from);
        writer.push(") AS f");
    }
    writer.finish()
}

/// Returns the statement for the keys of the rows that count, in the order of their population.
pub(crate) fn counted_rows(sets: &[Cell], counted: &Counted) -> Statement {
    let mut writer = Writer::default();
    writer.sets(sets);
    writer.push("SELECT DISTINCT ");
    writer.selection(&counted.key);
    writer.push(", ");
    writer.expression(&counted.position);
    writer.push(" AS p FROM ");
    writer.from(&counted.from);
    writer.push(if counted.from.conditions.is_empty() { " WHERE " } else { " AND " });
    writer.expression(&counted.counts);
    writer.push(" ORDER BY p");
    writer.finish()
}

/// Returns the statement for `columns` of the rows that a path leads to.
pub(crate) fn select_from(columns: &[Expression], from: &From) -> Statement {
    let mut writer = Writer::default();
    writer.push("SELECT ");
    writer.selection(columns);
    writer.push(" FROM ");
    writer.from(from);
    writer.finish()
}

/// Returns the statement for the values of some expressions, in one row.
pub(crate) fn select_values(values: &[Expression]) -> Statement {
    let mut writer = Writer::default();
    writer.push("SELECT ");
    writer.selection(values);
    writer.finish()
}

/// Returns the statement that makes a table for declared rows in a database of our own in memory.
pub(crate) fn create_scratch(table: &Table) -> Sql {
    let mut writer = Writer::default();
    writer.push("CREATE TABLE ");
    writer.name(&table.name);
    writer.push(" (");
    for (index, column) in table.columns.iter().enumerate() {
        writer.push(if index == 0 { "" } else { ", " });
        writer.name(&column.name);
        writer.push(match column.kind {
            ColumnKind::Boolean | ColumnKind::Integer { .. } | ColumnKind::Decimal { .. } => " NUMERIC",
            ColumnKind::Real => " REAL",
            ColumnKind::Text { .. } | ColumnKind::Uuid | ColumnKind::Json => " TEXT",
            ColumnKind::Timestamp | ColumnKind::Date | ColumnKind::Bytes | ColumnKind::Other => "",
        });
    }
    writer.push(")");
    writer.finish().sql
}

impl Operator {
    fn sign(self) -> &'static str {
        match self {
            Self::Equal => " = ",
            Self::Below => " < ",
            Self::AtMost => " <= ",
            Self::Above => " > ",
            Self::AtLeast => " >= ",
        }
    }
}

impl Function {
    fn name(self) -> &'static str {
        match self {
            Self::Km => "seedbed_km(",
            Self::Contains => "seedbed_contains(",
            Self::Matches => "seedbed_matches(",
        }
    }
}

impl Writer {
    fn sets(&mut self, sets: &[Cell]) {
        for (number, keys) in sets.iter().enumerate() {
            self.push(if number == 0 { "WITH " } else { ", " });
            self.keys(number);
            self.push("(position, value) AS MATERIALIZED (SELECT key, value FROM json_each(");
            self.bind(keys.clone());
            self.push("))");
        }
        self.push(if sets.is_empty() { "" } else { " " });
    }

    fn keys(&mut self, number: SetNumber) {
        // A table of the application must not have this name, or it would be hidden.
        self.push("seedbed_keys_");
        self.text.push_str(&number.to_string());
    }

    fn row(&mut self, alias: Alias) {
        self.push("r");
        self.text.push_str(&alias.to_string());
    }

    fn from(&mut self, from: &From) {
        for (index, (table, alias)) in from.rows.iter().enumerate() {
            self.push(if index == 0 { "" } else { ", " });
            self.name(table);
            self.push(" AS ");
            self.row(*alias);
        }
        for (index, condition) in from.conditions.iter().enumerate() {
            self.push(if index == 0 { " WHERE " } else { " AND " });
            self.expression(condition);
        }
    }

    fn subquery(&mut self, what: &'static str, from: &From) {
        self.push("(SELECT ");
        self.push(what);
        self.push(" FROM ");
        self.from(from);
        self.push(")");
    }

    fn list(&mut self, expressions: &[Expression]) {
        for (index, expression) in expressions.iter().enumerate() {
            self.push(if index == 0 { "" } else { ", " });
            self.expression(expression);
        }
    }

    /// Writes a SELECT list.
    fn selection(&mut self, expressions: &[Expression]) {
        for (index, expression) in expressions.iter().enumerate() {
            self.push(if index == 0 { "" } else { ", " });
            if let Expression::Column(..) = expression {
                self.as_stored();
            }
            self.expression(expression);
        }
    }

    fn joined(&mut self, parts: &[Expression], sign: &'static str, none: &'static str) {
        if parts.is_empty() {
            self.push(none);
            return;
        }
        self.push("(");
        for (index, part) in parts.iter().enumerate() {
            self.push(if index == 0 { "" } else { sign });
            self.expression(part);
        }
        self.push(")");
    }

    fn over(&mut self, before: &'static str, value: &Expression, after: &'static str, from: &From) {
        self.push(before);
        self.expression(value);
        self.push(after);
        self.push(" FROM ");
        self.from(from);
        self.push(")");
    }

    fn expression(&mut self, expression: &Expression) {
        match expression {
            Expression::Constant(yes) => self.push(if *yes { "TRUE" } else { "FALSE" }),
            Expression::Value(cell) => self.bind(cell.clone()),
            Expression::Column(alias, name) => self.column(*alias, name),
            Expression::Key(alias, names) => self.key(*alias, names),
            Expression::All(parts) => self.joined(parts, " AND ", "TRUE"),
            Expression::Any(parts) => self.joined(parts, " OR ", "FALSE"),
            Expression::Not(inner) => {
                self.push("NOT (");
                self.expression(inner);
                self.push(")");
            }
            Expression::Certain(inner) => {
                self.push("coalesce(");
                self.expression(inner);
                self.push(", FALSE)");
            }
            Expression::Compare(left, operator, right) => {
                self.expression(left);
                self.push(operator.sign());
                self.expression(right);
            }
            Expression::Same(left, right) => {
                self.push("coalesce(");
                self.expression(left);
                self.push(" = ");
                self.expression(right);
                self.push(", ");
                self.expression(left);
                self.push(" IS NULL AND ");
                self.expression(right);
                self.push(" IS NULL)");
            }
            Expression::IsNull(inner) => {
                self.push("(");
                self.expression(inner);
                self.push(" IS NULL)");
            }
            Expression::OneOf(_, cells) if cells.is_empty() => self.push("FALSE"),
            Expression::OneOf(inner, cells) => {
                self.expression(inner);
                self.push(" IN (");
                for (index, cell) in cells.iter().enumerate() {
                    self.push(if index == 0 { "" } else { ", " });
                    self.bind(cell.clone());
                }
                self.push(")");
            }
            Expression::Member(inner, set) => {
                self.expression(inner);
                self.push(" IN (SELECT value FROM ");
                self.keys(*set);
                self.push(")");
            }
            Expression::Position(inner, set) => {
                self.push("(SELECT position FROM ");
                self.keys(*set);
                self.push(" AS k WHERE k.value = ");
                self.expression(inner);
                self.push(")");
            }
            Expression::Among(inner, from, value) => {
                self.expression(inner);
                self.over(" IN (SELECT ", value, "", from);
            }
            Expression::Exists(from) => {
                self.push("EXISTS ");
                self.subquery("1", from);
            }
            Expression::Scalar(from, value) => self.over("(SELECT ", value, "", from),
            Expression::Count(from) => self.subquery("count(*)", from),
            Expression::Distinct(from, value) => self.over("(SELECT count(DISTINCT ", value, ")", from),
            Expression::Text(value, without_dashes) => {
                self.push(if *without_dashes { "replace(CAST(" } else { "CAST(" });
                self.expression(value);
                self.push(if *without_dashes { " AS TEXT), '-', '')" } else { " AS TEXT)" });
            }
            Expression::Units(value, 0) => self.expression(value),
            Expression::Units(value, scale) => {
                self.push("CAST(round(");
                self.expression(value);
                self.push(" * ");
                self.bind(Cell::Integer(10i64.pow(u32::from(*scale))));
                self.push(") AS INTEGER)");
            }
            Expression::Sum(from, value, scale) => {
                // Floats are summed as whole units, so that 0.1 + 0.2 is 0.3.
                let units = Expression::Units(value.clone(), *scale);
                self.over("(SELECT coalesce(sum(", &units, "), 0)", from);
            }
            Expression::Call(function, arguments) => {
                self.push(function.name());
                self.list(arguments);
                self.push(")");
            }
        }
    }

    fn column(&mut self, alias: Alias, name: &str) {
        self.row(alias);
        self.push(".");
        self.name(name);
    }

    fn key(&mut self, alias: Alias, names: &[String]) {
        if let [name] = names {
            return self.column(alias, name);
        }
        self.push("(");
        for (index, name) in names.iter().enumerate() {
            self.push(if index == 0 { "CAST(" } else { " || ' ' || CAST(" });
            self.column(alias, name);
            self.push(" AS TEXT)");
        }
        self.push(")");
    }
}
