//! What can be typed.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, Command, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use seedbed::export::Form;

use crate::answer::Answer;
use crate::moment;
use crate::typed;
use crate::verb::{
    Desk, allow, check, cleanup, export, init, manifest, personas, plan, report, reset, schema, seed, show, status,
    token, verify,
};

/// Test data you can lean on: declared in files, put into your database, proved, put back, and
/// taken out again.
#[derive(Debug, Parser)]
#[command(name = "seedbed", version, max_term_width = 100, after_help = EXITS)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

const EXITS: &str = "\
Exit codes: 0 done or in sync; 1 the answer is no; 2 wrong call or scenario; 3 the database is not
marked for tests; 4 rows of other people are in the way; 5 busy; 6 could not run; with 2 to 6
nothing was written. 7 the connection was lost in the commit, and all was written or nothing; 8 the
rows were written, and what comes after them was not done.";

/// What every verb understands.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Global {
    /// The database, in place of the project's own: `sqlite:PATH`, `postgres://USER@HOST/NAME`.
    #[arg(long, global = true, value_name = "DATABASE")]
    pub(crate) db: Option<String>,
    /// The media folder, in place of the project's own.
    #[arg(long, global = true, value_name = "FOLDER")]
    pub(crate) media: Option<PathBuf>,
    /// The seed; the stored one, or 1.
    #[arg(long, global = true, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    /// Pins the clock: `YYYY-MM-DD` in UTC, or RFC 3339.
    #[arg(long, global = true, value_name = "TIME", value_parser = moment::read)]
    pub(crate) as_of: Option<i64>,
    /// The worker, 0 to 49: each has rows of its own.
    #[arg(long, global = true, value_name = "NUMBER", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=49))]
    pub(crate) worker: u8,
    /// How the answer is written.
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Prints errors only.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// When colours are used; `NO_COLOR` is heeded.
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto)]
    pub(crate) color: Colour,
    /// The project's file, in place of the `seedbed.toml` found upward from here.
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) config: Option<PathBuf>,
    /// How help lines call this program, with these flags where they were given.
    #[arg(skip)]
    pub(crate) program: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For a person.
    Text,
    /// One object with stable names.
    Json,
    /// `manifest` as TypeScript.
    #[value(hide = true)]
    Ts,
    /// `manifest` as Python.
    #[value(hide = true)]
    Py,
    /// `manifest` as Dart.
    #[value(hide = true)]
    Dart,
    /// `export` as CSV.
    #[value(hide = true)]
    Csv,
    /// `export` as JSON Lines.
    #[value(hide = true)]
    Jsonl,
    /// `export` as SQL.
    #[value(hide = true)]
    Sql,
    /// `export` as Parquet.
    #[cfg(feature = "parquet")]
    #[value(hide = true)]
    Parquet,
}

impl Format {
    /// Whether it is a language that only `manifest` writes.
    fn is_code(self) -> bool {
        matches!(self, Self::Ts | Self::Py | Self::Dart)
    }

    /// Returns what the files of `export` are like, where it is that.
    pub(crate) fn form(self) -> Option<Form> {
        match self {
            Self::Csv => Some(Form::Csv),
            Self::Jsonl => Some(Form::Jsonl),
            Self::Sql => Some(Form::Sql),
            #[cfg(feature = "parquet")]
            Self::Parquet => Some(Form::Parquet),
            Self::Text | Self::Json | Self::Ts | Self::Py | Self::Dart => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Reads a database and writes a first scenario for it; nothing is written to the database.
    Init(init::Flags),
    /// Reads and generates scenarios; opens no database.
    Check(check::Flags),
    /// What would change; nothing is written.
    Plan(plan::Flags),
    /// The database becomes as declared.
    Seed(seed::Flags),
    /// Whether every row is as declared and every declared fact holds, counted by SQL.
    Verify(verify::Flags),
    /// The last test is undone, and told.
    Reset(reset::Flags),
    /// Our own rows and files go, nobody else's.
    Cleanup(cleanup::Flags),
    /// What `verify` finds, as files: a page, XML as `JUnit` writes it, Markdown.
    Report(report::Flags),
    /// Who a test can log in as.
    Personas(personas::Flags),
    /// The live rows that a persona leads to.
    Show(show::Flags),
    /// What a persona shows to the application: a token as login gives it.
    Token(token::Flags),
    /// What tests know by name, without a database: personas, rows, expected answers. `--format ts`,
    /// `py` and `dart` write code.
    Manifest(manifest::Flags),
    /// The rows at any scale as files, without a database. `--format csv`, `jsonl`, `sql` and `parquet` say
    /// what they are like.
    Export(export::Flags),
    /// What is seeded here, and whether tests may write.
    Status(status::Flags),
    /// Tests may write into this database, said once.
    Allow(allow::Flags),
    /// The verbs over HTTP, and a page with everything on it.
    #[cfg(all(unix, feature = "serve"))]
    Serve(crate::verb::serve::Flags),
    /// Runs a command, a test suite, with seeded workers and a service beside it.
    #[cfg(all(unix, feature = "serve"))]
    Run(crate::verb::run::Flags),
    /// Prints the JSON Schema of scenario files.
    Schema(schema::Flags),
}

impl Arguments {
    /// Reads what was typed, help lines call it `program`; what no verb can do is a wrong call.
    pub(crate) fn read(program: &str, args: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let matches = command().try_get_matches_from(args)?;
        let mut arguments = Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command()))?;
        if let Some(instead) = arguments.verb.instead_of_a_worker()
            && matches.value_source("worker") == Some(ValueSource::CommandLine)
        {
            let verb = matches.subcommand_name().unwrap_or_default();
            let message = format!("`{verb}` is not about one worker, and does not understand --worker; {instead}");
            return Err(command().error(ErrorKind::UnknownArgument, message));
        }
        arguments.global.program = typed::Flags::of(&arguments.global).program(program);
        if arguments.global.format.is_code() && !matches!(arguments.verb, Verb::Manifest(_)) {
            let message = "only `manifest` is written as code; the formats of other verbs are `text` and `json`";
            return Err(Self::command().error(ErrorKind::InvalidValue, message));
        }
        let exports = matches!(arguments.verb, Verb::Export(_));
        if exports != arguments.global.format.form().is_some() {
            let message = if exports {
                "`export` wants --format csv, jsonl, sql or parquet, and its answer is an object with --json"
            } else {
                "only `export` writes files of rows; the formats of other verbs are `text` and `json`"
            };
            return Err(Self::command().error(ErrorKind::InvalidValue, message));
        }
        Ok(arguments)
    }

