//! Problems: an open decision as the solver sees it, and its solution as the world sees it.

use super::candidates;
use super::clauses::{Builder, Demand, Origin};
use super::decision::{Agenda, Decision, OptionKind, Options, times_after};
use super::draw::{allowed_entries, case_of, entry_hash};
use super::evaluate::{Evaluator, Known, RowRef, same_value};
use super::shares::apportion;
use super::tree;
use super::world::{World, has};
use crate::address::{Address, weighted_score};
use crate::diagnostic::Diagnostic;
use crate::scenario::{Generator, PopulationId, Rows, Share, Size};
use crate::solve::{Clause, Fill, Measure, Problem, Row, Sum};
use crate::value::Value;

/// An open decision as the solver sees it.
pub(super) struct Posed<'a> {
    pub(super) problem: Problem,
    pub(super) origins: Vec<Origin>,
    pub(super) options: Options<'a>,
    /// Ranges of sizes were narrowed to a first guess.
    pub(super) narrowed: bool,
    /// The options stand for more values than themselves.
    pub(super) sampled: bool,
    /// It is posed more finely when it is made again.
    pub(super) coarse: bool,
}

/// Poses a decision; nothing when there is nothing to choose.
pub(super) fn pose<'a>(
    world: &World<'a>,
    agenda: &Agenda,
    position: usize,
    attempt: u64,
) -> Result<Option<Posed<'a>>, Box<Diagnostic>> {
    let decision = agenda.decisions[position];
    let mut frame = match decision {
        Decision::Partition(index) => partition(world, index, attempt)?,
        Decision::Column(population, column) => match column_choice(world, population, column, attempt)? {
            Some(frame) => frame,
            None if attempt == 0 => return Ok(impossible(world, agenda, position)),
            None => match drawn_again(world, population, column) {
                Some(frame) => frame,
                None => return Ok(None),
            },
        },
        Decision::Rows(id) => match world.chain.populations[id].rows {
            Rows::Children(link) => children(world, id, link, attempt),
            Rows::Pairs { .. } => pairs(world, id, attempt),
            _ => return Ok(None),
        },
        Decision::Link(id, link) => reference(world, id, link, attempt)?,
    };
    let builder = Builder::new(world, decision, &frame.options, frame.right.len(), &frame.allowed);
    frame.demands.extend(builder.ensures(agenda, position));
    let (clauses, origins) = frame.demands.into_iter().map(|demand| (demand.clause, demand.origin)).unzip();
    let narrowed = attempt == 0
        && matches!(decision, Decision::Partition(index) if world.chain.partitions[index].groups.iter().any(|group| {
            matches!(group.size, Size::Range(lo, hi) if lo < hi)
        }));
    let (sampled, coarse) = (frame.sampled, frame.coarse);
    let problem = Problem {
        left: frame.left,
        right: frame.right,
        total: frame.total,
        allowed: frame.allowed,
        score: frame.score,
        clauses,
        fill: frame.fill,
    };
    Ok(Some(Posed { problem, origins, options: frame.options, narrowed, sampled, coarse }))
}

/// Demands that no value of a column's range can meet; nothing when each can be.
fn impossible<'a>(world: &World<'a>, agenda: &Agenda, position: usize) -> Option<Posed<'a>> {
    if !agenda.open[position] {
        return None;
    }
    let choosers = match agenda.decisions[position] {
        Decision::Column(population, _) => vec![false; world.rows(population).len()],
        _ => Vec::new(),
    };
    let options = Options { kinds: Vec::new(), choosers, draws: Vec::new() };
    let demands = Builder::new(world, agenda.decisions[position], &options, 1, &[]).ensures(agenda, position);
    let failing: Vec<Demand> = demands.into_iter().filter(Demand::fails).collect();
    if failing.is_empty() {
        return None;
    }
    let (clauses, origins) = failing.into_iter().map(|demand| (demand.clause, demand.origin)).unzip();
    let problem = Problem {
        left: Vec::new(),
        right: Vec::new(),
        total: (0, u32::MAX),
        allowed: Vec::new(),
        score: Vec::new(),
        clauses,
        fill: Fill::ByLeft,
    };
    Some(Posed { problem, origins, options, narrowed: false, sampled: false, coarse: false })
}

