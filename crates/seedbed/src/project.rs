//! Project: the file `seedbed.toml`, and the scenario files, schema, database and folder it names.
//!
//! A project is found upward from a folder, as Cargo finds its manifest. Paths in it count from its
//! own folder; every path that a person sees counts from the folder the program was called in, so
//! that it can be typed.

mod check;
mod config;
mod export;
mod manifest;
mod place;
mod sources;
mod stamps;
mod work;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use seedbed_core::diagnostic::Diagnostic;
use seedbed_core::grammar::json_schema::ProjectNames;
use seedbed_core::scenario::{self, Chain, Files};
use seedbed_core::schema::Schema;
use seedbed_core::source::Source;

use crate::database::postgres::Environment;
use crate::error::{Closing, Error, Exit, Result};
use crate::token::{Claims, Secret};
use config::{Config, Tokens};
use sources::Scenario;
pub(crate) use stamps::Stamps;

pub use check::Checked;
pub use export::Export;
pub use place::{Place, Presence, database_names};
pub use work::{Call, Purpose, Times, Work};

/// Name of the file that makes a folder a project.
pub const FILE: &str = "seedbed.toml";

/// A project, with the text of its scenario files.
#[derive(Clone, Debug)]
pub struct Project {
    /// Its folder.
    folder: PathBuf,
    /// The folder that shown paths count from.
    here: PathBuf,
    config: Config,
    scenarios: Vec<Scenario>,
    /// The file of its settings, where they stand in one of their own.
    file: Option<PathBuf>,
    /// What addresses of databases may leave to it.
    environment: Environment,
}

impl Project {
    /// Returns the project that `here`, an absolute path, is in.
    pub fn find(here: &Path) -> Result<Self> {
        let Some(file) = here.ancestors().map(|folder| folder.join(FILE)).find(|file| file.is_file()) else {
            let message = format!("there is no {FILE} in {} or a folder above it", here.display());
            return Err(Error::new(Exit::Usage, "no-project", message)
                .help("go to your project's folder, or name the file with --config"));
        };
        Self::read(&file, here)
    }

    /// Returns a project in `here` that has no files yet.
    pub fn begun(here: &Path) -> Self {
        let (folder, here, file) = (here.to_path_buf(), here.to_path_buf(), None);
        let (config, environment) = (Config::default(), Environment::default());
        Self { folder, here, config, scenarios: Vec::new(), file, environment }
    }

    /// Returns the project of that file; relative paths and those to come count from `here`.
    pub fn read(file: &Path, here: &Path) -> Result<Self> {
        let file = here.join(file);
        let text = fs::read_to_string(&file).map_err(|error| {
            let message = format!("while reading {}: {error}", file.display());
            Error::new(Exit::Usage, "no-project", message).help("name a seedbed.toml with --config")
        })?;
        let folder = file.parent().unwrap_or(here).to_path_buf();
        let project = Self::of(Source { path: shown(&file, here), text }, folder, here)?;
        Ok(Self { file: Some(file), ..project })
    }

    /// Returns the project as its files are by now.
    pub fn again(&self) -> Result<Self> {
        let read = if let Some(file) = &self.file {
            Self::read(file, &self.here)?
        } else {
            let scenarios = sources::load(&self.config, &self.folder, &self.here);
            let sources = || self.scenarios.iter().map(|scenario| scenario.source.clone()).collect();
            Self { scenarios: scenarios.map_err(|problems| told(problems, sources()))?, ..self.clone() }
        };
        Ok(read.with_environment(self.environment.clone()))
    }

    /// Returns the project of settings that stand somewhere else than in a file of their own: what
    /// a `seedbed.toml` in `folder` would say, and where a person finds it.
    pub fn of(settings: Source, folder: PathBuf, here: &Path) -> Result<Self> {
        let config = Config::read(&settings).map_err(|problems| told(problems, vec![settings.clone()]))?;
        let scenarios = sources::load(&config, &folder, here).map_err(|problems| told(problems, vec![settings]))?;
        let (here, environment) = (here.to_path_buf(), Environment::default());
        Ok(Self { folder, here, config, scenarios, file: None, environment })
    }

    /// Returns the stamps of all files that it was read from, and of the folders that more may come into.
    pub(crate) fn stamps(&self) -> Stamps {
        let settings = self.file.iter().cloned();
        let scenarios = sources::read_from(&self.config, &self.folder, &self.scenarios);
        Stamps::of(settings.chain(scenarios))
    }

    /// Returns the names of all scenarios, lower layers first.
    pub fn names(&self) -> Vec<&str> {
        let mut known: Vec<&Scenario> = self.scenarios.iter().filter(|scenario| scenario.name.is_some()).collect();
        known.sort_by_key(|scenario| scenario.layer);
        known.iter().filter_map(|scenario| scenario.name.as_deref()).collect()
    }

    /// Returns its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns how long a verb waits for somebody else's write.
    pub fn lock_timeout(&self) -> Duration {
        self.config.lock_timeout
    }