    /// Returns how the answer itself is written: what `--format` says, or of `export`, whose files that is about,
    /// `--json`.
    pub(crate) fn answer_format(&self) -> Format {
        match &self.verb {
            Verb::Export(flags) if flags.json => Format::Json,
            Verb::Export(_) => Format::Text,
            _ => self.global.format,
        }
    }
}

/// Returns the command line, in which each verb tells its own formats.
fn command() -> Command {
    let format = |values: &'static [&'static str], help: &'static str| {
        // What is wrong with another is said in words of its own.
        let other = |name: &&str| !values.contains(name);
        let others = ["text", "json"].into_iter().filter(other).map(|name| PossibleValue::new(name).hide(true));
        let all: Vec<PossibleValue> = values.iter().map(PossibleValue::new).chain(others).collect();
        let format = PossibleValuesParser::new(all).map(|text| Format::from_str(&text, false).expect("it is one"));
        Arg::new("format").long("format").value_name("FORMAT").value_parser(format).help(help)
    };
    let mut command = Arguments::command()
        .mut_subcommand("manifest", |verb| {
            verb.arg(format(
                &["text", "json", "ts", "py", "dart"],
                "How it is written: for a person, as an object, as code",
            ))
        })
        .mut_subcommand("export", |verb| verb.arg(format(FORMS, "What the files are like")));
    for verb in ["run", "serve", "status"] {
        if command.find_subcommand(verb).is_some() {
            let worker =
                Arg::new("worker").long("worker").hide(true).value_parser(clap::value_parser!(u8).range(0..=49));
            command = command.mut_subcommand(verb, |verb| verb.arg(worker));
        }
    }
    command
}

/// What the files of `export` can be like.
const FORMS: &[&str] = &[
    "csv",
    "jsonl",
    "sql",
    #[cfg(feature = "parquet")]
    "parquet",
];

impl Verb {
    /// Returns what is typed in place of --worker, for a verb that is not about one.
    fn instead_of_a_worker(&self) -> Option<&'static str> {
        match self {
            Self::Status(_) => Some("it tells of all"),
            #[cfg(all(unix, feature = "serve"))]
            Self::Serve(_) => Some("a request says its `worker`"),
            #[cfg(all(unix, feature = "serve"))]
            Self::Run(_) => Some("--workers says how many are seeded"),
            _ => None,
        }
    }

    /// Runs the verb.
    pub(crate) fn run(&self, desk: &Desk<'_>) -> seedbed::Result<Answer> {
        match self {
            Self::Init(flags) => init::run(flags, desk),
            Self::Check(flags) => check::run(flags, desk),
            Self::Plan(flags) => plan::run(flags, desk),
            Self::Seed(flags) => seed::run(flags, desk),
            Self::Verify(flags) => verify::run(flags, desk),
            Self::Reset(flags) => reset::run(flags, desk),
            Self::Cleanup(flags) => cleanup::run(flags, desk),
            Self::Report(flags) => report::run(flags, desk),
            Self::Personas(flags) => personas::run(flags, desk),
            Self::Show(flags) => show::run(flags, desk),
            Self::Token(flags) => token::run(flags, desk),
            Self::Manifest(flags) => manifest::run(flags, desk),
            Self::Export(flags) => export::run(flags, desk),
            Self::Status(flags) => status::run(flags, desk),
            Self::Allow(flags) => allow::run(flags, desk),
            #[cfg(all(unix, feature = "serve"))]
            Self::Serve(flags) => crate::verb::serve::run(flags, desk),
            #[cfg(all(unix, feature = "serve"))]
            Self::Run(flags) => crate::verb::run::run(flags, desk),
            Self::Schema(flags) => schema::run(flags, desk),
        }
    }
}
