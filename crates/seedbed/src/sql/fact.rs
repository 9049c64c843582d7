//! Facts as SQL: expressions over rows of named tables, and the queries that count by them.
//!
//! Truth is two-valued: [`Expression::Certain`] turns NULL into false, and everything that is
//! negated or counted is certain. Three functions have no common form in SQL: SQLite's connections
//! have those of `database::functions`, PostgreSQL has expressions that give the same.
//!
//! SQLite compares whatever it is given; PostgreSQL wants both sides to be of one sort, so every
//! expression has one there: yes or no, number, text. Times compare as the texts that SQLite holds.

use seedbed_core::plan::{Cell, Key, key_text};
use seedbed_core::schema::{Column, ColumnKind, Table};

use super::{Dialect, Sql, Statement, Writer, json, postgres};

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
    Column(Alias, Column),
    /// The key of a row: its column, or for several columns their text.
    Key(Alias, Vec<Column>),
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
pub(crate) fn count_facts(dialect: Dialect, sets: &[Cell], counted: &[Counted]) -> Statement {
    let mut writer = Writer::new(dialect);
    writer.sets(sets);
    for (number, counted) in counted.iter().enumerate() {
        writer.push(if number == 0 { "SELECT " } else { " UNION ALL SELECT " });
        writer.value(Cell::Integer(number as i64));
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
pub(crate) fn counted_rows(dialect: Dialect, sets: &[Cell], counted: &Counted) -> Statement {
    let mut writer = Writer::new(dialect);
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
pub(crate) fn select_from(dialect: Dialect, columns: &[Expression], from: &From) -> Statement {
    let mut writer = Writer::new(dialect);
    writer.push("SELECT ");
    writer.selection(columns);
    writer.push(" FROM ");
    writer.from(from);
    writer.finish()
}

/// Returns the statement for the values of some expressions, in one row.
pub(crate) fn select_values(dialect: Dialect, values: &[Expression]) -> Statement {
    let mut writer = Writer::new(dialect);
    writer.push("SELECT ");
    writer.selection(values);
    writer.finish()
}

/// Returns the statement that makes a table for declared rows in a database of our own in memory.
pub(crate) fn create_scratch(table: &Table) -> Sql {
    let mut writer = Writer::new(Dialect::Sqlite);
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

/// What an expression gives, as far as PostgreSQL compares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// Yes or no.
    Truth,
    Number,
    Text,
    Bytes,
}

impl Sort {
    /// Returns what both are turned into when they are compared.
    fn common(self, other: Self) -> Self {
        match (self, other) {
            (a, b) if a == b => a,
            (Self::Text, _) | (_, Self::Text) => Self::Text,
            _ => Self::Number,
        }
    }

    fn of_column(column: &Column) -> Self {
        match column.kind {
            ColumnKind::Boolean => Self::Truth,
            ColumnKind::Integer { .. } | ColumnKind::Decimal { .. } | ColumnKind::Real => Self::Number,
            ColumnKind::Bytes => Self::Bytes,
            ColumnKind::Text { .. }
            | ColumnKind::Timestamp
            | ColumnKind::Date
            | ColumnKind::Uuid
            | ColumnKind::Json
            | ColumnKind::Other => Self::Text,
        }
    }

    fn of_cell(cell: &Cell) -> Self {
        match cell {
            Cell::Integer(_) | Cell::Real(_) => Self::Number,
            Cell::Null | Cell::Text(_) => Self::Text,
            Cell::Blob(_) => Self::Bytes,
        }
    }

    /// Returns the sort of the keys in a list; those of an empty one are of any.
    fn of_list(list: &Cell) -> Self {
        let first = list.as_text().and_then(|text| text.as_bytes().get(1).copied());
        if first == Some(b'"') { Self::Text } else { Self::Number }
    }
}

impl Expression {
    fn sort(&self) -> Sort {
        match self {
            Self::Constant(_)
            | Self::All(_)
            | Self::Any(_)
            | Self::Not(_)
            | Self::Certain(_)
            | Self::Compare(..)
            | Self::Same(..)
            | Self::IsNull(_)
            | Self::OneOf(..)
            | Self::Member(..)
            | Self::Among(..)
            | Self::Exists(_)
            | Self::Call(Function::Contains | Function::Matches, _) => Sort::Truth,
            Self::Value(cell) => Sort::of_cell(cell),
            Self::Column(_, column) => Sort::of_column(column),
            Self::Key(_, columns) => match &columns[..] {
                [column] => Sort::of_column(column),
                _ => Sort::Text,
            },
            Self::Scalar(_, value) => value.sort(),
            Self::Text(..) => Sort::Text,
            Self::Position(..)
            | Self::Count(_)
            | Self::Distinct(..)
            | Self::Units(..)
            | Self::Sum(..)
            | Self::Call(Function::Km, _) => Sort::Number,
        }
    }
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
            self.push("(position, value) AS MATERIALIZED (SELECT ");
            match self.dialect {
                Dialect::Sqlite => {
                    self.push("key, value FROM json_each(");
                    self.bind(keys.clone());
                    self.push("))");
                }
                Dialect::Postgres => {
                    let sort = Sort::of_list(keys);
                    self.push(if sort == Sort::Number {
                        "ordinality - 1, value::int8"
                    } else {
                        "ordinality - 1, value"
                    });
                    self.push(" FROM json_array_elements_text(");
                    self.bind(keys.clone());
                    self.push("::text::json) WITH ORDINALITY)");
                    self.set_sorts.push(sort);
                }
            }
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
            match (self.dialect, expression) {
                (Dialect::Postgres, Expression::Column(alias, column)) => {
                    self.as_cell(column, |writer| writer.column(*alias, &column.name));
                }
                (Dialect::Sqlite, Expression::Column(..)) => {
                    self.as_stored();
                    self.expression(expression);
                }
                _ => self.expression(expression),
            }
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
            Expression::Value(cell) => self.value(cell.clone()),
            Expression::Column(alias, column) => self.comparable(*alias, column),
            Expression::Key(alias, columns) => self.key(*alias, columns),
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
                let sort = left.sort().common(right.sort());
                self.operand(left, sort);
                self.push(operator.sign());
                self.operand(right, sort);
            }
            Expression::Same(left, right) => {
                let sort = left.sort().common(right.sort());
                self.push("coalesce(");
                self.operand(left, sort);
                self.push(" = ");
                self.operand(right, sort);
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
                let known = cells.iter().filter(|cell| !cell.is_null());
                let sort = known.fold(inner.sort(), |sort, cell| sort.common(Sort::of_cell(cell)));
                self.operand(inner, sort);
                self.push(" IN (");
                for (index, cell) in cells.iter().enumerate() {
                    self.push(if index == 0 { "" } else { ", " });
                    self.operand(&Expression::Value(cell.clone()), sort);
                }
                self.push(")");
            }
            Expression::Member(inner, set) => {
                let sort = self.operand_for_set(inner, *set);
                self.push(if sort == Sort::Text { " IN (SELECT value::text FROM " } else { " IN (SELECT value FROM " });
                self.keys(*set);
                self.push(")");
            }
            Expression::Position(inner, set) => {
                self.push("(SELECT position FROM ");
                self.keys(*set);
                self.push(" AS k WHERE k.value");
                let text = self.dialect == Dialect::Postgres && inner.sort() == Sort::Text;
                self.push(if text { "::text = " } else { " = " });
                self.operand_for_set(inner, *set);
                self.push(")");
            }
            Expression::Among(inner, from, value) => {
                let sort = inner.sort().common(value.sort());
                self.operand(inner, sort);
                self.push(" IN (SELECT ");
                self.operand(value, sort);
                self.push(" FROM ");
                self.from(from);
                self.push(")");
            }
            Expression::Exists(from) => {
                self.push("EXISTS ");
                self.subquery("1", from);
            }
            Expression::Scalar(from, value) => match self.dialect {
                Dialect::Sqlite => self.over("(SELECT ", value, "", from),
                Dialect::Postgres => {
                    // SQLite takes the first row where a key is not unique; here that is an error.
                    self.over("((SELECT ", value, "", from);
                    self.text.pop();
                    self.push(" LIMIT 1))");
                }
            },
            Expression::Count(from) => self.subquery("count(*)", from),
            Expression::Distinct(from, value) => self.over("(SELECT count(DISTINCT ", value, ")", from),
            Expression::Text(value, without_dashes) => {
                self.push(if *without_dashes { "replace(CAST(" } else { "CAST(" });
                self.operand(value, Sort::Text);
                self.push(if *without_dashes { " AS TEXT), '-', '')" } else { " AS TEXT)" });
            }
            Expression::Units(value, 0) => self.operand(value, Sort::Number),
            Expression::Units(value, scale) => {
                self.push("CAST(round(");
                self.operand(value, Sort::Number);
                self.push(" * ");
                self.value(Cell::Integer(10i64.pow(u32::from(*scale))));
                self.push(match self.dialect {
                    Dialect::Sqlite => ") AS INTEGER)",
                    Dialect::Postgres => ") AS int8)",
                });
            }
            Expression::Sum(from, value, scale) => {
                // Floats are summed as whole units, so that 0.1 + 0.2 is 0.3.
                let units = Expression::Units(value.clone(), *scale);
                self.over("(SELECT coalesce(sum(", &units, "), 0)", from);
            }
            Expression::Call(function, arguments) => match self.dialect {
                Dialect::Sqlite => {
                    self.push(function.name());
                    self.list(arguments);
                    self.push(")");
                }
                Dialect::Postgres => self.call(*function, arguments),
            },
        }
    }

    /// Writes an expression as one of a sort, where the engine minds.
    fn operand(&mut self, expression: &Expression, sort: Sort) {
        let turned = match (self.dialect, expression.sort(), sort) {
            (_, Sort::Text, _) if matches!(expression, Expression::Value(Cell::Null)) => "",
            (Dialect::Postgres, Sort::Truth, Sort::Number) => "::int",
            (Dialect::Postgres, Sort::Truth, Sort::Text) => "::int::text",
            (Dialect::Postgres, Sort::Number, Sort::Text) => "::text",
            _ => "",
        };
        self.push(if turned.is_empty() { "" } else { "(" });
        self.expression(expression);
        self.push(if turned.is_empty() { "" } else { ")" });
        self.push(turned);
    }

    /// Writes what is looked for among keys; returns the sort that it and they are compared as.
    fn operand_for_set(&mut self, inner: &Expression, set: SetNumber) -> Sort {
        if self.dialect == Dialect::Sqlite {
            self.expression(inner);
            return Sort::Number;
        }
        let sort = inner.sort().common(self.set_sorts[set]);
        self.operand(inner, sort);
        sort
    }

    /// Writes a value that is compared with an expression.
    fn value(&mut self, cell: Cell) {
        let cast = match (self.dialect, &cell) {
            (Dialect::Sqlite, _) => "",
            (Dialect::Postgres, Cell::Null) => return self.push("NULL"),
            (Dialect::Postgres, Cell::Integer(_)) => "::int8",
            (Dialect::Postgres, Cell::Real(_)) => "::float8",
            (Dialect::Postgres, Cell::Text(_)) => "::text",
            (Dialect::Postgres, Cell::Blob(_)) => "::bytea",
        };
        self.bind(cell);
        self.push(cast);
    }

    /// Writes a column that is compared: texts, and what compares as one, byte by byte.
    fn comparable(&mut self, alias: Alias, column: &Column) {
        if self.dialect == Dialect::Postgres && Sort::of_column(column) == Sort::Text {
            self.push("(");
            self.as_cell(column, |writer| writer.column(alias, &column.name));
            self.push(" COLLATE \"C\")");
        } else if self.dialect == Dialect::Postgres && column.kind == ColumnKind::Real {
            self.as_cell(column, |writer| writer.column(alias, &column.name));
        } else {
            self.column(alias, &column.name);
        }
    }

    /// Writes what PostgreSQL has for a function of `database::functions`.
    fn call(&mut self, function: Function, arguments: &[Expression]) {
        match (function, arguments) {
            (Function::Km, [latitude, longitude, other_latitude, other_longitude]) => {
                self.push(
                    "(SELECT round((2 * atan2(sqrt(h), sqrt(greatest(1 - h, 0))) * 6371000)::numeric) / 1000.0 \
                     FROM (SELECT power(sin(radians(c - a) / 2), 2) + cos(radians(a)) * cos(radians(c)) \
                     * power(sin(radians(d - b) / 2), 2) AS h FROM (SELECT (",
                );
                self.expression(latitude);
                self.push(")::float8 AS a, (");
                self.expression(longitude);
                self.push(")::float8 AS b, (");
                self.expression(other_latitude);
                self.push(")::float8 AS c, (");
                self.expression(other_longitude);
                self.push(")::float8 AS d) AS p) AS q)");
            }
            (Function::Contains, [text, part]) => {
                // Lower case by Unicode's own rules, whatever the locale of the server.
                self.push("(strpos(lower((");
                self.operand(text, Sort::Text);
                self.push(") COLLATE \"und-x-icu\") COLLATE \"C\", ");
                match part {
                    Expression::Value(Cell::Text(part)) => self.value(Cell::text(part.to_lowercase())),
                    part => self.operand(part, Sort::Text),
                }
                self.push(") > 0)");
            }
            (Function::Matches, [text, pattern]) => {
                self.push("((");
                self.operand(text, Sort::Text);
                self.push(") COLLATE \"C\" LIKE ");
                match pattern {
                    Expression::Value(Cell::Text(pattern)) => self.value(Cell::text(postgres::like(pattern))),
                    pattern => self.operand(pattern, Sort::Text),
                }
                self.push(")");
            }
            _ => unreachable!("a function is called with all its arguments"),
        }
    }

    fn column(&mut self, alias: Alias, name: &str) {
        self.row(alias);
        self.push(".");
        self.name(name);
    }

    fn key(&mut self, alias: Alias, columns: &[Column]) {
        if let [column] = columns {
            return self.comparable(alias, column);
        }
        self.push("(");
        for (index, column) in columns.iter().enumerate() {
            self.push(if index == 0 { "CAST(" } else { " || ' ' || CAST(" });
            self.comparable(alias, column);
            self.push(" AS TEXT)");
        }
        self.push(")");
    }
}
