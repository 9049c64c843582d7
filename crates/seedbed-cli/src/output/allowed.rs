//! The answer of `allow`.

use seedbed::state::Marker;
use serde_json::{Value, json};

use super::Paint;
use crate::answer;

pub(crate) struct Report<'a> {
    pub(crate) database: String,
    pub(crate) marker: &'a Marker,
}

impl answer::Report for Report<'_> {
    fn text(&self, _: Paint) -> String {
        format!("tests may write into {}\n", self.database)
    }

    fn json(&self) -> Value {
        json!({
            "database": { "name": self.database, "may_write": true, "identity": self.marker.identity },
            "marked_at": self.marker.marked_at,
        })
    }
}
