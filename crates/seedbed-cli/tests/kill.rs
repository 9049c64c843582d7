//! A verb that is killed at any moment leaves the database as it was before or as it is after,
//! every file whole, and nothing that the same verb, typed again, does not mend.
//!
//! `PROVE=1000` makes it 2,000 kills. A moment is drawn from the course and the number of the kill;
//! three of four fall into creation, writing
//! and commit, which the test sees beginning.

#[path = "kill/small.rs"]
mod small;
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rusqlite::Connection;
use support::Project;

const DATABASE: &str = "pockitflyer_backend/db.sqlite3";
const MEDIA: &str = "pockitflyer_backend/media";
const SEED: &[&str] = &["seed", "m03", "--as-of", "2026-11-22"];

/// Two real people with rows in every table.
const PEOPLE: &str = "
    INSERT INTO users_user (id, password, is_superuser, username, first_name, last_name, is_staff, is_active,
        date_joined, is_e2e_test_data, email, email_verified, created_at, updated_at)
    VALUES (11, '', 0, 'anna', '', '', 0, 1, '2020-01-01 00:00:00', 0, 'anna@example.org', 0, '2020', '2020'),
           (12, '', 0, 'ben', '', '', 0, 1, '2020-01-01 00:00:00', 1, 'ben@example.org', 0, '2020', '2020');
    INSERT INTO users_profile VALUES (11, 0, NULL, 'Anna', '2020', '2020', 11), (12, 1, NULL, 'Ben', '2020', '2020', 12);
    INSERT INTO users_privacysettings VALUES (11, 0, 1, '2020', '2020', 11);
    INSERT INTO users_follow VALUES (21, 0, '2020', 11, 12);
    INSERT INTO flyers_flyer VALUES
        (31, 0, 'Flat to let', 'Two rooms', 'event', 'Bern', 46.9, 7.4, 1, '2020', '2030', '2020', '2020', 11);
    INSERT INTO flyers_flyerimage VALUES (41, 0, 'flyer_images/anna.png', 0, '2020', 31);
    INSERT INTO flyers_favorite VALUES (51, 0, '2020', 12, 31);";

/// What tests and accidents do to a seeded database.
const DAMAGE: &str = "
    DELETE FROM flyers_favorite WHERE id > 1000000;
    DELETE FROM users_follow WHERE id > 1000000;
    DELETE FROM flyers_flyerimage WHERE id > 1000000 AND id % 2 = 0;
    UPDATE flyers_flyer SET title = 'x', description = 'y' WHERE id > 1000000;
    UPDATE users_user SET bio = 'x', is_active = 0 WHERE id > 1000000;
    UPDATE users_privacysettings SET allow_email_contact = 1 - allow_email_contact WHERE id > 1000000;
    INSERT INTO flyers_favorite (is_e2e_test_data, created_at, user_id, flyer_id)
        SELECT 0, '2026-11-22 10:00:00', (SELECT id FROM users_user WHERE username = 'test_user_new'), id
        FROM flyers_flyer WHERE id > 1000000;";

type Files = BTreeMap<String, Vec<u8>>;
type Tables = BTreeMap<String, Vec<String>>;

/// A verb, and what stands before and after it.
struct Course {
    name: &'static str,
    project: Project,
    verb: &'static [&'static str],
    before: Snapshot,
    after: Snapshot,
    /// What a first creation leaves before anything is seeded.
    made: Option<Tables>,
    seeded: Snapshot,
    whole: Duration,
    writing: Duration,
}

#[derive(Clone)]
struct Snapshot {
    database: Option<Vec<u8>>,
    tables: Tables,
    files: Files,
}

#[derive(Debug, Default)]
struct Counts {
    kills: usize,
    ended: usize,
    before: usize,
    made: usize,
    after: usize,
    repairs: usize,
}

