//! Expressions: the SQL of a CHECK, read as far as a first scenario can follow it.
//!
//! Both engines' ways of writing are read: `state IN ('open', 'closed')`, and what PostgreSQL makes
//! of it, `((state)::text = ANY ((ARRAY['open'::character varying])::text[]))`. Casts are read over,
//! since they change no value that is written here. Whatever else stands there is [`Node::Other`].

/// A part of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// A column, or VALUE in the check of a domain.
    Name(String),
    /// A number, as it is written.
    Number(String),
    /// A text.
    Text(String),
    /// `true` or `false`.
    Bool(bool),
    /// NULL.
    Null,
    /// A function by its name in lower case, with its arguments.
    Call(String, Vec<Node>),
    /// A list.
    List(Vec<Node>),
    /// An operator between two.
    Binary(String, Box<Node>, Box<Node>),
    /// All of these.
    And(Vec<Node>),
    /// At least one of these.
    Or(Vec<Node>),
    /// `x IS NULL`.
    IsNull(Box<Node>),
    /// `x IS NOT NULL`.
    IsNotNull(Box<Node>),
    /// Anything else.
    Other,
}

/// Reads an expression; nothing where it is not one that this module can read to its end.
pub(super) fn read(text: &str) -> Option<Node> {
    let mut reader = Reader { tokens: tokens(text)?, at: 0, depth: 0 };
    let node = reader.any_of()?;
    (reader.at == reader.tokens.len()).then_some(node)
}

/// Returns the words of an expression that can be columns.
pub(super) fn words(text: &str) -> Vec<String> {
    let tokens = tokens(text).unwrap_or_default();
    let words = tokens.into_iter().filter_map(|token| match token {
        Token::Word(word) | Token::Quoted(word) => Some(word),
        _ => None,
    });
    words.collect()
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Quoted(String),
    Number(String),
    Text(String),
    Sign(String),
}

/// How deep parentheses may stand in each other.
const DEPTH: usize = 64;

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = |wanted: fn(char) -> bool| rest.find(|letter| !wanted(letter)).unwrap_or(rest.len());
        let (token, used) = match first {
            letter if letter.is_whitespace() => (None, letter.len_utf8()),
            '-' if rest.starts_with("--") => (None, rest.find('\n').unwrap_or(rest.len())),
            '\'' => {
                let (text, used) = quoted(rest, '\'')?;
                (Some(Token::Text(text)), used)
            }
            '"' | '`' => {
                let (text, used) = quoted(rest, first)?;
                (Some(Token::Quoted(text)), used)
            }
            '[' if rest[1..].starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
                && !matches!(tokens.last(), Some(Token::Word(word)) if word.eq_ignore_ascii_case("array")) =>
            {
                let end = rest.find(']')?;
                (Some(Token::Quoted(rest[1..end].to_owned())), end + 1)
            }
            letter if letter.is_alphabetic() || letter == '_' => {
                let used = length(|letter| letter.is_alphanumeric() || letter == '_' || letter == '$');
                (Some(Token::Word(rest[..used].to_owned())), used)
            }
            letter if letter.is_ascii_digit() => {
                let used = length(|letter| letter.is_ascii_digit() || letter == '.');
                (Some(Token::Number(rest[..used].to_owned())), used)
            }
            '(' | ')' | '[' | ']' | ',' | '.' => (Some(Token::Sign(first.to_string())), 1),
            _ => {
                let used = length(|letter| "<>=!~*+-/%|&^:@#?".contains(letter)).max(first.len_utf8());
                // A sign before a number is part of it, `x>-1` aside.
                let used = if used > 1 && rest[..used].ends_with('-') { used - 1 } else { used };
                (Some(Token::Sign(rest[..used].to_owned())), used)
            }
        };
        tokens.extend(token);
        rest = &rest[used..];
    }
    Some(tokens)
}

