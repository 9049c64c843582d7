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
