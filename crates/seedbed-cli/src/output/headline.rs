//! The first two lines of an answer: which database, which dataset.

use std::fmt::Write;

use seedbed::Receipt;
use seedbed::project::{Presence, Work};
use seedbed::typed;
use serde_json::{Value, json};

use super::secrets::Secrets;
use super::{as_of, count, minute, number};

/// Returns the line about the database.
pub(crate) fn database(work: &Work, receipt: &Receipt) -> String {
    let mut facts = Vec::new();
    match (&work.place.presence, &work.state.marker) {
        (Presence::New(schema), _) => facts.push(format!("new, schema from {schema}")),
        (Presence::Missing, _) => facts.push("does not exist yet".to_owned()),
        (Presence::There, Some(_)) if receipt.may_write => facts.push("marked for tests".to_owned()),
        (Presence::There, None) if receipt.may_write => facts.push("empty".to_owned()),
        (Presence::There, _) => facts.push("not marked for tests".to_owned()),
    }
    let others = others(work, receipt);
    if others > 0 {
        facts.push(count(others, "row of other people", "rows of other people"));
    }
    format!("database  {}   {}\n", work.place.name, facts.join(", "))
}

/// Returns how many rows of people stand in the tables of the dataset, those of tests left out.
pub(crate) fn others(work: &Work, receipt: &Receipt) -> usize {
    let ours = |table: &str| work.generated.dataset.blocks.iter().any(|block| block.table == table);
    let left = receipt.plan.debris.iter().filter(|left| ours(&left.table)).count();
    (receipt.plan.rows_of_others as usize).saturating_sub(left)
}

/// Returns the line about the dataset, without its end.
pub(crate) fn dataset(work: &Work, receipt: &Receipt) -> String {
    let mut line = format!("dataset   {}   as of {}", names(work).join(" "), as_of(receipt.as_of));
    if receipt.pinned {
        line.push_str(" (pinned)");
    }
    let _ = write!(line, "   good until {}", minute(receipt.good_until));
    if work.scaled.blocks > 1 {
        let _ = write!(line, "   scale {}", number(work.scaled.blocks as usize));
    }
    if work.generated.dataset.worker > 0 {
        let _ = write!(line, "   worker {}", work.generated.dataset.worker);
    }
    line
}

/// Returns the names of the scenarios that the verb acts on.
pub(crate) fn names(work: &Work) -> Vec<&str> {
    work.chain.layers[work.levels.clone()].iter().map(|layer| layer.name.as_str()).collect()
}

/// Returns what is typed to run a verb with the scenario that was asked for, and more that stands behind it.
pub(crate) fn typed(work: &Work, verb: &str, more: &str) -> String {
    typed::line(&work.program, &format!("{verb} {}{more}", names(work).pop().unwrap_or_default()))
}

/// Returns the line that says that what was written can still be undone; empty where it lasts.
pub(crate) fn pending(receipt: &Receipt) -> &'static str {
    if receipt.committed { "" } else { "not yet committed: it is part of a transaction that is open around it\n" }
}

/// Returns the digest as a person compares it.
pub(crate) fn short(digest: &str) -> &str {
    digest.get(..8).unwrap_or(digest)
}

/// Returns what every answer about a dataset says to a program.
pub(crate) fn json(work: &Work, receipt: &Receipt) -> Value {
    json!({
        "database": {
            "name": work.place.name,
            "new": matches!(work.place.presence, Presence::New(_)),
            "exists": work.place.presence != Presence::Missing,
            "may_write": receipt.may_write,
            "rows_of_others": others(work, receipt),
        },
        "dataset": {
            "scenarios": names(work),
            "seed": work.seed,
            "worker": work.generated.dataset.worker,
            "scale": work.scaled.blocks,
            "as_of": receipt.as_of,
            "pinned": receipt.pinned,
            "good_until": receipt.good_until,
            "digest": receipt.digest,
        },
        "written": receipt.written,
        "committed": receipt.committed,
        "plan": Secrets::of(work).plan(&receipt.plan),
    })
}

/// Returns the one line of a dataset that is as declared, with debris where there is some.
pub(crate) fn in_sync(receipt: &Receipt, took: std::time::Duration) -> String {
    let plan = &receipt.plan;
    let files = count(plan.files.as_declared, "file", "files");
    let further: u64 = plan.further.iter().map(|further| further.rows).sum();
    let rows = count(plan.rows_as_declared + further as usize, "row", "rows");
    format!("in sync: {rows} and {files} as declared ({})\n", super::duration(took))
}
