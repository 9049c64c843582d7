//! The page over HTTP: read anew each time, and served with its style sheet and its script.
//!
//! Style sheet and script hold nothing of the dataset, so they need no token. A browser that is not
//! in gets a page that says how to come in.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use seedbed::project::Purpose;
use seedbed::{Error, Exit, Result};

use super::answer::document;
use super::operation::OPERATIONS;
use super::{Service, read_query};
use crate::moment;
use crate::page::{self, Live, View};
use crate::verb::Desk;

const HTML: &str = "text/html; charset=utf-8";

/// What is read for a document: of the service, the scenario and its worker.
type Read = fn(&Service, &str, &Desk<'_>) -> Result<String>;

/// Whether there is a document at this address.
pub(super) fn is_one(path: &str) -> bool {
    path == "/" || path == "/cleanup" || is_public(path)
}

/// Whether a document is for everybody.
pub(super) fn is_public(path: &str) -> bool {
    path == "/assets/page.css" || path == "/assets/page.js"
}

/// Answers with the document; scenario and worker stand in the query.
pub(super) async fn answer(service: Arc<Service>, parts: &Parts) -> Result<Response> {
    let read: Read = match parts.uri.path() {
        "/assets/page.css" => return Ok(document(StatusCode::OK, "text/css; charset=utf-8", page::STYLE)),
        "/assets/page.js" => return Ok(document(StatusCode::OK, "text/javascript; charset=utf-8", page::SCRIPT)),
        "/cleanup" => cleanup,
        _ => page,
    };
    // A page is asked for as a plan is.
    let operation = OPERATIONS.iter().find(|operation| operation.verb == "plan").expect("plan is an operation");
    let asked = operation.read(&read_query(operation, parts)?, &service.settings.scenario)?;
    let reading = tokio::task::spawn_blocking(move || {
        let arguments = service.typed(&asked.typed)?;
        read(&service, &asked.scenario, &service.desk(&arguments, &|_| {}))
    });
    let broken = |_| Error::new(Exit::CouldNotRun, "broken", "the page broke off; its words are in the terminal");
    let text = reading.await.map_err(broken).and_then(|text| text)?;
    Ok(document(StatusCode::OK, HTML, text))
}

/// Returns the page for a browser that is not in.
pub(super) fn door() -> Response {
    document(StatusCode::UNAUTHORIZED, HTML, page::door())
}

/// Returns the page.
fn page(service: &Service, scenario: &str, desk: &Desk<'_>) -> Result<String> {
    let project = desk.project()?;
    let scenarios: Vec<String> = project.names().into_iter().map(str::to_owned).collect();
    let mut work = desk.work_in(&project, scenario, Purpose::Look)?;
    // The page is read again and again while a test runs; further blocks are for `verify`.
    work.scaling = false;
    let reading = page::read(&mut work, &mut |_| {})?;
    let in_state = page::read_state(&mut work, &reading, &mut |_| {})?;
    let last = service.last.lock().unwrap_or_else(PoisonError::into_inner);
    let last = last.get(&(scenario.to_owned(), desk.call.worker)).cloned();
    // Without a secret there are no tokens, and no buttons for them.
    let tokens = desk.secret(&project).ok().map(|_| lifetime(project.token_lifetime()));
    let live = Live {
        scenarios: &scenarios,
        workers: service.settings.workers,
        tokens: tokens.as_deref(),
        last: last.as_ref(),
        in_state: in_state.as_ref(),
    };
    Ok(page::page(&View { work: &work, reading: &reading, now: moment::now(), live: Some(live) }))
}

/// Returns `24h`, `15m`, `90s`.
fn lifetime(time: Duration) -> String {
    match time.as_secs() {
        seconds if seconds % 3_600 == 0 => format!("{}h", seconds / 3_600),
        seconds if seconds % 60 == 0 => format!("{}m", seconds / 60),
        seconds => format!("{seconds}s"),
    }
}

/// Returns what `cleanup` would remove.
fn cleanup(_: &Service, scenario: &str, desk: &Desk<'_>) -> Result<String> {
    let mut work = desk.work(scenario, Purpose::Remove)?;
    let (receipt, _) = work.run(&mut |_| {}, |target, _| seedbed::plan_cleanup(target))?;
    Ok(page::removal(&work, &receipt))
}
