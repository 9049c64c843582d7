//! Kills by the thousand, of a scenario small enough for it, on both databases.
//!
//! Each thread walks with a database of its own from one verb to the next, and every verb may be
//! killed. A moment is drawn from the whole run, or from around the one in which the run becomes
//! final: that moment is learned from where kills came too early and too late.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use postgres::{Client, NoTls};
use rusqlite::Connection;
use tempfile::TempDir;

use super::{Tables, differences, splitmix, tables};

#[path = "../../../seedbed/tests/contract/support/server.rs"]
mod server;

const SCENARIO: &str = r#"{
    "scenario": "small", "layer": 1,
    "populations": {
        "users": {"table": "users", "tag": "tag", "rows": ["user_1..user_9", "boss"],
                  "columns": {"email": "{row}{copy}@seed.test"}},
        "items": {"table": "items", "tag": "tag", "rows": 40,
                  "links": {"owner": {"column": "owner_id", "to": "users", "back": "items", "owner": true}},
                  "columns": {"title": "Item {number}"}}
    }
}"#;

const DDL: &str = "
    CREATE TABLE users (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, email varchar(99) NOT NULL UNIQUE, tag bool NOT NULL);
    CREATE TABLE items (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, owner_id bigint NOT NULL REFERENCES users (id),
        title varchar(99) NOT NULL, tag bool NOT NULL);
    CREATE INDEX items_owner ON items (owner_id);
    CREATE TABLE marks (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, item_id bigint NOT NULL REFERENCES items (id),
        body text NOT NULL);";

const PEOPLE: &str = "
    INSERT INTO users VALUES (11, 'anna@example.org', FALSE), (12, 'ben@example.org', TRUE);
    INSERT INTO items VALUES (21, 11, 'a chair', FALSE), (22, 12, 'a table', TRUE);
    INSERT INTO marks VALUES (31, 21, 'mine'), (900000000, 21, 'mine too');";

const DAMAGE: &str = "
    UPDATE items SET title = 'x' WHERE id > 1000000 AND id % 3 = 0;
    DELETE FROM items WHERE id > 1000000 AND id % 5 = 0;
    INSERT INTO marks SELECT id - 1000000000, id, 'left' FROM items WHERE id > 1000000 AND id % 7 = 0;";

/// Where a database stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stand {
    Empty,
    Seeded,
    Damaged,
}

/// The rows, and the counters where those are no rows.
type Snapshot = (Tables, Vec<String>);

struct Walk {
    folder: TempDir,
    place: Option<server::TestDatabase>,
    /// The test's own connection to the server, opened again when the server was killed.
    own: Option<Client>,
    known: BTreeMap<Stand, Snapshot>,
    counts: Counts,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    /// Runs that were at work when they were killed.
    kills: usize,
    /// Of these with SIGINT or SIGTERM.
    asked: usize,
    /// Runs that had ended before they could be killed.
    ended: usize,
    before: usize,
    after: usize,
    /// The longest that the server kept a dead session.
    longest: Duration,
}

fn verb(name: &str) -> Vec<&str> {
    vec![name, "small", "--as-of", "2026-11-22", "--quiet"]
}

