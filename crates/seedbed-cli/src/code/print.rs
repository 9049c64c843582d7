//! Printing: values as the literals of a language, indented, in lines of at most 100 columns.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Piece, Tree};

/// How many columns a line of code may have.
const WIDTH: usize = 100;

/// How a language writes a literal.
pub(super) trait Language {
    /// Returns a text in quotes.
    fn text(&self, text: &str) -> String;

    /// Returns the name of a part, with what follows it: `email: `.
    fn name(&self, name: &str) -> String;

    /// Returns nothing, yes, no or a number.
    fn plain(&self, value: &Value) -> String;

    /// Returns by how many columns a line is indented.
    fn tab(&self) -> usize {
        2
    }

    /// Returns what stands before the brace of an object, or the bracket of a list of these items.
    fn before(&self, _: Option<&[Tree]>) -> &'static str {
        ""
    }

    /// Returns the worker's own item of a list.
    fn lookup(&self, list: &str) -> String;
}

/// Returns the literal of a tree that stands behind `column` columns of a line which is indented so.
pub(super) fn literal(language: &dyn Language, tree: &Tree, indent: usize, column: usize) -> String {
    let (outer, inner) = (indent * language.tab(), (indent + 1) * language.tab());
    match tree {
        Tree::Object(parts) => {
            let parts = parts.iter().map(|(name, part)| {
                let name = language.name(name);
                let value = literal(language, part, indent + 1, inner + name.chars().count());
                format!("{name}{value}")
            });
            let open = format!("{}{{", language.before(None));
            enclosed([&open, "}"], &parts.collect::<Vec<_>>(), [outer, inner], column, false)
        }
        Tree::List(items) => {
            let open = format!("{}[", language.before(Some(items)));
            let nested = items.iter().any(|item| matches!(item, Tree::Object(_) | Tree::List(_)));
            let items = items.iter().map(|item| literal(language, item, indent + 1, inner));
            enclosed([&open, "]"], &items.collect::<Vec<_>>(), [outer, inner], column, !nested)
        }
        Tree::Same(Value::String(text)) => language.text(text),
        Tree::Same(value @ (Value::Object(_) | Value::Array(_))) => {
            literal(language, &super::folded(&[value]), indent, column)
        }
        Tree::Same(value) => language.plain(value),
        Tree::Step(first, step) => format!("{} + {}", language.plain(&(*first).into()), step_name(*step)),
        Tree::Text(pieces) => {
            let pieces = pieces.iter().map(|piece| match piece {
                Piece::Literal(text) => language.text(text),
                Piece::Copy => "copy".to_owned(),
                Piece::Digits => "digits".to_owned(),
            });
            pieces.collect::<Vec<_>>().join(" + ")
        }
        Tree::Table(values) => {
            let items = values.iter().map(|value| super::folded(&[value])).collect();
            language.lookup(&literal(language, &Tree::List(items), indent, column))
        }
    }
}

/// Returns items in brackets: in one line where they fit, else a line for each, or lines that are filled.
fn enclosed(
    [open, close]: [&str; 2],
    items: &[String],
    [outer, inner]: [usize; 2],
    column: usize,
    filled: bool,
) -> String {
    let line = format!("{open}{}{close}", items.join(", "));
    if column + line.chars().count() < WIDTH && !line.contains('\n') {
        return line;
    }
    let begin = " ".repeat(inner);
    let mut text = format!("{open}\n{begin}");
    let mut used = inner;
    for (at, item) in items.iter().enumerate() {
        let length = item.chars().count() + 2;
        if at > 0 && (!filled || used + length > WIDTH) {
            text.push_str(&format!("\n{begin}"));
            used = inner;
        } else if at > 0 {
            text.push(' ');
            used += 1;
        }
        text.push_str(&format!("{item},"));
        used += length - 1;
    }
    format!("{text}\n{}{close}", " ".repeat(outer))
}

/// Returns what a step times the worker is called in the code.
pub(super) fn step_name(step: i64) -> String {
    match step {
        1 => "worker".to_owned(),
        ..=0 => format!("down{}", step.unsigned_abs()),
        _ => format!("up{step}"),
    }
}

/// Returns the steps by which numbers grow, where they are not the worker itself.
pub(super) fn steps(tree: &Tree) -> BTreeSet<i64> {
    match tree {
        Tree::Object(parts) => parts.iter().flat_map(|(_, part)| steps(part)).collect(),
        Tree::List(items) => items.iter().flat_map(steps).collect(),
        Tree::Step(_, step) if *step != 1 => BTreeSet::from([*step]),
        _ => BTreeSet::new(),
    }
}

/// Returns a text in double quotes, escaped as JSON does, which many languages read.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
