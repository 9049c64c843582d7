//! Writing: from the structure of a schema to the text of a scenario file.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::structure::{Choice, Drawn, Form, Link, Structure, class_name, singular};
use super::value::{Made, Maker};
use super::{Catalogue, Lessons, Outline, Outlined, yaml};
use crate::schema::Check;

/// Writes the scenario; or says which table has a column that no value can be made for.
pub(super) fn write(
    catalogue: &Catalogue<'_>,
    lessons: &Lessons,
    structure: Structure<'_>,
    scenario: &str,
    database: &str,
) -> Result<Outline, (String, String)> {
    let mut text = yaml::comment(0, &format!("A first scenario for {database}, written by `seedbed init`."));
    text += &yaml::comment(
        0,
        "It is yours: change what it says, then `seedbed check`. What each word means: docs/scenarios.md.",
    );
    let _ = writeln!(text, "scenario: {}", yaml::text(scenario));
    text.push_str("about: A few rows of every table.\nlayer: 1\n");
    let mut outline =
        Outline { text: String::new(), tables: Vec::new(), left_out: structure.left_out, remarks: Vec::new() };
    let drawn = &structure.drawn;
    for pairs in [false, true] {
        let mut heading = if pairs { "\nrelations:" } else { "\npopulations:" };
        for one in drawn.iter().filter(|one| (one.form == Form::Pairs) == pairs) {
            // Behind the first of them the heading is an empty line.
            let _ = writeln!(text, "{}", std::mem::take(&mut heading));
            let start = text.len();
            let page = Page { maker: Maker { catalogue, lessons, one }, drawn, remarks: Vec::new() };
            let remarks = page.write(&mut text)?;
            outline.remarks.extend(remarks.into_iter().map(|remark| (one.table.name.clone(), remark)));
            outline.tables.push(Outlined {
                table: one.table.name.clone(),
                population: one.name.clone(),
                rows: one.rows,
                place: (start, text.len()),
            });
        }
    }
    groups(drawn, &mut text);
    left_out(&outline, &mut text);
    outline.text = text;
    Ok(outline)
}

/// A population or relation, being written.
struct Page<'d, 'a> {
    maker: Maker<'d, 'a>,
    drawn: &'d [Drawn<'a>],
    remarks: Vec<String>,
}

impl Page<'_, '_> {
    fn write(mut self, text: &mut String) -> Result<Vec<String>, (String, String)> {
        let one = self.maker.one;
        let _ = writeln!(text, "  {}:", yaml::text(&one.name));
        self.head(text);
        let _ = writeln!(text, "    table: {}", yaml::text(&one.table.name));
        if let Some(tag) = &one.tag {
            let _ = writeln!(text, "    tag: {}", yaml::text(tag));
        }
        self.rows(text);
        if !one.links.is_empty() || !one.choices.is_empty() {
            text.push_str("    links:\n");
            for link in &one.links {
                self.link(link, text);
            }
            for choice in &one.choices {
                self.choice(choice, text);
            }
        }
        self.columns(text)?;
        Ok(self.remarks)
    }

    /// What a reader should know of the table before its rows.
    fn head(&mut self, text: &mut String) {
        let one = self.maker.one;
        let table = one.table;
        if let Some(held) = self.maker.catalogue.held.get(&table.name).filter(|held| held.count > 0) {
            let rows = if held.count == 1 { "1 row stands" } else { "rows stand" };
            let count = if held.count == 1 { String::new() } else { format!("{} ", held.count) };
            text.push_str(&yaml::comment(4, &format!("{count}{rows} here already; these come beside them.")));
        }
        if !table.triggers.is_empty() {
            let remark =
                format!("triggers that may change what is written or write elsewhere: {}", table.triggers.join(", "));
            text.push_str(&yaml::comment(4, &remark));
            self.remarks.push(remark);
        }
        let others = self.maker.catalogue.rules.get(&table.name).map(|rules| &rules.others[..]).unwrap_or_default();
        let unknown = one
            .understood
            .unknown
            .iter()
            .filter(|check| !self.maker.lessons.holding.contains(&(table.name.clone(), check.expression.clone())));
        for check in unknown.chain(others) {
            let remark = format!("not understood: {}", said(check));
            text.push_str(&yaml::comment(4, &remark));
            self.remarks.push(remark);
        }
        for check in &one.understood.unknown {
            if self.maker.lessons.holding.contains(&(table.name.clone(), check.expression.clone())) {
                let remark = format!("not understood, but these rows hold it: {}", said(check));
                text.push_str(&yaml::comment(4, &remark));
                self.remarks.push(remark);
            }
        }
        let mut told = BTreeSet::new();
        for (column, reason) in &one.missing {
            if told.insert(reason) {
                let remark = format!("`{column}` is left empty: {reason}");
                text.push_str(&yaml::comment(4, &remark));
                self.remarks.push(remark);
            }
        }
    }

