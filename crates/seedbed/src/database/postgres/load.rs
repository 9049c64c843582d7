//! Loading into PostgreSQL: COPY, in the binary form of its types where we know them all.
//!
//! Rows are made on a thread of their own, so that it works while the server does. An error of the
//! server is heard when a COPY ends, so each has a limited number of rows.

mod lines;
mod moment;
mod numeric;
mod outbox;
mod tuples;
mod wire;

use std::io::Write;
use std::pin::pin;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use bytes::Bytes;
use futures_util::SinkExt;

use super::connection::Connection;
use super::failure;
use crate::database::{Failure, FailureKind};
use crate::load::{Load, miscounted};
use crate::sql::{Sql, postgres as sql};

use outbox::{Outbox, Piece};

/// A COPY has about so many rows.
const COPIED: u64 = 1_000_000;

/// So many pieces wait to be sent.
const WAITING: usize = 2;

/// Loads rows into a table that has no rules and no triggers; returns how many.
pub(super) fn load(
    connection: &mut Connection,
    load: &Load<'_>,
    progress: &mut dyn FnMut(u64),
) -> Result<u64, Failure> {
    if load.count() == 0 {
        return Ok(0);
    }
    let columns = &load.rows().columns;
    let binary = tuples::fit(load)?;
    let statement = if binary { sql::copy_binary(load.table, columns) } else { sql::copy_lines(load.table, columns) };
    let mut done = 0;
    for part in load.parts(COPIED) {
        let make = |outbox| if binary { tuples::write(&part, outbox) } else { lines::write(&part, outbox) };
        let mut told = |rows| progress(done + rows);
        let copied = copy(connection, &statement, make, &mut told)
            .and_then(|copied| if copied == part.count() { Ok(copied) } else { Err(miscounted(part.count(), copied)) });
        done += copied.map_err(|failure| load.failed(done, &failure))?;
    }
    Ok(done)
}

/// Writes rows as a file that `COPY ... FROM ... (FORMAT BINARY)` reads, its columns in the order of the load;
/// returns how many. None where a type is not known in its binary form.
pub fn write_binary(load: &Load<'_>, to: &mut impl Write) -> Result<Option<u64>, Failure> {
    if !tuples::fit(load)? {
        return Ok(None);
    }
    let (sender, pieces) = sync_channel(WAITING);
    let lost = |error: std::io::Error| Failure::new(FailureKind::Other, error.to_string());
    thread::scope(|scope| {
        scope.spawn(|| tuples::write(load, Outbox::to(sender)));
        send(pieces, |bytes| to.write_all(&bytes).map_err(lost), &mut |_| {})
    })?;
    Ok(Some(load.count()))
}

/// Copies what is made on another thread; returns how many rows the server has read.
fn copy(
    connection: &mut Connection,
    statement: &Sql,
    make: impl FnOnce(Outbox) + Send,
    progress: &mut dyn FnMut(u64),
) -> Result<u64, Failure> {
    let Connection { client, line } = connection;
    let sink = line.wait(client.copy_in::<_, Bytes>(statement.text())).map_err(|error| failure(&error))?;
    let mut sink = pin!(sink);
    let (sender, pieces) = sync_channel(WAITING);
    thread::scope(|scope| {
        scope.spawn(|| make(Outbox::to(sender)));
        // Where sending fails the pieces are dropped, and no more of them are made.
        send(pieces, |bytes| line.wait(sink.send(bytes.into())).map_err(|error| failure(&error)), progress)
    })?;
    line.wait(sink.finish()).map_err(|error| failure(&error))
}

fn send(
    pieces: Receiver<Piece>,
    mut to: impl FnMut(Vec<u8>) -> Result<(), Failure>,
    progress: &mut dyn FnMut(u64),
) -> Result<(), Failure> {
    for piece in pieces {
        let (bytes, rows) = piece?;
        to(bytes)?;
        progress(rows);
    }
    Ok(())
}
