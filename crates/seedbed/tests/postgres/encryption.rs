//! Connections over TLS, to a server that shows real certificates, and who is let in.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use seedbed::database::postgres::{Address, Environment};
use seedbed::{Database, Postgres};

use crate::contract::support::server::{FAST, Server};

/// A server that listens on `localhost`, whose settings a test may change while it holds this.
struct Listening {
    server: Server,
    port: u16,
    /// A folder with the certificates, and keys that nobody else may read.
    own: tempfile::TempDir,
}

const ANYBODY: &str = "local all all trust\nhost all all all trust\n";

impl Listening {
    fn get() -> MutexGuard<'static, Self> {
        static LISTENING: OnceLock<Mutex<Listening>> = OnceLock::new();
        LISTENING.get_or_init(|| Mutex::new(Self::start())).lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start() -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let own = tempfile::tempdir().unwrap();
        let server = Server::start(Some(port), FAST);
        let data = server.folder.join("data");
        let owner = std::os::unix::fs::MetadataExt::uid(&fs::metadata(&data).unwrap());
        let certificates = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/postgres/certificates");
        for entry in fs::read_dir(certificates).unwrap() {
            let entry = entry.unwrap().path();
            for folder in [own.path(), &data] {
                let copy = folder.join(entry.file_name().unwrap());
                fs::copy(&entry, &copy).unwrap();
                fs::set_permissions(&copy, fs::Permissions::from_mode(0o600)).unwrap();
                if folder == data {
                    chown(&copy, Some(owner), None).unwrap();
                }
            }
        }
        Self { server, port, own }
    }

    /// Has the server show this certificate, or none; and let in who is in this list.
    fn show(&self, certificate: Option<&str>, who: &str) {
        let settings = match certificate {
            Some(name) => format!(
                "ssl = on\nssl_cert_file = '{name}.pem'\nssl_key_file = 'key.pem'\nssl_ca_file = 'authority.pem'"
            ),
            None => "ssl = off".to_owned(),
        };
        let data = self.server.folder.join("data");
        fs::write(data.join("pg_hba.conf"), who).unwrap();
        fs::write(data.join("postgresql.auto.conf"), &settings).unwrap();
        let mut admin = postgres::Client::connect(&self.socket(), postgres::NoTls).unwrap();
        admin.batch_execute("SELECT pg_reload_conf()").unwrap();
        // A new session sees what the server has read.
        let read = |query: &str| -> String {
            let mut session = postgres::Client::connect(&self.socket(), postgres::NoTls).unwrap();
            session.query_one(query, &[]).unwrap().get(0)
        };
        let wanted = certificate.map_or_else(|| "off".to_owned(), |name| format!("on {name}.pem"));
        let shown = "SELECT current_setting('ssl') || CASE current_setting('ssl') WHEN 'on' THEN ' ' || \
                     current_setting('ssl_cert_file') ELSE '' END";
        let rules = "SELECT count(*)::text FROM pg_hba_file_rules WHERE error IS NOT NULL";
        assert_eq!(read(rules), "0");
        while read(shown) != wanted {}
    }

    fn socket(&self) -> String {
        format!("postgres://postgres@/postgres?host={}&port={}", self.server.folder.display(), self.port)
    }

    fn file(&self, name: &str) -> String {
        self.own.path().join(name).display().to_string()
    }

    /// Connects; `@` and `/` in the settings stand for the port and the folder of certificates.
    fn connect(&self, place: &str, settings: &str, environment: &[(&str, String)]) -> Result<Option<String>, String> {
        let settings = settings.replace("=./", &format!("={}/", self.own.path().display()));
        let text = format!("postgres://{place}:{}/postgres?{settings}", self.port);
        let environment: Environment =
            environment.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let address = Address::read(&text, &environment).map_err(|failure| failure.message)?;
        let database = Postgres::open(&address).map_err(|failure| failure.message)?;
        assert!(database.describe().contains("localhost") || database.describe().contains("127.0.0.1"));
        let mut admin = postgres::Client::connect(&self.socket(), postgres::NoTls).unwrap();
        let row = admin.query_one(
            "SELECT ssl.version FROM pg_stat_ssl AS ssl JOIN pg_stat_activity AS session USING (pid)
             WHERE session.application_name = 'seedbed' ORDER BY session.backend_start DESC LIMIT 1",
            &[],
        );
        Ok(row.unwrap().get(0))
    }

    fn is_plain(&self, settings: &str) {
        assert_eq!(self.connect("postgres@localhost", settings, &[]), Ok(None), "{settings}");
    }

    fn is_encrypted(&self, place: &str, settings: &str) {
        assert_eq!(self.connect(place, settings, &[]), Ok(Some("TLSv1.3".to_owned())), "{settings}");
    }

    fn is_refused(&self, place: &str, settings: &str, why: &str) {
        let refused = self.connect(place, settings, &[]).unwrap_err();
        assert!(refused.contains(why), "{settings}: {refused}");
    }
}

