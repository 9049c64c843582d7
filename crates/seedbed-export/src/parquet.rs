//! Parquet: a column after the other, in groups of rows.
//!
//! Whole numbers, yes and no, exact numbers, moments, days, texts and bytes keep their types. A group
//! is made in memory and written as a whole, so groups bound what is held.

use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DoubleType, FixedLenByteArray, FixedLenByteArrayType, Int32Type, Int64Type,
};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;
use seedbed_core::password::Hashes;
use seedbed_core::scale::Encoder;
use seedbed_core::schema::ColumnKind;
use seedbed_core::value::{Decimal, Value};

use crate::Failure;
use crate::column::{Column, Datum, Zone, decimal};
use crate::days;
use crate::folder::Sink;
use crate::layout::{Columns, Layout};
use crate::make::{Job, Sheet, make};

/// A group has about so many rows.
const ROWS: u64 = 1 << 16;
const DAY: i64 = 86_400;
/// The digits of an exact number that nothing is said of, and those of them behind the point.
const UNSAID: (u8, u8) = (38, 18);

/// Writes a table.
pub(crate) fn write<'a>(job: &Job<'a>, sink: &mut Sink<'_>, told: &mut dyn FnMut(u64)) -> Result<(), Failure> {
    let columns = &job.table.columns;
    let fields = columns.iter().map(|column| Kind::of(column).field(column).map(Arc::new));
    let schema =
        fields.collect::<Result<_, _>>().and_then(|fields| Type::group_type_builder("row").with_fields(fields).build());
    let properties = WriterProperties::builder().set_created_by("seedbed".into()).set_compression(Compression::SNAPPY);
    let failed = |error: ParquetError| Failure::Disk(format!("while writing {}: {error}", job.table.file));
    let schema = Arc::new(schema.map_err(failed)?);
    let mut writer = SerializedFileWriter::new(sink, schema, Arc::new(properties.build())).map_err(failed)?;
    let sheet = |layout: &'a Layout| Rows::new(layout, job.request.dataset.as_of, job.request.passwords);
    make(job, ROWS, &sheet, &mut |group: Group, rows| {
        if let Some(wrong) = group.wrong {
            return Err(Failure::Value(format!("{wrong}, in table `{}`", job.table.name)));
        }
        if rows > 0 {
            let mut to = writer.next_row_group().map_err(failed)?;
            for series in group.columns {
                let mut column = to.next_column().map_err(failed)?.expect("the schema has all columns");
                series.write(&mut column).map_err(failed)?;
                column.close().map_err(failed)?;
            }
            to.close().map_err(failed)?;
        }
        told(rows);
        Ok(())
    })?;
    writer.close().map_err(failed)?;
    Ok(())
}

/// What a column of a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Boolean,
    Small,
    Large,
    Double,
    /// So many digits, so many of them behind the point.
    Decimal(u8, u8),
    Day,
    Moment,
    Text,
    Bytes,
}

impl Kind {
    fn of(column: &Column) -> Self {
        match column.kind {
            ColumnKind::Boolean => Self::Boolean,
            ColumnKind::Integer { bits } if bits < 64 => Self::Small,
            ColumnKind::Integer { .. } => Self::Large,
            ColumnKind::Real => Self::Double,
            ColumnKind::Decimal { .. } => {
                let (digits, places) = digits(&column.declared).unwrap_or(UNSAID);
                Self::Decimal(digits, places)
            }
            ColumnKind::Timestamp => Self::Moment,
            ColumnKind::Date => Self::Day,
            ColumnKind::Bytes => Self::Bytes,
            ColumnKind::Text { .. } | ColumnKind::Uuid | ColumnKind::Json | ColumnKind::Other => Self::Text,
        }
    }

