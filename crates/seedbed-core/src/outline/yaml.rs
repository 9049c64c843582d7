//! YAML, as far as a scenario file is written: texts, names, lists and objects in a line.

/// How wide a line may be before a list goes on in the next.
const WIDTH: usize = 110;

/// Returns a text as YAML reads it back.
pub(super) fn text(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            letter if letter.is_control() || ('\u{2028}'..='\u{202f}').contains(&letter) || letter == '\u{feff}' => {
                quoted.push_str(&format!("\\u{:04x}", letter as u32));
            }
            letter => quoted.push(letter),
        }
    }
    quoted + "\""
}

/// Whether a text is the same without quotes, also for readers of older YAML.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let words = text.split(' ').all(|word| {
        !word.is_empty() && word.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-')
    });
    words
        && text.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Returns a list in a line.
pub(super) fn list(items: &[String]) -> String {
    format!("[{}]", items.join(", "))
}

/// Returns an object in a line.
pub(super) fn object(entries: &[(&str, String)]) -> String {
    let entries: Vec<String> = entries.iter().map(|(name, value)| format!("{}: {value}", text(name))).collect();
    format!("{{{}}}", entries.join(", "))
}

/// Returns words as a comment of as many lines as they need.
pub(super) fn comment(indent: usize, words: &str) -> String {
    let (mut lines, mut line) = (String::new(), String::new());
    let room = WIDTH - indent - 2;
    for word in words.split_whitespace() {
        // What is not seen must not end the comment or hide in it.
        let word: String = word.chars().filter(|letter| !letter.is_control()).collect();
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
            lines.push_str(&format!("{:indent$}# {line}\n", ""));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    lines + &format!("{:indent$}# {line}\n", "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{self, Source};

    #[test]
    fn every_text_is_read_back_as_it_was() {
        for wanted in [
            "plain",
            "two words",
            "true",
            "No",
            "12",
            "1e3",
            "a: b",
            "# x",
            "{row}",
            "it's \"so\"",
            "\\",
            "",
            " x",
            "x ",
            "line\nend",
            "\u{7}\u{85}\u{2028}",
            "ä",
            "-",
            "[a]",
            "~",
            "null",
            "0x1f",
            "a #b",
            "*a",
            "&a",
        ] {
            let source =
                Source { path: "x.yaml".into(), text: format!("a: {}\nb: {}\n", text(wanted), list(&[text(wanted)])) };
            let mut problems = Vec::new();
            let node =
                source::read(0, &source, &mut problems).unwrap_or_else(|| panic!("{}: {problems:?}", source.text));
            assert_eq!(node.get("a").and_then(source::Node::text), Some(wanted), "{}", source.text);
            assert_eq!(node.get("b").unwrap().items()[0].text(), Some(wanted), "{}", source.text);
        }
    }

    #[test]
    fn a_comment_stays_one() {
        let made = comment(2, &format!("{} a\u{2028}b\nc", "word ".repeat(60)));
        assert!(made.lines().all(|line| line.starts_with("  # ") && line.len() <= WIDTH), "{made}");
    }
}