impl Walk {
    fn on(server: Option<&server::Server>) -> Self {
        // Where memory can be a folder nobody waits for a disk.
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() }.unwrap();
        fs::write(folder.path().join("small.json"), SCENARIO).unwrap();
        fs::write(folder.path().join("seedbed.toml"), "database = \"sqlite:db\"\nscenarios = [\"small.json\"]\n")
            .unwrap();
        let ddl = DDL.replace("integer NOT NULL PRIMARY KEY AUTOINCREMENT", "bigserial PRIMARY KEY");
        let place = server.map(|server| server.database(&ddl));
        let mut walk = Self { folder, place, own: None, known: BTreeMap::new(), counts: Counts::default() };
        if walk.place.is_none() {
            walk.sql(&format!("PRAGMA journal_mode = WAL; {DDL}"));
        }
        walk.sql(PEOPLE);
        if walk.place.is_some() {
            walk.sql("SELECT setval('users_id_seq', 12), setval('items_id_seq', 22), setval('marks_id_seq', 31)");
        }
        let name = walk.place.as_ref().map_or("db", |place| &place.name).to_owned();
        walk.whole(&["allow", &name, "--quiet"]);
        walk.whole(&verb("seed"));
        walk.whole(&verb("cleanup"));
        walk.learn(Stand::Empty);
        walk.whole(&verb("seed"));
        walk.learn(Stand::Seeded);
        walk.sql(DAMAGE);
        walk.learn(Stand::Damaged);
        walk.whole(&verb("reset"));
        assert_eq!(walk.look(), walk.known[&Stand::Seeded]);
        walk.whole(&verb("cleanup"));
        assert_eq!(walk.look(), walk.known[&Stand::Empty]);
        walk
    }

    fn learn(&mut self, stand: Stand) {
        let found = self.look();
        self.known.insert(stand, found);
    }

    /// Kills so many runs; the draws belong to `number`.
    fn kill(mut self, kills: usize, number: u64) -> Counts {
        let mut stand = Stand::Empty;
        // When the verb that begins at a stand becomes final, as far as is known.
        let mut finals: BTreeMap<Stand, (Duration, Duration)> = BTreeMap::new();
        let mut drawn = (1..).map(|step| (splitmix(number << 32 | step) >> 11) as f64 / (1_u64 << 53) as f64);
        let mut draw = || drawn.next().expect("there is no end of them");
        while self.counts.kills < kills {
            if stand == Stand::Seeded && draw() < 0.5 {
                self.sql(DAMAGE);
                stand = Stand::Damaged;
            }
            let (name, next) = next(stand);
            let Some(&(whole, last)) = finals.get(&stand) else {
                let started = Instant::now();
                self.whole(&verb(name));
                finals.insert(stand, (started.elapsed(), started.elapsed() / 2));
                stand = next;
                continue;
            };
            let delay = if draw() < 0.3 { whole.mul_f64(draw()) } else { last.mul_f64(0.8 + 0.4 * draw()) };
            let place = format!("{name}, kill {} after {delay:?}", self.counts.kills);
            let child = self.start(&verb(name), Stdio::null());
            thread::sleep(delay);
            self.end(child, draw());
            let moment = finals.get_mut(&stand).expect("it was found above");
            if self.is_after(stand, next, &place) {
                moment.1 = moment.1.mul_f64(0.95);
                stand = next;
            } else {
                moment.1 = moment.1.mul_f64(1.05).min(whole * 2);
            }
            if draw() < 0.1 {
                let (name, next) = self::next(stand);
                self.whole(&verb(name));
                assert_eq!(self.look(), self.known[&next], "{place}: then {name}");
                stand = next;
            }
        }
        self.counts
    }

    /// Whether a run that was ended from outside has come to its end, when nothing is at work any more.
    fn is_after(&mut self, stand: Stand, next: Stand, place: &str) -> bool {
        self.wait_for_the_session();
        let (rows, counters) = self.look();
        let (before, after) = (&self.known[&stand], &self.known[&next]);
        for counter in &counters {
            assert!(self.known.values().any(|(_, known)| known.contains(counter)), "{place}: {counter}");
        }
        let is_after = rows == after.0;
        if !is_after {
            let told = || format!("{}; and {}", differences(&rows, &before.0), differences(&rows, &after.0));
            assert!(rows == before.0, "{place}: neither before nor after: {}", told());
        }
        *(if is_after { &mut self.counts.after } else { &mut self.counts.before }) += 1;
        is_after
    }

    /// Ends a process, mostly without asking it.
    fn end(&mut self, mut child: Child, drawn: f64) {
        match drawn {
            0.0..0.05 => {
                let signal = if drawn < 0.025 { "INT" } else { "TERM" };
                let _ = Command::new("sh").args(["-c", &format!("kill -{signal} {} 2>/dev/null", child.id())]).status();
            }
            _ => child.kill().unwrap(),
        }
        if child.wait().unwrap().code().is_some() {
            self.counts.ended += 1;
            return;
        }
        self.counts.kills += 1;
        self.counts.asked += usize::from(drawn < 0.05);
    }

    fn start(&self, args: &[&str], errors: Stdio) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seedbed"));
        command.args(args).current_dir(self.folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors);
        if let Some(place) = &self.place {
            command.args(["--db", &place.address()]);
        }
        command.spawn().unwrap()
    }

    /// Runs a verb to its end.
    fn whole(&self, args: &[&str]) {
        let output = self.start(args, Stdio::piped()).wait_with_output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// The test's own connection.
    fn own(&mut self) -> &mut Client {
        let address = self.place.as_ref().expect("this is a test of PostgreSQL").address();
        if self.own.as_ref().is_none_or(Client::is_closed) {
            self.own = Some(Client::connect(&address, NoTls).unwrap());
        }
        self.own.as_mut().expect("it was opened above")
    }

    fn sql(&mut self, text: &str) {
        if self.place.is_some() {
            self.own().batch_execute(text).unwrap();
        } else {
            Connection::open(self.folder.path().join("db")).unwrap().execute_batch(text).unwrap();
        }
    }

    fn wait_for_the_session(&mut self) {
        if self.place.is_none() {
            return;
        }
        let started = Instant::now();
        let count =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
        while self.own().query_one(count, &[]).unwrap().get::<_, i64>(0) > 0 {
            assert!(started.elapsed() < Duration::from_secs(10), "a dead session is still there");
            thread::sleep(Duration::from_micros(200));
        }
        self.counts.longest = self.counts.longest.max(started.elapsed());
    }

    fn look(&mut self) -> Snapshot {
        if self.place.is_some() {
            return self.look_at_server();
        }
        // The next verb is to be the first that opens what a killed one left.
        let copy = TempDir::new_in(self.folder.path()).unwrap();
        for end in ["", "-wal", "-journal"] {
            let name = format!("db{end}");
            let _ = fs::copy(self.folder.path().join(&name), copy.path().join(&name));
        }
        (tables(&copy.path().join("db")), Vec::new())
    }

    fn look_at_server(&mut self) -> Snapshot {
        let mut rows = Tables::new();
        for table in ["users", "items", "marks", "seedbed.seedbed_marker", "seedbed.seedbed_state"] {
            let query = format!(
                "SELECT (to_jsonb(t) - 'seeded_at' - 'marked_at' - 'stale_files')::text FROM {table} AS t ORDER BY 1"
            );
            let found = self.own().query(&query, &[]).unwrap();
            rows.insert(table.to_owned(), found.iter().map(|row| row.get(0)).collect());
        }
        let query = "SELECT sequencename || ' ' || last_value FROM pg_sequences ORDER BY 1";
        let counters = self.own().query(query, &[]).unwrap().iter().map(|row| row.get(0)).collect();
        (rows, counters)
    }
}