    fn rows(&self, text: &mut String) {
        let one = self.maker.one;
        let _ = match &one.form {
            Form::Counted if one.people => {
                let name = plain_name(&one.name);
                let rest = yaml::text(&format!("{name}_3..{name}_{}", one.rows));
                let _ = writeln!(text, "    rows: [anna, ben, {rest}]");
                text.push_str("    personas:\n      anna: {for: an everyday user}\n      ben: {for: somebody else}\n");
                Ok(())
            }
            Form::Counted => writeln!(text, "    rows: {}", one.rows),
            Form::OnePer(link) => writeln!(text, "    rows: {}", yaml::object(&[("one_per", yaml::text(link))])),
            Form::Pairs => writeln!(text, "    total: {}", one.rows),
        };
    }

    fn link(&self, link: &Link, text: &mut String) {
        let to = self.population(&link.to);
        let mut entries =
            vec![("column", yaml::text(&link.column)), ("to", yaml::text(&to)), ("back", yaml::text(&link.back))];
        let own = link.to == self.maker.one.table.name;
        if link.optional || own {
            entries.push(("share", "50%".into()));
        }
        if own {
            entries.push(("shape", "tree".into()));
        }
        let _ = writeln!(text, "      {}: {}", yaml::text(&link.name), yaml::object(&entries));
    }

    fn choice(&mut self, choice: &Choice, text: &mut String) {
        let to: Vec<(String, String)> =
            choice.to.iter().map(|table| (class_name(table), yaml::text(&self.population(table)))).collect();
        let to: Vec<(&str, String)> = to.iter().map(|(kind, to)| (kind.as_str(), to.clone())).collect();
        let remark = format!(
            "a guess: `{}` and `{}` refer to {}; say which tables they mean, and how the application calls them",
            choice.kind,
            choice.id,
            choice.to.join(" or ")
        );
        text.push_str(&yaml::comment(6, &remark));
        self.remarks.push(remark);
        let entries = [
            ("type", yaml::text(&choice.kind)),
            ("id", yaml::text(&choice.id)),
            ("to_one_of", yaml::object(&to)),
            ("back", yaml::text(&choice.back)),
        ];
        let _ = writeln!(text, "      {}: {}", yaml::text(&choice.name), yaml::object(&entries));
    }