const LOCALHOST: &str = "postgres@localhost";
const NUMBER: &str = "postgres@127.0.0.1";

#[test]
fn a_server_that_can_is_spoken_to_as_each_mode_says() {
    let listening = Listening::get();
    listening.show(Some("server"), ANYBODY);
    listening.is_plain("sslmode=disable");
    listening.is_plain("sslmode=allow");
    listening.is_encrypted(LOCALHOST, "");
    listening.is_encrypted(LOCALHOST, "sslmode=prefer");
    listening.is_encrypted(NUMBER, "sslmode=require");
    listening.is_encrypted(NUMBER, "sslmode=require&sslrootcert=./authority.pem");
    listening.is_refused(
        NUMBER,
        "sslmode=require&sslrootcert=./another.pem",
        "invalid peer certificate: UnknownIssuer",
    );
    listening.is_encrypted(NUMBER, "sslmode=verify-ca&sslrootcert=./authority.pem");
    listening.is_refused(
        NUMBER,
        "sslmode=verify-ca&sslrootcert=./another.pem",
        "invalid peer certificate: UnknownIssuer",
    );
    listening.is_encrypted(LOCALHOST, "sslmode=verify-full&sslrootcert=./authority.pem");
    listening.is_encrypted(LOCALHOST, "sslmode=verify-full&sslrootcert=./authority.pem&sslnegotiation=postgres");
    listening.is_refused(LOCALHOST, "sslmode=verify-full&sslrootcert=./another.pem", "UnknownIssuer");
    listening.is_refused(NUMBER, "sslmode=verify-full&sslrootcert=./authority.pem", "not valid for name \"127.0.0.1\"");
    listening.is_refused(
        LOCALHOST,
        "sslmode=verify-full",
        "no certificate is trusted: name a file with `sslrootcert=PATH`",
    );
    listening.is_refused(LOCALHOST, "sslmode=verify-full&sslrootcert=./missing.pem", "missing.pem cannot be read");
    listening.is_refused(LOCALHOST, "sslmode=verify-full&sslrootcert=./make.sh", "there is no certificate to trust in");
    assert!(listening.connect(LOCALHOST, "sslrootcert=system", &[]).is_err());
}

#[test]
fn the_mode_and_the_certificates_may_come_from_the_environment_and_the_home_folder() {
    let listening = Listening::get();
    listening.show(Some("server"), ANYBODY);
    let encrypted = Ok(Some("TLSv1.3".to_owned()));
    let mode = |mode: &str| ("PGSSLMODE", mode.to_owned());
    let roots = ("PGSSLROOTCERT", listening.file("authority.pem"));
    assert_eq!(listening.connect(LOCALHOST, "", &[mode("verify-full"), roots.clone()]), encrypted);
    assert!(listening.connect(NUMBER, "", &[mode("verify-full"), roots.clone()]).is_err());
    assert_eq!(listening.connect(NUMBER, "sslmode=disable", &[mode("verify-full"), roots]), Ok(None));
    let home = ("HOME", listening.own.path().join("home").display().to_string());
    let folder = PathBuf::from(&home.1).join(".postgresql");
    fs::create_dir_all(&folder).unwrap();
    fs::copy(listening.file("another.pem"), folder.join("root.crt")).unwrap();
    assert!(listening.connect(LOCALHOST, "sslmode=require", std::slice::from_ref(&home)).is_err());
    assert_eq!(listening.connect(LOCALHOST, "sslmode=prefer", std::slice::from_ref(&home)), encrypted);
    fs::copy(listening.file("authority.pem"), folder.join("root.crt")).unwrap();
    assert_eq!(listening.connect(LOCALHOST, "sslmode=verify-full", &[home]), encrypted);
}