#[test]
fn a_killed_verb_leaves_before_or_after_and_the_next_one_mends() {
    let kills = std::env::var("PROVE").map_or(40, |prove| 2 * prove.parse::<usize>().expect("PROVE is a number"));
    let courses: [(usize, fn() -> Course); 5] = [
        (3, || course("first seed, no database file", SEED, |_| {})),
        (5, || course("seed over damage", SEED, |project| seeded(project, false))),
        (4, || course("seed over damage, other people's rows", SEED, |project| seeded(project, true))),
        (5, || course("reset after damage", &["reset", "m03"], |project| seeded(project, true))),
        (3, || course("cleanup m01", &["cleanup", "m01"], |project| seeded(project, true))),
    ];
    let shares: usize = courses.iter().map(|(share, _)| share).sum();
    let counts = thread::scope(|scope| {
        let kill = |(share, course): (usize, fn() -> Course)| {
            scope.spawn(move || course().kill((kills * share).div_ceil(shares)))
        };
        let threads: Vec<_> = courses.into_iter().map(kill).collect();
        threads.into_iter().map(|thread| thread.join().expect("every kill is survived")).collect::<Vec<_>>()
    });
    let sum = |part: fn(&Counts) -> usize| counts.iter().map(part).sum::<usize>();
    println!(
        "{} kills: {} before, {} with the empty database made, {} after ({} had ended), {} needed repair of files",
        sum(|c| c.kills),
        sum(|c| c.before),
        sum(|c| c.made),
        sum(|c| c.after),
        sum(|c| c.ended),
        sum(|c| c.repairs)
    );
}

/// Seeds, lets other people in, and damages.
fn seeded(project: &Project, people: bool) {
    if people {
        project.migrate();
        project.sql(PEOPLE);
        project.call(&["allow", "db.sqlite3"]).done();
    }
    project.call(SEED).done();
    project.sql(DAMAGE);
    let pictures = project.path().join(MEDIA).join("flyer_images");
    for (number, picture) in fs::read_dir(pictures).unwrap().enumerate() {
        match number % 8 {
            0 => fs::remove_file(picture.unwrap().path()).unwrap(),
            1 => fs::write(picture.unwrap().path(), "not a picture").unwrap(),
            _ => {}
        }
    }
}

