//! Code: the manifests of all workers as one function of the worker, in a language of tests.
//!
//! What is the same for every worker is written as it is. A number that grows by the same step from
//! one worker to the next is a sum, a text in which only the worker is different is put together, and
//! anything else is looked up in a table. Each is compared with every worker's manifest before it is
//! written, so the values are exact by construction.

mod dart;
mod print;
mod python;
mod typescript;

use serde_json::{Map, Value};

pub(crate) use dart::dart;
pub(crate) use python::python;
pub(crate) use typescript::typescript;

/// What a part of the manifest is for each worker.
#[derive(Clone, Debug, PartialEq)]
enum Tree {
    Object(Vec<(String, Tree)>),
    List(Vec<Tree>),
    /// The same for all.
    Same(Value),
    /// A number that grows with the worker: (the first worker's, the step).
    Step(i64, i64),
    /// A text with the worker in it.
    Text(Vec<Piece>),
    /// One for each.
    Table(Vec<Value>),
}

/// A part of a text with the worker in it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    /// Nothing for worker 0, `+w3` for worker 3.
    Copy,
    /// The worker in two digits.
    Digits,
}

/// The worker whose texts show where the worker stands; its digits are seldom in a text by chance.
const SHOWING: usize = 37;

/// Returns what gives each worker its value; `values` has one for every worker from 0 on.
///
/// # Panics
///
/// Where it would not give them: that would be an error of ours.
fn tree(values: &[&Value]) -> Tree {
    let tree = folded(values);
    for (worker, value) in values.iter().enumerate() {
        assert!(tree.of(worker) == **value, "the code gives every worker its own values");
    }
    tree
}

fn folded(values: &[&Value]) -> Tree {
    match values[0] {
        Value::Object(first) => {
            let objects: Option<Vec<&Map<String, Value>>> = values.iter().map(|value| value.as_object()).collect();
            let alike = |objects: &Vec<&Map<String, Value>>| objects.iter().all(|other| other.keys().eq(first.keys()));
            if let Some(objects) = objects.filter(alike) {
                let of = |name: &String| objects.iter().map(|object| &object[name]).collect::<Vec<_>>();
                return Tree::Object(first.keys().map(|name| (name.clone(), folded(&of(name)))).collect());
            }
        }
        Value::Array(first) => {
            let lists: Option<Vec<&Vec<Value>>> = values.iter().map(|value| value.as_array()).collect();
            if let Some(lists) = lists.filter(|lists| lists.iter().all(|other| other.len() == first.len())) {
                let of = |at: usize| lists.iter().map(|list| &list[at]).collect::<Vec<_>>();
                return Tree::List((0..first.len()).map(|at| folded(&of(at))).collect());
            }
        }
        first if values.iter().all(|value| *value == first) => return Tree::Same(first.clone()),
        _ => {}
    }
    step(values).or_else(|| text(values)).unwrap_or_else(|| Tree::Table(values.iter().copied().cloned().collect()))
}

fn step(values: &[&Value]) -> Option<Tree> {
    let first = values[0].as_i64()?;
    let step = values.get(1)?.as_i64()?.checked_sub(first)?;
    fits(Tree::Step(first, step), values)
}

fn text(values: &[&Value]) -> Option<Tree> {
    let (mut first, mut showing) = (values[0].as_str()?, values.get(SHOWING)?.as_str()?);
    let (copy, digits) = (format!("+w{SHOWING}"), format!("{SHOWING:02}"));
    let mut pieces = Vec::new();
    while !(first.is_empty() && showing.is_empty()) {
        if let Some(rest) = showing.strip_prefix(&copy).filter(|_| !first.starts_with(&copy)) {
            pieces.push(Piece::Copy);
            showing = rest;
        } else if let (Some(rest), Some(shown)) = (first.strip_prefix("00"), showing.strip_prefix(&digits)) {
            pieces.push(Piece::Digits);
            (first, showing) = (rest, shown);
        } else {
            let letter = first.chars().next()?;
            showing = showing.strip_prefix(letter)?;
            first = &first[letter.len_utf8()..];
            match pieces.last_mut() {
                Some(Piece::Literal(text)) => text.push(letter),
                _ => pieces.push(Piece::Literal(letter.into())),
            }
        }
    }
    fits(Tree::Text(pieces), values)
}

