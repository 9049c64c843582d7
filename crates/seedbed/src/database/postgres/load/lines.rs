//! Lines: rows as COPY reads them in its text form, for types whose binary form we do not know.

use std::fmt::Write;

use super::outbox::Outbox;
use crate::database::Lent;
use crate::load::Load;
use crate::load::lending::{Lending, Sink};
use crate::sql::postgres::{push_copied, text};

struct Lines {
    line: String,
    outbox: Outbox,
}

impl Sink for Lines {
    fn take(&mut self, column: usize, value: Lent<'_>) {
        if column > 0 {
            self.line.push('\t');
        }
        match value {
            Lent::Null => push_copied(&mut self.line, None),
            Lent::Text(text) => push_copied(&mut self.line, Some(text)),
            Lent::Integer(number) => write!(self.line, "{number}").expect("a string takes all"),
            Lent::Real(_) | Lent::Blob(_) => push_copied(&mut self.line, text(&value.to_cell()).as_deref()),
        }
    }

    fn end(&mut self) {
        self.line.push('\n');
        self.outbox.bytes.extend_from_slice(self.line.as_bytes());
        self.line.clear();
        self.outbox.end_row();
    }
}

/// Writes the rows of a load.
pub(super) fn write(load: &Load<'_>, outbox: Outbox) {
    let Ok(mut encoder) = Lending::new(load, Lines { line: String::new(), outbox }) else {
        unreachable!("the columns were looked up before")
    };
    let mut stream = load.stream(&encoder);
    for block in load.blocks.clone() {
        stream.block(block, &mut encoder);
        if !encoder.sink.outbox.is_open() {
            return;
        }
    }
    encoder.sink.outbox.close();
}