    fn field(self, column: &Column) -> Result<Type, ParquetError> {
        let (physical, logical) = match self {
            Self::Boolean => (Physical::BOOLEAN, None),
            Self::Small => (Physical::INT32, None),
            Self::Large => (Physical::INT64, None),
            Self::Double => (Physical::DOUBLE, None),
            Self::Decimal(digits, places) => {
                (Physical::FIXED_LEN_BYTE_ARRAY, Some(LogicalType::decimal(places.into(), digits.into())))
            }
            Self::Day => (Physical::INT32, Some(LogicalType::Date)),
            Self::Moment => {
                (Physical::INT64, Some(LogicalType::timestamp(column.zone != Zone::Without, TimeUnit::MICROS)))
            }
            Self::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Self::Bytes => (Physical::BYTE_ARRAY, None),
        };
        let field = Type::primitive_type_builder(&column.name, physical).with_logical_type(logical);
        let field = match self {
            Self::Decimal(digits, places) => {
                field.with_length(16).with_precision(digits.into()).with_scale(places.into())
            }
            _ => field,
        };
        field.with_repetition(if column.nullable { Repetition::OPTIONAL } else { Repetition::REQUIRED }).build()
    }

    /// Returns what is held of a value; none where it has no place here.
    fn hold(self, datum: Datum<'_>) -> Option<Held> {
        Some(match (self, datum) {
            (_, Datum::Null) => Held::Null,
            (Self::Boolean, Datum::Yes(yes)) => Held::Boolean(yes),
            (Self::Small, Datum::Integer(number)) => Held::Small(number.try_into().ok()?),
            (Self::Large, Datum::Integer(number)) => Held::Large(number),
            (Self::Double, Datum::Integer(number)) => Held::Double(number as f64),
            (Self::Double, Datum::Decimal(number)) => Held::Double(number.to_f64()),
            (Self::Decimal(digits, places), Datum::Integer(number)) => exact(Decimal::whole(number), digits, places)?,
            (Self::Decimal(digits, places), Datum::Decimal(number)) => exact(number, digits, places)?,
            (Self::Day, Datum::Day(seconds)) => Held::Small(seconds.div_euclid(DAY).try_into().ok()?),
            (Self::Day, Datum::Text(text)) => {
                Held::Small(days::read(text)?.div_euclid(DAY * 1_000_000).try_into().ok()?)
            }
            (Self::Moment, Datum::Moment(seconds)) => Held::Large(seconds.checked_mul(1_000_000)?),
            (Self::Moment, Datum::Text(text)) => Held::Large(days::read(text)?),
            (Self::Text, Datum::Text(text)) => Held::Bytes(text.as_bytes().into()),
            (Self::Text, Datum::Integer(number)) => Held::Bytes(number.to_string().into_bytes().into()),
            (Self::Text, Datum::Decimal(number)) => {
                let mut text = Vec::new();
                decimal(number, &mut text);
                Held::Bytes(text.into())
            }
            (Self::Bytes, Datum::Bytes(bytes)) => Held::Bytes(bytes.into()),
            _ => return None,
        })
    }
}

/// Returns the digits and the places of `numeric(9,6)`.
fn digits(declared: &str) -> Option<(u8, u8)> {
    let (_, said) = declared.split_once('(')?;
    let (said, _) = said.split_once(')')?;
    let (digits, places) = said.split_once(',').unwrap_or((said, "0"));
    let (digits, places) = (digits.trim().parse().ok()?, places.trim().parse().ok()?);
    ((1..=38).contains(&digits) && places <= digits).then_some((digits, places))
}

/// Returns a number in units of its column, rounded as databases do: half away from zero.
fn exact(number: Decimal, digits: u8, places: u8) -> Option<Held> {
    let (units, has) = (i128::from(number.units()), number.places());
    let units = if has <= places {
        units.checked_mul(10i128.pow(u32::from(places - has)))?
    } else {
        let unit = 10i128.pow(u32::from(has - places));
        (units + units.signum() * unit / 2) / unit
    };
    (units.abs() < 10i128.checked_pow(digits.into())?).then_some(Held::Exact(units))
}

/// A value as it is held.
#[derive(Clone, Debug)]
enum Held {
    Null,
    Boolean(bool),
    Small(i32),
    Large(i64),
    Double(f64),
    Exact(i128),
    Bytes(Arc<[u8]>),
}

/// A group of rows.
#[derive(Debug)]
struct Group {
    columns: Vec<Series>,
    /// The first value that has no place in its column.
    wrong: Option<String>,
}

