//! Editing: what an application does to a seeded database between two verbs.

use super::Dice;
use super::application::{Cells, Dump, literal, plain};
use super::judging::Judge;
use super::making::{CHOICE, Column, Engine, Key, Kind, Table, World};

/// What an edit looks at.
pub(crate) struct Editor<'a> {
    pub(crate) world: &'a World,
    pub(crate) judge: &'a Judge<'a>,
    pub(crate) dump: &'a Dump,
    /// The number of the edit, so that no two make the same row.
    pub(crate) number: usize,
}

type Row<'a> = (usize, &'a Cells, &'a Cells);

impl<'a> Editor<'a> {
    /// Returns what kind of edit it is, and its statements; none where the world has nothing to edit so.
    pub(crate) fn edit(&self, dice: &mut Dice) -> Option<(&'static str, String)> {
        match dice.between(0, 19) {
            0..=2 => self.change_a_value(dice).map(|sql| ("value changed", sql)),
            3..=4 => self.point_elsewhere(dice).map(|sql| ("reference changed", sql)),
            5..=6 => self.delete_ours(dice).map(|sql| ("row of ours deleted", sql)),
            7..=11 => self.insert(dice).map(|sql| ("row inserted", sql)),
            12 => self.change_a_key(dice).map(|sql| ("key changed", sql)),
            13 => self.toggle_a_tag(dice).map(|sql| ("tag changed", sql)),
            14 => self.copy_ours(dice).map(|sql| ("row of ours copied", sql)),
            15 => self.swap_unique_values(dice).map(|sql| ("unique values swapped", sql)),
            16 => self.delete_all_of_a_table(dice).map(|sql| ("table emptied of ours", sql)),
            17 => self.take_a_unique_value(dice).map(|sql| ("unique value taken", sql)),
            18 => self.canary_points_at_ours(dice).map(|sql| ("canary changed", sql)),
            _ => self.delete_and_insert(dice).map(|sql| ("row of ours replaced", sql)),
        }
    }

