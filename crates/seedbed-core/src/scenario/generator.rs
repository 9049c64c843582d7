//! Generators: how the values of a column are made, from plain values to mixes.

use std::sync::Arc;

use super::path::Scope;
use super::read::Reader;
use super::{Alternative, End, Generator, Image, Path, Segment, Share, Step, Template};
use crate::dataset::PictureKind;
use crate::diagnostic::{Diagnostic, enumerate};
use crate::grammar::percent;
use crate::password::{Form, Password};
use crate::source::{Kind, Node, Span};
use crate::time;
use crate::value::{Decimal, Value};

/// The fields of which a generator has exactly one.
const KINDS: [&str; 16] = [
    "quota",
    "even",
    "time",
    "mix",
    "pick",
    "copy",
    "sum_of",
    "product_of",
    "text",
    "integer",
    "decimal",
    "image",
    "password",
    "position_in",
    "first_in",
    "value",
];

/// The fields that say more about a generator, with those they belong to.
const MODIFIERS: [(&str, &[&str]); 11] = [
    ("from", &["time"]),
    ("not_before", &["time", "mix"]),
    ("places", &["decimal"]),
    ("where", &["pick"]),
    ("fills", &["pick"]),
    ("start", &["position_in"]),
    ("hash", &["password"]),
    ("cost", &["password"]),
    ("size", &["image"]),
    ("path", &["image"]),
    ("caption", &["image"]),
];

