//! A reset in a process that stays says and does what the verb says and does in a process of its own.
//!
//! The chain of PockitFlyer stands in two databases that suffer the same; one is reset by a session that
//! stays, the other by one that is opened for each reset. The answers are the same object, and so are
//! the rows, the counters, the state and the files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use seedbed::project::{Call, Purpose, Work};
use seedbed::{Exit, Project, Receipt, Warm};
use serde_json::Value;

use super::support::{DAY, Engine, Own, TODAY, server};

/// What happens between two resets.
pub(crate) enum Event {
    /// Somebody writes into the database.
    Sql(&'static str),
    /// The sequence of a table is moved.
    Counter(&'static str, i64),
    /// Something happens to the media folder.
    Files(fn(&Path)),
    /// Another process runs a verb.
    Verb(fn(&Twin, i64)),
}

use Event::{Counter, Files, Sql, Verb};

/// Every event with its name, and the state that is then reset to.
const EVENTS: &[(&str, Event, Option<&str>)] = &[
    ("nothing", Sql("SELECT 1"), None),
    (
        "rows are changed and removed",
        Sql("UPDATE flyers_flyer SET title = 'x' WHERE id IN (SELECT id FROM flyers_flyer ORDER BY id LIMIT 3);
             UPDATE users_user SET bio = 'x' WHERE id IN (SELECT id FROM users_user ORDER BY id LIMIT 3);
             DELETE FROM flyers_favorite WHERE id IN (SELECT id FROM flyers_favorite ORDER BY id LIMIT 3);"),
        None,
    ),
    ("rows are written as they were", Sql("UPDATE flyers_favorite SET created_at = created_at"), None),
    (
        "the last row of a table and the first one go",
        Sql("DELETE FROM users_follow WHERE id IN (SELECT max(id) FROM users_follow);
             DELETE FROM users_follow WHERE id IN (SELECT min(id) FROM users_follow)"),
        None,
    ),
    (
        "a row goes, and another one of its table is changed",
        Sql("DELETE FROM flyers_favorite WHERE id = (SELECT min(id) FROM flyers_favorite);
             UPDATE flyers_favorite SET created_at = '2020-01-01 00:00:00' WHERE id = (SELECT max(id) FROM flyers_favorite)"),
        None,
    ),
    (
        "a row goes and comes back",
        Sql("UPDATE flyers_favorite SET id = 3 WHERE id = (SELECT min(id) FROM flyers_favorite);
             UPDATE flyers_favorite SET id = (SELECT min(id) - 1 FROM flyers_favorite WHERE id > 1000000000) WHERE id = 3"),
        None,
    ),
    (
        "two rows change keys",
        Sql("UPDATE flyers_favorite SET id = 3 WHERE id = (SELECT min(id) FROM flyers_favorite);
             UPDATE flyers_favorite SET id = id - 1 WHERE id = (SELECT min(id) FROM flyers_favorite WHERE id > 1000000000);
             UPDATE flyers_favorite SET id = (SELECT min(id) + 1 FROM flyers_favorite WHERE id > 1000000000) WHERE id = 3"),
        None,
    ),
    ("all rows of a table go", Sql("DELETE FROM flyers_favorite"), None),
    (
        "a favorite of a seeded user",
        Sql("INSERT INTO flyers_favorite (user_id, flyer_id, created_at, is_e2e_test_data)
             SELECT u.id, f.id, f.created_at, false FROM users_user AS u, flyers_flyer AS f WHERE NOT EXISTS
             (SELECT 1 FROM flyers_favorite AS x WHERE x.user_id = u.id AND x.flyer_id = f.id) ORDER BY 1, 2 LIMIT 2"),
        None,
    ),
    (
        "a favorite is taken back and given again",
        Sql("INSERT INTO flyers_favorite (user_id, flyer_id, created_at, is_e2e_test_data)
             SELECT user_id + 0, (SELECT max(id) FROM flyers_flyer), created_at, true FROM flyers_favorite AS x
             WHERE NOT EXISTS (SELECT 1 FROM flyers_favorite AS y WHERE y.user_id = x.user_id
             AND y.flyer_id = (SELECT max(id) FROM flyers_flyer)) ORDER BY id LIMIT 1;
             DELETE FROM flyers_favorite WHERE id = (SELECT min(id) FROM flyers_favorite)"),
        None,
    ),
    (
        "groups, and an account that a test registers",
        Sql("INSERT INTO auth_group (name) VALUES ('readers');
             INSERT INTO users_user_groups (user_id, group_id) SELECT min(u.id), min(g.id) FROM users_user AS u, auth_group AS g;
             INSERT INTO users_user (password, is_superuser, username, first_name, last_name, is_staff, is_active,
             date_joined, is_e2e_test_data, email, email_verified, created_at, updated_at) SELECT password, is_superuser,
             't03', 't', 't', is_staff, is_active, date_joined, false, 'test_m03_e04_1@pockitflyer.test', email_verified,
             created_at, updated_at FROM users_user ORDER BY id LIMIT 1;
             INSERT INTO flyers_favorite (user_id, flyer_id, created_at, is_e2e_test_data) SELECT
             (SELECT id FROM users_user WHERE username = 't03'), min(id), min(created_at), false FROM flyers_flyer"),
        None,
    ),
    (
        "people of their own, with a favorite of a seeded flyer",
        Sql("INSERT INTO users_user (password, is_superuser, username, first_name, last_name, is_staff, is_active,
             date_joined, is_e2e_test_data, email, email_verified, created_at, updated_at) SELECT password, is_superuser,
             'anna', 'a', 'a', is_staff, is_active, date_joined, false, 'anna@example.org', email_verified,
             created_at, updated_at FROM users_user ORDER BY id LIMIT 1;
             INSERT INTO flyers_favorite (user_id, flyer_id, created_at, is_e2e_test_data) SELECT
             (SELECT id FROM users_user WHERE username = 'anna'), min(id), min(created_at), false FROM flyers_flyer;
             UPDATE flyers_flyer SET description = 'seen by anna' WHERE id = (SELECT min(id) FROM flyers_flyer)"),
        None,
    ),
    (
        "two unique values are swapped",
        Sql("UPDATE users_user SET email = 'aside' WHERE id = (SELECT min(id) FROM users_user);
             UPDATE users_user SET email = (SELECT replace(username, '@', '@') || '' FROM users_user WHERE id =
             (SELECT min(id) FROM users_user)) WHERE id = (SELECT min(id) + 1 FROM users_user);
             UPDATE users_user SET email = 'b' WHERE id = (SELECT min(id) FROM users_user)"),
        None,
    ),
    (
        "others have a unique value of ours",
        Sql("DELETE FROM users_follow WHERE id = (SELECT min(id) FROM users_follow);
             INSERT INTO users_follow (id, is_e2e_test_data, created_at, followed_id, follower_id)
             SELECT 77, false, created_at, followed_id, follower_id FROM users_follow ORDER BY id DESC LIMIT 0;
             UPDATE users_user SET email = 'gone' WHERE id = (SELECT max(id) FROM users_user WHERE is_e2e_test_data);
             UPDATE users_user SET username = 'other' WHERE username = 'anna'"),
        None,
    ),
    ("a tag is taken away", Sql("UPDATE flyers_favorite SET is_e2e_test_data = false WHERE id = (SELECT min(id) FROM flyers_favorite)"), None),
    ("and given back", Sql("UPDATE flyers_favorite SET is_e2e_test_data = true WHERE id = (SELECT min(id) FROM flyers_favorite WHERE id > 1000000000)"), None),
    ("a row on a key of ours is somebody's", Sql("UPDATE flyers_flyerimage SET is_e2e_test_data = false WHERE id = (SELECT min(id) FROM flyers_flyerimage)"), None),
    ("and is removed", Sql("DELETE FROM flyers_flyerimage WHERE NOT is_e2e_test_data"), None),
    ("a counter points into our keys", Counter("flyers_favorite", 5), None),
    ("a state is asked for", Sql("SELECT 1"), Some("active_follows_nobody")),
    ("the state is damaged", Sql("DELETE FROM flyers_favorite WHERE id = (SELECT min(id) FROM flyers_favorite)"), Some("active_follows_nobody")),
    ("another state", Sql("SELECT 1"), Some("no_engagement")),
    ("a state that there is not", Sql("SELECT 1"), Some("nowhere")),
    ("back", Sql("SELECT 1"), None),
    ("nothing again", Sql("SELECT 1"), None),
    ("a file is removed", Files(|media| fs::remove_file(first(media)).unwrap()), None),
    ("a file is changed", Files(|media| fs::write(first(media), "x").unwrap()), None),
    ("a file is changed and its time set back", Files(change_unseen), None),
    ("a file is put in the place of ours", Files(|media| {
        fs::write(media.join("other"), fs::read(first(media)).unwrap().split_off(1)).unwrap();
        fs::rename(media.join("other"), first(media)).unwrap();
    }), None),
    ("a folder of files is removed", Files(|media| fs::remove_dir_all(first(media).parent().unwrap()).unwrap()), None),
    ("a column is added", Sql("ALTER TABLE flyers_flyer ADD COLUMN extra varchar(9) NULL"), None),
    ("it is written to", Sql("UPDATE flyers_flyer SET extra = 'x', title = 'y' WHERE id = (SELECT min(id) FROM flyers_flyer)"), None),
    ("an index is added", Sql("CREATE INDEX flyers_extra ON flyers_flyer (extra)"), None),
    (
        "the people go, and all that was theirs",
        Sql("DELETE FROM flyers_favorite WHERE id > 1999999999; DELETE FROM users_user WHERE username IN ('anna', 'other')"),
        None,
    ),
    ("another process removes the upper layer", Verb(|twin, now| twin.verb("m03", Purpose::Remove, now, 0)), None),
    ("another process removes everything", Verb(|twin, now| twin.verb("m01", Purpose::Remove, now, 0)), None),
    ("another process seeds another worker", Verb(|twin, now| twin.verb("m03", Purpose::Write, now, 1)), None),
    ("rows of another worker are damaged", Sql("UPDATE users_user SET bio = 'x' WHERE email LIKE '%w1@%'; DELETE FROM flyers_favorite WHERE id = (SELECT max(id) FROM flyers_favorite WHERE id < 1999999999)"), None),
    ("another process resets meanwhile", Verb(|twin, now| twin.verb("m03", Purpose::Write, now, 0)), None),
];

fn first(media: &Path) -> PathBuf {
    let mut open = vec![media.to_path_buf()];
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() { open.push(entry) } else { files.push(entry) }
        }
    }
    files.into_iter().min().unwrap()
}

/// The size and the time of the last write are as before; the time of the last change is not.
fn change_unseen(media: &Path) {
    let path = first(media);
    let (mut bytes, written) = (fs::read(&path).unwrap(), fs::metadata(&path).unwrap().modified().unwrap());
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_modified(written).unwrap();
}

/// A database with its media folder.
pub(crate) struct Twin {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) own: Own,
    project: Project,
}

impl Twin {
    pub(crate) fn new(project: &Project) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let backend = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pockitflyer_backend");
        let own = match crate::ENGINE {
            Engine::Sqlite => {
                let ddl = fs::read_to_string(backend.join("pockitflyer.sql")).unwrap();
                let path = folder.path().join("test.db");
                seedbed::Sqlite::open_or_create(&path, &ddl.replace("BEGIN;", "").replace("COMMIT;", "")).unwrap();
                let own = rusqlite::Connection::open(&path).unwrap();
                own.execute_batch("PRAGMA foreign_keys = ON; PRAGMA synchronous = OFF").unwrap();
                Own::Sqlite(own)
            }
            Engine::Postgres => {
                let ddl = fs::read_to_string(backend.join("pockitflyer.postgresql.sql")).unwrap();
                Own::postgres(server::server().database(&ddl))
            }
        };
        Self { folder, own, project: project.clone() }
    }

    fn address(&self) -> String {
        self.own.address().unwrap_or_else(|| format!("sqlite:{}", self.folder.path().join("test.db").display()))
    }

    fn media(&self) -> PathBuf {
        self.folder.path().join("media")
    }

    fn call<T>(&self, now: i64, worker: u8, then: impl FnOnce(&Call<'_>) -> T) -> T {
        let (address, media) = (self.address(), self.media());
        then(&Call {
            scale: None,
            database: Some(&address),
            media: Some(&media),
            seed: None,
            as_of: None,
            worker,
            now,
            program: "seedbed",
            migrate: "migrate",
        })
    }

    pub(crate) fn warm(&self, now: i64) -> Warm {
        self.warm_at(&self.address(), now, 0).unwrap()
    }

    /// A session for a worker, over that address.
    pub(crate) fn warm_at(&self, address: &str, now: i64, worker: u8) -> seedbed::Result<Warm> {
        self.call(now, worker, |call| Warm::open(&self.project, "m03", &Call { database: Some(address), ..*call }))
    }

    /// Runs a verb as a process of its own does.
    fn verb(&self, scenario: &str, purpose: Purpose, now: i64, worker: u8) {
        let mut work = self.call(now, worker, |call| Work::open(&self.project, scenario, call, purpose)).unwrap();
        let verb = if purpose == Purpose::Remove { seedbed::cleanup } else { seedbed::seed };
        work.run(&mut |_| {}, |target, _| verb(target)).unwrap();
    }

    fn reset(&self, state: Option<&str>, now: i64) -> seedbed::Result<Receipt> {
        let project = self.project.again()?;
        let mut work = self.call(now, 0, |call| Work::open(&project, "m03", call, Purpose::Write))?;
        work.run(&mut |_| {}, |target, _| seedbed::reset(target, state)).map(|(receipt, _)| receipt)
    }

    fn happens(&self, event: &Event, now: i64) {
        match event {
            Sql(text) => self.own.sql(text),
            Counter(table, to) => self.own.set_counter(table, *to),
            Files(happen) => happen(&self.media()),
            Verb(happen) => happen(self, now),
        }
    }

    fn everything(&self) -> BTreeMap<String, Vec<String>> {
        let mut all = self.own.dump(true);
        // It tells the two apart.
        all.retain(|table, _| !table.contains("seedbed_marker"));
        let mut open = vec![self.media()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()) {
                if entry.is_dir() {
                    open.push(entry);
                } else {
                    let bytes = fs::read(&entry).unwrap();
                    let name = entry.strip_prefix(self.media()).unwrap().display().to_string();
                    all.insert(name, vec![format!("{} {bytes:?}", bytes.len())]);
                }
            }
        }
        all
    }
}

fn told(answer: seedbed::Result<Receipt>) -> (Value, Option<Exit>) {
    match answer {
        Ok(receipt) => (serde_json::to_value(&receipt).unwrap(), None),
        Err(error) => (Value::String(format!("{} {}", error.rule, error.details.join("; "))), Some(error.exit)),
    }
}

pub(crate) fn project() -> Project {
    Project::find(&std::env::current_dir().unwrap()).unwrap()
}

/// Two databases that suffer the same, and a session that stays on the first.
pub(crate) struct Twins {
    pub(crate) warm: Twin,
    session: Warm,
    pub(crate) cold: Twin,
}

impl Twins {
    pub(crate) fn new(project: &Project) -> Self {
        let (warm, cold) = (Twin::new(project), Twin::new(project));
        let session = warm.warm(TODAY + 3600);
        let mut twins = Self { warm, session, cold };
        twins.expect_alike("nothing is seeded", None, TODAY + 3600);
        twins
    }

    pub(crate) fn expect_alike_told(&mut self, what: &str, state: Option<&str>, now: i64) {
        let warm = self.session.reset(state, now, &mut |_| {}).map(|(receipt, _)| receipt);
        let (warm, cold) = (told(warm), told(self.cold.reset(state, now)));
        assert!(warm == cold, "{what}: the session said\n{:#}\nand the verb\n{:#}", warm.0, cold.0);
    }

    pub(crate) fn expect_alike(&mut self, what: &str, state: Option<&str>, now: i64) {
        self.expect_alike_told(what, state, now);
        let (warm, cold) = (self.warm.everything(), self.cold.everything());
        for (place, cold) in &cold {
            assert_eq!(warm.get(place), Some(cold), "{what}: {place}");
        }
        assert_eq!(warm.len(), cold.len(), "{what}");
    }

    pub(crate) fn suffer(&mut self, event: &Event, now: i64) {
        self.warm.happens(event, now);
        self.cold.happens(event, now);
    }
}

#[test]
fn a_session_that_stays_says_and_does_what_the_verb_does_whatever_happened() {
    let mut twins = Twins::new(&project());
    let mut now = TODAY + 3600;
    for (what, event, state) in EVENTS {
        now += 1;
        twins.suffer(event, now);
        twins.expect_alike(what, *state, now);
        twins.expect_alike(&format!("{what}, and once more"), *state, now);
    }
    // The dataset ages, and the day passes.
    for later in [DAY, 2 * DAY, 9 * DAY] {
        twins.expect_alike("time passes", None, TODAY + later);
    }
}

#[test]
fn what_happens_at_once_is_undone_at_once() {
    let mut twins = Twins::new(&project());
    let harmless = |event: &Event| match event {
        Sql(text) => {
            !text.contains("is_e2e_test_data = ")
                && !text.contains("NOT is_e2e")
                && !text.contains("ALTER")
                && !text.contains("extra")
        }
        Counter(..) => true,
        Files(_) | Verb(_) => false,
    };
    for round in 1..4 {
        let some = EVENTS.iter().enumerate().filter(|(at, _)| (at + round) % 3 != 0).map(|(_, event)| event);
        for (_, event, _) in some.filter(|(what, event, _)| harmless(event) && (round == 1 || !what.contains("people")))
        {
            if !matches!(event, Sql(text) if text.contains("INSERT INTO users_user") || text.contains("auth_group")) {
                twins.suffer(event, TODAY + 3600);
            }
        }
        twins.expect_alike("many things", None, TODAY + 3600);
    }
}

/// Runs statements over a connection of its own, which waits for its turn.
fn write(address: &str, text: &str) {
    match address.strip_prefix("sqlite:") {
        Some(path) => {
            let own = rusqlite::Connection::open(path).unwrap();
            own.busy_timeout(std::time::Duration::from_secs(30)).unwrap();
            own.execute_batch(&format!("BEGIN IMMEDIATE; {text}; COMMIT")).unwrap();
        }
        None => postgres::Client::connect(address, postgres::NoTls).unwrap().batch_execute(text).unwrap(),
    }
}

#[test]
fn sessions_of_eight_workers_reset_at_once_beside_an_application_that_writes() {
    const ROUNDS: i64 = 4;
    let twin = Twin::new(&project());
    let address = twin.address();
    let mut sessions: Vec<Warm> = (0..8)
        .map(|worker| {
            let mut session = twin.warm_at(&address, TODAY + 3600, worker).unwrap();
            session.reset(None, TODAY + 3600, &mut |_| {}).unwrap();
            session
        })
        .collect();
    write(
        &address,
        "INSERT INTO users_user (id, password, is_superuser, username, first_name, last_name, is_staff, is_active,
         date_joined, is_e2e_test_data, email, email_verified, created_at, updated_at) SELECT 5, password, is_superuser,
         'anna', 'a', 'a', is_staff, is_active, date_joined, false, 'anna@example.org', email_verified,
         created_at, updated_at FROM users_user WHERE id = 1100000001",
    );
    let resetting = std::sync::atomic::AtomicUsize::new(sessions.len());
    let written = std::thread::scope(|scope| {
        for (worker, session) in sessions.iter_mut().enumerate() {
            let (address, resetting) = (&address, &resetting);
            scope.spawn(move || {
                let first = 1_100_000_001 + worker as i64 * 1_000_000;
                // A person of this worker likes a flyer of the next one.
                let other = 1_100_000_001 + (worker as i64 + 1) % 8 * 1_000_000;
                for round in 0..ROUNDS {
                    write(
                        address,
                        &format!(
                            "UPDATE users_user SET bio = 'round {round}' WHERE id = {first};
                             UPDATE flyers_flyer SET title = 'x' WHERE id = {first};
                             INSERT INTO flyers_favorite (user_id, flyer_id, created_at, is_e2e_test_data) SELECT
                             {first}, {other}, created_at, false FROM flyers_flyer WHERE id = {other};"
                        ),
                    );
                    let (receipt, _) = session.reset(None, TODAY + 3600, &mut |_| {}).unwrap();
                    let debris = receipt.plan.debris.len();
                    assert_eq!((receipt.plan.updates(), debris), (2, 1), "worker {worker}, round {round}");
                    let (receipt, _) = session.reset(None, TODAY + 3600, &mut |_| {}).unwrap();
                    assert!(!receipt.written, "worker {worker}, round {round}: {:?}", receipt.plan);
                }
                resetting.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
            });
        }
        let mut written = 0;
        while resetting.load(std::sync::atomic::Ordering::Relaxed) > 0 {
            written += 1;
            let id = 100 + written;
            write(
                &address,
                &format!(
                    "INSERT INTO flyers_flyer (id, is_e2e_test_data, title, description, category, location_address, latitude,
                     longitude, is_active, valid_from, valid_until, created_at, updated_at, creator_id) SELECT {id}, false,
                     'real', description, category, location_address, latitude, longitude, is_active, valid_from,
                     valid_until, created_at, updated_at, 5 FROM flyers_flyer WHERE id = 1100000002"
                ),
            );
        }
        written
    });
    assert!(written > 0);
    assert_eq!(twin.own.number("SELECT count(*) FROM flyers_flyer WHERE title = 'real' AND creator_id = 5"), written);
    for worker in 0..8 {
        let mut work =
            twin.call(TODAY + 3600, worker, |call| Work::open(&twin.project, "m03", call, Purpose::Look)).unwrap();
        let (receipt, _) = work.run(&mut |_| {}, |target, _| seedbed::plan(target, None)).unwrap();
        assert!(receipt.plan.is_empty(), "worker {worker}: {:?}", receipt.plan);
    }
}

#[test]
fn edited_files_are_noticed() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let copy = tempfile::tempdir().unwrap();
    let files = copy.path().join("pockitflyer_backend/users/fixtures");
    fs::create_dir_all(&files).unwrap();
    for entry in fs::read_dir(repository.join("pockitflyer_backend/users/fixtures")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, files.join(path.file_name().unwrap())).unwrap();
    }
    for file in ["seedbed.toml", "pockitflyer_backend/pockitflyer.sql"] {
        fs::copy(repository.join(file), copy.path().join(file)).unwrap();
    }
    let project = Project::read(&copy.path().join(seedbed::project::FILE), &std::env::current_dir().unwrap()).unwrap();
    let mut twins = Twins::new(&project);
    let users = |twins: &Twins| twins.warm.own.dump(false).remove("users_user").unwrap();
    let before = users(&twins);
    let bios = files.join("e2e_bios.json");
    let text = fs::read_to_string(&bios).unwrap();
    fs::write(&bios, text.replace("post flyers", "hang up flyers")).unwrap();
    twins.expect_alike("a list is edited", None, TODAY + 3600);
    let edited = users(&twins);
    assert!(before != edited, "no bio has changed");
    let upper = files.join("m03_engagement_scenarios.json");
    let text = fs::read_to_string(&upper).unwrap();
    fs::write(&upper, &text[1..]).unwrap();
    twins.expect_alike_told("a scenario cannot be read", None, TODAY + 3600);
    fs::write(&upper, text).unwrap();
    twins.expect_alike("and can be read again", None, TODAY + 3600);
}
