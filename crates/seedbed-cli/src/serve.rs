//! Serve: the verbs over HTTP, for test code and for a page in the browser.
//!
//! The service listens on the loopback interface or a Unix socket. A request passes the [`door`], is read
//! by the table of [`operation`]s, and runs the same verb that is typed, one writer of a worker after the
//! other. Nothing that it tells a person while it runs holds a token, a password or a persona.

mod answer;
mod door;
mod listen;
mod openapi;
mod operation;
mod secret;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{ALLOW, CONTENT_TYPE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::Response;
use futures_util::future::BoxFuture;
use seedbed::{Error, Result};
use serde_json::{Map, Value, json};
use tokio::sync::{Mutex, mpsc, watch};

use crate::answer::Answer;
use crate::caller::Caller;
use crate::output::duration;
use crate::{ask, moment};

use answer::{Asking, failed, with_status};
use door::Door;
use operation::{Asked, OPERATIONS, Operation, wrong};

pub(crate) use listen::{Address, Listening};
pub(crate) use secret::Secret;

/// No body that asks for something is longer.
const LONGEST_BODY: usize = 64 * 1024;
/// So long open connections may take to end when the service stops.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a service is made from.
pub(crate) struct Settings {
    /// The scenario that is meant where none is said.
    pub(crate) scenario: String,
    /// Flags that go with every verb: which database, which project.
    pub(crate) flags: Vec<OsString>,
    /// The folder that the program was called in.
    pub(crate) here: PathBuf,
    /// How help lines call this program.
    pub(crate) program: String,
    /// How tables are made that are missing.
    pub(crate) migrate: String,
}

/// A service that runs.
pub(crate) struct Service {
    settings: Settings,
    door: Door,
    /// Held while something is written for a worker.
    writers: BTreeMap<u8, Mutex<()>>,
    /// Lines for a person.
    tell: mpsc::UnboundedSender<Told>,
}

/// What a service has for a person.
pub(crate) enum Told {
    /// Something to know while a verb runs.
    Notice(String),
    /// A verb that may write has come to its end.
    Ended {
        /// The verb.
        verb: &'static str,
        /// The worker.
        worker: u8,
        /// The exit code.
        code: u8,
        /// How long it took.
        took: Duration,
    },
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Notice(line) => f.write_str(line),
            Self::Ended { verb, worker, code, took } => {
                write!(f, "{verb:8} worker {worker}   exit code {code}   {}", duration(*took))
            }
        }
    }
}

impl Service {
    /// Returns a service that lets in whoever shows the token, and the lines that it has for a person.
    pub(crate) fn new(
        settings: Settings,
        token: Secret,
        hosts: Vec<String>,
    ) -> (Arc<Self>, mpsc::UnboundedReceiver<Told>) {
        let (tell, told) = mpsc::unbounded_channel();
        let writers = (0..50).map(|worker| (worker, Mutex::default())).collect();
        (Arc::new(Self { settings, door: Door::new(token, hosts), writers, tell }), told)
    }

    /// Returns a key with which one browser gets in, once.
    pub(crate) fn key(&self) -> Result<String> {
        self.door.key()
    }

    /// Answers until `stop` says so; what runs then comes to its end.
    pub(crate) async fn answer(self: Arc<Self>, listening: Listening, stop: watch::Receiver<bool>) {
        let router = Router::new().fallback(enter).with_state(self);
        let mut patience = stop.clone();
        let ended = async move {
            let mut stop = stop;
            // Who could say so has gone: that is a stop as well.
            let _ = stop.wait_for(|stop| *stop).await;
        };
        let serving = listening.serve(router, ended);
        tokio::pin!(serving);
        tokio::select! {
            () = &mut serving => {}
            () = async {
                let _ = patience.wait_for(|stop| *stop).await;
                tokio::time::sleep(PATIENCE).await;
            } => {}
        }
    }

    /// Runs what was asked for, behind other writers of its worker.
    async fn work(
        self: Arc<Self>,
        operation: &'static Operation,
        asked: Asked,
        notices: mpsc::UnboundedSender<String>,
    ) -> Result<Answer> {
        let _writer = if operation.writes { Some(self.writers[&asked.worker].lock().await) } else { None };
        let started = Instant::now();
        let service = Arc::clone(&self);
        let worker = asked.worker;
        let verb = tokio::task::spawn_blocking(move || {
            service.run(&asked.typed, &|line| {
                // Nobody may be listening any more.
                let _ = service.tell.send(Told::Notice(line.to_owned()));
                let _ = notices.send(line.to_owned());
            })
        });
        let result = verb.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
        if operation.writes {
            let code = result.as_ref().map_or_else(Error::exit_code, |answer| answer.exit_code);
            let ended = Told::Ended { verb: operation.verb, worker, code, took: started.elapsed() };
            let _ = self.tell.send(ended);
        }
        result
    }

    /// Runs a verb as it is typed; `notice` hears what a person may want to know meanwhile.
    pub(crate) fn run(&self, typed: &[String], notice: &dyn Fn(&str)) -> Result<Answer> {
        let settings = &self.settings;
        let (verb, rest) = typed.split_first().expect("a verb is typed");
        let args = [OsString::from(verb)].into_iter().chain(settings.flags.iter().cloned());
        let caller = Caller {
            program: &settings.program,
            migrate: &settings.migrate,
            here: settings.here.clone(),
            now: moment::now(),
            colour: false,
            interactive: false,
            live: false,
            notice,
            announce: None,
            project: None,
            database: None,
        };
        ask(args.chain(rest.iter().map(OsString::from)), caller)
    }
}

