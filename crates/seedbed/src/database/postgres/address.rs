//! Where a PostgreSQL database is: `postgres://user@host:port/name`, with the habits of libpq.
//!
//! An address is a set of settings by libpq's names. What it leaves out comes from the service it
//! names, from an [`Environment`] and from the file of passwords, in this order. A setting that is not
//! known here is refused, since it may have been meant to protect something. Nothing that is shown, and
//! no error, holds the password.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Config, Error, NoTls};

use super::connection::Connection;
use super::tls::{self, Files, Mode};
use crate::database::{Failure, FailureKind};

/// The variables of a process that addresses heed.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<String, String>);

/// Settings that are known here, and the variable that each is left to.
const OURS: [(&str, &str); 8] = [
    ("gssencmode", "PGGSSENCMODE"),
    ("passfile", "PGPASSFILE"),
    ("service", "PGSERVICE"),
    ("servicefile", "PGSERVICEFILE"),
    ("sslcert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
    ("sslmode", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
];

/// Settings that the driver knows.
const THE_DRIVERS: [(&str, &str); 18] = [
    ("application_name", "PGAPPNAME"),
    ("channel_binding", "PGCHANNELBINDING"),
    ("connect_timeout", "PGCONNECT_TIMEOUT"),
    ("dbname", "PGDATABASE"),
    ("host", "PGHOST"),
    ("hostaddr", "PGHOSTADDR"),
    ("keepalives", ""),
    ("keepalives_idle", ""),
    ("keepalives_interval", ""),
    ("keepalives_retries", ""),
    ("load_balance_hosts", "PGLOADBALANCEHOSTS"),
    ("options", "PGOPTIONS"),
    ("password", "PGPASSWORD"),
    ("port", "PGPORT"),
    ("sslnegotiation", "PGSSLNEGOTIATION"),
    ("target_session_attrs", "PGTARGETSESSIONATTRS"),
    ("tcp_user_timeout", ""),
    ("user", "PGUSER"),
];

/// Variables of libpq that ask for what is not done here; to go on without would be less than was asked.
const REFUSED: [&str; 7] = [
    "PGREQUIREAUTH",
    "PGREQUIREPEER",
    "PGSSLCERTMODE",
    "PGSSLCRL",
    "PGSSLCRLDIR",
    "PGSSLMAXPROTOCOLVERSION",
    "PGSSLMINPROTOCOLVERSION",
];

impl Environment {
    /// Returns the variables of this process. Nothing else in this crate reads them.
    pub fn of_process() -> Self {
        let variables = OURS.iter().chain(&THE_DRIVERS).map(|(_, variable)| *variable);
        let names = variables.filter(|name| !name.is_empty()).chain(REFUSED).chain(["HOME", "PGSYSCONFDIR", "USER"]);
        let named = names.filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?)));
        // In a container nobody may have said who the user is, whom the system knows all the same.
        let user = whoami::username().ok().map(|user| ("USER".to_owned(), user));
        user.into_iter().chain(named).collect()
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn home(&self, file: &str) -> Option<PathBuf> {
        self.get("HOME").map(|home| PathBuf::from(home).join(file))
    }
}

impl FromIterator<(String, String)> for Environment {
    /// Returns an environment of these; a variable that is empty is as one that is not set.
    fn from_iter<T: IntoIterator<Item = (String, String)>>(variables: T) -> Self {
        Self(variables.into_iter().filter(|(_, value)| !value.is_empty()).collect())
    }
}

/// Settings by their names.
type Settings = BTreeMap<String, String>;

/// A PostgreSQL database, not yet opened.
#[derive(Clone)]
pub struct Address {
    config: Config,
    mode: Mode,
    files: Files,
    shown: String,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown)
    }
}

impl Address {
    /// Whether a text is such an address.
    pub fn is_one(text: &str) -> bool {
        text.starts_with("postgres://") || text.starts_with("postgresql://")
    }