/// Returns the verb that leads on from a stand, and where to.
fn next(stand: Stand) -> (&'static str, Stand) {
    match stand {
        Stand::Empty => ("seed", Stand::Seeded),
        Stand::Seeded => ("cleanup", Stand::Empty),
        Stand::Damaged => ("reset", Stand::Seeded),
    }
}

fn kill(name: &str, few: usize, many: usize, server: Option<&'static server::Server>) {
    let prove = std::env::var("PROVE").ok().map(|prove| prove.parse::<usize>().expect("PROVE is a number"));
    let kills = prove.map_or(few, |prove| prove * many);
    let threads = thread::available_parallelism().map_or(2, usize::from).max(2);
    let counts: Vec<Counts> = thread::scope(|scope| {
        let share = |number: usize| kills / threads + usize::from(number < kills % threads);
        let start = |number| scope.spawn(move || Walk::on(server).kill(share(number), number as u64));
        let walks: Vec<_> = (0..threads).map(start).collect();
        walks.into_iter().map(|walk| walk.join().expect("every kill is survived")).collect()
    });
    let sum = |part: fn(&Counts) -> usize| counts.iter().map(part).sum::<usize>();
    println!(
        "{name}: {} kills, {} of them with SIGINT or SIGTERM, and {} runs that had ended: {} before, {} after, 0 between",
        sum(|c| c.kills),
        sum(|c| c.asked),
        sum(|c| c.ended),
        sum(|c| c.before),
        sum(|c| c.after)
    );
    if server.is_some() {
        let longest = counts.iter().map(|counts| counts.longest).max();
        println!("{name}: the server kept a dead session for {:?} at most", longest.unwrap_or_default());
    }
    assert!(sum(|c| c.before) > kills / 50 && sum(|c| c.after) > kills / 50, "{counts:?}");
}

#[test]
fn a_small_run_killed_on_sqlite_leaves_before_or_after() {
    kill("SQLite", 60, 20, None);
}

#[test]
fn a_small_run_killed_on_postgres_leaves_before_or_after() {
    kill("PostgreSQL", 30, 2, Some(server::server()));
}

#[test]
fn a_server_killed_in_mid_run_leaves_before_or_after_and_the_exit_code_says_which() {
    let prove = std::env::var("PROVE").ok().map(|prove| prove.parse::<usize>().expect("PROVE is a number"));
    // What it says is committed is in its files, which the system keeps when the server is killed.
    let server = server::Server::start(None, "-c fsync=off");
    let mut walk = Walk::on(Some(&server));
    let started = Instant::now();
    walk.whole(&verb("seed"));
    let whole = started.elapsed();
    walk.whole(&verb("cleanup"));
    let mut codes: BTreeMap<i32, usize> = BTreeMap::new();
    let mut stand = Stand::Empty;
    for number in 0..prove.map_or(6, |prove| (prove / 20).max(6)) {
        let (name, next) = next(stand);
        let child = walk.start(&verb(name), Stdio::piped());
        thread::sleep(whole.mul_f64((splitmix(number as u64) >> 11) as f64 / (1_u64 << 53) as f64));
        server.crash();
        walk.own = None;
        let output = child.wait_with_output().unwrap();
        let (code, said) = (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned());
        let is_after = walk.is_after(stand, next, &format!("{name}: {said}"));
        match code {
            0 | 8 => assert!(is_after, "{code}: {said}"),
            6 => assert!(!is_after && said.contains("\nnothing was written"), "{said}"),
            _ => panic!("{code}: {said}"),
        }
        assert!(code == 0 || said.starts_with("error[connection]: "), "{said}");
        *codes.entry(code).or_default() += 1;
        walk.whole(&verb(name));
        assert_eq!(walk.look(), walk.known[&next], "{name} typed again after: {said}");
        stand = next;
    }
    println!("the server was killed in mid-run: exit codes {codes:?}");
    assert!(codes.contains_key(&6), "{codes:?}");
}
