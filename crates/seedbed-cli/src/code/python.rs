//! Python: `manifest(worker)` as dictionaries whose keys and types a type checker knows.

use std::collections::BTreeSet;

use serde_json::Value;

use super::print::{Language, literal, quoted, step_name, steps};
use super::{Piece, Tree, origin, tree};

struct Python;

/// Returns a module with the function `manifest`.
pub(crate) fn python(manifests: &[Value]) -> String {
    let values: Vec<&Value> = manifests.iter().collect();
    let tree = tree(&values);
    let last = values.len() - 1;
    let mut types = Types::default();
    types.of(&tree, &mut Vec::new());
    let classes = types.classes();
    let [made, what] = origin(&values, "py");
    let any = if classes.contains("Any") { "Any, " } else { "" };
    let mut code = format!(
        "# {made}\n\"\"\"{what}\"\"\"\n\nfrom typing import {any}TypedDict\n{classes}\n\n\
         def manifest(worker: int = 0) -> Manifest:\n    \
             if worker not in range({}):\n        \
                 raise ValueError(f\"there is no worker {{worker}}\")\n",
        last + 1
    );
    if tree.has_piece(&Piece::Copy) {
        code.push_str("    copy = f\"+w{worker}\" if worker else \"\"\n");
    }
    if tree.has_piece(&Piece::Digits) {
        code.push_str("    digits = f\"{worker:02}\"\n");
    }
    for step in steps(&tree) {
        code.push_str(&format!("    {} = {step} * worker\n", step_name(step)));
    }
    code + &format!("    return {}\n", literal(&Python, &tree, 1, "    return ".len()))
}

impl Language for Python {
    fn text(&self, text: &str) -> String {
        quoted(text)
    }

    fn name(&self, name: &str) -> String {
        format!("{}: ", quoted(name))
    }

    fn plain(&self, value: &Value) -> String {
        match value {
            Value::Null => "None".to_owned(),
            Value::Bool(true) => "True".to_owned(),
            Value::Bool(false) => "False".to_owned(),
            value => value.to_string(),
        }
    }

    fn tab(&self) -> usize {
        4
    }

    fn lookup(&self, list: &str) -> String {
        format!("{list}[worker]")
    }
}

/// The classes of the dictionaries, in an order in which each comes before those that use it.
#[derive(Default)]
struct Types {
    classes: Vec<Class>,
}

/// Dictionaries of one kind with the same keys, and the same keys inside.
struct Class {
    kind: &'static str,
    shape: Vec<(String, Shape)>,
    /// What stands there, by key.
    types: Vec<BTreeSet<String>>,
}

/// What tells classes apart: a value may be of several types, a dictionary has one class.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Shape {
    Value,
    Class(usize),
}

impl Types {
    /// Returns the types of a tree at this path, and what it is to the class that it is in.
    fn of(&mut self, tree: &Tree, path: &mut Vec<String>) -> (BTreeSet<String>, Shape) {
        let one = |name: &str| (BTreeSet::from([name.to_owned()]), Shape::Value);
        match tree {
            Tree::Object(parts) => {
                let parts = parts.iter().map(|(name, part)| {
                    path.push(name.clone());
                    let of = self.of(part, path);
                    path.pop();
                    (name.clone(), of)
                });
                let parts: Vec<(String, (BTreeSet<String>, Shape))> = parts.collect();
                let kind = kind(path);
                let shape: Vec<_> = parts.iter().map(|(name, (_, shape))| (name.clone(), shape.clone())).collect();
                let known = self.classes.iter().position(|class| class.kind == kind && class.shape == shape);
                let at = known.unwrap_or_else(|| {
                    self.classes.push(Class { kind, types: vec![BTreeSet::new(); shape.len()], shape });
                    self.classes.len() - 1
                });
                for (types, (_, (found, _))) in self.classes[at].types.iter_mut().zip(parts) {
                    types.extend(found);
                }
                (BTreeSet::new(), Shape::Class(at))
            }
            Tree::List(items) => {
                let of_items: Vec<_> = items.iter().map(|item| self.of(item, path)).collect();
                if of_items.iter().any(|(_, shape)| *shape != Shape::Value) {
                    return one("list[Any]");
                }
                let types: BTreeSet<String> = of_items.into_iter().flat_map(|(types, _)| types).collect();
                // What an empty list would hold, another one says.
                if types.is_empty() { (types, Shape::Value) } else { one(&format!("list[{}]", joined(&types))) }
            }
            Tree::Same(value) => one(name(value)),
            Tree::Step(..) => one("int"),
            Tree::Text(_) => one("str"),
            Tree::Table(values) => (values.iter().map(|value| name(value).to_owned()).collect(), Shape::Value),
        }
    }

