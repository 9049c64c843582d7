//! Operations: what can be asked for over HTTP. One table is what answers and what the document says.

use axum::http::Method;
use seedbed::{Error, Exit, Result};
use serde_json::{Map, Number, Value};

/// A verb under an address.
pub(super) struct Operation {
    /// GET for what only reads, POST for what may write or hands out a secret.
    pub(super) method: Method,
    /// Its address.
    pub(super) path: &'static str,
    /// The verb, as it is typed.
    pub(super) verb: &'static str,
    /// What it does, in a sentence.
    pub(super) about: &'static str,
    /// What it understands.
    pub(super) fields: &'static [Field],
    /// Whether it may write into the database, and so waits for other writers of its worker.
    pub(super) writes: bool,
    /// Names that stand in its answer, beside `exit_code`.
    pub(super) answers: &'static [&'static str],
}

/// Something that an operation understands, in the query of a GET and in the body of a POST.
#[derive(Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) kind: Kind,
    pub(super) required: bool,
    /// How it is typed.
    typed: Typed,
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text,
    /// A whole number between these.
    Number(u32, u32),
    /// True or false.
    Switch,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Typed {
    /// By its place behind the flags.
    Name,
    /// As `--name=value`; a switch as `--name`, or not at all.
    Flag,
}

const fn field(name: &'static str, kind: Kind, typed: Typed, about: &'static str) -> Field {
    Field { name, about, kind, required: false, typed }
}

const SCENARIO: Field = field("scenario", Kind::Text, Typed::Name, "the scenario; the service's own unless said");
const OF_SCENARIO: Field = Field { typed: Typed::Flag, ..SCENARIO };
const WORKER: Field = field("worker", Kind::Number(0, 49), Typed::Flag, "the worker, 0 unless said");
const PERSONA: Field =
    Field { required: true, ..field("persona", Kind::Text, Typed::Name, "a persona, or another row, by its name") };
const RELATION: Field = Field {
    required: true,
    ..field("relation", Kind::Text, Typed::Name, "where to: `favorites`, `following.followed`")
};
const PERSONA_ALONE: Field = Field { about: "a persona, by its name", ..PERSONA };
const TTL: Field = field("ttl", Kind::Number(1, u32::MAX), Typed::Flag, "for how many seconds it is good");
const KIND: Field = field("kind", Kind::Text, Typed::Flag, "`valid`, unless said, `expired` or `malformed`");
const STATE: Field = field("state", Kind::Text, Typed::Flag, "a declared state to start from instead");
const SCALE: Field = field(
    "scale",
    Kind::Text,
    Typed::Flag,
    "the dataset so many times, `1000`, or with at least so many rows, `users=100000`; as it stands unless said",
);
const REBUILD: Field = field(
    "rebuild",
    Kind::Switch,
    Typed::Flag,
    "indexes and foreign keys are taken away while further blocks are loaded",
);
const RECEIPT: &[&str] = &["database", "dataset", "plan", "written", "committed"];

/// All operations.
pub(super) const OPERATIONS: &[Operation] = &[
    operation(
        Does::Reads,
        "/v1/status",
        "status",
        "What is seeded here, at which scale and with how many rows, and whether tests may write.",
        &[],
        &["database", "seeded"],
    ),
    operation(
        Does::Reads,
        "/v1/plan",
        "plan",
        "What would change; nothing is written.",
        &[SCENARIO, WORKER, STATE, SCALE, REBUILD],
        RECEIPT,
    ),
    operation(
        Does::Reads,
        "/v1/verify",
        "verify",
        "Whether every row is as declared and every declared fact holds, counted by SQL.",
        &[SCENARIO, WORKER],
        &["database", "dataset", "plan", "holds", "report"],
    ),
    operation(
        Does::Reads,
        "/v1/personas",
        "personas",
        "Who a test can log in as.",
        &[SCENARIO, WORKER],
        &["database", "personas"],
    ),
    operation(
        Does::Reads,
        "/v1/show",
        "show",
        "The live rows that a persona leads to.",
        &[PERSONA, RELATION, OF_SCENARIO, WORKER],
        &["database", "rows"],
    ),
    operation(
        Does::Reads,
        "/v1/manifest",
        "manifest",
        "What tests know by name: personas, rows that show a fact, expected answers.",
        &[SCENARIO, WORKER],
        &["seedbed", "scenario", "worker", "digest", "personas", "rows", "edges", "expected"],
    ),
    operation(
        Does::Writes,
        "/v1/seed",
        "seed",
        "The database becomes as declared.",
        &[SCENARIO, WORKER, SCALE, REBUILD],
        RECEIPT,
    ),
    operation(
        Does::Writes,
        "/v1/reset",
        "reset",
        "The last test is undone, and told.",
        &[SCENARIO, WORKER, STATE],
        RECEIPT,
    ),
    Operation {
        method: Method::POST,
        path: "/v1/token",
        verb: "token",
        about: "What a persona shows to the application.",
        fields: &[PERSONA_ALONE, OF_SCENARIO, WORKER, TTL, KIND],
        writes: false,
        answers: &["token", "persona", "kind", "expires_at"],
    },
    operation(
        Does::Writes,
        "/v1/cleanup",
        "cleanup",
        "Our own rows and files go, nobody else's.",
        &[SCENARIO, WORKER],
        RECEIPT,
    ),
];