/// A drawn column as a choice between candidates; the first draws are preferred.
fn drawn_again<'a>(world: &World<'a>, population: PopulationId, column: usize) -> Option<Frame<'a>> {
    let draws = candidates::candidates(world, population, column);
    let sampled = !candidates::are_all(world, population, column);
    let options = candidates::options(draws);
    let width = options.kinds.len();
    if width == 0 {
        return None;
    }
    let rows = world.rows(population);
    let left: Vec<Row> = rows
        .iter()
        .zip(&options.choosers)
        .map(|(row, chooses)| Row { lo: u32::from(*chooses), hi: u32::from(*chooses), hash: row.hash })
        .collect();
    let right: Vec<Row> = (0..width).map(|n| Row { lo: 0, hi: u32::MAX, hash: n as u64 }).collect();
    let mut score = scores(world.address(population).text("candidates"), 0, &left, &right);
    score.iter_mut().step_by(width).for_each(|first| *first = i64::MAX / 8);
    let allowed = (0..rows.len() * width).map(|pair| pair % width < options.draws[pair / width].len()).collect();
    Some(Frame {
        left,
        right,
        total: (0, u32::MAX),
        allowed,
        score,
        demands: Vec::new(),
        fill: Fill::ByLeft,
        options,
        sampled,
        coarse: false,
    })
}

/// A problem in the making.
struct Frame<'a> {
    left: Vec<Row>,
    right: Vec<Row>,
    total: (u32, u32),
    allowed: Vec<bool>,
    score: Vec<i64>,
    demands: Vec<Demand>,
    fill: Fill,
    options: Options<'a>,
    /// The options stand for more values than themselves.
    sampled: bool,
    /// It is posed more finely when it is made again.
    coarse: bool,
}

fn ones(world: &World<'_>, population: PopulationId) -> Vec<Row> {
    world.rows(population).iter().map(|row| Row { lo: 1, hi: 1, hash: row.hash }).collect()
}

fn indices<'a>(count: usize) -> Options<'a> {
    Options { kinds: vec![OptionKind::Index; count], choosers: Vec::new(), draws: Vec::new() }
}

/// The scores of all pairs of a decision: bits of both keys, and of nothing else.
fn scores(address: Address, attempt: u64, left: &[Row], right: &[Row]) -> Vec<i64> {
    let address = if attempt > 0 { address.number(attempt) } else { address };
    left.iter()
        .flat_map(|l| {
            let address = address.number(l.hash);
            right.iter().map(move |r| (address.number(r.hash).bits() >> 3) as i64)
        })
        .collect()
}

fn linear(lo: i64, hi: i64, terms: Vec<(u32, i32)>) -> Clause {
    Clause { lo, hi, measure: Measure::Linear(Sum { constant: 0, terms }) }
}

fn partition<'a>(world: &World<'a>, index: usize, attempt: u64) -> Result<Frame<'a>, Box<Diagnostic>> {
    let partition = &world.chain.partitions[index];
    let population = partition.population;
    let (count, width) = (world.rows(population).len(), partition.groups.len());
    let address = world.address(population).text("group").text(&partition.name);
    let rest = partition.groups.iter().position(|group| group.size == Size::Share(Share::Rest));
    let ranges = sizes(world, index, attempt)?;
    let left = ones(world, population);
    let right: Vec<Row> = partition
        .groups
        .iter()
        .zip(&ranges)
        .map(|(group, (lo, hi))| Row { lo: *lo, hi: *hi, hash: Address::root(0).text(&group.name).bits() })
        .collect();
    let mut score = scores(address, attempt, &left, &right);
    let mut allowed = vec![true; count * width];
    let evaluator = Evaluator::new(world, None);
    for row in 0..count {
        let named = partition.groups.iter().position(|group| group.who.contains(&row));
        for (g, group) in partition.groups.iter().enumerate() {
            let at = RowRef { population, row, pair: None };
            let fits = group.condition.as_ref().is_none_or(|condition| evaluator.holds(at, condition) != Some(false));
            // A group that only names its rows has no others.
            let only_named = group.size == Size::Share(Share::Count(group.who.len() as u32)) && named != Some(g);
            allowed[row * width + g] = fits && named.map_or(!only_named, |named| named == g);
            if Some(g) == rest {
                // The others take their best first; the rest is what is left.
                score[row * width + g] = i64::MIN / 4;
            }
        }
    }
    let demands = totals(world, index, count);
    Ok(Frame {
        left,
        right,
        total: (0, u32::MAX),
        allowed,
        score,
        demands,
        fill: Fill::BestPair,
        options: indices(width),
        sampled: false,
        coarse: false,
    })
}

