//! Sources: the text of scenario files, and the tree of nodes read from it.
//!
//! One parser reads JSON and YAML. Every node knows the bytes it came from, so that every later
//! problem can point at the smallest wrong thing. Reading never stops at a repeated key: it is
//! reported with everything else. How deep and how large a tree can be is limited, so that no text
//! exhausts memory or stack.

use std::collections::BTreeMap;

use granit_parser::{Event, Parser, ScalarStyle};

use crate::diagnostic::Diagnostic;
use crate::value::{Decimal, Value};

/// A file of the project: a scenario or a list of entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Path as the user knows it.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Bytes of a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Index of the source.
    pub source: usize,
    /// First byte.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
}

/// How deep lists and objects can be inside each other.
const DEPTH: usize = 64;

/// How many values one file can have, those that aliases repeat included.
const NODES: usize = 1_000_000;

/// How many bytes of a list or an object are worth pointing at.
const SHORT: usize = 72;

/// A value of a source, with its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it stands; of a list or an object that is long or has several lines, its beginning.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A single value: null, yes or no, number, text.
    Scalar(Value),
    /// Values in order.
    List(Vec<Node>),
    /// Named values in order; names are unique.
    Object(Vec<Entry>),
}

/// A named value of an object.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The name.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// The value.
    pub node: Node,
}

impl Node {
    /// Returns the entry of that name; nothing for other kinds of nodes.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.entries().iter().find(|entry| entry.name == name).map(|entry| &entry.node)
    }

    /// Returns the entries of an object; nothing for other kinds of nodes.
    pub fn entries(&self) -> &[Entry] {
        if let Kind::Object(entries) = &self.kind { entries } else { &[] }
    }

    /// Returns the items of a list; nothing for other kinds of nodes.
    pub fn items(&self) -> &[Node] {
        if let Kind::List(items) = &self.kind { items } else { &[] }
    }

    /// Returns the text of a text.
    pub fn text(&self) -> Option<&str> {
        if let Kind::Scalar(Value::Text(text)) = &self.kind { Some(text) } else { None }
    }

    /// Returns the number of a whole number.
    pub fn integer(&self) -> Option<i64> {
        if let Kind::Scalar(Value::Integer(n)) = self.kind { Some(n) } else { None }
    }

    /// Returns the value of a scalar.
    pub fn scalar(&self) -> Option<&Value> {
        if let Kind::Scalar(value) = &self.kind { Some(value) } else { None }
    }

    /// Returns how many values it is made of.
    fn size(&self) -> usize {
        let inside: usize = match &self.kind {
            Kind::Scalar(_) => 0,
            Kind::List(items) => items.iter().map(Self::size).sum(),
            Kind::Object(entries) => entries.iter().map(|entry| entry.node.size()).sum(),
        };
        1 + inside
    }

    /// Returns what this is, as a message calls it.
    pub fn noun(&self) -> &'static str {
        match &self.kind {
            Kind::Scalar(Value::Null) => "null",
            Kind::Scalar(Value::Bool(_)) => "true or false",
            Kind::Scalar(Value::Integer(_) | Value::Decimal(_)) => "a number",
            Kind::Scalar(_) => "a text",
            Kind::List(_) => "a list",
            Kind::Object(_) => "an object",
        }
    }
}

/// Reads the tree of `sources[index]`; repeated names and unreadable text are reported.
pub fn read(index: usize, source: &Source, diagnostics: &mut Vec<Diagnostic>) -> Option<Node> {
    let mut reader = Reader {
        index,
        parser: Parser::new_from_str(&source.text),
        source,
        anchors: BTreeMap::new(),
        diagnostics,
        depth: 0,
        nodes: 0,
    };
    loop {
        let (event, span) = reader.next()?;
        match event {
            Event::StreamEnd => {
                reader.report(span, "the file is empty".into(), "nothing stands here");
                return None;
            }
            Event::StreamStart | Event::DocumentStart(..) => {}
            event => {
                let node = reader.node(event, span)?;
                return reader.rest_is_empty().then_some(node);
            }
        }
    }
}