fn course(name: &'static str, verb: &'static [&'static str], prepare: impl Fn(&Project)) -> Course {
    let project = Project::new();
    prepare(&project);
    let before = snapshot(&project);
    let started = Instant::now();
    project.call(verb).done();
    let whole = started.elapsed();
    let after = snapshot(&project);
    project.call(SEED).done();
    let seeded = snapshot(&project);
    let made = before.database.is_none().then(|| {
        let empty = Project::new();
        empty.migrate();
        tables(&empty.path().join(DATABASE))
    });
    if made.is_none() {
        assert_eq!(canaries(&before.tables), canaries(&after.tables));
        assert_eq!(canaries(&before.tables), canaries(&seeded.tables));
    }
    let mut course = Course { name, project, verb, before, after, made, seeded, whole, writing: Duration::ZERO };
    course.put_back();
    let (signs, mut child) = (course.signs(), course.start());
    course.wait_for(&signs, &mut child);
    let writes = Instant::now();
    child.wait().unwrap();
    course.writing = writes.elapsed();
    course
}

impl Course {
    fn kill(mut self, kills: usize) -> Counts {
        let mut counts = Counts::default();
        for number in 0..kills {
            self.kill_once(number as u64, &mut counts);
        }
        println!("{:40} {counts:?}, runs take {:?}, writing {:?}", self.name, self.whole, self.writing);
        counts
    }

    fn kill_once(&mut self, number: u64, counts: &mut Counts) {
        self.put_back();
        let signs = self.signs();
        let creation = self.made.is_some().then(|| self.modified(Path::new("pockitflyer_backend")));
        let mut child = self.start();
        let drawn = splitmix(number ^ (self.name.len() as u64) << 32);
        let span = match (number % 4, &creation) {
            (0, _) => self.whole,
            (1, Some(empty)) => {
                let made = || self.modified(Path::new("pockitflyer_backend")) != *empty;
                while !made() && child.try_wait().unwrap().is_none() {}
                Duration::from_millis(12)
            }
            (1 | 2, _) => {
                self.wait_for(&signs, &mut child);
                self.writing
            }
            _ => {
                while self.logged().is_none() && child.try_wait().unwrap().is_none() {}
                Duration::from_millis(8)
            }
        };
        let delay = span.mul_f64((drawn >> 11) as f64 / (1_u64 << 53) as f64);
        thread::sleep(delay);
        child.kill().unwrap();
        let status = child.wait().unwrap();
        let place = format!("{}, kill {number} after {delay:?} of {span:?}", self.name);
        self.judge(&place, status.code().is_some(), counts);
    }

    /// Compares what was left with what may be left, and lets the next verbs mend it.
    fn judge(&self, place: &str, ended: bool, counts: &mut Counts) {
        let left = self.copied_tables();
        let files = files(&self.project.path().join(MEDIA));
        counts.kills += 1;
        counts.ended += usize::from(ended);
        let expected = if left == self.before.tables {
            counts.before += 1;
            &self.before
        } else if left == self.after.tables {
            counts.after += 1;
            &self.after
        } else {
            assert!(
                self.made.as_ref() == Some(&left),
                "{place}: neither before nor after: {}",
                self.differences(&left)
            );
            counts.made += 1;
            &self.before
        };
        counts.repairs += usize::from(files != expected.files);
        for (path, bytes) in files.iter().filter(|(path, _)| !path.contains("/.seedbed-")) {
            let whole = [&self.before, &self.after].iter().any(|snapshot| snapshot.files.get(path) == Some(bytes));
            assert!(whole, "{place}: {path} is half written");
        }
        let verb = |args: &[&str]| {
            let answer = self.project.call(args);
            assert_eq!(answer.code, 0, "{place}: then {args:?}: {}{}", answer.out, answer.err);
        };
        verb(self.verb);
        self.stands_as(&self.after, &format!("{place}: typed again"));
        if self.verb[0] == "cleanup" {
            verb(SEED);
            self.stands_as(&self.seeded, &format!("{place}: then seeded"));
        }
    }

    fn stands_as(&self, expected: &Snapshot, place: &str) {
        let found = self.copied_tables();
        assert!(found == expected.tables, "{place}: {}", differences(&found, &expected.tables));
        let found = files(&self.project.path().join(MEDIA));
        let missing: Vec<_> = expected.files.keys().filter(|path| !found.contains_key(*path)).collect();
        let more: Vec<_> = found.keys().filter(|path| !expected.files.contains_key(*path)).collect();
        assert!(found == expected.files, "{place}: missing files {missing:?}, more files {more:?}");
        let secret = "development-only-secret-key";
        let known = ["db.sqlite3", "db.sqlite3-shm", "db.sqlite3-wal", secret, "media", "pockitflyer.sql", "users"];
        let beside: Vec<String> = names(&self.project.path().join("pockitflyer_backend"));
        let strange: Vec<_> = beside.iter().filter(|name| !known.contains(&name.as_str())).collect();
        assert!(strange.is_empty(), "{place}: left beside the database: {strange:?}");
    }

    fn differences(&self, left: &Tables) -> String {
        format!("{}; and {}", differences(left, &self.before.tables), differences(left, &self.after.tables))
    }

    fn start(&self) -> std::process::Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seedbed"));
        command.args(self.verb).current_dir(self.project.path()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    }

    /// Returns what changes as soon as the verb writes: the log, and the folders of pictures.
    fn signs(&self) -> Vec<Option<SystemTime>> {
        let folders =
            ["", "flyer_images", "profile_pictures"].map(|folder| self.modified(&Path::new(MEDIA).join(folder)));
        [self.logged()].into_iter().chain(folders).collect()
    }

    /// Returns when the log of the database was written, which begins with the commit.
    fn logged(&self) -> Option<SystemTime> {
        let log = fs::metadata(self.project.path().join(DATABASE.to_owned() + "-wal")).ok()?;
        Some(log).filter(|log| log.len() > 0)?.modified().ok()
    }

    fn modified(&self, path: &Path) -> Option<SystemTime> {
        fs::metadata(self.project.path().join(path)).ok()?.modified().ok()
    }

    fn wait_for(&self, signs: &[Option<SystemTime>], child: &mut std::process::Child) {
        while self.signs() == signs && child.try_wait().unwrap().is_none() {
            thread::sleep(Duration::from_micros(50));
        }
    }

    /// Brings database and pictures back to what they were before the verb.
    fn put_back(&self) {
        let folder = self.project.path().join("pockitflyer_backend");
        for name in names(&folder).iter().filter(|name| name.starts_with("db.sqlite3")) {
            fs::remove_file(folder.join(name)).unwrap();
        }
        if let Some(bytes) = &self.before.database {
            fs::write(self.project.path().join(DATABASE), bytes).unwrap();
        }
        let media = self.project.path().join(MEDIA);
        let found = files(&media);
        if self.before.files.is_empty() {
            let _ = fs::remove_dir_all(&media);
        }
        for path in found.keys().filter(|path| !self.before.files.is_empty() && !self.before.files.contains_key(*path))
        {
            fs::remove_file(media.join(path)).unwrap();
        }
        for (path, bytes) in self.before.files.iter().filter(|(path, bytes)| found.get(*path) != Some(bytes)) {
            fs::create_dir_all(media.join(path).parent().unwrap()).unwrap();
            fs::write(media.join(path), bytes).unwrap();
        }
    }

    /// Reads a copy, so that the next verb is the first to open what the killed one left.
    fn copied_tables(&self) -> Tables {
        let copy = tempfile::tempdir().unwrap();
        for end in ["", "-wal", "-journal"] {
            let from = self.project.path().join(DATABASE.to_owned() + end);
            if from.exists() {
                fs::copy(from, copy.path().join("db.sqlite3".to_owned() + end)).unwrap();
            }
        }
        tables(&copy.path().join("db.sqlite3"))
    }
}

fn snapshot(project: &Project) -> Snapshot {
    let path = project.path().join(DATABASE);
    let tables = tables(&path);
    Snapshot { database: fs::read(path).ok(), tables, files: files(&project.path().join(MEDIA)) }
}

/// Returns all rows as text, without what a clock or a pending removal of files puts into them;
/// nothing where there is no file.
fn tables(path: &Path) -> Tables {
    let mut tables = Tables::new();
    if !path.exists() {
        return tables;
    }
    let database = Connection::open(path).unwrap();
    let sound: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
    assert!(!database.prepare("PRAGMA foreign_key_check").unwrap().exists([]).unwrap());
    let mut names = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").unwrap();
    let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    for name in names {
        let mut statement = database.prepare(&format!("SELECT * FROM \"{name}\"")).unwrap();
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let kept = |column: &&usize| !["seeded_at", "marked_at", "stale_files"].contains(&columns[**column].as_str());
        let shown: Vec<usize> = (0..columns.len()).collect::<Vec<_>>().iter().filter(kept).copied().collect();
        let text = |row: &rusqlite::Row<'_>| {
            Ok(shown.iter().map(|&at| format!("{:?}", row.get_ref(at).unwrap())).collect::<Vec<_>>().join("|"))
        };
        let mut rows: Vec<String> = statement.query_map([], text).unwrap().map(Result::unwrap).collect();
        rows.sort();
        tables.insert(name, rows);
    }
    tables
}

