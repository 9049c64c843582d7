//! Typed: a command of ours as a person types it.
//!
//! How a caller is called may have flags that go with every verb. They stand behind ` ...`, in whose place
//! the verb and its names are typed: `seedbed ... --worker 3` becomes `seedbed reset m03 --worker 3`.

use std::borrow::Cow;

/// Where the verb and its names are typed.
const VERB: &str = " ...";

/// Returns what is typed to run a verb with its names, and the flags that go with it.
pub fn line(program: &str, verb: &str) -> String {
    match program.split_once(VERB) {
        Some((name, flags)) => format!("{name} {verb}{flags}"),
        None => format!("{program} {verb}"),
    }
}

/// Returns how a program is called, without the flags that go with verbs.
pub fn name(program: &str) -> &str {
    program.split_once(VERB).map_or(program, |(name, _)| name)
}

/// Returns how a program is called with flags that go with verbs, each with a space before it.
pub fn with_flags(name: &str, flags: &str) -> String {
    if flags.is_empty() { name.to_owned() } else { format!("{name}{VERB}{flags}") }
}

/// Returns a word as a shell reads it: in quotes where it would take it for more than a word.
pub fn quoted(word: &str) -> Cow<'_, str> {
    let plain = |letter: char| letter.is_alphanumeric() || "-_./:@%+=,".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_stand_behind_the_verb_and_its_names() {
        assert_eq!(line("seedbed", "reset m03"), "seedbed reset m03");
        let program = with_flags("seedbed", " --worker 3");
        assert_eq!(line(&program, "reset m03"), "seedbed reset m03 --worker 3");
        assert_eq!(name(&program), "seedbed");
    }

    #[test]
    fn a_word_that_a_shell_would_take_apart_is_quoted() {
        assert_eq!(quoted("sqlite:a/b.db"), "sqlite:a/b.db");
        assert_eq!(quoted("it's a/b.db"), r"'it'\''s a/b.db'");
        assert_eq!(quoted("postgres://ann@/shop?host=/run&port=1"), "'postgres://ann@/shop?host=/run&port=1'");
        assert_eq!(quoted(""), "''");
    }
}
