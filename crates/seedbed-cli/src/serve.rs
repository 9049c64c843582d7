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
mod pages;
mod secret;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{ALLOW, CONTENT_TYPE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::Response;
use seedbed::{Error, Exit, Result, Warm};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::{Map, Value, json};
use tokio::sync::{Mutex, mpsc, watch};

use crate::answer::Answer;
use crate::arguments::{Arguments, Verb};
use crate::caller::Caller;
use crate::output::{duration, restored};
use crate::page::Last;
use crate::progress::{Step, Watch};
use crate::verb::{Desk, reset};
use crate::{moment, read};

use answer::{Asking, Line, NOT_JSON, NOTHING_THERE, TOO_LONG, WRONG_METHOD, failed, with_status};
use door::Door;
use operation::{Asked, OPERATIONS, Operation, wrong};

pub(crate) use listen::{Address, Listening};
pub(crate) use secret::{Secret, remove};

/// No body that asks for something is longer.
const LONGEST_BODY: usize = 64 * 1024;
/// So many workers there may be.
const WORKERS: usize = 50;
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
    /// How many workers the page offers.
    pub(crate) workers: u8,
    /// The largest scale that a request may ask for.
    pub(crate) scale_limit: u64,
}

/// A service that runs.
pub(crate) struct Service {
    settings: Settings,
    door: Door,
    /// Held while something is written for a worker.
    writers: [Mutex<()>; WORKERS],
    /// The scenario that was reset last, by worker.
    open: [std::sync::Mutex<Option<(String, Warm)>>; WORKERS],
    /// What was written last, by scenario and worker.
    last: std::sync::Mutex<BTreeMap<(String, u8), Last>>,
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
        let writers = std::array::from_fn(|_| Mutex::default());
        let open = std::array::from_fn(|_| std::sync::Mutex::default());
        let (door, last) = (Door::new(token, hosts), std::sync::Mutex::default());
        (Arc::new(Self { settings, door, writers, open, last, tell }), told)
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
        lines: mpsc::UnboundedSender<Line>,
    ) -> Result<Answer> {
        let _writer = if operation.writes { Some(self.writers[usize::from(asked.worker)].lock().await) } else { None };
        let started = Instant::now();
        let service = Arc::clone(&self);
        let (worker, scenario) = (asked.worker, asked.scenario.clone());
        let verb = tokio::task::spawn_blocking(move || {
            // Nobody may be listening any more.
            let log = |line: &str| drop(service.tell.send(Told::Notice(line.to_owned())));
            let notice = |line: &str| {
                log(line);
                let _ = lines.send(Line::Notice(line.to_owned()));
            };
            let step = |step: &Step<'_>| drop(lines.send(Line::Progress(step.json())));
            service.run(&asked.typed, &notice, Watch::Steps(&log, &step))
        });
        let result = verb.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
        if operation.writes {
            let code = result.as_ref().map_or_else(Error::exit_code, |answer| answer.exit_code);
            let last = Last { verb: operation.verb, took: started.elapsed(), text: said(&result) };
            self.last.lock().unwrap_or_else(PoisonError::into_inner).insert((scenario, worker), last);
            let ended = Told::Ended { verb: operation.verb, worker, code, took: started.elapsed() };
            let _ = self.tell.send(ended);
        }
        result
    }

    /// Runs a verb as it is typed; `notice` hears what a person may want to know meanwhile.
    fn run(&self, typed: &[String], notice: &dyn Fn(&str), watch: Watch<'_>) -> Result<Answer> {
        let arguments = self.typed(typed)?;
        let mut desk = self.desk(&arguments, notice);
        desk.watch = watch;
        match &arguments.verb {
            Verb::Reset(flags) => self.reset(flags, &desk),
            verb => verb.run(&desk),
        }
    }

    /// Returns a command line with the flags that go with every verb.
    fn typed(&self, typed: &[String]) -> Result<Arguments> {
        let settings = &self.settings;
        let (verb, rest) = typed.split_first().expect("a verb is typed");
        let name = [OsString::from(&settings.program), OsString::from(verb)].into_iter();
        read(&settings.program, name.chain(settings.flags.iter().cloned()).chain(rest.iter().map(OsString::from)))
    }

    /// Returns what a verb works with.
    fn desk<'a>(&'a self, arguments: &'a Arguments, notice: &'a dyn Fn(&str)) -> Desk<'a> {
        let settings = &self.settings;
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
            secret: None,
            project: None,
            database: None,
        };
        let mut desk = Desk::new(&arguments.global, caller);
        desk.scale_limit = Some(settings.scale_limit);
        desk
    }

    /// Resets over a scenario that stays open between two requests.
    fn reset(&self, flags: &reset::Flags, desk: &Desk<'_>) -> Result<Answer> {
        // Whatever goes wrong, the next request opens it anew.
        let mut place = self.open[usize::from(desk.call.worker)].lock().unwrap_or_else(PoisonError::into_inner);
        let kept = place.take().filter(|(scenario, _)| *scenario == flags.scenario);
        let mut warm = if let Some((_, warm)) = kept {
            warm
        } else {
            let warm = Warm::open(&desk.project()?, &flags.scenario, &desk.call)?;
            if let Some(advice) = warm.advice() {
                (desk.notice)(advice);
            }
            warm
        };
        let state = flags.state.as_deref();
        let (receipt, times) = warm.reset(state, desk.call.now, &mut desk.notices())?;
        let times = desk.whole(times);
        let answer = desk.answer(&restored::Report { work: warm.work(), receipt: &receipt, times, state });
        *place = Some((flags.scenario.clone(), warm));
        Ok(answer)
    }
}

