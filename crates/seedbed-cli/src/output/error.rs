//! Errors, as text for a person and as objects for a program.

use seedbed::Error;
use serde_json::{Value, json};

use super::Paint;

/// Returns the error for a person, without a line feed at its end.
pub(crate) fn text(error: &Error, paint: Paint) -> String {
    if let Some(diagnosed) = &error.diagnosed {
        let lines = [diagnosed.render(paint.is_on())].into_iter();
        return lines.chain(error.help.iter().map(|help| format!("help: {help}"))).collect::<Vec<_>>().join("\n");
    }
    let text = error.to_string();
    let head = format!("error[{}]", error.rule);
    match text.strip_prefix(&head) {
        Some(rest) => format!("{}{rest}", paint.bad(&head)),
        None => text,
    }
}

/// Returns the error as an object; problems in files come one by one, each with its place.
pub fn json(error: &Error) -> Value {
    let mut object = json!({
        "rule": error.rule,
        "message": error.message,
        "details": error.details,
        "help": error.help,
        "nothing_written": error.nothing_written,
    });
    if let Some(diagnosed) = &error.diagnosed {
        let problems = diagnosed.parts.iter().flat_map(|(problems, sources)| {
            problems.iter().map(move |problem| {
                let places = problem.places.iter().map(|place| {
                    let source = &sources[place.span.source];
                    let (line, column) = position(&source.text, place.span.start);
                    json!({ "file": source.path, "line": line, "column": column, "label": place.label })
                });
                let places: Vec<Value> = places.collect();
                json!({ "rule": problem.code, "message": problem.message, "places": places, "help": problem.help })
            })
        });
        object["problems"] = problems.collect();
        object["text"] = diagnosed.render(false).into();
    }
    object
}

/// Returns line and column of a byte, both from 1, the column in characters.
fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}