/// Returns the range of sizes of each group; a declared range is first tried at a size of its own.
pub(super) fn sizes(world: &World<'_>, index: usize, attempt: u64) -> Result<Vec<(u32, u32)>, Box<Diagnostic>> {
    let partition = &world.chain.partitions[index];
    let count = world.rows(partition.population).len() as u32;
    let shares: Vec<Share> = partition
        .groups
        .iter()
        .map(|group| match group.size {
            Size::Share(share) => share,
            Size::Range(lo, _) => Share::Count(lo),
        })
        .collect();
    let ranged = partition.groups.iter().any(|group| matches!(group.size, Size::Range(..)));
    let open = ranged && !shares.contains(&Share::Rest);
    let shares_with_slack: Vec<Share> =
        if open { shares.iter().copied().chain([Share::Rest]).collect() } else { shares };
    let do_not_fit = |problem: String| {
        let population = &world.chain.populations[partition.population].name;
        Box::new(
            Diagnostic::new("sizes-do-not-fit", format!("the groups of `{}` do not fit: {problem}", partition.name))
                .at(partition.span, format!("divides the {count} rows of `{population}`"))
                .help("make one group the `rest`, or change a size"),
        )
    };
    let parts = apportion(&shares_with_slack, count).map_err(do_not_fit)?;
    let most: u64 = partition
        .groups
        .iter()
        .zip(&parts)
        .map(|(group, part)| if let Size::Range(_, hi) = group.size { u64::from(hi) } else { u64::from(*part) })
        .sum();
    if open && most < u64::from(count) {
        return Err(do_not_fit(format!("they have at most {most}, and there are {count}")));
    }
    let address = world.address(partition.population).text("size").text(&partition.name).number(attempt);
    Ok(partition
        .groups
        .iter()
        .zip(parts)
        .map(|(group, part)| match group.size {
            // Going back widens the range: the first try has a size of its own, later ones any.
            Size::Range(lo, hi) if attempt == 0 => {
                let size = address.text(&group.name).between(i64::from(lo), i64::from(hi)) as u32;
                (size, size)
            }
            Size::Range(lo, hi) => (lo, hi),
            Size::Share(Share::Rest) if ranged => (0, count),
            Size::Share(_) => (part, part),
        })
        .collect())
}

/// What the rows of all groups have must come to the number of rows that point at them.
fn totals(world: &World<'_>, index: usize, count: usize) -> Vec<Demand> {
    let partition = &world.chain.partitions[index];
    let width = partition.groups.len();
    let mut demands = Vec::new();
    let mut asked: Vec<(usize, usize)> = Vec::new();
    for entry in partition.groups.iter().flat_map(|group| &group.has) {
        if !asked.contains(&(entry.child, entry.link)) {
            asked.push((entry.child, entry.link));
        }
    }
    for (child, link) in asked {
        let population = &world.chain.populations[child];
        let total = match &population.rows {
            Rows::Pairs { total: Some((total, _)) } => i64::from(*total),
            Rows::Named(rows) if population.links[link].is_everybodys() => rows.len() as i64,
            _ => continue,
        };
        let sum = |end: fn((u32, u32)) -> u32| {
            (0..count * width)
                .filter_map(|pair| {
                    let range = has(&partition.groups[pair % width], child, link).unwrap_or((0, u32::MAX));
                    let weight = i64::from(end(range)).min(total);
                    (weight > 0).then_some((pair as u32, weight as i32))
                })
                .collect()
        };
        let origin = |at_least| Origin::Total { child, link, at_least };
        demands.push(Demand { clause: linear(i64::MIN, total, sum(|range| range.0)), origin: origin(true) });
        demands.push(Demand { clause: linear(total, i64::MAX, sum(|range| range.1)), origin: origin(false) });
    }
    demands
}

