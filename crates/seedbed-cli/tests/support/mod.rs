//! A copy of this repository's project in a folder of its own, and the binary called in it.

#![allow(dead_code, unreachable_pub, reason = "every test file uses its own part")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rusqlite::Connection;
use tempfile::TempDir;

const DATABASE: &str = "pockitflyer_backend/db.sqlite3";

pub struct Project {
    folder: TempDir,
}

/// What a call gave back.
pub struct Answer {
    pub code: i32,
    pub out: String,
    pub err: String,
}

pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns what the binary answers when it is called in a folder.
pub fn called_in(folder: &Path, args: &[&str]) -> Answer {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seedbed"));
    let Output { status, stdout, stderr } = command.args(args).current_dir(folder).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Answer { code: status.code().unwrap(), out: text(stdout), err: text(stderr) }
}

impl Project {
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let fixtures = "pockitflyer_backend/users/fixtures";
        fs::create_dir_all(folder.path().join(fixtures)).unwrap();
        for file in
            ["seedbed.toml", "pockitflyer_backend/pockitflyer.sql", "pockitflyer_backend/development-only-secret-key"]
        {
            fs::copy(repository().join(file), folder.path().join(file)).unwrap();
        }
        for file in fs::read_dir(repository().join(fixtures)).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), folder.path().join(fixtures).join(file.file_name())).unwrap();
        }
        Self { folder }
    }

    /// Returns a project whose database was seeded up to `scenario`.
    pub fn seeded(scenario: &str) -> Self {
        let project = Self::new();
        project.call(&["seed", scenario]).done();
        project
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn call(&self, args: &[&str]) -> Answer {
        called_in(self.path(), args)
    }

    pub fn json(&self, args: &[&str]) -> serde_json::Value {
        let answer = self.call(&[args, &["--format", "json"]].concat());
        let json: serde_json::Value = serde_json::from_str(&answer.out).unwrap_or_else(|_| panic!("{}", answer.out));
        assert_eq!(json["exit_code"], answer.code);
        assert_eq!(answer.err, "");
        json
    }

    pub fn database(&self) -> Connection {
        Connection::open(self.path().join(DATABASE)).unwrap()
    }

    pub fn sql(&self, text: &str) {
        self.database().execute_batch(text).unwrap();
    }

    pub fn number(&self, query: &str) -> i64 {
        self.database().query_row(query, [], |row| row.get(0)).unwrap()
    }

    /// Makes the database with the tables of the application and nothing else.
    pub fn migrate(&self) {
        self.sql(&self.read("pockitflyer_backend/pockitflyer.sql"));
    }

    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path().join(file)).unwrap()
    }

    /// Replaces a text where it stands first; returns that line's number.
    pub fn replace(&self, file: &str, from: &str, to: &str) -> usize {
        let text = self.read(file);
        let at = text.find(from).unwrap_or_else(|| panic!("{file} holds {from}"));
        fs::write(self.path().join(file), text.replacen(from, to, 1)).unwrap();
        text[..at].matches('\n').count() + 1
    }

    /// Puts a text before all else in a file; settings stand before the tables of a TOML file.
    pub fn prepend(&self, file: &str, text: &str) {
        let all = text.to_owned() + &self.read(file);
        fs::write(self.path().join(file), all).unwrap();
    }
}

impl Drop for Project {
    /// What a failed test leaves can be looked at.
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.folder.disable_cleanup(true);
            eprintln!("hint: the project of this test is kept in {}", self.path().display());
        }
    }
}

impl Answer {
    /// Returns what was printed, after it went well.
    pub fn done(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        self.out
    }

    /// Returns the error, which came with this exit code and no answer.
    pub fn failed(self, code: i32) -> String {
        assert_eq!((self.code, self.out.as_str()), (code, ""), "{}", self.err);
        self.err
    }
}

/// Returns the text with what a clock says masked: `14 ms`, `0.2 s`, `2026-11-22`.
pub fn masked(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        for position in 0..words.len() {
            let number = words[position].trim_start_matches('(').parse::<f64>().is_ok();
            let unit = words.get(position + 1).map(|next| next.trim_end_matches([',', ')']));
            if number && matches!(unit, Some("ms" | "s")) {
                words[position] = words[position].replace(|c: char| c.is_ascii_digit() || c == '.', "");
                words[position].push_str("<time>");
                words[position + 1] = words[position + 1].replace("ms", "").replace('s', "");
            }
            if words[position].len() == 10 && words[position].matches('-').count() == 2 {
                "<day>".clone_into(&mut words[position]);
            }
        }
        lines.push(words.join(" ").trim_end().to_owned());
    }
    lines.join("\n") + "\n"
}
