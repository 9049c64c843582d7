//! The lines about further blocks.

use std::fmt::Write;

use seedbed::project::Work;
use seedbed::sql::Dialect;
use seedbed_core::plan::Plan;

use super::{count, number};

/// Rows that are loaded in a second, about: in place, and with indexes and foreign keys put back
/// afterwards. `docs/performance.md` has the measurements.
const RATES: [(Dialect, [u64; 2]); 2] = [(Dialect::Sqlite, [400_000, 700_000]), (Dialect::Postgres, [90_000, 500_000])];

/// Returns what the plan does to further blocks, a line per table and one about all; nothing where it does
/// nothing.
pub(crate) fn lines(work: &Work, plan: &Plan) -> String {
    let mut text = String::new();
    let changed: Vec<_> = plan.further.iter().filter(|further| !further.is_empty()).collect();
    if changed.is_empty() {
        return text;
    }
    let blocks = work.scaled.blocks;
    let _ = writeln!(text, "scale     {}", number(blocks as usize));
    let mut tables: Vec<(&str, [u64; 3])> = Vec::new();
    for further in &changed {
        let at = tables.iter().position(|(table, _)| *table == further.table).unwrap_or_else(|| {
            tables.push((&further.table, [0; 3]));
            tables.len() - 1
        });
        let [inserts, updates, deletes] = &mut tables[at].1;
        *inserts += further.inserts;
        *updates += further.updates;
        *deletes += further.deletes;
    }
    for (table, rows) in tables {
        let kinds = rows.into_iter().zip(["to insert", "to change", "to remove"]).filter(|(rows, _)| *rows > 0);
        let kinds: Vec<String> = kinds.map(|(rows, kind)| format!("{} {kind}", number(rows as usize))).collect();
        let _ = writeln!(text, "          {table:<28} {}", kinds.join(", "));
    }
    let inserts: u64 = changed.iter().map(|further| further.inserts).sum();
    let touched: u64 = changed.iter().map(|further| further.inserts + further.updates + further.deletes).sum();
    let bytes: u64 = (0..work.scaled.rows.len()).map(|population| work.scaled.bytes(population)).sum();
    let mut facts = vec![format!("{} further rows", number(touched as usize))];
    if inserts > 0 {
        facts.push(size(bytes));
    }
    let dialect = work.place.database.dialect();
    let [in_place, rebuilt] = RATES.into_iter().find(|(of, _)| *of == dialect).map_or([90_000; 2], |(_, rates)| rates);
    facts.push(time(touched / if work.rebuild { rebuilt } else { in_place }));
    let _ = write!(text, "          {}", facts.join(", "));
    if !work.rebuild && inserts > 1_000_000 && dialect == Dialect::Postgres {
        let _ = write!(text, "; with --rebuild {}", time(touched / rebuilt));
    }
    text.push('\n');
    if let Some(rebuild) = &plan.rebuild {
        let parts = count(rebuild.parts.len(), "index or constraint is", "indexes and constraints are");
        let _ = writeln!(text, "rebuild   {parts} taken away and put back");
        for refusal in &rebuild.refusals {
            let _ = writeln!(text, "          in place: {refusal}");
        }
        if !rebuild.closed.is_empty() {
            let _ = writeln!(text, "          nobody else can read {} until it is done", rebuild.closed.join(", "));
        }
    }
    text
}

/// Returns bytes as a person reads them, about.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("about {} kB", bytes.div_ceil(1_000)),
        1_000_000..1_000_000_000 => format!("about {} MB", bytes / 1_000_000),
        _ => format!("about {:.1} GB", bytes as f64 / 1e9),
    }
}

/// Returns seconds as a person reads them, about.
fn time(seconds: u64) -> String {
    match seconds {
        0..2 => "about a second".to_owned(),
        2..90 => format!("about {seconds} seconds"),
        90..5_400 => format!("about {} minutes", seconds.div_ceil(60)),
        _ => format!("about {:.1} hours", seconds as f64 / 3600.0),
    }
}