/// Which options from a first one on a row may have.
type Mask = (usize, Vec<bool>);

/// The rows of a column that choose, with the lines or entries they choose between.
fn column_choice<'a>(
    world: &World<'a>,
    population: PopulationId,
    column: usize,
    attempt: u64,
) -> Result<Option<Frame<'a>>, Box<Diagnostic>> {
    let chain = world.chain;
    let declared = &chain.populations[population].columns[column];
    let count = world.rows(population).len();
    // The same generator may serve several rows; each keeps its own lines, lists are shared.
    let mut kinds: Vec<OptionKind<'a>> = Vec::new();
    let mut hashes: Vec<u64> = Vec::new();
    let mut quotas: Vec<Option<(u32, u32)>> = Vec::new();
    let mut demands: Vec<Demand> = Vec::new();
    // By option, what each row would be given: for lines whose values are tried out.
    let mut drawn: Vec<(usize, Vec<Vec<Value>>)> = Vec::new();
    let mut coarse = false;
    let mut shares_of: Vec<(usize, usize, u32)> = Vec::new();
    let mut allowed_rows: Vec<(Vec<usize>, Vec<Mask>)> = Vec::new();
    let mut choosers = vec![false; count];
    let mut lists: Vec<(usize, usize)> = Vec::new();
    for case in &declared.cases {
        let rows: Vec<usize> = (0..count)
            .filter(|row| {
                case_of(world, population, column, *row)
                    .is_some_and(|(g, _)| std::ptr::eq(g, &raw const case.generator))
            })
            .collect();
        match &case.generator {
            Generator::Alternatives(lines) => {
                // Rows that a persona gives one of the lines' plain values count for that line.
                let pinned: Vec<(usize, usize)> = (0..count)
                    .filter(|row| !rows.contains(row))
                    .filter_map(|row| {
                        let (generator, _) = case_of(world, population, column, row)?;
                        let Generator::Constant(value) = generator else { return None };
                        let covers = case.rows == crate::scenario::CaseRows::All;
                        let line = lines
                            .iter()
                            .position(|line| matches!(&line.generator, Generator::Constant(v) if v == value))?;
                        (covers
                            && matches!(row_case(world, population, column, row), crate::scenario::CaseRows::Row(_)))
                        .then_some((row, line))
                    })
                    .collect();
                let whole = rows.len() + pinned.len();
                let shares: Vec<Share> = lines.iter().map(|line| line.share).collect();
                let parts = apportion(&shares, whole as u32).map_err(|problem| {
                    Box::new(
                        Diagnostic::new("shares-do-not-fit", format!("these shares do not fit: {problem}"))
                            .at(case.span, format!("for {whole} rows"))
                            .help("make one of them `rest`, or change a share"),
                    )
                })?;
                let first = kinds.len();
                let mut masks: Vec<Vec<bool>> = vec![Vec::new(); rows.len()];
                let mut starts = Vec::new();
                for (index, (line, part)) in lines.iter().zip(&parts).enumerate() {
                    let hash = Address::root(0).text(&line_name(&line.generator, index + 1));
                    starts.push(kinds.len() - first);
                    let values = if draws(&line.generator) && attempt > 0 {
                        let mut candidates = candidates::Rows::new(world, population, column);
                        rows.iter().map(|row| candidates.of(*row, &line.generator, line.span)).collect()
                    } else {
                        coarse |= draws(&line.generator);
                        Vec::new()
                    };
                    let most = values.iter().map(Vec::len).max().unwrap_or(0);
                    if most == 0 || values.iter().any(Vec::is_empty) {
                        kinds.push(OptionKind::Line(&line.generator));
                        hashes.push(hash.bits());
                        quotas.push(Some((*part, *part)));
                        for mask in &mut masks {
                            mask.push(true);
                        }
                        continue;
                    }
                    for n in 0..most {
                        kinds.push(OptionKind::Draw);
                        hashes.push(if n == 0 { hash.bits() } else { hash.number(n as u64).bits() });
                        quotas.push(Some((0, *part)));
                    }
                    masks
                        .iter_mut()
                        .zip(&values)
                        .for_each(|(mask, values)| mask.extend((0..most).map(|n| n < values.len())));
                    let mut by_row = vec![Vec::new(); count];
                    rows.iter().zip(values).for_each(|(row, values)| by_row[*row] = values);
                    drawn.push((first + starts[index], by_row));
                    shares_of.push((first + starts[index], most, *part));
                }
                let width = kinds.len() - first;
                allowed_rows.push((rows.clone(), masks.into_iter().map(|mask| (first, mask)).collect()));
                let pins = pinned.iter().map(|(_, line)| {
                    let mut only = vec![false; width];
                    only[starts[*line]] = true;
                    (first, only)
                });
                allowed_rows.push((pinned.iter().map(|(row, _)| *row).collect(), pins.collect()));
            }
            Generator::Pick { list, entries, .. } => {
                let first = if let Some((_, first)) = lists.iter().find(|(known, _)| known == list) {
                    *first
                } else {
                    let first = kinds.len();
                    lists.push((*list, first));
                    for (index, entry) in chain.lists[*list].entries.iter().enumerate() {
                        kinds.push(OptionKind::Entry(entry, index));
                        hashes.push(entry_hash(world, *list, index));
                        quotas.push(None);
                    }
                    first
                };
                let fits = allowed_entries(world, (population, column), &rows, *list, entries.as_ref());
                let size = chain.lists[*list].entries.len();
                let masks = rows.iter().enumerate().map(|(i, _)| (first, fits[i * size..(i + 1) * size].to_vec()));
                allowed_rows.push((rows.clone(), masks.collect()));
            }
            _ => {}
        }
    }
    if kinds.is_empty() {
        return Ok(None);
    }
    let width = kinds.len();
    let mut allowed = vec![false; count * width];
    for (rows, masks) in &allowed_rows {
        for (row, (first, mask)) in rows.iter().zip(masks) {
            choosers[*row] = true;
            allowed[row * width + first..row * width + first + mask.len()].copy_from_slice(mask);
        }
    }
    let left: Vec<Row> = world
        .rows(population)
        .iter()
        .zip(&choosers)
        .map(|(row, chooses)| Row { lo: u32::from(*chooses), hi: u32::from(*chooses), hash: row.hash })
        .collect();
    let most = if is_unique(world, population, column) { 1 } else { u32::MAX };
    let right: Vec<Row> = hashes
        .iter()
        .zip(&quotas)
        .map(|(hash, quota)| {
            let (lo, hi) = quota.unwrap_or((0, most));
            Row { lo, hi, hash: *hash }
        })
        .collect();
    let mut score = scores(world.address(population).text(&declared.name), attempt, &left, &right);
    let mut draws_by_row: Vec<Vec<Value>> = Vec::new();
    for (start, by_row) in drawn {
        draws_by_row.resize(count, vec![Value::Null; width]);
        for (row, values) in by_row.into_iter().enumerate() {
            for (n, value) in values.into_iter().enumerate() {
                draws_by_row[row][start + n] = value;
                // The first draw is preferred.
                score[row * width + start + n] >>= if n == 0 { 0 } else { 8 };
            }
        }
    }
    for (start, most, part) in shares_of {
        let pairs = (0..count).flat_map(|row| (start..start + most).map(move |option| row * width + option));
        let terms = pairs.filter(|pair| allowed[*pair]).map(|pair| (pair as u32, 1)).collect();
        let clause = linear(i64::from(part), i64::from(part), terms);
        demands.push(Demand { clause, origin: Origin::Share { population, column } });
    }
    let fill = if quotas.iter().any(Option::is_some) { Fill::BestPair } else { Fill::ByLeft };
    let sampled = kinds.iter().any(|kind| matches!(kind, OptionKind::Line(line) if draws(line)))
        || kinds.iter().any(|kind| matches!(kind, OptionKind::Draw)) && !candidates::are_all(world, population, column);
    let options = Options { kinds, choosers, draws: draws_by_row };
    Ok(Some(Frame { left, right, total: (0, u32::MAX), allowed, score, demands, fill, options, sampled, coarse }))
}

