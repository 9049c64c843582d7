//! What `docs/your-schema.md` shows is what the commands print, on a real server.

#[path = "../../seedbed/tests/contract/support/server.rs"]
mod server;
mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use server::TestDatabase;
use support::{masked, repository};
use tempfile::TempDir;

const PAGE: &str = "docs/your-schema.md";

#[test]
fn the_page_is_what_the_commands_print() {
    let folder = TempDir::new().unwrap();
    for project in ["my_app", "shop"] {
        std::fs::create_dir(folder.path().join(project)).unwrap();
    }
    let databases = [("my_app", "rails"), ("shop", "node")].map(|(name, schema)| database(name, schema));
    let page = std::fs::read_to_string(repository().join(PAGE)).unwrap();
    let mut shell = Shell { at: folder.path().join("my_app"), databases: &databases };
    let written = with_answers(&page, |command| shell.run(command));
    if std::env::var("UPDATE").is_ok() {
        std::fs::write(repository().join(PAGE), &written).unwrap();
    }
    assert_eq!(masked(&page), masked(&written), "UPDATE=1 writes {PAGE} anew");
    assert!(written.matches("\n    $ ").count() > 10, "the page shows commands");
}

/// A database of that name with the tables of a schema of the tests.
fn database(name: &str, schema: &str) -> TestDatabase {
    let path = repository().join(format!("crates/seedbed-cli/tests/schemas/{schema}.postgresql.sql"));
    let mut place = server::server().database(&std::fs::read_to_string(path).unwrap());
    let admin = server::server().database("");
    admin.client().batch_execute(&format!("ALTER DATABASE {} RENAME TO {name}", place.name)).unwrap();
    name.clone_into(&mut place.name);
    place
}

/// Returns the page with what each command in it prints, in place of what stands below it.
fn with_answers(page: &str, mut run: impl FnMut(&str) -> String) -> String {
    let (mut written, mut lines) = (String::new(), page.lines().peekable());
    while let Some(line) = lines.next() {
        written.push_str(line);
        written.push('\n');
        let Some(command) = line.strip_prefix("    $ ") else { continue };
        // The answer goes on to the next command or the next line that is not indented.
        let of_answer = |line: &&str| !line.starts_with("    $ ") && (line.is_empty() || line.starts_with("    "));
        while lines.next_if(of_answer).is_some() {}
        for line in run(command).lines() {
            written.push_str(if line.is_empty() { "" } else { "    " });
            written.push_str(line);
            written.push('\n');
        }
        written.push('\n');
    }
    written
}

struct Shell<'a> {
    /// The folder it is in.
    at: PathBuf,
    databases: &'a [TestDatabase],
}

impl Shell<'_> {
    fn run(&mut self, command: &str) -> String {
        // There may be no `psql` where the server came without it.
        if let Some((name, sql)) = command.strip_prefix("psql ").and_then(|rest| rest.split_once(" -c ")) {
            let place = self.databases.iter().find(|place| place.name == name).unwrap();
            place.client().batch_execute(sql.trim_matches('"')).unwrap();
            return String::new();
        }
        let command = match command.strip_prefix("cd ../").and_then(|rest| rest.split_once(" && ")) {
            Some((folder, rest)) => {
                self.at = self.at.with_file_name(folder);
                rest
            }
            None => command,
        };
        let program = Path::new(env!("CARGO_BIN_EXE_seedbed")).parent().unwrap().display().to_string();
        let path = format!("{program}:{}", std::env::var("PATH").unwrap_or_default());
        let (_, host) =
            self.databases[0].address().split_once("host=").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        let mut shell = Command::new("sh");
        shell
            .args(["-c", command])
            .current_dir(&self.at)
            .env("PATH", path)
            .env("PGUSER", "postgres")
            .env("PGHOST", &host);
        let output = shell.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{command}\n{text}");
        // A reader has a server of another name.
        let mut text = text;
        for place in self.databases {
            text = text.replace(&place.address(), &format!("postgres://ann@localhost:5432/{}", place.name));
        }
        text
    }
}
