//! Grammar: which objects a scenario file is made of, in one table.
//!
//! The table is read three times: to check a file (all problems at once, each with its place), to
//! write the JSON Schema that editors complete from, and to write the project schema, which knows
//! the names of one project. What a name refers to is not decided here.

pub mod json_schema;
mod table;

use crate::diagnostic::{Diagnostic, enumerate};
use crate::source::{Kind, Node, Span};
use crate::time;
use crate::value::Value;

pub use table::SCENARIO;

/// What may stand at a place.
#[derive(Debug)]
pub enum Shape {
    /// Any text.
    Text,
    /// true or false.
    Bool,
    /// A whole number of at least this.
    Integer(i64),
    /// A number.
    Number,
    /// null, true or false, a number or a text.
    Scalar,
    /// `as_of`, `30d ago`, `in 2d`.
    Time,
    /// `48h`.
    Duration,
    /// A number of rows, `70%` or `rest`.
    Share,
    /// A number or `70%`.
    Bound,
    /// A text that names something.
    Name(Names),
    /// A list of at least so many and at most so many.
    List(&'static Shape, usize, usize),
    /// Names of the reader's choice, or of this kind, each with such a value.
    Map(Names, &'static Shape),
    /// Tests by path, and `any`.
    Where,
    /// An object with fixed names.
    Object(&'static Object),
    /// One of these; they differ in kind (scalar, list, object), so that the first that fits decides.
    Either(&'static [Shape]),
}

/// What a text names; the project schema lists the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Names {
    /// Anything: a name is made here.
    New,
    /// A scenario.
    Scenario,
    /// A population or relation.
    Population,
    /// A row of some population.
    Row,
    /// A path of links, ways back, columns, conditions and measures.
    Path,
    /// A list, or a field of a list: `names.first`.
    List,
    /// A point.
    Point,
    /// A way back to the rows that point here.
    Back,
}

/// An object with fixed names.
#[derive(Debug)]
pub struct Object {
    /// What it is called in messages and in the JSON Schema.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Its fields.
    pub fields: &'static [Field],
}

/// A field of an object.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// What may stand there.
    pub shape: Shape,
    /// Whether it must be there.
    pub required: bool,
    /// The field in whose place it stands; where that one is, this one need not be.
    pub unless: Option<&'static str>,
}

/// The largest number of anything that is counted; more than a population has rows.
pub(crate) const MOST: i64 = 1_000_000;

/// Reports everything in `node` that is not `shape`.
pub fn check(shape: &Shape, node: &Node, diagnostics: &mut Vec<Diagnostic>) {
    check_named(shape, node, None, diagnostics);
}

/// `name` is where the name of the node stands, if it has one.
fn check_named(shape: &Shape, node: &Node, name: Option<Span>, diagnostics: &mut Vec<Diagnostic>) {
    match (shape, &node.kind) {
        (Shape::List(item, least, most), Kind::List(items)) => {
            if items.len() < *least || items.len() > *most {
                let wanted = match (items.len() < *least, least == most) {
                    (_, true) => format!("exactly {least}"),
                    (true, _) => format!("at least {least}"),
                    (false, _) => format!("at most {most}"),
                };
                let entries = if items.len() == 1 { "entry" } else { "entries" };
                diagnostics.push(
                    Diagnostic::new("wrong-length", format!("this list has {} {entries}, not {wanted}", items.len()))
                        .at(
                            node.span,
                            format!("{wanted} {} needed", if wanted.ends_with(" 1") { "is" } else { "are" }),
                        ),
                );
            }
            for node in items {
                check(item, node, diagnostics);
            }
        }
        (Shape::Map(_, item), Kind::Object(entries)) => {
            for entry in entries {
                check_named(item, &entry.node, Some(entry.span), diagnostics);
            }
        }
        (Shape::Where, Kind::Object(entries)) => {
            for entry in entries {
                let shape = if entry.name == "any" { &table::ANY } else { &table::TEST };
                check_named(shape, &entry.node, Some(entry.span), diagnostics);
            }
        }
        (Shape::Object(object), Kind::Object(_)) => check_object(object, node, name, diagnostics),
        (Shape::Either(shapes), _) => match shapes.iter().find(|shape| fits_kind(shape, node)) {
            Some(shape) => check_named(shape, node, name, diagnostics),
            None => wrong_type(shape, node, diagnostics),
        },
        (_, Kind::Scalar(value)) if fits_kind(shape, node) => check_scalar(shape, value, node, diagnostics),
        _ => wrong_type(shape, node, diagnostics),
    }
}

fn check_object(object: &Object, node: &Node, name: Option<Span>, diagnostics: &mut Vec<Diagnostic>) {
    for entry in node.entries() {
        match object.fields.iter().find(|field| field.name == entry.name) {
            Some(field) => check_named(&field.shape, &entry.node, Some(entry.span), diagnostics),
            None => diagnostics.push(
                Diagnostic::new("unknown-key", format!("{} has no `{}`", object.name, entry.name))
                    .at(entry.span, "not known here")
                    .suggest(&entry.name, object.fields.iter().map(|field| field.name)),
            ),
        }
    }
    // The object's name says which one it is; without one, its first line does.
    let at = name.or_else(|| node.entries().first().map(|entry| entry.span)).unwrap_or(node.span);
    for field in object.fields.iter().filter(|field| field.required) {
        if node.get(field.name).is_none() && field.unless.is_none_or(|other| node.get(other).is_none()) {
            diagnostics.push(
                Diagnostic::new("missing-key", format!("{} needs `{}`", object.name, field.name))
                    .at(at, format!("no `{}` in here", field.name))
                    .help(format!("`{}`: {}", field.name, field.about)),
            );
        }
    }
}

fn check_scalar(shape: &Shape, value: &Value, node: &Node, diagnostics: &mut Vec<Diagnostic>) {
    let text = node.text().unwrap_or_default();
    let no = |what: &str, help: &str| Some((format!("`{text}` is no {what}"), Some(help.to_owned())));
    let units = "(units s, m, h, d, w)";
    let problem = match (shape, value) {
        (Shape::Integer(least), Value::Integer(n)) if n < least => Some((format!("{n} is below {least}"), None)),
        (Shape::Share | Shape::Bound, Value::Integer(n)) if *n < 0 => Some((format!("{n} is below 0"), None)),
        (Shape::Integer(_) | Shape::Share | Shape::Bound, Value::Integer(n)) if *n > MOST => {
            Some((format!("{n} is above {MOST}"), None))
        }
        (Shape::Time, _) if time::moment(text).is_none() => {
            no("time", &format!("write `as_of`, `30d ago` or `in 2d` {units}"))
        }
        (Shape::Duration, _) if time::duration(text).is_none() => no("duration", &format!("write `48h` {units}")),
        (Shape::Share, Value::Text(_)) if text != "rest" && percent(text).is_none() => {
            no("share", "write a number, `70%` or `rest`")
        }
        (Shape::Bound, Value::Text(_)) if percent(text).is_none() => no("bound", "write a number or `70%`"),
        _ => None,
    };
    if let Some((problem, help)) = problem {
        let problem = Diagnostic::new("wrong-value", problem).at(node.span, "here");
        diagnostics.push(help.into_iter().fold(problem, Diagnostic::help));
    }
}

fn wrong_type(shape: &Shape, node: &Node, diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.push(
        Diagnostic::new("wrong-type", format!("{} stands where {} is needed", node.noun(), noun(shape)))
            .at(node.span, format!("this is {}", node.noun())),
    );
}

/// Whether a node's kind is one `shape` can have, its content aside.
fn fits_kind(shape: &Shape, node: &Node) -> bool {
    match (shape, &node.kind) {
        (Shape::Text | Shape::Name(_) | Shape::Time | Shape::Duration, Kind::Scalar(Value::Text(_)))
        | (Shape::Bool, Kind::Scalar(Value::Bool(_)))
        | (Shape::Integer(_), Kind::Scalar(Value::Integer(_)))
        | (Shape::Number, Kind::Scalar(Value::Integer(_) | Value::Decimal(_)))
        | (Shape::Share | Shape::Bound, Kind::Scalar(Value::Integer(_) | Value::Text(_)))
        | (Shape::Scalar, Kind::Scalar(_))
        | (Shape::List(..), Kind::List(_))
        | (Shape::Map(..) | Shape::Where | Shape::Object(_), Kind::Object(_)) => true,
        (Shape::Either(shapes), _) => shapes.iter().any(|shape| fits_kind(shape, node)),
        _ => false,
    }
}

fn noun(shape: &Shape) -> String {
    match shape {
        Shape::Text => "a text".into(),
        Shape::Bool => "true or false".into(),
        Shape::Integer(_) => "a whole number".into(),
        Shape::Number => "a number".into(),
        Shape::Scalar => "a single value".into(),
        Shape::Time => "a time such as `30d ago`".into(),
        Shape::Duration => "a duration such as `48h`".into(),
        Shape::Share => "a share (a number, `70%` or `rest`)".into(),
        Shape::Bound => "a number or a percentage".into(),
        Shape::Name(_) => "a name".into(),
        Shape::List(_, 2, 2) => "a range of two".into(),
        Shape::List(..) => "a list".into(),
        Shape::Map(..) => "an object".into(),
        Shape::Where => "an object of tests".into(),
        Shape::Object(object) => format!("{} (an object)", object.name),
        Shape::Either(shapes) => {
            let short = |shape: &Shape| if let Shape::Object(_) = shape { "an object".into() } else { noun(shape) };
            let mut nouns: Vec<String> = shapes.iter().map(short).collect();
            nouns.dedup();
            enumerate(&nouns).replace(" and ", " or ")
        }
    }
}

/// Returns a percentage in hundredths of a percent: `70%` is 7000.
pub fn percent(text: &str) -> Option<u32> {
    let number = text.strip_suffix('%')?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || fraction.len() > 2 || !(whole.to_owned() + fraction).bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let value: u32 = format!("{whole}{fraction:0<2}").parse().ok()?;
    (value <= 1_000_000).then_some(value)
}