/// Whether a line of a mix leaves a value to be drawn.
fn draws(line: &Generator) -> bool {
    candidates::is_drawn(line) || super::decision::is_choice(line)
}

fn line_name(generator: &Generator, position: usize) -> String {
    match generator {
        Generator::Constant(value) => format!("{value:?}"),
        _ => format!("line {position}"),
    }
}

/// Returns the rows of the case that decides for a row.
fn row_case<'a>(
    world: &World<'a>,
    population: PopulationId,
    column: usize,
    row: usize,
) -> &'a crate::scenario::CaseRows {
    let chain = world.chain;
    let (generator, _) = case_of(world, population, column, row).expect("the row has a case");
    let cases = &chain.populations[population].columns[column].cases;
    &cases
        .iter()
        .find(|case| std::ptr::eq(&raw const case.generator, generator))
        .expect("it is one of the column's")
        .rows
}

/// Whether the schema lets no two rows share this column's value.
fn is_unique(world: &World<'_>, population: PopulationId, column: usize) -> bool {
    let declared = &world.chain.populations[population];
    let table = world.schema.and_then(|schema| schema.tables.get(&declared.table));
    let filled = |c: &crate::scenario::Column| {
        c.cases.iter().any(|case| matches!(case.generator, Generator::Filled(handle, _) if handle == column))
    };
    let mut names =
        declared.columns.iter().enumerate().filter(|(index, c)| *index == column || filled(c)).map(|(_, c)| &c.name);
    table.is_some_and(|table| {
        names.any(|name| table.uniques.iter().any(|unique| !unique.partial && unique.columns == [name.clone()]))
    })
}

