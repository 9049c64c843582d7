//! The walk-throughs of `examples/`: every command on their pages says what stands below it, on SQLite
//! and on PostgreSQL. `UPDATE=1` writes the pages anew, from what SQLite says.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::postgres::server::{TestDatabase, server};
use crate::support::{called_in, masked, repository};

#[test]
fn the_walk_through_of_the_shop_is_what_happens() {
    walk("shop");
}

#[test]
fn the_walk_through_of_the_tracker_is_what_happens() {
    walk("tracker");
}

/// Follows the page on both databases.
fn walk(example: &str) {
    let page = fs::read_to_string(repository().join("examples").join(example).join("README.md")).unwrap();
    let on_sqlite = Walk::new(example, false).follow(&page);
    if std::env::var("UPDATE").is_ok() {
        fs::write(repository().join("examples").join(example).join("README.md"), &on_sqlite).unwrap();
        return;
    }
    assert_eq!(masked(&on_sqlite), masked(&page), "on SQLite");
    let on_postgres = Walk::new(example, true).follow(&page);
    assert_eq!(without_database(&on_postgres), without_database(&page), "on PostgreSQL");
}

/// A copy of an example and the database it is followed on.
struct Walk {
    folder: TempDir,
    example: String,
    server: Option<TestDatabase>,
}

impl Walk {
    fn new(example: &str, on_postgres: bool) -> Self {
        let (from, folder) = (repository().join("examples").join(example), TempDir::new().unwrap());
        for file in fs::read_dir(&from).unwrap() {
            let file = file.unwrap();
            // A database that somebody made while trying the example stays where it is.
            if file.path().extension().is_some_and(|kind| kind == "yaml" || kind == "toml" || kind == "sql") {
                fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
            }
        }
        let tables = || fs::read_to_string(from.join("schema.postgresql.sql")).unwrap();
        let server = on_postgres.then(|| server().database(&tables()));
        Self { folder, example: example.to_owned(), server }
    }

    /// Returns the page with what its commands say here.
    fn follow(&self, page: &str) -> String {
        let mut followed = String::new();
        let mut lines = page.lines().peekable();
        let mut fence = "";
        while let Some(line) = lines.next() {
            followed.push_str(line);
            followed.push('\n');
            if let Some(info) = line.strip_prefix("```") {
                fence = if fence.is_empty() { info } else { "" };
            }
            let Some(command) = line.strip_prefix("$ ").filter(|_| fence == "console") else { continue };
            followed.push_str(&self.call(command));
            while lines.next_if(|line| !line.starts_with("$ ") && !line.starts_with("```")).is_some() {}
        }
        followed
    }

    /// Returns what a command of the page prints; with an exit code other than 0, that too.
    fn call(&self, command: &str) -> String {
        let database = format!("sqlite3 {}.sqlite3 ", self.example);
        if let Some(statement) = command.strip_prefix(&database) {
            self.sql(statement.trim_matches('"'));
            return String::new();
        }
        let words: Vec<&str> = command.strip_prefix("seedbed ").expect("a command of this tool").split(' ').collect();
        let address = self.server.as_ref().map(TestDatabase::address);
        let database = address.iter().flat_map(|address| ["--db", address.as_str()]);
        let words: Vec<&str> = words.into_iter().chain(database).collect();
        let answer = called_in(self.folder.path(), &words);
        let code = if answer.code == 0 { String::new() } else { format!("(exit code {})\n", answer.code) };
        // What is typed next names the database as well.
        let named = address.map_or_else(String::new, |address| format!(" --db '{address}'"));
        (answer.out + &answer.err + &code).replace(if named.is_empty() { "\0" } else { &named }, "")
    }

    fn sql(&self, statement: &str) {
        match &self.server {
            Some(server) => server.client().batch_execute(statement).unwrap(),
            None => opened(self.folder.path(), &self.example).execute_batch(statement).unwrap(),
        }
    }
}

fn opened(folder: &Path, example: &str) -> rusqlite::Connection {
    rusqlite::Connection::open(folder.join(format!("{example}.sqlite3"))).unwrap()
}

/// Returns the page without the lines that name the database, which differ.
fn without_database(page: &str) -> String {
    masked(
        &page
            .lines()
            .filter(|line| !line.starts_with("database  "))
            .map(|line| line.to_owned() + "\n")
            .collect::<String>(),
    )
}