    /// Returns an address without its password, as it may be shown and kept, and whether it had one.
    pub fn without_password(address: &str) -> (String, bool) {
        let (scheme, rest) = address.split_once("://").unwrap_or(("postgres", address));
        // A password may hold any letter, also those that end a place.
        let opens_one = |before: &str| before.contains(':') && !before.contains(['@', '/']);
        let (place, query) = match rest.split_once('?') {
            Some((before, after)) if opens_one(before) && after.contains('@') => {
                let (user, tail) = rest.rsplit_once('@').expect("there is one");
                let (place, query) = tail.split_once('?').unwrap_or((tail, ""));
                (format!("{user}@{place}"), query)
            }
            Some((place, query)) => (place.to_owned(), query),
            None => (rest.to_owned(), ""),
        };
        let (user, place) = place.rsplit_once('@').map_or((None, &*place), |(user, place)| (Some(user), place));
        let named = user.map(|user| user.split_once(':').map_or((user, false), |(user, _)| (user, true)));
        let secret = |pair: &&str| {
            let name = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
            // A name that is written in another way may be that of a password.
            name.contains('%') || name.ends_with("password")
        };
        let pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty() && !secret(pair)).collect();
        let had = named.is_some_and(|(_, password)| password) || query.split('&').any(|pair| secret(&pair));
        let user = named.map_or_else(String::new, |(user, _)| format!("{user}@"));
        let query = if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
        (format!("{scheme}://{user}{place}{query}"), had)
    }

    /// Reads an address; what it leaves out comes from the environment.
    pub fn read(text: &str, environment: &Environment) -> Result<Self, Failure> {
        if let Some(variable) = REFUSED.iter().find(|variable| environment.get(variable).is_some()) {
            return Err(unusable(format!("`{variable}` is set, which Seedbed does not know how to heed")));
        }
        let mut settings = parsed(text)?;
        require_known(&settings, "the address")?;
        if let Some(name) = settings.get("service").map(String::as_str).or(environment.get("PGSERVICE")) {
            let service = read_service(name, settings.get("servicefile"), environment)?;
            require_known(&service, &format!("service `{name}`"))?;
            fill(&mut settings, service);
        }
        let variables = OURS.iter().chain(&THE_DRIVERS);
        let known =
            variables.filter_map(|(name, variable)| Some(((*name).to_owned(), environment.get(variable)?.to_owned())));
        fill(&mut settings, known.collect());
        let defaults = defaults(&settings, environment)?;
        fill(&mut settings, defaults);
        let (mode, files) = protection(&settings, environment)?;
        let config = config(&settings, environment)?;
        // Nobody listens in on a socket of the same machine, and the server does not encrypt it.
        let local = config.get_hosts().iter().all(|host| !matches!(host, Host::Tcp(_)));
        let mode = if local { Mode::Disable } else { mode };
        let shown = shown(&config);
        Ok(Self { config, mode, files, shown })
    }

    /// Returns the address without its password.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    pub(super) fn connect(&self) -> Result<Connection, Failure> {
        let encrypted = |ssl_mode| {
            let connector = tls::connector(self.mode, &self.files).map_err(unusable)?;
            Connection::open(self.config.clone().ssl_mode(ssl_mode), connector)
        };
        let plain = || Connection::open(self.config.clone().ssl_mode(SslMode::Disable), NoTls);
        match self.mode {
            Mode::Disable => plain(),
            Mode::Allow => {
                plain().or_else(
                    |refused| if is_about_encryption(&refused) { encrypted(SslMode::Require) } else { Err(refused) },
                )
            }
            Mode::Prefer => encrypted(SslMode::Prefer)
                .or_else(|refused| if is_about_encryption(&refused) { plain() } else { Err(refused) }),
            Mode::Require | Mode::VerifyCa | Mode::VerifyFull => encrypted(SslMode::Require),
        }
    }
}

/// Whether a connection may come about with encryption in place of none, or the other way round: the
/// server wants it so, or the two do not speak the same.
fn is_about_encryption(failure: &Failure) -> bool {
    failure.message.contains("pg_hba.conf") || failure.message.contains("TLS handshake")
}

fn unusable(message: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Connection, message)
}

/// Takes over what is left out.
fn fill(settings: &mut Settings, others: Settings) {
    let names_server = settings.contains_key("host") || settings.contains_key("hostaddr");
    for (name, value) in others {
        // A server that is named has no second name or number from elsewhere.
        if !(names_server && name.starts_with("host")) {
            settings.entry(name).or_insert(value);
        }
    }
}