fn children<'a>(world: &World<'a>, id: PopulationId, link: usize, attempt: u64) -> Frame<'a> {
    let parent = world.chain.populations[id].links[link].to;
    let count = world.rows(parent).len();
    let ranges: Vec<(u32, u32)> = (0..count)
        .map(|row| {
            let (lo, hi) = world.degrees(id, link, row);
            // As many as `has` says: where it says nothing, there are none.
            if hi == u32::MAX { (lo, lo) } else { (lo, hi) }
        })
        .collect();
    let width = ranges.iter().map(|range| range.1 as usize + 1).max().unwrap_or(1);
    let left = ones(world, parent);
    let right: Vec<Row> = (0..width).map(|n| Row { lo: 0, hi: u32::MAX, hash: n as u64 }).collect();
    let address = world.address(id).text("count");
    let (mut allowed, mut score) = (vec![false; count * width], vec![0; count * width]);
    for (row, (lo, hi)) in ranges.iter().enumerate() {
        let wanted = address.number(left[row].hash).number(attempt).between(i64::from(*lo), i64::from(*hi));
        for n in *lo..=*hi {
            allowed[row * width + n as usize] = true;
            score[row * width + n as usize] = -(i64::from(n) - wanted).abs();
        }
    }
    Frame {
        left,
        right,
        total: (0, u32::MAX),
        allowed,
        score,
        demands: Vec::new(),
        fill: Fill::ByLeft,
        options: indices(width),
        sampled: false,
        coarse: false,
    }
}

fn degree_rows(world: &World<'_>, child: PopulationId, link: usize, most: u32) -> Vec<Row> {
    let target = world.chain.populations[child].links[link].to;
    world
        .rows(target)
        .iter()
        .enumerate()
        .map(|(row, named)| {
            let (lo, hi) = world.degrees(child, link, row);
            Row { lo, hi: hi.min(most).max(lo), hash: named.hash }
        })
        .collect()
}

