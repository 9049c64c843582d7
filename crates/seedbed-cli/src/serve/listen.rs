//! Listening: on the loopback interface, or on a Unix socket.

use std::fs;
use std::future::Future;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use axum::Router;
use seedbed::{Error, Exit, Result};
use tokio::net::{TcpListener, UnixListener, UnixStream};

/// Where to listen.
#[derive(Clone, Debug)]
pub(crate) enum Address {
    /// At this port of 127.0.0.1; at a free one for 0.
    Port(u16),
    /// At a socket in the file system.
    Socket(PathBuf),
}

/// A place at which somebody listens.
pub(crate) enum Listening {
    Port(TcpListener),
    Socket(UnixListener, Mark),
}

/// A socket's file, which goes when nobody listens any more.
pub(crate) struct Mark(PathBuf);

impl Drop for Mark {
    fn drop(&mut self) {
        // Somebody may have removed it, and put another file there.
        if self.0.symlink_metadata().is_ok_and(|found| found.file_type().is_socket()) {
            let _ = fs::remove_file(&self.0);
        }
    }
}

impl Listening {
    /// Begins to listen.
    pub(crate) async fn begin(address: &Address) -> Result<Self> {
        match address {
            Address::Port(port) => {
                let bound = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, *port))).await;
                bound.map(Self::Port).map_err(|error| {
                    taken(format!("while listening at 127.0.0.1:{port}: {error}"))
                        .help("name another with --port, or none")
                })
            }
            Address::Socket(path) => Self::socket(path).await,
        }
    }

    async fn socket(path: &Path) -> Result<Self> {
        let is_socket = |path: &Path| path.symlink_metadata().is_ok_and(|found| found.file_type().is_socket());
        if path.symlink_metadata().is_ok() && !is_socket(path) {
            let message = format!("{} is there already, and is no socket", path.display());
            return Err(taken(message).help("name another with --socket, or move this one away"));
        }
        // A socket that nobody listens at was left by a service that was killed.
        if let Err(error) = UnixStream::connect(path).await
            && error.kind() == ErrorKind::ConnectionRefused
        {
            let _ = fs::remove_file(path);
        }
        let bound = UnixListener::bind(path).and_then(|listener| {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map(|()| listener)
        });
        let told =
            |error| taken(format!("while listening at {}: {error}", path.display())).help("name another with --socket");
        bound.map(|listener| Self::Socket(listener, Mark(path.to_path_buf()))).map_err(told)
    }

    /// Returns the values of `Host` that mean this place.
    pub(crate) fn hosts(&self) -> Vec<String> {
        match self.port() {
            Some(port) => ["127.0.0.1", "localhost"].map(|name| format!("{name}:{port}")).to_vec(),
            None => vec!["localhost".to_owned()],
        }
    }

    /// Returns the port; none for a socket.
    pub(crate) fn port(&self) -> Option<u16> {
        match self {
            Self::Port(listener) => listener.local_addr().ok().map(|address| address.port()),
            Self::Socket(..) => None,
        }
    }

    /// Answers with `router` until `ended`.
    pub(super) async fn serve(self, router: Router, ended: impl Future<Output = ()> + Send + 'static) {
        // Neither ends before it is told to.
        let _ = match self {
            Self::Port(listener) => axum::serve(listener, router).with_graceful_shutdown(ended).await,
            Self::Socket(listener, _mark) => axum::serve(listener, router).with_graceful_shutdown(ended).await,
        };
    }
}

fn taken(message: String) -> Error {
    Error::new(Exit::CouldNotRun, "cannot-listen", message)
}
