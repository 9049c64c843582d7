//! Checks that need the whole chain: what a schema demands, and what must hold for every as-of.

use super::{Chain, Column, End, Generator, Link, Operand, Path, Population, Rows, Segment, Term, Test, Where};
use crate::diagnostic::{Diagnostic, enumerate, nearest};
use crate::schema::{ColumnKind, Schema, Table, TableKind};
use crate::source::Span;
use crate::time;
use crate::value::Value;

/// Reports what is wrong with the chain as a whole.
pub(super) fn check(chain: &Chain, schema: Option<&Schema>, diagnostics: &mut Vec<Diagnostic>) {
    check_holds_for(chain, diagnostics);
    check_numbers(chain, diagnostics);
    check_kinds(chain, diagnostics);
    if let Some(schema) = schema {
        for population in &chain.populations {
            check_population(population, schema, diagnostics);
            check_ids(chain, population, schema, diagnostics);
            check_targets(chain, population, schema, diagnostics);
        }
    }
}

/// Returns the values a path can end in, where the scenario names them one by one.
pub(super) fn declared_values(chain: &Chain, path: &Path) -> Option<Vec<Value>> {
    let End::Column(column) = path.end else {
        let yes_or_no = matches!(path.end, End::Condition(_));
        return yes_or_no.then(|| vec![Value::Bool(true), Value::Bool(false)]);
    };
    let mut values = Vec::new();
    for case in &chain.populations[path.to].columns[column].cases {
        collect_values(chain, path.to, &case.generator, &mut values)?;
    }
    Some(values)
}

fn collect_values(chain: &Chain, population: usize, generator: &Generator, values: &mut Vec<Value>) -> Option<()> {
    let mut add = |value: &Value| {
        if *value != Value::Null && !values.contains(value) {
            values.push(value.clone());
        }
    };
    match generator {
        Generator::Constant(value) => add(value),
        Generator::Pick { list, .. } => chain.lists[*list].entries.iter().for_each(|entry| add(&entry[0])),
        Generator::Filled(column, field) => {
            for case in &chain.populations[population].columns[*column].cases {
                if let Generator::Pick { list, .. } = &case.generator {
                    for entry in &chain.lists[*list].entries {
                        if !values.contains(&entry[*field]) {
                            values.push(entry[*field].clone());
                        }
                    }
                }
            }
        }
        Generator::Copy(path) => {
            for value in declared_values(chain, path)? {
                if !values.contains(&value) {
                    values.push(value);
                }
            }
        }
        Generator::Alternatives(alternatives) => {
            for alternative in alternatives {
                collect_values(chain, population, &alternative.generator, values)?;
            }
        }
        _ => return None,
    }
    Some(())
}

/// Reports sums and products of columns that hold something else than numbers.
fn check_numbers(chain: &Chain, diagnostics: &mut Vec<Diagnostic>) {
    let mut of_no_number: Vec<&Path> = Vec::new();
    for column in chain.populations.iter().flat_map(|population| &population.columns) {
        for case in &column.cases {
            collect_summed(&case.generator, &mut of_no_number);
        }
    }
    for condition in wheres(chain) {
        collect_asked(condition, &mut of_no_number);
    }
    of_no_number.retain(|path| matches!(path.end, End::Column(column) if !holds_numbers(chain, path.to, column, 0)));
    for path in of_no_number {
        let population = &chain.populations[path.to];
        let End::Column(column) = path.end else { continue };
        let column = &population.columns[column];
        diagnostics.push(
            Diagnostic::new("no-numbers", format!("`{}` of `{}` holds no numbers", column.name, population.name))
                .at(path.span, "only numbers are added and multiplied")
                .also(column.cases.first().map_or(column.span, |case| case.span), "its values are made here"),
        );
    }
}

fn collect_summed<'a>(generator: &'a Generator, paths: &mut Vec<&'a Path>) {
    match generator {
        Generator::SumOf(path) => paths.push(path),
        Generator::ProductOf(factors) => paths.extend(factors),
        Generator::Alternatives(lines) => lines.iter().for_each(|line| collect_summed(&line.generator, paths)),
        _ => {}
    }
}

fn collect_asked<'a>(condition: &'a Where, paths: &mut Vec<&'a Path>) {
    fn of_test<'a>(test: &'a Test, paths: &mut Vec<&'a Path>) {
        match test {
            Test::SumOf(path) => paths.push(path),
            Test::Not(test) => of_test(test, paths),
            Test::All(tests) => tests.iter().for_each(|test| of_test(test, paths)),
            Test::Some(inner) | Test::Every(inner) | Test::None(inner) => collect_asked(inner, paths),
            _ => {}
        }
    }
    for term in &condition.0 {
        match term {
            Term::Any(conditions) => conditions.iter().for_each(|condition| collect_asked(condition, paths)),
            Term::Test(_, test) => of_test(test, paths),
        }
    }
}