fn pairs<'a>(world: &World<'a>, id: PopulationId, attempt: u64) -> Frame<'a> {
    let population = &world.chain.populations[id];
    let (a, b) = (population.links[0].to, population.links[1].to);
    let (height, width) = (world.rows(a).len(), world.rows(b).len());
    let left = degree_rows(world, id, 0, width as u32);
    let right = degree_rows(world, id, 1, height as u32);
    let Rows::Pairs { total } = population.rows else { unreachable!("only relations have pairs") };
    let total = total.map_or((0, u32::MAX), |(total, _)| (total, total));
    let score = scores(world.address(id), attempt, &left, &right);
    let evaluator = Evaluator::new(world, None);
    let pair = |l: usize, r: usize| RowRef { population: id, row: l * width + r, pair: Some((l as u32, r as u32)) };
    let mut allowed = vec![true; height * width];
    for (index, link) in population.links.iter().enumerate().take(2) {
        if let Some(condition) = &link.allowed {
            for l in 0..height {
                for r in 0..width {
                    let target = RowRef { population: link.to, row: if index == 0 { l } else { r }, pair: None };
                    let holds = evaluator.own(pair(l, r), || evaluator.holds(target, condition));
                    allowed[l * width + r] &= holds != Some(false);
                }
            }
        }
    }
    for l in 0..height {
        for r in 0..width {
            // Never a row with itself.
            allowed[l * width + r] &= a != b || l != r;
            allowed[l * width + r] &= left[l].hi > 0;
        }
    }
    let mut demands = Vec::new();
    for column in 0..population.columns.len() {
        limit_by_times(world, id, column, total, &mut allowed, width, &mut demands);
    }
    Frame {
        left,
        right,
        total,
        allowed,
        score,
        demands,
        fill: Fill::ByLeft,
        options: indices(width),
        sampled: false,
        coarse: false,
    }
}

/// Pairs whose rows are too young for a column's time cannot be; shares of a mix need pairs old enough.
fn limit_by_times(
    world: &World<'_>,
    id: PopulationId,
    column: usize,
    total: (u32, u32),
    allowed: &mut [bool],
    width: usize,
    demands: &mut Vec<Demand>,
) {
    for case in &world.chain.populations[id].columns[column].cases {
        let after = times_after(&case.generator);
        if after.is_empty() {
            continue;
        }
        let evaluator = Evaluator::new(world, None);
        let mut floors = vec![i64::MIN; allowed.len()];
        for path in after {
            let mut by_end: std::collections::BTreeMap<(bool, u32), i64> = std::collections::BTreeMap::new();
            let first = matches!(path.steps.first(), Some(crate::scenario::Step::Link(0)));
            for (pair, floor) in floors.iter_mut().enumerate().filter(|(pair, _)| allowed[*pair]) {
                let ends = ((pair / width) as u32, (pair % width) as u32);
                let key = (first, if first { ends.0 } else { ends.1 });
                let time = *by_end.entry(key).or_insert_with(|| {
                    match evaluator.value(RowRef { population: id, row: pair, pair: Some(ends) }, path) {
                        Known::Value(Value::Time(time)) => time,
                        _ => i64::MIN,
                    }
                });
                *floor = (*floor).max(time);
            }
        }
        let lines: Vec<(i64, Option<Share>)> = match &case.generator {
            Generator::Time { to, .. } => vec![(*to, None)],
            Generator::Alternatives(lines) => {
                lines.iter().map(|line| (latest(&line.generator), Some(line.share))).collect()
            }
            _ => continue,
        };
        let last = lines.iter().map(|line| line.0).max().unwrap_or(i64::MAX);
        for (pair, floor) in floors.iter().enumerate() {
            allowed[pair] &= *floor < last;
        }
        let shares: Option<Vec<Share>> = lines.iter().map(|line| line.1).collect();
        let (Some(shares), true) = (shares, total.0 == total.1) else { continue };
        let Ok(parts) = apportion(&shares, total.0) else { continue };
        // Lines that end earliest are the hardest to have: those that end by each moment, together.
        for (line, (end, _)) in lines.iter().enumerate().filter(|(_, (end, _))| *end < last) {
            let needed: u32 =
                lines.iter().zip(&parts).filter(|((other, _), _)| other <= end).map(|(_, part)| part).sum();
            let terms = (0..allowed.len())
                .filter(|pair| allowed[*pair] && floors[*pair] < *end)
                .map(|pair| (pair as u32, 1))
                .collect();
            let origin = Origin::Capability { population: id, column, line };
            demands.push(Demand { clause: linear(i64::from(needed), i64::MAX, terms), origin });
        }
    }
}

