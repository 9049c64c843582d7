//! Making: blocks become chunks of a file, on several threads, written in their order.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::mpsc::sync_channel;
use std::thread;

use seedbed_core::dataset::Row;
use seedbed_core::plan::desired::in_force_value;
use seedbed_core::scale::{Encoder, Stream};

use crate::layout::{Layout, TableFile};
use crate::{Failure, Request, in_force};

/// A table that is to be written.
#[derive(Debug)]
pub(crate) struct Job<'a> {
    pub(crate) request: &'a Request<'a>,
    pub(crate) table: &'a TableFile,
    pub(crate) blocks: Range<u64>,
}

impl Job<'_> {
    /// Whether the file begins the table.
    pub(crate) fn is_first(&self) -> bool {
        self.blocks.start == 0
    }

    /// Returns how many rows are written.
    pub(crate) fn rows(&self) -> u64 {
        self.rows_of(&self.blocks)
    }

    fn rows_of(&self, blocks: &Range<u64>) -> u64 {
        let further = blocks.end.saturating_sub(blocks.start.max(1));
        let first = |population: usize| self.request.dataset.blocks[population].rows.len() as u64;
        let of = |population: usize| {
            let first = if blocks.contains(&0) { first(population) } else { 0 };
            first + further * self.request.scaled.rows[population].per_block
        };
        self.table.populations.iter().map(|(population, _)| of(*population)).sum()
    }

    /// Returns how many blocks have about so many rows.
    fn blocks_for(&self, rows: u64) -> u64 {
        (rows / self.rows_of(&(1..2)).max(1)).max(1)
    }
}

/// Takes rows and gives chunks of a file.
pub(crate) trait Sheet: Encoder {
    /// What a file is written from.
    type Chunk: Send;

    /// Returns an empty chunk; `like` is the size of those before it.
    fn chunk(&self, like: usize) -> Self::Chunk;

    /// Returns a chunk's size.
    fn size(chunk: &Self::Chunk) -> usize;

    /// Exchanges the chunk that rows go to.
    fn swap(&mut self, chunk: &mut Self::Chunk);

    /// Ends a block.
    fn end_block(&mut self);
}

/// Makes the chunks of a table, each of about so many rows, and writes them in their order, each with
/// the number of its rows.
pub(crate) fn make<'a, S: Sheet>(
    job: &Job<'a>,
    rows: u64,
    sheet: &(impl Fn(&'a Layout) -> S + Sync),
    write: &mut dyn FnMut(S::Chunk, u64) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let (Range { start, end }, per_chunk) = (job.blocks.clone(), job.blocks_for(rows));
    let chunks = (end - start).div_ceil(per_chunk);
    let blocks = |chunk: u64| start + chunk * per_chunk..end.min(start + (chunk + 1) * per_chunk);
    let threads = chunks.min(job.request.threads.max(1) as u64);
    if threads <= 1 {
        let mut maker = Maker::new(job, sheet);
        return (0..chunks).map(blocks).try_for_each(|blocks| write(maker.chunk(blocks.clone()), job.rows_of(&blocks)));
    }
    thread::scope(|scope| {
        // Each thread makes every so many chunks, and is at most one ahead.
        let makers: Vec<_> = (0..threads)
            .map(|first| {
                let (sender, receiver) = sync_channel(1);
                scope.spawn(move || {
                    let mut maker = Maker::new(job, sheet);
                    let mut mine = (first..chunks).step_by(threads as usize).map(blocks);
                    // Who does not listen any more could not write.
                    mine.all(|blocks| sender.send(maker.chunk(blocks)).is_ok());
                });
                receiver
            })
            .collect();
        (0..chunks).try_for_each(|number| {
            let chunk = makers[(number % threads) as usize].recv().expect("its thread makes all of its chunks");
            write(chunk, job.rows_of(&blocks(number)))
        })
    })
}

/// Makes chunks of a table.
struct Maker<'a, S: Sheet> {
    job: &'a Job<'a>,
    populations: Vec<(usize, S, Stream<'a, S>)>,
    in_force: BTreeSet<usize>,
    largest: usize,
}

impl<'a, S: Sheet> Maker<'a, S> {
    fn new<'j: 'a>(job: &'a Job<'j>, sheet: &impl Fn(&'j Layout) -> S) -> Self {
        let table: &'j TableFile = job.table;
        let populations = table.populations.iter().map(|(population, layout)| {
            let sheet = sheet(layout);
            let stream = job.request.scaled.stream(*population, &sheet);
            (*population, sheet, stream)
        });
        let populations = populations.collect();
        Self { job, populations, in_force: in_force(job.request), largest: 0 }
    }

    fn chunk(&mut self, blocks: Range<u64>) -> S::Chunk {
        let mut chunk = self.populations[0].1.chunk(self.largest);
        for block in blocks {
            for (population, sheet, stream) in &mut self.populations {
                sheet.swap(&mut chunk);
                if block == 0 {
                    let rows = &self.job.request.dataset.blocks[*population].rows;
                    for row in rows {
                        first(row, &self.in_force, sheet);
                    }
                } else if self.job.request.scaled.rows[*population].per_block > 0 {
                    stream.block(block, sheet);
                }
                sheet.end_block();
                sheet.swap(&mut chunk);
            }
        }
        self.largest = self.largest.max(S::size(&chunk));
        chunk
    }
}

/// Writes a row of block 0.
fn first<S: Sheet>(row: &Row, in_force: &BTreeSet<usize>, sheet: &mut S) {
    sheet.begin();
    for column in 0..row.values.len() {
        let fixed = sheet.fix(column, in_force_value(row, column, in_force));
        sheet.fixed(column, &fixed);
    }
    sheet.end();
}