/// Returns the settings that an address names.
fn parsed(text: &str) -> Result<Settings, Failure> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, name) = place.split_once('/').unwrap_or((place, ""));
    if name.contains('@') || (!authority.contains('@') && query.contains('@')) {
        // What stands before it may be a part of the password.
        let message =
            "the address has an `@` behind a `/` or `?`; in a name or password these are written %40, %2F and %3F";
        return Err(unusable(message));
    }
    let mut settings = Settings::new();
    let mut set = |name: &str, value: String| {
        if !value.is_empty() {
            settings.insert(name.to_owned(), value);
        }
    };
    let (user, servers) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    set("user", decoded(user)?);
    set("password", decoded(password)?);
    let (mut hosts, mut ports) = (Vec::new(), Vec::new());
    for server in servers.split(',') {
        // The colons of a number in brackets are its own.
        let end = server.find(']').unwrap_or(0);
        let (host, port) =
            server[end..].split_once(':').map_or((server, ""), |(before, port)| (&server[..end + before.len()], port));
        hosts.push(decoded(host.trim_start_matches('[').trim_end_matches(']'))?);
        ports.push(port);
    }
    set("host", if hosts == [""] { String::new() } else { hosts.join(",") });
    set("port", if ports.iter().all(|port| port.is_empty()) { String::new() } else { ports.join(",") });
    set("dbname", decoded(name)?);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let Some((name, value)) = pair.split_once('=') else {
            return Err(unusable("what follows the `?` of an address is written `NAME=VALUE&NAME=VALUE`"));
        };
        set(&decoded(name)?, decoded(value)?);
    }
    Ok(settings)
}

fn require_known(settings: &Settings, place: &str) -> Result<(), Failure> {
    let mut known: Vec<&str> = OURS.iter().chain(&THE_DRIVERS).map(|(name, _)| *name).collect();
    known.sort_unstable();
    let Some(unknown) = settings.keys().find(|name| !known.contains(&name.as_str())) else { return Ok(()) };
    let known = known.join(", ");
    // A name that is none may be a part of something that is to stay hidden.
    let name = if unknown.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') { unknown } else { "..." };
    Err(unusable(format!("{place} sets `{name}`, which Seedbed does not know; it knows {known}")))
}

/// Returns what nobody has said, as libpq takes it.
fn defaults(settings: &Settings, environment: &Environment) -> Result<Settings, Failure> {
    let port = settings.get("port").map_or("5432", String::as_str);
    let user = settings.get("user").map(String::as_str).or(environment.get("USER"));
    let user = user
        .ok_or_else(|| unusable("the address names no user, nor does PGUSER, and the system knows no name of yours"))?;
    let has_socket = |folder: &&str| Path::new(folder).join(format!(".s.PGSQL.{port}")).exists();
    let host = ["/var/run/postgresql", "/tmp"].into_iter().find(has_socket).unwrap_or("localhost");
    let defaults = [
        ("application_name", "seedbed"),
        ("connect_timeout", "10"),
        ("dbname", user),
        ("host", host),
        ("port", port),
        ("user", user),
    ];
    Ok(defaults.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
}

/// Returns how the connection is to be protected, and with which certificates.
fn protection(settings: &Settings, environment: &Environment) -> Result<(Mode, Files), Failure> {
    let usual =
        |file: &str| environment.home(".postgresql").map(|folder| folder.join(file)).filter(|file| file.exists());
    let roots = settings.get("sslrootcert").cloned();
    let system = roots.as_deref() == Some("system");
    let name = settings.get("sslmode").map_or(if system { "verify-full" } else { "prefer" }, String::as_str);
    let mode = Mode::read(name).ok_or_else(|| {
        unusable("there is no such `sslmode`: it is disable, allow, prefer, require, verify-ca or verify-full")
    })?;
    if system && mode != Mode::VerifyFull {
        return Err(unusable(
            "`sslrootcert=system` asks for `sslmode=verify-full`: anybody has a certificate that a system trusts",
        ));
    }
    if settings.get("gssencmode").is_some_and(|mode| mode == "require") {
        return Err(unusable("`gssencmode=require` is asked for, and Seedbed encrypts by TLS"));
    }
    let file = |name: &str, usual_name: &str| settings.get(name).map(PathBuf::from).or_else(|| usual(usual_name));
    let own = match (file("sslcert", "postgresql.crt"), file("sslkey", "postgresql.key")) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (Some(_), None) => return Err(unusable("`sslcert` names a certificate, and `sslkey` no key to it")),
        (None, _) => None,
    };
    let roots = roots.or_else(|| Some(usual("root.crt")?.display().to_string()));
    Ok((mode, Files { roots, own }))
}

