//! The answer of `export`.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use seedbed::export::Manifest;
use serde_json::{Value, json};

use super::{Paint, count, duration, headline, number};
use crate::answer;

pub(crate) struct Report<'a> {
    pub(crate) manifest: &'a Manifest,
    /// The folder as it was named.
    pub(crate) folder: &'a Path,
    pub(crate) took: Duration,
}

impl answer::Report for Report<'_> {
    fn text(&self, _: Paint) -> String {
        let Manifest { scenarios, seed, worker, as_of, scale, blocks, part, digest, tables, .. } = self.manifest;
        let day = as_of.strip_suffix("T00:00:00Z").unwrap_or(as_of);
        let mut text = format!("dataset   {}   as of {day}   seed {seed}", scenarios.join(" "));
        if *worker > 0 {
            let _ = write!(text, "   worker {worker}");
        }
        let _ = writeln!(text, "   digest {}", headline::short(digest));
        let _ = write!(
            text,
            "scale     {scale}: {}",
            number(*blocks as usize) + if *blocks == 1 { " block" } else { " blocks" }
        );
        if let Some(part) = part {
            let _ = write!(text, "   part {} of {}", part.number, part.of);
        }
        text.push_str("\n\n");
        let width = tables.iter().map(|table| table.file.chars().count()).max().unwrap_or(0);
        for table in tables {
            let (file, rows) = (&table.file, number(table.rows as usize));
            let (size, digest) = (size(table.bytes), headline::short(&table.blake3));
            let _ = writeln!(text, "  {file:width$}  {rows:>14} rows  {size:>9}   digest {digest}");
        }
        let rows = tables.iter().map(|table| table.rows).sum::<u64>();
        let bytes = tables.iter().map(|table| table.bytes).sum();
        let (rows, size, took) = (number(rows as usize), size(bytes), duration(self.took));
        let manifest = self.folder.join(self.manifest.file());
        let _ = writeln!(text, "\nwritten   {rows} rows, {size} in {took}   {}", manifest.display());
        text
    }

    fn json(&self) -> Value {
        let mut data = serde_json::to_value(self.manifest).expect("names are texts");
        data["folder"] = json!(self.folder);
        data["ms"] = json!((self.took.as_secs_f64() * 1_000_000.0).round() / 1000.0);
        data
    }
}

/// Returns `314 bytes`, `12.5 kB`, `1.2 GB`.
fn size(bytes: u64) -> String {
    let units = [(1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    let unit = units.into_iter().find(|(unit, _)| bytes as f64 >= *unit);
    unit.map_or_else(
        || count(bytes as usize, "byte", "bytes"),
        |(unit, name)| format!("{:.1} {name}", bytes as f64 / unit),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_said_in_the_unit_that_fits() {
        assert_eq!([1, 999, 12_540, 1_234_567_890].map(size), ["1 byte", "999 bytes", "12.5 kB", "1.2 GB"]);
    }
}