    fn name(&self, at: usize) -> String {
        let kind = self.classes[at].kind;
        let before = self.classes[..at].iter().filter(|class| class.kind == kind).count();
        if before == 0 { kind.to_owned() } else { format!("{kind}{}", before + 1) }
    }

    fn classes(&self) -> String {
        let mut code = String::new();
        for (at, class) in self.classes.iter().enumerate() {
            let fields: Vec<(&String, String)> = (class.shape.iter().zip(&class.types))
                .map(|((name, shape), types)| match shape {
                    Shape::Class(of) => (name, self.name(*of)),
                    Shape::Value if types.is_empty() => (name, "list[Any]".to_owned()),
                    Shape::Value => (name, joined(types)),
                })
                .collect();
            let name = self.name(at);
            code.push_str("\n\n");
            if fields.iter().all(|(field, _)| is_word(field)) {
                code.push_str(&format!("class {name}(TypedDict):\n"));
                for (field, of) in &fields {
                    code.push_str(&format!("    {field}: {of}\n"));
                }
                if fields.is_empty() {
                    code.push_str("    pass\n");
                }
            } else {
                let fields: Vec<String> =
                    fields.iter().map(|(field, of)| format!("    {}: {of},\n", quoted(field))).collect();
                code.push_str(&format!("{name} = TypedDict(\"{name}\", {{\n{}}})\n", fields.concat()));
            }
        }
        code
    }
}

/// Returns what the dictionaries at a path are called.
fn kind(path: &[String]) -> &'static str {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match path[..] {
        [] => "Manifest",
        ["personas"] => "Personas",
        ["personas", _] => "Persona",
        ["personas", _, "columns"] => "Columns",
        ["personas", _, "counts"] => "Counts",
        ["rows"] => "Rows",
        ["rows", _] => "NamedRow",
        ["rows", _, "links"] => "Links",
        ["edges"] => "Edges",
        ["edges", _] => "Edge",
        ["rows" | "edges", ..] => "Linked",
        ["expected"] => "Expected",
        ["expected", _] => "Lists",
        ["expected", _, _] => "ExpectedList",
        ["expected", _, _, "by"] => "By",
        ["expected", _, _, "by", _] => "Parts",
        _ => "Part",
    }
}

fn name(value: &Value) -> &'static str {
    match value {
        Value::Null => "None",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) | Value::Object(_) => "Any",
    }
}

/// Returns types as a union; `None` comes last, as people write it.
fn joined(types: &BTreeSet<String>) -> String {
    let mut types: Vec<&str> = types.iter().map(String::as_str).collect();
    types.sort_by_key(|name| *name == "None");
    types.join(" | ")
}

/// Whether a key can be the name of a field.
fn is_word(key: &str) -> bool {
    const RESERVED: [&str; 35] = [
        "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
        "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
        "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
    ];
    let begins = |letter: char| letter.is_ascii_alphabetic() || letter == '_';
    key.starts_with(begins)
        && key.chars().all(|letter| begins(letter) || letter.is_ascii_digit())
        // Inside of a class, a name that begins with two would be another.
        && !key.starts_with("__")
        && !RESERVED.contains(&key)
}