/// Returns the settings as the driver takes them.
fn config(settings: &Settings, environment: &Environment) -> Result<Config, Failure> {
    let mut text = String::new();
    for (name, _) in THE_DRIVERS {
        if let Some(value) = settings.get(name) {
            let value = value.replace('\\', r"\\").replace('\'', r"\'");
            text.push_str(&format!("{name}='{value}' "));
        }
    }
    if let (None, Some(address)) = (settings.get("host"), settings.get("hostaddr")) {
        // Without a name, a server's number is what its certificate must be for.
        text.push_str(&format!("host='{address}' "));
    }
    let mut config: Config = text.parse().map_err(|error: Error| {
        let reason = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
        unusable(format!("this is no address: {reason}"))
    })?;
    if config.get_password().is_none() {
        let named = settings.get("passfile").map(PathBuf::from);
        let file = named.or_else(|| environment.home(".pgpass"));
        if let Some(password) = file.map(|file| password_of(&config, &file)).transpose()?.flatten() {
            config.password(password);
        }
    }
    Ok(config)
}
fn shown(config: &Config) -> String {
    let user = config.get_user().unwrap_or_default();
    let name = config.get_dbname().unwrap_or_default();
    let ports = config.get_ports();
    let server = |(position, host): (usize, &Host)| {
        let host = match host {
            Host::Tcp(host) => host.clone(),
            #[cfg(unix)]
            Host::Unix(folder) => folder.display().to_string(),
        };
        (host, ports.get(position).or(ports.first()).copied().unwrap_or(5432))
    };
    let mut servers: Vec<(String, u16)> = config.get_hosts().iter().enumerate().map(server).collect();
    let (last, port) = servers.pop().unwrap_or_default();
    if servers.is_empty() {
        return written(user, &last, port, name);
    }
    let mut text = format!("postgres://{user}@");
    for (host, port) in servers {
        text.push_str(&format!("{host}:{port},"));
    }
    format!("{text}{last}:{port}/{name}")
}

/// Returns the address of a database, without a password; a host that begins with `/` is the folder of
/// a socket.
pub fn written(user: &str, host: &str, port: u16, name: &str) -> String {
    if !host.starts_with('/') {
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        return format!("postgres://{user}@{host}:{port}/{name}");
    }
    let port = if port == 5432 { String::new() } else { format!("&port={port}") };
    format!("postgres://{user}@/{name}?host={host}{port}")
}

/// Returns the settings of a service, from the user's file of services or that of the system.
fn read_service(name: &str, named: Option<&String>, environment: &Environment) -> Result<Settings, Failure> {
    let named = named.map(String::as_str).or(environment.get("PGSERVICEFILE")).map(PathBuf::from);
    let own = named.or_else(|| environment.home(".pg_service.conf"));
    let system = environment.get("PGSYSCONFDIR").map(|folder| PathBuf::from(folder).join("pg_service.conf"));
    let heading = format!("[{name}]");
    for file in own.into_iter().chain(system) {
        let text = fs::read_to_string(&file).unwrap_or_default();
        let mut lines = text.lines().map(str::trim).skip_while(|line| *line != heading);
        if lines.next().is_none() {
            continue;
        }
        let lines =
            lines.take_while(|line| !line.starts_with('[')).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let setting =
            |line: &str| line.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
        return lines.map(setting).collect::<Option<_>>().ok_or_else(|| {
            unusable(format!("service `{name}` in {} has a line that is not `NAME=VALUE`", file.display()))
        });
    }
    Err(unusable(format!("there is no service `{name}` in the files of services")))
}