/// Every `where` of the chain but those of picks.
fn wheres(chain: &Chain) -> impl Iterator<Item = &Where> {
    let links = chain.populations.iter().flat_map(|population| &population.links);
    let groups = chain.partitions.iter().flat_map(|partition| &partition.groups);
    let states = chain.states.iter().flat_map(|state| state.without.iter().flatten());
    (chain.conditions.iter().map(|condition| &condition.meaning))
        .chain(chain.ensures.iter().map(|ensure| &ensure.condition))
        .chain(chain.answers.iter().map(|answer| &answer.condition))
        .chain(links.filter_map(|link| link.allowed.as_ref()))
        .chain(groups.filter_map(|group| group.condition.as_ref()))
        .chain(states.map(|(_, condition)| condition))
}

/// Whether every value of a column is a number or missing.
fn holds_numbers(chain: &Chain, population: usize, column: usize, depth: usize) -> bool {
    let is_number = |value: &Value| *value == Value::Null || value.number().is_some();
    let cases = &chain.populations[population].columns[column].cases;
    // A circle of copies is reported where the columns wait for each other.
    depth > 8
        || cases.iter().all(|case| {
            numbers(&case.generator, &mut |generator| match generator {
                Generator::Copy(path) => match path.end {
                    End::Column(column) => holds_numbers(chain, path.to, column, depth + 1),
                    end => matches!(end, End::Measure(_)),
                },
                generator => {
                    let mut values = Vec::new();
                    collect_values(chain, population, generator, &mut values).is_some() && values.iter().all(is_number)
                }
            })
        })
}

/// Whether a generator makes numbers only; `ask` decides about those that take values from elsewhere.
fn numbers(generator: &Generator, ask: &mut dyn FnMut(&Generator) -> bool) -> bool {
    match generator {
        Generator::Integer(..)
        | Generator::Decimal(..)
        | Generator::Position(..)
        | Generator::SumOf(_)
        | Generator::ProductOf(_) => true,
        Generator::Alternatives(lines) => lines.iter().all(|line| numbers(&line.generator, ask)),
        other => ask(other),
    }
}

/// Reports type columns that can hold what no population belongs to.
fn check_kinds(chain: &Chain, diagnostics: &mut Vec<Diagnostic>) {
    for (id, population) in chain.populations.iter().enumerate() {
        let mut asked: Vec<&str> = Vec::new();
        for when in population.links.iter().filter_map(|link| link.when.as_ref()) {
            if asked.contains(&when.choice.as_str()) {
                continue;
            }
            asked.push(&when.choice);
            let known: Vec<&Value> = population.choice(&when.choice).map(|(_, when)| &when.value).collect();
            let column = &population.columns[when.column];
            for case in &column.cases {
                let mut values = Vec::new();
                let listed = collect_values(chain, id, &case.generator, &mut values).is_some();
                let strange = values.iter().find(|value| !known.contains(value));
                if listed && strange.is_none() {
                    continue;
                }
                let texts: Vec<String> = known.iter().map(|value| format!("`{value}`")).collect();
                let message = match strange {
                    Some(value) => format!("`{}` belongs to no population of `{}`", value, when.choice),
                    None => format!("the values of `{}` are not declared one by one", column.name),
                };
                diagnostics.push(
                    Diagnostic::new("unknown-kind", message)
                        .at(case.span, "made here")
                        .also(when.span, "a population by its value")
                        .help(format!("it is one of {}", enumerate(&texts))),
                );
            }
        }
    }
}

/// Reports id columns that cannot hold the keys of every population they refer to.
fn check_ids(chain: &Chain, population: &Population, schema: &Schema, diagnostics: &mut Vec<Diagnostic>) {
    let Some(table) = schema.tables.get(&population.table) else { return };
    for link in &population.links {
        let (Some(when), Some(column)) = (&link.when, table.column(&link.column)) else { continue };
        let to = &chain.populations[link.to];
        let Some(target) = schema.tables.get(&to.table) else { continue };
        let [key] = &target.primary_key[..] else { continue };
        let Some(key) = target.column(key) else { continue };
        let whole = |kind: &ColumnKind| matches!(kind, ColumnKind::Integer { .. });
        let text = matches!(column.kind, ColumnKind::Text { .. });
        if !(text || whole(&column.kind) && whole(&key.kind) || column.kind == key.kind) {
            diagnostics.push(
                Diagnostic::new(
                    "wrong-id-column",
                    format!("`{}` of `{}` cannot hold the keys of `{}`", column.name, table.name, to.table),
                )
                .at(link.column_span, format!("a column of type {}", column.declared))
                .also(when.span, format!("keys of type {}", key.declared))
                .help("a text column holds keys of every kind"),
            );
        }
    }
}

