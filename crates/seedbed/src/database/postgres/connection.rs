//! Connection: a session with a server, whose messages are carried by the thread that waits for them.
//!
//! What is asked for at once goes out in one go, and the server works through it while the first answers
//! are on their way.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use tokio::runtime::{Builder, Runtime};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Error, Socket};

use super::failure;
use crate::database::{Failure, FailureKind};

/// A session with a server.
pub(super) struct Connection {
    // Gone first, so that the line says goodbye.
    pub(super) client: Client,
    pub(super) line: Line,
}

/// What carries messages to the server and back.
pub(super) struct Line {
    runtime: Runtime,
    /// Carries messages until the client is gone or the server is; then there is none any more.
    carrier: Option<Carrier>,
}

type Carrier = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

impl Connection {
    /// Connects to a server.
    pub(super) fn open<T>(config: &Config, encryption: T) -> Result<Self, Failure>
    where
        T: MakeTlsConnect<Socket>,
        T::Stream: Send + 'static,
    {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Failure::new(FailureKind::Connection, error.to_string()))?;
        let (client, carrier) = runtime.block_on(config.connect(encryption)).map_err(|error| failure(&error))?;
        Ok(Self { client, line: Line { runtime, carrier: Some(Box::pin(carrier)) } })
    }
}

impl Line {
    /// Waits for what was asked of the server. Where the connection is lost meanwhile, the failure tells how.
    pub(super) fn wait<T>(&mut self, asked: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let Self { runtime, carrier } = self;
        let mut asked = pin!(asked);
        runtime.block_on(poll_fn(|context| {
            if let Some(carrying) = carrier
                && let Poll::Ready(ended) = carrying.as_mut().poll(context)
            {
                *carrier = None;
                if let Err(error) = ended {
                    return Poll::Ready(Err(error));
                }
            }
            asked.as_mut().poll(context)
        }))
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(carrier) = self.carrier.take() {
            // The server may be gone before.
            let _ = self.runtime.block_on(carrier);
        }
    }
}
