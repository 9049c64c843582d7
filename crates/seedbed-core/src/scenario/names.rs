//! Names: of rows with their numbers, and of everything an editor can complete.

use std::collections::BTreeSet;

use super::{Chain, Rows};
use crate::diagnostic::Diagnostic;
use crate::grammar::Names;
use crate::grammar::json_schema::ProjectNames;
use crate::source::{Node, Span};

/// The name of a row, and the number that its key is made of.
///
/// A row of a range has the range's number (`user_017` is 17), so that a longer range renumbers
/// nothing. Single names count from 9001 in their order, from 90001 where a range goes beyond 8999.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowName {
    /// The name.
    pub name: String,
    /// The number, 1 to 99999.
    pub number: u32,
}

/// How many numbers each further range of a population has to itself.
const RANGE: u32 = 10_000;

/// Reads `rows`: a number, or names with ranges.
pub(super) fn read_rows(node: &Node, diagnostics: &mut Vec<Diagnostic>) -> Vec<RowName> {
    if let Some(count) = node.integer() {
        return (1..=u32::try_from(count).unwrap_or(u32::MAX).min(100_000))
            .map(|number| RowName { name: number.to_string(), number })
            .collect();
    }
    let (mut rows, mut singles, mut ranges) = (Vec::new(), Vec::new(), 0);
    for item in node.items() {
        let text = item.text().unwrap_or_default();
        if let Some((first, last)) = text.split_once("..") {
            match range(first, last) {
                Ok(names) => {
                    rows.extend(names.into_iter().map(|(name, number)| (name, number + ranges * RANGE, item.span)));
                    ranges += 1;
                }
                Err(problem) => diagnostics.push(Diagnostic::new("wrong-range", problem).at(item.span, "this range")),
            }
        } else {
            singles.push((text.to_owned(), item.span));
        }
    }
    let base = if rows.iter().all(|(_, number, _)| *number < 9_000) { 9_001 } else { 90_001 };
    rows.extend(singles.into_iter().zip(base..).map(|((name, span), number)| (name, number, span)));
    report_repeated(&rows, diagnostics);
    rows.into_iter().map(|(name, number, _)| RowName { name, number }).collect()
}

fn report_repeated(rows: &[(String, u32, Span)], diagnostics: &mut Vec<Diagnostic>) {
    let mut seen = BTreeSet::new();
    for (name, _, span) in rows {
        if !seen.insert(name) {
            diagnostics
                .push(Diagnostic::new("duplicate-row", format!("there are two rows `{name}`")).at(*span, "again"));
        }
    }
}

fn range(first: &str, last: &str) -> Result<Vec<(String, u32)>, String> {
    let split = |name: &str| {
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        name[stem..].parse::<u32>().ok().map(|number| (name[..stem].to_owned(), number, name.len() - stem))
    };
    let (Some((stem, from, width)), Some((other, to, _))) = (split(first), split(last)) else {
        return Err(format!("both ends of `{first}..{last}` end in a number, as in `user_001..user_030`"));
    };
    if stem != other {
        Err(format!("the ends of a range differ only in their number; `{stem}` and `{other}` differ"))
    } else if from > to {
        Err(format!("this range is upside down: {from} is above {to}"))
    } else if to > 89_999 {
        Err(format!("row numbers end at 89999; {to} is above"))
    } else {
        Ok((from..=to).map(|number| (format!("{stem}{number:0width$}"), number)).collect())
    }
}

/// Returns every name of a project, for its JSON Schema.
pub fn project_names(chain: &Chain) -> ProjectNames {
    let mut names = ProjectNames::new();
    let mut add = |kind: Names, name: &str| {
        names.entry(kind).or_default().insert(name.to_owned());
    };
    for layer in &chain.layers {
        add(Names::Scenario, &layer.name);
    }
    for list in &chain.lists {
        add(Names::List, &list.name);
    }
    let top = chain.layers.len();
    for (id, population) in chain.populations.iter().enumerate() {
        add(Names::Population, &population.name);
        add(Names::Path, &population.name);
        if let Rows::Named(rows) = &population.rows {
            for row in rows {
                add(Names::Row, &row.name);
            }
        }
        for (back, _, _) in chain.backs(id, top) {
            add(Names::Back, back);
        }
        let own = own_names(chain, id);
        for name in &own {
            add(Names::Path, name);
        }
        for link in &population.links {
            for name in own_names(chain, link.to) {
                add(Names::Path, &format!("{}.{name}", link.name));
            }
        }
    }
    names
}

/// Returns what can stand after a row of this population in a path.
pub(super) fn own_names(chain: &Chain, id: usize) -> BTreeSet<String> {
    let population = &chain.populations[id];
    let columns = population.columns.iter().filter(|column| !column.handle).map(|column| column.name.clone());
    let choices = population.links.iter().filter_map(|link| Some(link.when.as_ref()?.choice.clone()));
    let links = population.links.iter().map(|link| link.name.clone()).chain(choices);
    let backs = chain.backs(id, chain.layers.len()).into_iter().map(|(back, _, _)| back.to_owned());
    let conditions = chain.conditions.iter().filter(|c| c.population == id).map(|c| c.name.clone());
    let measures = chain.measures.iter().filter(|m| m.population == id).map(|m| m.name.clone());
    columns.chain(links).chain(backs).chain(conditions).chain(measures).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_carry_their_own_numbers() {
        let names = range("user_008", "user_011").expect("a range");
        assert_eq!(names[0], ("user_008".into(), 8));
        assert_eq!(names[3], ("user_011".into(), 11));
        for (first, last) in [("a1", "b2"), ("a2", "a1"), ("a", "a2"), ("a1", "a99999")] {
            assert!(range(first, last).is_err(), "{first}..{last}");
        }
    }
}
