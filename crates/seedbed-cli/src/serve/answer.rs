//! Answers over HTTP: what a verb answers, with a status that says the same.

use std::convert::Infallible;

use axum::body::Body;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use futures_util::stream;
use seedbed::{Error, Exit, Result};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::door;
use crate::answer::Answer;
use crate::output;

/// JSON, an object a line.
pub(super) const LINES: &str = "application/x-ndjson";

/// Rules of HTTP, each with a status of its own.
pub(super) const NOTHING_THERE: &str = "nothing-there";
pub(super) const WRONG_METHOD: &str = "wrong-method";
pub(super) const TOO_LONG: &str = "too-long";
pub(super) const NOT_JSON: &str = "not-json";

/// What every answer says to a browser.
const GUARDS: [(HeaderName, &str); 6] = [
    (CACHE_CONTROL, "no-store"),
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    (HeaderName::from_static("x-content-type-options"), "nosniff"),
    (HeaderName::from_static("referrer-policy"), "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Adds what every answer says to a browser.
pub(super) fn guarded(mut response: Response) -> Response {
    for (name, value) in GUARDS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Returns an object with a status.
pub(super) fn with_status(status: StatusCode, data: &Value) -> Response {
    let mut response = Response::new(Body::from(data.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Returns a document for a browser.
pub(super) fn document(status: StatusCode, kind: &'static str, text: impl Into<Body>) -> Response {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// Returns the answer to what failed.
pub(super) fn failed(error: &Error) -> Response {
    with_status(status(error), &object(&Err(error.clone())))
}

/// Returns the object that `--format json` prints.
fn object(result: &Result<Answer>) -> Value {
    match result {
        Ok(answer) => answer.data.clone(),
        Err(error) => json!({ "exit_code": error.exit_code(), "error": output::error::json(error) }),
    }
}

fn status(error: &Error) -> StatusCode {
    match error.exit {
        _ if error.rule == door::NOT_KNOWN => StatusCode::UNAUTHORIZED,
        _ if error.rule == NOTHING_THERE => StatusCode::NOT_FOUND,
        _ if error.rule == WRONG_METHOD => StatusCode::METHOD_NOT_ALLOWED,
        _ if error.rule == TOO_LONG => StatusCode::PAYLOAD_TOO_LARGE,
        _ if error.rule == NOT_JSON => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Exit::Usage => StatusCode::BAD_REQUEST,
        Exit::Guard => StatusCode::FORBIDDEN,
        Exit::NotOurs => StatusCode::CONFLICT,
        Exit::Busy => StatusCode::SERVICE_UNAVAILABLE,
        Exit::CouldNotRun | Exit::Unclear | Exit::Unfinished => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// How an answer is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asking {
    /// As one object, when it is there.
    AtOnce,
    /// As JSON lines: a [`Line`] each while it comes about, and the object at the end.
    Lines,
}

impl Asking {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let wanted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let lines = |value: &str| value.split(',').any(|kind| kind.trim() == LINES);
        if wanted.into_iter().any(lines) { Self::Lines } else { Self::AtOnce }
    }
}

/// What is told while a verb runs.
pub(super) enum Line {
    Notice(String),
    Progress(Value),
}

impl Line {
    fn json(self) -> Value {
        match self {
            Self::Notice(text) => json!({ "notice": text }),
            Self::Progress(step) => json!({ "progress": step }),
        }
    }
}

/// A verb that runs, whether or not somebody still waits for it.
pub(super) type Running = JoinHandle<Result<Answer>>;

/// Returns the answer of a verb when it has come to its end.
pub(super) async fn at_once(running: Running) -> Response {
    let result = ended(running).await;
    let status = result.as_ref().map_or_else(status, |_| StatusCode::OK);
    with_status(status, &object(&result))
}

/// Returns what is told while a verb runs, as it comes, and its answer at the end.
pub(super) fn lines(running: Running, told: mpsc::UnboundedReceiver<Line>) -> Response {
    let lines = stream::unfold(Some((running, told)), async |state| {
        let (running, mut told) = state?;
        let (object, next) = match told.recv().await {
            Some(line) => (line.json(), Some((running, told))),
            None => (object(&ended(running).await), None),
        };
        Some((Ok::<String, Infallible>(format!("{object}\n")), next))
    });
    let mut response = Response::new(Body::from_stream(lines));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(LINES));
    response
}

async fn ended(running: Running) -> Result<Answer> {
    // A panic is a fault of ours; it is told, and the service goes on.
    let broken = |_| Error::new(Exit::CouldNotRun, "broken", "the verb broke off; its words are in the terminal");
    running.await.map_err(broken).and_then(|result| result)
}