/// The values of a column, one after the other.
#[derive(Debug)]
struct Series {
    values: Values,
    /// For each row whether it has a value: 1, or 0; only of a column that may have none.
    there: Option<Vec<i16>>,
}

#[derive(Debug)]
enum Values {
    Booleans(Vec<bool>),
    Small(Vec<i32>),
    Large(Vec<i64>),
    Doubles(Vec<f64>),
    Exact(Vec<u8>),
    /// All bytes, and where those of each value end.
    Bytes(Vec<u8>, Vec<usize>),
}

impl Series {
    fn new(kind: Kind, nullable: bool) -> Self {
        let values = match kind {
            Kind::Boolean => Values::Booleans(Vec::new()),
            Kind::Small | Kind::Day => Values::Small(Vec::new()),
            Kind::Large | Kind::Moment => Values::Large(Vec::new()),
            Kind::Double => Values::Doubles(Vec::new()),
            Kind::Decimal(..) => Values::Exact(Vec::new()),
            Kind::Text | Kind::Bytes => Values::Bytes(Vec::new(), Vec::new()),
        };
        Self { values, there: nullable.then(Vec::new) }
    }

    /// Adds a value; whether it may stand here.
    fn push(&mut self, held: &Held) -> bool {
        if let Some(there) = &mut self.there {
            there.push(i16::from(!matches!(held, Held::Null)));
        }
        match (&mut self.values, held) {
            (_, Held::Null) => return self.there.is_some(),
            (Values::Booleans(values), Held::Boolean(value)) => values.push(*value),
            (Values::Small(values), Held::Small(value)) => values.push(*value),
            (Values::Large(values), Held::Large(value)) => values.push(*value),
            (Values::Doubles(values), Held::Double(value)) => values.push(*value),
            (Values::Exact(values), Held::Exact(value)) => values.extend_from_slice(&value.to_be_bytes()),
            (Values::Bytes(bytes, ends), Held::Bytes(value)) => {
                bytes.extend_from_slice(value);
                ends.push(bytes.len());
            }
            _ => return false,
        }
        true
    }

    fn write(self, column: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        let there = self.there.as_deref();
        match self.values {
            Values::Booleans(values) => column.typed::<BoolType>().write_batch(&values, there, None),
            Values::Small(values) => column.typed::<Int32Type>().write_batch(&values, there, None),
            Values::Large(values) => column.typed::<Int64Type>().write_batch(&values, there, None),
            Values::Doubles(values) => column.typed::<DoubleType>().write_batch(&values, there, None),
            Values::Exact(bytes) => {
                let values: Vec<FixedLenByteArray> =
                    slices(bytes, |all| (16..=all).step_by(16).collect()).map(Into::into).collect();
                column.typed::<FixedLenByteArrayType>().write_batch(&values, there, None)
            }
            Values::Bytes(bytes, ends) => {
                let values: Vec<ByteArray> = slices(bytes, |_| ends).collect();
                column.typed::<ByteArrayType>().write_batch(&values, there, None)
            }
        }
        .map(drop)
    }
}

/// Returns the parts of bytes that end at these places.
fn slices(bytes: Vec<u8>, ends: impl FnOnce(usize) -> Vec<usize>) -> impl Iterator<Item = ByteArray> {
    let ends = ends(bytes.len());
    let bytes = Bytes::from(bytes);
    let mut from = 0;
    ends.into_iter().map(move |end| ByteArray::from(bytes.slice(std::mem::replace(&mut from, end)..end)))
}

/// Takes rows of a population.
struct Rows<'a> {
    layout: &'a Layout,
    kinds: Vec<Kind>,
    as_of: i64,
    passwords: &'a Hashes,
    space: String,
    group: Group,
    /// What stands in columns that the population does not have, by place.
    fills: Vec<(usize, Result<Held, String>)>,
}

impl<'a> Rows<'a> {
    fn new(layout: &'a Layout, as_of: i64, passwords: &'a Hashes) -> Self {
        let kinds: Vec<Kind> = layout.columns.iter().map(Kind::of).collect();
        let group = Group { columns: Vec::new(), wrong: None };
        let mut rows = Self { layout, kinds, as_of, passwords, space: String::new(), group, fills: Vec::new() };
        rows.fills = layout.fills.iter().map(|(place, value)| (*place, rows.held(*place, value))).collect();
        rows
    }