/// A place where an answer depends on now: which column, compared with which moment.
struct Edge<'a> {
    path: &'a Path,
    moment: i64,
}

/// Reports times that can fall between as-of and as-of plus `holds_for`, where an answer that the
/// application computes with its own clock would change.
///
/// A comparison with a moment in that window is one about now; no value of the compared column may
/// lie in the window then, whatever the seed.
fn check_holds_for(chain: &Chain, diagnostics: &mut Vec<Diagnostic>) {
    let mut edges = Vec::new();
    let answers = chain.answers.iter().map(|answer| &answer.condition);
    let conditions = chain.conditions.iter().map(|condition| &condition.meaning);
    for condition in conditions.chain(answers) {
        collect_edges(condition, &mut edges);
    }
    let mut reported: Vec<Span> = Vec::new();
    for edge in edges.iter().filter(|edge| (0..=chain.holds_for).contains(&edge.moment)) {
        let End::Column(column) = edge.path.end else { continue };
        for (span, from, to) in times_of(chain, edge.path.to, column, 0) {
            if to > 0 && from <= chain.holds_for && !reported.contains(&span) {
                reported.push(span);
                let hours = chain.holds_for / 3_600;
                diagnostics.push(
                    Diagnostic::new(
                        "changes-within-holds-for",
                        format!("this time can fall within the {hours} hours that the dataset holds for"),
                    )
                    .at(span, format!("{} to {}", time::describe(from), time::describe(to)))
                    .also(edge.path.span, "this answer would change then")
                    .help(format!("start the range after `in {hours}h`, end it at `as_of`, or shorten `holds_for`")),
                );
            }
        }
    }
}

fn collect_edges<'a>(condition: &'a Where, edges: &mut Vec<Edge<'a>>) {
    for term in &condition.0 {
        match term {
            Term::Any(conditions) => conditions.iter().for_each(|condition| collect_edges(condition, edges)),
            Term::Test(path, test) => collect_test_edges(path, test, edges),
        }
    }
}

fn collect_test_edges<'a>(path: &'a Path, test: &'a Test, edges: &mut Vec<Edge<'a>>) {
    match test {
        Test::Compare(_, Operand::Value(Value::Time(moment))) => edges.push(Edge { path, moment: *moment }),
        Test::Between(Value::Time(lo), Value::Time(hi)) => {
            edges.extend([lo, hi].map(|moment| Edge { path, moment: *moment }));
        }
        Test::Not(test) => collect_test_edges(path, test, edges),
        Test::All(tests) => tests.iter().for_each(|test| collect_test_edges(path, test, edges)),
        Test::Some(inner) | Test::Every(inner) | Test::None(inner) => collect_edges(inner, edges),
        _ => {}
    }
}

/// Returns the ranges of time a column can hold, each with the place that says so.
fn times_of(chain: &Chain, population: usize, column: usize, depth: usize) -> Vec<(Span, i64, i64)> {
    let mut times = Vec::new();
    for case in &chain.populations[population].columns[column].cases {
        times_of_generator(chain, &case.generator, case.span, depth, &mut times);
    }
    times
}

fn times_of_generator(
    chain: &Chain,
    generator: &Generator,
    span: Span,
    depth: usize,
    times: &mut Vec<(Span, i64, i64)>,
) {
    match generator {
        Generator::Time { from, to, base: None, .. } => times.push((span, *from, *to)),
        Generator::Copy(path) if depth < 8 => {
            if let End::Column(column) = path.end {
                times.extend(times_of(chain, path.to, column, depth + 1));
            }
        }
        Generator::Alternatives(alternatives) => {
            for alternative in alternatives {
                times_of_generator(chain, &alternative.generator, alternative.span, depth, times);
            }
        }
        _ => {}
    }
}