/// What an operation may do to the database.
#[derive(Clone, Copy)]
enum Does {
    Reads,
    Writes,
}

const fn operation(
    does: Does,
    path: &'static str,
    verb: &'static str,
    about: &'static str,
    fields: &'static [Field],
    answers: &'static [&'static str],
) -> Operation {
    let (method, writes) = match does {
        Does::Reads => (Method::GET, false),
        Does::Writes => (Method::POST, true),
    };
    Operation { method, path, verb, about, fields, writes, answers }
}

/// What somebody asks for, checked.
pub(super) struct Asked {
    /// The worker.
    pub(super) worker: u8,
    /// The scenario, or the service's own.
    pub(super) scenario: String,
    /// The state to start from.
    pub(super) state: Option<String>,
    /// The verb and its flags, as they are typed.
    pub(super) typed: Vec<String>,
}

impl Operation {
    /// Reads what was asked for; `own` is the service's scenario.
    pub(super) fn read(&self, said: &Map<String, Value>, own: &str) -> Result<Asked> {
        if let Some(name) = said.keys().find(|name| !self.fields.iter().any(|field| field.name == **name)) {
            let known: Vec<&str> = self.fields.iter().map(|field| field.name).collect();
            let error = wrong(format!("`{}` does not understand `{name}`", self.verb));
            return Err(if known.is_empty() {
                error
            } else {
                error.help(format!("it understands: {}", known.join(", ")))
            });
        }
        let (mut flags, mut names) = (vec![self.verb.to_owned()], vec!["--".to_owned()]);
        let mut asked = Asked { worker: 0, scenario: own.to_owned(), state: None, typed: Vec::new() };
        for field in self.fields {
            let Some(text) = field.read(said.get(field.name))? else {
                match field.typed {
                    Typed::Name if field.required => return Err(wrong(format!("`{}` is missing", field.name))),
                    Typed::Name => names.push(own.to_owned()),
                    Typed::Flag if field.name == SCENARIO.name => flags.push(format!("--scenario={own}")),
                    Typed::Flag => {}
                }
                continue;
            };
            match field.name {
                "worker" => asked.worker = text.parse().expect("it was checked"),
                "scenario" => asked.scenario.clone_from(&text),
                "state" => asked.state = Some(text.clone()),
                _ => {}
            }
            match field.typed {
                Typed::Name => names.push(text),
                Typed::Flag if matches!(field.kind, Kind::Switch) => flags.push(format!("--{}", field.name)),
                Typed::Flag => flags.push(format!("--{}={text}", field.name)),
            }
        }
        flags.extend(names);
        asked.typed = flags;
        Ok(asked)
    }
}

impl Field {
    /// Returns the value as it is typed; none where it is not said, or is what holds unless said.
    fn read(&self, said: Option<&Value>) -> Result<Option<String>> {
        let text = match (self.kind, said) {
            (_, None | Some(Value::Null)) | (Kind::Switch, Some(Value::Bool(false))) => return Ok(None),
            (Kind::Text, Some(Value::String(text))) if !text.contains('\0') => text.clone(),
            (Kind::Number(least, most), Some(Value::Number(number))) => match whole(number) {
                Some(number) if (u64::from(least)..=u64::from(most)).contains(&number) => number.to_string(),
                _ => return Err(wrong(format!("`{}` is a whole number, {least} to {most}", self.name))),
            },
            (Kind::Number(least, most), Some(_)) => {
                return Err(wrong(format!("`{}` is a whole number, {least} to {most}", self.name)));
            }
            (Kind::Switch, Some(Value::Bool(true))) => "true".to_owned(),
            (Kind::Switch, Some(_)) => return Err(wrong(format!("`{}` is true or false", self.name))),
            (Kind::Text, Some(_)) => return Err(wrong(format!("`{}` is a text", self.name))),
        };
        Ok(Some(text))
    }

    /// Returns what a query says of it, as a body would.
    pub(super) fn of_query(&self, text: String) -> Value {
        match self.kind {
            Kind::Number(..) => text.parse::<u64>().map_or(Value::String(text), Value::from),
            Kind::Switch => text.parse::<bool>().map_or(Value::String(text), Value::from),
            Kind::Text => Value::String(text),
        }
    }
}

/// Returns a number that is whole, however it is written: 2 and 2.0 are the same in JSON.
fn whole(number: &Number) -> Option<u64> {
    let float = || number.as_f64().filter(|float| float.fract() == 0.0 && (0.0..1e15).contains(float));
    number.as_u64().or_else(|| float().map(|float| float as u64))
}

/// Returns the error for a request that asks wrongly.
pub(super) fn wrong(message: impl Into<String>) -> Error {
    Error::new(Exit::Usage, "wrong-call", message)
}
