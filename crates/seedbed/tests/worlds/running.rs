//! Running: a world from its first row to its last, every step judged.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::Range;
use std::time::Duration;

use seedbed::{Database, Error, Receipt, Target};
use seedbed_core::dataset::Dataset;
use seedbed_core::diagnostic::{Diagnostic, render};
use seedbed_core::generate::{Parameters, generate};
use seedbed_core::scenario::{Chain, Files, read};
use seedbed_core::source::Source;

use super::Dice;
use super::application::{Application, Dump, Rows, open};
use super::editing::Editor;
use super::judging::{Judge, Place, first_difference};
use super::making::{Action, CANARIES, Engine, How, Key, World};

/// 2026-11-22 00:00 UTC.
const TODAY: i64 = 1_795_305_600;

/// How often people take rows away before it must work.
const PATIENCE: usize = 12;

/// How a world ended.
pub(crate) enum Outcome {
    /// Every promise was kept; how much of what there was.
    Kept(BTreeMap<&'static str, u64>),
    /// Its scenario is rightly refused, by this rule.
    Refused(String),
    /// A promise was broken.
    Broken(String),
}

/// Runs a world with those of its edits that `keep` says.
pub(crate) fn run(world: &World, keep: impl Fn(usize) -> bool) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let (application, database) = open(world, folder.path());
    let mut round = Round { world, application, database, counts: BTreeMap::new(), told: String::new() };
    match round.whole(keep) {
        Ok(None) => Outcome::Kept(round.counts),
        Ok(Some(code)) => Outcome::Refused(code),
        Err(breach) => Outcome::Broken(format!("{}{breach}", round.told)),
    }
}

/// Returns the report of a broken world with as few edits as break it.
pub(crate) fn shrunk(world: &World, breach: &str) -> String {
    let mut dropped = BTreeSet::new();
    let mut least = breach.to_owned();
    for edit in 0..world.edits {
        let mut fewer = dropped.clone();
        fewer.insert(edit);
        if let Outcome::Broken(breach) = run(world, |edit| !fewer.contains(&edit)) {
            (dropped, least) = (fewer, breach);
        }
    }
    let (number, engine, files) = (world.number, world.engine, world.files().join("---\n"));
    format!("== world {number} on {engine:?}\n{}\n{files}\n{least}\n== WORLD={number}, {engine:?}\n", world.ddl())
}

struct Round<'a> {
    world: &'a World,
    application: Application,
    database: Box<dyn Database>,
    counts: BTreeMap<&'static str, u64>,
    /// What happened so far.
    told: String,
}

type Step = Result<(), String>;

/// A verb with its target.
struct Stage<'a> {
    chain: &'a Chain,
    dataset: &'a Dataset,
    judge: Judge<'a>,
    start: Dump,
}

