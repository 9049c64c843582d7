//! Diagnostics: problems in the user's files, as data, and their rendering.
//!
//! A diagnostic has a code named by the violation, a message, places, and help the reader can act
//! on. Rendering reads well without colour.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::source::{Source, Span};

/// A problem in the user's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The rule that is violated: `unknown-row`.
    pub code: &'static str,
    /// What is wrong, in a sentence without a full stop.
    pub message: String,
    /// Where; the first is the place itself, the others are context.
    pub places: Vec<Place>,
    /// Next steps the reader can take.
    pub help: Vec<String>,
}

/// A place a diagnostic points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The smallest wrong thing.
    pub span: Span,
    /// What is said under it.
    pub label: String,
}

impl Diagnostic {
    /// Returns a problem without a place.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), places: Vec::new(), help: Vec::new() }
    }

    /// Adds the place.
    #[must_use]
    pub fn at(mut self, span: Span, label: impl Into<String>) -> Self {
        self.places.insert(0, Place { span, label: label.into() });
        self
    }

    /// Adds a place that explains.
    #[must_use]
    pub fn also(mut self, span: Span, label: impl Into<String>) -> Self {
        self.places.push(Place { span, label: label.into() });
        self
    }

    /// Adds a next step.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Adds `did you mean` with the nearest of `names`, or the names themselves when they are few.
    #[must_use]
    pub fn suggest<'a>(self, name: &str, names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: Vec<&str> = names.into_iter().collect();
        match nearest(name, &names) {
            Some(candidate) => self.help(format!("did you mean `{candidate}`?")),
            None if names.is_empty() => self,
            None if names.len() == 1 => self.help(format!("there is only `{}`", names[0])),
            None => {
                let shown: Vec<String> = names.iter().take(12).map(|name| format!("`{name}`")).collect();
                let more = if names.len() > shown.len() { ", ..." } else { "" };
                self.help(format!("it is one of {}{more}", shown.join(", ")))
            }
        }
    }
}

/// Returns the name that was probably meant: the one of fewest changes, if those are few.
pub fn nearest<'a>(name: &str, names: &[&'a str]) -> Option<&'a str> {
    let (distance, candidate) = names.iter().map(|n| (strsim::damerau_levenshtein(name, n), *n)).min()?;
    let length = candidate.chars().count().max(name.chars().count());
    (distance <= 1 + length / 3 && distance * 2 <= length).then_some(candidate)
}

/// Returns the diagnostics as text for a person, each followed by an empty line.
pub fn render(diagnostics: &[Diagnostic], sources: &[Source], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut text = String::new();
    for diagnostic in diagnostics {
        text.push_str(&renderer.render(&groups(diagnostic, sources)));
        text.push_str("\n\n");
    }
    text
}

fn groups<'a>(diagnostic: &'a Diagnostic, sources: &'a [Source]) -> Vec<Group<'a>> {
    let mut group = Level::ERROR
        .primary_title(diagnostic.message.as_str())
        .id(diagnostic.code)
        .elements(std::iter::empty::<Snippet<'a, annotate_snippets::Annotation<'a>>>());
    let mut files: Vec<usize> = Vec::new();
    for place in &diagnostic.places {
        if !files.contains(&place.span.source) {
            files.push(place.span.source);
        }
    }
    for file in files {
        let source = &sources[file];
        let mut snippet = Snippet::source(source.text.as_str()).path(source.path.as_str()).line_start(1).fold(true);
        for (position, place) in diagnostic.places.iter().enumerate() {
            if place.span.source == file {
                let kind = if position == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
                snippet = snippet.annotation(kind.span(place.span.start..place.span.end).label(place.label.as_str()));
            }
        }
        group = group.element(snippet);
    }
    let mut groups = vec![group];
    for help in &diagnostic.help {
        groups.push(Group::with_title(Level::HELP.secondary_title(help.as_str())));
    }
    groups
}

/// Returns the nouns joined as a person would: `a, b and c`.
pub fn enumerate(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}