fn check_population(population: &Population, schema: &Schema, diagnostics: &mut Vec<Diagnostic>) {
    let Some(table) = schema.tables.get(&population.table) else {
        diagnostics.push(
            Diagnostic::new("missing-table", format!("there is no table `{}`", population.table))
                .at(population.table_span, "named here")
                .suggest(&population.table, schema.tables.keys().map(String::as_str)),
        );
        return;
    };
    if table.kind != TableKind::Base {
        diagnostics.push(
            Diagnostic::new("no-base-table", format!("`{}` is not an ordinary table", table.name))
                .at(population.table_span, "only rows of tables can be seeded"),
        );
        return;
    }
    let columns: Vec<(&str, Span)> = population
        .columns
        .iter()
        .filter(|column| !column.handle)
        .map(|column| (column.name.as_str(), column.span))
        .chain(
            population
                .links
                .iter()
                .filter(|link| link.overlays.is_none() && is_first_of_choice(population, link))
                .map(|link| (link.column.as_str(), link.column_span)),
        )
        .chain(population.tag.iter().map(|tag| (tag.as_str(), population.tag_span)))
        .collect();
    for (name, span) in &columns {
        check_column(table, name, *span, diagnostics);
    }
    for column in &table.columns {
        let given = columns.iter().any(|(name, _)| *name == column.name) || table.primary_key.contains(&column.name);
        if !given && !column.nullable && column.default.is_none() && !column.generated {
            diagnostics.push(
                Diagnostic::new("missing-value", format!("`{}` needs a value for `{}`", table.name, column.name))
                    .at(population.span, format!("nothing says what `{}` of these rows is", column.name))
                    .help(format!("add it to `columns`: \"{}\": ...", column.name)),
            );
        }
    }
    check_uniques(population, table, diagnostics);
    check_key(population, table, diagnostics);
}

/// Whether a link stands for itself, or is the first of those that share its column.
fn is_first_of_choice(population: &Population, link: &Link) -> bool {
    let first =
        |when: &super::When| population.choice(&when.choice).next().is_some_and(|(first, _)| first.to == link.to);
    link.when.as_ref().is_none_or(first)
}

fn check_column(table: &Table, name: &str, span: Span, diagnostics: &mut Vec<Diagnostic>) {
    match table.column(name) {
        None => {
            let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
            let shown: Vec<&str> = names.iter().copied().take(8).collect();
            let more = if names.len() > 8 { format!(", ... ({})", names.len()) } else { String::new() };
            let problem = Diagnostic::new("missing-column", format!("table `{}` has no column `{name}`", table.name))
                .at(span, "named here");
            let problem = match nearest(name, &names) {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => problem.help(format!("it has: {}{more}", shown.join(", "))),
            }
            .help("apply your migrations to this database, then try again");
            diagnostics.push(problem);
        }
        Some(column) if column.generated => diagnostics.push(
            Diagnostic::new("generated-column", format!("the database computes `{name}` of `{}` itself", table.name))
                .at(span, "can't be written")
                .help("leave it out"),
        ),
        Some(_) => {}
    }
}

/// Reports texts in unique columns that are the same for every worker.
fn check_uniques(population: &Population, table: &Table, diagnostics: &mut Vec<Diagnostic>) {
    let links: Vec<&str> = population.links.iter().map(|link| link.column.as_str()).collect();
    for unique in table.uniques.iter().filter(|unique| !unique.columns.is_empty()) {
        if unique.columns.iter().any(|column| links.contains(&column.as_str())) {
            continue;
        }
        let parts: Vec<&Column> =
            population.columns.iter().filter(|c| !c.handle && unique.columns.contains(&c.name)).collect();
        if parts.is_empty() || parts.iter().any(|column| differs_by_worker(population, column, 0)) {
            continue;
        }
        diagnostics.push(
            Diagnostic::new(
                "no-copy",
                format!("`{}` is unique, and this text is the same for every worker", unique.columns.join("`, `")),
            )
            .at(parts[0].cases.first().map_or(parts[0].span, |case| case.span), "no `{copy}` in here")
            .help("add {copy}: it is empty for worker 0 and `+w3` for worker 3"),
        );
    }
}

fn differs_by_worker(population: &Population, column: &Column, depth: usize) -> bool {
    depth < 8
        && !column.cases.is_empty()
        && column.cases.iter().all(|case| generator_differs(population, &case.generator, depth))
}

fn generator_differs(population: &Population, generator: &Generator, depth: usize) -> bool {
    match generator {
        Generator::Template(template) => template.0.iter().any(|segment| match segment {
            Segment::Copy | Segment::Key => true,
            Segment::Value(path) => path_differs(population, path, depth),
            _ => false,
        }),
        Generator::Copy(path) => path_differs(population, path, depth),
        Generator::Alternatives(of) => of.iter().all(|one| generator_differs(population, &one.generator, depth)),
        Generator::Image(_) | Generator::Constant(Value::Null) => true,
        _ => false,
    }
}

