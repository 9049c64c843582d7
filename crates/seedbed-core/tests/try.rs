use seedbed_core::{diagnostic::render, generate::*, scenario::*, source::Source};
#[test]
fn try_it() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../../pockitflyer_backend/users/fixtures/");
    let mut files = Files::default();
    let mut add = |name: &str| {
        files
            .sources
            .push(Source { path: name.into(), text: std::fs::read_to_string(format!("{dir}{name}")).unwrap() });
        files.sources.len() - 1
    };
    let s: Vec<usize> = ["m01_discovery_scenarios.json", "m02_test_users.json", "m03_engagement_scenarios.json"]
        .into_iter()
        .map(&mut add)
        .collect();
    let mut lists = vec![];
    for l in ["e2e_addresses.json", "e2e_flyer_templates.json", "e2e_names.json", "e2e_bios.json"] {
        lists.push((0, l.to_string(), add(l)));
    }
    files.scenarios = s;
    files.lists = lists;
    let t = std::time::Instant::now();
    let chain = match read(&files, None) {
        Ok(c) => c,
        Err(d) => panic!("{}", render(&d, &files.sources, false)),
    };
    println!("read {:?}", t.elapsed());
    let (mut back, mut steps, mut exact, mut bad) = (0, 0, 0, 0);
    let n: u64 = std::env::var("N").ok().and_then(|n| n.parse().ok()).unwrap_or(3);
    let t = std::time::Instant::now();
    for seed in 1..=n {
        match generate(&chain, None, Parameters { seed, worker: 0, as_of: 0 }) {
            Ok(g) => {
                back += g.went_back;
                steps += g.steps;
                exact += g.exact;
                for f in &g.findings {
                    if f.verdict() == Verdict::Fails {
                        println!("FAIL {f:?} {}", chain.ensures[f.ensure].fact);
                        bad += 1
                    }
                }
                if seed == 1 {
                    for b in &g.dataset.blocks {
                        println!("{} {} {:?}", b.population, b.rows.len(), b.rows.last().map(|r| (&r.name, &r.values)));
                    }
                    println!("files {}", g.dataset.files.len());
                }
            }
            Err(d) => {
                bad += 1;
                println!("seed {seed}: {}", render(&d, &files.sources, false))
            }
        }
    }
    println!("{n} seeds back {back} steps {steps} exact {exact} bad {bad} {:?}", t.elapsed());
}
