//! TypeScript: `manifest(worker)` with the types of its literals.

use serde_json::Value;

use super::print::{Language, literal, quoted, step_name, steps};
use super::{Piece, origin, tree};

/// Whole numbers beyond are not exact in JavaScript, and written as `bigint`.
const SAFE: u64 = 9_007_199_254_740_991;

struct TypeScript;

/// Returns a module with the function `manifest`.
pub(crate) fn typescript(manifests: &[Value]) -> String {
    let values: Vec<&Value> = manifests.iter().collect();
    let tree = tree(&values);
    let last = values.len() - 1;
    let mut code = origin(&values, "ts").map(|line| format!("// {line}\n")).concat();
    code.push_str(&format!(
        "\nexport function manifest(worker = 0) {{\n  \
           if (!Number.isInteger(worker) || worker < 0 || worker > {last}) {{\n    \
             throw new RangeError(`there is no worker ${{worker}}`);\n  \
           }}\n"
    ));
    if tree.has_piece(&Piece::Copy) {
        code.push_str("  const copy = worker === 0 ? \"\" : `+w${worker}`;\n");
    }
    if tree.has_piece(&Piece::Digits) {
        code.push_str("  const digits = String(worker).padStart(2, \"0\");\n");
    }
    for step in steps(&tree) {
        code.push_str(&format!("  const {} = {step} * worker;\n", step_name(step)));
    }
    let body = literal(&TypeScript, &tree, 1, "  return ".len());
    code + &format!("  return {body} as const;\n}}\n\nexport type Manifest = ReturnType<typeof manifest>;\n")
}

impl Language for TypeScript {
    fn text(&self, text: &str) -> String {
        quoted(text)
    }

    fn name(&self, name: &str) -> String {
        let begins = |letter: char| letter.is_ascii_alphabetic() || letter == '_';
        let word = name.starts_with(begins) && name.chars().all(|letter| begins(letter) || letter.is_ascii_digit());
        match name {
            // In any other form it would set the prototype.
            "__proto__" => "[\"__proto__\"]: ".to_owned(),
            name if word => format!("{name}: "),
            name => format!("{}: ", quoted(name)),
        }
    }

    fn plain(&self, value: &Value) -> String {
        let beyond = value.as_i64().is_some_and(|number| number.unsigned_abs() > SAFE);
        let beyond = beyond || value.as_u64().is_some_and(|number| number > SAFE);
        if beyond { format!("{value}n") } else { value.to_string() }
    }

    fn lookup(&self, list: &str) -> String {
        format!("{list}[worker]!")
    }
}
