//! The PockitFlyer scenarios, as they are or changed.

use seedbed_core::diagnostic::render;
use seedbed_core::generate::{Generated, Parameters, Verdict, generate};
use seedbed_core::scenario::{Chain, Files, read};
use seedbed_core::source::Source;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../pockitflyer_backend/users/fixtures/");
const SCENARIOS: [&str; 3] = ["m01_discovery_scenarios.json", "m02_test_users.json", "m03_engagement_scenarios.json"];
const LISTS: [&str; 4] = ["e2e_addresses.json", "e2e_flyer_templates.json", "e2e_names.json", "e2e_bios.json"];

/// Returns the chain of m01 to m03.
pub(crate) fn chain() -> Chain {
    changed(&[])
}

/// Returns the chain with texts replaced: (file, what stands there, what shall stand there). Each
/// must be there.
pub(crate) fn changed(changes: &[(&str, &str, &str)]) -> Chain {
    let mut files = Files::default();
    for name in SCENARIOS.iter().chain(&LISTS) {
        let mut text = std::fs::read_to_string(format!("{FOLDER}{name}")).expect("the file is there");
        for (_, from, to) in changes.iter().filter(|(file, ..)| name.starts_with(file)) {
            assert!(text.contains(from), "`{from}` is not in {name}");
            text = text.replacen(from, to, 1);
        }
        files.sources.push(Source { path: (*name).into(), text });
    }
    files.scenarios = vec![0, 1, 2];
    files.lists = (0..LISTS.len()).map(|list| (0, LISTS[list].to_owned(), SCENARIOS.len() + list)).collect();
    read(&files, None).unwrap_or_else(|problems| panic!("{}", render(&problems, &files.sources, false)))
}

pub(crate) fn made(chain: &Chain, seed: u64) -> Generated {
    with(chain, Parameters { seed, worker: 0, as_of: 0 })
}

/// Generates, and demands that every finding holds.
pub(crate) fn with(chain: &Chain, parameters: Parameters) -> Generated {
    let generated = generate(chain, None, parameters).unwrap_or_else(|problems| {
        let messages: Vec<String> = problems.iter().map(|p| format!("{} {}", p.code, p.message)).collect();
        panic!("{parameters:?}: {}", messages.join("; "))
    });
    for finding in &generated.findings {
        assert_eq!(
            finding.verdict(),
            Verdict::Holds,
            "{parameters:?}: {} {finding:?}",
            chain.ensures[finding.ensure].fact
        );
    }
    generated
}
