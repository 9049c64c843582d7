//! What the benches share: the dataset of m01, m02 and m03, and how times are told.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use seedbed::{Database, Project, Receipt, Target};
use seedbed_core::dataset::Dataset;
use seedbed_core::generate::{Parameters, generate};
use seedbed_core::value::Value;
use seedbed_render::password;

/// 2026-11-22 00:00 UTC.
pub(crate) const TODAY: i64 = 1_795_305_600;
pub(crate) const PARENTS_FIRST: [&str; 7] = [
    "users_user",
    "users_profile",
    "users_privacysettings",
    "users_follow",
    "flyers_flyer",
    "flyers_flyerimage",
    "flyers_favorite",
];
/// Nine rows in three tables.
pub(crate) const DAMAGE: &str = "
    UPDATE flyers_flyer SET title = 'x' WHERE id IN (SELECT id FROM flyers_flyer ORDER BY id LIMIT 3);
    UPDATE users_user SET bio = 'x' WHERE id IN (SELECT id FROM users_user ORDER BY id LIMIT 3);
    DELETE FROM flyers_favorite WHERE id IN (SELECT id FROM flyers_favorite ORDER BY id LIMIT 3);";

/// Times of one thing, a round each.
pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) times: Vec<Duration>,
}

/// Returns how many rounds were asked for.
pub(crate) fn rounds() -> usize {
    std::env::args().filter_map(|argument| argument.parse().ok()).next_back().unwrap_or(15)
}

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the repository is there")
}

/// Returns the dataset, with the time for reading the files and for generating.
pub(crate) fn make(repository: &Path) -> ((Duration, Duration), Dataset) {
    let ((chain, schema), reading) = timed(|| {
        let project = Project::find(repository).expect("the project of this repository");
        let schema = project.declared_schema().expect("a schema that SQLite takes").expect("a schema");
        let files = project.files(&["m03"]).expect("m03 and what it requires");
        (project.chain(&files, Some(&schema)).expect("valid scenarios"), schema)
    });
    let parameters = Parameters { seed: 1, worker: 0, as_of: TODAY };
    let (generated, generating) = timed(|| generate(&chain, Some(&schema), parameters).expect("a dataset"));
    ((reading, generating), generated.dataset)
}

/// Puts the stored form in place of every password; returns how many there were.
pub(crate) fn hash_passwords(dataset: &mut Dataset) -> usize {
    let mut known = std::collections::BTreeMap::new();
    let seed = dataset.seed;
    let rows = dataset.blocks.iter_mut().flat_map(|block| &mut block.rows);
    for value in rows.flat_map(|row| &mut row.values) {
        if let Value::Password(password) = value {
            let hash = known.entry(password.clone()).or_insert_with_key(|password| password::hash(seed, password));
            *value = Value::text(hash);
        }
    }
    known.len()
}

pub(crate) fn with(
    database: &mut dyn Database,
    dataset: &Dataset,
    verb: impl FnOnce(&mut Target<'_>) -> seedbed::Result<Receipt>,
) -> Receipt {
    let mut target = Target {
        database,
        dataset,
        levels: 0..dataset.scenarios.len(),
        media: None,
        now: TODAY,
        as_of: Some(TODAY),
        scale: None,
        lock_timeout: Duration::from_secs(5),
        bookkeeping: &[],
        program: "seedbed",
        notice: &mut |_| {},
    };
    verb(&mut target).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn seed(database: &mut dyn Database, dataset: &Dataset) -> Receipt {
    with(database, dataset, seedbed::seed)
}

/// Tells the times, beside those of the line `by_hand`.
pub(crate) fn report(engine: &str, lines: &[Line], by_hand: usize, rows: usize) {
    let (rounds, by_hand) = (lines[by_hand].times.len(), median(&lines[by_hand].times));
    println!(
        "m01 m02 m03 on {engine}: {rows} rows, {rounds} rounds, median (fastest, slowest), beside the loop by hand"
    );
    for Line { name, times } in lines {
        let (fastest, slowest) = (times.iter().min().copied(), times.iter().max().copied());
        let (middle, fastest, slowest) = (median(times), fastest.unwrap_or_default(), slowest.unwrap_or_default());
        let ratio = middle.as_secs_f64() / by_hand.as_secs_f64();
        println!("  {name:38} {:>9}  ({:>9} {:>9})  x {ratio:.2}", ms(middle), ms(fastest), ms(slowest));
    }
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    let answer = work();
    (answer, started.elapsed())
}

pub(crate) fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
