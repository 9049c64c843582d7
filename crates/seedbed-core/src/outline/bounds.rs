//! Bounds: what the checks of a table say about the values of its columns.

use std::collections::BTreeMap;

use super::expression::{Node, read};
use crate::schema::{Check, Rules, Table};
use crate::value::Decimal;

/// What is known of the values of a column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bounds {
    /// The smallest number, and whether it may be itself.
    pub(super) least: Option<(Decimal, bool)>,
    /// The largest number, and whether it may be itself.
    pub(super) most: Option<(Decimal, bool)>,
    /// The least number of characters.
    pub(super) shortest: usize,
    /// The largest number of characters.
    pub(super) longest: Option<usize>,
    /// The values there are.
    pub(super) one_of: Option<Vec<String>>,
    /// A value is needed, whatever the column says.
    pub(super) needed: bool,
    /// Upper case (true) or lower case (false) only.
    pub(super) case: Option<bool>,
}

/// What the checks of a table say, as far as they are understood.
#[derive(Clone, Debug, Default)]
pub(super) struct Understood {
    /// By column.
    pub(super) bounds: BTreeMap<String, Bounds>,
    /// Columns whose value is above that of another: (the one above, the other).
    pub(super) above: Vec<(String, String)>,
    /// Checks that are not understood.
    pub(super) unknown: Vec<Check>,
}

/// Reads the checks and enums of a table.
pub(super) fn understand(table: &Table, rules: &Rules) -> Understood {
    let mut all = Understood::default();
    for (column, values) in &rules.enums {
        all.bounds.entry(column.clone()).or_default().one_of = Some(values.clone());
    }
    for check in &rules.checks {
        let mut with = all.clone();
        let node = read(&check.expression);
        if node.is_some_and(|node| with.takes(table, check.column.as_deref(), &node).is_some()) {
            all = with;
        } else {
            all.unknown.push(check.clone());
        }
    }
    all
}

impl Understood {
    /// Takes over what a check says; nothing where a part of it is not understood.
    fn takes(&mut self, table: &Table, value: Option<&str>, node: &Node) -> Option<()> {
        let column = |node: &Node| match node {
            Node::Name(name) if value.is_some() && name.eq_ignore_ascii_case("value") => value.map(str::to_owned),
            Node::Name(name) => {
                table.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name)).map(|c| c.name.clone())
            }
            _ => None,
        };
        match node {
            Node::And(nodes) => nodes.iter().try_for_each(|node| self.takes(table, value, node)),
            Node::Or(nodes) => {
                // A check that a missing value passes anyway is taken without that way out.
                let mut others = nodes.iter().filter(|node| !matches!(node, Node::IsNull(_)));
                if let (Some(only), None) = (others.next(), others.next()) {
                    return self.takes(table, value, only);
                }
                let mut values = Vec::new();
                let mut named = None;
                for node in nodes {
                    let Node::Binary(sign, left, right) = node else { return None };
                    let name = column(left).filter(|_| sign == "=")?;
                    if named.replace(name.clone()).is_some_and(|before| before != name) {
                        return None;
                    }
                    values.push(literal(right)?);
                }
                self.one_of(&named?, values);
                Some(())
            }
            Node::IsNotNull(inner) => {
                self.of(&column(inner)?).needed = true;
                Some(())
            }
            Node::Binary(sign, left, right) => match (column(left), column(right)) {
                (Some(left), Some(right)) => {
                    let pair = match sign.as_str() {
                        ">" | ">=" => (left, right),
                        "<" | "<=" => (right, left),
                        _ => return None,
                    };
                    self.above.push(pair);
                    Some(())
                }
                (Some(name), None) => self.compared(&name, sign, right),
                (None, Some(name)) => self.compared(&name, turned(sign)?, left),
                (None, None) => {
                    let (length, sign, number) = match (&**left, &**right) {
                        (Node::Call(..), _) => (&**left, sign.as_str(), literal(right)?),
                        (_, Node::Call(..)) => (&**right, turned(sign)?, literal(left)?),
                        _ => return None,
                    };
                    let Node::Call(function, arguments) = length else { return None };
                    let [argument] = &arguments[..] else { return None };
                    let trimmed = |node: &Node| match node {
                        Node::Call(name, inner) if ["trim", "btrim"].contains(&name.as_str()) && inner.len() == 1 => {
                            column(&inner[0])
                        }
                        node => column(node),
                    };
                    if ["trim", "btrim"].contains(&function.as_str()) {
                        return self.compared(&column(argument)?, sign, &Node::Text(number));
                    }
                    let known = ["length", "char_length", "character_length"].contains(&function.as_str());
                    self.length(&trimmed(argument).filter(|_| known)?, sign, number.parse().ok()?)
                }
            },
            _ => None,
        }
    }

    fn of(&mut self, column: &str) -> &mut Bounds {
        self.bounds.entry(column.to_owned()).or_default()
    }

    fn one_of(&mut self, column: &str, values: Vec<String>) {
        let bounds = self.of(column);
        bounds.one_of = Some(match bounds.one_of.take() {
            Some(before) => before.into_iter().filter(|value| values.contains(value)).collect(),
            None => values,
        });
    }

    fn compared(&mut self, column: &str, sign: &str, with: &Node) -> Option<()> {
        if let (Node::Call(name, arguments), "=") = (with, sign) {
            let inner = arguments.first().filter(|_| arguments.len() == 1)?;
            if name == "lower" || name == "upper" {
                let same = matches!(inner, Node::Name(name) if name.eq_ignore_ascii_case(column));
                self.of(column).case = Some(name == "upper");
                return same.then_some(());
            }
            let Node::List(values) = inner else { return None };
            let values = values.iter().map(literal).collect::<Option<Vec<String>>>();
            self.one_of(column, values.filter(|_| name == "any")?);
            return Some(());
        }
        let text = literal(with)?;
        match (sign, Decimal::parse(&text)) {
            ("=", _) => self.one_of(column, vec![text]),
            ("<>" | "!=", _) if text.is_empty() => {
                let bounds = self.of(column);
                bounds.shortest = bounds.shortest.max(1);
            }
            (">", Some(number)) => self.at_least(column, number, false),
            (">=", Some(number)) => self.at_least(column, number, true),
            ("<", Some(number)) => self.at_most(column, number, false),
            ("<=", Some(number)) => self.at_most(column, number, true),
            _ => return None,
        }
        Some(())
    }

    fn at_least(&mut self, column: &str, number: Decimal, itself: bool) {
        let bounds = self.of(column);
        if bounds.least.is_none_or(|(least, with)| number > least || (number == least && with && !itself)) {
            bounds.least = Some((number, itself));
        }
    }

    fn at_most(&mut self, column: &str, number: Decimal, itself: bool) {
        let bounds = self.of(column);
        if bounds.most.is_none_or(|(most, with)| number < most || (number == most && with && !itself)) {
            bounds.most = Some((number, itself));
        }
    }

    fn length(&mut self, column: &str, sign: &str, number: usize) -> Option<()> {
        let bounds = self.of(column);
        let (least, most) = match sign {
            ">" => (number + 1, None),
            ">=" => (number, None),
            "=" => (number, Some(number)),
            "<" => (0, Some(number.checked_sub(1)?)),
            "<=" => (0, Some(number)),
            _ => return None,
        };
        bounds.shortest = bounds.shortest.max(least);
        bounds.longest = most.into_iter().chain(bounds.longest).min();
        Some(())
    }
}

