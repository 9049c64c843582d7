//! The lines about further blocks.

use std::fmt::Write;

use seedbed::project::Work;
use seedbed::sql::Dialect;
use seedbed_core::plan::Plan;

use super::{count, number};

/// Rows that are loaded in a second, about: in place, and with indexes and foreign keys put back
/// afterwards. `docs/performance.md` has the measurements.
const RATES: [(Dialect, [u64; 2]); 2] = [(Dialect::Sqlite, [120_000, 160_000]), (Dialect::Postgres, [40_000, 180_000])];

/// Returns how large what the plan does to further blocks is, and what is taken away for it; nothing where it
/// does nothing.
pub(crate) fn lines(work: &Work, plan: &Plan) -> String {
    let mut text = String::new();
    let changed: Vec<_> = plan.further.iter().filter(|further| !further.is_empty()).collect();
    if changed.is_empty() {
        return text;
    }
    let inserts: u64 = changed.iter().map(|further| further.inserts).sum();
    let touched: u64 = changed.iter().map(|further| further.inserts + further.updates + further.deletes).sum();
    let sum = |of: &dyn Fn(usize) -> u64| (0..work.scaled.rows.len()).map(of).sum::<u64>();
    let (all, bytes) =
        (sum(&|population| work.scaled.count(population)), sum(&|population| work.scaled.bytes(population)));
    let bytes = (u128::from(bytes) * u128::from(inserts) / u128::from(all.max(1))) as u64;
    let mut facts = vec![format!("{} further rows", number(touched as usize))];
    if inserts > 0 {
        facts.push(size(bytes));
    }
    let dialect = work.place.database.dialect();
    let [in_place, rebuilt] = RATES.into_iter().find(|(of, _)| *of == dialect).map_or([40_000; 2], |(_, rates)| rates);
    facts.push(time(touched / if work.rebuild { rebuilt } else { in_place }));
    let _ = write!(text, "scale     {}: {}", number(work.scaled.blocks as usize), facts.join(", "));
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