struct Reader<'a> {
    index: usize,
    source: &'a Source,
    parser: Parser<'a, granit_parser::StrInput<'a>>,
    anchors: BTreeMap<usize, Node>,
    diagnostics: &'a mut Vec<Diagnostic>,
    /// How many lists and objects are open.
    depth: usize,
    /// How many values were read.
    nodes: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<(Event<'a>, Span)> {
        match self.parser.next()? {
            Ok((event, span)) => {
                let range = span.byte_range().unwrap_or(0..0);
                Some((event, Span { source: self.index, start: range.start, end: range.end }))
            }
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(self.source.text.len());
                let at = self.source.text.floor_char_boundary(at);
                let end = self.source.text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
                let text = error.info().clone();
                self.problem(Span { source: self.index, start: at, end }, &text);
                None
            }
        }
    }

    fn problem(&mut self, span: Span, text: &str) {
        self.report(span, format!("this is neither JSON nor YAML: {text}"), "here");
    }

    fn report(&mut self, span: Span, message: String, label: &str) {
        let end = self.source.text[span.start..].chars().next().map_or(span.start, |c| span.start + c.len_utf8());
        let span = Span { end: span.end.max(end), ..span };
        self.diagnostics.push(Diagnostic::new("unreadable", message).at(span, label));
    }

    fn rest_is_empty(&mut self) -> bool {
        while let Some((event, span)) = self.next() {
            match event {
                Event::DocumentEnd => {}
                Event::StreamEnd => return true,
                _ => {
                    self.report(span, "a file holds one document".into(), "another begins here");
                    return false;
                }
            }
        }
        false
    }

    fn node(&mut self, event: Event<'a>, span: Span) -> Option<Node> {
        self.nodes += 1;
        if self.depth > DEPTH || self.nodes > NODES {
            let what = if self.depth > DEPTH {
                format!("deeper than {DEPTH} levels")
            } else {
                format!("more than {NODES} values")
            };
            self.report(span, format!("this file is {what}"), "reading stopped here");
            return None;
        }
        self.depth += 1;
        let node = self.value(event, span);
        self.depth -= 1;
        node
    }

    fn value(&mut self, event: Event<'a>, span: Span) -> Option<Node> {
        let (node, anchor) = match event {
            Event::Scalar(text, style, anchor, _) => (self.scalar(&text, style, span), anchor),
            Event::SequenceStart(_, anchor, _) => (self.list(span)?, anchor),
            Event::MappingStart(_, anchor, _) => (self.object(span)?, anchor),
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor) else {
                    self.problem(span, "this repeats a value that is not complete");
                    return None;
                };
                let node = Node { span, ..node.clone() };
                self.nodes += node.size();
                (node, 0)
            }
            _ => {
                self.problem(span, "a value is missing");
                return None;
            }
        };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Some(node)
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, span: Span) -> Node {
        let value = if style == ScalarStyle::Plain { plain(text) } else { Value::text(text) };
        if style == ScalarStyle::Plain && matches!(value, Value::Text(_)) && is_number(text) {
            self.diagnostics.push(
                Diagnostic::new("wrong-value", format!("{text} is no number that can be held exactly"))
                    .at(span, "a number has at most 18 digits")
                    .help(format!("write it as a text: \"{text}\"")),
            );
        }
        Node { span, kind: Kind::Scalar(value) }
    }

    fn list(&mut self, start: Span) -> Option<Node> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, end) => {
                    return Some(Node { span: self.join(start, end, None), kind: Kind::List(items) });
                }
                (event, span) => items.push(self.node(event, span)?),
            }
        }
    }

    /// Returns the place of a list or an object: all of it where that is short, else its beginning.
    fn join(&self, start: Span, end: Span, first: Option<Span>) -> Span {
        let text = self.source.text[start.start..end.end.max(start.end)].trim_end();
        if text.len() <= SHORT && !text.contains('\n') {
            return Span { end: start.start + text.len(), ..start };
        }
        let head = text.chars().next().map_or(0, char::len_utf8);
        first.unwrap_or(Span { end: start.start + head, ..start })
    }

    fn object(&mut self, start: Span) -> Option<Node> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let (name, span) = match self.next()? {
                (Event::MappingEnd, end) => {
                    let first = entries.first().map(|entry| entry.span);
                    return Some(Node { span: self.join(start, end, first), kind: Kind::Object(entries) });
                }
                (Event::Scalar(text, ..), span) => (text.into_owned(), span),
                (_, span) => {
                    self.problem(span, "a name is a text");
                    return None;
                }
            };
            let (event, at) = self.next()?;
            let node = self.node(event, at)?;
            if let Some(first) = entries.iter().find(|entry| entry.name == name) {
                self.diagnostics.push(
                    Diagnostic::new("duplicate-key", format!("`{name}` stands here twice"))
                        .at(span, "again here")
                        .also(first.span, "first here")
                        .help("keep one of the two"),
                );
            } else {
                entries.push(Entry { name, span, node });
            }
        }
    }
}