/// Returns the password that a file of passwords has for these.
fn password_of(config: &Config, file: &Path) -> Result<Option<String>, Failure> {
    let Ok(text) = fs::read_to_string(file) else { return Ok(None) };
    let hosts: Vec<String> = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => vec![host.clone()],
        #[cfg(unix)]
        Some(Host::Unix(folder)) => vec!["localhost".to_owned(), folder.display().to_string()],
        None => Vec::new(),
    };
    let port = config.get_ports().first().map(ToString::to_string).unwrap_or_default();
    let wanted = [&port, config.get_dbname().unwrap_or_default(), config.get_user().unwrap_or_default()];
    let fits = |field: &String, wanted: &str| field == "*" || field == wanted;
    let password = text.lines().filter(|line| !line.starts_with('#')).find_map(|line| match &fields(line)[..] {
        [host, others @ .., password] if others.len() == wanted.len() => {
            let right_host = hosts.iter().any(|wanted| fits(host, wanted));
            let right = right_host && others.iter().zip(wanted).all(|(field, wanted)| fits(field, wanted));
            right.then(|| password.clone())
        }
        _ => None,
    });
    if password.is_some() && !tls::is_private(file) {
        let message = format!("others may read the passwords in {}; `chmod 600` it", file.display());
        return Err(unusable(message));
    }
    Ok(password)
}

/// Returns the parts of a line between colons; a backslash makes what follows it plain.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ':' => fields.push(String::new()),
            '\\' => fields.last_mut().expect("there is one").extend(letters.next()),
            letter => fields.last_mut().expect("there is one").push(letter),
        }
    }
    fields
}

