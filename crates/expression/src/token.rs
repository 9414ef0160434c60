//! The lexer: an expression's text as a run of tokens that borrow nothing but offsets.
//!
//! First step of every parser here. What a token is was read off DynamoDB's syntax errors, which name the offending token: a name starts
//! with a letter (`_id` is the token `_` and the name `id`, as bug reports of several clients quote it), a digit that starts no index is
//! a token of its own, and any other character is a token that no grammar accepts.

/// What a token is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TokenKind {
    /// A name that is no keyword: a letter, then letters, digits and underscores.
    Identifier,
    /// A `#name` placeholder.
    NamePlaceholder,
    /// A `:value` placeholder.
    ValuePlaceholder,
    /// Digits, as in a list index. A leading zero stands alone.
    Integer,
    And,
    Or,
    Not,
    Between,
    In,
    Set,
    Remove,
    Add,
    Delete,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Open,
    Close,
    OpenBracket,
    CloseBracket,
    Comma,
    Dot,
    /// A character that no grammar accepts.
    Stray,
    /// The end of the text.
    End,
}

/// A token and where it stands in the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// Cuts a text into tokens; the last one is always [`TokenKind::End`].
pub(crate) fn tokenize(text: &str) -> Vec<Token> {
    let bytes = text.as_bytes();
    let mut tokens = Vec::with_capacity(bytes.len() / 3 + 4);
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
            at += 1;
            continue;
        }
        let (kind, length) = token_at(text, at);
        tokens.push(Token { kind, start: at as u32, end: (at + length) as u32 });
        at += length;
    }
    tokens.push(Token { kind: TokenKind::End, start: at as u32, end: at as u32 });
    tokens
}

fn token_at(text: &str, at: usize) -> (TokenKind, usize) {
    let rest = &text.as_bytes()[at..];
    match rest {
        [b'a'..=b'z' | b'A'..=b'Z', ..] => {
            let length = word_length(rest);
            (word_kind(&text[at..at + length]), length)
        }
        [b'#', ..] => placeholder(TokenKind::NamePlaceholder, &rest[1..]),
        [b':', ..] => placeholder(TokenKind::ValuePlaceholder, &rest[1..]),
        [b'0', ..] => (TokenKind::Integer, 1),
        [b'1'..=b'9', ..] => (TokenKind::Integer, rest.iter().take_while(|byte| byte.is_ascii_digit()).count()),
        [b'<', b'>', ..] => (TokenKind::NotEqual, 2),
        [b'<', b'=', ..] => (TokenKind::LessOrEqual, 2),
        [b'>', b'=', ..] => (TokenKind::GreaterOrEqual, 2),
        [byte, ..] => match punctuation(*byte) {
            Some(kind) => (kind, 1),
            None => (TokenKind::Stray, text[at..].chars().next().map_or(1, char::len_utf8)),
        },
        [] => (TokenKind::End, 0),
    }
}

fn punctuation(byte: u8) -> Option<TokenKind> {
    Some(match byte {
        b'=' => TokenKind::Equal,
        b'<' => TokenKind::Less,
        b'>' => TokenKind::Greater,
        b'+' => TokenKind::Plus,
        b'-' => TokenKind::Minus,
        b'(' => TokenKind::Open,
        b')' => TokenKind::Close,
        b'[' => TokenKind::OpenBracket,
        b']' => TokenKind::CloseBracket,
        b',' => TokenKind::Comma,
        b'.' => TokenKind::Dot,
        _ => return None,
    })
}

fn placeholder(kind: TokenKind, rest: &[u8]) -> (TokenKind, usize) {
    match word_length(rest) {
        0 => (TokenKind::Stray, 1),
        length => (kind, 1 + length),
    }
}

fn word_length(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count()
}

fn word_kind(word: &str) -> TokenKind {
    // By length first: most names are decided without a comparison.
    let keywords: &[(&str, TokenKind)] = match word.len() {
        2 => &[("IN", TokenKind::In), ("OR", TokenKind::Or)],
        3 => &[("ADD", TokenKind::Add), ("AND", TokenKind::And), ("NOT", TokenKind::Not), ("SET", TokenKind::Set)],
        6 => &[("DELETE", TokenKind::Delete), ("REMOVE", TokenKind::Remove)],
        7 => &[("BETWEEN", TokenKind::Between)],
        _ => &[],
    };
    let keyword = keywords.iter().find(|(keyword, _)| keyword.eq_ignore_ascii_case(word));
    keyword.map_or(TokenKind::Identifier, |(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let words = tokenize(text)
            .into_iter()
            .map(|token| format!("{:?}:{}", token.kind, &text[token.start as usize..token.end as usize]));
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn tokens() {
        let rows = [
            ("a.b[10]", "Identifier:a Dot:. Identifier:b OpenBracket:[ Integer:10 CloseBracket:] End:"),
            ("SeT #n=:v", "Set:SeT NamePlaceholder:#n Equal:= ValuePlaceholder::v End:"),
            ("_id", "Stray:_ Identifier:id End:"),
            ("# :", "Stray:# Stray:: End:"),
            ("l[01]", "Identifier:l OpenBracket:[ Integer:0 Integer:1 CloseBracket:] End:"),
            (
                "a<>b<=c>=d<e>f",
                "Identifier:a NotEqual:<> Identifier:b LessOrEqual:<= Identifier:c GreaterOrEqual:>= Identifier:d Less:< Identifier:e Greater:> Identifier:f End:",
            ),
            ("ü!", "Stray:ü Stray:! End:"),
            ("inside between2", "Identifier:inside Identifier:between2 End:"),
            ("", "End:"),
        ];
        for (text, expected) in rows {
            assert_eq!(shown(text), expected, "{text}");
        }
    }
}