    /// Returns what the application signs its tokens with: what the caller brings along, or what the
    /// project's settings name. `variable` reads one of the environment.
    pub fn secret(&self, brought: Option<Secret>, variable: impl Fn(&str) -> Option<String>) -> Result<Secret> {
        let Tokens { secret_variable, secret_file, .. } = &self.config.tokens;
        let set = || secret_variable.as_ref().and_then(|name| Secret::new(&variable(name)?));
        if let Some(secret) = brought.or_else(set) {
            return Ok(secret);
        }
        let names = secret_variable.iter().map(|name| format!("the variable {name} is not set"));
        let mut details: Vec<String> = names.collect();
        if let Some(file) = secret_file {
            let path = self.folder.join(file);
            let shown = self.shown(&path);
            match fs::read_to_string(&path) {
                Ok(text) => match Secret::new(text.trim()) {
                    Some(secret) => return Ok(secret),
                    None => details.push(format!("{shown} is empty")),
                },
                Err(error) => details.push(format!("{shown}: {error}")),
            }
        }
        let error = Error::new(Exit::Usage, "no-secret", "there is no secret to sign tokens with");
        let error = details.into_iter().fold(error, Error::detail);
        Err(error
            .help(format!("`secret_variable` or `secret_file` of [tokens] in {FILE} says where the application's is")))
    }

    /// Returns what is claimed in tokens.
    pub fn claims(&self) -> &Claims {
        &self.config.tokens.claims
    }

    /// Returns how long a token is good.
    pub fn token_lifetime(&self) -> Duration {
        self.config.tokens.lifetime
    }

    /// Returns the files of these scenarios and of all that they require, lower layers first.
    pub fn files(&self, names: &[&str]) -> Result<Files> {
        self.files_with(names, None)
    }

    /// Returns the files, those that require `last` behind all others, and `last` before them.
    fn files_with(&self, names: &[&str], last: Option<&str>) -> Result<Files> {
        sources::files(&self.scenarios, names, last).map_err(|problems| {
            let sources = self.scenarios.iter().map(|scenario| scenario.source.clone()).collect();
            told(problems, sources)
        })
    }

    /// Returns what is wrong where a scenario file cannot be read.
    fn readable(&self) -> Result<()> {
        let problems = sources::unreadable(&self.scenarios);
        let sources = || self.scenarios.iter().map(|scenario| scenario.source.clone()).collect();
        if problems.is_empty() { Ok(()) } else { Err(told(problems, sources())) }
    }

    /// Returns the chain of these files, checked against a schema where there is one.
    pub fn chain(&self, files: &Files, schema: Option<&Schema>) -> Result<Chain> {
        scenario::read(files, schema).map_err(|problems| told(problems, files.sources.clone()))
    }

    /// Returns the schema that the project's DDL makes; no database file is opened for it.
    pub fn declared_schema(&self) -> Result<Option<std::sync::Arc<Schema>>> {
        self.ddl()?.map(|ddl| place::schema_of(&ddl)).transpose()
    }

    /// Returns the names that this project's scenario files can use, for its JSON Schema.
    pub fn vocabulary(&self) -> Result<ProjectNames> {
        let mut names = ProjectNames::new();
        for scenario in self.names() {
            for (kind, more) in self.chain(&self.files(&[scenario])?, None)?.names() {
                names.entry(kind).or_default().extend(more);
            }
        }
        Ok(names)
    }

    /// Returns the text of the DDL that a new database gets.
    fn ddl(&self) -> Result<Option<String>> {
        let Some(path) = &self.config.schema else { return Ok(None) };
        let path = self.folder.join(path);
        fs::read_to_string(&path).map(|text| Some(place::without_transaction(&text))).map_err(|error| {
            let message = format!("while reading the schema {}: {error}", self.shown(&path));
            Error::new(Exit::Usage, "missing-schema", message)
                .help(format!("`schema` in {FILE} names the DDL of a new database"))
        })
    }

    /// Returns a path as a person here would type it.
    fn shown(&self, path: &Path) -> String {
        shown(path, &self.here)
    }
}

/// Returns the problems as an error that says that nothing was opened for them.
fn told(problems: Vec<Diagnostic>, sources: Vec<Source>) -> Error {
    Error::from_diagnostics(Exit::Usage, problems, sources, Closing::NothingOpened)
}

/// Returns an absolute path as a person in `here` would type it: short where they are near.
pub fn shown(path: &Path, here: &Path) -> String {
    let common = path.components().zip(here.components()).take_while(|(a, b)| a == b).count();
    let up = here.components().count() - common;
    // Above two folders up, and with nothing but the root in common, the whole path reads better.
    if common <= 1 || up > 2 {
        return path.display().to_string();
    }
    let mut relative: PathBuf = std::iter::repeat_n("..", up).collect();
    relative.extend(path.components().skip(common));
    if relative.as_os_str().is_empty() {
        return ".".to_owned();
    }
    relative.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_as_they_would_be_typed() {
        let shown = |path: &str, here: &str| shown(Path::new(path), Path::new(here));
        assert_eq!(shown("/home/a/p/back/db", "/home/a/p"), "back/db");
        assert_eq!(shown("/home/a/p/back/db", "/home/a/p/back/users"), "../db");
        assert_eq!(shown("/home/a/p", "/home/a/p"), ".");
        assert_eq!(shown("/srv/db", "/home/a/p"), "/srv/db");
        assert_eq!(shown("/home/a/db", "/home/a/p/q/r"), "/home/a/db");
    }
}
