//! Rows that something names: a persona, a group, a case, a fact.

use std::collections::BTreeSet;

use crate::scenario::{CaseRows, Chain, Path, PopulationId, Subject, Term, Test, Where};

/// Returns the rows of a population that something names.
pub(super) fn named(chain: &Chain, id: PopulationId) -> BTreeSet<usize> {
    let mut rows = BTreeSet::new();
    let population = &chain.populations[id];
    rows.extend(population.personas.iter().filter_map(|persona| population.row(&persona.name)));
    for case in population.columns.iter().flat_map(|column| &column.cases) {
        if let CaseRows::Row(name) = &case.rows {
            rows.extend(population.row(name));
        }
    }
    let mut conditions: Vec<&Where> = chain.conditions.iter().map(|condition| &condition.meaning).collect();
    for partition in &chain.partitions {
        for group in &partition.groups {
            if partition.population == id {
                rows.extend(&group.who);
            }
            conditions.extend(&group.condition);
        }
    }
    for ensure in &chain.ensures {
        if let Subject::ForEach(population, each, _) = &ensure.subject
            && *population == id
        {
            rows.extend(each);
        }
        conditions.push(&ensure.condition);
    }
    for link in chain.populations.iter().flat_map(|population| &population.links) {
        conditions.extend(&link.allowed);
    }
    for condition in conditions {
        named_in(condition, id, &mut rows);
    }
    rows
}

pub(super) fn named_in(conditions: &Where, id: PopulationId, rows: &mut BTreeSet<usize>) {
    fn in_test(path: &Path, test: &Test, id: PopulationId, rows: &mut BTreeSet<usize>) {
        match test {
            Test::IsRow(row) if path.to == id => rows.extend([*row]),
            Test::OneOfRows(named) if path.to == id => rows.extend(named),
            Test::Not(test) => in_test(path, test, id, rows),
            Test::All(tests) => tests.iter().for_each(|test| in_test(path, test, id, rows)),
            Test::Some(inner) | Test::Every(inner) | Test::None(inner) => named_in(inner, id, rows),
            _ => {}
        }
    }
    for term in &conditions.0 {
        match term {
            Term::Any(any) => any.iter().for_each(|conditions| named_in(conditions, id, rows)),
            Term::Test(path, test) => in_test(path, test, id, rows),
        }
    }
}
