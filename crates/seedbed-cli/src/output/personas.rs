//! The answer of `personas`.

use std::fmt::Write;

use seedbed::personas::PersonaRow;
use seedbed::project::Work;
use serde_json::{Value, json};

use super::{Paint, wrapped};
use crate::answer;

pub(crate) struct Report<'a> {
    pub(crate) work: &'a Work,
    pub(crate) personas: &'a [PersonaRow],
}

impl answer::Report for Report<'_> {
    fn text(&self, _: Paint) -> String {
        let width = self.personas.iter().map(|persona| persona.name.chars().count()).max().unwrap_or(0);
        let mut text = String::new();
        for persona in self.personas {
            let _ = writeln!(text, "{:width$}  {}", persona.name, persona.purpose);
            if persona.absent {
                continue;
            }
            let login = ["email", "username"].iter().find_map(|column| persona.texts.get(*column));
            let mut items: Vec<String> = login.cloned().into_iter().collect();
            items.extend(persona.password.as_ref().map(|password| format!("password {password}")));
            items.extend(persona.key.iter().map(|key| format!("id {}", seedbed_core::plan::key_text(key))));
            items.extend(persona.counts.iter().map(|(way, rows)| format!("{rows} {way}")));
            items.extend(persona.expected.iter().map(|(list, rows)| format!("{} in {list}", rows.total)));
            let _ = writeln!(text, "{:width$}  {}", "", wrapped(&items, width + 2));
        }
        text
    }

    fn json(&self) -> Value {
        json!({ "database": { "name": self.work.place.name }, "personas": self.personas })
    }
}