#[test]
fn a_server_that_cannot_is_refused_where_encryption_is_a_must() {
    let listening = Listening::get();
    listening.show(None, ANYBODY);
    for mode in ["disable", "allow", "prefer"] {
        listening.is_plain(&format!("sslmode={mode}"));
    }
    for mode in ["require", "verify-ca", "verify-full"] {
        let settings = format!("sslmode={mode}&sslrootcert=./authority.pem");
        listening.is_refused(LOCALHOST, &settings, "server does not support TLS");
    }
}

#[test]
fn a_server_that_wants_it_one_way_gets_it_where_the_mode_leaves_that_open() {
    let listening = Listening::get();
    listening.show(Some("server"), "local all all trust\nhostssl all all all trust\n");
    listening.is_encrypted(LOCALHOST, "sslmode=allow");
    listening.is_refused(LOCALHOST, "sslmode=disable", "no pg_hba.conf entry");
    listening.show(Some("server"), "local all all trust\nhostnossl all all all trust\n");
    listening.is_plain("sslmode=prefer");
    listening.is_refused(LOCALHOST, "sslmode=require", "no pg_hba.conf entry");
}

#[test]
fn certificates_that_are_made_by_the_manual_are_taken() {
    let listening = Listening::get();
    listening.show(Some("by-the-manual"), ANYBODY);
    listening.is_encrypted(LOCALHOST, "sslmode=verify-full&sslrootcert=./by-the-manual.pem");
    listening.is_encrypted(NUMBER, "sslmode=verify-ca&sslrootcert=./by-the-manual.pem");
    listening.is_refused(NUMBER, "sslmode=verify-full&sslrootcert=./by-the-manual.pem", "invalid peer certificate");
    listening.is_refused(LOCALHOST, "sslmode=verify-ca&sslrootcert=./authority.pem", "invalid peer certificate");
    listening.show(Some("version-1"), ANYBODY);
    listening.is_encrypted(LOCALHOST, "sslmode=require");
    listening.is_refused(LOCALHOST, "sslmode=verify-ca&sslrootcert=./authority.pem", "UnsupportedCertVersion");
}

#[test]
fn somebody_is_let_in_by_a_certificate_or_a_password_and_no_error_tells_it() {
    let listening = Listening::get();
    let who = "local all all trust\nhostssl all anna all cert\nhostssl all bob all scram-sha-256\n";
    listening.show(Some("server"), who);
    let mut admin = postgres::Client::connect(&listening.socket(), postgres::NoTls).unwrap();
    admin.batch_execute("CREATE ROLE anna LOGIN; CREATE ROLE bob LOGIN PASSWORD 'open sesame'").unwrap();
    listening.is_encrypted("anna@localhost", "sslmode=require&sslcert=./anna.pem&sslkey=./key.pem");
    listening.is_refused("anna@localhost", "sslmode=require", "certificate");
    listening.is_refused("anna@localhost", "sslcert=./anna.pem", "`sslcert` names a certificate, and `sslkey` no key");
    listening.is_refused("anna@localhost", "sslcert=./anna.pem&sslkey=./anna.pem", "anna.pem cannot be used");
    fs::set_permissions(listening.file("another.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    listening.is_refused("anna@localhost", "sslcert=./anna.pem&sslkey=./another.pem", "another.pem; `chmod 600` it");
    // The password goes to whoever has the certificate, and to nobody between.
    listening.is_encrypted("bob:open%20sesame@localhost", "sslmode=require&channel_binding=require");
    let given = [("PGPASSWORD", "open sesame".to_owned())];
    assert!(listening.connect("bob@localhost", "sslmode=require", &given).is_ok());
    for (place, given) in [("bob:sesame@localhost", None), ("bob@localhost", Some(("PGPASSWORD", "sesame".to_owned())))]
    {
        let refused = listening.connect(place, "sslmode=require", given.as_slice()).unwrap_err();
        assert!(refused.contains("password authentication failed for user \"bob\""), "{refused}");
        assert!(!refused.contains("sesame"), "{refused}");
    }
    let refused = listening.connect("bob@localhost", "sslmode=require", &[]).unwrap_err();
    assert!(refused.contains("password missing"), "{refused}");
}