/// Returns the rows with small keys, which nobody but real people made.
fn canaries(tables: &Tables) -> Tables {
    let small = |row: &&String| {
        let number = row.strip_prefix("Integer(").and_then(|row| row.split(')').next());
        number.and_then(|number| number.parse::<i64>().ok()).is_some_and(|number| number < 1_000_000)
    };
    let rows = |(name, rows): (&String, &Vec<String>)| (name.clone(), rows.iter().filter(small).cloned().collect());
    tables.iter().filter(|(name, _)| name.starts_with("users_") || name.starts_with("flyers_")).map(rows).collect()
}

fn differences(left: &Tables, right: &Tables) -> String {
    let difference = |(table, rows): (&String, &Vec<String>)| {
        let other = right.get(table).map(Vec::as_slice).unwrap_or_default();
        let more = rows.iter().find(|row| !other.contains(row));
        let first = more.or_else(|| other.iter().find(|row| !rows.contains(row)))?;
        Some(format!("{table} {} rows against {}, first difference {first}", rows.len(), other.len()))
    };
    left.iter().filter_map(difference).collect::<Vec<_>>().join("\n")
}

fn files(folder: &Path) -> Files {
    let mut found = Files::new();
    let mut open: Vec<PathBuf> = vec![folder.to_path_buf()];
    while let Some(inner) = open.pop() {
        for entry in fs::read_dir(&inner).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let bytes = fs::read(&path).unwrap();
                found.insert(path.strip_prefix(folder).unwrap().display().to_string(), bytes);
            }
        }
    }
    found
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

fn splitmix(number: u64) -> u64 {
    let mut bits = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}
