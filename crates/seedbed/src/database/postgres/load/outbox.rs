//! Outbox: bytes on their way to the thread that sends them.

use std::sync::mpsc::SyncSender;

use crate::database::Failure;

/// A piece has about so many bytes.
const PIECE: usize = 256 * 1024;

/// Bytes, and how many rows there are with them; or why no more come.
pub(super) type Piece = Result<(Vec<u8>, u64), Failure>;

/// Gathers bytes and hands them over in pieces.
pub(super) struct Outbox {
    pub(super) bytes: Vec<u8>,
    rows: u64,
    /// Nobody, where bytes are made to see whether they can be, and when nobody takes them any more.
    to: Option<SyncSender<Piece>>,
}

impl Outbox {
    pub(super) fn to(sender: SyncSender<Piece>) -> Self {
        Self { bytes: Vec::with_capacity(PIECE + PIECE / 8), rows: 0, to: Some(sender) }
    }

    pub(super) fn to_nobody() -> Self {
        Self { bytes: Vec::new(), rows: 0, to: None }
    }

    /// How many rows are complete.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether somebody takes what is made.
    pub(super) fn is_open(&self) -> bool {
        self.to.is_some()
    }

    /// A row is complete.
    pub(super) fn end_row(&mut self) {
        self.rows += 1;
        if self.bytes.len() >= PIECE {
            self.hand_over();
        }
    }

    /// Hands over what is left.
    pub(super) fn close(mut self) {
        self.hand_over();
    }

    /// Says why no more comes.
    pub(super) fn fail(&mut self, failure: Failure) {
        if let Some(to) = self.to.take() {
            // Who is gone need not know.
            let _ = to.send(Err(failure));
        }
    }

    fn hand_over(&mut self) {
        let Some(to) = &self.to else { return self.bytes.clear() };
        let bytes = std::mem::replace(&mut self.bytes, Vec::with_capacity(PIECE + PIECE / 8));
        if to.send(Ok((bytes, self.rows))).is_err() {
            self.to = None;
        }
    }
}
