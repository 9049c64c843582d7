//! Caller: who asks a verb, and what they bring along.

use std::path::PathBuf;

use seedbed::token::Secret;
use seedbed::{Database, Project};

use crate::answer::Answer;

/// Who asks a verb, and what they bring along: a terminal, or a program that has this one inside.
pub struct Caller<'a> {
    /// How help lines call this program: `seedbed`, `python manage.py seedbed`.
    pub program: &'a str,
    /// How tables are made that are missing: what a person does, or types.
    pub migrate: &'a str,
    /// The folder that shown paths count from, and that a project is looked for in and above.
    pub here: PathBuf,
    /// Now, in unix seconds.
    pub now: i64,
    /// Whether text is coloured.
    pub colour: bool,
    /// Whether somebody is there to be asked.
    pub interactive: bool,
    /// Whether a running display may be drawn.
    pub live: bool,
    /// Hears what a person may want to know while a verb runs, a line at a time.
    pub notice: &'a dyn Fn(&str),
    /// Hears what a verb that stays, such as `serve`, answers when it has begun; none where a caller has
    /// no use for such verbs.
    pub announce: Option<&'a dyn Fn(&Answer)>,
    /// What the application signs its tokens with, in place of what the project's settings name.
    pub secret: Option<Secret>,
    /// The project, in place of the one that is found from here.
    pub project: Option<Project>,
    /// An open database, in place of the project's.
    pub database: Option<Box<dyn Database + Send>>,
}