/// Returns a part of an address without its `%` signs.
fn decoded(text: &str) -> Result<String, Failure> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first != b'%' {
            bytes.push(*first);
            rest = after;
            continue;
        }
        let hex = after.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(hex.ok_or_else(|| unusable("a `%` of an address is followed by two digits, as in %40 for `@`"))?);
        rest = &after[2..];
    }
    String::from_utf8(bytes).map_err(|_| unusable("the address is no UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_and_kept_without_its_password() {
        for (address, kept, had) in [
            ("postgres://ann:secret@h:5/d?sslmode=require", "postgres://ann@h:5/d?sslmode=require", true),
            ("postgresql://ann@h/d", "postgresql://ann@h/d", false),
            ("postgres:///d?host=/run&password=secret", "postgres:///d?host=/run", true),
            ("postgres://ann:se/c:r@t@h/d", "postgres://ann@h/d", true),
            ("postgres://ann:s?cret@h/d?sslmode=require", "postgres://ann@h/d?sslmode=require", true),
            ("postgres:///d?user=ann@h", "postgres:///d?user=ann@h", false),
            ("postgres://h/d?passw%6Frd=secret", "postgres://h/d", true),
        ] {
            assert_eq!(Address::without_password(address), (kept.to_owned(), had), "{address}");
        }
    }

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn read(text: &str, pairs: &[(&str, &str)]) -> Result<Address, String> {
        Address::read(text, &environment(pairs)).map_err(|failure| failure.message)
    }

    #[test]
    fn an_address_is_shown_without_its_password() {
        for (text, wanted) in [
            ("postgres://bob:secret@db.example:5433/shop", "postgres://bob@db.example:5433/shop"),
            ("postgresql://bob:secret@db.example/shop?sslmode=disable", "postgres://bob@db.example:5432/shop"),
            ("postgres:///shop?host=/run/pg", "postgres://ann@/shop?host=/run/pg"),
            ("postgres://bob@%2Frun%2Fpg:6000/shop?password=secret", "postgres://bob@/shop?host=/run/pg&port=6000"),
            ("postgres://localhost", "postgres://ann@localhost:5432/ann"),
            ("postgres://b%40b:s%2Fecret@a,c:7/shop", "postgres://b@b@a:5432,c:7/shop"),
            ("postgres://bob@[::1]:7/shop", "postgres://bob@[::1]:7/shop"),
            ("postgres://bob:secret@secret@a/shop", "postgres://bob@a:5432/shop"),
            ("postgres:///shop?hostaddr=10.0.0.1&user=bob", "postgres://bob@10.0.0.1:5432/shop"),
        ] {
            let address = read(text, &[("USER", "ann")]).unwrap();
            assert_eq!(address.shown(), wanted);
            assert_eq!(format!("{address:?}"), wanted);
        }
    }

    #[test]
    fn no_error_holds_the_password_or_a_part_of_it() {
        for text in [
            "postgres://bob:se/cret@host/shop",
            "postgres://bob:se?cret@host/shop",
            "postgres://bob:secret@host:cret/shop",
            "postgres://bob:secret@host:99999/shop",
            "postgres://bob:se%cret@host/shop",
            "postgres://bob:%ff@host/shop",
            "postgres://bob:secret@host/shop?cret",
            "postgres://bob:secret@host/shop?CRET=1",
            "postgres://bob:secret@host/shop?password=secret&sslmode=cret",
            "postgres://bob:secret@host/shop?channel_binding=cret",
            "postgres://bob:secret@host/shop?connect_timeout=cret",
            "postgres://bob:secret@host/shop?hostaddr=cret",
            "postgres://bob:secret@host/shop?service=nowhere",
        ] {
            let message = read(text, &[("PGPASSWORD", "cret")]).unwrap_err();
            assert!(!message.to_lowercase().contains("cret"), "{text}: {message}");
        }
    }

    #[test]
    fn what_is_left_out_comes_from_the_service_the_environment_and_the_password_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            fs::write(folder.path().join(name), text).unwrap();
            folder.path().join(name).display().to_string()
        };
        let services = file(
            "services",
            "[other]\nhost=no\n[shop]\n# a comment\nhost = db.example\nport=6000\n\n[x]\nuser=no\nsize=3",
        );
        let passwords = file("passwords", "db.example:6000:other:*:wrong\n*:6000:shop:ann:se\\:cret\n");
        let pairs = [("PGSERVICEFILE", &*services), ("PGPASSFILE", &*passwords), ("PGUSER", "ann"), ("PGHOST", "x")];
        #[cfg(unix)]
        {
            let message = read("postgres:///shop?service=shop", &pairs).unwrap_err();
            assert_eq!(message, format!("others may read the passwords in {passwords}; `chmod 600` it"));
            let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            fs::set_permissions(&passwords, private).unwrap();
        }
        let address = read("postgres:///shop?service=shop", &pairs).unwrap();
        assert_eq!(address.shown(), "postgres://ann@db.example:6000/shop");
        assert_eq!(address.config.get_password(), Some(&b"se:cret"[..]));
        assert_eq!(read("postgres://y/shop?service=shop", &pairs).unwrap().shown(), "postgres://ann@y:6000/shop");
        assert!(read("postgres:///?service=nothing", &pairs).unwrap_err().contains("no service `nothing`"));
        let message = read("postgres:///?service=x", &pairs).unwrap_err();
        assert!(message.starts_with("service `x` sets `size`, which Seedbed does not know; it knows"), "{message}");
    }

    #[test]
    fn what_is_asked_for_and_not_known_is_refused() {
        let message = read("postgres://ann@db.example/shop?schema=public", &[]).unwrap_err();
        assert!(message.starts_with("the address sets `schema`, which Seedbed does not know; it knows "), "{message}");
        assert!(message.contains("sslrootcert, target_session_attrs"), "{message}");
        let message = read("postgres://ann@db.example/shop", &[("PGREQUIREAUTH", "scram-sha-256")]).unwrap_err();
        assert!(message.starts_with("`PGREQUIREAUTH` is set"), "{message}");
        assert!(read("postgres://ann@h/d", &[("PGGSSENCMODE", "disable")]).is_ok());
        assert!(read("postgres://ann@h/d?gssencmode=require", &[]).is_err());
        assert!(read("postgres://ann@h/d", &[("PGSSLMODE", "sometimes")]).unwrap_err().contains("verify-full"));
        assert!(read("postgres://ann@h/d?sslrootcert=system&sslmode=require", &[]).is_err());
        assert_eq!(read("postgres://ann@h/d?sslrootcert=system", &[]).unwrap().mode, Mode::VerifyFull);
        assert_eq!(read("postgres:///d?sslmode=require&host=/run/pg", &[("USER", "ann")]).unwrap().mode, Mode::Disable);
    }
}