fn literal(node: &Node) -> Option<String> {
    match node {
        Node::Number(text) | Node::Text(text) => Some(text.clone()),
        Node::Bool(yes) => Some(yes.to_string()),
        _ => None,
    }
}

fn turned(sign: &str) -> Option<&'static str> {
    [("<", ">"), ("<=", ">="), (">", "<"), (">=", "<="), ("=", "="), ("<>", "<>"), ("!=", "<>")]
        .into_iter()
        .find_map(|(from, to)| (from == sign).then_some(to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Column, ColumnKind};

    fn understood(checks: &[&str]) -> Understood {
        let column = |name: &str| Column {
            name: name.into(),
            declared: "text".into(),
            kind: ColumnKind::Other,
            nullable: true,
            default: None,
            generated: false,
        };
        let table = Table { columns: ["a", "b", "Left"].map(column).into(), ..Table::default() };
        let check = |text: &&str| Check { name: String::new(), expression: (*text).to_owned(), column: None };
        understand(&table, &Rules { checks: checks.iter().map(check).collect(), ..Rules::default() })
    }

    #[test]
    fn ranges_lengths_and_sets_are_understood() {
        let all = understood(&[
            "a > 0 AND (100 >= a)",
            "((char_length((b)::text) >= 3) AND (length(btrim(b)) <= 8))",
            "\"Left\" = 'x' OR \"Left\" = 'y'",
            "(b <> ''::text)",
            "a IS NULL OR a < 50",
        ]);
        assert!(all.unknown.is_empty(), "{:?}", all.unknown);
        let a = &all.bounds["a"];
        assert_eq!((a.least, a.most), (Some((Decimal::whole(0), false)), Some((Decimal::whole(50), false))));
        assert_eq!((all.bounds["b"].shortest, all.bounds["b"].longest), (3, Some(8)));
        assert_eq!(all.bounds["Left"].one_of, Some(vec!["x".to_owned(), "y".to_owned()]));
    }

    #[test]
    fn a_check_is_understood_whole_or_not_at_all() {
        let all = understood(&["a > 0 AND b ~ '^x'", "a < b", "a = 1 OR b = 2", "missing > 1"]);
        assert!(all.bounds.is_empty(), "{:?}", all.bounds);
        assert_eq!(all.above, [("b".to_owned(), "a".to_owned())]);
        assert_eq!(all.unknown.len(), 3);
    }
}
