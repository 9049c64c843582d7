//! Settling: a solution as the world sees it, with the values that follow from it.

use super::decision::{Decision, OptionKind, Options};
use super::draw::{Drawer, case_of};
use super::world::World;
use crate::diagnostic::Diagnostic;
use crate::scenario::{Generator, PopulationId, Rows};

/// Writes a solution into the world; `chosen` are the options of each row.
pub(super) fn settle<'a>(
    world: &mut World<'a>,
    decision: Decision,
    chosen: &[Vec<u32>],
    options: Option<&Options<'a>>,
    attempt: u64,
) -> Result<(), Box<Diagnostic>> {
    match decision {
        Decision::Partition(index) => {
            world.members[index] = Some(chosen.iter().map(|options| options[0] as usize).collect());
        }
        Decision::Link(id, link) => {
            let to = chosen.iter().map(|options| options.first().copied()).collect();
            world.set_link(id, link, to);
        }
        Decision::Rows(id) => settle_rows(world, id, chosen),
        Decision::Column(population, column) => {
            return settle_column(world, (population, column), chosen, options, attempt);
        }
    }
    Ok(())
}

fn settle_rows(world: &mut World<'_>, id: PopulationId, chosen: &[Vec<u32>]) {
    match world.chain.populations[id].rows {
        Rows::OnePer(link) => {
            let parent = world.chain.populations[id].links[link].to;
            let rows: Vec<_> = world.rows(parent).iter().map(|row| world.named(id, &row.name, row.number)).collect();
            let to = (0..rows.len()).map(|row| Some(row as u32)).collect();
            world.sets[id].rows = Some(rows);
            world.set_link(id, link, to);
        }
        Rows::Children(link) => {
            let parent = world.chain.populations[id].links[link].to;
            let step = world.step_of(id, link);
            let (mut rows, mut to) = (Vec::new(), Vec::new());
            for (index, options) in chosen.iter().enumerate() {
                let owner = &world.rows(parent)[index];
                for position in 0..options[0] {
                    let number = owner.number * step + u64::from(position) + 1;
                    rows.push(world.named(id, &format!("{}.{position}", owner.name), number));
                    to.push(Some(index as u32));
                }
            }
            world.sets[id].rows = Some(rows);
            world.set_link(id, link, to);
        }
        Rows::Pairs { .. } => {
            let links = &world.chain.populations[id].links;
            let (a, b) = (links[0].to, links[1].to);
            let step = world.step_of(id, 0);
            let (mut rows, mut left, mut right) = (Vec::new(), Vec::new(), Vec::new());
            for (index, options) in chosen.iter().enumerate() {
                let owner = &world.rows(a)[index];
                let mut ends: Vec<(u32, u64)> =
                    options.iter().map(|to| (*to, world.rows(b)[*to as usize].hash)).collect();
                let places = places(&mut ends, step - 1);
                for ((to, _), place) in ends.iter().zip(places) {
                    let name = format!("{}>{}", owner.name, world.rows(b)[*to as usize].name);
                    rows.push(world.named(id, &name, owner.number * step + place));
                    left.push(Some(index as u32));
                    right.push(Some(*to));
                }
            }
            world.sets[id].rows = Some(rows);
            world.set_link(id, 0, left);
            world.set_link(id, 1, right);
        }
        Rows::Named(_) => {}
    }
}

/// Gives each end a place from 1 to `room`: by the hash of its key, with probing, so that replacing
/// one pair moves no other pair's key.
fn places(ends: &mut [(u32, u64)], room: u64) -> Vec<u64> {
    ends.sort_by_key(|(_, hash)| *hash);
    let mut taken: Vec<u64> = Vec::new();
    for (_, hash) in ends.iter() {
        let mut place = hash % room;
        while taken.contains(&(place + 1)) {
            place = (place + 1) % room;
        }
        taken.push(place + 1);
    }
    taken
}

fn settle_column<'a>(
    world: &mut World<'a>,
    (population, column): (PopulationId, usize),
    chosen: &[Vec<u32>],
    options: Option<&Options<'a>>,
    attempt: u64,
) -> Result<(), Box<Diagnostic>> {
    let mut drawer = Drawer::new(world, population, column, attempt);
    let mut lines: Vec<(&'a Generator, crate::source::Span, Vec<usize>)> = Vec::new();
    for row in 0..world.rows(population).len() {
        let Some((generator, mut span)) = case_of(world, population, column, row) else { continue };
        let option = chosen.get(row).and_then(|options| options.first());
        let generator = match (option, options.map(|options| &options.kinds)) {
            (Some(option), Some(kinds)) => match kinds[*option as usize] {
                OptionKind::Line(line) => {
                    if let Generator::Alternatives(lines) = generator {
                        let own = lines.iter().find(|other| std::ptr::eq(&raw const other.generator, line));
                        span = own.map_or(span, |own| own.span);
                    }
                    line
                }
                OptionKind::Entry(entry, index) => {
                    drawer.picked[row] = index as u32;
                    drawer.made_by[row] = Some(generator);
                    drawer.values[row] = entry[0].clone();
                    continue;
                }
                OptionKind::Draw => {
                    drawer.made_by[row] = Some(generator);
                    drawer.values[row] = options.expect("there are options").draws[row][*option as usize].clone();
                    continue;
                }
                OptionKind::Index => generator,
            },
            _ => generator,
        };
        match lines.iter_mut().find(|(known, ..)| std::ptr::eq(*known, generator)) {
            Some((.., rows)) => rows.push(row),
            None => lines.push((generator, span, vec![row])),
        }
    }
    for (generator, span, rows) in lines {
        drawer.draw(&rows, generator, span);
    }
    let Drawer { values, picked, made_by, pictures, problem, .. } = drawer;
    if let Some(problem) = problem {
        return Err(Box::new(problem));
    }
    world.sets[population].columns[column] = Some(values);
    world.picked[population][column] = Some(picked);
    world.made_by[population][column] = made_by;
    world.pictures.retain(|picture| (picture.population, picture.column) != (population, column));
    world.pictures.extend(pictures);
    Ok(())
}