fn path_differs(population: &Population, path: &Path, depth: usize) -> bool {
    match path.end {
        End::Column(column) if path.steps.is_empty() => {
            differs_by_worker(population, &population.columns[column], depth + 1)
        }
        // A column of another row: its own population is checked for itself.
        _ => true,
    }
}

/// Reports tables whose key cannot be made, or would not tell our rows from others.
fn check_key(population: &Population, table: &Table, diagnostics: &mut Vec<Diagnostic>) {
    let mut problem = |message: String, help: &str| {
        diagnostics
            .push(Diagnostic::new("no-key", message).at(population.table_span, "these rows need keys").help(help));
    };
    let link = |key: &str| population.links.iter().find(|link| link.column == key);
    let declared = |key: &str| population.columns.iter().find(|column| !column.handle && column.name == key);
    let keys = &table.primary_key;
    if keys.is_empty() {
        problem(
            format!("table `{}` has no primary key", table.name),
            "rows without a key cannot be told from other people's",
        );
    }
    for key in keys {
        let name = format!("the key `{key}` of `{}`", table.name);
        let kind = table.column(key).map(|column| &column.kind);
        match (link(key), declared(key), kind) {
            (Some(link), ..) if !link.is_everybodys() => {
                problem(format!("{name} is a link that not every row has"), "a key is never null");
            }
            (Some(_), ..) => {}
            (None, Some(_), Some(ColumnKind::Integer { .. })) if keys.len() == 1 => problem(
                format!("{name} is a number that the application counts on from"),
                "leave it out of `columns`: Seedbed picks numbers that are its own",
            ),
            (None, Some(_), Some(ColumnKind::Integer { .. } | ColumnKind::Text { .. } | ColumnKind::Uuid)) => {}
            (None, Some(_), _) => problem(
                format!("{name} is neither a whole number, a UUID nor a text"),
                "a key that moves with the clock or is rounded would not be found again",
            ),
            (None, None, Some(ColumnKind::Integer { bits: 32 | 64 } | ColumnKind::Uuid)) => {}
            (None, None, Some(ColumnKind::Text { limit })) => {
                if limit.is_some_and(|limit| limit < crate::keys::TEXT_KEY_LENGTH) {
                    let needed = crate::keys::TEXT_KEY_LENGTH;
                    problem(
                        format!("{name} is too short for a key of {needed} characters"),
                        "widen the column, or give it values in `columns`",
                    );
                }
            }
            (None, None, _) => problem(
                format!("{name} is neither a whole number, a UUID nor a text"),
                "this version cannot make such keys",
            ),
        }
    }
    let own: Vec<&Column> = keys.iter().filter_map(|key| declared(key)).collect();
    let by_worker = own.iter().any(|column| differs_by_worker(population, column, 0));
    let counted = keys.len() == 1
        && matches!(table.column(&keys[0]).map(|column| &column.kind), Some(ColumnKind::Integer { .. }));
    if !own.is_empty() && own.len() == keys.len() && !by_worker && !counted {
        diagnostics.push(
            Diagnostic::new("no-copy", format!("`{}` is the key, and the same for every worker", keys.join("`, `")))
                .at(own[0].cases.first().map_or(own[0].span, |case| case.span), "no `{copy}` in here")
                .help("add {copy}: it is empty for worker 0 and `+w3` for worker 3"),
        );
    }
    if let Rows::Named(rows) = &population.rows
        && rows.iter().any(|row| row.number > 99_999)
    {
        let message = format!("`{}` has more rows than keys", population.name);
        diagnostics.push(
            Diagnostic::new("no-key", message)
                .at(population.table_span, "these rows need keys")
                .help("a population has at most 99999 rows"),
        );
    }
}

/// Reports links to rows whose key has several columns.
fn check_targets(chain: &Chain, population: &Population, schema: &Schema, diagnostics: &mut Vec<Diagnostic>) {
    for link in &population.links {
        let own = schema.tables.get(&population.table);
        if link.overlays.is_some() {
            if own.is_some_and(|own| own.primary_key.contains(&link.column)) {
                diagnostics.push(
                    Diagnostic::new("wrong-overlay", "an overlay changes no key, and this link is part of one")
                        .at(link.span, "here"),
                );
            }
            continue;
        }
        let to = &chain.populations[link.to].table;
        let Some(target) = schema.tables.get(to).filter(|target| target.primary_key.len() > 1) else { continue };
        diagnostics.push(
            Diagnostic::new(
                "composite-reference",
                format!("`{}` cannot refer to `{to}`, whose key has {} columns", link.name, target.primary_key.len()),
            )
            .at(link.column_span, "one column")
            .help(format!("the key is `{}`; refer to what it is made of", target.primary_key.join("`, `"))),
        );
    }
}
