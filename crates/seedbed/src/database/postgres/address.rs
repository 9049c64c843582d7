//! Where a PostgreSQL database is: `postgres://user@host:port/name`, with the habits of libpq.
//!
//! What an address leaves out comes from the service it names, from an [`Environment`] and from the
//! file of passwords, in this order. Nothing that is shown holds the password.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use postgres::config::{Host, SslMode};
use postgres::{Client, Config, NoTls};

use crate::database::{Failure, FailureKind};

/// The variables of a process that addresses heed.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<&'static str, String>);

const VARIABLES: [&str; 13] = [
    "HOME",
    "PGCONNECT_TIMEOUT",
    "PGDATABASE",
    "PGHOST",
    "PGOPTIONS",
    "PGPASSFILE",
    "PGPASSWORD",
    "PGPORT",
    "PGSERVICE",
    "PGSERVICEFILE",
    "PGSSLMODE",
    "PGUSER",
    "USER",
];

impl Environment {
    /// Returns the variables of this process. Nothing else in this crate reads them.
    pub fn of_process() -> Self {
        let read = |name: &'static str| Some((name, std::env::var(name).ok().filter(|value| !value.is_empty())?));
        Self(VARIABLES.into_iter().filter_map(read).collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn home(&self, file: &str) -> Option<PathBuf> {
        self.get("HOME").map(|home| PathBuf::from(home).join(file))
    }
}

/// A PostgreSQL database, not yet opened.
#[derive(Clone)]
pub struct Address {
    config: Config,
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

    /// Reads an address; what it leaves out comes from the environment.
    pub fn read(text: &str, environment: &Environment) -> Result<Self, Failure> {
        let (place, query) = text.split_once('?').unwrap_or((text, ""));
        let (mut own, mut passed) = (BTreeMap::new(), Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some((name @ ("service" | "passfile" | "sslmode"), value)) => {
                    own.insert(name, decoded(value));
                }
                _ => passed.push(pair),
            }
        }
        let plain = if passed.is_empty() { place.to_owned() } else { format!("{place}?{}", passed.join("&")) };
        let mut config: Config =
            plain.parse().map_err(|error: postgres::Error| unusable(&format!("this is no address: {error}")))?;
        let service = own.get("service").map(String::as_str).or(environment.get("PGSERVICE"));
        let service = service.map(|name| read_service(name, environment)).transpose()?.unwrap_or_default();
        let left_out = |name: &str, variable: &str| {
            service.get(name).cloned().or_else(|| environment.get(variable).map(str::to_owned))
        };
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            config.host(&left_out("host", "PGHOST").unwrap_or_else(|| "localhost".into()));
        }
        if config.get_ports().is_empty() {
            let port = left_out("port", "PGPORT").unwrap_or_else(|| "5432".into());
            config.port(port.parse().map_err(|_| unusable(&format!("`{port}` is no port")))?);
        }
        if config.get_user().is_none() {
            let user = left_out("user", "PGUSER").or_else(|| environment.get("USER").map(str::to_owned));
            config.user(&user.ok_or_else(|| unusable("the address names no user"))?);
        }
        let user = config.get_user().unwrap_or_default().to_owned();
        if config.get_dbname().is_none_or(str::is_empty) {
            config.dbname(&left_out("dbname", "PGDATABASE").unwrap_or(user));
        }
        if config.get_options().is_none()
            && let Some(options) = left_out("options", "PGOPTIONS")
        {
            config.options(&options);
        }
        if config.get_connect_timeout().is_none() {
            let seconds = left_out("connect_timeout", "PGCONNECT_TIMEOUT").and_then(|text| text.parse().ok());
            config.connect_timeout(std::time::Duration::from_secs(seconds.unwrap_or(10)));
        }
        if config.get_application_name().is_none() {
            config.application_name("seedbed");
        }
        let mode = own.remove("sslmode").or_else(|| left_out("sslmode", "PGSSLMODE"));
        config.ssl_mode(ssl_mode(mode.as_deref().unwrap_or("prefer"))?);
        if config.get_password().is_none() {
            let file = own.remove("passfile").or_else(|| left_out("passfile", "PGPASSFILE")).map(PathBuf::from);
            let password = left_out("password", "PGPASSWORD")
                .or_else(|| password_of(&config, &file.or_else(|| environment.home(".pgpass"))?));
            if let Some(password) = password {
                config.password(password);
            }
        }
        let shown = shown(&config);
        Ok(Self { config, shown })
    }

    /// Returns the address without its password.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    pub(super) fn connect(&self) -> Result<Client, postgres::Error> {
        self.config.connect(NoTls)
    }
}

fn unusable(message: &str) -> Failure {
    Failure::new(FailureKind::Connection, message)
}

