//! A service in a project of its own, and requests to it byte for byte.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::Project;

pub(crate) struct Service {
    pub(crate) project: Project,
    child: Child,
    pub(crate) token: String,
    pub(crate) token_file: PathBuf,
    /// `127.0.0.1:41234`
    pub(crate) host: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Service {
    /// Starts a service over a database that is seeded with m03.
    pub(crate) fn start() -> Self {
        Self::over(Project::seeded("m03"), &[])
    }

    pub(crate) fn over(project: Project, args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seedbed"));
        command.args(["serve", "--format", "json"]).args(args).current_dir(project.path());
        let log = |name: &str| fs::File::create(project.path().join(name)).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(log("err.log")).spawn().unwrap();
        let mut said = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while !said.ends_with("\n}\n") {
            let line = lines.next().expect("the service says where it is").unwrap();
            said += &format!("{line}\n");
        }
        let said: Value = serde_json::from_str(&said).unwrap();
        let token_file = PathBuf::from(said["token_file"].as_str().unwrap());
        let address = said["address"].as_str().unwrap();
        Self {
            token: fs::read_to_string(&token_file).unwrap().trim().to_owned(),
            token_file,
            host: address.strip_prefix("http://").unwrap_or(address).to_owned(),
            project,
            child,
        }
    }

    /// Sends these bytes and returns what came back.
    pub(crate) fn send(&self, request: &[u8]) -> Reply {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        // A service that refuses early may have closed its side.
        let _ = stream.write_all(request);
        reply(stream)
    }

    /// Sends a request with the token; a body goes as JSON.
    pub(crate) fn ask(&self, method: &str, target: &str, body: &str) -> Reply {
        self.send(&request(method, target, &self.usual_headers(), body))
    }

    /// Returns the answer to a request, which must be done.
    pub(crate) fn json(&self, method: &str, target: &str, body: &str) -> Value {
        let reply = self.ask(method, target, body);
        assert_eq!(reply.status, 200, "{reply:?}");
        serde_json::from_str(&reply.body).unwrap()
    }

    pub(crate) fn usual_headers(&self) -> Vec<(String, String)> {
        [
            ("Host", self.host.clone()),
            ("Authorization", format!("Bearer {}", self.token)),
            ("Content-Type", "application/json".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    /// Asks the service to end, as Ctrl-C does; returns its exit code.
    pub(crate) fn interrupt(&mut self) -> Option<i32> {
        signal(&self.child, Signal::INT);
        self.child.wait().unwrap().code()
    }

    pub(crate) fn log(&self) -> String {
        self.project.read("err.log")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns a request byte for byte.
pub(crate) fn request(method: &str, target: &str, headers: &[(String, String)], body: &str) -> Vec<u8> {
    let mut text = format!("{method} {target} HTTP/1.1\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() {
        text += &format!("Content-Length: {}\r\n", body.len());
    }
    (text + "Connection: close\r\n\r\n" + body).into_bytes()
}

pub(crate) fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

pub(crate) fn reply(mut stream: impl Read) -> Reply {
    let mut bytes = Vec::new();
    // A service that closes early resets the connection, behind what it has said.
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Reply { status, head: head.to_owned(), body: body.to_owned() }
}
