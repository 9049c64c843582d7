//! Export: a dataset, or a part of it at any scale, as files that other programs load.
//!
//! No database is asked. A file per table is made block by block and never held in memory; its bytes
//! depend on the dataset and the form alone, not on threads or on how many parts are made. A file has
//! its name when it is whole, and the manifest comes last.
//!
//! Texts of SQL that are written here are read by other programs; nothing here runs any.

mod column;
mod csv;
mod days;
mod folder;
mod jsonl;
mod layout;
mod lines;
mod make;
mod manifest;
#[cfg(feature = "parquet")]
mod parquet;
mod sql;

use std::collections::BTreeSet;
use std::fmt;
use std::io::Write;
use std::path::Path;

use seedbed_core::dataset::Dataset;
use seedbed_core::password::Hashes;
use seedbed_core::plan::digest;
use seedbed_core::scale::{Scale, Scaled};
use seedbed_core::schema::Schema;

use folder::{Folder, Sink};
use layout::Columns;
use lines::Lines;
use make::{Job, make};

pub use manifest::{Manifest, Part, Written};

/// What files are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// RFC 4180 with a header, as PostgreSQL's COPY writes it.
    Csv,
    /// An object per line.
    Jsonl,
    /// INSERT statements that PostgreSQL and SQLite read.
    Sql,
    /// Apache Parquet.
    #[cfg(feature = "parquet")]
    Parquet,
}

impl Form {
    /// Returns its name, which its files end in.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Sql => "sql",
            #[cfg(feature = "parquet")]
            Self::Parquet => "parquet",
        }
    }
}

/// What is to be written.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The scenario that was asked for.
    pub scenario: &'a str,
    /// Block 0 of it and of all that it requires.
    pub dataset: &'a Dataset,
    /// The further blocks.
    pub scaled: &'a Scaled,
    /// The scale that was asked for.
    pub scale: &'a Scale,
    /// The catalogue that both were generated for.
    pub schema: &'a Schema,
    /// The stored form of every password.
    pub passwords: &'a Hashes,
    /// What files are like.
    pub form: Form,
    /// Which part of the whole; none for all of it.
    pub part: Option<Part>,
    /// How many threads make rows.
    pub threads: usize,
}

/// Why nothing whole was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The folder holds something else.
    Folder {
        /// What it holds.
        message: String,
        /// A next step.
        help: String,
    },
    /// A value or a column has no place in such a file.
    Value(String),
    /// The disk.
    Disk(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder { message, .. } | Self::Value(message) | Self::Disk(message) => f.write_str(message),
        }
    }
}

/// Writes the files into a folder, and returns the manifest.
///
/// `shown` is the folder as a person knows it. Rows written and all there are go to `progress`, with the
/// table that is written.
pub fn export(
    request: &Request<'_>,
    folder: &Path,
    shown: &str,
    progress: &mut dyn FnMut(&str, u64, u64),
) -> Result<Manifest, Failure> {
    let tables = layout::tables(request)?;
    let blocks = match request.part {
        None => 0..request.scaled.blocks,
        Some(Part { number: 1, of }) => 0..request.scaled.part(1, of).end,
        Some(Part { number, of }) => request.scaled.part(number, of),
    };
    let mut manifest = manifest::begun(request);
    let folder = Folder::open(folder, shown, &manifest)?;
    let jobs: Vec<Job<'_>> = tables.iter().map(|table| Job { request, table, blocks: blocks.clone() }).collect();
    let all = jobs.iter().map(Job::rows).sum();
    let mut done = 0;
    let frames = if request.form == Form::Sql { sql::frames(tables.len(), request.part) } else { Vec::new() };
    for (name, text) in frames {
        let mut sink = folder.file(&name)?;
        sink.append(text.as_bytes())?;
        manifest.frames.push(sink.finish()?.0);
    }
    for job in &jobs {
        let mut sink = folder.file(&job.table.file)?;
        let mut told = |rows| {
            done += rows;
            progress(&job.table.name, done, all);
        };
        match request.form {
            Form::Csv => {
                if job.is_first() {
                    sink.append(&csv::header(&job.table.columns))?;
                }
                lines(job, &mut sink, &mut told, |_, _| csv::Csv)?;
            }
            Form::Jsonl => lines(job, &mut sink, &mut told, |_, _| jsonl::Jsonl)?,
            Form::Sql => lines(job, &mut sink, &mut told, sql::Insert::new)?,
            #[cfg(feature = "parquet")]
            Form::Parquet => parquet::write(job, &mut sink, &mut told)?,
        }
        let (file, bytes, blake3) = sink.finish()?;
        manifest.tables.push(Written {
            table: job.table.name.clone(),
            file,
            columns: job.table.columns.iter().map(|column| column.name.clone()).collect(),
            rows: job.rows(),
            bytes,
            blake3,
        });
    }
    folder.finish(&manifest)?;
    Ok(manifest)
}

/// Writes the rows of one table in further blocks as CSV without a header, and no files; returns how many.
pub fn write_csv(request: &Request<'_>, table: &str, to: &mut impl Write) -> Result<u64, Failure> {
    let tables = layout::tables(request)?;
    let named = tables.iter().find(|file| file.name == table);
    let table = named.ok_or_else(|| Failure::Value(format!("no population has its rows in `{table}`")))?;
    let job = Job { request, table, blocks: 1..request.scaled.blocks };
    each_chunk(&job, |_, _| csv::Csv, &mut |bytes, _| {
        to.write_all(&bytes).map_err(|error| Failure::Disk(error.to_string()))
    })?;
    Ok(job.rows())
}

/// Writes a table as lines of text.
fn lines<S: lines::Style>(
    job: &Job<'_>,
    sink: &mut Sink<'_>,
    told: &mut dyn FnMut(u64),
    style: impl Fn(&str, &Columns) -> S + Sync,
) -> Result<(), Failure> {
    each_chunk(job, style, &mut |bytes, rows| {
        sink.append(&bytes)?;
        told(rows);
        Ok(())
    })
}

/// Makes the lines of a table, some thousand rows at a time.
fn each_chunk<'a, S: lines::Style>(
    job: &Job<'a>,
    style: impl Fn(&str, &Columns) -> S + Sync,
    write: &mut dyn FnMut(Vec<u8>, u64) -> Result<(), Failure>,
) -> Result<(), Failure> {
    /// As many rows are made before they are written.
    const ROWS: u64 = 1 << 14;
    let sheet = |layout: &'a layout::Layout| {
        Lines::new(style(&job.table.name, &layout.columns), layout, job.request.dataset.as_of, job.request.passwords)
    };
    make(job, ROWS, &sheet, write)
}

/// Returns the digest of block 0, as `seed` says it.
fn dataset_digest(request: &Request<'_>) -> String {
    digest(request.dataset, |_| true)
}

/// Returns the scenarios whose overlays count: all of the chain.
fn in_force(request: &Request<'_>) -> BTreeSet<usize> {
    (0..request.dataset.scenarios.len()).collect()
}
