//! The answer of `status`.

use std::fmt::Write;

use seedbed::Status;
use seedbed::guard::Standing;
use seedbed::project::{Place, Presence};
use seedbed::state::Seeded;
use serde_json::{Value, json};

use super::headline::short;
use super::{Paint, as_of, count, minute, number};
use crate::answer;

pub(crate) struct Report<'a> {
    pub(crate) place: &'a Place,
    pub(crate) status: &'a Status,
    pub(crate) now: i64,
}

impl answer::Report for Report<'_> {
    fn text(&self, _: Paint) -> String {
        let mut text = format!("database  {}   {}\n", self.place.name, self.standing());
        for seeded in &self.status.state.seeded {
            let _ = writeln!(
                text,
                "seeded    {}   as of {}   good until {}   seed {}{}   {}   {}   digest {}{}{}",
                seeded.scenario,
                as_of(seeded.as_of),
                minute(seeded.as_of.saturating_add(seeded.holds_for)),
                seeded.seed,
                if seeded.blocks() > 1 {
                    format!("   scale {}", number(seeded.blocks() as usize))
                } else {
                    String::new()
                },
                count(rows(seeded), "row", "rows"),
                count(seeded.files.len(), "file", "files"),
                short(&seeded.digest),
                if seeded.worker > 0 { format!("   worker {}", seeded.worker) } else { String::new() },
                if self.has_aged(seeded) { "   aged: `seed` moves it" } else { "" },
            );
        }
        if self.status.state.seeded.is_empty() {
            text.push_str("nothing is seeded here\n");
        }
        text
    }

    fn json(&self) -> Value {
        let seeded: Vec<Value> = self.status.state.seeded.iter().map(|seeded| self.seeded(seeded)).collect();
        json!({
            "database": {
                "name": self.place.name,
                "exists": self.place.presence == Presence::There,
                "may_write": self.may_write(),
                "standing": self.standing(),
                "tables": self.status.tables,
            },
            "seeded": seeded,
        })
    }
}

impl Report<'_> {
    fn may_write(&self) -> bool {
        self.place.presence == Presence::There && self.status.standing.allows()
    }

    fn standing(&self) -> String {
        if self.place.presence == Presence::Missing {
            return "does not exist yet".to_owned();
        }
        let marker = self.status.state.marker.as_ref();
        match (&self.status.standing, marker) {
            (Standing::Marked, Some(marker)) => {
                let how = if marker.how == "allowed" { "by `allow`" } else { "when it was empty" };
                format!("marked for tests {how}, {}", minute(marker.marked_at))
            }
            (Standing::Marked, None) => "marked for tests".to_owned(),
            (Standing::ForTests, _) => "always for tests".to_owned(),
            (Standing::Empty, _) => "empty: the first `seed` marks it".to_owned(),
            (Standing::InUse(tables), _) => {
                let tables: Vec<String> = tables.iter().map(|(table, rows)| format!("{table} {rows}")).collect();
                format!("not marked for tests, holds {}", super::fitted(&tables, ", ", 60))
            }
            (Standing::CopiedFrom(from), _) => format!("not marked for tests: its marker came from {from}"),
        }
    }

    fn has_aged(&self, seeded: &Seeded) -> bool {
        !seeded.pinned && self.now >= seeded.as_of.saturating_add(seeded.holds_for)
    }

    fn seeded(&self, seeded: &Seeded) -> Value {
        json!({
            "scenario": seeded.scenario,
            "worker": seeded.worker,
            "layer": seeded.layer,
            "seed": seeded.seed,
            "as_of": seeded.as_of,
            "pinned": seeded.pinned,
            "good_until": seeded.as_of.saturating_add(seeded.holds_for),
            "aged": self.has_aged(seeded),
            "digest": seeded.digest,
            "state": seeded.variant,
            "scale": seeded.blocks(),
            "rows": rows(seeded),
            "files": seeded.files.len(),
            "seeded_at": seeded.seeded_at,
            "tool": seeded.tool,
        })
    }
}

/// Returns how many rows stand, those of further blocks among them.
fn rows(seeded: &Seeded) -> usize {
    let further: u64 = seeded.further().map(|(_, further)| further.rows).sum();
    seeded.keys.values().map(|keys| keys.keys.len()).sum::<usize>() + further as usize
}
