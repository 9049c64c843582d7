//! A connection that can be cut: a listener that hands bytes on to the server, and stops when told to.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

/// What the message begins with that ends a transaction for good; before it stand a letter and its length.
const COMMIT: &[u8] = b"COMMIT";

/// Where the connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    Nowhere,
    /// When so many bytes have gone to the server.
    To(usize),
    /// When so many bytes have come from the server.
    From(usize),
    /// Before the message of the commit.
    BeforeCommit,
    /// When the message of the commit is on its way.
    InCommit,
    /// When the server has answered the commit, and before that answer.
    AfterCommit,
}

/// What becomes of the connections after one that was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    HandedOn,
    Refused,
}

/// The bytes of the connection that a cut was meant for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Passed {
    pub to: usize,
    pub from: usize,
    /// What had gone each way before the first commit.
    pub before_commit: Option<(usize, usize)>,
    /// Commits that were handed on.
    pub commits: usize,
    pub cut: bool,
    /// The answer to the commit goes nowhere.
    deaf: bool,
}

#[derive(Debug)]
struct Plan {
    cut: Cut,
    next: Next,
    passed: Arc<Mutex<Passed>>,
    /// The next connection is the one that the cut is meant for.
    fresh: bool,
}

pub(crate) struct Proxy {
    pub port: u16,
    plan: Arc<Mutex<Plan>>,
}

impl Proxy {
    /// Listens for a server; `socket` is the path of the server's own.
    pub(crate) fn new(socket: PathBuf) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let plan = Plan { cut: Cut::Nowhere, next: Next::HandedOn, passed: Arc::default(), fresh: true };
        let plan = Arc::new(Mutex::new(plan));
        let shared = Arc::clone(&plan);
        // It ends with the process of the test.
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let mut plan = shared.lock().unwrap();
                let fresh = std::mem::take(&mut plan.fresh);
                if !fresh && plan.next == Next::Refused {
                    continue;
                }
                let (cut, passed) =
                    if fresh { (plan.cut, Arc::clone(&plan.passed)) } else { (Cut::Nowhere, Arc::default()) };
                // A server that is not there refuses, and so does this.
                let Ok(server) = UnixStream::connect(&socket) else { continue };
                start(&client, &server, cut, &passed);
            }
        });
        Self { port, plan }
    }

    /// Has the next connection cut there.
    pub(crate) fn cut(&self, cut: Cut, next: Next) {
        *self.plan.lock().unwrap() = Plan { cut, next, passed: Arc::default(), fresh: true };
    }

    /// What has passed over the connection that the cut is meant for.
    pub(crate) fn passed(&self) -> Passed {
        *self.plan.lock().unwrap().passed.lock().unwrap()
    }
}

fn start(client: &TcpStream, server: &UnixStream, cut: Cut, passed: &Arc<Mutex<Passed>>) {
    client.set_nodelay(true).unwrap();
    let both = || (client.try_clone().unwrap(), server.try_clone().unwrap(), Arc::clone(passed));
    let (mut client, mut server, state) = both();
    thread::spawn({
        let (mut client, mut server, state) =
            (client.try_clone().unwrap(), server.try_clone().unwrap(), Arc::clone(&state));
        move || {
            let mut bytes = vec![0; 1 << 16];
            while let Ok(count @ 1..) = client.read(&mut bytes) {
                let (pass, stop) = to_server(&bytes[..count], cut, &mut state.lock().unwrap());
                if server.write_all(&bytes[..pass]).is_err() || stop {
                    break;
                }
            }
            close(&client, &server);
        }
    });
    thread::spawn(move || {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(count @ 1..) = server.read(&mut bytes) {
            let (pass, stop) = from_server(count, cut, &mut state.lock().unwrap());
            if client.write_all(&bytes[..pass]).is_err() || stop {
                break;
            }
        }
        close(&client, &server);
    });
}

/// Returns where the message of a commit begins that these bytes end with.
fn commit_in(bytes: &[u8]) -> Option<usize> {
    let at = bytes.windows(COMMIT.len()).rposition(|window| window == COMMIT)?.checked_sub(5)?;
    let length = u32::from_be_bytes(bytes[at + 1..at + 5].try_into().ok()?) as usize;
    (bytes[at] == b'Q' && at + 1 + length == bytes.len()).then_some(at)
}

/// Returns how many of these bytes go on to the server, and whether it ends there.
fn to_server(bytes: &[u8], cut: Cut, passed: &mut Passed) -> (usize, bool) {
    let commit = commit_in(bytes);
    let commits = commit.is_some();
    if let Some(at) = commit.filter(|_| passed.before_commit.is_none()) {
        passed.before_commit = Some((passed.to + at, passed.from));
    }
    let (pass, stop) = match cut {
        Cut::To(limit) if passed.to + bytes.len() >= limit => (limit - passed.to, true),
        Cut::BeforeCommit if commits => (commit.expect("it was found"), true),
        Cut::InCommit if commits => (bytes.len(), true),
        _ => (bytes.len(), passed.cut),
    };
    passed.to += pass;
    passed.cut |= stop;
    passed.commits += usize::from(commits && pass == bytes.len());
    passed.deaf |= cut == Cut::AfterCommit && commits;
    (pass, stop)
}

/// Returns how many of the bytes from the server go on, and whether it ends there.
fn from_server(count: usize, cut: Cut, passed: &mut Passed) -> (usize, bool) {
    let (pass, stop) = match cut {
        Cut::From(limit) if passed.from + count >= limit => (limit - passed.from, true),
        Cut::AfterCommit if passed.deaf => (0, true),
        _ => (count, passed.cut),
    };
    passed.from += pass;
    passed.cut |= stop;
    (pass, stop)
}

fn close(client: &TcpStream, server: &UnixStream) {
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}
