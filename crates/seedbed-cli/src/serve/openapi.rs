//! The OpenAPI document: what the table of operations says, for programs.

use axum::http::Method;
use serde_json::{Map, Value, json};

use super::answer::LINES;
use super::operation::{Field, Kind, OPERATIONS, Operation};

/// Returns the document, OpenAPI 3.1.
pub(super) fn document() -> Value {
    let mut paths = Map::new();
    for operation in OPERATIONS {
        paths.insert(
            operation.path.to_owned(),
            json!({ operation.method.as_str().to_lowercase(): described(operation) }),
        );
    }
    paths.insert("/v1/key".to_owned(), json!({ "post": key() }));
    paths.insert("/session".to_owned(), json!({ "post": session() }));
    paths.insert("/v1/openapi.json".to_owned(), json!({ "get": this() }));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Seedbed",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The verbs of Seedbed over HTTP. Every answer is the object that `--format json` prints. \
                            With `Accept: application/x-ndjson` it is the last of the lines that tell of long work. \
                            In a plan, values of passwords and tokens are null, and `not_shown` of their row names the columns.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "the text of the token file" },
            },
            "schemas": { "Error": error(), "Line": line() },
            "responses": responses(),
        },
    })
}

fn described(operation: &Operation) -> Value {
    let mut described = json!({
        "operationId": operation.verb,
        "summary": operation.about,
        "responses": answers(&object(operation.answers), operation.method != Method::GET),
    });
    described["responses"]["200"]["content"][LINES] = json!({ "schema": { "$ref": "#/components/schemas/Line" } });
    if operation.method == Method::GET {
        described["parameters"] = operation.fields.iter().map(parameter).collect();
    } else {
        let required: Vec<&str> =
            operation.fields.iter().filter(|field| field.required).map(|field| field.name).collect();
        let properties: Map<String, Value> =
            operation.fields.iter().map(|field| (field.name.to_owned(), schema(field, !field.required))).collect();
        described["requestBody"] = body(&json!({
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        }));
    }
    described
}

fn parameter(field: &Field) -> Value {
    json!({
        "name": field.name,
        "in": "query",
        "required": field.required,
        "description": field.about,
        "schema": schema(field, false),
    })
}

fn schema(field: &Field, nullable: bool) -> Value {
    let mut schema = match field.kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::Switch => json!({ "type": "boolean" }),
        Kind::Number(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
    };
    if nullable {
        // In a body, null says what a missing name says.
        schema["type"] = json!([schema["type"], "null"]);
    }
    schema["description"] = field.about.into();
    schema
}

fn key() -> Value {
    json!({
        "operationId": "key",
        "summary": "A key with which one browser gets in, once: the page is at `/#key=` and this key.",
        "requestBody": body(&json!({ "type": "object", "additionalProperties": false })),
        "responses": answers(&object(&["key"]), true),
    })
}

fn session() -> Value {
    let shown = json!({
        "type": "object",
        "properties": { "key": { "type": "string", "description": "what `/v1/key` handed out" } },
        "required": ["key"],
        "additionalProperties": false,
    });
    json!({
        "operationId": "session",
        "summary": "Takes a key and sets the cookie with which a browser is in.",
        "security": [],
        "requestBody": body(&shown),
        "responses": answers(&object(&[]), true),
    })
}

fn this() -> Value {
    let any = json!({ "type": "object", "required": ["openapi", "paths"] });
    json!({ "operationId": "openapi", "summary": "This document.", "responses": answers(&any, false) })
}

fn body(schema: &Value) -> Value {
    json!({ "required": true, "content": { "application/json": { "schema": schema } } })
}

/// Returns the schema of an answer with these names in it.
fn object(names: &[&str]) -> Value {
    let required: Vec<&str> = ["exit_code"].iter().chain(names).copied().collect();
    json!({
        "type": "object",
        "properties": { "exit_code": { "type": "integer", "enum": [0, 1], "description": "1 where the answer is no" } },
        "required": required,
    })
}

fn answers(schema: &Value, with_body: bool) -> Value {
    let mut answers = json!({
        "200": { "description": "done, or the answer is no", "content": { "application/json": { "schema": schema } } },
    });
    let others = ["400", "401", "403", "409", "500", "503"].iter().chain(if with_body {
        ["413", "415"].iter()
    } else {
        [].iter()
    });
    for status in others {
        answers[status] = json!({ "$ref": format!("#/components/responses/{status}") });
    }
    answers
}

fn responses() -> Value {
    let about = [
        ("400", "the call or the scenario is wrong"),
        ("401", "the token is missing or wrong"),
        ("403", "another host or origin is meant, or tests may not write here"),
        ("409", "rows of other people are in the way"),
        ("413", "the body is too long"),
        ("415", "the body is not called JSON"),
        ("500", "it could not run"),
        ("503", "somebody else is writing"),
    ];
    about
        .into_iter()
        .map(|(status, about)| {
            let schema = json!({ "$ref": "#/components/schemas/Error" });
            let response = json!({ "description": about, "content": { "application/json": { "schema": schema } } });
            (status.to_owned(), response)
        })
        .collect::<Map<String, Value>>()
        .into()
}

fn error() -> Value {
    json!({
        "type": "object",
        "properties": {
            "exit_code": { "type": "integer", "minimum": 2, "maximum": 8 },
            "error": {
                "type": "object",
                "properties": {
                    "rule": { "type": "string" },
                    "message": { "type": "string" },
                    "details": { "type": "array", "items": { "type": "string" } },
                    "help": { "type": "array", "items": { "type": "string" } },
                    "nothing_written": { "type": "boolean" },
                },
                "required": ["rule", "message", "details", "help", "nothing_written"],
            },
        },
        "required": ["exit_code", "error"],
    })
}

fn line() -> Value {
    let count = json!({ "type": "integer", "minimum": 0 });
    let guess = json!({ "type": ["integer", "null"], "minimum": 0, "description": "null where it has just begun" });
    json!({
        "description": "One line of a stream: a notice, how far long work has come, or at the end the answer or the error.",
        "anyOf": [
            { "type": "object", "properties": { "notice": { "type": "string" } }, "required": ["notice"] },
            {
                "type": "object",
                "properties": {
                    "progress": {
                        "type": "object",
                        "properties": {
                            "doing": { "type": "string", "enum": ["comparing", "loading", "removing"] },
                            "table": { "type": "string" },
                            "done": count,
                            "of": count,
                            "rows_per_second": guess,
                            "seconds_left": guess,
                        },
                        "required": ["doing", "table", "done", "of", "rows_per_second", "seconds_left"],
                    },
                },
                "required": ["progress"],
            },
            { "type": "object", "required": ["exit_code"] },
        ],
    })
}
