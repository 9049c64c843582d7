//! Problems in the user's files, carried by an error until somebody shows them.

use std::fmt::Write;

use seedbed_core::diagnostic::{self, Diagnostic};
use seedbed_core::source::Source;

/// Problems in the user's files, with the text they point into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosed {
    /// The problems, each with the files it points into.
    pub parts: Vec<(Vec<Diagnostic>, Vec<Source>)>,
    /// What is said at the end.
    pub closing: Closing,
}

/// How far it came before the problems were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// No database was opened.
    NothingOpened,
    /// A database was opened; nothing was written.
    NothingWritten,
}

impl Diagnosed {
    /// Returns the problems.
    pub fn problems(&self) -> impl Iterator<Item = &Diagnostic> {
        self.parts.iter().flat_map(|(problems, _)| problems)
    }

    /// Returns the problems as text for a person; the last line counts them.
    pub fn render(&self, colour: bool) -> String {
        let mut text: String =
            self.parts.iter().map(|(problems, sources)| diagnostic::render(problems, sources, colour)).collect();
        let count = self.problems().count();
        let errors = if count == 1 { "1 error".to_owned() } else { format!("{count} errors") };
        let closing = match self.closing {
            Closing::NothingOpened => "no database was opened",
            Closing::NothingWritten => "nothing was written",
        };
        let _ = write!(text, "{errors}; {closing}");
        text
    }

    /// Takes over the problems of another that are not here yet, as a lower layer's are in every
    /// chain that stands on it.
    pub(crate) fn join(&mut self, other: Self) {
        let known: Vec<String> = self.plain().collect();
        for (problems, sources) in other.parts {
            let new = problems.into_iter().filter(|problem| {
                let text = diagnostic::render(std::slice::from_ref(problem), &sources, false);
                !known.contains(&text)
            });
            let new: Vec<Diagnostic> = new.collect();
            if !new.is_empty() {
                self.parts.push((new, sources));
            }
        }
    }

    fn plain(&self) -> impl Iterator<Item = String> {
        self.parts.iter().flat_map(|(problems, sources)| {
            problems.iter().map(|problem| diagnostic::render(std::slice::from_ref(problem), sources, false))
        })
    }
}