    fn columns(&mut self, text: &mut String) -> Result<(), (String, String)> {
        let one = self.maker.one;
        let (mut left, mut heading) = (Vec::new(), "    columns:\n");
        for column in &one.table.columns {
            let linked = one.link_of(&column.name).is_some()
                || one.missing.contains_key(&column.name)
                || one.choices.iter().any(|choice| [&choice.kind, &choice.id].contains(&&column.name));
            let own_key = one.table.primary_key.contains(&column.name)
                && !one.unique.contains(&column.name)
                && !one.positions.contains_key(&column.name)
                && !one.borrowed.contains_key(&column.name)
                && !self.is_declared_key(column);
            if linked || own_key || column.generated || one.tag.as_ref() == Some(&column.name) {
                continue;
            }
            let made = match one.positions.get(&column.name) {
                Some(link) => {
                    Made::Value(yaml::object(&[("position_in", yaml::text(link)), ("start", "1".into())]), None)
                }
                None => self.maker.made(column),
            };
            let (value, note) = match made {
                Made::Value(value, note) => (value, note),
                Made::Left => {
                    left.push(match &column.default {
                        Some(default) => format!("{} ({default})", column.name),
                        None => format!("{} (null)", column.name),
                    });
                    continue;
                }
                Made::Unknown(reason) if column.nullable => {
                    self.remarks.push(format!("{reason}: left empty"));
                    left.push(format!("{} (null; {reason})", column.name));
                    continue;
                }
                Made::Unknown(reason) if column.default.is_some() => {
                    self.remarks.push(format!("{reason}: left to its default"));
                    left.push(format!("{} ({})", column.name, column.default.as_deref().unwrap_or_default()));
                    continue;
                }
                Made::Unknown(reason) => return Err((one.table.name.clone(), reason)),
            };
            text.push_str(std::mem::take(&mut heading));
            let _ = write!(text, "      {}: {value}", yaml::text(&column.name));
            if let Some(note) = note {
                if note.starts_with("nobody") {
                    self.remarks.push(format!("`{}`: {note}", column.name));
                }
                let _ = write!(text, "   # {note}");
            }
            text.push('\n');
        }
        if !left.is_empty() {
            text.push_str(&yaml::comment(4, &format!("left to the database: {}", left.join(", "))));
        }
        Ok(())
    }

    /// Whether a part of a key of several columns is given in the file: what Seedbed can't make itself.
    fn is_declared_key(&self, column: &crate::schema::Column) -> bool {
        use crate::schema::ColumnKind;
        let keys = &self.maker.one.table.primary_key;
        let made = match column.kind {
            ColumnKind::Integer { bits } => bits > 16,
            ColumnKind::Uuid => true,
            ColumnKind::Text { limit } => limit.is_none_or(|limit| limit >= crate::keys::TEXT_KEY_LENGTH),
            _ => false,
        };
        let bounded = self.maker.one.understood.bounds.contains_key(&column.name);
        keys.len() > 1 && (!made || bounded)
    }

    fn population(&self, table: &str) -> String {
        self.drawn.iter().find(|one| one.table.name == table).map_or_else(|| table.to_owned(), |one| one.name.clone())
    }
}

/// Writes that rows are referred to once at most, where a unique column asks for it.
fn groups(drawn: &[Drawn<'_>], text: &mut String) {
    let mut heading = "\ngroups:\n";
    for target in drawn {
        let singles = drawn.iter().flat_map(|one| one.links.iter().filter(|link| link.single));
        let backs: Vec<&str> =
            singles.filter(|link| link.to == target.table.name).map(|link| link.back.as_str()).collect();
        if backs.is_empty() {
            continue;
        }
        text.push_str(std::mem::take(&mut heading));
        let _ = writeln!(text, "  {}:\n    once:", yaml::text(&target.name));
        let has: Vec<(&str, String)> = backs.iter().map(|back| (*back, "[0, 1]".to_owned())).collect();
        let _ = writeln!(text, "      each: {{rows: rest, has: {}}}", yaml::object(&has));
    }
}

/// Writes down which tables have no rows here.
fn left_out(outline: &Outline, text: &mut String) {
    if outline.left_out.is_empty() {
        return;
    }
    text.push('\n');
    text.push_str(&yaml::comment(0, "Tables without rows here:"));
    for (table, reason) in &outline.left_out {
        text.push_str(&yaml::comment(0, &format!("- {table}: {reason}")));
    }
}

/// Returns a check as a person reads it.
fn said(check: &Check) -> String {
    let name = if check.name.is_empty() { String::new() } else { format!("{}: ", check.name) };
    format!("{name}{}", check.expression)
}

/// Returns the name of one row as names of rows begin with it.
fn plain_name(population: &str) -> String {
    let name = singular(population).to_lowercase();
    name.trim_end_matches(|letter: char| letter.is_ascii_digit()).to_owned()
}