/// Returns what a verb answered, as a terminal shows it.
fn said(result: &Result<Answer>) -> String {
    match result {
        Ok(answer) => answer.text.clone(),
        Err(error) => error.to_string(),
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

/// Finds what is asked for, and answers.
async fn route(service: Arc<Service>, parts: &Parts, body: Body) -> Response {
    let (method, path) = (&parts.method, parts.uri.path());
    let public = path == "/session" || pages::is_public(path);
    if let Err(error) = if public { Ok(()) } else { service.door.know(parts) } {
        return if (method, path) == (&Method::GET, "/") { pages::door() } else { failed(&error) };
    }
    let operation = OPERATIONS.iter().find(|operation| operation.path == path);
    let wanted = match (path, operation) {
        ("/session" | "/v1/key", _) => &Method::POST,
        ("/v1/openapi.json", _) => &Method::GET,
        (_, None) if pages::is_one(path) => &Method::GET,
        (_, Some(operation)) => &operation.method,
        (_, None) => {
            let error = Error::new(Exit::Usage, NOTHING_THERE, format!("there is nothing at {path}"));
            return failed(&error.help("GET /v1/openapi.json lists what there is"));
        }
    };
    if method != wanted {
        let mut response = failed(&Error::new(Exit::Usage, WRONG_METHOD, format!("{path} is asked with {wanted}")));
        let wanted = HeaderValue::from_str(wanted.as_str()).expect("a method stands in a header");
        response.headers_mut().insert(ALLOW, wanted);
        return response;
    }
    let answer = match operation {
        Some(operation) => operate(service, operation, parts, body).await,
        None if path == "/session" => let_in(&service, parts, body).await,
        None if path == "/v1/key" => hand_out(&service, parts, body).await,
        None if pages::is_one(path) => pages::answer(service, parts).await,
        None => Ok(with_status(StatusCode::OK, &openapi::document())),
    };
    answer.unwrap_or_else(|error| failed(&error))
}

/// Lets a browser in that shows a key.
async fn let_in(service: &Service, parts: &Parts, body: Body) -> Result<Response> {
    let said = read_body(parts, body).await?;
    let (1, Some(Value::String(key))) = (said.len(), said.get("key")) else {
        return Err(wrong("a `key` is to be shown, and nothing else"));
    };
    let cookie = service.door.exchange(key)?;
    let mut response = with_status(StatusCode::OK, &json!({ "exit_code": 0 }));
    let cookie = HeaderValue::from_str(&cookie).expect("hex digits and names stand in a header");
    response.headers_mut().insert(SET_COOKIE, cookie);
    Ok(response)
}

/// Hands out a key for a browser.
async fn hand_out(service: &Service, parts: &Parts, body: Body) -> Result<Response> {
    if read_body(parts, body).await?.is_empty() {
        let key = service.key()?;
        return Ok(with_status(StatusCode::OK, &json!({ "exit_code": 0, "key": key })));
    }
    Err(wrong("`/v1/key` understands nothing"))
}

/// Runs a verb and answers.
async fn operate(service: Arc<Service>, operation: &'static Operation, parts: &Parts, body: Body) -> Result<Response> {
    let said =
        if operation.method == Method::GET { read_query(operation, parts)? } else { read_body(parts, body).await? };
    let asked = operation.read(&said, &service.settings.scenario)?;
    let (lines, told) = mpsc::unbounded_channel();
    let running = tokio::spawn(service.work(operation, asked, lines));
    Ok(match Asking::of(&parts.headers) {
        Asking::AtOnce => answer::at_once(running).await,
        Asking::Lines => answer::lines(running, told),
    })
}

/// Reads what a query says; a name stands in it once.
fn read_query(operation: &Operation, parts: &Parts) -> Result<Map<String, Value>> {
    let mut said = Map::new();
    for (name, text) in form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
        let field = operation.fields.iter().find(|field| field.name == name);
        let value = field.map_or_else(|| Value::String(text.to_string()), |field| field.of_query(text.to_string()));
        if said.insert(name.to_string(), value).is_some() {
            return Err(wrong(format!("`{name}` is said twice")));
        }
    }
    Ok(said)
}

/// What a body says; a name stands in it once.
struct Said(Map<String, Value>);

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> std::result::Result<Self, D::Error> {
        reader.deserialize_map(Names)
    }
}

/// Reads the names of an object.
struct Names;

impl<'de> Visitor<'de> for Names {
    type Value = Said;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut names: A) -> std::result::Result<Said, A::Error> {
        let mut said = Map::new();
        while let Some((name, value)) = names.next_entry::<String, Value>()? {
            if said.contains_key(&name) {
                return Err(A::Error::custom(format_args!("`{name}` is said twice")));
            }
            said.insert(name, value);
        }
        Ok(Said(said))
    }
}

/// Reads a body, which is a JSON object.
async fn read_body(parts: &Parts, body: Body) -> Result<Map<String, Value>> {
    let kind = parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err(Error::new(Exit::Usage, NOT_JSON, "the body is to be `Content-Type: application/json`"));
    }
    let Ok(bytes) = to_bytes(body, LONGEST_BODY).await else {
        let message = format!("the body is to be at most {LONGEST_BODY} bytes, and whole");
        return Err(Error::new(Exit::Usage, TOO_LONG, message));
    };
    match serde_json::from_slice(&bytes) {
        Ok(Said(said)) => Ok(said),
        Err(error) => Err(wrong(format!("the body is to be a JSON object: {error}"))),
    }
}