async fn enter(State(service): State<Arc<Service>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let response = match service.door.admit(&parts) {
        Ok(()) => route(service, &parts, body).await,
        Err(error) => failed(&error),
    };
    answer::guarded(response)
}

/// Finds what is asked for.
fn route(service: Arc<Service>, parts: &Parts, body: Body) -> BoxFuture<'_, Response> {
    Box::pin(async move {
        let (method, path) = (&parts.method, parts.uri.path());
        if (method, path) == (&Method::POST, "/session") {
            return let_in(&service, parts, body).await;
        }
        if let Err(error) = service.door.know(parts) {
            return failed(&error);
        }
        match (method, path) {
            (&Method::GET, "/v1/openapi.json") => return with_status(StatusCode::OK, &openapi::document()),
            (&Method::POST, "/v1/key") => return hand_out(&service, parts, body).await,
            _ => {}
        }
        let found: Vec<&'static Operation> = OPERATIONS.iter().filter(|operation| operation.path == path).collect();
        match found.iter().find(|operation| operation.method == *method) {
            Some(operation) => operate(service, operation, parts, body).await,
            None if found.is_empty() && !["/v1/openapi.json", "/v1/key", "/session"].contains(&path) => {
                let error =
                    wrong(format!("there is nothing at {path}")).help("GET /v1/openapi.json lists what there is");
                let mut response = failed(&error);
                *response.status_mut() = StatusCode::NOT_FOUND;
                response
            }
            None => not_allowed(
                found.first().map_or(if path == "/v1/openapi.json" { "GET" } else { "POST" }, |operation| {
                    operation.method.as_str()
                }),
            ),
        }
    })
}

fn not_allowed(allowed: &'static str) -> Response {
    let mut response = failed(&wrong(format!("this is asked with {allowed}")));
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

/// Lets a browser in that shows a key.
async fn let_in(service: &Service, parts: &Parts, body: Body) -> Response {
    let said = match read_body(parts, body).await {
        Ok(said) => said,
        Err(response) => return response,
    };
    let (1, Some(Value::String(key))) = (said.len(), said.get("key")) else {
        return failed(&wrong("a `key` is to be shown, and nothing else"));
    };
    match service.door.exchange(key) {
        Ok(cookie) => {
            let mut response = with_status(StatusCode::OK, &json!({ "exit_code": 0 }));
            let cookie = HeaderValue::from_str(&cookie).expect("hex digits and names stand in a header");
            response.headers_mut().insert(SET_COOKIE, cookie);
            response
        }
        Err(error) => failed(&error),
    }
}

/// Hands out a key for a browser.
async fn hand_out(service: &Service, parts: &Parts, body: Body) -> Response {
    match read_body(parts, body).await {
        Ok(said) if !said.is_empty() => failed(&wrong("`/v1/key` understands nothing")),
        Ok(_) => match service.key() {
            Ok(key) => with_status(StatusCode::OK, &json!({ "exit_code": 0, "key": key })),
            Err(error) => failed(&error),
        },
        Err(response) => response,
    }
}

/// Runs a verb and answers.
async fn operate(service: Arc<Service>, operation: &'static Operation, parts: &Parts, body: Body) -> Response {
    let said =
        if operation.method == Method::GET { read_query(operation, parts) } else { read_body(parts, body).await };
    let said = match said {
        Ok(said) => said,
        Err(response) => return response,
    };
    let asked = match operation.read(&said, &service.settings.scenario) {
        Ok(asked) => asked,
        Err(error) => return failed(&error),
    };
    let (notices, told) = mpsc::unbounded_channel();
    let running = tokio::spawn(service.work(operation, asked, notices));
    match Asking::of(&parts.headers) {
        Asking::AtOnce => answer::at_once(running).await,
        Asking::Lines => answer::lines(running, told),
    }
}

/// Reads what a query says; a name stands in it once.
fn read_query(operation: &Operation, parts: &Parts) -> std::result::Result<Map<String, Value>, Response> {
    let mut said = Map::new();
    for (name, text) in form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
        let field = operation.fields.iter().find(|field| field.name == name);
        let value = field.map_or_else(|| Value::String(text.to_string()), |field| field.of_query(text.to_string()));
        if said.insert(name.to_string(), value).is_some() {
            return Err(failed(&wrong(format!("`{name}` is said twice"))));
        }
    }
    Ok(said)
}

/// Reads a body, which is a JSON object.
async fn read_body(parts: &Parts, body: Body) -> std::result::Result<Map<String, Value>, Response> {
    let kind = parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        let mut response = failed(&wrong("the body is to be `Content-Type: application/json`"));
        *response.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(response);
    }
    let Ok(bytes) = to_bytes(body, LONGEST_BODY).await else {
        let mut response = failed(&wrong(format!("the body is to be at most {LONGEST_BODY} bytes, and whole")));
        *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        return Err(response);
    };
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(said)) => Ok(said),
        Ok(_) => Err(failed(&wrong("the body is to be a JSON object"))),
        Err(error) => Err(failed(&wrong(format!("the body is to be a JSON object: {error}")))),
    }
}
