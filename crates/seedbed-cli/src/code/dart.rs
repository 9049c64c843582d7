//! Dart: `manifest([worker])` as maps and lists.

use serde_json::Value;

use super::print::{Language, literal, quoted, step_name, steps};
use super::{Piece, Tree, origin, tree};

struct Dart;

/// Returns a library with the function `manifest`.
pub(crate) fn dart(manifests: &[Value]) -> String {
    let values: Vec<&Value> = manifests.iter().collect();
    let tree = tree(&values);
    let last = values.len() - 1;
    let mut code = origin(&values, "dart").map(|line| format!("// {line}\n")).concat();
    code.push_str(&format!(
        "\nMap<String, dynamic> manifest([int worker = 0]) {{\n  \
           RangeError.checkValueInInterval(worker, 0, {last}, \"worker\");\n"
    ));
    if tree.has_piece(&Piece::Copy) {
        code.push_str("  final copy = worker == 0 ? \"\" : \"+w$worker\";\n");
    }
    if tree.has_piece(&Piece::Digits) {
        code.push_str("  final digits = worker.toString().padLeft(2, \"0\");\n");
    }
    for step in steps(&tree) {
        code.push_str(&format!("  final {} = {step} * worker;\n", step_name(step)));
    }
    code + &format!("  return {};\n}}\n", literal(&Dart, &tree, 1, "  return ".len()))
}

impl Language for Dart {
    fn text(&self, text: &str) -> String {
        quoted(text).replace('$', "\\$")
    }

    fn name(&self, name: &str) -> String {
        format!("{}: ", self.text(name))
    }

    fn plain(&self, value: &Value) -> String {
        value.to_string()
    }

    fn before(&self, items: Option<&[Tree]>) -> &'static str {
        let whole = |item: &Tree| matches!(item, Tree::Step(..)) || matches!(item, Tree::Same(value) if value.is_i64());
        let text =
            |item: &Tree| matches!(item, Tree::Text(_)) || matches!(item, Tree::Same(value) if value.is_string());
        match items {
            None => "<String, dynamic>",
            Some(items) if !items.is_empty() && items.iter().all(whole) => "<int>",
            Some(items) if !items.is_empty() && items.iter().all(text) => "<String>",
            Some(_) => "<dynamic>",
        }
    }

    fn lookup(&self, list: &str) -> String {
        format!("{list}[worker]")
    }
}