/// Returns the latest moment a generator can make.
fn latest(generator: &Generator) -> i64 {
    match generator {
        Generator::Time { to, base: None, .. } => *to,
        _ => i64::MAX,
    }
}

fn reference<'a>(world: &World<'a>, id: PopulationId, link: usize, attempt: u64) -> Result<Frame<'a>, Box<Diagnostic>> {
    let declared = &world.chain.populations[id].links[link];
    let (height, width) = (world.rows(id).len(), world.rows(declared.to).len());
    let given = match declared.share {
        None => height as u32,
        Some(share) => apportion(&[share, Share::Rest], height as u32).map(|parts| parts[0]).map_err(|problem| {
            Box::new(
                Diagnostic::new("shares-do-not-fit", format!("this share does not fit: {problem}"))
                    .at(declared.share_span, format!("for {height} rows"))
                    .help("write a percentage, or a smaller number"),
            )
        })?,
    };
    let lo = u32::from(declared.share.is_none());
    // A row that is of another kind refers to a row elsewhere.
    let of_kind = |row: usize| match &declared.when {
        Some(when) => {
            world.sets[id].columns[when.column].as_ref().is_some_and(|kinds| same_value(&kinds[row], &when.value))
        }
        None => true,
    };
    let given = if declared.when.is_some() { (0..height).filter(|row| of_kind(*row)).count() as u32 } else { given };
    let left: Vec<Row> = (world.rows(id).iter().enumerate())
        .map(|(row, named)| {
            let has = u32::from(of_kind(row));
            Row { lo: lo.min(has), hi: has, hash: named.hash }
        })
        .collect();
    let right = degree_rows(world, id, link, height as u32);
    let address = world.address(id).text(&declared.name).text(&world.chain.populations[declared.to].name);
    let address = if attempt > 0 { address.number(attempt) } else { address };
    // Without limits every row is as likely; with them, the middle of the range is the weight.
    let even = (2 * height / width.max(1)) as u32 + 1;
    let weights: Vec<u32> = right.iter().map(|row| row.lo + row.hi.min(row.lo.max(even))).collect();
    let mut score = Vec::with_capacity(height * width);
    for l in &left {
        let address = address.number(l.hash);
        for (r, weight) in right.iter().zip(&weights) {
            score.push(weighted_score(address.number(r.hash).bits(), *weight));
        }
    }
    if let Some(tree) = declared.tree {
        tree::prefer_earlier(&mut score, &left, given as usize, tree.deep);
    }
    let mut allowed = vec![true; height * width];
    let evaluator = Evaluator::new(world, None);
    for row in 0..height {
        for target in 0..width {
            let at = RowRef { population: declared.to, row: target, pair: None };
            let own = RowRef { population: id, row, pair: None };
            let itself = declared.to == id && row == target;
            let fits =
                declared.allowed.as_ref().is_none_or(|c| evaluator.own(own, || evaluator.holds(at, c)) != Some(false));
            allowed[row * width + target] = fits && !itself && left[row].hi > 0;
        }
    }
    let total = (given, given);
    Ok(Frame {
        left,
        right,
        total,
        allowed,
        score,
        demands: Vec::new(),
        fill: Fill::ByLeft,
        options: indices(width),
        sampled: false,
        coarse: false,
    })
}