impl Reader<'_> {
    /// Reads the value of a column; nothing when it is reported as wrong.
    pub(super) fn generator(&mut self, scope: Scope, node: &Node) -> Option<Generator> {
        let plain = match &node.kind {
            Kind::Scalar(Value::Text(text)) => return Some(text_generator(self.template(scope, text, node.span)?)),
            Kind::Scalar(value) => return Some(Generator::Constant(value.clone())),
            _ => {
                self.fills_whole_column(node)?;
                self.plain_generator(scope, node)?
            }
        };
        let Some(null) = node.get("null") else { return Some(plain) };
        let nothing = Alternative { share: share(null)?, generator: Generator::Constant(Value::Null), span: null.span };
        let something = Alternative { share: Share::Rest, generator: plain, span: node.span };
        self.shares_stand(&[nothing.clone(), something.clone()], node.span);
        Some(Generator::Alternatives(vec![nothing, something]))
    }

    /// Reports `fills` where only some rows pick: the others would leave the filled columns empty.
    fn fills_whole_column(&mut self, node: &Node) -> Option<()> {
        let lines = node.get("mix").map(Node::items).unwrap_or_default();
        let owners = lines.iter().chain(node.get("null").map(|_| node));
        let mut fills = owners.flat_map(Node::entries).filter(|entry| entry.name == "fills").peekable();
        let stands = fills.peek().is_none().then_some(());
        for entry in fills {
            self.diagnostics.push(
                Diagnostic::new("fills-for-some", "a pick that only some rows make fills no other columns")
                    .at(entry.span, "here")
                    .help("let all rows pick, and `copy` the filled column where it is wanted"),
            );
        }
        stands
    }

    fn plain_generator(&mut self, scope: Scope, node: &Node) -> Option<Generator> {
        let kinds: Vec<&str> = KINDS.into_iter().filter(|kind| node.get(kind).is_some()).collect();
        let [kind] = kinds[..] else {
            let named: Vec<String> = kinds.iter().map(|kind| format!("`{kind}`")).collect();
            let all: Vec<String> = KINDS.iter().map(|kind| format!("`{kind}`")).collect();
            let (code, message) = if named.is_empty() {
                ("no-generator", "this says nothing about how the value is made".into())
            } else {
                ("two-generators", format!("{} exclude each other", enumerate(&named)))
            };
            let help = format!("a generator has exactly one of {}", enumerate(&all));
            self.diagnostics.push(Diagnostic::new(code, message).at(node.span, "here").help(help));
            return None;
        };
        self.modifiers_belong(node, kind);
        let argument = node.get(kind).expect("the kind was found in the node");
        match kind {
            "value" => argument.scalar().cloned().map(Generator::Constant),
            "quota" => {
                let values = argument.entries().iter().filter_map(|entry| {
                    let generator = Generator::Constant(quota_value(&entry.name));
                    Some(Alternative { share: share(&entry.node)?, generator, span: entry.node.span })
                });
                self.alternatives(values.collect(), argument.span)
            }
            "even" => {
                let values = argument.items().iter().filter_map(|item| {
                    let generator = Generator::Constant(item.scalar()?.clone());
                    Some(Alternative { share: Share::Rest, generator, span: item.span })
                });
                self.alternatives(values.collect(), argument.span)
            }
            "mix" => self.mix(scope, node, argument),
            "time" => self.time(scope, node, argument),
            "integer" => {
                let (lo, hi) = self.range(argument, 0)?;
                Some(Generator::Integer(lo, hi))
            }
            "decimal" => {
                let places = node.get("places").and_then(Node::integer).unwrap_or(2).min(12) as u8;
                let (lo, hi) = self.range(argument, places)?;
                Some(Generator::Decimal(lo, hi, places))
            }
            "text" => Some(text_generator(self.template(scope, argument.text()?, argument.span)?)),
            "copy" => {
                let path = self.path(scope, argument.text()?, argument.span)?;
                self.one_value(&path)?;
                Some(Generator::Copy(path))
            }
            "sum_of" => {
                let path = self.path(scope, argument.text()?, argument.span)?;
                self.sum_path(&path)?;
                Some(Generator::SumOf(path))
            }
            "product_of" => self.product(scope, argument),
            "pick" => self.pick(scope, node, argument),
            "password" => self.password(node, argument),
            "image" => self.image(scope, node, argument),
            _ => {
                let link = self.own_link(scope, argument)?;
                let start = node.get("start").and_then(Node::integer).unwrap_or(0);
                Some(if kind == "position_in" { Generator::Position(link, start) } else { Generator::First(link) })
            }
        }
    }

    /// Reports what is said about a generator of another kind.
    fn modifiers_belong(&mut self, node: &Node, kind: &str) {
        for entry in node.entries() {
            let Some((name, kinds)) = MODIFIERS.iter().find(|(name, _)| *name == entry.name) else { continue };
            if !kinds.contains(&kind) {
                let kinds: Vec<String> = kinds.iter().map(|kind| format!("`{kind}`")).collect();
                self.diagnostics.push(
                    Diagnostic::new("stray-key", format!("`{name}` says nothing about `{kind}`"))
                        .at(entry.span, "here")
                        .help(format!("it belongs to {}", enumerate(&kinds).replace(" and ", " or "))),
                );
            }
        }
    }

    fn mix(&mut self, scope: Scope, node: &Node, lines: &Node) -> Option<Generator> {
        let mut alternatives = Vec::new();
        let mut place = lines.span;
        for line in lines.items() {
            let share = line.get("share").and_then(share).unwrap_or(Share::Rest);
            let mut generator = self.generator(scope, line)?;
            // What comes before the mix comes before each of its lines.
            if let (Generator::Time { after, .. }, Some(paths)) = (&mut generator, node.get("not_before")) {
                after.extend(self.times(scope, paths));
            }
            place = line.get("share").map_or(place, |share| share.span);
            let span = ["time", "pick", "share"].iter().find_map(|key| line.get(key)).unwrap_or(line).span;
            alternatives.push(Alternative { share, generator, span });
        }
        self.alternatives(alternatives, place)
    }

    fn alternatives(&mut self, alternatives: Vec<Alternative>, span: Span) -> Option<Generator> {
        self.shares_stand(&alternatives, span);
        (!alternatives.is_empty()).then_some(Generator::Alternatives(alternatives))
    }

    /// Reports shares that exceed the whole, or that are less than it where nothing is the rest.
    fn shares_stand(&mut self, alternatives: &[Alternative], span: Span) {
        let percents: Vec<u32> =
            alternatives.iter().filter_map(|a| if let Share::Percent(p) = a.share { Some(p) } else { None }).collect();
        let sum = percents.iter().fold(0_u32, |sum, percent| sum.saturating_add(*percent));
        let rest = alternatives.iter().any(|a| a.share == Share::Rest);
        let only_percents = percents.len() == alternatives.len();
        if sum > 10_000 {
            self.diagnostics.push(
                Diagnostic::new("shares-over-whole", format!("the shares add up to {} %", hundredths(sum)))
                    .at(span, percents.iter().map(|p| hundredths(*p)).collect::<Vec<_>>().join(" + "))
                    .help(format!("lower one by {}, or make the last one `rest`", hundredths(sum - 10_000))),
            );
        } else if only_percents && !rest && sum < 9_990 {
            self.diagnostics.push(
                Diagnostic::new("shares-below-whole", format!("the shares add up to {} %", hundredths(sum)))
                    .at(span, percents.iter().map(|p| hundredths(*p)).collect::<Vec<_>>().join(" + "))
                    .help("make one of them `rest`"),
            );
        }
    }

    fn time(&mut self, scope: Scope, node: &Node, range: &Node) -> Option<Generator> {
        let ends: Vec<i64> = range.items().iter().filter_map(|item| time::moment(item.text()?)).collect();
        let [from, to] = ends[..] else { return None };
        if from > to {
            self.upside_down(range);
        }
        let base = match node.get("from") {
            Some(from) => {
                let path = self.path(scope, from.text()?, from.span)?;
                self.one_value(&path)?;
                Some(path)
            }
            None => None,
        };
        let after = node.get("not_before").map(|paths| self.times(scope, paths)).unwrap_or_default();
        Some(Generator::Time { from, to, base, after })
    }

    fn times(&mut self, scope: Scope, paths: &Node) -> Vec<Path> {
        let paths: Vec<Option<Path>> =
            paths.items().iter().map(|item| self.path(scope, item.text().unwrap_or_default(), item.span)).collect();
        paths.into_iter().flatten().filter(|path| self.one_value(path).is_some()).collect()
    }

    /// Reports a path whose values are no column of the rows that point here.
    pub(super) fn sum_path(&mut self, path: &Path) -> Option<()> {
        let of_rows = matches!(path.steps.first(), Some(Step::Back(..))) && matches!(path.end, End::Column(_));
        if !of_rows {
            let backs = self.chain.backs(path.from, usize::MAX);
            let example = backs.first().map_or("items", |(back, ..)| back);
            self.diagnostics.push(
                Diagnostic::new("no-way-back", "a sum is of a column of the rows that point here")
                    .at(path.span, "this path does not go by a way back to a column")
                    .help(format!("begin with a way back and end in a column: `{example}.amount`")),
            );
        }
        of_rows.then_some(())
    }

    fn product(&mut self, scope: Scope, factors: &Node) -> Option<Generator> {
        let mut paths = Vec::new();
        for factor in factors.items() {
            let Some(path) = self.path(scope, factor.text()?, factor.span) else { continue };
            if !path.steps.is_empty() || !matches!(path.end, End::Column(_)) {
                self.diagnostics.push(
                    Diagnostic::new("no-own-column", "a product is of columns of the row itself")
                        .at(factor.span, "this is none")
                        .help("`copy` it into a column of this row, and name that"),
                );
                continue;
            }
            paths.push(path);
        }
        (paths.len() == factors.items().len()).then_some(Generator::ProductOf(paths))
    }

    fn one_value(&mut self, path: &Path) -> Option<()> {
        if path.many || path.end == End::Row {
            self.diagnostics.push(
                Diagnostic::new("no-value", "a single value is needed here")
                    .at(path.span, "this path does not end in one"),
            );
            return None;
        }
        Some(())
    }

    /// Reads a range of numbers, in units of ten to the minus `places`.
    fn range(&mut self, node: &Node, places: u8) -> Option<(i64, i64)> {
        let scaled = |node: &Node| {
            let number = node.scalar()?.number()?;
            let units = Decimal::parse(&format!("{number}e{places}"))?;
            units.to_integer()
        };
        let (Some(lo), Some(hi)) = (scaled(&node.items()[0]), scaled(&node.items()[1])) else {
            let problem = format!("both ends have at most {places} digits after the point");
            self.diagnostics.push(Diagnostic::new("wrong-range", problem).at(node.span, "this range"));
            return None;
        };
        if lo > hi {
            self.upside_down(node);
        }
        Some((lo, hi))
    }

    pub(super) fn upside_down(&mut self, node: &Node) {
        self.diagnostics.push(
            Diagnostic::new("wrong-range", "this range is upside down").at(node.span, "write the smaller end first"),
        );
    }

    fn pick(&mut self, scope: Scope, node: &Node, name: &Node) -> Option<Generator> {
        let list = self.list(scope.layer, name)?;
        let entries = node.get("where").map(|node| self.condition(Scope { list: Some(list), ..scope }, node));
        let mut fills = Vec::new();
        for entry in node.get("fills").map(Node::entries).unwrap_or_default() {
            let field = entry.node.text()?;
            let fields = &self.chain.lists[list].fields;
            let Some(field_index) = fields.iter().position(|f| f == field) else {
                self.diagnostics.push(
                    Diagnostic::new(
                        "unknown-field",
                        format!("the entries of `{}` have no `{field}`", self.chain.lists[list].name),
                    )
                    .at(entry.node.span, "named here")
                    .suggest(field, fields.iter().map(String::as_str)),
                );
                continue;
            };
            let columns = &self.chain.populations[scope.population].columns;
            // Columns that a line of a mix would fill are not declared; that is reported elsewhere.
            if let Some(column) = columns.iter().position(|c| c.name == entry.name) {
                fills.push((column, field_index));
            }
        }
        if fills.is_empty() && self.chain.lists[list].fields.len() != 1 {
            self.diagnostics.push(
                Diagnostic::new("no-fills", "the entries of this list have several fields")
                    .at(name.span, "picked here")
                    .help("say which columns they fill: \"fills\": {\"column\": \"field\"}"),
            );
            return None;
        }
        Some(Generator::Pick { list, entries, fills })
    }

    fn list(&mut self, layer: usize, name: &Node) -> Option<usize> {
        let text = name.text()?;
        let found = self.chain.lists.iter().position(|list| list.name == text && list.layer <= layer);
        if found.is_none() {
            let known: Vec<&str> = self.chain.lists.iter().map(|list| list.name.as_str()).collect();
            self.diagnostics.push(
                Diagnostic::new("unknown-list", format!("there is no list `{text}`"))
                    .at(name.span, "named here")
                    .suggest(text, known),
            );
        }
        found
    }

    fn image(&mut self, scope: Scope, node: &Node, kind: &Node) -> Option<Generator> {
        let kind_span = kind.span;
        let kind = match kind.text()? {
            "poster" => PictureKind::Poster,
            "avatar" => PictureKind::Avatar,
            other => {
                self.diagnostics.push(
                    Diagnostic::new("unknown-image", format!("there is no picture `{other}`"))
                        .at(kind.span, "named here")
                        .suggest(other, ["poster", "avatar"]),
                );
                return None;
            }
        };
        let Some(path) = node.get("path") else {
            self.diagnostics.push(
                Diagnostic::new("missing-key", "a picture needs `path`")
                    .at(kind_span, "no `path` beside it")
                    .help("for example \"path\": \"pictures/{key}.png\""),
            );
            return None;
        };
        let size = |index: usize| {
            node.get("size").and_then(|size| size.items().get(index)?.integer()).unwrap_or(400).min(4_000) as u32
        };
        let caption = match node.get("caption") {
            Some(caption) => self.template(scope, caption.text()?, caption.span)?,
            None => Template(vec![Segment::Row]),
        };
        let path = self.template(scope, path.text()?, path.span)?;
        Some(Generator::Image(Box::new(Image { kind, width: size(0), height: size(1), path, caption })))
    }

    fn password(&mut self, node: &Node, plain: &Node) -> Option<Generator> {
        let mut form = Form::USUAL;
        if let Some(hash) = node.get("hash") {
            let name = hash.text()?;
            let Some(named) = Form::named(name) else {
                self.diagnostics.push(
                    Diagnostic::new("unknown-hash", format!("there is no hash `{name}`"))
                        .at(hash.span, "named here")
                        .suggest(name, Form::names()),
                );
                return None;
            };
            form = named;
        }
        if let Some(cost) = node.get("cost") {
            let Some(costing) = form.costing(cost.scalar()?) else {
                let name = node.get("hash").and_then(Node::text).unwrap_or("django");
                self.diagnostics.push(
                    Diagnostic::new("wrong-cost", format!("`{name}` has no such cost"))
                        .at(cost.span, "here")
                        .help(form.costs()),
                );
                return None;
            };
            form = costing;
        }
        let text = plain.text()?;
        if let Some(problem) = form.refuses(text) {
            self.diagnostics.push(
                Diagnostic::new("wrong-password", problem)
                    .at(plain.span, "this password")
                    .help("shorten it, or hash it with `django_bcrypt` or `argon2`, which take any"),
            );
            return None;
        }
        Some(Generator::Password(Arc::new(Password { plain: text.into(), form })))
    }

    fn own_link(&mut self, scope: Scope, node: &Node) -> Option<usize> {
        let name = node.text()?;
        let population = &self.chain.populations[scope.population];
        let found = population.newest_link(name, scope.layer);
        if found.is_none() {
            let known: Vec<String> = population.links.iter().map(|link| link.name.clone()).collect();
            self.diagnostics.push(
                Diagnostic::new("unknown-link", format!("`{}` has no link `{name}`", population.name))
                    .at(node.span, "named here")
                    .suggest(name, known.iter().map(String::as_str)),
            );
        }
        found
    }

    /// Reads a text with placeholders; `{{` is a brace.
    pub(super) fn template(&mut self, scope: Scope, text: &str, span: Span) -> Option<Template> {
        let (mut segments, mut literal, mut rest) = (Vec::new(), String::new(), text);
        while let Some(at) = rest.find(['{', '}']) {
            literal.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            let brace_at = text.len() - rest.len() + at;
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(brace) {
                literal.push_str(brace);
                rest = after;
                continue;
            }
            let Some((name, after)) = rest.split_once('}').filter(|_| brace == "{") else {
                self.diagnostics.push(
                    Diagnostic::new("wrong-placeholder", "a brace stands alone")
                        .at(self.part(text, span, brace_at..brace_at + 1), "here")
                        .help(format!("write `{brace}{brace}` for a brace")),
                );
                return None;
            };
            if !literal.is_empty() {
                segments.push(Segment::Literal(std::mem::take(&mut literal)));
            }
            let start = text.len() - rest.len();
            let span = self.part(text, span, start..start + name.len());
            segments.push(self.placeholder(scope, name, span)?);
            rest = after;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            segments.push(Segment::Literal(literal));
        }
        Some(Template(segments))
    }

    fn placeholder(&mut self, scope: Scope, name: &str, span: Span) -> Option<Segment> {
        if let Some((head, width)) = name.split_once(':') {
            if let Some(width) = width.parse::<usize>().ok().filter(|width| head == "number" && *width <= 20) {
                return Some(Segment::Number(width));
            }
            self.diagnostics.push(
                Diagnostic::new("wrong-placeholder", format!("`{{{name}}}` is no placeholder"))
                    .at(span, "here")
                    .help("only a number has a width, up to 20 digits: {number:3}"),
            );
            return None;
        }
        Some(match name {
            "row" => Segment::Row,
            "copy" => Segment::Copy,
            "key" => Segment::Key,
            "number" => Segment::Number(0),
            path => {
                let path = self.path(scope, path, span)?;
                self.one_value(&path)?;
                Segment::Value(path)
            }
        })
    }
}

/// A text without placeholders is a plain value.
fn text_generator(template: Template) -> Generator {
    match &template.0[..] {
        [] => Generator::Constant(Value::text("")),
        [Segment::Literal(text)] => Generator::Constant(Value::text(text)),
        _ => Generator::Template(template),
    }
}

/// Reads a share: a number, `70%` or `rest`.
pub(super) fn share(node: &Node) -> Option<Share> {
    match (node.integer(), node.text()) {
        (Some(n), _) => u32::try_from(n).ok().map(Share::Count),
        (_, Some("rest")) => Some(Share::Rest),
        (_, Some(text)) => percent(text).map(Share::Percent),
        _ => None,
    }
}

/// The value that the name of a quota stands for.
pub(super) fn quota_value(name: &str) -> Value {
    match name {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "null" => Value::Null,
        _ => name.parse().map_or_else(|_| Value::text(name), Value::Integer),
    }
}

/// Writes hundredths as a number.
fn hundredths(n: u32) -> String {
    Decimal::new(i64::from(n), 2).to_string()
}
