//! What the README shows is what the command prints, but for the clock.

mod support;

use support::{Project, masked, repository};

const COMMAND: &str = "$ cargo run --release -- seed m03";

#[test]
fn the_first_screen_is_what_the_command_prints() {
    let readme = std::fs::read_to_string(repository().join("README.md")).expect("the README is there");
    let shown = shown(&readme).expect("the README shows the main job");
    let printed = Project::new().call(&["seed", "m03"]).done();
    assert_eq!(masked(&shown).trim_end(), masked(&printed).trim_end());
}

#[test]
fn every_test_that_the_promises_name_is_there() {
    let promises = std::fs::read_to_string(repository().join("docs/promises.md")).expect("the promises are there");
    let rows = promises.lines().filter(|line| line.starts_with("| ")).skip(1);
    let mut named = 0;
    for row in rows {
        let kept_by = row.trim_end_matches(" |").rsplit(" | ").next().expect("a row has columns");
        let words: Vec<&str> = kept_by.split('`').skip(1).step_by(2).collect();
        assert!(!words.is_empty() || kept_by.starts_with("the same"), "no test is named: {row}");
        let mut folder = repository();
        for word in words {
            let (path, test) = word.split_once("::").map_or((word, None), |(path, test)| (path, Some(test)));
            let places = [repository().join("crates").join(path), repository().join(path), folder.join(path)];
            let place = places.into_iter().find(|place| place.exists());
            let place = place.unwrap_or_else(|| panic!("there is no {path}: {row}"));
            if let Some(test) = test {
                let text = std::fs::read_to_string(&place).expect("a test is in a file");
                let there = ["fn", "def"].iter().any(|word| text.contains(&format!("{word} {test}(")));
                assert!(there, "there is no test {test} in {path}: {row}");
            }
            folder = place.parent().expect("a file is in a folder").to_path_buf();
            named += 1;
        }
    }
    assert!(named > 30, "{named}");
}

/// Returns the lines below the command, up to the end of its block or the next command.
fn shown(readme: &str) -> Option<String> {
    let mut lines = readme.lines().skip_while(|line| !line.trim_start().starts_with(COMMAND));
    let command = lines.next()?;
    let indent = command.len() - command.trim_start().len();
    let of_block = |line: &&str| {
        let inside = line.trim().is_empty() || line.len() - line.trim_start().len() >= indent;
        inside && !line.trim_start().starts_with("```") && !line.trim_start().starts_with("$ ")
    };
    Some(lines.take_while(of_block).map(|line| line.get(indent..).unwrap_or("").to_owned() + "\n").collect())
}