    fn held(&self, place: usize, value: &Value) -> Result<Held, String> {
        let mut space = String::new();
        let datum = self.layout.columns[place].datum(value, self.as_of, self.passwords, &mut space);
        self.kinds[place].hold(datum).ok_or_else(|| no_place(&self.layout.columns[place], &format!("{value}")))
    }

    fn push(&mut self, place: usize, held: &Held) {
        if !self.group.columns[place].push(held) {
            self.wrong(no_place(&self.layout.columns[place], "NULL"));
        }
    }

    fn put(&mut self, place: usize, datum: Datum<'_>) {
        match self.kinds[place].hold(datum) {
            Some(held) => self.push(place, &held),
            None => self.wrong(no_place(&self.layout.columns[place], &format!("{datum:?}"))),
        }
    }

    fn wrong(&mut self, what: String) {
        self.group.wrong.get_or_insert(what);
    }

    fn made(&mut self, column: usize, datum: impl for<'v> FnOnce(&Column, &'v mut String) -> Datum<'v>) {
        let mut space = std::mem::take(&mut self.space);
        let place = self.layout.places[column];
        let datum = datum(&self.layout.columns[place], &mut space);
        self.put(place, datum);
        self.space = space;
    }
}

fn no_place(column: &Column, value: &str) -> String {
    format!("the column `{}` ({}) has no place for {value}", column.name, column.declared)
}

impl Encoder for Rows<'_> {
    type Fixed = Result<Held, String>;

    fn fix(&self, column: usize, value: &Value) -> Self::Fixed {
        self.held(self.layout.places[column], value)
    }

    fn begin(&mut self) {}

    fn fixed(&mut self, column: usize, value: &Self::Fixed) {
        match value {
            Ok(held) => self.push(self.layout.places[column], held),
            Err(wrong) => self.wrong(wrong.clone()),
        }
    }

    fn integer(&mut self, column: usize, value: i64) {
        self.made(column, |column, space| column.integer(value, space));
    }

    fn decimal(&mut self, column: usize, value: Decimal) {
        self.made(column, |column, space| column.decimal(value, space));
    }

    fn moment(&mut self, column: usize, value: i64) {
        self.made(column, |column, space| column.moment(value, space));
    }

    fn text(&mut self, column: usize, value: &str) {
        let mut space = std::mem::take(&mut self.space);
        let place = self.layout.places[column];
        let datum = self.layout.columns[place].text(value, &mut space);
        self.put(place, datum);
        self.space = space;
    }

    fn end(&mut self) {
        let fills = std::mem::take(&mut self.fills);
        for (place, fill) in &fills {
            match fill {
                Ok(held) => self.push(*place, held),
                Err(wrong) => self.wrong(wrong.clone()),
            }
        }
        self.fills = fills;
    }
}

impl Sheet for Rows<'_> {
    type Chunk = Group;

    fn chunk(&self, _: usize) -> Group {
        let columns: &Columns = &self.layout.columns;
        let series = |(kind, column): (&Kind, &Column)| Series::new(*kind, column.nullable);
        Group { columns: self.kinds.iter().zip(columns.iter()).map(series).collect(), wrong: None }
    }

    fn size(_: &Group) -> usize {
        0
    }

    fn swap(&mut self, group: &mut Group) {
        std::mem::swap(&mut self.group, group);
    }

    fn end_block(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_numbers_fit_their_digits_and_places() {
        let units = |text: &str, digits, places| match exact(Decimal::parse(text).expect("a number"), digits, places) {
            Some(Held::Exact(units)) => Some(units),
            _ => None,
        };
        assert_eq!(units("47.3769", 9, 6), Some(47_376_900));
        assert_eq!((units("0.125", 9, 2), units("-0.125", 9, 2)), (Some(13), Some(-13)));
        assert_eq!((units("999", 3, 0), units("1000", 3, 0)), (Some(999), None));
        assert_eq!(digits("numeric(9, 6)"), Some((9, 6)));
        assert_eq!((digits("decimal"), digits("numeric(5)"), digits("numeric(99,2)")), (None, Some((5, 0)), None));
    }
}
