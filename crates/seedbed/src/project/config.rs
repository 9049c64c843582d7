//! What stands in `seedbed.toml`.
//!
//! Every name is known here, and one that is not is reported with the nearest that is, as in
//! scenario files.

use std::time::Duration;

use seedbed_core::diagnostic::Diagnostic;
use seedbed_core::source::{Source, Span};
use seedbed_core::time;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::token::Claims;

const KEYS: [&str; 7] = ["database", "media", "schema", "scenarios", "bookkeeping", "lock_timeout", "tokens"];
const TOKEN_KEYS: [&str; 4] = ["secret_variable", "secret_file", "lifetime", "claims"];
/// How long a token is good where nothing says it.
const TOKEN_LIFETIME: Duration = Duration::from_hours(24);

/// What stands in `seedbed.toml`; paths count from its folder.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) database: Option<String>,
    pub(super) media: Option<String>,
    pub(super) schema: Option<String>,
    /// Files and folders, with where they are named.
    pub(super) scenarios: Vec<(String, Span)>,
    pub(super) bookkeeping: Vec<String>,
    pub(super) lock_timeout: Duration,
    pub(super) tokens: Tokens,
}

/// How the application signs tokens; the secret itself stands elsewhere.
#[derive(Clone, Debug)]
pub(super) struct Tokens {
    /// The variable that has the secret.
    pub(super) secret_variable: Option<String>,
    /// The file that has it, where the variable is not set.
    pub(super) secret_file: Option<String>,
    pub(super) lifetime: Duration,
    pub(super) claims: Claims,
}

impl Default for Tokens {
    fn default() -> Self {
        Self { secret_variable: None, secret_file: None, lifetime: TOKEN_LIFETIME, claims: Claims::default() }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            database: None,
            media: None,
            schema: None,
            scenarios: Vec::new(),
            bookkeeping: Vec::new(),
            lock_timeout: Duration::from_secs(30),
            tokens: Tokens::default(),
        }
    }
}

impl Config {
    /// Reads the file; all problems are reported at once.
    pub(super) fn read(source: &Source) -> Result<Self, Vec<Diagnostic>> {
        let mut config = Self::default();
        let table = DeTable::parse(&source.text).map_err(|error| {
            let at = error.span().unwrap_or(0..0);
            vec![
                Diagnostic::new("unreadable", format!("this is not TOML: {}", error.message()))
                    .at(span(&at), "reading stopped here"),
            ]
        })?;
        let mut problems = Vec::new();
        for (key, value) in table.get_ref() {
            let result = match key.get_ref().as_ref() {
                "database" => text(value).map(|text| config.database = Some(text)),
                "media" => text(value).map(|text| config.media = Some(text)),
                "schema" => text(value).map(|text| config.schema = Some(text)),
                "scenarios" => texts(value).map(|texts| config.scenarios = texts),
                "bookkeeping" => {
                    texts(value).map(|texts| config.bookkeeping = texts.into_iter().map(|(text, _)| text).collect())
                }
                "lock_timeout" => duration(value).map(|time| config.lock_timeout = time),
                "tokens" => tokens(value, &mut problems).map(|tokens| config.tokens = tokens),
                other => Err(Diagnostic::new("unknown-name", format!("there is no setting `{other}`"))
                    .at(span(&key.span()), "named here")
                    .suggest(other, KEYS)),
            };
            problems.extend(result.err());
        }
        if problems.is_empty() && config.scenarios.is_empty() {
            problems.push(
                Diagnostic::new("no-scenarios", "no scenario files are named")
                    .at(span(&(0..0)), "nothing here names them")
                    .help("write `scenarios = [\"fixtures\"]`: files, or folders with scenario files in them"),
            );
        }
        problems.sort_by_key(|problem| problem.places.first().map(|place| place.span));
        if problems.is_empty() { Ok(config) } else { Err(problems) }
    }
}

/// Reads the table `tokens`; what is wrong inside of it is put to the problems.
fn tokens(value: &Spanned<DeValue<'_>>, problems: &mut Vec<Diagnostic>) -> Result<Tokens, Diagnostic> {
    let table = value.get_ref().as_table().ok_or_else(|| wrong(value, "a table is needed here"))?;
    let mut tokens = Tokens::default();
    for (key, value) in table {
        let result = match key.get_ref().as_ref() {
            "secret_variable" => text(value).map(|text| tokens.secret_variable = Some(text)),
            "secret_file" => text(value).map(|text| tokens.secret_file = Some(text)),
            "lifetime" => duration(value).map(|time| tokens.lifetime = time),
            "claims" => claims(value).map(|claims| tokens.claims = claims),
            other => Err(Diagnostic::new("unknown-name", format!("`tokens` has no setting `{other}`"))
                .at(span(&key.span()), "named here")
                .suggest(other, TOKEN_KEYS)),
        };
        problems.extend(result.err());
    }
    Ok(tokens)
}

fn claims(value: &Spanned<DeValue<'_>>) -> Result<Claims, Diagnostic> {
    let table = value.get_ref().as_table().ok_or_else(|| wrong(value, "a table of texts is needed here"))?;
    let claim = |(name, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let name: &std::borrow::Cow<'_, str> = name.get_ref();
        Ok((name.to_string(), text(value)?))
    };
    table.iter().map(claim).collect::<Result<_, _>>().map(Claims)
}

fn text(value: &Spanned<DeValue<'_>>) -> Result<String, Diagnostic> {
    value.get_ref().as_str().map(str::to_owned).ok_or_else(|| wrong(value, "a text is needed here"))
}

fn texts(value: &Spanned<DeValue<'_>>) -> Result<Vec<(String, Span)>, Diagnostic> {
    let items = value.get_ref().as_array().ok_or_else(|| wrong(value, "a list of texts is needed here"))?;
    items.iter().map(|item| Ok((text(item)?, span(&item.span())))).collect()
}

fn duration(value: &Spanned<DeValue<'_>>) -> Result<Duration, Diagnostic> {
    let seconds = value.get_ref().as_str().and_then(time::duration);
    let seconds = seconds.ok_or_else(|| wrong(value, "a duration is needed here, as `30s` or `5m`"))?;
    Ok(Duration::from_secs(seconds.unsigned_abs()))
}

fn wrong(value: &Spanned<DeValue<'_>>, message: &str) -> Diagnostic {
    let found = value.get_ref().type_str();
    Diagnostic::new("wrong-value", message).at(span(&value.span()), format!("this is a TOML {found}"))
}

fn span(range: &std::ops::Range<usize>) -> Span {
    Span { source: 0, start: range.start, end: range.end }
}