    fn ours(&self) -> Vec<Row<'a>> {
        let row = |(table, key): (usize, Cells)| {
            let (key, cells) = self.dump.tables[table].get_key_value(&key).expect("our rows are there");
            (table, key, cells)
        };
        self.judge.ours(self.dump).into_iter().map(row).collect()
    }

    fn one_of_ours(&self, dice: &mut Dice) -> Option<Row<'a>> {
        let ours = self.ours();
        (!ours.is_empty()).then(|| dice.pick(&ours))
    }

    fn table(&self, index: usize) -> &'a Table {
        &self.world.tables[index]
    }

    fn update(&self, (table, key, cells): Row<'_>, column: &str, text: Option<&str>) -> String {
        let value = literal(text, self.table(table).column(column).kind);
        let finding = self.world.finding(table, key, cells);
        format!("UPDATE \"{}\" SET \"{column}\" = {value} WHERE {finding}", self.table(table).name)
    }

    fn delete(&self, (table, key, cells): Row<'_>) -> String {
        format!("DELETE FROM \"{}\" WHERE {}", self.table(table).name, self.world.finding(table, key, cells))
    }

    fn is_reference(table: &Table, column: &Column) -> bool {
        table.references.iter().any(|reference| reference.columns.contains(&column.name))
    }

    fn change_a_value(&self, dice: &mut Dice) -> Option<String> {
        let row = self.one_of_ours(dice)?;
        let table = self.table(row.0);
        let values: Vec<&Column> = (table.written())
            .filter(|column| !table.keys.contains(&column.name) && !Self::is_reference(table, column))
            .filter(|column| column.name != "tag")
            .collect();
        let column = (!values.is_empty()).then(|| dice.pick(&values))?;
        let text = self.value(dice, column);
        Some(self.update(row, &column.name, text.as_deref()))
    }

    /// Returns a text that may stand in a column.
    fn value(&self, dice: &mut Dice, column: &Column) -> Option<String> {
        if column.null && dice.chance(25) {
            return None;
        }
        if !column.among.is_empty() {
            return Some(dice.pick(&column.among).to_owned());
        }
        Some(match column.kind {
            Kind::Integer | Kind::BigInteger => dice.between(1, 9).to_string(),
            Kind::Decimal => format!("{}.5", dice.between(1, 90)),
            Kind::Bool => (if dice.chance(50) { "true" } else { "false" }).into(),
            Kind::Time => format!("2021-05-{:02} 12:00:00", dice.between(1, 28)),
            Kind::Text | Kind::Uuid32 | Kind::Uuid36 => format!("edit {}", self.number),
        })
    }

    /// Returns the cells of a row that a reference may lead to.
    fn target(&self, dice: &mut Dice, to: usize) -> Option<&'a Cells> {
        let ours: Vec<&Cells> = self.ours().into_iter().filter(|row| row.0 == to).map(|row| row.2).collect();
        let others: Vec<&Cells> = self.dump.tables[to].values().filter(|cells| !ours.contains(cells)).collect();
        match (ours.is_empty(), others.is_empty()) {
            (false, true) => Some(dice.pick(&ours)),
            (false, false) if dice.chance(65) => Some(dice.pick(&ours)),
            (_, false) => Some(dice.pick(&others)),
            (true, true) => None,
        }
    }

    fn point_elsewhere(&self, dice: &mut Dice) -> Option<String> {
        let row = self.one_of_ours(dice)?;
        let table = self.table(row.0);
        let free: Vec<_> = table.references.iter().filter(|to| !table.keys.contains(&to.columns[0])).collect();
        let reference = (!free.is_empty()).then(|| dice.pick(&free))?;
        let null = table.column(&reference.columns[0]).null && dice.chance(30);
        let to = self.target(dice, reference.to)?;
        let of = self.table(reference.to);
        let text = plain(&to[of.position(&reference.to_columns[0])]).filter(|_| !null);
        Some(self.update(row, &reference.columns[0], text))
    }

    fn delete_ours(&self, dice: &mut Dice) -> Option<String> {
        Some(self.delete(self.one_of_ours(dice)?))
    }

    fn delete_all_of_a_table(&self, dice: &mut Dice) -> Option<String> {
        let (table, ..) = self.one_of_ours(dice)?;
        let rows: Vec<String> =
            self.ours().into_iter().filter(|row| row.0 == table).map(|row| self.delete(row)).collect();
        Some(rows.join("; "))
    }

    fn insert(&self, dice: &mut Dice) -> Option<String> {
        let table = dice.between(0, self.world.tables.len() - 1);
        Some(self.world.insert(table, &self.row(dice, table)?))
    }

    /// Returns a row that the application makes.
    fn row(&self, dice: &mut Dice, index: usize) -> Option<Vec<(String, Option<String>)>> {
        let table = self.table(index);
        let mut row = Vec::new();
        for reference in &table.references {
            let null = table.column(&reference.columns[0]).null && dice.chance(30);
            let to = if null { None } else { Some(self.target(dice, reference.to)?) };
            let of = self.table(reference.to);
            for (column, to_column) in reference.columns.iter().zip(&reference.to_columns) {
                let text = to.and_then(|cells| plain(&cells[of.position(to_column)])).map(str::to_owned);
                row.push((column.clone(), text));
            }
        }
        if let (Some(choice), true) = (&table.choice, dice.chance(70)) {
            let at = dice.between(0, choice.of.len() - 1);
            let of = self.table(choice.of[at]);
            let to = self.target(dice, choice.of[at])?;
            let text = plain(&to[of.position(&of.keys[0])])?.to_owned();
            // A text holds a UUID with its dashes.
            let short = of.column(&of.keys[0]).kind == Kind::Uuid32 && text.len() == 32;
            let parts = [0..8, 8..12, 12..16, 16..20, 20..32];
            let text = if short { parts.map(|part| text[part].to_owned()).join("-") } else { text };
            row.extend([(CHOICE.0.to_owned(), Some(format!("k{at}"))), (CHOICE.1.to_owned(), Some(text))]);
        }
        for column in table.written() {
            if row.iter().any(|(name, _)| *name == column.name)
                || (table.choice.is_some() && column.name.starts_with("subject_"))
            {
                continue;
            }
            let text = match (column.name.as_str(), table.key) {
                ("id", Key::Counter) => continue,
                ("id", Key::Rowid) if self.world.engine == Engine::Sqlite => continue,
                ("id", Key::Rowid) => Some((dice.pick(&[3_000, 1_100_500_000]) + self.number).to_string()),
                ("id", Key::Uuid) => {
                    let text = format!("12345678-0000-4000-8000-{:012}", self.number);
                    let short = self.world.engine == Engine::Sqlite && column.kind == Kind::Uuid32;
                    Some(if short { text.replace('-', "") } else { text })
                }
                ("id" | "hall", _) => Some(format!("of a user {}", self.number)),
                ("line" | "batch" | "shelf" | "place", _) => Some((70 + self.number).to_string()),
                ("tag", _) => Some((if dice.chance(20) { "true" } else { "false" }).to_owned()),
                ("label" | "code", _) => Some(format!("{} of a user {}", column.name, self.number)),
                _ => self.value(dice, column),
            };
            row.push((column.name.clone(), text));
        }
        Some(row)
    }

    fn change_a_key(&self, dice: &mut Dice) -> Option<String> {
        let row = self.one_of_ours(dice)?;
        let table = self.table(row.0);
        let column = table.column(&table.keys[dice.between(0, table.keys.len() - 1)]);
        let text = match column.kind {
            Kind::Text => format!("moved {}", self.number),
            Kind::Uuid32 if self.world.engine == Engine::Sqlite => format!("{:032}", self.number + 77),
            Kind::Uuid32 | Kind::Uuid36 => format!("0000dead-0000-4000-8000-{:012}", self.number),
            _ => (5_000 + self.number).to_string(),
        };
        Some(self.update(row, &column.name, Some(&text)))
    }

    fn toggle_a_tag(&self, dice: &mut Dice) -> Option<String> {
        let tagged: Vec<usize> = (0..self.world.tables.len()).filter(|&at| self.table(at).tag).collect();
        let table = (!tagged.is_empty()).then(|| dice.pick(&tagged))?;
        let rows: Vec<_> = self.dump.tables[table].iter().collect();
        let (key, cells) = (!rows.is_empty()).then(|| dice.pick(&rows))?;
        let set = matches!(plain(&cells[self.table(table).position("tag")]), Some("1" | "t" | "true"));
        Some(self.update((table, key, cells), "tag", Some(if set { "false" } else { "true" })))
    }

    /// Copies a row with its tag, as applications do by taking the key away and saving it.
    fn copy_ours(&self, dice: &mut Dice) -> Option<String> {
        let (index, _, cells) = self.one_of_ours(dice)?;
        let table = self.table(index);
        let fresh = self.row(dice, index)?;
        let unique = |name: &String| table.uniques.iter().any(|unique| unique.columns.last() == Some(name));
        let row: Vec<(String, Option<String>)> = (table.written())
            .filter_map(|column| {
                let name = &column.name;
                if table.keys.contains(name) || unique(name) {
                    return fresh.iter().find(|(of, _)| of == name).cloned();
                }
                Some((name.clone(), plain(&cells[table.position(name)]).map(str::to_owned)))
            })
            .collect();
        Some(self.world.insert(index, &row))
    }

    fn swap_unique_values(&self, dice: &mut Dice) -> Option<String> {
        let first = self.one_of_ours(dice)?;
        let table = self.table(first.0);
        let uniques: Vec<_> = table.uniques.iter().filter(|unique| !table.keys.contains(&unique.columns[0])).collect();
        let unique = (!uniques.is_empty()).then(|| dice.pick(&uniques))?;
        let name = unique.columns.last()?;
        let others: Vec<Row<'_>> = self.ours().into_iter().filter(|row| row.0 == first.0 && row.1 != first.1).collect();
        let second = (!others.is_empty()).then(|| dice.pick(&others))?;
        let at = table.position(name);
        let (one, other) = (plain(&first.2[at])?, plain(&second.2[at])?);
        let between = if table.column(name).kind.is_number() { "99" } else { "in between" };
        Some(format!(
            "{}; {}; {}",
            self.update(first, name, Some(between)),
            self.update(second, name, Some(one)),
            self.update(first, name, Some(other))
        ))
    }

    /// Somebody takes the label that a row of ours no longer has.
    fn take_a_unique_value(&self, dice: &mut Dice) -> Option<String> {
        let row = self.one_of_ours(dice)?;
        let table = self.table(row.0);
        let names: Vec<&str> = ["label", "code"].into_iter().filter(|name| table.has(name)).collect();
        let name = (!names.is_empty()).then(|| dice.pick(&names))?;
        let text = plain(&row.2[table.position(name)])?;
        let changed = self.update(row, name, Some(&format!("given away {}", self.number)));
        let mut fresh = self.row(dice, row.0)?;
        let text = if dice.chance(30) { text.to_lowercase() } else { text.to_owned() };
        fresh.iter_mut().filter(|(of, _)| of == name).for_each(|(_, value)| *value = Some(text.clone()));
        Some(format!("{changed}; {}", self.world.insert(row.0, &fresh)))
    }

    fn canary_points_at_ours(&self, dice: &mut Dice) -> Option<String> {
        let others = self.judge.others(self.dump);
        let rows: Vec<Row<'_>> = (others.iter().enumerate())
            .flat_map(|(table, rows)| rows.keys().map(move |key| (table, key)))
            .filter_map(|(table, key)| {
                self.dump.tables[table].get_key_value(key).map(|(key, cells)| (table, key, cells))
            })
            .filter(|row| self.table(row.0).references.iter().any(|to| to.columns.len() == 1))
            .collect();
        let row = (!rows.is_empty()).then(|| dice.pick(&rows))?;
        let single: Vec<_> = self.table(row.0).references.iter().filter(|to| to.columns.len() == 1).collect();
        let reference = dice.pick(&single);
        let to = self.target(dice, reference.to)?;
        let text = plain(&to[self.table(reference.to).position(&reference.to_columns[0])])?;
        Some(self.update(row, &reference.columns[0], Some(text)))
    }

    /// Deletes a row of ours and makes another one, which may get its key where keys are used again.
    fn delete_and_insert(&self, dice: &mut Dice) -> Option<String> {
        let row = self.one_of_ours(dice)?;
        let fresh = self.row(dice, row.0)?;
        Some(format!("{}; {}", self.delete(row), self.world.insert(row.0, &fresh)))
    }
}
