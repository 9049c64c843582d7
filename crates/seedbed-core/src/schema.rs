//! Schema: what a database's catalogue says, as far as seeding needs it.
//!
//! A schema is read by a database adapter and is data here; nothing in this module knows an engine.

use std::collections::BTreeMap;

/// The tables of a database, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    /// Tables by their name as the catalogue spells it.
    pub tables: BTreeMap<String, Table>,
}

/// A table of the catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Name as the catalogue spells it.
    pub name: String,
    /// What kind of relation it is; only base tables can be seeded.
    pub kind: TableKind,
    /// Columns in their order.
    pub columns: Vec<Column>,
    /// What columns take, by name, where the engine refuses every other value.
    pub takes: BTreeMap<String, Takes>,
    /// Names of the primary key's columns, in key order; empty when there is none.
    pub primary_key: Vec<String>,
    /// The engine hands out keys that it never hands out again (SQLite: AUTOINCREMENT).
    pub autoincrement: bool,
    /// Unique constraints and unique indexes, the primary key left out.
    pub uniques: Vec<Unique>,
    /// Foreign keys that leave this table.
    pub foreign_keys: Vec<ForeignKey>,
    /// Names of enabled triggers on this table.
    pub triggers: Vec<String>,
}

/// What kind of relation a table of the catalogue is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TableKind {
    /// An ordinary table.
    #[default]
    Base,
    /// A view.
    View,
    /// A virtual, shadow or foreign table.
    Virtual,
    /// A table that others inherit from or refer to, unseen by this catalogue.
    Entwined,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Name as the catalogue spells it.
    pub name: String,
    /// The declared type, verbatim.
    pub declared: String,
    /// What the declared type means.
    pub kind: ColumnKind,
    /// Whether NULL is allowed.
    pub nullable: bool,
    /// The default expression, verbatim; for keys that the database makes, `GENERATED .. AS IDENTITY`.
    pub default: Option<String>,
    /// The engine computes the value; it can't be written.
    pub generated: bool,
}

/// The default of a column whose values the database makes itself, and takes from nobody unless told to.
pub const ALWAYS_IDENTITY: &str = "GENERATED ALWAYS AS IDENTITY";

/// What a column's declared type means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Yes or no.
    Boolean,
    /// A whole number of so many bits.
    Integer {
        /// 16, 32 or 64.
        bits: u8,
    },
    /// An exact number.
    Decimal {
        /// Digits after the point, where declared.
        scale: Option<u8>,
    },
    /// A float.
    Real,
    /// A text of at most so many characters.
    Text {
        /// The declared limit.
        limit: Option<u32>,
    },
    /// A moment.
    Timestamp,
    /// A day.
    Date,
    /// A UUID in a type of its own or in a column of 32 or 36 characters that is declared so.
    Uuid,
    /// A JSON document.
    Json,
    /// Bytes.
    Bytes,
    /// A type that this version does not know.
    Other,
}

/// What a column takes of an engine that refuses every other value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Yes or no.
    Boolean,
    /// A whole number of so many bits.
    Integer {
        /// 16, 32 or 64.
        bits: u8,
    },
    /// A whole number in any spelling, `1e3` too.
    Whole,
    /// An exact number; digits behind its places are rounded away.
    Decimal {
        /// Digits in all.
        digits: u16,
        /// Digits after the point.
        places: u16,
    },
    /// A number.
    Number,
    /// A text; blanks behind its end are cut off.
    Text {
        /// How many characters at most.
        limit: u32,
    },
    /// One of these.
    OneOf(Vec<String>),
    /// A day, or a moment.
    Moment,
    /// A UUID.
    Uuid,
    /// A JSON document.
    Json,
}

/// A unique constraint or unique index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unique {
    /// Name of the index.
    pub name: String,
    /// Its columns; empty when it is over expressions.
    pub columns: Vec<String>,
    /// It has a WHERE, so it binds some rows only.
    pub partial: bool,
    /// The columns that decide what it holds: its own, and those that its expressions and its WHERE name.
    pub uses: Vec<String>,
}

/// A foreign key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignKey {
    /// Columns of this table.
    pub columns: Vec<String>,
    /// The table referred to.
    pub to: String,
    /// Columns of the table referred to.
    pub to_columns: Vec<String>,
    /// What the engine does to this table's rows when the row referred to goes.
    pub on_delete: OnDelete,
}

/// What a catalogue says of a table beyond what seeding asks for: which values its columns take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Its checks, and those of the domains of its columns.
    pub checks: Vec<Check>,
    /// The values of an enum type, by the column that has it.
    pub enums: BTreeMap<String, Vec<String>>,
    /// What a unique index says where that is more than its columns, by its name.
    pub unique_indexes: BTreeMap<String, String>,
    /// Constraints of other kinds.
    pub others: Vec<Check>,
}

/// A condition that every row of a table holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its name; empty where it has none.
    pub name: String,
    /// The condition, verbatim.
    pub expression: String,
    /// The column that VALUE stands for, in the check of a domain.
    pub column: Option<String>,
}

/// The action of a foreign key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDelete {
    /// The delete is refused, when the reference is checked.
    #[default]
    NoAction,
    /// The delete is refused at once.
    Restrict,
    /// The rows go too.
    Cascade,
    /// The columns become NULL.
    SetNull,
    /// The columns get their default.
    SetDefault,
}

impl Table {
    /// Returns the columns whose names stand in a text of SQL, and perhaps more.
    pub fn columns_named_in(&self, text: &str) -> Vec<String> {
        let text = text.to_lowercase();
        let named = self.columns.iter().filter(|column| text.contains(&column.name.to_lowercase()));
        named.map(|column| column.name.clone()).collect()
    }

    /// Returns the column of that name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

impl Schema {
    /// Returns the foreign keys that lead into `table`, each with the table it leaves.
    pub fn references_to<'a>(&'a self, table: &'a str) -> impl Iterator<Item = (&'a Table, &'a ForeignKey)> {
        self.tables.values().flat_map(move |from| {
            from.foreign_keys.iter().filter(move |key| key.to == table).map(move |key| (from, key))
        })
    }
}