fn fits(tree: Tree, values: &[&Value]) -> Option<Tree> {
    values.iter().enumerate().all(|(worker, value)| tree.of(worker) == **value).then_some(tree)
}

impl Tree {
    /// Returns what it is for a worker.
    fn of(&self, worker: usize) -> Value {
        match self {
            Self::Object(parts) => parts.iter().map(|(name, part)| (name.clone(), part.of(worker))).collect(),
            Self::List(items) => items.iter().map(|item| item.of(worker)).collect(),
            Self::Same(value) => value.clone(),
            Self::Step(first, step) => (first + step * worker as i64).into(),
            Self::Text(pieces) => pieces.iter().map(|piece| piece.of(worker)).collect::<String>().into(),
            Self::Table(values) => values[worker].clone(),
        }
    }

    /// Whether a part of it, or all, is such a part.
    fn has(&self, such: &dyn Fn(&Self) -> bool) -> bool {
        such(self)
            || match self {
                Self::Object(parts) => parts.iter().any(|(_, part)| part.has(such)),
                Self::List(items) => items.iter().any(|item| item.has(such)),
                _ => false,
            }
    }

    fn has_piece(&self, piece: &Piece) -> bool {
        self.has(&|part| matches!(part, Self::Text(pieces) if pieces.contains(piece)))
    }
}

impl Piece {
    fn of(&self, worker: usize) -> String {
        match self {
            Self::Literal(text) => text.clone(),
            Self::Copy if worker == 0 => String::new(),
            Self::Copy => format!("+w{worker}"),
            Self::Digits => format!("{worker:02}"),
        }
    }
}

/// Returns the lines that say where code comes from, without the marks of a comment.
fn origin(values: &[&Value], flag: &str) -> [String; 2] {
    let scenario = values[0]["scenario"].as_str().unwrap_or_default();
    let seed = &values[0]["seed"];
    [
        format!("Made by `seedbed manifest {scenario} --format {flag}`, to be made again and not edited."),
        format!("What tests may know of `{scenario}` with seed {seed}, for the workers 0 to {}.", values.len() - 1),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn made(of: impl Fn(usize) -> Value) -> Tree {
        let values: Vec<Value> = (0..50).map(of).collect();
        tree(&values.iter().collect::<Vec<_>>())
    }

    #[test]
    fn what_differs_by_the_worker_only_is_put_together_and_the_rest_is_looked_up() {
        assert_eq!(made(|_| json!("x")), Tree::Same(json!("x")));
        assert_eq!(made(|worker| json!(7 + 1_000_000 * worker)), Tree::Step(7, 1_000_000));
        let copy = |worker| if worker == 0 { String::new() } else { format!("+w{worker}") };
        let literal = |text: &str| Piece::Literal(text.into());
        let mail = made(|worker| json!(format!("ada{}@x.test", copy(worker))));
        assert_eq!(mail, Tree::Text(vec![literal("ada"), Piece::Copy, literal("@x.test")]));
        let uuid = made(|worker| json!(format!("5eed-01{worker:02}-4000{}", copy(worker))));
        assert_eq!(uuid, Tree::Text(vec![literal("5eed-01"), Piece::Digits, literal("-4000"), Piece::Copy]));
        // Two zeros that are not the worker's, and a number that does not grow evenly.
        assert!(matches!(made(|worker| json!(format!("00{worker}"))), Tree::Table(_)));
        assert!(matches!(made(|worker| json!(worker * worker)), Tree::Table(_)));
        assert!(matches!(made(|worker| json!(vec![0; worker])), Tree::Table(_)));
        assert!(matches!(made(|worker| if worker == 3 { json!({"a": 1}) } else { json!({}) }), Tree::Table(_)));
    }
}