/// Returns a text in quotes without them, and how many bytes it took.
fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let (mut inside, mut letters) = (String::new(), text.char_indices().skip(1).peekable());
    while let Some((at, letter)) = letters.next() {
        if letter != quote {
            inside.push(letter);
        } else if letters.next_if(|(_, next)| *next == quote).is_some() {
            inside.push(quote);
        } else {
            return Some((inside, at + quote.len_utf8()));
        }
    }
    None
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Reader {
    fn word(&self, word: &str) -> bool {
        matches!(self.tokens.get(self.at), Some(Token::Word(found)) if found.eq_ignore_ascii_case(word))
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let there = self.word(word);
        self.at += usize::from(there);
        there
    }

    fn takes(&mut self, sign: &str) -> bool {
        let there = matches!(self.tokens.get(self.at), Some(Token::Sign(found)) if found == sign);
        self.at += usize::from(there);
        there
    }

    fn any_of(&mut self) -> Option<Node> {
        let mut nodes = vec![self.all_of()?];
        while self.takes_word("or") {
            nodes.push(self.all_of()?);
        }
        Some(if nodes.len() == 1 { nodes.swap_remove(0) } else { Node::Or(nodes) })
    }

    fn all_of(&mut self) -> Option<Node> {
        let mut nodes = vec![self.comparison()?];
        while self.takes_word("and") {
            nodes.push(self.comparison()?);
        }
        Some(if nodes.len() == 1 { nodes.swap_remove(0) } else { Node::And(nodes) })
    }

    fn comparison(&mut self) -> Option<Node> {
        if self.takes_word("not") {
            self.comparison()?;
            return Some(Node::Other);
        }
        let left = self.value()?;
        if self.takes_word("is") {
            let not = self.takes_word("not");
            if !self.takes_word("null") {
                self.at += 1;
                return Some(Node::Other);
            }
            return Some(if not { Node::IsNotNull(Box::new(left)) } else { Node::IsNull(Box::new(left)) });
        }
        let not = self.takes_word("not");
        if self.takes_word("in") {
            let list = self.list("(", ")")?;
            let any = Node::Call("any".into(), vec![Node::List(list)]);
            return Some(if not { Node::Other } else { Node::Binary("=".into(), Box::new(left), Box::new(any)) });
        }
        if self.takes_word("between") {
            let low = self.value()?;
            self.takes_word("and").then_some(())?;
            let high = self.value()?;
            let end = |sign: &str, end| Node::Binary(sign.into(), Box::new(left.clone()), Box::new(end));
            return Some(if not { Node::Other } else { Node::And(vec![end(">=", low), end("<=", high)]) });
        }
        for word in ["like", "ilike", "glob", "regexp", "similar"] {
            if self.takes_word(word) {
                self.takes_word("to");
                self.value()?;
                return Some(Node::Other);
            }
        }
        if not {
            return None;
        }
        let Some(Token::Sign(sign)) = self.tokens.get(self.at).cloned() else { return Some(left) };
        if [")", "]", ",", "("].contains(&sign.as_str()) {
            return Some(left);
        }
        self.at += 1;
        let right = self.value()?;
        Some(Node::Binary(sign, Box::new(left), Box::new(right)))
    }

    /// A value with the casts behind it, or several with operators that are not comparisons.
    fn value(&mut self) -> Option<Node> {
        let mut node = self.single()?;
        loop {
            while self.takes("::") {
                self.type_name()?;
            }
            if self.takes_word("collate") {
                self.at += 1;
                continue;
            }
            let other = matches!(self.tokens.get(self.at), Some(Token::Sign(sign))
                if ["+", "-", "*", "/", "%", "||", "->", "->>", "&", "|", "#>", "#>>"].contains(&sign.as_str()));
            if !other {
                return Some(node);
            }
            self.at += 1;
            self.single()?;
            node = Node::Other;
        }
    }

    fn single(&mut self) -> Option<Node> {
        self.depth += 1;
        if self.depth > DEPTH {
            return None;
        }
        let node = self.unwrapped();
        self.depth -= 1;
        node
    }

    fn unwrapped(&mut self) -> Option<Node> {
        let token = self.tokens.get(self.at)?.clone();
        self.at += 1;
        match token {
            Token::Number(number) => Some(Node::Number(number)),
            Token::Text(text) => Some(Node::Text(text)),
            Token::Sign(sign) if sign == "(" => {
                let node = self.any_of()?;
                self.takes(")").then_some(node)
            }
            Token::Sign(sign) if sign == "-" => match self.single()? {
                Node::Number(number) => Some(Node::Number(format!("-{number}"))),
                _ => Some(Node::Other),
            },
            Token::Word(word) if ["true", "false"].contains(&word.to_ascii_lowercase().as_str()) => {
                Some(Node::Bool(word.eq_ignore_ascii_case("true")))
            }
            Token::Word(word) if word.eq_ignore_ascii_case("null") => Some(Node::Null),
            Token::Word(word) if word.eq_ignore_ascii_case("array") && self.peeks("[") => {
                Some(Node::List(self.list("[", "]")?))
            }
            Token::Word(word) if word.eq_ignore_ascii_case("cast") && self.takes("(") => {
                let node = self.value()?;
                self.takes_word("as").then_some(())?;
                self.type_name()?;
                self.takes(")").then_some(node)
            }
            Token::Word(name) | Token::Quoted(name) => {
                let mut name = name;
                while self.takes(".") {
                    let (Token::Word(next) | Token::Quoted(next)) = self.tokens.get(self.at)?.clone() else {
                        return None;
                    };
                    self.at += 1;
                    name = next;
                }
                if !self.peeks("(") {
                    return Some(Node::Name(name));
                }
                Some(Node::Call(name.to_ascii_lowercase(), self.list("(", ")")?))
            }
            Token::Sign(_) => None,
        }
    }

    fn peeks(&self, sign: &str) -> bool {
        matches!(self.tokens.get(self.at), Some(Token::Sign(found)) if found == sign)
    }

    fn list(&mut self, open: &str, close: &str) -> Option<Vec<Node>> {
        self.takes(open).then_some(())?;
        let mut nodes = Vec::new();
        while !self.takes(close) {
            if !nodes.is_empty() {
                self.takes(",").then_some(())?;
            }
            nodes.push(self.any_of()?);
        }
        Some(nodes)
    }

    /// Reads over the name of a type: `character varying(20)[]`, `public."Role"`.
    fn type_name(&mut self) -> Option<()> {
        let name = |token: Option<&Token>| matches!(token, Some(Token::Word(_) | Token::Quoted(_)));
        name(self.tokens.get(self.at)).then_some(())?;
        self.at += 1;
        while self.takes(".") {
            self.at += 1;
        }
        while ["varying", "precision", "with", "without", "time", "zone"].iter().any(|word| self.word(word)) {
            self.at += 1;
        }
        if self.takes("(") {
            while !self.takes(")") {
                self.tokens.get(self.at)?;
                self.at += 1;
            }
        }
        while ["varying", "precision", "with", "without", "time", "zone"].iter().any(|word| self.word(word)) {
            self.at += 1;
        }
        while self.takes("[") {
            while !self.takes("]") {
                self.tokens.get(self.at)?;
                self.at += 1;
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_reads_the_same_on_either_engine() {
        let wanted = read("state IN ('open', 'it''s')");
        assert!(matches!(&wanted, Some(Node::Binary(sign, ..)) if sign == "="));
        for text in [
            "((state)::text = ANY ((ARRAY['open'::character varying, 'it''s'::character varying])::text[]))",
            "\"state\" in (\n 'open', -- a comment\n 'it''s')",
            "(state = ANY (ARRAY['open'::public.\"State\", 'it''s'::public.\"State\"]))",
        ] {
            assert_eq!(read(text), wanted, "{text}");
        }
    }

    #[test]
    fn numbers_may_have_signs_casts_and_no_spaces() {
        let number = |text: &str| match read(text) {
            Some(Node::Binary(sign, _, right)) => (sign, *right),
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(number("x>-1"), (">".into(), Node::Number("-1".into())));
        assert_eq!(number("(x >= (0)::numeric)"), (">=".into(), Node::Number("0".into())));
        assert_eq!(number("(x <= '-5'::integer)"), ("<=".into(), Node::Text("-5".into())));
    }

    #[test]
    fn what_is_beyond_it_is_other_or_nothing_and_never_a_panic() {
        assert_eq!(read("slug ~ '^[a-z]+$'").map(|node| matches!(node, Node::Binary(..))), Some(true));
        assert_eq!(read("name LIKE 'a%'"), Some(Node::Other));
        assert_eq!(read("NOT (a = 1)"), Some(Node::Other));
        for text in ["", "(", "a IN (", "'open", "a b c", "CASE WHEN a THEN 1 END = 1", "x IS", "a::", "((((", ")"] {
            let _ = read(text);
        }
        assert_eq!(read(&"(".repeat(100_000)), None);
    }
}