fn ssl_mode(mode: &str) -> Result<SslMode, Failure> {
    match mode {
        "disable" => Ok(SslMode::Disable),
        "allow" | "prefer" => Ok(SslMode::Prefer),
        "require" | "verify-ca" | "verify-full" => {
            Err(unusable(&format!("`sslmode={mode}` is asked for, and this version has no encryption")))
        }
        other => Err(unusable(&format!("there is no sslmode `{other}`"))),
    }
}

fn shown(config: &Config) -> String {
    let user = config.get_user().unwrap_or_default();
    let name = config.get_dbname().unwrap_or_default();
    let port = config.get_ports().first().copied().unwrap_or(5432);
    match config.get_hosts().first() {
        Some(Host::Tcp(host)) => format!("postgres://{user}@{host}:{port}/{name}"),
        #[cfg(unix)]
        Some(Host::Unix(folder)) => {
            let port = if port == 5432 { String::new() } else { format!("&port={port}") };
            format!("postgres://{user}@/{name}?host={}{port}", folder.display())
        }
        None => {
            let host = config.get_hostaddrs().first().map_or_else(String::new, ToString::to_string);
            format!("postgres://{user}@{host}:{port}/{name}")
        }
    }
}

/// Returns the settings of a service, from the user's file of services.
fn read_service(name: &str, environment: &Environment) -> Result<BTreeMap<String, String>, Failure> {
    let file = environment.get("PGSERVICEFILE").map(PathBuf::from).or_else(|| environment.home(".pg_service.conf"));
    let text = file.and_then(|file| fs::read_to_string(file).ok()).unwrap_or_default();
    let heading = format!("[{name}]");
    let mut lines = text.lines().map(str::trim).skip_while(|line| *line != heading);
    if lines.next().is_none() {
        return Err(unusable(&format!("there is no service `{name}` in the file of services")));
    }
    let settings = lines.take_while(|line| !line.starts_with('[')).filter(|line| !line.starts_with('#'));
    Ok(settings.filter_map(|line| line.split_once('=')).map(|(a, b)| (a.trim().into(), b.trim().into())).collect())
}

/// Returns the password that a file of passwords has for these.
fn password_of(config: &Config, file: &std::path::Path) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        _ => "localhost".to_owned(),
    };
    let port = config.get_ports().first().map(ToString::to_string)?;
    let wanted = [&host, &port, config.get_dbname()?, config.get_user()?];
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let fields = fields(line);
        let (password, fields) = fields.split_last()?;
        let fits =
            fields.len() == 4 && fields.iter().zip(wanted).all(|(field, wanted)| field == "*" || field == wanted);
        fits.then(|| password.clone())
    })
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
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        if let (b'%', Some(byte)) = (first, hex) {
            bytes.push(byte);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&'static str, &str)]) -> Environment {
        Environment(pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect())
    }

    #[test]
    fn an_address_is_shown_without_its_password() {
        let read = |text: &str| Address::read(text, &environment(&[("USER", "ann")])).unwrap();
        for (text, wanted) in [
            ("postgres://bob:secret@db.example:5433/shop", "postgres://bob@db.example:5433/shop"),
            ("postgresql://bob:secret@db.example/shop?sslmode=disable", "postgres://bob@db.example:5432/shop"),
            ("postgres:///shop?host=/run/pg", "postgres://ann@/shop?host=/run/pg"),
            ("postgres://localhost", "postgres://ann@localhost:5432/ann"),
        ] {
            let address = read(text);
            assert_eq!(address.shown(), wanted);
            assert!(!format!("{address:?}").contains("secret"));
        }
        assert!(Address::read("postgres://h/d?sslmode=verify-full", &environment(&[("USER", "a")])).is_err());
    }

    #[test]
    fn what_is_left_out_comes_from_the_service_the_environment_and_the_password_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            fs::write(folder.path().join(name), text).unwrap();
            folder.path().join(name).display().to_string()
        };
        let services =
            file("services", "[other]\nhost=no\n[shop]\n# a comment\nhost = db.example\nport=6000\n[x]\nuser=no");
        let passwords = file("passwords", "db.example:6000:other:*:wrong\n*:6000:shop:ann:se\\:cret\n");
        let environment = environment(&[("PGSERVICEFILE", &services), ("PGPASSFILE", &passwords), ("PGUSER", "ann")]);
        let address = Address::read("postgres:///shop?service=shop", &environment).unwrap();
        assert_eq!(address.shown(), "postgres://ann@db.example:6000/shop");
        assert_eq!(address.config.get_password(), Some(&b"se:cret"[..]));
        let unknown = Address::read("postgres:///?service=nothing", &environment).unwrap_err();
        assert!(unknown.message.contains("no service `nothing`"));
    }
}