/// Whether a text is a number as JSON writes it, however long.
fn is_number(text: &str) -> bool {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let unsigned = |text: &'_ str| text.strip_prefix(['-', '+']).map_or(digits(text), digits);
    unsigned(whole) && digits(fraction) && unsigned(exponent)
}

/// Reads a plain scalar by the YAML 1.2 core schema, which JSON's values follow.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => match (text.parse::<i64>(), text.bytes().any(|b| b.is_ascii_digit())) {
            (Ok(n), _) => Value::Integer(n),
            (_, true) => Decimal::parse(text).map_or_else(|| Value::text(text), Value::Decimal),
            _ => Value::text(text),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> (Option<Node>, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let node = read(0, &Source { path: "x.json".into(), text: text.into() }, &mut diagnostics);
        (node, diagnostics)
    }

    #[test]
    fn json_and_yaml_give_the_same_tree() {
        let (json, _) = tree(r#"{"a": [1, 2.5, true, null, "7d ago"], "ä": {"b": "1"}}"#);
        let (yaml, _) = tree("a: [1, 2.5, true, null, 7d ago]\nä:\n  b: '1'\n");
        let flat = |node: Node| format!("{:?}", strip(&node));
        assert_eq!(flat(json.expect("json")), flat(yaml.expect("yaml")));
    }

    #[test]
    fn comments_stand_anywhere() {
        let (bare, _) = tree("a: [1, x]\nb:\n  c: 2\n");
        let (told, problems) =
            tree("# of all\na: # of a\n  [1, # of 1\n   x]\n# of b\nb:\n  # of c\n  c: 2 # two\n# end");
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(strip(&told.expect("told")), strip(&bare.expect("bare")));
    }

    fn strip(node: &Node) -> String {
        match &node.kind {
            Kind::Scalar(value) => format!("{value:?}"),
            Kind::List(items) => format!("{:?}", items.iter().map(strip).collect::<Vec<_>>()),
            Kind::Object(entries) => {
                format!("{:?}", entries.iter().map(|e| (e.name.clone(), strip(&e.node))).collect::<Vec<_>>())
            }
        }
    }

    #[test]
    fn spans_are_bytes_and_survive_umlauts() {
        let text = r#"{"ä": 1, "b": [2]}"#;
        let node = tree(text).0.expect("tree");
        let b = node.get("b").expect("b");
        assert_eq!(&text[b.span.start..b.span.end], "[2]");
    }

    #[test]
    fn every_repeated_name_is_reported() {
        let (node, diagnostics) = tree(r#"{"a": 1, "a": 2, "b": {"c": 1, "c": 1}}"#);
        assert!(node.is_some());
        assert_eq!(diagnostics.iter().map(|d| d.code).collect::<Vec<_>>(), ["duplicate-key", "duplicate-key"]);
    }

    #[test]
    fn unreadable_text_is_one_problem_with_its_place() {
        for text in ["{\"a\": 1,", "", "a: [x", "{\"a\" 1}"] {
            let (node, diagnostics) = tree(text);
            assert!(node.is_none(), "{text}");
            assert_eq!(diagnostics.len(), 1, "{text}");
        }
    }
}
