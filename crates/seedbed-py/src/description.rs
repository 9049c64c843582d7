//! The verbs as a description, from which the Python side makes commands of its own.

use clap::{Arg, ArgAction, Command};
use serde_json::{Value, json};

/// Returns every verb that answers and is done, with its name, what it is for and what it understands.
pub(crate) fn of_verbs() -> Value {
    let command = seedbed_cli::command();
    let asked = |verb: &&Command| verb.get_name() != "help" && !seedbed_cli::stays(verb.get_name());
    command.get_subcommands().filter(asked).map(verb).collect()
}

fn verb(verb: &Command) -> Value {
    let arguments = verb.get_arguments().filter(|argument| !matches!(argument.get_id().as_str(), "help" | "version"));
    json!({
        "name": verb.get_name(),
        "about": verb.get_about().map(ToString::to_string).unwrap_or_default(),
        "arguments": arguments.map(argument).collect::<Vec<_>>(),
    })
}

fn argument(argument: &Arg) -> Value {
    json!({
        "name": argument.get_id().as_str(),
        "flag": argument.get_long().map(|long| format!("--{long}")),
        "value": argument.get_value_names().and_then(|names| names.first()).map(ToString::to_string),
        "takes_value": argument.get_action().takes_values(),
        "required": argument.is_required_set(),
        "many": matches!(argument.get_action(), ArgAction::Append) && argument.get_long().is_none(),
        "about": argument.get_help().map(ToString::to_string).unwrap_or_default(),
    })
}