impl Round<'_> {
    fn whole(&mut self, keep: impl Fn(usize) -> bool) -> Result<Option<String>, String> {
        self.count_parts();
        let files = self.world.files();
        let sources: Vec<Source> = (files.iter().enumerate())
            .map(|(at, text)| Source { path: format!("s{}.yaml", at + 1), text: text.clone() })
            .collect();
        let files = Files { scenarios: (0..sources.len()).collect(), sources, lists: Vec::new() };
        let schema = self.database.schema().map_err(|error| format!("catalogue: {}", error.message))?;
        let refused = |problems: Vec<Diagnostic>, files: &Files| {
            if std::env::var_os("WORLD").is_some() {
                println!("{}", render(&problems, &files.sources, false));
            }
            problems.first().map_or_else(String::new, |problem| problem.code.to_owned())
        };
        let chain = match read(&files, Some(&schema)) {
            Ok(chain) => chain,
            Err(problems) => return Ok(Some(refused(problems, &files))),
        };
        let parameters = Parameters { seed: self.world.number, worker: self.world.worker, as_of: TODAY };
        let dataset = match generate(&chain, Some(&schema), parameters) {
            Ok(generated) => generated.dataset,
            Err(problems) => return Ok(Some(refused(problems, &files))),
        };
        self.put_canaries()?;
        let start = self.dump();
        let judge = Judge::new(self.world, &dataset);
        let stage = Stage { chain: &chain, dataset: &dataset, judge, start };
        self.seed_first(&stage)?;
        self.edit(&stage, keep);
        self.plan_and_reset(&stage)?;
        self.clean_up(&stage)?;
        Ok(None)
    }

    fn dump(&mut self) -> Dump {
        self.application.dump(self.world)
    }

    fn tell(&mut self, line: &str) {
        writeln!(self.told, "  {line}").unwrap();
    }

    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    fn verb<T>(
        &mut self,
        stage: &Stage<'_>,
        levels: Range<usize>,
        verb: impl FnOnce(&mut Target<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        verb(&mut Target {
            scale: None,
            database: &mut *self.database,
            dataset: stage.dataset,
            levels,
            media: None,
            now: TODAY + 3_600,
            as_of: None,
            lock_timeout: Duration::from_secs(5),
            bookkeeping: &[],
            program: "seedbed",
            notice: &mut |_| {},
        })
    }

    fn whole_verb(
        &mut self,
        stage: &Stage<'_>,
        verb: impl FnOnce(&mut Target<'_>) -> Result<Receipt, Error>,
    ) -> Result<Receipt, Error> {
        self.verb(stage, 0..self.world.layers, verb)
    }

    fn put_canaries(&mut self) -> Step {
        if !self.world.canaries {
            return Ok(());
        }
        let tables = 0..self.world.tables.len();
        let inserts: Vec<String> = tables
            .flat_map(|table| (0..CANARIES).map(move |which| (table, which)))
            .map(|(table, which)| self.world.insert(table, &self.world.canary(table, which)))
            .collect();
        self.application
            .run_unchecked(&inserts.join(";\n"))
            .map_err(|error| format!("canaries: {error}\n{inserts:#?}"))?;
        if self.world.engine == Engine::Postgres {
            // As they stand where the application itself made the row.
            let counters = self.world.tables.iter().filter(|table| table.key == Key::Counter);
            let moves: Vec<String> = counters
                .map(|table| format!("SELECT setval(pg_get_serial_sequence('\"{}\"', 'id'), 1)", table.name))
                .collect();
            self.application.run(&moves.join("; "))?;
        }
        seedbed::allow(&mut *self.database, TODAY, Duration::from_secs(5), &mut |_| {})
            .map_err(|error| format!("allow: {error}"))?;
        Ok(())
    }

    fn seed_first(&mut self, stage: &Stage<'_>) -> Step {
        let planned =
            self.whole_verb(stage, |target| seedbed::plan(target, None)).map_err(|error| format!("plan: {error}"))?;
        self.unchanged("plan", &stage.start.clone())?;
        let seeded = self.whole_verb(stage, seedbed::seed).map_err(|error| format!("seed: {error}"))?;
        let after = self.dump();
        if planned.plan != seeded.plan {
            return Err("seed: it did something else than it planned".into());
        }
        same("seed", self.world, &stage.start.tables, &stage.judge.others(&after))?;
        declared("seed", stage, &after)?;
        self.verify(stage)?;
        self.in_sync(stage)
    }

    /// A second seed finds nothing to do.
    fn in_sync(&mut self, stage: &Stage<'_>) -> Step {
        let before = self.dump();
        let again = self.whole_verb(stage, seedbed::seed).map_err(|error| format!("seed again: {error}"))?;
        if again.written {
            return Err(format!("seed again: it wrote {:#?}", again.plan));
        }
        self.unchanged("seed again", &before)
    }

    fn unchanged(&mut self, step: &str, before: &Dump) -> Step {
        let after = self.dump();
        same(step, self.world, &before.tables, &after.tables)?;
        if after == *before { Ok(()) } else { Err(format!("{step}: counters or state were changed")) }
    }

    fn verify(&mut self, stage: &Stage<'_>) -> Step {
        let before = self.dump();
        let verified = self
            .verb(stage, 0..self.world.layers, |target| seedbed::verify(target, stage.chain))
            .map_err(|error| format!("verify: {error}"))?;
        if let Some(check) = verified.report.failing().next() {
            return Err(format!("verify: {check:#?}"));
        }
        if verified.receipt.plan.has_own_work() {
            return Err(format!("verify: {:#?}", verified.receipt.plan));
        }
        self.unchanged("verify", &before)
    }

    fn edit(&mut self, stage: &Stage<'_>, keep: impl Fn(usize) -> bool) {
        for number in (0..self.world.edits).filter(|&number| keep(number)) {
            let dump = self.dump();
            let editor = Editor { world: self.world, judge: &stage.judge, dump: &dump, number };
            let mut dice = Dice::new(self.world.number, 100 + number as u64);
            let Some((what, sql)) = editor.edit(&mut dice) else { continue };
            match self.application.run(&sql) {
                Ok(()) => {
                    self.tell(&sql);
                    self.count(what);
                }
                Err(_) => self.count("edits that the engine refused"),
            }
        }
    }

    fn plan_and_reset(&mut self, stage: &Stage<'_>) -> Step {
        for _ in 0..PATIENCE {
            let before = self.dump();
            let around = stage.judge.around(&before, true);
            if !around.debris.is_empty() {
                self.count("debris");
            }
            if !around.entangled.is_empty() {
                self.count("entangled rows");
            }
            // A plan may not be able to show what is in the way; it never writes.
            let _ = self.whole_verb(stage, |target| seedbed::plan(target, None));
            self.unchanged("plan", &before)?;
            match self.whole_verb(stage, |target| seedbed::reset(target, None)) {
                Ok(_) => {
                    let after = self.dump();
                    let wanted = without(stage.judge.others(&before), &around.debris);
                    same("reset", self.world, &wanted, &stage.judge.others(&after))?;
                    declared("reset", stage, &after)?;
                    self.verify(stage)?;
                    return self.in_sync(stage);
                }
                Err(error) => {
                    let culprits = stage.judge.in_the_way(&before, &around);
                    self.refused("reset", stage, &before, &error, &culprits)?;
                }
            }
        }
        Err("reset: it is refused however many of the rows that it names go".into())
    }

    /// A refusal is right if it names rows of other people that really are in the way, and if
    /// nothing was written; then those people take them away.
    fn refused(
        &mut self,
        step: &str,
        stage: &Stage<'_>,
        before: &Dump,
        error: &Error,
        culprits: &BTreeSet<Place>,
    ) -> Step {
        self.tell(&format!("{step} is refused: {}", error.to_string().replace('\n', " | ")));
        if error.exit_code() != 4 {
            return Err(format!("{step}: exit {}: {error}\nin the way are {culprits:?}", error.exit_code()));
        }
        self.unchanged(step, before)?;
        let named: BTreeSet<&Place> = (culprits.iter())
            .filter(|place| {
                let name = format!("{} ", stage.judge.name(place));
                error.details.iter().any(|line| line.starts_with(&name))
            })
            .collect();
        // What an index over expressions binds is known to the database alone, and said by it.
        let by_the_engine = error.rule == "unique-value-taken" && !culprits.is_empty();
        if named.len() < error.details.len() && !by_the_engine {
            return Err(format!("{step}: not each of these is in the way: {error}\nin the way are {culprits:?}"));
        }
        let go: Vec<Place> =
            if by_the_engine { culprits.iter().cloned().collect() } else { named.into_iter().cloned().collect() };
        if go.is_empty() {
            return Err(format!("{step}: it names no row: {error}"));
        }
        self.count("refusals");
        self.take_away(before, go)
    }

    /// Somebody deletes rows, and what refers to them.
    fn take_away(&mut self, dump: &Dump, mut open: Vec<Place>) -> Step {
        let mut gone: BTreeSet<Place> = BTreeSet::new();
        let mut deletes = Vec::new();
        while let Some(place) = open.pop() {
            if !gone.insert(place.clone()) {
                continue;
            }
            let (table, key) = &place;
            let cells = &dump.tables[*table][key];
            let finding = self.world.finding(*table, key, cells);
            deletes.push(format!("DELETE FROM \"{}\" WHERE {finding}", self.world.tables[*table].name));
            for (from, of) in self.world.tables.iter().enumerate() {
                for reference in of.references.iter().filter(|reference| reference.to == *table) {
                    let target = &self.world.tables[*table];
                    let wanted: Vec<_> =
                        reference.to_columns.iter().map(|name| &cells[target.position(name)]).collect();
                    for (key, row) in &dump.tables[from] {
                        let held: Vec<_> = reference.columns.iter().map(|name| &row[of.position(name)]).collect();
                        if held == wanted {
                            open.push((from, key.clone()));
                        }
                    }
                }
            }
        }
        self.tell(&deletes.join("; "));
        self.application.run_unchecked(&deletes.join("; "))
    }

    fn clean_up(&mut self, stage: &Stage<'_>) -> Step {
        for _ in 0..PATIENCE {
            let before = self.dump();
            let around = stage.judge.around(&before, false);
            match self.whole_verb(stage, seedbed::cleanup) {
                Ok(_) => {
                    let after = self.dump();
                    if !around.entangled.is_empty() {
                        return Err(format!("cleanup: it went by {:?}", around.entangled));
                    }
                    let wanted = without(stage.judge.others(&before), &around.debris);
                    same("cleanup", self.world, &wanted, &after.tables)?;
                    return self.ended(stage, &before, &after);
                }
                Err(error) => self.refused("cleanup", stage, &before, &error, &around.entangled)?,
            }
        }
        Err("cleanup: it is refused however many of the rows that it names go".into())
    }

    fn ended(&mut self, stage: &Stage<'_>, before: &Dump, after: &Dump) -> Step {
        let wanted = stage.judge.counters(&stage.start, before, after);
        if after.counters != wanted {
            return Err(format!("cleanup: counters are {:?}, promised {wanted:?}", after.counters));
        }
        if self.counts.keys().all(|what| !what.contains("row") && !what.contains("unique")) {
            self.count("left as if nothing had been");
        }
        let again = self.whole_verb(stage, seedbed::cleanup).map_err(|error| format!("cleanup again: {error}"))?;
        if again.written {
            return Err(format!("cleanup again: it wrote {:#?}", again.plan));
        }
        Ok(())
    }

    /// Counts what the world is made of.
    fn count_parts(&mut self) {
        let world = self.world;
        for (index, table) in world.tables.iter().enumerate() {
            self.count(match table.key {
                Key::Rowid => "rowid keys",
                Key::Counter => "counted keys",
                Key::Uuid => "uuid keys",
                Key::Text => "text keys",
                Key::One => "keys that are a reference",
                Key::Pair | Key::Line | Key::Batch | Key::Named => "composite keys",
                Key::None => "tables without a key",
            });
            for reference in &table.references {
                self.count(match reference.action {
                    Action::Nothing => "NO ACTION",
                    Action::Restrict => "RESTRICT",
                    Action::Cascade => "CASCADE",
                    Action::SetNull => "SET NULL",
                    Action::SetDefault => "SET DEFAULT",
                });
                if reference.to == index {
                    let tree = reference.link.as_ref().is_some_and(|link| link.tree);
                    self.count(if tree { "trees" } else { "self references" });
                }
                if reference.to > index {
                    self.count("circles of tables");
                }
                if reference.columns.len() > 1 {
                    self.count("references to composite keys");
                }
                if reference.moves_with_key {
                    self.count("ON UPDATE CASCADE");
                }
                if reference.owner {
                    self.count("owners");
                }
            }
            for unique in &table.uniques {
                self.count(match unique.how {
                    How::Constraint | How::Index => "unique indexes",
                    How::Partial => "partial indexes",
                    How::Small => "indexes over expressions",
                });
            }
            if table.columns.iter().any(|column| column.computed.is_some()) {
                self.count("computed columns");
            }
            if table.columns.iter().any(|column| column.check.is_some()) {
                self.count("checks");
            }
            if table.choice.is_some() {
                self.count("references to one of several");
            }
            self.count(if table.tag { "tables with a tag" } else { "tables without a tag" });
            if table.second.is_some() {
                self.count("tables of two populations");
            }
        }
        if world.layers > 1 {
            self.count("two layers");
        }
        if world.canaries {
            self.count("canaries");
        }
    }
}

/// Returns the rows that stay when debris goes.
fn without(mut tables: Vec<Rows>, debris: &BTreeSet<Place>) -> Vec<Rows> {
    for (table, key) in debris {
        tables[*table].remove(key);
    }
    tables
}

fn same(step: &str, world: &World, before: &[Rows], after: &[Rows]) -> Step {
    match first_difference(world, before, after) {
        None => Ok(()),
        Some(difference) => Err(format!("{step}: a row of other people: {difference}")),
    }
}

fn declared(step: &str, stage: &Stage<'_>, dump: &Dump) -> Step {
    let difference = stage.judge.difference(dump).or_else(|| stage.judge.counter_inside(dump));
    difference.map_or(Ok(()), |difference| Err(format!("{step}: {difference}")))
}
