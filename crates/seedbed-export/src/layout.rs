//! Layout: which tables there are, and where the columns of each population stand in their file.

use std::collections::BTreeSet;
use std::sync::Arc;

use seedbed_core::dataset::Block;
use seedbed_core::plan::diff::parents_first;
use seedbed_core::schema::Table;
use seedbed_core::value::{Decimal, Value};

use crate::column::Column;
use crate::sql;
use crate::{Failure, Form, Request};

/// The columns of a file.
pub(crate) type Columns = Arc<[Column]>;

/// A table and its file.
#[derive(Debug)]
pub(crate) struct TableFile {
    pub(crate) name: String,
    /// Name of the file.
    pub(crate) file: String,
    /// What it has of columns.
    pub(crate) columns: Columns,
    /// Its populations: index in the dataset, and layout.
    pub(crate) populations: Vec<(usize, Layout)>,
}

/// Where the columns of a population stand.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) columns: Columns,
    /// Place in the file by column of the population.
    pub(crate) places: Vec<usize>,
    /// What stands in columns that the population does not have.
    pub(crate) fills: Vec<(usize, Value)>,
}

impl Layout {
    /// Whether the population has all columns of the file, in its order.
    pub(crate) fn is_straight(&self) -> bool {
        self.fills.is_empty() && self.places.iter().enumerate().all(|(column, place)| column == *place)
    }
}

/// Returns the tables of a dataset, those that are referred to before those that refer.
pub(crate) fn tables(request: &Request<'_>) -> Result<Vec<TableFile>, Failure> {
    let blocks = &request.dataset.blocks;
    let names = parents_first(request.schema, blocks.iter().map(|block| block.table.as_str()));
    let (mut used, width) = (BTreeSet::new(), sql::digits(names.len()));
    let mut files = Vec::with_capacity(names.len());
    for (index, name) in names.into_iter().enumerate() {
        let table = &request.schema.tables[&name];
        let of_table: Vec<(usize, &Block)> =
            blocks.iter().enumerate().filter(|(_, block)| block.table == name).collect();
        let mut all: Vec<&String> = Vec::new();
        for column in of_table.iter().flat_map(|(_, block)| &block.columns) {
            if !all.contains(&column) {
                all.push(column);
            }
        }
        let columns = described(table, all.iter().copied());
        let populations = of_table.iter().map(|(index, block)| {
            // Every statement of SQL names its columns.
            let columns =
                if request.form == Form::Sql { described(table, block.columns.iter()) } else { Arc::clone(&columns) };
            Ok((*index, layout(table, block, columns)?))
        });
        let populations = populations.collect::<Result<_, Failure>>()?;
        let mut stem = file_stem(&name);
        while !used.insert(stem.to_lowercase()) {
            stem.push('_');
        }
        let number = if request.form == Form::Sql { format!("{:0width$}_", index + 1) } else { String::new() };
        let part = request.part.map_or(String::new(), |part| format!(".{part}"));
        let file = format!("{number}{stem}{part}.{}", request.form.name());
        files.push(TableFile { name, file, columns, populations });
    }
    Ok(files)
}

fn described<'a>(table: &Table, names: impl Iterator<Item = &'a String>) -> Columns {
    names.map(|name| Column::of(table.column(name).expect("the chain fits the schema"))).collect()
}

fn layout(table: &Table, block: &Block, columns: Columns) -> Result<Layout, Failure> {
    let place =
        |name: &String| columns.iter().position(|column| column.name == *name).expect("the file has all columns");
    let places: Vec<usize> = block.columns.iter().map(place).collect();
    let mut fills = Vec::new();
    for (place, column) in columns.iter().enumerate().filter(|(place, _)| !places.contains(place)) {
        let declared = table.column(&column.name).expect("the chain fits the schema");
        let value = match declared.default.as_deref().map(literal) {
            None => Some(Value::Null),
            Some(literal) => literal,
        };
        match value {
            Some(value) if column.nullable || value != Value::Null => fills.push((place, value)),
            _ => {
                return Err(Failure::Value(format!(
                    "rows of `{}` have no `{}`, which other rows of `{}` have, and nothing stands for it",
                    block.population, column.name, block.table
                )));
            }
        }
    }
    Ok(Layout { columns, places, fills })
}

/// Returns the value of a default that is written out: a number, a text, yes, no or NULL.
fn literal(default: &str) -> Option<Value> {
    let mut text = default.trim();
    while let Some(inner) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
        text = inner.trim();
    }
    if let Some(rest) = text.strip_prefix('\'') {
        let end = rest.replace("''", "  ").find('\'')?;
        let after = rest[end + 1..].trim();
        return (after.is_empty() || after.starts_with("::")).then(|| Value::text(rest[..end].replace("''", "'")));
    }
    let text = text.split("::").next().unwrap_or(text).trim();
    match text.to_lowercase().as_str() {
        "null" => Some(Value::Null),
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        number => {
            let number = Decimal::parse(number)?;
            Some(number.to_integer().map_or(Value::Decimal(number), Value::Integer))
        }
    }
}

/// Returns a table's name as one of a file.
fn file_stem(table: &str) -> String {
    let fits = |c: char| if c.is_alphanumeric() || matches!(c, '_' | '-') { c } else { '_' };
    table.chars().map(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_that_is_written_out_is_a_value() {
        for (default, value) in [
            ("0", Some(Value::Integer(0))),
            ("(-1.50)", Some(Value::Decimal(Decimal::new(-15, 1)))),
            ("'it''s'::character varying", Some(Value::text("it's"))),
            ("''", Some(Value::text(""))),
            ("false", Some(Value::Bool(false))),
            ("NULL::text", Some(Value::Null)),
            ("now()", None),
            ("CURRENT_TIMESTAMP", None),
            ("'a' || 'b'", None),
            ("nextval('s'::regclass)", None),
        ] {
            assert_eq!(literal(default), value, "{default}");
        }
    }

    #[test]
    fn a_file_has_a_name_that_every_system_takes() {
        assert_eq!(file_stem("public.users/x"), "public_users_x");
        assert_eq!(file_stem("Straße-1"), "Straße-1");
    }
}
